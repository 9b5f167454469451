//! The sessions resource from version 2.0 on: lists and actions.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use super::access::Caller;
use super::answer::{Answer, Failure, Reply};
use super::ask::Ask;
use super::list::{self, Shape, session_json};
use super::version::Version;
use super::world::{AmWorld, same_name};
use super::{Am, Flavour, filter, legacy, properties};
use crate::emulator::fault::AuthFault;

/// An operation, as far as versions and rights go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AmOperation {
    Info,
    InfoAndReset,
    Validate,
    Refresh,
    Logout,
    ByHandle,
    ByUser,
    Properties,
    SetProperties,
}

impl AmOperation {
    /// By its name in any letter case, if this version has it.
    fn named(name: &str, flavour: Flavour, served: Version) -> Option<Self> {
        let is_pingam = flavour == Flavour::Pingam;
        match name.to_lowercase().as_str() {
            "getsessioninfo" => Some(AmOperation::Info),
            "getsessioninfoandresetidletime" if is_pingam && served.major >= 4 => {
                Some(AmOperation::InfoAndReset)
            }
            "validate" if is_pingam => Some(AmOperation::Validate),
            "refresh" => Some(AmOperation::Refresh),
            "logout" => Some(AmOperation::Logout),
            "logoutbyhandle" => Some(AmOperation::ByHandle),
            "logoutbyuser" if is_pingam && served.major >= 5 => Some(AmOperation::ByUser),
            "getsessionproperties" => Some(AmOperation::Properties),
            "updatesessionproperties" => Some(AmOperation::SetProperties),
            _ => None,
        }
    }
}

/// Whose session an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenTarget {
    /// This one.
    Slot(usize),
    /// A token that is worth nothing.
    Dead,
}

/// `/sessions`.
pub(super) fn collection(app: &Am, ask: &Ask, am: &mut AmWorld) -> Answer {
    let filter = match ask.parameter("_queryFilter") {
        None => None,
        Some(text) => Some(filter::parse(text).ok_or_else(|| {
            Failure::new(
                400,
                format!("The value '{text}' for parameter '_queryFilter' could not be parsed as a valid query filter"),
            )
        })?),
    };
    let body = match ask.method {
        Method::POST | Method::PUT | Method::PATCH => ask.json()?,
        _ => Value::Null,
    };
    let action = ask.parameter("_action");
    if ask.method == Method::POST && action.is_none() && ask.protocol() < Version::of(2, 1) {
        let text = "No values provided for the request parameter '_action'";
        return Err(Failure::new(400, text));
    }
    let served = app.served_by(ask, app.flavour.session_versions())?;
    if served.major == 1 {
        return legacy::serve(app, ask, am, served, &body, None);
    }
    let caller = app.caller(ask, am)?;
    let inside = |failure: Failure| failure.inside(served);
    match (&ask.method, action) {
        (&Method::GET, _) => {
            if !caller.administers(am, ask.realm) {
                return Err(Failure::plain(403));
            }
            match filter {
                Some(filter) => list::query(app, ask, am, served, &filter).map_err(inside),
                None if ask.parameter("_queryId").is_some()
                    || ask.parameter("_queryExpression").is_some() =>
                {
                    Err(Failure::empty(500))
                }
                // The name of the collection should stand between the two blanks.
                None => Err(inside(Failure::new(
                    400,
                    "The resource collection  cannot be read",
                ))),
            }
        }
        (&Method::POST, Some(name)) => match AmOperation::named(name, app.flavour, served) {
            Some(action) => act(app, ask, am, served, action, &body, &caller),
            None if caller.is_super() => Err(inside(Failure::no_action(name))),
            None => Err(Failure::plain(403)),
        },
        _ => Err(inside(Failure::unsupported())),
    }
}

/// `/sessions/{token}`: only the oldest version does anything with it.
pub(super) fn item(app: &Am, ask: &Ask, am: &mut AmWorld, token: &str) -> Answer {
    let body = match ask.method {
        Method::POST | Method::PUT | Method::PATCH => ask.json()?,
        _ => Value::Null,
    };
    let served = app.served_by(ask, app.flavour.session_versions())?;
    if served.major == 1 {
        return legacy::serve(app, ask, am, served, &body, Some(token));
    }
    app.caller(ask, am)?;
    Err(Failure::unsupported().inside(served))
}

fn act(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    served: Version,
    action: AmOperation,
    body: &Value,
    caller: &Caller,
) -> Answer {
    let target = target(app, ask, am, body, caller);
    let allowed = match action {
        AmOperation::Logout | AmOperation::Validate => true,
        AmOperation::ByUser => caller.is_super() || is_self(am, ask, caller, body),
        AmOperation::Refresh | AmOperation::ByHandle => {
            caller.is_super() || may_revoke(app, ask, am, caller)
        }
        _ => caller.is_super() || owns_target(app, ask, am, caller, target),
    };
    let ends_another = match action {
        AmOperation::ByHandle | AmOperation::ByUser => true,
        AmOperation::Logout => target != caller.slot.map(TokenTarget::Slot),
        _ => false,
    };
    if !allowed || (ends_another && ask.fault == Some(AuthFault::ForbiddenOnDelete {})) {
        return Err(Failure::plain(403));
    }
    let result = match (action, target) {
        (AmOperation::ByHandle, _) => by_handle(app, ask, am, caller, body),
        (AmOperation::ByUser, _) => by_user(app, ask, am, body),
        // An access token has no session of its own.
        (_, None) => Err(Failure::plain(400)),
        (AmOperation::Logout, Some(target)) => Ok(logout(app, am, target)),
        (AmOperation::Properties, Some(target)) => properties::get(app.flavour, am, target),
        (AmOperation::SetProperties, Some(target)) => properties::set(app, am, target, body),
        (_, Some(TokenTarget::Dead)) => Ok(json!({ "valid": false })),
        (_, Some(TokenTarget::Slot(slot))) => Ok(about(app, ask, am, served, action, slot)),
    };
    result
        .map(|body| Reply::of(served, body))
        .map_err(|failure| failure.inside(served))
}

/// PingAM looks into the body, OpenAM into the query; who writes the token into the wrong place means themselves.
fn target(app: &Am, ask: &Ask, am: &AmWorld, body: &Value, caller: &Caller) -> Option<TokenTarget> {
    let named = match app.flavour {
        Flavour::Openam => ask.parameter("tokenId"),
        Flavour::Pingam => body["tokenId"].as_str(),
    };
    match named {
        None => caller.slot.map(TokenTarget::Slot),
        Some(token) => Some(find(app, am, token)),
    }
}

/// True if the session is the caller's own. OpenAM looks into the header here, even if the caller
/// is that of the cookie.
fn owns_target(
    app: &Am,
    ask: &Ask,
    am: &AmWorld,
    caller: &Caller,
    target: Option<TokenTarget>,
) -> bool {
    let in_header = match (app.flavour, ask.parameter("tokenId")) {
        (Flavour::Openam, None) => ask.header(&app.options().cookie),
        _ => None,
    };
    let target = in_header.map(|token| find(app, am, token)).or(target);
    matches!(target, Some(TokenTarget::Slot(slot)) if caller.owns(am, slot))
}

/// The session of a token.
pub(super) fn find(app: &Am, am: &AmWorld, token: &str) -> TokenTarget {
    am.find_token(token, app.now_ms())
        .map_or(TokenTarget::Dead, TokenTarget::Slot)
}

fn may_revoke(app: &Am, ask: &Ask, am: &AmWorld, caller: &Caller) -> bool {
    app.flavour == Flavour::Pingam
        && app.options().delegates_revoke
        && caller.administers(am, ask.realm)
}

fn is_self(am: &AmWorld, ask: &Ask, caller: &Caller, body: &Value) -> bool {
    let own = caller.slot.and_then(|slot| am.session(slot));
    own.zip(body["username"].as_str())
        .is_some_and(|(own, name)| own.realm == ask.realm && same_name(&own.user, name))
}

/// Everything that tells about one live session.
fn about(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    served: Version,
    action: AmOperation,
    slot: usize,
) -> Value {
    let resets = match action {
        AmOperation::InfoAndReset | AmOperation::Refresh => true,
        AmOperation::Validate => ask.parameter("refresh") != Some("false"),
        _ => false,
    };
    if resets {
        touch(app, am, slot);
    }
    let Some(session) = am.session(slot) else {
        return json!({ "valid": false });
    };
    let realm = &am.realms[session.realm].path;
    match action {
        AmOperation::Validate => json!({
            "valid": true,
            "sessionUid": &*session.context_id,
            "uid": &*session.user,
            "realm": realm,
        }),
        AmOperation::Refresh => json!({
            "uid": &*session.user,
            "realm": realm,
            "idletime": (app.now_ms() - session.latest_ms).max(0) / 1_000,
            "maxidletime": session.idle_ms / 60_000,
            "maxsessiontime": max_minutes(session),
            "maxtime": (session.expires_ms - app.now_ms()) / 1_000,
        }),
        _ if app.flavour == Flavour::Pingam && served.major >= 4 => {
            session_json(app.flavour, am, session, Shape::WithProperties)
        }
        _ => session_json(app.flavour, am, session, Shape::Alone),
    }
}

/// The longest life that a session was given, in minutes.
pub(super) fn max_minutes(session: &super::world::Session) -> i64 {
    (session.expires_ms - session.created_ms + 59_999) / 60_000
}

/// Notes that a session was used; not for those that the client keeps.
pub(super) fn touch(app: &Am, am: &mut AmWorld, slot: usize) {
    let update_ms = i64::from(app.options().update_seconds) * 1_000;
    if am.session(slot).is_some_and(|s| s.handle.is_some()) {
        am.touch(slot, app.now_ms(), update_ms);
    }
}

/// Ends a session by its token. Those that the client keeps live on unless the server has a list of dead ones.
pub(super) fn logout(app: &Am, am: &mut AmWorld, target: TokenTarget) -> Value {
    let TokenTarget::Slot(slot) = target else {
        return json!({ "result": "Token has expired" });
    };
    let is_kept = am.session(slot).is_some_and(|s| s.handle.is_some());
    if is_kept || app.options().denylist {
        am.remove(slot);
    }
    json!({ "result": "Successfully logged out" })
}

/// Ends sessions by their handles and says yes to nearly everything.
fn by_handle(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Failure> {
    let Some(handles) = body.get("sessionHandles") else {
        let text =
            "The \"sessionHandles\" field is not defined in the request or it's not a JSON array";
        return Err(Failure::new(400, text));
    };
    let texts = handles
        .as_array()
        .and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let Some(texts) = texts else {
        return Err(match app.flavour {
            Flavour::Openam => Failure::empty(500),
            Flavour::Pingam => Failure::plain(400),
        });
    };
    // In another order than asked for: answers are to be matched by handle.
    let mut result = BTreeMap::new();
    for handle in texts {
        let token = am.find_token(handle, app.now_ms());
        let slot = am.find_handle(handle, ask.realm).or(token);
        let realm = slot.and_then(|s| am.session(s)).map(|s| s.realm);
        let foreign = !caller.is_super()
            && !realm.is_some_and(|r| r == ask.realm && caller.administers(am, r));
        let said = !foreign && !am.guarded.contains(handle) && {
            let ended = slot.is_some_and(|slot| am.remove(slot));
            ended || handle.is_empty() || handle.starts_with("shandle:")
        };
        // The same handle twice is one entry, and its second time is no failure.
        result.entry(handle).or_insert(said);
    }
    Ok(json!({ "result": result }))
}

/// Ends the sessions that the server keeps for a user in the realm of the address.
fn by_user(app: &Am, ask: &Ask, am: &mut AmWorld, body: &Value) -> Result<Value, Failure> {
    let Some(name) = body["username"].as_str() else {
        return Err(Failure::plain(400));
    };
    let of_user = am
        .sessions()
        .filter(|(_, s)| s.realm == ask.realm && same_name(&s.user, name))
        .filter(|(_, s)| s.handle.is_some() || app.options().denylist)
        .map(|(slot, _)| slot)
        .collect::<Vec<_>>();
    for slot in of_user {
        am.remove(slot);
    }
    Ok(json!({ "result": true }))
}
