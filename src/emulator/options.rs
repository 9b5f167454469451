//! How an emulator is to be started.

use std::sync::Arc;

use super::{SYSTEMS, System};

/// Where the emulator's own credentials come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// New random ones at every start.
    #[default]
    Random,
    /// From the seed: the same at every start. For tests and pictures.
    Seeded,
}

/// How to start an emulator. [`Options::default`] is a small world of the first system with random credentials.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which system, with its own options.
    pub system: Arc<dyn System>,
    /// Port on 127.0.0.1; 0: a free one.
    pub port: u16,
    /// Encrypt, with a certificate made at start.
    pub tls: bool,
    /// How many sessions the world has at first.
    pub sessions: usize,
    /// How many people, beside those that the system always has.
    pub users: usize,
    /// Drives everything made up.
    pub seed: u64,
    /// Clock that stands at this Unix time in milliseconds until it is moved. `None`: the computer's clock.
    pub now: Option<i64>,
    /// Faults from the start, each one JSON object.
    pub faults: Vec<String>,
    /// Open the control port.
    pub control: bool,
    /// Random or seeded credentials.
    pub credentials: Credentials,
}

impl Options {
    /// A small world of this system.
    #[must_use]
    pub fn of(system: Arc<dyn System>) -> Self {
        Options {
            system,
            port: 0,
            tls: false,
            sessions: 240,
            users: 48,
            seed: 1,
            now: None,
            faults: Vec::new(),
            control: false,
            credentials: Credentials::Random,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::of(SYSTEMS[0]())
    }
}
