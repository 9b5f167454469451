//! Tokens that run out: renewed once for all who wait, and used for more than one request.

use secrecy::SecretString;
use usher::config::{Login, Profile, SecretSource};
use usher::model::Outcome;

use super::scripted::{Scripted, answer, json};
use super::signing::{EMPTY, asked_for_tokens};
use super::{all, client_profile, emulator, fixed, open, search, token_profile};

#[tokio::test]
async fn f_cred_01_all_who_wait_share_one_renewal() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.concurrency = 32;
    let api = open(&profile);
    let rows = all(&api, &search("deletable:yes")).await.unwrap();
    let keys: Vec<_> = rows
        .iter()
        .filter(|row| row.deletable == usher::model::Deletable::Yes)
        .take(32)
        .map(|row| row.key.clone())
        .collect();
    let before = asked_for_tokens(&emulator);
    emulator.expire_tokens();

    let outcomes = super::job::end_keys(&api, &profile, &keys).await;

    assert!(
        outcomes.iter().all(|one| matches!(one, Outcome::Revoked)),
        "{outcomes:?}"
    );
    assert_eq!(asked_for_tokens(&emulator), before + 1);
}

#[tokio::test]
async fn trap_17_a_token_near_its_end_is_renewed_before_it_is_used() {
    let server = giving_tokens(0).await;
    let api = open(&secret_profile(&server.url));

    api.whoami().await.unwrap();
    api.whoami().await.unwrap();

    assert_eq!(tokens_given(&server), 2);
    assert!(
        server
            .heard()
            .iter()
            .all(|one| !one.line().contains("session "))
    );
}

#[tokio::test]
async fn f_cred_01_a_token_of_a_short_life_is_used_more_than_once() {
    for seconds in [60, 30, 29] {
        let server = giving_tokens(seconds).await;
        let api = open(&secret_profile(&server.url));

        for _ in 0..5 {
            api.whoami().await.unwrap();
        }

        assert_eq!(tokens_given(&server), 1, "{seconds} s");
    }
}

/// A server whose tokens live so many seconds.
async fn giving_tokens(seconds: u32) -> Scripted {
    let token = format!(r#"{{"access_token":"a","expires_in":{seconds}}}"#);
    Scripted::start(move |_, heard| match heard.line() {
        line if line.contains("/token") => json(&token),
        line if line.contains("well-known") => answer("404 Not Found", "text/plain", ""),
        _ => json(EMPTY),
    })
    .await
}

fn secret_profile(url: &str) -> Profile {
    let mut profile = token_profile(url);
    profile.login = Login::ClientCredentials {
        client_id: "c".into(),
        client_secret: SecretSource::Plain(SecretString::from("s")),
    };
    profile
}

fn tokens_given(server: &Scripted) -> usize {
    let heard = server.heard();
    let asked = heard.iter().filter(|one| one.line().contains("/token"));
    asked.count()
}
