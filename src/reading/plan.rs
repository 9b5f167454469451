//! Whether a system can answer a search at all. It is checked here, before anything is sent.

use strum::IntoEnumIterator;

use crate::api::SessionApi;
use crate::model::text::display_safe;
use crate::model::{ApiError, Field, Plan, Search, Support, Way};

/// How the system will answer the search. Sends nothing.
///
/// # Errors
/// [`ApiError::BadQuery`] if the system cannot answer it; [`ApiError::Incomplete`] if something is to be
/// added to the query, or a way is to be chosen.
pub fn plan(api: &dyn SessionApi, search: &Search) -> Result<Plan, ApiError> {
    let plan = api.plan(search)?;
    let caps = api.caps();
    let incomplete = |message, field| {
        Err(ApiError::Incomplete {
            message,
            field,
            ways: plan.ways.clone(),
        })
    };
    if !plan.ways.is_empty() {
        let ways = list(plan.ways.iter().map(ToString::to_string), ", ");
        let Some(word) = &search.way else {
            let system = &caps.system;
            let message = format!("{system} cannot list that at once; the ways to list are {ways}");
            return incomplete(message, None);
        };
        let Some(way) = plan.ways.iter().find(|way| way.word == *word) else {
            let word = display_safe(word);
            let message = format!("there is no way \"{word}\"; the ways to list are {ways}");
            return incomplete(message, None);
        };
        return match lacks(way, search) {
            Some(field) => {
                let (title, name) = (&way.title, field.name());
                incomplete(format!("{title}: the query needs {name}:…"), Some(field))
            }
            None => Ok(plan),
        };
    }
    let required = || Field::iter().filter(|field| caps.support(*field) == Support::Required);
    let is_named = required().any(|field| search.query.compares(field));
    if is_named || search.native.is_some() || required().next().is_none() {
        return Ok(plan);
    }
    let names = list(
        required().map(|field| format!("{}:…", field.name())),
        " or ",
    );
    let message = format!(
        "{} lists no sessions unless the query has {names}",
        caps.system
    );
    let only = required().next().filter(|_| required().count() == 1);
    incomplete(message, only)
}

/// The field that the way needs and the query lacks. `None`: it lacks none.
pub fn lacks(way: &Way, search: &Search) -> Option<Field> {
    way.needs.filter(|field| !search.query.compares(*field))
}

fn list(texts: impl Iterator<Item = String>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}
