//! The headers that show who sends a request, and which one it is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::model::ApiError;

/// A header map of one header that no log shows.
///
/// # Errors
/// As [`secret_value`].
pub(crate) fn secret_header(name: HeaderName, value: &str) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    headers.insert(name, secret_value(value)?);
    Ok(headers)
}

/// `Authorization: Bearer` with this token.
///
/// # Errors
/// As [`secret_value`].
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderMap, ApiError> {
    let value = SecretString::from(format!("Bearer {}", token.expose_secret()));
    secret_header(AUTHORIZATION, value.expose_secret())
}

/// A header value that no log shows.
///
/// # Errors
/// [`ApiError::Auth`] if the text cannot stand in a header.
pub(crate) fn secret_value(text: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ApiError::Auth {
        message: "the credential has characters in it that cannot be sent".into(),
        can_login: false,
        exchange: None,
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts these headers in the place of those of the same names.
pub(super) fn add_all(headers: &mut HeaderMap, more: &HeaderMap) {
    for name in more.keys() {
        headers.remove(name);
    }
    for (name, value) in more {
        headers.append(name.clone(), value.clone());
    }
}

/// A number for one request: 8 hex digits. They begin at random, and none comes twice in a process.
pub(super) fn request_id() -> String {
    static FIRST: OnceLock<u32> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let first = FIRST.get_or_init(|| getrandom::u32().unwrap_or_default());
    let number = first.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
    // Two neighbours must not look alike to somebody who searches a log.
    format!("{:08x}", number.wrapping_mul(0x9e37_79b1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_request_has_a_number_of_its_own() {
        let numbers: HashSet<String> = (0..10_000).map(|_| request_id()).collect();

        assert_eq!(numbers.len(), 10_000);
        let is_hex = |number: &String| {
            number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        assert!(numbers.iter().all(is_hex));
    }

    #[test]
    fn headers_take_the_place_of_those_of_the_same_name_and_keep_their_number() {
        let value = HeaderValue::from_static;
        let mut headers = HeaderMap::new();
        headers.insert("a", value("old"));
        headers.insert("b", value("stays"));
        let mut more = HeaderMap::new();
        more.append("a", value("1"));
        more.append("a", value("2"));

        add_all(&mut headers, &more);

        let of_a: Vec<_> = headers.get_all("a").iter().collect();
        assert_eq!(of_a, ["1", "2"]);
        assert_eq!(headers["b"], "stays");
    }
}
