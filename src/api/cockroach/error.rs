//! The meaning of the errors of CockroachDB. The states of SQL are those of PostgreSQL, and `XXUUU` for what
//! has no state.
//! Source: CockroachDB `pkg/sql/pgwire/pgcode/codes.go`.

use crate::model::{Acted, ApiError, Code, SqlState};

/// The words of the gate on system tables (servers since v25.4).
/// Source: CockroachDB `pkg/sql/unsafesql`.
const GATE: &str = "Access to crdb_internal and system is restricted";
/// The words of an answer that is larger than the request allows.
const TOO_LARGE: &str = "max result size exceeded";

/// An error of SQL. `words` are the server's, cleaned and without our secrets.
pub(super) fn of_sql(host: &str, state: &str, words: &str) -> ApiError {
    let message = without_prefixes(words).to_owned();
    let code = SqlState::read(state).map_or(Code::None, Code::Sql);
    let server = |acted, is_transient| ApiError::Server {
        host: host.to_owned(),
        code: code.clone(),
        message: message.clone(),
        acted,
        is_transient,
        exchange: None,
    };
    match (state, state.get(..2).unwrap_or_default()) {
        ("42501", _) if message.contains(GATE) => ApiError::Forbidden {
            message,
            needs: Some("allow_unsafe_internals".into()),
            exchange: None,
        },
        ("42501", _) => ApiError::Forbidden {
            message,
            needs: None,
            exchange: None,
        },
        (_, "28") => ApiError::Auth {
            message,
            can_login: false,
            exchange: None,
        },
        // The result of a commit is not known.
        ("40003", _) => server(Acted::Maybe, true),
        // The transaction was rolled back.
        (_, "40") => server(Acted::No, true),
        // A statement that took too long is rolled back; so is one that was cancelled.
        ("57014", _) => server(Acted::No, true),
        (_, "57" | "08" | "58") => server(Acted::Maybe, true),
        (_, "53") => server(Acted::No, true),
        _ if message.contains("server is shutting down") => server(Acted::Maybe, true),
        // Text that the server cannot hold.
        ("22021" | "22P05", _) => ApiError::BadQuery {
            message,
            field: None,
            exchange: None,
        },
        _ => server(Acted::No, false),
    }
}

/// True if the same statement can succeed at once: another transaction came between.
pub(super) fn is_retryable(error: &ApiError) -> bool {
    has_state(error, "40001")
}

/// True if the answer has more bytes than the request allows. A change is rolled back then.
pub(super) fn is_too_large(error: &ApiError) -> bool {
    matches!(error, ApiError::Server { message, .. } if message.contains(TOO_LARGE))
}

/// True if the error has this state.
pub(super) fn has_state(error: &ApiError, state: &str) -> bool {
    match error {
        ApiError::Server {
            code: Code::Sql(found),
            ..
        } => found.to_string() == state,
        _ => false,
    }
}

/// The words without what only says where in the server they come from.
/// Source: the DB Console leaves the same out.
fn without_prefixes(words: &str) -> &str {
    let mut rest = words;
    if let Some(tail) = rest.strip_prefix("executing stmt ") {
        let digits = tail.trim_start_matches(|letter: char| letter.is_ascii_digit());
        rest = digits.strip_prefix(": ").unwrap_or(rest);
    }
    rest.strip_prefix("run-query-via-api: ").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_says_what_became_of_the_statement() {
        for (state, words, class, may_have_acted, is_transient) in [
            (
                "42501",
                "user x does not have SELECT privilege",
                "forbidden",
                false,
                false,
            ),
            (
                "28P01",
                "password authentication failed",
                "auth",
                false,
                false,
            ),
            ("40001", "restart transaction", "server", false, true),
            ("40003", "result is ambiguous", "server", true, true),
            ("57014", "query execution canceled", "server", false, true),
            ("57P01", "server is shutting down", "server", true, true),
            ("XXUUU", "server is shutting down", "server", true, true),
            ("XXUUU", "max result size exceeded", "server", false, false),
            (
                "42P01",
                "relation \"x\" does not exist",
                "server",
                false,
                false,
            ),
            ("22021", "invalid byte sequence", "bad_query", false, false),
            ("", "odd", "server", false, false),
        ] {
            let error = of_sql("db:8080", state, words);

            let seen = (error.class(), error.may_have_acted(), error.is_transient());
            assert_eq!(
                seen,
                (class, may_have_acted, is_transient),
                "{state} {words}"
            );
        }
        let gate = "Access to crdb_internal and system is restricted.";
        let ApiError::Forbidden { needs, .. } = of_sql("db", "42501", gate) else {
            panic!("not refused");
        };
        assert_eq!(needs.as_deref(), Some("allow_unsafe_internals"));
    }

    #[test]
    fn words_are_shown_without_the_servers_own_places() {
        for (words, shown) in [
            (
                "executing stmt 1: run-query-via-api: relation \"x\"",
                "relation \"x\"",
            ),
            (
                "executing stmt 12: max result size exceeded",
                "max result size exceeded",
            ),
            ("executing stmt: odd", "executing stmt: odd"),
            (
                "parsing statement 1: syntax error",
                "parsing statement 1: syntax error",
            ),
        ] {
            assert_eq!(without_prefixes(words), shown);
        }
    }
}
