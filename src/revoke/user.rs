//! Ending every session of one person, by the system's own operation.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::look::{is_live, is_of, read_all, search_of};
use super::{AuditWriter, JobContext, SECOND_LOOK};
use crate::api::SessionApi;
use crate::audit::{AuditError, Change, ChangeTarget, Counted, Ending};
use crate::model::{ApiError, Field, Outcome, RowRef, RowSink, Subject, UserOutcome};

/// Ends every session of a person: one change in the audit log, sent once and never again. The sessions
/// that are left are counted if the system did not count them.
///
/// Never drop it half way. `unlogged` takes the failure of an audit log that may fail.
///
/// # Errors
/// Any [`ApiError`]; nothing was sent for [`ApiError::BadQuery`] (nobody is named),
/// [`ApiError::ReadOnly`] and [`ApiError::NoAudit`].
pub async fn run_user_job(
    api: Arc<dyn SessionApi>,
    context: JobContext,
    user: Subject,
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

    let mut result = api.revoke_user(&user).await;
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
    let counts = matches!(ended.outcome, Outcome::Revoked | Outcome::Unknown);
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
    } else if matches!(ended.outcome, Outcome::Unknown) && ended.left == Some(0) {
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
    fn row(&mut self, row: RowRef<'_>) -> ControlFlow<()> {
        if is_live(&row, self.now) && is_of(self.user, &row) {
            self.live += 1;
        }
        ControlFlow::Continue(())
    }
}
