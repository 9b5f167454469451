//! The capabilities of a remote system.

use std::borrow::Cow;
use std::sync::Arc;

use enum_map::EnumMap;

use super::action::{ActionSpec, ActsOn};
use super::preview::Preview;
use super::query::{Field, Op, Property, Query, Target};
use super::text::Untrusted;

/// How the system answers one field of the query. A later one is the better answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// The system does not report it, so no row can match.
    #[default]
    No,
    /// It must be given, or the system cannot list at all. Where several fields are required, one of them
    /// is enough.
    Required,
    /// Not on its side; the rows that arrive are filtered here.
    Client,
    /// On its side, exactly or as a superset.
    Server,
}

/// How the system hands out long lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// One answer holds everything it will give.
    None,
    /// By row number.
    Offset,
    /// By a cursor that only goes forward.
    Forward,
}

/// The extent of a revoke: one session, several, or all sessions of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// One session a request.
    One,
    /// Up to this many a request.
    Batch(u16),
    /// Only all sessions of a user at once.
    UserOnly,
    /// Only the operator's own.
    OwnOnly,
    /// Nothing.
    No,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnSpec {
    /// The property that it shows and sorts by.
    pub what: Property,
    /// The title where there is room ("LAST USED").
    pub title: Cow<'static, str>,
    /// The title in a narrow table ("USED").
    pub short: Cow<'static, str>,
    /// Share of the spare width; 0 for columns of fixed width.
    pub weight: u8,
}

impl ColumnSpec {
    /// A column of a field.
    #[must_use]
    pub const fn new(field: Field, title: &'static str, short: &'static str, weight: u8) -> Self {
        Self {
            what: Property::Field(field),
            title: Cow::Borrowed(title),
            short: Cow::Borrowed(short),
            weight,
        }
    }

    /// A column of an attribute, by the name that the system gives it.
    pub fn of_attribute(
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        weight: u8,
    ) -> Self {
        let title = title.into();
        Self {
            what: Property::Attribute(name.into()),
            short: title.clone(),
            title,
            weight,
        }
    }
}

/// The capabilities of one remote system, as found after sign-in.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Name of the system for people ("Acme Identity").
    pub system: Cow<'static, str>,
    /// True if a comparison of a user on the server finds every spelling in upper and lower case.
    pub any_case: bool,
    /// True if a page tells how many sessions match.
    pub total: bool,
    /// How lists are handed out.
    pub paging: Paging,
    /// True if the client reads the sessions back itself, so that its outcomes are final.
    pub revoke_is_verified: bool,
    /// True if a revoke of a user that names no realm, organisation or tenant reaches every one of
    /// the profile. False also where the system has no such thing.
    pub revoke_user_everywhere: bool,
    /// The realms, organisations or tenants that it reaches then, as the system names them. Empty:
    /// there are none, or they are not known.
    pub scopes: Vec<Untrusted>,
    /// Facts the operator should know before anything is sent ("may list /alpha and not revoke
    /// there: the server lets only amadmin do that"). Sentences without a full stop; usually none.
    pub notes: Vec<String>,
    /// The sessions that no list of it holds, as a sentence without a full stop ("Acme shows usher's own
    /// session only"). `None`: every session can be listed.
    pub unlisted: Option<Cow<'static, str>>,
    /// The words for the requests that end sessions.
    pub preview: Preview,
    /// The kinds of session that it holds, and what can be done with each.
    pub kinds: Kinds,
}

/// The capabilities of a system for one kind of session.
#[derive(Clone, Debug)]
pub struct KindCaps {
    /// The word for it in queries and output, in lower case ("web"). Empty if the system has one kind
    /// only; otherwise the same as in its rows ([`RowRef::kind`](super::RowRef)).
    pub kind: Arc<str>,
    /// Who answers which field.
    pub fields: EnumMap<Field, Support>,
    /// Who answers bare words.
    pub words: Support,
    /// Who answers `@name`.
    pub attributes: Support,
    /// Who sorts: `Server` if it can sort by at least one field.
    pub sort: Support,
    /// True if one session can be read by its key.
    pub get: bool,
    /// The extent of a revoke.
    pub revoke: Revoke,
    /// True if such a session is the connection that usher itself holds: it ends by disconnecting, and
    /// only a new connection, which is a new session, shows anything again.
    pub is_connection: bool,
    /// True if the system has an operation of its own for "all sessions of this user".
    pub revoke_user: bool,
    /// True if the list keeps ended sessions.
    pub history: bool,
    /// The effect of a revoke and its limits, as one or two sentences true for this kind.
    pub after_revoke: Cow<'static, str>,
    /// The same of several. Empty: the words suit any number.
    pub after_revoke_several: Cow<'static, str>,
    /// True if the id alone is enough to use the session; it is then taken from standard input only.
    pub id_is_credential: bool,
    /// True if its sessions have ids for people that differ from the keys ([`RowRef::id`](super::RowRef)).
    pub has_own_ids: bool,
    /// The columns, in order.
    pub columns: Vec<ColumnSpec>,
    /// The actions beside listing and revoking, in the order of the menu. Those that this server
    /// lacks are in it with the reason. An action that concerns no session (a token, the system as
    /// a whole) is listed with one kind, whichever it is.
    pub actions: Vec<ActionSpec>,
}

impl KindCaps {
    /// The effect of ending one session of this kind, or several, and its limits.
    fn after_revoke(&self, several: bool) -> &str {
        if several && !self.after_revoke_several.is_empty() {
            &self.after_revoke_several
        } else {
            &self.after_revoke
        }
    }
}

impl Default for KindCaps {
    /// One that can be listed and nothing else, by what is done here with the rows.
    fn default() -> Self {
        Self {
            kind: "".into(),
            fields: EnumMap::from_fn(|_| Support::Client),
            words: Support::Client,
            attributes: Support::Client,
            sort: Support::Client,
            get: false,
            revoke: Revoke::No,
            is_connection: false,
            revoke_user: false,
            history: false,
            after_revoke: "".into(),
            after_revoke_several: "".into(),
            id_is_credential: false,
            has_own_ids: false,
            columns: Vec::new(),
            actions: Vec::new(),
        }
    }
}

/// The kinds of session of a system: at least one, in the system's order.
#[derive(Clone, Debug)]
pub struct Kinds {
    first: Box<KindCaps>,
    more: Vec<KindCaps>,
}

impl From<KindCaps> for Kinds {
    /// The one kind of a system that has no more.
    fn from(only: KindCaps) -> Self {
        Self {
            first: Box::new(only),
            more: Vec::new(),
        }
    }
}

impl Kinds {
    /// Several kinds. Each has a word of its own.
    pub fn several(first: KindCaps, more: Vec<KindCaps>) -> Self {
        Self {
            first: Box::new(first),
            more,
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &KindCaps> {
        std::iter::once(self.first.as_ref()).chain(&self.more)
    }

    /// The kind of a session. One that does not tell its kind counts as the first.
    pub fn of(&self, kind: Option<&str>) -> &KindCaps {
        self.iter()
            .find(|caps| kind == Some(&*caps.kind))
            .unwrap_or(&self.first)
    }

    /// The first kind, to be changed.
    pub fn first_mut(&mut self) -> &mut KindCaps {
        &mut self.first
    }

    /// True if the system has more than one.
    pub fn are_several(&self) -> bool {
        !self.more.is_empty()
    }
}

/// The effect of ending all sessions of a user on a kind that is not ended so.
const NOT_WITH_USER: &str = "These sessions are not ended by this.";

impl Capabilities {
    /// A system with one kind of session, and nothing special about its lists.
    pub fn of_one_kind(system: impl Into<Cow<'static, str>>, kind: KindCaps) -> Self {
        Self {
            system: system.into(),
            any_case: true,
            total: false,
            paging: Paging::None,
            revoke_is_verified: false,
            revoke_user_everywhere: false,
            scopes: Vec::new(),
            notes: Vec::new(),
            unlisted: None,
            preview: |_| String::new(),
            kinds: Kinds::from(kind),
        }
    }

    /// The capabilities for a session of this kind; see [`Kinds::of`].
    pub fn of(&self, kind: Option<&str>) -> &KindCaps {
        self.kinds.of(kind)
    }

    /// Who answers a field: the best answer that a kind of session gets. `Required` only if no kind
    /// can be listed without it.
    pub fn support(&self, field: Field) -> Support {
        self.best(|kind| kind.fields[field])
    }

    /// The best of what the kinds have.
    pub fn best(&self, of: impl Fn(&KindCaps) -> Support) -> Support {
        self.kinds.iter().map(of).max().unwrap_or_default()
    }

    /// The columns of all kinds, in order, each once.
    pub fn columns(&self) -> Vec<&ColumnSpec> {
        let mut columns: Vec<&ColumnSpec> = Vec::new();
        for column in self.kinds.iter().flat_map(|kind| &kind.columns) {
            if !columns.iter().any(|known| known.what == column.what) {
                columns.push(column);
            }
        }
        columns
    }

    /// The actions of all kinds.
    pub fn actions(&self) -> impl Iterator<Item = &ActionSpec> {
        self.kinds.iter().flat_map(|kind| &kind.actions)
    }

    /// The actions for a session of this kind, and those of any kind that concern no session.
    pub fn actions_for<'a>(&'a self, kind: Option<&str>) -> impl Iterator<Item = &'a ActionSpec> {
        let own = self.of(kind);
        self.kinds.iter().flat_map(move |caps| {
            caps.actions.iter().filter(move |spec| {
                std::ptr::eq(caps, own) || matches!(spec.on, ActsOn::Token | ActsOn::Nothing)
            })
        })
    }

    /// The effect of ending all sessions of a user, and its limits: one text for each kind that
    /// differs, with the words of its kinds. A kind that is not ended with the others says so.
    pub fn after_revoke_user(&self) -> String {
        by_word(self.kinds.iter().map(|kind| {
            let stays = self.kinds.are_several() && !kind.revoke_user;
            let text = if stays {
                NOT_WITH_USER
            } else {
                kind.after_revoke(true)
            };
            (&*kind.kind, text)
        }))
    }

    /// The effect of ending sessions, each of one of these kinds, and its limits: one text for each kind that
    /// differs, with the words of its kinds. One text stands without a word.
    pub fn after_revoke_of<'k>(&self, kinds: impl IntoIterator<Item = Option<&'k str>>) -> String {
        let ended: Vec<&str> = kinds.into_iter().map(|kind| &*self.of(kind).kind).collect();
        let count = |kind: &KindCaps| ended.iter().filter(|one| **one == &*kind.kind).count();
        let meant = self.kinds.iter().filter(|kind| count(kind) > 0);
        by_word(meant.map(|kind| (&*kind.kind, kind.after_revoke(count(kind) > 1))))
    }

    /// A note for each clause on a field that the system does not report: it matches no row, or every row
    /// where it is negated. Each is there once.
    pub fn unreported(&self, query: &Query) -> Vec<String> {
        let mut notes = Vec::new();
        for clause in &query.clauses {
            let Target::Field(field) = clause.target else {
                continue;
            };
            let matches_all = clause.negated || clause.op == Op::Ne;
            let rows = if matches_all { "every" } else { "no" };
            let name = field.name();
            let note = format!("{name}: this system does not report it, so {rows} row can match");
            if self.support(field) == Support::No && !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// The names for which a list that the server cut is asked besides: bare words, where the server
    /// finds users.
    pub fn asks_besides<'q>(&self, query: &'q Query) -> Vec<&'q str> {
        match self.support(Field::User) {
            Support::Server => query.names_in_words(),
            Support::Client | Support::Required | Support::No => Vec::new(),
        }
    }

    /// True if the server may miss sessions of users of these names because it compares upper and
    /// lower case. Other spellings are then asked for too.
    pub fn minds_case_of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let mut names = names.into_iter();
        let is_spelled = |name: &str| !name.contains('*') && name.contains(char::is_alphabetic);
        !self.any_case && self.support(Field::User) == Support::Server && names.any(is_spelled)
    }

    /// " a realm", where the system lists each realm (organisation, tenant) for itself, so that a limit
    /// of its lists holds for each. Empty: it does not.
    pub fn each_scope(&self) -> String {
        let mut columns = self.columns().into_iter();
        let column = columns.find(|c| c.what == Field::Scope);
        match (self.support(Field::Scope), column) {
            (Support::Server, Some(column)) => format!(" a {}", column.title.to_lowercase()),
            _ => String::new(),
        }
    }
}

/// Texts, each once. Where they differ, one a line, after the words for which it is true
/// ("web, sql: It ends at once.").
pub fn by_word<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut all: Vec<(Vec<&str>, &str)> = Vec::new();
    for (word, text) in texts {
        match all.iter_mut().find(|(_, known)| *known == text) {
            Some((words, _)) => words.push(word),
            None => all.push((vec![word], text)),
        }
    }
    if let [(_, text)] = all.as_slice() {
        return (*text).to_owned();
    }
    let lines = all.iter();
    let lines: Vec<String> = lines
        .map(|(words, text)| format!("{}: {text}", words.join(", ")))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_reported_matches_no_row_or_every_one() {
        let mut kind = KindCaps::default();
        kind.fields[Field::Agent] = Support::No;
        let caps = Capabilities::of_one_kind("Acme", kind);
        let notes = |query: &str| caps.unreported(&Query::parse(query).unwrap());

        let none = "agent: this system does not report it, so no row can match";
        let every = "agent: this system does not report it, so every row can match";
        assert_eq!(notes("agent:firefox user:ada agent:chrome"), [none]);
        assert_eq!(notes("-agent:firefox"), [every]);
        assert!(notes("user:ada firefox").is_empty());
    }
}
