//! Administrators of one realm: what they see, and what they are told before anything is sent.

use super::super::{act, everywhere, list, token};
use super::*;
use usher::model::{ApiError, Deletable, Outcome};

/// As many sessions as a realm's administrator could be shown.
async fn crowd(system: Flavour, am: AmOptions) -> (Running, [AmRow; 3]) {
    let emulator = quiet(system, am).await;
    let rows = ["/alpha", "/alpha", "/beta"].map(|realm| sign_in(&emulator, "leaver", realm));
    (emulator, rows)
}

/// The delegate's profile, for every realm that the server names to him.
fn all_realms(emulator: &Running) -> Profile {
    let mut profile = delegate(emulator);
    profile.own.set("realms", "all");
    profile
}

#[tokio::test]
async fn a_delegate_of_the_community_server_is_told_before_anything_is_sent() {
    let (emulator, victims) = crowd(Flavour::Openam, AmOptions::default()).await;
    let api = signed_in(&all_realms(&emulator)).await;
    let (rows, _) = list(&api).await.unwrap();
    let caps = api.caps();
    let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();

    assert_eq!(rows.len(), 3, "two of others and the own one");
    assert!(rows.iter().any(|row| row.own == Some(true)));
    assert!(
        rows.iter()
            .all(|row| matches!(&row.deletable, Deletable::No(why) if why.contains("amadmin"))),
        "{rows:?}"
    );
    assert_eq!(
        caps.notes,
        [
            "may only list /alpha and end nothing: this server lets only its super user (amadmin) end \
          sessions from the list"
        ]
    );
    let handle = SessionKey::new(victims[0].handle.clone().unwrap());
    let refused = [
        api.revoke(&keys).await.unwrap_err(),
        api.revoke(&[handle]).await.unwrap_err(),
        api.revoke_user(&everywhere("leaver")).await.unwrap_err(),
        act(&api, "refresh", token(&victims[0].token), &[])
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, ApiError::Forbidden { .. }), "{error:?}");
    }
    let sent = actions(&emulator);
    assert!(
        sent.iter().all(|(_, action)| action == "getSessionInfo"),
        "{sent:?}"
    );
    assert!(victims.iter().all(|row| is_alive(&emulator, row)));
}

#[tokio::test]
async fn a_delegate_of_pingam_ends_what_the_server_lets_him_end() {
    for allowed in [false, true] {
        let am = AmOptions {
            delegates_revoke: allowed,
            ..AmOptions::default()
        };
        let (emulator, victims) = crowd(Flavour::Pingam, am).await;
        let api = signed_in(&all_realms(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();
        let listed = row_of(&rows, &victims[0]).key.clone();
        // In the address of the realm in which it stands, where alone he has his rights.
        let typed = SessionKey::new(victims[1].handle.clone().unwrap());

        let outcomes = api.revoke(&[listed, typed]).await.unwrap();

        for (outcome, victim) in outcomes.iter().zip(&victims) {
            if allowed {
                assert!(matches!(outcome, Outcome::Revoked), "{outcome:?}");
            } else {
                assert!(
                    matches!(outcome, Outcome::Failed(ApiError::Forbidden { .. })),
                    "{outcome:?}"
                );
            }
            assert_eq!(is_alive(&emulator, victim), !allowed);
        }
        assert!(is_alive(&emulator, &victims[2]));
    }
}

#[tokio::test]
async fn a_delegate_sees_his_realm_and_is_told_of_those_that_he_may_not_see() {
    for system in BOTH {
        let (emulator, victims) = crowd(system, AmOptions::default()).await;
        let api = signed_in(&delegate(&emulator)).await;
        let mut rows: Vec<Session> = Vec::new();
        let search = super::super::search("");
        let mut at = None;

        let error = loop {
            match api.search(&search, at.as_ref(), &mut rows).await {
                Ok(end) => at = Some(end.next.expect("a realm that is refused is told")),
                Err(error) => break error,
            }
        };

        assert_eq!(rows.len(), 3, "{system:?}");
        row_of(&rows, &victims[0]);
        assert_eq!(
            error.to_string(),
            "not allowed: the sessions of /, /beta may not be listed; the others are shown"
        );
    }
}

#[tokio::test]
async fn a_delegate_ends_all_of_a_user_where_he_may_and_nothing_where_he_sees_too_little() {
    for allowed in [false, true] {
        let am = AmOptions {
            delegates_revoke: allowed,
            ..AmOptions::default()
        };
        let (emulator, victims) = crowd(Flavour::Pingam, am).await;
        let api = signed_in(&delegate(&emulator)).await;
        let mut leaver = everywhere("leaver");

        let error = api.revoke_user(&leaver).await.unwrap_err();

        assert_eq!(
            error.to_string(),
            "not allowed: the sessions of / may not be listed"
        );
        assert!(victims.iter().all(|row| is_alive(&emulator, row)));

        leaver.scope = Some("/alpha".into());
        let ended = api.revoke_user(&leaver).await.unwrap();

        match &ended.outcome {
            Outcome::Revoked => assert!(allowed),
            Outcome::Failed(ApiError::Forbidden { .. }) => assert!(!allowed),
            other => panic!("{other:?}"),
        }
        let left = if allowed { 0 } else { 2 };
        assert_eq!((ended.before, ended.left), (Some(2), Some(left)));
        // The operation for users is the administrator's of everything.
        assert_eq!(sent(&emulator, "logoutByUser"), 1);
        assert_eq!(sent(&emulator, "logoutByHandle"), 1);
        assert!(is_alive(&emulator, &victims[2]));
    }
}

#[tokio::test]
async fn who_may_not_read_the_list_of_realms_searches_his_own_and_is_told() {
    for system in BOTH {
        let (emulator, _) = crowd(system, AmOptions::default()).await;
        let fault = r#"{"match":{"path":"*/global-config/realms"},"action":"status","code":403}"#;
        emulator.set_faults(&[fault]).unwrap();
        let api = signed_in(&all_realms(&emulator)).await;

        let (rows, _) = list(&api).await.unwrap();

        assert_eq!(rows.len(), 3, "{system:?}");
        let notes = &api.caps().notes;
        assert!(
            notes.iter().any(|note| note
                .starts_with("the list of realms may not be read, so only /alpha is searched")),
            "{notes:?}"
        );
    }
}

#[tokio::test]
async fn somebody_without_rights_reads_so_and_his_own_session_lives_on() {
    for system in BOTH {
        let (emulator, victims) = crowd(system, AmOptions::default()).await;
        let reader = format!("reader{}", victims.len());
        emulator.am().put_reader(&reader, "s3cret", "/alpha");
        let login = usher::emulator::pingam::AmLogin {
            user: reader,
            password: "s3cret".into(),
            realm: "/alpha".into(),
        };
        let api = signed_in(&profile_of(&emulator, &login)).await;
        let before = emulator.am().count();

        let listing = list(&api).await.unwrap_err();
        let ending = api.revoke_user(&everywhere("leaver")).await.unwrap_err();

        assert_eq!((listing.exit_code(), ending.exit_code()), (9, 9));
        assert_eq!(emulator.am().count(), before, "{system:?}");
    }
}
