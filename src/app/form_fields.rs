//! The fields of the search form: which there are, what they are called, and what becomes of them.

use super::form::{FormField, STATES, TextField};
use super::state::State;
use super::words;
use crate::model::{Field, Support};

/// How many lines "Sent to server" may take; the rest is counted.
const PLAN_LINES: usize = 6;

/// The fields that the open systems can search, in order, without buttons.
pub fn fields(state: &State) -> Vec<FormField> {
    let text = |f| FormField::Text(f);
    [
        text(TextField::Text),
        text(TextField::User),
        text(TextField::Client),
        FormField::State,
        text(TextField::CreatedAfter),
        text(TextField::ExpiresAfter),
        text(TextField::ExpiresBefore),
    ]
    .into_iter()
    .filter(|field| support(state, *field) != Support::No)
    .collect()
}

/// Who answers a field: the most that any open system can. Before one has told: the server.
pub fn support(state: &State, field: FormField) -> Support {
    let asked = match field {
        FormField::Text(TextField::User) => Field::User,
        FormField::Text(TextField::Client) => Field::Client,
        FormField::State => Field::State,
        FormField::Text(TextField::CreatedAfter) => Field::Created,
        FormField::Text(TextField::ExpiresAfter | TextField::ExpiresBefore) => Field::Expires,
        _ => return Support::Server,
    };
    let known: Vec<Support> = state
        .sources
        .iter()
        .filter_map(|source| source.caps.as_ref().map(|caps| caps.support(asked)))
        .collect();
    if known.is_empty() {
        return Support::Server;
    }
    [Support::Required, Support::Server, Support::Client]
        .into_iter()
        .find(|wanted| known.contains(wanted))
        .unwrap_or(Support::No)
}

/// The name of a field in the form.
pub fn label(field: FormField) -> &'static str {
    match field {
        FormField::Text(TextField::Text) => "Text",
        FormField::Text(TextField::User) => "User",
        FormField::Text(TextField::Client) => "Client",
        FormField::Text(TextField::CreatedAfter) => "Created after",
        FormField::Text(TextField::ExpiresAfter) => "Expires after",
        FormField::Text(TextField::ExpiresBefore) => "Expires before",
        FormField::State => "State",
        FormField::More | FormField::Search | FormField::Clear => "",
    }
}

/// The label as it is drawn: `*` marks a field without which the system cannot search.
pub(super) fn marked(state: &State, field: FormField) -> String {
    let required = support(state, field) == Support::Required;
    let star = if required { "*" } else { "" };
    format!("{}{star}", label(field))
}

/// The word shown in the choice of a state.
pub fn state_word(state: &State) -> &'static str {
    STATES
        .get(state.form.state)
        .copied()
        .flatten()
        .map_or("any", crate::model::State::word)
}

/// True if a field has a value.
pub fn is_set(state: &State, field: FormField) -> bool {
    match field {
        FormField::Text(field) => !state.form.inputs[field].value().is_empty(),
        FormField::State => state.form.state != 0,
        _ => false,
    }
}

/// How the form will be answered, line by line: `Sent to server:` and what each system is sent, then what is
/// done here. Empty before a plan is known.
pub fn plan_lines(state: &State) -> Vec<String> {
    let several = state.sources.len() > 1;
    let mut lines = Vec::new();
    for source in &state.sources {
        let name = if several {
            format!("{}: ", source.profile.name)
        } else {
            String::new()
        };
        match &source.plan {
            None => {}
            Some(Err(error)) => lines.push(format!("{name}! {error}")),
            Some(Ok(plan)) => {
                let native = if plan.native.is_empty() {
                    "no filter"
                } else {
                    &plan.native
                };
                lines.push(format!("{name}{native}"));
                if !plan.rest.is_empty() {
                    let rest = words::clauses(&plan.rest);
                    lines.push(format!("{name}by usher, on loaded rows: {rest}"));
                }
                lines.extend(plan.notes.iter().map(|note| format!("{name}{note}")));
            }
        }
    }
    if lines.len() > PLAN_LINES {
        let more = lines.len() - (PLAN_LINES - 1);
        lines.truncate(PLAN_LINES - 1);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

pub(super) fn plan_height(state: &State) -> u16 {
    plan_lines(state).len().max(1) as u16
}

/// Rows that the unfolded form takes if there is room, borders included.
pub fn unfolded_height(state: &State) -> u16 {
    // Two borders, the buttons, and a blank line before, behind, and below the plan.
    fields(state).len() as u16 + plan_height(state) + 6
}

/// Rows that the unfolded form takes at least: no blank lines, and one line of the plan.
pub fn least(state: &State) -> u16 {
    fields(state).len() as u16 + 4
}
