//! Janssen Server.

mod client;
mod emulator;
