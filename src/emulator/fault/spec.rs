//! Reads a SPEC, the JSON object that describes one fault. Anything unknown is an error that names it.

use serde_json::{Map, Value};

use super::{Action, AuthFault, Fault, Filter, Framing, Garbage, Place};
use crate::emulator::options::Kind;

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

impl Fault {
    /// Reads one SPEC.
    ///
    /// # Errors
    /// Text that is not a JSON object, a missing or wrong argument, or any field or action that is not known.
    pub(crate) fn parse(text: &str) -> Result<Self, FaultError> {
        let value = serde_json::from_str(text).map_err(|e| wrong(format!("not JSON: {e}")))?;
        Self::from_value(value)
    }

    /// As [`Fault::parse`], of JSON read already.
    pub(crate) fn from_value(spec: Value) -> Result<Self, FaultError> {
        let mut fields = Fields::new("", spec.clone())?;
        let filter = Filter::take_from(&mut fields)?;
        let times = fields.number("times")?;
        let action = take_action(&mut fields)?;
        fields.finish()?;
        Ok(Fault {
            filter,
            times,
            action,
            spec,
            seen: 0,
            applied: 0,
        })
    }
}

impl Filter {
    fn take_from(fields: &mut Fields) -> Result<Self, FaultError> {
        let Some(value) = fields.map.remove("match") else {
            return Ok(Filter::default());
        };
        let mut fields = Fields::new("match.", value)?;
        let filter = Filter {
            system: fields.system()?,
            method: fields.text("method")?,
            path: fields.text("path")?,
            session_id: fields.text("session_id")?,
            nth: match fields.map.remove("nth") {
                None => None,
                Some(value) => Some(serde_json::from_value(value).map_err(|_| {
                    wrong("match.nth is a pair of numbers, [first, last], counted from 1")
                })?),
            },
        };
        fields.finish()?;
        Ok(filter)
    }
}

fn take_action(fields: &mut Fields) -> Result<Action, FaultError> {
    let name = fields
        .text("action")?
        .ok_or_else(|| wrong("\"action\" is missing"))?;
    Ok(match name.as_str() {
        "status" => Action::Status {
            code: fields.status_code()?,
            headers: fields.headers()?,
            body: fields.text("body")?.unwrap_or_default(),
            content_type: fields.text("content_type")?,
        },
        "delay" => take_delay(fields)?,
        "hang" => Action::Hang,
        "close" => Action::Close {
            after_bytes: usize::try_from(fields.number("after_bytes")?.unwrap_or(0))
                .map_err(|_| wrong("after_bytes is too large"))?,
            framing: fields.one_of(
                "framing",
                &[("length", Framing::Length), ("chunked", Framing::Chunked)],
                Some(Framing::Length),
            )?,
        },
        "reset" => Action::Reset {
            after_bytes: fields.number("after_bytes")?.unwrap_or(0),
        },
        "lost_ack" => Action::LostAck,
        "refuse" => Action::Refuse {
            ms: fields.needed_number("ms")?,
        },
        "garbage" => Action::Garbage(fields.one_of("kind", GARBAGE, None)?),
        "auth" => Action::Auth(take_auth(fields)?),
        other => {
            return Err(wrong(format!(
                "unknown action \"{other}\"; known: status, delay, hang, close, reset, lost_ack, refuse, garbage, auth"
            )));
        }
    })
}

const GARBAGE: &[(&str, Garbage)] = &[
    ("html", Garbage::Html),
    ("empty", Garbage::Empty),
    ("not_json", Garbage::NotJson),
    ("json_scalar", Garbage::JsonScalar),
    ("wrong_shape", Garbage::WrongShape),
    ("invalid_utf8", Garbage::InvalidUtf8),
    ("deep", Garbage::Deep),
    ("nul", Garbage::Nul),
    ("bom", Garbage::Bom),
    ("dup_keys", Garbage::DupKeys),
    ("huge_number", Garbage::HugeNumber),
];

fn take_delay(fields: &mut Fields) -> Result<Action, FaultError> {
    let (from_ms, to_ms) = match fields.number("ms")? {
        Some(ms) => (ms, ms),
        None => (
            fields.needed_number("ms_min")?,
            fields.needed_number("ms_max")?,
        ),
    };
    if from_ms > to_ms {
        return Err(wrong("ms_min is greater than ms_max"));
    }
    let place = fields.one_of(
        "where",
        &[
            ("accept", Place::Accept),
            ("headers", Place::Headers),
            ("body", Place::Body),
        ],
        Some(Place::Headers),
    )?;
    Ok(Action::Delay {
        from_ms,
        to_ms,
        place,
    })
}

fn take_auth(fields: &mut Fields) -> Result<AuthFault, FaultError> {
    let kind = fields.one_of(
        "kind",
        &[
            ("expire_now", AuthFault::ExpireNow),
            ("expire_in", AuthFault::ExpireIn { seconds: 0 }),
            ("403_on_delete", AuthFault::ForbiddenOnDelete),
            ("401_always", AuthFault::RefuseAlways),
        ],
        None,
    )?;
    Ok(match kind {
        AuthFault::ExpireIn { .. } => AuthFault::ExpireIn {
            seconds: fields.needed_number("seconds")?,
        },
        other => other,
    })
}

/// A JSON object whose fields are taken out one by one, so that what is left at the end is unknown.
struct Fields {
    prefix: &'static str,
    map: Map<String, Value>,
}

impl Fields {
    fn new(prefix: &'static str, value: Value) -> Result<Self, FaultError> {
        match value {
            Value::Object(map) => Ok(Fields { prefix, map }),
            _ if prefix.is_empty() => Err(wrong("a fault is a JSON object")),
            _ => Err(wrong("\"match\" is a JSON object")),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, FaultError> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(format!("{}{name} is a text", self.prefix))),
        }
    }

    fn system(&mut self) -> Result<Option<String>, FaultError> {
        let system = self.text("system")?;
        match &system {
            Some(name) if Kind::from_name(name).is_none() => {
                Err(wrong(format!("unknown system \"{name}\" in match.system")))
            }
            _ => Ok(system),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, FaultError> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                wrong(format!(
                    "{}{name} is a whole number, 0 or more",
                    self.prefix
                ))
            }),
        }
    }

    fn needed_number(&mut self, name: &str) -> Result<u64, FaultError> {
        self.number(name)?
            .ok_or_else(|| wrong(format!("\"{name}\" is missing")))
    }

    fn status_code(&mut self) -> Result<u16, FaultError> {
        u16::try_from(self.needed_number("code")?)
            .ok()
            .filter(|code| (200..=999).contains(code))
            .ok_or_else(|| wrong("code is a status from 200 to 999"))
    }

    fn headers(&mut self) -> Result<Vec<(String, String)>, FaultError> {
        let Some(value) = self.map.remove("headers") else {
            return Ok(Vec::new());
        };
        let map = serde_json::from_value::<std::collections::BTreeMap<String, String>>(value)
            .map_err(|_| wrong("headers is an object of texts"))?;
        for (name, text) in &map {
            let valid = axum::http::HeaderName::try_from(name).is_ok()
                && axum::http::HeaderValue::try_from(text).is_ok();
            if !valid {
                return Err(wrong(format!("header \"{name}\" cannot be sent")));
            }
        }
        Ok(map.into_iter().collect())
    }

    fn one_of<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
        default: Option<T>,
    ) -> Result<T, FaultError> {
        let known = || {
            let names = choices.iter().map(|(n, _)| *n).collect::<Vec<_>>();
            names.join(", ")
        };
        let Some(text) = self.text(name)? else {
            return default.ok_or_else(|| wrong(format!("\"{name}\" is missing: {}", known())));
        };
        choices
            .iter()
            .find(|(choice, _)| *choice == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| wrong(format!("unknown {name} \"{text}\"; known: {}", known())))
    }

    fn finish(self) -> Result<(), FaultError> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(format!("unknown field \"{}{name}\"", self.prefix))),
        }
    }
}

fn wrong(text: impl Into<String>) -> FaultError {
    FaultError(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            r#"{"match":{"system":"janssen","method":"GET","path":"*","nth":[1,2],"session_id":"x"},"times":3,"action":"hang"}"#,
        ] {
            let fault = Fault::parse(spec).unwrap_or_else(|e| panic!("{spec}: {e}"));

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
                "unknown field \"match.verb\"",
            ),
            (
                r#"{"match":{"system":"other"},"action":"hang"}"#,
                "unknown system \"other\"",
            ),
            (r#"{"match":{"nth":3},"action":"hang"}"#, "match.nth"),
            (r#"{"match":3,"action":"hang"}"#, "\"match\""),
            (r#"{"action":"status"}"#, "\"code\" is missing"),
            (r#"{"action":"status","code":42}"#, "code"),
            (
                r#"{"action":"status","code":200,"headers":{"a b":""}}"#,
                "a b",
            ),
            (r#"{"action":"refuse","ms":-1}"#, "ms"),
            (r#"{"action":"delay","ms_min":2,"ms_max":1}"#, "ms_min"),
            (r#"{"action":"garbage","kind":"x"}"#, "unknown kind \"x\""),
            (r#"{"action":"auth","kind":"expire_in"}"#, "\"seconds\""),
        ] {
            let error = Fault::parse(spec).expect_err(spec).to_string();

            assert!(error.contains(named), "{spec}: {error}");
        }
    }
}
