//! Which columns the table has at which width.

use ratatui::layout::Constraint::{self, Fill, Length};
use ratatui::layout::{Layout, Rect};

use super::cells;
use super::screen_layout::Column;
use super::source::Source;
use super::state::{State, TimeStyle};
use crate::model::text::width_cols;
use crate::model::{ColumnSpec, Field, Property};

/// Cells left of the first column: the cursor, the mark, and a blank.
pub const GUTTER: u16 = 3;

/// The columns before the first connection has told what a system has.
const DEFAULT: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 3),
    ColumnSpec::new(Field::Client, "CLIENT", "CLIENT", 2),
    ColumnSpec::new(Field::Ip, "IP", "IP", 2),
    ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
    ColumnSpec::new(Field::Used, "LAST USED", "USED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
];

const PROFILE: ColumnSpec = ColumnSpec::new(Field::Profile, "PROFILE", "PROFILE", 0);
const KIND: ColumnSpec = ColumnSpec::new(Field::Kind, "KIND", "KIND", 0);

/// The order in which columns leave when the table is narrow, after those of attributes. A field
/// that is not named never leaves.
const LEAVE: [Field; 18] = [
    Field::Agent,
    Field::Hint,
    Field::Own,
    Field::Deletable,
    Field::Id,
    Field::UserId,
    Field::System,
    Field::Age,
    Field::Idle,
    Field::Left,
    Field::Ip,
    Field::Method,
    Field::Ended,
    Field::Scope,
    Field::Used,
    Field::Kind,
    Field::Client,
    Field::Created,
];

/// How much room the columns of fixed width take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Long titles, wide gaps.
    Ample,
    /// Short titles, one blank between columns.
    Tight,
    /// As tight, for screens of under 60 columns.
    Least,
}

/// Names of profiles are cut to this.
const WIDEST_PROFILE: u16 = 21;
/// Below this width of the table's inside the state column is as narrow as its words.
const LEAST_BELOW: u16 = 60;

/// All columns of the open systems, in order, whether they fit or not.
pub fn all(state: &State) -> Vec<ColumnSpec> {
    let mut columns: Vec<ColumnSpec> = Vec::new();
    for caps in state.sources.iter().filter_map(|s| s.caps.as_ref()) {
        for spec in caps.columns() {
            if !columns.iter().any(|known| known.what == spec.what) {
                columns.push(spec.clone());
            }
        }
    }
    if columns.is_empty() {
        columns.extend_from_slice(DEFAULT);
    }
    let wanted = [
        (state.sources.iter().any(Source::has_kinds), KIND),
        (state.sources.len() > 1, PROFILE),
    ];
    for (_, column) in wanted.into_iter().filter(|(is_wanted, _)| *is_wanted) {
        if !columns.iter().any(|known| known.what == column.what) {
            let user = columns.iter().position(|c| c.what == Field::User);
            columns.insert(user.map_or(0, |at| at + 1), column);
        }
    }
    columns
}

/// The columns shown in a table whose inside is this wide.
pub fn columns(state: &State, width: u16) -> Vec<Column> {
    let all = all(state);
    let scroll = usize::from(state.results.scroll).min(max_scroll_of(state, &all, width));
    place(state, &all, scroll, width)
}

/// How far the columns can be scrolled: 0 if all of them fit.
pub fn max_scroll(state: &State, width: u16) -> u16 {
    u16::try_from(max_scroll_of(state, &all(state), width)).unwrap_or(u16::MAX)
}

fn max_scroll_of(state: &State, all: &[ColumnSpec], width: u16) -> usize {
    let most = all.len().saturating_sub(2);
    if place(state, all, 0, width).len() == all.len() {
        return 0;
    }
    (1..=most)
        .find(|scroll| place(state, all, *scroll, width).len() == all.len() - scroll)
        .unwrap_or(most)
}

/// The first column stays; `scroll` of the others have left at the left, and with any scrolled away the
/// rest leave at the right, so that every column can be reached.
fn place(state: &State, all: &[ColumnSpec], scroll: usize, width: u16) -> Vec<Column> {
    let mut shown: Vec<ColumnSpec> = all.first().cloned().into_iter().collect();
    shown.extend(all.iter().skip(1 + scroll).cloned());
    let sizes = Sizes::of(state, width);
    if scroll > 0 {
        while shown.len() > 1 && sizes.need(&shown, Room::Tight) > width {
            shown.pop();
        }
        return sizes.spread(&shown, sizes.tightest(), width);
    }
    let without_agent: Vec<_> = shown
        .iter()
        .filter(|c| c.what != Field::Agent)
        .cloned()
        .collect();
    for columns in [&shown, &without_agent] {
        if sizes.need(columns, Room::Ample) <= width {
            return sizes.spread(columns, Room::Ample, width);
        }
    }
    let is_attribute = |column: &ColumnSpec| column.what.field().is_none();
    while let Some(last) = shown.iter().rposition(is_attribute)
        && sizes.need(&shown, sizes.tightest()) > width
    {
        shown.remove(last);
    }
    for field in LEAVE {
        if sizes.need(&shown, sizes.tightest()) <= width {
            break;
        }
        shown.retain(|column| column.what != field);
    }
    sizes.spread(&shown, sizes.tightest(), width)
}

/// The values that decide the widths: the width of the table, the style of times, and the words on
/// screen.
struct Sizes {
    width: u16,
    time: TimeStyle,
    /// Widest word of the state column among the rows on screen.
    state: u16,
    /// Widest name of an open profile.
    profile: u16,
}

impl Sizes {
    fn of(state: &State, width: u16) -> Self {
        Self {
            width,
            time: state.prefs.time,
            state: cells::widest_state(state),
            profile: state
                .sources
                .iter()
                .map(|source| width_cols(&source.profile.name) as u16)
                .max()
                .unwrap_or(0),
        }
    }

    fn tightest(&self) -> Room {
        if self.width < LEAST_BELOW {
            Room::Least
        } else {
            Room::Tight
        }
    }

    /// Cells of a column of fixed width, its gap included.
    fn fixed(&self, what: &Property, room: Room) -> u16 {
        match what.field() {
            Some(Field::State) => match room {
                Room::Ample => 19,
                Room::Tight => 12.max(self.state + 1),
                Room::Least => 9.max(self.state + 1),
            },
            Some(Field::Created | Field::Used | Field::Expires | Field::Ended)
                if self.time != TimeStyle::Age =>
            {
                match self.time {
                    TimeStyle::Local => 26,
                    _ => 21,
                }
            }
            Some(Field::Expires) if room != Room::Tight => 10,
            Some(Field::Used) if room == Room::Ample => 12,
            Some(Field::Own | Field::Deletable) => 10,
            Some(Field::Profile) => (self.profile + 1).clamp(8, WIDEST_PROFILE),
            _ if room == Room::Ample => 11,
            _ => 9,
        }
    }

    /// The least cells of a text column, its gap included.
    fn least(what: &Property) -> u16 {
        match what.field() {
            Some(Field::User) => 20,
            Some(Field::Ip | Field::Agent | Field::UserId) => 16,
            Some(Field::Client) => 14,
            _ => 12,
        }
    }

    fn need(&self, columns: &[ColumnSpec], room: Room) -> u16 {
        columns.iter().fold(GUTTER, |sum, column| {
            sum.saturating_add(match column.weight {
                0 => self.fixed(&column.what, room),
                _ => Self::least(&column.what),
            })
        })
    }

    /// Gives every column its place; text columns share by weight what the others leave.
    fn spread(&self, columns: &[ColumnSpec], room: Room, width: u16) -> Vec<Column> {
        let fixed: u16 = columns
            .iter()
            .filter(|c| c.weight == 0)
            .fold(GUTTER, |sum, c| {
                sum.saturating_add(self.fixed(&c.what, room))
            });
        let mut text = Self::share(columns, width.saturating_sub(fixed)).into_iter();
        let mut x = GUTTER;
        let mut placed = Vec::with_capacity(columns.len());
        for column in columns {
            let mut cells = match column.weight {
                0 => self.fixed(&column.what, room),
                _ => text.next().unwrap_or(0),
            };
            cells = cells.min(width.saturating_sub(x));
            if cells == 0 {
                break;
            }
            placed.push(Column {
                what: column.what.clone(),
                title: if room == Room::Ample {
                    column.title.clone()
                } else {
                    column.short.clone()
                },
                x,
                width: cells,
            });
            x += cells;
        }
        placed
    }

    /// Cells of the text columns, in order: by weight, but none below the least that it needs while another
    /// has more than its own.
    fn share(columns: &[ColumnSpec], room: u16) -> Vec<u16> {
        let text: Vec<&ColumnSpec> = columns.iter().filter(|c| c.weight > 0).collect();
        let least: Vec<u16> = text.iter().map(|c| Self::least(&c.what)).collect();
        let mut parts: Vec<Constraint> = text.iter().map(|c| Fill(c.weight.into())).collect();
        loop {
            let row = Rect::new(0, 0, room, 1);
            let areas = Layout::horizontal(&parts).split(row);
            let cells: Vec<u16> = areas.iter().map(|area| area.width).collect();
            match (0..parts.len())
                .find(|at| matches!(parts[*at], Fill(_)) && cells[*at] < least[*at])
            {
                Some(at) if least.iter().sum::<u16>() <= room => parts[at] = Length(least[at]),
                _ => return cells,
            }
        }
    }
}
