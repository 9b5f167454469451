//! The end of a thousand sessions while things go wrong, over the wire: every session ends in one outcome,
//! and nothing else is touched.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;
use usher::api::SessionApi;
use usher::audit::Audit;
use usher::config::{Paths, Profile};
use usher::emulator::janssen::Row;
use usher::emulator::{Options, Running};
use usher::model::{Deletable, Outcome, Session};
use usher::revoke::{JobContext, JobControl, JobItem, Progress, Tally, run_job};

use super::{all, client_profile, emulator, fixed, job, open, search};

/// Sessions of the job, and those of them whose id does not last.
const SESSIONS: usize = 1_000;
const WITHOUT_ID: usize = 20;

/// The outcomes of a job in the order of its items, its counts, and its events in the audit log.
async fn end(
    api: &Arc<dyn SessionApi>,
    profile: &Profile,
    items: Vec<JobItem<usize>>,
) -> (Vec<Outcome>, Tally, Vec<Value>) {
    let state = tempfile::tempdir().expect("a folder");
    let audit = Arc::new(Audit::new(&Paths::under(state.path())));
    let context = JobContext {
        profile: Arc::new(profile.clone()),
        audit: audit.clone(),
        who: None,
        reason: None,
        verb: "revoke".to_owned(),
    };
    let mut outcomes = vec![None; items.len()];
    let items = items.into_iter().enumerate();
    let items = items.map(|(row, item)| JobItem { row, ..item }).collect();
    let (report, mut reports) = mpsc::channel(16);
    let job = run_job(api.clone(), context, items, JobControl::default(), report);
    let listen = async {
        while let Some(progress) = reports.recv().await {
            match progress {
                Progress::Outcome { row, outcome, .. } => outcomes[row] = Some(outcome),
                Progress::Paused(error) => panic!("nobody signs in: {error}"),
                Progress::Unlogged(error) => panic!("the log cannot be written: {error}"),
                Progress::EndedAt { .. } | Progress::Ended(_) => {}
            }
        }
    };
    let (tally, ()) = tokio::join!(job, listen);
    let log = std::fs::read_to_string(audit.path().expect("a log")).expect("it is there");
    let lines = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let outcomes = outcomes.into_iter();
    let outcomes = outcomes.map(|one| one.expect("every item has an outcome"));
    (outcomes.collect(), tally, lines.collect())
}

/// The lines of the log with this event, by the number of the item: each once.
fn items(log: &[Value], event: &str) -> HashSet<String> {
    let lines = log.iter().filter(|line| line["event"] == event);
    let mut seen = HashSet::new();
    for line in lines {
        let item = line["item"].as_str().expect("a text").to_owned();
        assert!(seen.insert(item), "{event}: {line} is there twice");
    }
    seen
}

/// A server with more sessions than the job ends, some of them without a lasting id.
async fn server() -> Running {
    let emulator = emulator(Options {
        sessions: 1_600,
        ..fixed()
    })
    .await;
    let world = emulator.world();
    let is_whole = |row: &&Row| row.sid.is_some() && row.authenticated && row.expires_ms.is_some();
    let model = world.rows().iter().find(is_whole).cloned().expect("a row");
    for number in 0..WITHOUT_ID {
        world.add(&Row {
            sid: None,
            user: Some(format!("no-id-{number}")),
            ..model.clone()
        });
    }
    emulator
}

/// Every 50th answer is 500, one is 429, one connection breaks.
fn faults() -> Vec<String> {
    let nth = |number: usize, action: &str| {
        format!(r#"{{"match":{{"method":"DELETE","nth":[{number},{number}]}},{action}}}"#)
    };
    let errors = (1..=SESSIONS / 50).map(|n| nth(n * 50, r#""action":"status","code":500"#));
    let busy = r#""action":"status","code":429,"headers":{"Retry-After":"2"}"#;
    errors
        .chain([nth(33, busy), nth(77, r#""action":"reset""#)])
        .collect()
}

/// True for the sessions whose id does not last.
fn is_odd(row: &Session) -> bool {
    let user = row.subject.name.as_ref();
    user.is_some_and(|name| name.expose().starts_with("no-id-"))
}

fn sids(rows: &[Row]) -> HashSet<String> {
    rows.iter().filter_map(|row| row.sid.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sessions_end_in_one_outcome_each_whatever_goes_wrong() {
    let emulator = server().await;
    let profile = client_profile(&emulator);
    let api = open(&profile);
    let listed = all(&api, &search("")).await.expect("a list");
    let (odd, lasting): (Vec<Session>, Vec<Session>) = listed.into_iter().partition(is_odd);
    assert_eq!(odd.len(), WITHOUT_ID);
    // One that expired is over whatever is answered about it.
    let now = api.server_now();
    let is_alive = |row: &Session| row.expires.is_none_or(|end| end > now);
    let chosen: Vec<Session> = lasting
        .into_iter()
        .filter(|row| row.deletable == Deletable::Yes && is_alive(row))
        .take(SESSIONS - WITHOUT_ID)
        .chain(odd)
        .collect();
    assert_eq!(chosen.len(), SESSIONS);
    let before = emulator.world().rows();
    let faults = faults();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    emulator.set_faults(&faults).expect("faults it knows");

    let (outcomes, tally, log) =
        end(&api, &profile, chosen.iter().map(job::listed).collect()).await;

    let after = emulator.world().rows();
    let gone: HashSet<String> = sids(&before).difference(&sids(&after)).cloned().collect();
    let mut ended = HashSet::new();
    for (row, outcome) in chosen.iter().zip(&outcomes) {
        let is_odd = is_odd(row);
        match outcome {
            Outcome::Revoked if !is_odd => {
                assert!(ended.insert(row.key.expose().to_owned()));
            }
            Outcome::AlreadyGone | Outcome::Revoked | Outcome::StillListed => {
                panic!("{outcome:?} of {:?}", row.deletable)
            }
            _ => {}
        }
    }
    // What is called ended has gone, and nothing else.
    let different: Vec<&String> = ended.symmetric_difference(&gone).collect();
    let told = chosen.iter().zip(&outcomes);
    let told = told.filter(|(row, _)| different.iter().any(|sid| *sid == row.key.expose()));
    let told: Vec<_> = told.map(|(_, outcome)| outcome).take(5).collect();
    assert!(
        different.is_empty(),
        "{} of {SESSIONS}: {told:?}, {tally:?}",
        different.len()
    );
    assert_eq!(before.len() - after.len(), ended.len());
    let counted = tally.revoked + tally.failed + tally.unknown + tally.not_sent;
    assert_eq!((counted, tally.not_sent), (SESSIONS, 0), "{tally:?}");
    assert_eq!(tally.revoked, ended.len());
    let all_items = (1..=SESSIONS).map(|item| format!("{item}/{SESSIONS}"));
    let all_items: HashSet<String> = all_items.collect();
    assert!(
        items(&log, "asked") == all_items,
        "each was written down before"
    );
    assert!(items(&log, "done") == all_items, "and after");

    // What failed is ended by a second run. The others are out of reach, and are said to be.
    emulator.set_faults::<&str>(&[]).expect("none");
    let failed = chosen.iter().zip(&outcomes);
    let failed = failed.filter(|(_, outcome)| !matches!(outcome, Outcome::Revoked));
    let failed: Vec<&Session> = failed.map(|(row, _)| row).collect();
    let lasting = failed.len() - WITHOUT_ID;
    assert!((15..=25).contains(&lasting), "{lasting} of every 50th");
    let again = failed.iter().map(|row| job::listed(row)).collect();
    let (outcomes, tally, _) = end(&api, &profile, again).await;
    for (row, outcome) in failed.iter().zip(&outcomes) {
        let is_odd = is_odd(row);
        let is_ended = matches!(outcome, Outcome::Revoked | Outcome::AlreadyGone);
        assert_eq!(is_ended, !is_odd, "{outcome:?}");
    }
    assert_eq!(tally.revoked, lasting);
    let left = emulator.world().rows();
    let theirs: HashSet<String> = chosen
        .iter()
        .map(|row| row.key.expose().to_owned())
        .collect();
    let gone: HashSet<String> = sids(&before).difference(&sids(&left)).cloned().collect();
    assert!(gone.is_subset(&theirs));
    assert_eq!(left.len(), before.len() - (SESSIONS - WITHOUT_ID));
}
