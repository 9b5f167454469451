//! CockroachDB: the web sessions of a cluster, which open its HTTP interface, and its SQL sessions.
//!
//! They are the rows of the table `system.web_sessions`, and everything is done with statements on it, as
//! the vendor's `cockroach auth-session` does.
//! Source: CockroachDB `pkg/cli/auth.go`.

mod actions;
mod caps;
mod cell;
mod connections;
mod error;
mod filter;
mod go_duration;
mod http;
mod key;
mod keys;
mod names;
mod pg;
mod pg_tls;
mod revoke;
mod row;
mod signin;
mod sql;
mod system;
mod table;
mod token;
mod transport;
mod version;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};

use self::http::HttpTransport;
use self::key::Key;
use self::pg::PgTransport;
use self::signin::OwnSession;
use self::sql::{From, Statement};
pub(super) use self::system::CockroachSystem;
use self::table::{Table, instant, number};
use self::transport::Transport;
use self::version::Version;
use super::auth::{NoAuth, Prompter, TokenStore};
use super::http::Http;
use super::net::ServerClock;
use super::{SessionApi, Waits};
use crate::config::Profile;
use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Completeness, Cursor, Identity, Outcome,
    PageEnd, Plan, RowSink, Search, Session, SessionKey, Subject, Untrusted, UserOutcome, locked,
};

/// Its name for people.
const NAME: &str = "CockroachDB";
/// The kind of the sessions of the HTTP interface.
const WEB: &str = "web";
/// The kind of the sessions of SQL connections.
const SQL: &str = "sql";

/// How often a statement is sent again that another transaction came between.
const RETRIES: u32 = 3;
/// The pause before that; each further one is twice as long.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// One cluster.
pub(super) struct Cockroach {
    transport: Box<dyn Transport>,
    profile: Profile,
    caps: Arc<Capabilities>,
    clock: ServerClock,
    /// Found by the probe. `None`: not asked yet, or another server.
    version: Mutex<Option<Version>>,
}

impl Cockroach {
    /// A client for this profile. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub(super) fn new(
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Self, ApiError> {
        let transport: Box<dyn Transport> = if profile.url.scheme() == keys::SCHEME {
            Box::new(PgTransport::new(profile, prompter)?)
        } else {
            let http = Http::new(profile, profile.url.clone(), Arc::new(NoAuth))?;
            let own = OwnSession::default();
            let auth = signin::authorize(profile, &http, &own, prompter, store)?;
            Box::new(HttpTransport::new(profile, http.with_auth(auth), own))
        };
        Ok(Self {
            transport,
            profile: profile.clone(),
            caps: Arc::new(caps::capabilities()),
            clock: ServerClock::default(),
            version: Mutex::default(),
        })
    }

    /// Runs a statement; again if another transaction came between.
    async fn run(&self, statement: &Statement) -> Result<Table, ApiError> {
        let mut pause = RETRY_PAUSE;
        for _ in 0..RETRIES {
            match self.transport.run(statement).await {
                Err(error) if error::is_retryable(&error) => tokio::time::sleep(pause).await,
                result => return result,
            }
            pause *= 2;
        }
        self.transport.run(statement).await
    }

    /// A page of web sessions. Where the answer would be too large, a shorter one.
    async fn page(
        &self,
        native: &filter::Native,
        from: From,
        limit: u32,
    ) -> Result<(Table, u32), ApiError> {
        let mut limit = limit;
        loop {
            let page = sql::page(from, &native.conditions, &native.arguments, limit);
            match self.run(&page).await {
                Err(error) if error::is_too_large(&error) && limit > 1 => limit /= 2,
                result => return Ok((result?, limit)),
            }
        }
    }

    /// Hands the rows on. One that is no session costs only itself: it is counted.
    fn pour(&self, table: &Table, sink: &mut dyn RowSink) -> u32 {
        let own = self.transport.own();
        let mut unread = 0;
        for cells in &table.0 {
            let Some(mut row) = row::web(cells, own) else {
                unread += 1;
                continue;
            };
            if sink.row(&mut row).is_break() {
                break;
            }
        }
        unread
    }

    /// True if the table of web sessions has a column for the number of the user, by the version.
    fn has_user_id(&self) -> bool {
        locked(&self.version).is_none_or(Version::has_user_id)
    }

    /// How far the server's clock is ahead; 0 while that is not known.
    fn clock_offset_or_zero(&self) -> TimeDelta {
        self.clock.offset().unwrap_or_default()
    }

    /// One web session. `user`: whose it must be.
    async fn web(&self, id: i64, user: Option<&str>) -> Result<Session, ApiError> {
        self.read_web(&sql::one(id), user).await
    }

    /// The same as a part of a change.
    async fn web_for_change(&self, id: i64, user: Option<&str>) -> Result<Session, ApiError> {
        self.read_web(&sql::one(id).for_change(), user).await
    }

    async fn read_web(
        &self,
        statement: &Statement,
        user: Option<&str>,
    ) -> Result<Session, ApiError> {
        let Table(rows) = self.run(statement).await?;
        let row = rows
            .first()
            .and_then(|cells| row::web(cells, self.transport.own()));
        let is_theirs = |found: Option<&str>| user.is_none_or(|user| found == Some(user));
        let row = row.filter(|row| is_theirs(row.user.as_deref()));
        row.map(|row| row.to_session()).ok_or(ApiError::NotFound)
    }
}

/// A page without rows, the last one.
fn nothing() -> PageEnd {
    PageEnd {
        next: None,
        total: None,
        completeness: Completeness::Complete,
        unread: 0,
        walk: None,
    }
}

#[async_trait]
impl SessionApi for Cockroach {
    fn caps(&self) -> Arc<Capabilities> {
        Arc::clone(&self.caps)
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let native = filter::translate(search, &self.caps);
        let (web, sql) = filter::kinds(search)?;
        let mut plan = native.plan;
        if sql {
            // Of SQL sessions the server finds those of a user only.
            plan.rest.clone_from(&search.query.clauses);
            let both = format!("{}; SHOW CLUSTER SESSIONS", plan.native);
            plan.native = if web {
                both
            } else {
                "SHOW CLUSTER SESSIONS".into()
            };
        }
        Ok(plan)
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let asked = Utc::now();
        let Table(rows) = self.run(&sql::probe()).await?;
        let took = (Utc::now() - asked).to_std().unwrap_or_default();
        let row = rows.into_iter().next().unwrap_or_default();
        if let Some(now) = row.get(2).and_then(instant) {
            self.clock.set(now, asked, took);
        }
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let (version, name) = (texts.next(), texts.next());
        *locked(&self.version) = version.as_deref().and_then(Version::read);
        let name = name.filter(|name| !name.is_empty());
        Ok(Identity {
            name: name.map_or(self.profile.name.as_str().into(), |name| {
                Untrusted::from(&*name)
            }),
            server: version.map(|version| Untrusted::from(&*version)),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let (web, sql) = filter::kinds(search)?;
        let native = filter::translate(search, &self.caps);
        let web = web && !native.is_empty;
        let at_sql = at.is_some_and(|at| at.as_str() == SQL);
        if sql && (at_sql || !web) {
            let unread = connections::list(self, search, sink).await?;
            return Ok(PageEnd {
                unread,
                ..nothing()
            });
        }
        if !web {
            return Ok(nothing());
        }
        let id = at.and_then(|at| at.as_str().parse().ok());
        let from = match (id, native.is_descending) {
            (None, _) => native.start(),
            (Some(id), false) => From::After(id),
            (Some(id), true) => From::Before(id),
        };
        let (table, limit) = self
            .page(&native, from, search.page_size.get().into())
            .await?;
        let unread = self.pour(&table, sink);
        let last = table.0.last().and_then(|cells| number(cells.get(1)?));
        let is_last = (table.0.len() as u64) < u64::from(limit);
        let next = last
            .filter(|_| !is_last)
            .map(|id| Cursor::new(id.to_string()));
        // The SQL sessions come after the web sessions.
        let next = next.or_else(|| (sql && is_last).then(|| Cursor::new(SQL)));
        Ok(PageEnd {
            completeness: match (&next, is_last) {
                (Some(_), _) => Completeness::More,
                (None, true) => Completeness::Complete,
                (None, false) => Completeness::Unknown,
            },
            next,
            unread,
            ..nothing()
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        match Key::read(key.expose()) {
            Some(Key::Web(id, user)) => self.web(id, user.as_deref()).await,
            Some(Key::Sql(id)) => connections::get(self, &id).await,
            None => Err(ApiError::NotFound),
        }
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        actions::act(self, action, &args).await
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        revoke::each(self, keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        revoke::user(self, user).await
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.transport.sign_out().await
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.clock.offset()
    }

    fn waiting(&self) -> Waits {
        self.transport.waiting()
    }

    fn give_up_waits(&self) {
        self.transport.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.transport.ask_anyway();
    }
}
