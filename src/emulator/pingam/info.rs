//! The requests of clients beside those for sessions: the server, its realms, its users, its
//! settings.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, Reply, revision, with_front};
use super::ask::Ask;
use super::list::universal_id;
use super::version::Version;
use super::world::{AmWorld, Rights, is_under};
use super::{Am, Flavour};

/// `GET /serverinfo/*`: the name of the cookie, for everybody.
pub(super) fn server(app: &Am, ask: &Ask, am: &AmWorld) -> Answer {
    let served = app.served_by(ask, &[Version::of(1, 1)])?;
    let body = json!({
        "domains": [],
        "protectedUserAttributes": [],
        "cookieName": app.options().cookie,
        "secureCookie": app.shared.options.tls,
        "cookieSameSite": null,
        "forgotPassword": "false",
        "forgotUsername": "false",
        "kbaEnabled": "false",
        "selfRegistration": "false",
        "lang": "en-US",
        "successfulUserRegistrationDestination": "default",
        "socialImplementations": [],
        "referralsEnabled": "false",
        "zeroPageLogin": {
            "enabled": false,
            "refererWhitelist": [],
            "allowedWithoutReferer": true,
        },
        "realm": am.realms[ask.realm].path,
        "xuiUserSessionValidationEnabled": true,
    });
    Ok(Reply::resource(served, ask.protocol(), "*", body))
}

/// `GET /serverinfo/version`: for the administrator of everything only.
pub(super) fn version(app: &Am, ask: &Ask, am: &mut AmWorld) -> Answer {
    let served = app.served_by(ask, &[Version::of(1, 0)])?;
    if app.own_token(ask).is_none() {
        return Err(Failure::new(403, "No session for request."));
    }
    if !app.caller(ask, am)?.is_super() {
        return Err(lacking());
    }
    let body = match app.flavour {
        Flavour::Openam => json!({
            "version": "16.0.5",
            "revision": "a901278f65",
            "date": "2026-February-04 16:06",
        }),
        Flavour::Pingam => json!({
            "version": "8.1.0",
            "fullVersion": "PingAM 8.1.0 Build 0",
            "revision": "0",
            "date": "2026-January-15 10:00",
        }),
    };
    Ok(Reply::resource(served, ask.protocol(), "version", body))
}

/// `GET /global-config/realms?_queryFilter=true`: all, or those that somebody may look into.
pub(super) fn realms(app: &Am, ask: &Ask, am: &mut AmWorld) -> Answer {
    let served = app.served_by(ask, &[Version::of(1, 0)])?;
    let caller = app.caller(ask, am)?;
    let top = match &caller.rights {
        Rights::Super => "/",
        Rights::Admin(realm) | Rights::Reader(realm) => realm.as_str(),
        Rights::Own => return Err(lacking().inside(served)),
    };
    let protocol = ask.protocol();
    let rows = am
        .realms
        .iter()
        .filter(|realm| is_under(&realm.path, top))
        .map(|realm| {
            let row = realm_json(&realm.path, realm.active);
            match protocol.major {
                1 => row,
                _ => with_front(
                    &[("_id", row["_id"].clone()), ("_rev", json!(revision(&row)))],
                    &row,
                ),
            }
        })
        .collect();
    Ok(Reply::list(served, protocol, rows))
}

fn realm_json(path: &str, active: bool) -> Value {
    let (parent, name) = match path.rsplit_once('/') {
        _ if path == "/" => (Value::Null, "/"),
        Some(("", name)) => (json!("/"), name),
        Some((parent, name)) => (json!(parent), name),
        None => (Value::Null, path),
    };
    let aliases: &[&str] = if path == "/" {
        &["openam", "127.0.0.1"]
    } else {
        &[]
    };
    json!({
        "_id": URL_SAFE_NO_PAD.encode(path),
        "parentPath": parent,
        "active": active,
        "name": name,
        "aliases": aliases,
    })
}

/// `GET /users`: names for the typeahead (1.2), or whole entries (3.0).
pub(super) fn users(app: &Am, ask: &Ask, am: &mut AmWorld) -> Answer {
    let served = app.served_by(
        ask,
        &[Version::of(1, 2), Version::of(2, 1), Version::of(3, 0)],
    )?;
    let caller = app.caller(ask, am)?;
    let sees = caller.administers(am, ask.realm);
    if !sees && !matches!(caller.rights, Rights::Reader(_)) {
        return Err(Failure::plain(403));
    }
    let pattern = match (ask.parameter("_queryId"), ask.parameter("_queryFilter")) {
        (Some(pattern), _) => pattern,
        (None, Some("true")) => "*",
        _ => return Err(Failure::plain(400).inside(served)),
    };
    let realm = &am.realms[ask.realm].path;
    let rows = am
        .accounts()
        .iter()
        .filter(|_| sees)
        .filter(|account| account.rights != Rights::Super)
        .map(|account| &*account.name)
        .filter(|name| matches(pattern, name))
        .take(am.list_limit)
        .map(|name| match served.major {
            1 => json!(name),
            _ => user_json(app.flavour, name, realm),
        })
        .collect();
    Ok(Reply::list(served, ask.protocol(), rows))
}

fn user_json(flavour: Flavour, name: &str, realm: &str) -> Value {
    json!({
        "username": name,
        "realm": realm,
        "uid": [name],
        "universalid": [universal_id(flavour, name, realm)],
        "objectClass": ["top", "person", "organizationalperson", "inetorgperson"],
        "inetUserStatus": ["Active"],
        "dn": [format!("uid={name},ou=people,{}", flavour.base_dn())],
        "sn": [name],
        "cn": [name],
        "createTimestamp": ["20261122015549Z"],
    })
}

/// A star stands for any text, at the end or at the start.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => true,
        (Some(inner), Some(_)) => name.contains(inner.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

/// `GET /global-config/services/session`: the limit of lists among others, for the administrator of everything.
pub(super) fn session_service(app: &Am, ask: &Ask, am: &mut AmWorld) -> Answer {
    let served = app.served_by(ask, &[Version::of(1, 0)])?;
    if !app.caller(ask, am)?.is_super() {
        return Err(lacking().inside(served));
    }
    let options = app.options();
    let body = json!({
        "stateless": {
            "statelessSigningHmacSecret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "openam-session-stateless-blacklist-poll-interval": 60,
            "statelessSigningType": "HS256",
            "openam-session-stateless-enable-session-blacklisting": options.denylist,
            "statelessCompressionType": "NONE",
            "statelessEncryptionType": "DIRECT",
            "openam-session-stateless-blacklist-purge-delay": 1,
            "statelessSigningRsaCertAlias": "test",
            "statelessEncryptionAesKey": null,
            "openam-session-stateless-blacklist-cache-size": 10_000,
            "statelessEncryptionRsaCertAlias": "test",
        },
        "general": { "timeoutHandlers": [], "dnRestrictionOnly": false },
        "notifications": {
            "propertyChangeNotifications": "OFF",
            "notificationPropertyList": [],
        },
        "iplanet-am-session-constraint-resulting-behavior": "DESTROY_OLD_SESSION",
        "quotas": {
            "iplanet-am-session-enable-session-constraint": "OFF",
            "denyLoginWhenRepoDown": "NO",
            "quotaConstraintMaxWaitTime": 6_000,
            "behaviourWhenQuotaExhausted":
                "org.forgerock.openam.session.service.DestroyNextExpiringAction",
        },
        "search": { "maxSessionListSize": am.list_limit, "sessionListRetrievalTimeout": 5 },
        "dynamic": {
            "maxSessionTime": options.max_session_minutes,
            "maxIdleTime": options.max_idle_minutes,
            "quotaLimit": 5,
            "maxCachingTime": 3,
        },
        "_id": "",
        "_type": { "_id": "session", "name": "Session", "collection": false },
    });
    let mut reply = Reply::of(served, body);
    let etag = format!("\"{}\"", revision(&reply.body));
    reply.headers.push(("etag", etag));
    Ok(reply)
}

fn lacking() -> Failure {
    Failure::new(403, "The user has insufficient privileges")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_carry_their_parent_and_an_id_without_padding() {
        for (path, parent, name, id) in [
            ("/", Value::Null, "/", "Lw"),
            ("/alpha", json!("/"), "alpha", "L2FscGhh"),
            ("/alpha/emea", json!("/alpha"), "emea", "L2FscGhhL2VtZWE"),
        ] {
            let row = realm_json(path, true);

            assert_eq!(row["parentPath"], parent, "{path}");
            assert_eq!((&row["name"], &row["_id"]), (&json!(name), &json!(id)));
        }
    }
}
