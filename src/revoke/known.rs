//! What is known of a session beside its key, which decides what "not found" proves.

use chrono::{DateTime, Utc};

use crate::model::{Deletable, RowRef, Session, Subject};

/// How a session came to be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// A list has shown it under a key that lasts: not found means gone.
    #[default]
    Listed,
    /// A list has shown it, and the system does not vouch for its key ([`Deletable::has_lasting_key`]): another
    /// reading may show the same session under another key, so not found proves nothing. It is
    /// recognised by its user, its beginning and its client.
    Doubtful(Trace),
    /// Somebody typed its id and no list has shown it: not found means that there may never have been
    /// such a session.
    Typed,
}

/// What lasts of a session whose key may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// When it began. `None`: not told, so it cannot be recognised.
    pub created: Option<DateTime<Utc>>,
    /// The application it belongs to. `None`: not told.
    pub client: Option<String>,
}

impl Provenance {
    /// What a list said of a session.
    pub fn listed(
        deletable: &Deletable,
        created: Option<DateTime<Utc>>,
        client: Option<&str>,
    ) -> Self {
        if deletable.has_lasting_key() {
            return Self::Listed;
        }
        Self::Doubtful(Trace {
            created,
            client: client.map(str::to_owned),
        })
    }

    /// What a list said of this session.
    pub fn of(session: &Session) -> Self {
        let client = session
            .client
            .as_ref()
            .map(super::super::model::text::Untrusted::expose);
        Self::listed(&session.deletable, session.created, client)
    }
}

impl Trace {
    /// May the row be this session of this person under another key? Rows whose key lasts are others.
    pub(super) fn fits(&self, subject: &Subject, row: &RowRef<'_>) -> bool {
        // JSON lines and other readings may cut the instant to the second.
        let second = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
        !row.deletable.has_lasting_key()
            && second(row.created) == second(self.created)
            && row.client.as_deref() == self.client.as_deref()
            && super::look::is_of(subject, row)
    }
}
