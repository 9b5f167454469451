//! The client against the emulator over HTTP: the rules for every system, and what only CockroachDB does.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;

use chrono::Utc;
use secrecy::SecretString;
use usher::config::{Login, Profile, SecretSource};
use usher::emulator::cockroach::{CockroachLogin, CockroachOptions, CockroachRow};
use usher::emulator::{Options, Running};
use usher::model::{
    ActionTarget, ApiError, Fact, Outcome, Query, Search, Session, SessionKey, Subject,
};

use crate::client::{act, open, pages, system, user_of};
use crate::conformance::{LongList, SystemFixture};
use crate::{job, running};

/// A table from which nothing is removed.
pub(super) fn lasting() -> Options {
    Options {
        system: Arc::new(CockroachOptions {
            purge_seconds: 0,
            ..CockroachOptions::default()
        }),
        ..Options::default()
    }
}

fn profile_of(emulator: &Running, login: CockroachLogin) -> Profile {
    let url = emulator.url().parse().expect("an address");
    let login = Login::Password {
        user: login.user,
        password: SecretSource::Plain(SecretString::from(login.password)),
    };
    Profile::new("emu", system("cockroach"), url, login)
}

fn profile(emulator: &Running) -> Profile {
    profile_of(emulator, emulator.cockroach().admin())
}

/// The id in a key, which names kind and user too.
fn id_of(key: &SessionKey) -> i64 {
    let id = key
        .expose()
        .split('/')
        .nth(1)
        .expect("a key of three parts");
    id.parse().expect("a number")
}

struct Cluster;

impl SystemFixture for Cluster {
    fn options() -> Options {
        lasting()
    }

    fn profile(emulator: &Running) -> Profile {
        profile(emulator)
    }

    fn profile_without_rights(emulator: &Running) -> Profile {
        profile_of(emulator, emulator.cockroach().reader())
    }

    /// A page is asked for by its size, and an answer holds 10,000 bytes unless more is asked for.
    fn options_with_limit(rows: usize) -> Options {
        assert!(rows < 100);
        Options {
            sessions: 2_000,
            ..Self::options()
        }
    }

    const LONG_LIST: LongList = LongList::GoesOn;
    const KEEPS_ENDED: bool = true;

    fn count(emulator: &Running) -> usize {
        emulator.cockroach().rows().len()
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        emulator.cockroach().revoke(id_of(key))
    }

    const LISTS: &'static str = r#"{"operation":"SELECT"}"#;
    const ENDS: &'static str = r#"{"operation":"UPDATE"}"#;
}

conformance!(Cluster);

fn search(query: &str) -> Search {
    let query = Query::parse_with(query, &system("cockroach").own_names).expect(query);
    Search::new(query, NonZeroU16::new(30).expect("not 0"), Utc::now())
}

fn subject(user: &str) -> Subject {
    Subject {
        name: Some(user.into()),
        ..Subject::default()
    }
}

async fn signed_in(options: Options) -> (Running, Arc<dyn usher::api::SessionApi>, Profile) {
    let emulator = running(options).await;
    let profile = profile(&emulator);
    let api = open(&profile);
    api.whoami().await.expect("the emulator takes us");
    (emulator, api, profile)
}

async fn rows(api: &Arc<dyn usher::api::SessionApi>, query: &str) -> Vec<Session> {
    pages(api, &search(query)).await.expect(query).0
}

#[tokio::test]
async fn an_id_beyond_53_bits_comes_and_goes_to_the_digit() {
    let (emulator, api, profile) = signed_in(lasting()).await;
    let cockroach = emulator.cockroach();
    let now_us = Utc::now().timestamp_micros();
    let ids = [9_007_199_254_740_993, 784_428_093_743_988_740, i64::MAX - 1];
    for (at, id) in ids.into_iter().enumerate() {
        let new = CockroachRow {
            id,
            user: "digits".to_owned(),
            created_us: now_us,
            expires_us: now_us + 3_600_000_000,
            revoked_us: None,
        };
        assert_eq!(cockroach.add(&new, &[u8::try_from(at).unwrap(); 16]), id);
    }

    let found = rows(&api, "user:digits").await;
    let seen: BTreeSet<i64> = found.iter().map(|row| row.id().parse().unwrap()).collect();
    assert_eq!(seen, BTreeSet::from(ids));

    let target = found
        .iter()
        .find(|row| row.id() == ids[0].to_string())
        .unwrap();
    let outcome = job::end_keys(&api, &profile, std::slice::from_ref(&target.key)).await;
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
    let revoked = |id| cockroach.find(id).unwrap().revoked_us.is_some();
    assert_eq!(ids.map(revoked), [true, false, false]);
}

#[tokio::test]
async fn a_user_with_several_sessions_keeps_the_times_of_old_revocations() {
    let (emulator, api, profile) = signed_in(lasting()).await;
    let user = |row: &Session| user_of(row).to_owned();
    let live = rows(&api, "state:active").await;
    let name = live
        .iter()
        .filter(|row| row.own != Some(true))
        .map(user)
        .find(|name| live.iter().filter(|row| user_of(row) == *name).count() >= 3)
        .expect("somebody with three sessions");
    let theirs: Vec<&Session> = live.iter().filter(|row| user_of(row) == name).collect();

    // The one thing that the vendor's tool cannot do: one session, while the others stay.
    let one = job::end_keys(&api, &profile, std::slice::from_ref(&theirs[0].key)).await;
    assert!(matches!(one[..], [Outcome::Revoked]), "{one:?}");
    let first = emulator.cockroach().find(id_of(&theirs[0].key)).unwrap();
    let still = rows(&api, &format!("user:{name} state:active")).await;
    assert_eq!(still.len(), theirs.len() - 1);

    let all = api.revoke_user(&subject(&name)).await.expect("an outcome");

    assert!(matches!(all.outcome, Outcome::Revoked), "{all:?}");
    let now = emulator.cockroach().find(id_of(&theirs[0].key)).unwrap();
    assert_eq!(
        now.revoked_us, first.revoked_us,
        "an old revocation was moved"
    );
    let listed = rows(&api, &format!("user:{name}")).await;
    assert!(
        listed.len() >= theirs.len(),
        "revoked rows stay in the list"
    );
    assert!(listed.iter().all(|row| row.fact != Fact::Live));
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_listed_and_a_thousand_end_in_batches() {
    let (emulator, api, profile) = signed_in(Options {
        sessions: 100_000,
        ..lasting()
    })
    .await;
    let all = emulator.cockroach().rows();
    let asked = Search {
        page_size: NonZeroU16::new(1_000).expect("not 0"),
        ..search("")
    };
    let mut ids = BTreeSet::new();
    let mut victims = Vec::new();
    let mut at = None;
    loop {
        let mut page: Vec<Session> = Vec::new();
        let end = api
            .search(&asked, at.as_ref(), &mut page)
            .await
            .expect("a page");
        ids.extend(page.iter().map(|row| row.id().to_owned()));
        let live = page
            .into_iter()
            .filter(|row| row.fact == Fact::Live && row.own != Some(true));
        let room = 1_000 - victims.len();
        victims.extend(live.take(room).map(|row| row.key));
        at = end.next;
        if at.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), all.len());
    assert!(emulator.cockroach().revoke(id_of(&victims[500])));

    let outcomes = job::end_keys(&api, &profile, &victims).await;

    assert_eq!(outcomes.len(), 1_000);
    let ended = outcomes
        .iter()
        .filter(|one| matches!(one, Outcome::Revoked));
    assert_eq!(ended.count(), 999);
    assert!(
        matches!(outcomes[500], Outcome::AlreadyGone),
        "{:?}",
        outcomes[500]
    );
}

#[tokio::test]
async fn hostile_names_only_match_or_do_not() {
    let names = [
        "'; drop table system.web_sessions; --",
        "o'brien",
        "a\\'b",
        "\"quoted\"",
        "𝒿doe😀",
        "%",
        "_",
        "x\u{0}y",
    ];
    let (emulator, api, _) = signed_in(lasting()).await;
    let cockroach = emulator.cockroach();
    let before = cockroach.rows().len();
    let now_us = Utc::now().timestamp_micros();
    for (at, name) in names.iter().enumerate().take(names.len() - 1) {
        let new = CockroachRow {
            id: 0,
            user: (*name).to_owned(),
            created_us: now_us + i64::try_from(at).unwrap() * 1_000,
            expires_us: now_us + 3_600_000_000,
            revoked_us: None,
        };
        cockroach.add(&new, &[u8::try_from(at).unwrap() + 100; 16]);
    }
    let whole = cockroach.rows().len();
    assert_eq!(whole, before + names.len() - 1);

    for (at, name) in names.iter().enumerate() {
        let clause = usher::model::Clause::field(
            usher::model::Field::User,
            usher::model::Op::Eq,
            usher::model::Value::Text((*name).into()),
        );
        let mut asked = search("");
        asked.query.clauses = vec![clause];
        let found = pages(&api, &asked).await.expect(name).0;
        let expected = usize::from(at < names.len() - 1);
        assert_eq!(found.len(), expected, "{name:?}");
        assert!(found.iter().all(|row| user_of(row) == *name), "{name:?}");
    }
    let ended = api
        .revoke_user(&subject(names[0]))
        .await
        .expect("an outcome");
    assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    assert_eq!(cockroach.rows().len(), whole);
}

#[tokio::test]
async fn a_token_is_made_as_the_vendors_tool_makes_it() {
    let (emulator, api, _) = signed_in(lasting()).await;
    let before: BTreeSet<i64> = emulator
        .cockroach()
        .rows()
        .iter()
        .map(|row| row.id)
        .collect();
    let user = emulator.cockroach().reader().user;

    let made = act(
        &api,
        "create",
        ActionTarget::User(subject(&user)),
        &[("expire-after", "4h30m")],
    )
    .await;

    let made = made.expect("a token");
    let rows = emulator.cockroach().rows().into_iter();
    let new: Vec<CockroachRow> = rows.filter(|row| !before.contains(&row.id)).collect();
    assert_eq!(new.len(), 1, "{made:?}");
    assert_eq!(new[0].user, user);
    let life_us = new[0].expires_us - new[0].created_us;
    assert!((life_us - 16_200_000_000).abs() < 5_000_000, "{life_us}");
    assert!(
        !format!("{made:?}").contains("session="),
        "the secret is not in Debug"
    );

    let unknown = act(
        &api,
        "create",
        ActionTarget::User(subject("nobody-here")),
        &[],
    )
    .await;
    let error = unknown.expect_err("there is no such user");
    assert!(matches!(error, ApiError::BadAction { .. }), "{error:?}");
    assert!(error.to_string().contains("nobody-here"), "{error}");
}

#[tokio::test]
async fn the_two_kinds_are_apart() {
    let (emulator, api, profile) = signed_in(lasting()).await;
    let ids = emulator.cockroach().sql_sessions();

    let web = rows(&api, "").await;
    let sql = rows(&api, "kind:sql").await;

    assert!(web.iter().all(|row| row.kind.as_deref() == Some("web")));
    assert!(sql.iter().all(|row| row.kind.as_deref() == Some("sql")));
    let seen: BTreeSet<&str> = sql.iter().map(Session::id).collect();
    assert_eq!(seen, ids.iter().map(String::as_str).collect());
    let target = sql.iter().find(|row| row.own != Some(true)).unwrap();
    let ended = job::end_keys(&api, &profile, std::slice::from_ref(&target.key)).await;
    assert!(matches!(ended[..], [Outcome::Revoked]), "{ended:?}");
    assert!(
        !emulator
            .cockroach()
            .sql_sessions()
            .iter()
            .any(|id| id == target.id())
    );
    assert_eq!(rows(&api, "").await.len(), web.len(), "web sessions stay");
}
