//! When to stop reading pages: the rules against a server that never ends its list. All parts
//! of usher that read a list page by page use them, so that they stop at the same point with the same
//! message.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::page::{Cursor, RowRef, WalkProgress};
use super::text::with_thousands;
use super::time;

/// So many pages one after the other may hold nothing new. One can happen when many people sign in
/// while we read by offset; a server that repeats itself does it for ever.
const STALE_PAGES: u32 = 2;
/// So many pages one after the other may hold next to nothing new: some servers make up new ids
/// for sessions that they repeat.
const SLOW_PAGES: u32 = 10;
/// So many pages one after the other may be empty where the system does not say how far it has come: a
/// walk over users finds nobody for long.
const EMPTY_PAGES: u32 = 100;
/// The share of a page below which what is new in it is next to nothing: one in this many rows.
const SLOW_SHARE: u64 = 10;
/// Pages of one list. At 200 rows a page these are 20 million sessions.
const MOST_PAGES: u32 = 100_000;

/// The contents of one page, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Rows in the page, also those that were not kept or could not be read.
    pub rows: u64,
    /// Sessions among them that no page before has held.
    pub new: u64,
    /// How far the walk has come that the page is part of. `None`: it is part of none.
    pub walk: Option<WalkProgress>,
}

/// Why no further page is asked for, although the server says that there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// Page after page is empty, and no walk comes forward.
    Empty,
    /// The next page is one that has been read.
    SameCursor,
    /// Page after page holds (almost) only what has been read.
    Repeats,
    /// So many pages.
    TooMany(u32),
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("the server sends empty pages and says there is more; stopped")
            }
            Self::SameCursor => f.write_str("the server names the same page twice; stopped"),
            Self::Repeats => {
                f.write_str("the server repeats rows that are loaded already; stopped")
            }
            Self::TooMany(pages) => write!(
                f,
                "the server has sent {} pages and says there are more; stopped",
                with_thousands(u64::from(*pages))
            ),
        }
    }
}

/// The rules, as far as one list has come.
#[derive(Clone, Debug, Default)]
pub struct PageRules {
    asked: HashSet<Cursor>,
    pages: u32,
    stale: u32,
    slow: u32,
    empty: u32,
    /// How far the walk has come.
    walked: u64,
}

impl PageRules {
    /// For a list that begins at this cursor. `None`: at its start.
    pub fn from(at: Option<&Cursor>) -> Self {
        Self {
            asked: at.into_iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// Checks, after a page that is not the last, that the next one may be asked for.
    ///
    /// # Errors
    /// Why not.
    pub fn next(&mut self, next: &Cursor, brought: Brought) -> Result<(), Stuck> {
        let Brought { rows, new, walk } = brought;
        let walks = walk.is_some_and(|walk| self.walks(&walk));
        let count = |before: u32, goes_on| if goes_on { before + 1 } else { 0 };
        if walks {
            (self.stale, self.slow, self.empty) = (0, 0, 0);
        } else if rows == 0 {
            self.pages += 1;
            self.empty += 1;
        } else {
            self.pages += 1;
            self.stale = count(self.stale, new == 0);
            self.slow = count(self.slow, new.saturating_mul(SLOW_SHARE) < rows);
            self.empty = if new == 0 { self.empty } else { 0 };
        }
        if !self.asked.insert(next.clone()) {
            Err(Stuck::SameCursor)
        } else if self.empty >= EMPTY_PAGES {
            Err(Stuck::Empty)
        } else if self.stale >= STALE_PAGES || self.slow >= SLOW_PAGES {
            Err(Stuck::Repeats)
        } else if self.pages >= MOST_PAGES {
            Err(Stuck::TooMany(MOST_PAGES))
        } else {
            Ok(())
        }
    }

    /// True if the walk moves forward to an end that it names. It may then take any number of
    /// pages.
    fn walks(&mut self, walk: &WalkProgress) -> bool {
        let forward = walk.done > self.walked && walk.of.is_some_and(|of| walk.done <= of);
        self.walked = self.walked.max(walk.done);
        forward
    }
}

/// How far a walk has come, and how fast it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Headway {
    /// How far it has come.
    pub walk: WalkProgress,
    /// So many a second. `None`: not known yet.
    pub rate: Option<f64>,
}

impl Headway {
    /// `done`: how many of the walk were asked for within this time.
    pub fn new(walk: WalkProgress, done: u64, within: Duration) -> Self {
        let rate = done as f64 / within.as_secs_f64();
        let is_known = done > 0 && within >= Duration::from_secs(1);
        Self {
            walk,
            rate: is_known.then_some(rate),
        }
    }

    /// How long the rest takes at this rate. `None`: not known.
    pub fn left(&self) -> Option<Duration> {
        let left = self.walk.of?.checked_sub(self.walk.done)?;
        let seconds = left as f64 / self.rate?;
        Some(Duration::from_secs(seconds.ceil() as u64))
    }
}

/// `1,200 of 30,000 users · 25/s · 19 min 12 s left`.
impl fmt::Display for Headway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.walk.fmt(f)?;
        match self.rate {
            Some(rate) if rate >= 1.0 => write!(f, " · {rate:.0}/s")?,
            Some(rate) => write!(f, " · {:.0}/min", rate * 60.0)?,
            None => {}
        }
        match self.left() {
            Some(left) => write!(f, " · {} left", time::span(left)),
            None => Ok(()),
        }
    }
}

/// Which sessions of one source have been read, as hashes of scope and key.
#[derive(Debug, Default)]
pub struct ReadKeys {
    hasher: RandomState,
    /// Hashes already, so that they are not hashed again.
    seen: HashTable<u64>,
}

impl ReadKeys {
    /// Notes a row. `false`: the session has been read before.
    pub fn insert(&mut self, row: &RowRef<'_>) -> bool {
        let identity = self.identity(row);
        let entry = self
            .seen
            .entry(identity, |known| *known == identity, |known| *known);
        match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(identity);
                true
            }
        }
    }

    /// Forgets a row that was noted a moment ago.
    pub fn remove(&mut self, row: &RowRef<'_>) {
        let identity = self.identity(row);
        if let Ok(known) = self.seen.find_entry(identity, |known| *known == identity) {
            known.remove();
        }
    }

    fn identity(&self, row: &RowRef<'_>) -> u64 {
        self.hasher
            .hash_one((row.scope.as_deref(), row.key.as_ref()))
    }
}

/// The message about rows that came twice. `None`: there were none.
pub fn told_duplicates(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 duplicate dropped".to_owned()),
        more => Some(format!("{} duplicates dropped", with_thousands(more))),
    }
}

/// The message about entries that could not be turned into rows. `None`: there were none.
pub fn told_unread(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 row could not be read".to_owned()),
        more => Some(format!("{} rows could not be read", with_thousands(more))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results of the rules after each of these pages: rows, new ones, and the next cursor.
    fn after(pages: impl IntoIterator<Item = (u64, u64, u32)>) -> Vec<Option<Stuck>> {
        let mut rules = PageRules::from(None);
        let one = |(rows, new, next): (u64, u64, u32)| {
            let cursor = Cursor::new(next.to_string());
            let walk = None;
            rules.next(&cursor, Brought { rows, new, walk }).err()
        };
        pages.into_iter().map(one).collect()
    }

    #[test]
    fn a_list_that_goes_on_is_read_to_its_end() {
        // Each page shifted by one row, one page that came whole a second time, and a thin last one.
        let mut pages: Vec<_> = (0..5_000).map(|n| (200, 199, n)).collect();
        pages[70].1 = 0;
        pages.push((1, 1, 5_000));

        assert!(after(pages).iter().all(Option::is_none));
    }

    #[test]
    fn f_http_10_every_way_to_go_round_in_circles_is_found() {
        let repeats = |new, count| (0..count).map(move |n| (200, new, n));
        for (what, pages, stops_at, why) in [
            (
                "no rows",
                (1..=EMPTY_PAGES).map(|n| (0, 0, n)).collect(),
                EMPTY_PAGES as usize - 1,
                Stuck::Empty,
            ),
            (
                "no rows or the same",
                (1..=4)
                    .map(|n| (n % 2 * 9, 0, n.try_into().unwrap_or(0)))
                    .collect(),
                2,
                Stuck::Repeats,
            ),
            (
                "same cursor",
                vec![(9, 9, 1), (9, 9, 1)],
                1,
                Stuck::SameCursor,
            ),
            (
                "nothing new",
                vec![(200, 200, 1), (200, 0, 2), (200, 0, 3)],
                2,
                Stuck::Repeats,
            ),
            (
                "some ids made up",
                repeats(7, 10).collect(),
                9,
                Stuck::Repeats,
            ),
            (
                "always new",
                repeats(200, MOST_PAGES).collect(),
                MOST_PAGES as usize - 1,
                Stuck::TooMany(MOST_PAGES),
            ),
        ] {
            let said = after(pages);
            let first = said.iter().position(Option::is_some);
            assert_eq!(
                (first, said.last()),
                (Some(stops_at), Some(&Some(why))),
                "{what}"
            );
            assert!(why.to_string().ends_with("; stopped"), "{why}");
        }
    }

    fn walk(done: u64, of: Option<u64>) -> Option<WalkProgress> {
        let what = "users".into();
        Some(WalkProgress { done, of, what })
    }

    #[test]
    fn a_walk_that_comes_forward_may_find_nobody_for_as_long_as_it_lasts() {
        let pages = u64::from(EMPTY_PAGES) * 50;
        let read = |walk: fn(u64) -> Option<WalkProgress>| {
            let mut rules = PageRules::from(None);
            let next = |number: u64| {
                let cursor = Cursor::new(number.to_string());
                let walk = walk(number);
                let brought = Brought {
                    walk,
                    ..Brought::default()
                };
                rules.next(&cursor, brought).err()
            };
            (1..pages)
                .map(next)
                .position(|stuck| stuck == Some(Stuck::Empty))
        };

        assert_eq!(read(|done| walk(done, Some(1_000_000))), None);
        let stops_at = Some(EMPTY_PAGES as usize - 1);
        assert_eq!(read(|done| walk(done, None)), stops_at, "no end named");
        let after_one = Some(EMPTY_PAGES as usize);
        assert_eq!(read(|_| walk(7, Some(9))), after_one, "stands still");
        let past = Some(EMPTY_PAGES as usize + 2);
        assert_eq!(read(|done| walk(done, Some(3))), past, "past its end");
    }

    #[test]
    fn headway_says_how_far_how_fast_and_how_long() {
        let seconds = Duration::from_secs;
        for (done, of, counted, within, text) in [
            (
                1_200,
                Some(30_000),
                1_200,
                seconds(48),
                "1,200 of 30,000 users · 25/s · 19 min 12 s left",
            ),
            (
                3,
                Some(9),
                3,
                seconds(30),
                "3 of 9 users · 6/min · 1 min left",
            ),
            (3, None, 3, seconds(1), "3 users · 3/s"),
            (3, Some(9), 3, Duration::ZERO, "3 of 9 users"),
            (9, Some(9), 4, seconds(2), "9 of 9 users · 2/s · 0 s left"),
        ] {
            let walk = walk(done, of).unwrap();
            assert_eq!(Headway::new(walk, counted, within).to_string(), text);
        }
    }
}
