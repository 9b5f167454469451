//! WorkOS AuthKit, through the API of an environment.
//!
//! WorkOS lists the sessions of one user at a time and has no question for one session, so users come
//! first: whoever a query names is asked for at once; everything else is a walk, or is rebuilt from events.
//! Source: WorkOS API reference; OpenAPI description (`workos/openapi-spec`).

mod asked;
mod caps;
mod error;
mod key;
mod keys;
mod names;
mod people;
mod place;
mod recent;
mod revoke;
mod row;
mod sessions;
mod system;
mod walk;
mod ways;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use self::asked::{Asked, Parts, Who, parts};
use self::people::{Directory, PAGE};
use self::place::Place;
use self::recent::Ended;
use self::sessions::Wanted;
pub(super) use self::system::WorkOsSystem;
use self::walk::{Crowd, Roster};
use self::ways::Reckoned;
use super::auth::{NoAuth, NoStore, ProfileSecret, Prompter, Renewing};
use super::http::{Call, Http, HttpAuth, Reply};
use super::oauth::GivenToken;
use super::{SessionApi, Waits};
use crate::config::{Login, Profile};
use crate::model::text::display_safe;
use crate::model::time::rfc3339_seconds;
use crate::model::{
    ApiError, Capabilities, Cursor, Identity, Outcome, PageEnd, Plan, RowSink, Search, Session,
    SessionKey, Subject, Untrusted, UserOutcome,
};

/// Waits of a read that was told "too many requests" without a time, in seconds, one after the other.
const PATIENCE: [u64; 6] = [2, 4, 8, 16, 30, 30];

/// One environment of WorkOS.
pub(super) struct WorkOs {
    http: Http,
    profile: Profile,
    caps: Arc<Capabilities>,
    directory: Directory,
    /// The list of users of the latest walk.
    roster: tokio::sync::Mutex<Option<Roster>>,
    /// What the latest reading of events has seen end.
    ended: tokio::sync::Mutex<Ended>,
    reckoned: Reckoned,
}

impl WorkOs {
    /// A client for this profile. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub(super) fn new(profile: &Profile, prompter: Arc<dyn Prompter>) -> Result<Self, ApiError> {
        let mut profile = profile.clone();
        profile.rate = Some(keys::rate(&profile));
        let http = Http::new(&profile, profile.url.clone(), Arc::new(NoAuth))?;
        Ok(Self {
            http: http.with_auth(authorize(&profile, prompter)?),
            profile,
            caps: Arc::new(caps::capabilities()),
            directory: Directory::default(),
            roster: tokio::sync::Mutex::default(),
            ended: tokio::sync::Mutex::default(),
            reckoned: Reckoned::default(),
        })
    }

    /// True if this is WorkOS itself and no emulator of it.
    fn is_the_service(&self) -> bool {
        let host = self.http.base().host_str().unwrap_or_default();
        host == "workos.com" || host.ends_with(".workos.com")
    }

    /// Sends a read. One that is refused because there are too many, without a time to come back, waits
    /// longer and longer: the limit is shared with the sign-ins of the environment, and passes.
    async fn ask<'a>(&'a self, call: impl Fn() -> Call<'a>) -> Result<Reply, ApiError> {
        let mut waits = PATIENCE.into_iter();
        loop {
            match (call().send().await, waits.next()) {
                (Err(ApiError::RateLimited { after: None, .. }), Some(seconds)) => {
                    tracing::info!(seconds, "too many requests, waiting");
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                (answer, _) => return answer,
            }
        }
    }

    /// The answer, if it is a success.
    fn good(&self, reply: Reply) -> Result<Reply, ApiError> {
        if reply.status.is_success() {
            Ok(reply)
        } else {
            Err(self.fault(&reply))
        }
    }

    fn fault(&self, reply: &Reply) -> ApiError {
        error::of(reply, self.http.auth().can_login())
    }

    fn parts(&self, search: &Search) -> Parts {
        let recent = TimeDelta::from_std(keys::recent(&self.profile)).unwrap_or_default();
        parts(search, recent)
    }

    /// The ids of organizations that a query names.
    async fn ids_of(&self, names: &[String]) -> Result<Vec<String>, ApiError> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            ids.push(self.organization(name).await?);
        }
        Ok(ids)
    }

    /// One page of the walk over the members of organizations, one after the other.
    async fn members(
        &self,
        names: &[String],
        scopes: Option<&[String]>,
        at: Option<&Place>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let unit = at.map_or(0, Place::unit);
        let Some(name) = names.get(unit) else {
            return Ok(sessions::end_of(None, 0));
        };
        let id = self.organization(name).await?;
        let wanted = Wanted {
            scopes,
            member_of: Some(&id),
        };
        let crowd = Crowd::Members(id.clone());
        let walked = at.and_then(Place::walked);
        let mut end = self.walk(&crowd, unit, walked, wanted, sink).await?;
        let is_over =
            end.next.is_none() && end.completeness == crate::model::Completeness::Complete;
        if is_over && unit + 1 < names.len() {
            let next = Place::start_of(unit + 1);
            end.completeness = crate::model::Completeness::More;
            end.next = Some(next.to_cursor());
        }
        Ok(end)
    }
}

/// The kept age of events.
fn kept() -> TimeDelta {
    TimeDelta::days(keys::EVENTS_DAYS as i64)
}

/// The API key of the profile. It is the profile's to keep, so it is stored nowhere else.
fn authorize(profile: &Profile, prompter: Arc<dyn Prompter>) -> Result<Arc<HttpAuth>, ApiError> {
    match &profile.login {
        Login::Token { token } => {
            let secret = ProfileSecret::new(&profile.name, "API key", token.clone(), prompter);
            Ok(Arc::new(Renewing::new(
                GivenToken::new(secret),
                Arc::new(NoStore),
            )))
        }
        _ => Err(ApiError::Config {
            profile: profile.name.clone(),
            why: "workos takes an API key: token = { env = \"WORKOS_API_KEY\" }".into(),
        }),
    }
}

/// The requests of a search, for people.
fn native(parts: &Parts) -> String {
    let list = |texts: &[String]| display_safe(&texts.join(", ")).into_owned();
    match &parts.asked {
        Asked::Users(names) => {
            let names: Vec<String> = names.iter().map(Who::to_string).collect();
            format!("the sessions of {}", list(&names))
        }
        Asked::Members(names) => format!("the sessions of each member of {}", list(names)),
        Asked::Everybody => "the sessions of each user, one by one".into(),
        Asked::Recent(since) => {
            let since = rfc3339_seconds(*since);
            format!("the events session.created and session.revoked since {since}")
        }
        Asked::Nothing => String::new(),
    }
}

#[async_trait]
impl SessionApi for WorkOs {
    fn caps(&self) -> Arc<Capabilities> {
        Arc::clone(&self.caps)
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let mut parts = self.parts(search);
        if let Asked::Users(names) = &parts.asked {
            let unknown = |who: &&Who| self.directory.found(who).is_some_and(|all| all.is_empty());
            let unknown = names.iter().filter(unknown);
            parts.notes.extend(unknown.map(|who| {
                let who = who.to_string();
                format!("this environment has no user {}", display_safe(&who))
            }));
        }
        if let Some(scopes) = &parts.scopes {
            let names = display_safe(&scopes.join(", ")).into_owned();
            parts.notes.push(format!(
                "only sessions that were begun for {names}; @member_of:… lists all of its members"
            ));
        }
        Ok(Plan {
            native: native(&parts),
            ways: match parts.asked {
                Asked::Nothing => self.ways(),
                Asked::Everybody | Asked::Recent(_) => self.ways(),
                Asked::Users(_) | Asked::Members(_) => Vec::new(),
            },
            rest: parts.rest,
            notes: parts.notes,
        })
    }

    async fn reckon(&self, search: &Search) -> Result<(), ApiError> {
        self.reckon_ways(search).await
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

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let pairs = [("limit", PAGE), ("order", "asc")];
        let reply = self.ask(|| self.users().query(&pairs)).await?;
        let reply = self.good(reply)?;
        self.users_of(&reply)?;
        let name = match keys::environment(&self.profile) {
            Some(environment) => format!("API key of {environment}"),
            None => "API key".to_owned(),
        };
        Ok(Identity {
            name: Untrusted::from(name),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let parts = self.parts(search);
        let place = at.and_then(Place::read);
        let place = place.as_ref();
        let scopes = match &parts.scopes {
            Some(names) => Some(self.ids_of(names).await?),
            None => None,
        };
        let wanted = Wanted {
            scopes: scopes.as_deref(),
            member_of: None,
        };
        match &parts.asked {
            Asked::Users(names) => self.named(names, wanted, search, place, sink).await,
            Asked::Members(names) => self.members(names, wanted.scopes, place, sink).await,
            Asked::Recent(since) => self.recent(*since, wanted, search, place, sink).await,
            // Who asks without a way has not looked at the plan.
            Asked::Everybody | Asked::Nothing => {
                let walked = place.and_then(Place::walked);
                self.walk(&Crowd::Everybody, 0, walked, wanted, sink).await
            }
        }
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        self.find(key).await
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        self.end_each(keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        self.end_user(user).await
    }
}
