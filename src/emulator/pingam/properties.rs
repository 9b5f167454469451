//! Session properties: which may be read, and which may be written.

use serde_json::{Map, Value, json};

use super::answer::Failure;
use super::list::{seconds_text, universal_id};
use super::sessions::TokenTarget;
use super::world::{AmWorld, Session};
use super::{Am, Flavour};

/// Properties that the server sets itself and lets nobody write.
const INTERNAL: &[&str] = &[
    "AMCtxId",
    "AuthLevel",
    "AuthType",
    "CharSet",
    "Host",
    "HostName",
    "Locale",
    "Organization",
    "Principal",
    "Principals",
    "Service",
    "UserId",
    "UserToken",
    "authInstant",
    "clientType",
    "loginURL",
    "sun.am.UniversalIdentifier",
];

/// All listed properties of a session; `""` for what is not set.
pub(super) fn all(flavour: Flavour, am: &AmWorld, session: &Session) -> Value {
    let names = &am.realms[session.realm].properties;
    let values = names
        .iter()
        .map(|name| (name.clone(), json!(value(flavour, am, session, name))));
    values.collect::<Map<_, _>>().into()
}

/// The value of any property, listed or not; `""` if it is not set.
pub(super) fn value(flavour: Flavour, am: &AmWorld, session: &Session, name: &str) -> String {
    if let Some(value) = session.set.get(name) {
        return value.clone();
    }
    let realm = &am.realms[session.realm].path;
    match name {
        "AMCtxId" => session.context_id.to_string(),
        "AuthLevel" => "0".into(),
        "AuthType" => "DataStore".into(),
        "CharSet" => "UTF-8".into(),
        "Host" | "HostName" => session.ip.to_string(),
        "Locale" => "en_US".into(),
        "Organization" => {
            let id = universal_id(flavour, "", realm);
            id.trim_start_matches("id=,ou=user,").to_owned()
        }
        "Principal" | "sun.am.UniversalIdentifier" => universal_id(flavour, &session.user, realm),
        "Principals" | "UserId" | "UserToken" => session.user.to_string(),
        "Service" => "ldapService".into(),
        "authInstant" => seconds_text(session.created_ms),
        "clientType" => "genericHTML".into(),
        "loginURL" => "/openam/UI/Login".into(),
        _ => String::new(),
    }
}

/// `getSessionProperties`.
pub(super) fn get(flavour: Flavour, am: &AmWorld, target: TokenTarget) -> Result<Value, Failure> {
    match target {
        TokenTarget::Slot(slot) => am
            .session(slot)
            .map(|session| all(flavour, am, session))
            .ok_or_else(|| Failure::plain(400)),
        TokenTarget::Dead => Err(Failure::plain(400)),
    }
}

/// `updateSessionProperties`. OpenAM wants exactly the listed names; PingAM takes some of them, beside the token.
pub(super) fn set(
    app: &Am,
    am: &mut AmWorld,
    target: TokenTarget,
    body: &Value,
) -> Result<Value, Failure> {
    let is_token = |name: &str| app.flavour == Flavour::Pingam && name == "tokenId";
    let wanted = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !is_token(name))
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect::<Option<Vec<_>>>()
        .filter(|pairs| !pairs.is_empty())
        .ok_or_else(|| Failure::plain(400))?;
    let (TokenTarget::Slot(slot), flavour) = (target, app.flavour) else {
        return Err(Failure::plain(400));
    };
    let realm = am.session(slot).map_or(0, |s| s.realm);
    let listed = &am.realms[realm].properties;
    let may = |name: &String| listed.contains(name) && !INTERNAL.contains(&name.as_str());
    let is_whole = flavour == Flavour::Pingam || wanted.len() == listed.len();
    if !is_whole || !wanted.iter().all(|(name, _)| may(name)) {
        return Err(Failure::plain(403));
    }
    write(am, slot, wanted);
    get(flavour, am, target)
}

/// Writes properties; an empty text unsets one.
pub(super) fn write(am: &mut AmWorld, slot: usize, pairs: Vec<(String, String)>) {
    if let Some(session) = am.session_mut(slot) {
        session.set.extend(pairs);
    }
}
