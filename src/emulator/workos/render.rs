//! Objects as JSON, with the fields that the service's own description has, in its order.

use serde_json::{Map, Value, json};

use super::options::Look;
use super::world::{About, Event, Membership, Organization, Session, User, World};
use crate::emulator::clock::zulu_text;

/// Identity providers of those who have an external id, and sign in with it.
const PROVIDER: &str = "GoogleOAuth";

fn time_or_null(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| zulu_text(ms).into())
}

/// A session as it is at this time.
pub(super) fn session(world: &World, session: &Session, now_ms: i64, look: Look) -> Value {
    let status = session.status(now_ms);
    let ended_ms = session
        .revoked_ms
        .or((status == "expired").then_some(session.expires_ms));
    let documented = documented(world, session, status, ended_ms);
    match look {
        Look::Bare => bare(documented),
        Look::Full | Look::Broken => Value::Object(documented),
    }
}

/// The same as it was when it began.
pub(super) fn session_at_start(world: &World, session: &Session, look: Look) -> Value {
    let start = Session {
        revoked_ms: None,
        ..session.clone()
    };
    self::session(world, &start, session.created_ms, look)
}

fn documented(
    world: &World,
    session: &Session,
    status: &str,
    ended_ms: Option<i64>,
) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    put("object", "session".into());
    put("id", session.id.as_str().into());
    put("user_id", world.users[session.user].id.as_str().into());
    if let Some(organization) = session.organization {
        let id = world.organizations[organization].id.as_str();
        put("organization_id", id.into());
    }
    put("status", status.into());
    put("auth_method", session.method.as_str().into());
    if let Some(by) = &session.impersonator {
        put(
            "impersonator",
            json!({ "email": by.email, "reason": by.reason }),
        );
    }
    put("ip_address", session.ip.as_deref().into());
    put("user_agent", session.user_agent.as_deref().into());
    put("expires_at", zulu_text(session.expires_ms).into());
    put("ended_at", time_or_null(ended_ms));
    put("created_at", zulu_text(session.created_ms).into());
    let updated_ms = ended_ms.unwrap_or(session.created_ms);
    put("updated_at", zulu_text(updated_ms).into());
    map
}

/// The fields that the emulator in the vendor's command line has, in its order.
fn bare(mut from: Map<String, Value>) -> Value {
    const KEPT: &[&str] = &[
        "object",
        "user_id",
        "organization_id",
        "ip_address",
        "user_agent",
        "id",
        "created_at",
        "updated_at",
    ];
    let take = |name: &&str| {
        let value = from.remove(*name).unwrap_or_default();
        ((*name).to_owned(), value)
    };
    Value::Object(KEPT.iter().map(take).collect())
}

/// An item that no client can read as a session.
pub(super) fn broken_session() -> Value {
    json!({ "object": "session", "id": 4711, "user_id": [], "created_at": "yesterday" })
}

/// A user.
pub(super) fn user(user: &User) -> Value {
    let names = [&user.first_name, &user.last_name];
    let full: Vec<&str> = names.iter().filter_map(|name| name.as_deref()).collect();
    let name = (!full.is_empty()).then(|| full.join(" "));
    let updated_ms = user.last_sign_in_ms.unwrap_or(user.created_ms);
    let metadata = match user.team {
        Some(team) => json!({ "team": team }),
        None => json!({}),
    };
    json!({
        "object": "user",
        "id": user.id,
        "email": user.email,
        "email_verified": user.last_sign_in_ms.is_some(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "name": name,
        "profile_picture_url": null,
        "external_id": user.external_id,
        "metadata": metadata,
        "last_sign_in_at": time_or_null(user.last_sign_in_ms),
        "locale": user.locale,
        "created_at": zulu_text(user.created_ms),
        "updated_at": zulu_text(updated_ms),
    })
}

/// The accounts elsewhere of a user: an array without an envelope.
pub(super) fn identities(user: &User) -> Value {
    let identity = |id: &String| json!({ "idp_id": id, "type": "OAuth", "provider": PROVIDER });
    user.external_id.iter().map(identity).collect()
}

/// An organization.
pub(super) fn organization(organization: &Organization) -> Value {
    let created = zulu_text(organization.created_ms);
    let domain = json!({
        "object": "organization_domain",
        "id": organization.domain_id,
        "organization_id": organization.id,
        "domain": organization.domain,
        "state": "verified",
        "verification_strategy": "dns",
        "created_at": created,
        "updated_at": created,
    });
    json!({
        "object": "organization",
        "id": organization.id,
        "name": organization.name,
        "domains": [domain],
        "metadata": {},
        "external_id": organization.external_id,
        "created_at": created,
        "updated_at": created,
    })
}

/// Somebody in an organization.
pub(super) fn membership(world: &World, one: &Membership) -> Value {
    let organization = &world.organizations[one.organization];
    let created = zulu_text(one.created_ms);
    json!({
        "object": "organization_membership",
        "id": one.id,
        "user_id": world.users[one.user].id,
        "organization_id": organization.id,
        "organization_name": organization.name,
        "status": one.status,
        "directory_managed": one.directory_managed,
        "custom_attributes": {},
        "role": { "slug": one.role },
        "roles": [{ "slug": one.role }],
        "user": user(&world.users[one.user]),
        "created_at": created,
        "updated_at": created,
    })
}

/// An entry of the log.
pub(super) fn event(world: &World, event: &Event, look: Look) -> Value {
    let data = match event.about {
        About::UserCreated(number) => {
            let start = User {
                last_sign_in_ms: None,
                ..world.users[number].clone()
            };
            user(&start)
        }
        About::MembershipCreated(number) => membership(world, &world.memberships[number]),
        About::SessionCreated(number) => session_at_start(world, &world.sessions[number], look),
        About::SessionRevoked(number) => {
            session(world, &world.sessions[number], event.created_ms, look)
        }
    };
    let mut value = json!({
        "object": "event",
        "id": event.id,
        "event": event.about.kind(),
        "created_at": zulu_text(event.created_ms),
        "data": data,
    });
    if let Some(actor) = &event.actor {
        let actor = json!({ "id": actor.id, "source": actor.source, "name": actor.name });
        value["context"] = json!({ "actor": actor });
    }
    value
}
