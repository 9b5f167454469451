//! Makes the world up: the same seed and the same time give the same world, byte for byte.

use super::world::{Client, Session, User, World};
use crate::emulator::names::{CLIENTS, METHODS, SERVICES, people};
use crate::emulator::rng::{Rng, uuid_text};

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// How old sessions are, from seconds to weeks; a session takes one of these spans and an age inside it.
const AGES_S: &[(i64, i64)] = &[
    (3, MINUTE_S),
    (MINUTE_S, 15 * MINUTE_S),
    (15 * MINUTE_S, 2 * HOUR_S),
    (15 * MINUTE_S, 2 * HOUR_S),
    (2 * HOUR_S, 10 * HOUR_S),
    (2 * HOUR_S, 10 * HOUR_S),
    (10 * HOUR_S, 36 * HOUR_S),
    (36 * HOUR_S, 6 * DAY_S),
    (6 * DAY_S, 25 * DAY_S),
];

/// For how long sessions are granted: a shift, a day, a week, a month.
const LIFETIMES_S: &[i64] = &[8 * HOUR_S, DAY_S, DAY_S, DAY_S, 7 * DAY_S, 30 * DAY_S];

/// The quantities and choices from which one start of the emulator makes its data.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// Drives every choice.
    pub(crate) seed: u64,
    /// "Now" for ages and expiry, Unix milliseconds.
    pub(crate) now_ms: i64,
    /// How many people, beside the administrator and the service accounts.
    pub(crate) users: usize,
    /// How many sessions.
    pub(crate) sessions: usize,
    /// Login name of the administrator; always there.
    pub(crate) admin: String,
    /// So many sessions at the head of the list, by user and newest first, can all be ended.
    pub(crate) plain_front: usize,
}

impl Recipe {
    /// The world that this recipe always gives.
    pub(crate) fn world(&self) -> World {
        let mut rng = Rng::new(self.seed);
        let mut world = World::new(self.make_users(&mut rng), make_clients(&mut rng));
        let own_addresses = (0..world.users().len())
            .map(|user| {
                if is_service(user) {
                    format!("10.0.{user}.17").into()
                } else {
                    address(&mut rng)
                }
            })
            .collect::<Vec<_>>();
        let mut sessions: Vec<Session> = (0..self.sessions)
            .map(|_| self.make_session(&mut rng, &world, &own_addresses))
            .collect();
        self.smooth_front(&mut sessions, world.users());
        for session in sessions {
            world.insert(session);
        }
        world
    }

    /// Makes the head of the list fit to be ended, in the orders in which a newcomer meets it.
    fn smooth_front(&self, sessions: &mut [Session], users: &[User]) {
        // Random numbers of its own: everything else stays as it would be.
        let mut rng = Rng::new(self.seed.wrapping_add(1));
        let user = |session: &Session| session.user.map(|user| users[user as usize].name.as_str());
        let mut by_user: Vec<usize> = (0..sessions.len()).collect();
        by_user.retain(|at| sessions[*at].user.is_some());
        by_user.sort_by_key(|at| {
            (
                user(&sessions[*at]),
                std::cmp::Reverse(sessions[*at].created_ms),
            )
        });
        let mut newest: Vec<usize> = (0..sessions.len()).collect();
        newest.sort_by_key(|at| std::cmp::Reverse(sessions[*at].created_ms));
        let heads = by_user.iter().take(self.plain_front);
        for at in heads.chain(newest.iter().take(self.plain_front)) {
            let session = &mut sessions[*at];
            session.deletable = true;
            session
                .sid
                .get_or_insert_with(|| uuid_text(rng.uuid()).into());
            let ends = session.expires_ms.filter(|ends| *ends > self.now_ms);
            session.expires_ms = ends.or(Some(self.now_ms + DAY_S * 1_000));
        }
    }

    /// The administrator, then the service accounts, then people.
    fn make_users(&self, rng: &mut Rng) -> Vec<User> {
        let admin = (self.admin.clone(), "Default Admin User".to_owned());
        std::iter::once(admin)
            .chain(people(self.users))
            .map(|(name, display)| User {
                id: rng.uuid(),
                name,
                display,
            })
            .collect()
    }

    fn make_session(&self, rng: &mut Rng, world: &World, own_addresses: &[Box<str>]) -> Session {
        let id = rng.uuid();
        let sid = rng.uuid();
        let authenticated = !rng.chance(9);
        let user = choose_user(rng, world.users().len());
        let now_s = self.now_ms.div_euclid(1_000);
        let (created_s, expires_s) = lifespan(rng, now_s, authenticated);
        let end_s = expires_s.min(now_s);
        let authenticated_s = (created_s + rng.between(2, 40)).min(end_s);
        // The nearer to now the likelier: the smaller of two draws.
        let idle_s = rng
            .between(0, end_s - authenticated_s)
            .min(rng.between(0, end_s - authenticated_s));
        let elsewhere = rng.chance(30) && !is_service(user);
        let without_sid = rng.chance(if authenticated { 2 } else { 25 });
        let own_address = own_addresses[user].clone();
        let new_address = address(rng);
        Session {
            id,
            sid: (!without_sid).then(|| uuid_text(sid).into()),
            user: (authenticated || rng.chance(20)).then(|| index(user)),
            client: (!rng.chance(if authenticated { 1 } else { 10 }))
                .then(|| index(choose_client(rng, user, world.clients.len()))),
            authenticated,
            created_ms: created_s * 1_000,
            authenticated_ms: authenticated.then_some(authenticated_s * 1_000),
            last_used_ms: (!rng.chance(1)).then_some((end_s - idle_s) * 1_000),
            expires_ms: (!rng.chance(1)).then_some(expires_s * 1_000),
            ip: (!rng.chance(2)).then_some(if elsewhere { new_address } else { own_address }),
            method: authenticated.then(|| {
                if is_service(user) {
                    METHODS[0]
                } else {
                    *rng.pick(METHODS)
                }
            }),
            deletable: !rng.chance(3),
        }
    }
}

fn make_clients(rng: &mut Rng) -> Vec<Client> {
    let forms = ["2000.", "2001.", "1800.", ""];
    CLIENTS
        .iter()
        .enumerate()
        .map(|(number, (name, host, scope))| {
            let uuid = uuid_text(rng.uuid());
            let id = match *name {
                // Old installations have short ones.
                "wiki" => format!("{}-{}", &uuid[..4], &uuid[4..8]).to_uppercase(),
                _ => format!("{}{uuid}", forms[number % forms.len()]),
            };
            Client {
                id,
                name: (*name).to_owned(),
                redirect_uri: format!("https://{host}.example.org/callback"),
                scope: (*scope).to_owned(),
            }
        })
        .collect()
}

/// One session in eight is the first service account's; people at the front of the list have more than those behind.
fn choose_user(rng: &mut Rng, users: usize) -> usize {
    if rng.chance(12) && users > 1 {
        return 1;
    }
    rng.index(users).min(rng.index(users))
}

/// The service accounts come right after the administrator.
fn is_service(user: usize) -> bool {
    (1..=SERVICES.len()).contains(&user)
}

/// Everybody uses two applications mostly; the service accounts theirs only, which is last in the list.
fn choose_client(rng: &mut Rng, user: usize, clients: usize) -> usize {
    let for_people = clients - 1;
    if is_service(user) {
        clients - 1
    } else if rng.chance(70) {
        (user + rng.index(2)) % for_people
    } else {
        rng.index(for_people)
    }
}

/// Start and end, Unix seconds. About one in eight has ended.
fn lifespan(rng: &mut Rng, now_s: i64, authenticated: bool) -> (i64, i64) {
    let expired = rng.chance(12);
    let (youngest, oldest) = *rng.pick(AGES_S);
    let age = rng.between(youngest, oldest);
    let granted = if authenticated {
        *rng.pick(LIFETIMES_S)
    } else {
        3 * HOUR_S
    };
    if expired {
        let since_end = rng.between(20, 2 * DAY_S);
        return (now_s - since_end - granted, now_s - since_end);
    }
    let age = if age < granted {
        age
    } else {
        rng.between(3, granted - MINUTE_S)
    };
    (now_s - age, now_s - age + granted)
}

/// An address of the documentation ranges, or of a private network.
fn address(rng: &mut Rng) -> Box<str> {
    let last = rng.between(1, 254);
    match rng.index(10) {
        0..=2 => format!("192.0.2.{last}"),
        3 | 4 => format!("198.51.100.{last}"),
        5 | 6 => format!("203.0.113.{last}"),
        7 | 8 => format!("10.{}.{}.{last}", rng.between(0, 40), rng.between(0, 255)),
        _ => format!(
            "2001:db8:{:x}:{:x}::{last:x}",
            rng.between(1, 0xffff),
            rng.between(1, 0xffff)
        ),
    }
    .into()
}

fn index(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 4 billion users and clients")
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    const NOW_MS: i64 = 1_773_481_315_000;

    fn recipe(seed: u64, sessions: usize) -> Recipe {
        Recipe {
            seed,
            now_ms: NOW_MS,
            users: 60,
            sessions,
            admin: "admin".into(),
            plain_front: 0,
        }
    }

    #[test]
    fn same_seed_and_time_give_the_same_world() {
        let world = |seed| {
            format!(
                "{:?}",
                recipe(seed, 300).world().sessions().collect::<Vec<_>>()
            )
        };

        assert_eq!(world(1), world(1));
        assert_ne!(world(1), world(2));
    }

    #[test]
    fn default_sized_world_has_every_kind_of_row() {
        let world = recipe(1, 240).world();
        let has = |what: &dyn Fn(&Session) -> bool| world.sessions().any(|(_, s)| what(s));

        assert_eq!(world.len(), 240);
        assert!(
            has(&|s| s.expires_ms.is_some_and(|t| t < NOW_MS)),
            "expired"
        );
        assert!(has(&|s| !s.authenticated), "unauthenticated");
        assert!(has(&|s| !s.deletable), "not deletable");
        assert!(has(&|s| s.sid.is_none()), "without sid");
        assert!(has(&|s| s.created_ms > NOW_MS - 60_000), "seconds old");
        assert!(has(&|s| s.created_ms < NOW_MS - 3 * 86_400_000), "days old");
        assert!(
            has(&|s| s.ip.as_deref().is_some_and(|ip| ip.contains(':'))),
            "IPv6"
        );
    }

    #[test]
    fn the_head_of_the_list_can_be_ended_and_the_rest_is_as_it_was() {
        let odd = recipe(1, 1_204).world();
        let mut recipe = recipe(1, 1_204);
        recipe.plain_front = 25;
        let world = recipe.world();
        let mut rows: Vec<&Session> = world.sessions().map(|(_, s)| s).collect();
        let can_end = |s: &&Session| {
            s.deletable && s.sid.is_some() && s.expires_ms.is_some_and(|at| at > NOW_MS)
        };

        rows.sort_by_key(|s| std::cmp::Reverse(s.created_ms));
        assert!(rows.iter().take(25).all(can_end), "newest first");
        let name = |s: &Session| s.user.map(|user| &world.users()[user as usize].name);
        rows.retain(|s| s.user.is_some());
        rows.sort_by_key(|s| (name(s), std::cmp::Reverse(s.created_ms)));
        assert!(rows.iter().take(25).all(can_end), "by user");
        let changed = odd.sessions().zip(world.sessions()).filter(|(a, b)| a != b);
        assert!((1..=50).contains(&changed.count()));
    }

    #[test]
    fn some_people_have_several_sessions_and_the_service_account_many() {
        let world = recipe(1, 240).world();
        let mut per_user = HashMap::new();
        for (_, session) in world.sessions() {
            *per_user.entry(session.user).or_insert(0) += 1;
        }

        assert!(per_user[&Some(1)] >= 20, "{per_user:?}");
        assert!(
            per_user.values().filter(|n| **n > 2).count() > 10,
            "{per_user:?}"
        );
    }

    #[test]
    fn times_of_every_row_are_in_order() {
        for (_, session) in recipe(5, 5_000).world().sessions() {
            let used = session.last_used_ms.unwrap_or(session.created_ms);

            assert!(session.created_ms <= NOW_MS, "{session:?}");
            assert!(used >= session.created_ms && used <= NOW_MS, "{session:?}");
            assert!(
                session.expires_ms.is_none_or(|t| t > session.created_ms),
                "{session:?}"
            );
        }
    }

    #[test]
    fn login_names_are_unique() {
        let mut big = recipe(1, 0);
        big.users = 5_000;
        let world = big.world();
        let names = world
            .users()
            .iter()
            .map(|u| &u.name)
            .collect::<HashSet<_>>();

        assert_eq!(names.len(), 5_003);
    }
}
