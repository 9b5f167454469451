//! One request and what came back, for whoever has to find it in the server's log.

use std::time::Duration;

/// A request as it was sent, without ids, query and credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// The path, with `{}` in place of every id.
    pub path: String,
    /// HTTP status. `None`: no whole answer came.
    pub status: Option<u16>,
    /// From sending it to the end of its answer, or of waiting for it.
    pub took: Duration,
    /// The value of `x-request-id`.
    pub id: String,
}

impl Exchange {
    /// "GET /jans-config-api/… answered 401 after 88 ms; request id 4f1c09aa".
    pub fn words(&self) -> String {
        let Self {
            method, path, id, ..
        } = self;
        let after = format!("after {} ms", self.took.as_millis());
        let answer = match self.status {
            Some(status) => format!("answered {status} {after}"),
            None => format!("had no whole answer {after}"),
        };
        format!("{method} {path} {answer}; request id {id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ApiError;

    #[test]
    fn an_exchange_reads_as_a_sentence() {
        let mut exchange = Exchange {
            method: "GET".into(),
            path: "/api/session/{}".into(),
            status: Some(401),
            took: Duration::from_millis(88),
            id: "4f1c09aa".into(),
        };

        assert_eq!(
            exchange.words(),
            "GET /api/session/{} answered 401 after 88 ms; request id 4f1c09aa"
        );
        exchange.status = None;
        assert_eq!(
            exchange.words(),
            "GET /api/session/{} had no whole answer after 88 ms; request id 4f1c09aa"
        );
    }

    #[test]
    fn an_error_keeps_the_request_that_it_names_first() {
        let exchange = |path: &str| Exchange {
            method: "GET".into(),
            path: path.into(),
            status: None,
            took: Duration::ZERO,
            id: "4f1c09aa".into(),
        };
        let broken = ApiError::Broken {
            host: "idp".into(),
            why: "reset".into(),
            exchange: None,
        };

        let error = broken.with_exchange(&exchange("/first"));
        let error = error.with_exchange(&exchange("/second"));

        assert_eq!(error.exchange(), Some(&exchange("/first")));
        let cancelled = ApiError::Cancelled.with_exchange(&exchange("/first"));
        assert_eq!(cancelled.exchange(), None);
    }
}
