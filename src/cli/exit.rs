//! How a command ends: its code, and the one sentence that says why.

use std::io;

use crate::model::text::{Ellipsis, MESSAGE_COLS, safe_cut};
use crate::model::{ApiError, Code};

/// Done.
pub(crate) const OK: u8 = 0;
/// Failed, and no better code fits.
pub(crate) const FAILED: u8 = 1;
/// Wrong usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// Some of it failed, or an outcome is unknown.
pub(crate) const PARTLY: u8 = 3;
/// Refused by usher itself.
pub(crate) const REFUSED: u8 = 5;
/// No such session, or nothing matched.
pub(crate) const NOTHING: u8 = 7;
/// The system does not allow it.
pub(crate) const NOT_ALLOWED: u8 = 9;

/// Ended by a signal: this and its number.
pub(crate) const BY_SIGNAL: u8 = 128;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code of the program.
    pub(crate) code: u8,
    /// The attempt, why it failed, and the next step. Empty: print nothing (the reader of a pipe
    /// has gone).
    pub(crate) message: String,
}

impl Failure {
    /// A failure with a code of its own.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Wrong usage or configuration.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// A request that failed: `what` was tried ("cannot list the sessions of prod").
    pub(crate) fn api(what: &str, profile: &str, error: &ApiError) -> Self {
        Self::new(error.exit_code(), sentence(what, profile, error))
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output. A reader that has gone (`| head`) is no failure.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(OK, ""),
            _ => Self::new(
                FAILED,
                format!("cannot write to standard output: {error}. Check the disk it is sent to."),
            ),
        }
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

/// One sentence about a failed request: what was tried, why it failed, and what to do.
pub(crate) fn sentence(what: &str, profile: &str, error: &ApiError) -> String {
    let why = reason(error);
    let why = why.trim_end_matches('.');
    format!("{what}: {why}. {}", remedy(profile, error))
}

/// Why a request failed, safe for a terminal, with the scope or role that is lacking.
pub(crate) fn reason(error: &ApiError) -> String {
    let mut text = error.to_string();
    if let ApiError::Forbidden {
        needs: Some(needs), ..
    } = error
        && !text.contains(needs.as_str())
    {
        text.push_str(&format!("; needs {needs}"));
    }
    safe_cut(&text, MESSAGE_COLS, Ellipsis::Sign).into_owned()
}

/// The next step, for somebody at a shell (the screen's advice names keys).
pub(crate) fn remedy(profile: &str, error: &ApiError) -> String {
    match error {
        ApiError::Timeout { .. } => {
            "Try again; raise timeout in the profile if the server is slow.".to_owned()
        }
        ApiError::Broken { .. } | ApiError::Partly { .. } => "Try again.".to_owned(),
        ApiError::Forgotten { .. } => "Run the command again.".to_owned(),
        ApiError::Auth {
            can_login: true, ..
        } => format!("Sign in with `usher login {profile}`."),
        ApiError::NotFound => "It has ended, or it never was there.".to_owned(),
        ApiError::BadQuery { .. } => {
            format!("Change the query; `usher systems -p {profile}` says what it answers.")
        }
        ApiError::Incomplete { ways, .. } if ways.is_empty() => "Add it to the query.".to_owned(),
        ApiError::Incomplete { .. } => "Choose one with --way, or narrow the query.".to_owned(),
        ApiError::RateLimited { .. } => {
            "Wait and try again; set rate in the profile to ask less often.".to_owned()
        }
        ApiError::Server {
            code: Code::Http(300..=399),
            ..
        } => error.advice().to_owned(),
        ApiError::Server { exchange, .. } => {
            let of = exchange.as_ref();
            let of = of.map_or(String::new(), |exchange| {
                format!(" of request {}", exchange.id)
            });
            format!("Try again; if it persists, see the server's log{of}.")
        }
        ApiError::Unsupported { .. } => {
            format!("`usher systems -p {profile}` says what this system can do.")
        }
        ApiError::Config { .. } => {
            "Correct the configuration file; `usher config check` reads it again.".to_owned()
        }
        ApiError::Cancelled => "Nothing more was sent.".to_owned(),
        other => other.advice().to_owned(),
    }
}

/// The code of several sources side by side: of all if they agree, else "partly".
pub(crate) fn code_of_all(codes: &[u8]) -> u8 {
    match codes.split_first() {
        None => OK,
        Some((first, rest)) if rest.iter().all(|code| code == first) => *first,
        Some(_) if codes.contains(&OK) || codes.contains(&PARTLY) => PARTLY,
        Some((first, _)) => *first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_request_says_what_why_and_what_to_do() {
        let error = ApiError::Auth {
            message: "the token expired".into(),
            can_login: true,
            exchange: None,
        };

        let failure = Failure::api("cannot list the sessions of prod", "prod", &error);

        assert_eq!(failure.code, 4);
        assert_eq!(
            failure.message,
            "cannot list the sessions of prod: the token expired. Sign in with `usher login prod`."
        );
    }

    #[test]
    fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is() {
        let gone = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull));

        assert_eq!((gone.code, gone.message.as_str()), (OK, ""));
        assert_eq!(full.code, FAILED);
        assert!(full.message.contains("standard output"), "{}", full.message);
    }

    #[test]
    fn the_code_of_several_sources_tells_whether_some_worked() {
        for (codes, code) in [
            (&[][..], OK),
            (&[0, 0], OK),
            (&[6, 6], 6),
            (&[0, 6], PARTLY),
            (&[6, 4], 6),
            (&[4, 3], PARTLY),
        ] {
            assert_eq!(code_of_all(codes), code, "{codes:?}");
        }
    }
}
