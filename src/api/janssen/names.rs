//! Janssen's own names for the fields of a query: those of its search, its answers and its
//! database. Source: Janssen `SessionService`, `SessionId`.

use std::borrow::Cow;

use crate::model::Field;
use crate::model::query::{Means, OwnName};

/// Names that every query knows already (`auth_user`, `client_id`, `userDn`, `expirationDate`, …) are
/// not repeated here.
pub(crate) static NAMES: &[OwnName] = &[
    OwnName::new("outsideSid", Means::Field(Field::Id)),
    OwnName::new("inum", Means::Field(Field::UserId)),
    OwnName::new("jansUsrDN", Means::Field(Field::UserId)),
    OwnName::new("jansState", Means::Field(Field::State)),
    OwnName::new("jansLastAccessTime", Means::Field(Field::Used)),
    OwnName::new("exp", Means::Field(Field::Expires)),
    OwnName::new("del", Means::Field(Field::Deletable)),
    OwnName::new(
        "authenticationTime",
        Means::Time(Cow::Borrowed("authenticationTime")),
    ),
    OwnName::new(
        "authnTime",
        Means::Time(Cow::Borrowed("authenticationTime")),
    ),
    OwnName::new(
        "sessionState",
        Means::Attribute(Cow::Borrowed("sessionState")),
    ),
    OwnName::new(
        "jansSessState",
        Means::Attribute(Cow::Borrowed("sessionState")),
    ),
    OwnName::new("acr_values", Means::Attribute(Cow::Borrowed("acr_values"))),
    OwnName::new(
        "redirect_uri",
        Means::Attribute(Cow::Borrowed("redirect_uri")),
    ),
    OwnName::new(
        "response_type",
        Means::Attribute(Cow::Borrowed("response_type")),
    ),
    OwnName::new(
        "permissionGranted",
        Means::Attribute(Cow::Borrowed("permissionGranted")),
    ),
    OwnName::new(
        "jansId",
        Means::Nothing(Cow::Borrowed(
            "Janssen does not show this id; use outsideSid=… for the one that it shows",
        )),
    ),
];
