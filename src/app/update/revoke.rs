//! Revoking: what will be sent, the question before it, and what became of it.

use std::collections::HashMap;

use super::question::{self, RowFacts};
use super::{blocked, form, lock, message, reach};
use crate::app::action::Action;
use crate::app::cells;
use crate::app::effect::{Effect, JobId, RevokeItem};
use crate::app::overlay::{
    Confirm, ConfirmKind, Counted, Job, JobState, Overlay, RevokePlan, WholeUser,
};
use crate::app::results::Fate;
use crate::app::source::Progress;
use crate::app::state::{Level, State};
use crate::model::text::with_thousands;
use crate::model::{
    ApiError, Clause, Completeness, Field, NO_LASTING_ID, Op, Outcome, Subject, Target,
    UserOutcome, Value,
};
use crate::store::{Row, RowId, SourceId};

/// Asks whether the row under the cursor shall be revoked.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let ids: Vec<RowId> = state
        .results
        .current()
        .map(|(id, _)| id)
        .into_iter()
        .collect();
    let plan = plan(state, &ids);
    if plan.send.is_empty() {
        let why = plan
            .skip
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, why)| why);
        let mut effects = lock::refused(state, Action::Revoke);
        let text = format!("cannot be deleted: {why}");
        effects.extend(message::say(state, Level::Warn, text));
        return effects;
    }
    let confirm = question::for_rows(state, plan);
    open(state, confirm)
}

/// Splits rows into what is sent and what is left out, with the reasons.
pub fn plan(state: &State, ids: &[RowId]) -> RevokePlan {
    let mut plan = RevokePlan::default();
    for id in ids {
        let Some(row) = state.results.rows.get(*id) else {
            continue;
        };
        let Some(source) = state.sources.get(usize::from(row.source.0)) else {
            continue;
        };
        let fate = state.results.fates.get(id);
        let why = blocked::source_cannot(state, source, row.session.kind.as_deref())
            .map(std::borrow::Cow::into_owned)
            .or_else(|| blocked::why_not(row, fate));
        match why {
            None => plan.send.push(item(*id, row)),
            Some(why) => match plan.skip.iter_mut().find(|(_, w)| *w == why) {
                Some((count, _)) => *count += 1,
                None => plan.skip.push((1, why)),
            },
        }
    }
    plan
}

fn item(row: RowId, loaded: &Row) -> RevokeItem {
    let session = &loaded.session;
    RevokeItem {
        row,
        source: loaded.source,
        key: session.key.clone(),
        kind: session.kind.clone(),
        subject: session.subject.clone(),
        deletable: session.deletable.clone(),
        created: session.created,
        client: session.client.clone(),
    }
}

/// Asks whether every session of the row's user shall be revoked.
pub fn ask_user(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return Vec::new();
    };
    let (source, user) = (row.source, row.session.subject.clone());
    let count = |is_theirs: &dyn Fn(&Subject) -> bool| {
        let rows = state.results.rows.iter();
        rows.filter(|(id, row)| {
            row.source == source
                && is_theirs(&row.session.subject)
                && !state.results.fates.get(id).is_some_and(Fate::is_over)
                && !is_over(state, row)
        })
        .count()
    };
    let caps = state.sources.get(usize::from(source.0));
    let reaches_all = caps
        .and_then(|source| source.caps.as_ref())
        .is_some_and(|caps| caps.revoke_user_everywhere);
    let everywhere = (reaches_all && user.scope.is_some() && user.name.is_some())
        .then(|| count(&|other| is_same_name(other, &user)));
    let here = count(&|other| other.is_same_person(&user));
    let is_all_loaded = state.sources.get(usize::from(source.0)).is_some_and(|s| {
        matches!(s.progress, Progress::Loaded)
            && s.completeness == Completeness::Complete
            && state
                .results
                .query
                .as_ref()
                .is_some_and(|query| query.clauses.iter().all(|clause| is_of(clause, &user)))
    });
    let whole = WholeUser {
        source,
        user,
        here,
        everywhere,
        is_everywhere: false,
        is_all_loaded,
    };
    let confirm = question::for_user(state, whole);
    open(state, confirm)
}

/// Servers that end by name take a name in any case.
fn is_same_name(one: &Subject, other: &Subject) -> bool {
    let lower = |subject: &Subject| subject.name.as_ref().map(|n| n.expose().to_lowercase());
    lower(one) == lower(other)
}

/// Has the session of a row ended by itself, or before it was loaded?
fn is_over(state: &State, row: &Row) -> bool {
    use crate::model::State::{Expired, Revoked};
    let word = cells::word_at(state, row.source, &row.session);
    matches!(word, Expired | Revoked)
}

/// Does a clause let every session of this person through?
fn is_of(clause: &Clause, user: &Subject) -> bool {
    let (field, name) = (&clause.target, user.name.as_ref());
    let is_name = |value: &Value| match (value, name) {
        (Value::Text(text), Some(name)) => **text == *name.expose(),
        _ => false,
    };
    *field == Target::Field(Field::User)
        && clause.op == Op::Eq
        && !clause.negated
        && clause.values.iter().any(is_name)
}

fn open(state: &mut State, confirm: Confirm) -> Vec<Effect> {
    state.message = None;
    state.overlays.push(Overlay::Confirm(Box::new(confirm)));
    Vec::new()
}

/// Confirmed: sends exactly what the dialog held.
pub fn send(state: &mut State, confirm: Confirm) -> Vec<Effect> {
    state.last_job = JobId(state.last_job.0 + 1);
    let id = state.last_job;
    let reason = confirm
        .reason
        .map(|input| input.value().trim().to_owned())
        .filter(|reason| !reason.is_empty());
    state.jobs.retain(|job| job.state != JobState::Ended);
    let mut job = Job {
        id,
        title: String::new(),
        items: Vec::new(),
        user: None,
        done: 0,
        gone: 0,
        unclear: 0,
        failed: Vec::new(),
        counted: HashMap::new(),
        state: JobState::Running,
        production: confirm.production,
        reason: reason.clone(),
        summary: None,
        button: 0,
    };
    let effect = match confirm.kind {
        ConfirmKind::Rows(plan) => {
            job.title = match plan.send.len() {
                1 => "Deleting 1 session".into(),
                n => format!("Revoking {} sessions", with_thousands(n as u64)),
            };
            job.items.clone_from(&plan.send);
            for item in &plan.send {
                if let Some(row) = current_row(state, item) {
                    state.results.fates.insert(row, Fate::Revoking);
                }
            }
            Effect::Revoke {
                job: id,
                items: plan.send,
                reason,
            }
        }
        ConfirmKind::User(whole) => {
            let (source, user) = (whole.source, whole.subject());
            job.title = format!("Revoking every session of {}", placed(&user));
            job.user = Some((source, user.clone()));
            Effect::RevokeUser {
                job: id,
                source,
                user,
                reason,
            }
        }
    };
    if job.user.is_some() || job.items.len() > 1 {
        state.overlays.push(Overlay::Progress(id));
    }
    let text = format!("{}…", job.title.to_lowercase());
    state.jobs.push(job);
    let mut effects = vec![effect];
    effects.extend(message::say(state, Level::Info, text));
    effects
}

/// Name of a person, cleaned.
pub fn shown(user: &Subject) -> String {
    user.shown()
        .map_or_else(|| "(nobody)".to_owned(), |name| name.named().into_owned())
}

/// The name with its realm, where it has one.
fn placed(user: &Subject) -> String {
    match &user.scope {
        Some(scope) => format!("{} in {}", shown(user), scope.named()),
        None => shown(user),
    }
}

/// One row has its outcome: it stays where it is and says so.
pub fn outcome(state: &mut State, job: JobId, row: RowId, outcome: Outcome) -> Vec<Effect> {
    let Some(at) = state.jobs.iter().position(|j| j.id == job) else {
        return Vec::new();
    };
    let Some(item) = state.jobs[at]
        .items
        .iter()
        .find(|item| item.row == row)
        .cloned()
    else {
        return Vec::new();
    };
    let job = &mut state.jobs[at];
    match &outcome {
        Outcome::Revoked => job.count(&item, Counted::Done, None),
        Outcome::AlreadyGone => job.count(&item, Counted::Gone, None),
        Outcome::StillListed | Outcome::Unknown => job.count(&item, Counted::Unclear, None),
        Outcome::NoLastingId => job.count(&item, Counted::Failed, Some(NO_LASTING_ID.into())),
        // Stopped before it was sent: it is as it was.
        Outcome::Failed(ApiError::Cancelled) => return Vec::new(),
        Outcome::Refused(why) => job.count(&item, Counted::Failed, Some(why.clone())),
        Outcome::Failed(error) => job.count(&item, Counted::Failed, Some(error.to_string())),
    }
    let fate = fate(&outcome);
    let now = state.now;
    state.results.remember(item.source, &item.key, &fate, now);
    if let Some(row) = current_row(state, &item) {
        state.results.settle(row, fate, state.now);
    }
    match outcome {
        Outcome::Failed(error) => {
            let what = format!("delete {}", RowFacts::of(state, &item).line());
            message::fail(state, "Delete failed", what, &error, Some(item.source));
        }
        Outcome::Refused(_) | Outcome::NoLastingId => {
            let error = ApiError::Forbidden {
                message: match outcome {
                    Outcome::Refused(why) => why,
                    _ => NO_LASTING_ID.to_owned(),
                },
                needs: None,
            };
            let what = format!("delete {}", RowFacts::of(state, &item).line());
            message::fail(state, "Delete refused", what, &error, Some(item.source));
        }
        _ => {}
    }
    Vec::new()
}

/// The row of an item in the rows now shown: rows may have been loaded anew since the question.
fn current_row(state: &State, item: &RevokeItem) -> Option<RowId> {
    state.results.row_of(item.source, &item.key, Some(item.row))
}

/// What the row of a session shows of its outcome.
pub fn fate(outcome: &Outcome) -> Fate {
    match outcome {
        Outcome::Revoked => Fate::Revoked,
        Outcome::AlreadyGone => Fate::AlreadyGone,
        Outcome::StillListed => Fate::StillListed,
        Outcome::NoLastingId => Fate::NoLastingId,
        Outcome::Refused(why) => Fate::Refused(why.clone()),
        Outcome::Failed(error) => Fate::Failed(error.to_string()),
        Outcome::Unknown => Fate::Unknown,
    }
}

/// Every session of a user has been revoked, or not: says so, and lists them again.
pub fn user_outcome(
    state: &mut State,
    job: JobId,
    source: SourceId,
    result: Result<UserOutcome, ApiError>,
) -> Vec<Effect> {
    let Some(at) = state.jobs.iter().position(|j| j.id == job) else {
        return Vec::new();
    };
    let Some((_, user)) = state.jobs[at].user.clone() else {
        return Vec::new();
    };
    let name = placed(&user);
    let error = match result {
        Ok(outcome) => {
            let summary = user_summary(state, source, &user, &outcome);
            state.jobs[at].summary = Some(summary.clone());
            match outcome.outcome {
                Outcome::Failed(error @ ApiError::Partly { .. }) => {
                    let effects = form::reload(state);
                    let what = format!("revoke every session of {name}");
                    message::fail(state, "Revoked in part", what, &error, Some(source));
                    return effects;
                }
                Outcome::Failed(error) => error,
                Outcome::Refused(message) => ApiError::Forbidden {
                    message,
                    needs: None,
                },
                _ => {
                    let mut effects = form::reload(state);
                    let grave = matches!(outcome.outcome, Outcome::Unknown | Outcome::StillListed);
                    let level = if grave { Level::Warn } else { Level::Info };
                    effects.extend(message::say(state, level, summary));
                    return effects;
                }
            }
        }
        Err(error) => error,
    };
    state.jobs[at].summary = Some(format!("nothing is known to have ended: {error}"));
    let what = format!("revoke every session of {name}");
    message::fail(state, "Revoke failed", what, &error, Some(source));
    Vec::new()
}

/// What became of it where it was done, with the system's name: how many ended, how many are left and
/// when that was looked up, and what was not touched.
fn user_summary(state: &State, source: SourceId, user: &Subject, outcome: &UserOutcome) -> String {
    let at = crate::model::time::clock_seconds(state.now, state.prefs.zone);
    let profile = state.sources.get(usize::from(source.0));
    let profile = profile.map_or("", |source| source.profile.name.as_str());
    let whose = format!("{}{}", shown(user), reach::place(state, source, user));
    let left = match outcome.left {
        Some(left) => format!("{} left (read back {at})", with_thousands(left)),
        None => "what is left could not be read back".to_owned(),
    };
    let ended = match (outcome.before, outcome.left) {
        (Some(before), Some(left)) => Some(before.saturating_sub(left)),
        _ => None,
    };
    let became = match (&outcome.outcome, ended) {
        (Outcome::Revoked, Some(n)) => format!("{} of {whose} ended", with_thousands(n)),
        (Outcome::Revoked, None) => format!("the sessions of {whose} ended"),
        (Outcome::AlreadyGone, _) => format!("no session of {whose} was live"),
        (Outcome::StillListed, _) => format!("the server said yes for {whose}"),
        (Outcome::Unknown, _) => {
            format!("no answer came, so whether the sessions of {whose} ended is unknown")
        }
        (Outcome::Failed(error @ ApiError::Partly { .. }), _) => error.to_string(),
        (Outcome::Refused(_) | Outcome::NoLastingId | Outcome::Failed(_), _) => {
            format!("not all sessions of {whose} are known to have ended")
        }
    };
    let others = reach::untouched(state, source).map_or(String::new(), |text| format!(". {text}"));
    format!("{profile}: {became}, {left}{others}")
}

/// What a paused job wants of the operator.
pub fn wanted(error: &ApiError) -> &'static str {
    match error {
        ApiError::RateLimited { .. } => "wait, or ask all the same",
        _ => "sign in",
    }
}

/// A job waits for somebody to sign in, or to decide about a long wait.
pub fn paused(state: &mut State, id: JobId, error: ApiError) -> Vec<Effect> {
    let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) else {
        return Vec::new();
    };
    let text = format!(
        "{}, {} waiting: {}",
        job.done_words(),
        job.waiting().max(usize::from(job.user.is_some())),
        wanted(&error)
    );
    job.state = JobState::Paused(error);
    job.button = 0;
    if !state
        .overlays
        .iter()
        .any(|o| matches!(o, Overlay::Progress(shown) if *shown == id))
    {
        state.overlays.push(Overlay::Progress(id));
    }
    message::say(state, Level::Warn, text)
}

/// A job has ended: says what became of it. The box stays only if it has something to say.
pub fn ended(state: &mut State, id: JobId) -> Vec<Effect> {
    let Some(at) = state.jobs.iter().position(|job| job.id == id) else {
        return Vec::new();
    };
    // What was never sent, because the job was stopped, is as it was.
    let items = state.jobs[at].items.clone();
    for item in &items {
        if let Some(row) = current_row(state, item)
            && state.results.fates.get(&row) == Some(&Fate::Revoking)
        {
            state.results.fates.remove(&row);
        }
    }
    let job = &mut state.jobs[at];
    job.state = JobState::Ended;
    let job = job.clone();
    let keep = !job.failed.is_empty() || job.summary.is_some();
    if !keep {
        state
            .overlays
            .retain(|o| !matches!(o, Overlay::Progress(shown) if *shown == id));
    }
    if state.quitting && state.jobs.iter().all(|job| job.state == JobState::Ended) {
        return vec![Effect::Quit(0)];
    }
    if job.user.is_some() {
        return Vec::new();
    }
    let (level, text) = summary(state, &job);
    if level == Level::Error {
        Vec::new()
    } else {
        message::say(state, level, text)
    }
}

/// What became of a job, in one line.
fn summary(state: &State, job: &Job) -> (Level, String) {
    if let [item] = job.items.as_slice() {
        let who = RowFacts::of(state, item).whose();
        return match (job.done, job.gone, job.unclear, job.failed.is_empty()) {
            (1, ..) => (Level::Ok, format!("deleted 1 session{who}")),
            (_, 1, ..) => (Level::Ok, format!("the session{who} had already gone")),
            (_, _, 1, _) => (
                Level::Warn,
                format!(
                    "the outcome for the session{who} is not certain: see its state, r asks again"
                ),
            ),
            (_, _, _, false) => (Level::Error, String::new()),
            _ => (
                Level::Info,
                format!("not deleted: the session{who} was left alone"),
            ),
        };
    }
    let text = format!(
        "deleted {}, already gone {}, failed {}, unknown {}, not sent {}",
        job.done,
        job.gone,
        job.failed.len(),
        job.unclear,
        job.waiting()
    );
    let clean = job.failed.is_empty() && job.unclear == 0 && job.waiting() == 0;
    (if clean { Level::Ok } else { Level::Warn }, text)
}
