//! Texts and steps for lists that a server cut. Such a list never proves that there is no such
//! session.

use super::source::Source;
use super::state::State;
use crate::model::text::{display_safe, with_thousands};
use crate::model::{Completeness, Field, Support, Target};

/// How many sessions the list stopped at, where the server cut it.
pub fn cut_at(source: &Source) -> Option<u64> {
    match source.completeness {
        Completeness::Truncated { at } => Some(at),
        Completeness::Complete | Completeness::More | Completeness::Unknown => None,
    }
}

/// "am stopped at 120 a realm", of the first system that cut its list. `None`: none did.
pub fn stopped(state: &State) -> Option<String> {
    let (source, at) = state.sources.iter().find_map(|s| Some((s, cut_at(s)?)))?;
    let caps = source.caps.as_ref();
    let each = caps.map_or_else(String::new, |caps| caps.each_scope());
    let name = &source.profile.name;
    Some(format!("{name} stopped at {}{each}", with_thousands(at)))
}

/// The lines of an empty table about systems that cut their lists: one each, then which users were
/// asked for besides.
pub fn none_among(state: &State) -> Vec<String> {
    let mut lines: Vec<String> = state
        .sources
        .iter()
        .filter(|source| cut_at(source).is_some())
        .map(|source| {
            let showed = with_thousands(u64::from(source.received));
            let name = &source.profile.name;
            format!("none among the {showed} that {name} showed; its list is cut.")
        })
        .collect();
    let users = asked_besides(state);
    if !lines.is_empty() && !users.is_empty() {
        lines.push(format!("User {users} was also asked for: none."));
    }
    lines
}

/// The names that a cut list was asked for besides, cleaned: "jdoe, web1". Empty: none.
pub fn asked_besides(state: &State) -> String {
    let Some(query) = &state.results.query else {
        return String::new();
    };
    let cut = state.sources.iter().find(|source| cut_at(source).is_some());
    let caps = cut.and_then(|source| source.caps.as_ref());
    let names = caps.map_or_else(Vec::new, |caps| caps.asks_besides(query));
    display_safe(&names.join(", ")).into_owned()
}

/// The user that Enter asks for where the table is empty and a list was cut. `None`: that is no way out.
pub fn way_out(state: &State) -> Option<String> {
    let finds_users = |source: &Source| {
        let caps = source.caps.as_ref();
        cut_at(source).is_some() && caps.is_some_and(|c| c.support(Field::User) == Support::Server)
    };
    let results = &state.results;
    if results.stale || state.is_loading() || !results.order.is_empty() {
        return None;
    }
    if !state.sources.iter().any(finds_users) {
        return None;
    }
    let typed = results.live.as_ref().and_then(|live| live.query.as_ref());
    let of_filter = typed.and_then(|query| {
        let named = query.users().unwrap_or_default().into_iter();
        named.chain(query.names_in_words()).next()
    });
    let is_user = |target: &Target| *target == Target::Field(Field::User);
    let of_quick = || {
        let quick = results
            .quick
            .iter()
            .filter(|clause| is_user(&clause.target));
        quick.flat_map(crate::model::Clause::texts).next()
    };
    let of_query = || results.query.as_ref()?.names_in_words().into_iter().next();
    let name = of_filter.or_else(of_quick).or_else(of_query)?;
    (!name.contains('*')).then(|| name.to_owned())
}
