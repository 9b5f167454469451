//! Faults on demand: what there is, and which requests a fault hits.

pub(crate) mod apply;
mod garbage;
mod spec;

use serde_json::Value;

pub use spec::FaultError;

/// One fault: which requests, how often, and what happens to them.
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
#[derive(Clone, Debug, Default, PartialEq)]
struct Filter {
    system: Option<String>,
    method: Option<String>,
    path: Option<String>,
    nth: Option<(u64, u64)>,
    session_id: Option<String>,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Another answer.
    Status {
        code: u16,
        headers: Vec<(String, String)>,
        body: String,
        content_type: Option<String>,
    },
    /// A pause.
    Delay {
        from_ms: u64,
        to_ms: u64,
        place: Place,
    },
    /// The request is read and never answered.
    Hang,
    /// The connection ends in the middle of the body, although more was promised.
    Close {
        after_bytes: usize,
        framing: Framing,
    },
    /// The connection is reset after so many bytes of the response.
    Reset { after_bytes: u64 },
    /// Carried out, but the answer is lost in a reset.
    LostAck,
    /// The listener and all connections are closed for a while.
    Refuse { ms: u64 },
    /// An answer with status 200 that no client expects.
    Garbage(Garbage),
    /// Something happens to credentials.
    Auth(AuthFault),
}

/// Where a pause is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// After the connection is accepted, before anything is read.
    Accept,
    /// Before the status line.
    Headers,
    /// Between the head and the body.
    Body,
}

/// How a cut body promised its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`, without the last chunk.
    Chunked,
}

/// Bodies that no client expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What happens to credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthFault {
    /// All tokens given out so far are over.
    ExpireNow,
    /// No token lives longer than this, whatever it was promised.
    ExpireIn { seconds: u64 },
    /// Deletes are answered 403.
    ForbiddenOnDelete,
    /// No token is accepted.
    RefuseAlways,
}

/// The parts of a request that faults look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) system: &'a str,
    pub(crate) method: &'a str,
    /// Not decoded.
    pub(crate) path: &'a str,
    /// Decoded segments of the path.
    pub(crate) segments: &'a [String],
}

impl Fault {
    /// The SPEC as it was given.
    pub(crate) fn spec(&self) -> &Value {
        &self.spec
    }

    /// Counts a request and says whether this fault hits it.
    pub(crate) fn hits(&mut self, asked: Asked<'_>) -> bool {
        self.filter.matches(asked) && self.count()
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
    fn matches(&self, asked: Asked<'_>) -> bool {
        let is = |want: &Option<String>, given: &str| {
            want.as_deref()
                .is_none_or(|w| w.eq_ignore_ascii_case(given))
        };
        is(&self.system, asked.system)
            && is(&self.method, asked.method)
            && self.path.as_deref().is_none_or(|g| glob(g, asked.path))
            && self
                .session_id
                .as_ref()
                .is_none_or(|id| asked.segments.contains(id))
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

    fn asked<'a>(method: &'a str, path: &'a str, segments: &'a [String]) -> Asked<'a> {
        Asked {
            system: "janssen",
            method,
            path,
            segments,
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
        let mut fault =
            Fault::parse(r#"{"match":{"method":"DELETE","nth":[2,3]},"action":"hang"}"#)
                .expect("valid");
        let hits = ["DELETE", "GET", "DELETE", "DELETE", "DELETE"]
            .map(|method| fault.hits(asked(method, "/", &[])));

        assert_eq!(hits, [false, false, true, true, false]);
    }

    #[test]
    fn times_limits_how_often_a_fault_is_applied() {
        let mut fault = Fault::parse(r#"{"times":1,"action":"lost_ack"}"#).expect("valid");

        assert!(fault.hits(asked("GET", "/", &[])));
        assert!(!fault.hits(asked("GET", "/", &[])));
    }

    #[test]
    fn session_id_is_compared_with_the_decoded_segments() {
        let mut fault =
            Fault::parse(r#"{"match":{"session_id":"a/b"},"action":"hang"}"#).expect("valid");
        let segments = ["sid".to_owned(), "a/b".to_owned()];

        assert!(fault.hits(asked("GET", "/sid/a%2Fb", &segments)));
        assert!(!fault.hits(asked("GET", "/sid/a", &segments[..1])));
    }
}
