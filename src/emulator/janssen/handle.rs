//! The hands of a test inside a running emulator: look into its world, change it, move its clock.

use std::sync::Arc;

use super::Janssen;
use super::devices::Decision;
use super::world::{Client, Session, User, World};
use crate::emulator::Running;
use crate::emulator::rng::uuid_text;
use crate::emulator::shared::lock;

impl Running {
    /// A way into the world of a Janssen Server.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn world(&self) -> Handle {
        Handle(self.emulated())
    }

    /// The credentials of a Janssen Server.
    ///
    /// # Panics
    /// Another system runs.
    #[must_use]
    pub fn auth(&self) -> Auth {
        self.emulated::<Janssen>().auth.clone()
    }
}

/// Credentials of a running server. They open nothing else, but are kept out of `Debug` all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// OAuth client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// An access token with all scopes of the client, good for a day.
    pub token: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(…)")
    }
}

/// A way into the world of one running server. Cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<Janssen>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.shared.fmt(f)
    }
}

/// One session as the emulator holds it. A plain copy: changing it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Public id. `None`: the row has none.
    pub sid: Option<String>,
    /// Login name. `None`: nobody signed in.
    pub user: Option<String>,
    /// The user's id in the directory (the inum). `None`: as `user`. Ignored by [`Handle::add`].
    pub user_id: Option<String>,
    /// Client id.
    pub client: Option<String>,
    /// True if the user finished signing in.
    pub authenticated: bool,
    /// Start, Unix milliseconds.
    pub created_ms: i64,
    /// Sign-in, Unix milliseconds.
    pub authenticated_ms: Option<i64>,
    /// Last use, Unix milliseconds.
    pub last_used_ms: Option<i64>,
    /// End, Unix milliseconds; may be past.
    pub expires_ms: Option<i64>,
    /// Address it came from.
    pub ip: Option<String>,
    /// The row's own flag; servers do not enforce it.
    pub deletable: bool,
}

impl Handle {
    /// How many sessions there are, whatever their state.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.0.world).len()
    }

    /// All sessions in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let world = lock(&self.0.world);
        world.sessions().map(|(_, s)| row(&world, s)).collect()
    }

    /// The session with this public id.
    #[must_use]
    pub fn find(&self, sid: &str) -> Option<Row> {
        let world = lock(&self.0.world);
        let session = world.session(world.find(sid)?)?;
        Some(row(&world, session))
    }

    /// Adds a session. Its user and client are made if there are none of that name.
    pub fn add(&self, row: &Row) {
        let mut world = lock(&self.0.world);
        let mut secrets = lock(&self.0.shared.secrets);
        let user = row.user.as_ref().map(|name| {
            world.user_named(name).unwrap_or_else(|| {
                world.add_user(User {
                    id: secrets.uuid(),
                    name: name.clone(),
                    display: name.clone(),
                })
            })
        });
        let client = row.client.as_ref().map(|id| {
            let known = world.clients.iter().position(|client| client.id == *id);
            let place = known.unwrap_or_else(|| {
                world.clients.push(Client {
                    id: id.clone(),
                    name: id.clone(),
                    redirect_uri: "https://app.example.org/callback".into(),
                    scope: "openid".into(),
                });
                world.clients.len() - 1
            });
            u32::try_from(place).expect("fewer than 4 billion clients")
        });
        world.insert(Session {
            id: secrets.uuid(),
            sid: row.sid.as_deref().map(Into::into),
            user,
            client,
            authenticated: row.authenticated,
            created_ms: row.created_ms,
            authenticated_ms: row.authenticated_ms,
            last_used_ms: row.last_used_ms,
            expires_ms: row.expires_ms,
            ip: row.ip.as_deref().map(Into::into),
            method: row.authenticated.then_some("simple_password_auth"),
            deletable: row.deletable,
        });
    }

    /// Removes a session behind everybody's back. False: there is none with this public id.
    pub fn remove(&self, sid: &str) -> bool {
        let mut world = lock(&self.0.world);
        world.find(sid).is_some_and(|slot| world.remove(slot))
    }

    /// Now, Unix milliseconds, by the emulator's clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.0.shared.clock.now_ms()
    }

    /// User codes that wait for somebody to approve them, oldest first.
    #[must_use]
    pub fn device_codes(&self) -> Vec<String> {
        let steady_ms = self.0.shared.clock.steady_ms();
        lock(&self.0.devices).waiting(steady_ms)
    }

    /// Approves a device sign-in as the person in the browser would. False: no such code waits.
    pub fn approve_device(&self, user_code: &str) -> bool {
        self.decide(user_code, Decision::Approved)
    }

    /// Refuses a device sign-in. False: no such code waits.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.decide(user_code, Decision::Denied)
    }

    fn decide(&self, user_code: &str, decision: Decision) -> bool {
        let steady_ms = self.0.shared.clock.steady_ms();
        lock(&self.0.devices).decide(user_code, decision, steady_ms)
    }
}

fn row(world: &World, session: &Session) -> Row {
    let user = world.user_of(session);
    Row {
        sid: session.sid.as_deref().map(str::to_owned),
        user: user.map(|u| u.name.clone()),
        user_id: user.map(|u| uuid_text(u.id)),
        client: world.client_of(session).map(|c| c.id.clone()),
        authenticated: session.authenticated,
        created_ms: session.created_ms,
        authenticated_ms: session.authenticated_ms,
        last_used_ms: session.last_used_ms,
        expires_ms: session.expires_ms,
        ip: session.ip.as_deref().map(str::to_owned),
        deletable: session.deletable,
    }
}
