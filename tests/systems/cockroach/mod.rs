//! CockroachDB.

mod emulated;
mod emulator;
mod program;
