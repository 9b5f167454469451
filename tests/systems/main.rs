//! Every system's client, against recorded answers, hostile servers and its emulator, and every emulator over
//! the wire. A module a system.

#![cfg(feature = "emulator")]
// The lint knows test functions, not the helpers beside them.
#![allow(clippy::unwrap_used)]

#[path = "../support/asked.rs"]
mod asked;
#[path = "../support/certified.rs"]
mod certified;
#[path = "../support/client.rs"]
mod client;
#[macro_use]
#[path = "../support/conformance/mod.rs"]
mod conformance;
#[path = "../support/gzip.rs"]
mod gzip;
#[path = "../support/job.rs"]
mod job;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/scripted.rs"]
mod scripted;

mod cockroach;
mod fleare;
mod harbor;
mod janssen;
mod pingam;
mod workos;

use usher::emulator::{Credentials, Options, Running, start};

/// 2026-03-14T09:41:55Z, where the emulator's clock stands in many of these tests.
const NOW_MS: i64 = 1_773_481_315_000;

/// A world that is the same in every run.
fn fixed() -> Options {
    Options {
        now: Some(NOW_MS),
        credentials: Credentials::Seeded,
        ..Options::default()
    }
}

async fn running(options: Options) -> Running {
    start(options).await.expect("a free port")
}
