//! What went wrong on the way, in words for people.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use tokio_rustls::rustls;
use url::Url;

use super::proxy::Proxy;
use super::trust::Refused;
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
pub(super) fn of_request(
    error: &reqwest::Error,
    host: &str,
    proxy: Option<&Proxy>,
    waited: Duration,
) -> ApiError {
    let host = host.to_owned();
    let texts = chain(error);
    if let Some(why) = certificate(error) {
        return ApiError::Tls { host, why };
    }
    if let Some(why) = handshake(&texts) {
        return ApiError::Handshake { host, why };
    }
    if error.is_builder() {
        return ApiError::Unreachable {
            host,
            why: last(&texts),
        };
    }
    if error.is_connect() {
        let why = if error.is_dns() {
            let missing = proxy.map(|proxy| format!("the proxy {proxy}"));
            let missing = missing.unwrap_or_else(|| format!("host {}", host_alone(&host)));
            return ApiError::Unreachable {
                host,
                why: format!("cannot find {missing}"),
            };
        } else if error.is_timeout() {
            format!("no connection within {}", seconds(waited))
        } else {
            cause(error, &texts)
        };
        let why = match proxy {
            Some(proxy) => of_proxy(proxy, &texts, &why),
            None => why,
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
            near: None,
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
            near: None,
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

/// What a proxy did not do for us.
fn of_proxy(proxy: &Proxy, texts: &[String], why: &str) -> String {
    let has = |words: &str| texts.iter().any(|text| text.contains(words));
    if has("proxy authorization required") {
        return format!(
            "the proxy {proxy} wants a login (407); give it as http://user:password@host:port in {}",
            proxy.variable
        );
    }
    if has("tunnel error") && !has("failed to create underlying connection") {
        return format!("the proxy {proxy} refuses to connect to it");
    }
    format!("through the proxy {proxy}: {why}")
}

/// The reason why the server's certificate was not accepted.
fn certificate(error: &reqwest::Error) -> Option<String> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return match error {
                rustls::Error::InvalidCertificate(reason) => Some(match Refused::of(error) {
                    Some(refused) => refused.to_string(),
                    None => clean(&reason.to_string()),
                }),
                rustls::Error::NoCertificatesPresented => Some("it shows none".to_owned()),
                _ => None,
            };
        }
        // An I/O error that wraps another one skips it among its causes.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The reason why a handshake failed that is not the server's certificate.
fn handshake(texts: &[String]) -> Option<String> {
    let text = texts.iter().rev().find(|text| {
        text.starts_with("received fatal alert")
            || text.starts_with("peer is incompatible")
            || text.starts_with("received corrupt message")
    })?;
    Some(handshake_reason(text))
}

fn handshake_reason(text: &str) -> String {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let refused = "the server refused our certificate (client_cert)";
    if says(&["CertificateRequired"]) {
        "the server wants a certificate of ours; name it with client_cert and client_key".into()
    } else if says(&["CertificateExpired"]) {
        format!("{refused}: it has expired")
    } else if says(&["CertificateRevoked"]) {
        format!("{refused}: it has been revoked")
    } else if says(&["UnknownCA"]) {
        format!("{refused}: it does not trust the issuer")
    } else if says(&[
        "BadCertificate",
        "CertificateUnknown",
        "UnsupportedCertificate",
        "AccessDenied",
        "DecryptError",
    ]) {
        refused.into()
    } else if says(&[
        "ProtocolVersion",
        "Tls12NotOffered",
        "ServerDoesNotSupportTls12Or13",
    ]) {
        "the server offers only old versions of TLS; 1.2 is the least".into()
    } else if says(&["InvalidContentType", "corrupt message"]) {
        "the server does not speak TLS here; is it http?".into()
    } else {
        clean(text)
    }
}

/// The head of the answer breaks the rules of HTTP.
fn malformed(texts: &[String]) -> Option<String> {
    const SIGNS: [&str; 4] = [
        "invalid HTTP",
        "invalid content-length",
        "transfer-encoding parsed",
        "message head is too large",
    ];
    let text = texts
        .iter()
        .find(|text| SIGNS.iter().any(|sign| text.contains(sign)))?;
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
