//! Reads a SPEC, the JSON object that describes one fault. Anything unknown is an error that names it.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

use super::{Action, Delay, Fault, Filter, Place};
use crate::emulator;

/// The longest answer that the fault `oversize` makes, in bytes.
const MOST_OVERSIZE: usize = 1024 * 1024 * 1024;

/// Why a SPEC was refused. Names the field at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault: {0}")]
pub struct FaultError(String);

impl FaultError {
    /// An error with this text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        FaultError(text.into())
    }
}

/// Reads SPECs, of which each is one JSON object. `system`: the word of the system that runs.
///
/// # Errors
/// Text that is not a JSON object, a missing or wrong argument, or any field or action that is not known.
pub(crate) fn read_all<S: AsRef<str>>(specs: &[S], system: &str) -> Result<Vec<Fault>, FaultError> {
    let parse = |spec: &S| {
        serde_json::from_str(spec.as_ref())
            .map_err(|error| FaultError::new(format!("not JSON: {error}")))
    };
    from_values(specs.iter().map(parse).collect::<Result<_, _>>()?, system)
}

/// As [`read_all`], of JSON read already.
pub(crate) fn from_values(specs: Vec<Value>, system: &str) -> Result<Vec<Fault>, FaultError> {
    specs
        .into_iter()
        .map(|spec| Fault::from_value(spec, system))
        .collect()
}

impl Fault {
    fn from_value(spec: Value, system: &str) -> Result<Self, FaultError> {
        let Value::Object(mut fields) = spec.clone() else {
            return Err(FaultError::new("a fault is a JSON object"));
        };
        let filter = fields.remove("match");
        let filter = filter.map(|value| read::<Filter>("match", value));
        let filter = filter.transpose()?.unwrap_or_default();
        if let Some(word) = &filter.system
            && word != system
            && emulator::system(word).is_none()
        {
            let text = format!("unknown system \"{word}\" in match.system");
            return Err(FaultError(text));
        }
        let times = fields.remove("times").map(|value| read("times", value));
        let action = match fields.remove("action") {
            None => return Err(FaultError::new("\"action\" is missing")),
            Some(name) => read::<String>("action", name)?,
        };
        Ok(Fault {
            filter,
            times: times.transpose()?,
            action: read_action(action, fields)?,
            spec,
            seen: 0,
            applied: 0,
        })
    }
}

/// The fields beside `action` are those of the action of that name.
fn read_action(name: String, fields: Map<String, Value>) -> Result<Action, FaultError> {
    let unknown = format!("unknown variant \"{name}\"");
    let action = Value::Object(Map::from_iter([(name, Value::Object(fields))]));
    read("action", action).map_err(|FaultError(text)| {
        FaultError(text.replace(&unknown, &unknown.replace("variant", "action")))
    })
}

fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, FaultError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let text = format!("{place}.{}: {}", error.path(), error.inner());
        FaultError(text.replace('`', "\""))
    })
}

/// A status of HTTP that ends a request.
pub(super) fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let code = u16::deserialize(deserializer)?;
    if (200..=999).contains(&code) {
        Ok(code)
    } else {
        Err(D::Error::custom("not a status from 200 to 999"))
    }
}

/// A length of an answer, which is held in memory.
pub(super) fn oversize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bytes = usize::deserialize(deserializer)?;
    if bytes <= MOST_OVERSIZE {
        Ok(bytes)
    } else {
        Err(D::Error::custom(format!("more than {MOST_OVERSIZE}")))
    }
}

/// An object of texts that can be sent as headers.
pub(super) fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
    let mut headers = HeaderMap::new();
    for (name, text) in texts {
        match (HeaderName::try_from(&name), HeaderValue::try_from(text)) {
            (Ok(name), Ok(value)) => headers.insert(name, value),
            _ => return Err(D::Error::custom(format!("`{name}` cannot be sent"))),
        };
    }
    Ok(headers)
}

/// A pause as it is written: one length, or the shortest and the longest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelaySpec {
    ms: Option<u64>,
    ms_min: Option<u64>,
    ms_max: Option<u64>,
    #[serde(default, rename = "where")]
    place: Place,
}

impl TryFrom<DelaySpec> for Delay {
    type Error = de::value::Error;

    fn try_from(spec: DelaySpec) -> Result<Self, Self::Error> {
        let needed = |length: Option<u64>, name| length.ok_or_else(|| Error::missing_field(name));
        let (from_ms, to_ms) = match (spec.ms, spec.ms_min, spec.ms_max) {
            (Some(ms), None, None) => (ms, ms),
            (Some(_), ..) => return Err(Error::custom("both ms and a range")),
            (None, min, max) => (needed(min, "ms_min")?, needed(max, "ms_max")?),
        };
        if from_ms > to_ms {
            return Err(Error::custom("ms_min is greater than ms_max"));
        }
        Ok(Delay {
            from_ms,
            to_ms,
            place: spec.place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(spec: &str) -> Result<Fault, FaultError> {
        Ok(read_all(&[spec], "this")?.remove(0))
    }

    #[test]
    fn every_documented_action_is_read() {
        for spec in [
            r#"{"action":"status","code":500,"headers":{"x":"y"},"body":"b","content_type":"text/html"}"#,
            r#"{"action":"delay","ms":5}"#,
            r#"{"action":"delay","ms_min":5,"ms_max":9,"where":"body"}"#,
            r#"{"action":"hang"}"#,
            r#"{"action":"close","after_bytes":10,"framing":"chunked"}"#,
            r#"{"action":"reset","after_bytes":0}"#,
            r#"{"action":"lost_ack"}"#,
            r#"{"action":"refuse","ms":100}"#,
            r#"{"action":"garbage","kind":"deep"}"#,
            r#"{"action":"auth","kind":"expire_in","seconds":3}"#,
            r#"{"match":{"system":"this","method":"GET","path":"*","nth":[1,2],"session_id":"x"},"times":3,"action":"hang"}"#,
        ] {
            let fault = one(spec).unwrap_or_else(|e| panic!("{spec}: {e}"));

            assert_eq!(
                fault.spec(),
                &serde_json::from_str::<Value>(spec).expect("JSON")
            );
        }
    }

    #[test]
    fn what_is_unknown_or_wrong_is_named() {
        for (spec, named) in [
            ("{", "not JSON"),
            ("[]", "JSON object"),
            ("{}", "\"action\" is missing"),
            (r#"{"action":"explode"}"#, "unknown action \"explode\""),
            (r#"{"action":"hang","ms":1}"#, "unknown field \"ms\""),
            (
                r#"{"match":{"verb":"GET"},"action":"hang"}"#,
                "match.verb: unknown field",
            ),
            (
                r#"{"match":{"system":"other"},"action":"hang"}"#,
                "unknown system \"other\"",
            ),
            (r#"{"match":{"nth":3},"action":"hang"}"#, "match.nth"),
            (r#"{"match":3,"action":"hang"}"#, "match"),
            (r#"{"action":"status"}"#, "missing field \"code\""),
            (r#"{"action":"status","code":42}"#, "code"),
            (
                r#"{"action":"status","code":200,"headers":{"a b":""}}"#,
                "a b",
            ),
            (r#"{"action":"refuse","ms":-1}"#, "refuse.ms: "),
            (r#"{"action":"delay","ms_min":2,"ms_max":1}"#, "ms_min"),
            (
                r#"{"action":"garbage","kind":"x"}"#,
                "garbage.kind: unknown variant \"x\"",
            ),
            (
                r#"{"action":"auth","kind":"expire_in"}"#,
                "missing field \"seconds\"",
            ),
        ] {
            let error = one(spec).expect_err(spec).to_string();

            assert!(error.contains(named), "{spec}: {error}");
        }
    }
}
