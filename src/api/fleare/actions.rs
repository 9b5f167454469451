//! What Fleare can be asked beside its session: whether it is there, and how it is.

use std::time::Duration;

use serde_json::Value;

use super::connection::Peer;
use crate::model::{ActionBody, ActionResult, ActionSpec, ActsOn, ApiError, Untrusted};

const PING: &str = "PING";
const STATUS: &str = "STATUS";

/// Both actions. They change nothing.
pub(super) fn specs() -> Vec<ActionSpec> {
    vec![
        ActionSpec::new(
            "ping",
            "Ping the server",
            "Sends PING on usher's connection, and shows how long the answer took.",
            ActsOn::Nothing,
        ),
        ActionSpec::new(
            "status",
            "Show the status of the server",
            "Sends STATUS: the shards of the database. up_time is the server's time now, not its start.",
            ActsOn::Nothing,
        ),
    ]
}

/// The command of an action. `None`: there is no such action.
pub(super) fn command(action: &str) -> Option<&'static str> {
    match action {
        "ping" => Some(PING),
        "status" => Some(STATUS),
        _ => None,
    }
}

/// The result of a command from its answer.
///
/// # Errors
/// [`ApiError::Unexpected`] if it is another answer.
pub(super) fn told(
    command: &str,
    answer: &str,
    took: Duration,
    peer: &Peer,
) -> Result<ActionResult, ApiError> {
    let after = format!("after {:.1} ms", took.as_secs_f64() * 1_000.0);
    if command == PING {
        return if answer.starts_with("PONG") {
            Ok(ActionResult::said(format!(
                "{} answered {after}",
                peer.named
            )))
        } else {
            Err(peer.odd(command, "it does not begin with PONG"))
        };
    }
    let status: Value =
        serde_json::from_str(answer).map_err(|error| peer.odd(command, &error.to_string()))?;
    let Value::Object(fields) = &status else {
        return Err(peer.odd(command, "it is no object"));
    };
    let mut rows = Vec::new();
    for (name, value) in fields {
        flatten(name, value, &mut rows);
    }
    Ok(ActionResult {
        body: ActionBody::Fields(
            rows.into_iter()
                .map(|(name, text)| (name, text.into()))
                .collect(),
        ),
        ..ActionResult::said(format!("{} answered {after}", peer.named))
    })
}

/// A value by its path (`shard_info.0.key_length`). The answer is short, and so is every path.
fn flatten(path: &str, value: &Value, rows: &mut Vec<(Untrusted, Untrusted)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&format!("{path}.{name}"), value, rows);
            }
        }
        Value::String(text) => rows.push((path.into(), text.as_str().into())),
        other => rows.push((path.into(), other.to_string().into())),
    }
}
