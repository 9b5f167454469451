//! Makes realms, accounts and sessions up: the same seed and time give the same world.

use std::collections::HashMap;
use std::sync::Arc;

use super::Flavour;
use super::options::AmOptions;
use super::world::{Account, AmWorld, Realm, Rights, Session};
use crate::emulator::rng::{Rng, Secrets, uuid_text};

const MINUTE_MS: i64 = 60_000;
/// How far ahead the server's own session ends.
const OWN_SESSION_MS: i64 = 42 * 365 * 86_400_000;

/// Names that clients must escape.
const AWKWARD: &[&str] = &["we\"ird", "back\\slash", "o'hara", "x,y", "plus+eq=", "a b"];

/// The quantities and choices from which one start makes its data.
pub(crate) struct AmRecipe<'a> {
    pub(crate) flavour: Flavour,
    pub(crate) options: &'a AmOptions,
    pub(crate) seed: u64,
    pub(crate) now_ms: i64,
    pub(crate) sessions: usize,
    /// Names of people; the awkward ones come on top.
    pub(crate) people: Vec<String>,
    /// Password of the administrators, and of everybody else.
    pub(crate) passwords: (String, String),
}

impl AmRecipe<'_> {
    /// The world that this recipe always gives.
    pub(crate) fn world(self) -> AmWorld {
        let mut rng = Rng::new(self.seed ^ 0x0a11_0ca7_e5e5_5107);
        let mut world = AmWorld::new(self.realms(), self.options.list_limit);
        self.add_administrators(&mut world);
        let people = self
            .people
            .iter()
            .map(String::as_str)
            .chain(AWKWARD.iter().copied())
            .map(Arc::<str>::from)
            .collect::<Vec<_>>();
        for name in &people {
            world.put_account(Account {
                name: name.clone(),
                password: self.passwords.1.clone(),
                rights: Rights::Own,
            });
        }
        world.insert(self.own_session(&mut rng));
        let open = (0..world.realms.len())
            .filter(|r| world.realms[*r].active)
            .collect::<Vec<_>>();
        for _ in 0..self.sessions {
            let realm = choose_realm(&mut rng, &open);
            let session = self.session(&mut rng, &world, realm, &people);
            world.insert(session);
        }
        world
    }

    /// Root has the server's times, so have those that somebody signs in to; other realms let people in for longer.
    fn realms(&self) -> Vec<Realm> {
        let names = self
            .options
            .properties
            .clone()
            .unwrap_or_else(|| match self.flavour {
                Flavour::Pingam => vec!["AMCtxId".into()],
                Flavour::Openam => Vec::new(),
            });
        let active = std::iter::once("/").chain(self.options.realms.iter().map(String::as_str));
        let inactive = self.options.inactive_realms.iter().map(String::as_str);
        active
            .map(|path| (path, true))
            .chain(inactive.map(|path| (path, false)))
            .map(|(path, active)| Realm {
                path: path.to_owned(),
                active,
                client_side: self.options.client_side_realms.iter().any(|r| r == path),
                properties: names.clone(),
                max_ms: i64::from(self.options.max_session_minutes) * MINUTE_MS,
                idle_ms: i64::from(self.options.max_idle_minutes) * MINUTE_MS,
            })
            .collect()
    }

    /// The administrator of everything; one administrator and one reader for every other realm.
    fn add_administrators(&self, world: &mut AmWorld) {
        let mut put = |name: &str, rights| {
            world.put_account(Account {
                name: name.into(),
                password: self.passwords.0.clone(),
                rights,
            });
        };
        put(&self.options.admin, Rights::Super);
        for realm in &self.options.realms {
            let (admin, reader) = delegates(realm);
            put(&admin, Rights::Admin(realm.clone()));
            put(&reader, Rights::Reader(realm.clone()));
        }
    }

    /// The session of the server itself, one for each of its starts.
    fn own_session(&self, rng: &mut Rng) -> Session {
        let token = token_text(rng);
        Session {
            user: "dsameuser".into(),
            realm: 0,
            token: token.into(),
            handle: Some(handle_text(rng).into()),
            created_ms: self.now_ms - 1_000,
            latest_ms: self.now_ms - 1_000,
            expires_ms: self.now_ms + OWN_SESSION_MS,
            idle_ms: OWN_SESSION_MS,
            issued: false,
            ip: "127.0.0.1".into(),
            context_id: context_id(rng),
            set: HashMap::new(),
        }
    }

    fn session(
        &self,
        rng: &mut Rng,
        world: &AmWorld,
        realm: usize,
        people: &[Arc<str>],
    ) -> Session {
        let client_side = world.realms[realm].client_side || rng.chance(4);
        // Real servers differ from realm to realm; long lives keep the made-up ones in the list for a day's work.
        let (max_ms, idle_ms) = if rng.chance(60) {
            (12 * 60 * MINUTE_MS, 8 * 60 * MINUTE_MS)
        } else {
            (world.realms[realm].max_ms, world.realms[realm].idle_ms)
        };
        let used_s = rng
            .between(0, idle_ms / 2_000)
            .min(rng.between(0, idle_ms / 2_000));
        let age_s = rng
            .between(used_s, max_ms / 1_100)
            .min(rng.between(used_s, max_ms / 1_100));
        let mut created_ms = self.now_ms - age_s * 1_000;
        let mut latest_ms = self.now_ms - used_s * 1_000 - rng.between(0, 999);
        let sweep_ms = i64::from(self.options.sweep_seconds) * 1_000;
        if rng.chance(3) && sweep_ms > 0 {
            // Over, but no sweep came yet.
            latest_ms = self.now_ms - idle_ms - rng.between(0, sweep_ms * 9 / 10);
            created_ms = created_ms.min(latest_ms);
        }
        let token = if client_side {
            jwt_token(rng)
        } else {
            token_text(rng)
        };
        let handle = handle_text(rng);
        Session {
            user: people[rng.index(people.len()).min(rng.index(people.len()))].clone(),
            realm,
            token: token.into(),
            handle: (!client_side).then(|| handle.into()),
            created_ms: created_ms.min(latest_ms),
            latest_ms,
            expires_ms: created_ms.div_euclid(1_000) * 1_000 + max_ms,
            idle_ms,
            issued: false,
            ip: format!("192.0.2.{}", rng.between(1, 254)).into(),
            context_id: context_id(rng),
            set: HashMap::new(),
        }
    }
}

/// Login names of a realm's administrator and of its reader: `ops-alpha` and `reader-alpha`.
pub(crate) fn delegates(realm: &str) -> (String, String) {
    let name = realm.trim_start_matches('/').replace('/', "-");
    (format!("ops-{name}"), format!("reader-{name}"))
}

/// More than half in the first realm below the top, so that its list is cut.
fn choose_realm(rng: &mut Rng, open: &[usize]) -> usize {
    match open.get(1) {
        Some(first) if rng.chance(60) => *first,
        _ => *rng.pick(open),
    }
}

const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// So many characters as in base64url.
fn letters(rng: &mut Rng, count: usize) -> String {
    (0..count)
        .map(|_| char::from(*rng.pick(BASE64URL)))
        .collect()
}

/// A token of a server-side session, in the form of real ones.
pub(crate) fn token_text(rng: &mut Rng) -> String {
    let (first, second) = (letters(rng, 33), rng.between(1 << 55, i64::MAX));
    format!("AQIC5wM2LY4Sfc{first}.*AAJTSQACMDEAAlNLABM{second:019}AAJTMQAA*")
}

/// A session handle, in the form of real ones.
pub(crate) fn handle_text(rng: &mut Rng) -> String {
    format!("shandle:{}", token_text(rng))
}

/// A token that is the whole session: longer than 2,000 characters.
pub(crate) fn jwt_token(rng: &mut Rng) -> String {
    let (body, signature) = (letters(rng, 2_000), letters(rng, 43));
    format!(
        "*AAJTSQACMDEAAlMxAAA.*eyJ0eXAiOiJKV1QiLCJjdHkiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{body}.{signature}"
    )
}

/// The id of a sign-in that goes on.
pub(crate) fn auth_id(rng: &mut Rng) -> String {
    let (body, signature) = (letters(rng, 330), letters(rng, 43));
    format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{body}.{signature}")
}

/// A value for `AMCtxId`.
pub(crate) fn context_id(rng: &mut Rng) -> Box<str> {
    format!("{}-{}", uuid_text(rng.uuid()), rng.between(100, 99_999)).into()
}

/// A generator for texts that nobody may guess, unless the secrets come from the seed.
pub(crate) fn fresh(secrets: &mut Secrets) -> Rng {
    let bits = secrets.uuid();
    Rng::new(
        u64::try_from(bits >> 64).unwrap_or(0)
            ^ u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0),
    )
}
