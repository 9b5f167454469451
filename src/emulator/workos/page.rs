//! Pages of a list: sorted by time of creation and id, found by the ids of objects as cursors.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Query;

/// Rows on a page that asks for no number.
const USUAL: usize = 10;
/// Rows on a page at most.
const MOST: usize = 100;

/// The place of an object in every list: time of creation, then id.
pub(super) type Place<'a> = (i64, &'a str);

/// An object that lists hold.
pub(super) trait Listed {
    /// Its place.
    fn place(&self) -> Place<'_>;
}

/// The part of a list that is wanted.
#[derive(Debug)]
pub(super) struct Wanted<'q> {
    limit: usize,
    ascending: bool,
    /// As the cursors of `order=normal` are meant: `before` for older objects, `after` for newer ones.
    swapped: bool,
    before: Option<&'q str>,
    after: Option<&'q str>,
}

impl<'q> Wanted<'q> {
    /// Reads `limit`, `order`, `before` and `after`.
    ///
    /// # Errors
    /// A limit that is no number from 1 to 100, or an order that does not exist.
    pub(super) fn of(query: &'q Query) -> Result<Self, Answer> {
        let limit = match query.get("limit").map(str::parse::<usize>) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(Answer::invalid()),
        };
        let (ascending, swapped) = match query.get("order") {
            None | Some("desc") => (false, false),
            Some("asc") => (true, false),
            Some("normal") => (false, true),
            Some(_) => return Err(Answer::invalid()),
        };
        let (before, after) = (query.get("before"), query.get("after"));
        let (before, after) = if swapped {
            (after, before)
        } else {
            (before, after)
        };
        Ok(Wanted {
            limit,
            ascending,
            swapped,
            before,
            after,
        })
    }

    /// One page of rows that come oldest first. `cursor` finds the place of an id.
    ///
    /// # Errors
    /// A cursor that names no object.
    pub(super) fn page<'a, T: Listed>(
        &self,
        oldest_first: impl DoubleEndedIterator<Item = &'a T>,
        cursor: impl Fn(&str) -> Option<Place<'a>>,
    ) -> Result<Page<'a, T>, Answer> {
        let place = |id: Option<&str>| match id {
            None => Ok(None),
            Some(id) => cursor(id).map(Some).ok_or_else(Answer::invalid),
        };
        let (before, after) = (place(self.before)?, place(self.after)?);
        let rows: Vec<&T> = if self.ascending {
            oldest_first.collect()
        } else {
            oldest_first.rev().collect()
        };
        // In the order of the list: whether the first of two places comes earlier.
        let earlier = |a: Place, b: Place| if self.ascending { a < b } else { a > b };
        let from = after.map_or(0, |at| {
            rows.partition_point(|row| !earlier(at, row.place()))
        });
        let to = before.map_or(rows.len(), |at| {
            rows.partition_point(|row| earlier(row.place(), at))
        });
        let to = to.max(from);
        let (start, end) = if before.is_some() && after.is_none() {
            (to.saturating_sub(self.limit), to)
        } else {
            (from, to.min(from + self.limit))
        };
        let (head, tail) = (start > 0, end < rows.len());
        let rows = rows[start..end].to_vec();
        let first = rows.first().filter(|_| head).map(|row| row.place().1);
        let last = rows.last().filter(|_| tail).map(|row| row.place().1);
        let (before, after) = if self.swapped {
            (last, first)
        } else {
            (first, last)
        };
        Ok(Page {
            rows,
            before,
            after,
        })
    }
}

/// One page.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) rows: Vec<&'a T>,
    /// `list_metadata.before`.
    pub(super) before: Option<&'a str>,
    /// `list_metadata.after`.
    pub(super) after: Option<&'a str>,
}

impl<T> Page<'_, T> {
    /// The envelope of most lists, around the items.
    pub(super) fn envelope(&self, data: Vec<Value>) -> Value {
        let metadata = json!({ "before": self.before, "after": self.after });
        json!({ "object": "list", "data": data, "list_metadata": metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(i64, &'static str);

    impl Listed for Row {
        fn place(&self) -> Place<'_> {
            (self.0, self.1)
        }
    }

    const ROWS: [Row; 5] = [
        Row(1, "a"),
        Row(2, "b"),
        Row(2, "c"),
        Row(3, "d"),
        Row(4, "e"),
    ];

    /// Ids on the page, `before`, `after`; `refused` instead of them.
    fn page(query: &str) -> String {
        let query = Query::of(query);
        let find = |id: &str| ROWS.iter().find(|row| row.1 == id).map(Listed::place);
        let page = Wanted::of(&query).and_then(|wanted| wanted.page(ROWS.iter(), find));
        let Ok(page) = page else {
            return "refused".into();
        };
        let ids: String = page.rows.iter().map(|row| row.1).collect();
        let (before, after) = (page.before.unwrap_or("-"), page.after.unwrap_or("-"));
        format!("{ids} {before} {after}")
    }

    #[test]
    fn cursors_lead_to_the_neighbours_in_both_directions() {
        for (query, expected) in [
            ("", "edcba - -"),
            ("limit=2", "ed - d"),
            ("limit=2&after=d", "cb c b"),
            ("limit=2&after=b", "a a -"),
            ("limit=2&after=a", " - -"),
            ("limit=2&before=a", "cb c b"),
            ("limit=2&before=c", "ed - d"),
            ("limit=2&before=d", "e - e"),
            ("limit=2&before=e", " - -"),
            ("limit=2&order=asc", "ab - b"),
            ("limit=2&order=asc&after=b", "cd c d"),
            ("limit=2&order=asc&before=e", "cd c d"),
            ("limit=2&after=e&before=b", "dc d c"),
            ("limit=2&order=normal", "ed d -"),
            ("limit=2&order=normal&before=d", "cb b c"),
            ("limit=2&order=normal&after=b", "dc c d"),
        ] {
            assert_eq!(page(query), expected, "{query}");
        }
    }

    #[test]
    fn odd_limits_orders_and_cursors_are_refused() {
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "limit=",
            "order=newest",
            "after=z",
            "before=z",
            "before=",
        ] {
            assert_eq!(page(query), "refused", "{query}");
        }
        assert_eq!(page("limit=100"), "edcba - -");
    }
}
