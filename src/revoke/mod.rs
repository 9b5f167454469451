//! The one way in which sessions are ended: logged, sent, read back, logged again.
//!
//! The screen and the command line both run these jobs. A job is never dropped half way: `stop` only keeps
//! the next item from starting, and a sign-in that is lost pauses it before anything more is sent.

mod act;
mod job;
mod lines;
mod look;
mod provenance;
mod settle;
#[cfg(test)]
mod tests;
mod user;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, AuditError, Change, Ending, Ends, Operation, Ticket, Together};
use crate::config::{AuditMode, Profile};
use crate::model::{ApiError, Identity, Outcome, SessionKey, Subject};

pub use act::run_action;
pub use job::run_job;
pub use look::read_back;
pub use provenance::{Provenance, Trace};
pub use settle::{LateLook, look_later};
pub use user::{Pauses, run_user_job};

/// Up to this many items every session is read back by itself; above, by one search at the end.
pub const READ_EACH: usize = 50;
/// A session that is still listed is looked at once more after this long.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Settings and log of a job.
#[derive(Clone)]
pub struct JobContext {
    /// The profile whose sessions are ended.
    pub profile: Arc<Profile>,
    /// The audit log.
    pub audit: Arc<Audit>,
    /// Who the server says we are. `None`: not known.
    pub who: Option<Identity>,
    /// Why, in the operator's words. `None`: not asked.
    pub reason: Option<String>,
    /// The operation, for the audit log ("revoke").
    pub verb: String,
}

/// One session that is to be ended. `R` is whatever the caller knows it by.
#[derive(Clone, Debug)]
pub struct JobItem<R> {
    /// The caller's name for it, handed back with the outcome.
    pub row: R,
    /// Its key.
    pub key: SessionKey,
    /// Which kind of session, as far as it is known.
    pub kind: Option<Arc<str>>,
    /// Whose it is.
    pub subject: Subject,
    /// When its time runs out, as it was read, by the server's clock. `None`: not known.
    pub expires: Option<DateTime<Utc>>,
    /// How it came to be named.
    pub provenance: Provenance,
}

impl<R> JobItem<R> {
    fn sought(&self) -> look::Sought<'_> {
        look::Sought {
            key: &self.key,
            subject: &self.subject,
            expires: self.expires,
            provenance: &self.provenance,
        }
    }
}

/// A report of a running job.
#[derive(Clone, Debug)]
pub enum Progress<R> {
    /// The outcome for an item. Every item has at least one; of a job too large to read each
    /// session back, a second one (`StillListed`) may correct the first.
    Outcome {
        /// Which item.
        row: R,
        /// The outcome. `Failed(Cancelled)`: it was stopped before it was sent.
        outcome: Outcome,
        /// When it ended, by the server's clock. `None`: the server does not tell, or has not been asked yet.
        ended: Option<DateTime<Utc>>,
    },
    /// The time for an item whose outcome has been told: the list at the end has shown it.
    EndedAt {
        /// Which item.
        row: R,
        /// When it ended, by the server's clock.
        at: DateTime<Utc>,
    },
    /// The sign-in is lost, or the server asks for a long wait: nothing more is sent until [`JobControl::resume`] or a stop.
    Paused(ApiError),
    /// The audit log could not be written, and the profile allows changes without it; or the end
    /// of a change could not be written; or the log was found changed. Sent once.
    Unlogged(AuditError),
    /// The job is over.
    Ended(Tally),
}

/// How many items ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ended by us.
    pub revoked: usize,
    /// Had already gone, or their time had run out.
    pub already_gone: usize,
    /// The server said yes, and still lists them.
    pub still_listed: usize,
    /// Failed or refused.
    pub failed: usize,
    /// Sent, and nobody knows.
    pub unknown: usize,
    /// Never sent, or refused for want of a sign-in and not sent again.
    pub not_sent: usize,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        *self.of(outcome) += 1;
    }

    fn correct(&mut self, from: &Outcome, to: &Outcome) {
        *self.of(from) -= 1;
        *self.of(to) += 1;
    }

    fn of(&mut self, outcome: &Outcome) -> &mut usize {
        match outcome {
            Outcome::Revoked => &mut self.revoked,
            Outcome::AlreadyGone => &mut self.already_gone,
            Outcome::StillListed => &mut self.still_listed,
            Outcome::Unknown(_) => &mut self.unknown,
            Outcome::Refused(_) | Outcome::NoLastingId | Outcome::Failed(_) => &mut self.failed,
        }
    }
}

/// A handle that stops or resumes a job.
#[derive(Clone, Debug, Default)]
pub struct JobControl {
    /// Cancelled: no further request is started. Requests on their way are awaited.
    pub stop: CancellationToken,
    /// The job stops itself after the first session that was not ended.
    pub fail_fast: bool,
    resume: Arc<Notify>,
}

impl JobControl {
    /// Lets a paused job go on.
    pub fn resume(&self) {
        self.resume.notify_one();
    }

    /// Drops a resume from before the pause.
    fn clear_resume(&self) {
        let _ = self.resume.notified().now_or_never();
    }

    /// Waits for a resume or a stop.
    async fn resumed_or_stopped(&self) {
        tokio::select! {
            () = self.resume.notified() => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Writes the audit lines of a job on a blocking thread. The profile decides whether a failure stops the job.
#[derive(Clone)]
struct AuditWriter {
    audit: Arc<Audit>,
    operation: Arc<Operation>,
    mode: AuditMode,
}

/// What became of lines that were written together.
struct Written {
    /// One for each change; `None` where the log failed and the profile allows that. An error: none of
    /// them may be sent.
    tickets: Result<Vec<Option<Ticket>>, AuditError>,
    /// Failures to report, after which the job goes on.
    errors: Vec<AuditError>,
}

impl AuditWriter {
    fn new(context: &JobContext, of: usize) -> Self {
        let operation = Operation::new(
            &context.audit,
            &context.profile,
            context.who.as_ref(),
            &context.verb,
            context.reason.as_deref(),
            of,
        );
        Self {
            audit: context.audit.clone(),
            operation: Arc::new(operation),
            mode: context.profile.policy.audit,
        }
    }

    /// Writes the ends of changes and the lines of changes that are about to be sent, with one wait
    /// for the disk.
    async fn write(&self, ends: Ends, changes: Vec<Change>) -> Written {
        let (audit, count) = (self.audit.clone(), changes.len());
        let writing = tokio::task::spawn_blocking(move || audit.together(ends, &changes));
        let Together { asked, ended } = writing.await.unwrap_or_else(|_| {
            let broke_off = || AuditError::Key("the writer of the log stopped".to_owned());
            Together {
                asked: Err(broke_off()),
                ended: Err(broke_off()),
            }
        });
        let mut errors: Vec<_> = ended.err().into_iter().collect();
        let tickets = match asked {
            Ok(asked) => {
                errors.extend(asked.broken);
                Ok(asked.tickets.into_iter().map(Some).collect())
            }
            Err(error) if self.mode == AuditMode::BestEffort => {
                errors.push(error);
                Ok((0..count).map(|_| None).collect())
            }
            Err(error) => Err(error),
        };
        Written { tickets, errors }
    }

    /// Writes the line of one change that is about to be sent. Without a ticket, with an error: the
    /// log failed and the profile allows that. With a ticket and an error: the log was found changed.
    async fn begin(
        &self,
        change: Change,
    ) -> Result<(Option<Ticket>, Option<AuditError>), AuditError> {
        let Written { tickets, errors } = self.write(Ends::default(), vec![change]).await;
        Ok((tickets?.pop().flatten(), errors.into_iter().next()))
    }

    /// Writes the line for the end of a change. Returns the error for the report.
    async fn end(&self, ticket: Option<Ticket>, ending: Ending) -> Option<AuditError> {
        let mut ends = Ends::default();
        ends.add(ticket?, &ending);
        self.write(ends, Vec::new()).await.errors.into_iter().next()
    }
}

/// Sends a report. A job goes on when nobody receives it.
async fn send_report<R>(report: &mpsc::Sender<Progress<R>>, progress: Progress<R>) {
    let _ = report.send(progress).await;
}
