//! Values of SQL: their types, how one becomes another, how they compare, and their form in JSON.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::time::{naive_text, read_interval, read_moment, zoned_text};

/// A type that the canonical statements use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    Timestamp,
    TimestampTz,
    Interval,
    Oid,
    /// Of NULL.
    Unknown,
}

impl Type {
    /// The type of this name in a cast, lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "int8" | "int" | "bigint" => Type::Int,
            "string" | "text" => Type::Text,
            "timestamp" => Type::Timestamp,
            "timestamptz" => Type::TimestampTz,
            "interval" => Type::Interval,
            _ => return None,
        })
    }

    /// Its name in the columns of an answer, and its number in PostgreSQL.
    pub(super) fn column(self) -> (&'static str, u32) {
        match self {
            Type::Bool => ("BOOL", 16),
            Type::Bytes => ("BYTES", 17),
            Type::Int => ("INT8", 20),
            Type::Text => ("STRING", 25),
            Type::Oid => ("OID", 26),
            Type::Float => ("FLOAT8", 701),
            Type::Unknown => ("UNKNOWN", 705),
            Type::Timestamp => ("TIMESTAMP", 1114),
            Type::TimestampTz => ("TIMESTAMPTZ", 1184),
            Type::Interval => ("INTERVAL", 1186),
        }
    }

    /// Its name in errors.
    fn word(self) -> String {
        match self {
            Type::Int => "int".to_owned(),
            Type::Float => "float".to_owned(),
            other => other.column().0.to_lowercase(),
        }
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    Bytes(Vec<u8>),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// The same, with a zone, which is always UTC.
    TimestampTz(i64),
    /// Microseconds.
    Interval(i64),
    Oid(u32),
}

impl Value {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Value::Text(text.into())
    }

    pub(super) fn kind(&self) -> Type {
        match self {
            Value::Null => Type::Unknown,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::Text(_) => Type::Text,
            Value::Bytes(_) => Type::Bytes,
            Value::Timestamp(_) => Type::Timestamp,
            Value::TimestampTz(_) => Type::TimestampTz,
            Value::Interval(_) => Type::Interval,
            Value::Oid(_) => Type::Oid,
        }
    }

    /// An argument of a request: texts are STRING, and every number is FLOAT8.
    ///
    /// # Errors
    /// Lists and objects, which the server does not take.
    pub(super) fn argument(json: &Json) -> Result<Self, Failure> {
        let unexpected =
            |kind: &str| Err(Failure::new("XX000", format!("unexpected type {kind}")).executing());
        match json {
            Json::Null => Ok(Value::Null),
            Json::Bool(yes) => Ok(Value::Bool(*yes)),
            Json::Number(number) => Ok(Value::Float(number.as_f64().unwrap_or(f64::NAN))),
            Json::String(text) => Ok(Value::text(text)),
            Json::Array(_) => unexpected("[]interface {}"),
            Json::Object(_) => unexpected("map[string]interface {}"),
        }
    }

    /// Its place in memory, in bytes, as the endpoint counts it for `max_result_size`.
    pub(super) fn size(&self) -> usize {
        match self {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) | Value::Float(_) => 8,
            Value::Text(text) => 16 + text.len(),
            Value::Bytes(bytes) => 16 + bytes.len(),
            Value::Timestamp(_) | Value::TimestampTz(_) | Value::Interval(_) => 24,
            Value::Oid(_) => 32,
        }
    }

    pub(super) fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(yes) => json!(yes),
            Value::Int(number) => json!(number),
            Value::Float(number) => json!(number),
            Value::Text(text) => json!(**text),
            Value::Bytes(bytes) => json!(format!("\\x{}", hex(bytes))),
            Value::Timestamp(us) => json!(naive_text(*us)),
            Value::TimestampTz(us) => json!(zoned_text(*us)),
            Value::Interval(us) => json!(format!("{} us", us)),
            Value::Oid(number) => json!(number.to_string()),
        }
    }

    /// The value as another type.
    ///
    /// # Errors
    /// A text that is no such value, or types that do not go together.
    pub(super) fn cast(self, to: Type) -> Result<Self, Failure> {
        if self.kind() == to || self == Value::Null {
            return Ok(self);
        }
        let unreadable = |text: &str, why: String| {
            Failure::new(
                "22P02",
                format!("could not parse \"{text}\" as type {}{why}", to.word()),
            )
            .executing()
        };
        match (&self, to) {
            (Value::Text(text), Type::Int) => text.trim().parse().map(Value::Int).map_err(|_| {
                let why = format!(": strconv.ParseInt: parsing \"{text}\": invalid syntax");
                unreadable(text, why)
            }),
            (Value::Text(text), Type::Timestamp) => read_moment(text, false)
                .map(Value::Timestamp)
                .ok_or_else(|| unreadable(text, String::new())),
            (Value::Text(text), Type::TimestampTz) => read_moment(text, true)
                .map(Value::TimestampTz)
                .ok_or_else(|| unreadable(text, String::new())),
            (Value::Text(text), Type::Interval) => read_interval(text)
                .map(Value::Interval)
                .ok_or_else(|| unreadable(text, String::new())),
            (Value::Timestamp(us), Type::TimestampTz) => Ok(Value::TimestampTz(*us)),
            (Value::TimestampTz(us), Type::Timestamp) => Ok(Value::Timestamp(*us)),
            // Beyond 2^53 this is another number, as on the real server.
            (Value::Float(number), Type::Int) => Ok(Value::Int(number.round() as i64)),
            (Value::Int(number), Type::Text) => Ok(Value::text(&number.to_string())),
            _ => {
                let text = format!("invalid cast: {} -> {}", self.kind().word(), to.word());
                Err(Failure::new("42846", text).executing())
            }
        }
    }

    /// How it compares. `None`: one of the two is NULL.
    ///
    /// # Errors
    /// Their types do not go together; `sign` is for the message.
    pub(super) fn compare(&self, other: &Self, sign: &str) -> Result<Option<Ordering>, Failure> {
        use Value::{Bool, Bytes, Float, Int, Interval, Null, Oid, Text, Timestamp, TimestampTz};
        Ok(match (self, other) {
            (Null, _) | (_, Null) => None,
            (Bool(a), Bool(b)) => Some(a.cmp(b)),
            (Int(a), Int(b)) => Some(a.cmp(b)),
            (Float(a), Float(b)) => a.partial_cmp(b),
            (Int(a), Float(b)) => (*a as f64).partial_cmp(b),
            (Float(a), Int(b)) => a.partial_cmp(&(*b as f64)),
            (Text(a), Text(b)) => Some(a.cmp(b)),
            (Bytes(a), Bytes(b)) => Some(a.cmp(b)),
            (Interval(a), Interval(b)) => Some(a.cmp(b)),
            (Oid(a), Oid(b)) => Some(a.cmp(b)),
            (Timestamp(a) | TimestampTz(a), Timestamp(b) | TimestampTz(b)) => Some(a.cmp(b)),
            _ => {
                let (a, b) = (self.kind().word(), other.kind().word());
                let text = format!("unsupported comparison operator: <{a}> {sign} <{b}>");
                return Err(Failure::new("22023", text).executing());
            }
        })
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok())?
    };
    digits.map(byte).collect()
}
