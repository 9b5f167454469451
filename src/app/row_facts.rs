//! The facts about a row in a question or an error.

use super::effect::RevokeItem;
use super::source::Source;
use super::state::State;
use super::words;
use crate::model::text::display_safe;
use crate::model::{Field, Untrusted, time};
use crate::store::{Row, SourceId};

/// The facts about one row in a dialog, cleaned: those that the system reports, and no dashes for
/// the rest.
pub struct RowFacts {
    user: String,
    /// Where and whence: client or realm, address; with their labels.
    about: Vec<(String, String)>,
    /// When it began, or was last used where the beginning is not told.
    when: Option<(&'static str, String)>,
    label: String,
    profile: String,
    kind: Option<String>,
    system: String,
}

impl RowFacts {
    /// The facts of an item, from the loaded rows as far as it is among them.
    pub fn of(state: &State, item: &RevokeItem) -> Self {
        let source = state.sources.get(usize::from(item.source.0));
        let results = &state.results;
        let row = results
            .row_of(item.source, &item.key, Some(item.row))
            .and_then(|id| results.rows.get(id));
        Self {
            user: words::shown(&item.subject),
            about: about(source, row, item),
            when: when(state, source, item.source, row),
            label: row.map_or("-", Row::label).to_owned(),
            profile: source.map_or_else(String::new, |s| s.profile.name.clone()),
            kind: item
                .kind
                .as_deref()
                .map(|kind| display_safe(kind).into_owned()),
            system: source.map_or_else(String::new, |s| s.system().to_owned()),
        }
    }

    /// User and what is known of the place, in one line.
    pub fn who(&self) -> String {
        let about = self.about.iter().map(|(_, value)| value.as_str());
        let parts: Vec<&str> = std::iter::once(self.user.as_str()).chain(about).collect();
        parts.join(" · ")
    }

    /// True if both facts name the same user, at the same place.
    pub fn match_those(&self, others: &[(String, String)]) -> bool {
        let user = ("User".to_owned(), self.user.clone());
        others.contains(&user) && self.about.iter().all(|fact| others.contains(fact))
    }

    /// All of it in one line, for errors.
    pub fn line(&self) -> String {
        format!("{} of {}", self.label, self.who())
    }

    /// " of jdoe", or nothing for nobody.
    pub fn whose(&self) -> String {
        format!(" of {}", self.user)
    }

    /// With their labels, for large screens.
    pub fn labelled(&self) -> Vec<(String, String)> {
        let mut facts = vec![("User".to_owned(), self.user.clone())];
        let kind = self.kind.as_ref();
        facts.extend(kind.map(|kind| ("Kind".to_owned(), kind.clone())));
        facts.extend(self.about.iter().cloned());
        facts.extend(self.when.iter().map(|(l, v)| ((*l).to_owned(), v.clone())));
        facts.push(("Session".to_owned(), self.label.clone()));
        let on = format!("{} ({})", self.profile, self.system);
        facts.push(("on".to_owned(), on));
        facts
    }

    /// In at most three lines, for small ones.
    pub fn short(&self) -> Vec<String> {
        let kind = self.kind.iter().map(|kind| format!(" · {kind}"));
        let mut lines = vec![format!("{}{}", self.who(), kind.collect::<String>())];
        lines.extend(self.when.iter().map(|(l, v)| format!("{l} {v}")));
        lines.push(format!("Session {} on {}", self.label, self.profile));
        lines
    }
}

fn about(
    source: Option<&Source>,
    row: Option<Row<'_>>,
    item: &RevokeItem,
) -> Vec<(String, String)> {
    let kind = row.and_then(Row::kind);
    let reports = |field| source.is_none_or(|source| source.reports(kind, field));
    let client = row.and_then(Row::client);
    let ip = row.and_then(Row::ip);
    let ip = ip.as_ref();
    let scope = item.subject.scope.as_ref();
    let word = || source.map_or_else(|| "Scope".to_owned(), Source::scope_word);
    let text = |t: Option<&Untrusted>| t.map_or("-".to_owned(), |t| t.named().into_owned());
    let mut about = Vec::new();
    if client.is_some() || reports(Field::Client) {
        about.push(("Client".to_owned(), text(client)));
    }
    if ip.is_some() || reports(Field::Ip) {
        about.push(("IP".to_owned(), text(ip)));
    }
    about.extend(scope.map(|scope| (word(), text(Some(scope)))));
    about
}

fn when(
    state: &State,
    source: Option<&Source>,
    id: SourceId,
    row: Option<Row<'_>>,
) -> Option<(&'static str, String)> {
    let exact = |at| {
        let age = time::age(Some(at), state.now_at(id));
        format!("{} ({age})", time::instant(at, state.zone()))
    };
    let created = row.and_then(Row::created);
    let used = row.and_then(Row::last_used);
    match (created, used) {
        (Some(at), _) => Some(("Created", exact(at))),
        (None, Some(at)) => Some(("Used", exact(at))),
        (None, None) => source
            .is_none_or(|source| {
                let kind = row.and_then(Row::kind);
                source.reports(kind, Field::Created)
            })
            .then(|| ("Created", "-".to_owned())),
    }
}
