//! The words of a table without rows: nothing was asked yet, nothing was found, or it failed.

use super::bars::unlisted;
use super::theme::Role;
use crate::app::cut;
use crate::app::form::{FormField, TextField};
use crate::app::form_fields;
use crate::app::source::{Progress, Source};
use crate::app::state::State;
use crate::app::words;
use crate::model::ApiError;
use crate::model::text::display_safe;

/// The lines of the empty table where the system was asked for nothing, since the search lacks something.
/// `None`: it was asked.
fn not_asked(state: &State) -> Option<Vec<(String, Role)>> {
    let mut lacking = None;
    for source in &state.sources {
        match &source.progress {
            Progress::Failed(ApiError::Incomplete { message, ways, .. }) => {
                lacking = Some((message, ways.is_empty()));
            }
            Progress::Failed(_) => return None,
            _ => {}
        }
    }
    let (message, no_ways) = lacking?;
    let keys = if no_ways {
        "/ adds it to the search"
    } else if state.sources.len() > 1 {
        "E offers the ways to list   / narrows the search"
    } else {
        "r offers the ways to list   / narrows the search"
    };
    Some(vec![
        ("Nothing was searched yet.".to_owned(), Role::Warn),
        (display_safe(message).into_owned(), Role::Text),
        (String::new(), Role::Text),
        (keys.to_owned(), Role::Dim),
    ])
}

/// The lines of the empty table.
pub fn empty_words(state: &State) -> Vec<(String, Role)> {
    let results = &state.results;
    if state.sources.is_empty() {
        return vec![("No profile is open. ^P opens one.".to_owned(), Role::Text)];
    }
    if !results.rows.is_empty() {
        let mut lines = vec![(
            "No loaded session passes the filter.".to_owned(),
            Role::Text,
        )];
        if let Some(stopped) = cut::stopped(state) {
            lines.push((format!("The list is cut: {stopped}."), Role::Warn));
        }
        lines.extend(way_out(state));
        lines.push((String::new(), Role::Text));
        lines.push(("F drops the filter   & changes it".to_owned(), Role::Dim));
        return lines;
    }
    if results.query.is_none() {
        let needed: Vec<_> = form_fields::fields(state)
            .into_iter()
            .filter(|field| form_fields::support(state, *field) == crate::model::Support::Required)
            .map(form_fields::label)
            .collect();
        let mut sources = state.sources.iter();
        let one_by_one = sources.find(|source| !source.profile.lists_everybody);
        if let (Some(source), true) = (one_by_one, needed.is_empty()) {
            let system = display_safe(source.system());
            return vec![
                (format!("{system} lists one user at a time."), Role::Text),
                (
                    "Type one, or press Enter to choose a way to list more.".to_owned(),
                    Role::Text,
                ),
            ];
        }
        let text = if needed.is_empty() {
            "Enter lists all sessions, or type a user name first".to_owned()
        } else {
            format!(
                "Fill in {}, then Enter: this system lists nothing without it",
                needed.join(" or ")
            )
        };
        return vec![(text, Role::Text)];
    }
    if let Some(lines) = not_asked(state) {
        return lines;
    }
    if state
        .sources
        .iter()
        .any(|s| matches!(s.progress, Progress::Failed(_)))
    {
        return vec![
            ("The search failed.".to_owned(), Role::Danger),
            (String::new(), Role::Text),
            ("E full error   r retry   / change it".to_owned(), Role::Dim),
        ];
    }
    let mut lines: Vec<_> = cut::none_among(state)
        .into_iter()
        .map(|line| (line, Role::Warn))
        .collect();
    let is_cut = !lines.is_empty();
    lines.extend(way_out(state));
    if is_cut {
        lines.push((String::new(), Role::Text));
    } else {
        lines.push(("No session matches this search.".to_owned(), Role::Text));
    }
    lines.extend(asked(state).into_iter().map(|line| (line, Role::Dim)));
    lines.extend(unlisted(state).map(|line| (format!("{line}."), Role::Warn)));
    let named = results.query.as_ref().and_then(crate::model::Query::users);
    let named = named.unwrap_or_default();
    let minds_case = |source: &Source| {
        let caps = source.caps.as_ref();
        caps.is_some_and(|caps| caps.minds_case_of(named.iter().copied()))
    };
    if state.sources.iter().any(minds_case) {
        let text = "Also asked for in lower case, upper case and with a capital first.";
        lines.push((text.to_owned(), Role::Dim));
    }
    let about_user = form_fields::is_set(state, FormField::Text(TextField::User));
    if about_user && state.sources.iter().any(forgets) {
        lines.push((String::new(), Role::Text));
        lines.extend(no_history(state).map(|line| (line, Role::Warn)));
    }
    lines.push((String::new(), Role::Text));
    lines.push(("/ change it   c clear it   r retry".to_owned(), Role::Dim));
    lines
}

/// True if ended sessions of some kind leave no trace in the system.
fn forgets(source: &Source) -> bool {
    let caps = source.caps.as_ref();
    caps.is_some_and(|caps| caps.kinds.iter().any(|kind| !kind.history))
}

/// The lines of a search for one user that found nobody, where that says nothing about the past.
fn no_history(state: &State) -> impl Iterator<Item = String> {
    let typed = state.form.inputs[TextField::User].value();
    let user = display_safe(typed.trim()).into_owned();
    let several = state.sources.len() > 1;
    let forgetful = state.sources.iter().filter(|source| forgets(source));
    let names: Vec<&str> = forgetful
        .map(|source| source.profile.name.as_str())
        .collect();
    let (who, keep, it) = match names.as_slice() {
        [name] if several => ((*name).to_owned(), "keeps", "it"),
        _ if several => (names.join(", "), "keep", "they"),
        _ => ("This system".to_owned(), "keeps", "it"),
    };
    [
        format!(
            "{} {keep} no history, so {it} cannot say",
            display_safe(&who)
        ),
        format!("when {user} last signed in."),
    ]
    .into_iter()
}

/// The hint about Enter where a list was cut, and so proves nothing.
fn way_out(state: &State) -> Option<(String, Role)> {
    let name = cut::way_out(state)?;
    let name = display_safe(&name).into_owned();
    Some((format!("Enter asks for user {name}"), Role::Text))
}

/// The search, one clause a line.
fn asked(state: &State) -> Vec<String> {
    let Some(query) = &state.results.query else {
        return Vec::new();
    };
    if query.clauses.is_empty() {
        vec!["It asked for every session.".to_owned()]
    } else {
        query.clauses.iter().map(words::told).collect()
    }
}
