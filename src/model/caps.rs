//! What a remote system can do.

use enum_map::EnumMap;

use super::action::ActionSpec;
use super::query::{Field, Query};
use super::text::Untrusted;

/// How the system answers one field of the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Support {
    /// On its side, exactly or as a superset.
    Server,
    /// Not on its side; the rows that arrive are filtered here.
    Client,
    /// It must be given, or the system cannot list at all.
    Required,
    /// The system does not report it, so no row can match.
    #[default]
    No,
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

/// What can be revoked.
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

/// Which field a column of the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnSpec {
    /// What it shows; also what it sorts by.
    pub field: Field,
    /// The title where there is room ("LAST USED").
    pub title: &'static str,
    /// The title in a narrow table ("USED").
    pub short: &'static str,
    /// Share of the spare width; 0 for columns of fixed width.
    pub weight: u8,
}

impl ColumnSpec {
    /// A column.
    #[must_use]
    pub const fn new(field: Field, title: &'static str, short: &'static str, weight: u8) -> Self {
        Self {
            field,
            title,
            short,
            weight,
        }
    }
}

/// What one remote system can do, as found after sign-in.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Name of the system for people ("Acme Identity").
    pub system: &'static str,
    /// Who answers which field.
    pub fields: EnumMap<Field, Support>,
    /// Does a comparison of a user on the server find every spelling in upper and lower case?
    pub any_case: bool,
    /// Who answers bare words.
    pub words: Support,
    /// Who answers `@name`.
    pub attributes: Support,
    /// Who sorts: `Server` if it can sort by at least one field.
    pub sort: Support,
    /// Does a page tell how many sessions match?
    pub total: bool,
    /// How lists are handed out.
    pub paging: Paging,
    /// Can one session be read by its key?
    pub get: bool,
    /// What can be revoked.
    pub revoke: Revoke,
    /// Does the provider read the sessions back itself, so that its outcomes are final?
    pub revoke_is_verified: bool,
    /// Has the system an operation of its own for "all sessions of this user"?
    pub revoke_user: bool,
    /// Does a revoke of a user that names no realm, organisation or tenant reach every one of the
    /// profile? False also where there is no such thing.
    pub revoke_user_everywhere: bool,
    /// The realms, organisations or tenants that it reaches then, as the system names them. Empty:
    /// there are none, or they are not known.
    pub scopes: Vec<Untrusted>,
    /// Does the list keep ended sessions?
    pub history: bool,
    /// What a revoke ends and what it does not, as one or two sentences true for this system.
    pub after_revoke: &'static str,
    /// Is the id alone enough to use the session? Then it is taken from standard input only.
    pub id_is_credential: bool,
    /// The columns, in order.
    pub columns: &'static [ColumnSpec],
    /// What it can do beside listing and revoking, in the order of the menu. Those that this server
    /// lacks are in it with the reason.
    pub actions: Vec<ActionSpec>,
    /// What the operator should know before anything is sent ("may list /alpha and not revoke there:
    /// the server lets only amadmin do that"). Sentences without a full stop; usually none.
    pub notes: Vec<String>,
}

impl Capabilities {
    /// The names for which a list that the server cut is asked besides: bare words, where the server
    /// finds users.
    pub fn asks_besides<'q>(&self, query: &'q Query) -> Vec<&'q str> {
        match self.fields[Field::User] {
            Support::Server => query.names_in_words(),
            Support::Client | Support::Required | Support::No => Vec::new(),
        }
    }

    /// May the server miss sessions of users of these names, because it minds upper and lower case? Then
    /// other spellings are asked for besides.
    pub fn minds_case_of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let mut names = names.into_iter();
        let is_spelled = |name: &str| !name.contains('*') && name.contains(char::is_alphabetic);
        !self.any_case && self.fields[Field::User] == Support::Server && names.any(is_spelled)
    }

    /// " a realm", where the system lists each realm (organisation, tenant) for itself, so that a limit
    /// of its lists holds for each. Empty: it does not.
    pub fn each_scope(&self) -> String {
        let column = self.columns.iter().find(|c| c.field == Field::Scope);
        match (self.fields[Field::Scope], column) {
            (Support::Server, Some(column)) => format!(" a {}", column.title.to_lowercase()),
            _ => String::new(),
        }
    }
}
