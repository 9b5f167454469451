//! Faults on demand: what there is, and which requests a fault hits.

mod garbage;
mod orders;
mod spec;

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

pub(crate) use orders::{Orders, pause_of_connection};
pub use spec::FaultError;
pub(crate) use spec::{from_values, read_all};

/// One injected fault: which operations, how often, and what happens to them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    filter: Filter,
    times: Option<u64>,
    pub(crate) action: Action,
    spec: Value,
    seen: u64,
    applied: u64,
}

/// The `match` part. An absent field matches everything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    system: Option<String>,
    #[serde(alias = "method")]
    operation: Option<String>,
    #[serde(alias = "path")]
    text: Option<String>,
    /// First and last, counted from 1.
    nth: Option<(u64, u64)>,
    session_id: Option<String>,
}

/// The effect of a fault on an operation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Another answer.
    Status {
        #[serde(deserialize_with = "spec::status_code")]
        code: u16,
        #[serde(default, deserialize_with = "spec::headers")]
        headers: HeaderMap,
        #[serde(default)]
        body: String,
        content_type: Option<String>,
    },
    /// A pause.
    Delay(Delay),
    /// The request is read and never answered.
    Hang {},
    /// The connection ends in the middle of the body, although more was promised.
    Close {
        #[serde(default)]
        after_bytes: usize,
        #[serde(default)]
        framing: Framing,
    },
    /// The connection is reset after so many bytes of the response.
    Reset {
        #[serde(default)]
        after_bytes: u64,
    },
    /// Carried out, but the answer is lost in a reset.
    LostAck {},
    /// The listener and all connections are closed for a while.
    Refuse { ms: u64 },
    /// An answer with status 200 that no client expects.
    Garbage { kind: Garbage },
    /// An answer with status 200 that is well-formed on the wire, this long, and says nothing.
    Oversize {
        #[serde(deserialize_with = "spec::oversize")]
        bytes: usize,
    },
    /// Something happens to credentials.
    Auth(AuthFault),
}

/// A pause of a length between the two, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "spec::DelaySpec")]
pub(crate) struct Delay {
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) place: Place,
}

/// Where a pause is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// After the connection is accepted, before anything is read.
    Accept,
    /// Before the first byte of the answer.
    #[default]
    Headers,
    /// Between the head and the body.
    Body,
}

/// How a cut body promised its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Framing {
    /// `Content-Length`.
    #[default]
    Length,
    /// `Transfer-Encoding: chunked`, without the last chunk.
    Chunked,
}

/// Bodies that no client expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Garbage {
    /// A web page.
    Html,
    /// Nothing.
    Empty,
    /// Text that looks like JSON at first.
    NotJson,
    /// Valid JSON, a bare number.
    JsonScalar,
    /// Valid JSON, other fields and types.
    WrongShape,
    /// Bytes that are not UTF-8, inside a string.
    #[serde(rename = "invalid_utf8")]
    InvalidUtf8,
    /// 100,000 opening brackets.
    Deep,
    /// NUL bytes.
    Nul,
    /// The real answer behind a byte order mark.
    Bom,
    /// Every key twice.
    DupKeys,
    /// Numbers beyond 64 bits.
    HugeNumber,
}

/// The effect of a fault on credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthFault {
    /// All tokens given out so far are over.
    ExpireNow {},
    /// No token lives longer than this, whatever it was promised.
    ExpireIn {
        /// The longest life of a token from now on, in seconds.
        seconds: u64,
    },
    /// Deletes are answered 403.
    #[serde(rename = "403_on_delete")]
    ForbiddenOnDelete {},
    /// No token is accepted.
    #[serde(rename = "401_always")]
    RefuseAlways {},
}

/// The parts of an operation that faults look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) system: &'a str,
    /// The operation: the method of HTTP, the command word of other protocols.
    pub(crate) word: &'a str,
    /// More words for it, of which a fault may name any.
    pub(crate) words: &'a [String],
    /// To what: the path of HTTP as sent, the arguments of a command.
    pub(crate) text: &'a str,
    /// `text` taken apart and decoded: segments, or single arguments.
    pub(crate) parts: &'a [String],
}

impl Fault {
    /// The SPEC as it was given.
    pub(crate) fn spec(&self) -> &Value {
        &self.spec
    }

    /// Counts an operation and says whether this fault hits it.
    pub(crate) fn hits(&mut self, operation: Operation<'_>) -> bool {
        self.filter.matches(operation) && self.count()
    }

    /// As [`Fault::hits`] for a new connection, of which only the system is known.
    pub(crate) fn hits_connection(&mut self, system: &str) -> bool {
        self.filter.system.as_deref().is_none_or(|s| s == system) && self.count()
    }

    fn count(&mut self) -> bool {
        self.seen += 1;
        let in_turn = self
            .filter
            .nth
            .is_none_or(|(from, to)| (from..=to).contains(&self.seen));
        let hit = in_turn && self.times.is_none_or(|times| self.applied < times);
        self.applied += u64::from(hit);
        hit
    }
}

impl Filter {
    fn matches(&self, operation: Operation<'_>) -> bool {
        let is = |want: &Option<String>, given: &str| {
            want.as_deref()
                .is_none_or(|w| w.eq_ignore_ascii_case(given))
        };
        let has_part = |id: &String| operation.parts.contains(id);
        let mut words = operation.words.iter().map(String::as_str);
        let does = is(&self.operation, operation.word) || words.any(|w| is(&self.operation, w));
        is(&self.system, operation.system)
            && does
            && self.text.as_deref().is_none_or(|g| glob(g, operation.text))
            && self.session_id.as_ref().is_none_or(has_part)
    }
}

/// `*` stands for any text, slashes included; `?` for one character.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t + 1));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after_star, next)) => {
                    (p, t) = (after_star, next);
                    retry = Some((after_star, next + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(spec: &str) -> Fault {
        read_all(&[spec], "this").expect("valid").remove(0)
    }

    fn operation<'a>(word: &'a str, text: &'a str, parts: &'a [String]) -> Operation<'a> {
        Operation {
            system: "any",
            word,
            words: &[],
            text,
            parts,
        }
    }

    #[test]
    fn glob_star_crosses_slashes_and_question_mark_is_one_character() {
        for (pattern, text, expected) in [
            ("*", "/a/b", true),
            ("/a/*", "/a/b/c", true),
            ("*/sid/*", "/x/session/sid/1", true),
            ("*/sid/?", "/x/session/sid/12", false),
            ("/a", "/a/b", false),
            ("*b*b", "/abab", true),
            ("", "/", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn nth_counts_only_requests_that_match() {
        let mut fault = one(r#"{"match":{"method":"DELETE","nth":[2,3]},"action":"hang"}"#);
        let hits = ["DELETE", "GET", "DELETE", "DELETE", "DELETE"]
            .map(|method| fault.hits(operation(method, "/", &[])));

        assert_eq!(hits, [false, false, true, true, false]);
    }

    #[test]
    fn times_limits_how_often_a_fault_is_applied() {
        let mut fault = one(r#"{"times":1,"action":"lost_ack"}"#);

        assert!(fault.hits(operation("GET", "/", &[])));
        assert!(!fault.hits(operation("GET", "/", &[])));
    }

    #[test]
    fn an_operation_has_any_of_its_words() {
        let words = ["SELECT".to_owned(), "UPDATE".to_owned()];
        let hits = |named: &str| {
            let spec = format!(r#"{{"match":{{"operation":"{named}"}},"action":"hang"}}"#);
            let operation = Operation {
                words: &words,
                ..operation("POST", "/", &[])
            };
            one(&spec).hits(operation)
        };

        assert_eq!(["post", "update", "DELETE"].map(hits), [true, true, false]);
    }

    #[test]
    fn session_id_is_compared_with_the_decoded_segments() {
        let mut fault = one(r#"{"match":{"session_id":"a/b"},"action":"hang"}"#);
        let segments = ["sid".to_owned(), "a/b".to_owned()];

        assert!(fault.hits(operation("GET", "/sid/a%2Fb", &segments)));
        assert!(!fault.hits(operation("GET", "/sid/a", &segments[..1])));
    }
}
