//! Ending every session of one person, by the system's own operation.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::look::{is_live, is_of, read_all, search_of};
use super::{AuditWriter, JobContext, JobControl, SECOND_LOOK};
use crate::api::SessionApi;
use crate::audit::{AuditError, Change, ChangeTarget, Counted, Ending};
use crate::model::{ApiError, Field, Outcome, RowRef, RowSink, Subject, UserOutcome};

/// Ends every session of a person: one change in the audit log, sent once and never again. The sessions
/// that are left are counted if the system did not count them.
///
/// Never drop it half way. `pauses` is told when the sign-in is lost, and lets the job go on; `None`: that is
/// its end. `unlogged` takes the failure of an audit log that may fail.
///
/// # Errors
/// Any [`ApiError`]; nothing was sent for [`ApiError::BadQuery`] (nobody is named),
/// [`ApiError::ReadOnly`] and [`ApiError::NoAudit`].
pub async fn run_user_job(
    api: Arc<dyn SessionApi>,
    context: JobContext,
    user: Subject,
    pauses: Option<&Pauses>,
    mut unlogged: impl FnMut(AuditError) + Send,
) -> Result<UserOutcome, ApiError> {
    if context.profile.policy.read_only {
        return Err(ApiError::ReadOnly(context.profile.name.clone()));
    }
    check_named(&user)?;
    let log = AuditWriter::new(&context, 1);
    let change = Change {
        operation: log.operation.clone(),
        item: 1,
        target: ChangeTarget::User(user.clone()),
    };
    let asked = log.begin(change).await;
    let (ticket, error) = asked.map_err(|error| ApiError::NoAudit(error.to_string()))?;
    error.into_iter().for_each(&mut unlogged);

    let mut result = end_all(api.as_ref(), &user, pauses).await;
    if let Ok(ended) = &mut result {
        count(api.as_ref(), &user, ended, context.profile.policy.max_rows).await;
    }

    let ending = match &result {
        Ok(ended) => Ending {
            counted: Some(counted(ended)),
            verified_at: ended.left.map(|_| Utc::now()),
            ..Ending::from(&ended.outcome)
        },
        Err(error) => Ending::from(error),
    };
    log.end(ticket, ending)
        .await
        .into_iter()
        .for_each(&mut unlogged);
    result
}

/// Where a job for a person tells that the sign-in is lost, and what lets it go on.
#[derive(Clone, Debug)]
pub struct Pauses {
    /// Resumes it or stops it.
    pub control: JobControl,
    /// Takes the reason of each pause. While nobody listens, the job waits all the same.
    pub told: mpsc::Sender<ApiError>,
}

impl Pauses {
    /// Waits for somebody. False: the job was stopped.
    async fn wait(&self, error: ApiError) -> bool {
        self.control.clear_resume();
        let _ = self.told.send(error).await;
        self.control.resumed_or_stopped().await;
        !self.control.stop.is_cancelled()
    }
}

/// Ends them by the system's own operation; what a lost sign-in has left undone, once more after it.
async fn end_all(
    api: &dyn SessionApi,
    user: &Subject,
    pauses: Option<&Pauses>,
) -> Result<UserOutcome, ApiError> {
    let mut ended_before = 0;
    loop {
        let mut result = api.revoke_user(user).await;
        if let Ok(ended) = &mut result {
            ended.before = ended.before.map(|before| before + ended_before);
        }
        let (Some(pauses), Some(error)) = (pauses, lost(&result)) else {
            return result;
        };
        if let Ok(ended) = &result {
            let gone = ended.before.zip(ended.left);
            ended_before = gone.map_or(0, |(before, left)| before.saturating_sub(left));
        }
        if !pauses.wait(error).await {
            return result;
        }
    }
}

/// Why somebody has to sign in, or to decide about a long wait, before anything more is done.
fn lost(result: &Result<UserOutcome, ApiError>) -> Option<ApiError> {
    let error = match result {
        Err(error) => error,
        Ok(UserOutcome {
            outcome: Outcome::Failed(error),
            ..
        }) => error,
        Ok(_) => return None,
    };
    error.needs_a_person().then(|| error.clone())
}

/// The numbers for the audit log.
fn counted(ended: &UserOutcome) -> Counted {
    let left = ended.left;
    let gone = ended.before.zip(left);
    Counted {
        ended: gone.map(|(before, left)| before.saturating_sub(left)),
        left,
    }
}

/// Nobody is ended by an empty name.
fn check_named(user: &Subject) -> Result<(), ApiError> {
    match user.shown() {
        Some(name) if !name.expose().trim().is_empty() => Ok(()),
        _ => Err(ApiError::BadQuery {
            message: "no user is named, so nobody's sessions are ended".to_owned(),
            field: Some(Field::User),
            exchange: None,
        }),
    }
}

/// Counts what is left where the system did not, and settles the outcome by it.
async fn count(api: &dyn SessionApi, user: &Subject, ended: &mut UserOutcome, max_rows: u32) {
    let counts = matches!(ended.outcome, Outcome::Revoked | Outcome::Unknown(_));
    if !counts {
        return;
    }
    if ended.left.is_none() {
        ended.left = left(api, user, max_rows).await;
    }
    if matches!(ended.outcome, Outcome::Revoked) && ended.left.is_some_and(|left| left > 0) {
        tokio::time::sleep(SECOND_LOOK).await;
        ended.left = left(api, user, max_rows).await.or(ended.left);
        if ended.left.is_some_and(|left| left > 0) {
            ended.outcome = Outcome::StillListed;
        }
    } else if matches!(ended.outcome, Outcome::Unknown(_)) && ended.left == Some(0) {
        ended.outcome = match ended.before {
            Some(0) => Outcome::AlreadyGone,
            _ => Outcome::Revoked,
        };
    }
}

/// Live sessions of a person. `None`: they cannot be counted.
async fn left(api: &dyn SessionApi, user: &Subject, max_rows: u32) -> Option<u64> {
    let search = search_of(api, user)?;
    let mut sink = LiveCount {
        user,
        now: api.server_now(),
        live: 0,
    };
    let whole = read_all(api, &search, &mut sink, max_rows).await;
    (whole || sink.live > 0).then_some(sink.live)
}

/// Counts the live rows of one person.
struct LiveCount<'a> {
    user: &'a Subject,
    now: DateTime<Utc>,
    live: u64,
}

impl RowSink for LiveCount<'_> {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        if is_live(row, self.now) && is_of(self.user, row) {
            self.live += 1;
        }
        ControlFlow::Continue(())
    }
}
