//! The capabilities of these servers, as the screen and the command line show them.

use enum_map::EnumMap;

use super::filter;
use super::flavour::{Flavour, Op};
use super::revoke::BATCH;
use super::server::{Facts, ONLY_SUPER};
use super::{actions, realm, row};
use crate::model::{
    Capabilities, ColumnSpec, EndRequest, EndTarget, Field, KindCaps, Paging, Revoke,
};

/// The name before the server has said which it is.
pub(super) const UNSETTLED: &str = "PingAM";

static COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 4),
    ColumnSpec::new(Field::Scope, "REALM", "REALM", 2),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
    ColumnSpec::new(Field::Used, "LAST USED", "USED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXP", 0),
    ColumnSpec::new(Field::Id, "ID", "ID", 1),
];

/// The capabilities as far as they are known. Before the server was asked, what its line can do at
/// most.
pub(super) fn capabilities(
    flavour: Option<&'static Flavour>,
    facts: Option<&Facts>,
) -> Capabilities {
    let flavour = facts.map(|facts| facts.flavour).or(flavour);
    let kind = KindCaps {
        fields: EnumMap::from_fn(filter::support),
        get: true,
        // Who may not revoke reads the reason in every row and in the refusal; "no" here would take
        // it away and leave only that it is not possible.
        revoke: Revoke::Batch(BATCH),
        revoke_user: true,
        after_revoke: if flavour.is_some_and(|flavour| flavour.has(Op::LogoutByUser)) {
            "Ends sessions that the server keeps. Client-side sessions are not listed; only \
             \"all of a user\" reaches them, where the server was set up for it."
        } else {
            "Ends sessions that the server keeps. Client-side sessions (tokens that carry their \
             own state) are not listed and go on."
        }
        .into(),
        has_own_ids: true,
        columns: COLUMNS.to_vec(),
        actions: actions::specs(flavour, facts),
        ..KindCaps::default()
    };
    let realms = facts.map_or(&[][..], |facts| &facts.realms);
    Capabilities {
        any_case: flavour.is_none_or(|flavour| flavour.any_case),
        paging: Paging::Forward,
        revoke_is_verified: true,
        revoke_user_everywhere: true,
        preview: match flavour {
            Some(flavour) if !flavour.has(Op::LogoutByUser) => preview_by_handle,
            _ => preview,
        },
        scopes: realms.iter().map(|realm| realm.as_str().into()).collect(),
        notes: facts.map(notes).unwrap_or_default(),
        ..Capabilities::of_one_kind(flavour.map_or(UNSETTLED, |flavour| flavour.system), kind)
    }
}

/// Facts the operator should know before anything is sent.
fn notes(facts: &Facts) -> Vec<String> {
    let mut notes = Vec::new();
    if facts.may_not_revoke().is_some() {
        notes.push(format!(
            "may only list {} and end nothing: {ONLY_SUPER}",
            named(&facts.realms)
        ));
    }
    if facts.only_own_realm {
        notes.push(format!(
            "the list of realms may not be read, so only {} is searched; name others in realms",
            named(&facts.realms)
        ));
    }
    if facts.own.username.as_deref().is_some_and(row::is_service) {
        notes.push("signed in as one of the server's own users".into());
    }
    notes
}

fn named(realms: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = realms
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if realms.len() > SHOWN {
        text.push_str(&format!(" and {} more realms", realms.len() - SHOWN));
    }
    crate::model::text::display_safe(&text).into_owned()
}

/// The address of the sessions of a realm.
fn sessions_of(request: &EndRequest<'_>) -> String {
    let names = request.realm.unwrap_or(realm::ROOT).split('/');
    let below: String = names
        .filter(|name| !name.is_empty())
        .map(|name| format!("/realms/{name}"))
        .collect();
    request.url(&format!("/json/realms/root{below}/sessions"))
}

fn preview(request: &EndRequest<'_>) -> String {
    match request.target {
        EndTarget::Sessions(_) => preview_by_handle(request),
        EndTarget::User(user) => {
            let url = sessions_of(request);
            format!("POST {url}?_action=logoutByUser  username={user}")
        }
    }
}

/// Servers without an operation for a user: usher lists the sessions, and ends them by their handles.
fn preview_by_handle(request: &EndRequest<'_>) -> String {
    let (url, names) = (sessions_of(request), request.names());
    match request.target {
        EndTarget::Sessions(_) => {
            format!("POST {url}?_action=logoutByHandle  sessionHandles={names}")
        }
        EndTarget::User(_) => {
            format!("POST {url}?_action=logoutByHandle  the handles of all sessions of {names}")
        }
    }
}
