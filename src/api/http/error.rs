//! What went wrong with a request, in words for people.

use std::error::Error as _;
use std::time::Duration;

use crate::api::net::{Proxy, clean, of_io, of_tls};
use crate::model::ApiError;
use crate::model::text::with_thousands;

/// The request could not be sent, or no head of an answer came.
pub(super) fn of_request(
    error: &reqwest::Error,
    host: &str,
    proxy: Option<&Proxy>,
    waited: Duration,
) -> ApiError {
    let host = host.to_owned();
    let texts = chain(error);
    if let Some(error) = of_tls(error, &host) {
        return error;
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
            at: format!("byte {}", with_thousands(got)),
            why: "the compressed answer is broken or cut off".into(),
        };
    }
    let why = match due {
        Some(due) => format!(
            "the answer was cut off after {} of {} bytes",
            with_thousands(got),
            with_thousands(due)
        ),
        None => format!("the answer was cut off after {} bytes", with_thousands(got)),
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

/// The cause in plain words.
fn cause(error: &reqwest::Error, texts: &[String]) -> String {
    of_io(error).map_or_else(|| last(texts), str::to_owned)
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
