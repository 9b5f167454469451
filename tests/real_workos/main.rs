//! The client and the program against the emulator of WorkOS's own command line.
//!
//! `.ci/suites/workos.sh` starts it and runs this, one test at a time: they share its sessions. Without
//! `WORKOS_URL` every test says aloud that it is skipped.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../support/asked.rs"]
mod asked;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../support/client.rs"]
mod client;
#[path = "../support/job.rs"]
mod job;

mod ending;
mod listing;
mod vendor;
