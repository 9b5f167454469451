//! Instants and durations of a query as the dates that Janssen's search compares.
//!
//! They are asked for a little too widely and compared again here: the server's `>` includes equal,
//! its rows show no fractions of seconds, old servers ignore the operator, and in which zone it
//! reads them is not certain where the profile's `server_zone` is not UTC.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Utc};

use crate::model::time::Zone;
use crate::model::{Clause, Field, Op, Search, Target, Value};

/// The width of an equality with a duration: the whole second that is written.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// The pairs for a clause about an instant, an age or the time left, which let at least the rows
/// through that are meant. `None`: nothing that can be sent.
pub(super) fn pairs(
    name: &str,
    clause: &Clause,
    search: &Search,
    zone: Zone,
) -> Option<Vec<String>> {
    let [value] = clause.values.as_slice() else {
        return None;
    };
    let (op, from, to) = match (value, &clause.target) {
        (Value::Instant(when), _) => {
            let at = when.at(search.now, search.zone);
            match when.day_range(search.now, search.zone) {
                Some(day) if clause.op == Op::Eq => (Op::Eq, day.start, day.end),
                _ => (clause.op, at, at),
            }
        }
        (Value::Duration(length), Target::Field(Field::Left)) => {
            let at = search.now.checked_add_signed(*length)?;
            (clause.op, at, at.checked_add_signed(SECOND)?)
        }
        (Value::Duration(length), Target::Field(Field::Age)) => {
            let at = search.now.checked_sub_signed(*length)?;
            // Older means earlier.
            let op = match clause.op {
                Op::Lt => Op::Gt,
                Op::Le => Op::Ge,
                Op::Gt => Op::Lt,
                Op::Ge => Op::Le,
                other => other,
            };
            match op {
                Op::Eq => (op, at.checked_sub_signed(SECOND)?, at),
                _ => (op, at, at),
            }
        }
        _ => return None,
    };
    Some(match op {
        Op::Gt => vec![format!("{name}>{}", lower(from, zone)?)],
        Op::Ge => vec![format!("{name}>={}", lower(from, zone)?)],
        Op::Lt => vec![format!("{name}<{}", before(from, zone)?)],
        Op::Le => vec![format!("{name}<={}", through(from, zone)?)],
        Op::Eq => vec![
            format!("{name}>={}", lower(from, zone)?),
            format!("{name}<={}", through(to, zone)?),
        ],
        Op::Ne | Op::Match => return None,
    })
}

/// A bound below: never later than meant.
pub(super) fn lower(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    let (earliest, _) = readings(at, zone)?;
    written(earliest)
}

/// A bound above, for what lies before it: never earlier than meant.
fn before(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    let whole = at.timestamp_subsec_nanos() == 0;
    let up = TimeDelta::seconds(i64::from(!whole));
    let (_, latest) = readings(at, zone)?;
    written(latest.checked_add_signed(up)?)
}

/// A bound above that includes its second: a row shows 12:00:00 for a stored 12:00:00.9.
pub(super) fn through(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    let (_, latest) = readings(at, zone)?;
    written(latest.checked_add_signed(SECOND)?)
}

/// The clock readings at that moment, in UTC and where the server is: the earlier and the later
/// one.
fn readings(at: DateTime<Utc>, zone: Zone) -> Option<(NaiveDateTime, NaiveDateTime)> {
    // Near the ends of the calendar a zone has no reading.
    let utc = at.naive_utc();
    if !(1..=9998).contains(&utc.year()) {
        return None;
    }
    let there = zone.reading_of(at);
    Some((there.min(utc), there.max(utc)))
}

/// In the one form that every version of the server reads; never with a zone.
fn written(at: NaiveDateTime) -> Option<String> {
    (1..=9999)
        .contains(&at.year())
        .then(|| at.format("%Y-%m-%d %H:%M:%S").to_string())
}
