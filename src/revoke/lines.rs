//! The lines of a job in the audit log: written in groups, while requests are on their way.
//!
//! One write is under way at a time. It takes all ends that have come meanwhile, and the next items: as
//! many as can be sent at once, and some more where the requests are so quick that they would have to
//! wait for the disk.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::job::{JobEvent, Pending, RunningJob};
use super::look::time_of;
use super::{Progress, Written, send_report};
use crate::audit::{AuditError, Change, ChangeTarget, Ending, Ends, Ticket};
use crate::model::{ApiError, Outcome};

/// The most items that are written down before they can be sent: after a kill they have no end in
/// the log.
const MOST_AHEAD: usize = 2_048;
/// A job of so few answers writes nothing down ahead: it does not need it, and leaves no such lines.
const FEW_ANSWERS: usize = 16;
/// So many times the items that go out during one write are written down ahead.
const WRITES_AHEAD: f64 = 16.0;
/// So many ends are written at once.
const MANY_ENDS: usize = 64;
/// So long an end waits for others to be written with it.
const LINGER: Duration = Duration::from_millis(5);
/// Lines a write, where nothing waits for them.
const LINES_AT_ONCE: usize = 1_000;

/// An item that has ended.
pub(super) struct Ended<R> {
    row: R,
    ticket: Option<Ticket>,
    outcome: Outcome,
    /// When, by the server's clock. `None`: it does not tell.
    at: Option<DateTime<Utc>>,
    tell: Tell,
}

impl<R> Ended<R> {
    /// True if the outcome was read back. What only the list at the end could show may have been
    /// beyond its cut.
    fn is_read_back(&self) -> bool {
        let seen = matches!(
            self.outcome,
            Outcome::Revoked | Outcome::AlreadyGone | Outcome::StillListed
        );
        seen && matches!(self.tell, Tell::Outcome | Tell::Correction)
    }
}

/// The report of an end once it is in the log.
#[derive(Clone, Debug)]
pub(super) enum Tell {
    /// The outcome.
    Outcome,
    /// Another outcome than the one that was reported.
    Correction,
    /// It was not sent, for this reason.
    NotSent(ApiError),
    /// The time, if it is known: the outcome was reported before.
    Time,
}

impl Tell {
    /// The report of an item that was reported as ended before it was read back.
    pub fn of_trusted(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Revoked => Self::Time,
            _ => Self::Correction,
        }
    }
}

/// How quick the requests and the disk are.
#[derive(Default)]
pub(super) struct Pace {
    /// When the lines that are being written were begun. `None`: none are.
    writing: Option<Instant>,
    /// How long the latest write took.
    write: Duration,
    /// How long the latest request took.
    request: Duration,
    /// Requests that were answered.
    answers: usize,
    /// When the oldest end that is not being written came. `None`: there is none.
    oldest_end: Option<Instant>,
}

impl Pace {
    /// True if lines are being written.
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// A request that was sent at this moment has its answer.
    pub fn answered(&mut self, sent_at: Instant) {
        self.request = sent_at.elapsed();
        self.answers += 1;
    }

    /// How many items to write down before they can be sent, where so many are on their way at the
    /// same time.
    fn ahead(&self, at_once: usize) -> usize {
        if self.request.is_zero() {
            return 0;
        }
        let during_a_write = at_once as f64 * self.write.as_secs_f64() / self.request.as_secs_f64();
        // Never more than half of what has been answered, so that it grows with the job.
        let most = MOST_AHEAD.min(self.answers.saturating_sub(FEW_ANSWERS) / 2);
        ((during_a_write * WRITES_AHEAD) as usize).min(most)
    }
}

impl<R: Clone + Send + Sync + 'static> RunningJob<R> {
    /// Begins to write what is to be written now, unless a write is under way.
    pub fn write_lines(&mut self, sends_more: bool) {
        if self.pace.is_writing() {
            return;
        }
        let count = if sends_more { self.wanted() } else { 0 };
        let now = self.ended.len() >= MANY_ENDS || self.sending == 0;
        if count == 0 && !now && self.ends_due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        if count == 0 && self.ended.is_empty() {
            return;
        }
        let begun: Vec<_> = self.waiting.drain(..count).collect();
        let mut ended = std::mem::take(&mut self.ended);
        let changes = begun.iter().map(|pending| self.change(pending)).collect();
        let ends = lines_of(&mut ended);
        self.pace.writing = Some(Instant::now());
        self.pace.oldest_end = None;
        let log = self.log.clone();
        self.running.push(Box::pin(async move {
            let written = log.write(ends, changes).await;
            JobEvent::Written {
                begun,
                ended,
                written,
            }
        }));
    }

    /// How many more items are to be written down now.
    fn wanted(&self) -> usize {
        let at_once = self.concurrency * self.batch;
        let free = self.concurrency.saturating_sub(self.sending) * self.batch;
        let wanted = free + self.pace.ahead(at_once);
        // Half of them are enough: a write of one line takes as long as one of a hundred.
        if self.ready.len() >= self.batch && self.ready.len() * 2 > wanted {
            return 0;
        }
        let more = wanted.saturating_sub(self.ready.len());
        more.min(self.waiting.len())
    }

    /// When the ends that wait are to be written. `None`: none wait, or lines are being written.
    pub fn ends_due(&self) -> Option<Instant> {
        let oldest = self.pace.oldest_end.filter(|_| !self.pace.is_writing());
        oldest.map(|at| at + LINGER)
    }

    fn change(&self, pending: &Pending<R>) -> Change {
        Change {
            operation: self.log.operation.clone(),
            item: pending.number,
            target: ChangeTarget::Session {
                key: pending.item.key.clone(),
                kind: pending.item.kind.clone(),
                subject: pending.item.subject.clone(),
            },
        }
    }

    /// Lines were written, or could not be.
    pub async fn written(
        &mut self,
        begun: Vec<Pending<R>>,
        ended: Vec<Ended<R>>,
        written: Written,
    ) {
        if let Some(begin) = self.pace.writing.take() {
            self.pace.write = begin.elapsed();
        }
        for error in written.errors {
            self.unlogged(error).await;
        }
        match written.tickets {
            Ok(tickets) => {
                let begun = begun.into_iter().zip(tickets);
                let ready = begun.map(|(pending, ticket)| Pending { ticket, ..pending });
                self.ready.extend(ready);
            }
            Err(error) => {
                for pending in begun.into_iter().rev() {
                    self.waiting.push_front(pending);
                }
                self.no_log = Some(error);
            }
        }
        for one in ended {
            self.tell(one).await;
        }
    }

    /// Keeps an end until it is written down.
    pub fn ends(&mut self, pending: Pending<R>, outcome: Outcome, tell: Tell) {
        self.pace.oldest_end.get_or_insert_with(Instant::now);
        self.ended.push(Ended {
            row: pending.item.row,
            ticket: pending.ticket,
            at: time_of(&outcome, pending.ended),
            outcome,
            tell,
        });
    }

    /// Writes all ends that are kept, and reports them.
    pub async fn write_ends(&mut self) {
        self.pace.oldest_end = None;
        let mut rest = std::mem::take(&mut self.ended).into_iter();
        loop {
            // What is left stays in its place: to move it on each time would cost the square of a job.
            let mut some: Vec<_> = rest.by_ref().take(LINES_AT_ONCE).collect();
            if some.is_empty() {
                return;
            }
            let written = self.log.write(lines_of(&mut some), Vec::new()).await;
            self.written(Vec::new(), some, written).await;
        }
    }

    /// Ends the items that the log has and that are not sent any more.
    pub fn give_up_ready(&mut self) {
        for pending in std::mem::take(&mut self.ready) {
            let outcome = Outcome::Failed(ApiError::Cancelled);
            self.ends(pending, outcome, Tell::NotSent(ApiError::Cancelled));
        }
    }

    /// Reports why the rest is not sent. Items that the log has get their second line.
    pub async fn leave(&mut self, why: ApiError) {
        let ready = std::mem::take(&mut self.ready);
        for pending in ready.into_iter().chain(std::mem::take(&mut self.waiting)) {
            let outcome = Outcome::Failed(ApiError::Cancelled);
            self.ends(pending, outcome, Tell::NotSent(why.clone()));
        }
        self.write_ends().await;
    }

    async fn tell(&mut self, one: Ended<R>) {
        let (row, ended) = (one.row, one.at);
        let outcome = match one.tell {
            Tell::Time => {
                if let Some(at) = ended {
                    send_report(&self.report, Progress::EndedAt { row, at }).await;
                }
                return;
            }
            Tell::Outcome => {
                self.tally.count(&one.outcome);
                one.outcome
            }
            Tell::Correction => {
                self.tally.correct(&Outcome::Revoked, &one.outcome);
                one.outcome
            }
            Tell::NotSent(why) => {
                self.tally.not_sent += 1;
                Outcome::Failed(why)
            }
        };
        let told = Progress::Outcome {
            row,
            outcome,
            ended,
        };
        send_report(&self.report, told).await;
    }

    async fn unlogged(&mut self, error: AuditError) {
        // A changed log is reported each time, since it is another fault than a missing line.
        let changed = matches!(error, AuditError::Broken(_));
        if changed || !self.unlogged_reported {
            self.unlogged_reported |= !changed;
            send_report(&self.report, Progress::Unlogged(error)).await;
        }
    }
}

/// The lines for these ends. Those without a ticket have none.
fn lines_of<R>(ended: &mut [Ended<R>]) -> Ends {
    let mut ends = Ends::default();
    for one in ended {
        if let Some(ticket) = one.ticket.take() {
            let ending = Ending {
                ended: one.at,
                verified_at: one.is_read_back().then(Utc::now),
                ..Ending::from(&one.outcome)
            };
            ends.add(ticket, &ending);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_written_ahead_as_the_requests_are_quick() {
        let ms = Duration::from_millis;
        for (at_once, write, request, answers, ahead) in [
            (1, ms(0), ms(0), 10_000, 0),
            // A slow server waits for no disk.
            (1, ms(1), ms(20), 10_000, 0),
            (8, ms(1), ms(20), 10_000, 6),
            (8, ms(2), ms(1), 10_000, 256),
            (32, ms(8), ms(1), 10_000, MOST_AHEAD),
            (32, ms(8), ms(1), 1_016, 500),
            // A small job leaves no lines of what was not sent.
            (32, ms(8), ms(1), 16, 0),
        ] {
            let pace = Pace {
                write,
                request,
                answers,
                ..Pace::default()
            };
            assert_eq!(
                pace.ahead(at_once),
                ahead,
                "{at_once} {write:?} {request:?}"
            );
        }
    }
}
