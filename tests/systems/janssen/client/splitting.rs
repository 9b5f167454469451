//! The same rows come out whoever answers which clause.

use std::sync::Arc;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use usher::emulator::Options;
use usher::emulator::janssen::{Generation, JanssenOptions, Row};
use usher::model::query::{Matcher, SessionIn};
use usher::model::session::Thresholds;
use usher::model::{Clause, Search, Session};

use super::{all, client_profile, emulator, fixed, open, search};

fn matching(rows: &[Session], clauses: &[Clause], search: &Search) -> BTreeSet<String> {
    let matcher = Matcher::new(clauses, search.now, search.zone, Thresholds::default());
    let matcher = matcher.unwrap_or_else(|error| panic!("{error}"));
    rows.iter()
        .filter(|row| matcher.matches(&SessionIn::new(row, "test", "janssen")))
        // Rows without a lasting id have another one at every reading.
        .map(|row| format!("{:?} {:?} {:?}", row.subject, row.created, row.ip))
        .collect()
}

/// Values that occur in this world, and some that do not.
fn clauses(rows: &[Row]) -> impl Strategy<Value = String> + use<> {
    let some = |pick: fn(&Row) -> Option<String>| -> Vec<String> {
        let found: BTreeSet<String> = rows.iter().filter_map(pick).collect();
        found
            .into_iter()
            .take(12)
            .chain(["nobody".into()])
            .collect()
    };
    let users = prop::sample::select(some(|row| row.user.clone()));
    let clients = prop::sample::select(some(|row| row.client.clone()));
    let mut known = some(|row| row.ip.clone());
    known.retain(|ip| ip != "nobody");
    let ips = prop::sample::select(known);
    let states = prop::sample::select(vec![
        "active",
        "idle",
        "expiring",
        "expired",
        "unauthenticated",
        "unknown",
        "active,expired",
        "authenticated",
    ]);
    let fields = prop::sample::select(vec!["created", "used", "expires"]);
    let ops = prop::sample::select(vec![">", ">=", "<", "<=", ":"]);
    let times = prop::sample::select(vec![
        "now",
        "now-2h",
        "today",
        "yesterday",
        "2026-03-14",
        "2026-03-14T09:00:00+02:00",
        "now+1h",
    ]);
    let lengths = prop::sample::select(vec!["30s", "5m", "2h", "8h", "1d"]);
    let spans = prop::sample::select(vec!["age", "left", "idle"]);
    prop_oneof![
        users.clone().prop_map(|user| format!("user:{user}")),
        users
            .clone()
            .prop_map(|user| format!("user:{}", user.to_uppercase())),
        (users.clone(), users).prop_map(|(a, b)| format!("user:{a},{b}")),
        clients
            .clone()
            .prop_map(|client| format!("client:{client}")),
        (clients.clone(), clients).prop_map(|(a, b)| format!("client:{a},{b}")),
        ips.clone().prop_map(|ip| format!("ip:\"{ip}\"")),
        ips.prop_map(|ip| ip[..ip.len().min(4)].to_owned()),
        states.prop_map(|state| format!("state:{state}")),
        (fields, ops.clone(), times.clone())
            .prop_map(|(field, op, time)| format!("{field}{op}{time}")),
        (spans, ops, lengths).prop_map(|(field, op, length)| format!("{field}{op}{length}")),
        (
            prop::sample::select(vec![">", ">=", "<", "<="]),
            times.clone()
        )
            .prop_map(|(op, time)| format!("@authenticationTime{op}{time}")),
        Just("deletable:yes".to_owned()),
        Just("deletable:no".to_owned()),
        Just("method:otp,passkeys".to_owned()),
        Just("@scope:\"openid profile email\"".to_owned()),
    ]
}

async fn same_rows_whoever_answers(generation: Generation) {
    let emulator = emulator(Options {
        system: Arc::new(JanssenOptions {
            generation,
            ..JanssenOptions::default()
        }),
        ..fixed()
    })
    .await;
    let api = open(&client_profile(&emulator));
    api.whoami().await.unwrap();
    let everything = all(&api, &search("")).await.unwrap();
    let one = clauses(&emulator.world().rows());
    let queries = prop::collection::vec((any::<bool>(), one), 1..4);
    let mut runner = TestRunner::deterministic();
    let mut found = 0;
    for _ in 0..60 {
        let parts = queries.new_tree(&mut runner).unwrap().current();
        let text: Vec<String> = parts
            .into_iter()
            .map(|(negated, clause)| {
                if negated && !clause.starts_with(char::is_numeric) {
                    format!("-{clause}")
                } else {
                    clause
                }
            })
            .collect();
        let text = text.join(" ");
        let asked = search(&text);
        let plan = api.plan(&asked).unwrap();

        let sent = all(&api, &asked).await.unwrap();

        let ours = matching(&everything, &asked.query.clauses, &asked);
        let theirs = matching(&sent, &plan.rest, &asked);
        assert_eq!(theirs, ours, "{text}\nsent: {}", plan.native);
        found += ours.len();
    }
    // A server of today must not have failed at anything that it was sent.
    let dates = api.plan(&search("expires>now")).unwrap().native;
    assert_eq!(dates.is_empty(), generation != Generation::New, "{dates}");
    assert!(found > 300, "only {found} rows were compared");
}

#[tokio::test]
async fn the_same_rows_come_from_todays_servers() {
    same_rows_whoever_answers(Generation::New).await;
}

#[tokio::test]
async fn the_same_rows_come_from_servers_of_autumn_2024() {
    same_rows_whoever_answers(Generation::Y2024).await;
}

#[tokio::test]
async fn the_same_rows_come_from_old_servers() {
    same_rows_whoever_answers(Generation::Old).await;
}
