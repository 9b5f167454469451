//! The client of PingAM and OpenAM against made-up servers of both lines, and against the emulator.

// The lint knows test functions, not the helpers beside them.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "emulator")]
#[macro_use]
#[path = "../support/conformance/mod.rs"]
mod conformance;
#[cfg(feature = "emulator")]
mod conform;
#[cfg(feature = "emulator")]
mod emulated;
mod fake;
mod revoking;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "../support/scripted.rs"]
mod scripted;
mod signing;
mod trap;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use fake::{CALLER, Fake};
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::api::signin::Nobody;
use usher::config::{Login, Profile, SecretSource, System};
use usher::model::{
    ActionResult, ActionTarget, ApiError, Completeness, Query, Search, Session, Subject,
};

fn profile_at(url: &str) -> Profile {
    let login = Login::Token {
        token: SecretSource::Plain(SecretString::from(CALLER)),
    };
    let url = format!("{url}/am").parse().unwrap();
    Profile::new("am", System::PingAm, url, login)
}

fn profile(fake: &Fake) -> Profile {
    profile_at(&fake.server.url)
}

fn open(profile: &Profile) -> Arc<dyn SessionApi> {
    usher::api::open(profile, Arc::new(Nobody)).unwrap()
}

async fn act(
    api: &Arc<dyn SessionApi>,
    action: &str,
    target: ActionTarget,
    pairs: &[(&str, &str)],
) -> Result<ActionResult, ApiError> {
    let caps = api.caps();
    let spec = caps
        .actions
        .iter()
        .find(|spec| spec.name == action)
        .unwrap();
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from((*value).to_owned())));
    api.act(action, spec.check(target, pairs).unwrap()).await
}

fn user_of(row: &Session) -> &str {
    row.subject.name.as_ref().map_or("", |name| name.expose())
}

fn everywhere(name: &str) -> Subject {
    Subject {
        name: Some(name.into()),
        ..Subject::default()
    }
}

fn token(text: &str) -> ActionTarget {
    ActionTarget::Token(SecretString::from(text.to_owned()))
}

fn search(query: &str) -> Search {
    Search {
        query: Query::parse(query).unwrap(),
        sort: None,
        page_size: NonZeroU16::new(100).unwrap(),
        native: None,
        now: Utc::now(),
        zone: usher::model::time::Zone::Utc,
    }
}

async fn list(api: &Arc<dyn SessionApi>) -> Result<(Vec<Session>, Completeness), ApiError> {
    find(api, "").await
}

/// Every row of every page, and what the last one says of them.
async fn find(
    api: &Arc<dyn SessionApi>,
    query: &str,
) -> Result<(Vec<Session>, Completeness), ApiError> {
    let search = search(query);
    let mut rows = Vec::new();
    let mut at = None;
    for _ in 0..100 {
        let end = api.search(&search, at.as_ref(), &mut rows).await?;
        at = end.next;
        if at.is_none() {
            return Ok((rows, end.completeness));
        }
    }
    panic!("pages without end");
}
