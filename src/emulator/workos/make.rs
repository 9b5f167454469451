//! Makes the environment up: the same seed and the same time give the same one.

use super::ids;
use super::world::{Actor, Impersonator, Membership, Organization, Session, User, World};
use crate::emulator::names::{SERVICES, people};
use crate::emulator::rng::Rng;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Name, domain and external id of the organizations.
const ORGANIZATIONS: &[(&str, &str, Option<&str>)] = &[
    ("Acme Corporation", "acme.example", Some("crm-1001")),
    ("Globex", "globex.example", None),
    ("Initech & Sons", "initech.example", Some("crm-1003")),
    ("研究所 Łódź Labs", "labs.example", None),
];

/// E-mail, first and last name of people who are in every environment. The first one has signed in in every way.
const ALWAYS: &[(&str, &str, &str)] = &[
    ("alice@example.org", "Alice", "Ashby"),
    ("Dmitri.Orlov@Acme.Example", "Дмитрий", "Орлов"),
    ("elodie+work@globex.example", "Élodie", "Petit"),
    ("o'aziz@initech.example", "Omar", "O'Aziz"),
];

/// Every way to sign in that the service documents, and how common it is.
const METHODS: &[(&str, usize)] = &[
    ("password", 8),
    ("sso", 8),
    ("oauth", 5),
    ("magic_code", 4),
    ("passkey", 3),
    ("impersonation", 1),
    ("external_auth", 1),
    ("migrated_session", 1),
    ("cross_app_auth", 1),
    ("unknown", 1),
];

/// Staff who sign in as users, and why.
const STAFF: &[(&str, Option<&str>)] = &[
    (
        "sam.support@vendor.example",
        Some("Ticket 4711: billing page blank"),
    ),
    (
        "renée.ops@vendor.example",
        Some("Asked for by the customer, call of Tuesday"),
    ),
    ("audit@vendor.example", None),
];

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "acme-cli/2.4.1",
];

/// For how long sessions are granted.
const LIFETIMES_MS: &[i64] = &[8 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS];

/// How long ago sessions that have ended began, at most.
const HISTORY_MS: i64 = 60 * DAY_MS;

/// Active sessions that nobody but the program with the most of them has more than.
const MOST_OF_ONE: usize = 25;
/// Active sessions of that program, where the world is big enough: three pages of a hundred.
const MOST_OF_ALL: usize = 250;

/// The quantities from which one start of the emulator makes its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    /// Drives every choice.
    pub(super) seed: u64,
    /// Unix milliseconds.
    pub(super) now_ms: i64,
    /// People beside those who are always there.
    pub(super) users: usize,
    /// Active sessions.
    pub(super) sessions: usize,
    /// True if one of them ends within a minute.
    pub(super) ends_soon: bool,
}

impl Recipe {
    /// The environment that this recipe always gives.
    pub(super) fn world(&self) -> World {
        let mut rng = Rng::new(self.seed);
        let organizations = self.organizations(&mut rng);
        let mut world = World::new(organizations, Rng::new(rng.next()));
        let users = self.add_users(&mut world, &mut rng);
        let mut sessions = self.active(&world, &users, &mut rng);
        sessions.extend(self.ended(&world, &users, &mut rng));
        sessions.sort_by_key(|session| session.created_ms);
        for mut session in sessions {
            session.id = world.new_id("session", session.created_ms);
            let actor = session.revoked_ms.and_then(|_| actor(&mut rng, &session));
            world.add_session(session, actor);
        }
        world
    }

    fn organizations(&self, rng: &mut Rng) -> Vec<Organization> {
        let numbered = ORGANIZATIONS.iter().zip(1..);
        numbered
            .map(|((name, domain, external_id), number)| {
                let created_ms = self.now_ms - (800 - 90 * number) * DAY_MS;
                Organization {
                    id: ids::id("org", created_ms, rng),
                    name: (*name).to_owned(),
                    domain,
                    domain_id: ids::id("org_domain", created_ms, rng),
                    external_id: external_id.map(str::to_owned),
                    created_ms,
                }
            })
            .collect()
    }

    /// Adds everybody and their memberships; the indexes of users in the order of [`ALWAYS`], then of [`people`].
    fn add_users(&self, world: &mut World, rng: &mut Rng) -> Vec<usize> {
        let always = ALWAYS.iter().map(|(email, first, last)| Person {
            email: (*email).to_owned(),
            names: Some(((*first).to_owned(), Some((*last).to_owned()))),
            external_id: None,
        });
        let mut everybody: Vec<(usize, Person, i64)> = always
            .chain(people(self.users).map(Person::of))
            .enumerate()
            .map(|(number, person)| {
                let age_ms = rng.between(70 * DAY_MS, 500 * DAY_MS);
                (number, person, self.now_ms - age_ms)
            })
            .collect();
        everybody.sort_by_key(|(_, _, created_ms)| *created_ms);
        let mut numbers = vec![0; everybody.len()];
        for (number, person, created_ms) in everybody {
            let user = person.user(world, rng, number, created_ms);
            let user = world.add_user(user);
            add_memberships(world, rng, number, user);
            numbers[number] = user;
        }
        numbers
    }

    fn active(&self, world: &World, users: &[usize], rng: &mut Rng) -> Vec<Session> {
        let owners = owners(rng, users.len(), self.sessions);
        let last = owners.len().saturating_sub(1);
        let mut sessions = Vec::with_capacity(owners.len());
        for (number, owner) in owners.into_iter().enumerate() {
            let method = match METHODS.get(number) {
                Some((method, _)) => method,
                None => method(rng),
            };
            let life_ms = match method {
                "impersonation" => HOUR_MS,
                _ => *rng.pick(LIFETIMES_MS),
            };
            // The nearer to now the likelier. It ends in two minutes at the earliest.
            let oldest_ms = life_ms - 2 * MINUTE_MS;
            let age_ms = rng
                .between(2_000, oldest_ms)
                .min(rng.between(2_000, oldest_ms));
            let mut session = new_session(world, rng, users, owner, method);
            session.created_ms = self.now_ms - age_ms;
            session.expires_ms = session.created_ms + life_ms;
            if self.ends_soon && number == last {
                session.expires_ms = self.now_ms + 45_000;
            }
            sessions.push(session);
        }
        sessions
    }

    /// Sessions that were revoked or have expired: one for eight active ones.
    fn ended(&self, world: &World, users: &[usize], rng: &mut Rng) -> Vec<Session> {
        let count = self.sessions.div_ceil(8);
        (0..count)
            .map(|number| {
                let owner = match number {
                    0..2 => 0,
                    _ => rng.index(users.len()),
                };
                let method = method(rng);
                let mut session = new_session(world, rng, users, owner, method);
                let life_ms = match method {
                    "impersonation" => HOUR_MS,
                    _ => *rng.pick(LIFETIMES_MS),
                };
                if number % 3 == 1 {
                    let since_ms = rng.between(MINUTE_MS, HISTORY_MS - life_ms);
                    session.expires_ms = self.now_ms - since_ms;
                    session.created_ms = session.expires_ms - life_ms;
                } else {
                    session.created_ms = self.now_ms - rng.between(MINUTE_MS, HISTORY_MS);
                    session.expires_ms = session.created_ms + life_ms;
                    let latest_ms = session.expires_ms.min(self.now_ms) - 1_000;
                    session.revoked_ms = Some(rng.between(session.created_ms, latest_ms));
                }
                session
            })
            .collect()
    }
}

/// The owner of every active session, as a number in the order of [`ALWAYS`] and [`people`].
fn owners(rng: &mut Rng, users: usize, sessions: usize) -> Vec<usize> {
    let program = ALWAYS.len() + SERVICES.len() - 1;
    let alice = sessions.min(12);
    let most = if sessions >= MOST_OF_ALL + 150 {
        MOST_OF_ALL
    } else {
        sessions / 4
    };
    let most = most.min(sessions - alice);
    let mut owners = vec![0; alice];
    owners.extend(vec![program; most]);
    let mut counts = vec![0_usize; users];
    for _ in owners.len()..sessions {
        let mut tries = (0..20).map(|_| rng.index(users).min(rng.index(users)));
        // Every fifth has none; a world of few people and many sessions has no choice.
        let fits = |user: &usize| {
            !is_idle(*user) && *user != program && *user != 0 && counts[*user] < MOST_OF_ONE
        };
        let owner = tries.find(fits).unwrap_or(rng.index(users));
        counts[owner] += 1;
        owners.push(owner);
    }
    owners
}

/// True for people who never signed in.
fn is_idle(number: usize) -> bool {
    number % 5 == 4 && number > ALWAYS.len() + SERVICES.len()
}

/// Somebody who is to become a user.
struct Person {
    email: String,
    /// First and last name. `None`: a program.
    names: Option<(String, Option<String>)>,
    external_id: Option<String>,
}

impl Person {
    /// Of a login name, as other systems of the same company have it, and a full name.
    fn of((login, full): (String, String)) -> Self {
        let is_program = SERVICES.iter().any(|(name, _)| *name == login);
        let names = match full.split_once(' ') {
            Some((first, last)) => (first.to_owned(), Some(last.to_owned())),
            None => (full, None),
        };
        let (email, external_id) = if login.contains('@') {
            (login, None)
        } else {
            (format!("{login}@example.org"), Some(login))
        };
        Person {
            email,
            names: (!is_program).then_some(names),
            external_id,
        }
    }

    fn user(self, world: &mut World, rng: &mut Rng, number: usize, created_ms: i64) -> User {
        let (first_name, last_name) = match self.names {
            Some((first, last)) => (Some(first), last),
            None => (None, None),
        };
        User {
            id: world.new_id("user", created_ms),
            email: self.email,
            first_name,
            last_name,
            external_id: self.external_id,
            locale: *rng.pick(&[None, Some("en-GB"), Some("sv-SE"), Some("ja-JP")]),
            team: number.is_multiple_of(3).then_some("finance"),
            last_sign_in_ms: None,
            created_ms,
        }
    }
}

/// Most are in one organization, every tenth in two, every ninth in none.
fn add_memberships(world: &mut World, rng: &mut Rng, number: usize, user: usize) {
    let count = world.organizations.len();
    let home = number % count;
    let places = match number {
        _ if number % 9 == 8 => vec![],
        _ if number.is_multiple_of(10) => vec![home, (home + 1) % count],
        _ => vec![home],
    };
    let created_ms = world.users[user].created_ms;
    for organization in places {
        let status = match number {
            _ if number % 13 == 7 => "inactive",
            _ if number % 17 == 9 => "pending",
            _ => "active",
        };
        let membership = Membership {
            id: world.new_id("om", created_ms),
            user,
            organization,
            status,
            role: if rng.chance(15) { "admin" } else { "member" },
            directory_managed: rng.chance(25),
            created_ms,
        };
        world.add_membership(membership);
    }
}

fn method(rng: &mut Rng) -> &'static str {
    let all = METHODS.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.index(all);
    for (method, weight) in METHODS {
        if at < *weight {
            return method;
        }
        at -= weight;
    }
    METHODS[0].0
}

/// A session without id and times.
fn new_session(
    world: &World,
    rng: &mut Rng,
    users: &[usize],
    owner: usize,
    method: &str,
) -> Session {
    let user = users[owner];
    let is_program = world.users[user].first_name.is_none();
    let own = world.memberships.iter().filter(|one| one.user == user);
    let places: Vec<usize> = own.map(|one| one.organization).collect();
    let chosen = (!places.is_empty()).then(|| *rng.pick(&places));
    let impersonator = (method == "impersonation").then(|| {
        let (email, reason) = *rng.pick(STAFF);
        Impersonator {
            email: email.to_owned(),
            reason: reason.map(str::to_owned),
        }
    });
    let long = format!("Mozilla/5.0 (compatible; {}end)", "very-long-".repeat(40));
    let user_agent = match rng.index(20) {
        _ if is_program => Some(format!("synthetic-check/3.{}", rng.index(4))),
        0 => Some(long),
        1 => None,
        _ => Some((*rng.pick(AGENTS)).to_owned()),
    };
    Session {
        id: String::new(),
        user,
        organization: chosen.filter(|_| rng.chance(60)),
        method: method.to_owned(),
        impersonator,
        ip: address(rng),
        user_agent,
        created_ms: 0,
        expires_ms: 0,
        revoked_ms: None,
    }
}

/// IPv4, IPv6 or nothing, of the ranges kept for documentation.
fn address(rng: &mut Rng) -> Option<String> {
    let last = rng.between(1, 254);
    match rng.index(12) {
        0..=3 => Some(format!("198.51.100.{last}")),
        4..=6 => Some(format!("203.0.113.{last}")),
        7 | 8 => Some(format!("192.0.2.{last}")),
        9 | 10 => Some(format!("2001:db8:{:x}::{last:x}", rng.between(1, 0xffff))),
        _ => None,
    }
}

/// Who revoked a session; nobody is named for some.
fn actor(rng: &mut Rng, session: &Session) -> Option<Actor> {
    let ms = session.created_ms;
    match rng.index(4) {
        0 => None,
        1 => Some(Actor {
            id: "system".to_owned(),
            source: "system",
            name: None,
        }),
        2 => Some(Actor {
            id: ids::id("user", ms, rng),
            source: "dashboard",
            name: Some("Sam Support"),
        }),
        _ => Some(Actor {
            id: ids::id("api_key", ms, rng),
            source: "api",
            name: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const NOW_MS: i64 = 1_773_481_315_000;

    fn recipe(seed: u64, users: usize, sessions: usize) -> Recipe {
        Recipe {
            seed,
            now_ms: NOW_MS,
            users,
            sessions,
            ends_soon: true,
        }
    }

    #[test]
    fn same_seed_and_time_give_the_same_world() {
        let ids = |seed| {
            let world = recipe(seed, 20, 100).world();
            let ids = world.sessions.iter().map(|session| session.id.clone());
            ids.collect::<Vec<_>>()
        };

        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
    }

    #[test]
    fn a_demo_has_every_kind_of_user_and_session() {
        let world = recipe(1, 100, 400).world();
        let active: Vec<&Session> = world
            .sessions
            .iter()
            .filter(|session| session.is_active(NOW_MS))
            .collect();
        let has = |is: &dyn Fn(&Session) -> bool| active.iter().any(|session| is(session));
        let of = |user: usize| active.iter().filter(|one| one.user == user).count();

        assert_eq!(active.len(), 400);
        let alice = world
            .users
            .iter()
            .position(|user| user.email == "alice@example.org")
            .expect("she is always there");
        let hers = active.iter().filter(|one| one.user == alice);
        let methods: HashSet<&str> = hers.map(|one| one.method.as_str()).collect();
        assert_eq!(methods.len(), METHODS.len());
        assert!((0..world.users.len()).any(|user| of(user) == MOST_OF_ALL));
        assert!((0..world.users.len()).any(|user| world.sessions_of(user).count() == 0));
        assert!(has(&|one| one.ip.is_none()), "no address");
        assert!(has(&|one| one
            .ip
            .as_deref()
            .is_some_and(|ip| ip.contains(':'))));
        assert!(has(&|one| one.user_agent.is_none()), "no user agent");
        assert!(has(&|one| one
            .user_agent
            .as_deref()
            .is_some_and(|ua| ua.len() > 400)));
        assert!(has(&|one| one.impersonator.is_some()), "impersonated");
        assert!(has(&|one| one.organization.is_some()), "organization");
        assert!(has(&|one| one.expires_ms < NOW_MS + MINUTE_MS), "ends soon");
        let revoked = |one: &Session| one.status(NOW_MS) == "revoked";
        assert!(world.sessions.iter().any(revoked));
        assert!(
            world
                .sessions
                .iter()
                .any(|one| one.status(NOW_MS) == "expired")
        );
    }

    #[test]
    fn times_of_every_session_are_in_order() {
        for session in recipe(3, 50, 500).world().sessions {
            assert!(session.created_ms < NOW_MS, "{session:?}");
            assert!(session.created_ms < session.expires_ms, "{session:?}");
            if let Some(at_ms) = session.revoked_ms {
                assert!((session.created_ms..NOW_MS).contains(&at_ms), "{session:?}");
            }
        }
    }

    #[test]
    fn few_people_and_many_sessions_make_a_world_too() {
        for (users, sessions) in [(0, 0), (0, 1), (0, 300), (1, 5_000)] {
            let world = recipe(1, users, sessions).world();
            let active = world.sessions.iter().filter(|one| one.is_active(NOW_MS));

            assert_eq!(active.count(), sessions);
        }
    }
}
