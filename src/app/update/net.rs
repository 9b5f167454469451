//! The answers from the network: connections and pages.

use std::sync::Arc;

use super::{message, plan, requests, results, watch};
use crate::app::dialogs::error::ErrorBox;
use crate::app::dialogs::sign_in;
use crate::app::dialogs::ways::ChooseWay;
use crate::app::effect::{Effect, Gen};
use crate::app::error_report::ErrorReport;
use crate::app::form::{FormError, FormField, TextField};
use crate::app::job::JobState;
use crate::app::msg::{Connected, RowPage};
use crate::app::source::{Link, Progress, Wait};
use crate::app::state::{Level, State};
use crate::app::words;
use crate::model::time::clock_apart;
use crate::model::{ApiError, Completeness, told_duplicates, told_unread};
use crate::store::{Chunk, RowId, SourceId};

/// A profile is connected, or is not.
pub fn connected(
    state: &mut State,
    id: SourceId,
    generation: Gen,
    result: Result<Connected, ApiError>,
) -> Vec<Effect> {
    let Some(source) = state.sources.get_mut(usize::from(id.0)) else {
        return Vec::new();
    };
    if source.link_gen != generation {
        return Vec::new();
    }
    sign_in::close(&mut state.dialogs, id);
    let name = source.profile.name.clone();
    match result {
        Ok(Connected {
            who,
            caps,
            took,
            ahead,
        }) => {
            source.link = Link::Up { took };
            let moved = ahead - source.ahead;
            // Once: a connection that is made anew tells it only if it has changed.
            let told = clock_apart(source.ahead) == clock_apart(ahead);
            let apart = clock_apart(ahead).filter(|_| !told);
            source.ahead = ahead;
            (source.who, source.caps) = (Some(who), Some(caps));
            let mut waiting = source.waiting.take();
            // It was asked when the server's clock was not known, or went otherwise.
            for search in waiting.iter_mut().chain(&mut source.search) {
                search.now += moved;
            }
            let search_gen = source.search_gen;
            results::sort_at_first(state);
            if let Some(search) = &mut waiting {
                search.sort = Some(state.results.sort.clone());
            }
            remember(state, &name, format!("ok {} ms", took.as_millis()));
            for job in &mut state.jobs {
                if matches!(&job.state, JobState::Paused(error) if !requests::waits(error)) {
                    job.state = JobState::Ready;
                    job.button = 0;
                }
            }
            let mut effects: Vec<_> = waiting
                .map(|search| Effect::Search {
                    source: id,
                    generation: search_gen,
                    search,
                    at: None,
                })
                .into_iter()
                .collect();
            if let Some(far) = apart {
                let text = format!("the clock of {name} is {far}");
                effects.extend(message::say(state, Level::Warn, text));
            }
            effects.extend(plan::signed_in(state, id));
            effects
        }
        Err(error) => {
            source.link = Link::Down(error.clone());
            let searched = source.waiting.take().is_some();
            if searched {
                source.progress = Progress::Failed(error.clone());
            }
            remember(state, &name, short(&error));
            let tried = if searched {
                Tried::Search
            } else {
                Tried::Connect
            };
            let mut effects = failed(state, id, &error, tried);
            effects.extend(plan::signed_in(state, id));
            effects
        }
    }
}

fn remember(state: &mut State, profile: &str, last: String) {
    for entry in state
        .profiles
        .iter_mut()
        .filter(|entry| entry.view.name == profile)
    {
        entry.last.clone_from(&last);
    }
}

fn short(error: &ApiError) -> String {
    match error {
        ApiError::Auth { .. } => "sign-in needed".into(),
        other => other.class().replace('_', " "),
    }
}

/// A server makes us wait, or no longer does.
pub fn waiting(state: &mut State, id: SourceId, wait: Option<Wait>) -> Vec<Effect> {
    if let Some(source) = state.sources.get_mut(usize::from(id.0)) {
        source.wait = wait;
    }
    Vec::new()
}

/// The first rows of a page have arrived.
pub fn rows(state: &mut State, id: SourceId, generation: Gen, chunk: &Arc<Chunk>) -> Vec<Effect> {
    if plan::rows(state, generation, chunk) || watch::rows(state, generation, chunk) {
        return Vec::new();
    }
    match state.sources.get_mut(usize::from(id.0)) {
        Some(source) if source.search_gen == generation => source.rows += chunk.len() as u32,
        _ => return Vec::new(),
    }
    sign_in::close_waiting(&mut state.dialogs, id);
    let first = put(state, id, chunk);
    show(state, first)
}

/// A page has arrived, or failed.
pub fn page(
    state: &mut State,
    id: SourceId,
    generation: Gen,
    result: Result<RowPage, ApiError>,
) -> Vec<Effect> {
    if let Some(effects) = plan::page(state, generation, &result) {
        return effects;
    }
    if let Some(effects) = watch::page(state, id, generation, &result) {
        return effects;
    }
    let Some(source) = state.sources.get_mut(usize::from(id.0)) else {
        return Vec::new();
    };
    if source.search_gen != generation {
        return Vec::new();
    }
    sign_in::close_waiting(&mut state.dialogs, id);
    match result {
        Ok(page) => arrived(state, id, page),
        Err(error) => {
            source.progress = Progress::Failed(error.clone());
            blame(state, &error);
            let ways = error.ways();
            let effects = if ways.is_empty() {
                failed(state, id, &error, Tried::Search)
            } else if state.sources.len() == 1 && state.dialogs.is_empty() {
                state.open(ChooseWay::new(id, ways.to_vec()));
                Vec::new()
            } else {
                // A question about one system does not cover the rows of the others.
                tell(state, id, &error, Tried::Search);
                if let (Some(source), Some(message)) =
                    (state.sources.get(usize::from(id.0)), &mut state.message)
                {
                    message.level = Level::Warn;
                    message.text = format!("{}: {}", source.profile.name, message.text);
                }
                Vec::new()
            };
            let mut all = results::finished(state);
            all.extend(effects);
            all
        }
    }
}

/// Puts a query that the server refused beside its field: the only one that is filled in, else the
/// one that takes the whole language.
fn blame(state: &mut State, error: &ApiError) {
    let ApiError::BadQuery { message, .. } = error else {
        return;
    };
    let inputs = state.form.inputs.iter();
    let mut filled = inputs.filter(|(_, input)| !input.value().trim().is_empty());
    let field = match (filled.next(), filled.next()) {
        (Some((field, _)), None) => field,
        _ => TextField::Text,
    };
    state.form.error = Some(FormError {
        field: FormField::Text(field),
        message: message.clone(),
    });
}

fn arrived(state: &mut State, id: SourceId, page: RowPage) -> Vec<Effect> {
    let last = page.end.next.is_none() || page.stopped.is_some();
    if page.chunk.is_empty() && !last {
        sign_in::close(&mut state.dialogs, id);
        if let Some(source) = state.sources.get_mut(usize::from(id.0)) {
            source.take(&page);
        }
        return Vec::new();
    }
    let first = put(state, id, &page.chunk);
    let Some(source) = state.sources.get_mut(usize::from(id.0)) else {
        return Vec::new();
    };
    source.take(&page);
    let mut effects = show(state, first);
    if last {
        effects.extend(results::finished(state));
        effects.extend(say_truncated(state, id));
    }
    effects
}

/// Puts rows behind those that are there. Returns the first of them.
fn put(state: &mut State, id: SourceId, chunk: &Arc<Chunk>) -> RowId {
    // Rows of before stay on the screen until there are others.
    if state.results.stale {
        results::begin(state);
    }
    sign_in::close(&mut state.dialogs, id);
    let first = RowId(state.results.rows.len() as u32);
    state.results.rows.append(chunk.clone());
    first
}

/// Shows the rows from this one on.
fn show(state: &mut State, first: RowId) -> Vec<Effect> {
    state.results.settle_late(first);
    let effects = results::appended(state, first);
    requests::follow(state);
    effects
}

fn say_truncated(state: &mut State, id: SourceId) -> Vec<Effect> {
    let Some(source) = state.source(id) else {
        return Vec::new();
    };
    let text = match (&source.progress, source.completeness) {
        (_, Completeness::Truncated { at }) => words::truncated(state, at),
        (Progress::Stopped(why), _) => why.clone(),
        _ => return Vec::new(),
    };
    let odd = [
        told_unread(source.unread.into()),
        told_duplicates(source.duplicates.into()),
    ];
    let parts: Vec<_> = std::iter::once(text)
        .chain(odd.into_iter().flatten())
        .collect();
    message::say(state, crate::app::state::Level::Warn, parts.join(" · "))
}

/// The attempt that failed.
#[derive(Clone, Copy)]
enum Tried {
    Connect,
    Search,
}

impl Tried {
    fn title(self) -> &'static str {
        match self {
            Self::Connect => "Cannot connect",
            Self::Search => "Search failed",
        }
    }
}

/// Says that something failed, and keeps it for `E`.
fn tell(state: &mut State, id: SourceId, error: &ApiError, tried: Tried) -> ErrorReport {
    let profile = state.source(id).map_or(String::new(), |s| {
        format!("{} ({})", s.profile.name, s.profile.address)
    });
    let what = match tried {
        Tried::Connect => format!("connect to {profile}"),
        Tried::Search => format!("list the sessions of {profile}"),
    };
    message::fail(state, tried.title(), what, error, Some(id))
}

/// Says what failed; in full if there is nothing else to look at.
fn failed(state: &mut State, id: SourceId, error: &ApiError, tried: Tried) -> Vec<Effect> {
    if *error == ApiError::Cancelled {
        return message::say(
            state,
            crate::app::state::Level::Info,
            "cancelled; r retries",
        );
    }
    let shown = tell(state, id, error, tried);
    if let (Some(incomplete), Some(message)) = (words::incomplete(state), &mut state.message) {
        let goes_on =
            shown.can_login.is_none() && state.sources.iter().any(|source| source.resume.is_some());
        let r = if goes_on { "r continues · " } else { "" };
        message.text = format!("{incomplete} · {r}{}", message.text);
    }
    if state.results.rows.is_empty() && state.dialogs.is_empty() {
        state.open(ErrorBox::new(shown));
    }
    Vec::new()
}
