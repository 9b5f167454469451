//! The effects of clicks and wheels. A click never replaces a confirmation that must be typed.

use ratatui::layout::Position;

use super::{details, dialogs, focus, form, keys, results, table};
use crate::app::effect::Effect;
use crate::app::form::FormField;
use crate::app::hit::{self, Hit};
use crate::app::msg::{Mouse, MouseKind};
use crate::app::scrollbar::ScrollTrack;
use crate::app::state::{Pane, State};

/// Rows a turn of the wheel scrolls.
const WHEEL: isize = 3;

/// The mouse did something.
pub fn mouse(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    let hit = hit::hit(state, Position::new(mouse.x, mouse.y));
    if mouse.kind != MouseKind::Drag {
        state.held = match hit {
            Hit::Scrollbar(pane) => Some(pane),
            _ => None,
        };
    }
    match mouse.kind {
        MouseKind::Click | MouseKind::DoubleClick | MouseKind::Drag if state.held.is_some() => {
            scroll(state, mouse.y)
        }
        MouseKind::Drag => Vec::new(),
        MouseKind::WheelUp => wheel(state, &hit, -WHEEL),
        MouseKind::WheelDown => wheel(state, &hit, WHEEL),
        MouseKind::Click => click(state, hit),
        MouseKind::DoubleClick => double_click(state, hit),
    }
}

/// Shows what the held scrollbar stands for in this row of the screen.
fn scroll(state: &mut State, y: u16) -> Vec<Effect> {
    if let Some(pane) = state.held
        && let Some(track) = ScrollTrack::of(state, pane)
        && state.dialogs.is_empty()
    {
        results::scroll_to(state, pane, track.top_at(y));
    }
    Vec::new()
}

fn wheel(state: &mut State, hit: &Hit, by: isize) -> Vec<Effect> {
    if !state.dialogs.is_empty() {
        return dialogs::wheel(state, by);
    }
    match hit {
        Hit::Row(_) | Hit::Column(_) | Hit::Pane(Pane::Table) | Hit::Scrollbar(Pane::Table) => {
            results::wheel(state, Pane::Table, by);
        }
        Hit::DetailsLine(_) | Hit::Pane(Pane::Details) | Hit::Scrollbar(Pane::Details) => {
            results::wheel(state, Pane::Details, by);
        }
        _ => {}
    }
    Vec::new()
}

fn click(state: &mut State, hit: Hit) -> Vec<Effect> {
    match hit {
        Hit::Hint(key) => keys::press(state, key),
        Hit::Button(number) if !state.dialogs.is_empty() => dialogs::button(state, number),
        Hit::Choice(number) => dialogs::choose(state, number),
        _ if !state.dialogs.is_empty() => Vec::new(),
        Hit::Row(position) => {
            state.results.touched = true;
            state.results.cursor = position;
            focus::focus(state, Pane::Table)
        }
        Hit::Column(property) => table::sort_by(state, property),
        Hit::Form(field) => {
            focus::focus(state, Pane::Search);
            state.form.field = field;
            state.form.selected = false;
            match field {
                FormField::Search | FormField::Clear | FormField::More => form::enter(state),
                FormField::State => {
                    form::choose_state(state, 1);
                    form::edited(state)
                }
                FormField::Text(_) => Vec::new(),
            }
        }
        Hit::DetailsLine(line) => {
            focus::focus(state, Pane::Details);
            state.details.line = line;
            Vec::new()
        }
        Hit::Pane(pane) => focus::focus(state, pane),
        Hit::Button(_) | Hit::Scrollbar(_) | Hit::Nothing => Vec::new(),
    }
}

fn double_click(state: &mut State, hit: Hit) -> Vec<Effect> {
    let row = matches!(hit, Hit::Row(_));
    let choice = matches!(hit, Hit::Choice(_));
    let dialogs = state.dialogs.len();
    let mut effects = click(state, hit);
    if row && state.dialogs.is_empty() {
        effects.extend(details::open(state));
    } else if choice && state.dialogs.len() == dialogs {
        effects.extend(dialogs::take(state));
    }
    effects
}
