//! The part of a search that is kept for later: what may be a secret is left out.

use super::memory::KeptSearch;
use super::state::State;
use crate::model::{Clause, Field, Query, Target};

/// How many loaded rows are looked at for masked attributes.
const SAMPLE: usize = 16;
/// A word this long without a sign of a name or an address may be a key.
const LONG_WORD: usize = 20;

/// The query on screen as it is kept. `None`: nothing of it is, or everything was asked for.
pub fn entry(state: &State) -> Option<KeptSearch> {
    let query = state.results.query.as_ref()?;
    let query: Query = query
        .clauses
        .iter()
        .filter(|clause| !may_be_secret(state, clause))
        .cloned()
        .collect();
    if query.is_empty() {
        return None;
    }
    let profiles = state.sources.iter().map(|s| s.profile.name.clone());
    Some(KeptSearch {
        query: query.to_string(),
        sort: state.results.sort.to_string(),
        name: None,
        profiles: profiles.collect(),
        at: state.now,
    })
}

/// True if the value of a clause may work as a credential.
pub fn may_be_secret(state: &State, clause: &Clause) -> bool {
    match &clause.target {
        Target::Field(Field::Id) => state.sources.iter().any(|source| {
            let caps = source.caps.as_ref();
            caps.is_none_or(|caps| caps.kinds.iter().any(|kind| kind.id_is_credential))
        }),
        Target::Field(_) => false,
        Target::Attribute(name) => {
            let rows = state.results.rows.iter().take(SAMPLE);
            rows.map(|(_, row)| row)
                .filter_map(|row| row.attribute(name))
                .any(|attribute| attribute.plain().is_none())
        }
        // The start of an id is found by a word too.
        Target::Word => clause.texts().any(is_like_a_key),
    }
}

fn is_like_a_key(word: &str) -> bool {
    let is_of_keys = |c: char| c.is_ascii_alphanumeric() || "-_.+/=*~".contains(c);
    word.len() >= LONG_WORD
        && word.chars().all(is_of_keys)
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_of_letters_and_digits_are_taken_for_keys() {
        for (word, is) in [
            ("jdoe", false),
            ("ada.andersson@example.org", false),
            ("2001:db8::17", false),
            ("a-name-of-letters-only-however-long", false),
            ("20261121140700000000", false),
            ("AQIC5wM2LY4SfczntBcBQ4V", true),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true),
        ] {
            assert_eq!(is_like_a_key(word), is, "{word}");
        }
    }
}
