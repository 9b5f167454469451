//! The client of PingAM and OpenAM against made-up servers of both lines, and against the emulator.

mod conform;
mod emulated;
mod fake;
mod odd;
mod revoking;
mod signing;
mod trap;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use client::{act, open, pages, system, token, user_of};
use fake::{CALLER, Fake};
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
use usher::model::{ApiError, Completeness, Query, Search, Session, Subject};

use crate::{client, conformance, scripted};

fn profile_at(url: &str) -> Profile {
    let login = Login::Token {
        token: SecretSource::Plain(SecretString::from(CALLER)),
    };
    let url = format!("{url}/am").parse().unwrap();
    Profile::new("am", system("pingam"), url, login)
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
