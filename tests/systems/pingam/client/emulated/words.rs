//! The messages for an operator when the server says no.

use super::super::{find, list};
use super::*;
use usher::emulator::pingam::AmQuota;
use usher::model::ApiError;

fn with_password(profile: Profile, word: &str) -> Profile {
    let Login::Password { user, .. } = profile.login.clone() else {
        panic!("it signs in by password");
    };
    Profile {
        login: Login::Password {
            user,
            password: SecretSource::Plain(SecretString::from(word)),
        },
        ..profile
    }
}

fn in_realm(mut profile: Profile, name: &str, chain: Option<&str>) -> Profile {
    profile.own.set("realm", name);
    if let Some(chain) = chain {
        profile.own.set("service", chain);
    }
    profile
}

#[tokio::test]
async fn a_sign_in_that_is_refused_says_why_in_the_servers_words() {
    for system in BOTH {
        let am = AmOptions {
            inactive_realms: vec!["/off".into()],
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;
        let good = || profile(&emulator);
        let before = emulator.am().count();

        for (profile, said) in [
            (with_password(good(), "wrong"), "Authentication Failed"),
            (in_realm(good(), "/off", None), "Org is inactive"),
            (
                in_realm(good(), "/", Some("nope")),
                "No Configuration found",
            ),
        ] {
            let error = open(&profile).whoami().await.unwrap_err();

            assert_eq!(
                error.to_string(),
                format!("the sign-in was refused: {said}"),
                "{system:?}"
            );
        }
        assert_eq!(emulator.am().count(), before);
    }
}

#[tokio::test]
async fn a_quota_that_refuses_the_sign_in_is_named() {
    for system in BOTH {
        let am = AmOptions {
            quota: AmQuota::Deny(1),
            ..AmOptions::default()
        };
        let emulator = quiet(system, am).await;

        let error = open(&profile(&emulator)).whoami().await.unwrap_err();

        assert_eq!(
            error.to_string(),
            "the sign-in was refused: You have reached your session limit.",
            "{system:?}"
        );
    }
}

#[tokio::test]
async fn a_message_that_was_escaped_for_a_web_page_reads_as_it_was_meant() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let mut profile = profile(&emulator);
        profile.own.set("realms", ["/nope"]);
        let api = signed_in(&profile).await;

        let error = list(&api).await.unwrap_err();

        let text = error.to_string();
        assert!(text.ends_with("Realm \"/nope\" not found"), "{text}");
        assert!(matches!(error, ApiError::NoEndpoint { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_host_name_that_the_server_does_not_know_itself_by_is_named() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let mut profile = profile(&emulator);
        profile.url.set_host(Some("localhost")).unwrap();

        let error = open(&profile).whoami().await.unwrap_err();

        assert_eq!(
            error.to_string(),
            "profile am: the server does not take requests to this url: \
             FQDN \"localhost\" is not valid."
        );
    }
}

#[tokio::test]
async fn a_path_that_is_not_the_servers_says_so_without_the_page() {
    for system in BOTH {
        let emulator = quiet(system, AmOptions::default()).await;
        let mut profile = profile(&emulator);
        profile.url.set_path("/elsewhere");

        let error = open(&profile).whoami().await.unwrap_err();

        let text = error.to_string();
        assert!(matches!(error, ApiError::NoEndpoint { .. }), "{error:?}");
        assert!(
            text.contains("HTTP Status 404") && !text.contains('<'),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_request_that_a_guard_against_forgery_refuses_is_no_lack_of_sign_in() {
    let emulator = quiet(Flavour::Pingam, AmOptions::default()).await;
    let victim = sign_in(&emulator, "leaver", "/alpha");
    let api = signed_in(&profile(&emulator)).await;
    let (rows, _) = find(&api, "user:leaver").await.unwrap();
    let body = r#"{\"code\":403,\"reason\":\"Forbidden\",\"message\":\"Forbidden\"}"#;
    let fault = format!(
        r#"{{"match":{{"method":"POST"}},"action":"status","code":403,"content_type":"application/json","body":"{body}"}}"#
    );
    emulator.set_faults(&[fault]).unwrap();
    let signed = emulator.journal().len();

    let outcomes = api.revoke(&[rows[0].key.clone()]).await.unwrap();

    let [usher::model::Outcome::Failed(error)] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(error.to_string(), "not allowed: Forbidden");
    assert!(is_alive(&emulator, &victim));
    // A look, the refused request, a look: nobody signed in again because of it.
    assert_eq!(emulator.journal().len() - signed, 3);
}

#[tokio::test]
async fn a_filter_that_the_server_stumbles_over_is_told_with_what_it_knows() {
    for (system, word) in [
        (Flavour::Openam, "it knows realm eq"),
        (Flavour::Pingam, "not supported"),
    ] {
        let emulator = quiet(system, AmOptions::default()).await;
        let api = signed_in(&profile(&emulator)).await;
        let mut search = super::super::search("");
        search.native = Some("username sw \"a\"".into());
        let mut rows: Vec<Session> = Vec::new();

        let error = api.search(&search, None, &mut rows).await.unwrap_err();

        let text = error.to_string();
        assert!(text.contains(word), "{text}");
    }
}
