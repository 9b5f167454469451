//! Lists of sessions, and what a session looks like.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure, Reply, only, revision, with_front};
use super::ask::Ask;
use super::filter::{Filter, Operand, Operator};
use super::version::Version;
use super::world::{AmWorld, Session, same_name};
use super::{Am, Flavour};
use crate::emulator::clock::{naive_text, zulu_text};

/// The meaning of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct FilterParts {
    realms: Vec<String>,
    user: Option<String>,
    /// The literal `true`.
    everything: bool,
}

/// The rows that a filter asks for; cut at the limit, in no particular order, without a word about either.
pub(super) fn query(app: &Am, ask: &Ask, am: &AmWorld, served: Version, filter: &Filter) -> Answer {
    let question = question(app.flavour, filter)?;
    let fields = ask.fields();
    if fields
        .as_ref()
        .is_some_and(|f| f.iter().all(|name| !FIELDS.contains(name)))
    {
        let text = "Must define return fields for attribute query.";
        return Err(Failure::new(400, text));
    }
    let now_ms = app.now_ms();
    let protocol = ask.protocol();
    let rows = chosen(app, am, &question, now_ms)
        .take(am.list_limit)
        .map(|session| {
            let row = session_json(app.flavour, am, session, Shape::Row);
            let row = match &fields {
                Some(fields) => only(&row, fields),
                None => row,
            };
            match protocol.major {
                1 => row,
                _ => with_front(&[("_rev", json!(revision(&row)))], &row),
            }
        })
        .collect();
    let mut reply = Reply::list(served, protocol, rows);
    if fields.is_some() {
        reply.versions = vec![format!("resource={served}")];
    }
    Ok(reply)
}

const FIELDS: &[&str] = &[
    "username",
    "universalId",
    "realm",
    "sessionHandle",
    "latestAccessTime",
    "maxIdleExpirationTime",
    "maxSessionExpirationTime",
];

fn chosen<'a>(
    app: &Am,
    am: &'a AmWorld,
    question: &FilterParts,
    now_ms: i64,
) -> impl Iterator<Item = &'a Session> {
    let sweep_ms = i64::from(app.options().sweep_seconds) * 1_000;
    // Two realms at once are in no session.
    let first = question.realms.first().and_then(|path| am.realm(path));
    let same = question.realms.iter().all(|path| am.realm(path) == first);
    let realm = first.filter(|_| same);
    let everything = question.everything;
    let user = question.user.clone();
    am.sessions()
        .map(|(_, session)| session)
        .filter(move |s| everything || Some(s.realm) == realm)
        .filter(move |s| user.as_deref().is_none_or(|u| same_name(&s.user, u)))
        .filter(move |s| s.handle.is_some() && now_ms < s.end_ms().saturating_add(sweep_ms))
}

fn question(flavour: Flavour, filter: &Filter) -> Result<FilterParts, Failure> {
    let mut question = FilterParts::default();
    match filter {
        Filter::Literal(true) if flavour == Flavour::Pingam => question.everything = true,
        other => take_in(flavour, other, &mut question)?,
    }
    if question.realms.is_empty() && !question.everything {
        let text = "The query filter must specify the realm";
        return Err(Failure::new(400, text));
    }
    Ok(question)
}

fn take_in(flavour: Flavour, filter: &Filter, question: &mut FilterParts) -> Result<(), Failure> {
    match filter {
        Filter::And(parts) => parts
            .iter()
            .try_for_each(|part| take_in(flavour, part, question)),
        Filter::Compare(field, Operator::Equal, Operand::Text(text)) => {
            match field.as_str() {
                "realm" => question.realms.push(text.clone()),
                "username" => question.user = Some(text.clone()),
                other => {
                    let text = format!("{other} is not supported in query filter");
                    return Err(Failure::new(400, text));
                }
            }
            Ok(())
        }
        // OpenAM stumbles over everything else.
        _ => Err(match flavour {
            Flavour::Openam => Failure::empty(500),
            Flavour::Pingam => Failure::new(400, "The query filter is not supported"),
        }),
    }
}

/// Where a session is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// In a list.
    Row,
    /// By itself, OpenAM and PingAM before 4.0.
    Alone,
    /// By itself, with its properties and without its handle (PingAM 4.0 and later).
    WithProperties,
}

/// A session on the wire.
pub(super) fn session_json(
    flavour: Flavour,
    am: &AmWorld,
    session: &Session,
    shape: Shape,
) -> Value {
    let realm = &am.realms[session.realm].path;
    let with_handle = match flavour {
        Flavour::Openam => true,
        Flavour::Pingam => shape == Shape::Row,
    };
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    put("username", json!(&*session.user));
    put(
        "universalId",
        json!(universal_id(flavour, &session.user, realm)),
    );
    put("realm", json!(realm));
    if let (true, Some(handle)) = (with_handle, &session.handle) {
        put("sessionHandle", json!(handle));
    }
    // PingAM's lists show milliseconds in this field and in no other.
    let latest = match (flavour, shape) {
        (Flavour::Pingam, Shape::Row) => zulu_text(session.latest_ms),
        _ => seconds_text(session.latest_ms),
    };
    put("latestAccessTime", json!(latest));
    let idle_end_ms = session.latest_ms.saturating_add(session.idle_ms);
    put("maxIdleExpirationTime", json!(seconds_text(idle_end_ms)));
    put(
        "maxSessionExpirationTime",
        json!(seconds_text(session.expires_ms)),
    );
    if shape == Shape::WithProperties {
        put("properties", super::properties::all(flavour, am, session));
    }
    Value::Object(map)
}

/// `2026-03-14T09:41:55Z`.
pub(super) fn seconds_text(ms: i64) -> String {
    format!("{}Z", naive_text(ms))
}

/// The name of an identity in the directory. Some characters get three backslashes, once for each of two readings.
pub(super) fn universal_id(flavour: Flavour, user: &str, realm: &str) -> String {
    let mut name = String::new();
    for letter in user.chars() {
        if ",=+\"\\<>;".contains(letter) {
            name.push_str("\\\\\\");
        }
        name.push(letter);
    }
    let parents = realm
        .split('/')
        .rev()
        .filter(|part| !part.is_empty())
        .map(|part| format!("o={part},"))
        .collect::<String>();
    let services = if parents.is_empty() {
        ""
    } else {
        "ou=services,"
    };
    format!("id={name},ou=user,{parents}{services}{}", flavour.base_dn())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_directory_are_escaped_and_realms_go_upwards() {
        for (user, realm, expected) in [
            ("demo", "/", "id=demo,ou=user,"),
            (
                "demo",
                "/alpha/emea",
                "id=demo,ou=user,o=emea,o=alpha,ou=services,",
            ),
            ("we\"ird", "/", r#"id=we\\\"ird,ou=user,"#),
            ("back\\slash", "/", r"id=back\\\\slash,ou=user,"),
            ("o'hara", "/", "id=o'hara,ou=user,"),
        ] {
            let id = universal_id(Flavour::Openam, user, realm);

            let dn = "dc=openam,dc=openidentityplatform,dc=org";
            assert_eq!(id, format!("{expected}{dn}"));
        }
    }
}
