//! The emulated PingAM and OpenAM over the wire, against recordings of a real server and against the documentation.
//!
//! Speaks HTTP by hand, so that neither the clients' nor the emulator's idea of HTTP hides a mistake.

#![cfg(feature = "emulator")]

mod compare;
mod http;
mod login;
mod pingam;
mod replay;
mod start;

use usher::emulator::{Credentials, Options, Running, start};

/// 2026-03-14T09:41:55Z.
const NOW_MS: i64 = 1_773_481_315_000;
const MINUTE_MS: i64 = 60_000;

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
