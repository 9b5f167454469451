//! From a row, or from what was typed, to everything of one person.

use super::form::{only, user};
use super::message;
use crate::app::cut;
use crate::app::dialogs::person;
use crate::app::effect::Effect;
use crate::app::form::TextField;
use crate::app::state::State;
use crate::model::text::display_safe;
use crate::model::{Clause, Field, Op, Subject, Untrusted, Value};
use crate::store::SourceId;

/// Searches for everything of the person under the cursor, in place of what the form said. It is also
/// the way out of a list that a server cuts.
pub fn person(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return match typed_person(state) {
            Some(name) => shown(state, &name.clone(), |state| user(state, name)),
            None => Vec::new(),
        };
    };
    let (source, subject) = (row.source(), row.subject());
    let name = match known_as(state, source, &subject) {
        Ok(name) => name,
        Err(why) => return message::refuse(state, why),
    };
    let (field, text) = match (&name, &subject.id) {
        (Some(name), _) if name.trim() == name => (TextField::User, name.clone()),
        (name, id) => {
            let (field, text) = match name {
                Some(name) => (Field::User, Some(name.as_str())),
                None => (Field::UserId, id.as_ref().map(Untrusted::expose)),
            };
            let clause = Clause::field(field, Op::Eq, Value::Text(text.unwrap_or("").into()));
            (TextField::Text, clause.to_string())
        }
    };
    let id = subject.id.as_ref().map(Untrusted::expose);
    let name = name.or(id.map(str::to_owned)).unwrap_or_default();
    shown(state, &name, |state| only(state, field, text))
}

/// The name under which every open system can be asked for the person of a row. `None`: the row has an id
/// only, or only the id leads to this person.
///
/// # Errors
/// Why a search cannot lead to this person, for people.
fn known_as(state: &State, source: SourceId, subject: &Subject) -> Result<Option<String>, String> {
    let (Some(name), Some(source)) = (&subject.name, state.source(source)) else {
        return Ok(None);
    };
    let names = &source.profile.user_names;
    match names.person(name.expose()) {
        Some(person) if names.leads_back(name.expose()) => Ok(Some(person.into_owned())),
        _ if subject.id.is_some() => Ok(None),
        _ => Err(format!(
            "a search for {0} asks {1} for {2}, by user_names and user_as of its profile; user~^{0}$ finds this one",
            name.safe(),
            display_safe(&source.profile.name),
            display_safe(&names.theirs(name.expose())),
        )),
    }
}

/// Searches, and shows the person.
fn shown(
    state: &mut State,
    name: &str,
    ask: impl FnOnce(&mut State) -> Vec<Effect>,
) -> Vec<Effect> {
    let effects = ask(state);
    if state.form.error.is_none() {
        person::open(state, name);
    }
    effects
}

/// The person that was typed where no session is selected: the user that the search names, else its first
/// word. `None`: it has none.
pub fn typed_person(state: &State) -> Option<String> {
    if let Some(name) = cut::way_out(state) {
        return Some(name);
    }
    let typed = state.query().ok();
    let queries = typed.iter().chain(&state.results.query);
    let mut names = queries.flat_map(|query| {
        let users = query.users().unwrap_or_default().into_iter();
        users.chain(query.names_in_words())
    });
    let name = names.find(|name| !name.contains('*'))?;
    Some(name.to_owned())
}
