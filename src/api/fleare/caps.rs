//! The capabilities of Fleare: one row, and the end of the connection that it describes.

use enum_map::EnumMap;
use url::Url;

use super::{NAME, actions};
use crate::model::{Capabilities, ColumnSpec, Field, KindCaps, Revoke, Support, is_loopback};

/// Why a list has one row.
const ONLY_OWN: &str =
    "Fleare shows usher's own session only; no command lists or ends those of others";

/// The remedy for a protocol without encryption.
const IN_CLEAR: &str = "Fleare has no TLS: the password goes to this host in clear; use a tunnel \
     (ssh -L 9219:127.0.0.1:9219 HOST) and set url to fleare://127.0.0.1";

/// The capabilities; the same for every server. `url`: the address of the profile, if there is one.
pub(super) fn capabilities(url: Option<&Url>) -> Capabilities {
    let kind = KindCaps {
        fields: EnumMap::from_fn(|field| match field {
            Field::Kind | Field::UserId | Field::Client | Field::Agent | Field::Method => {
                Support::No
            }
            Field::Scope | Field::Expires | Field::Left | Field::Ended => Support::No,
            _ => Support::Client,
        }),
        get: true,
        revoke: Revoke::OwnOnly,
        is_connection: true,
        after_revoke:
            "It is usher's own connection to Fleare, which is closed. Nobody else's session ends; \
             r connects again, as a new session."
                .into(),
        columns: vec![
            ColumnSpec::new(Field::User, "USER", "USER", 2),
            ColumnSpec::of_attribute("Role", "ROLE", 1),
            ColumnSpec::new(Field::Id, "SESSION", "SESSION", 2),
            ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
            ColumnSpec::new(Field::Used, "LAST USED", "USED", 0),
            ColumnSpec::new(Field::State, "STATE", "STATE", 0),
        ],
        actions: actions::specs(),
        ..KindCaps::default()
    };
    let is_in_clear = url.is_some_and(|url| !is_loopback(url));
    let used = "Fleare sets last_accessed_at at the sign-in and never again, so idle is the age";
    let notes = [Some(used), is_in_clear.then_some(IN_CLEAR)];
    Capabilities {
        unlisted: Some(ONLY_OWN.into()),
        // The end of the connection is all that there is to see.
        revoke_is_verified: true,
        preview: |request| format!("close the connection to {}", request.address),
        notes: notes.into_iter().flatten().map(str::to_owned).collect(),
        ..Capabilities::of_one_kind(NAME, kind)
    }
}
