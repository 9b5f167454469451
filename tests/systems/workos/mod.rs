//! WorkOS: its client, and its emulator over the wire.

mod client;
mod emulator;
