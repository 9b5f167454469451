//! The rows that a revoke would send, and the question before it.

use super::{lock, marks, plan};
use crate::app::action::Action;
use crate::app::blocked;
use crate::app::cells;
use crate::app::dialogs::confirm::{self, Confirm};
use crate::app::dialogs::error::ErrorBox;
use crate::app::effect::{Effect, RevokeItem};
use crate::app::error_report::ErrorReport;
use crate::app::results::RowStatus;
use crate::app::revoke_plan::{RevokePlan, WholeUser};
use crate::app::source::Progress;
use crate::app::state::State;
use crate::model::text::with_thousands;
use crate::model::{
    Clause, Completeness, Field, KindCounts, Op, Subject, Target, Untrusted, Value,
};
use crate::store::{Row, RowId, SourceId};

/// Asks whether the marked sessions shall be ended; if none is marked, the one under the cursor. Marked rows
/// that a filter hides are left out: nobody sees them.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let marks = &state.results.marks;
    let (is_marked, hidden) = (!marks.is_empty(), marks.hidden());
    let ids: Vec<RowId> = if is_marked {
        marks::shown(state)
    } else {
        let current = state.results.current();
        current.map(|(id, _)| id).into_iter().collect()
    };
    let mut plan = split(state, &ids);
    if hidden > 0 {
        plan.skip.push((hidden, "hidden by the filter".to_owned()));
    }
    if plan.send.is_empty() && is_marked {
        return cannot_any(state, &plan);
    }
    if plan.send.is_empty() {
        let why = plan
            .skip
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, why)| why);
        return cannot(state, &why);
    }
    if let Some(effects) = plan::ask_marked(state, &plan) {
        return effects;
    }
    let confirm = confirm::for_rows(state, plan);
    open(state, confirm)
}

/// True if the row under the cursor itself cannot be ended: it is not over, and others of its system can.
pub fn lies_in_the_row(state: &State) -> bool {
    let Some((id, row)) = state.results.current() else {
        return false;
    };
    let Some(source) = state.source(row.source()) else {
        return false;
    };
    let status = state.results.status(id);
    let is_settled = status.is_some_and(|s| s.is_over() || *s == RowStatus::Revoking);
    !is_settled
        && blocked::source_cannot(state, source, row.kind()).is_none()
        && blocked::why_not(source, row, status).is_some()
}

/// Says why the row under the cursor cannot be ended, and what can be done instead. A reason that lies in the
/// row itself opens a box, which is not overlooked.
pub fn cannot(state: &mut State, why: &str) -> Vec<Effect> {
    let effects = lock::refused(state, Action::Revoke);
    let current = state.results.current();
    let user = current.and_then(|(_, row)| row.person().map(|user| user.named().into_owned()));
    let advice = match user {
        Some(user) if blocked::blocked(state, Action::RevokeUser).is_none() => {
            format!("U ends every session of {user}; it asks first.")
        }
        _ => "Choose another session.".to_owned(),
    };
    state.open(ErrorBox::new(ErrorReport {
        title: "This session cannot be ended".to_owned(),
        what: "End the session under the cursor".to_owned(),
        why: why.to_owned(),
        advice,
        notes: Vec::new(),
        can_login: None,
        offers_ways: None,
    }));
    effects
}

/// Says why none of the marked sessions can be ended.
fn cannot_any(state: &mut State, plan: &RevokePlan) -> Vec<Effect> {
    let effects = lock::refused(state, Action::Revoke);
    let reasons = plan.skip.iter().map(|(count, why)| {
        let count = with_thousands(*count as u64);
        format!("{count}: {why}")
    });
    state.open(ErrorBox::new(ErrorReport {
        title: "None of the marked sessions can be ended".to_owned(),
        what: "End the marked sessions".to_owned(),
        why: reasons.collect::<Vec<_>>().join("; "),
        advice: "Mark others, or drop the marks and choose one session.".to_owned(),
        notes: Vec::new(),
        can_login: None,
        offers_ways: None,
    }));
    effects
}

/// Splits rows into what is sent and what is left out, with the reasons.
pub fn split(state: &State, ids: &[RowId]) -> RevokePlan {
    let mut plan = RevokePlan::default();
    for id in ids {
        let Some(row) = state.results.rows.get(*id) else {
            continue;
        };
        let Some(source) = state.source(row.source()) else {
            continue;
        };
        let status = state.results.status(*id);
        let why = blocked::source_cannot(state, source, row.kind())
            .map(std::borrow::Cow::into_owned)
            .or_else(|| blocked::why_not(source, row, status));
        match why {
            None => plan.send.push(RevokeItem::of(Some(*id), row)),
            Some(why) => match plan.skip.iter_mut().find(|(_, w)| *w == why) {
                Some((count, _)) => *count += 1,
                None => plan.skip.push((1, why)),
            },
        }
    }
    plan
}

/// Asks whether every session of the row's user shall be revoked.
pub fn ask_user(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return Vec::new();
    };
    let (source, user) = (row.source(), row.subject());
    ask_user_of(state, source, user)
}

/// Asks whether every session of this user at this source shall be ended.
pub fn ask_user_of(state: &mut State, source: SourceId, user: Subject) -> Vec<Effect> {
    if state.sources.len() > 1 {
        return plan::ask_person(state, source, &user);
    }
    let count = |is_theirs: &dyn Fn(Row<'_>) -> bool| {
        let rows = state.results.rows.iter();
        let theirs = rows.filter(|(id, row)| {
            row.source() == source
                && is_theirs(*row)
                && !state.results.is_over(*id)
                && !is_over(state, *row)
        });
        theirs
            .map(|(_, row)| row.kind_name())
            .collect::<KindCounts>()
    };
    let caps = state.source(source);
    let reaches_all = caps
        .and_then(|source| source.caps.as_ref())
        .is_some_and(|caps| caps.revoke_user_everywhere);
    let everywhere = (reaches_all && user.scope.is_some() && user.name.is_some())
        .then(|| count(&|row| is_same_name(row, &user)));
    let here = count(&|row| row.is_of(&user));
    let is_all_loaded = state.source(source).is_some_and(|s| {
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
    let confirm = confirm::for_user(state, whole);
    open(state, confirm)
}

/// Servers that end by name take a name in any case.
fn is_same_name(row: Row<'_>, user: &Subject) -> bool {
    let lower = |name: &Untrusted| name.expose().to_lowercase();
    row.user().map(lower) == user.name.as_ref().map(lower)
}

/// True if the session of a row ended by itself, or before it was loaded.
fn is_over(state: &State, row: Row<'_>) -> bool {
    use crate::model::State::{Expired, Revoked};
    let word = cells::word_of(state, row);
    matches!(word, Expired | Revoked)
}

/// True if a clause matches every session of this person.
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
    state.open(confirm);
    Vec::new()
}
