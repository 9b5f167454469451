//! usher: find, understand and end login sessions, whichever identity system holds them.
//!
//! The screen, the command line and the tests call this one library. Start reading in [`model`].

pub mod api;
pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod logging;
pub mod model;
pub mod reading;
pub mod revoke;
pub mod runtime;
pub mod store;
pub mod ui;
