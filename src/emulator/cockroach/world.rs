//! What the cluster holds: its users, its web sessions and its SQL sessions.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::token::{Secret, hash};

/// Ids count from here: 2015-01-01 in microseconds since 1970.
const EPOCH_US: i64 = 1_420_070_400_000_000;
/// The node that gives ids to what is made while the emulator runs.
const NODE: i64 = 1;

/// An id as the server makes it: steps of ten microseconds since 2015, and the node in the low 15 bits.
pub(super) fn row_id(us: i64, node: i64) -> i64 {
    ((us - EPOCH_US) / 10) << 15 | node
}

/// A row of `system.web_sessions`. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WebSession {
    pub(super) id: i64,
    pub(super) secret: [u8; 32],
    pub(super) user: Arc<str>,
    pub(super) user_id: u32,
    pub(super) created_us: i64,
    pub(super) expires_us: i64,
    pub(super) revoked_us: Option<i64>,
    pub(super) last_used_us: i64,
    pub(super) audit: Option<Arc<str>>,
}

/// A row of `system.users`.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: Arc<str>,
    pub(super) id: u32,
    pub(super) is_role: bool,
    /// May read and write the tables of the system.
    pub(super) is_admin: bool,
    /// `None`: nobody signs in with a password.
    pub(super) password: Option<String>,
}

/// An open SQL connection.
#[derive(Clone, Debug)]
pub(super) struct SqlSession {
    pub(super) id: u128,
    pub(super) node: i64,
    pub(super) user: Arc<str>,
    pub(super) client_address: String,
    pub(super) application: String,
    pub(super) start_us: i64,
    pub(super) last_query: String,
    /// `None`: it is idle.
    pub(super) query: Option<SqlQuery>,
}

/// What a connection is doing.
#[derive(Clone, Debug)]
pub(super) struct SqlQuery {
    pub(super) id: u128,
    pub(super) text: String,
    pub(super) start_us: i64,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) sessions: BTreeMap<i64, WebSession>,
    pub(super) users: BTreeMap<Arc<str>, User>,
    pub(super) sql: Vec<SqlSession>,
    /// Sessions that sign-ins made.
    issued: HashSet<i64>,
    /// None of those lives longer.
    longest_us: Option<i64>,
}

impl World {
    /// The user of this name, who may be a role.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// An id that no session has had, made at this time.
    pub(super) fn new_id(&self, now_us: i64) -> i64 {
        let mut id = row_id(now_us, NODE);
        while self.sessions.contains_key(&id) {
            id += 1 << 15;
        }
        id
    }

    /// The session that a sign-in makes.
    pub(super) fn sign_in(
        &mut self,
        user: &User,
        secret: &Secret,
        now_us: i64,
        life_us: i64,
    ) -> i64 {
        let id = self.new_id(now_us);
        let life_us = self
            .longest_us
            .map_or(life_us, |longest| life_us.min(longest));
        let session = WebSession {
            id,
            secret: hash(secret),
            user: user.name.clone(),
            user_id: user.id,
            created_us: now_us,
            expires_us: now_us.saturating_add(life_us),
            revoked_us: None,
            last_used_us: now_us,
            audit: None,
        };
        self.sessions.insert(id, session);
        self.issued.insert(id);
        id
    }

    /// The session of a token, if it can be used now.
    pub(super) fn valid(&self, id: i64, secret: &[u8], now_us: i64) -> Option<&WebSession> {
        let session = self.sessions.get(&id)?;
        let is_valid = session.revoked_us.is_none()
            && now_us < session.expires_us
            && session.secret == hash(secret);
        is_valid.then_some(session)
    }

    /// Ends a session. `None`: there is none of this id. False: it had been ended.
    pub(super) fn revoke(&mut self, id: i64, now_us: i64) -> Option<bool> {
        let session = self.sessions.get_mut(&id)?;
        let is_new = session.revoked_us.is_none();
        session.revoked_us.get_or_insert(now_us);
        Some(is_new)
    }

    /// Removes what ended so long ago.
    pub(super) fn purge(&mut self, now_us: i64, ttl_us: i64) {
        let limit_us = now_us.saturating_sub(ttl_us);
        self.sessions.retain(|_, session| {
            let revoked_us = session.revoked_us.unwrap_or(i64::MAX);
            session.expires_us.min(revoked_us) > limit_us
        });
    }

    /// Lets the sessions of all sign-ins so far expire.
    pub(super) fn expire_issued(&mut self, now_us: i64) {
        for id in &self.issued {
            if let Some(session) = self.sessions.get_mut(id) {
                session.expires_us = session.expires_us.min(now_us);
            }
        }
    }

    /// From now on no session of a sign-in lives longer.
    pub(super) fn limit_life(&mut self, longest_us: i64) {
        self.longest_us = Some(longest_us);
        for id in &self.issued {
            if let Some(session) = self.sessions.get_mut(id) {
                let latest_us = session.created_us.saturating_add(longest_us);
                session.expires_us = session.expires_us.min(latest_us);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_time_and_the_node() {
        assert_eq!(row_id(1_659_464_666_376_850, 1), 784_447_132_063_662_081);
    }

    #[test]
    fn two_sign_ins_at_one_moment_have_two_ids() {
        let mut world = World::default();
        let user = User {
            name: "jdoe".into(),
            id: 100,
            is_role: false,
            is_admin: false,
            password: None,
        };
        let now_us = 1_773_481_315_000_000;

        let first = world.sign_in(&user, &[1; 16], now_us, 10);
        let second = world.sign_in(&user, &[2; 16], now_us, 10);

        assert_ne!(first, second);
        assert!(world.valid(second, &[2; 16], now_us).is_some());
        assert!(
            world.valid(second, &[1; 16], now_us).is_none(),
            "wrong secret"
        );
        assert!(
            world.valid(second, &[2; 16], now_us + 10).is_none(),
            "expired"
        );
        assert_eq!(world.revoke(second, now_us), Some(true));
        assert_eq!(world.revoke(second, now_us + 5), Some(false));
        assert!(world.valid(second, &[2; 16], now_us).is_none(), "revoked");
        world.purge(now_us + 12, 11);
        assert_eq!(
            world.sessions.len(),
            1,
            "only the revoked one is old enough"
        );
    }
}
