//! One session of a list, as a row.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::key;
use super::wire::SessionObject;
use crate::api::loose::instant_of;
use crate::model::time::Zone;
use crate::model::{Class, Deletable, Fact, RowRef};

/// Names under which the server signs in for its own work. Ending such a session breaks the server.
pub(super) const SERVICE_USERS: [&str; 3] = ["dsameuser", "amldapuser", "amservice"];

/// The session in which usher itself asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// `None`: this server does not tell it.
    pub(super) handle: Option<String>,
    pub(super) username: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) ends: Option<DateTime<Utc>>,
}

impl Own {
    /// From what the server tells of the caller.
    pub(super) fn of(item: &SessionObject<'_>, zone: Zone) -> Self {
        let text = |t: &Option<Cow<'_, str>>| t.as_deref().map(str::to_owned);
        Self {
            handle: text(&item.session_handle),
            username: text(&item.username),
            realm: text(&item.realm),
            ends: instant(&item.max_session_expiration_time, zone),
        }
    }

    /// True if this session is the caller's: by the handle where the server tells it, else by user,
    /// realm and the end of the session, which no two sessions share but those begun in the same
    /// second. `None`: the server gives neither.
    pub(super) fn is(&self, item: &SessionObject<'_>, zone: Zone) -> Option<bool> {
        if let (Some(own), Some(handle)) = (&self.handle, &item.session_handle) {
            return Some(own == handle);
        }
        let ends = instant(&item.max_session_expiration_time, zone)?;
        let apart = (self.ends? - ends).abs();
        Some(
            self.username.as_deref()? == item.username.as_deref()?
                && self.realm.as_deref()? == item.realm.as_deref()?
                && apart <= TimeDelta::seconds(1),
        )
    }
}

/// True if it is a session of the server itself. The community server lists one for each of its
/// starts.
pub(super) fn is_service(user: &str) -> bool {
    let lower = user.to_lowercase();
    SERVICE_USERS
        .iter()
        .any(|name| lower == *name || lower.starts_with(&format!("{name}-")))
}

/// The user of a session: its name, else the name inside the universal id
/// (`id=demo,ou=user,dc=example`).
pub(super) fn user<'a>(item: &'a SessionObject<'_>) -> Option<&'a str> {
    item.username.as_deref().or_else(|| {
        let rest = item.universal_id.as_deref()?.strip_prefix("id=")?;
        rest.split(',').next().filter(|name| !name.contains('\\'))
    })
}

pub(super) fn instant(text: &Option<Cow<'_, str>>, zone: Zone) -> Option<DateTime<Utc>> {
    instant_of(text.as_deref()?, zone)
}

/// When a session ends by itself: unused, or at the latest.
pub(super) fn expires(item: &SessionObject<'_>, zone: Zone) -> Option<DateTime<Utc>> {
    let idle = instant(&item.max_idle_expiration_time, zone);
    let latest = instant(&item.max_session_expiration_time, zone);
    match (idle, latest) {
        (Some(idle), Some(latest)) => Some(idle.min(latest)),
        (one, other) => one.or(other),
    }
}

/// The settings that the rows of one list share.
pub(super) struct RowSettings<'a> {
    /// The realm that was asked; for rows that do not name theirs.
    pub(super) realm: &'a str,
    pub(super) zone: Zone,
    pub(super) own: &'a Own,
    /// Why the operator may revoke nothing here. `None`: nothing is known against it.
    pub(super) may_not: Option<&'a str>,
}

/// Makes the row of a session. One without a handle is shown too, and can only be looked at.
pub(super) fn row<'a>(
    item: &'a SessionObject<'a>,
    raw: &'a RawValue,
    context: &'a RowSettings<'_>,
) -> RowRef<'a> {
    let handle = item.session_handle.as_deref().unwrap_or_default();
    let zone = context.zone;
    let realm = item.realm.as_deref().unwrap_or(context.realm);
    let user = user(item);
    let mut row = RowRef::new(
        key::text(handle, realm, user.unwrap_or_default()),
        key::label(handle),
    );
    row.id = item.session_handle.as_deref().map(Cow::Borrowed);
    row.user = user.map(Cow::Borrowed);
    row.user_id = item.universal_id.as_deref().map(Cow::Borrowed);
    row.is_json = item.is_json;
    row.fact = Fact::Live;
    row.last_used = instant(&item.latest_access_time, zone);
    row.expires = expires(item, zone);
    row.scope = Some(Cow::Borrowed(realm));
    row.own = context.own.is(item, zone);
    row.deletable = match handle {
        "" => Deletable::No("the server gave no handle for it".into()),
        _ => deletable(user, context.may_not),
    };
    row.extra = extra(item, row.last_used.is_some());
    row.raw = Some(raw.get());
    row
}

fn deletable(user: Option<&str>, may_not: Option<&str>) -> Deletable {
    match may_not {
        _ if user.is_some_and(is_service) => Deletable::No(SERVICE.into()),
        Some(why) => Deletable::No(why.to_owned()),
        None => Deletable::Yes,
    }
}

/// Why a session of the server itself is left alone.
pub(super) const SERVICE: &str = "the server's own service session; it needs it to work";

fn extra<'a>(
    item: &'a SessionObject<'_>,
    use_is_read: bool,
) -> Vec<(Cow<'a, str>, Cow<'a, str>, Class)> {
    let mut extra = Vec::new();
    let mut add = |name: &'static str, value: &'a Option<Cow<'_, str>>| {
        if let Some(value) = value.as_deref() {
            extra.push((Cow::Borrowed(name), Cow::Borrowed(value), Class::Plain));
        }
    };
    if !use_is_read {
        add("latestAccessTime", &item.latest_access_time);
    }
    add("maxIdleExpirationTime", &item.max_idle_expiration_time);
    add(
        "maxSessionExpirationTime",
        &item.max_session_expiration_time,
    );
    if let Some(kind) = item.universal_id.as_deref().and_then(kind) {
        extra.push(("kind".into(), Cow::Borrowed(kind), Class::Plain));
    }
    for (name, value) in &item.properties {
        let (name, value) = (name.as_ref(), value.as_ref());
        extra.push((Cow::Borrowed(name), Cow::Borrowed(value), class(name)));
    }
    extra
}

/// The type of identity, where it is not a user ("agent"): the second part of the universal id.
fn kind(universal_id: &str) -> Option<&str> {
    let kind = universal_id.split(",ou=").nth(1)?.split(',').next()?;
    (!kind.is_empty() && kind != "user").then_some(kind)
}

/// How carefully a property is handled, by its name.
pub(super) fn class(name: &str) -> Class {
    let lower = name.to_lowercase();
    let secret = ["token", "password", "secret", "credential", "cookie"];
    if secret.iter().any(|word| lower.contains(word)) {
        Class::Secret
    } else {
        Class::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = r#"{"username":"bjensen",
        "universalId":"id=bjensen,ou=user,o=alpha,ou=services,dc=am,dc=example,dc=com",
        "realm":"/alpha","sessionHandle":"shandle:b7Kq2mXw9rT.*AAJTSQ*",
        "latestAccessTime":"2026-09-14T08:21:07.512Z","maxIdleExpirationTime":"2026-09-14T08:51:07Z",
        "maxSessionExpirationTime":"2026-09-14T10:02:44Z"}"#;

    fn at(text: &str) -> Option<DateTime<Utc>> {
        Some(text.parse().unwrap())
    }

    fn with_row(json: &str, own: &Own, may_not: Option<&str>, check: impl FnOnce(RowRef<'_>)) {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let item: SessionObject<'_> = serde_json::from_str(raw.get()).unwrap();
        let context = RowSettings {
            realm: "/alpha",
            zone: Zone::Utc,
            own,
            may_not,
        };
        check(row(&item, &raw, &context));
    }

    #[test]
    fn mixed_time_formats_are_read_and_the_earlier_end_counts() {
        with_row(MIXED, &Own::default(), None, |row| {
            assert_eq!(row.last_used, at("2026-09-14T08:21:07.512Z"));
            assert_eq!(row.expires, at("2026-09-14T08:51:07Z"));
            assert_eq!(row.scope.as_deref(), Some("/alpha"));
            assert_eq!(row.key, "shandle:b7Kq2mXw9rT.*AAJTSQ*#/alpha#bjensen");
            assert_eq!(row.deletable, Deletable::Yes);
            assert_eq!(row.own, None);
        });
    }

    #[test]
    fn a_session_with_only_its_handle_is_still_a_row() {
        with_row(
            r#"{"sessionHandle":"shandle:x","latestAccessTime":"soon"}"#,
            &Own::default(),
            None,
            |row| {
                assert_eq!(row.key, "shandle:x#/alpha#");
                assert_eq!((row.user, row.last_used, row.expires), (None, None, None));
            },
        );
    }

    #[test]
    fn a_session_without_a_handle_is_shown_and_left_alone() {
        let json = r#"{"username":"bjensen","realm":"/alpha"}"#;
        with_row(json, &Own::default(), None, |row| {
            assert_eq!(row.user.as_deref(), Some("bjensen"));
            assert!(matches!(row.deletable, Deletable::No(_)));
            assert_eq!(
                key::AmKey::parse(&crate::model::SessionKey::new(row.key)),
                None
            );
        });
    }

    #[test]
    fn sessions_of_the_server_itself_are_never_deletable() {
        for (name, service) in [
            ("dsameuser", true),
            ("DSAMEUSER", true),
            ("amService-SOAPSTS", true),
            ("amldapuser", true),
            ("amadmin", false),
            ("dsameuser2", false),
        ] {
            let json =
                format!(r#"{{"username":"{name}","sessionHandle":"shandle:x","realm":"/"}}"#);
            with_row(&json, &Own::default(), None, |row| {
                assert_eq!(matches!(row.deletable, Deletable::No(_)), service, "{name}");
            });
        }
    }

    #[test]
    fn who_may_not_revoke_reads_why_in_every_row() {
        with_row(MIXED, &Own::default(), Some("only amadmin may"), |row| {
            assert_eq!(row.deletable, Deletable::No("only amadmin may".into()));
        });
    }

    #[test]
    fn the_own_session_is_known_by_its_handle() {
        let own = |handle: &str| Own {
            handle: Some(handle.into()),
            ..Own::default()
        };

        with_row(MIXED, &own("shandle:b7Kq2mXw9rT.*AAJTSQ*"), None, |row| {
            assert_eq!(row.own, Some(true));
        });
        with_row(MIXED, &own("shandle:other"), None, |row| {
            assert_eq!(row.own, Some(false));
        });
    }

    #[test]
    fn without_a_handle_the_own_session_is_known_by_user_realm_and_end() {
        let own = |user: &str, ends: &str| Own {
            handle: None,
            username: Some(user.into()),
            realm: Some("/alpha".into()),
            ends: at(ends),
        };

        for (own, expected) in [
            (own("bjensen", "2026-09-14T10:02:45Z"), true),
            (own("bjensen", "2026-09-14T10:03:45Z"), false),
            (own("scarter", "2026-09-14T10:02:44Z"), false),
        ] {
            with_row(MIXED, &own, None, |row| {
                assert_eq!(row.own, Some(expected), "{own:?}");
            });
        }
    }

    #[test]
    fn an_agent_is_marked_as_one() {
        let json = r#"{"username":"web1","sessionHandle":"shandle:x",
            "universalId":"id=web1,ou=agent,dc=openam,dc=org"}"#;
        with_row(json, &Own::default(), None, |row| {
            assert!(
                row.extra
                    .iter()
                    .any(|(name, value, _)| name == "kind" && value == "agent"),
                "{:?}",
                row.extra
            );
        });
    }
}
