//! A real server that speaks a session system's wire on 127.0.0.1, with a made-up world behind it.
//!
//! For trying usher out, for its tests and for its pictures. It is written from the systems' wire
//! contracts a second time and uses nothing of the clients, so that a misread field fails a test
//! instead of agreeing with itself. [`start`] returns once it listens.
//!
//! ```text
//! start(Options) -> Running -- url, auth, config_toml    for clients
//!                           -- journal, set_faults       for tests
//!                           -- world() -> Handle         sessions, clock, device codes
//!                           -- am() -> AmHandle          sessions and accounts of PingAM and OpenAM
//!                           -- stop
//! ```

mod auth;
mod clock;
mod control;
mod devices;
mod fault;
mod handle;
mod janssen;
mod journal;
mod names;
mod options;
mod pingam;
mod rng;
mod running;
mod seed;
mod server;
mod shared;
mod tls;
mod tokens;
mod wire;
mod world;

pub use auth::{AmLogin, Auth};
pub use fault::FaultError;
pub use handle::{Handle, Row};
pub use journal::Entry;
pub use options::{Credentials, Generation, Kind, Options};
pub use pingam::{AmHandle, AmOptions, AmQuota, AmRow, AmService, ONE_TIME_CODE};
pub use running::{Running, StartError, start};
