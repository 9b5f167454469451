//! Where the panes are on the screen, by the size of the terminal and what is open.

use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Position, Rect};

use super::area::{BORDER, Mode, mode};
use super::form_fields;
use super::state::{Pane, State};

/// Folded form: two borders and two lines of fields, or one.
const FORM_TWO_LINES: u16 = 4;
const FORM_ONE_LINE: u16 = 3;
/// Details beside the table: 40 % of the width, within these bounds.
const DETAILS_WIDTH: (u16, u16) = (48, 80);
/// Details below the table: 30 % of the height, within these bounds.
const DETAILS_HEIGHT: (u16, u16) = (8, 14);
/// Details of a compact screen; with the focus they take more, up to leaving the table the least.
const DETAILS_COMPACT: u16 = 6;
const DETAILS_COMPACT_FOCUSED: u16 = 12;
/// Borders, titles and a few rows: less than this the table never gets while the form is unfolded.
const TABLE_LEAST: u16 = 7;
/// Borders and the line of titles.
const TABLE_FRAME: u16 = 3;

/// Where the panes are. What is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// How the panes lie.
    pub mode: Mode,
    /// First line: where we are.
    pub header: Rect,
    /// The tabs of a narrow screen.
    pub tabs: Rect,
    /// The search form, border included.
    pub form: Rect,
    /// The table, border included.
    pub table: Rect,
    /// The details, border included.
    pub details: Rect,
    /// The status line.
    pub status: Rect,
    /// The hint line.
    pub hints: Rect,
}

/// Where the panes are now.
pub fn areas(state: &State) -> Areas {
    let mode = mode(state.size);
    let mut areas = Areas {
        mode,
        ..Areas::default()
    };
    if mode == Mode::TooSmall {
        return areas;
    }
    let tabs = u16::from(mode == Mode::Tabs);
    let rows = [Length(1), Length(tabs), Fill(1), Length(1), Length(1)];
    let body;
    [areas.header, areas.tabs, body, areas.status, areas.hints] =
        Layout::vertical(rows).areas(Rect::from((Position::ORIGIN, state.size)));
    if mode == Mode::Tabs {
        match state.focus {
            Pane::Search => areas.form = body,
            Pane::Table => areas.table = body,
            Pane::Details => areas.details = body,
        }
        return areas;
    }
    let form = form_height(state, mode, body.height);
    let rest;
    [areas.form, rest] = Layout::vertical([Length(form), Fill(1)]).areas(body);
    [areas.table, areas.details] = table_and_details(state, mode, rest);
    areas
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
    if state.form.unfolded && !focused && body.height < height + TABLE_LEAST {
        return [body, Rect::ZERO];
    }
    Layout::vertical([Fill(1), Length(height)]).areas(body)
}

/// How many data rows the table shows.
pub fn table_height(state: &State) -> u16 {
    areas(state).table.height.saturating_sub(TABLE_FRAME)
}

/// How many lines the details show.
pub fn details_height(state: &State) -> u16 {
    areas(state).details.inner(BORDER).height
}

/// The position of the order that is shown in the first row: `results.top`, moved as little as is
/// needed for the cursor to be seen and no row to be wasted.
pub fn table_top(state: &State) -> usize {
    let height = usize::from(table_height(state)).max(1);
    let results = &state.results;
    let last = results.order.len().saturating_sub(height);
    results
        .top
        .min(last)
        .min(results.cursor)
        .max((results.cursor + 1).saturating_sub(height).min(last))
}

/// The tabs of a narrow screen: pane, number and name, in order.
pub const TABS: [(Pane, &str); 3] = [
    (Pane::Search, "1 Search"),
    (Pane::Table, "2 Sessions"),
    (Pane::Details, "3 Details"),
];
