//! The headers that show who sends a request.

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
