//! The traits of an emulated system: one for its options, one for it running.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::Value;

use super::server::Service;
use super::shared::Shared;

/// A system that can be emulated, with the options that only it has.
pub trait System: fmt::Debug + Send + Sync {
    /// Its word on the command line and in faults.
    fn word(&self) -> &str;

    /// A description in a few words, for help.
    fn about(&self) -> &str;

    /// The word of the client that speaks to it, as `system` of a profile.
    fn client(&self) -> &str {
        self.word()
    }

    /// The scheme of its address.
    fn scheme(&self, tls: bool) -> &str {
        if tls { "https" } else { "http" }
    }

    /// Its own flags on the command line.
    fn flags(&self) -> Vec<Flag> {
        Vec::new()
    }

    /// The same with another value for one of [`System::flags`].
    ///
    /// # Errors
    /// There is no such flag, or it does not take this value: a sentence that names both.
    fn with_flag(&self, flag: &str, value: &str) -> Result<Arc<dyn System>, String> {
        Err(format!("{} has no --{flag} ({value})", self.word()))
    }

    /// The same, set up for a demo with so many sessions. `None`: it takes no part in the demo.
    fn demo(&self, sessions: usize) -> Option<Arc<dyn System>>;

    /// Ways to sign in, beside its usual one, that pictures can ask [`Emulated::profile`] for.
    fn sign_ins(&self) -> &[&str] {
        &[]
    }

    /// Makes its world up. May take seconds for a big one.
    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated>;
}

/// A flag on the command line that one system has.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Without the dashes.
    pub name: Cow<'static, str>,
    /// Its effect.
    pub about: Cow<'static, str>,
    /// The value that holds without it.
    pub default: Cow<'static, str>,
    /// The values it accepts. Empty: a whole number.
    pub choices: Vec<Choice>,
}

/// One value of a flag.
#[derive(Clone, Debug)]
pub struct Choice {
    /// As it is typed.
    pub word: Cow<'static, str>,
    /// Its meaning.
    pub about: Cow<'static, str>,
}

/// A system that runs.
pub trait Emulated: Any + Send + Sync {
    /// The state that it shares with the other parts of the emulator.
    fn shared(&self) -> &Shared;

    /// Answers connections: usually an adapter of HTTP or of a byte stream.
    fn service(self: Arc<Self>) -> Arc<dyn Service>;

    /// The address that clients are given.
    fn url(&self) -> String {
        self.shared().base.clone()
    }

    /// Its credentials for scripts, a JSON object.
    fn auth_json(&self) -> Value;

    /// Its credentials for people.
    fn auth_lines(&self) -> Vec<Line>;

    /// The lines of a client's profile beside system and address, as TOML: first keys of the table
    /// `table`, such as `profile.demo`, then tables below it. `sign_in`: one of
    /// [`System::sign_ins`].
    fn profile(&self, table: &str, sign_in: Option<&str>) -> String;

    /// Writes its sessions as one JSON document, in the form of its own lists. `None`: it has no such
    /// form.
    fn dump(&self, _to: &mut dyn Write) -> Option<io::Result<()>> {
        None
    }

    /// Ends all tokens given out so far.
    fn expire_tokens(&self);

    /// From now on no token, old or new, lives longer than this, whatever it was promised.
    fn limit_tokens(&self, longest_ms: i64);
}

/// A line for people: what it is, and its value.
pub type Line = (&'static str, String);
