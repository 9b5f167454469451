//! The live view: the list is asked for again and again, and what became of each session is marked.

use std::time::Duration;

use chrono::TimeDelta;

use super::effect::Gen;
use super::role::Role;
use super::source::Source;
use super::state::State;
use crate::model::text::with_thousands;
use crate::model::time::{duration, span};
use crate::model::{Clause, Field, Sort};
use crate::store::{Change, Compared, Order, RowId, Rows, SourceId};

/// The live view while it is on.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// How many times in a row no list came.
    pub failures: u8,
    /// The pause from the end of one reading to the start of the next.
    pub pause: Duration,
    /// The fault of the last reading, in words. `None`: it had none.
    pub fault: Option<String>,
    /// How far it has come.
    pub beat: Beat,
}

/// How far the live view has come.
#[derive(Clone, Debug, Default)]
pub enum Beat {
    /// It waits for the next reading.
    #[default]
    Rests,
    /// Pages are on their way.
    Reads(WatchReading),
    /// The rows are being compared with those on the screen.
    Compares(Gen, WatchReading, Shown),
    /// They are to be shown as soon as nothing on the screen would be disturbed.
    Holds(Box<Compared>, Order, WatchReading, Shown),
}

/// A reading of the lists, beside the rows on the screen.
#[derive(Clone, Debug)]
pub struct WatchReading {
    /// When it began, on the clock of [`State::up`].
    pub begun: Duration,
    /// The rows that have come.
    pub rows: Rows,
    /// Each source that was asked, as it is once the rows are shown.
    pub sources: Vec<(SourceId, Source)>,
}

/// The order and the filter that rows are compared for.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The order.
    pub sort: Sort,
    /// The clauses over loaded rows.
    pub filter: Vec<Clause>,
}

impl Shown {
    /// What is shown now.
    pub fn of(state: &State) -> Self {
        let results = &state.results;
        let live = results.live.as_ref().and_then(|live| live.query.as_ref());
        let live = live.into_iter().flat_map(|query| &query.clauses);
        Self {
            sort: results.sort.clone(),
            filter: results.quick.iter().chain(live).cloned().collect(),
        }
    }
}

/// The longest pause that an open profile asks for.
pub fn every(state: &State) -> Duration {
    let pauses = state.sources.iter().map(|s| s.profile.policy.reload_every);
    pauses.max().unwrap_or(Duration::from_secs(30))
}

/// The sign of a change in the gutter, and how it is drawn.
pub fn sign(change: Change) -> (&'static str, Role) {
    match change {
        Change::New => ("+", Role::Ok),
        Change::Changed(_) => ("~", Role::Warn),
        Change::Gone => ("-", Role::Danger),
        Change::Unlisted => ("?", Role::Warn),
    }
}

/// What became of a session since the reading before, as the sentence of the details begins. Empty: nothing,
/// or the end of the sentence says it.
pub(super) fn begin(state: &State, id: RowId) -> String {
    match state.results.changes.of(id) {
        Some(Change::New) => "New: ".to_owned(),
        Some(Change::Changed(fields)) => {
            let words: Vec<_> = fields.iter().map(Field::name).collect();
            format!("Changed ({}): ", words.join(", "))
        }
        Some(Change::Unlisted) => "Not in the part of the list that came last: ".to_owned(),
        Some(Change::Gone) | None => String::new(),
    }
}

/// The state of the live view for the title of the table: how often it asks, and what it saw. `None`: it is
/// off and has seen nothing. `is_short`: with signs in place of words.
pub fn words(state: &State, is_short: bool) -> Option<String> {
    let changes = &state.results.changes;
    let pace = state.watch.as_ref().map(|watch| pace(state, watch));
    if pace.is_none() && !changes.are_known() {
        return None;
    }
    let mut parts: Vec<String> = pace.into_iter().collect();
    for (count, word, sign) in [
        (changes.new, "new", '+'),
        (changes.changed, "changed", '~'),
        (changes.gone, "gone", '-'),
        (changes.unlisted, "not listed", '?'),
    ] {
        let number = with_thousands(count as u64);
        match (count, is_short) {
            (0, _) => {}
            (_, true) => parts.push(format!("{sign}{number}")),
            (_, false) => parts.push(format!("{number} {word}")),
        }
    }
    if parts.is_empty() {
        return None;
    }
    Some(parts.join(if is_short { " " } else { " · " }))
}

/// "live 30s", with the reason why it is more than was asked for, or how far a long reading has come.
fn pace(state: &State, watch: &Watch) -> String {
    let pause = format!("live {}", length(watch.pause));
    if let Some(fault) = &watch.fault {
        return format!("{pause}, {fault}");
    }
    match &watch.beat {
        Beat::Reads(reading) if !reading.rows.is_empty() => {
            let read = with_thousands(reading.rows.len() as u64);
            format!("live, {read} read")
        }
        Beat::Compares(..) => "live, comparing".to_owned(),
        _ if watch.pause > every(state) => format!("{pause}, slow server"),
        _ => pause,
    }
}

/// A pause as it would be typed into a query: "1m20s".
fn length(pause: Duration) -> String {
    match TimeDelta::from_std(pause) {
        Ok(exact) if exact >= TimeDelta::seconds(1) => duration(exact),
        _ => span(pause),
    }
}
