//! Sessions of one person, counted so that one which ran out of time by itself is nobody's doing.

use chrono::{DateTime, Utc};

/// How many of these sessions still have time at this moment of the server. `None`: it never runs out, or
/// is not told.
pub(super) fn in_time(expiries: &[Option<DateTime<Utc>>], now: DateTime<Utc>) -> u64 {
    let has_time = |at: &&Option<DateTime<Utc>>| at.is_none_or(|at| at > now);
    expiries.iter().filter(has_time).count() as u64
}
