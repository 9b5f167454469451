//! The hands of a test inside an emulated PingAM or OpenAM.

use std::collections::HashMap;
use std::sync::Arc;

use super::world::{Account, Rights, Session};
use super::{Am, make};
use crate::emulator::Running;
use crate::emulator::shared::lock;

impl Running {
    /// A way into the world of a PingAM or OpenAM.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn am(&self) -> AmHandle {
        AmHandle(self.emulated())
    }

    /// The credentials of a PingAM or OpenAM.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn am_auth(&self) -> AmAuth {
        self.emulated::<Am>().auth.clone()
    }
}

/// Credentials of a running server. They open nothing else, but are kept out of `Debug` all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct AmAuth {
    /// The token of a session of the administrator, good for a day.
    pub token: String,
    /// Who can sign in: the administrator of everything first, then one administrator for each realm below
    /// the top, then an ordinary user.
    pub logins: Vec<AmLogin>,
    /// An access token for `Authorization: Bearer`, of use with [`AmOptions::bearer`](super::AmOptions::bearer) only.
    pub bearer: String,
}

impl std::fmt::Debug for AmAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AmAuth(…)")
    }
}

/// A name and password for a login.
#[derive(Clone, PartialEq, Eq)]
pub struct AmLogin {
    /// Login name.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The realm to sign in to.
    pub realm: String,
}

impl std::fmt::Debug for AmLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AmLogin({} in {}, …)", self.user, self.realm)
    }
}

/// A way into the world of one running server. Cheap to clone.
#[derive(Clone)]
pub struct AmHandle(Arc<Am>);

impl std::fmt::Debug for AmHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.shared.fmt(f)
    }
}

/// One session as the emulator holds it. A copy: changing it changes nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct AmRow {
    /// Login name.
    pub user: String,
    /// `/`, `/alpha` …
    pub realm: String,
    /// The secret.
    pub token: String,
    /// The name by which it can be destroyed. `None`: kept by the client, in no list.
    pub handle: Option<String>,
    /// Start, Unix milliseconds.
    pub created_ms: i64,
    /// Last use as far as it was written down, Unix milliseconds.
    pub latest_ms: i64,
    /// End at the latest, Unix milliseconds.
    pub expires_ms: i64,
    /// Longest time without use, milliseconds.
    pub idle_ms: i64,
}

impl std::fmt::Debug for AmRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmRow")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

impl AmHandle {
    /// How many sessions there are, of all kinds, the server's own included.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.0.world).len()
    }

    /// All sessions in the order in which they were made.
    #[must_use]
    pub fn sessions(&self) -> Vec<AmRow> {
        let am = lock(&self.0.world);
        am.sessions()
            .map(|(_, s)| AmRow {
                user: s.user.to_string(),
                realm: am.realms[s.realm].path.clone(),
                token: s.token.to_string(),
                handle: s.handle.as_deref().map(str::to_owned),
                created_ms: s.created_ms,
                latest_ms: s.latest_ms,
                expires_ms: s.expires_ms,
                idle_ms: s.idle_ms,
            })
            .collect()
    }

    /// The session of a handle or a token, dead ones included. `None`: it is gone.
    #[must_use]
    pub fn find(&self, handle_or_token: &str) -> Option<AmRow> {
        let is_it = |row: &AmRow| {
            row.token == handle_or_token || row.handle.as_deref() == Some(handle_or_token)
        };
        self.sessions().into_iter().find(is_it)
    }

    /// Signs somebody in behind everybody's back: a new session with the times of its realm. `None`: no such realm.
    #[must_use]
    pub fn sign_in(&self, user: &str, realm: &str) -> Option<AmRow> {
        let token = {
            let mut rng = make::fresh(&mut lock(&self.0.shared.secrets));
            let mut am = lock(&self.0.world);
            let now_ms = self.0.shared.clock.now_ms();
            let realm = am.realm(realm)?;
            let settings = &am.realms[realm];
            let client_side = settings.client_side;
            let token = if client_side {
                make::jwt_token(&mut rng)
            } else {
                make::token_text(&mut rng)
            };
            let session = Session {
                user: user.into(),
                realm,
                token: token.clone().into(),
                handle: (!client_side).then(|| make::handle_text(&mut rng).into()),
                created_ms: now_ms,
                latest_ms: now_ms,
                expires_ms: now_ms + settings.max_ms,
                idle_ms: settings.idle_ms,
                issued: false,
                ip: "192.0.2.77".into(),
                context_id: make::context_id(&mut rng),
                set: HashMap::new(),
            };
            am.insert(session);
            token
        };
        self.find(&token)
    }

    /// Ends a session behind everybody's back. False: there is none with this handle or token.
    pub fn end(&self, handle_or_token: &str) -> bool {
        let mut am = lock(&self.0.world);
        let slot = am.sessions().find_map(|(slot, s)| {
            let same = &*s.token == handle_or_token || s.handle.as_deref() == Some(handle_or_token);
            same.then_some(slot)
        });
        slot.is_some_and(|slot| am.remove(slot))
    }

    /// Makes somebody who can sign in to every realm, or gives somebody another password.
    pub fn put_user(&self, name: &str, password: &str) {
        self.put(name, password, Rights::Own);
    }

    /// Makes an administrator of one realm and those below, who may list its sessions.
    pub fn put_admin(&self, name: &str, password: &str, realm: &str) {
        self.put(name, password, Rights::Admin(realm.to_owned()));
    }

    /// Makes somebody with read access to a realm's settings, who may not even list its sessions.
    pub fn put_reader(&self, name: &str, password: &str, realm: &str) {
        self.put(name, password, Rights::Reader(realm.to_owned()));
    }

    /// Removes somebody; the sessions live on. False: there is nobody of that name.
    pub fn remove_user(&self, name: &str) -> bool {
        lock(&self.0.world).remove_account(name)
    }

    /// From now on the handle cannot be destroyed: `logoutByHandle` answers `false` for it.
    pub fn guard(&self, handle: &str) {
        lock(&self.0.world).guarded.insert(handle.to_owned());
    }

    /// Gives the session of one token the handle of another's, as no honest server does. False: one of them
    /// is gone, or has no handle.
    pub fn share_handle(&self, of_token: &str, with_token: &str) -> bool {
        lock(&self.0.world).share_handle(of_token, with_token)
    }

    /// Changes at how many rows lists are cut; it works at once.
    pub fn set_list_limit(&self, limit: usize) {
        lock(&self.0.world).list_limit = limit;
    }

    /// Sets which session properties may be read and written, in every realm.
    pub fn set_properties(&self, names: &[&str]) {
        for realm in &mut lock(&self.0.world).realms {
            realm.properties = names.iter().map(|n| (*n).to_owned()).collect();
        }
    }

    fn put(&self, name: &str, password: &str, rights: Rights) {
        lock(&self.0.world).put_account(Account {
            name: name.into(),
            password: password.to_owned(),
            rights,
        });
    }
}
