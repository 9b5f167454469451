//! What a Janssen server can do.

use enum_map::enum_map;

use crate::model::{Capabilities, ColumnSpec, Field, Paging, Revoke, Support};

const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 3),
    ColumnSpec::new(Field::Client, "CLIENT", "CLIENT", 2),
    ColumnSpec::new(Field::Ip, "IP", "IP", 2),
    ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
    ColumnSpec::new(Field::Used, "LAST USED", "USED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
];

/// The capabilities of the new generation (search, single sessions) or the old one.
pub(super) fn capabilities(old: bool) -> Capabilities {
    let server = if old {
        Support::Client
    } else {
        Support::Server
    };
    Capabilities {
        system: "Janssen",
        fields: enum_map! {
            Field::User | Field::UserId | Field::Id | Field::Client | Field::Ip | Field::Method
            | Field::State | Field::Created | Field::Used | Field::Expires | Field::Age
            | Field::Left | Field::Deletable => server,
            Field::Idle | Field::Profile | Field::System | Field::Own | Field::Hint => {
                Support::Client
            }
            Field::Agent | Field::Scope | Field::Ended => Support::No,
        },
        // Some databases mind case, and nothing says which is behind it.
        any_case: false,
        // Words without letters only, and seven attributes: the plan says which.
        words: Support::Client,
        attributes: Support::Client,
        sort: server,
        total: true,
        paging: if old { Paging::None } else { Paging::Offset },
        get: true,
        revoke: if old { Revoke::UserOnly } else { Revoke::One },
        revoke_is_verified: false,
        revoke_user: true,
        revoke_user_everywhere: false,
        scopes: Vec::new(),
        history: false,
        after_revoke: if old {
            "All sessions of the user end at once. Access and refresh tokens stay valid."
        } else {
            "The session and its access tokens end at once. Refresh tokens stay valid."
        },
        id_is_credential: false,
        columns: COLUMNS,
        actions: Vec::new(),
        notes: Vec::new(),
    }
}
