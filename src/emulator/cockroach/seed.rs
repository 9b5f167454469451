//! Makes the world up: the same seed and the same time give the same users and sessions.

use std::sync::Arc;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::time::SECOND_US;
use super::world::{SqlQuery, SqlSession, User, WebSession, World, row_id};
use crate::emulator::names::{SERVICES, people};
use crate::emulator::rng::Rng;

const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;

/// For how long a sign-in is good if nobody changed the setting.
const SIGN_IN_US: i64 = 168 * HOUR_US;

/// The administrator who signs in, and the one who may look after nothing.
pub(super) const ADMIN: &str = "opsadmin";
pub(super) const READER: &str = "helpdesk";

/// Ordinary users count from here.
const FIRST_USER_ID: u32 = 100;

/// Programs that connect, with a statement each.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "portal-web",
        "SELECT id, total FROM orders WHERE customer_id = $1",
    ),
    (
        "billing-api",
        "UPDATE invoices SET paid = now() WHERE id = $1",
    ),
    ("$ cockroach sql", "SELECT count(*) FROM events"),
    ("psql", "SHOW TABLES"),
    ("DBeaver 24.3", "SELECT * FROM customers LIMIT 200"),
    (
        "ci-dashboard",
        "INSERT INTO runs (job, state) VALUES ($1, $2)",
    ),
];

/// One start of the emulator.
pub(super) struct Recipe<'a> {
    pub(super) seed: u64,
    pub(super) now_us: i64,
    /// How many people.
    pub(super) users: usize,
    pub(super) web_sessions: usize,
    pub(super) sql_sessions: usize,
    /// Of the administrator and of the reader.
    pub(super) passwords: [String; 2],
    pub(super) extra_users: &'a [String],
}

impl Recipe<'_> {
    /// The world that this recipe always gives.
    pub(super) fn world(&self) -> World {
        let mut rng = Rng::new(self.seed ^ 0xc0c4_40ac_4db0_0001);
        let mut world = World::default();
        let names = self.add_users(&mut world);
        let users: Vec<User> = names.iter().map(|name| world.users[name].clone()).collect();
        for number in 0..self.web_sessions {
            let session = self.web_session(&mut rng, &users, number);
            world.sessions.insert(free_id(&world, session.id), session);
        }
        // What a row says of its id must be true where two had the same.
        for (id, session) in &mut world.sessions {
            session.id = *id;
        }
        for number in 0..self.sql_sessions {
            let session = self.sql_session(&mut rng, &names, number);
            world.sql.push(session);
        }
        world
    }

    /// All users; gives the names of those who have sessions.
    fn add_users(&self, world: &mut World) -> Vec<Arc<str>> {
        let people = people(self.users)
            .map(|(name, _)| name)
            .filter(|name| is_name(name));
        let built_in = [("root", 1, false), ("admin", 2, true), ("public", 4, true)];
        let mut add = |name: &str, id: u32, is_role: bool, is_admin: bool, password| {
            let name: Arc<str> = name.into();
            world.users.insert(
                name.clone(),
                User {
                    name: name.clone(),
                    id,
                    is_role,
                    is_admin,
                    password,
                },
            );
            name
        };
        for (name, id, is_role) in built_in {
            add(name, id, is_role, name != "public", None);
        }
        let passwords = self
            .passwords
            .each_ref()
            .map(|password| Some(password.clone()));
        let [admin, reader] = passwords;
        add(ADMIN, FIRST_USER_ID, false, true, admin);
        add(READER, FIRST_USER_ID + 1, false, false, reader);
        let mut names = vec![Arc::from("root")];
        let everybody = people.chain(self.extra_users.iter().cloned());
        for (id, name) in (FIRST_USER_ID + 2..).zip(everybody) {
            names.push(add(&name, id, false, false, None));
        }
        names
    }

    fn web_session(&self, rng: &mut Rng, users: &[User], number: usize) -> WebSession {
        let user = &users[choose_user(rng, users.len())];
        let (created_us, expires_us, revoked_us) = self.lifespan(rng);
        // One has no fraction, and one is ended at a time that has not come.
        let created_us = match number {
            0 => created_us.div_euclid(SECOND_US) * SECOND_US,
            _ => created_us,
        };
        let revoked_us = match number {
            1 => Some(self.now_us + 2 * HOUR_US),
            _ => revoked_us,
        };
        let mut secret = [0; 32];
        for part in secret.chunks_mut(8) {
            part.copy_from_slice(&rng.next().to_be_bytes());
        }
        WebSession {
            // The id is made a little after the time is taken.
            id: row_id(created_us + rng.between(20, 400), rng.between(1, 3)),
            secret,
            user: user.name.clone(),
            user_id: user.id,
            created_us,
            expires_us,
            revoked_us,
            last_used_us: created_us,
            audit: None,
        }
    }

    /// Creation, expiry and end. About one in six is over, for less than an hour.
    fn lifespan(&self, rng: &mut Rng) -> (i64, i64, Option<i64>) {
        let ago_us = |rng: &mut Rng, from_us: i64, to_us: i64| rng.between(from_us, to_us);
        let over_us = self.now_us - ago_us(rng, 2 * MINUTE_US, 50 * MINUTE_US);
        match rng.index(100) {
            // Made by hand for a script.
            0..=7 => {
                let created_us = self.now_us - ago_us(rng, 5 * SECOND_US, 50 * MINUTE_US);
                (created_us, created_us + HOUR_US, None)
            }
            8..=10 => {
                let created_us = self.now_us - ago_us(rng, DAY_US, 200 * DAY_US);
                (created_us, created_us + 365 * DAY_US, None)
            }
            11..=18 => {
                let life_us = *rng.pick(&[HOUR_US, HOUR_US, SIGN_IN_US]);
                (over_us - life_us, over_us, None)
            }
            19..=26 => {
                let created_us = over_us - ago_us(rng, MINUTE_US, 6 * DAY_US);
                (created_us, created_us + SIGN_IN_US, Some(over_us))
            }
            _ => {
                let age_us = ago_us(rng, 5 * SECOND_US, 160 * HOUR_US);
                let age_us = age_us.min(ago_us(rng, 5 * SECOND_US, 160 * HOUR_US));
                let created_us = self.now_us - age_us;
                (created_us, created_us + SIGN_IN_US, None)
            }
        }
    }

    fn sql_session(&self, rng: &mut Rng, names: &[Arc<str>], number: usize) -> SqlSession {
        let node = rng.between(1, 3);
        let (application, statement) = *rng.pick(PROGRAMS);
        let start_us = self.now_us - rng.between(2 * SECOND_US, 9 * HOUR_US);
        let is_busy = rng.chance(35);
        let query_us = self.now_us - rng.between(SECOND_US, 20 * MINUTE_US);
        let query_us = query_us.max(start_us + SECOND_US);
        let wide = |us: i64, number: usize| {
            let ns = u128::from(us as u64) * 1_000 + number as u128;
            ns << 64 | u128::from(node as u64)
        };
        SqlSession {
            id: wide(start_us, number),
            node,
            user: names[choose_user(rng, names.len())].clone(),
            client_address: format!(
                "192.0.2.{}:{}",
                rng.between(1, 254),
                rng.between(32_768, 60_999)
            ),
            application: application.to_owned(),
            start_us,
            last_query: statement.to_owned(),
            query: is_busy.then(|| SqlQuery {
                id: wide(query_us, number),
                text: statement.to_owned(),
                start_us: query_us,
            }),
        }
    }
}

/// Names of users: small letters of any script, digits, and `-._` behind the first.
fn is_name(name: &str) -> bool {
    let is_letter = |c: char| {
        c.general_category() == GeneralCategory::LowercaseLetter || c.is_ascii_digit() || c == '_'
    };
    let mut letters = name.chars();
    letters.next().is_some_and(is_letter) && letters.all(|c| is_letter(c) || c == '-' || c == '.')
}

/// Somebody; one session in eight is the first service account's, which signs in again and again.
fn choose_user(rng: &mut Rng, users: usize) -> usize {
    if rng.chance(12) && users > SERVICES.len() {
        return 1;
    }
    rng.index(users).min(rng.index(users))
}

/// The next id that no session has.
fn free_id(world: &World, mut id: i64) -> i64 {
    while world.sessions.contains_key(&id) {
        id += 1 << 15;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_773_481_315_000_000;

    fn world(seed: u64, web_sessions: usize) -> World {
        Recipe {
            seed,
            now_us: NOW_US,
            users: 48,
            web_sessions,
            sql_sessions: 24,
            passwords: ["a".into(), "b".into()],
            extra_users: &[],
        }
        .world()
    }

    #[test]
    fn same_seed_and_time_give_the_same_world() {
        assert_eq!(world(1, 240).sessions, world(1, 240).sessions);
        assert_ne!(world(1, 240).sessions, world(2, 240).sessions);
    }

    #[test]
    fn default_sized_world_has_every_kind_of_row() {
        let world = world(1, 240);
        let rows: Vec<&WebSession> = world.sessions.values().collect();
        let count = |is: &dyn Fn(&WebSession) -> bool| rows.iter().filter(|row| is(row)).count();

        assert_eq!(rows.len(), 240);
        assert!(
            count(&|row| row.revoked_us.is_some_and(|us| us < NOW_US)) > 5,
            "revoked"
        );
        assert_eq!(
            count(&|row| row.revoked_us.is_some_and(|us| us > NOW_US)),
            1
        );
        assert!(
            count(&|row| row.revoked_us.is_none() && row.expires_us < NOW_US) > 5,
            "expired"
        );
        assert!(
            count(&|row| row.expires_us > NOW_US + 30 * DAY_US) > 2,
            "long"
        );
        assert!(
            count(&|row| row.created_us % SECOND_US == 0) >= 1,
            "no fraction"
        );
        assert!(rows.iter().all(|row| row.id > 1 << 53), "big ids");
        assert!(world.users.contains_key("amelia.ruiz"));
        assert!(
            !world.users.contains_key("bwong@example.org"),
            "no name of a user"
        );
        assert!(world.sql.iter().any(|session| session.query.is_some()));
        assert!(world.sql.iter().any(|session| session.query.is_none()));
    }

    #[test]
    fn times_of_every_row_are_in_order() {
        for row in world(5, 5_000).sessions.values() {
            assert!(
                row.created_us < NOW_US && row.created_us < row.expires_us,
                "{row:?}"
            );
            assert!(
                row.revoked_us.is_none_or(|us| us > row.created_us),
                "{row:?}"
            );
        }
    }
}
