//! From a Janssen session object to a row. A value that cannot be understood is kept as text among
//! the other attributes; the row stays. Source: Janssen `SessionId`.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::value::RawValue;

use super::wire::{inum, yes_or_no};
use crate::api::loose::{Json, instant, instant_of, is_no_text, text};
use crate::model::time::Zone;
use crate::model::{Class, Deletable, Fact, Field, RowRef};

/// So many of the known names are looked at for the next one: some objects lack a name that others have.
const AHEAD: usize = 4;

type Extra<'a> = Vec<(Cow<'a, str>, Cow<'a, str>, Class)>;

/// Whether the operator's own session can be recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// No.
    Unknown,
    /// The operator has none: a program signed in.
    Nobody,
    /// It is one of this person's (an inum).
    Person(String),
}

/// Turns session objects into rows.
pub(super) struct Rows {
    /// Of times that have none.
    zone: Zone,
    own: Own,
    /// The names of attributes with their classes, in the order of the objects before: those of one server
    /// have nearly the same ones in the same order.
    classes: Vec<(Box<str>, Class)>,
}

impl Rows {
    /// `zone`: of times that have none.
    pub(super) fn new(zone: Zone, own: Own) -> Self {
        Self {
            zone,
            own,
            classes: Vec::new(),
        }
    }

    /// One session object as a row. `None`: it is no object.
    pub(super) fn row<'a>(&mut self, raw: &'a RawValue) -> Option<RowRef<'a>> {
        let object = Json::from(raw).pairs()?;
        let mut row = RowRef::new("", "");
        let mut sid = None;
        let mut deletable = None;
        let mut end_is_told = false;
        let mut attributes = None;
        row.extra.reserve(self.classes.len());
        let mut place = 0;
        for (name, value) in object {
            // What a typed field holds wholly is not repeated among the attributes.
            let is_understood = match name.as_ref() {
                "outsideSid" => {
                    sid = text(value);
                    true
                }
                "userDn" => {
                    row.user_id = text(value);
                    row.is_json[Field::UserId] = is_no_text(value);
                    true
                }
                "creationDate" => self.time(&mut row.created, value),
                "lastUsedAt" => self.time(&mut row.last_used, value),
                "expirationDate" => {
                    end_is_told = text(value).is_some();
                    self.time(&mut row.expires, value)
                }
                "deletable" => {
                    deletable = yes_or_no(value);
                    deletable.is_some()
                }
                "state" => {
                    row.fact = fact(value);
                    row.fact != Fact::Unknown
                }
                "sessionAttributes" => match value.pairs() {
                    Some(pairs) => {
                        attributes = Some(pairs);
                        true
                    }
                    None => false,
                },
                _ => false,
            };
            if !is_understood {
                self.keep(&mut row.extra, &mut place, name, value);
            }
        }
        let mut repeated = None;
        for (name, value) in attributes.into_iter().flatten() {
            let field = match name.as_ref() {
                "auth_user" => Some((Field::User, &mut row.user)),
                "client_id" => Some((Field::Client, &mut row.client)),
                "remote_ip" => Some((Field::Ip, &mut row.ip)),
                "acr" => Some((Field::Method, &mut row.auth_method)),
                // The same as the key where all is well, so not shown twice.
                "sid" => {
                    repeated = text(value);
                    continue;
                }
                _ => None,
            };
            if let Some((field, place)) = field {
                *place = text(value);
                row.is_json[field] = is_no_text(value);
            }
            self.keep(&mut row.extra, &mut place, name, value);
        }
        // Where the lifetime of sessions is set to 0 or -1, the server sets no expiry.
        // Source: Janssen, property `sessionIdLifetime` of the authorization server.
        row.never_expires = !end_is_told && row.fact != Fact::Unknown;
        row.own = self.is_own(row.user_id.as_deref());
        row.deletable = may_delete(sid.as_deref(), repeated.as_deref(), deletable);
        row.label = Cow::Owned(label(sid.as_deref().unwrap_or_default()));
        row.key = sid.unwrap_or_default();
        row.raw = Some(raw);
        Some(row)
    }

    /// Sets a time. `false`: there is something else.
    fn time(&self, place: &mut Option<DateTime<Utc>>, value: Json<'_>) -> bool {
        let written = text(value);
        *place = written
            .as_deref()
            .and_then(|text| instant_of(text, self.zone));
        place.is_some() || written.is_none()
    }

    /// `place`: that of the next one among the known names.
    fn keep<'a>(
        &mut self,
        extra: &mut Extra<'a>,
        place: &mut usize,
        name: Cow<'a, str>,
        raw: Json<'a>,
    ) {
        let value = match name.as_ref() {
            "permissionGrantedMap" => granted(raw),
            "authenticationTime" => match instant(raw, self.zone) {
                Some(at) => Some(Cow::Owned(at.to_rfc3339_opts(SecondsFormat::Secs, true))),
                None => text(raw),
            },
            _ => text(raw),
        };
        let Some(value) = value else { return };
        let class = self.class(place, &name);
        if name == "authenticationTime" {
            extra.insert(0, (name, value, class));
        } else {
            extra.push((name, value, class));
        }
    }

    fn class(&mut self, place: &mut usize, name: &str) -> Class {
        let next = self.classes.get(*place..).unwrap_or_default();
        let mut near = next.iter().take(AHEAD);
        let class = if let Some(skipped) = near.position(|(known, _)| **known == *name) {
            *place += skipped;
            next[skipped].1
        } else {
            let class = class_of(name);
            let named = (name.into(), class);
            // It takes the place of the one before: a server may make up a name for each object.
            match self.classes.get_mut(*place) {
                Some(other) => *other = named,
                None => self.classes.push(named),
            }
            class
        };
        *place += 1;
        class
    }

    fn is_own(&self, user_dn: Option<&str>) -> Option<bool> {
        match &self.own {
            Own::Unknown => None,
            Own::Nobody => Some(false),
            // Another person's session is not ours; of the operator's own ones, any may be.
            Own::Person(mine) => match user_dn {
                Some(dn) if inum(dn) == mine => None,
                _ => Some(false),
            },
        }
    }
}

fn fact(raw: Json<'_>) -> Fact {
    match text(raw).as_deref() {
        Some("authenticated") => Fact::Live,
        Some("unauthenticated") => Fact::Unauthenticated,
        _ => Fact::Unknown,
    }
}

/// Values that work as a credential or help to forge one.
fn class_of(name: &str) -> Class {
    const SECRET: [&str; 9] = [
        "id",
        "dn",
        "session_id",
        "old_session_id",
        "opbs",
        "opbrowserState",
        "nonce",
        "deviceSecrets",
        "sessionState",
    ];
    let lower = name.to_ascii_lowercase();
    let telling = ["secret", "password", "token", "cookie"];
    if SECRET.contains(&name) || telling.iter().any(|word| lower.contains(word)) {
        Class::Secret
    } else {
        Class::Plain
    }
}

/// The clients that the person has granted something, as a list; refused ones say so.
fn granted(raw: Json<'_>) -> Option<Cow<'_, str>> {
    let list = || -> Option<String> {
        let mut words = String::with_capacity(raw.get().len());
        for (name, value) in raw.pairs()? {
            if name != "permissionGranted" {
                return None;
            }
            for (client, yes) in value.pairs()? {
                if !words.is_empty() {
                    words.push_str(", ");
                }
                words.push_str(&client);
                if !yes_or_no(yes)? {
                    words.push_str(" (refused)");
                }
            }
        }
        Some(words)
    };
    match list() {
        Some(list) if list.is_empty() => None,
        Some(list) => Some(Cow::Owned(list)),
        None => text(raw),
    }
}

/// For a session without a lasting id the server makes up a new one at every reading, and such an
/// id deletes nothing. That can be told only where the attributes hold another one.
fn may_delete(sid: Option<&str>, repeated: Option<&str>, deletable: Option<bool>) -> Deletable {
    match (sid, repeated, deletable) {
        (None, ..) => Deletable::NoLastingId,
        (Some(sid), Some(repeated), _) if sid != repeated => Deletable::NoLastingId,
        (.., Some(false)) => Deletable::No("the server marks this session as not deletable".into()),
        (_, Some(_), Some(true)) => Deletable::Yes,
        _ => Deletable::Unknown,
    }
}

/// A short name for a session id: `ss:c190…38`.
pub(super) fn label(sid: &str) -> String {
    let letters = || {
        sid.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(char::from)
    };
    let count = letters().count();
    let (first, last) = match count {
        0 => return "ss:?".into(),
        12.. => (4, 2),
        _ => (2, 0),
    };
    let mut label = String::with_capacity("ss:c190…38".len());
    label.push_str("ss:");
    label.extend(letters().take(first));
    label.push('…');
    label.extend(letters().skip(count - last));
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_an_attribute_is_its_own_whatever_objects_came_before() {
        let mut rows = Rows::new(Zone::Utc, Own::Unknown);
        for object in 0..60 {
            let made_up = format!("{object}_scopes");
            let names = match object % 4 {
                0 => ["sid", "nonce", "scope", "access_token", "acr", "opbs"],
                1 => ["sid", &made_up, "scope", "access_token", "opbs", "dn"],
                2 => ["opbs", "sid", "scope", &made_up, "nonce", "acr"],
                _ => ["sid", "nonce", &made_up, "scope", "acr", "opbs"],
            };
            let mut place = 0;
            for name in names {
                assert_eq!(rows.class(&mut place, name), class_of(name), "{name}");
            }
            // No object comes further than this.
            assert!(rows.classes.len() <= AHEAD * names.len());
        }
    }
}
