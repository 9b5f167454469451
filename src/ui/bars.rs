//! The lines above and below the panes: where we are, what happened, which keys work.

use std::time::Duration;

use ratatui::layout::Rect;

use super::text::Canvas;
use super::theme::Role;
use crate::app::area::Mode;
use crate::app::form_line::FormLine;
use crate::app::hints::{self, GAP};
use crate::app::job::JobState;
use crate::app::layout::TABS;
use crate::app::source::{Link, Progress, Source};
use crate::app::state::{Level, State};
use crate::app::words;
use crate::model::text::{
    Ellipsis, cut_middle, display_safe, number_of, width_cols, with_thousands,
};
use crate::model::time::{self, Zone};
use crate::model::{ApiError, AuditMode, Completeness, told_duplicates, told_unread};

/// The notice of a screen that is too small for anything else.
pub fn too_small(state: &State, canvas: &mut Canvas<'_>) {
    let size = state.size;
    let (width, height) = crate::app::area::SMALLEST;
    let lines = [
        format!(" Too small: {}×{}", size.width, size.height),
        format!(" This needs {width}×{height}."),
        " q quit".to_owned(),
    ];
    for (y, line) in (0..size.height).zip(&lines) {
        canvas.text(Rect::new(0, y, size.width, 1), 0, line, Role::Text);
    }
}

/// Cells that the name of the profile keeps, whatever else is told.
const LEAST_PLACE: u16 = 14;

/// The clock and its zone: `14:07 UTC`.
fn clock(state: &State) -> String {
    let zone = state.zone();
    let name = match zone {
        Zone::Utc => "UTC".to_owned(),
        Zone::Local | Zone::Fixed(_) => zone.offset_at(state.now).to_string(),
    };
    format!("{} {name}", time::clock(state.now, zone))
}

/// The header while there is no profile.
pub fn first_run_header(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.header;
    canvas.text(area, 1, "usher", Role::Title);
    at_right(area, &clock(state), Role::Text, canvas);
}

fn at_right(area: Rect, text: &str, role: Role, canvas: &mut Canvas<'_>) -> u16 {
    let cells = width_cols(&canvas.plain(text)) as u16 + 1;
    let start = area.width.saturating_sub(cells);
    canvas.text(area, start, text, role);
    start
}

/// The first line: profile, system, who we are there; warnings as words; the clock.
pub fn header(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.header;
    let mode = state.layout.mode;
    let mut end = at_right(area, &clock(state), Role::Text, canvas);
    for (word, role) in marks(state) {
        let text = format!(" {word} ");
        let cells = text.len() as u16;
        if end < cells + LEAST_PLACE {
            break;
        }
        end -= cells + 1;
        canvas.text(area, end, &text, role);
    }
    let room = Rect {
        width: end.saturating_sub(1),
        ..area
    };
    let mut x = 1;
    if mode != Mode::Tabs {
        x += canvas.text(room, x, "usher", Role::Title) + 2;
    }
    for part in place(state, mode) {
        x += match part {
            LocationPart::Named(name) => canvas.outside(room, x, &name, Default::default()),
            LocationPart::Words(words) => canvas.text(room, x, &words, Role::Dim),
        };
    }
    if is_alarming(state) {
        let style = canvas.style(Role::Banner);
        canvas.restyle(area, style);
    }
}

/// A part of where we are.
enum LocationPart {
    /// Something named by somebody outside.
    Named(String),
    /// Words of ours, and names that are cleaned.
    Words(String),
}

/// Where we are: `prod (Its system) as ops-desk`.
fn place(state: &State, mode: Mode) -> Vec<LocationPart> {
    use LocationPart::{Named, Words};
    match state.sources.as_slice() {
        [] => vec![Words("no profile is open, ^P opens one".to_owned())],
        [source] => {
            let mut parts = vec![Named(source.profile.name.clone())];
            if mode != Mode::Tabs {
                parts.push(Words(format!(" ({})", display_safe(source.system()))));
                parts.extend(who(source, state.prefs.ascii));
            }
            parts
        }
        several => {
            let named = |source: &Source| match source.link {
                Link::Ended => format!("{} (disconnected)", source.profile.name),
                _ => source.profile.name.clone(),
            };
            let names: Vec<String> = several.iter().map(named).collect();
            let count = format!("{} profiles: ", several.len());
            vec![Words(count), Named(names.join(", "))]
        }
    }
}

/// Cells of a name of the person at most; longer ones are ids of clients.
const WHO: usize = 24;

fn who(source: &Source, ascii: bool) -> Vec<LocationPart> {
    use LocationPart::{Named, Words};
    let words = |text: &str| vec![Words(text.to_owned())];
    match (&source.who, &source.link) {
        (_, Link::Ended) => words(" disconnected (r to reconnect)"),
        (Some(who), _) => {
            let name = who.shown().safe();
            let ellipsis = if ascii {
                Ellipsis::Ascii
            } else {
                Ellipsis::Sign
            };
            let name = cut_middle(&name, WHO, ellipsis).into_owned();
            vec![Words(" as ".to_owned()), Named(name)]
        }
        (None, Link::Connecting) => words(" connecting …"),
        (None, Link::Down(_)) => words(" not connected"),
        (None, _) => Vec::new(),
    }
}

fn duration(took: Duration) -> String {
    if took.as_secs() >= 10 {
        return time::span(took);
    }
    format!("{} ms", with_thousands(took.as_millis() as u64))
}

/// The warnings that must not be overlooked, as words, the gravest first: where room is scarce it
/// is the last to leave.
fn marks(state: &State) -> Vec<(&'static str, Role)> {
    let any = |is: fn(&Source) -> bool| state.sources.iter().any(is);
    let all = [
        (
            any(|s| s.profile.policy.production),
            "PRODUCTION",
            Role::Danger,
        ),
        (any(|s| s.profile.policy.insecure), "insecure", Role::Danger),
        (
            any(|s| s.profile.plain_http && is_http(s)),
            "PLAIN HTTP",
            Role::Danger,
        ),
        (
            any(|s| s.profile.plain_http && !is_http(s)),
            "NO TLS",
            Role::Danger,
        ),
        (
            state.prefs.read_only || any(|s| s.profile.policy.read_only),
            "read-only",
            Role::Warn,
        ),
        (
            any(|s| s.profile.policy.audit == AuditMode::BestEffort && !s.profile.demo),
            "audit optional",
            Role::Warn,
        ),
    ];
    all.into_iter()
        .filter(|(holds, _, _)| *holds)
        .map(|(_, word, role)| (word, role))
        .collect()
}

fn is_http(source: &Source) -> bool {
    source.profile.address.starts_with("http")
}

fn is_alarming(state: &State) -> bool {
    state
        .sources
        .iter()
        .any(|s| s.profile.policy.production || s.profile.policy.insecure)
}

/// The tabs of a narrow screen.
pub fn tabs(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.tabs;
    if area.is_empty() {
        return;
    }
    let mut x = 0;
    for (index, (pane, name)) in TABS.into_iter().enumerate() {
        if index > 0 {
            x += canvas.text(area, x, "│", Role::Dim);
        }
        let (text, role) = if pane == state.focus {
            (format!("[{name}]"), Role::Title)
        } else {
            (format!(" {name} "), Role::Dim)
        };
        x += canvas.text(area, x, &text, role);
    }
}

/// The hint line.
pub fn hints(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.hints;
    let mut x = 1;
    for hint in hints::hints(state) {
        x += canvas.text(area, x, &hint.key, Role::Key) + 1;
        x += canvas.text(area, x, &hint.word, Role::Dim) + GAP as u16;
    }
}

/// The status line: the last message, else the state of the rows.
pub fn status(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.status;
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    let (text, role) = status_words(state);
    let style = canvas.style(role);
    let plain = canvas.plain(&text).into_owned();
    canvas.outside(area, 1, &plain, style);
}

fn status_words(state: &State) -> (String, Role) {
    if let Some(wait) = words::waiting(state) {
        return (format!("~ {wait}"), Role::Warn);
    }
    if let Some(message) = &state.message {
        let (mark, role) = match message.level {
            Level::Ok => ("", Role::Ok),
            Level::Info => ("", Role::Text),
            Level::Warn => ("~ ", Role::Warn),
            Level::Error => ("! ", Role::Danger),
        };
        return (format!("{mark}{}", message.text), role);
    }
    if let Some(job) = state.jobs.iter().find(|job| job.state != JobState::Ended) {
        let words = match &job.state {
            JobState::Paused(error) => {
                format!("ending waits: {}", crate::app::words::wanted(error))
            }
            _ => words::running(state, job),
        };
        return (words, Role::Warn);
    }
    if state.is_loading() {
        return (searching(state), Role::Text);
    }
    if let Some(marked) = words::marked(state) {
        return (marked, Role::Text);
    }
    let cut = state.sources.iter().find_map(|s| match s.completeness {
        Completeness::Truncated { at } if s.rows > 0 => Some(at),
        _ => None,
    });
    if let Some(at) = cut {
        return (format!("~ {}", words::truncated(state, at)), Role::Warn);
    }
    if state.results.query.is_none() && state.results.rows.is_empty() {
        return (not_searched(state), Role::Dim);
    }
    (loaded(state), Role::Text)
}

fn searching(state: &State) -> String {
    let mut loading = state.sources.iter().filter(|source| source.is_loading());
    if let Some(headway) = loading.find_map(|source| source.headway.as_ref()) {
        let rows = if state.results.stale {
            0
        } else {
            state.results.rows.len() as u64
        };
        let rows = number_of(rows, "row");
        let stops = if state.layout.is_long() {
            " · Esc stops"
        } else {
            ""
        };
        return format!("searching… {rows} · {headway}{stops}");
    }
    let rows = number_of(state.results.rows.len() as u64, "row");
    let loading = state.sources.iter().filter(|source| source.is_loading());
    let begun = loading.map(|source| source.begun).min();
    let elapsed = begun.map_or(0, |at| state.up.saturating_sub(at).as_millis());
    if state.results.stale {
        // At first it changes nothing to know how long it has been.
        return match elapsed / 1000 {
            0 => "searching… · Esc stops".to_owned(),
            seconds => format!("searching… {seconds} s · Esc stops"),
        };
    }
    if !state.layout.is_long() {
        return format!("searching… {rows} · Esc stops");
    }
    let pages: u32 = state.sources.iter().map(|s| s.pages).sum();
    format!(
        "searching… {rows}, {}, {}.{} s · Esc stops (rows stay)",
        number_of(u64::from(pages), "page"),
        elapsed / 1000,
        elapsed % 1000 / 100
    )
}

fn not_searched(state: &State) -> String {
    match state.sources.as_slice() {
        [] => String::new(),
        sources => sources
            .iter()
            .map(|source| {
                let read_only = if state.prefs.read_only || source.profile.policy.read_only {
                    " (read-only)"
                } else {
                    ""
                };
                format!("{}{read_only}", source.profile.name)
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// `1,204 loaded · last search 142 ms`. Without the count where the line of the form has it.
fn loaded(state: &State) -> String {
    let results = &state.results;
    let is_line = state.layout.is_form_line;
    let mut parts = Vec::new();
    if !is_line || !FormLine::of(state).is_counted {
        parts.push(words::loaded(state));
    }
    let count = |of: fn(&Source) -> u32| state.sources.iter().map(|s| u64::from(of(s))).sum();
    let (duplicates, unread): (u64, u64) = (count(|s| s.duplicates), count(|s| s.unread));
    parts.extend(results.rows.kinds().words());
    parts.extend(unlisted(state).map(str::to_owned));
    for source in &state.sources {
        match &source.progress {
            Progress::Stopped(why) if !why.is_empty() => parts.push(why.clone()),
            Progress::Failed(ApiError::Incomplete { .. }) => {}
            Progress::Failed(_) if source.rows == 0 => {
                parts.push("the list is not whole".to_owned());
            }
            _ => {}
        }
    }
    // Settled once, when it was asked: pages and the clock do not move it.
    if let Some(search) = state.sources.iter().find_map(|s| s.search.as_ref()) {
        parts.extend(search.query.bounds(search.now, search.zone));
    }
    parts.extend(
        [told_unread(unread), told_duplicates(duplicates)]
            .into_iter()
            .flatten(),
    );
    let took = state.sources.iter().filter_map(|s| s.took).max();
    let is_short = state.layout.mode == Mode::Tabs || (state.form.unfolded && !is_line);
    if let (Some(took), false) = (took, is_short) {
        parts.push(format!("last search {}", duration(took)));
    }
    parts.join(" · ")
}

/// What the lists of the open systems never hold.
pub(super) fn unlisted(state: &State) -> impl Iterator<Item = &str> {
    let caps = state.sources.iter().filter_map(|s| s.caps.as_ref());
    caps.filter_map(|caps| caps.unlisted.as_deref())
}
