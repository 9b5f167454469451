//! WorkOS.

mod emulator;
