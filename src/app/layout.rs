//! Where the panes are on the screen, by the size of the terminal and what is open.

use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Position, Rect};

use super::area::{BORDER, Mode, mode};
use super::cells;
use super::columns;
use super::form_fields;
use super::form_layout;
use super::lines;
use super::screen_layout::{ScreenLayout, VisualRow};
use super::state::{Pane, State};

/// Folded form: two borders and two lines of fields, or one.
const FORM_TWO_LINES: u16 = 4;
const FORM_ONE_LINE: u16 = 3;
/// From so many rows on the form is never a mere line.
const FORM_STAYS: u16 = 36;
/// Details beside the table: 40 % of the width, within these bounds.
const DETAILS_WIDTH: (u16, u16) = (48, 80);
/// Details below the table: 30 % of the height, within these bounds.
const DETAILS_HEIGHT: (u16, u16) = (8, 14);
/// Details of a compact screen; with the focus they take more, up to leaving the table the least.
const DETAILS_COMPACT: u16 = 6;
const DETAILS_COMPACT_FOCUSED: u16 = 12;
/// Borders, titles and a few rows: less than this the table never gets while the form is unfolded.
const TABLE_LEAST: u16 = 7;
/// Lays the screen out for the state as it is now, and brings into it what the operator looks at: the
/// field that has the focus, the row and the line under the cursor.
///
/// This is done after each message, and after each change of a state without one.
pub fn lay_out(state: &mut State) {
    state.layout = panes(state);
    show_row(state);
    for (what, cells) in cells::widest_on_screen(state) {
        let widest = state.results.widest.entry(what).or_default();
        *widest = cells.max(*widest);
    }
    state.layout.columns = columns::columns(state, state.layout.table.inner(BORDER).width);
    state.layout.fields = form_layout::place(state);
    if !state.layout.is_form_line {
        show_field(state);
    }
    if !state.layout.details.is_empty() {
        state.layout.lines = lines::detail_lines(state);
        state.layout.rows = lines::visual_rows(&state.layout.lines);
        show_line(state);
    }
    let dialogs = state.dialogs.iter();
    state.layout.dialogs = dialogs.map(|dialog| dialog.view(state)).collect();
}

/// Moves the rows of the table as little as is needed for the cursor to be seen and no row to be wasted.
fn show_row(state: &mut State) {
    let height = usize::from(state.layout.table_height()).max(1);
    let results = &mut state.results;
    let last = results.order.len().saturating_sub(height);
    let lowest = (results.cursor + 1).saturating_sub(height).min(last);
    results.top = results.top.min(last).min(results.cursor).max(lowest);
}

/// A field that is no longer shown gives the focus to the first.
fn show_field(state: &mut State) {
    let fields = &state.layout.fields;
    if !fields.iter().any(|placed| placed.field == state.form.field)
        && let Some(first) = fields.first()
    {
        state.form.field = first.field;
    }
}

/// Moves the lines of the details as little as is needed for the one under the cursor to be seen (while
/// the details have the focus) and no row to be wasted.
fn show_line(state: &mut State) {
    let (layout, details) = (&state.layout, &mut state.details);
    // A click may fall on a heading.
    let line = details.line.min(layout.lines.len().saturating_sub(1));
    details.line = lines::off_heading(&layout.lines, line, true);
    let height = usize::from(layout.details_height()).max(1);
    details.top = details.top.min(layout.rows.len().saturating_sub(height));
    if state.focus == Pane::Details {
        let is_there =
            |row: &VisualRow| row.left == details.line || row.right == Some(details.line);
        let row = layout.rows.iter().position(is_there).unwrap_or(0);
        details.top = details.top.min(row).max((row + 1).saturating_sub(height));
    }
}

fn panes(state: &State) -> ScreenLayout {
    let mode = mode(state.size);
    let mut panes = ScreenLayout {
        mode,
        ..ScreenLayout::default()
    };
    if mode == Mode::TooSmall {
        return panes;
    }
    let tabs = u16::from(mode == Mode::Tabs);
    let rows = [Length(1), Length(tabs), Fill(1), Length(1), Length(1)];
    let body;
    [panes.header, panes.tabs, body, panes.status, panes.hints] =
        Layout::vertical(rows).areas(Rect::from((Position::ORIGIN, state.size)));
    if mode == Mode::Tabs {
        match state.focus {
            Pane::Search => panes.form = body,
            Pane::Table => panes.table = body,
            Pane::Details => panes.details = body,
        }
        return panes;
    }
    panes.is_form_line = is_form_line(state);
    let form = if panes.is_form_line {
        1
    } else {
        form_height(state, mode, body.height)
    };
    let rest;
    [panes.form, rest] = Layout::vertical([Length(form), Fill(1)]).areas(body);
    [panes.table, panes.details] = table_and_details(state, mode, rest);
    panes
}

/// True if the form is one line: nobody writes in it, and the table needs the rows.
fn is_form_line(state: &State) -> bool {
    state.focus != Pane::Search && state.size.height < FORM_STAYS
}

fn form_height(state: &State, mode: Mode, room: u16) -> u16 {
    if state.form.unfolded {
        let wanted = form_fields::unfolded_height(state);
        return wanted.min(
            room.saturating_sub(TABLE_LEAST)
                .max(form_fields::least(state)),
        );
    }
    match mode {
        Mode::Wide | Mode::Tall => FORM_TWO_LINES,
        _ => FORM_ONE_LINE,
    }
}

fn table_and_details(state: &State, mode: Mode, body: Rect) -> [Rect; 2] {
    if state.details.hidden {
        return [body, Rect::ZERO];
    }
    if mode == Mode::Wide {
        let (least, most) = DETAILS_WIDTH;
        let width = (u32::from(body.width) * 40 / 100) as u16;
        let width = Length(width.clamp(least, most));
        return Layout::horizontal([Fill(1), width]).areas(body);
    }
    let focused = state.focus == Pane::Details;
    let height = match mode {
        Mode::Tall => (state.size.height * 3 / 10).clamp(DETAILS_HEIGHT.0, DETAILS_HEIGHT.1),
        _ if focused => DETAILS_COMPACT_FOCUSED.min(body.height.saturating_sub(TABLE_LEAST - 1)),
        _ => DETAILS_COMPACT,
    };
    let height = height.max(DETAILS_COMPACT.min(body.height));
    // An unfolded form leaves no room for both; details with the focus win over it.
    let is_open = state.form.unfolded && !is_form_line(state);
    if is_open && !focused && body.height < height + TABLE_LEAST {
        return [body, Rect::ZERO];
    }
    Layout::vertical([Fill(1), Length(height)]).areas(body)
}

/// The tabs of a narrow screen: pane, number and name, in order.
pub const TABS: [(Pane, &str); 3] = [
    (Pane::Search, "1 Search"),
    (Pane::Table, "2 Sessions"),
    (Pane::Details, "3 Details"),
];
