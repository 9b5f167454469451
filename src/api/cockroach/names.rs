//! The names of CockroachDB for the things that a query can ask for: the columns of its table of web sessions
//! and of its list of SQL sessions.

use crate::model::Field;
use crate::model::query::{Means, OwnName};

/// Names that every query knows already (`username`, `session_id`, `lastUsedAt`, …) are not repeated here.
pub(super) static NAMES: &[OwnName] = &[
    OwnName::new("createdAt", Means::Field(Field::Created)),
    OwnName::new("expiresAt", Means::Field(Field::Expires)),
    OwnName::new("revokedAt", Means::Field(Field::Ended)),
    OwnName::new("application_name", Means::Field(Field::Client)),
    OwnName::new("client_address", Means::Field(Field::Ip)),
    OwnName::new("session_start", Means::Field(Field::Created)),
    OwnName::new("user_name", Means::Field(Field::User)),
];
