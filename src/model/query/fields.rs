//! The names of fields and the kinds of their values.

use strum::IntoEnumIterator;

use super::{Field, OwnName};
use crate::model::text::nearest;

/// The type of a field's value; it decides which operators and values make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Text without case, with `*`; `~`.
    Text,
    /// Text that must be given whole.
    Exact,
    /// An address or a network; `~`.
    Address,
    /// One of the state words.
    State,
    /// Yes, no or unknown.
    YesNo,
    /// A moment.
    Instant,
    /// A length of time.
    Duration,
}

/// Names beside the canonical ones.
const ALIASES: &[(&str, Field)] = &[
    ("username", Field::User),
    ("auth_user", Field::User),
    ("login", Field::User),
    ("user_id", Field::UserId),
    ("userDn", Field::UserId),
    ("sid", Field::Id),
    ("session_id", Field::Id),
    ("handle", Field::Id),
    ("client_id", Field::Client),
    ("app", Field::Client),
    ("remote_ip", Field::Ip),
    ("ip_address", Field::Ip),
    ("user_agent", Field::Agent),
    ("ua", Field::Agent),
    ("auth_method", Field::Method),
    ("acr", Field::Method),
    ("amr", Field::Method),
    ("realm", Field::Scope),
    ("org", Field::Scope),
    ("organization_id", Field::Scope),
    ("tenant", Field::Scope),
    ("status", Field::State),
    ("created_at", Field::Created),
    ("creationDate", Field::Created),
    ("last_used", Field::Used),
    ("lastUsedAt", Field::Used),
    ("expires_at", Field::Expires),
    ("expirationDate", Field::Expires),
    ("revoked_at", Field::Ended),
    ("ended_at", Field::Ended),
];

impl Field {
    /// The field of this name or alias, without case. `None`: no field is called so.
    pub fn from_name(name: &str) -> Option<Self> {
        names()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, field)| field)
    }

    /// The other names under which the field may be written.
    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        ALIASES
            .iter()
            .filter(move |(_, field)| *field == self)
            .map(|(name, _)| *name)
    }

    /// The type of its value.
    pub fn kind(self) -> ValueKind {
        match self {
            Self::Id => ValueKind::Exact,
            Self::Ip => ValueKind::Address,
            Self::State => ValueKind::State,
            Self::Own | Self::Deletable => ValueKind::YesNo,
            Self::Created | Self::Used | Self::Expires | Self::Ended => ValueKind::Instant,
            Self::Age | Self::Idle | Self::Left => ValueKind::Duration,
            Self::User
            | Self::UserId
            | Self::Client
            | Self::Agent
            | Self::Method
            | Self::Scope
            | Self::Profile
            | Self::System
            | Self::Kind
            | Self::Hint => ValueKind::Text,
        }
    }
}

/// All names with their fields, canonical ones first.
fn names() -> impl Iterator<Item = (&'static str, Field)> {
    Field::iter()
        .map(|field| (field.name(), field))
        .chain(ALIASES.iter().copied())
}

/// The name that was probably meant. `None`: nothing is near enough to guess.
pub(super) fn nearest_name<'a>(name: &str, own: &'a [OwnName]) -> Option<&'a str> {
    let own = own.iter().map(|own| own.name.as_ref());
    nearest(name, names().map(|(known, _)| known).chain(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_field_means_that_field_in_any_case() {
        for (name, field) in names() {
            assert_eq!(Field::from_name(name), Some(field), "{name}");
            assert_eq!(
                Field::from_name(&name.to_uppercase()),
                Some(field),
                "{name}"
            );
        }
        assert_eq!(Field::from_name("nonsense"), None);
    }

    #[test]
    fn no_name_means_two_fields() {
        let mut seen: Vec<String> = names().map(|(name, _)| name.to_lowercase()).collect();
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();

        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_misspelt_name_has_a_nearest_one() {
        for (typed, meant) in [
            ("usr", Some("user")),
            ("uesr", Some("user")),
            ("cleint", Some("client")),
            ("expirationDat", Some("expirationDate")),
            ("creatd", Some("created")),
            ("stat", Some("state")),
            ("usre", Some("user")),
            ("orgnisation_id", Some("organization_id")),
            ("ou", None),
            ("urn", None),
            ("https", None),
            ("x", None),
        ] {
            assert_eq!(nearest_name(typed, &[]), meant, "{typed}");
        }
    }
}
