//! A request taken apart.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};

use crate::emulator::fault::AuthFault;

/// One request.
pub(super) struct Ask {
    pub(super) method: Method,
    /// Segments of the path, decoded.
    pub(super) segments: Vec<String>,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) fault: Option<AuthFault>,
}

impl Ask {
    /// The API key. The word before it may be written in any case.
    pub(super) fn key(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    }
}

/// The parameters of a query, decoded, in their order.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(text: &str) -> Self {
        Query(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that is a list: joined by commas (the documented form), repeated, or repeated
    /// with `[]` behind the name.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let own = |n: &str| n == name || n.strip_suffix("[]") == Some(name);
        self.0
            .iter()
            .filter(|(n, _)| own(n))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_all_three_forms() {
        for text in [
            "events=a%2Cb",
            "events=a&events=b",
            "events[]=a&events%5B%5D=b",
        ] {
            assert_eq!(Query::of(text).list("events"), ["a", "b"], "{text}");
        }
        assert!(Query::of("events=&event=a").list("events").is_empty());
    }
}
