//! Which columns the table has at which width.

use std::borrow::Cow;

use super::chosen_columns;
use super::screen_layout::Column;
use super::source::Source;
use super::state::{State, TimeStyle};
use crate::model::text::{Align, width_cols};
use crate::model::time::Zone;
use crate::model::{ColumnSpec, Field, Property};
use crate::store::Shape;

/// Cells left of the first column: the cursor, the mark, and a change.
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
const HINTS: ColumnSpec = ColumnSpec::new(Field::Hint, "HINTS", "HINTS", 1);
const KIND: ColumnSpec = ColumnSpec::new(Field::Kind, "KIND", "KIND", 0);

/// The order in which columns leave when the table is narrow: first those that hold nothing in any loaded
/// row, then those of attributes, then these. A field that is not named never leaves.
const LEAVE: [Field; 21] = [
    Field::Agent,
    Field::Own,
    Field::Deletable,
    Field::System,
    Field::UserId,
    Field::Method,
    Field::Age,
    Field::Idle,
    Field::Left,
    Field::Id,
    Field::Scope,
    Field::Client,
    Field::Created,
    Field::Kind,
    Field::Ended,
    Field::Expires,
    Field::Profile,
    // It is there only where it was chosen.
    Field::Hint,
    Field::Used,
    Field::Ip,
    Field::State,
];

/// Names of profiles are cut to this.
const WIDEST_PROFILE: u16 = 20;
/// From this width of the table's inside on, the life line has a column, if there is room left for it.
const LIFE_FROM: u16 = 98;
/// Cells of the life line in its column.
pub const LIFE: u16 = 10;
/// Cells of an instant in the zone that is chosen: `11-21 14:01:12`.
const INSTANT: u16 = 14;
/// Cells of the state at least, so that the column stays as it is while rows pass by: `idle 59m`.
const STATE: u16 = 8;
/// Cells of the column of hints: one word, what most rows have, and three words.
const HINTS_CELLS: (u16, u16, u16) = (12, 12, 24);
/// Cells that a column of an attribute of fixed width has at most.
const ATTRIBUTE: u16 = 10;

/// The columns that the operator wants of those of the open systems, in order, whether they fit or not.
pub fn all(state: &State) -> Vec<ColumnSpec> {
    chosen_columns::shown(state, offered(state))
}

/// All columns of the open systems, in the order of the systems.
pub fn offered(state: &State) -> Vec<ColumnSpec> {
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
    if !columns.iter().any(|known| known.what == HINTS.what) {
        columns.push(HINTS);
    }
    columns
}

/// The columns shown in a table whose inside is this wide.
pub fn columns(state: &State, width: u16) -> Vec<Column> {
    let sizes = Sizes::of(state, width);
    let scroll = usize::from(state.results.scroll).min(sizes.max_scroll());
    sizes.place(scroll)
}

/// How far the columns can be scrolled: 0 if all of them fit.
pub fn max_scroll(state: &State, width: u16) -> u16 {
    u16::try_from(Sizes::of(state, width).max_scroll()).unwrap_or(u16::MAX)
}

/// A column and the cells that it may take, without the gap behind it.
#[derive(Clone)]
struct Sized {
    spec: ColumnSpec,
    least: u16,
    /// What all but a few long values take; `most` or less.
    usual: u16,
    most: u16,
    /// True if no loaded row has a value for it.
    is_empty: bool,
}

/// All columns with their sizes, in a table of this width.
struct Sizes<'a> {
    state: &'a State,
    width: u16,
    all: Vec<Sized>,
}

impl<'a> Sizes<'a> {
    fn of(state: &'a State, width: u16) -> Self {
        let sized = |spec| sized(state, spec);
        Self {
            state,
            width,
            all: all(state).into_iter().map(sized).collect(),
        }
    }

    fn max_scroll(&self) -> usize {
        let most = self.all.len().saturating_sub(2);
        if self.shown(0).len() == self.all.len() {
            return 0;
        }
        (1..=most)
            .find(|scroll| self.shown(*scroll).len() == self.all.len() - scroll)
            .unwrap_or(most)
    }

    /// The columns that fit. The first one stays; `scroll` of the others have left at the left, and with any
    /// scrolled away the rest leave at the right, so that every column can be reached.
    fn shown(&self, scroll: usize) -> Vec<Sized> {
        let mut shown: Vec<Sized> = self.all.first().cloned().into_iter().collect();
        shown.extend(self.all.iter().skip(1 + scroll).cloned());
        if scroll > 0 {
            while shown.len() > 1 && needed(&shown) > self.width {
                shown.pop();
            }
            return shown;
        }
        while needed(&shown) > self.width
            && let Some(at) = next_to_leave(&shown)
        {
            shown.remove(at);
        }
        shown
    }

    /// Gives every column its place: first the least that each needs, then to those of text what most values
    /// take; then the life line, what their longest values take, and wider gaps.
    fn place(&self, scroll: usize) -> Vec<Column> {
        let shown = self.shown(scroll);
        let mut cells: Vec<u16> = shown.iter().map(|column| column.least).collect();
        let mut room = self.width.saturating_sub(needed(&shown));
        grow(&shown, &mut cells, &mut room, |column| column.usual);
        let has_life = self.width >= LIFE_FROM
            && room > LIFE
            && scroll == 0
            && self.state.results.rows.shape().widest(Field::Created) > 0;
        if has_life {
            room -= LIFE + 1;
        }
        grow(&shown, &mut cells, &mut room, |column| column.most);
        let gap = if usize::from(room) >= shown.len() {
            2
        } else {
            1
        };
        let mut titles = Titles::of(self.state);
        let mut x = GUTTER;
        let mut placed = Vec::with_capacity(shown.len() + 1);
        for (column, cells) in shown.into_iter().zip(cells) {
            let width = cells.min(self.width.saturating_sub(x));
            if width == 0 {
                break;
            }
            placed.push(Column {
                title: titles.next(&column.spec, width),
                align: align(column.spec.what.field()),
                what: Some(column.spec.what),
                x,
                width,
            });
            x += width + gap;
        }
        if has_life {
            placed.push(Column {
                what: None,
                title: Cow::Borrowed("LIFE"),
                align: Align::Left,
                x,
                width: LIFE,
            });
        }
        placed
    }
}

/// Cells that the columns need at least, with the gutter and a blank between two.
fn needed(columns: &[Sized]) -> u16 {
    let gaps = columns.len().saturating_sub(1) as u16;
    columns.iter().fold(GUTTER + gaps, |sum, column| {
        sum.saturating_add(column.least)
    })
}

/// The next column that leaves. The first one never does.
fn next_to_leave(shown: &[Sized]) -> Option<usize> {
    let last = |is: &dyn Fn(&Sized) -> bool| shown.iter().rposition(is).filter(|at| *at > 0);
    let empty = last(&|column| column.is_empty);
    let attribute = || last(&|column| column.spec.what.field().is_none());
    let by_field = || {
        let mut fields = LEAVE.iter();
        fields.find_map(|field| last(&|column| column.spec.what == *field))
    };
    empty.or_else(attribute).or_else(by_field)
}

/// Hands out spare cells, each to the column with the smallest part of its share, of those that want more.
fn grow(shown: &[Sized], cells: &mut [u16], room: &mut u16, wanted: impl Fn(&Sized) -> u16) {
    let share = |at: usize, cells: &[u16]| {
        let weight = u32::from(shown[at].spec.weight.max(1));
        u32::from(cells[at]) * 64 / weight
    };
    while *room > 0 {
        let wants = (0..shown.len()).filter(|at| cells[*at] < wanted(&shown[*at]));
        let Some(next) = wants.min_by_key(|at| share(*at, cells)) else {
            return;
        };
        cells[next] += 1;
        *room -= 1;
    }
}

fn is_time(field: Option<Field>) -> bool {
    matches!(
        field,
        Some(Field::Created | Field::Used | Field::Expires | Field::Ended)
    )
}

fn align(field: Option<Field>) -> Align {
    match field {
        Some(Field::Age | Field::Idle | Field::Left) => Align::Right,
        field if is_time(field) => Align::Right,
        _ => Align::Left,
    }
}

fn sized(state: &State, spec: ColumnSpec) -> Sized {
    let field = spec.what.field();
    let shape = state.results.rows.shape();
    let is_empty = !state.results.rows.is_empty() && field.is_some_and(|f| is_told_empty(shape, f));
    let (least, usual, most) = match field {
        Some(Field::State) => [STATE.max(widest_seen(state, &spec.what)); 3].into(),
        Some(Field::Profile | Field::System | Field::Own | Field::Deletable) => {
            [fixed(state, &spec); 3].into()
        }
        field if align(field) == Align::Right => [time_cells(state, &spec); 3].into(),
        _ => text_cells(state, &spec),
    };
    Sized {
        spec,
        least,
        usual,
        most,
        is_empty,
    }
}

/// True if the rows say for sure that a column would be empty.
fn is_told_empty(shape: &Shape, field: Field) -> bool {
    let told = match field {
        Field::Age => Field::Created,
        Field::Left => Field::Expires,
        Field::State | Field::Profile | Field::System | Field::Own | Field::Deletable => {
            return false;
        }
        // Of hints there is no telling without a look at every row.
        Field::Idle | Field::Hint => return false,
        field => field,
    };
    shape.widest(told) == 0
}

/// Cells of a column whose values are known beforehand.
fn fixed(state: &State, spec: &ColumnSpec) -> u16 {
    let title = width_cols(&spec.title) as u16;
    match spec.what.field() {
        Some(Field::Profile) => {
            let names = state.sources.iter().map(|source| &source.profile.name);
            let widest = names.map(|name| width_cols(name) as u16).max();
            widest.unwrap_or(0).clamp(title, WIDEST_PROFILE)
        }
        _ => title.max(3),
    }
}

/// Cells of a column of ages or instants: `729d`, and its title with the mark of the order.
fn time_cells(state: &State, spec: &ColumnSpec) -> u16 {
    let field = spec.what.field();
    if state.prefs.time != TimeStyle::Age && is_time(field) {
        return INSTANT;
    }
    let title = age_title(field).map_or(width_cols(&spec.short), str::len) as u16;
    (title + 1).max(4)
}

/// Cells of a column of text: no less than makes its values readable, what most of them take, and what all
/// take.
fn text_cells(state: &State, spec: &ColumnSpec) -> (u16, u16, u16) {
    let field = spec.what.field();
    let title = width_cols(&spec.short) as u16 + 2;
    let (least, usual) = match field {
        Some(Field::User) => (16, 26),
        Some(Field::Ip) => (15, 22),
        Some(Field::Agent) => (16, 24),
        Some(Field::Hint) => return HINTS_CELLS,
        Some(Field::Client) => (12, 16),
        Some(Field::UserId) => (12, 16),
        Some(_) => (10, 12),
        None if spec.weight == 0 => (ATTRIBUTE, ATTRIBUTE),
        None => (ATTRIBUTE, 40),
    };
    let widest = match field {
        _ if state.results.rows.is_empty() => usual,
        Some(field) => state.results.rows.shape().widest(field),
        None => widest_seen(state, &spec.what).min(usual),
    };
    let most = widest.max(title);
    (least.min(most), usual.min(most), most)
}

/// Cells of the widest value that was on screen.
fn widest_seen(state: &State, what: &Property) -> u16 {
    state.results.widest.get(what).copied().unwrap_or(0)
}

/// The title of a column as people know it now: of instants the age, where ages are shown.
pub fn title(state: &State, spec: &ColumnSpec) -> Cow<'static, str> {
    let age = age_title(spec.what.field()).filter(|_| state.prefs.time == TimeStyle::Age);
    age.map_or_else(|| spec.title.clone(), Cow::Borrowed)
}

/// The titles of ages, in the words of the query.
fn age_title(field: Option<Field>) -> Option<&'static str> {
    match field? {
        Field::Created | Field::Age => Some("AGE"),
        Field::Used | Field::Idle => Some("IDLE"),
        Field::Expires | Field::Left => Some("LEFT"),
        _ => None,
    }
}

/// The titles, from left to right: the first column of instants names the zone of all.
struct Titles {
    time: TimeStyle,
    zone: Option<String>,
}

impl Titles {
    fn of(state: &State) -> Self {
        let zone = match (state.prefs.time, state.zone()) {
            (TimeStyle::Age, _) => None,
            (_, Zone::Utc) => Some("UTC".to_owned()),
            // Its offset may differ from row to row.
            (_, Zone::Local) => Some("local".to_owned()),
            (_, zone @ Zone::Fixed(_)) => Some(zone.offset_at(state.now).to_string()),
        };
        Self {
            time: state.prefs.time,
            zone,
        }
    }

    fn next(&mut self, spec: &ColumnSpec, width: u16) -> Cow<'static, str> {
        let field = spec.what.field();
        if self.time == TimeStyle::Age || !is_time(field) {
            if let Some(title) = age_title(field) {
                return Cow::Borrowed(title);
            }
        } else if let Some(zone) = self.zone.take() {
            return Cow::Owned(format!("{} {zone}", spec.short));
        }
        let has_room = width_cols(&spec.title) + 2 <= usize::from(width);
        if has_room { &spec.title } else { &spec.short }.clone()
    }
}
