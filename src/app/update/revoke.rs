//! Revoking: what is sent, and what became of it.

use std::ops::RangeInclusive;

use super::{form, message};
use crate::app::dialog::Dialog;
use crate::app::dialogs::ended::EndedBox;
use crate::app::dialogs::job::JobBox;
use crate::app::effect::{Effect, JobId, RevokeItem};
use crate::app::job::{Counted, Job, JobState};
use crate::app::results::RowStatus;
use crate::app::row_facts::RowFacts;
use crate::app::source::Link;
use crate::app::state::{Level, State};
use crate::app::system_end::SystemEnd;
use crate::app::words;
use crate::model::{ApiError, NO_LASTING_ID, Outcome, UserOutcome};
use crate::store::{RowId, SourceId};

/// Confirmed: ends exactly the session that the question held.
pub fn send(
    state: &mut State,
    item: RevokeItem,
    production: bool,
    reason: Option<String>,
) -> Vec<Effect> {
    let mut job = Job::new(next_job(state), production, reason.clone());
    job.title = "Ending 1 session".to_owned();
    job.set_items(vec![item.clone()]);
    if let Some(row) = current_row(state, &item) {
        state.results.statuses.insert(row, RowStatus::Revoking);
    }
    let mut effects = vec![Effect::Revoke {
        job: job.id,
        items: vec![item],
        users: Vec::new(),
        reason,
    }];
    state.jobs.push(job);
    effects.extend(message::say(state, Level::Info, "ending 1 session…"));
    effects
}

/// The number of a new job. Those that have ended are forgotten.
pub fn next_job(state: &mut State) -> JobId {
    state.last_job = JobId(state.last_job.0 + 1);
    state.jobs.retain(|job| job.state != JobState::Ended);
    state.last_job
}

/// One row has its outcome: it stays where it is and says so.
pub fn outcome(state: &mut State, job: JobId, row: RowId, outcome: Outcome) -> Vec<Effect> {
    let Some(at) = state.jobs.iter().position(|j| j.id == job) else {
        return Vec::new();
    };
    let Some(item) = state.jobs[at].item(row).cloned() else {
        return Vec::new();
    };
    let job = &mut state.jobs[at];
    match &outcome {
        Outcome::Revoked => job.count(&item, Counted::Done, None),
        Outcome::AlreadyGone => job.count(&item, Counted::Gone, None),
        Outcome::StillListed | Outcome::Unknown(_) => job.count(&item, Counted::Unclear, None),
        Outcome::NoLastingId => job.count(&item, Counted::Failed, Some(NO_LASTING_ID.into())),
        // Stopped before it was sent: it is as it was.
        Outcome::Failed(ApiError::Cancelled) => return Vec::new(),
        Outcome::Refused(why) => job.count(&item, Counted::Failed, Some(why.clone())),
        Outcome::Failed(error) => job.count(&item, Counted::Failed, Some(error.to_string())),
    }
    if matches!(outcome, Outcome::Revoked | Outcome::AlreadyGone) {
        disconnect(state, &item);
    }
    let status = row_status(&outcome);
    let now = state.now;
    state.results.remember(item.source, &item.key, &status, now);
    if let Some(row) = current_row(state, &item) {
        state.results.settle(row, status, state.now);
    }
    let is_plan = state.jobs[at].is_plan();
    match outcome {
        // The status line counts, and the box at the end says what failed.
        _ if is_plan => {}
        Outcome::Failed(error) => {
            let what = format!("end {}", RowFacts::of(state, &item).line());
            message::fail(state, "Ending failed", what, &error, Some(item.source));
        }
        Outcome::Refused(_) | Outcome::NoLastingId => {
            let error = ApiError::Forbidden {
                message: match outcome {
                    Outcome::Refused(why) => why,
                    _ => NO_LASTING_ID.to_owned(),
                },
                needs: None,
                exchange: None,
            };
            let what = format!("end {}", RowFacts::of(state, &item).line());
            message::fail(state, "Ending refused", what, &error, Some(item.source));
        }
        _ => {}
    }
    Vec::new()
}

/// The session was the connection of its source, and has ended.
fn disconnect(state: &mut State, item: &RevokeItem) {
    if let Some(source) = state.sources.get_mut(usize::from(item.source.0))
        && let Some(kind) = source.kind(item.kind.as_deref())
        && kind.is_connection
    {
        source.link = Link::Ended;
    }
}

/// The row of an item in the rows now shown: rows may have been loaded anew since the question.
pub fn current_row(state: &State, item: &RevokeItem) -> Option<RowId> {
    state.results.row_of(item.source, &item.key, Some(item.row))
}

/// The status that an outcome gives to the row of its session.
pub fn row_status(outcome: &Outcome) -> RowStatus {
    match outcome {
        Outcome::Revoked => RowStatus::Revoked,
        Outcome::AlreadyGone => RowStatus::AlreadyGone,
        Outcome::StillListed => RowStatus::StillListed,
        Outcome::NoLastingId => RowStatus::NoLastingId,
        Outcome::Refused(why) => RowStatus::Refused(why.clone()),
        Outcome::Failed(error) => RowStatus::Failed(error.to_string()),
        Outcome::Unknown(_) => RowStatus::Unknown(outcome.doubt().unwrap_or_default()),
    }
}

/// A system's own operation for a person has been answered.
pub fn user_outcome(
    state: &mut State,
    job: JobId,
    source: SourceId,
    result: &Result<UserOutcome, ApiError>,
) -> Vec<Effect> {
    let now = state.now;
    let jobs = state.jobs.iter_mut().filter(|known| known.id == job);
    let mut ends = jobs.flat_map(|job| &mut job.ends);
    if let Some(end) = ends.find(|end| end.source == source) {
        end.add_user(result, now);
    }
    Vec::new()
}

/// A job waits for somebody to sign in, or to decide about a long wait.
pub fn paused(state: &mut State, id: JobId, error: ApiError) -> Vec<Effect> {
    let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) else {
        return Vec::new();
    };
    let text = format!(
        "{}, {} waiting: {}",
        job.done_words(),
        job.open(),
        words::wanted(&error)
    );
    job.state = JobState::Paused(error);
    job.button = 0;
    if !state.dialogs.iter().any(|dialog| is_box_of(&**dialog, id)) {
        state.open(JobBox(id));
    }
    message::say(state, Level::Warn, text)
}

fn is_box_of(dialog: &dyn Dialog, job: JobId) -> bool {
    dialog.get::<JobBox>().is_some_and(|shown| shown.0 == job)
}

/// The records of a job in the audit log.
pub fn recorded(state: &mut State, id: JobId, records: RangeInclusive<u64>) -> Vec<Effect> {
    if let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) {
        job.records = Some(records);
    }
    Vec::new()
}

/// A job has ended: says what became of it. The box stays only if it has something to say.
pub fn ended(state: &mut State, id: JobId) -> Vec<Effect> {
    let Some(at) = state.jobs.iter().position(|job| job.id == id) else {
        return Vec::new();
    };
    // A row that was never sent, because the job was stopped, is as it was.
    let items = state.jobs[at].items.clone();
    for item in &items {
        if let Some(row) = current_row(state, item)
            && state.results.statuses.get(&row) == Some(&RowStatus::Revoking)
        {
            state.results.statuses.remove(&row);
        }
    }
    let job = &mut state.jobs[at];
    job.state = JobState::Ended;
    let mut job = job.clone();
    if job.is_plan() {
        return plan_ended(state, at, &mut job);
    }
    if job.failed.is_empty() {
        state.dialogs.retain(|dialog| !is_box_of(&**dialog, id));
    }
    if state.quitting && state.jobs.iter().all(|job| job.state == JobState::Ended) {
        return vec![Effect::Quit(0)];
    }
    match summary(state, &job) {
        Some((level, text)) => message::say(state, level, text),
        None => Vec::new(),
    }
}

/// A plan was carried out. One line says so where it was about certain sessions of one system and all went
/// well; else a box does, with each system.
fn plan_ended(state: &mut State, at: usize, job: &mut Job) -> Vec<Effect> {
    let mut ends = std::mem::take(&mut job.ends);
    for end in &mut ends {
        end.settle(job, state.now);
    }
    state.jobs[at].ends.clone_from(&ends);
    let is_over = |job: &Job| job.state == JobState::Ended;
    state.dialogs.retain(|dialog| !is_box_of(&**dialog, job.id));
    if state.quitting && state.jobs.iter().all(is_over) {
        return vec![Effect::Quit(0)];
    }
    if let ([end], None) = (ends.as_slice(), &job.whose)
        && end.is_clean()
    {
        let text = end.words(state);
        return message::say(state, Level::Ok, text);
    }
    let grave = !ends.iter().all(SystemEnd::is_clean);
    let words: Vec<String> = ends.iter().map(|end| end.words(state)).collect();
    let level = if grave { Level::Warn } else { Level::Ok };
    state.open(EndedBox::new(job.id));
    let mut effects = message::say(state, level, words.join(" · "));
    if job.whose.is_some() {
        // Sessions that ended by an operation for the person have no outcome of their own.
        let message = state.message.take();
        effects.extend(form::list_again(state));
        state.message = message;
    }
    effects
}

/// Starts nothing more of the plan that runs; what has been sent is awaited. `None`: none runs.
pub fn stop_running(state: &mut State) -> Option<Vec<Effect>> {
    let mut jobs = state.jobs.iter_mut();
    let job = jobs.find(|job| job.is_plan() && job.state == JobState::Running)?;
    job.state = JobState::Stopping;
    let mut effects = vec![Effect::Stop(job.id)];
    let text = "stopping: what has been sent is awaited, nothing more is sent";
    effects.extend(message::say(state, Level::Warn, text));
    Some(effects)
}

/// What became of the one session of a job. `None`: another message has said that it failed.
fn summary(state: &State, job: &Job) -> Option<(Level, String)> {
    let item = job.items.first()?;
    let who = RowFacts::of(state, item).whose();
    if let (1, Some(source)) = (job.done, state.source(item.source))
        && matches!(source.link, Link::Ended)
    {
        let name = &source.profile.name;
        let text = format!("disconnected {name}: the session{who} has ended · r reconnects");
        return Some((Level::Ok, text));
    }
    match (job.done, job.gone, job.unclear, job.failed.is_empty()) {
        (1, ..) => Some((Level::Ok, format!("ended 1 session{who}"))),
        (_, 1, ..) => Some((Level::Ok, format!("the session{who} had already gone"))),
        (_, _, 1, _) => Some((
            Level::Warn,
            format!("the outcome for the session{who} is unknown: see its state, r reloads"),
        )),
        (_, _, _, false) => None,
        _ => Some((
            Level::Info,
            format!("not ended: the session{who} was left alone"),
        )),
    }
}
