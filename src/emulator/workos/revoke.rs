//! Ending sessions: by an API key, or by the browser that has the id.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use super::Workos;
use super::answer::Answer;
use super::ask::{Ask, Query};
use super::lists::Result;
use super::options::Gone;
use super::world::{Actor, World};

/// `POST /user_management/sessions/revoke`.
pub(super) fn revoke(app: &Workos, world: &mut World, ask: &Ask) -> Result {
    let Ok(body) = serde_json::from_slice::<Value>(&ask.body) else {
        return Err(Answer::coded(
            StatusCode::BAD_REQUEST,
            "invalid_request_body",
            "Problems parsing JSON",
        ));
    };
    let id = match &body["session_id"] {
        Value::Null => String::new(),
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    if id.is_empty() {
        return Err(Answer::coded(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "session_id is required",
        ));
    }
    let actor = Actor {
        id: app.auth.key_id.clone(),
        source: "api",
        name: None,
    };
    if !end(app, world, &id, Some(actor)) {
        match app.options.gone {
            Gone::NotFound => return Err(Answer::missing("Session", &id)),
            Gone::BadRequest => return Err(Answer::bad("Session is not active.")),
            Gone::Success => {}
        }
    }
    Ok(if app.options.empty_revoke {
        Answer::empty()
    } else {
        Answer::ok(json!({ "success": true }))
    })
}

/// `GET /user_management/sessions/logout`: no key needed.
pub(super) fn logout(app: &Workos, world: &mut World, query: &Query) -> Result {
    let Some(id) = query.get("session_id").filter(|id| !id.is_empty()) else {
        let body = json!({ "message": "session_id is required." });
        return Err(Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, body));
    };
    end(app, world, id, None);
    let to = query.get("return_to").unwrap_or("http://localhost/");
    let mut answer = Answer::empty().with(header::LOCATION, to);
    answer.status = StatusCode::FOUND;
    Ok(answer)
}

/// Ends a session. False: it has ended, or never was.
fn end(app: &Workos, world: &mut World, id: &str, actor: Option<Actor>) -> bool {
    let now_ms = app.shared.now_ms();
    let number = world.session(id);
    number.is_some_and(|number| world.revoke(number, actor, now_ms))
}
