//! The Janssen client: against answers copied from the wire contract, against a server that sends
//! what no server should, and against the emulator.

mod ahead;
mod bodies;
mod bulk;
mod connections;
mod ending;
mod hostile;
mod lists;
mod person;
mod renewing;
mod signing;
mod spellings;
mod splitting;
mod tls;
mod without_http;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::{TimeZone, Utc};
use conformance::LongList;
use secrecy::SecretString;
use usher::api::auth::Nobody;
use usher::api::{SessionApi, Systems};
use usher::config::{Login, Profile, SecretSource, SystemSpec};
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::{Options, Running};
use usher::model::{ApiError, Query, Search, Session, SessionKey};

use crate::{NOW_MS, certified, conformance, fixed, gzip, job, running as emulator, scripted};

/// A profile with a given token, for a scripted server.
fn token_profile(url: &str) -> Profile {
    Profile::new(
        "test",
        system(),
        url.parse().expect("an address"),
        Login::Token {
            token: SecretSource::Plain(SecretString::from("canary-token")),
        },
    )
}

/// A profile with the emulator's client credentials.
fn client_profile(emulator: &Running) -> Profile {
    let auth = emulator.auth();
    let login = Login::ClientCredentials {
        client_id: auth.client_id.clone(),
        client_secret: SecretSource::Plain(SecretString::from(auth.client_secret.clone())),
    };
    Profile::new(
        "test",
        system(),
        emulator.url().parse().expect("an address"),
        login,
    )
}

/// The description of Janssen.
fn system() -> Arc<SystemSpec> {
    let systems = Systems::built_in();
    systems
        .named("janssen")
        .expect("it is there")
        .spec()
        .clone()
}

fn open(profile: &Profile) -> Arc<dyn SessionApi> {
    Systems::built_in()
        .open(profile, Arc::new(Nobody))
        .expect("a good profile")
}

fn search(query: &str) -> Search {
    Search::new(
        Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}")),
        NonZeroU16::new(100).expect("100 is not 0"),
        Utc.timestamp_millis_opt(NOW_MS).single().expect("a date"),
    )
}

/// Every row of every page.
async fn all(api: &Arc<dyn SessionApi>, search: &Search) -> Result<Vec<Session>, ApiError> {
    let mut rows = Vec::new();
    let mut at = None;
    loop {
        at = api.search(search, at.as_ref(), &mut rows).await?.next;
        if at.is_none() {
            return Ok(rows);
        }
    }
}

fn key(sid: &str) -> SessionKey {
    SessionKey::new(sid)
}

/// Today's Janssen Server, for what every system must do.
struct Today;

impl conformance::SystemFixture for Today {
    fn options() -> Options {
        Options::default()
    }

    fn profile(emulator: &Running) -> Profile {
        client_profile(emulator)
    }

    fn options_without_rights() -> Options {
        Options {
            system: Arc::new(JanssenOptions {
                scopes: Some(vec!["openid".into()]),
                ..Default::default()
            }),
            ..Options::default()
        }
    }

    fn options_with_limit(rows: usize) -> Options {
        Options {
            system: Arc::new(JanssenOptions {
                max_page: u32::try_from(rows).expect("a small number"),
                ..Default::default()
            }),
            ..Options::default()
        }
    }

    const LONG_LIST: LongList = LongList::GoesOn;

    fn count(emulator: &Running) -> usize {
        emulator.world().count()
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        emulator.world().remove(key.expose())
    }

    const LISTS: &'static str = r#"{"path":"*/session/search*"}"#;
    const ENDS: &'static str = r#"{"method":"DELETE"}"#;
}

conformance!(Today);
