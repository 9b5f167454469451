//! From a WorkOS session object to a row. A key that is missing, null or of another type than documented
//! takes no row away; what is not understood is kept as it was written.
//! Source: WorkOS OpenAPI description, schema `UserSessionsListItem`.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::key::{label, made_at, text as key_text};
use super::wire::{User, member};
use crate::api::loose::{Json, Object, instant, is_no_text, text};
use crate::model::time::{Zone, rfc3339};
use crate::model::{Class, Deletable, Fact, Field, RowRef};

/// The documented keys that a session always has. Some servers leave out several.
const ALWAYS: [&str; 9] = [
    "user_id",
    "status",
    "auth_method",
    "ip_address",
    "user_agent",
    "expires_at",
    "ended_at",
    "created_at",
    "updated_at",
];
/// How a sign-in is called whose method is not told; the vendor's own word.
const UNKNOWN_METHOD: &str = "unknown";

/// Where a session object comes from, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Its user, as far as known.
    pub(super) user: Option<&'a User>,
    /// True if it stood in an event: it was so then, and nobody knows whether it is still there.
    pub(super) is_of_event: bool,
    /// The organization whose members are listed. `None`: it is not listed for one.
    pub(super) member_of: Option<&'a str>,
    /// The name of an organization, where it is known.
    pub(super) organization: &'a dyn Fn(&str) -> Option<String>,
}

/// One session object as a row. `None`: it is no object, or has no id.
pub(super) fn row<'a>(raw: &'a RawValue, about: &About<'a>) -> Option<RowRef<'a>> {
    let object = Json::from(raw).object()?;
    let id = member(&object, "id")?;
    let mut row = RowRef::new("", label(&id));
    let (mut status, mut updated) = (None, None);
    for (name, value) in &object.0 {
        let value = *value;
        match name.as_ref() {
            "id" => {}
            "object" if value.get() == "\"session\"" => {}
            "user_id" => put(&mut row, Field::UserId, value),
            "organization_id" => put(&mut row, Field::Scope, value),
            "ip_address" => put(&mut row, Field::Ip, value),
            "user_agent" => put(&mut row, Field::Agent, value),
            "auth_method" => put(&mut row, Field::Method, value),
            "status" => status = text(value),
            "created_at" => row.created = moment(&mut row, "created_at", value),
            "expires_at" => row.expires = moment(&mut row, "expires_at", value),
            "ended_at" => row.ended = moment(&mut row, "ended_at", value),
            "updated_at" => {
                updated = instant(value, Zone::Utc);
                keep(&mut row, name.clone(), text(value));
            }
            "impersonator" => impersonator(&mut row, value),
            _ => keep(&mut row, name.clone(), text(value)),
        }
    }
    apply_status(&mut row, status, updated);
    if row.auth_method.is_none() {
        row.auth_method = Some(Cow::Borrowed(UNKNOWN_METHOD));
    }
    tell_missing(&mut row, &object, &id);
    place(&mut row, about);
    row.impersonated |= row.auth_method.as_deref() == Some("impersonation");
    row.own = Some(false);
    row.deletable = Deletable::Yes;
    row.key = Cow::Owned(key_text(row.user_id.as_deref(), &id));
    row.id = Some(id);
    row.raw = Some(raw.get());
    Some(row)
}

fn put<'a>(row: &mut RowRef<'a>, field: Field, value: Json<'a>) {
    let place = match field {
        Field::UserId => &mut row.user_id,
        Field::Scope => &mut row.scope,
        Field::Ip => &mut row.ip,
        Field::Agent => &mut row.user_agent,
        _ => &mut row.auth_method,
    };
    *place = text(value);
    row.is_json[field] = is_no_text(value);
}

/// A time; one that cannot be read stays as text among the attributes.
fn moment<'a>(row: &mut RowRef<'a>, name: &'static str, value: Json<'a>) -> Option<DateTime<Utc>> {
    let at = instant(value, Zone::Utc);
    if at.is_none() {
        keep(row, Cow::Borrowed(name), text(value));
    }
    at
}

fn keep<'a>(row: &mut RowRef<'a>, name: Cow<'a, str>, value: Option<Cow<'a, str>>) {
    if let Some(value) = value {
        row.extra.push((name, value, Class::Plain));
    }
}

/// Who signed in as this user, and why. They stand first: it is what an operator must see.
fn impersonator<'a>(row: &mut RowRef<'a>, value: Json<'a>) {
    let Some(object) = value.object() else {
        if let Some(text) = text(value) {
            row.impersonated = true;
            row.extra
                .insert(0, ("impersonator".into(), text, Class::Plain));
        }
        return;
    };
    row.impersonated = true;
    let email = member(&object, "email").unwrap_or(Cow::Borrowed("(unknown)"));
    row.extra
        .insert(0, ("impersonator".into(), email, Class::Plain));
    if let Some(reason) = member(&object, "reason") {
        row.extra
            .insert(1, ("impersonator_reason".into(), reason, Class::Plain));
    }
}

/// The state by the word of the server. A word that nobody documents is shown as it is, and the session
/// is not called active because of its times.
fn apply_status<'a>(
    row: &mut RowRef<'a>,
    status: Option<Cow<'a, str>>,
    updated: Option<DateTime<Utc>>,
) {
    row.fact = match status.as_deref() {
        // Lists have active sessions only.
        None | Some("active") if row.ended.is_none() => Fact::Live,
        None | Some("active" | "revoked") => Fact::Revoked,
        Some("expired") => {
            let over = updated.or(row.created).unwrap_or_default();
            let told = row.expires.unwrap_or(over);
            let differs = row.expires.filter(|at| *at > over);
            keep_time(row, "expires_at", differs);
            row.expires = Some(told.min(over));
            Fact::Live
        }
        Some(_) => {
            let told = row.expires.take();
            keep_time(row, "expires_at", told);
            Fact::Unknown
        }
    };
    keep(row, Cow::Borrowed("status"), status);
}

fn keep_time(row: &mut RowRef<'_>, name: &'static str, at: Option<DateTime<Utc>>) {
    let text = at.map(|at| Cow::Owned(rfc3339(at)));
    keep(row, Cow::Borrowed(name), text);
}

/// Says which documented keys the server did not send. A missing beginning is read out of the id.
fn tell_missing<'a>(row: &mut RowRef<'a>, object: &Object<'a>, id: &str) {
    let has = |name: &&str| object.0.iter().any(|(known, _)| known == name);
    let missing: Vec<&str> = ALWAYS.into_iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        let text = Cow::Owned(missing.join(", "));
        keep(row, Cow::Borrowed("not_sent"), Some(text));
    }
    if row.created.is_none() {
        row.created = made_at(id);
        let told = row.created.map(|_| Cow::Borrowed("created, from the id"));
        keep(row, Cow::Borrowed("derived"), told);
    }
}

/// What is known of the user and the organization beside the object itself.
fn place<'a>(row: &mut RowRef<'a>, about: &About<'a>) {
    if let Some(scope) = &row.scope {
        // Every such session has it, so that the column has no gaps where a name is not known.
        let name = (about.organization)(scope).map_or_else(|| scope.clone(), Cow::Owned);
        keep(row, Cow::Borrowed("organization"), Some(name));
    }
    if let Some(user) = about.user {
        let borrowed = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        row.user = borrowed(&user.email);
        keep(row, Cow::Borrowed("name"), borrowed(&user.name));
        keep(
            row,
            Cow::Borrowed("external_id"),
            borrowed(&user.external_id),
        );
        if row.user_id.is_none() {
            row.user_id = Some(Cow::Borrowed(&user.id));
        }
    }
    keep(
        row,
        Cow::Borrowed("member_of"),
        about.member_of.map(Cow::Borrowed),
    );
    if about.is_of_event {
        let told = Cow::Borrowed("from a sign-in event, not verified");
        keep(row, Cow::Borrowed("source"), Some(told));
    }
}
