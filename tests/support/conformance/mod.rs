//! The rules for every system's client, whatever the wire: run against that system's emulator, or a real server.
//!
//! An emulated system implements [`SystemFixture`], a real server [`ServerFixture`]; either writes
//! `conformance!(ItsFixture)`. Rules without a meaning there are left out by name, with the reason.

#[cfg(feature = "emulator")]
mod emulated;
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
use usher::model::{
    ApiError, Completeness, Deletable, Fact, Outcome, Query, Search, Session, SessionKey, Untrusted,
};

#[cfg(feature = "emulator")]
pub use emulated::*;
pub use ending::*;
pub use failing::*;
pub use listing::*;

/// One server, as the rules need it: with some hundred sessions, and whatever goes wrong with it.
#[allow(async_fn_in_trait, reason = "the rules run where they are written")]
pub trait ServerFixture {
    /// The running server.
    type Server;
    /// Its treatment of a list that is longer than one answer.
    const LONG_LIST: LongList;
    /// Whether an ended session stays in the list, as an ended one.
    const KEEPS_ENDED: bool;
    /// The answers for [`Fault::NoList`].
    const NO_LISTS: &'static [&'static str];

    /// Whether there is a server for this rule. False: it says so aloud.
    fn is_there(_rule: &str) -> bool {
        true
    }
    /// A server of this test's own.
    async fn start(setup: Setup) -> Self::Server;
    /// A profile of somebody who may list and end all sessions, except with [`Setup::WithoutRights`], and
    /// can sign in anew without a person.
    fn profile(server: &Self::Server, setup: Setup) -> Profile;
    /// The systems that this one is among.
    fn systems() -> Systems {
        Systems::built_in()
    }
    /// How many rows a whole list has.
    fn count(server: &Self::Server) -> usize;
    /// Ends a session behind everybody's back. False: it is not there.
    fn end(server: &Self::Server, key: &SessionKey) -> bool;
    /// From now on this goes wrong, and nothing else.
    async fn meet(server: &Self::Server, fault: Fault);
    /// Ends every sign-in so far; a new one is taken.
    async fn end_sign_ins(server: &Self::Server);
    /// Nobody listens any more, and every connection is closed.
    async fn stop(server: Self::Server);
}

/// The server that a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    Plain,
    /// The same, with connections that can break.
    Breakable,
    /// The profile is of somebody who may not list.
    WithoutRights,
    /// An answer has so many rows at most, and the list is longer.
    Limited(usize),
}

/// An event that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A session is ended, and the connection breaks before the answer is there.
    LostAnswer,
    /// The connection breaks before the server has been told to end a session.
    LostRequest,
    /// Ending is not allowed.
    RefusedEnd,
    /// The credential is taken by nobody any more.
    RefusedSignIn,
    /// Once, the server asks for a second of patience.
    Busy(Busy),
    /// The connection breaks after 300 bytes of a list.
    Cut(Framing),
    /// A list is answered with this, one of [`ServerFixture::NO_LISTS`].
    NoList(&'static str),
    /// A list is answered with a failure that is told in HTML.
    Oops,
    /// A list is not answered.
    Hang,
}

/// The request that meets a busy server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    List,
    End,
}

/// The way in which an answer says where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By its length at the beginning: it is cut in the middle of what was announced.
    Length,
    /// By a mark after the last of its parts: it is cut between two of them.
    Parts,
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

/// A running server and its client.
pub struct Set<B: ServerFixture> {
    pub server: B::Server,
    pub api: Arc<dyn SessionApi>,
    pub profile: Profile,
}

impl<B: ServerFixture> Set<B> {
    pub async fn of(setup: Setup, limit: Duration) -> Self {
        let server = B::start(setup).await;
        let mut profile = B::profile(&server, setup);
        profile.timeout = limit;
        let api = B::systems()
            .open(&profile, Arc::new(Nobody))
            .expect("a good profile");
        Self {
            server,
            api,
            profile,
        }
    }

    pub async fn signed_in() -> Self {
        Self::signed_in_as(Setup::Plain, Duration::from_secs(2)).await
    }

    /// For what happens on the way to the server and back.
    pub async fn breakable() -> Self {
        Self::signed_in_as(Setup::Breakable, Duration::from_secs(2)).await
    }

    pub async fn signed_in_as(setup: Setup, limit: Duration) -> Self {
        let set = Self::of(setup, limit).await;
        set.api.whoami().await.expect("the server takes us");
        set
    }

    pub async fn meets(&self, fault: Fault) {
        B::meet(&self.server, fault).await;
    }

    /// The outcomes that the job reports for these sessions.
    pub async fn end(&self, keys: &[SessionKey]) -> Vec<Outcome> {
        crate::job::end_keys(&self.api, &self.profile, keys).await
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

/// Hands the names of all rules to a macro, after what it is given itself.
macro_rules! every_rule {
    ($then:ident!($($given:tt)*)) => {
        $then! { $($given)*
            pages_to_the_end, a_limit_of_the_server_is_never_silent, every_field_filters,
            unreported_fields_are_admitted, ends_once, each_session_has_its_own_outcome,
            all_of_a_user_end_and_nobody_elses, a_lost_answer_is_settled,
            a_lost_request_is_not_called_an_end,
            a_refused_end_is_told_and_ends_nothing,
            an_expired_session_whose_end_failed_had_gone, a_refused_token_is_an_auth_error,
            a_token_that_expires_is_renewed_without_a_word, lacking_rights_are_named,
            waits_when_told, a_cut_body_is_an_error, a_page_of_html_is_an_error,
            an_answer_that_is_no_list_is_never_a_short_one,
            a_hanging_server_ends_by_the_limit_or_by_dropping,
            a_server_killed_in_the_middle_of_a_list_is_an_error
        }
    };
}

/// These rules as texts.
macro_rules! texts {
    ($($name:ident),*) => { [$(stringify!($name)),*].as_slice() };
}

/// The rules for one server: all, those that are named, or those and why the others are left out.
macro_rules! conformance {
    ($fixture:ty) => {
        every_rule!(conformance!($fixture:));
    };
    ($fixture:ty: $($name:ident),*) => {
        mod conforms {
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    if <$fixture as crate::conformance::ServerFixture>::is_there(stringify!($name)) {
                        crate::conformance::$name::<$fixture>().await;
                    }
                }
            )*
        }
    };
    ($fixture:ty: $($name:ident),*; without $($left:ident: $why:literal),+) => {
        conformance!($fixture: $($name),*);

        mod left_out {
            $(
                #[test]
                #[ignore = $why]
                fn $left() {}
            )*

            #[test]
            fn no_rule_is_left_out_without_a_word() {
                let all = every_rule!(texts!());
                let named = texts!($($name,)* $($left),*);
                let missing = all.iter().filter(|rule| !named.contains(rule));
                assert_eq!(missing.count(), 0, "{named:?}");
            }
        }
    };
}
