//! The life lines of several sessions on one axis of time.

use chrono::{DateTime, TimeDelta, Utc};

use super::cells;
use super::life::Moments;
use crate::model::State as Word;
use crate::model::time::Zone;

/// The axis ends so long after now: what goes on longer is cut.
const AHEAD: TimeDelta = TimeDelta::hours(12);
/// The axis is never shorter.
const SHORTEST: TimeDelta = TimeDelta::minutes(10);

/// An axis of time, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    cells: usize,
}

/// A session as it stands on an axis.
#[derive(Clone, Copy, Debug)]
pub struct OnAxis {
    /// Its moments.
    pub moments: Moments,
    /// The word for its state.
    pub word: Word,
    /// True if it was ended by us.
    pub over: bool,
    /// When that was.
    pub ended: Option<DateTime<Utc>>,
}

impl OnAxis {
    fn is_over(&self) -> bool {
        self.over || cells::is_over(self.word)
    }

    /// When it ended, or ends. `None`: that is not known, or it has no end.
    fn end(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let moments = &self.moments;
        if self.is_over() {
            self.ended
                .or(moments.ended)
                .or(moments.expires.filter(|at| *at <= now))
        } else {
            moments.expires
        }
    }
}

impl Axis {
    /// The axis for these sessions.
    pub fn new<'a>(
        sessions: impl Iterator<Item = &'a OnAxis>,
        now: DateTime<Utc>,
        cells: usize,
    ) -> Self {
        let (mut from, mut to) = (now - SHORTEST, now + SHORTEST);
        for session in sessions {
            let moments = &session.moments;
            let first = moments.created.or(moments.used);
            from = first.map_or(from, |at| at.min(from));
            to = session.end(now).map_or(to, |at| at.max(to));
        }
        Self {
            from,
            to: to.min(now + AHEAD),
            now,
            cells: cells.max(2),
        }
    }

    fn cell(&self, at: DateTime<Utc>) -> usize {
        let last = self.cells as i128 - 1;
        let whole = i128::from((self.to - self.from).num_milliseconds().max(1));
        let part = i128::from((at - self.from).num_milliseconds()).clamp(0, whole);
        (part * last / whole) as usize
    }

    /// A line of marks: the moment at the left end, `now`, and the one at the right end.
    pub fn marks(&self, zone: Zone) -> String {
        let text = |at: DateTime<Utc>| {
            let reading = zone.reading_of(at);
            let is_today = zone.date_of(at) == zone.date_of(self.now);
            let form = if is_today { "%H:%M" } else { "%m-%d %H:%M" };
            reading.format(form).to_string()
        };
        let mut line: Vec<char> = vec![' '; self.cells];
        let mut put = |from: usize, text: &str| {
            let to = from + text.len();
            let is_free = to <= line.len() && line[from..to].iter().all(|c| *c == ' ');
            let apart = from == 0 || line.get(from - 1) == Some(&' ');
            if is_free && apart {
                for (place, c) in line[from..].iter_mut().zip(text.chars()) {
                    *place = c;
                }
            }
        };
        put(self.cell(self.now).min(self.cells.saturating_sub(3)), "now");
        put(0, &text(self.from));
        let right = text(self.to);
        put(self.cells.saturating_sub(right.len()), &right);
        line.into_iter().collect()
    }

    /// The life of a session on this axis: `●` its beginning (`?` at the left end where none is reported),
    /// `◆` its last use, `○` its end, `×` if it is over, `→` if it goes on beyond the axis.
    pub fn line(&self, session: &OnAxis) -> String {
        let over = session.is_over();
        let end = session.end(self.now);
        let began = session.moments.created;
        let first = began.map_or(0, |at| self.cell(at));
        let beyond = end.is_some_and(|at| at > self.to) && !over;
        let last = match end {
            Some(at) => self.cell(at),
            None if over => session.moments.used.map_or(first, |at| self.cell(at)),
            None => self.cells - 1,
        };
        let lived = if over { last } else { self.cell(self.now) };
        let mut line: Vec<char> = (0..self.cells)
            .map(|at| match at {
                at if at < first || at > last => ' ',
                at if at <= lived => '━',
                _ => '╌',
            })
            .collect();
        let mut put = |at: usize, c: char| {
            if let Some(place) = line.get_mut(at) {
                *place = c;
            }
        };
        put(
            last,
            match (over, end) {
                (true, _) => '×',
                (false, Some(_)) if beyond => '→',
                (false, Some(_)) => '○',
                (false, None) => '…',
            },
        );
        put(first, if began.is_some() { '●' } else { '?' });
        if let Some(used) = session.moments.used {
            let at = self.cell(used).clamp(first, last.max(first));
            // The marks of begin and end stay readable where there is room beside them.
            let at = if at == first && last > first + 1 {
                first + 1
            } else if at == last && last > first + 1 {
                last - 1
            } else {
                at
            };
            if at != first && at != last {
                put(at, '◆');
            }
        }
        line.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fact;

    fn now() -> DateTime<Utc> {
        crate::model::time::parse_instant("2026-11-21T14:00:00Z", Zone::Utc).unwrap()
    }

    fn session(created: Option<i64>, used: Option<i64>, expires: Option<i64>) -> OnAxis {
        let at = |minutes: i64| now() + TimeDelta::minutes(minutes);
        OnAxis {
            moments: Moments {
                fact: Fact::Live,
                own: None,
                created: created.map(at),
                used: used.map(at),
                expires: expires.map(at),
                ended: None,
            },
            word: Word::Active,
            over: false,
            ended: None,
        }
    }

    #[test]
    fn sessions_stand_on_one_axis_and_what_goes_on_is_cut() {
        let sessions = [
            session(Some(-720), Some(-360), Some(60)),
            session(Some(-360), Some(0), Some(4 * 720)),
            session(None, Some(-180), None),
            OnAxis {
                over: true,
                ended: Some(now() - TimeDelta::minutes(360)),
                ..session(Some(-720), None, Some(60))
            },
        ];

        let axis = Axis::new(sessions.iter(), now(), 25);

        let lines: Vec<String> = sessions.iter().map(|one| axis.line(one)).collect();
        assert_eq!(lines[0], "●━━━━━◆━━━━━━○           ");
        assert_eq!(lines[1], "      ●━━━━━◆╌╌╌╌╌╌╌╌╌╌╌→");
        assert_eq!(lines[2], "?━━━━━━━━◆━━━╌╌╌╌╌╌╌╌╌╌╌…");
        assert_eq!(lines[3], "●━━━━━×                  ");
        assert_eq!(axis.marks(Zone::Utc), "02:00       now          ");
    }

    #[test]
    fn a_line_of_any_size_is_drawn_whatever_the_moments_are() {
        for cells in [0, 1, 2, 3, 80] {
            for (created, used, expires) in [
                (None, None, None),
                (Some(5), Some(-5), Some(-10)),
                (Some(-1_000_000), None, Some(1_000_000)),
            ] {
                let one = session(created, used, expires);
                let axis = Axis::new([&one].into_iter(), now(), cells);

                assert_eq!(axis.line(&one).chars().count(), cells.max(2));
                assert_eq!(axis.marks(Zone::Utc).chars().count(), cells.max(2));
            }
        }
    }
}
