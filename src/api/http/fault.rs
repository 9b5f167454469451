//! What went wrong on the way, in words for people.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::model::ApiError;
use crate::model::text::display_safe;

/// Longest text of a server that an error carries, in characters.
pub const LONGEST_WORDS: usize = 300;

/// Host and port, as errors name them.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Text of a server, cleaned for people and cut.
pub fn clean(text: &str) -> String {
    // What is far beyond the cut need not be cleaned.
    let head: String = text.trim().chars().take(LONGEST_WORDS + 1).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = display_safe(&line);
    if safe.chars().count() <= LONGEST_WORDS {
        return safe.into_owned();
    }
    let mut cut: String = safe.chars().take(LONGEST_WORDS - 1).collect();
    cut.push('…');
    cut
}

/// The request could not be sent, or no head of an answer came.
pub(super) fn of_request(error: &reqwest::Error, host: &str, waited: Duration) -> ApiError {
    let host = host.to_owned();
    let texts = chain(error);
    if let Some(why) = certificate(&texts) {
        return ApiError::Tls { host, why };
    }
    if error.is_builder() {
        return ApiError::Unreachable {
            host,
            why: last(&texts),
        };
    }
    if error.is_connect() {
        let why = if error.is_dns() {
            format!("cannot find host {}", host_alone(&host))
        } else if error.is_timeout() {
            format!("no connection within {}", seconds(waited))
        } else {
            cause(error, &texts)
        };
        return ApiError::Unreachable { host, why };
    }
    if error.is_timeout() {
        return ApiError::Timeout {
            host,
            after: waited,
            sent: true,
        };
    }
    if let Some(why) = malformed(&texts) {
        return ApiError::Unexpected {
            host,
            at: "the start".into(),
            why,
        };
    }
    ApiError::Broken {
        host,
        why: if texts
            .iter()
            .any(|text| text.contains("connection closed before message completed"))
        {
            "it was closed before an answer came".into()
        } else {
            cause(error, &texts)
        },
    }
}

/// The body stopped before its end.
pub(super) fn of_body(error: &reqwest::Error, host: &str, got: u64, due: Option<u64>) -> ApiError {
    let host = host.to_owned();
    let texts = chain(error);
    let compressed = texts.iter().any(|text| {
        [
            "gzip",
            "deflate",
            "corrupt",
            "unexpected end of file",
            "checksum",
        ]
        .iter()
        .any(|sign| text.to_ascii_lowercase().contains(sign))
    });
    let is_io = texts
        .iter()
        .any(|text| text.contains("end of file before message length"));
    if error.is_decode() && compressed && !is_io {
        return ApiError::Unexpected {
            host,
            at: format!("byte {}", grouped(got)),
            why: "the compressed answer is broken or cut off".into(),
        };
    }
    let why = match due {
        Some(due) => format!(
            "the answer was cut off after {} of {} bytes",
            grouped(got),
            grouped(due)
        ),
        None => format!("the answer was cut off after {} bytes", grouped(got)),
    };
    ApiError::Broken { host, why }
}

/// The texts of an error and of its causes. The address is left out: it may hold an id.
fn chain(error: &reqwest::Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

fn last(texts: &[String]) -> String {
    texts.last().map_or_else(
        || "the request could not be built".to_owned(),
        |text| clean(text),
    )
}

/// The deepest I/O cause in plain words.
fn cause(error: &reqwest::Error, texts: &[String]) -> String {
    let mut kind = None;
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if io.raw_os_error() == Some(24) {
                return "too many open files".into();
            }
            kind = Some(io.kind());
        }
        source = error.source();
    }
    let text = texts.join(" ");
    if text.contains("proxy authorization required") {
        return "the proxy asks for a login (407)".into();
    }
    if text.contains("tunnel") {
        return format!("the proxy refused the connection: {}", last(texts));
    }
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".into(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset".into(),
        Some(io::ErrorKind::ConnectionAborted) => "connection aborted".into(),
        Some(io::ErrorKind::HostUnreachable) => "host unreachable".into(),
        Some(io::ErrorKind::NetworkUnreachable) => "network unreachable".into(),
        Some(io::ErrorKind::TimedOut) => "no answer from the network".into(),
        Some(io::ErrorKind::PermissionDenied) => "not permitted by this machine".into(),
        Some(io::ErrorKind::AddrNotAvailable) => "no free address or port on this machine".into(),
        Some(io::ErrorKind::UnexpectedEof) => "closed during the handshake".into(),
        Some(io::ErrorKind::BrokenPipe) => "closed while we were sending".into(),
        _ => last(texts),
    }
}

/// The reason why a certificate or a handshake was not accepted.
fn certificate(texts: &[String]) -> Option<String> {
    let text = texts.iter().rev().find_map(|text| {
        text.find("invalid peer certificate: ")
            .map(|at| &text[at..])
    });
    if let Some(text) = text {
        let reason = text.trim_start_matches("invalid peer certificate: ");
        return Some(certificate_reason(reason));
    }
    let text = texts.iter().rev().find(|text| {
        text.starts_with("received fatal alert")
            || text.starts_with("peer is incompatible")
            || text.starts_with("received corrupt message")
            || text.starts_with("peer sent no certificates")
    })?;
    Some(handshake_reason(text))
}

fn certificate_reason(reason: &str) -> String {
    if let Some(rest) = reason.strip_prefix("certificate expired: ") {
        return match unix_after(rest, "not valid after ") {
            Some(at) => format!("it expired at {}", at.format("%Y-%m-%d %H:%M UTC")),
            None => "it has expired".into(),
        };
    }
    if let Some(rest) = reason.strip_prefix("certificate not valid yet: ") {
        return match unix_after(rest, "not valid before ") {
            Some(at) => format!("it is not valid before {}", at.format("%Y-%m-%d %H:%M UTC")),
            None => "it is not valid yet".into(),
        };
    }
    if let Some(rest) = reason.strip_prefix("certificate not valid for name ") {
        let names = rest.split("is only valid for ").nth(1);
        return match names {
            Some(names) => format!("it is made out to {}", clean(names)),
            None => "it is made out to another name".into(),
        };
    }
    match reason {
        "Expired" => "it has expired".into(),
        "NotValidYet" => "it is not valid yet".into(),
        "UnknownIssuer" => "its issuer is not trusted (self-signed, or a private authority)".into(),
        "NotValidForName" => "it is made out to another name".into(),
        "Revoked" => "it has been revoked".into(),
        "BadSignature" => "its signature is wrong".into(),
        other if other.contains("CaUsedAsEndEntity") => {
            "an authority's certificate is used as that of a server".into()
        }
        other => clean(other),
    }
}

fn unix_after(text: &str, mark: &str) -> Option<DateTime<Utc>> {
    let rest = text.split(mark).nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    DateTime::from_timestamp(digits.parse().ok()?, 0)
}

fn handshake_reason(text: &str) -> String {
    if text.contains("CertificateRequired") {
        "the server wants a certificate of ours (client_cert)".into()
    } else if text.contains("UnknownCA")
        || text.contains("BadCertificate")
        || text.contains("CertificateUnknown")
        || text.contains("AccessDenied")
    {
        "the server refused our certificate".into()
    } else if text.contains("ProtocolVersion") || text.contains("Tls12NotOffered") {
        "the server offers only old versions of TLS; 1.2 is the least".into()
    } else if text.contains("InvalidContentType") || text.contains("corrupt message") {
        "the server does not speak TLS here; is it http?".into()
    } else {
        clean(text)
    }
}

/// The head of the answer breaks the rules of HTTP.
fn malformed(texts: &[String]) -> Option<String> {
    let text = texts
        .iter()
        .find(|text| text.contains("invalid HTTP") || text.contains("message head is too large"))?;
    Some(if text.contains("too large") {
        "the head of the answer is too large".into()
    } else {
        format!("this is not an answer in HTTP ({})", clean(text))
    })
}

fn host_alone(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 || time.as_secs() >= 10 {
        format!("{} s", time.as_secs())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// A number with a comma after each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_against_a_certificate_read_as_sentences() {
        let cases = [
            (
                "UnknownIssuer",
                "its issuer is not trusted (self-signed, or a private authority)",
            ),
            (
                "certificate expired: verification time 1700000000 (UNIX), but certificate is not valid after 1699990000 (10000 seconds ago)",
                "it expired at 2023-11-14 19:26 UTC",
            ),
            (
                "certificate not valid for name \"a.example\"; certificate is only valid for DnsName(\"b.example\")",
                "it is made out to DnsName(\"b.example\")",
            ),
        ];
        for (reason, words) in cases {
            assert_eq!(certificate_reason(reason), words, "{reason}");
        }
    }

    #[test]
    fn long_text_of_a_server_is_cut_and_on_one_line() {
        let text = format!("first\nsecond {}", "x".repeat(1000));

        let words = clean(&text);

        assert!(words.starts_with("first second xxx"), "{words}");
        assert!(words.chars().count() <= LONGEST_WORDS, "{}", words.len());
        assert!(words.ends_with('…'));
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (2048, "2,048"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
