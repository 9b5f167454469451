//! The rules for every system's client, whatever the wire: run against that system's emulator.
//!
//! A system implements [`SystemFixture`] and writes `conformance!(ItsFixture)`.

mod ending;
mod failing;
mod listing;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use usher::api::auth::Nobody;
use usher::api::{SessionApi, Systems};
use usher::config::Profile;
use usher::emulator::{Options, Running, start};
use usher::model::{
    ApiError, Completeness, Deletable, Fact, Outcome, Query, Search, Session, SessionKey, Untrusted,
};

pub use ending::*;
pub use failing::*;
pub use listing::*;

/// One system, as these tests need it.
pub trait SystemFixture {
    /// An emulator with some hundred sessions, all of which one search reaches and none of which
    /// leaves the list by itself within a minute.
    fn options() -> Options;
    /// A profile of somebody who may list and end all of them, and can sign in anew without a person.
    fn profile(emulator: &Running) -> Profile;
    /// The systems that this one is among.
    fn systems() -> Systems {
        Systems::built_in()
    }
    /// The same, but for somebody who may not list: another emulator …
    fn options_without_rights() -> Options {
        Self::options()
    }
    /// … or another sign-in.
    fn profile_without_rights(emulator: &Running) -> Profile {
        Self::profile(emulator)
    }
    /// An emulator that gives so many rows at most in one answer, whatever it is asked for.
    fn options_with_limit(rows: usize) -> Options;
    /// Its treatment of a list that is longer.
    const LONG_LIST: LongList;
    /// Whether an ended session stays in the list, as an ended one.
    const KEEPS_ENDED: bool = false;
    /// How many rows a whole list has.
    fn count(emulator: &Running) -> usize;
    /// Ends a session behind everybody's back. False: it is not there.
    fn end(emulator: &Running, key: &SessionKey) -> bool;
    /// The `match` object of a fault that hits listing.
    const LISTS: &'static str;
    /// The `match` object of a fault that hits ending a session; sign-in and listing stay whole.
    const ENDS: &'static str;
}

/// The treatment of a list that is longer than one answer of the server.
#[allow(dead_code, reason = "a system does one of the two")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongList {
    /// It goes on in the next answer.
    GoesOn,
    /// The rest is left out, and the answer looks whole.
    IsCut,
}

/// A running system and its client.
pub struct Set {
    pub emulator: Running,
    pub api: Arc<dyn SessionApi>,
    pub profile: Profile,
}

impl Set {
    pub async fn of<B: SystemFixture>(
        options: Options,
        profile: fn(&Running) -> Profile,
        limit: Duration,
    ) -> Self {
        let emulator = start(options).await.expect("a free port");
        let mut profile = profile(&emulator);
        profile.timeout = limit;
        let api = B::systems()
            .open(&profile, Arc::new(Nobody))
            .expect("a good profile");
        Self {
            emulator,
            api,
            profile,
        }
    }

    pub async fn signed_in<B: SystemFixture>() -> Self {
        Self::signed_in_within::<B>(B::options(), Duration::from_secs(2)).await
    }

    pub async fn signed_in_within<B: SystemFixture>(options: Options, limit: Duration) -> Self {
        let set = Self::of::<B>(options, B::profile, limit).await;
        set.api.whoami().await.expect("the emulator takes us");
        set
    }

    /// The outcomes that the job reports for these sessions.
    pub async fn end(&self, keys: &[SessionKey]) -> Vec<Outcome> {
        crate::job::end_keys(&self.api, &self.profile, keys).await
    }

    pub fn fault(&self, target: &str, action: &str) {
        let spec = format!(r#"{{"match":{target},{action}}}"#);
        self.emulator.set_faults(&[spec]).expect("a good fault");
    }

    pub async fn list(&self, query: &str) -> Result<Vec<Session>, ApiError> {
        Ok(self.whole(query).await?.0)
    }

    /// Every row of every page, and what the last one says of them.
    pub async fn whole(&self, query: &str) -> Result<(Vec<Session>, Completeness), ApiError> {
        let search = search(query);
        let mut rows = Vec::new();
        let mut at = None;
        for _ in 0..1_000 {
            let end = self.api.search(&search, at.as_ref(), &mut rows).await?;
            at = end.next;
            if at.is_none() {
                return Ok((rows, end.completeness));
            }
        }
        panic!("the listing of {query} never ends");
    }

    /// Sessions that can be ended.
    async fn victims(&self) -> Vec<Session> {
        let rows = self.list("").await.expect("a list").into_iter();
        rows.filter(|row| row.fact == Fact::Live && row.own != Some(true))
            .filter(|row| row.deletable == Deletable::Yes)
            .collect()
    }

    /// One of them.
    async fn victim(&self) -> SessionKey {
        let victims = self.victims().await;
        victims.first().expect("somebody is signed in").key.clone()
    }
}

pub fn search(query: &str) -> Search {
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let page_size = NonZeroU16::new(30).expect("30 is not 0");
    Search {
        // Of systems that list everybody on request only.
        way: Some("all".into()),
        ..Search::new(query, page_size, Utc::now())
    }
}

fn text(text: &Option<Untrusted>) -> Option<String> {
    text.as_ref().map(|text| text.expose().to_owned())
}

/// All of it, for one system.
macro_rules! conformance {
    ($system:ty) => {
        conformance!($system:
            pages_to_the_end, a_limit_of_the_server_is_never_silent, every_field_filters,
            unreported_fields_are_admitted, ends_once, each_session_has_its_own_outcome,
            all_of_a_user_end_and_nobody_elses, a_lost_answer_is_settled,
            a_lost_request_is_not_called_an_end,
            a_refused_end_is_told_and_ends_nothing, a_refused_token_is_an_auth_error,
            a_token_that_expires_is_renewed_without_a_word, lacking_rights_are_named,
            waits_when_told, a_cut_body_is_an_error, a_page_of_html_is_an_error,
            an_answer_that_is_no_list_is_never_a_short_one,
            a_hanging_server_ends_by_the_limit_or_by_dropping,
            a_server_killed_in_the_middle_of_a_list_is_an_error
        );
    };
    ($system:ty: $($name:ident),*) => {
        mod conforms {
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    crate::conformance::$name::<$system>().await;
                }
            )*
        }
    };
}
