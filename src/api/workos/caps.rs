//! The capabilities of WorkOS: it lists the active sessions of one user and ends one session, and nothing
//! else. Source: WorkOS API reference, "Session".

use enum_map::enum_map;

use crate::model::{
    Capabilities, ColumnSpec, EndRequest, EndTarget, Field, KindCaps, Paging, Revoke, Support,
};

/// The name for people.
pub(super) const SYSTEM: &str = "WorkOS";

/// The capabilities, which are the same in every environment.
pub(super) fn capabilities() -> Capabilities {
    let kind = KindCaps {
        fields: enum_map! {
            Field::User | Field::UserId | Field::Scope => Support::Server,
            Field::Client | Field::Used | Field::Kind => Support::No,
            _ => Support::Client,
        },
        get: true,
        revoke: Revoke::One,
        revoke_user: true,
        after_revoke:
            "The session and its refresh token end at once. Access tokens already issued \
             stay valid until they expire."
                .into(),
        has_own_ids: true,
        columns: columns(),
        ..KindCaps::default()
    };
    Capabilities {
        paging: Paging::Forward,
        revoke_user_everywhere: true,
        preview,
        ..Capabilities::of_one_kind(SYSTEM, kind)
    }
}

fn columns() -> Vec<ColumnSpec> {
    vec![
        ColumnSpec::new(Field::User, "USER", "USER", 3),
        ColumnSpec::of_attribute("impersonator", "IMPERSONATOR", 2),
        ColumnSpec::new(Field::Method, "METHOD", "METHOD", 1),
        ColumnSpec::new(Field::Ip, "IP", "IP", 1),
        ColumnSpec::of_attribute("organization", "ORGANIZATION", 2),
        ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
        ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
        ColumnSpec::new(Field::State, "STATE", "STATE", 0),
    ]
}

/// All sessions of a user are ended one by one, by usher.
fn preview(request: &EndRequest<'_>) -> String {
    let url = request.url("/user_management/sessions/revoke");
    match request.target {
        EndTarget::Sessions(_) => format!("POST {url}  session_id={}", request.names()),
        EndTarget::User(user) => format!("POST {url}  for each session of {user}"),
    }
}
