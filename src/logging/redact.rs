//! Secrets by their shape: the last net under the types that never show theirs.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use crate::model::text::display_safe;

/// The mark in the place of a secret.
const MARK: &str = "[redacted]";

/// The shapes of secrets, each with the part that is kept.
const SHAPES: [(&str, &str); 10] = [
    // PEM blocks, also with escaped newlines and cut off at their end.
    (
        r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|\z)",
        "",
    ),
    // Tokens in three parts (JWT), or five (JWE).
    (r"\beyJ[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*){1,4}", ""),
    // Authorization: Bearer …, Basic …, SSWS …
    (
        r#"(?i)\b(bearer|basic|negotiate|digest|ssws|dpop)(\s+|%20|\+)[^\s"',;]+"#,
        "$1 ",
    ),
    // Whole headers: everything up to the end of the line or of the quoted text.
    (
        r#"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization|x-api-key|x-cockroach-api-session|iplanetdirectorypro|x-openam-password)(["']?\s*[:=]\s*["']?)[^\r\n"]+"#,
        "$1$2",
    ),
    // name=value and "name": "value" of what is secret in any system, also escaped once.
    (
        r#"(?i)((?:\bsid|session_?id|session_?key|token_?id|token|secret|password|passwd|pwd|passphrase|assertion|api_?key|device_code|user_code|code_verifier|credential|auth_?id|\bhandle))(\\?["']?\s*(?:=|:|%3D|%3A)\s*\\?["']?)[^\s"'&,;)}\\]+"#,
        "$1$2",
    ),
    // The same for words that also have a plain meaning: only as a parameter or as JSON text.
    (
        r#"(?i)(code|state|nonce|sid|handle)((?:=|%3D)["']?|\\?"\s*:\s*\\?")[^\s"'&,;)}\\]+"#,
        "$1$2",
    ),
    // User and password in an address.
    (r#"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@"']+@"#, "$1"),
    // Keys that begin with a known mark.
    (r"\b(sk|pk|rk)_(live|test)_[A-Za-z0-9]{8,}", ""),
    // Session tokens that begin with the version of their format (AQIC…).
    (r"\bAQIC[A-Za-z0-9+/=_.*@-]{20,}", ""),
    // Long bare keys; a SHA-256 has 64 digits and stays.
    (r"\b[0-9a-fA-F]{80,}\b", ""),
];

/// All shapes in one search: most lines hold no secret.
static ANY_SHAPE: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(SHAPES.map(|(shape, _)| shape)).expect("each shape is a valid pattern")
});

/// Each shape by itself: a run that logs no secret never makes them.
static EACH_SHAPE: LazyLock<[(Regex, &str); 10]> = LazyLock::new(|| {
    SHAPES.map(|(shape, kept)| (Regex::new(shape).expect("it is a valid pattern"), kept))
});

/// A line of the log as it may be written: secrets taken out, hostile characters made visible, the
/// newline at its end kept.
pub fn redact(line: &str) -> String {
    let (body, end) = match line.strip_suffix('\n') {
        Some(body) => (body, "\n"),
        None => (line, ""),
    };
    if !ANY_SHAPE.is_match(body) {
        let mut safe = display_safe(body).into_owned();
        safe.push_str(end);
        return safe;
    }
    let mut text = body.to_owned();
    for (shape, kept) in EACH_SHAPE.iter() {
        let with = match *kept {
            "$1" => format!("$1{MARK}@"),
            kept => format!("{kept}{MARK}"),
        };
        text = shape.replace_all(&text, with.as_str()).into_owned();
    }
    let mut safe = display_safe(&text).into_owned();
    safe.push_str(end);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_secret_is_taken_out() {
        let cases = [
            "GET /x Bearer s3cret.value",
            "authorization: Bearer s3cret",
            "Authorization: \"Basic czNjcmV0OnMzY3JldA==s3cret\"",
            "bearer%20s3cret",
            "jwt eyJhbGciOiJIUzI1NiJ9.s3cret.s3cret_sig end",
            "https://h/p?sid=s3cret&x=1",
            "https://h/p?a=1&session_id=s3cret",
            "https://h/cb?code=s3cret&state=s3cret",
            "sessionId: s3cret",
            "{\"access_token\":\"s3cret\",\"x\":1}",
            "{\\\"refresh_token\\\":\\\"s3cret\\\"}",
            "{\"tokenId\": \"s3cret\"}",
            "redirect%3Fcode%3Ds3cret",
            "client_secret=s3cret",
            "user_code=s3cret device_code=s3cret",
            "Set-Cookie: session=s3cret; Path=/; HttpOnly",
            "cookie: a=1; JSESSIONID=s3cret",
            "headers={\"cookie\": \"iPlanetDirectoryPro=s3cret; b=s3cret\"}",
            "iPlanetDirectoryPro: s3cret",
            "X-Cockroach-API-Session: s3cret",
            "connect postgres://root:s3cret@db:26257/x",
            "https://s3cret@h/",
            "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\\ns3cret cut off",
            "password = \"s3cret\"",
        ];

        for case in cases {
            let found = redact(case);
            assert!(!found.contains("s3cret"), "{case} became {found}");
            assert!(found.contains(MARK), "{case} became {found}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let cases = [
            "GET https://idp.example.org/jans-config-api/api/v1/session?limit=200 200 14 ms",
            "tokens are renewed 60 s early",
            "the state folder is /home/ada/.local/state/usher",
            "profile prod signed in as help-desk@example.org",
            "request 1f2e3d4c took 14 ms, 2048 bytes",
            "the server answered with status code: 503, state: active",
        ];

        for case in cases {
            assert_eq!(redact(case), case);
        }
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(redact("one\ntwo\u{1b}[2J\n"), "one^Jtwo^[[2J\n");
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let once = redact("sid=abc Bearer def https://u:p@h/");

        assert_eq!(redact(&once), once);
    }
}
