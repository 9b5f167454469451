//! The parts that the tests of the screen share.
#![allow(dead_code, reason = "each test program uses its own part of it")]

pub mod fixture;
pub mod screen;
