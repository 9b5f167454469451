//! From a Janssen session object to a row. A value that cannot be understood is kept as text among
//! the other attributes; the row stays. Source: Janssen `SessionId`.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Utc};

use super::wire::{inum, yes_or_no};
use crate::api::loose::{Json, instant, instant_of, is_no_text, text};
use crate::api::outline::{Pairs, Value};
use crate::model::text::Recurring;
use crate::model::time::{Zone, rfc3339_seconds};
use crate::model::{Class, Deletable, Fact, Field, RowRef};

/// Turns session objects into rows.
pub(super) struct Rows {
    /// Of times that have none.
    zone: Zone,
    own: Own,
    /// The names in sessions, and those in their `sessionAttributes`.
    names: Recurring<(Meaning, Class)>,
    names_inside: Recurring<(Meaning, Class)>,
}

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

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// In the session itself.
    Session,
    /// Among its `sessionAttributes`.
    Attributes,
}

/// What a name means to usher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Sid,
    UserDn,
    Created,
    LastUsed,
    Expires,
    Deletable,
    State,
    Attributes,
    /// An attribute that is a field of the row, too.
    Also(Field),
    /// The attribute that repeats the key.
    RepeatedSid,
    SignedIn,
    Granted,
    Other,
}

/// What is read on the way and makes a field only together with the rest.
#[derive(Default)]
struct Parts<'a> {
    sid: Option<Cow<'a, str>>,
    repeated: Option<Cow<'a, str>>,
    deletable: Option<bool>,
    end_is_told: bool,
    /// Where the `sessionAttributes` stand among the further attributes.
    attributes: Range<usize>,
}

impl Rows {
    /// `zone`: of times that have none.
    pub(super) fn new(zone: Zone, own: Own) -> Self {
        Self {
            zone,
            own,
            names: Recurring::default(),
            names_inside: Recurring::default(),
        }
    }

    /// One session object as a row. `None`: it is no object.
    pub(super) fn row<'a>(&mut self, session: Value<'_, 'a>) -> Option<RowRef<'a>> {
        let mut row = RowRef::new("", "");
        self.read(session, &mut row).map(|()| row)
    }

    /// The same in place of the row before, whose memory is used again.
    pub(super) fn read<'a>(&mut self, session: Value<'_, 'a>, row: &mut RowRef<'a>) -> Option<()> {
        let pairs = session.pairs()?;
        let mut extra = std::mem::take(&mut row.extra);
        extra.clear();
        *row = RowRef::new("", "");
        row.extra = extra;
        let mut parts = Parts::default();
        let mut place = 0;
        for (name, value) in pairs {
            let (meaning, class) = *self.names.next(&mut place, &name, || {
                (meaning_of(Level::Session, &name), class_of(&name))
            });
            if let (Meaning::Attributes, Some(inside)) = (meaning, value.pairs()) {
                self.attributes(row, &mut parts, inside);
                continue;
            }
            // What a typed field holds wholly is not repeated among the attributes.
            if !self.field(row, &mut parts, meaning, value.json()) {
                self.keep(row, name, value, meaning, class);
            }
        }
        // The attributes come behind all else, as long as nothing else is asked for.
        let rest = row.extra.get_mut(parts.attributes.start..);
        rest.unwrap_or_default().rotate_left(parts.attributes.len());
        let is_moment = |(name, ..): &(Cow<'_, str>, _, _)| name == SIGNED_IN;
        if let Some(at) = row.extra.iter().position(is_moment) {
            row.extra[..=at].rotate_right(1);
        }
        // Where the lifetime of sessions is set to 0 or -1, the server sets no expiry.
        // Source: Janssen, property `sessionIdLifetime` of the authorization server.
        row.never_expires = !parts.end_is_told && row.fact != Fact::Unknown;
        row.own = self.is_own(row.user_id.as_deref());
        let (sid, repeated) = (parts.sid, parts.repeated);
        row.deletable = may_delete(sid.as_deref(), repeated.as_deref(), parts.deletable);
        row.label = Cow::Owned(label(sid.as_deref().unwrap_or_default()));
        row.key = sid.unwrap_or_default();
        row.raw = Some(session.json().get());
        Some(())
    }

    /// Puts a value of the session into its field. `false`: it has none, or is not understood.
    fn field<'a>(
        &self,
        row: &mut RowRef<'a>,
        parts: &mut Parts<'a>,
        meaning: Meaning,
        value: Json<'a>,
    ) -> bool {
        match meaning {
            Meaning::Sid => {
                parts.sid = text(value);
                true
            }
            Meaning::UserDn => {
                row.user_id = text(value);
                row.is_json[Field::UserId] = is_no_text(value);
                true
            }
            Meaning::Created => self.time(&mut row.created, value),
            Meaning::LastUsed => self.time(&mut row.last_used, value),
            Meaning::Expires => {
                parts.end_is_told = text(value).is_some();
                self.time(&mut row.expires, value)
            }
            Meaning::Deletable => {
                parts.deletable = yes_or_no(value);
                parts.deletable.is_some()
            }
            Meaning::State => {
                row.fact = fact(value);
                row.fact != Fact::Unknown
            }
            _ => false,
        }
    }

    /// Reads the attributes of a session.
    fn attributes<'a>(
        &mut self,
        row: &mut RowRef<'a>,
        parts: &mut Parts<'a>,
        pairs: Pairs<'_, 'a>,
    ) {
        // Of a name that stands twice the last value counts.
        row.extra.drain(parts.attributes.clone());
        parts.repeated = None;
        for field in [Field::User, Field::Client, Field::Ip, Field::Method] {
            row.is_json[field] = false;
        }
        (row.user, row.client, row.ip, row.auth_method) = (None, None, None, None);
        let (start, mut place) = (row.extra.len(), 0);
        for (name, value) in pairs {
            let (meaning, class) = *self.names_inside.next(&mut place, &name, || {
                (meaning_of(Level::Attributes, &name), class_of(&name))
            });
            // The same as the key where all is well, so not shown twice.
            if meaning == Meaning::RepeatedSid {
                parts.repeated = value.text();
                continue;
            }
            let field = match meaning {
                Meaning::Also(field @ Field::User) => Some((field, &mut row.user)),
                Meaning::Also(field @ Field::Client) => Some((field, &mut row.client)),
                Meaning::Also(field @ Field::Ip) => Some((field, &mut row.ip)),
                Meaning::Also(field @ Field::Method) => Some((field, &mut row.auth_method)),
                _ => None,
            };
            if let Some((field, place)) = field {
                *place = value.text();
                row.is_json[field] = is_no_text(value.json());
            }
            self.keep(row, name, value, meaning, class);
        }
        parts.attributes = start..row.extra.len();
    }

    /// Sets a time. `false`: there is something else.
    fn time(&self, place: &mut Option<DateTime<Utc>>, value: Json<'_>) -> bool {
        let written = text(value);
        *place = written
            .as_deref()
            .and_then(|text| instant_of(text, self.zone));
        place.is_some() || written.is_none()
    }

    fn keep<'a>(
        &self,
        row: &mut RowRef<'a>,
        name: Cow<'a, str>,
        value: Value<'_, 'a>,
        meaning: Meaning,
        class: Class,
    ) {
        let value = match meaning {
            Meaning::Granted => granted(value),
            Meaning::SignedIn => match instant(value.json(), self.zone) {
                Some(at) => Some(Cow::Owned(rfc3339_seconds(at))),
                None => value.text(),
            },
            _ => value.text(),
        };
        if let Some(value) = value {
            row.extra.push((name, value, class));
        }
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

/// When the person signed in.
const SIGNED_IN: &str = "authenticationTime";

fn meaning_of(level: Level, name: &str) -> Meaning {
    match (level, name) {
        (_, SIGNED_IN) => Meaning::SignedIn,
        (_, "permissionGrantedMap") => Meaning::Granted,
        (Level::Session, "outsideSid") => Meaning::Sid,
        (Level::Session, "userDn") => Meaning::UserDn,
        (Level::Session, "creationDate") => Meaning::Created,
        (Level::Session, "lastUsedAt") => Meaning::LastUsed,
        (Level::Session, "expirationDate") => Meaning::Expires,
        (Level::Session, "deletable") => Meaning::Deletable,
        (Level::Session, "state") => Meaning::State,
        (Level::Session, "sessionAttributes") => Meaning::Attributes,
        (Level::Attributes, "auth_user") => Meaning::Also(Field::User),
        (Level::Attributes, "client_id") => Meaning::Also(Field::Client),
        (Level::Attributes, "remote_ip") => Meaning::Also(Field::Ip),
        (Level::Attributes, "acr") => Meaning::Also(Field::Method),
        (Level::Attributes, "sid") => Meaning::RepeatedSid,
        _ => Meaning::Other,
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
fn granted<'a>(value: Value<'_, 'a>) -> Option<Cow<'a, str>> {
    let list = || -> Option<String> {
        let mut words = String::with_capacity(value.json().get().len());
        for (name, clients) in value.pairs()? {
            if name != "permissionGranted" {
                return None;
            }
            for (client, yes) in clients.pairs()? {
                if !words.is_empty() {
                    words.push_str(", ");
                }
                words.push_str(&client);
                if !yes_or_no(yes.json())? {
                    words.push_str(" (refused)");
                }
            }
        }
        Some(words)
    };
    match list() {
        Some(list) if list.is_empty() => None,
        Some(list) => Some(Cow::Owned(list)),
        None => value.text(),
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
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric();
    let letters = || sid.bytes().filter(is_letter).map(char::from);
    let (first, last) = match letters().take(12).count() {
        0 => return "ss:?".into(),
        12 => (4, 2),
        _ => (2, 0),
    };
    let mut label = String::with_capacity("ss:c190…38".len());
    label.push_str("ss:");
    label.extend(letters().take(first));
    label.push('…');
    let mut from_the_end = letters().rev().take(last);
    let (end, before) = (from_the_end.next(), from_the_end.next());
    label.extend([before, end].into_iter().flatten());
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::outline::Outline;

    #[test]
    fn a_key_is_vouched_for_only_by_the_attributes_that_count() {
        let written = r#"{
            "outsideSid": "s-1", "deletable": true,
            "sessionAttributes": {"sid": "s-1"}, "sessionAttributes": {"auth_user": "jdoe"}
        }"#;
        let outline = Outline::of(written).unwrap();
        let mut rows = Rows::new(Zone::Utc, Own::Unknown);

        let row = rows.row(outline.value()).unwrap();

        assert_eq!(row.deletable, Deletable::Unknown);
    }

    #[test]
    fn the_attributes_come_last_and_of_those_that_stand_twice_the_last_ones() {
        let written = r#"{
            "ttl": 5,
            "sessionAttributes": {"acr": "old", "remote_ip": {"v": 4}, "sid": "x", "gone": "1"},
            "outsideSid": "s-1", "persisted": false,
            "sessionAttributes": {"auth_user": "jdoe", "nested": {"a": {"b": "}"}}, "sid": "s-1"},
            "authenticationTime": "2026-11-21T14:00:00", "sessionAttributes": 7, "last": {}
        }"#;
        let outline = Outline::of(written).unwrap();
        let mut rows = Rows::new(Zone::Utc, Own::Unknown);

        let row = rows.row(outline.value()).unwrap();

        let extra: Vec<(&str, &str)> = row.extra.iter().map(|(n, v, _)| (&**n, &**v)).collect();
        assert_eq!(
            extra,
            [
                ("authenticationTime", "2026-11-21T14:00:00Z"),
                ("ttl", "5"),
                ("persisted", "false"),
                ("sessionAttributes", "7"),
                ("last", "{}"),
                ("auth_user", "jdoe"),
                ("nested", r#"{"a": {"b": "}"}}"#),
            ]
        );
        assert_eq!(
            (row.key.as_ref(), row.user.as_deref()),
            ("s-1", Some("jdoe"))
        );
        assert_eq!((row.ip, row.auth_method), (None, None));
        assert!(!row.is_json[Field::Ip]);
    }
}
