//! WorkOS: its client, and its emulator over the wire, and the two together.

mod client;
mod emulated;
mod emulator;
