//! Ending sessions one by one, or in the batches that the system takes.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::look::{self, Seen, Sought, Verdict, is_doubtful, look, settle};
use super::{Book, Item, JobContext, JobControl, Progress, READ_EACH, SECOND_LOOK, Tally, tell};
use crate::api::SessionApi;
use crate::audit::{AuditError, Change, Ending, Target, Ticket};
use crate::model::{ApiError, Outcome, Revoke, SessionKey};

/// Ends sessions. Every item is told through `report`; what is returned counts them.
///
/// Never drop it half way: stop it by its control and await its end. It goes on when nobody listens.
pub async fn run_job<R: Clone + Send + Sync + 'static>(
    api: Arc<dyn SessionApi>,
    context: JobContext,
    items: Vec<Item<R>>,
    control: JobControl,
    report: mpsc::Sender<Progress<R>>,
) -> Tally {
    let waiting = items.into_iter().enumerate().map(|(at, item)| Pending {
        number: at + 1,
        item,
        ticket: None,
        written: false,
    });
    let waiting: VecDeque<_> = waiting.collect();
    let caps = api.caps();
    let reads = !caps.revoke_is_verified && caps.kinds.iter().all(|kind| kind.get);
    let batch = caps.kinds.iter().map(|kind| match kind.revoke {
        Revoke::Batch(size) => usize::from(size.max(1)),
        _ => 1,
    });
    let mut job = Job {
        book: Book::new(&context, waiting.len()),
        looks: Looks {
            answers: reads && waiting.len() <= READ_EACH,
            doubts: reads,
            never: caps.revoke_is_verified,
            max_rows: context.profile.max_rows,
        },
        batch: batch.min().unwrap_or(1),
        lanes: usize::from(context.profile.concurrency.max(1)),
        running: FuturesUnordered::new(),
        sending: 0,
        waiting,
        doubtful: Vec::new(),
        trusted: Vec::new(),
        tally: Tally::default(),
        told_unlogged: false,
        api,
        control,
        report,
    };
    let end = if context.profile.read_only {
        Some(ApiError::ReadOnly(context.profile.name.clone()))
    } else {
        job.send_all().await
    };
    job.read_back().await;
    job.leave(end.unwrap_or(ApiError::Cancelled)).await;
    tell(&job.report, Progress::Ended(job.tally)).await;
    job.tally
}

/// How often a stopped job says that nothing is to wait any more.
const GIVE_UP: std::time::Duration = std::time::Duration::from_millis(200);

/// Sessions of one batch that are looked at at the same time.
const LOOKS: usize = 4;

/// Which answers are followed by a look at the session.
#[derive(Clone, Copy)]
struct Looks {
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
    item: Item<R>,
    /// The log knows that it is being sent.
    ticket: Option<Ticket>,
    /// It was offered to the log, which took it or was allowed not to.
    written: bool,
}

/// Something on its way has come back.
enum Event<R> {
    Answered(Vec<(Pending<R>, Answer)>),
    LookedAgain(Box<Pending<R>>, Seen),
}

/// What came of sending one item.
enum Answer {
    Verdict(Verdict),
    /// Only a look at the list can settle it.
    Doubtful(Outcome),
    /// The sign-in is lost, or the server asks for a long wait; it was not done.
    Person(ApiError),
}

struct Job<R> {
    api: Arc<dyn SessionApi>,
    book: Book,
    control: JobControl,
    report: mpsc::Sender<Progress<R>>,
    looks: Looks,
    /// Keys a request.
    batch: usize,
    /// Requests at the same time.
    lanes: usize,
    waiting: VecDeque<Pending<R>>,
    running: FuturesUnordered<BoxFuture<'static, Event<R>>>,
    /// Requests among what is running.
    sending: usize,
    /// Sent, and to be settled by the list at the end.
    doubtful: Vec<(Pending<R>, Outcome)>,
    /// The server said yes, and that was told. The log hears it after the list at the end, which may
    /// correct it: what stands in the log is never taken back.
    trusted: Vec<Pending<R>>,
    tally: Tally,
    told_unlogged: bool,
}

impl<R: Clone + Send + Sync + 'static> Job<R> {
    /// Sends until nothing waits, or until it is stopped. An error: why the rest is not sent.
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
                self.control.forget();
                tell(&self.report, Progress::Paused(error)).await;
                self.control.told().await;
            }
        }
    }

    /// The next thing that comes back. Once the job is stopped, what only waits for its turn is not
    /// sent any more.
    async fn next(&mut self) -> Option<Event<R>> {
        loop {
            let stop = self.control.stop.clone();
            let stopped = async {
                match stop.is_cancelled() {
                    true => tokio::time::sleep(GIVE_UP).await,
                    false => stop.cancelled().await,
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

    /// Writes down and sends as much as there are free lanes for: one write of the log for all of it.
    async fn start(&mut self) -> Result<(), AuditError> {
        let free = self.lanes.saturating_sub(self.sending) * self.batch;
        let mut next: Vec<_> = self.waiting.drain(..free.min(self.waiting.len())).collect();
        if let Err(error) = self.write_down(&mut next).await {
            for pending in next.into_iter().rev() {
                self.waiting.push_front(pending);
            }
            return Err(error);
        }
        while !next.is_empty() {
            let rest = next.split_off(self.batch.min(next.len()));
            let send = send(self.api.clone(), next, self.looks);
            self.running.push(Box::pin(send));
            self.sending += 1;
            next = rest;
        }
        Ok(())
    }

    /// Offers to the log what it does not know yet.
    async fn write_down(&mut self, next: &mut [Pending<R>]) -> Result<(), AuditError> {
        let mut new: Vec<_> = next.iter_mut().filter(|p| !p.written).collect();
        if new.is_empty() {
            return Ok(());
        }
        let change = |pending: &&mut Pending<R>| Change {
            operation: self.book.operation.clone(),
            item: pending.number,
            target: Target::Session {
                key: pending.item.key.clone(),
                kind: pending.item.kind.clone(),
                subject: pending.item.subject.clone(),
            },
        };
        let changes = new.iter().map(change).collect();
        let (tickets, error) = self.book.asked(changes).await?;
        for (pending, ticket) in new.iter_mut().zip(tickets) {
            pending.ticket = ticket;
            pending.written = true;
        }
        self.unlogged(error).await;
        Ok(())
    }

    /// Takes what has come back. An error: only a person can help.
    async fn take(&mut self, event: Event<R>) -> Option<ApiError> {
        let answers = match event {
            Event::LookedAgain(pending, seen) => {
                self.finish(*pending, second(seen)).await;
                return None;
            }
            Event::Answered(answers) => answers,
        };
        self.sending -= 1;
        let mut lost = None;
        let mut back = Vec::new();
        for (pending, answer) in answers {
            match answer {
                Answer::Verdict(Verdict::Settled(outcome)) => self.answered(pending, outcome).await,
                Answer::Verdict(Verdict::LookAgain) => self.look_again(pending),
                Answer::Doubtful(outcome) => self.doubtful.push((pending, outcome)),
                Answer::Person(error) => {
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
        let (api, max_rows) = (self.api.clone(), self.looks.max_rows);
        self.running.push(Box::pin(async move {
            tokio::time::sleep(SECOND_LOOK).await;
            let seen = look(api.as_ref(), pending.item.sought(), max_rows).await;
            Event::LookedAgain(Box::new(pending), seen)
        }));
    }

    /// Tells what became of an item, and writes it down unless a look at the list is to come.
    async fn answered(&mut self, pending: Pending<R>, outcome: Outcome) {
        let is_trusted = matches!(outcome, Outcome::Revoked);
        if !is_trusted || self.looks.answers || self.looks.never {
            return self.finish(pending, outcome).await;
        }
        self.tally.count(&outcome);
        let row = pending.item.row.clone();
        self.trusted.push(pending);
        tell(&self.report, Progress::Outcome { row, outcome }).await;
    }

    /// Writes down and tells what became of an item.
    async fn finish(&mut self, pending: Pending<R>, outcome: Outcome) {
        self.write_end(pending.ticket, &outcome).await;
        self.tally.count(&outcome);
        let row = pending.item.row;
        tell(&self.report, Progress::Outcome { row, outcome }).await;
    }

    async fn write_end(&mut self, ticket: Option<Ticket>, outcome: &Outcome) {
        let error = self.book.done(ticket, Ending::from(outcome)).await;
        self.unlogged(error).await;
    }

    /// Looks once, in the list, for all that was not read back by itself.
    async fn read_back(&mut self) {
        if self.doubtful.is_empty() && self.trusted.is_empty() {
            return;
        }
        let listed = self.list().await;
        let mut still = Vec::new();
        for pending in std::mem::take(&mut self.trusted) {
            match is_there(listed.seen(pending.item.sought())) {
                true => still.push(pending),
                false => self.write_end(pending.ticket, &Outcome::Revoked).await,
            }
        }
        let mut again = Vec::new();
        for (pending, answer) in std::mem::take(&mut self.doubtful) {
            match settle(answer, listed.seen(pending.item.sought())) {
                Verdict::Settled(outcome) => self.finish(pending, outcome).await,
                Verdict::LookAgain => again.push(pending),
            }
        }
        if again.is_empty() && still.is_empty() {
            return;
        }
        tokio::time::sleep(SECOND_LOOK).await;
        let wanted = again.iter().chain(&still).map(|p| p.item.sought());
        let listed = look::list(self.api.as_ref(), wanted, self.looks.max_rows).await;
        for pending in again {
            let seen = listed.seen(pending.item.sought());
            self.finish(pending, second(seen)).await;
        }
        for pending in still {
            let outcome = second(listed.seen(pending.item.sought()));
            self.write_end(pending.ticket, &outcome).await;
            if matches!(outcome, Outcome::Revoked) {
                continue;
            }
            let row = pending.item.row;
            self.tally.correct(&Outcome::Revoked, &outcome);
            tell(&self.report, Progress::Outcome { row, outcome }).await;
        }
    }

    // Borrows its parts, not the job: what is on its way may not be shared between threads, and a job
    // that holds a borrow of it across a wait could not be spawned.
    fn list(&self) -> impl Future<Output = look::Listed> + Send + use<'_, R> {
        let (api, max_rows) = (&self.api, self.looks.max_rows);
        let (doubtful, trusted) = (&self.doubtful, &self.trusted);
        async move {
            let doubtful = doubtful.iter().map(|(pending, _)| pending);
            let wanted = doubtful.chain(trusted).map(|p| p.item.sought());
            look::list(api.as_ref(), wanted, max_rows).await
        }
    }

    /// Tells why the rest is not sent. What the log knows gets its second line.
    async fn leave(&mut self, why: ApiError) {
        for pending in std::mem::take(&mut self.waiting) {
            let ending = Ending::from(&ApiError::Cancelled);
            let error = self.book.done(pending.ticket, ending).await;
            self.unlogged(error).await;
            self.tally.not_sent += 1;
            let (row, outcome) = (pending.item.row, Outcome::Failed(why.clone()));
            tell(&self.report, Progress::Outcome { row, outcome }).await;
        }
    }

    async fn unlogged(&mut self, error: Option<AuditError>) {
        // That the log was changed is told whenever it is found: it does not stand for a lacking line.
        let changed = matches!(error, Some(AuditError::Broken(_)));
        if let Some(error) = error.filter(|_| changed || !self.told_unlogged) {
            self.told_unlogged |= !changed;
            tell(&self.report, Progress::Unlogged(error)).await;
        }
    }
}

/// Sends one request and looks at what it did. Never dropped half way.
async fn send<R: Sync>(api: Arc<dyn SessionApi>, batch: Vec<Pending<R>>, looks: Looks) -> Event<R> {
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
            let answer = first(api.as_ref(), pending.item.sought(), outcome, looks).await;
            (pending, answer)
        }
    });
    Event::Answered(stream::iter(looked).buffered(LOOKS).collect().await)
}

/// What an answer comes to, after a look if there is one to take now.
async fn first(api: &dyn SessionApi, item: Sought<'_>, outcome: Outcome, looks: Looks) -> Answer {
    let answer = looked_at(api, item, outcome, looks).await;
    let Answer::Verdict(Verdict::Settled(Outcome::Failed(ApiError::Broken { .. }))) = answer else {
        return answer;
    };
    // The connection was closed under it and the session is still there: most likely the server never
    // saw the request, and ending the same session twice does no harm.
    let again = match api.revoke(std::slice::from_ref(item.key)).await {
        Ok(mut answers) => answers.pop().unwrap_or(Outcome::Unknown),
        Err(error) => Outcome::Failed(error),
    };
    match looked_at(api, item, again, looks).await {
        // It was there a moment ago: one of the two requests has ended it.
        Answer::Verdict(Verdict::Settled(Outcome::AlreadyGone)) => {
            Answer::Verdict(Verdict::Settled(Outcome::Revoked))
        }
        answer => answer,
    }
}

async fn looked_at(
    api: &dyn SessionApi,
    item: Sought<'_>,
    outcome: Outcome,
    looks: Looks,
) -> Answer {
    let outcome = match outcome {
        Outcome::Failed(error) if error.needs_a_person() => return Answer::Person(error),
        other => other,
    };
    if looks.never && matches!(outcome, Outcome::StillListed) {
        return Answer::Verdict(Verdict::LookAgain);
    }
    let doubtful = is_doubtful(&outcome);
    let answered_yes = matches!(outcome, Outcome::Revoked);
    if looks.never || !(doubtful || answered_yes && looks.answers) {
        Answer::Verdict(Verdict::Settled(outcome))
    } else if answered_yes || looks.doubts {
        let seen = look(api, item, looks.max_rows).await;
        Answer::Verdict(settle(outcome, seen))
    } else {
        Answer::Doubtful(outcome)
    }
}

/// What the second look at a session says of which the server said that it has ended.
fn second(seen: Seen) -> Outcome {
    match seen {
        Seen::Gone | Seen::NeverListed => Outcome::Revoked,
        Seen::Live | Seen::Renamed | Seen::Unclear => Outcome::StillListed,
    }
}

fn is_there(seen: Seen) -> bool {
    matches!(seen, Seen::Live | Seen::Renamed)
}
