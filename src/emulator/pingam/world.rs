//! Realms, accounts and sessions of an emulated PingAM or OpenAM.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::flow::Flow;
use super::make;
use crate::emulator::rng::Secrets;

/// One realm.
#[derive(Clone, Debug)]
pub(crate) struct Realm {
    /// `/`, `/alpha`, `/alpha/emea`.
    pub(crate) path: String,
    /// True if anybody can sign in.
    pub(crate) active: bool,
    /// True if the client keeps its new sessions.
    pub(crate) client_side: bool,
    /// Names of the session properties that may be read and written.
    pub(crate) properties: Vec<String>,
    /// Longest life of its new sessions.
    pub(crate) max_ms: i64,
    /// Longest time without use of its new sessions.
    pub(crate) idle_ms: i64,
}

/// The rights of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Everything.
    Super,
    /// The privilege `RealmAdmin` in this realm and those below.
    Admin(String),
    /// The privilege `RealmReadAccess` in this realm, which gives next to nothing.
    Reader(String),
    /// The own sessions only.
    Own,
}

/// Somebody who can sign in.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) name: Arc<str>,
    pub(crate) password: String,
    pub(crate) rights: Rights,
}

/// One session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) user: Arc<str>,
    /// Index of the realm.
    pub(crate) realm: usize,
    pub(crate) token: Box<str>,
    /// `None`: kept by the client, so that it is in no list.
    pub(crate) handle: Option<Box<str>>,
    pub(crate) created_ms: i64,
    /// Last use, as far as it was written down.
    pub(crate) latest_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) idle_ms: i64,
    /// Given out over the wire, so that faults on credentials apply.
    pub(crate) issued: bool,
    pub(crate) ip: Box<str>,
    /// Value of the property `AMCtxId`.
    pub(crate) context_id: Box<str>,
    /// Properties that were set.
    pub(crate) set: HashMap<String, String>,
}

impl Session {
    /// When it ends if it is not used any more.
    pub(crate) fn end_ms(&self) -> i64 {
        self.expires_ms
            .min(self.latest_ms.saturating_add(self.idle_ms))
    }

    /// True if it can still be used.
    pub(crate) fn is_alive(&self, now_ms: i64) -> bool {
        now_ms < self.end_ms()
    }
}

/// Everything an emulated server knows.
#[derive(Default)]
pub(crate) struct AmWorld {
    pub(crate) realms: Vec<Realm>,
    accounts: Vec<Account>,
    // Gaps stay, so that indices stay true.
    sessions: Vec<Option<Session>>,
    by_token: HashMap<Box<str>, usize>,
    by_handle: HashMap<Box<str>, usize>,
    live: usize,
    /// Handles that cannot be destroyed.
    pub(crate) guarded: HashSet<String>,
    /// Sign-ins that wait for an answer, by their id.
    pub(crate) flows: HashMap<String, Flow>,
    pub(crate) list_limit: usize,
    longest_ms: Option<i64>,
}

impl AmWorld {
    /// Realms without anybody in them.
    pub(crate) fn new(realms: Vec<Realm>, list_limit: usize) -> Self {
        AmWorld {
            realms,
            list_limit,
            ..AmWorld::default()
        }
    }

    /// The index of a realm by its path, whatever its letter case.
    pub(crate) fn realm(&self, path: &str) -> Option<usize> {
        let same = |realm: &Realm| realm.path.to_lowercase() == path.to_lowercase();
        self.realms.iter().position(same)
    }

    /// Adds somebody, or gives somebody another password and rights.
    pub(crate) fn put_account(&mut self, account: Account) {
        self.remove_account(&account.name);
        self.accounts.push(account);
    }

    /// Removes somebody; the sessions stay. False: there is nobody of that name.
    pub(crate) fn remove_account(&mut self, name: &str) -> bool {
        let before = self.accounts.len();
        self.accounts.retain(|a| !same_name(&a.name, name));
        before != self.accounts.len()
    }

    /// Somebody by name.
    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| same_name(&a.name, name))
    }

    /// All who can sign in.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Adds a session.
    pub(crate) fn insert(&mut self, mut session: Session) -> usize {
        if let (true, Some(longest)) = (session.issued, self.longest_ms) {
            let end_ms = session.created_ms.saturating_add(longest);
            session.expires_ms = session.expires_ms.min(end_ms);
        }
        let slot = self.sessions.len();
        self.by_token.insert(session.token.clone(), slot);
        if let Some(handle) = &session.handle {
            self.by_handle.insert(handle.clone(), slot);
        }
        self.sessions.push(Some(session));
        self.live += 1;
        slot
    }

    /// Adds a session of the administrator and gives its token.
    pub(crate) fn insert_own(
        &mut self,
        user: &str,
        now_ms: i64,
        lives_ms: i64,
        secrets: &mut Secrets,
    ) -> String {
        let mut rng = make::fresh(secrets);
        let token = make::token_text(&mut rng);
        self.insert(Session {
            user: user.into(),
            realm: 0,
            token: token.clone().into(),
            handle: Some(make::handle_text(&mut rng).into()),
            created_ms: now_ms,
            latest_ms: now_ms,
            expires_ms: now_ms + lives_ms,
            idle_ms: lives_ms,
            issued: true,
            ip: "127.0.0.1".into(),
            context_id: make::context_id(&mut rng),
            set: HashMap::new(),
        });
        token
    }

    /// How many sessions there are, expired ones included.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// All sessions.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (usize, &Session)> {
        let numbered = self.sessions.iter().enumerate();
        numbered.filter_map(|(slot, session)| Some((slot, session.as_ref()?)))
    }

    /// The session in a slot.
    pub(crate) fn session(&self, slot: usize) -> Option<&Session> {
        self.sessions.get(slot)?.as_ref()
    }

    /// As [`AmWorld::session`], to change it. Token and handle must stay.
    pub(crate) fn session_mut(&mut self, slot: usize) -> Option<&mut Session> {
        self.sessions.get_mut(slot)?.as_mut()
    }

    /// The slot of a token that is still good.
    pub(crate) fn find_token(&self, token: &str, now_ms: i64) -> Option<usize> {
        let slot = *self.by_token.get(token)?;
        self.session(slot)?.is_alive(now_ms).then_some(slot)
    }

    /// The slot of a handle.
    pub(crate) fn find_handle(&self, handle: &str, realm: usize) -> Option<usize> {
        let slot = self.by_handle.get(handle).copied();
        let is_here = |s: &Session| s.realm == realm && s.handle.as_deref() == Some(handle);
        if slot
            .and_then(|slot| self.session(slot))
            .is_some_and(is_here)
        {
            return slot;
        }
        let mut here = self.sessions().filter(|(_, session)| is_here(session));
        here.next().map(|(slot, _)| slot).or(slot)
    }

    /// Gives a session the handle of another one. False: there is no such session, or it has no handle.
    pub(crate) fn share_handle(&mut self, of: &str, with: &str) -> bool {
        let slot = |token: &str| self.by_token.get(token).copied();
        let (Some(of), Some(with)) = (slot(of), slot(with)) else {
            return false;
        };
        let handle = self.session(of).and_then(|session| session.handle.clone());
        match (handle, self.sessions.get_mut(with).and_then(Option::as_mut)) {
            (Some(handle), Some(session)) => {
                session.handle = Some(handle);
                true
            }
            _ => false,
        }
    }

    /// Really removes a session. False: it was gone already.
    pub(crate) fn remove(&mut self, slot: usize) -> bool {
        let Some(session) = self.sessions.get_mut(slot).and_then(Option::take) else {
            return false;
        };
        self.by_token.remove(&session.token);
        if let Some(handle) = session.handle
            && self.by_handle.get(&handle) == Some(&slot)
        {
            self.by_handle.remove(&handle);
        }
        self.live -= 1;
        true
    }

    /// Notes a use, at most once in `update_ms`.
    pub(crate) fn touch(&mut self, slot: usize, now_ms: i64, update_ms: i64) {
        if let Some(session) = self.session_mut(slot)
            && now_ms.saturating_sub(session.latest_ms) >= update_ms
        {
            session.latest_ms = now_ms;
        }
    }

    /// Ends all sessions given out over the wire, at this time at the latest.
    pub(crate) fn expire_issued(&mut self, at_ms: i64) {
        let issued = self.sessions.iter_mut().flatten().filter(|s| s.issued);
        issued.for_each(|s| s.expires_ms = s.expires_ms.min(at_ms));
    }

    /// No session given out over the wire, old or new, lives longer than this.
    pub(crate) fn limit_life(&mut self, longest_ms: i64, now_ms: i64) {
        self.expire_issued(now_ms.saturating_add(longest_ms));
        self.longest_ms = Some(longest_ms);
    }
}

/// User names are compared without regard to letter case.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// True if `below` is the realm `above`, or under it.
pub(crate) fn is_under(below: &str, above: &str) -> bool {
    above == "/"
        || below
            .strip_prefix(above)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realm_is_under_its_parents_and_not_under_a_namesake() {
        for (below, above, expected) in [
            ("/alpha", "/", true),
            ("/alpha", "/alpha", true),
            ("/alpha/emea", "/alpha", true),
            ("/alphabet", "/alpha", false),
            ("/", "/alpha", false),
        ] {
            assert_eq!(is_under(below, above), expected, "{below} {above}");
        }
    }

    #[test]
    fn session_ends_at_the_earlier_of_its_two_limits() {
        let mut session = Session {
            user: "u".into(),
            realm: 0,
            token: "t".into(),
            handle: None,
            created_ms: 0,
            latest_ms: 1_000,
            expires_ms: 9_000,
            idle_ms: 5_000,
            issued: false,
            ip: "192.0.2.1".into(),
            context_id: "c".into(),
            set: HashMap::new(),
        };

        assert!(session.is_alive(5_999));
        assert!(!session.is_alive(6_000));
        session.latest_ms = 8_000;
        assert_eq!(session.end_ms(), 9_000);
    }
}
