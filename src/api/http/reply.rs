//! An answer: its bytes, and what can be said about them when they are not what was expected.

use std::sync::Arc;

use bytestring::ByteString;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::hidden::Hidden;
use super::{error, excerpt};
use crate::api::net::clean;
use crate::api::outline::Outline;
use crate::model::text::with_thousands;
use crate::model::{ApiError, Code, Exchange};

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The body, decompressed; bytes that are no text are marks.
    pub body: ByteString,
    /// Host and port it came from.
    pub host: String,
    /// The request that it answers.
    pub exchange: Box<Exchange>,
    /// The secrets to remove from every text of the reply.
    pub(super) hidden: Arc<Hidden>,
    /// Keys of an error in JSON that hold its words, beside the usual ones.
    pub(super) error_keys: &'static [&'static str],
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// An answer that came over no connection, for tests.
    #[cfg(test)]
    pub(crate) fn made(status: StatusCode, headers: HeaderMap, body: ByteString) -> Self {
        Self {
            status,
            headers,
            body,
            host: "idp.example.org:443".into(),
            exchange: Box::new(Exchange {
                method: "GET".into(),
                path: "/x".into(),
                status: Some(status.as_u16()),
                took: std::time::Duration::ZERO,
                id: "4f1c09aa".into(),
            }),
            hidden: Arc::default(),
            error_keys: &[],
        }
    }

    /// Text of this answer for people: without the credentials that were sent, cleaned and cut.
    pub fn clean(&self, text: &str) -> String {
        clean(&self.hidden.out_of(text))
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// True if it is a web page, by its type or by its first letters.
    pub fn is_web_page(&self) -> bool {
        let typed = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| {
                let kind = kind.trim().to_ascii_lowercase();
                kind.starts_with("text/html") || kind.starts_with("application/xhtml")
            });
        typed || {
            let head: Vec<u8> = self
                .trimmed()
                .bytes()
                .take(14)
                .map(|byte| byte.to_ascii_lowercase())
                .collect();
            head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
        }
    }

    /// True if the body is empty or only white space.
    pub fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    fn trimmed(&self) -> &str {
        // Some servers put a byte order mark before their JSON.
        self.body
            .strip_prefix('\u{feff}')
            .unwrap_or(&self.body)
            .trim_ascii()
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`ApiError::Unexpected`] that says where and why; no text of the body is in it, but for the
    /// title of a web page.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        self.decoded(self.json()?)
    }

    /// Where the values of the body stand, as JSON.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(in crate::api) fn outline(&self) -> Result<Outline<'_>, ApiError> {
        let body = self.json()?;
        if let Some(outline) = Outline::of(body) {
            return Ok(outline);
        }
        // The library says what is wrong.
        self.decoded::<&RawValue>(body)?;
        Err(self.unexpected("the start", "not valid JSON".into()))
    }

    /// The body, if it may be JSON.
    fn json(&self) -> Result<&str, ApiError> {
        if self.is_web_page() {
            return Err(self.unexpected("the start", self.web_page()));
        }
        let body = self.trimmed();
        if body.is_empty() {
            return Err(
                self.unexpected("the start", "the answer is empty; JSON was expected".into())
            );
        }
        #[cfg(debug_assertions)]
        assert!(
            !crate::config::fails_at("parse"),
            "asked for by USHER_PANIC_AT at {body:?}",
        );
        Ok(body)
    }

    fn decoded<'a, T: Deserialize<'a>>(&'a self, body: &'a str) -> Result<T, ApiError> {
        // To keep track of where it is costs more than the reading: that is for errors only.
        if let Ok(value) = serde_json::from_str(body) {
            return Ok(value);
        }
        let mut json = serde_json::Deserializer::from_str(body);
        let value: Result<T, _> = serde_path_to_error::deserialize(&mut json);
        match value {
            Ok(value) => match json.end() {
                Ok(()) => Ok(value),
                Err(error) => Err(self.not_json(body, &error)),
            },
            Err(error) => {
                let path = error.path().to_string();
                let inner = error.into_inner();
                match inner.classify() {
                    Category::Data => {
                        let at = if path == "." {
                            "the start".into()
                        } else {
                            self.clean(&path)
                        };
                        Err(self.unexpected(at, mismatch(&inner.to_string())))
                    }
                    _ => Err(self.not_json(body, &inner)),
                }
            }
        }
    }

    /// The error for a further page of a list that the server no longer knows: it accepted the same
    /// question for the page before. `None`: it is another answer.
    pub fn forgotten(&self) -> Option<ApiError> {
        let forgot = matches!(self.status, StatusCode::GONE | StatusCode::BAD_REQUEST);
        forgot.then(|| ApiError::Forgotten {
            host: self.host.clone(),
            code: Code::Http(self.status.as_u16()),
            message: self.words(),
            exchange: Some(self.exchange.clone()),
        })
    }

    fn not_json(&self, body: &str, error: &serde_json::Error) -> ApiError {
        let at = offset(body.as_bytes(), error.line(), error.column());
        let looks_like_json = body.starts_with(['{', '[', '"']);
        let why = if error.is_eof() {
            "the JSON ends too early".to_owned()
        } else if !looks_like_json && at <= 1 {
            "the answer is not JSON".to_owned()
        } else {
            format!("not valid JSON: {}", without_place(&error.to_string()))
        };
        let place = format!(
            "byte {} of {}",
            with_thousands(at as u64),
            with_thousands(body.len() as u64)
        );
        let text = excerpt::around(body.as_bytes(), at, &self.hidden);
        tracing::debug!(host = self.host, place, text, "an answer is not JSON");
        ApiError::Unexpected {
            host: self.host.clone(),
            at: place,
            why: self.hidden.out_of(&why),
            near: Some(text),
            exchange: Some(self.exchange.clone()),
        }
    }

    /// An error about unexpected contents of this answer, with the place and the reason.
    pub fn unexpected(&self, at: impl Into<String>, why: String) -> ApiError {
        ApiError::Unexpected {
            host: self.host.clone(),
            at: at.into(),
            why: self.hidden.out_of(&why),
            near: None,
            exchange: Some(self.exchange.clone()),
        }
    }

    fn web_page(&self) -> String {
        match self.title() {
            Some(title) => format!("a web page (title \"{title}\"), not JSON"),
            None => "a web page, not JSON".into(),
        }
    }

    /// The message of the server, for people: that of a JSON error, the title of a web page, or the
    /// text itself; with the address that a 401 names for signing in, which is never followed.
    /// Cleaned and cut; never empty.
    pub fn words(&self) -> String {
        let said = self.words_of_body();
        let challenge = self
            .headers
            .get(WWW_AUTHENTICATE)
            .map(reqwest::header::HeaderValue::as_bytes);
        match challenge.map(String::from_utf8_lossy) {
            Some(to) if self.status == StatusCode::UNAUTHORIZED && to.contains("://") => self
                .clean(&format!(
                    "{said}; it points to another place, which is not followed: {to}"
                )),
            _ => said,
        }
    }

    fn words_of_body(&self) -> String {
        if self.is_web_page() {
            return match self.title() {
                Some(title) => format!("a web page titled \"{title}\""),
                None => "a web page".into(),
            };
        }
        let text = self.trimmed();
        if text.is_empty() {
            return self
                .status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_ascii_lowercase();
        }
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) {
            let words = message_in(&object, self.error_keys);
            if !words.is_empty() {
                return self.clean(&words);
            }
        }
        self.clean(text)
    }

    /// The title of a web page, short.
    fn title(&self) -> Option<String> {
        let title: String = self.clean(&title(&self.body)?).chars().take(80).collect();
        (!title.is_empty()).then_some(title)
    }

    /// This answer as an error, by its status alone. Systems that say more read it themselves.
    pub fn fault(&self) -> ApiError {
        let message = self.words();
        let error = match self.status.as_u16() {
            401 => ApiError::Auth {
                message,
                can_login: false,
                exchange: None,
            },
            403 => ApiError::Forbidden {
                message,
                needs: None,
                exchange: None,
            },
            404 | 405 => ApiError::NoEndpoint {
                host: self.host.clone(),
                path: self.exchange.path.clone(),
                message,
                exchange: None,
            },
            400 | 422 => ApiError::BadQuery {
                message,
                field: None,
                exchange: None,
            },
            status => error::of_status(self.host.clone(), status, message),
        };
        error.with_exchange(&self.exchange)
    }
}

/// Keys of an error in JSON that hold its words, whatever the system; the second is of OAuth (RFC 6749).
const USUAL_KEYS: [&str; 2] = ["message", "error_description"];

/// The sentence in a JSON error object, from the usual keys and the system's own.
fn message_in(object: &serde_json::Map<String, serde_json::Value>, own_keys: &[&str]) -> String {
    let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str);
    let mut words = Vec::new();
    match object.get("error") {
        Some(serde_json::Value::Object(inner)) => words.push(message_in(inner, own_keys)),
        Some(serde_json::Value::String(error)) => words.push(error.clone()),
        _ => {}
    }
    for key in USUAL_KEYS.iter().chain(own_keys) {
        if let Some(text) = text(key)
            && !words.iter().any(|word| word == text)
        {
            words.push(text.to_owned());
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(": ")
}

/// The title of a web page as it was sent.
fn title(body: &str) -> Option<String> {
    let mut ends = (0..=body.len().min(16 * 1024)).rev();
    let head = ends.find_map(|end| body.get(..end))?;
    let lower = head.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(head[start..end].to_owned())
}

/// The message of a type mismatch in plain words, without the value that was there.
fn mismatch(message: &str) -> String {
    let message = without_place(message);
    if message.starts_with("invalid length") {
        return "the list has another length than expected".into();
    }
    let Some(rest) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
    else {
        // "missing field `x`" and the like are words of ours; anything in quotes may be the server's.
        return match message.split_once('`') {
            Some(("missing field ", _)) => message.to_owned(),
            Some((kind, _)) => kind.trim_end().trim_end_matches(',').to_owned(),
            None => clean(message),
        };
    };
    let (got, expected) = match rest.rsplit_once(", expected ") {
        Some((got, expected)) => (got, expected),
        None => (rest, "something else"),
    };
    format!("expected {}, got {}", plain(expected), plain(got))
}

fn plain(kind: &str) -> &str {
    let kind = kind.trim_start_matches("a ").trim_start_matches("an ");
    let first = kind.split([' ', '`', '"']).next().unwrap_or(kind);
    match first {
        "string" | "borrowed" | "character" => "text",
        "integer" | "floating" | "i64" | "u64" | "u32" | "i32" | "f64" | "number" => "a number",
        "boolean" => "true or false",
        "sequence" => "a list",
        "map" | "struct" => "an object",
        "null" | "unit" => "nothing",
        _ => kind,
    }
}

fn without_place(message: &str) -> &str {
    message
        .rfind(" at line ")
        .map_or(message, |at| &message[..at])
}

/// The byte that line and column (both from 1) stand for.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    if line == 0 {
        return column;
    }
    let before: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line - 1)
        .map(<[u8]>::len)
        .sum();
    (before + column).min(body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(kind: &str, body: &[u8]) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        Reply::made(StatusCode::OK, headers, ByteString::try_from(body).unwrap())
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Page {
        entries: Vec<Entry>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Entry {
        name: String,
    }

    fn why(kind: &str, body: &[u8]) -> String {
        reply(kind, body).decode::<Page>().unwrap_err().to_string()
    }

    #[test]
    fn f_http_01_to_05_odd_bodies_are_named_for_what_they_are() {
        let json = "application/json";
        let cases: &[(&str, &[u8], &str)] = &[
            (
                "text/html; charset=utf-8",
                b"<html><head><title>Sign in</title></head></html>",
                "at the start: a web page (title \"Sign in\"), not JSON",
            ),
            (
                "text/html",
                b"{\"entries\":[]}",
                "at the start: a web page, not JSON",
            ),
            (
                json,
                b"<!DOCTYPE html><p>x",
                "at the start: a web page, not JSON",
            ),
            (
                json,
                b"",
                "at the start: the answer is empty; JSON was expected",
            ),
            (
                json,
                b"  \n",
                "at the start: the answer is empty; JSON was expected",
            ),
            (json, b"hello", "at byte 1 of 5: the answer is not JSON"),
            (
                json,
                b"{\"entries\":[{\"na",
                "at byte 16 of 16: the JSON ends too early",
            ),
            (
                json,
                b"{\"entries\":[]}{",
                "at byte 15 of 15: not valid JSON: trailing characters",
            ),
            (
                json,
                b"[]",
                "at the start: the list has another length than expected",
            ),
            (json, b"7", "at the start: expected an object, got a number"),
            (
                json,
                b"{\"entries\":{}}",
                "at entries: expected a list, got an object",
            ),
            (
                json,
                b"{\"entries\":[{\"name\":\"a\"},{\"name\":5}]}",
                "at entries[1].name: expected text, got a number",
            ),
        ];
        for (kind, body, end) in cases {
            let why = why(kind, body);
            assert!(
                why.ends_with(end),
                "{}: {why}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn f_http_05_json_without_a_type_is_still_read() {
        let mut reply = reply("text/plain", b"\xEF\xBB\xBF {\"entries\":[]}");
        reply.headers.clear();

        assert!(reply.decode::<Page>().is_ok());
    }

    #[test]
    fn f_http_25_deep_nesting_is_an_error_and_no_crash() {
        let body = "[".repeat(200_000);

        let error = reply("application/json", body.as_bytes()).decode::<serde_json::Value>();

        assert!(
            error.unwrap_err().to_string().contains("recursion limit"),
            "{body:.20}"
        );
    }

    #[test]
    fn the_value_that_was_there_is_not_in_the_error() {
        let why = why("application/json", b"{\"entries\":\"canary-secret\"}");

        assert!(!why.contains("canary"), "{why}");
    }

    #[test]
    fn words_come_from_where_servers_put_them() {
        let cases = [
            (
                r#"{"code":"400","message":"Maximum number"}"#,
                "Maximum number",
            ),
            (
                r#"{"error":"invalid_client","error_description":"bad"}"#,
                "invalid_client: bad",
            ),
            (r#"{"error":{"message":"deep"}}"#, "deep"),
            ("Token is Invalid.", "Token is Invalid."),
            ("", "ok"),
            ("<html><title>Down</title>", "a web page titled \"Down\""),
        ];
        for (body, words) in cases {
            assert_eq!(reply("text/plain", body.as_bytes()).words(), words);
        }
    }
}
