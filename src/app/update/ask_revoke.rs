//! The rows that a revoke would send, and the question before it.

use super::{lock, marks, plan};
use crate::app::action::Action;
use crate::app::blocked;
use crate::app::dialogs::confirm;
use crate::app::dialogs::error::ErrorBox;
use crate::app::effect::{Effect, RevokeItem};
use crate::app::error_report::ErrorReport;
use crate::app::results::RowStatus;
use crate::app::revoke_plan::RevokePlan;
use crate::app::state::State;
use crate::model::text::with_thousands;
use crate::store::RowId;

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
    if let Some(item) = plan.send.pop() {
        state.message = None;
        let question = confirm::for_session(state, item);
        state.open(question);
    }
    Vec::new()
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

/// Asks whether every session of the row's user shall be ended.
pub fn ask_user(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return Vec::new();
    };
    let (source, user) = (row.source(), row.subject());
    plan::ask_person(state, source, &user)
}
