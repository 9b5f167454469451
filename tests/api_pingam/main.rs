//! The client of PingAM and OpenAM against made-up servers of both lines, and against the emulator.

// The lint knows test functions, not the helpers beside them.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "emulator")]
#[macro_use]
#[path = "../support/conformance/mod.rs"]
mod conformance;
#[path = "../support/client.rs"]
mod client;
#[cfg(feature = "emulator")]
mod conform;
#[cfg(feature = "emulator")]
mod emulated;
mod fake;
#[path = "../support/job.rs"]
mod job;
mod odd;
mod revoking;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "../support/scripted.rs"]
mod scripted;
mod signing;
mod trap;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use client::{act, open, pages, token, user_of};
use fake::{CALLER, Fake};
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource, System};
use usher::model::{ApiError, Completeness, Query, Search, Session, Subject};

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

fn everywhere(name: &str) -> Subject {
    Subject {
        name: Some(name.into()),
        ..Subject::default()
    }
}

fn search(query: &str) -> Search {
    Search::new(
        Query::parse(query).unwrap(),
        NonZeroU16::new(100).unwrap(),
        Utc::now(),
    )
}

async fn list(api: &Arc<dyn SessionApi>) -> Result<(Vec<Session>, Completeness), ApiError> {
    find(api, "").await
}

/// Every row of every page, and what the last one says of them.
async fn find(
    api: &Arc<dyn SessionApi>,
    query: &str,
) -> Result<(Vec<Session>, Completeness), ApiError> {
    pages(api, &search(query)).await
}
