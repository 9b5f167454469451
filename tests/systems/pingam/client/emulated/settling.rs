//! Which line a server is of is found out by reading, and a token is named to it only afterwards.

use super::super::{act, find, list, token};
use super::*;
use usher::model::Outcome;

/// Every action on a token, with what it is given.
const ON_A_TOKEN: [(&str, &[(&str, &str)]); 7] = [
    ("get_session_info", &[]),
    ("get_session_info_and_reset_idle_time", &[]),
    ("validate", &[]),
    ("get_session_properties", &[]),
    ("update_session_properties", &[("mood", "calm")]),
    ("refresh", &[]),
    ("logout", &[]),
];

/// With a session property that may be written.
fn moody() -> AmOptions {
    AmOptions {
        properties: Some(vec!["mood".into()]),
        ..AmOptions::default()
    }
}

#[tokio::test]
async fn a_server_shows_its_line_to_reads_of_the_own_session_alone() {
    for (system, name) in BOTH.into_iter().zip(["PingAM", "OpenAM"]) {
        let emulator = quiet(system, AmOptions::default()).await;
        let before = emulator.am().sessions();
        let api = signed_in(&with_token(&emulator)).await;

        let (rows, _) = list(&api).await.unwrap();

        assert_eq!(api.caps().system, name);
        assert_eq!(rows.len(), 2, "the server's own session and ours");
        for entry in emulator.journal() {
            let read = match entry.method.as_str() {
                "GET" => true,
                "POST" => entry.query.as_deref() == Some("_action=getSessionInfo"),
                _ => false,
            };
            assert!(read, "{entry:?} at {system:?}");
        }
        assert!(emulator.am().sessions() == before, "{system:?}");
    }
}

#[tokio::test]
async fn nothing_that_changes_is_sent_before_the_line_is_known() {
    for system in BOTH {
        for (action, given) in ON_A_TOKEN {
            let emulator = quiet(system, moody()).await;
            let victim = sign_in(&emulator, "leaver", "/alpha");
            let api = open(&with_token(&emulator));

            // Not even asked who we are: the action itself has to find it out.
            let _ = act(&api, action, token(&victim.token), given).await;

            let sent: Vec<_> = actions(&emulator).into_iter().map(|(_, a)| a).collect();
            let asked = match system {
                Flavour::Pingam => 1,
                _ => 3,
            };
            let (settling, rest) = sent.split_at(asked);
            assert!(
                settling.iter().all(|action| action == "getSessionInfo"),
                "{sent:?} at {system:?}"
            );
            // The target stands in the query at one line, in the body at the other.
            let in_query = rest.iter().filter(|a| a.contains("&tokenId=AQIC"));
            let expected = match system {
                Flavour::Pingam => 0,
                _ => rest.len(),
            };
            assert_eq!(in_query.count(), expected, "{rest:?} at {system:?}");
        }
    }
}

#[tokio::test]
async fn no_action_on_a_token_ever_touches_the_operators_own_session() {
    for system in BOTH {
        for flavour in ["auto", right(system)] {
            let emulator = quiet(system, moody()).await;
            let victim = sign_in(&emulator, "leaver", "/alpha");
            let mut profile = profile(&emulator);
            profile.own.set("flavour", flavour);
            let api = signed_in(&profile).await;
            let own = emulator.am().sessions().pop().unwrap();
            assert_eq!(own.user, "amadmin");

            for (action, given) in ON_A_TOKEN {
                let said = act(&api, action, token(&victim.token), given).await;
                assert!(is_alive(&emulator, &own), "{action}: {said:?}");
            }

            assert!(!is_alive(&emulator, &victim), "{system:?}");
            let after = act(&api, "get_session_info", token(&own.token), &[]).await;
            let info = after.unwrap();
            assert!(info.summary.contains("signed in"), "{}", info.summary);
        }
    }
}

fn right(system: Flavour) -> &'static str {
    match system {
        Flavour::Openam => "openam",
        _ => "pingam",
    }
}

#[tokio::test]
async fn a_line_that_is_wrong_in_the_profile_ends_nobodys_session() {
    for (system, wrong) in [(Flavour::Pingam, "openam"), (Flavour::Openam, "pingam")] {
        let emulator = quiet(system, AmOptions::default()).await;
        let victim = sign_in(&emulator, "leaver", "/alpha");
        let before = emulator.am().count();
        let mut profile = with_token(&emulator);
        profile.own.set("flavour", wrong);
        let api = open(&profile);

        let said = act(&api, "logout", token(&victim.token), &[])
            .await
            .unwrap_err();

        assert!(said.to_string().contains("flavour"), "{said}");
        assert_eq!(emulator.am().count(), before, "{system:?}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_own_session_and_no_other() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let others = emulator.am().sessions();
        let api = signed_in(&profile(&emulator)).await;
        assert_eq!(emulator.am().count(), others.len() + 1);

        api.sign_out().await.unwrap();

        assert!(emulator.am().sessions() == others, "{system:?}");
    }
}

#[tokio::test]
async fn a_client_side_session_that_outlives_its_logout_is_not_called_ended() {
    for system in BOTH {
        for denylist in [false, true] {
            let am = AmOptions {
                client_side_realms: vec!["/alpha".into()],
                denylist,
                ..AmOptions::default()
            };
            let emulator = quiet(system, am).await;
            let victim = sign_in(&emulator, "leaver", "/alpha");
            let api = signed_in(&profile(&emulator)).await;

            let ended = act(&api, "logout", token(&victim.token), &[])
                .await
                .unwrap();

            let expected = if denylist {
                Outcome::Revoked
            } else {
                Outcome::StillListed
            };
            assert_eq!(ended.outcome.map(|o| o.word()), Some(expected.word()));
            assert_eq!(is_alive(&emulator, &victim), !denylist);
        }
    }
}

#[tokio::test]
async fn a_token_in_the_cookie_is_taken_by_a_server_that_guards_against_forgery() {
    for system in BOTH {
        let am = AmOptions {
            cookie: "tenantcookie".into(),
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let victim = sign_in(&emulator, "leaver", "/alpha");
        let mut profile = with_token(&emulator);
        profile.own.set("token_as", "cookie");
        let api = signed_in(&profile).await;
        let (rows, _) = list(&api).await.unwrap();

        let key = row_of(&rows, &victim).key.clone();
        let outcomes = api.revoke(&[key]).await.unwrap();

        assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
        let posts = emulator
            .journal()
            .into_iter()
            .filter(|e| e.method == "POST");
        for entry in posts {
            let has = |name: &str| entry.headers.iter().any(|header| header == name);
            assert!(has("cookie") && !has("tenantcookie"), "{entry:?}");
            assert!(has("accept-api-version") && has("x-requested-with"));
        }
    }
}

#[tokio::test]
async fn a_token_that_comes_in_the_cookie_only_signs_in() {
    for system in BOTH {
        let am = AmOptions {
            token_in_cookie_only: true,
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let api = signed_in(&profile(&emulator)).await;

        let (rows, _) = find(&api, "user:amadmin").await.unwrap();

        assert!(rows.iter().any(|row| row.own == Some(true)), "{system:?}");
    }
}

#[tokio::test]
async fn an_access_token_without_a_session_of_its_own_lists_and_ends() {
    let am = AmOptions {
        bearer: true,
        ..AmOptions::default()
    };
    let emulator = quiet(Flavour::Pingam, am).await;
    let victim = sign_in(&emulator, "leaver", "/alpha");
    let token = SecretString::from(emulator.am_auth().bearer.clone());
    let mut profile = Profile {
        login: Login::Token {
            token: SecretSource::Plain(token),
        },
        ..profile(&emulator)
    };
    profile.own.set("token_as", "bearer");
    let api = signed_in(&profile).await;
    let (rows, _) = list(&api).await.unwrap();

    let key = row_of(&rows, &victim).key.clone();
    let outcomes = api.revoke(&[key]).await.unwrap();

    assert!(matches!(outcomes[..], [Outcome::Revoked]), "{outcomes:?}");
    assert!(rows.iter().all(|row| row.own != Some(true)));
}
