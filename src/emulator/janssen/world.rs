//! Users, clients and sessions of an emulated Janssen Server.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::emulator::rng::uuid_text;

/// A person or a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// Internal number of the directory entry.
    pub(crate) id: u128,
    /// Login name.
    pub(crate) name: String,
    /// Full name for people.
    pub(crate) display: String,
}

/// An application that people sign in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its id on the wire.
    pub(crate) id: String,
    /// Its name for people; sessions do not carry it.
    pub(crate) name: String,
    /// Where it is sent back to after signing in.
    pub(crate) redirect_uri: String,
    /// The scopes it asks for.
    pub(crate) scope: String,
}

/// One login session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Secret internal id.
    pub(crate) id: u128,
    /// Public id. `None`: the row has none, as happens on real servers.
    pub(crate) sid: Option<Box<str>>,
    /// Whose it is: an index of [`World::users`]. `None`: nobody signed in yet.
    pub(crate) user: Option<u32>,
    /// For which application: an index of [`World::clients`].
    pub(crate) client: Option<u32>,
    /// True if somebody has signed in.
    pub(crate) authenticated: bool,
    /// Start, Unix milliseconds.
    pub(crate) created_ms: i64,
    /// Sign-in, Unix milliseconds.
    pub(crate) authenticated_ms: Option<i64>,
    /// Last use, Unix milliseconds.
    pub(crate) last_used_ms: Option<i64>,
    /// End, Unix milliseconds; may lie in the past.
    pub(crate) expires_ms: Option<i64>,
    /// Address it came from.
    pub(crate) ip: Option<Box<str>>,
    /// How the user signed in.
    pub(crate) method: Option<&'static str>,
    /// True if it may be deleted, according to the row. Servers do not enforce it.
    pub(crate) deletable: bool,
}

/// Everything the emulated system knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    users: Vec<User>,
    user_names: HashMap<Box<str>, u32>,
    user_ids: HashMap<u128, u32>,
    // The slots of each user's sessions, of those that are gone, too.
    of_users: Vec<Vec<u32>>,
    /// All clients.
    pub(crate) clients: Vec<Client>,
    // Removed sessions leave a gap, so that indices stay true for cached orders.
    sessions: Vec<Option<Session>>,
    by_sid: HashMap<Box<str>, u32>,
    // Rows that came with a public id that another one had already.
    twins: usize,
    live: usize,
    removals: u64,
    insertions: u64,
}

impl World {
    /// A world of users and clients without sessions.
    pub(crate) fn new(users: Vec<User>, clients: Vec<Client>) -> Self {
        let mut world = World {
            clients,
            ..World::default()
        };
        for user in users {
            world.add_user(user);
        }
        world
    }

    /// All users.
    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    /// Adds a user, and returns the number; of two with one name the first is found by it.
    pub(crate) fn add_user(&mut self, user: User) -> u32 {
        let number = u32::try_from(self.users.len()).expect("fewer than 4 billion users");
        self.user_names
            .entry(user.name.as_str().into())
            .or_insert(number);
        self.user_ids.insert(user.id, number);
        self.users.push(user);
        self.of_users.push(Vec::new());
        number
    }

    /// The user of that name.
    pub(crate) fn user_named(&self, name: &str) -> Option<u32> {
        self.user_names.get(name).copied()
    }

    /// The user whose number in the directory is written so.
    pub(crate) fn user_with_id(&self, text: &str) -> Option<u32> {
        let id = u128::from_str_radix(&text.replace('-', ""), 16).ok()?;
        let is_written_so = uuid_text(id) == text;
        self.user_ids.get(&id).copied().filter(|_| is_written_so)
    }

    /// The slots of a user's sessions.
    pub(crate) fn slots_of(&self, user: u32) -> impl Iterator<Item = u32> {
        let slots = self.of_users.get(user as usize).into_iter().flatten();
        slots.copied().filter(|slot| self.session(*slot).is_some())
    }

    /// Adds a session.
    pub(crate) fn insert(&mut self, session: Session) {
        let slot = u32::try_from(self.sessions.len()).expect("fewer than 4 billion sessions");
        if let Some(sid) = &session.sid {
            match self.by_sid.entry(sid.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(slot);
                }
                Entry::Occupied(_) => self.twins += 1,
            }
        }
        let of_user = session
            .user
            .and_then(|user| self.of_users.get_mut(user as usize));
        if let Some(slots) = of_user {
            slots.push(slot);
        }
        self.sessions.push(Some(session));
        self.live += 1;
        self.insertions += 1;
    }

    /// The session in a slot; `None` if it was removed.
    pub(crate) fn session(&self, slot: u32) -> Option<&Session> {
        self.sessions.get(slot as usize)?.as_ref()
    }

    /// All sessions in the order in which they were added.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (u32, &Session)> {
        (0..)
            .zip(&self.sessions)
            .filter_map(|(slot, s)| Some((slot, s.as_ref()?)))
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// The slot of a public session id.
    pub(crate) fn find(&self, sid: &str) -> Option<u32> {
        self.by_sid.get(sid).copied()
    }

    /// Really removes a session. False: it was gone already.
    pub(crate) fn remove(&mut self, slot: u32) -> bool {
        let Some(session) = self.sessions.get_mut(slot as usize).and_then(Option::take) else {
            return false;
        };
        if let Some(sid) = session.sid {
            self.forget(sid, slot);
        }
        self.live -= 1;
        self.removals += 1;
        true
    }

    /// Takes a removed row out of the index; a later row of the same public id takes its place.
    fn forget(&mut self, sid: Box<str>, slot: u32) {
        if self.by_sid.get(&sid) == Some(&slot) {
            self.by_sid.remove(&sid);
        }
        if self.twins > 0 && !self.by_sid.contains_key(&sid) {
            let heir = self.sessions().find(|(_, s)| s.sid.as_ref() == Some(&sid));
            if let Some((heir, _)) = heir {
                self.by_sid.insert(sid, heir);
                self.twins -= 1;
            }
        }
    }

    /// The owner of a session.
    pub(crate) fn user_of(&self, session: &Session) -> Option<&User> {
        self.users.get(session.user? as usize)
    }

    /// The application of a session.
    pub(crate) fn client_of(&self, session: &Session) -> Option<&Client> {
        self.clients.get(session.client? as usize)
    }

    /// Grows with every removal and insertion: an answer kept under one value is stale under another.
    pub(crate) fn revision(&self) -> (u64, u64) {
        (self.insertions, self.removals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(sid: Option<&str>) -> Session {
        Session {
            id: 1,
            sid: sid.map(Into::into),
            user: None,
            client: None,
            authenticated: false,
            created_ms: 0,
            authenticated_ms: None,
            last_used_ms: None,
            expires_ms: None,
            ip: None,
            method: None,
            deletable: true,
        }
    }

    #[test]
    fn removed_session_is_gone_and_the_others_keep_their_slot() {
        let mut world = World::default();
        world.insert(session(Some("a")));
        world.insert(session(Some("b")));

        assert!(world.remove(0));

        assert_eq!(world.find("a"), None);
        assert_eq!(world.find("b"), Some(1));
        assert_eq!(world.len(), 1);
        assert!(!world.remove(0));
    }

    #[test]
    fn users_are_found_by_name_and_id_with_their_sessions() {
        let user = |id, name: &str| User {
            id,
            name: name.to_owned(),
            display: String::new(),
        };
        let mut world = World::new(vec![user(1, "ada"), user(2, "bob")], Vec::new());
        let late = world.add_user(user(3, "cyd"));
        for owner in [0, late, late] {
            let mut session = session(None);
            session.user = Some(owner);
            world.insert(session);
        }
        world.remove(1);

        assert_eq!(
            (world.user_named("bob"), world.user_named("cyd")),
            (Some(1), Some(2))
        );
        assert_eq!(world.user_named("Cyd"), None);
        let id = uuid_text(3);
        assert_eq!(world.user_with_id(&id), Some(late));
        assert_eq!(
            world.user_with_id(&id.replace('-', "")),
            None,
            "in one form only"
        );
        assert_eq!(world.user_with_id("3"), None);
        assert_eq!(world.slots_of(late).collect::<Vec<_>>(), [2]);
        assert_eq!(world.slots_of(1).count(), 0);
    }

    #[test]
    fn second_session_with_the_same_id_is_found_once_the_first_is_gone() {
        let mut world = World::default();
        world.insert(session(Some("a")));
        world.insert(session(Some("a")));

        assert_eq!(world.find("a"), Some(0));
        world.remove(0);

        assert_eq!(world.find("a"), Some(1));
    }

    #[test]
    fn sessions_without_a_public_id_are_listed_but_not_found() {
        let mut world = World::default();
        world.insert(session(None));

        assert_eq!(world.sessions().count(), 1);
        assert_eq!(world.find(""), None);
    }
}
