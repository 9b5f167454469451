//! One person: every session that the open systems have of them, on one axis of time.
//!
//! The rows are those of the table behind it, so that it grows while they arrive.

use std::collections::BTreeMap;

use super::choices::{self, ListPlace};
use crate::app::action::{Action, Context};
use crate::app::agent;
use crate::app::axis::{Axis, OnAxis};
use crate::app::cells;
use crate::app::cut;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, WIDEST, room, text_cells};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::life::Moments;
use crate::app::role::Role;
use crate::app::source::{Progress, Source};
use crate::app::state::{Pane, State};
use crate::app::update::trail;
use crate::model::text::{Untrusted, display_safe, number_of, with_thousands};
use crate::model::time::{age, clock};
use crate::store::{Row, RowId, SourceId};

/// So many rows are looked at for the numbers: a service may have very many.
const MOST: usize = 2_000;
/// Lines of the box that are no sessions: borders, the head, the axis, and the foot.
const FRAME: usize = 10;
/// Cells of the client and of the address before a life line.
const CLIENT: usize = 15;
const ADDRESS: usize = 16;
/// Values of a kind that are named at the foot.
const NAMED: usize = 3;

/// The box.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name that was searched for, cleaned.
    name: String,
}

/// Opens the box on a search that has just been asked.
pub fn open(state: &mut State, name: &str) {
    let name = display_safe(name).into_owned();
    state.open(Person { name });
}

/// A session of the person.
struct Seen<'a> {
    /// Its position in the table.
    position: usize,
    row: Row<'a>,
    on_axis: OnAxis,
}

fn seen(state: &State) -> Vec<Seen<'_>> {
    let results = &state.results;
    if results.stale {
        return Vec::new();
    }
    let positions = 0..results.order.len().min(MOST);
    positions
        .filter_map(|position| {
            let (id, row) = results.at(position)?;
            Some(Seen {
                position,
                row,
                on_axis: on_axis(state, id, row),
            })
        })
        .collect()
}

fn on_axis(state: &State, id: RowId, row: Row<'_>) -> OnAxis {
    OnAxis {
        moments: Moments::from(row),
        word: cells::word_of(state, row),
        over: state.results.is_over(id),
        ended: state.results.ended_at.get(&id).copied(),
    }
}

/// A line of the body: the name of a system, or a session.
enum Body<'a> {
    System(ViewLine),
    Session(usize, &'a Seen<'a>),
}

impl Person {
    fn head(&self, state: &State, seen: &[Seen<'_>]) -> Vec<ViewLine> {
        let total = state.results.order.len();
        let over = |one: &&Seen<'_>| one.on_axis.over || cells::is_over(one.on_axis.word);
        let alive = seen.len() - seen.iter().filter(over).count();
        let distinct = |of: &dyn Fn(&Seen<'_>) -> Option<String>| {
            let all: std::collections::BTreeSet<_> = seen.iter().filter_map(of).collect();
            all.len()
        };
        let addresses = distinct(&|one| one.row.ip().map(|ip| ip.expose().to_owned()));
        let clients = distinct(&|one| one.row.client().map(|c| c.expose().to_owned()));
        let last = seen.iter().filter_map(|one| one.row.created()).max();
        let first = if total > seen.len() {
            format!("of the first {}: ", with_thousands(seen.len() as u64))
        } else {
            String::new()
        };
        let mut words = format!(
            "{} · {first}{alive} alive · {} · {}",
            number_of(total as u64, "session"),
            number_of(addresses as u64, "address"),
            number_of(clients as u64, "client"),
        );
        if let Some(last) = last {
            words += &format!(" · last sign-in {}", age(Some(last), state.now));
        }
        vec![
            ViewLine::plain(" ").with(self.name.clone(), Role::Title),
            ViewLine::plain(" ").with(words, Role::Text),
            ViewLine::default(),
        ]
    }

    /// The systems with their sessions: also those with none, and those that could not be asked.
    fn body<'a>(state: &State, seen: &'a [Seen<'a>]) -> Vec<Body<'a>> {
        let mut body = Vec::new();
        for (at, source) in state.sources.iter().enumerate() {
            let id = SourceId(u8::try_from(at).unwrap_or(u8::MAX));
            let theirs: Vec<&Seen<'_>> = seen.iter().filter(|one| one.row.source() == id).collect();
            body.push(Body::System(system_line(state, source, theirs.len())));
            body.extend(
                theirs
                    .into_iter()
                    .map(|one| Body::Session(one.position, one)),
            );
        }
        body
    }
}

/// "second: none, asked 14:07".
fn system_line(state: &State, source: &Source, rows: usize) -> ViewLine {
    let name = display_safe(&source.profile.name).into_owned();
    let line = ViewLine::plain(" ").with(name, Role::Title);
    let asked = source.asked_at;
    let asked = asked.map_or(String::new(), |at| {
        format!(", asked {}", clock(at, state.zone()))
    });
    match &source.progress {
        Progress::Failed(error) => {
            let why = display_safe(&error.to_string()).into_owned();
            line.with(format!("  could not be asked: {why}"), Role::Danger)
        }
        Progress::Never | Progress::Loading => line.with("  being asked …", Role::Dim),
        _ if cut::cut_at(source).is_some() => {
            let at = cut::cut_at(source).unwrap_or_default();
            let words = format!("  cut at {}{asked}: there may be more", with_thousands(at));
            line.with(words, Role::Warn)
        }
        Progress::Stopped(why) => line.with(format!("  stopped: {why}"), Role::Warn),
        Progress::Loaded if rows == 0 => line.with(format!("  none{asked}"), Role::Dim),
        Progress::Loaded => line,
    }
}

/// The most frequent values with their counts: "192.0.2.4 ×3, 10.0.0.7, 2 more".
fn frequent(values: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = counts.len().saturating_sub(NAMED);
    let named = counts.iter().take(NAMED).map(|(value, count)| match count {
        1 => value.clone(),
        count => format!("{value} ×{count}"),
    });
    let mut words: Vec<String> = named.collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    if words.is_empty() {
        "not reported".to_owned()
    } else {
        words.join(", ")
    }
}

fn foot(seen: &[Seen<'_>], cells: usize) -> Vec<ViewLine> {
    let safe = |text: &str| display_safe(text).into_owned();
    let addresses = frequent(seen.iter().filter_map(|one| {
        let ip = one.row.ip()?;
        Some(safe(ip.expose()))
    }));
    let clients = frequent(seen.iter().filter_map(|one| {
        let client = one.row.client()?;
        Some(safe(client.expose()))
    }));
    let agents = frequent(seen.iter().filter_map(|one| {
        let agent = one.row.user_agent()?;
        Some(agent::summary(agent.expose()).unwrap_or_else(|| safe(agent.expose())))
    }));
    let line = |(name, words): (&str, String)| {
        ViewLine::plain(" ")
            .with(choices::column(name, 11), Role::Dim)
            .with(
                choices::column(&words, cells.saturating_sub(11)),
                Role::Text,
            )
    };
    let mut lines = vec![ViewLine::default()];
    let all = [
        ("addresses", addresses),
        ("clients", clients),
        ("agents", agents),
    ];
    lines.extend(all.into_iter().map(line));
    lines
}

fn session_line(state: &State, one: &Seen<'_>, axis: &Axis) -> ViewLine {
    let is_chosen = one.position == state.results.cursor;
    let role = choices::role(is_chosen, true);
    let text = |text: Option<&str>| display_safe(text.unwrap_or("-")).into_owned();
    let client = text(one.row.client().map(Untrusted::expose));
    let address = one.row.ip();
    let address = text(address.as_ref().map(Untrusted::expose));
    let is_over = one.on_axis.over || cells::is_over(one.on_axis.word);
    let line = if is_over { Role::Muted } else { Role::Ok };
    choices::line(one.position, is_chosen)
        .with(choices::column(&client, CLIENT), role)
        .with(choices::column(&address, ADDRESS), role)
        .with(axis.line(&one.on_axis), line)
}

impl Dialog for Person {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, WIDEST) + 2;
        let seen = seen(state);
        let room_cells = cells.saturating_sub(3 + CLIENT + ADDRESS);
        let axis = Axis::new(seen.iter().map(|one| &one.on_axis), state.now, room_cells);
        let mut lines = self.head(state, &seen);
        let marks = ViewLine::default().to_cell(3 + CLIENT + ADDRESS);
        lines.push(marks.with(axis.marks(state.zone()), Role::Dim));
        let body = Self::body(state, &seen);
        let chosen = body
            .iter()
            .position(|line| matches!(line, Body::Session(at, _) if *at == state.results.cursor));
        for place in choices::window(chosen.unwrap_or(0), body.len(), page(state)) {
            match body.get(place) {
                Some(Body::System(line)) => lines.push(line.clone()),
                Some(Body::Session(_, one)) => lines.push(session_line(state, one, &axis)),
                None => {}
            }
        }
        lines.extend(foot(&seen, cells));
        DialogView {
            title: "Person".to_owned(),
            footer: "Enter table · Backspace search before · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, state: &State) -> Vec<Hint> {
        let end = state.keymap.keys(Context::Table, Action::RevokeUser);
        let mut hints = vec![
            Hint::new("↑↓", "choose", 2),
            Hint::new("2", "table", 3),
            Hint::new("Backspace", "search before", 4),
            Hint::new("Esc", "table", 1),
        ];
        if let Some(key) = end.first() {
            hints.insert(0, Hint::new(key.to_string(), "end all", 5));
        }
        hints
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc | Key::Enter | Key::Char('2') => to_table(state),
            Key::Backspace if state.trail.leads(true) => {
                state.focus = Pane::Table;
                Handled::Close(trail::back(state))
            }
            _ => {
                if move_in(state, |list| list.moves_by_letters(key)) {
                    return Handled::stay();
                }
                act(state, key)
            }
        }
    }

    fn wheel(&mut self, state: &mut State, by: isize) {
        move_in(state, |list| list.go(by));
    }
}

/// What acts on the session or the person does so here too.
fn act(state: &mut State, key: KeyPress) -> Handled {
    match state.keymap.action(Context::Table, key) {
        Some(
            action @ (Action::Revoke
            | Action::RevokeUser
            | Action::Copy
            | Action::Export
            | Action::Reload
            | Action::Help
            | Action::Times),
        ) => {
            state.focus = Pane::Table;
            Handled::Act(action)
        }
        _ => Handled::stay(),
    }
}

fn to_table(state: &mut State) -> Handled {
    state.focus = Pane::Table;
    Handled::close()
}

/// Moves the cursor of the table to another session, in the order in which they stand here.
fn move_in<T>(state: &mut State, moves: impl FnOnce(&mut ListPlace<'_>) -> T) -> T {
    let seen = seen(state);
    let positions: Vec<usize> = Person::body(state, &seen)
        .iter()
        .filter_map(|line| match line {
            Body::Session(position, _) => Some(*position),
            Body::System(_) => None,
        })
        .collect();
    let cursor = state.results.cursor;
    let at = positions.iter().position(|position| *position == cursor);
    let mut to = at.unwrap_or(0);
    let last = positions.len().saturating_sub(1);
    let moved = moves(&mut ListPlace::new(&mut to, last, page(state)));
    if let Some(position) = positions.get(to).copied().filter(|_| at != Some(to)) {
        (state.results.cursor, state.results.touched) = (position, true);
    }
    moved
}

/// How many lines of systems and sessions are shown at once.
fn page(state: &State) -> usize {
    usize::from(room(state.size).height)
        .saturating_sub(FRAME)
        .max(1)
}
