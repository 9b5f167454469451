//! Where a token stands in a request: in the wrong place it is not seen, and the operation hits the
//! operator's own session.

use super::fake::{CALLER, Fake, Kind, Place, openam, pairs, pingam};
use super::*;
use usher::model::Outcome;

const VICTIM: &str = "AQIC5wVictim*AAJ*";

/// Every action on a token, with what it is given.
const ON_A_TOKEN: [(&str, &[(&str, &str)]); 6] = [
    ("get_session_info", &[]),
    ("get_session_info_and_reset_idle_time", &[]),
    ("validate", &[]),
    ("refresh", &[]),
    ("update_session_properties", &[("mood", "calm")]),
    ("logout", &[]),
];

async fn with_victim(kind: Kind) -> Fake {
    let fake = Fake::start(kind).await;
    fake.sign_in(VICTIM, "bjensen", "/alpha");
    fake
}

#[tokio::test]
async fn no_action_on_a_token_touches_the_operator() {
    for kind in [pingam(), openam()] {
        for (action, given) in ON_A_TOKEN {
            let fake = with_victim(kind.clone()).await;
            let api = open(&profile(&fake));

            // Not even asked who we are: the action itself has to find out what the server is.
            let _ = act(&api, action, token(VICTIM), given).await;

            assert!(fake.is_alive(CALLER), "{action} at {kind:?}");
            assert_eq!(
                fake.touched(CALLER),
                (0, String::new()),
                "{action} at {kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_stands_where_that_line_of_servers_looks_and_nowhere_else() {
    for kind in [pingam(), openam()] {
        let fake = with_victim(kind.clone()).await;
        let api = open(&profile(&fake));

        for (action, given) in ON_A_TOKEN {
            let _ = act(&api, action, token(VICTIM), given).await;
        }

        assert!(!fake.is_alive(VICTIM), "{kind:?}");
        let mut named = 0;
        for heard in fake.server.heard() {
            let in_query = pairs(heard.line()).get("tokenId").cloned();
            let body: serde_json::Value = serde_json::from_str(&heard.body).unwrap_or_default();
            let in_body = body["tokenId"].as_str().map(str::to_owned);
            let (right, wrong) = match kind.place {
                Place::Body => (in_body, in_query),
                Place::Query => (in_query, in_body),
            };
            assert_eq!(wrong, None, "{}", heard.line());
            // A request that changes something always names its token.
            let action = pairs(heard.line()).remove("_action").unwrap_or_default();
            if matches!(
                action.as_str(),
                "logout" | "refresh" | "updateSessionProperties" | "getSessionInfoAndResetIdleTime"
            ) {
                assert_eq!(right.as_deref(), Some(VICTIM), "{action}");
            }
            named += usize::from(right.is_some());
        }
        assert!(named >= 6, "{named}");
    }
}

#[tokio::test]
async fn a_server_is_known_before_a_token_is_named_to_it() {
    for kind in [pingam(), openam()] {
        let fake = with_victim(kind.clone()).await;
        let api = open(&profile(&fake));

        act(&api, "logout", token(VICTIM), &[]).await.unwrap();

        let heard = fake.server.heard();
        let names = |text: &str| text.contains("AQIC5wVictim");
        let first = heard
            .iter()
            .position(|h| {
                names(&h.body) || names(&pairs(h.line()).remove("tokenId").unwrap_or_default())
            })
            .unwrap();
        let before: Vec<_> = heard[..first]
            .iter()
            .filter(|h| h.line().starts_with("POST"))
            .map(|h| pairs(h.line()).remove("_action").unwrap_or_default())
            .collect();
        assert!(!before.is_empty());
        assert!(
            before.iter().all(|action| action == "getSessionInfo"),
            "{before:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_looks_elsewhere_than_its_line_is_noticed_before_the_logout() {
    let odd = Kind {
        place: Place::Query,
        ..pingam()
    };
    let fake = with_victim(odd).await;
    let api = open(&profile(&fake));

    let said = act(&api, "logout", token(VICTIM), &[]).await.unwrap_err();

    assert!(said.to_string().contains("nothing was ended"), "{said}");
    assert!(fake.is_alive(CALLER));
    assert!(fake.asked("logout").is_empty());
}

#[tokio::test]
async fn a_flavour_that_is_wrong_in_the_profile_ends_nothing() {
    for (kind, flavour) in [(pingam(), "openam"), (openam(), "pingam")] {
        let fake = with_victim(kind).await;
        let mut profile = profile(&fake);
        profile.own.set("flavour", flavour);
        let api = open(&profile);

        let said = act(&api, "logout", token(VICTIM), &[]).await.unwrap_err();

        assert!(said.to_string().contains("flavour"), "{said}");
        assert!(fake.is_alive(CALLER) && fake.is_alive(VICTIM));
        assert!(fake.asked("logout").is_empty());
    }
}

#[tokio::test]
async fn the_operators_own_token_and_an_empty_one_are_refused() {
    for kind in [pingam(), openam()] {
        for text in [CALLER, "", "  "] {
            let fake = with_victim(kind.clone()).await;
            let api = open(&profile(&fake));

            act(&api, "logout", token(text), &[]).await.unwrap_err();

            assert!(fake.is_alive(CALLER), "{text:?} at {kind:?}");
            assert!(fake.asked("logout").is_empty(), "{text:?}");
        }
    }
}

#[tokio::test]
async fn a_logout_is_read_back_and_a_second_one_finds_it_gone() {
    for kind in [pingam(), openam()] {
        let fake = with_victim(kind).await;
        let api = open(&profile(&fake));

        let first = act(&api, "logout", token(VICTIM), &[]).await.unwrap();
        let second = act(&api, "logout", token(VICTIM), &[]).await.unwrap();

        assert!(matches!(first.outcome, Some(Outcome::Revoked)), "{first:?}");
        assert!(
            matches!(second.outcome, Some(Outcome::AlreadyGone)),
            "{second:?}"
        );
        assert_eq!(fake.asked("logout").len(), 1);
    }
}

#[tokio::test]
async fn a_read_only_profile_sends_no_changing_action() {
    let fake = with_victim(openam()).await;
    let mut profile = profile(&fake);
    profile.policy.read_only = true;
    let api = open(&profile);
    api.whoami().await.unwrap();

    for spec in api.caps().actions().filter(|spec| spec.changes) {
        let args = usher::model::ActionArgs {
            target: token(VICTIM),
            values: Default::default(),
        };
        let said = api.act(&spec.name, args).await.unwrap_err();
        assert_eq!(said, ApiError::ReadOnly("am".into()), "{}", spec.name);
    }

    let info = act(&api, "get_session_info", token(VICTIM), &[])
        .await
        .unwrap();
    assert!(info.summary.contains("bjensen"), "{}", info.summary);
    let changing = ["logout", "refresh", "validate", "updateSessionProperties"];
    assert!(changing.iter().all(|action| fake.asked(action).is_empty()));
}

#[tokio::test]
async fn no_token_is_in_an_error_or_a_debug_text() {
    let fake = with_victim(openam()).await;
    let api = open(&profile(&fake));

    let said = [
        format!(
            "{:?}",
            act(&api, "refresh", token("AQIC5wDead*"), &[]).await
        ),
        format!("{:?}", act(&api, "logout", token(CALLER), &[]).await),
        format!(
            "{:?}",
            act(&api, "get_session_info", token(VICTIM), &[]).await
        ),
        format!("{:?}", list(&api).await.unwrap().0[0].key),
        format!("{:?}", profile(&fake)),
    ];

    for text in said {
        for secret in ["AQIC5wDead", "AQIC5wCaller*", "AQIC5wVictim*AAJ*\""] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
