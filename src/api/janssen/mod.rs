//! Janssen Server, through its Config API.
//!
//! Servers since late 2024 search and end single sessions; those before list everything and end
//! all sessions of a user. Which one it is shows at the first search: the old ones answer 404 or 405.
//! Source: Janssen `SessionResource`, in its two generations.

mod ahead;
mod caps;
mod dates;
mod error;
mod filter;
mod import;
mod names;
mod pages;
mod revoke;
mod row;
mod signin;
mod system;
mod wire;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;

use self::filter::{Native, Rules};
use self::pages::{Pages, Place};
use self::row::{Own, Rows};
pub(super) use self::system::JanssenSystem;
use self::wire::Listing;
use super::auth::{Known, NoAuth, Prompter, TokenStore};
use super::http::{Http, Reply, StatusCode};
use super::{SessionApi, Waits};
use crate::config::{Login, Profile};
use crate::model::{
    ApiError, Capabilities, Code, Completeness, Cursor, Identity, Outcome, PageEnd, Plan, RowRef,
    RowSink, Search, Session, SessionKey, Subject, Untrusted, UserOutcome,
};

/// One Janssen server.
pub(super) struct Janssen {
    http: Http,
    pages: Pages,
    profile: Profile,
    generation: AtomicU8,
    caps_new: Arc<Capabilities>,
    caps_old: Arc<Capabilities>,
    /// The server failed at more than equalities once; see [`Rules::plain_only`].
    plain_only: AtomicBool,
}

/// The generation of the Config API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// Not asked yet; taken for a new one.
    Unknown,
    /// Searches, and ends single sessions (since late 2024).
    New,
    /// Lists, and ends all sessions of a user.
    Old,
}

impl Janssen {
    /// A client for this profile. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub(super) fn new(
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Self, ApiError> {
        let http = Http::new(profile, profile.url.clone(), Arc::new(NoAuth))?.with_error_keys(&[
            "description",
            "reason",
            "detail",
        ]);
        let auth = signin::authorize(profile, &http, prompter, store)?;
        let http = http.with_auth(auth);
        Ok(Self {
            pages: Pages::new(http.clone()),
            http,
            profile: profile.clone(),
            generation: AtomicU8::new(0),
            caps_new: Arc::new(caps::capabilities(false)),
            caps_old: Arc::new(caps::capabilities(true)),
            plain_only: AtomicBool::new(false),
        })
    }

    fn generation(&self) -> Generation {
        match self.generation.load(Ordering::Relaxed) {
            1 => Generation::New,
            2 => Generation::Old,
            _ => Generation::Unknown,
        }
    }

    fn is_old(&self) -> bool {
        self.generation() == Generation::Old
    }

    fn learn(&self, generation: Generation) {
        let number = match generation {
            Generation::Unknown => 0,
            Generation::New => 1,
            Generation::Old => 2,
        };
        self.generation.store(number, Ordering::Relaxed);
    }

    fn error_of(&self, reply: &Reply) -> ApiError {
        error::of(reply, self.http.auth().can_login())
    }

    fn known(&self) -> Known {
        self.http.auth().known()
    }

    fn rows(&self) -> Rows {
        let own = match (&self.profile.login, self.known().id) {
            (Login::ClientCredentials { .. }, _) => Own::Nobody,
            (_, Some(inum)) => Own::Person(inum),
            _ => Own::Unknown,
        };
        Rows::new(self.profile.server_zone, own)
    }

    fn rules(&self, plain_only: bool) -> Rules {
        Rules {
            server_zone: self.profile.server_zone,
            expiring_within: self.profile.policy.thresholds.expiring_within,
            can_search: !self.is_old(),
            plain_only,
        }
    }

    /// The same page, asked for in a simpler way. `None`: there is none, or no need of it.
    ///
    /// Some versions and databases fail at dates, `pattern` or an order. The client applies the clauses
    /// that a simpler request leaves out, so a listing may begin without them.
    fn simpler(&self, reply: &Reply, search: &Search, place: &Place) -> Option<Place> {
        let native = filter::translate(search, &self.rules(true));
        let asked = &place.native;
        let differs = (&native.field_values, native.sort) != (&asked.field_values, asked.sort)
            || !asked.pattern.is_empty();
        let failed = reply.status == StatusCode::INTERNAL_SERVER_ERROR;
        (failed && differs).then(|| Place {
            native,
            ..place.clone()
        })
    }

    /// Checks that the answer is a page of the list.
    fn check(&self, reply: &Reply, search: &Search, start: u64) -> Result<(), ApiError> {
        if let Some(error) = reply.forgotten().filter(|_| start > 0) {
            return Err(error);
        }
        if reply.status.is_success() {
            return Ok(());
        }
        Err(match self.error_of(reply) {
            // An unknown field in the operator's own filter makes the server fail.
            ApiError::Server {
                code: Code::Http(500),
                message,
                exchange,
                ..
            } if search.native.is_some() => ApiError::BadQuery {
                message,
                field: None,
                exchange,
            },
            other => other,
        })
    }

    /// Everything that the parameterless list gives: all sessions of an old server, the first 50 of
    /// a new one.
    async fn plain_list(&self) -> Result<Reply, ApiError> {
        let reply = self.pages.call().send().await?;
        if reply.status.is_success() {
            Ok(reply)
        } else {
            Err(self.error_of(&reply))
        }
    }

    /// Lists an old server; also how we learn that it is one.
    async fn old_listing(&self, sink: &mut dyn RowSink) -> Result<PageEnd, ApiError> {
        let reply = self.plain_list().await?;
        let found = Listing::of(&reply)?;
        self.learn(Generation::Old);
        let count = found.count as u64;
        let (_, unread) = self.pour(&found, sink);
        let total = found.total.filter(|total| *total >= count);
        let completeness = match total {
            Some(total) if total > count => Completeness::Truncated { at: count },
            _ => Completeness::Complete,
        };
        Ok(PageEnd {
            next: None,
            total,
            completeness,
            unread,
            walk: None,
        })
    }

    /// Hands the rows on. An entry that is no session costs only itself: it is counted.
    fn pour(&self, found: &Listing<'_>, sink: &mut dyn RowSink) -> (ControlFlow<()>, u32) {
        let mut rows = self.rows();
        let mut unread = 0;
        let mut row = RowRef::new("", "");
        for session in found.sessions() {
            if rows.read(session, &mut row).is_none() {
                unread += 1;
            } else if sink.row(&mut row).is_break() {
                return (ControlFlow::Break(()), unread);
            }
        }
        (ControlFlow::Continue(()), unread)
    }

    /// Finds one session in the list of an old server, which cannot be asked for one.
    async fn find(&self, sid: &str) -> Result<Session, ApiError> {
        let reply = self.plain_list().await?;
        let found = Listing::of(&reply)?;
        let mut rows = self.rows();
        let mut unread = false;
        for session in found.sessions() {
            match rows.row(session) {
                Some(row) if row.key == sid => return Ok(row.to_session()),
                row => unread |= row.is_none(),
            }
        }
        Err(if unread {
            reply.unexpected("entries", "a row could not be read".into())
        } else {
            ApiError::NotFound
        })
    }
}

/// Where a page begins, and whether the listing began with equalities only.
fn position(at: Option<&Cursor>) -> Option<(u64, bool)> {
    let text = at?.as_str();
    let plain = text.ends_with('p');
    let start = text.trim_end_matches('p').parse().ok()?;
    Some((start, plain))
}

#[async_trait]
impl SessionApi for Janssen {
    fn caps(&self) -> Arc<Capabilities> {
        if self.is_old() {
            Arc::clone(&self.caps_old)
        } else {
            Arc::clone(&self.caps_new)
        }
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let plain = self.plain_only.load(Ordering::Relaxed);
        if search.native.is_some() && self.is_old() {
            return Err(ApiError::BadQuery {
                message: "this version of the server cannot search".into(),
                field: None,
                exchange: None,
            });
        }
        Ok(filter::translate(search, &self.rules(plain)).plan)
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.http.clock_offset()
    }

    fn waiting(&self) -> Waits {
        self.http.waiting()
    }

    fn give_up_waits(&self) {
        self.http.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.http.ask_anyway();
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.http.auth().sign_out().await
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let reply = self.pages.ask(&first_row(Native::default())).await?;
        match reply.status {
            status if status.is_success() => {
                Listing::of(&reply)?;
                self.learn(Generation::New);
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                self.old_listing(&mut Nowhere).await?;
            }
            _ => return Err(self.error_of(&reply)),
        }
        let known = self.known();
        let name = known.name.or(known.id);
        let name = name.unwrap_or_else(|| self.profile.name.clone());
        let lacks = signin::lacks_delete(&known.scopes);
        Ok(Identity {
            name: Untrusted::from(name),
            may_not_revoke: lacks.then(|| Untrusted::from(signin::LACKS_DELETE)),
            scopes: known.scopes.into_iter().map(Untrusted::from).collect(),
            server: self
                .is_old()
                .then(|| Untrusted::from("Config API from before late 2024")),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        if self.is_old() {
            return self.old_listing(sink).await;
        }
        let known = self.plain_only.load(Ordering::Relaxed);
        let (start, mut plain) = position(at).unwrap_or((0, known));
        let size = u32::from(search.page_size.get());
        let mut place = Place {
            native: filter::translate(search, &self.rules(plain)),
            start,
            size,
        };
        let (mut reply, is_early) = self.pages.get(&place, sink).await?;
        if at.is_none()
            && !plain
            && let Some(simple) = self.simpler(&reply, search, &place)
        {
            let second = self.pages.ask(&simple).await?;
            if second.status.is_success() {
                self.plain_only.store(true, Ordering::Relaxed);
                (plain, reply, place) = (true, second, simple);
            }
        }
        let may_be_old = self.generation() == Generation::Unknown && start == 0;
        if may_be_old && matches!(reply.status.as_u16(), 404 | 405) {
            return self.old_listing(sink).await;
        }
        self.check(&reply, search, start)?;
        let mut found = Listing::of(&reply)?;
        let again;
        if is_early && Pages::has_moved(found.total, sink) {
            again = self.pages.ask(&place).await?;
            self.check(&again, search, start)?;
            found = Listing::of(&again)?;
        }
        self.learn(Generation::New);
        let end = page_end(start, &found, size, plain);
        // From the second page on: whoever reads on after that reads all, as a rule.
        if at.is_some()
            && let Some((start, _)) = position(end.next.as_ref())
        {
            let next = Place { start, ..place };
            let rows = found.count;
            self.pages.ask_ahead(next, rows, end.total, sink);
        }
        let (flow, unread) = self.pour(&found, sink);
        Ok(PageEnd {
            unread,
            completeness: if flow.is_break() {
                Completeness::More
            } else {
                end.completeness
            },
            ..end
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let sid = key.expose();
        if self.is_old() {
            return self.find(sid).await;
        }
        let reply = self.pages.call().then(&["sid"]).arg(sid).send().await?;
        match reply.status {
            // An unknown id is answered by 200 with nothing in it.
            StatusCode::OK if reply.is_empty() || reply.body.trim_ascii() == "null" => {
                Err(ApiError::NotFound)
            }
            StatusCode::NO_CONTENT => Err(ApiError::NotFound),
            status if status.is_success() => {
                let outline = reply.outline()?;
                let row = self.rows().row(outline.value()).ok_or_else(|| {
                    reply.unexpected("the start", "expected a session, got something else".into())
                })?;
                if !row.key.eq_ignore_ascii_case(sid) {
                    return Err(reply.unexpected("outsideSid", "it is another session".into()));
                }
                Ok(row.to_session())
            }
            StatusCode::NOT_FOUND if !error::is_about_address(&reply) => Err(ApiError::NotFound),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
                if self.generation() == Generation::Unknown =>
            {
                self.find(sid).await
            }
            _ => Err(self.error_of(&reply)),
        }
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        revoke::each(self, keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        revoke::user(self, user).await
    }
}

/// The end of a page, from its rows and the total. A page with fewer rows than asked for is not the
/// last one as long as the server counts more.
fn page_end(start: u64, found: &Listing<'_>, size: u32, plain: bool) -> PageEnd {
    let rows = found.count as u64;
    let end = start.saturating_add(rows);
    // A total below what is already there is nonsense and said by nobody.
    let total = found.total.filter(|total| *total >= end);
    let mark = if plain { "p" } else { "" };
    let next = || Some(Cursor::new(format!("{end}{mark}")));
    let (next, completeness) = match total {
        Some(total) if total > end && rows == 0 => (None, Completeness::Truncated { at: end }),
        Some(total) if total > end => (next(), Completeness::More),
        Some(_) => (None, Completeness::Complete),
        None if rows > 0 && rows >= u64::from(size) => (next(), Completeness::More),
        None if found.total.is_some() || rows == 0 => (None, Completeness::Complete),
        None => (None, Completeness::Unknown),
    };
    PageEnd {
        next,
        total,
        completeness,
        unread: 0,
        walk: None,
    }
}

/// The first row that matches, and how many do.
fn first_row(native: Native) -> Place {
    let (start, size) = (0, 1);
    Place {
        native,
        start,
        size,
    }
}

/// Takes no row: when only the answer counts.
struct Nowhere;

impl RowSink for Nowhere {
    fn row(&mut self, _row: &mut RowRef<'_>) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}
