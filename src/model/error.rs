//! Errors between usher and a remote system, in words for the person on duty.

use std::borrow::Cow;
use std::time::Duration;

use super::exchange::Exchange;
use super::failure::{Acted, Code, LimitedBy, Unreached};
use super::query::Field;
use super::time;
use super::way::Way;

/// How long a wait that a server asks for is sat through without asking the operator.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A failed request. Text that a server sent is already cleaned by `display_safe` and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No connection: name not found, refused, unreachable. Nothing was sent.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The cause, for decisions.
        cause: Unreached,
        /// The cause in words.
        why: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// No answer, or the answer stopped before its end.
    #[error("{host} did not answer within {}", time::span(*after))]
    Timeout {
        /// Host and port.
        host: String,
        /// How long we waited.
        after: Duration,
        /// Whether the server may have acted on it. Not if it was never sent.
        acted: Acted,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The connection broke after the request was sent.
    #[error("the connection to {host} was lost: {why}")]
    Broken {
        /// Host and port.
        host: String,
        /// The cause in words ("after 512 of 2,048 bytes").
        why: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The server's certificate was not accepted.
    #[error("the certificate of {host} was not accepted: {why}")]
    Tls {
        /// Host and port.
        host: String,
        /// The reason, and what the certificate says of itself.
        why: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// TLS failed for another reason: our own certificate, or the version.
    #[error("no secure connection to {host}: {why}")]
    Handshake {
        /// Host and port.
        host: String,
        /// The cause in words.
        why: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// Sign-in needed or refused (401).
    #[error("{message}")]
    Auth {
        /// The server's words.
        message: String,
        /// True if signing in again can help.
        can_login: bool,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The operator may not do that: scope or role lacking.
    #[error("not allowed: {message}")]
    Forbidden {
        /// The server's words.
        message: String,
        /// The scope or role that is lacking, if the server names it.
        needs: Option<String>,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// No session has this id.
    #[error("no such session")]
    NotFound,
    /// The server does not know the address we asked.
    #[error("{host} has no {path}: {message}")]
    NoEndpoint {
        /// Host and port.
        host: String,
        /// The path that was asked.
        path: String,
        /// The server's words.
        message: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The server, or we for it, refused the search.
    #[error("the server refused the search: {message}")]
    BadQuery {
        /// The server's words.
        message: String,
        /// The field it is about, if that is known.
        field: Option<Field>,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The system cannot answer the search as it is: something is to be added or chosen. No session was
    /// asked for.
    #[error("{message}")]
    Incomplete {
        /// The missing input, in one sentence without a full stop.
        message: String,
        /// The field to fill in. `None`: several would do, or none.
        field: Option<Field>,
        /// The ways to choose from. Empty: there is nothing to choose.
        ways: Vec<Way>,
    },
    /// The server, or we for it, refused what an action was asked to do.
    #[error("refused: {message}")]
    BadAction {
        /// The server's words.
        message: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The server asks for fewer requests, or for a pause: 429, or 503 and 408 with a time. The
    /// request was not carried out.
    #[error("{}", busy(host, code, *after))]
    RateLimited {
        /// Host and port.
        host: String,
        /// The server's code for it.
        code: Code,
        /// How long the server asks us to wait. `None`: it does not say.
        after: Option<Duration>,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The server answered with an error.
    #[error("{host} answered {code}: {message}")]
    Server {
        /// Host and port.
        host: String,
        /// The server's code for it.
        code: Code,
        /// The server's words.
        message: String,
        /// Whether it may have acted on the request all the same.
        acted: Acted,
        /// True if the same request can succeed a moment later, with nothing changed.
        is_transient: bool,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The answer has not the form that the server's documentation describes.
    #[error("{host} sent something unexpected at {at}: {why}")]
    Unexpected {
        /// Host and port.
        host: String,
        /// Where in the answer (`entries[3].expirationDate`, `byte 512`).
        at: String,
        /// The expected form and the one received.
        why: String,
        /// The text around that place, cleaned and without secrets; for the error in full only. `None`: it
        /// does not help.
        near: Option<String>,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// A part of the system (a realm) failed; the answers and changes of the other parts are valid.
    #[error("{message}")]
    Partly {
        /// Which part, why, and what became of the others.
        message: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// The server no longer knows the list that it was handing out page by page.
    #[error("the server forgot this listing ({host} answered {code}: {message})")]
    Forgotten {
        /// Host and port.
        host: String,
        /// The server's code for it.
        code: Code,
        /// The server's words.
        message: String,
        /// The request that failed. `None`: no request caused it, or the protocol has none.
        exchange: Option<Box<Exchange>>,
    },
    /// This system cannot do that.
    #[error("{what} is not possible with {limit}")]
    Unsupported {
        /// The operation that was asked for.
        what: Cow<'static, str>,
        /// The reason why it is not possible.
        limit: LimitedBy,
    },
    /// The profile is read-only; nothing was sent.
    #[error("profile {0} is read-only")]
    ReadOnly(String),
    /// The profile cannot be used as it is written; nothing was sent.
    #[error("profile {profile}: {why}")]
    Config {
        /// Name of the profile.
        profile: String,
        /// The mistake and its remedy.
        why: String,
    },
    /// The change could not be written into the audit log first; nothing was sent.
    #[error("nothing was changed: {0}")]
    NoAudit(String),
    /// The operator gave up (Esc, Ctrl-C); nothing more was sent.
    #[error("cancelled")]
    Cancelled,
}

/// The sentence about a server that asks for fewer requests.
fn busy(host: &str, code: &Code, after: Option<Duration>) -> String {
    let why = match code {
        Code::Http(429) => " (too many requests)",
        Code::Http(503) => " (service unavailable)",
        _ => "",
    };
    match after {
        // Rounded up: a second too early would be refused again.
        Some(after) => {
            let seconds = after
                .as_secs()
                .saturating_add(u64::from(after.subsec_nanos() > 0));
            let wait = time::span(Duration::from_secs(seconds));
            format!("{host} answered {code}{why} and asks to wait {wait}")
        }
        None => format!("{host} answered {code}{why}"),
    }
}

impl ApiError {
    /// The ways to list of which one has to be chosen. Empty: it is another error, or there is nothing to choose.
    pub fn ways(&self) -> &[Way] {
        match self {
            Self::Incomplete { ways, .. } => ways,
            _ => &[],
        }
    }

    /// The request that failed. `None`: no request caused it, or nobody knows which.
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Unreachable { exchange, .. }
            | Self::Timeout { exchange, .. }
            | Self::Broken { exchange, .. }
            | Self::Tls { exchange, .. }
            | Self::Handshake { exchange, .. }
            | Self::Auth { exchange, .. }
            | Self::Forbidden { exchange, .. }
            | Self::NoEndpoint { exchange, .. }
            | Self::BadQuery { exchange, .. }
            | Self::BadAction { exchange, .. }
            | Self::RateLimited { exchange, .. }
            | Self::Server { exchange, .. }
            | Self::Unexpected { exchange, .. }
            | Self::Partly { exchange, .. }
            | Self::Forgotten { exchange, .. } => exchange.as_deref(),
            Self::NotFound
            | Self::Incomplete { .. }
            | Self::Unsupported { .. }
            | Self::ReadOnly(_)
            | Self::Config { .. }
            | Self::NoAudit(_)
            | Self::Cancelled => None,
        }
    }

    /// The request that failed, to be changed. `None`: as with [`exchange`](Self::exchange).
    pub fn exchange_mut(&mut self) -> Option<&mut Exchange> {
        self.place_of_exchange()?.as_deref_mut()
    }

    /// The same error, caused by this request. An error that names its request already keeps it, and one
    /// that no request can cause stays as it is.
    #[must_use]
    pub fn with_exchange(mut self, caused_by: &Exchange) -> Self {
        if let Some(exchange) = self.place_of_exchange() {
            exchange.get_or_insert_with(|| Box::new(caused_by.clone()));
        }
        self
    }

    /// The next step for the operator, as one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "Check the url of the profile, the network and the proxy.",
            Self::Timeout { .. } => {
                "Try again with r; raise timeout in the profile if the server is slow."
            }
            Self::Broken { .. } => "Try again with r; the rows that arrived stay.",
            Self::Tls { .. } => "Name the right certificate authority with ca_file in the profile.",
            Self::Handshake { .. } => {
                "Check url, client_cert and client_key in the profile. Keys of both sides are RSA, ECDSA on \
                 P-256 or P-384, or Ed25519."
            }
            Self::Auth {
                can_login: true, ..
            } => "Press r to sign in again.",
            Self::Auth { .. } => "Check the credentials of the profile.",
            Self::Forbidden { .. } => "Ask for that scope or role, or use a profile that has it.",
            Self::NotFound => "It has ended, or it never was there; search again with r.",
            Self::NoEndpoint { .. } => {
                "Check the url of the profile and the version of the server."
            }
            Self::BadQuery { .. } => "Change the search and press Enter.",
            Self::Incomplete { ways, .. } if ways.is_empty() => {
                "Add it to the search and press Enter."
            }
            Self::Incomplete { .. } => "Choose a way to list, or narrow the search.",
            Self::BadAction { .. } => "Look at what was asked for, and try again.",
            Self::RateLimited { .. } => {
                "Wait so long; r asks now all the same. Set rate in the profile to ask less often."
            }
            Self::Server {
                code: Code::Http(300..=399),
                ..
            } => "Check the url of the profile; a redirect to another address is never followed.",
            Self::Server { .. } => "Try again with r; if it persists, see the server's log.",
            Self::Unexpected { .. } => {
                "Check the url of the profile; a proxy or another version may have answered."
            }
            Self::Partly { .. } => "Try again with r; if it persists, see the server's log.",
            Self::Forgotten { .. } => "Press r to start again; the rows that arrived stay.",
            Self::Unsupported { .. } => "The help (?) says what this system can do.",
            Self::ReadOnly(_) => "Use a profile without read_only, or start without --read-only.",
            Self::Config { .. } => "Correct the configuration file (Ctrl-P, F4) and try again.",
            Self::NoAudit(_) => {
                "Mend the state folder; audit = \"best_effort\" in the profile sends all the same."
            }
            Self::Cancelled => "Press r to try again.",
        }
    }

    /// True if the same request can succeed a moment later, with nothing changed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::RateLimited { .. } => true,
            Self::Server { is_transient, .. } => *is_transient,
            _ => false,
        }
    }

    /// True if every other request will fail in the same way until a person signs in or decides
    /// about a long wait. Nothing was done then.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Auth { .. } => true,
            Self::RateLimited { after, .. } => after.is_some_and(|after| after > LONGEST_WAIT),
            _ => false,
        }
    }

    /// True if the server may have acted on the request although it failed for us.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Timeout { acted, .. } | Self::Server { acted, .. } => *acted == Acted::Maybe,
            Self::Broken { .. } | Self::Unexpected { .. } => true,
            _ => false,
        }
    }

    /// The exit code of the command line.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. }
            | Self::BadQuery { .. }
            | Self::Incomplete { .. }
            | Self::BadAction { .. } => 2,
            Self::Auth { .. } => 4,
            Self::ReadOnly(_) | Self::NoAudit(_) => 5,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Broken { .. } => 6,
            Self::Partly { .. } => 3,
            Self::NotFound => 7,
            Self::Tls { .. } | Self::Handshake { .. } => 8,
            Self::Forbidden { .. } => 9,
            Self::Cancelled => 130,
            _ => 1,
        }
    }

    /// Where the request stands. `None`: no request can cause this error.
    fn place_of_exchange(&mut self) -> Option<&mut Option<Box<Exchange>>> {
        match self {
            Self::Unreachable { exchange, .. }
            | Self::Timeout { exchange, .. }
            | Self::Broken { exchange, .. }
            | Self::Tls { exchange, .. }
            | Self::Handshake { exchange, .. }
            | Self::Auth { exchange, .. }
            | Self::Forbidden { exchange, .. }
            | Self::NoEndpoint { exchange, .. }
            | Self::BadQuery { exchange, .. }
            | Self::BadAction { exchange, .. }
            | Self::RateLimited { exchange, .. }
            | Self::Server { exchange, .. }
            | Self::Unexpected { exchange, .. }
            | Self::Partly { exchange, .. }
            | Self::Forgotten { exchange, .. } => Some(exchange),
            _ => None,
        }
    }

    /// The name of the class, for logs and the audit file: never server text.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::Broken { .. } => "broken",
            Self::Tls { .. } => "tls",
            Self::Handshake { .. } => "handshake",
            Self::Auth { .. } => "auth",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound => "not_found",
            Self::NoEndpoint { .. } => "no_endpoint",
            Self::BadQuery { .. } => "bad_query",
            Self::Incomplete { .. } => "incomplete_query",
            Self::BadAction { .. } => "bad_action",
            Self::RateLimited { .. } => "rate_limited",
            Self::Server { .. } => "server",
            Self::Unexpected { .. } => "unexpected",
            Self::Partly { .. } => "partly",
            Self::Forgotten { .. } => "forgotten",
            Self::Unsupported { .. } => "unsupported",
            Self::ReadOnly(_) => "read_only",
            Self::Config { .. } => "config",
            Self::NoAudit(_) => "no_audit",
            Self::Cancelled => "cancelled",
        }
    }
}
