//! What completes a query while it is typed: names of fields, their words, values of loaded rows.

use strum::IntoEnumIterator;

use super::state::State;
use crate::model::query::ValueKind;
use crate::model::{AddressClass, Field, Hint, State as Word};

/// How many of the loaded rows are looked at for values.
const SAMPLE: usize = 500;
/// Letters from which on a name is completed.
const LEAST: usize = 2;
/// The signs between a field and its value.
const SIGNS: [char; 5] = [':', '=', '<', '>', '~'];
/// Signs that a value with them has to be quoted for: it is not completed.
const QUOTED: [char; 8] = [' ', '"', '\'', ',', '(', ')', '\\', '*'];

/// The rest of the word at the end of a query. Empty: nothing completes it, or it is complete.
pub fn rest(state: &State, text: &str) -> String {
    if text.matches('"').count() % 2 == 1 {
        return String::new();
    }
    let word = text.rsplit(' ').next().unwrap_or_default();
    let word = word.strip_prefix('-').unwrap_or(word);
    match word.find(SIGNS) {
        Some(at) => of_value(state, &word[..at], word[at..].trim_start_matches(SIGNS)),
        None => of_name(state, word),
    }
    .unwrap_or_default()
}

/// The rest of the name of a field, else of the name of a loaded user.
fn of_name(state: &State, word: &str) -> Option<String> {
    if word.len() < LEAST {
        return None;
    }
    let field = Field::iter().find_map(|field| {
        let rest = after(field.name(), word)?;
        let sign = match field.kind() {
            ValueKind::Instant | ValueKind::Duration => "",
            _ => ":",
        };
        Some(format!("{rest}{sign}"))
    });
    field.or_else(|| of_rows(state, Field::User, word))
}

/// The rest of a value of this field.
fn of_value(state: &State, name: &str, word: &str) -> Option<String> {
    let field = Field::from_name(name)?;
    let rest = |known: &'static str| after(known, word).map(str::to_owned);
    match field.kind() {
        ValueKind::State => Word::iter().map(Word::word).find_map(rest),
        ValueKind::Text if field == Field::Hint => Hint::iter().map(Hint::word).find_map(rest),
        ValueKind::YesNo => ["yes", "no"].into_iter().find_map(rest),
        // Ids may be secrets: they are not spread.
        ValueKind::Exact | ValueKind::Instant | ValueKind::Duration => None,
        ValueKind::Address => {
            let class = AddressClass::iter().map(AddressClass::word).find_map(rest);
            class
                .filter(|_| !word.is_empty())
                .or_else(|| of_rows(state, field, word))
        }
        ValueKind::Text => of_rows(state, field, word),
    }
}

/// The rest of the first value among some of the loaded rows.
fn of_rows(state: &State, field: Field, word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    let mut rows = state.results.rows.iter().take(SAMPLE);
    rows.find_map(|(_, row)| {
        let value = match field {
            Field::User => row.user().map(|user| user.expose().to_owned())?,
            field => row.text(field)?.expose().to_owned(),
        };
        let rest = after(&value, word)?;
        let is_plain = !rest.contains(QUOTED) && !rest.chars().any(char::is_control);
        (is_plain && !rest.is_empty()).then(|| rest.to_owned())
    })
}

/// The text behind its beginning, whatever the case of that. `None`: it begins otherwise.
pub fn after<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(beginning.len())?;
    start.eq_ignore_ascii_case(beginning).then_some(rest)
}
