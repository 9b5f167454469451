//! Compares an answer with a recorded one: status, headers, and the shape of the body.

use serde_json::Value;

use crate::asked::Answer;

/// Recordings whose answer differs in one place, which is told here and not compared.
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "authenticate-broken-json",
        ".message",
        "the words of a JSON parser",
    ),
    (
        "is-alive",
        "set-cookie",
        "the cookie of the servlet container",
    ),
];

/// Where an answer differs from the recorded one.
pub fn differences(name: &str, recorded: &Answer, given: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        let known = DIFFERENT
            .iter()
            .any(|(n, place, _)| *n == name && *place == what);
        if a != b && !known {
            found.push(format!("{name} {what}: recorded {a}, given {b}"));
        }
    };
    differ(
        "status",
        recorded.status.to_string(),
        given.status.to_string(),
    );
    for header in [
        "content-type",
        "content-api-version",
        "cache-control",
        "pragma",
    ] {
        let all = |answer: &Answer| format!("{:?}", answer.all(header));
        differ(header, all(recorded), all(given));
    }
    let cookies = |answer: &Answer| {
        let names = answer.all("set-cookie").into_iter();
        let names = names.map(|c| c.split('=').next().unwrap_or_default().to_owned());
        format!("{:?}", names.collect::<Vec<_>>())
    };
    differ("set-cookie", cookies(recorded), cookies(given));
    differ(
        "etag",
        recorded.header("etag").is_some().to_string(),
        given.header("etag").is_some().to_string(),
    );
    let json = |answer: &Answer| serde_json::from_str::<Value>(&answer.body).ok();
    match (json(recorded), json(given)) {
        (Some(recorded), Some(given)) => compare("", &recorded, &given, &mut differ),
        (None, None) if recorded.body.starts_with('<') || recorded.body.trim().starts_with('<') => {
        }
        (None, None) => differ("body", recorded.body.clone(), given.body.clone()),
        (a, b) => differ("body", format!("{a:?}"), format!("{b:?}")),
    }
    found
}

/// Same keys in the same order, same types, same values where these do not depend on the world.
fn compare(
    path: &str,
    recorded: &Value,
    given: &Value,
    differ: &mut dyn FnMut(&str, String, String),
) {
    match (recorded, given) {
        (Value::Object(a), Value::Object(b)) if path == ".result" => {
            let mut values =
                [a, b].map(|map| map.values().map(Value::to_string).collect::<Vec<_>>());
            for list in &mut values {
                list.sort();
            }
            differ(path, format!("{:?}", values[0]), format!("{:?}", values[1]));
        }
        (Value::Object(a), Value::Object(b)) => {
            let keys = [a, b].map(|map| format!("{:?}", map.keys().collect::<Vec<_>>()));
            differ(path, keys[0].clone(), keys[1].clone());
            for (key, value) in a {
                compare(
                    &format!("{path}.{key}"),
                    value,
                    b.get(key).unwrap_or(&Value::Null),
                    differ,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if path == ".result" => {
            differ(path, a.is_empty().to_string(), b.is_empty().to_string());
            // A row of the world has the shape of some recorded row.
            for row in b {
                let mut least = None::<Vec<(String, String, String)>>;
                for known in a {
                    let mut own = Vec::new();
                    compare(".row", known, row, &mut |p, x, y| {
                        if x != y && !IN_ROWS.contains(&p) && !p.contains('[') {
                            own.push((p.to_owned(), x, y));
                        }
                    });
                    if least.as_ref().is_none_or(|l| own.len() < l.len()) {
                        least = Some(own);
                    }
                }
                for (path, x, y) in least.unwrap_or_default() {
                    differ(&path, x, y);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (number, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{number}]"), a, b, differ);
            }
        }
        (Value::String(a), Value::String(b)) => {
            let form = |text: &str| form(path, text);
            differ(path, form(a), form(b));
        }
        (Value::Number(a), Value::Number(b)) => {
            let is_free = ["resultCount", "time", "left"]
                .iter()
                .any(|end| path.ends_with(end));
            if !is_free || a.as_i64() == Some(-1) {
                differ(path, a.to_string(), b.to_string());
            }
        }
        (a, b) => differ(path, a.to_string(), b.to_string()),
    }
}

/// Values of rows that depend on who signed in.
const IN_ROWS: &[&str] = &[
    ".row",
    ".row.userid",
    ".row.username",
    ".row.universalId",
    ".row.realm",
];

/// The part of a text that must be the same: its type, if it names a moment or a secret; else all
/// of it.
fn form(path: &str, text: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or_default();
    let is_time = text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    match key {
        _ if is_time => "a time in whole seconds".into(),
        "tokenId" => format!(
            "a token: {}",
            text.starts_with("AQIC5wM2LY4Sfc") || text.len() > 2_000
        ),
        "sessionHandle" => format!("a handle: {}", text.starts_with("shandle:AQIC5wM2LY4Sfc")),
        "authId" | "AMCtxId" | "_rev" | "mood" | "desk" | "x" => "a text".into(),
        "Host" | "HostName" | "detail" => "a text".into(),
        _ => text.to_owned(),
    }
}
