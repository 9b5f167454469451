//! The hands of a test inside an emulated WorkOS.

use std::sync::Arc;

use super::Workos;
use super::world::{Impersonator, Session, User};
use crate::emulator::Running;
use crate::emulator::shared::lock;

impl Running {
    /// A way into the world of a WorkOS environment.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn workos(&self) -> WorkosHandle {
        WorkosHandle(self.emulated())
    }

    /// The credentials of a WorkOS environment.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn workos_auth(&self) -> WorkosAuth {
        self.emulated::<Workos>().auth.clone()
    }
}

/// Credentials of a running server. They open nothing else, but are kept out of `Debug` all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkosAuth {
    /// An API key that may do everything.
    pub key: String,
    /// The id of that key, as events name it.
    pub key_id: String,
    /// An API key without any permission: 403.
    pub weak_key: String,
}

impl std::fmt::Debug for WorkosAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkosAuth(…)")
    }
}

/// A way into the world of one running server. Cheap to clone.
#[derive(Clone)]
pub struct WorkosHandle(Arc<Workos>);

impl std::fmt::Debug for WorkosHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.shared.fmt(f)
    }
}

/// A user. A copy: changing it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkosUser {
    /// `user_…`.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Its id in another system.
    pub external_id: Option<String>,
    /// Last sign-in, Unix milliseconds. `None`: never.
    pub last_sign_in_ms: Option<i64>,
}

/// A session as the emulator holds it. A copy: changing it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkosRow {
    /// `session_…`.
    pub id: String,
    /// The address of its user.
    pub email: String,
    /// `org_…`. `None`: the login chose none.
    pub organization_id: Option<String>,
    /// Value of `auth_method`.
    pub method: String,
    /// Address and reason of somebody who signed in as the user.
    pub impersonator: Option<(String, Option<String>)>,
    /// Address it came from.
    pub ip: Option<String>,
    /// Browser or program it came from.
    pub user_agent: Option<String>,
    /// Start, Unix milliseconds.
    pub created_ms: i64,
    /// End at the latest, Unix milliseconds.
    pub expires_ms: i64,
    /// End by a revoke, Unix milliseconds.
    pub revoked_ms: Option<i64>,
}

impl WorkosHandle {
    /// How many sessions are active.
    #[must_use]
    pub fn active(&self) -> usize {
        let now_ms = self.0.shared.now_ms();
        let world = lock(&self.0.world);
        let active = world.sessions.iter().filter(|one| one.is_active(now_ms));
        active.count()
    }

    /// All sessions, those that have ended too, in no order.
    #[must_use]
    pub fn sessions(&self) -> Vec<WorkosRow> {
        let world = lock(&self.0.world);
        let row = |one: &Session| WorkosRow {
            id: one.id.clone(),
            email: world.users[one.user].email.clone(),
            organization_id: one
                .organization
                .map(|number| world.organizations[number].id.clone()),
            method: one.method.clone(),
            impersonator: one
                .impersonator
                .as_ref()
                .map(|by| (by.email.clone(), by.reason.clone())),
            ip: one.ip.clone(),
            user_agent: one.user_agent.clone(),
            created_ms: one.created_ms,
            expires_ms: one.expires_ms,
            revoked_ms: one.revoked_ms,
        };
        world.sessions.iter().map(row).collect()
    }

    /// All users, in no order.
    #[must_use]
    pub fn users(&self) -> Vec<WorkosUser> {
        let world = lock(&self.0.world);
        let user = |one: &User| WorkosUser {
            id: one.id.clone(),
            email: one.email.clone(),
            external_id: one.external_id.clone(),
            last_sign_in_ms: one.last_sign_in_ms,
        };
        world.users.iter().map(user).collect()
    }

    /// Id and name of every organization, oldest first.
    #[must_use]
    pub fn organizations(&self) -> Vec<(String, String)> {
        let world = lock(&self.0.world);
        let all = world.organizations.iter();
        all.map(|one| (one.id.clone(), one.name.clone())).collect()
    }

    /// Adds a session and its events. Its user is made if there is none with that address.
    pub fn add(&self, row: &WorkosRow) {
        let mut world = lock(&self.0.world);
        let known = world.users.iter().position(|one| one.email == row.email);
        let user = known.unwrap_or_else(|| {
            let id = world.new_id("user", row.created_ms);
            world.add_user(User {
                id,
                email: row.email.clone(),
                first_name: None,
                last_name: None,
                external_id: None,
                locale: None,
                team: None,
                last_sign_in_ms: None,
                created_ms: row.created_ms,
            })
        });
        let organization = row.organization_id.as_deref();
        let session = Session {
            id: row.id.clone(),
            user,
            organization: organization.and_then(|id| world.organization(id)),
            method: row.method.clone(),
            impersonator: row
                .impersonator
                .clone()
                .map(|(email, reason)| Impersonator { email, reason }),
            ip: row.ip.clone(),
            user_agent: row.user_agent.clone(),
            created_ms: row.created_ms,
            expires_ms: row.expires_ms,
            revoked_ms: row.revoked_ms,
        };
        world.add_session(session, None);
    }

    /// Ends a session behind everybody's back. False: it has ended, or never was.
    pub fn end(&self, id: &str) -> bool {
        let now_ms = self.0.shared.now_ms();
        let mut world = lock(&self.0.world);
        let number = world.session(id);
        number.is_some_and(|number| world.revoke(number, None, now_ms))
    }
}
