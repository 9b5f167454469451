//! The live view: on and off, each of its readings, and how one takes the place of the rows on the screen.

use std::sync::Arc;
use std::time::Duration;

use super::{form, message, requests, results};
use crate::app::dialogs::sign_in;
use crate::app::effect::{Effect, Gen, Timer};
use crate::app::job::JobState;
use crate::app::msg::RowPage;
use crate::app::results::{RowStatus, Wanted};
use crate::app::source::{Link, Progress, Source};
use crate::app::state::{Level, State};
use crate::app::watch::{Beat, Shown, Watch, WatchReading, every};
use crate::app::words;
use crate::model::text::with_thousands;
use crate::model::time::span;
use crate::model::{ApiError, AskedBy, Completeness};
use crate::store::{
    Came, Change, Chunk, Compared, Comparison, Listing, Order, RowId, Rows, SourceId,
};

/// So many failures in a row end it.
const FAILURES: u8 = 3;
/// A server gets at least so many times as long a rest as the reading took.
const REST: u32 = 2;
/// From one reading to the next the rest becomes at most so many times as long.
const GROWTH: u32 = 4;

/// Switches the live view on or off. What it marked last stays marked.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    if state.watch.is_some() {
        let mut effects = abandon(state);
        state.watch = None;
        effects.extend(message::say(state, Level::Ok, "live off"));
        return effects;
    }
    let every = every(state);
    state.watch = Some(Watch {
        pause: every,
        ..Watch::default()
    });
    let mut effects = vec![next_beat(state, every)];
    let text = format!("live: lists again every {}; R stops", span(every));
    effects.extend(message::say(state, Level::Ok, text));
    effects
}

fn next_beat(state: &mut State, delay: Duration) -> Effect {
    Effect::After {
        timer: Timer::Reload,
        generation: state.next_gen(),
        delay,
    }
}

/// True while something is on its way, or somebody reads what new rows would disturb.
fn is_busy(state: &State) -> bool {
    state.is_loading()
        || !state.dialogs.is_empty()
        || state.details.reading
        || state.results.marks.is_looking()
        || state.jobs.iter().any(|job| job.state != JobState::Ended)
}

/// Time for the next reading. It waits for another beat while something is on its way or a dialog is open.
pub fn beat(state: &mut State) -> Vec<Effect> {
    let pause = match &state.watch {
        Some(watch) if matches!(watch.beat, Beat::Rests) => watch.pause,
        // Off, or the one before has not ended.
        _ => return Vec::new(),
    };
    if is_busy(state) || state.results.query.is_none() {
        return vec![next_beat(state, pause)];
    }
    if state.results.stale {
        // The rows on the screen are those of another search.
        return list_first(state);
    }
    let mut effects = Vec::new();
    let mut reading = WatchReading {
        begun: state.up,
        rows: Rows::default(),
        sources: Vec::new(),
    };
    for at in 0..state.sources.len() {
        let id = SourceId(at as u8);
        match &state.sources[at].link {
            Link::Up { .. } => effects.extend(ask(state, id, &mut reading)),
            Link::Never | Link::Down(_) => effects.extend(requests::connect(state, id)),
            Link::Connecting | Link::Ended => {}
        }
    }
    if reading.sources.is_empty() {
        if let Some(error) = is_down(state) {
            effects.extend(failed(state, &error));
        } else {
            effects.push(next_beat(state, pause));
        }
        return effects;
    }
    state.results.lately.clear();
    if let Some(watch) = &mut state.watch {
        watch.beat = Beat::Reads(reading);
    }
    effects
}

/// The search itself has brought no rows yet: it is asked once more, as somebody would.
fn list_first(state: &mut State) -> Vec<Effect> {
    let errors = state.sources.iter().map(|source| match &source.progress {
        Progress::Failed(error) => Some(error.clone()),
        _ => None,
    });
    let all: Option<Vec<ApiError>> = errors.collect();
    if let Some(error) = all.and_then(|all| all.into_iter().next()) {
        let effects = failed(state, &error);
        if state.watch.is_none() {
            return effects;
        }
    }
    let mut effects = form::reload_for(state, AskedBy::Timer);
    let pause = state.watch.as_ref().map_or(Duration::ZERO, |it| it.pause);
    effects.push(next_beat(state, pause));
    effects
}

fn is_down(state: &State) -> Option<ApiError> {
    state.sources.iter().find_map(|source| match &source.link {
        Link::Down(error) => Some(error.clone()),
        _ => None,
    })
}

/// Asks a source for its list, beside the rows on the screen.
fn ask(state: &mut State, id: SourceId, reading: &mut WatchReading) -> Option<Effect> {
    let query = state.results.query.clone()?;
    let generation = state.next_gen();
    let search = form::search_for(state, state.source(id)?, query, AskedBy::Timer);
    let (now, up) = (state.now, state.up);
    let source = state.sources.get_mut(usize::from(id.0))?;
    // The list of before cannot be gone on with any more: what it has brought is forgotten.
    source.resume = None;
    source.search_gen = generation;
    let mut read = source.clone();
    read.begin(search.clone(), generation);
    (read.asked_at, read.begun) = (Some(now), up);
    reading.sources.push((id, read));
    Some(Effect::Search {
        source: id,
        generation,
        search,
        at: None,
    })
}

/// The source that a reading asks by this number, and the rows that have come. `None`: it is for somebody else.
fn read_as(state: &mut State, generation: Gen) -> Option<(&mut Source, &mut Rows)> {
    let Beat::Reads(reading) = &mut state.watch.as_mut()?.beat else {
        return None;
    };
    let mut sources = reading.sources.iter_mut();
    let (_, source) = sources.find(|(_, source)| source.search_gen == generation)?;
    Some((source, &mut reading.rows))
}

/// The first rows of a page of a reading. `false`: they are for somebody else.
pub fn rows(state: &mut State, generation: Gen, chunk: &Arc<Chunk>) -> bool {
    let Some((source, rows)) = read_as(state, generation) else {
        return false;
    };
    source.rows += chunk.len() as u32;
    rows.append(chunk.clone());
    true
}

/// A page of a reading. `None`: it is for somebody else.
pub fn page(
    state: &mut State,
    id: SourceId,
    generation: Gen,
    result: &Result<RowPage, ApiError>,
) -> Option<Vec<Effect>> {
    let (source, rows) = read_as(state, generation)?;
    match result {
        Ok(page) => {
            source.take(page);
            rows.append(page.chunk.clone());
        }
        Err(error) => source.progress = Progress::Failed(error.clone()),
    }
    sign_in::close(&mut state.dialogs, id);
    let is_read = state.watch.as_ref().is_some_and(|watch| match &watch.beat {
        Beat::Reads(reading) => !reading.sources.iter().any(|(_, one)| one.is_loading()),
        _ => false,
    });
    Some(if is_read { compare(state) } else { Vec::new() })
}

/// All lists have come, or failed: compares them with the rows on the screen.
fn compare(state: &mut State) -> Vec<Effect> {
    let beat = state.watch.as_mut().map(|it| std::mem::take(&mut it.beat));
    let Some(Beat::Reads(reading)) = beat else {
        return Vec::new();
    };
    let errors = reading
        .sources
        .iter()
        .map(|(_, source)| match &source.progress {
            Progress::Failed(error) => Some(error.clone()),
            _ => None,
        });
    let all: Option<Vec<ApiError>> = errors.collect();
    if let Some(error) = all.and_then(|all| all.into_iter().next()) {
        return failed(state, &error);
    }
    let generation = state.next_gen();
    let results = &state.results;
    let view = results::view(state);
    let readings = Comparison {
        before: results.rows.clone(),
        changes: results.changes.clone(),
        over: view.ended.clone(),
        read: read_rows(&reading),
        lists: lists(state, &reading),
    };
    let shown = Shown::of(state);
    if let Some(watch) = &mut state.watch {
        watch.beat = Beat::Compares(generation, reading, shown);
    }
    vec![Effect::Compare {
        generation,
        readings: Box::new(readings),
        view: Box::new(view),
    }]
}

/// The rows of the lists that came. What a list brought before it failed is no list.
fn read_rows(reading: &WatchReading) -> Rows {
    let failed: Vec<SourceId> = reading
        .sources
        .iter()
        .filter(|(_, source)| matches!(source.progress, Progress::Failed(_)))
        .map(|(id, _)| *id)
        .collect();
    if failed.is_empty() {
        reading.rows.clone()
    } else {
        reading.rows.without(&failed)
    }
}

fn lists(state: &State, reading: &WatchReading) -> Vec<Listing> {
    let listing = |(at, before): (usize, &Source)| {
        let read = reading
            .sources
            .iter()
            .find(|(id, _)| usize::from(id.0) == at);
        let came = match read.map(|(_, read)| (&read.progress, read.completeness, read.unread)) {
            None | Some((Progress::Failed(_), ..)) => Came::Nothing,
            Some((Progress::Loaded, Completeness::Complete, 0)) => Came::All,
            Some(_) => Came::Part,
        };
        let was_as_much = match &before.progress {
            Progress::Failed(_) | Progress::Never => false,
            Progress::Stopped(_) => came != Came::All,
            Progress::Loading | Progress::Loaded => true,
        };
        Listing { came, was_as_much }
    };
    state.sources.iter().enumerate().map(listing).collect()
}

/// No list came: says so, and asks again later; after some times it stops.
fn failed(state: &mut State, error: &ApiError) -> Vec<Effect> {
    let every = every(state);
    let Some(watch) = &mut state.watch else {
        return Vec::new();
    };
    watch.beat = Beat::Rests;
    watch.failures += 1;
    watch.fault = Some(words::fault(error));
    let asked_wait = match error {
        ApiError::RateLimited { after, .. } => after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    watch.pause = (every * 2_u32.pow(watch.failures.into())).max(asked_wait);
    let (failures, pause) = (watch.failures, watch.pause);
    let what = "list the sessions again, for the live view".to_owned();
    message::fail(state, "The live view failed", what, error, None);
    let is_lasting = !can_pass(error);
    if failures < FAILURES && !is_lasting {
        let text = format!("live: {error}; asks again in {}", span(pause));
        let mut effects = vec![next_beat(state, pause)];
        effects.extend(message::say(state, Level::Warn, text));
        return effects;
    }
    state.watch = None;
    let why = if is_lasting {
        "live stopped".to_owned()
    } else {
        format!("live stopped: it failed {failures} times in a row")
    };
    let text = format!("{why}: {error}; r tries now, R starts it again");
    message::say(state, Level::Error, text)
}

/// True if the same may go well later, without anybody doing anything.
fn can_pass(error: &ApiError) -> bool {
    !matches!(
        error,
        ApiError::Auth { .. }
            | ApiError::Forbidden { .. }
            | ApiError::BadQuery { .. }
            | ApiError::Tls { .. }
            | ApiError::Incomplete { .. }
            | ApiError::Unsupported { .. }
            | ApiError::Config { .. }
    )
}

/// The rows were compared off the loop.
pub fn compared(
    state: &mut State,
    generation: Gen,
    compared: Box<Compared>,
    order: Order,
) -> Vec<Effect> {
    if let Some(watch) = &mut state.watch {
        watch.beat = match std::mem::take(&mut watch.beat) {
            Beat::Compares(awaited, reading, shown) if awaited == generation => {
                Beat::Holds(compared, order, reading, shown)
            }
            other => other,
        };
    }
    Vec::new()
}

/// A reading that is for nobody any more: another search has taken its place, or other profiles are open.
pub fn abandon(state: &mut State) -> Vec<Effect> {
    let Some(watch) = &mut state.watch else {
        return Vec::new();
    };
    let pause = watch.pause;
    let (mut effects, is_rest) = match std::mem::take(&mut watch.beat) {
        Beat::Rests => (Vec::new(), true),
        Beat::Reads(reading) => {
            let asked = reading
                .sources
                .iter()
                .filter(|(_, source)| source.is_loading());
            let cancel = asked.map(|(_, source)| Effect::Cancel(source.search_gen));
            (cancel.collect(), false)
        }
        Beat::Compares(..) | Beat::Holds(..) => (Vec::new(), false),
    };
    if !is_rest {
        effects.push(next_beat(state, pause));
    }
    effects
}

/// Shows rows that wait to be shown, unless something would be disturbed.
pub fn settle(state: &mut State) -> Vec<Effect> {
    let holds = |watch: &Watch| matches!(watch.beat, Beat::Holds(..));
    if !state.watch.as_ref().is_some_and(holds) || is_busy(state) {
        return Vec::new();
    }
    let beat = state.watch.as_mut().map(|it| std::mem::take(&mut it.beat));
    let Some(Beat::Holds(compared, order, reading, shown)) = beat else {
        return Vec::new();
    };
    let pause = rest(state, &reading);
    for (id, read) in reading.sources {
        if let Some(source) = state.sources.get_mut(usize::from(id.0))
            && !matches!(read.progress, Progress::Failed(_))
        {
            source.take_over(read);
        }
    }
    let is_as_asked = shown == Shown::of(state);
    let mut effects = show(state, *compared, order);
    if !is_as_asked {
        effects.extend(results::reorder(state));
    }
    effects.push(next_beat(state, pause));
    effects
}

/// The pause after a reading: the longer it took, the longer the servers are left alone.
fn rest(state: &mut State, reading: &WatchReading) -> Duration {
    let every = every(state);
    let took = state.up.saturating_sub(reading.begun);
    let fault = reading
        .sources
        .iter()
        .find_map(|(_, source)| match &source.progress {
            Progress::Failed(error) => {
                Some(format!("{}: {}", source.profile.name, words::fault(error)))
            }
            _ => None,
        });
    let Some(watch) = &mut state.watch else {
        return every;
    };
    (watch.failures, watch.fault) = (0, fault);
    // To the second: a pause is shown.
    let rest = Duration::from_secs((took * REST).as_secs());
    // A machine that slept in the middle of a reading is no slow server.
    watch.pause = every.max(rest).min(every.max(watch.pause) * GROWTH);
    watch.pause
}

/// The rows take the place of those on the screen: the cursor, marks and statuses go with their sessions.
fn show(state: &mut State, compared: Compared, order: Order) -> Vec<Effect> {
    let wanted = wanted(state, &compared);
    let line = state.details.line;
    let top = state.details.top;
    let shown = state.details.row.and_then(|row| compared.moved(row));
    let lost = move_facts(state, &compared);
    let results = &mut state.results;
    let was_untouched = !results.touched && results.top == 0;
    let count = compared.rows.len() as u32;
    let old_rows = std::mem::replace(&mut results.rows, compared.rows);
    let old_order = results.order.clone();
    results.changes = compared.changes;
    results.wanted = wanted;
    results.left_out = None;
    results.arrival = false;
    results.order_gen = Gen::default();
    (results.ordering, results.reorder, results.recount) = (false, false, false);
    results.count_job = None;
    results::place_of(state, order, count);
    if was_untouched {
        // Nobody has moved yet: the window stays at the top, where what is new is seen.
        (state.results.touched, state.results.top) = (false, 0);
    }
    state.results.wanted = None;
    let details = &mut state.details;
    (details.row, details.fresh, details.others) = (shown, None, None);
    let loaded = shown.and_then(|id| Some((id, state.results.rows.get(id)?)));
    details.loaded = loaded.map(|(id, row)| (id, Box::new(row.session())));
    (details.line, details.top) = (line, top);
    let mut effects = vec![Effect::Forget(old_rows, old_order)];
    effects.extend(tell_lost(state, lost));
    effects
}

/// Where the cursor shall be: on its session, or where that is no longer shown, on the next one that is.
fn wanted(state: &State, compared: &Compared) -> Option<Wanted> {
    let results = &state.results;
    let here = results.cursor;
    let below = (here..results.order.len()).chain((0..here).rev());
    let mut rows = below.filter_map(|position| {
        let (old, row) = results.at(position)?;
        Some((compared.moved(old)?, row))
    });
    let (row, session) = rows.next()?;
    Some(Wanted {
        source: session.source(),
        key: session.key(),
        cursor: here,
        top: results.top,
        row: Some(row),
    })
}

/// Marks and statuses go with their sessions. Hands back how many marked sessions have gone.
fn move_facts(state: &mut State, compared: &Compared) -> usize {
    let results = &mut state.results;
    let is_gone = |row: RowId| compared.changes.of(row) == Some(Change::Gone);
    let lost = results.marks.follow(|row| {
        let to = compared.moved(row)?;
        (!is_gone(to)).then_some(to)
    });
    let (old, rows) = (&results.rows, &compared.rows);
    let lately = &results.lately;
    let stays = |(id, status): (RowId, RowStatus)| {
        let to = compared.moved(id)?;
        let row = old.get(id)?;
        let is_new = || {
            lately
                .get(&row.key())
                .is_some_and(|one| one.source == row.source())
        };
        let is_left = compared.changes.is_left(to) && status.is_over();
        let stays = status == RowStatus::Revoking || is_left || is_new();
        (stays && rows.get(to).is_some()).then_some((to, status))
    };
    let statuses = std::mem::take(&mut results.statuses);
    results.statuses = statuses.into_iter().filter_map(stays).collect();
    let ended = std::mem::take(&mut results.ended_at);
    let ended = ended
        .into_iter()
        .filter_map(|(id, at)| Some((compared.moved(id)?, at)));
    results.ended_at = ended
        .filter(|(id, _)| results.statuses.contains_key(id))
        .collect();
    lost
}

/// Says that marked sessions have gone, and their marks with them.
fn tell_lost(state: &mut State, lost: usize) -> Vec<Effect> {
    let text = match lost {
        0 => return Vec::new(),
        1 => "1 marked session has gone, and its mark with it".to_owned(),
        n => {
            let n = with_thousands(n as u64);
            format!("{n} marked sessions have gone, and their marks with them")
        }
    };
    message::say(state, Level::Warn, text)
}
