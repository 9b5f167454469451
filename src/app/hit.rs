//! The parts of the screen at a point.

use ratatui::layout::{Position, Rect};

use super::area::{BORDER, Mode};
use super::columns::GUTTER;
use super::form::FormField;
use super::hints;
use super::keymap::KeyPress;
use super::layout::TABS;
use super::lines;
use super::scrollbar::ScrollTrack;
use super::state::{Pane, State};
use crate::model::Property;

/// The part of the screen at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A row of the table: its position in the order.
    Row(usize),
    /// The title of a column.
    Column(Property),
    /// A field of the form.
    Form(FormField),
    /// A line of the details: its index among those of the layout.
    DetailsLine(usize),
    /// A button (or field) of the top dialog, in the order in which Tab visits them.
    Button(usize),
    /// A line of a choice in the top dialog: its index in the whole list.
    Choice(usize),
    /// The scrollbar of a pane.
    Scrollbar(Pane),
    /// A key of the hint line.
    Hint(KeyPress),
    /// A pane, but nothing of what is in it.
    Pane(Pane),
    /// Nothing.
    Nothing,
}

/// The part of the screen at a point. While a dialog is open only its own parts are there.
pub fn hit(state: &State, at: Position) -> Hit {
    let layout = &state.layout;
    if layout.mode == Mode::TooSmall {
        return Hit::Nothing;
    }
    let dialogs = &layout.dialogs;
    if layout.hints.contains(at) && !dialogs.iter().any(|view| view.area.contains(at)) {
        return hints::key_at(state, at.x).map_or(Hit::Nothing, Hit::Hint);
    }
    if let Some(view) = dialogs.last() {
        let button = view.button_at(at).map(Hit::Button);
        let choice = || view.choice_at(at).map(Hit::Choice);
        return button.or_else(choice).unwrap_or(Hit::Nothing);
    }
    if layout.tabs.contains(at) {
        return tab_at(at.x).map_or(Hit::Nothing, Hit::Pane);
    }
    for pane in [Pane::Table, Pane::Details] {
        let track = ScrollTrack::of(state, pane);
        if track.is_some_and(|track| track.area.contains(at)) {
            return Hit::Scrollbar(pane);
        }
    }
    if layout.form.contains(at) {
        return layout
            .fields
            .iter()
            .find(|placed| {
                placed.area.y == at.y && (placed.label_x..=placed.area.right()).contains(&at.x)
            })
            .map_or(Hit::Pane(Pane::Search), |placed| Hit::Form(placed.field));
    }
    if layout.table.contains(at) {
        return table_hit(state, layout.table.inner(BORDER), at);
    }
    if layout.details.contains(at) {
        return details_hit(state, layout.details.inner(BORDER), at);
    }
    Hit::Nothing
}

fn details_hit(state: &State, inner: Rect, at: Position) -> Hit {
    let miss = Hit::Pane(Pane::Details);
    if !inner.contains(at) || lines::is_short(state) {
        return miss;
    }
    let rows = &state.layout.rows;
    let Some(row) = rows.get(state.details.top + usize::from(at.y - inner.y)) else {
        return miss;
    };
    let right_from = inner.x + 1 + lines::right_column(state.layout.details_width());
    match row.right {
        Some(right) if at.x >= right_from => Hit::DetailsLine(right),
        _ => Hit::DetailsLine(row.left),
    }
}

fn table_hit(state: &State, inner: Rect, at: Position) -> Hit {
    let miss = Hit::Pane(Pane::Table);
    if !inner.contains(at) {
        return miss;
    }
    if at.y == inner.y {
        let x = at.x - inner.x;
        return state
            .layout
            .columns
            .iter()
            .find(|column| x >= column.x && x <= column.x + column.width && x >= GUTTER)
            .and_then(|column| column.what.clone())
            .map_or(miss, Hit::Column);
    }
    let position = state.results.top + usize::from(at.y - inner.y - 1);
    if position < state.results.order.len() {
        Hit::Row(position)
    } else {
        miss
    }
}

/// Each tab has one cell on either side of its name (a blank, or the bracket of the chosen one), and
/// a line between it and the next.
fn tab_at(x: u16) -> Option<Pane> {
    let mut left = 0;
    for (pane, name) in TABS {
        let right = left + name.len() as u16 + 2;
        if (left..right).contains(&x) {
            return Some(pane);
        }
        left = right + 1;
    }
    None
}
