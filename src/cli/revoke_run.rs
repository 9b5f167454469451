//! Runs what `usher revoke` has decided on: one job for each source, side by side.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::hidden;
use super::outcome::Outcomes;
use super::revoke::{cannot, sessions, skipped};
use super::signals::StopSignals;
use super::sources::Source;
use super::targets::SessionTarget;
use crate::audit::{Audit, AuditError};
use crate::config::AuditMode;
use crate::model::{ApiError, EndWay, Outcome, Subject};
use crate::revoke::{
    JobContext, JobControl, JobItem, Progress, READ_EACH, read_back, run_job, run_user_job,
};

/// The number of reports that wait in the channel of a job; small, since each is read at once.
const REPORTS: usize = 64;

/// The settings that all sources share.
pub(crate) struct RevokeRun<'a> {
    /// How to speak.
    pub(crate) ctx: &'a Ctx,
    /// The open profiles.
    pub(crate) sources: &'a [Source],
    /// Why, for the audit log.
    pub(crate) reason: Option<&'a str>,
    /// Start nothing more after the first failure.
    pub(crate) fail_fast: bool,
    /// How each profile ends them.
    pub(crate) ways: Vec<EndWay>,
}

/// Ends the sessions and prints their outcomes. The answer is the exit code.
///
/// # Errors
/// Standard output cannot be written; every job has ended by then.
pub(crate) async fn run(
    job: &RevokeRun<'_>,
    targets: Vec<SessionTarget>,
    left_out: &[SessionTarget],
    outcomes: &mut Outcomes<'_>,
) -> Result<u8, Failure> {
    let stop = CancellationToken::new();
    let mut signals = StopSignals::new(stop.clone())?;
    let (report, mut reports) = mpsc::channel(REPORTS);
    let audit = Arc::new(Audit::new(&job.ctx.paths));
    let work = join_all(job.sources.iter().enumerate().map(|(at, source)| {
        let mine: Vec<(usize, &SessionTarget)> = targets
            .iter()
            .enumerate()
            .filter(|(_, target)| target.source == at)
            .collect();
        let worker = RevokeWorker {
            job,
            source,
            way: job.ways[at],
            audit: audit.clone(),
            stop: stop.child_token(),
            report: report.clone(),
        };
        async move { worker.run(mine).await }
    }));
    drop(report);
    let mut listener = Listener {
        targets: &targets,
        told: vec![None; targets.len()],
        times: vec![None; targets.len()],
        hold: targets.len() > READ_EACH,
        fail_fast: job.fail_fast.then_some(&stop),
        outcomes,
        failure: None,
    };
    let listen = async {
        while let Some(heard) = reports.recv().await {
            listener.hear(heard);
        }
    };
    let all = async { tokio::join!(work, listen) };
    let ended = tokio::select! {
        (ended, ()) = all => Some(ended),
        () = signals.second() => None,
    };
    let by_signal = signals.exit_code();
    let (told, failure) = listener.finish();
    let Some(ended) = ended else {
        // Every change that was sent is in the audit log by now.
        left_at_once(job.ctx, &told, left_out);
        hidden::show_again();
        std::process::exit(i32::from(by_signal.unwrap_or(exit::FAILED)));
    };
    for one in &ended {
        if let Some(error) = &one.error {
            let what = format!("cannot end {} of {}", sessions(one.count), one.profile);
            job.ctx.error(&exit::sentence(&what, &one.profile, error));
        }
    }
    summary(job.ctx, &told, left_out, NOT_SENT);
    match (by_signal, failure) {
        // A terminal that hangs up cannot be written to either.
        (Some(code), _) => Ok(code),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(code(&targets, &told, &ended, job.sources)),
    }
}

/// Reports the state of the command when a second signal ends it. Every change that was sent is in
/// the audit log by now.
fn left_at_once(ctx: &Ctx, told: &[Option<Outcome>], left_out: &[SessionTarget]) {
    // Which of the rest were sent is not known here.
    summary(ctx, told, left_out, "no outcome");
    let open = told.iter().filter(|outcome| outcome.is_none()).count();
    let unseen = if told.len() > READ_EACH {
        "; those called ended are so by the server's word: no list was read back"
    } else {
        ""
    };
    ctx.error(&format!(
        "left at once: {} have no outcome yet; `usher audit` shows which were sent{unseen}",
        sessions(open)
    ));
}

/// How the job of one source ended.
struct WorkerResult {
    profile: String,
    /// How many sessions of it were to be ended.
    count: usize,
    /// Why nothing, or nothing more, was sent.
    error: Option<ApiError>,
}

/// A report about one session.
enum Heard {
    /// Its outcome, and when it ended as far as the server tells.
    Outcome(usize, Outcome, Option<DateTime<Utc>>),
    /// When it ended, after its outcome.
    EndedAt(usize, DateTime<Utc>),
}

/// The job of one source.
struct RevokeWorker<'a> {
    job: &'a RevokeRun<'a>,
    source: &'a Source,
    way: EndWay,
    audit: Arc<Audit>,
    stop: CancellationToken,
    report: mpsc::Sender<Heard>,
}

impl RevokeWorker<'_> {
    async fn run(self, mine: Vec<(usize, &SessionTarget)>) -> WorkerResult {
        let error = if mine.is_empty() {
            None
        } else {
            self.end(&mine).await.err()
        };
        WorkerResult {
            profile: self.source.name().to_owned(),
            count: mine.len(),
            error,
        }
    }

    async fn end(&self, mine: &[(usize, &SessionTarget)]) -> Result<(), ApiError> {
        // Also the negotiation of versions: what the system can do is certain only now.
        let who = match self.source.api.whoami().await {
            Ok(who) => Some(who),
            // Whoever may end sessions need not be allowed to ask who they are.
            Err(ApiError::Forbidden { .. }) => None,
            Err(error) => return Err(error),
        };
        if let Some(error) = cannot(self.source) {
            return Err(error);
        }
        let context = JobContext {
            profile: self.source.profile.clone(),
            audit: self.audit.clone(),
            who,
            reason: self.job.reason.map(str::to_owned),
            verb: "revoke".to_owned(),
        };
        if self.way == EndWay::ForUser {
            self.people(context, mine).await
        } else {
            self.each(context, mine).await
        }
    }

    /// One session after the other.
    async fn each(
        &self,
        context: JobContext,
        mine: &[(usize, &SessionTarget)],
    ) -> Result<(), ApiError> {
        let items = items(mine);
        let mut control = JobControl::default();
        control.stop = self.stop.clone();
        control.fail_fast = self.job.fail_fast;
        let (progress, mut told) = mpsc::channel(REPORTS);
        let mut error = None;
        let listen = async {
            while let Some(one) = told.recv().await {
                match one {
                    Progress::Outcome {
                        row,
                        outcome,
                        ended,
                    } => self.tell(Heard::Outcome(row, outcome, ended)).await,
                    Progress::EndedAt { row, at } => self.tell(Heard::EndedAt(row, at)).await,
                    Progress::Paused(why) => {
                        // Nobody signs in while a script runs: what is left stays as it is.
                        error = Some(why);
                        self.stop.cancel();
                    }
                    Progress::Unlogged(why) => self.unlogged(&why),
                    Progress::Ended(_) => {}
                }
            }
        };
        let api = self.source.api.clone();
        let (_, ()) = tokio::join!(run_job(api, context, items, control, progress), listen);
        error.map_or(Ok(()), Err)
    }

    /// All sessions of each person at once, by the system's own operation.
    async fn people(
        &self,
        context: JobContext,
        mine: &[(usize, &SessionTarget)],
    ) -> Result<(), ApiError> {
        let mut subjects: Vec<&Subject> = mine.iter().map(|(_, target)| &target.subject).collect();
        // One that names no scope is ended in every one, and takes the others of the same person along.
        subjects.sort_by_key(|subject| subject.scope.is_some());
        let covers = |one: &Subject, other: &Subject| {
            one == other || (one.scope.is_none() && one.is_same_person(other))
        };
        let mut people: Vec<&Subject> = Vec::new();
        for subject in subjects {
            if !people.iter().any(|one| covers(one, subject)) {
                people.push(subject);
            }
        }
        let max_rows = context.profile.policy.max_rows;
        for subject in people {
            let api = self.source.api.clone();
            let unlogged = |why| self.unlogged(&why);
            let ended = run_user_job(api, context.clone(), subject.clone(), None, unlogged).await?;
            for note in &ended.notes {
                let name = self.source.name();
                self.job.ctx.note(&format!("note: {name}: {note}"));
            }
            let theirs: Vec<_> = mine
                .iter()
                .filter(|(_, t)| covers(subject, &t.subject))
                .copied()
                .collect();
            let items = items(&theirs);
            let outcomes = read_back(self.source.api.as_ref(), &items, &ended, max_rows).await;
            for (item, (outcome, ended)) in items.iter().zip(outcomes) {
                self.tell(Heard::Outcome(item.row, outcome, ended)).await;
            }
        }
        Ok(())
    }

    async fn tell(&self, heard: Heard) {
        // Nobody listens only when the command is ending already.
        let _ = self.report.send(heard).await;
    }

    fn unlogged(&self, why: &AuditError) {
        let name = self.source.name();
        let so = match (why, self.source.profile.policy.audit) {
            (AuditError::Broken(_), _) => String::new(),
            (_, AuditMode::BestEffort) => format!("; profile {name} goes on without it"),
            // Of a large job some are written down before they are sent: this one may not have been.
            (_, AuditMode::Required) => {
                format!("; a change at {name} has no end in the log")
            }
        };
        self.job.ctx.error(&format!("{why}{so}"));
    }
}

fn items(targets: &[(usize, &SessionTarget)]) -> Vec<JobItem<usize>> {
    let item = |(at, target): &(usize, &SessionTarget)| JobItem {
        row: *at,
        key: target.key.clone(),
        kind: target.kind.clone(),
        subject: target.subject.clone(),
        expires: target.expires,
        provenance: target.provenance.clone(),
    };
    targets.iter().map(item).collect()
}

/// Prints what is heard: at once, or at the end where a second look may correct the first word.
struct Listener<'a, 'o> {
    targets: &'a [SessionTarget],
    told: Vec<Option<Outcome>>,
    /// When each ended, by the server's clock.
    times: Vec<Option<DateTime<Utc>>>,
    hold: bool,
    fail_fast: Option<&'a CancellationToken>,
    outcomes: &'a mut Outcomes<'o>,
    failure: Option<Failure>,
}

impl Listener<'_, '_> {
    fn hear(&mut self, heard: Heard) {
        let (at, outcome, ended) = match heard {
            Heard::Outcome(at, outcome, ended) => (at, Some(outcome), ended),
            Heard::EndedAt(at, time) => (at, None, Some(time)),
        };
        if let Some(time) = self.times.get_mut(at) {
            *time = ended;
        }
        let Some(outcome) = outcome else {
            return;
        };
        let failed = !matches!(outcome, Outcome::Revoked | Outcome::AlreadyGone);
        if failed && let Some(stop) = self.fail_fast {
            stop.cancel();
        }
        if !self.hold {
            self.print(at, &outcome);
        }
        if let Some(told) = self.told.get_mut(at) {
            *told = Some(outcome);
        }
    }

    fn print(&mut self, at: usize, outcome: &Outcome) {
        let Some(target) = self.targets.get(at) else {
            return;
        };
        let printed = self
            .outcomes
            .outcome(target, outcome, self.times.get(at).copied().flatten())
            .and_then(|()| self.outcomes.flush());
        if let Err(failure) = printed {
            self.failure.get_or_insert(failure);
        }
    }

    fn finish(mut self) -> (Vec<Option<Outcome>>, Option<Failure>) {
        if self.hold {
            for at in 0..self.told.len() {
                if let Some(outcome) = self.told.get(at).cloned().flatten() {
                    self.print(at, &outcome);
                }
            }
        }
        (self.told, self.failure)
    }
}

/// How a summary calls what was never sent.
const NOT_SENT: &str = "not sent";

/// `ended 18, already gone 1, failed 0, unknown 0, skipped 2 (2 expired)` on standard error.
/// `open`: what those are of which nothing was told.
fn summary(ctx: &Ctx, told: &[Option<Outcome>], left_out: &[SessionTarget], open: &str) {
    let count = |test: fn(&Outcome) -> bool| told.iter().flatten().filter(|o| test(o)).count();
    let untold = told.iter().filter(|o| o.is_none()).count();
    let (not_sent, untold) = match open {
        NOT_SENT => (count(is_not_sent) + untold, 0),
        _ => (count(is_not_sent), untold),
    };
    let mut text = format!(
        "ended {}, already gone {}, failed {}, unknown {}",
        count(|o| matches!(o, Outcome::Revoked)),
        count(|o| matches!(o, Outcome::AlreadyGone)),
        count(is_failed),
        count(|o| matches!(o, Outcome::Unknown(_))),
    );
    for (word, count) in [
        ("still listed", count(|o| matches!(o, Outcome::StillListed))),
        (
            "cannot be ended alone",
            count(|o| matches!(o, Outcome::NoLastingId)),
        ),
        (
            "not found",
            count(|o| matches!(o, Outcome::Failed(ApiError::NotFound))),
        ),
        (NOT_SENT, not_sent),
        (open, untold),
    ] {
        if count > 0 {
            text.push_str(&format!(", {word} {count}"));
        }
    }
    text.push_str(&skipped(left_out));
    ctx.note(&text);
}

fn is_failed(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused(_) => true,
        Outcome::Failed(error) => !matches!(error, ApiError::NotFound | ApiError::Cancelled),
        _ => false,
    }
}

fn is_not_sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(ApiError::Cancelled))
}

/// The exit code of the whole: of all sessions if they agree, else "partly".
fn code(
    targets: &[SessionTarget],
    told: &[Option<Outcome>],
    ended: &[WorkerResult],
    sources: &[Source],
) -> u8 {
    let error_of = |target: &SessionTarget| {
        let name = sources.get(target.source).map(Source::name)?;
        let ended = ended.iter().find(|one| one.profile == name)?;
        ended.error.as_ref().map(ApiError::exit_code)
    };
    let mut codes: Vec<u8> = Vec::with_capacity(told.len());
    let mut not_sent = false;
    for (target, outcome) in targets.iter().zip(told) {
        match outcome {
            Some(Outcome::Revoked | Outcome::AlreadyGone) => codes.push(exit::OK),
            Some(Outcome::Refused(_) | Outcome::StillListed) => codes.push(exit::FAILED),
            Some(Outcome::Unknown(_)) => codes.push(exit::PARTLY),
            Some(Outcome::NoLastingId) => codes.push(exit::NOT_ALLOWED),
            Some(Outcome::Failed(error)) if !matches!(error, ApiError::Cancelled) => {
                codes.push(error.exit_code());
            }
            Some(Outcome::Failed(_)) | None => match error_of(target) {
                Some(code) => codes.push(code),
                None => not_sent = true,
            },
        }
    }
    match exit::code_of_all(&codes) {
        exit::OK if not_sent => exit::PARTLY,
        code => code,
    }
}
