//! The moments that a query means by durations and by times such as `now-2h`, settled once for a search.

use chrono::{DateTime, Utc};

use super::check::sign;
use super::{Base, Clause, Field, Op, Query, Target, Value};
use crate::model::time::{Zone, instant_short};

impl Query {
    /// The moment that each clause with a duration or a relative time stands for in a search at
    /// `now`: `age>1h means created<2026-11-21 13:07:00Z`. Clauses that name their moment are left
    /// out, and so are comparisons for equality.
    pub fn bounds(&self, now: DateTime<Utc>, zone: Zone) -> Vec<String> {
        let clauses = self.clauses.iter();
        clauses
            .filter_map(|clause| {
                let bound = clause.bound(now, zone)?;
                Some(format!("{clause} means {bound}"))
            })
            .collect()
    }
}

impl Clause {
    fn bound(&self, now: DateTime<Utc>, zone: Zone) -> Option<String> {
        let [value] = self.values.as_slice() else {
            return None;
        };
        let (name, op, at) = match (&self.target, value) {
            (Target::Field(Field::Age), Value::Duration(length)) => {
                let at = now.checked_sub_signed(*length)?;
                (Field::Created.name(), turned(self.op)?, at)
            }
            (Target::Field(Field::Idle), Value::Duration(length)) => {
                let at = now.checked_sub_signed(*length)?;
                (Field::Used.name(), turned(self.op)?, at)
            }
            (Target::Field(Field::Left), Value::Duration(length)) => {
                turned(self.op)?;
                let at = now.checked_add_signed(*length)?;
                (Field::Expires.name(), self.op, at)
            }
            (target, Value::Instant(when)) => {
                let relative = matches!(when.base, Base::Now | Base::Today | Base::Yesterday);
                let name = match target {
                    Target::Field(field) => field.name(),
                    Target::Attribute(name) => name,
                    Target::Word => return None,
                };
                turned(self.op).filter(|_| relative)?;
                (name, self.op, when.at(now, zone))
            }
            _ => return None,
        };
        Some(format!("{name}{}{}", sign(op), instant_short(at, zone)))
    }
}

/// The operator for what happened before, in place of how long ago it was. `None`: equality.
fn turned(op: Op) -> Option<Op> {
    Some(match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        Op::Eq | Op::Ne | Op::Match => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::model::query::{Matcher, RowIn};
    use crate::model::{RowRef, Thresholds};

    fn now() -> DateTime<Utc> {
        "2026-11-21T14:07:00Z".parse().unwrap()
    }

    fn bounds(query: &str) -> Vec<String> {
        Query::parse(query).unwrap().bounds(now(), Zone::Utc)
    }

    #[test]
    fn f_clock_05_a_relative_bound_is_told_as_the_moment_that_it_means() {
        for (query, told) in [
            ("age>1h", "age>1h means created<2026-11-21 13:07:00Z"),
            ("idle>=2h", "idle>=2h means used<=2026-11-21 12:07:00Z"),
            ("left<5m", "left<5m means expires<2026-11-21 14:12:00Z"),
            (
                "created>now-2h",
                "created>now-2h means created>2026-11-21 12:07:00Z",
            ),
            ("used<today", "used<today means used<2026-11-21 00:00:00Z"),
        ] {
            assert_eq!(bounds(query), [told], "{query}");
        }
        for query in [
            "expires>2026-11-21",
            "age:1h",
            "created=today",
            "jdoe",
            "used>now,today",
        ] {
            assert!(bounds(query).is_empty(), "{query}");
        }
    }

    #[test]
    fn f_clock_05_the_bound_of_a_search_does_not_move_with_the_clock() {
        let query = Query::parse("age>1h").unwrap();
        let thresholds = Thresholds::default();
        let matcher = Matcher::new(&query.clauses, now(), Zone::Utc, thresholds).unwrap();
        let matches = |age: TimeDelta| {
            let mut row = RowRef::new("k", "l");
            row.created = Some(now() - age);
            let (profile, system) = ("p", "s");
            matcher.matches(&RowIn {
                row: &row,
                profile,
                system,
            })
        };

        let hour = TimeDelta::hours(1);
        assert!(!matches(hour));
        assert!(matches(hour + TimeDelta::milliseconds(1)));
        assert!(!matches(hour - TimeDelta::milliseconds(1)));
    }
}
