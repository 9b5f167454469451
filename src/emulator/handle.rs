//! The hands of a test inside a running emulator: look into its world, change it, move its clock.

use std::sync::Arc;

use super::devices::Decision;
use super::rng::uuid_text;
use super::shared::{Shared, lock};
use super::world::{Client, Session, User, World};

/// A way into the world of one running emulator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

/// One session as the emulator holds it. A plain copy: changing it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Public id. `None`: the row has none.
    pub sid: Option<String>,
    /// Login name. `None`: nobody signed in.
    pub user: Option<String>,
    /// The user's id in the directory (Janssen: the inum). `None`: as `user`. Ignored by [`Handle::add`].
    pub user_id: Option<String>,
    /// Client id.
    pub client: Option<String>,
    /// Did the user finish signing in?
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
    /// How many sessions there are, whatever their state. (PingAM and OpenAM: see [`Running::am`](super::Running::am).)
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.shared.world).len()
    }

    /// All sessions in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let world = lock(&self.shared.world);
        world.sessions().map(|(_, s)| row(&world, s)).collect()
    }

    /// The session with this public id.
    #[must_use]
    pub fn find(&self, sid: &str) -> Option<Row> {
        let world = lock(&self.shared.world);
        let session = world.session(world.find(sid)?)?;
        Some(row(&world, session))
    }

    /// Adds a session. Its user and client are made if there are none of that name.
    pub fn add(&self, row: &Row) {
        let mut world = lock(&self.shared.world);
        let mut secrets = lock(&self.shared.secrets);
        let user = row.user.as_ref().map(|name| {
            position_or_push(
                &mut world.users,
                |u| u.name == *name,
                || User {
                    id: secrets.uuid(),
                    name: name.clone(),
                    display: name.clone(),
                },
            )
        });
        let client = row.client.as_ref().map(|id| {
            position_or_push(
                &mut world.clients,
                |c| c.id == *id,
                || Client {
                    id: id.clone(),
                    name: id.clone(),
                    redirect_uri: "https://app.example.org/callback".into(),
                    scope: "openid".into(),
                },
            )
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
        let mut world = lock(&self.shared.world);
        world.find(sid).is_some_and(|slot| world.remove(slot))
    }

    /// Now, Unix milliseconds, by the emulator's clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// Moves the clock, forward or back: tokens, device codes and sessions age with it.
    pub fn move_clock(&self, by_ms: i64) {
        self.shared.clock.shift(by_ms);
    }

    /// Ends all tokens given out so far.
    pub fn expire_tokens(&self) {
        self.shared.expire_tokens();
    }

    /// User codes that wait for somebody to approve them, oldest first.
    #[must_use]
    pub fn device_codes(&self) -> Vec<String> {
        let steady_ms = self.shared.clock.steady_ms();
        lock(&self.shared.devices).waiting(steady_ms)
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
        let steady_ms = self.shared.clock.steady_ms();
        lock(&self.shared.devices).decide(user_code, decision, steady_ms)
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

fn position_or_push<T>(
    items: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    make: impl FnOnce() -> T,
) -> u32 {
    let position = items.iter().position(is_it).unwrap_or_else(|| {
        items.push(make());
        items.len() - 1
    });
    u32::try_from(position).expect("fewer than 4 billion users and clients")
}
