//! The WorkOS client, against answers as the service documents them and against those of others.

mod ending;
mod events;
mod lists;
mod peer;
mod walks;

use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
use usher::model::{ApiError, Query, Search, Session, Way};
use usher::reading::{Reading, Then};

use self::peer::{KEY, Peer};
use crate::client::{open, system};

/// A profile of this server.
fn profile(url: &str) -> Profile {
    let token = SecretSource::Plain(SecretString::from(KEY));
    let url = url.parse().expect("an address");
    let mut profile = Profile::new("acme", system("workos"), url, Login::Token { token });
    profile.rate = Some(90);
    profile
}

fn client(peer: &Peer) -> Arc<dyn SessionApi> {
    open(&profile(&peer.server.url))
}

fn search(query: &str, way: Option<&'static str>) -> Search {
    let names = &system("workos").own_names;
    let query = Query::parse_with(query, names).expect(query);
    Search {
        way: way.map(Into::into),
        ..Search::new(query, NonZeroU16::new(100).expect("not 0"), Utc::now())
    }
}

/// Every row that matches, as usher reads lists.
async fn list(
    api: &Arc<dyn SessionApi>,
    query: &str,
    way: Option<&'static str>,
) -> Result<Vec<Session>, ApiError> {
    let mut rows = Vec::new();
    let reading = Reading::open(&**api, search(query, way)).await?;
    let mut reading = reading.matching("acme", "workos", usher::model::Thresholds::default())?;
    loop {
        match reading.page(&mut rows).await.then {
            Then::Next => {}
            Then::End => return Ok(rows),
            Then::Broke(error) => return Err(error),
            Then::Stopped(why) => panic!("{why}"),
        }
    }
}

fn ids(rows: &[Session]) -> Vec<&str> {
    rows.iter().map(Session::id).collect()
}

fn attribute<'a>(row: &'a Session, name: &str) -> Option<&'a str> {
    row.attribute(name).map(|one| one.value.expose())
}

async fn ways(api: &Arc<dyn SessionApi>, query: &str) -> Vec<Way> {
    match list(api, query, None).await {
        Err(ApiError::Incomplete { ways, .. }) => ways,
        other => panic!("{other:?}"),
    }
}
