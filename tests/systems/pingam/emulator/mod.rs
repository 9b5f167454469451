//! The emulated PingAM and OpenAM over the wire, against recordings of a real server and against the documentation.
//!
//! Speaks HTTP by hand, so that neither the clients' nor the emulator's idea of HTTP hides a mistake.

mod compare;
mod login;
mod pingam;
mod replay;
mod start;

use crate::{fixed, running};

const MINUTE_MS: i64 = 60_000;
