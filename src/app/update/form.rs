//! The search form: typing, folding, and from its fields to searches.

use std::num::NonZeroU16;
use std::time::Duration;

use strum::IntoEnumIterator;

use super::{edit, focus, message, requests, results, trail, watch};
use crate::app::completion;
use crate::app::cut;
use crate::app::effect::{Effect, Gen, Timer};
use crate::app::form::{Form, FormError, FormField, STATES, TextField};
use crate::app::keymap::{Key, KeyPress};
use crate::app::screen_layout::Placed;
use crate::app::source::{Link, Progress, Source};
use crate::app::state::{Level, Pane, State};
use crate::model::query::OwnName;
use crate::model::{
    ApiError, AskedBy, Clause, Cursor, Field, NamedBy, Op, Plan, Query, Search, Target, Value,
};
use crate::store::SourceId;

/// A pause in typing after which the form shows how it ends up.
const PAUSE: Duration = Duration::from_millis(300);
/// How long a search runs before anything spins.
const SPIN_AFTER: Duration = Duration::from_millis(150);
/// Rows a page where the profile does not say.
const PAGE: u16 = 100;

impl Form {
    /// The query that the form stands for: what is typed as text, and a clause for each other field.
    /// `names` are those that the open systems have of their own.
    ///
    /// # Errors
    /// The first field that cannot be read, with what to write instead.
    pub fn query(&self, names: &[OwnName]) -> Result<Query, FormError> {
        let mut query = Query::default();
        for field in TextField::iter() {
            let text = self.inputs[field].value().trim();
            if text.is_empty() {
                continue;
            }
            let clause = |field, op| {
                let clause = Clause::read(Target::Field(field), op, text)?;
                Ok(Query {
                    clauses: vec![clause],
                })
            };
            let read = match field {
                TextField::Text => Query::parse_with(text, names),
                TextField::User => clause(Field::User, Op::Eq),
                TextField::Client => clause(Field::Client, Op::Eq),
                TextField::CreatedAfter => clause(Field::Created, Op::Gt),
                TextField::ExpiresAfter => clause(Field::Expires, Op::Gt),
                TextField::ExpiresBefore => clause(Field::Expires, Op::Lt),
            };
            let part = read.map_err(|error| FormError {
                field: FormField::Text(field),
                message: error.to_string(),
            })?;
            query.clauses.extend(part.clauses);
        }
        if let Some(Some(word)) = STATES.get(self.state) {
            let value = Value::Text(word.word().into());
            query
                .clauses
                .push(Clause::field(Field::State, Op::Eq, value));
        }
        Ok(query)
    }

    /// True if no field is filled in.
    pub fn is_empty(&self) -> bool {
        self.state == 0
            && self
                .inputs
                .values()
                .all(|input| input.value().trim().is_empty())
    }
}

impl State {
    /// The names that the open systems have of their own for what a query can ask.
    pub fn own_names(&self) -> Vec<OwnName> {
        let names = self.sources.iter().flat_map(|s| &s.profile.own_names);
        names.cloned().collect()
    }

    /// The query that the form stands for.
    ///
    /// # Errors
    /// As [`Form::query`].
    pub fn query(&self) -> Result<Query, FormError> {
        self.form.query(&self.own_names())
    }
}

/// A key in the form that is for its field. `None`: it is not.
pub fn typed_key(state: &mut State, key: KeyPress) -> Option<Vec<Effect>> {
    match state.form.field {
        // The key that leads here, pressed by somebody who is here already.
        FormField::Text(TextField::Text)
            if key.typed() == Some('/')
                && state.form.inputs[TextField::Text].value().is_empty() =>
        {
            Some(Vec::new())
        }
        FormField::Text(field) => {
            let selected = std::mem::take(&mut state.form.selected);
            if selected
                && (key.typed().is_some() || matches!(key.key, Key::Backspace | Key::Delete))
            {
                state.form.inputs[field].reset();
            }
            let input = &mut state.form.inputs[field];
            if field == TextField::Text && edit::takes(input, key, &state.form.ghost) {
                return Some(edited(state));
            }
            edit::edit(input, key).then(|| edited(state))
        }
        FormField::State => {
            let by = match key.key {
                Key::Left => -1,
                Key::Right | Key::Char(' ') => 1,
                _ => return None,
            };
            choose_state(state, by);
            Some(edited(state))
        }
        _ => (key.key == Key::Char(' ')).then(|| enter(state)),
    }
}

/// Changes the choice of a state.
pub fn choose_state(state: &mut State, by: isize) {
    let next = (state.form.state as isize + by).rem_euclid(STATES.len() as isize);
    state.form.state = next as usize;
}

/// Something in the form has changed.
pub fn edited(state: &mut State) -> Vec<Effect> {
    state.form.error = None;
    let ghost = match state.form.field {
        FormField::Text(TextField::Text) => edit::at_end(&state.form.inputs[TextField::Text])
            .map(|text| completion::rest(state, text)),
        _ => None,
    };
    state.form.ghost = ghost.unwrap_or_default();
    let generation = state.next_gen();
    vec![Effect::After {
        timer: Timer::Form,
        generation,
        delay: PAUSE,
    }]
}

/// Typing has paused.
pub fn typed(state: &mut State) -> Vec<Effect> {
    if state.sources.iter().any(|s| s.profile.policy.live_search) && state.query().is_ok() {
        return submit(state);
    }
    plan(state)
}

/// Asks every source how the form as it stands would be answered.
fn plan(state: &mut State) -> Vec<Effect> {
    if !state.form.unfolded {
        return Vec::new();
    }
    let query = match state.query() {
        Ok(query) => query,
        Err(error) => {
            state.form.error = Some(error);
            return Vec::new();
        }
    };
    let generation = state.next_gen();
    let mut effects = Vec::new();
    for at in 0..state.sources.len() {
        let mut search = search_for(state, &state.sources[at], query.clone(), AskedBy::Person);
        // All of it is planned, so that the rest is told.
        search.query = query
            .clone()
            .with_kind(state.sources[at].profile.policy.kind.as_deref());
        state.sources[at].plan_gen = generation;
        effects.push(Effect::Plan {
            source: SourceId(at as u8),
            generation,
            search,
        });
    }
    effects
}

/// How a search would be answered has arrived.
pub fn planned(
    state: &mut State,
    source: SourceId,
    generation: Gen,
    result: Result<Plan, ApiError>,
) -> Vec<Effect> {
    if let Some(source) = state.sources.get_mut(usize::from(source.0))
        && source.plan_gen == generation
    {
        source.plan = Some(result);
    }
    Vec::new()
}

/// Shows all fields, or folds them away.
pub fn unfold(state: &mut State) -> Vec<Effect> {
    state.form.unfolded = state.layout.is_form_line || !state.form.unfolded;
    let mut effects = focus::focus(state, Pane::Search);
    effects.extend(plan(state));
    effects
}

/// Enter in the form.
pub fn enter(state: &mut State) -> Vec<Effect> {
    match state.form.field {
        FormField::More => unfold(state),
        FormField::Clear => clear(state),
        _ => trail::noted(state, submit),
    }
}

/// Empties every field.
pub fn clear(state: &mut State) -> Vec<Effect> {
    let (field, unfolded) = (state.form.field, state.form.unfolded);
    state.form = Form {
        field,
        unfolded,
        ..Form::default()
    };
    plan(state)
}

/// Empties the field that has the focus.
pub fn clear_field(state: &mut State) -> Vec<Effect> {
    match state.form.field {
        FormField::Text(field) => state.form.inputs[field].reset(),
        FormField::State => state.form.state = 0,
        _ => {}
    }
    edited(state)
}

/// Searches for what the form says.
pub fn submit(state: &mut State) -> Vec<Effect> {
    match state.query() {
        Ok(query) => {
            state.form.error = None;
            state.focus_follows = state.focus == Pane::Search;
            if state.is_loading() && state.results.query.as_ref() == Some(&query) {
                requests::follow(state);
                return Vec::new();
            }
            // The same once more would be cut again.
            if state.results.query.as_ref() == Some(&query)
                && let Some(name) = cut::way_out(state)
            {
                return user(state, name);
            }
            state.results.wanted = None;
            search(state, query, AskedBy::Person)
        }
        Err(error) => {
            let text = error.message.clone();
            state.form.field = error.field;
            let is_it = |placed: &Placed| placed.field == error.field;
            if !state.layout.fields.iter().any(is_it) {
                state.form.unfolded = true;
            }
            state.form.error = Some(error);
            message::say(state, Level::Error, text)
        }
    }
}

/// Lists that broke off go on where they did, and their rows stay; else asks the same again from the start.
pub fn again(state: &mut State) -> Vec<Effect> {
    if state.is_loading() || state.results.stale {
        return reload(state);
    }
    let mut effects = Vec::new();
    for at in 0..state.sources.len() {
        let generation = state.next_gen();
        let Some((search, cursor)) = state.sources[at].take_break() else {
            continue;
        };
        let up = state.up;
        let source = &mut state.sources[at];
        source.search_gen = generation;
        source.progress = Progress::Loading;
        source.begun = up;
        effects.push(Effect::Search {
            source: SourceId(at as u8),
            generation,
            search,
            at: Some(cursor),
        });
    }
    if effects.is_empty() {
        return reload(state);
    }
    effects.extend(watch::abandon(state));
    state.message = None;
    effects.push(spin(state));
    effects
}

/// Asks the same again; the cursor finds its session again.
pub fn reload(state: &mut State) -> Vec<Effect> {
    reload_for(state, AskedBy::Person)
}

/// Asks the same again after something that was done; nobody asked for this list.
pub fn list_again(state: &mut State) -> Vec<Effect> {
    reload_for(state, AskedBy::Timer)
}

pub(super) fn reload_for(state: &mut State, asked_by: AskedBy) -> Vec<Effect> {
    match state.results.query.clone() {
        Some(query) => search_on(state, query, asked_by),
        None => submit(state),
    }
}

/// Searches for everything of the user of this name, in place of what the form said.
pub fn user(state: &mut State, name: String) -> Vec<Effect> {
    only(state, TextField::User, name)
}

/// Searches for a query, in place of what the form said.
pub fn query(state: &mut State, query: String) -> Vec<Effect> {
    only(state, TextField::Text, query)
}

/// Searches for this and nothing else.
pub(super) fn only(state: &mut State, field: TextField, text: String) -> Vec<Effect> {
    trail::noted(state, |state| ask_only(state, field, text))
}

fn ask_only(state: &mut State, field: TextField, text: String) -> Vec<Effect> {
    state.form = Form {
        field: FormField::Text(field),
        unfolded: state.form.unfolded,
        ..Form::default()
    };
    state.form.inputs[field] = text.into();
    // A filter that hid some of their sessions before must not hide them now.
    state.results.quick.clear();
    state.results.live = None;
    let mut effects = plan(state);
    effects.extend(match state.query() {
        Ok(query) => search_on(state, query, AskedBy::Person),
        Err(error) => message::say(state, Level::Error, error.message),
    });
    effects
}

/// A search that leaves the cursor on its session.
fn search_on(state: &mut State, query: Query, asked_by: AskedBy) -> Vec<Effect> {
    state.results.wanted = state.results.place();
    state.focus_follows = false;
    search(state, query, asked_by)
}

/// Sends a query to every source. The rows of the one before stay until the first page is there.
pub fn search(state: &mut State, query: Query, asked_by: AskedBy) -> Vec<Effect> {
    if state.sources.is_empty() {
        return message::say(state, Level::Warn, "no profile is open: Ctrl-P opens one");
    }
    let stays_ended =
        |source: &Source| asked_by == AskedBy::Timer && matches!(source.link, Link::Ended);
    if state.sources.iter().all(stays_ended) {
        return Vec::new();
    }
    let mut effects = requests::cancel_searches(state);
    effects.extend(watch::abandon(state));
    state.message = None;
    if state.results.query.as_ref() != Some(&query) {
        for source in &mut state.sources {
            source.way.take_if(|way| way.is_used);
        }
    }
    // Sessions that ended before this search are not marked again.
    state.results.lately.clear();
    state.results.query = Some(query.clone());
    state.results.stale = true;
    for at in 0..state.sources.len() {
        let stays_ended = stays_ended(&state.sources[at]);
        effects.extend(ask_one(state, at, query.clone(), asked_by, stays_ended));
    }
    effects.push(spin(state));
    effects
}

/// Sends a query to one source, or not if it was ended and stays so.
fn ask_one(
    state: &mut State,
    at: usize,
    query: Query,
    asked_by: AskedBy,
    stays_ended: bool,
) -> Vec<Effect> {
    let search = search_for(state, &state.sources[at], query, asked_by);
    let generation = state.next_gen();
    let (now, up) = (state.now, state.up);
    let source = &mut state.sources[at];
    source.begin(search.clone(), generation);
    if stays_ended {
        source.progress = Progress::Stopped("disconnected".into());
        return Vec::new();
    }
    (source.asked_at, source.begun) = (Some(now), up);
    let id = SourceId(at as u8);
    if matches!(source.link, Link::Up { .. }) {
        return vec![Effect::Search {
            source: id,
            generation,
            search,
            at: None,
        }];
    }
    source.waiting = Some(search);
    requests::connect(state, id)
}

/// Searches by the way to list that was chosen for a source. Where others were asked the same, what they sent
/// and still send stays.
pub fn search_that_way(state: &mut State, id: SourceId) -> Vec<Effect> {
    let asked = state.results.query.clone();
    match (state.query(), asked) {
        (Ok(query), Some(asked)) if query == asked && state.sources.len() > 1 => {
            state.message = None;
            state.results.wanted = state.results.place();
            let at = usize::from(id.0);
            let mut effects = ask_one(state, at, query, AskedBy::Person, false);
            effects.push(spin(state));
            effects
        }
        _ => submit(state),
    }
}

/// Shows after a while that something is on its way.
fn spin(state: &mut State) -> Effect {
    state.spinner = false;
    Effect::After {
        timer: Timer::Spinner,
        generation: state.next_gen(),
        delay: SPIN_AFTER,
    }
}

impl Source {
    /// Where its list broke off, or its walk was stopped, if it was after some pages. Taken once: a list
    /// that cannot go on there is asked for from its start the next time.
    fn take_break(&mut self) -> Option<(Search, Cursor)> {
        let broke = matches!(self.progress, Progress::Failed(_)) || self.is_halted;
        let broke = broke && self.pages > 0;
        self.is_halted = false;
        let is_up = matches!(self.link, Link::Up { .. });
        let search = self.search.clone().filter(|_| broke && is_up)?;
        Some((search, self.resume.take()?))
    }

    pub(super) fn begin(&mut self, search: Search, generation: Gen) {
        self.search = Some(search);
        self.search_gen = generation;
        self.progress = Progress::Loading;
        self.resume = None;
        self.headway = None;
        self.is_halted = false;
        if let Some(way) = &mut self.way {
            way.is_used = true;
        }
        (self.pages, self.rows, self.total) = (0, 0, None);
        (self.duplicates, self.unread, self.received) = (0, 0, 0);
    }
}

/// The search of a source, without the clauses that rows answer only together: those are for all loaded
/// rows.
pub(super) fn search_for(
    state: &State,
    source: &Source,
    query: Query,
    asked_by: AskedBy,
) -> Search {
    let size = source.profile.policy.page_size.and_then(NonZeroU16::new);
    Search {
        query: query
            .with_kind(source.profile.policy.kind.as_deref())
            .split_by_rows()
            .0,
        sort: Some(state.results.sort.clone()),
        page_size: size.unwrap_or(NonZeroU16::new(PAGE).expect("100 is not 0")),
        native: None,
        // Clauses that depend on the moment use the server's clock.
        now: state.now + source.ahead,
        zone: state.zone(),
        way: source.way.as_ref().map(|way| way.word.clone()),
        asked_by,
        named_by: NamedBy::Operator,
    }
}

/// Esc in the table: stops a running search; its rows stay.
pub fn stop(state: &mut State) -> Vec<Effect> {
    if !state.is_loading() {
        return Vec::new();
    }
    let effects = requests::cancel_searches(state);
    for source in state.sources.iter_mut().filter(|s| s.is_loading()) {
        source.waiting = None;
        source.is_halted = source.headway.is_some() && source.resume.is_some();
        source.progress = Progress::Stopped("stopped by Esc".into());
    }
    let goes_on = state.sources.iter().any(|source| source.is_halted);
    let mut after = results::finished(state);
    after.splice(0..0, effects);
    let text = if goes_on {
        "search stopped; r continues it"
    } else {
        "search stopped; r retries"
    };
    after.extend(message::say(state, Level::Info, text));
    after
}

/// Moves to another field. `false`: out at the end.
pub fn next_field(state: &mut State, by: isize) -> bool {
    let fields = &state.layout.fields;
    let at = fields.iter().position(|f| f.field == state.form.field);
    let next = at
        .and_then(|at| at.checked_add_signed(by))
        .and_then(|at| fields.get(at));
    state.form.selected = false;
    match next {
        Some(placed) => state.form.field = placed.field,
        None => return false,
    }
    true
}

/// Comes into the form from its first or its last field.
pub fn enter_from(state: &mut State, by: isize) {
    let fields = &state.layout.fields;
    let field = if by > 0 {
        fields.first()
    } else {
        fields.last()
    };
    state.form.field = field.map_or(FormField::Text(TextField::Text), |placed| placed.field);
}

/// Gives the focus to a text field and selects its text.
pub fn focus_field(state: &mut State, field: TextField) {
    state.form.field = FormField::Text(field);
    state.form.selected = !state.form.inputs[field].value().is_empty();
}
