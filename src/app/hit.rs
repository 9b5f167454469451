//! What lies under a point of the screen.

use ratatui::layout::{Position, Rect};

use super::area::{BORDER, Mode};
use super::columns::{self, GUTTER};
use super::form::FormField;
use super::form_layout;
use super::layout::{TABS, areas, table_top};
use super::lines;
use super::state::{Pane, State};
use crate::model::Property;

/// What lies under a point of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A row of the table: its position in the order.
    Row(usize),
    /// The title of a column.
    Column(Property),
    /// A field of the form.
    Form(FormField),
    /// A line of the details: its index among `lines::detail_lines`.
    DetailsLine(usize),
    /// A button (or field) of the top dialog, in the order in which Tab visits them.
    Button(usize),
    /// A line of a choice in the top dialog: its index in the whole list.
    Choice(usize),
    /// A pane, but nothing of what is in it.
    Pane(Pane),
    /// Nothing.
    Nothing,
}

/// What lies under a point. While a dialog is open only its own parts are there.
pub fn hit(state: &State, at: Position) -> Hit {
    let areas = areas(state);
    if areas.mode == Mode::TooSmall {
        return Hit::Nothing;
    }
    if let Some(dialog) = state.dialogs.last() {
        let view = dialog.view(state);
        let button = view.button_at(at).map(Hit::Button);
        let choice = || view.choice_at(at).map(Hit::Choice);
        return button.or_else(choice).unwrap_or(Hit::Nothing);
    }
    if areas.tabs.contains(at) {
        return tab_at(at.x).map_or(Hit::Nothing, Hit::Pane);
    }
    if areas.form.contains(at) {
        return form_layout::place(state)
            .into_iter()
            .find(|placed| {
                placed.area.y == at.y && (placed.label_x..=placed.area.right()).contains(&at.x)
            })
            .map_or(Hit::Pane(Pane::Search), |placed| Hit::Form(placed.field));
    }
    if areas.table.contains(at) {
        return table_hit(state, areas.table.inner(BORDER), at);
    }
    if areas.details.contains(at) {
        return details_hit(state, areas.details.inner(BORDER), at);
    }
    Hit::Nothing
}

fn details_hit(state: &State, inner: Rect, at: Position) -> Hit {
    let miss = Hit::Pane(Pane::Details);
    if !inner.contains(at) || lines::is_short(state) {
        return miss;
    }
    let all = lines::detail_lines(state);
    let rows = lines::visual_rows(&all);
    let top = lines::details_top(state, &all, &rows);
    let Some(row) = rows.get(top + usize::from(at.y - inner.y)) else {
        return miss;
    };
    let right_from = inner.x + 1 + lines::right_column(lines::width(state));
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
        return columns::columns(state, inner.width)
            .into_iter()
            .find(|column| x >= column.x && x < column.x + column.width && x >= GUTTER)
            .map_or(miss, |column| Hit::Column(column.what));
    }
    let position = table_top(state) + usize::from(at.y - inner.y - 1);
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
