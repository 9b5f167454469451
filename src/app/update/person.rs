//! From a row, or from what was typed, to everything of one person.

use super::form::{only, user};
use crate::app::cut;
use crate::app::dialogs::person;
use crate::app::effect::Effect;
use crate::app::form::TextField;
use crate::app::state::State;
use crate::model::{Clause, Field, Op, Value};

/// Searches for everything of the person under the cursor, in place of what the form said. It is also
/// the way out of a list that a server cuts.
pub fn person(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return match typed_person(state) {
            Some(name) => shown(state, &name.clone(), |state| user(state, name)),
            None => Vec::new(),
        };
    };
    let subject = row.subject();
    let (field, text) = match (&subject.name, &subject.id) {
        (Some(name), _) if name.expose().trim() == name.expose() => {
            (TextField::User, name.expose().to_owned())
        }
        (name, id) => {
            let (field, text) = match name {
                Some(name) => (Field::User, Some(name)),
                None => (Field::UserId, id.as_ref()),
            };
            let text = text.map_or("", |text| text.expose());
            let clause = Clause::field(field, Op::Eq, Value::Text(text.into()));
            (TextField::Text, clause.to_string())
        }
    };
    let name = subject.shown().map_or("", |name| name.expose()).to_owned();
    shown(state, &name, |state| only(state, field, text))
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
