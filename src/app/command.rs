//! The `usher` line that lists what is on screen.

use super::history;
use super::state::State;
use crate::model::Query;

/// The command. Ids that work as credentials are left out: arguments are seen by everybody on the
/// machine.
pub fn of_screen(state: &State) -> String {
    let names: Vec<&str> = state
        .sources
        .iter()
        .map(|source| source.profile.name.as_str())
        .collect();
    let results = &state.results;
    let live = results.live.as_ref().and_then(|live| live.query.clone());
    let query: Query = results
        .query
        .iter()
        .flat_map(|query| &query.clauses)
        .chain(&results.quick)
        .chain(live.iter().flat_map(|query| &query.clauses))
        .filter(|clause| !history::may_be_secret(state, clause))
        .cloned()
        .collect();
    let mut words = vec!["usher".to_owned(), "list".to_owned()];
    if !names.is_empty() {
        words.extend(["--profile".to_owned(), names.join(",")]);
    }
    if !results.arrival {
        words.extend(["--sort".to_owned(), results.sort.to_string()]);
    }
    if !query.is_empty() {
        words.push(query.to_string());
    }
    let quoted = words.iter().map(|word| match shlex::try_quote(word) {
        Ok(quoted) => quoted.into_owned(),
        // A shell takes no zero byte in a word.
        Err(_) => String::new(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}
