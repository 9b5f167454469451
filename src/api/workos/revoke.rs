//! Ending sessions: one request each, and those of a user one after the other.
//!
//! The answer is returned as it is: which status a session gets that has ended already is not documented,
//! so the caller looks. Source: WorkOS API reference, "Revoke session".

use serde_json::json;

use super::asked::Who;
use super::key::Key;
use super::sessions::{Wanted, is_in};
use super::{WorkOs, error};
use crate::api::SessionApi;
use crate::api::http::Repeat;
use crate::api::in_time::in_time;
use crate::model::{ApiError, Fact, Field, Outcome, Session, SessionKey, Subject, UserOutcome};

impl WorkOs {
    /// Ends these sessions one after the other. After the first answer that asks for another key nothing
    /// more is sent.
    pub(super) async fn end_each(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        let mut outcomes = Vec::with_capacity(keys.len());
        for key in keys {
            match self.end_one(key).await {
                Ok(outcome) => outcomes.push(outcome),
                Err(error @ ApiError::Auth { .. }) if outcomes.is_empty() => return Err(error),
                Err(error @ ApiError::Auth { .. }) => {
                    outcomes.resize(keys.len(), Outcome::Failed(error));
                    break;
                }
                Err(error) => outcomes.push(Outcome::Failed(error)),
            }
        }
        Ok(outcomes)
    }

    async fn end_one(&self, key: &SessionKey) -> Result<Outcome, ApiError> {
        let session = Key::parse(key).session;
        let reply = self
            .http
            .post(&["user_management", "sessions", "revoke"])
            .json(&json!({ "session_id": session }))
            .header("idempotency-key", &idempotency_key())
            .repeat(Repeat::One)
            .no_prompt()
            .send()
            .await?;
        if reply.status.is_success() && reply.is_web_page() {
            // A page of somebody else's with status 200 is not the server's yes.
            let why = "a web page instead of an answer".into();
            return Err(reply.unexpected("the start", why));
        }
        if reply.status.is_success() {
            return Ok(Outcome::Revoked);
        }
        if error::says_gone(&reply) {
            return Err(ApiError::NotFound);
        }
        match self.fault(&reply) {
            ApiError::BadQuery { message, .. } => Ok(Outcome::Refused(message)),
            error => Err(error),
        }
    }

    /// Ends every session of one person; only those of the organization that the subject names, if it does.
    pub(super) async fn end_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        let scope = user.scope.as_ref().map(|scope| scope.expose().to_owned());
        let people = self.people_of(user).await?;
        let before = self.live_of(&people, scope.as_deref()).await?;
        let keys: Vec<SessionKey> = before.iter().map(|one| one.key.clone()).collect();
        let outcomes = self.end_each(&keys).await?;
        let left = self.live_of(&people, scope.as_deref()).await.ok();
        let left = left.map(|left| {
            // Who signs in meanwhile has a new session, which nobody asked to end.
            let is_old = |one: &&Session| keys.contains(&one.key);
            left.iter().filter(is_old).count() as u64
        });
        // One whose time ran out was ended by nobody, unless the server says that it did.
        let pairs = before.iter().zip(&outcomes);
        let unsaid = pairs.filter(|(_, outcome)| !matches!(outcome, Outcome::Revoked));
        let unsaid: Vec<_> = unsaid.map(|(one, _)| one.expires).collect();
        let expired = unsaid.len() as u64 - in_time(&unsaid, self.server_now());
        let before = keys.len() as u64 - expired;
        let failed = outcomes.into_iter().find(|one| !is_over(one));
        let outcome = match (failed, left) {
            (None, _) | (_, Some(0)) if before == 0 => Outcome::AlreadyGone,
            (_, Some(0)) => Outcome::Revoked,
            (Some(failed), _) => failed,
            (None, Some(_)) => Outcome::StillListed,
            (None, None) => Outcome::Revoked,
        };
        Ok(UserOutcome {
            outcome,
            before: Some(before),
            left,
            notes: Vec::new(),
        })
    }

    async fn people_of(&self, user: &Subject) -> Result<Vec<String>, ApiError> {
        if let Some(id) = &user.id {
            return Ok(vec![id.expose().trim().to_owned()]);
        }
        let name = user.name.as_ref().map(|name| name.expose().trim());
        let who = match name {
            Some(id) if id.starts_with("user_") => Who::Id(id.to_owned()),
            Some(email) if !email.is_empty() => Who::Email(email.to_owned()),
            _ => {
                return Err(ApiError::BadQuery {
                    message: "no user is named".into(),
                    field: Some(Field::User),
                    exchange: None,
                });
            }
        };
        let people = self.resolve(&who).await?;
        Ok(people.iter().map(|user| user.id.clone()).collect())
    }

    /// The live sessions of these users.
    async fn live_of(
        &self,
        people: &[String],
        scope: Option<&str>,
    ) -> Result<Vec<Session>, ApiError> {
        let mut found: Vec<Session> = Vec::new();
        for user in people {
            for reply in self.all_of(user).await? {
                let _ = self.pour(&reply, None, Wanted::default(), &mut found)?;
            }
        }
        let scopes = scope.map(|scope| [scope.to_owned()]);
        let now = self.server_now();
        found.retain(|one| {
            let of = one.scope.as_ref().map(crate::model::Untrusted::expose);
            let is_over = one.fact == Fact::Revoked || one.expires.is_some_and(|at| at <= now);
            !is_over && is_in(scopes.as_ref().map(<[_; 1]>::as_slice), of)
        });
        found.sort_by(|one, other| one.key.expose().cmp(other.key.expose()));
        found.dedup_by(|one, other| one.key == other.key);
        Ok(found)
    }
}

fn is_over(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Revoked | Outcome::AlreadyGone | Outcome::Failed(ApiError::NotFound)
    )
}

/// One for each request; the same for all its tries. WorkOS merely accepts it here: revoking twice does no
/// harm.
fn idempotency_key() -> String {
    let part = || getrandom::u64().unwrap_or_default();
    format!("{:016x}{:016x}", part(), part())
}
