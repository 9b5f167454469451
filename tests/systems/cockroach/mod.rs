//! CockroachDB.

mod emulator;
