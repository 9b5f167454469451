//! Where the panes are on the screen, by the size of the terminal and what is open.

use super::area::{Area, Mode, mode};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// How the panes lie.
    pub mode: Mode,
    /// First line: where we are.
    pub header: Area,
    /// The tabs of a narrow screen.
    pub tabs: Area,
    /// The search form, border included.
    pub form: Area,
    /// The table, border included.
    pub table: Area,
    /// The details, border included.
    pub details: Area,
    /// The status line.
    pub status: Area,
    /// The hint line.
    pub hints: Area,
}

/// Where the panes are now.
pub fn areas(state: &State) -> Areas {
    let (width, height) = (state.size.width, state.size.height);
    let mode = mode(state.size);
    let none = Area::default();
    let mut areas = Areas {
        mode,
        header: none,
        tabs: none,
        form: none,
        table: none,
        details: none,
        status: none,
        hints: none,
    };
    if mode == Mode::TooSmall {
        return areas;
    }
    let line = |y| Area::new(0, y, width, 1);
    areas.header = line(0);
    areas.status = line(height - 2);
    areas.hints = line(height - 1);
    if mode == Mode::Tabs {
        areas.tabs = line(1);
        let body = Area::new(0, 2, width, height - 4);
        match state.focus {
            Pane::Search => areas.form = body,
            Pane::Table => areas.table = body,
            Pane::Details => areas.details = body,
        }
        return areas;
    }
    let room = height - 3;
    let form = form_height(state, mode, room);
    areas.form = Area::new(0, 1, width, form);
    split_table_and_details(
        state,
        &mut areas,
        Area::new(0, 1 + form, width, room - form),
    );
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

fn split_table_and_details(state: &State, areas: &mut Areas, body: Area) {
    areas.table = body;
    if state.details.hidden {
        return;
    }
    if areas.mode == Mode::Wide {
        let (least, most) = DETAILS_WIDTH;
        let width = (u32::from(body.width) * 40 / 100) as u16;
        let width = width.clamp(least, most);
        areas.table.width -= width;
        areas.details = Area {
            x: areas.table.right(),
            width,
            ..body
        };
        return;
    }
    let focused = state.focus == Pane::Details;
    let height = match areas.mode {
        Mode::Tall => (state.size.height * 3 / 10).clamp(DETAILS_HEIGHT.0, DETAILS_HEIGHT.1),
        _ if focused => DETAILS_COMPACT_FOCUSED.min(body.height.saturating_sub(TABLE_LEAST - 1)),
        _ => DETAILS_COMPACT,
    };
    let height = height.max(DETAILS_COMPACT.min(body.height));
    // An unfolded form leaves no room for both; details with the focus win over it.
    if state.form.unfolded && !focused && body.height < height + TABLE_LEAST {
        return;
    }
    areas.table.height = body.height.saturating_sub(height);
    areas.details = Area {
        y: areas.table.bottom(),
        height,
        ..body
    };
}

/// How many data rows the table shows.
pub fn table_height(state: &State) -> u16 {
    areas(state).table.height.saturating_sub(TABLE_FRAME)
}

/// How many lines the details show.
pub fn details_height(state: &State) -> u16 {
    areas(state).details.inner().height
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
