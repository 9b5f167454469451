//! The command line as a script sees it: the real binary, a real server, output and exit codes.

#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "these are tests, all of it")]

mod act;
#[path = "../support/certified.rs"]
mod certified;
mod config;
mod doctor;
mod formats;
mod insecure;
#[cfg(feature = "keyring")]
mod keyring;
mod limits;
mod list;
mod pipes;
mod proxy;
mod realms;
mod refusals;
mod renewing;
mod revoke;
#[path = "../support/scripted.rs"]
mod scripted;
mod secrets;
mod sign_in;
mod support;
mod waiting;
