//! The details of a failed request that a transport knows, apart from the words for people.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The server's own code for a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// Status of HTTP.
    Http(u16),
    /// State of SQL (`40001`).
    Sql(SqlState),
    /// A name, as the server's protocol writes it. Already cleaned and cut.
    Text(Arc<str>),
    /// It gave none.
    None,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => write!(f, "{status}"),
            Self::Sql(state) => write!(f, "SQL state {state}"),
            Self::Text(text) => f.write_str(text),
            Self::None => f.write_str("with an error"),
        }
    }
}

/// Five digits or upper-case letters that say what became of an SQL statement (ISO/IEC 9075).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlState([u8; 5]);

impl SqlState {
    /// Reads the five characters. `None`: they are none.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 5] = text.as_bytes().try_into().ok()?;
        let is_valid = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        bytes.iter().all(is_valid).then_some(Self(bytes))
    }

    /// The two characters of its class (`40`: the transaction was rolled back).
    pub fn class(&self) -> [u8; 2] {
        [self.0[0], self.0[1]]
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Whether the server may have acted on a request that failed for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// Certainly not.
    No,
    /// It may have.
    Maybe,
}

/// Why no connection came about. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The name of the host, or of the proxy, was not found.
    NoSuchName,
    /// The machine refused it.
    Refused,
    /// It was closed or reset before it was ready.
    Closed,
    /// There is no way to that network or machine.
    NoRoute,
    /// It was not ready in time.
    TimedOut,
    /// Something is missing on our own machine: a right, a free port, a free file.
    OurMachine,
    /// The proxy refuses to connect, or requires a login. It would refuse again, and may count failed
    /// logins.
    ProxyRefused,
    /// Anything else.
    Other,
}

/// The reason why a system cannot do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// This kind of system cannot do it.
    System(Cow<'static, str>),
    /// Other versions of this kind of system can do it.
    Version(Cow<'static, str>),
    /// Another way to sign in to it is needed.
    SignIn,
}

impl fmt::Display for LimitedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(name) => f.write_str(name),
            Self::Version(name) => write!(f, "this version of {name}"),
            Self::SignIn => f.write_str("this way to sign in"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_sql_has_five_digits_or_letters() {
        for (text, valid) in [
            ("40001", true),
            ("XXUUU", true),
            ("4000", false),
            ("400011", false),
            ("4000a", false),
            ("400é", false),
        ] {
            let state = SqlState::read(text);

            assert_eq!(state.is_some(), valid, "{text}");
            assert!(state.is_none_or(|state| state.to_string() == text));
        }
        assert_eq!(SqlState::read("40001").unwrap().class(), *b"40");
    }
}
