//! Facts about a session beside its key, which decide what "not found" proves.

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

/// The lasting properties of a session whose key may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// When it began. `None`: not told, so it cannot be recognised.
    pub created: Option<DateTime<Utc>>,
    /// The application it belongs to. `None`: not told.
    pub client: Option<String>,
}

impl Provenance {
    /// The origin of a session that a list has shown with these properties.
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

    /// The origin of this listed session.
    pub fn of(session: &Session) -> Self {
        let client = session
            .client
            .as_ref()
            .map(super::super::model::text::Untrusted::expose);
        Self::listed(&session.deletable, session.created, client)
    }
}

impl Trace {
    /// True if the row may be this session of this person under another key. Rows with a lasting
    /// key are other sessions.
    pub(super) fn fits(&self, subject: &Subject, row: &RowRef<'_>) -> bool {
        // JSON lines and other readings may cut the instant to the second.
        let second = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
        !row.deletable.has_lasting_key()
            && second(row.created) == second(self.created)
            && row.client.as_deref() == self.client.as_deref()
            && super::look::is_of(subject, row)
    }
}
