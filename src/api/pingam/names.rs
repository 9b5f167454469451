//! PingAM's and OpenAM's own names for the fields of a query, which are those of a listed session.
//! Source: PingAM, entity reference of `/sessions`.

use std::borrow::Cow;

use crate::model::Field;
use crate::model::query::{Means, OwnName};

/// Names that every query knows already (`username`, `realm`) are not repeated here.
pub(crate) static NAMES: &[OwnName] = &[
    OwnName::new("sessionHandle", Means::Field(Field::Id)),
    OwnName::new("universalId", Means::Field(Field::UserId)),
    OwnName::new("latestAccessTime", Means::Field(Field::Used)),
    OwnName::new(
        "maxIdleExpirationTime",
        Means::Time(Cow::Borrowed("maxIdleExpirationTime")),
    ),
    OwnName::new(
        "maxSessionExpirationTime",
        Means::Time(Cow::Borrowed("maxSessionExpirationTime")),
    ),
    OwnName::new(
        "tokenId",
        Means::Nothing(Cow::Borrowed(
            "the list holds no tokens; `usher act get_session_info` asks about one",
        )),
    ),
];
