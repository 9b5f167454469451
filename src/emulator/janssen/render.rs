//! A session as Janssen writes it.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::options::Generation;
use super::world::{Client, Session, World};
use crate::emulator::clock::{naive_text, zulu_text};
use crate::emulator::rng::{as_uuid, scramble, uuid_text};

/// The fields to write, in the order of the first-party samples. Absent fields are left out, never
/// null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    outside_sid: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_dn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_time: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_granted: Option<bool>,
    permission_granted_map: Permissions<'a>,
    session_attributes: Attributes<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    device_secrets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    deletable: bool,
    creation_date: String,
    persisted: bool,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    opbrowser_state: Option<String>,
}

/// One session for an answer. `invented` is written where the row has no public id: Janssen's getter
/// makes a new one at every call.
pub(super) fn session_json<'a>(
    world: &'a World,
    session: &'a Session,
    generation: Generation,
    invented: impl FnOnce() -> String,
) -> SessionJson<'a> {
    let time = |ms: i64| match generation {
        Generation::New | Generation::Y2024 => naive_text(ms),
        Generation::Old => zulu_text(ms),
    };
    let shows_ids = generation != Generation::New;
    let id = uuid_text(session.id);
    let mut attributes = attributes(world, session);
    if shows_ids {
        attributes.push("session_id", id.clone());
        attributes.push("old_session_id", derived_uuid(session, Salt::OldSession));
    }
    SessionJson {
        dn: shows_ids.then(|| format!("jansId={id},ou=sessions,o=jans")),
        id: shows_ids.then_some(id),
        outside_sid: match &session.sid {
            Some(sid) => Cow::Borrowed(sid),
            None => Cow::Owned(invented()),
        },
        last_used_at: session.last_used_ms.map(time),
        user_dn: user_dn(world, session),
        authentication_time: session.authenticated_ms.map(time),
        state: state(session),
        session_state: session_state(session),
        permission_granted: permission_granted(session),
        permission_granted_map: permissions(world, session),
        session_attributes: attributes,
        device_secrets: device_secrets(session),
        expiration_date: session.expires_ms.map(time),
        deletable: session.deletable,
        creation_date: time(session.created_ms),
        persisted: false,
        ttl: 0,
        opbrowser_state: opbs(session),
    }
}

/// All sessions in the form of one page of a search, one a line.
pub(super) fn document(
    world: &World,
    generation: Generation,
    to: &mut dyn Write,
) -> io::Result<()> {
    let count = world.len();
    write!(
        to,
        "{{\"start\":0,\"totalEntriesCount\":{count},\"entriesCount\":{count},\"entries\":["
    )?;
    for (at, (_, session)) in world.sessions().enumerate() {
        to.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        // Not a new one at every run, so that the same world is the same document.
        let invented = || derived_uuid(session, Salt::Invented);
        let json = session_json(world, session, generation, invented);
        serde_json::to_writer(&mut *to, &json)?;
    }
    to.write_all(b"\n]}\n")
}

/// `authenticated` or `unauthenticated`.
pub(super) fn state(session: &Session) -> &'static str {
    if session.authenticated {
        "authenticated"
    } else {
        "unauthenticated"
    }
}

/// The user's DN; nobody before the sign-in is finished.
pub(super) fn user_dn(world: &World, session: &Session) -> Option<String> {
    let user = world.user_of(session).filter(|_| session.authenticated)?;
    Some(format!("inum={},ou=people,o=jans", uuid_text(user.id)))
}

/// OIDC `session_state`: 64 hex digits, a dot, a UUID. Nothing before the sign-in is finished.
pub(super) fn session_state(session: &Session) -> Option<String> {
    if !session.authenticated {
        return None;
    }
    let mut text = String::with_capacity(101);
    for part in 0..4 {
        text.push_str(&format!("{:016x}", derived(session, Salt::State, part)));
    }
    text.push('.');
    text.push_str(&derived_uuid(session, Salt::Pepper));
    Some(text)
}

/// Rarely there at all.
pub(super) fn permission_granted(session: &Session) -> Option<bool> {
    (session.authenticated && derived(session, Salt::Permission, 0).is_multiple_of(53))
        .then_some(true)
}

/// `{"permissionGranted":{CLIENT:true}}`, or `{}`.
pub(super) fn permissions<'a>(world: &'a World, session: &'a Session) -> Permissions<'a> {
    Permissions(world.client_of(session).filter(|_| session.authenticated))
}

/// Which client may see the session.
pub(super) struct Permissions<'a>(Option<&'a Client>);

impl Serialize for Permissions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(client) = self.0 {
            let granted = std::collections::BTreeMap::from([(client.id.as_str(), true)]);
            map.serialize_entry("permissionGranted", &granted)?;
        }
        map.end()
    }
}

/// `sessionAttributes`: texts only, also numbers.
pub(super) struct Attributes<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((name.into(), value.into()));
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The attributes of one session.
pub(super) fn attributes<'a>(world: &'a World, session: &'a Session) -> Attributes<'a> {
    let client = world.client_of(session);
    let mut all = Attributes(Vec::with_capacity(16));
    if let Some(method) = session.method {
        all.push("acr", method);
    }
    all.push(
        "acr_values",
        session.method.unwrap_or("simple_password_auth"),
    );
    if let Some(user) = world.user_of(session) {
        all.push("auth_user", user.name.as_str());
    }
    if !session.authenticated {
        all.push("auth_step", "1");
    }
    if let Some(client) = client {
        all.push("client_id", client.id.as_str());
        all.push("redirect_uri", client.redirect_uri.as_str());
    }
    if let Some(ip) = &session.ip {
        all.push("remote_ip", &**ip);
    }
    all.push("response_type", "code");
    if let Some(client) = client {
        all.push("scope", client.scope.as_str());
    }
    all.push("state", short(session, Salt::OauthState));
    all.push("nonce", short(session, Salt::Nonce));
    if let Some(opbs) = opbs(session) {
        all.push("opbs", opbs);
    }
    // An unfinished session may have a public id and still lack it here.
    if let (Some(sid), true) = (session.sid.as_deref(), session.authenticated) {
        all.push("sid", sid);
    }
    if let (Some(client), true) = (client, session.authenticated) {
        all.push(format!("{}_authz_scopes", client.id), client.scope.as_str());
        let count = derived(session, Salt::Redirects, 0) % 9 + 1;
        all.push("successful_rp_redirect_count", count.to_string());
    }
    all
}

/// Browser state, once somebody signed in.
fn opbs(session: &Session) -> Option<String> {
    session
        .authenticated
        .then(|| derived_uuid(session, Salt::Opbs))
}

/// Secrets of native single sign-on; few sessions have one.
fn device_secrets(session: &Session) -> Vec<String> {
    if session.authenticated && derived(session, Salt::Device, 0).is_multiple_of(31) {
        vec![derived_uuid(session, Salt::Device)]
    } else {
        Vec::new()
    }
}

/// Keeps the values derived from one id apart.
#[derive(Clone, Copy)]
enum Salt {
    State = 1,
    Pepper,
    Permission,
    OauthState,
    Nonce,
    Opbs,
    OldSession,
    Device,
    Redirects,
    Invented,
}

/// A number that follows from the session's id, so that nothing of it has to be stored.
fn derived(session: &Session, salt: Salt, part: u64) -> u64 {
    let bytes = session.id.to_be_bytes();
    let (high, low) = bytes.split_at(8);
    let number = |half: &[u8]| {
        half.iter()
            .fold(0_u64, |n, byte| (n << 8) | u64::from(*byte))
    };
    scramble(number(high) ^ scramble(number(low) ^ ((salt as u64) << 8) ^ part))
}

fn derived_uuid(session: &Session, salt: Salt) -> String {
    let (high, low) = (derived(session, salt, 64), derived(session, salt, 65));
    uuid_text(as_uuid((u128::from(high) << 64) | u128::from(low)))
}

/// A short value as clients make them for `state` and `nonce`.
fn short(session: &Session, salt: Salt) -> String {
    format!("{:08x}", derived(session, salt, 0) >> 32)
}
