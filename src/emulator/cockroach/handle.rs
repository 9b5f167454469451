//! The hands of a test inside a running emulator: look into its tables and change them.

use std::sync::Arc;

use super::Cockroach;
use super::rows::wide_id;
use super::token::{Secret, hash};
use super::world::{WebSession, row_id};
use crate::emulator::Running;
use crate::emulator::shared::lock;

impl Running {
    /// A way into the tables of a CockroachDB.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn cockroach(&self) -> CockroachHandle {
        CockroachHandle(self.emulated())
    }
}

/// A way into the tables of one running server. Cheap to clone.
#[derive(Clone)]
pub struct CockroachHandle(Arc<Cockroach>);

impl std::fmt::Debug for CockroachHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.shared.fmt(f)
    }
}

/// Somebody who signs in with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct CockroachLogin {
    /// Name of the user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for CockroachLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CockroachLogin({})", self.user)
    }
}

/// One row of `system.web_sessions`. A plain copy: changing it changes nothing. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CockroachRow {
    /// Id. 0 in [`CockroachHandle::add`]: one is made.
    pub id: i64,
    /// Name of the user.
    pub user: String,
    /// When it was made.
    pub created_us: i64,
    /// When it ends by itself.
    pub expires_us: i64,
    /// When it was ended. `None`: it was not.
    pub revoked_us: Option<i64>,
}

impl CockroachHandle {
    /// The administrator.
    #[must_use]
    pub fn admin(&self) -> CockroachLogin {
        self.0.logins[0].clone()
    }

    /// Somebody without any privilege on tables of the system.
    #[must_use]
    pub fn reader(&self) -> CockroachLogin {
        self.0.logins[1].clone()
    }

    /// All web sessions, ascending by id.
    #[must_use]
    pub fn rows(&self) -> Vec<CockroachRow> {
        lock(&self.0.world).sessions.values().map(row).collect()
    }

    /// The web session of this id.
    #[must_use]
    pub fn find(&self, id: i64) -> Option<CockroachRow> {
        lock(&self.0.world).sessions.get(&id).map(row)
    }

    /// Adds a web session with this secret, whoever its user is. Gives its id.
    pub fn add(&self, new: &CockroachRow, secret: &[u8; 16]) -> i64 {
        let mut world = lock(&self.0.world);
        let mut id = new.id;
        if id == 0 {
            id = row_id(new.created_us, 1);
            while world.sessions.contains_key(&id) {
                id += 1 << 15;
            }
        }
        let secret: &Secret = secret;
        let session = WebSession {
            id,
            secret: hash(secret),
            user: new.user.as_str().into(),
            user_id: world.user(&new.user).map_or(0, |user| user.id),
            created_us: new.created_us,
            expires_us: new.expires_us,
            revoked_us: new.revoked_us,
            last_used_us: new.created_us,
            audit: None,
        };
        world.sessions.insert(id, session);
        id
    }

    /// Ends a web session behind everybody's back. False: it is not there, or it had been ended.
    pub fn revoke(&self, id: i64) -> bool {
        lock(&self.0.world).revoke(id, self.0.now_us()) == Some(true)
    }

    /// Removes a web session. False: it is not there.
    pub fn remove(&self, id: i64) -> bool {
        lock(&self.0.world).sessions.remove(&id).is_some()
    }

    /// What the server keeps of the secret of a session: its SHA-256.
    #[must_use]
    pub fn hashed_secret(&self, id: i64) -> Option<[u8; 32]> {
        lock(&self.0.world)
            .sessions
            .get(&id)
            .map(|session| session.secret)
    }

    /// Ids of all SQL sessions.
    #[must_use]
    pub fn sql_sessions(&self) -> Vec<String> {
        let world = lock(&self.0.world);
        world
            .sql
            .iter()
            .map(|session| wide_id(session.id))
            .collect()
    }

    /// Ids of the statements that run.
    #[must_use]
    pub fn sql_queries(&self) -> Vec<String> {
        let world = lock(&self.0.world);
        let queries = world
            .sql
            .iter()
            .filter_map(|session| session.query.as_ref());
        queries.map(|query| wide_id(query.id)).collect()
    }
}

fn row(session: &WebSession) -> CockroachRow {
    CockroachRow {
        id: session.id,
        user: session.user.to_string(),
        created_us: session.created_us,
        expires_us: session.expires_us,
        revoked_us: session.revoked_us,
    }
}
