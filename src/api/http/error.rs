//! Errors of a request, in words for people.

use std::time::Duration;

use crate::api::net::{Proxy, causes, clean, of_io, of_tls};
use crate::model::text::with_thousands;
use crate::model::{Acted, ApiError, Code, Unreached};

/// The server answered with an error.
pub(crate) fn of_status(host: String, status: u16, message: String) -> ApiError {
    ApiError::Server {
        host,
        code: Code::Http(status),
        message,
        acted: if status >= 500 {
            Acted::Maybe
        } else {
            Acted::No
        },
        is_transient: matches!(status, 500 | 502 | 503 | 504),
        exchange: None,
    }
}

/// The request could not be sent, or no head of an answer came.
pub(super) fn of_request(
    error: &reqwest::Error,
    host: &str,
    proxy: Option<&Proxy>,
    waited: Duration,
) -> ApiError {
    let host = host.to_owned();
    if let Some(error) = of_tls(error, &host) {
        return error;
    }
    if error.is_builder() {
        return ApiError::Unreachable {
            host,
            cause: Unreached::Other,
            why: last(error),
            exchange: None,
        };
    }
    if error.is_connect() {
        return not_connected(error, host, proxy, waited);
    }
    if error.is_timeout() {
        return ApiError::Timeout {
            host,
            after: waited,
            acted: Acted::Maybe,
            exchange: None,
        };
    }
    let hyper = hyper_error(error);
    if let Some(error) = hyper.filter(|error| error.is_parse()) {
        return ApiError::Unexpected {
            host,
            near: None,
            at: "the start".into(),
            why: malformed(error),
            exchange: None,
        };
    }
    let why = if hyper.is_some_and(hyper::Error::is_incomplete_message) {
        "it was closed before an answer came".into()
    } else {
        of_io(error).map_or_else(|| last(error), |(_, why)| why.to_owned())
    };
    ApiError::Broken {
        host,
        why,
        exchange: None,
    }
}

/// No connection came about.
fn not_connected(
    error: &reqwest::Error,
    host: String,
    proxy: Option<&Proxy>,
    waited: Duration,
) -> ApiError {
    if error.is_dns() {
        let missing = proxy.map(|proxy| format!("the proxy {proxy}"));
        let missing = missing.unwrap_or_else(|| format!("host {}", host_alone(&host)));
        return ApiError::Unreachable {
            host,
            cause: Unreached::NoSuchName,
            why: format!("cannot find {missing}"),
            exchange: None,
        };
    }
    let (cause, why) = if error.is_timeout() {
        let why = format!("no connection within {}", seconds(waited));
        (Unreached::TimedOut, why)
    } else {
        match of_io(error) {
            Some((cause, why)) => (cause, why.to_owned()),
            None => (Unreached::Other, last(error)),
        }
    };
    let (cause, why) = match proxy {
        Some(proxy) => of_proxy(proxy, error).unwrap_or_else(|| {
            let why = format!("through the proxy {proxy}: {why}");
            (cause, why)
        }),
        None => (cause, why),
    };
    ApiError::Unreachable {
        host,
        cause,
        why,
        exchange: None,
    }
}

/// The body stopped before its end.
pub(super) fn of_body(error: &reqwest::Error, host: &str, got: u64, due: Option<u64>) -> ApiError {
    let host = host.to_owned();
    // With one of these, the connection ended before the answer did.
    if error.is_decode() && hyper_error(error).is_none() {
        return ApiError::Unexpected {
            host,
            near: None,
            at: format!("byte {}", with_thousands(got)),
            why: "the compressed answer is broken or cut off".into(),
            exchange: None,
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
    ApiError::Broken {
        host,
        why,
        exchange: None,
    }
}

/// The failure of HTTP among the causes of an error.
fn hyper_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The text of the deepest cause. That of the error itself is left out: it names the address, which may
/// hold an id.
fn last(error: &reqwest::Error) -> String {
    causes(error).skip(1).last().map_or_else(
        || "the request could not be built".to_owned(),
        |cause| clean(&cause.to_string()),
    )
}

/// The failure of a proxy. `None`: it was not reached, or broke off.
///
/// The error of the tunnel (hyper-util `TunnelError`) is not public, so that its texts are all there is.
fn of_proxy(proxy: &Proxy, error: &reqwest::Error) -> Option<(Unreached, String)> {
    let texts: Vec<String> = causes(error).skip(1).map(ToString::to_string).collect();
    let has = |words: &str| texts.iter().any(|text| text.contains(words));
    let why = if has("proxy authorization required") {
        format!(
            "the proxy {proxy} wants a login (407); give it as http://user:password@host:port in {}",
            proxy.variable
        )
    } else if has("tunnel error") && !has("failed to create underlying connection") {
        format!("the proxy {proxy} refuses to connect to it")
    } else {
        return None;
    };
    Some((Unreached::ProxyRefused, why))
}

/// The head of the answer breaks the rules of HTTP.
fn malformed(error: &hyper::Error) -> String {
    if error.is_parse_too_large() {
        "the headers of the answer are too large".into()
    } else {
        format!("this is not an HTTP answer ({})", clean(&error.to_string()))
    }
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
