//! Instants and durations of a query as the dates that Janssen's search compares.
//!
//! They are asked for a little too widely and compared again here: the server's `>` includes equal,
//! its rows show no fractions of seconds, old servers ignore the operator, and in which zone it
//! reads them is not certain where the profile's `server_zone` is not UTC.

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::model::query::{Base, When};
use crate::model::time::Zone;
use crate::model::{Clause, Field, Op, Search, Target, Value};

/// A comparison with an instant, or with a day as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    op: Op,
    /// The first moment that may be meant.
    from: DateTime<Utc>,
    /// The last one.
    to: DateTime<Utc>,
}

impl Dates {
    /// What a clause about an instant, an age or the time left compares with. `None`: nothing that
    /// can be sent.
    pub(super) fn of(clause: &Clause, search: &Search) -> Option<Self> {
        let op = clause.op;
        match (&clause.target, clause.values.as_slice()) {
            (_, [Value::Instant(when)]) => {
                let (from, to) = span(when, search.now, search.zone)?;
                Some(Self { op, from, to })
            }
            (Target::Field(Field::Left), [Value::Duration(length)]) => {
                let at = search.now.checked_add_signed(*length)?;
                Some(Self {
                    op,
                    from: at,
                    to: at,
                })
            }
            (Target::Field(Field::Age), [Value::Duration(length)]) => {
                let at = search.now.checked_sub_signed(*length)?;
                // Older means earlier.
                let op = match op {
                    Op::Lt => Op::Gt,
                    Op::Le => Op::Ge,
                    Op::Gt => Op::Lt,
                    Op::Ge => Op::Le,
                    other => other,
                };
                Some(Self {
                    op,
                    from: at,
                    to: at,
                })
            }
            _ => None,
        }
    }

    /// The pairs that let at least the rows through that are meant.
    pub(super) fn pairs(self, name: &str, zone: Zone) -> Option<Vec<String>> {
        let Self { op, from, to } = self;
        Some(match op {
            Op::Gt => vec![format!("{name}>{}", lower(from, zone)?)],
            Op::Ge => vec![format!("{name}>={}", lower(from, zone)?)],
            Op::Lt => vec![format!("{name}<{}", before(from, zone)?)],
            Op::Le => vec![format!("{name}<={}", through(to, zone)?)],
            Op::Eq => vec![
                format!("{name}>={}", lower(from, zone)?),
                format!("{name}<={}", through(to, zone)?),
            ],
            Op::Ne | Op::Match => return None,
        })
    }
}

/// The first and the last moment that an instant as written may mean.
fn span(when: &When, now: DateTime<Utc>, zone: Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    // The longest day is one on which the clocks go back.
    let day = TimeDelta::hours(26);
    let midnight = |days: i64| {
        let date = zone
            .date_of(now)
            .checked_add_signed(TimeDelta::days(days))?;
        Some(zone.to_utc(date.and_time(NaiveTime::MIN)))
    };
    let (from, length) = match &when.base {
        Base::Now => (now, TimeDelta::zero()),
        Base::Today => (midnight(0)?, day),
        Base::Yesterday => (midnight(-1)?, day),
        Base::Day(date) => (zone.to_utc(date.and_time(NaiveTime::MIN)), day),
        Base::Local(reading) => (zone.to_utc(*reading), TimeDelta::zero()),
        Base::Exact(at) => (*at, TimeDelta::zero()),
    };
    let from = from.checked_add_signed(when.offset)?;
    Some((from, from.checked_add_signed(length)?))
}

/// A bound below: never later than meant.
pub(super) fn lower(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    written(zone.reading_of(at).min(at.naive_utc()))
}

/// A bound above, for what lies before it: never earlier than meant.
pub(super) fn before(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    let whole = at.timestamp_subsec_nanos() == 0;
    let up = TimeDelta::seconds(i64::from(!whole));
    written(latest(at, zone).checked_add_signed(up)?)
}

/// A bound above that includes its second: a row shows 12:00:00 for a stored 12:00:00.9.
pub(super) fn through(at: DateTime<Utc>, zone: Zone) -> Option<String> {
    written(latest(at, zone).checked_add_signed(TimeDelta::seconds(1))?)
}

fn latest(at: DateTime<Utc>, zone: Zone) -> NaiveDateTime {
    zone.reading_of(at).max(at.naive_utc())
}

/// In the one form that every version of the server reads; never with a zone.
fn written(at: NaiveDateTime) -> Option<String> {
    (1..=9999)
        .contains(&at.year())
        .then(|| at.format("%Y-%m-%d %H:%M:%S").to_string())
}
