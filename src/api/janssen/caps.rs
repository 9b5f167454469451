//! The capabilities of a Janssen server.

use enum_map::enum_map;

use super::pages::SESSION;
use crate::model::{
    Capabilities, ColumnSpec, EndRequest, EndTarget, Field, KindCaps, Paging, Revoke, Support,
};

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
    let kind = KindCaps {
        fields: enum_map! {
            Field::User | Field::UserId | Field::Id | Field::Client | Field::Ip | Field::Method
            | Field::State | Field::Created | Field::Used | Field::Expires | Field::Age
            | Field::Left | Field::Deletable => server,
            Field::Idle | Field::Profile | Field::System | Field::Own | Field::Hint => {
                Support::Client
            }
            Field::Agent | Field::Scope | Field::Ended | Field::Kind => Support::No,
        },
        // Words without letters only, and seven attributes: the plan says which.
        words: Support::Client,
        attributes: Support::Client,
        sort: server,
        get: true,
        revoke: if old { Revoke::UserOnly } else { Revoke::One },
        revoke_user: true,
        after_revoke: if old {
            "All sessions of the user end at once. Access and refresh tokens stay valid."
        } else {
            "The session and its access tokens end at once. Refresh tokens stay valid."
        }
        .into(),
        after_revoke_several: if old {
            ""
        } else {
            "The sessions and their access tokens end at once. Refresh tokens stay valid."
        }
        .into(),
        columns: COLUMNS.to_vec(),
        ..KindCaps::default()
    };
    Capabilities {
        // Some databases mind case, and nothing says which is behind it.
        any_case: false,
        total: true,
        paging: if old { Paging::None } else { Paging::Offset },
        preview: if old { preview_old } else { preview },
        ..Capabilities::of_one_kind("Janssen", kind)
    }
}

/// The path of the sessions below the address of a profile; an address may already hold its start.
fn path(request: &EndRequest<'_>) -> String {
    let address = request.address.trim_end_matches('/');
    let below = SESSION[usize::from(address.ends_with(SESSION[0]))..].join("/");
    request.url(&format!("/{below}"))
}

fn preview(request: &EndRequest<'_>) -> String {
    let (path, names) = (path(request), request.names());
    match request.target {
        EndTarget::Sessions(_) => format!("DELETE {path}/sid/{names}"),
        EndTarget::User(_) => format!("DELETE {path}/user/{names}"),
    }
}

/// The old generation ends all sessions of a user only.
fn preview_old(request: &EndRequest<'_>) -> String {
    format!("POST {}/{}", path(request), request.names())
}
