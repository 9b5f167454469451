//! Where everything is on the screen, by the size of the terminal, and what lies under a point of it.

use super::columns::{self, GUTTER};
use super::dialogs;
use super::form::FormField;
use super::form_layout;
use super::lines;
use super::state::{Pane, State};
use crate::model::Field;

/// A rectangle of cells. Width or height of 0: not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// A rectangle from its first column and row and its size.
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Is nothing of it shown?
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// First column to the right of it.
    pub const fn right(self) -> u16 {
        self.x.saturating_add(self.width)
    }

    /// First row below it.
    pub const fn bottom(self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// Is this cell in it?
    pub const fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x && x < self.right() && y >= self.y && y < self.bottom()
    }

    /// What is left inside a border of one cell.
    pub const fn inner(self) -> Self {
        if self.width < 2 || self.height < 2 {
            return Self::new(self.x, self.y, 0, 0);
        }
        Self::new(self.x + 1, self.y + 1, self.width - 2, self.height - 2)
    }

    /// One row of it, counted from its first; empty if it has no such row.
    pub const fn row(self, row: u16) -> Self {
        if row >= self.height {
            return Self::new(self.x, self.y, 0, 0);
        }
        Self::new(self.x, self.y + row, self.width, 1)
    }

    /// A rectangle of this size in the middle of it, no larger than it.
    pub const fn centred(self, width: u16, height: u16) -> Self {
        let width = if width < self.width {
            width
        } else {
            self.width
        };
        let height = if height < self.height {
            height
        } else {
            self.height
        };
        Self::new(
            self.x + (self.width - width) / 2,
            self.y + (self.height - height) / 2,
            width,
            height,
        )
    }
}

/// How the panes lie, by the size of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Details to the right of the table.
    Wide,
    /// Details below the table, all search fields in two lines.
    Tall,
    /// Details below in a few lines, the most used search fields in one line.
    Compact,
    /// One pane at a time, with tabs.
    Tabs,
    /// Nothing but a notice.
    TooSmall,
}

/// Smallest screen that shows anything: 40 columns and 10 rows.
pub const SMALLEST: (u16, u16) = (40, 10);
const WIDE: (u16, u16) = (140, 20);
const TALL: (u16, u16) = (100, 30);
const COMPACT: (u16, u16) = (64, 18);

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

/// How the panes lie on a screen of this size.
pub fn mode(width: u16, height: u16) -> Mode {
    let fits = |(w, h): (u16, u16)| width >= w && height >= h;
    if !fits(SMALLEST) {
        Mode::TooSmall
    } else if fits(WIDE) {
        Mode::Wide
    } else if fits(TALL) && width < WIDE.0 {
        Mode::Tall
    } else if fits(COMPACT) {
        Mode::Compact
    } else {
        Mode::Tabs
    }
}

/// Where the panes are now.
pub fn areas(state: &State) -> Areas {
    let (width, height) = (state.size.width, state.size.height);
    let mode = mode(width, height);
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
        let wanted = form_layout::unfolded_height(state);
        return wanted.min(
            room.saturating_sub(TABLE_LEAST)
                .max(form_layout::least(state)),
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

/// The fields of the form that are on screen and where; the area of a field is that of its text or
/// button, without its label.
pub fn form_fields(state: &State) -> Vec<(FormField, Area)> {
    form_layout::place(state)
        .into_iter()
        .map(|placed| (placed.field, placed.area))
        .collect()
}

/// What lies under a point of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A row of the table: its position in the order.
    Row(usize),
    /// The title of a column.
    Column(Field),
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
pub fn hit(state: &State, x: u16, y: u16) -> Hit {
    let areas = areas(state);
    if areas.mode == Mode::TooSmall {
        return Hit::Nothing;
    }
    if let Some(overlay) = state.overlays.last() {
        let sheet = dialogs::sheet(state, overlay);
        let button = sheet.button_at(x, y).map(Hit::Button);
        let choice = || sheet.choice_at(x, y).map(Hit::Choice);
        return button.or_else(choice).unwrap_or(Hit::Nothing);
    }
    if areas.tabs.contains(x, y) {
        return tab_at(x).map_or(Hit::Nothing, Hit::Pane);
    }
    if areas.form.contains(x, y) {
        return form_layout::place(state)
            .into_iter()
            .find(|placed| {
                placed.area.y == y && (placed.label_x..=placed.area.right()).contains(&x)
            })
            .map_or(Hit::Pane(Pane::Search), |placed| Hit::Form(placed.field));
    }
    if areas.table.contains(x, y) {
        return table_hit(state, areas.table.inner(), x, y);
    }
    if areas.details.contains(x, y) {
        return details_hit(state, areas.details.inner(), x, y);
    }
    Hit::Nothing
}

fn details_hit(state: &State, inner: Area, x: u16, y: u16) -> Hit {
    let miss = Hit::Pane(Pane::Details);
    if !inner.contains(x, y) || lines::is_short(state) {
        return miss;
    }
    let all = lines::detail_lines(state);
    let rows = lines::visual_rows(&all);
    let top = lines::details_top(state, &all, &rows);
    let Some(row) = rows.get(top + usize::from(y - inner.y)) else {
        return miss;
    };
    let right_from = inner.x + 1 + lines::right_column(lines::width(state));
    match row.right {
        Some(right) if x >= right_from => Hit::DetailsLine(right),
        _ => Hit::DetailsLine(row.left),
    }
}

fn table_hit(state: &State, inner: Area, x: u16, y: u16) -> Hit {
    let miss = Hit::Pane(Pane::Table);
    if !inner.contains(x, y) {
        return miss;
    }
    if y == inner.y {
        let at = x - inner.x;
        return columns::columns(state, inner.width)
            .into_iter()
            .find(|column| at >= column.x && at < column.x + column.width && at >= GUTTER)
            .map_or(miss, |column| Hit::Column(column.field));
    }
    let position = table_top(state) + usize::from(y - inner.y - 1);
    if position < state.results.order.len() {
        Hit::Row(position)
    } else {
        miss
    }
}

/// The tabs of a narrow screen: pane, number and name, in order.
pub const TABS: [(Pane, &str); 3] = [
    (Pane::Search, "1 Search"),
    (Pane::Table, "2 Sessions"),
    (Pane::Details, "3 Details"),
];

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
