//! Version 1.2 of the sessions resource, which OpenAM has beside the newer one.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::Am;
use super::answer::{Answer, Failure, Reply};
use super::ask::Ask;
use super::properties;
use super::sessions::{TokenTarget, find, logout, max_minutes, touch};
use super::version::Version;
use super::world::AmWorld;

/// Number of the only server there is.
const SERVER: &str = "01";

/// `/sessions` and `/sessions/{token}`.
pub(super) fn serve(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    served: Version,
    body: &Value,
    path_token: Option<&str>,
) -> Answer {
    let inside = |failure: Failure| failure.inside(served);
    let action = ask.parameter("_action");
    match (&ask.method, action) {
        (&Method::GET, _) if path_token.is_none() => {
            if !app.caller(ask, am)?.is_super() {
                return Err(Failure::plain(403));
            }
            Ok(query(app, ask, am, served))
        }
        (&Method::POST, Some(name)) => act(app, ask, am, served, body, path_token, name),
        _ => {
            app.caller(ask, am)?;
            Err(inside(Failure::unsupported()))
        }
    }
}

/// Minutes and short names of all realms. A filter is taken and never matches.
fn query(app: &Am, ask: &Ask, am: &AmWorld, served: Version) -> Reply {
    let now_ms = app.now_ms();
    let everybody = || {
        am.sessions()
            .filter(|(_, s)| s.handle.is_some() && s.is_alive(now_ms))
            .filter(|(_, s)| &*s.user != "dsameuser")
            .map(|(_, s)| {
                let left = (s.expires_ms - now_ms) / 60_000;
                json!({ "userid": &*s.user, "timeleft": left })
            })
            .collect()
    };
    let rows = match ask.parameter("_queryId") {
        Some("list") => vec![json!([SERVER])],
        Some("all" | SERVER) => everybody(),
        Some("server") if ask.parameter("serverId") == Some(SERVER) => everybody(),
        _ => Vec::new(),
    };
    Reply::list(served, ask.protocol(), rows)
}

fn act(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    served: Version,
    body: &Value,
    path_token: Option<&str>,
    name: &str,
) -> Answer {
    let token = path_token
        .or(ask.parameter("tokenId"))
        .or(app.own_token(ask));
    let target = token.map(|token| find(app, am, token));
    let name = name.to_lowercase();
    let result = if name.as_str() == "validate" {
        validate(app, am, target)
    } else {
        let caller = app.caller(ask, am)?;
        let Some(target) = target else {
            return Err(Failure::denied());
        };
        let is_own = matches!(target, TokenTarget::Slot(slot) if caller.owns(am, slot));
        let allowed = match name.as_str() {
            "logout" => true,
            "getproperty" | "setproperty" | "deleteproperty" | "getpropertynames"
            | "gettimeleft" | "getmaxidle" => caller.is_super() || is_own,
            _ => caller.is_super(),
        };
        if !allowed {
            return Err(Failure::plain(403));
        }
        match name.as_str() {
            "logout" => Ok(logout(app, am, target)),
            "getproperty" | "setproperty" | "deleteproperty" => {
                property(app, am, target, &name, body, caller.is_super())
            }
            _ => ask_for_number(app, ask, am, target, &name),
        }
    };
    result
        .map(|body| Reply::of(served, body))
        .map_err(|failure| match failure.status() {
            501 => Failure::no_action(ask.parameter("_action").unwrap_or_default()).inside(served),
            _ => failure.inside(served),
        })
}

/// Asks for no caller, and counts as a use of the session.
fn validate(app: &Am, am: &mut AmWorld, target: Option<TokenTarget>) -> Result<Value, Failure> {
    match target {
        None => Err(Failure::new(
            400,
            "iPlanetDirectoryCookie not set on request",
        )),
        Some(TokenTarget::Dead) => Ok(json!({ "valid": false })),
        Some(TokenTarget::Slot(slot)) => {
            touch(app, am, slot);
            Ok(am.session(slot).map_or(json!({ "valid": false }), |s| {
                json!({
                    "valid": true,
                    "uid": &*s.user,
                    "realm": am.realms[s.realm].path,
                })
            }))
        }
    }
}

/// Questions with one answer; -1 for a dead token.
fn ask_for_number(
    app: &Am,
    ask: &Ask,
    am: &mut AmWorld,
    target: TokenTarget,
    name: &str,
) -> Result<Value, Failure> {
    let now_ms = app.now_ms();
    if let (TokenTarget::Slot(slot), "isactive", Some("true")) =
        (target, name, ask.parameter("refresh"))
    {
        touch(app, am, slot);
    }
    let session = match target {
        TokenTarget::Slot(slot) => am.session(slot),
        TokenTarget::Dead => None,
    };
    let number = |read: &dyn Fn(&super::world::Session) -> i64| session.map_or(-1, read);
    Ok(match name {
        "isactive" => json!({ "active": session.is_some() }),
        "gettimeleft" | "getmaxtime" => {
            json!({ "maxtime": number(&|s| (s.expires_ms - now_ms) / 1_000) })
        }
        "getmaxsessiontime" => json!({ "maxsessiontime": number(&max_minutes) }),
        "getmaxidle" => json!({ "maxidletime": number(&|s| s.idle_ms / 60_000) }),
        "getidle" => json!({ "idletime": number(&|s| (now_ms - s.latest_ms).max(0) / 1_000) }),
        "getpropertynames" => {
            json!({ "properties": session.map(|s| &am.realms[s.realm].properties) })
        }
        _ => return Err(Failure::no_action(name)),
    })
}

fn property(
    app: &Am,
    am: &mut AmWorld,
    target: TokenTarget,
    name: &str,
    body: &Value,
    is_super: bool,
) -> Result<Value, Failure> {
    let TokenTarget::Slot(slot) = target else {
        return Err(Failure::plain(400));
    };
    let Some(session) = am.session(slot) else {
        return Err(Failure::plain(400));
    };
    let named = match name {
        "setproperty" => body
            .as_object()
            .map(|map| map.keys().cloned().collect::<Vec<_>>()),
        _ => body["properties"].as_array().map(|items| {
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }),
    };
    let named = named.ok_or_else(|| Failure::plain(400))?;
    let listed = &am.realms[session.realm].properties;
    if !is_super && !named.iter().all(|name| listed.contains(name)) {
        return Err(Failure::plain(403));
    }
    if name == "getproperty" {
        let values = named.iter().map(|name| {
            let value = properties::value(app.flavour, am, session, name);
            (name.clone(), json!(value))
        });
        return Ok(values.collect::<Map<_, _>>().into());
    }
    let pairs = named
        .into_iter()
        .map(|name| {
            let value = body[name.as_str()].as_str().unwrap_or_default().to_owned();
            (name, value)
        })
        .collect();
    properties::write(am, slot, pairs);
    Ok(json!({ "success": true }))
}
