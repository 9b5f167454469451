//! A real server that speaks a session system's wire on 127.0.0.1, with a made-up world behind it.
//!
//! For trying usher out, for its tests and for its pictures. It is written from the systems' wire
//! contracts a second time and uses nothing of the clients, so that a misread field fails a test
//! instead of agreeing with itself. [`start`] returns once it listens.
//!
//! ```text
//! start(Options) -> Running -- url, config_toml, json_line      for clients
//!                           -- journal, set_faults, move_clock  for tests
//!                           -- stop
//!
//! server -- wire (TLS, resets) -- http, stream (faults, journal) -- a system: its folder
//! ```
//!
//! A system is a folder with a [`System`] (its options) and an [`Emulated`] (it, running), and one
//! entry in [`SYSTEMS`]. Its folder adds methods to [`Running`] for the parts of it that tests may
//! see.

mod announce;
mod clock;
mod control;
mod fault;
mod http;
mod journal;
mod names;
mod options;
mod rng;
mod running;
mod server;
mod shared;
mod stream;
mod system;
mod tls;
mod wire;

pub mod cockroach;
pub mod fleare;
pub mod janssen;
pub mod pingam;
pub mod workos;

use std::sync::Arc;

pub use fault::{AuthFault, FaultError};
pub use journal::JournalEntry;
pub use options::{Credentials, Options};
pub use running::{Running, StartError, dump, start};
pub use server::Service;
pub use shared::Shared;
pub use stream::{Command, Conversation, NotTheProtocol, Protocol, StreamService};
pub use system::{Choice, Emulated, Flag, Line, System};
pub use wire::Wire;

/// Every system that can be emulated, with its options as they are unless somebody says otherwise. The first
/// is what [`Options::default`] starts.
pub const SYSTEMS: &[fn() -> Arc<dyn System>] = &[
    janssen::system,
    pingam::pingam,
    pingam::openam,
    fleare::system,
    workos::system,
    cockroach::system,
];

/// The system of this word, with its usual options.
#[must_use]
pub fn system(word: &str) -> Option<Arc<dyn System>> {
    let mut systems = SYSTEMS.iter().map(|make| make());
    systems.find(|system| system.word() == word)
}
