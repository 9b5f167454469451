//! The answer to `SESSION` as a row, and as who usher is.
//!
//! `session_id` is the number of the server's socket with the address of the client as the server sees it, so
//! behind a proxy it is the proxy's. It is no secret: knowing it opens nothing.

use std::borrow::Cow;
use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use super::connection::Addresses;
use crate::api::loose::{Json, Object, instant, is_no_text, text};
use crate::model::time::Zone;
use crate::model::{Class, Deletable, Fact, Field, Identity, RowRef};

/// The session of a connection, as the server describes it.
pub(super) struct OwnSession {
    raw: Box<RawValue>,
    id: String,
    created: Option<DateTime<Utc>>,
    addresses: Option<Addresses>,
}

impl OwnSession {
    /// Reads an answer.
    ///
    /// # Errors
    /// It is no object of JSON, or names no session; in words.
    pub(super) fn read(answer: String, addresses: Option<Addresses>) -> Result<Self, String> {
        let raw = RawValue::from_string(answer).map_err(|error| error.to_string())?;
        let mut session = Self {
            raw,
            id: String::new(),
            created: None,
            addresses,
        };
        let Object(fields) = session.fields()?;
        let mut id = None;
        let mut created = None;
        for (name, value) in fields {
            match &*name {
                "session_id" => id = text(value).map(Cow::into_owned),
                "created_at" => created = instant(value, Zone::Utc),
                _ => {}
            }
        }
        session.id = id.ok_or("it names no session_id")?;
        session.created = created;
        Ok(session)
    }

    fn fields(&self) -> Result<Object<'_>, String> {
        serde_json::from_str(self.raw.get()).map_err(|error| error.to_string())
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// When it began, by the server's clock. `None`: not told.
    pub(super) fn created(&self) -> Option<DateTime<Utc>> {
        self.created
    }

    /// Who usher is there: the user of the session.
    pub(super) fn identity(&self) -> Identity {
        let row = self.row();
        let role = row.extra.iter().find(|(name, ..)| name == "Role");
        Identity {
            name: row.user.as_deref().unwrap_or("(no name)").into(),
            scopes: role
                .map(|(_, role, _)| role.as_ref().into())
                .into_iter()
                .collect(),
            session: serde_json::from_str::<Value>(self.raw.get()).ok(),
            ..Identity::default()
        }
    }

    /// The one row of a list.
    pub(super) fn row(&self) -> RowRef<'_> {
        let mut row = RowRef::new(self.id.as_str(), self.id.as_str());
        row.own = Some(true);
        row.deletable = Deletable::Yes;
        row.raw = Some(self.raw.get());
        row.ip = address_in(&self.id).map(|ip| ip.to_string().into());
        // It was an object when it was read.
        for (name, value) in self.fields().map_or(Vec::new(), |fields| fields.0) {
            take(&mut row, &name, value);
        }
        for (name, address) in self.ends() {
            row.extra
                .push((name.into(), address.to_string().into(), Class::Plain));
        }
        row
    }

    fn ends(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let both = |ends: Addresses| {
            [
                ("local_address", ends.ours),
                ("server_address", ends.theirs),
            ]
        };
        self.addresses.map(both).into_iter().flatten()
    }
}

/// The address in an id.
fn address_in(id: &str) -> Option<std::net::IpAddr> {
    let (_, address) = id.split_once('-')?;
    address.parse().ok().map(|address: SocketAddr| address.ip())
}

fn take<'a>(row: &mut RowRef<'a>, name: &str, value: Json<'a>) {
    match name {
        "session_id" => {}
        "user" => {
            if let Some(Object(fields)) = value.object() {
                for (name, value) in fields {
                    take_user(row, name, value);
                }
            } else {
                row.user = text(value);
                row.is_json[Field::User] = is_no_text(value);
            }
        }
        "status" => {
            let (fact, word) = status(value.get());
            row.fact = fact;
            row.extra.push(("status".into(), word, Class::Plain));
        }
        "created_at" if instant(value, Zone::Utc).is_some() => {
            row.created = instant(value, Zone::Utc);
        }
        "last_accessed_at" if instant(value, Zone::Utc).is_some() => {
            row.last_used = instant(value, Zone::Utc);
        }
        other => {
            let value = text(value).unwrap_or_default();
            row.extra
                .push((other.to_owned().into(), value, Class::Plain));
        }
    }
}

fn take_user<'a>(row: &mut RowRef<'a>, name: Cow<'a, str>, value: Json<'a>) {
    if name == "Username" {
        row.user = text(value);
        row.is_json[Field::User] = is_no_text(value);
        return;
    }
    let value = text(value).unwrap_or_default();
    // The server writes asterisks. What is anything else is not to be shown.
    let is_masked = value.bytes().all(|byte| byte == b'*');
    let class = match &*name {
        "Password" if !is_masked => Class::Secret,
        _ => Class::Plain,
    };
    row.extra.push((name, value, class));
}

/// The status and its word. Only 1 has been seen: a session that ends is removed.
fn status(written: &str) -> (Fact, Cow<'static, str>) {
    match written {
        "0" => (Fact::Unauthenticated, "pending".into()),
        "1" => (Fact::Live, "active".into()),
        "2" => (Fact::Revoked, "expired".into()),
        other => (Fact::Unknown, format!("unknown ({other})").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> OwnSession {
        OwnSession::read(json.to_owned(), None).unwrap()
    }

    #[test]
    fn every_field_of_the_answer_is_in_the_row() {
        let session = read(
            r#"{"session_id":"8-127.0.0.1:53531","user":{"Username":"we\u003cird\u0026","Password":"*******","Role":"Admin"},"status":1,"created_at":"2025-05-01T17:33:15.497273Z","last_accessed_at":"2025-05-01T17:33:15.497274Z","more":{"a":1}}"#,
        );

        let row = session.row();

        assert_eq!((&*row.key, row.own), ("8-127.0.0.1:53531", Some(true)));
        assert_eq!(row.user.as_deref(), Some("we<ird&"));
        assert_eq!(row.ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(row.fact, Fact::Live);
        let micros = |at: Option<DateTime<Utc>>| at.unwrap().timestamp_micros();
        assert_eq!(micros(row.created), 1_746_120_795_497_273);
        assert_eq!(micros(row.last_used), 1_746_120_795_497_274);
        let extra = row.extra.iter().map(|(name, value, _)| (&**name, &**value));
        assert_eq!(
            extra.collect::<Vec<_>>(),
            [
                ("Password", "*******"),
                ("Role", "Admin"),
                ("status", "active"),
                ("more", r#"{"a":1}"#),
            ]
        );
        assert!(row.extra.iter().all(|(_, _, class)| *class == Class::Plain));
    }

    #[test]
    fn what_is_missing_or_odd_takes_nothing_else_away() {
        let session = read(
            r#"{"session_id":"x","user":{"Username":["a"],"Password":"hunter2"},"status":7,"created_at":"yesterday"}"#,
        );

        let row = session.row();

        assert_eq!(row.user.as_deref(), Some("[\"a\"]"));
        assert!(row.is_json[Field::User]);
        assert_eq!((row.fact, row.ip.as_deref()), (Fact::Unknown, None));
        let extra = row
            .extra
            .iter()
            .map(|(name, value, class)| (&**name, &**value, *class));
        assert_eq!(
            extra.collect::<Vec<_>>(),
            [
                ("Password", "hunter2", Class::Secret),
                ("status", "unknown (7)", Class::Plain),
                ("created_at", "yesterday", Class::Plain),
            ]
        );
    }

    #[test]
    fn an_answer_without_a_session_is_refused() {
        for odd in ["", "42", "[]", "null", "{}", r#"{"session_id":7"#, "Ok {}"] {
            assert!(OwnSession::read(odd.to_owned(), None).is_err(), "{odd}");
        }
    }
}
