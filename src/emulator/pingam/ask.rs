//! A request taken apart: realm, resource, parameters, versions, body.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};
use serde_json::Value;

use super::answer::Failure;
use super::version::{Version, Wanted};
use crate::emulator::fault::AuthFault;

/// Protocol without a wish.
const LATEST_PROTOCOL: Version = Version::of(2, 1);

/// One request.
pub(super) struct Ask {
    pub(super) method: Method,
    /// Index of the realm of the address.
    pub(super) realm: usize,
    /// Segments behind the realm, decoded.
    pub(super) resource: Vec<String>,
    /// Parameters of the query, decoded, in their order.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) wanted: Wanted,
    pub(super) body: Bytes,
    pub(super) fault: Option<AuthFault>,
}

impl Ask {
    /// The first value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The fields that the answer is to have. `None`: all.
    pub(super) fn fields(&self) -> Option<Vec<&str>> {
        let list = self.parameter("_fields")?;
        Some(list.split(',').map(str::trim).collect())
    }

    /// The protocol version that holds.
    pub(super) fn protocol(&self) -> Version {
        self.wanted.protocol.unwrap_or(LATEST_PROTOCOL)
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value.trim_matches('"'))
    }

    /// The body as JSON; an empty one is an empty object.
    ///
    /// # Errors
    /// Another content type, or text that is not JSON.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        let kind = self.header("content-type").unwrap_or("application/json");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind != "application/json" && !self.body.is_empty() {
            return Err(Failure::new(
                400,
                format!(
                    "The request could not be processed because it specified the content-type '{kind}' when only \
                     the content-type 'application/json' and 'multipart/form-data' are supported"
                ),
            ));
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::new(
                400,
                "The request could not be processed because the provided content is not valid JSON",
            )
            .with_detail(&format!(
                "Unexpected character or end-of-input\n at [Source: (org.forgerock.http.io.BranchingStreamWrapper); \
                 line: {}, column: {}]",
                error.line(),
                error.column()
            ))
        })
    }

    /// The checks of the REST framework, made before anything else.
    ///
    /// # Errors
    /// A protocol that does not exist, parameters that exclude each other or are no numbers, a broken body.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let protocol = self.protocol();
        if protocol.major > 2 {
            let text = format!("Unsupported major version: {protocol}");
            return Err(Failure::new(400, text));
        }
        if protocol.minor > 1 {
            let text = format!("Unsupported minor version: {protocol}");
            return Err(Failure::new(400, text));
        }
        for (one, other) in [
            ("_queryId", "_queryFilter"),
            ("_queryExpression", "_queryFilter"),
            ("_pagedResultsOffset", "_pagedResultsCookie"),
        ] {
            if self.parameter(one).is_some() && self.parameter(other).is_some() {
                let text = format!("The parameters {one} and {other} are mutually exclusive");
                return Err(Failure::new(400, text));
            }
        }
        for name in ["_pageSize", "_pagedResultsOffset"] {
            if let Some(value) = self.parameter(name)
                && value.parse::<i32>().is_err()
            {
                let text = format!(
                    "The value '{value}' for parameter '{name}' could not be parsed as a valid integer"
                );
                return Err(Failure::new(400, text));
            }
        }
        Ok(())
    }
}

/// Parameters of a query string, decoded.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_in_their_order() {
        let given = parameters("_action=logout&tokenId=a%2Ab%2B&x=+y&flag");

        let expected = [
            ("_action", "logout"),
            ("tokenId", "a*b+"),
            ("x", " y"),
            ("flag", ""),
        ];
        let given = given.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        assert_eq!(given.collect::<Vec<_>>(), expected);
    }
}
