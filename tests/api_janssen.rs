//! The Janssen client against the emulator.

#![cfg(feature = "emulator")]

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::api::signin::Nobody;
use usher::config::{Login, Profile, SecretSource, System};
use usher::emulator::{Options, Running, start};
use usher::model::{Outcome, Query, Search, Session};

fn profile(emulator: &Running) -> Profile {
    let auth = emulator.auth();
    Profile::new(
        "test",
        System::Janssen,
        emulator.url().parse().expect("an address"),
        Login::ClientCredentials {
            client_id: auth.client_id.clone(),
            client_secret: SecretSource::Plain(SecretString::from(auth.client_secret.clone())),
        },
    )
}

fn everything() -> Search {
    Search {
        query: Query::default(),
        sort: None,
        page_size: NonZeroU16::new(50).expect("50 is not 0"),
        native: None,
        now: Utc::now(),
        zone: usher::model::time::Zone::Utc,
    }
}

async fn all(api: &Arc<dyn SessionApi>, search: &Search) -> Vec<Session> {
    let mut rows = Vec::new();
    let mut at = None;
    loop {
        let page = api.search(search, at.as_ref(), &mut rows).await;
        let end = page.expect("a page");
        at = end.next;
        if at.is_none() {
            return rows;
        }
    }
}

#[tokio::test]
async fn a_session_is_listed_read_and_ended_once() {
    let emulator = start(Options::default()).await.unwrap();
    let api = usher::api::open(&profile(&emulator), Arc::new(Nobody)).unwrap();

    let who = api.whoami().await.unwrap();
    let rows = all(&api, &everything()).await;

    assert_eq!(who.name.expose(), emulator.auth().client_id);
    assert_eq!(rows.len(), 240);
    let got = api.get(&rows[0].key).await.unwrap();
    assert_eq!(got.label, rows[0].label);
    let outcome = api.revoke(&[rows[0].key.clone()]).await.unwrap();
    assert!(matches!(outcome[0], Outcome::Revoked), "{outcome:?}");
    let outcome = api.revoke(&[rows[0].key.clone()]).await.unwrap();
    assert!(matches!(outcome[0], Outcome::AlreadyGone), "{outcome:?}");
}
