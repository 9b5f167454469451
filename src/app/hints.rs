//! The hint line: the keys that work where the focus is, the most useful first.

use super::action::{Action, Context};
use super::area::Mode;
use super::blocked::blocked;
use super::form::FormField;
use super::hint::Hint;
use super::keymap::KeyPress;
use super::state::{Pane, State};

/// Blanks between two hints.
pub const GAP: usize = 2;
/// Up to this width no more hints than `FEW` are shown.
const NARROW: u16 = 80;
const FEW: usize = 7;

fn fixed(key: &str, word: &str, rank: u8) -> Option<Hint> {
    Some(Hint::new(key, word, rank))
}

/// The hints that fit, in the order in which they are shown.
pub fn hints(state: &State) -> Vec<Hint> {
    let mut all: Vec<Hint> = candidates(state).into_iter().flatten().collect();
    let room = usize::from(state.size.width).saturating_sub(2);
    let most = if state.size.width <= NARROW {
        FEW
    } else {
        usize::MAX
    };
    let cells = |all: &[Hint]| -> usize {
        let hints: usize = all.iter().map(Hint::cells).sum();
        hints + GAP * all.len().saturating_sub(1)
    };
    while all.len() > most || (cells(&all) > room && !all.is_empty()) {
        let worst = (0..all.len()).max_by_key(|at| all[*at].rank).unwrap_or(0);
        all.remove(worst);
    }
    all
}

/// The key that a click on this column of the hint line presses. `None`: there is none.
pub fn key_at(state: &State, x: u16) -> Option<KeyPress> {
    let mut start = 1;
    for hint in hints(state) {
        let end = start + hint.cells();
        if (start..end).contains(&usize::from(x)) {
            return hint.key_at(usize::from(x) - start);
        }
        start = end + GAP;
    }
    None
}

fn candidates(state: &State) -> Vec<Option<Hint>> {
    if let Some(dialog) = state.dialogs.last() {
        return dialog.hints(state).into_iter().map(Some).collect();
    }
    let filter = state.results.live.as_ref();
    if state.focus == Pane::Table && filter.is_some_and(|live| live.editing) {
        return vec![
            fixed("Enter", "keep the filter", 0),
            fixed("Esc", "drop it", 1),
            fixed("F1", "help", 2),
        ];
    }
    let find = state.details.find.as_ref();
    if state.focus == Pane::Details && find.is_some_and(|find| find.editing) {
        return vec![
            fixed("Enter", "find", 0),
            fixed("Esc", "drop", 1),
            fixed("F1", "help", 2),
        ];
    }
    match state.focus {
        Pane::Search => form(state),
        Pane::Table => table(state),
        Pane::Details => details(state),
    }
}

/// The first key of an action, if it has one and the action can be done now.
pub fn key(state: &State, context: Context, action: Action, rank: u8) -> Option<Hint> {
    worded(state, context, action, action.hint(), rank)
}

fn worded(state: &State, context: Context, action: Action, word: &str, rank: u8) -> Option<Hint> {
    if blocked(state, action).is_some() {
        return None;
    }
    let keys = state.keymap.keys(context, action);
    fixed(&keys.first()?.to_string(), word, rank)
}

/// How the live view is stopped while it is on.
fn stop_live(state: &State, context: Context, rank: u8) -> Option<Hint> {
    state.watch.as_ref()?;
    worded(state, context, Action::AutoReload, "stop live", rank)
}

/// Two keys that belong together: "↑↓".
fn both(
    state: &State,
    context: Context,
    (one, other): (Action, Action),
    word: &str,
    rank: u8,
) -> Option<Hint> {
    let first = |action| {
        state
            .keymap
            .keys(context, action)
            .first()
            .map(std::string::ToString::to_string)
    };
    fixed(&format!("{}{}", first(one)?, first(other)?), word, rank)
}

fn form(state: &State) -> Vec<Option<Hint>> {
    let c = Context::Form;
    let folded = !state.form.unfolded && state.layout.mode == Mode::Compact;
    let enter = match state.form.field {
        FormField::More => "all fields",
        FormField::Clear => "clear",
        _ => "search",
    };
    // Letters are typed here, so only keys that cannot be typed are named.
    vec![
        both(state, c, (Action::Up, Action::Down), "field", 3),
        match state.form.field {
            FormField::State => fixed("←→", "change", 1),
            _ => None,
        },
        worded(state, c, Action::Submit, enter, 0),
        match state.form.field {
            FormField::Text(_) => key(state, c, Action::ClearField, 4),
            _ => None,
        },
        if folded {
            key(state, c, Action::Unfold, 5)
        } else {
            None
        },
        fixed("Esc", if state.form.unfolded { "fold" } else { "table" }, 2),
        fixed("F1", "help", 2),
    ]
}

fn table(state: &State) -> Vec<Option<Hint>> {
    let c = Context::Table;
    let tabs = state.layout.mode == Mode::Tabs;
    if state.results.current().is_none() {
        return vec![
            if state.is_loading() {
                fixed("Esc", "stop", 0)
            } else {
                None
            },
            key(state, c, Action::Find, 0),
            key(state, c, Action::ClearForm, 3),
            if state.results.is_filtered() {
                worded(state, c, Action::DropFilters, "drop filters", 1)
            } else {
                None
            },
            match state.results.query {
                Some(_) => key(state, c, Action::Reload, 2),
                None => None,
            },
            stop_live(state, c, 1),
            key(state, c, Action::Profiles, 4),
            key(state, c, Action::Help, 1),
            key(state, c, Action::Quit, 2),
        ];
    }
    vec![
        key(state, c, Action::Revoke, 0),
        key(
            state,
            c,
            Action::Mark,
            if state.results.marks.is_empty() {
                14
            } else {
                3
            },
        ),
        key(state, c, Action::DropMarks, 2),
        key(state, c, Action::RevokeUser, 5),
        key(state, c, Action::Person, 13),
        key(state, c, Action::Actions, 12),
        if tabs {
            key(state, c, Action::NextPane, 2)
        } else {
            None
        },
        key(state, c, Action::Find, 3),
        key(state, c, Action::Open, 4),
        if state.is_loading() {
            fixed("Esc", "stop", 1)
        } else {
            None
        },
        stop_live(state, c, 2),
        key(state, c, Action::Sort, 7),
        worded(state, c, Action::Filter, "filter", 8),
        if state.results.is_filtered() {
            worded(state, c, Action::DropFilters, "drop filters", 2)
        } else {
            None
        },
        key(state, c, Action::Copy, 9),
        key(state, c, Action::Reload, 10),
        key(state, c, Action::Profiles, 11),
        key(state, c, Action::Help, 1),
        key(state, c, Action::Quit, 4),
    ]
}

fn details(state: &State) -> Vec<Option<Hint>> {
    let c = Context::Details;
    if state.results.current().is_none() {
        return vec![
            key(state, c, Action::NextPane, 2),
            key(state, c, Action::Help, 0),
            key(state, c, Action::Quit, 1),
        ];
    }
    let raw = if state.details.raw {
        "fields"
    } else {
        "raw JSON"
    };
    let unit = if state.details.raw { "line" } else { "field" };
    vec![
        both(state, c, (Action::Up, Action::Down), unit, 3),
        key(state, c, Action::CopyField, 2),
        worded(state, c, Action::RawJson, raw, 4),
        worded(state, c, Action::Find, "find", 6),
        if state.details.raw {
            None
        } else {
            key(state, c, Action::Reveal, 8)
        },
        worded(state, c, Action::Open, "refresh", 7),
        key(state, c, Action::Revoke, 5),
        stop_live(state, c, 5),
        fixed("Esc", "table", 1),
        key(state, c, Action::Help, 0),
        key(state, c, Action::Quit, 9),
    ]
}
