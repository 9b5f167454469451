//! The capabilities of a cluster.

use std::sync::LazyLock;

use enum_map::EnumMap;

use super::revoke::BATCH;
use super::{NAME, SQL, WEB, actions, connections, row};
use crate::model::{
    Capabilities, ColumnSpec, EndRequest, EndTarget, Field, KindCaps, Kinds, Paging, Revoke,
    Support,
};

const WEB_COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 2),
    ColumnSpec::new(Field::Id, "SESSION ID", "ID", 1),
    ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
    ColumnSpec::new(Field::Ended, "REVOKED", "REVOKED", 0),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
];

static SQL_COLUMNS: LazyLock<Vec<ColumnSpec>> = LazyLock::new(|| {
    vec![
        ColumnSpec::new(Field::User, "USER", "USER", 2),
        ColumnSpec::of_attribute(row::NODE, "NODE", 0),
        ColumnSpec::new(Field::Client, "APPLICATION", "APP", 1),
        ColumnSpec::new(Field::Ip, "CLIENT ADDRESS", "ADDRESS", 1),
        ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
        ColumnSpec::of_attribute(connections::ACTIVE_QUERY, "ACTIVE QUERY", 2),
        ColumnSpec::new(Field::State, "STATE", "STATE", 0),
    ]
});

/// The capabilities.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        // Names of users are in lower case, and so is what is asked for.
        any_case: true,
        paging: Paging::Forward,
        preview,
        kinds: Kinds::several(web(), vec![sql()]),
        ..Capabilities::of_one_kind(NAME, web())
    }
}

fn sql() -> KindCaps {
    KindCaps {
        kind: SQL.into(),
        fields: EnumMap::from_fn(|field| match field {
            Field::User | Field::Kind => Support::Server,
            Field::UserId | Field::Agent | Field::Method | Field::Scope => Support::No,
            Field::Expires | Field::Left | Field::Used | Field::Ended => Support::No,
            _ => Support::Client,
        }),
        get: true,
        revoke: Revoke::Batch(BATCH),
        after_revoke:
            "The connection is closed, and an open transaction is rolled back. Web sessions go on."
                .into(),
        has_own_ids: true,
        columns: SQL_COLUMNS.to_vec(),
        actions: actions::of_sql(),
        ..KindCaps::default()
    }
}

fn web() -> KindCaps {
    KindCaps {
        kind: WEB.into(),
        fields: EnumMap::from_fn(|field| match field {
            Field::User | Field::Id | Field::State | Field::Kind => Support::Server,
            Field::Created | Field::Used | Field::Expires | Field::Ended => Support::Server,
            Field::Age | Field::Idle | Field::Left | Field::Own | Field::Deletable => {
                Support::Client
            }
            Field::Profile | Field::System | Field::Hint => Support::Client,
            Field::UserId | Field::Client | Field::Ip | Field::Agent => Support::No,
            Field::Method | Field::Scope => Support::No,
        }),
        words: Support::Server,
        attributes: Support::Client,
        sort: Support::Server,
        get: true,
        revoke: Revoke::Batch(BATCH),
        revoke_user: true,
        history: true,
        after_revoke: "The token stops working with the next request, on every node. \
                       SQL connections of the user go on."
            .into(),
        has_own_ids: true,
        columns: WEB_COLUMNS.to_vec(),
        actions: actions::of_web(),
        ..KindCaps::default()
    }
}

/// The statements, as they go over SQL or over HTTP.
fn preview(request: &EndRequest<'_>) -> String {
    let names = request.names();
    match (request.kind, request.target) {
        (Some(SQL), EndTarget::Sessions(_)) => format!("CANCEL SESSION {names}"),
        (_, EndTarget::Sessions(_)) => {
            format!("UPDATE system.web_sessions SET \"revokedAt\" = now() WHERE id IN ({names})")
        }
        (_, EndTarget::User(_)) => {
            format!("UPDATE system.web_sessions SET \"revokedAt\" = now() WHERE username = {names}")
        }
    }
}
