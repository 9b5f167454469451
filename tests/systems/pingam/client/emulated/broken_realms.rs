//! One realm that is not there, or fails: the others are listed, searched and ended all the same.

use super::super::{everywhere, list};
use super::*;
use usher::model::{ApiError, Outcome};

/// The realm `/beta` answers lists so; `/gone` is in the profile and not on the server.
const BROKEN: &str = r#"{"match":{"path":"*/realms/beta/sessions"},"action":"status","code":500,"body":"{\"code\":500,\"message\":\"disk full\"}"}"#;

/// A profile of four realms, of which two answer.
fn half(emulator: &Running) -> Profile {
    let mut profile = profile(emulator);
    let realms = ["/gone", "/", "/beta", "/alpha"];
    profile.pingam.realms = Realms::These(realms.map(str::to_owned).to_vec());
    emulator.set_faults(&[BROKEN]).unwrap();
    profile
}

async fn every_page(api: &Arc<dyn SessionApi>, query: &str) -> (Vec<Session>, Option<ApiError>) {
    let mut rows: Vec<Session> = Vec::new();
    let search = super::super::search(query);
    let mut at = None;
    loop {
        match api.search(&search, at.as_ref(), &mut rows).await {
            Ok(end) if end.next.is_none() => return (rows, None),
            Ok(end) => at = end.next,
            Err(error) => return (rows, Some(error)),
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_after_a_realm_that_fails_and_names_it() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let victim = sign_in(&emulator, "leaver", "/alpha");
        let api = signed_in(&half(&emulator)).await;

        for query in ["", "user:leaver"] {
            let (rows, error) = every_page(&api, query).await;

            row_of(&rows, &victim);
            let error = error.expect("two realms are told");
            assert_eq!(error.exit_code(), 3);
            let told = error.to_string();
            for part in [
                "the sessions of /gone could not be listed",
                "the sessions of /beta could not be listed",
                "answered 500: disk full",
                "the others are shown",
            ] {
                assert!(told.contains(part), "{system:?} {query}: {told}");
            }
            assert!(!told.contains("{}"), "{told}");
        }
    }
}

#[tokio::test]
async fn the_path_of_a_realm_that_is_not_there_is_the_real_one() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let mut profile = profile(&emulator);
        profile.pingam.realms = Realms::These(vec!["/gone".into()]);
        let api = signed_in(&profile).await;

        let told = every_page(&api, "").await.1.unwrap().to_string();

        assert!(told.contains("realms/gone"), "{system:?}: {told}");
    }
}

#[tokio::test]
async fn sessions_of_several_realms_end_but_for_those_of_the_realm_that_fails() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let good = sign_in(&emulator, "leaver", "/alpha");
        let bad = sign_in(&emulator, "leaver", "/beta");
        let api = signed_in(&profile(&emulator)).await;
        let (rows, _) = list(&api).await.unwrap();
        let mut keys = [&good, &bad]
            .map(|row| row_of(&rows, row).key.clone())
            .to_vec();
        // The handle alone: it has to be looked for.
        let other = sign_in(&emulator, "leaver", "/alpha");
        keys.push(SessionKey::new(other.handle.clone().unwrap()));
        emulator.set_faults(&[BROKEN]).unwrap();

        let outcomes = api.revoke(&keys).await.unwrap();

        assert!(
            matches!(
                &outcomes[..],
                [
                    Outcome::Revoked,
                    Outcome::Failed(ApiError::Server { status: 500, .. }),
                    Outcome::Revoked
                ]
            ),
            "{system:?}: {outcomes:?}"
        );
        assert!(!is_alive(&emulator, &good) && is_alive(&emulator, &bad));
    }
}

#[tokio::test]
async fn all_of_a_user_ends_where_the_realms_answer_and_the_others_are_named() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let good = sign_in(&emulator, "leaver", "/alpha");
        let bad = sign_in(&emulator, "leaver", "/beta");
        let api = signed_in(&half(&emulator)).await;

        let ended = api.revoke_user(&everywhere("leaver")).await.unwrap();

        assert!(!is_alive(&emulator, &good) && is_alive(&emulator, &bad));
        let Outcome::Failed(error @ ApiError::Partly { .. }) = &ended.outcome else {
            panic!("{system:?}: {ended:?}");
        };
        let told = error.to_string();
        for part in [
            "nothing was ended in /gone",
            "nothing was ended in /beta",
            "1 session was ended in the others",
        ] {
            assert!(told.contains(part), "{system:?}: {told}");
        }
        assert_eq!((ended.before, ended.left), (Some(1), None));
    }
}

#[tokio::test]
async fn a_handle_alone_is_found_behind_a_realm_that_fails() {
    let emulator = quiet(Flavour::Pingam, AmOptions::default()).await;
    let good = sign_in(&emulator, "leaver", "/alpha");
    let api = signed_in(&half(&emulator)).await;

    let key = SessionKey::new(good.handle.clone().unwrap());
    let found = api.get(&key).await.unwrap();
    assert_eq!(super::super::user_of(&found), "leaver");
    // Nobody knows whether this one is in a realm that did not answer.
    let nobody = api.get(&SessionKey::new("shandle:AQICnobodys.*")).await;
    assert!(!matches!(nobody, Err(ApiError::NotFound)), "{nobody:?}");
}
