//! Reading and showing instants, durations and ages.
//!
//! Nothing here asks a clock: the moment comes in as an argument.

mod read;
mod show;
mod zone;

pub(in crate::model) use read::Scan;
pub use read::{from_epoch_ms, from_epoch_seconds, parse_duration, parse_instant};
pub use show::{
    age, clock, clock_apart, clock_seconds, duration, duration_words, instant, instant_short,
    rfc3339, rfc3339_bytes, rfc3339_seconds, span, time_short, to_the_minute,
};
pub use zone::Zone;
