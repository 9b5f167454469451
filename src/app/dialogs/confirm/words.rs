//! The texts of the question before one session ends.

use tui_input::Input;

use super::{Confirm, ConfirmFocus, OneSession, Typed};
use crate::app::action::Action;
use crate::app::blocked::blocked;
use crate::app::effect::RevokeItem;
use crate::app::life::Moments;
use crate::app::others;
use crate::app::row_facts::RowFacts;
use crate::app::state::State;
use crate::app::words;
use crate::model::Policy;
use crate::model::confirm::{Risk, typed_because};
use crate::store::RowId;

/// The question about one session.
pub fn for_session(state: &State, item: RevokeItem) -> Confirm {
    let source = state.source(item.source);
    let policy = source.map(|source| &source.profile.policy);
    let caps = source.and_then(|source| source.caps.as_ref());
    let after = caps.map(|caps| caps.after_revoke_of([item.kind.as_deref()]));
    let risk = policy.map_or_else(Risk::default, Policy::risk);
    let asks_reason = policy.is_some_and(|policy| policy.require_reason);
    let typed = typed_because(1, risk).map(|because| typed_one(&item, because));
    let focus = match &typed {
        _ if asks_reason => ConfirmFocus::Reason,
        Some(_) => ConfirmFocus::Typed,
        None => ConfirmFocus::Cancel,
    };
    let facts = RowFacts::of(state, &item);
    Confirm {
        facts: facts.labelled(),
        short: facts.short(),
        one: one_session(state, &item),
        after: after.unwrap_or_default(),
        warnings: Vec::new(),
        production: risk.production,
        focus,
        typed,
        reason: asks_reason.then(Input::default),
        item,
    }
}

/// What the question says beside the facts of the session.
fn one_session(state: &State, item: &RevokeItem) -> OneSession {
    let results = &state.results;
    let id = results.row_of(item.source, &item.key, Some(item.row));
    let row = id.and_then(|id| results.rows.get(id));
    let others = match (id, row) {
        (Some(id), Some(row)) if item.subject.shown().is_some() => others::alive(state, id, row),
        _ => 0,
    };
    OneSession {
        moments: row.map(Moments::from),
        user: words::shown(&item.subject),
        others,
        offers_all: others > 0 && blocked(state, Action::RevokeUser).is_none(),
    }
}

/// What must be typed: the number of sessions, or the user's name.
fn typed_one(item: &RevokeItem, because: String) -> Typed {
    let mut expect = vec!["1".to_owned()];
    expect.extend(item.subject.shown().map(|_| words::shown(&item.subject)));
    Typed {
        input: Input::default(),
        expect,
        because,
        wrong: false,
    }
}

/// The change of the session in question, if it is among the rows from `first` on. `None`: it is
/// not among them, or is as it was when the question was asked.
pub(super) fn change(state: &State, confirm: &Confirm, first: RowId) -> Option<String> {
    let item = &confirm.item;
    let rows = &state.results.rows;
    let id = rows.find(first, item.source, &item.key)?;
    let row = rows.get(id)?;
    let mut now = item.clone();
    (now.row, now.subject) = (id, row.subject());
    let facts = RowFacts::of(state, &now);
    let same = facts.match_those(&confirm.facts);
    (!same).then(|| format!("changed since you looked: now {}", facts.who()))
}
