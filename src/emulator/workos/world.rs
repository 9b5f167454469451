//! Users, organizations, sessions and events of an emulated WorkOS environment.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ids;
use super::page::{Listed, Place};
use crate::emulator::rng::Rng;

/// A company whose people sign in.
#[derive(Clone, Debug)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) domain: &'static str,
    pub(super) domain_id: String,
    pub(super) external_id: Option<String>,
    pub(super) created_ms: i64,
}

/// A person or a program.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) locale: Option<&'static str>,
    /// Value of `team` in its metadata.
    pub(super) team: Option<&'static str>,
    pub(super) last_sign_in_ms: Option<i64>,
    pub(super) created_ms: i64,
}

/// Somebody in an organization. Both are indexes.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) id: String,
    pub(super) user: usize,
    pub(super) organization: usize,
    /// `active`, `inactive` or `pending`.
    pub(super) status: &'static str,
    pub(super) role: &'static str,
    /// True if a directory of the organization manages it.
    pub(super) directory_managed: bool,
    pub(super) created_ms: i64,
}

/// Somebody of the staff who signed in as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Impersonator {
    pub(super) email: String,
    pub(super) reason: Option<String>,
}

/// One session, active or not.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: String,
    /// Index of its user.
    pub(super) user: usize,
    /// Index of the organization that the login chose.
    pub(super) organization: Option<usize>,
    pub(super) method: String,
    pub(super) impersonator: Option<Impersonator>,
    pub(super) ip: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) created_ms: i64,
    pub(super) expires_ms: i64,
    /// `None`: nobody has revoked it.
    pub(super) revoked_ms: Option<i64>,
}

impl Session {
    /// Its value of `status` at this time.
    pub(super) fn status(&self, now_ms: i64) -> &'static str {
        match self.revoked_ms {
            Some(_) => "revoked",
            None if self.expires_ms <= now_ms => "expired",
            None => "active",
        }
    }

    /// True if it can still be used.
    pub(super) fn is_active(&self, now_ms: i64) -> bool {
        self.status(now_ms) == "active"
    }
}

/// Who caused an event: id, source, name.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) id: String,
    /// `api`, `dashboard`, `admin_portal` or `system`.
    pub(super) source: &'static str,
    pub(super) name: Option<&'static str>,
}

/// The subject of an event, as an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    UserCreated(usize),
    MembershipCreated(usize),
    SessionCreated(usize),
    SessionRevoked(usize),
}

impl About {
    /// Its word on the wire.
    pub(super) fn kind(self) -> &'static str {
        match self {
            About::UserCreated(_) => "user.created",
            About::MembershipCreated(_) => "organization_membership.created",
            About::SessionCreated(_) => "session.created",
            About::SessionRevoked(_) => "session.revoked",
        }
    }
}

/// An entry of the log.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) about: About,
    pub(super) actor: Option<Actor>,
    pub(super) created_ms: i64,
}

macro_rules! listed {
    ($($kind:ty),*) => {
        $(impl Listed for $kind {
            fn place(&self) -> Place<'_> {
                (self.created_ms, &self.id)
            }
        })*
    };
}
listed!(Organization, User, Membership, Session, Event);

/// Everything that the environment holds.
#[derive(Debug)]
pub(super) struct World {
    /// Oldest first.
    pub(super) organizations: Vec<Organization>,
    /// In no order.
    pub(super) users: Vec<User>,
    /// Oldest first.
    pub(super) memberships: Vec<Membership>,
    /// In no order.
    pub(super) sessions: Vec<Session>,
    /// By time and id.
    events: BTreeMap<(i64, String), Event>,
    users_by_age: Vec<usize>,
    users_by_id: HashMap<String, usize>,
    sessions_by_id: HashMap<String, usize>,
    /// Of each user, oldest first.
    sessions_of: Vec<Vec<usize>>,
    rng: Rng,
}

impl World {
    /// An environment without users and sessions.
    pub(super) fn new(mut organizations: Vec<Organization>, rng: Rng) -> Self {
        organizations.sort_by(|a, b| a.place().cmp(&b.place()));
        World {
            organizations,
            users: Vec::new(),
            memberships: Vec::new(),
            sessions: Vec::new(),
            events: BTreeMap::new(),
            users_by_age: Vec::new(),
            users_by_id: HashMap::new(),
            sessions_by_id: HashMap::new(),
            sessions_of: Vec::new(),
            rng,
        }
    }

    /// A new id.
    pub(super) fn new_id(&mut self, prefix: &str, created_ms: i64) -> String {
        ids::id(prefix, created_ms, &mut self.rng)
    }

    /// Adds a user and its event; the index.
    pub(super) fn add_user(&mut self, user: User) -> usize {
        let (number, created_ms) = (self.users.len(), user.created_ms);
        self.users_by_id.insert(user.id.clone(), number);
        self.users.push(user);
        let place = self.users[number].place();
        let earlier = |other: &usize| self.users[*other].place() < place;
        let at = self.users_by_age.partition_point(earlier);
        self.users_by_age.insert(at, number);
        self.sessions_of.push(Vec::new());
        self.log(About::UserCreated(number), None, created_ms);
        number
    }

    /// Puts somebody into an organization.
    pub(super) fn add_membership(&mut self, membership: Membership) {
        let (number, created_ms) = (self.memberships.len(), membership.created_ms);
        self.memberships.push(membership);
        self.log(About::MembershipCreated(number), None, created_ms);
    }

    /// Adds a session, its events, and the time of the last sign-in of its user.
    pub(super) fn add_session(&mut self, session: Session, revoked_by: Option<Actor>) {
        let (number, created_ms) = (self.sessions.len(), session.created_ms);
        let (owner, revoked_ms) = (session.user, session.revoked_ms);
        if session.impersonator.is_none() {
            let last = &mut self.users[owner].last_sign_in_ms;
            *last = (*last).max(Some(created_ms));
        }
        self.sessions_by_id.insert(session.id.clone(), number);
        self.sessions.push(session);
        let place = self.sessions[number].place();
        let earlier = |other: &usize| self.sessions[*other].place() < place;
        let at = self.sessions_of[owner].partition_point(earlier);
        self.sessions_of[owner].insert(at, number);
        self.log(About::SessionCreated(number), None, created_ms);
        if let Some(at_ms) = revoked_ms {
            self.log(About::SessionRevoked(number), revoked_by, at_ms);
        }
    }

    /// Ends a session. False: it had ended before.
    pub(super) fn revoke(&mut self, number: usize, actor: Option<Actor>, now_ms: i64) -> bool {
        let session = &mut self.sessions[number];
        if !session.is_active(now_ms) {
            return false;
        }
        session.revoked_ms = Some(now_ms);
        self.log(About::SessionRevoked(number), actor, now_ms);
        true
    }

    fn log(&mut self, about: About, actor: Option<Actor>, created_ms: i64) {
        let event = Event {
            id: self.new_id("event", created_ms),
            about,
            actor,
            created_ms,
        };
        self.events.insert((created_ms, event.id.clone()), event);
    }

    /// All events, oldest first.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.values()
    }

    /// The indexes of all users, oldest first.
    pub(super) fn users_by_age(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.users_by_age.iter().copied()
    }

    /// The index of a user.
    pub(super) fn user(&self, id: &str) -> Option<usize> {
        self.users_by_id.get(id).copied()
    }

    /// The index of a session.
    pub(super) fn session(&self, id: &str) -> Option<usize> {
        self.sessions_by_id.get(id).copied()
    }

    /// The sessions of one user, oldest first.
    pub(super) fn sessions_of(&self, user: usize) -> impl DoubleEndedIterator<Item = &Session> {
        let own = self.sessions_of[user].iter();
        own.map(|number| &self.sessions[*number])
    }

    /// The index of an organization.
    pub(super) fn organization(&self, id: &str) -> Option<usize> {
        self.organizations.iter().position(|one| one.id == id)
    }

    /// The active members of an organization. Empty where there is no such organization.
    pub(super) fn people_of(&self, organization: &str) -> HashSet<usize> {
        let number = self.organization(organization);
        let own = self
            .memberships
            .iter()
            .filter(|one| Some(one.organization) == number && one.status == "active");
        own.map(|one| one.user).collect()
    }
}
