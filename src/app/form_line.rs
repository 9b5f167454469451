//! The search form as one line: the query as text, how many sessions answer it, and the key that unfolds
//! the form. ` / user:ada* state:active      27 of 1,204 match · whole list   F2 form `.

use super::action::{Action, Context};
use super::cut;
use super::form::FormError;
use super::form_fields;
use super::role::Role;
use super::source::Source;
use super::state::State;
use super::words;
use crate::model::text::{display_safe, width_cols};

/// Cells that the query keeps, if it has so many, before the count leaves the line.
const QUERY: usize = 24;
/// Blanks between two parts of the line.
const GAP: usize = 3;

/// The parts of the line, each as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormLine {
    /// The key that leads into the form; empty if none does.
    pub key: String,
    /// The query that the form stands for, or the mistake in it.
    pub query: (String, Role),
    /// How many sessions answer it, or that they answer another. Empty: unknown, or there is no room.
    pub note: (String, Role),
    /// The key that shows all fields; empty if none does.
    pub unfold: String,
    /// True if the note counts the rows, so that the status line does not count them once more.
    pub is_counted: bool,
}

impl FormLine {
    /// The line of a screen of this width.
    pub fn of(state: &State) -> Self {
        let first = |context, action| {
            let keys = state.keymap.keys(context, action);
            keys.first().map(ToString::to_string).unwrap_or_default()
        };
        let mut line = Self {
            key: first(Context::Table, Action::Find),
            query: query(state),
            note: (String::new(), Role::Dim),
            unfold: first(Context::Global, Action::Unfold),
            is_counted: false,
        };
        let room = line.room(usize::from(state.size.width));
        if is_edited(state) {
            let enter = first(Context::Form, Action::Submit);
            let text = format!("edited · {} {enter} searches", line.key);
            line.note = (text, Role::Warn);
            return line;
        }
        let fits = |text: &String| width_cols(text) <= room;
        if let Some(text) = counts(state).into_iter().find(fits) {
            line.note = (text, Role::Dim);
            line.is_counted = true;
        }
        line
    }

    /// Cells of the text behind the note, with the blank at the end of the line.
    pub fn tail(&self) -> usize {
        let key = width_cols(&self.unfold);
        key + usize::from(key > 0) + UNFOLD.len() + 1
    }

    /// Cells that a note may take on a line of this width.
    fn room(&self, width: usize) -> usize {
        let query = width_cols(&self.query.0).min(QUERY);
        width.saturating_sub(1 + width_cols(&self.key) + 1 + query + 2 * GAP + self.tail())
    }
}

/// The word behind the key that shows all fields.
pub const UNFOLD: &str = "form";

/// The query as text. A form that cannot be read shows its mistake.
fn query(state: &State) -> (String, Role) {
    let mistake = |error: &FormError| {
        let text = format!("! {}: {}", form_fields::label(error.field), error.message);
        (text, Role::Danger)
    };
    if let Some(error) = &state.form.error {
        return mistake(error);
    }
    match state.query() {
        Err(error) => mistake(&error),
        Ok(query) if query.clauses.is_empty() => ("all sessions".to_owned(), Role::Text),
        Ok(query) => {
            let text = words::clauses(&query.clauses);
            (display_safe(&text).into_owned(), Role::Text)
        }
    }
}

/// True if the form asks for something else than the rows answer.
pub fn is_edited(state: &State) -> bool {
    let asked = state.results.query.as_ref();
    asked.is_some() && state.query().ok().as_ref() != asked
}

/// How many sessions answer the query, the longest text first. Empty while they are still arriving, and
/// where a list is cut: the title of the table tells it then.
fn counts(state: &State) -> Vec<String> {
    let is_cut = |source: &Source| cut::cut_at(source).is_some();
    let sources = &state.sources;
    let is_asked = state.results.query.is_some();
    if !is_asked || state.is_loading() || sources.iter().any(is_cut) {
        return Vec::new();
    }
    let count = words::loaded(state);
    let is_whole = !state.results.rows.is_empty() && sources.iter().all(Source::is_whole);
    let whole = is_whole.then(|| format!("{count} · whole list"));
    whole.into_iter().chain([count]).collect()
}
