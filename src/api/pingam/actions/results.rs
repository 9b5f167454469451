//! The server's answers to actions, as fields and tables.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::http::Reply;
use crate::api::net::clean;
use crate::api::pingam::key;
use crate::api::pingam::row::{self, Own};
use crate::api::pingam::wire::{Page, Refreshed, SessionObject, Validated};
use crate::model::text::number_of;
use crate::model::time::{Zone, instant};
use crate::model::{ActionBody, ActionCell, ActionResult, ApiError, Untrusted};

/// The name of the value that can end a session; people see only its short name.
const HANDLE: &str = "sessionHandle";

/// One value of an answer, by its name.
fn cell(name: &str, value: String) -> ActionCell {
    let is_handle = name == HANDLE && !value.is_empty();
    ActionCell {
        label: is_handle.then(|| key::label(&value)),
        value: Untrusted::from(value),
        class: row::class(name).into(),
    }
}

/// One line of an answer.
fn field(name: &str, value: impl Into<String>) -> (Untrusted, ActionCell) {
    (Untrusted::from(name), cell(name, value.into()))
}

pub(super) fn fields(summary: String, fields: Vec<(Untrusted, ActionCell)>) -> ActionResult {
    ActionResult {
        summary,
        outcome: None,
        body: if fields.is_empty() {
            ActionBody::Nothing
        } else {
            ActionBody::Fields(fields)
        },
    }
}

/// The session of a token.
pub(super) fn session(item: &SessionObject<'_>, own: &Own, zone: Zone) -> ActionResult {
    let user = clean(row::user(item).unwrap_or("nobody"));
    let realm = clean(item.realm.as_deref().unwrap_or("?"));
    let mut list = Vec::new();
    let known = [
        ("username", &item.username),
        ("realm", &item.realm),
        ("universalId", &item.universal_id),
        (HANDLE, &item.session_handle),
        ("latestAccessTime", &item.latest_access_time),
        ("maxIdleExpirationTime", &item.max_idle_expiration_time),
        (
            "maxSessionExpirationTime",
            &item.max_session_expiration_time,
        ),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            list.push(field(name, value.as_ref()));
        }
    }
    for (name, value) in &item.properties {
        list.push(field(name, value.as_ref()));
    }
    let whose = match own.is(item, zone) {
        Some(true) => "the session in which usher is signed in".to_owned(),
        _ => format!("a session of {user} in {realm}"),
    };
    let summary = match row::expires(item, zone) {
        Some(ends) => format!(
            "{whose}; it ends {} if it is not used",
            instant(ends, Zone::Utc)
        ),
        None => whose,
    };
    fields(summary, list)
}

/// The properties of a session.
pub(super) fn properties(all: &BTreeMap<String, String>) -> ActionResult {
    let list: Vec<_> = all.iter().map(|(name, value)| field(name, value)).collect();
    let summary = match list.len() {
        0 => "the realm lists no session properties".to_owned(),
        1 => "1 property".to_owned(),
        count => format!("{count} properties"),
    };
    fields(summary, list)
}

/// The answer of `refresh`. A dead token is answered without a user.
pub(super) fn refreshed(told: &Refreshed) -> Result<ActionResult, ApiError> {
    let Some(uid) = &told.uid else {
        return Err(ApiError::NotFound);
    };
    let realm = told.realm.as_deref().unwrap_or("?");
    let mut list = vec![field("uid", uid), field("realm", realm)];
    let mut number = |name: &str, value: Option<i64>, unit: &str| {
        if let Some(value) = value {
            list.push(field(name, format!("{value} {unit}")));
        }
    };
    number("idletime", told.idletime, "s");
    number("maxidletime", told.maxidletime, "min");
    number("maxsessiontime", told.maxsessiontime, "min");
    number("maxtime", told.maxtime, "s left");
    let summary = format!(
        "refreshed the session of {} in {}",
        clean(uid),
        clean(realm)
    );
    Ok(fields(summary, list))
}

/// The answer of `validate`.
pub(super) fn validated(told: &Validated) -> ActionResult {
    let mut list = vec![field("valid", told.valid.to_string())];
    let more = [
        ("uid", &told.uid),
        ("realm", &told.realm),
        ("sessionUid", &told.session_uid),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            list.push(field(name, value));
        }
    }
    let summary = if told.valid {
        "the token is valid"
    } else {
        "the token is not valid"
    };
    fields(summary.into(), list)
}

/// A list as it came.
pub(super) fn table(reply: &Reply, page: &Page<'_>) -> Result<ActionResult, ApiError> {
    const COLUMNS: [&str; 6] = [
        "username",
        "realm",
        "latestAccessTime",
        "maxIdleExpirationTime",
        "maxSessionExpirationTime",
        HANDLE,
    ];
    let mut rows = Vec::new();
    for (number, raw) in page.result.iter().enumerate() {
        let object: BTreeMap<String, Value> = serde_json::from_str(raw.get()).map_err(|_| {
            reply.unexpected(
                format!("result[{number}]"),
                "expected a session, got something else".into(),
            )
        })?;
        let cell = |name: &&str| cell(name, object.get(*name).map(text).unwrap_or_default());
        rows.push(COLUMNS.iter().map(cell).collect());
    }
    let count = rows.len();
    Ok(ActionResult {
        summary: number_of(count as u64, "session"),
        outcome: None,
        body: ActionBody::Table {
            columns: COLUMNS.map(Untrusted::from).to_vec(),
            rows,
        },
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CellClass;

    #[test]
    fn refresh_tells_the_unit_of_each_number() {
        let told: Refreshed = serde_json::from_str(
            r#"{"uid":"demo","realm":"/","idletime":4,"maxidletime":30,"maxsessiontime":120,
               "maxtime":7199}"#,
        )
        .unwrap();

        let ActionBody::Fields(list) = refreshed(&told).unwrap().body else {
            panic!("no fields");
        };

        let values: Vec<_> = list.iter().map(|(_, cell)| cell.whole()).collect();
        assert_eq!(
            values,
            ["demo", "/", "4 s", "30 min", "120 min", "7199 s left"]
        );
    }

    #[test]
    fn a_dead_token_is_no_refreshed_session() {
        let told: Refreshed = serde_json::from_str(r#"{"valid":false}"#).unwrap();

        assert_eq!(refreshed(&told).unwrap_err(), ApiError::NotFound);
    }

    #[test]
    fn a_handle_is_whole_for_scripts_and_short_for_people() {
        let (_, cell) = field(HANDLE, "shandle:b7Kq2mXw9rT.*AAJTSQ*");

        assert_eq!(cell.whole(), "shandle:b7Kq2mXw9rT.*AAJTSQ*");
        assert_eq!(cell.shown(), "sh:…mXw9rT");
    }

    #[test]
    fn a_property_that_reads_like_a_credential_is_masked() {
        assert_eq!(field("oidcAccessToken", "x").1.class, CellClass::Secret);
        assert_eq!(field("mood", "calm").1.class, CellClass::Plain);
    }
}
