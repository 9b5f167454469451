//! PingAM and OpenAM.

mod client;
mod emulator;
