//! Ends sessions as the screen and the command line do: by the real job, with an audit log of its own.

use std::sync::Arc;

use tokio::sync::mpsc;
use usher::api::SessionApi;
use usher::audit::Audit;
use usher::config::{Paths, Profile};
use usher::model::{Outcome, Session, SessionKey, Subject};
use usher::revoke::{JobContext, JobControl, JobItem, Progress, Provenance, run_job};

/// A session that a list has shown.
#[allow(dead_code, reason = "only some systems have ids that do not last")]
pub fn listed(session: &Session) -> JobItem<usize> {
    JobItem {
        row: 0,
        key: session.key.clone(),
        kind: session.kind.clone(),
        subject: session.subject.clone(),
        expires: session.expires,
        provenance: Provenance::of(session),
    }
}

/// A session of which only the key is known, and how.
pub fn named(key: &SessionKey, provenance: Provenance) -> JobItem<usize> {
    JobItem {
        row: 0,
        key: key.clone(),
        kind: None,
        subject: Subject::default(),
        expires: None,
        provenance,
    }
}

/// The outcomes for these sessions, in their order.
pub async fn end(
    api: &Arc<dyn SessionApi>,
    profile: &Profile,
    items: Vec<JobItem<usize>>,
) -> Vec<Outcome> {
    let state = tempfile::tempdir().expect("a folder");
    let context = JobContext {
        profile: Arc::new(profile.clone()),
        audit: Arc::new(Audit::new(&Paths::under(state.path()))),
        who: None,
        reason: None,
        verb: "revoke".to_owned(),
    };
    let mut outcomes = vec![None; items.len()];
    let numbered = items.into_iter().enumerate();
    let items = numbered
        .map(|(row, item)| JobItem { row, ..item })
        .collect();
    let (report, mut reports) = mpsc::channel(16);
    let control = JobControl::default();
    let stop = control.stop.clone();
    let job = run_job(Arc::clone(api), context, items, control, report);
    let listen = async {
        while let Some(progress) = reports.recv().await {
            match progress {
                Progress::Outcome { row, outcome, .. } => outcomes[row] = Some(outcome),
                // Nobody signs in during a test.
                Progress::Paused(_) => stop.cancel(),
                Progress::Unlogged(error) => panic!("the log cannot be written: {error}"),
                Progress::EndedAt { .. } | Progress::Ended(_) => {}
            }
        }
    };
    tokio::join!(job, listen);
    let each = outcomes.into_iter();
    each.map(|outcome| outcome.expect("every item has an outcome"))
        .collect()
}

/// The outcomes for sessions that a list has shown under lasting keys.
pub async fn end_keys(
    api: &Arc<dyn SessionApi>,
    profile: &Profile,
    keys: &[SessionKey],
) -> Vec<Outcome> {
    let items = keys.iter().map(|key| named(key, Provenance::Listed));
    end(api, profile, items.collect()).await
}
