//! CockroachDB.

mod emulated;
mod emulator;
