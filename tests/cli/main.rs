//! The command line as a script sees it: the real binary, a real server, output and exit codes.

#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "these are tests, all of it")]

mod act;
mod audit;
#[path = "../support/certified.rs"]
mod certified;
mod clock;
mod config;
mod cut;
mod doctor;
mod echoes;
mod ended_at;
mod ending;
mod expired;
mod files;
mod formats;
mod garbage;
#[path = "../support/gzip.rs"]
mod gzip;
mod hints;
mod hostile;
mod incident;
mod insecure;
#[cfg(feature = "keyring")]
mod keyring;
mod lasting;
mod limits;
mod list;
mod no_place;
mod nodes;
mod own_names;
mod pipes;
mod proxy;
#[path = "../support/pty.rs"]
mod pty;
mod reading;
mod realms;
mod refusals;
mod renewing;
mod revoke;
#[path = "../support/scripted.rs"]
mod scripted;
mod secrets;
mod sign_in;
mod signals;
mod support;
mod waiting;
