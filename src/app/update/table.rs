//! The results table: columns, sorting, quick filters and the filter over loaded rows.

use std::time::Duration;

use super::{edit, message, results};
use crate::app::area::BORDER;
use crate::app::columns;
use crate::app::completion;
use crate::app::effect::{Effect, Timer};
use crate::app::keymap::{Key, KeyPress};
use crate::app::results::LiveFilter;
use crate::app::state::{Level, State, TimeStyle};
use crate::model::time::Zone;
use crate::model::{Clause, Field, Op, Property, Query, Sort, Value};
use crate::store::Row;

/// A pause in typing after which a filter is called wrong. Before that it may be half written.
const PAUSE: Duration = Duration::from_millis(120);

/// Sorts by the chosen column; by the same once more: the other way round.
pub fn sort(state: &mut State) -> Vec<Effect> {
    let by = state.results.column.clone();
    let same = state.results.sort.by == by && !state.results.arrival;
    let descending = if same {
        !state.results.sort.descending
    } else {
        // Of instants people want the latest first, of everything else the smallest.
        matches!(
            by,
            Property::Field(Field::Created | Field::Used | Field::Ended)
        )
    };
    order_by(state, Sort { by, descending })
}

/// Turns the order round.
pub fn reverse(state: &mut State) -> Vec<Effect> {
    let Sort { by, descending } = state.results.sort.clone();
    order_by(
        state,
        Sort {
            by,
            descending: !descending,
        },
    )
}

/// Sorts by a column whose title was clicked.
pub fn sort_by(state: &mut State, by: Property) -> Vec<Effect> {
    state.results.column = by;
    sort(state)
}

/// Shows the rows in this order.
pub fn order_by(state: &mut State, sort: Sort) -> Vec<Effect> {
    state.results.sort = sort;
    state.results.is_sort_chosen = true;
    state.results.arrival = false;
    results::reorder(state)
}

/// Chooses another column, and scrolls to it if it is out of sight.
pub fn choose_column(state: &mut State, by: isize) -> Vec<Effect> {
    let all: Vec<Property> = columns::all(state).into_iter().map(|c| c.what).collect();
    let at = all
        .iter()
        .position(|property| *property == state.results.column)
        .unwrap_or(0);
    let next = at
        .saturating_add_signed(by)
        .min(all.len().saturating_sub(1));
    let Some(property) = all.get(next) else {
        return Vec::new();
    };
    state.results.column = property.clone();
    let most = columns::max_scroll(state, width(state));
    let is_shown = |state: &State| {
        columns::columns(state, width(state))
            .iter()
            .any(|column| column.what.as_ref() == Some(property))
    };
    if !is_shown(state) {
        let nearest = (0..=most).find(|scroll| {
            state.results.scroll = *scroll;
            is_shown(state)
        });
        state.results.scroll = nearest.unwrap_or(0);
    }
    Vec::new()
}

/// Scrolls the columns sideways.
pub fn scroll(state: &mut State, by: i16) -> Vec<Effect> {
    let most = columns::max_scroll(state, width(state));
    state.results.scroll = state.results.scroll.saturating_add_signed(by).min(most);
    Vec::new()
}

/// Times as age, local, UTC.
pub fn times(state: &mut State) -> Vec<Effect> {
    let (next, text) = match state.prefs.time {
        TimeStyle::Age if state.prefs.local == Zone::Utc => {
            (TimeStyle::Local, "UTC: the variable TZ names no time zone")
        }
        TimeStyle::Age => (TimeStyle::Local, "local time"),
        TimeStyle::Local => (TimeStyle::Utc, "UTC"),
        TimeStyle::Utc => (TimeStyle::Age, "ages"),
    };
    state.prefs.time = next;
    message::say(state, Level::Ok, text)
}

/// Keeps only rows with this row's value in the chosen column.
pub fn keep_cell(state: &mut State) -> Vec<Effect> {
    let property = state.results.column.clone();
    let Some((_, row)) = state.results.current() else {
        return Vec::new();
    };
    let text = match &property {
        Property::Field(field) => cell_text(state, row, *field),
        Property::Attribute(name) => {
            let attribute = row.attribute(name);
            attribute.and_then(|one| one.plain().map(str::to_owned))
        }
    };
    let Some(text) = text else {
        let name = property.name();
        let is_masked =
            matches!(&property, Property::Attribute(name) if row.attribute(name).is_some());
        let why = if is_masked {
            format!("{name} is masked, so that no rows are kept by it")
        } else {
            format!("this session has no {name}")
        };
        return message::refuse(state, why);
    };
    let clause = Clause {
        target: property.into(),
        op: Op::Eq,
        values: vec![Value::Text(text.into())],
        negated: false,
        at: 0..0,
    };
    if !state.results.quick.contains(&clause) {
        state.results.quick.push(clause);
    }
    results::reorder(state)
}

fn cell_text(state: &State, row: Row<'_>, field: Field) -> Option<String> {
    let source = state.source(row.source())?;
    match field {
        Field::User => row.person().map(|t| t.expose().to_owned()),
        Field::Profile => Some(source.profile.name.clone()),
        Field::System => Some(source.profile.system_word.to_string()),
        Field::State => Some(crate::app::cells::word_of(state, row).word().to_owned()),
        // The table shows its label.
        Field::Id => None,
        field => row.text(field).map(|text| text.expose().to_owned()),
    }
}

/// Drops the quick filters and the filter over loaded rows.
pub fn drop_filters(state: &mut State) -> Vec<Effect> {
    state.results.quick.clear();
    state.results.live = None;
    results::reorder(state)
}

/// Opens the filter over loaded rows.
pub fn open_filter(state: &mut State) -> Vec<Effect> {
    state.focus = crate::app::state::Pane::Table;
    state
        .results
        .live
        .get_or_insert_with(LiveFilter::default)
        .editing = true;
    Vec::new()
}

/// True if the filter receives the keys.
pub fn is_editing_filter(state: &State) -> bool {
    state.results.live.as_ref().is_some_and(|live| live.editing)
}

/// A key while the filter has the keys.
pub fn filter_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(live) = state.results.live.as_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Esc => {
            state.results.live = None;
            results::reorder(state)
        }
        Key::Enter | Key::Tab => {
            live.editing = false;
            let effects = filter_typed(state);
            if state
                .results
                .live
                .as_ref()
                .is_some_and(|l| l.input.value().trim().is_empty())
            {
                state.results.live = None;
            }
            effects
        }
        Key::Up => results::step(state, -1),
        Key::Down => results::step(state, 1),
        Key::PageUp => results::page(state, -2),
        Key::PageDown => results::page(state, 2),
        _ if edit::takes(&mut live.input, key, &live.ghost) => filter_edited(state),
        _ if edit::edit(&mut live.input, key) => filter_edited(state),
        _ => Vec::new(),
    }
}

/// Something was typed into the filter.
pub fn filter_edited(state: &mut State) -> Vec<Effect> {
    let text = state.results.live.as_ref();
    let text = text.and_then(|live| edit::at_end(&live.input));
    let ghost = text.map(|text| completion::rest(state, text));
    if let Some(live) = &mut state.results.live {
        live.ghost = ghost.unwrap_or_default();
    }
    let mut effects = filter_typed(state);
    let live = state.results.live.as_mut();
    // It may be half written: it is called wrong only after a pause.
    if live.and_then(|live| live.error.take()).is_some() {
        let generation = state.next_gen();
        effects.push(Effect::After {
            timer: Timer::Filter,
            generation,
            delay: PAUSE,
        });
    }
    effects
}

/// Applies the filter. Of one that cannot be read, what stands before its last word counts, and it is said
/// why.
pub fn filter_typed(state: &mut State) -> Vec<Effect> {
    let names = state.own_names();
    let Some(live) = state.results.live.as_mut() else {
        return Vec::new();
    };
    let text = live.input.value().trim();
    let read = Query::parse_with(text, &names);
    live.error = read.as_ref().err().map(ToString::to_string);
    let query = read.or_else(|_| {
        let words_before = text.rsplit_once(char::is_whitespace);
        Query::parse_with(words_before.map_or("", |(before, _)| before), &names)
    });
    live.query = query.ok().filter(|query| !query.clauses.is_empty());
    results::reorder(state)
}

/// Width of the table's inside.
fn width(state: &State) -> u16 {
    state.layout.table.inner(BORDER).width
}
