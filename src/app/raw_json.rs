//! The JSON of a session for reading: indented, with secrets masked by name.

use serde_json::{Map, Value, json};

use crate::model::text::mask;
use crate::model::time::rfc3339;
use crate::model::{Class, Session};

/// Bytes of the raw JSON that are shown; copying gives all of it.
pub const SHOWN_BYTES: usize = 64 * 1024;

/// Lines of indented JSON with secrets masked. Text in it is not cleaned. `ellipsis` stands for what is
/// left out: `…`, or a plain form of it.
///
/// The server's text is not decoded and written anew: numbers beyond the range of a float, keys
/// that occur twice and the order of keys stay as they came.
pub fn lines(session: &Session, ellipsis: &str) -> Vec<String> {
    let built;
    let raw = if let Some(raw) = &session.raw {
        raw.get()
    } else {
        built = from_fields(session).to_string();
        &built
    };
    let secrets = Secrets::of(session);
    let mut lines = indent(raw, &secrets, ellipsis);
    if raw.len() > SHOWN_BYTES {
        lines.push(format!("{ellipsis} {} bytes in all", raw.len()));
    }
    lines
}

/// The session as JSON from what is known of it, where the answer itself was not kept. Secrets are in it.
pub fn from_fields(session: &Session) -> Value {
    let text = |t: &Option<crate::model::Untrusted>| t.as_ref().map(|t| t.expose().to_owned());
    let time = |at: Option<_>| at.map(rfc3339);
    let attributes: Map<String, Value> = session
        .extra
        .iter()
        .map(|a| (a.name.expose().to_owned(), Value::from(a.value.expose())))
        .collect();
    let mut fields = json!({
        "session": session.label,
        "user": text(&session.subject.name),
        "user_id": text(&session.subject.id),
        "client": text(&session.client),
        "ip": text(&session.ip),
        "agent": text(&session.user_agent),
        "method": text(&session.auth_method),
        "scope": text(&session.scope),
        "created": time(session.created),
        "last_used": time(session.last_used),
        "expires": time(session.expires),
        "ended": time(session.ended),
        "attributes": attributes,
    });
    if let Some(kind) = &session.kind {
        fields["kind"] = Value::from(&**kind);
    }
    fields
}

/// The values that must not be shown: those under these names, and the key of the session wherever
/// it stands.
struct Secrets<'a> {
    names: Vec<&'a str>,
    keys: [&'a str; 2],
}

/// Names whose values are masked in every system, whatever it says about them.
const ALWAYS: [&str; 6] = [
    "password",
    "secret",
    "token",
    "cookie",
    "session_id",
    "sessionid",
];

impl<'a> Secrets<'a> {
    fn of(session: &'a Session) -> Self {
        let last = |name: &'a str| name.rsplit('.').next().unwrap_or(name);
        Self {
            names: session
                .extra
                .iter()
                .filter(|a| a.class == Class::Secret)
                .map(|a| last(a.name.expose()))
                .collect(),
            keys: [session.key.expose(), session.id()],
        }
    }

    fn has_name(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        self.names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
            || ALWAYS.iter().any(|word| lower.ends_with(word))
    }

    fn has_value(&self, value: &str) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| !key.is_empty() && value.contains(key))
    }
}

/// Where the writer stands: what it has written, how deep it is, and how deep a masked value began.
struct Writer<'a> {
    secrets: &'a Secrets<'a>,
    ellipsis: &'a str,
    lines: Vec<String>,
    line: String,
    depth: usize,
    masked_from: Option<usize>,
    /// The string before was a name under which a secret stands, and its colon has not come yet.
    secret_name: bool,
    /// The value that follows is a secret.
    secret_next: bool,
}

fn indent(raw: &str, secrets: &Secrets<'_>, ellipsis: &str) -> Vec<String> {
    let mut writer = Writer {
        secrets,
        ellipsis,
        lines: Vec::new(),
        line: String::new(),
        depth: 0,
        masked_from: None,
        secret_name: false,
        secret_next: false,
    };
    let bytes = raw.as_bytes();
    let mut at = 0;
    while at < bytes.len().min(SHOWN_BYTES) {
        let end = match bytes[at] {
            b'"' => string_end(bytes, at),
            b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => at + 1,
            _ => word_end(bytes, at),
        };
        // A string that runs into the limit is cut with it, where a character ends.
        let end = (at + 1..=end.min(SHOWN_BYTES.max(at + 1)))
            .rev()
            .find(|end| raw.is_char_boundary(*end))
            .unwrap_or(bytes.len());
        writer.token(&raw[at..end], followed_by_colon(bytes, end));
        at = end;
    }
    writer.end_line();
    writer.lines
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let is_end = |b: &u8| b" \n\r\t,:[]{}\"".contains(b);
    bytes[start..]
        .iter()
        .position(is_end)
        .map_or(bytes.len(), |length| start + length.max(1))
}

fn followed_by_colon(bytes: &[u8], end: usize) -> bool {
    bytes
        .get(end..)
        .and_then(|rest| rest.iter().find(|b| !b" \n\r\t".contains(b)))
        == Some(&b':')
}

impl Writer<'_> {
    fn token(&mut self, token: &str, is_name: bool) {
        match token.as_bytes()[0] {
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'{' | b'[' => self.open(token),
            b'}' | b']' => self.close(token),
            b',' => {
                self.line.push(',');
                self.end_line();
            }
            b':' => {
                self.line.push_str(": ");
                self.secret_next = std::mem::take(&mut self.secret_name);
            }
            _ if is_name => {
                self.secret_name = self.secrets.has_name(token.trim_matches('"'));
                self.push(token);
            }
            _ => self.value(token),
        }
    }

    fn value(&mut self, token: &str) {
        let plain = token.trim_matches('"');
        let secret = std::mem::take(&mut self.secret_next)
            || self.masked_from.is_some()
            || self.secrets.has_value(plain);
        if secret && !plain.is_empty() && !matches!(token, "null" | "true" | "false") {
            let masked = mask(plain).replace('…', self.ellipsis);
            self.push(&format!("\"{masked}\""));
        } else {
            self.push(token);
        }
    }

    fn open(&mut self, bracket: &str) {
        self.push(bracket);
        if std::mem::take(&mut self.secret_next) && self.masked_from.is_none() {
            self.masked_from = Some(self.depth);
        }
        self.depth += 1;
        self.end_line();
    }

    fn close(&mut self, bracket: &str) {
        self.end_line();
        self.depth = self.depth.saturating_sub(1);
        if self.masked_from == Some(self.depth) {
            self.masked_from = None;
        }
        // An empty object or list stays on one line.
        let opener = if bracket == "}" { '{' } else { '[' };
        if let Some(line) = self.lines.pop_if(|line| line.ends_with(opener)) {
            self.line = line;
            self.line.push_str(bracket);
            return;
        }
        self.push(bracket);
    }

    fn push(&mut self, token: &str) {
        if self.line.is_empty() {
            self.line.push_str(&"  ".repeat(self.depth.min(20)));
        }
        self.line.push_str(token);
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.lines.push(std::mem::take(&mut self.line));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::model::{Attribute, SessionKey};

    fn session(raw: &str) -> Session {
        let mut session = Session::new(SessionKey::new("the-key-of-it"), "k".to_owned());
        session.raw = Some(RawValue::from_string(raw.to_owned()).unwrap());
        session
    }

    #[test]
    fn json_is_indented_and_otherwise_left_as_it_came() {
        let session = session(r#"{"a":1e400,"a":[1,{"b":"x \" {"}],"e":{},"l":[]}"#);

        assert_eq!(
            lines(&session, "…"),
            [
                "{",
                "  \"a\": 1e400,",
                "  \"a\": [",
                "    1,",
                "    {",
                "      \"b\": \"x \\\" {\"",
                "    }",
                "  ],",
                "  \"e\": {},",
                "  \"l\": []",
                "}"
            ]
        );
    }

    #[test]
    fn secrets_are_masked_by_name_and_by_the_key() {
        let mut session = session(
            r#"{"id":"the-key-of-it","opbs":"s3cr3t","n":{"opbs":["s3cr3t",{"x":"s3cr3t"}],"access_token":"s3cr3t"},"url":"/s/the-key-of-it/x","ok":"shown"}"#,
        );
        session.extra.push(Attribute {
            name: "attributes.opbs".into(),
            value: "s3cr3t".into(),
            class: Class::Secret,
        });

        let text = lines(&session, "…").join("\n");

        assert!(!text.contains("s3cr3t"), "{text}");
        assert!(!text.contains("the-key-of-it"), "{text}");
        assert!(text.contains("\"ok\": \"shown\""), "{text}");
    }

    #[test]
    fn a_huge_answer_is_cut_and_says_how_long_it_is() {
        let session = session(&format!("{{\"a\":\"{}\"}}", "ü".repeat(500_000)));

        let lines = lines(&session, "…");

        assert!(lines.iter().map(String::len).sum::<usize>() < SHOWN_BYTES + 1000);
        assert_eq!(lines.last().unwrap(), "… 1000008 bytes in all");
    }
}
