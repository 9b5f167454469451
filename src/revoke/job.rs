//! Ending sessions one by one, or in the batches that the system takes.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::lines::{Ended, Pace, Tell};
use super::look::{self, Presence, Sought, Verdict, is_doubtful, look, settle};
use super::{
    AuditWriter, JobContext, JobControl, JobItem, Progress, READ_EACH, SECOND_LOOK, Tally, Written,
    send_report,
};
use crate::api::SessionApi;
use crate::audit::{AuditError, Ticket};
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
            each: reads && waiting.len() <= READ_EACH,
            can: reads,
            never: caps.revoke_is_verified,
            max_rows: context.profile.policy.max_rows,
        },
        batch: batch.min().unwrap_or(1),
        concurrency: usize::from(context.profile.concurrency.max(1)),
        running: FuturesUnordered::new(),
        sending: 0,
        waiting,
        ready: VecDeque::new(),
        ended: Vec::new(),
        pace: Pace::default(),
        no_log: None,
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
    /// Every yes and every doubtful answer, at once; else the list settles them at the end.
    each: bool,
    /// A single session can be read.
    can: bool,
    /// None: the provider has looked, and its outcomes are final.
    never: bool,
    /// Rows that are read to find a session.
    max_rows: u32,
}

impl ReadBack {
    /// True if this answer says all that is wanted now.
    fn is_settled_by(self, outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Revoked) && !self.each
    }
}

/// An item that has not ended.
pub(super) struct Pending<R> {
    pub number: usize,
    pub item: JobItem<R>,
    /// Its first line in the audit log. `None`: it has none yet, or the log has failed and the
    /// profile allows that.
    pub ticket: Option<Ticket>,
    /// When it ended, by the server's clock, as far as a look has shown.
    pub ended: Option<DateTime<Utc>>,
}

/// The end of one running task.
pub(super) enum JobEvent<R> {
    Answered(Vec<(Pending<R>, SendResult)>, Instant),
    LookedAgain(Box<Pending<R>>, Presence),
    /// Lines of the log were written, or could not be: those of these items, and those of these ends.
    Written {
        begun: Vec<Pending<R>>,
        ended: Vec<Ended<R>>,
        written: Written,
    },
    /// Ends have waited long enough for others to be written with them.
    Due,
}

/// Result of sending one item.
pub(super) enum SendResult {
    Verdict(Verdict),
    /// Only a look at the list can settle it.
    Doubtful(Outcome),
    /// The sign-in is lost, or the server asks for a long wait; it was not done.
    Person(ApiError),
}

pub(super) struct RunningJob<R> {
    pub api: Arc<dyn SessionApi>,
    pub log: AuditWriter,
    pub control: JobControl,
    pub report: mpsc::Sender<Progress<R>>,
    read_back: ReadBack,
    /// Keys a request.
    pub batch: usize,
    /// Requests at the same time.
    pub concurrency: usize,
    /// Not in the log yet.
    pub waiting: VecDeque<Pending<R>>,
    /// In the log, and to be sent.
    pub ready: VecDeque<Pending<R>>,
    pub running: FuturesUnordered<BoxFuture<'static, JobEvent<R>>>,
    /// Requests among what is running.
    pub sending: usize,
    /// Ended, and to be written down.
    pub ended: Vec<Ended<R>>,
    pub pace: Pace,
    /// Why the log cannot be written. `None`: it can, or the profile allows changes without it.
    pub no_log: Option<AuditError>,
    /// Sent, and to be settled by the list at the end.
    doubtful: Vec<(Pending<R>, Outcome)>,
    /// The server said yes, and that was reported. It is logged after the list at the end, which may
    /// correct it: a line of the log is never taken back.
    trusted: Vec<Pending<R>>,
    pub tally: Tally,
    pub unlogged_reported: bool,
}

impl<R: Clone + Send + Sync + 'static> RunningJob<R> {
    /// Sends all waiting items, or until a stop. Returns why the rest was not sent.
    async fn send_all(&mut self) -> Option<ApiError> {
        let mut person: Option<ApiError> = None;
        loop {
            let stopped = self.control.stop.is_cancelled();
            let goes_on = !stopped && person.is_none() && self.no_log.is_none();
            if goes_on {
                self.send_ready();
            } else if stopped {
                self.give_up_ready();
            }
            self.write_lines(goes_on);
            if let Some(event) = self.next().await {
                if let Some(error) = self.take(event).await {
                    person.get_or_insert(error);
                }
                continue;
            }
            if let Some(error) = self.no_log.take() {
                return Some(ApiError::NoAudit(error.to_string()));
            }
            if stopped || self.waiting.is_empty() && self.ready.is_empty() {
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
        let due = self.ends_due();
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
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return Some(JobEvent::Due);
                }
            }
        }
    }

    /// Sends as many items as the concurrency allows and the log has.
    fn send_ready(&mut self) {
        while self.sending < self.concurrency && self.has_batch() {
            let size = self.batch.min(self.ready.len());
            let next = self.ready.drain(..size).collect();
            let send = send(self.api.clone(), next, self.read_back);
            self.running.push(Box::pin(send));
            self.sending += 1;
        }
    }

    /// True if as many items are ready as go into one request, or no more will come.
    fn has_batch(&self) -> bool {
        let no_more = self.waiting.is_empty() && !self.pace.is_writing();
        self.ready.len() >= self.batch || no_more && !self.ready.is_empty()
    }

    /// Handles the end of a task. Returns an error that only a person can solve.
    async fn take(&mut self, event: JobEvent<R>) -> Option<ApiError> {
        let (answers, sent_at) = match event {
            JobEvent::Due => return None,
            JobEvent::Written {
                begun,
                ended,
                written,
            } => {
                self.written(begun, ended, written).await;
                return None;
            }
            JobEvent::LookedAgain(pending, seen) => {
                self.finish(*pending, second(seen));
                return None;
            }
            JobEvent::Answered(answers, sent_at) => (answers, sent_at),
        };
        self.sending -= 1;
        self.pace.answered(sent_at);
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
            self.ready.push_front(pending);
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
        if !is_trusted || self.read_back.each || self.read_back.never {
            return self.finish(pending, outcome);
        }
        self.tally.count(&outcome);
        let row = pending.item.row.clone();
        self.trusted.push(pending);
        // The list at the end may tell when it ended.
        let ended = None;
        let told = Progress::Outcome {
            row,
            outcome,
            ended,
        };
        send_report(&self.report, told).await;
    }

    /// Logs an outcome, and then reports it.
    fn finish(&mut self, pending: Pending<R>, outcome: Outcome) {
        let has_ended = matches!(outcome, Outcome::Revoked | Outcome::AlreadyGone);
        if self.control.fail_fast && !has_ended {
            self.control.stop.cancel();
        }
        self.ends(pending, outcome, Tell::Outcome);
    }

    /// Reads the list once for every item that was not read back on its own.
    async fn settle_by_list(&mut self) {
        if self.doubtful.is_empty() && self.trusted.is_empty() {
            return;
        }
        let listed = self.list().await;
        let mut still = Vec::new();
        for pending in std::mem::take(&mut self.trusted) {
            let (seen, ended) = listed.found(pending.item.sought());
            match settle(Outcome::Revoked, seen) {
                Verdict::LookAgain => still.push(pending),
                Verdict::Settled(outcome) => {
                    let tell = Tell::of_trusted(&outcome);
                    self.ends(Pending { ended, ..pending }, outcome, tell);
                }
            }
        }
        let mut again = Vec::new();
        for (pending, answer, seen) in self.doubts(&listed).await {
            match settle(answer, seen) {
                Verdict::Settled(outcome) => self.finish(pending, outcome),
                Verdict::LookAgain => again.push(pending),
            }
        }
        self.write_ends().await;
        if again.is_empty() && still.is_empty() {
            return;
        }
        tokio::time::sleep(SECOND_LOOK).await;
        let wanted = again.iter().chain(&still).map(|p| p.item.sought());
        let listed = look::list(self.api.as_ref(), wanted, self.read_back.max_rows).await;
        for pending in again {
            let (seen, ended) = listed.found(pending.item.sought());
            self.finish(Pending { ended, ..pending }, second(seen));
        }
        for pending in still {
            let (seen, ended) = listed.found(pending.item.sought());
            let outcome = second(seen);
            let tell = Tell::of_trusted(&outcome);
            self.ends(Pending { ended, ..pending }, outcome, tell);
        }
        self.write_ends().await;
    }

    /// What the list showed of the doubtful items; those of which it shows nothing are read one by one.
    fn doubts(
        &mut self,
        listed: &look::Listed,
    ) -> impl Future<Output = Vec<(Pending<R>, Outcome, Presence)>> + Send + use<R> {
        let doubtful = std::mem::take(&mut self.doubtful);
        let seen = |(pending, answer): (Pending<R>, Outcome)| {
            let (seen, ended) = listed.found(pending.item.sought());
            (Pending { ended, ..pending }, answer, seen)
        };
        let doubtful: Vec<_> = doubtful.into_iter().map(seen).collect();
        let (api, read_back) = (self.api.clone(), self.read_back);
        let looked = doubtful.into_iter().map(move |(pending, answer, seen)| {
            let api = api.clone();
            async move {
                let (seen, ended) = match seen {
                    Presence::Unclear if read_back.can => {
                        look(api.as_ref(), pending.item.sought(), read_back.max_rows).await
                    }
                    seen => (seen, pending.ended),
                };
                (Pending { ended, ..pending }, answer, seen)
            }
        });
        stream::iter(looked).buffered(LOOKS).collect()
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
}

/// Sends one request and reads back its effect. Never dropped half way.
async fn send<R: Sync>(
    api: Arc<dyn SessionApi>,
    batch: Vec<Pending<R>>,
    read_back: ReadBack,
) -> JobEvent<R> {
    let sent_at = Instant::now();
    let keys: Vec<SessionKey> = batch.iter().map(|p| p.item.key.clone()).collect();
    let answers = match api.revoke(&keys).await {
        Ok(answers) => answers,
        Err(error) => vec![Outcome::Failed(error); batch.len()],
    };
    // An answer that is too short says nothing about the rest.
    let answers = answers
        .into_iter()
        .chain(std::iter::repeat(Outcome::Unknown(None)));
    let answered: Vec<_> = batch.into_iter().zip(answers).collect();
    if answered
        .iter()
        .all(|(_, outcome)| read_back.is_settled_by(outcome))
    {
        let settled = |(pending, outcome): (Pending<R>, Outcome)| {
            let ended = None;
            let settled = SendResult::Verdict(Verdict::Settled(outcome));
            (Pending { ended, ..pending }, settled)
        };
        return JobEvent::Answered(answered.into_iter().map(settled).collect(), sent_at);
    }
    let looked = answered.into_iter().map(|(pending, outcome)| {
        let api = api.clone();
        async move {
            let sought = pending.item.sought();
            let (answer, ended) = first(api.as_ref(), sought, outcome, read_back).await;
            (Pending { ended, ..pending }, answer)
        }
    });
    let looked = stream::iter(looked).buffered(LOOKS).collect();
    // On the heap: few requests need the room for a look.
    JobEvent::Answered(Box::pin(looked).await, sent_at)
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
        Ok(mut answers) => answers.pop().unwrap_or(Outcome::Unknown(None)),
        Err(error) => Outcome::Failed(error),
    };
    let was_due = item.expires.is_some_and(|at| at <= api.server_now());
    match looked_at(api, item, again, read_back).await {
        // It was there a moment ago: one of the two requests has ended it, or its time did.
        (SendResult::Verdict(Verdict::Settled(Outcome::AlreadyGone)), ended) if !was_due => (
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
    let answered_yes = matches!(outcome, Outcome::Revoked);
    if read_back.never || !answered_yes && !is_doubtful(&outcome) {
        return (SendResult::Verdict(Verdict::Settled(outcome)), None);
    }
    // One whose connection broke may have to be sent again, so it is looked at now.
    let broke = matches!(outcome, Outcome::Failed(ApiError::Broken { .. }));
    if read_back.each || broke && read_back.can {
        let (seen, ended) = look(api, item, read_back.max_rows).await;
        (SendResult::Verdict(settle(outcome, seen)), ended)
    } else if answered_yes {
        (SendResult::Verdict(Verdict::Settled(outcome)), None)
    } else {
        (SendResult::Doubtful(outcome), None)
    }
}

/// Outcome of the second look, for a session that the server called ended.
fn second(seen: Presence) -> Outcome {
    match seen {
        Presence::Gone | Presence::NeverListed => Outcome::Revoked,
        Presence::Expired | Presence::OutOfTime => Outcome::AlreadyGone,
        Presence::Live | Presence::Renamed | Presence::Unclear => Outcome::StillListed,
    }
}
