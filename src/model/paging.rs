//! When to stop reading pages: the rules against a server that never ends its list. Whoever reads a list
//! page by page goes by these, so that all of usher stops at the same point and says the same.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use super::page::{Cursor, RowRef};
use super::text::with_thousands;

/// So many pages one after the other may hold nothing new. One can happen when many people sign in
/// while we read by offset; a server that repeats itself does it for ever.
const STALE_PAGES: u32 = 2;
/// So many pages one after the other may hold next to nothing new: some servers make up new ids
/// for sessions that they repeat.
const SLOW_PAGES: u32 = 10;
/// The share of a page below which what is new in it is next to nothing: one in this many rows.
const SLOW_SHARE: u64 = 10;
/// Pages of one list. At 200 rows a page these are 20 million sessions.
const MOST_PAGES: u32 = 100_000;

/// What a page has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Rows in the page, also those that were not kept or could not be read.
    pub rows: u64,
    /// Sessions among them that no page before has held.
    pub new: u64,
}

/// Why no further page is asked for, although the server says that there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// A page without rows that is not the last.
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
                f.write_str("the server sent an empty page and says there is more; stopped")
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
}

impl PageRules {
    /// For a list that begins at this cursor. `None`: at its start.
    pub fn from(at: Option<&Cursor>) -> Self {
        Self {
            asked: at.into_iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// After a page that is not the last: may the next one be asked for?
    ///
    /// # Errors
    /// Why not.
    pub fn next(&mut self, next: &Cursor, brought: Brought) -> Result<(), Stuck> {
        let Brought { rows, new } = brought;
        let count = |before: u32, goes_on| if goes_on { before + 1 } else { 0 };
        self.pages += 1;
        self.stale = count(self.stale, new == 0);
        self.slow = count(self.slow, new.saturating_mul(SLOW_SHARE) < rows);
        if rows == 0 {
            Err(Stuck::Empty)
        } else if !self.asked.insert(next.clone()) {
            Err(Stuck::SameCursor)
        } else if self.stale >= STALE_PAGES || self.slow >= SLOW_PAGES {
            Err(Stuck::Repeats)
        } else if self.pages >= MOST_PAGES {
            Err(Stuck::TooMany(MOST_PAGES))
        } else {
            Ok(())
        }
    }
}

/// Which sessions of one source have been read, as hashes of scope and key.
#[derive(Debug, Default)]
pub struct ReadKeys {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl ReadKeys {
    /// Notes a row. `false`: the session has been read before.
    pub fn insert(&mut self, row: &RowRef<'_>) -> bool {
        self.seen.insert(self.identity(row))
    }

    /// Has the session been read before?
    pub fn contains(&self, row: &RowRef<'_>) -> bool {
        self.seen.contains(&self.identity(row))
    }

    fn identity(&self, row: &RowRef<'_>) -> u64 {
        self.hasher
            .hash_one((row.scope.as_deref(), row.key.as_ref()))
    }
}

/// What to say of rows that came twice. `None`: there were none.
pub fn told_duplicates(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 duplicate dropped".to_owned()),
        more => Some(format!("{} duplicates dropped", with_thousands(more))),
    }
}

/// What to say of entries that no row could be made of. `None`: there were none.
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

    /// What the rules say after each of these pages: rows, new ones, and the next cursor.
    fn after(pages: impl IntoIterator<Item = (u64, u64, u32)>) -> Vec<Option<Stuck>> {
        let mut rules = PageRules::from(None);
        let one = |(rows, new, next): (u64, u64, u32)| {
            let cursor = Cursor::new(next.to_string());
            rules.next(&cursor, Brought { rows, new }).err()
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
            ("no rows", vec![(9, 9, 1), (0, 0, 2)], 1, Stuck::Empty),
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
}
