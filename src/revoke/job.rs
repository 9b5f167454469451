//! Ending sessions one by one, or in the batches that the system takes.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::look::{self, Presence, Sought, Verdict, is_doubtful, look, settle, time_of};
use super::{
    AuditWriter, JobContext, JobControl, JobItem, Progress, READ_EACH, SECOND_LOOK, Tally,
    send_report,
};
use crate::api::SessionApi;
use crate::audit::{AuditError, Change, ChangeTarget, Ending, Ticket};
use crate::model::{ApiError, Outcome, Revoke, SessionKey};

/// Ends sessions. Reports the outcome of every item through `report`, and returns the counts.
///
/// Never drop it half way: stop it by its control and await its end. It goes on when nobody listens.
pub async fn run_job<R: Clone + Send + Sync + 'static>(
    api: Arc<dyn SessionApi>,
    context: JobContext,
    items: Vec<JobItem<R>>,
    control: JobControl,
    report: mpsc::Sender<Progress<R>>,
) -> Tally {
    let waiting = items.into_iter().enumerate().map(|(at, item)| Pending {
        number: at + 1,
        item,
        ticket: None,
        written: false,
        ended: None,
    });
    let waiting: VecDeque<_> = waiting.collect();
    let caps = api.caps();
    let reads = !caps.revoke_is_verified && caps.kinds.iter().all(|kind| kind.get);
    let batch = caps.kinds.iter().map(|kind| match kind.revoke {
        Revoke::Batch(size) => usize::from(size.max(1)),
        _ => 1,
    });
    let mut job = RunningJob {
        log: AuditWriter::new(&context, waiting.len()),
        read_back: ReadBack {
            answers: reads && waiting.len() <= READ_EACH,
            doubts: reads,
            never: caps.revoke_is_verified,
            max_rows: context.profile.policy.max_rows,
        },
        batch: batch.min().unwrap_or(1),
        concurrency: usize::from(context.profile.concurrency.max(1)),
        running: FuturesUnordered::new(),
        sending: 0,
        waiting,
        doubtful: Vec::new(),
        trusted: Vec::new(),
        tally: Tally::default(),
        unlogged_reported: false,
        api,
        control,
        report,
    };
    let end = if context.profile.policy.read_only {
        Some(ApiError::ReadOnly(context.profile.name.clone()))
    } else {
        job.send_all().await
    };
    job.settle_by_list().await;
    job.leave(end.unwrap_or(ApiError::Cancelled)).await;
    send_report(&job.report, Progress::Ended(job.tally)).await;
    job.tally
}

/// The interval at which a stopped job ends the waits of its requests.
const GIVE_UP: std::time::Duration = std::time::Duration::from_millis(200);

/// Sessions of one batch that are looked at at the same time.
const LOOKS: usize = 4;

/// Which answers are followed by a look at the session.
#[derive(Clone, Copy)]
struct ReadBack {
    /// Every yes, at once.
    answers: bool,
    /// Every doubtful answer, at once; else the list settles it at the end.
    doubts: bool,
    /// None: the provider has looked, and its outcomes are final.
    never: bool,
    /// Rows that are read to find a session.
    max_rows: u32,
}

/// An item that has not ended.
struct Pending<R> {
    number: usize,
    item: JobItem<R>,
    /// Its first line in the audit log.
    ticket: Option<Ticket>,
    /// The log has it, or has failed and the profile allows that.
    written: bool,
    /// When it ended, by the server's clock, as far as a look has shown.
    ended: Option<DateTime<Utc>>,
}

/// The end of one running task.
enum JobEvent<R> {
    Answered(Vec<(Pending<R>, SendResult)>),
    LookedAgain(Box<Pending<R>>, Presence),
}

/// Result of sending one item.
enum SendResult {
    Verdict(Verdict),
    /// Only a look at the list can settle it.
    Doubtful(Outcome),
    /// The sign-in is lost, or the server asks for a long wait; it was not done.
    Person(ApiError),
}

struct RunningJob<R> {
    api: Arc<dyn SessionApi>,
    log: AuditWriter,
    control: JobControl,
    report: mpsc::Sender<Progress<R>>,
    read_back: ReadBack,
    /// Keys a request.
    batch: usize,
    /// Requests at the same time.
    concurrency: usize,
    waiting: VecDeque<Pending<R>>,
    running: FuturesUnordered<BoxFuture<'static, JobEvent<R>>>,
    /// Requests among what is running.
    sending: usize,
    /// Sent, and to be settled by the list at the end.
    doubtful: Vec<(Pending<R>, Outcome)>,
    /// The server said yes, and that was reported. It is logged after the list at the end, which may
    /// correct it: a line of the log is never taken back.
    trusted: Vec<Pending<R>>,
    tally: Tally,
    unlogged_reported: bool,
}

impl<R: Clone + Send + Sync + 'static> RunningJob<R> {
    /// Sends all waiting items, or until a stop. Returns why the rest was not sent.
    async fn send_all(&mut self) -> Option<ApiError> {
        let mut person: Option<ApiError> = None;
        loop {
            let stopped = self.control.stop.is_cancelled();
            let starts = !stopped && person.is_none();
            if starts && let Err(error) = self.start().await {
                self.drain().await;
                return Some(ApiError::NoAudit(error.to_string()));
            }
            if let Some(event) = self.next().await {
                if let Some(error) = self.take(event).await {
                    person.get_or_insert(error);
                }
                continue;
            }
            if stopped || self.waiting.is_empty() {
                return None;
            }
            if let Some(error) = person.take() {
                self.control.clear_resume();
                send_report(&self.report, Progress::Paused(error)).await;
                self.control.resumed_or_stopped().await;
            }
        }
    }

    /// The next thing that comes back. Once the job is stopped, what only waits for its turn is not
    /// sent any more.
    async fn next(&mut self) -> Option<JobEvent<R>> {
        loop {
            let stop = self.control.stop.clone();
            let stopped = async {
                if stop.is_cancelled() {
                    tokio::time::sleep(GIVE_UP).await;
                } else {
                    stop.cancelled().await;
                }
            };
            tokio::select! { biased;
                event = self.running.next() => return event,
                () = stopped => self.api.give_up_waits(),
            }
        }
    }

    /// Waits for what is on its way.
    async fn drain(&mut self) {
        while let Some(event) = self.next().await {
            self.take(event).await;
        }
    }

    /// Logs and sends as many items as the concurrency allows; one write of the log for all of them.
    async fn start(&mut self) -> Result<(), AuditError> {
        let free = self.concurrency.saturating_sub(self.sending) * self.batch;
        let mut next: Vec<_> = self.waiting.drain(..free.min(self.waiting.len())).collect();
        if let Err(error) = self.write_down(&mut next).await {
            for pending in next.into_iter().rev() {
                self.waiting.push_front(pending);
            }
            return Err(error);
        }
        while !next.is_empty() {
            let rest = next.split_off(self.batch.min(next.len()));
            let send = send(self.api.clone(), next, self.read_back);
            self.running.push(Box::pin(send));
            self.sending += 1;
            next = rest;
        }
        Ok(())
    }

    /// Logs the items that the log does not have yet.
    async fn write_down(&mut self, next: &mut [Pending<R>]) -> Result<(), AuditError> {
        let mut new: Vec<_> = next.iter_mut().filter(|p| !p.written).collect();
        if new.is_empty() {
            return Ok(());
        }
        let change = |pending: &&mut Pending<R>| Change {
            operation: self.log.operation.clone(),
            item: pending.number,
            target: ChangeTarget::Session {
                key: pending.item.key.clone(),
                kind: pending.item.kind.clone(),
                subject: pending.item.subject.clone(),
            },
        };
        let changes = new.iter().map(change).collect();
        let (tickets, error) = self.log.begin(changes).await?;
        for (pending, ticket) in new.iter_mut().zip(tickets) {
            pending.ticket = ticket;
            pending.written = true;
        }
        self.unlogged(error).await;
        Ok(())
    }

    /// Handles the end of a task. Returns an error that only a person can solve.
    async fn take(&mut self, event: JobEvent<R>) -> Option<ApiError> {
        let answers = match event {
            JobEvent::LookedAgain(pending, seen) => {
                self.finish(*pending, second(seen)).await;
                return None;
            }
            JobEvent::Answered(answers) => answers,
        };
        self.sending -= 1;
        let mut lost = None;
        let mut back = Vec::new();
        for (pending, answer) in answers {
            match answer {
                SendResult::Verdict(Verdict::Settled(outcome)) => {
                    self.answered(pending, outcome).await;
                }
                SendResult::Verdict(Verdict::LookAgain) => self.look_again(pending),
                SendResult::Doubtful(outcome) => self.doubtful.push((pending, outcome)),
                SendResult::Person(error) => {
                    lost = Some(error);
                    back.push(pending);
                }
            }
        }
        for pending in back.into_iter().rev() {
            self.waiting.push_front(pending);
        }
        lost
    }

    fn look_again(&mut self, pending: Pending<R>) {
        let (api, max_rows) = (self.api.clone(), self.read_back.max_rows);
        self.running.push(Box::pin(async move {
            tokio::time::sleep(SECOND_LOOK).await;
            let (seen, ended) = look(api.as_ref(), pending.item.sought(), max_rows).await;
            JobEvent::LookedAgain(Box::new(Pending { ended, ..pending }), seen)
        }));
    }

    /// Reports an outcome, and logs it unless the list will be read at the end.
    async fn answered(&mut self, pending: Pending<R>, outcome: Outcome) {
        let is_trusted = matches!(outcome, Outcome::Revoked);
        if !is_trusted || self.read_back.answers || self.read_back.never {
            return self.finish(pending, outcome).await;
        }
        self.tally.count(&outcome);
        let row = pending.item.row.clone();
        self.trusted.push(pending);
        self.tell(row, outcome, None).await;
    }

    /// Logs and reports an outcome.
    async fn finish(&mut self, pending: Pending<R>, outcome: Outcome) {
        let ended = time_of(&outcome, pending.ended);
        self.write_end(pending.ticket, &outcome, ended).await;
        self.tally.count(&outcome);
        self.tell(pending.item.row, outcome, ended).await;
    }

    async fn tell(&mut self, row: R, outcome: Outcome, ended: Option<DateTime<Utc>>) {
        let told = Progress::Outcome {
            row,
            outcome,
            ended,
        };
        send_report(&self.report, told).await;
    }

    async fn write_end(
        &mut self,
        ticket: Option<Ticket>,
        outcome: &Outcome,
        ended: Option<DateTime<Utc>>,
    ) {
        let ending = Ending {
            ended,
            ..Ending::from(outcome)
        };
        let error = self.log.end(ticket, ending).await;
        self.unlogged(error).await;
    }

    /// Writes down that a session that was called ended is, and tells its time.
    async fn confirm(&mut self, pending: Pending<R>, ended: Option<DateTime<Utc>>) {
        self.write_end(pending.ticket, &Outcome::Revoked, ended)
            .await;
        if let Some(at) = ended {
            let row = pending.item.row;
            send_report(&self.report, Progress::EndedAt { row, at }).await;
        }
    }

    /// Reads the list once for every item that was not read back on its own.
    async fn settle_by_list(&mut self) {
        if self.doubtful.is_empty() && self.trusted.is_empty() {
            return;
        }
        let listed = self.list().await;
        let mut still = Vec::new();
        for pending in std::mem::take(&mut self.trusted) {
            if is_there(listed.seen(pending.item.sought())) {
                still.push(pending);
            } else {
                let ended = listed.ended(pending.item.sought());
                self.confirm(pending, ended).await;
            }
        }
        let mut again = Vec::new();
        for (pending, answer) in std::mem::take(&mut self.doubtful) {
            match settle(answer, listed.seen(pending.item.sought())) {
                Verdict::Settled(outcome) => {
                    let ended = listed.ended(pending.item.sought());
                    self.finish(Pending { ended, ..pending }, outcome).await;
                }
                Verdict::LookAgain => again.push(pending),
            }
        }
        if again.is_empty() && still.is_empty() {
            return;
        }
        tokio::time::sleep(SECOND_LOOK).await;
        let wanted = again.iter().chain(&still).map(|p| p.item.sought());
        let listed = look::list(self.api.as_ref(), wanted, self.read_back.max_rows).await;
        for pending in again {
            let seen = listed.seen(pending.item.sought());
            let ended = listed.ended(pending.item.sought());
            self.finish(Pending { ended, ..pending }, second(seen))
                .await;
        }
        for pending in still {
            let outcome = second(listed.seen(pending.item.sought()));
            if matches!(outcome, Outcome::Revoked) {
                let ended = listed.ended(pending.item.sought());
                self.confirm(pending, ended).await;
                continue;
            }
            self.write_end(pending.ticket, &outcome, None).await;
            self.tally.correct(&Outcome::Revoked, &outcome);
            self.tell(pending.item.row, outcome, None).await;
        }
    }

    // Borrows fields, not the job: the running tasks are not `Sync`, so a future that borrows the whole
    // job across an await could not be spawned.
    fn list(&self) -> impl Future<Output = look::Listed> + Send + use<'_, R> {
        let (api, max_rows) = (&self.api, self.read_back.max_rows);
        let (doubtful, trusted) = (&self.doubtful, &self.trusted);
        async move {
            let doubtful = doubtful.iter().map(|(pending, _)| pending);
            let wanted = doubtful.chain(trusted).map(|p| p.item.sought());
            look::list(api.as_ref(), wanted, max_rows).await
        }
    }

    /// Reports why the rest is not sent. Items that the log has get their second line.
    async fn leave(&mut self, why: ApiError) {
        for pending in std::mem::take(&mut self.waiting) {
            let ending = Ending::from(&ApiError::Cancelled);
            let error = self.log.end(pending.ticket, ending).await;
            self.unlogged(error).await;
            self.tally.not_sent += 1;
            let outcome = Outcome::Failed(why.clone());
            self.tell(pending.item.row, outcome, None).await;
        }
    }

    async fn unlogged(&mut self, error: Option<AuditError>) {
        // A changed log is reported each time, since it is another fault than a missing line.
        let changed = matches!(error, Some(AuditError::Broken(_)));
        if let Some(error) = error.filter(|_| changed || !self.unlogged_reported) {
            self.unlogged_reported |= !changed;
            send_report(&self.report, Progress::Unlogged(error)).await;
        }
    }
}

/// Sends one request and reads back its effect. Never dropped half way.
async fn send<R: Sync>(
    api: Arc<dyn SessionApi>,
    batch: Vec<Pending<R>>,
    read_back: ReadBack,
) -> JobEvent<R> {
    let keys: Vec<SessionKey> = batch.iter().map(|p| p.item.key.clone()).collect();
    let answers = match api.revoke(&keys).await {
        Ok(answers) => answers,
        Err(error) => vec![Outcome::Failed(error); batch.len()],
    };
    // An answer that is too short says nothing about the rest.
    let answers = answers
        .into_iter()
        .chain(std::iter::repeat(Outcome::Unknown));
    let looked = batch.into_iter().zip(answers).map(|(pending, outcome)| {
        let api = api.clone();
        async move {
            let sought = pending.item.sought();
            let (answer, ended) = first(api.as_ref(), sought, outcome, read_back).await;
            (Pending { ended, ..pending }, answer)
        }
    });
    JobEvent::Answered(stream::iter(looked).buffered(LOOKS).collect().await)
}

/// Judges an answer, after a look at the session if one is due now; and when it ended, if the look shows it.
async fn first(
    api: &dyn SessionApi,
    item: Sought<'_>,
    outcome: Outcome,
    read_back: ReadBack,
) -> (SendResult, Option<DateTime<Utc>>) {
    let (answer, ended) = looked_at(api, item, outcome, read_back).await;
    let SendResult::Verdict(Verdict::Settled(Outcome::Failed(ApiError::Broken { .. }))) = answer
    else {
        return (answer, ended);
    };
    // The connection was closed under it and the session is still there: most likely the server never
    // saw the request, and ending the same session twice does no harm.
    let again = match api.revoke(std::slice::from_ref(item.key)).await {
        Ok(mut answers) => answers.pop().unwrap_or(Outcome::Unknown),
        Err(error) => Outcome::Failed(error),
    };
    match looked_at(api, item, again, read_back).await {
        // It was there a moment ago: one of the two requests has ended it.
        (SendResult::Verdict(Verdict::Settled(Outcome::AlreadyGone)), ended) => (
            SendResult::Verdict(Verdict::Settled(Outcome::Revoked)),
            ended,
        ),
        answer => answer,
    }
}

async fn looked_at(
    api: &dyn SessionApi,
    item: Sought<'_>,
    outcome: Outcome,
    read_back: ReadBack,
) -> (SendResult, Option<DateTime<Utc>>) {
    let outcome = match outcome {
        Outcome::Failed(error) if error.needs_a_person() => {
            return (SendResult::Person(error), None);
        }
        other => other,
    };
    if read_back.never && matches!(outcome, Outcome::StillListed) {
        return (SendResult::Verdict(Verdict::LookAgain), None);
    }
    let doubtful = is_doubtful(&outcome);
    let answered_yes = matches!(outcome, Outcome::Revoked);
    if read_back.never || !(doubtful || answered_yes && read_back.answers) {
        (SendResult::Verdict(Verdict::Settled(outcome)), None)
    } else if answered_yes || read_back.doubts {
        let (seen, ended) = look(api, item, read_back.max_rows).await;
        (SendResult::Verdict(settle(outcome, seen)), ended)
    } else {
        (SendResult::Doubtful(outcome), None)
    }
}

/// Outcome of the second look, for a session that the server called ended.
fn second(seen: Presence) -> Outcome {
    match seen {
        Presence::Gone | Presence::NeverListed => Outcome::Revoked,
        Presence::Live | Presence::Renamed | Presence::Unclear => Outcome::StillListed,
    }
}

fn is_there(seen: Presence) -> bool {
    matches!(seen, Presence::Live | Presence::Renamed)
}
