//! WorkOS's own names for the fields of a query, which are those of its objects.
//! Source: WorkOS API reference, "Session" and "User".

use std::borrow::Cow;

use crate::model::Field;
use crate::model::query::{Means, OwnName};

/// Names that every query knows already (`organization_id`, `auth_method`, `ip_address`, `user_agent`,
/// `created_at`, `expires_at`, `ended_at`, …) are not repeated here.
pub(super) static NAMES: &[OwnName] = &[
    OwnName::new("email", Means::Field(Field::User)),
    OwnName::new("organization", Means::Field(Field::Scope)),
    OwnName::new("updated_at", Means::Time(Cow::Borrowed("updated_at"))),
    OwnName::new(
        "impersonator",
        Means::Attribute(Cow::Borrowed("impersonator")),
    ),
    OwnName::new(
        "impersonator_reason",
        Means::Attribute(Cow::Borrowed("impersonator_reason")),
    ),
    OwnName::new(
        "external_id",
        Means::Attribute(Cow::Borrowed("external_id")),
    ),
    OwnName::new("member_of", Means::Attribute(Cow::Borrowed("member_of"))),
    OwnName::new(
        "last_sign_in_at",
        Means::Nothing(Cow::Borrowed(
            "it belongs to the user, not to a session; write created_at for the sign-in of a session",
        )),
    ),
];
