//! Which rows are shown, and in which sequence.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::chunk::Moment as Column;
use super::counted::UserCounts;
use super::row::Row;
use super::rows::{RowId, Rows};
use super::{counted, filter, sort};
use crate::model::query::Matcher;
use crate::model::{
    Bounds, Fact, Field, Hints, KindCounts, OfOtherRows, Sort, State, Thresholds, UserNames,
};

/// Which rows are shown, in which sequence. Cloning it is free.
#[derive(Clone, Debug)]
pub struct Order {
    shown: Inner,
    /// All rows sorted, so that another filter needs no other sort. `None`: they were not.
    sorted: Option<Arc<Sorted>>,
    /// How many of each kind, where some rows are left out and there are several kinds.
    kinds: Option<Arc<KindCounts>>,
    /// What left rows out, so that a narrower filter looks only at those that are left.
    made: Option<Arc<Made>>,
    /// The counts that were known when it was made, or were made with it.
    counted: Option<Arc<UserCounts>>,
}

/// How an order was made that leaves rows out.
#[derive(Debug)]
struct Made {
    filter: Arc<Matcher>,
    sort: Option<Sort>,
    /// Of so many rows.
    rows: usize,
    moment: Moment,
}

/// What states and hints depend on beside the rows.
#[derive(Clone, Debug)]
struct Moment {
    now: DateTime<Utc>,
    ended: Arc<HashSet<RowId>>,
    counted: Option<Arc<UserCounts>>,
}

/// So old may an order by state or by hint be while a filter is typed: it is not made anew as time goes by either.
const SOON: TimeDelta = TimeDelta::seconds(10);

impl Moment {
    fn of(view: &View) -> Self {
        Self {
            now: view.now,
            ended: Arc::clone(&view.ended),
            counted: view.counted.clone(),
        }
    }

    /// True if what was sorted then is still sorted for this view.
    fn is_good_for(&self, view: &View, sort: Option<&Sort>) -> bool {
        let same_counts = match (&self.counted, &view.counted) {
            (Some(then), Some(now)) => Arc::ptr_eq(then, now),
            (None, None) => true,
            _ => false,
        };
        let is_same = || same_counts && self.ended == view.ended;
        sort.is_none_or(is_steady) || (view.now - self.now).abs() < SOON && is_same()
    }
}

#[derive(Clone, Debug)]
enum Inner {
    /// So many rows as they arrived: nothing to keep, so that a page costs the same however many came
    /// before it.
    Arrived(u32),
    /// These.
    Listed(Arc<[u32]>),
}

/// All rows in one order.
#[derive(Debug)]
struct Sorted {
    sort: Sort,
    rows: Arc<[u32]>,
    moment: Moment,
}

impl From<Inner> for Order {
    fn from(shown: Inner) -> Self {
        Self {
            shown,
            sorted: None,
            kinds: None,
            made: None,
            counted: None,
        }
    }
}

impl Default for Order {
    /// No rows.
    fn default() -> Self {
        Self::from(Inner::Arrived(0))
    }
}

impl Order {
    /// All rows in the sequence of their arrival.
    pub fn arrived(rows: &Rows) -> Self {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Self::from(Inner::Arrived(count))
    }

    /// How many of each kind are shown.
    pub fn kinds<'a>(&'a self, rows: &'a Rows) -> &'a KindCounts {
        self.kinds.as_deref().unwrap_or(rows.kinds())
    }

    fn with_kinds(mut self, rows: &Rows) -> Self {
        if rows.kinds().are_several() && self.len() < rows.len() {
            let shown = self.iter().filter_map(|id| rows.get(id));
            let kinds = shown.map(Row::kind_name).collect();
            self.kinds = Some(Arc::new(kinds));
        }
        self
    }

    /// What is known of the rows by counting all of them, if they were counted.
    pub fn counted(&self) -> Option<&Arc<UserCounts>> {
        self.counted.as_ref()
    }

    /// How many rows are shown.
    pub fn len(&self) -> usize {
        match &self.shown {
            Inner::Arrived(count) => *count as usize,
            Inner::Listed(numbers) => numbers.len(),
        }
    }

    /// All rows in this sequence, if this order was made from that.
    fn sorted_as(&self, sort: &Sort, rows: &Rows, view: &View) -> Option<Arc<Sorted>> {
        let known = self.sorted.as_ref()?;
        let is_same = known.sort == *sort
            && known.rows.len() == rows.len()
            && known.moment.is_good_for(view, Some(sort));
        is_same.then(|| Arc::clone(known))
    }

    /// The rows shown, if this view shows no other ones, in the same sequence.
    fn wider_than(&self, view: &View, rows: &Rows) -> Option<&[u32]> {
        let (made, filter) = (self.made.as_ref()?, view.filter.as_ref()?);
        let is_wider = made.rows == rows.len()
            && made.sort == view.sort
            && !filter.asks_attributes()
            && filter.narrows(&made.filter)
            && made.moment.is_good_for(view, view.sort.as_ref());
        match &self.shown {
            Inner::Listed(numbers) if is_wider => Some(numbers),
            _ => None,
        }
    }

    /// True if none is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a position.
    pub fn get(&self, position: usize) -> Option<RowId> {
        match &self.shown {
            Inner::Arrived(count) => {
                let number = u32::try_from(position).ok()?;
                (number < *count).then_some(RowId(number))
            }
            Inner::Listed(numbers) => numbers.get(position).map(|number| RowId(*number)),
        }
    }

    /// The position of a row. `None`: it is filtered out. Looks at every row where they are sorted or
    /// filtered.
    pub fn position(&self, row: RowId) -> Option<usize> {
        match &self.shown {
            Inner::Arrived(count) => (row.0 < *count).then_some(row.0 as usize),
            Inner::Listed(numbers) => {
                #[cfg(test)]
                super::touched::add(numbers.len());
                numbers.iter().position(|number| *number == row.0)
            }
        }
    }

    /// The rows in sequence.
    pub fn iter(&self) -> impl Iterator<Item = RowId> {
        #[cfg(test)]
        super::touched::add(self.len());
        (0..self.len()).filter_map(|position| self.get(position))
    }
}

/// The selection and order of the rows to show.
#[derive(Clone, Debug)]
pub struct View {
    /// In which order. `None`: in order of arrival.
    pub sort: Option<Sort>,
    /// Which rows. `None`: all.
    pub filter: Option<Arc<Matcher>>,
    /// Rows that we have ended since they were loaded.
    pub ended: Arc<HashSet<RowId>>,
    /// Of each source: name of its profile, its system, and its thresholds.
    pub sources: Arc<[SourceNames]>,
    /// The time, for ages and states.
    pub now: DateTime<Utc>,
    /// What is known of the rows by counting all of them. `None`: they were not counted.
    pub counted: Option<Arc<UserCounts>>,
    /// True if they are to be counted anew.
    pub counts: bool,
}

/// The values that a row's source adds to it.
#[derive(Clone, Debug)]
pub struct SourceNames {
    /// Name of the profile.
    pub profile: String,
    /// Name of the system in queries.
    pub system: String,
    /// When its sessions count as idle and as expiring.
    pub thresholds: Thresholds,
    /// How far its clock is ahead of ours.
    pub ahead: TimeDelta,
    /// The names that people have there.
    pub user_names: Arc<UserNames>,
}

/// Filters and sorts all rows. `before`: the order before, for what can be used of it again.
pub fn order(rows: &Rows, view: &View, before: Option<&Order>) -> Order {
    let fresh = view.counts.then(|| View {
        counted: Some(Arc::new(counted::count_users(rows, view))),
        ..view.clone()
    });
    let view = fresh.as_ref().unwrap_or(view);
    let mut order = make(rows, view, before).with_kinds(rows);
    order.counted.clone_from(&view.counted);
    order.made = view.filter.as_ref().map(|filter| {
        Arc::new(Made {
            filter: Arc::clone(filter),
            sort: view.sort.clone(),
            rows: rows.len(),
            moment: Moment::of(view),
        })
    });
    order
}

fn make(rows: &Rows, view: &View, before: Option<&Order>) -> Order {
    if let Some(before) = before
        && let Some(filter) = &view.filter
        && let Some(wider) = before.wider_than(view, rows)
    {
        let left = filter::among(wider, rows, view, filter);
        return Order {
            sorted: before.sorted.clone(),
            ..Order::from(Inner::Listed(left.into()))
        };
    }
    let Some(sort) = &view.sort else {
        return match &view.filter {
            None => Order::arrived(rows),
            Some(filter) => {
                let kept = filter::kept(rows, view, filter);
                Order::from(Inner::Listed(kept.into()))
            }
        };
    };
    let known = before.and_then(|before| before.sorted_as(sort, rows, view));
    let Some(filter) = &view.filter else {
        let sorted = known.unwrap_or_else(|| {
            let all = (0..rows.len() as u32).collect();
            Arc::new(Sorted {
                sort: sort.clone(),
                rows: sort::sorted(rows, view, sort, all).into(),
                moment: Moment::of(view),
            })
        });
        return Order {
            shown: Inner::Listed(Arc::clone(&sorted.rows)),
            sorted: Some(sorted),
            ..Order::default()
        };
    };
    let kept = filter::kept(rows, view, filter);
    let shown: Vec<u32> = match &known {
        // To look through all of them costs less than to sort many.
        Some(sorted) if kept.len() > rows.len() / MANY => {
            let mut is_kept = vec![false; rows.len()];
            for row in &kept {
                is_kept[*row as usize] = true;
            }
            let all = sorted.rows.iter().copied();
            all.filter(|row| is_kept[*row as usize]).collect()
        }
        _ => sort::sorted(rows, view, sort, kept),
    };
    Order {
        sorted: known,
        ..Order::from(Inner::Listed(shown.into()))
    }
}

/// One row in so many is many.
const MANY: usize = 32;

/// A state changes with time, and when a session is ended; so do hints.
fn is_steady(sort: &Sort) -> bool {
    let moving = [Field::State, Field::Hint];
    moving.iter().all(|field| sort.by != *field)
}

impl View {
    /// The values that its source adds to a row.
    pub(super) fn names(&self, row: Row<'_>) -> Option<&SourceNames> {
        self.sources.get(usize::from(row.source().0))
    }

    /// The state: as the system reported it, or that we ended it.
    pub(super) fn fact(&self, id: RowId, row: Row<'_>) -> Fact {
        if self.ended.contains(&id) {
            Fact::Revoked
        } else {
            row.fact()
        }
    }

    /// The facts about a row that other rows tell, if they were counted.
    pub(super) fn of_other_rows(&self, id: RowId) -> OfOtherRows {
        let counted = self.counted.as_ref();
        counted.map_or_else(OfOtherRows::default, |counted| counted.of(id))
    }

    /// The hints of a row.
    pub fn hints(&self, id: RowId, row: Row<'_>) -> Hints {
        let names = self.names(row);
        row.hints(
            self.fact(id, row),
            self.of_other_rows(id),
            names.map_or_else(Thresholds::default, |n| n.thresholds),
            self.now + names.map_or(TimeDelta::zero(), |n| n.ahead),
        )
    }

    /// Finds the words for the states of rows.
    pub(super) fn states(&self) -> impl Fn(RowId, Row<'_>) -> State + Sync {
        let bounds = |ahead, thresholds| Bounds::at(self.now + ahead, thresholds).micros();
        let names = self.sources.iter();
        let known: Vec<_> = names.map(|n| bounds(n.ahead, n.thresholds)).collect();
        let usual = bounds(TimeDelta::zero(), Thresholds::default());
        move |id, row| {
            let bounds = known.get(usize::from(row.source().0)).unwrap_or(&usual);
            bounds.state(
                self.fact(id, row),
                row.micros(Column::Created),
                row.micros(Column::Used),
                row.micros(Column::Expires),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::query::Query;
    use crate::model::time::Zone;
    use crate::model::{RowRef, RowSink};
    use crate::store::{ChunkBuilder, SourceId, touched};

    fn rows(users: &[(Option<&str>, i64)]) -> Rows {
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for (number, (user, age)) in users.iter().enumerate() {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.user = user.map(Into::into);
            row.created = Some(DateTime::UNIX_EPOCH - TimeDelta::seconds(*age));
            let _ = builder.row(&mut row);
        }
        let mut rows = Rows::default();
        rows.append(builder.finish());
        rows
    }

    fn view(sort: Option<Sort>) -> View {
        let names = SourceNames {
            profile: "p".into(),
            system: "s".into(),
            thresholds: Thresholds::default(),
            ahead: TimeDelta::zero(),
            user_names: std::sync::Arc::default(),
        };
        View {
            sort,
            filter: None,
            ended: Arc::default(),
            sources: Arc::from([names]),
            now: DateTime::UNIX_EPOCH,
            counted: None,
            counts: false,
        }
    }

    fn numbers(order: &Order) -> Vec<u32> {
        order.iter().map(|id| id.0).collect()
    }

    #[test]
    fn rows_without_a_value_come_last_in_both_directions() {
        let rows = rows(&[(None, 0), (Some("b"), 0), (Some("A"), 0)]);
        let by_user = |descending| {
            Some(Sort {
                by: Field::User.into(),
                descending,
            })
        };

        assert_eq!(
            numbers(&order(&rows, &view(by_user(false)), None)),
            [2, 1, 0]
        );
        assert_eq!(
            numbers(&order(&rows, &view(by_user(true)), None)),
            [1, 2, 0]
        );
    }

    #[test]
    fn equal_values_are_ordered_newest_first() {
        let rows = rows(&[(Some("a"), 50), (Some("a"), 10), (Some("a"), 90)]);
        let by_user = Some(Sort {
            by: Field::User.into(),
            descending: false,
        });

        assert_eq!(numbers(&order(&rows, &view(by_user), None)), [1, 0, 2]);
    }

    #[test]
    fn addresses_are_ordered_by_their_value_and_other_texts_come_behind_them() {
        let sent = [
            "no address",
            "10.0.0.10",
            "2001:db8::1",
            "9.255.0.1",
            "10.0.0.2, 192.0.2.1",
            "::1",
        ];
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for ip in sent {
            let mut row = RowRef::new(ip, "label");
            row.ip = Some(ip.into());
            let _ = builder.row(&mut row);
        }
        let mut rows = Rows::default();
        rows.append(builder.finish());
        let by_ip = |descending| {
            let by = Field::Ip.into();
            numbers(&order(&rows, &view(Some(Sort { by, descending })), None))
        };

        assert_eq!(by_ip(false), [3, 4, 1, 5, 2, 0]);
        assert_eq!(by_ip(true), [0, 2, 5, 1, 4, 3]);
    }

    #[test]
    fn a_longer_word_looks_only_at_what_is_left() {
        let names: Vec<String> = (0..200).map(|number| format!("ada{number:03}")).collect();
        let people: Vec<_> = names.iter().map(|name| (Some(name.as_str()), 1)).collect();
        let rows = rows(&people);
        let filtered = |text: &str| {
            let clauses = Query::parse(text).unwrap().clauses;
            let thresholds = Thresholds::default();
            let matcher = Matcher::new(&clauses, DateTime::UNIX_EPOCH, Zone::Utc, thresholds);
            View {
                filter: Some(Arc::new(matcher.unwrap())),
                ..view(Some(Sort {
                    by: Field::User.into(),
                    descending: true,
                }))
            }
        };
        for (shorter, longer, looked_at) in [
            ("ada0", "ada01", 100),
            ("ada0", "ada1", 300),
            ("da", "ada01", 210),
            ("-ada0", "-ada01", 390),
            ("ada0*", "ada01", 210),
            ("user:ada0*", "user:ada01*", 210),
            ("-state:expired ada0", "-state:expired ada01", 210),
            ("user:*9 ada0", "user:*9 ada01", 10),
        ] {
            let before = order(&rows, &filtered(shorter), None);
            let _ = touched::take();

            // Looked at by the filter, and then by the sort if there was one.
            let made = order(&rows, &filtered(longer), Some(&before));

            let touched = touched::take();
            let fresh = order(&rows, &filtered(longer), None);
            assert_eq!(numbers(&made), numbers(&fresh), "{shorter} {longer}");
            assert_eq!(touched, looked_at, "{shorter} {longer}");
        }
    }

    #[test]
    fn an_order_by_state_serves_a_filter_until_something_has_changed() {
        let rows = rows(&[(Some("ada1"), 1), (Some("ada2"), 2), (Some("bob"), 3)]);
        let filtered = |text: &str, seconds: i64, ended: &[u32]| {
            let clauses = Query::parse(text).unwrap().clauses;
            let thresholds = Thresholds::default();
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
            View {
                filter: Some(Arc::new(
                    Matcher::new(&clauses, now, Zone::Utc, thresholds).unwrap(),
                )),
                ended: Arc::new(ended.iter().copied().map(RowId).collect()),
                now,
                ..view(Some(Sort {
                    by: Field::State.into(),
                    descending: false,
                }))
            }
        };
        let all = View {
            filter: None,
            ..filtered("a", 0, &[])
        };
        let before = order(&rows, &all, None);
        let a = order(&rows, &filtered("a", 1, &[]), Some(&before));
        for (text, seconds, ended, is_sorted) in [
            ("ada", 2, &[][..], false),
            ("ada", 60, &[], true),
            ("ada", 2, &[0], true),
        ] {
            let view = filtered(text, seconds, ended);
            let fresh = order(&rows, &view, None);
            let _ = touched::take();

            let made = order(&rows, &view, Some(&a));

            // Two rows are left of the filter before; all three are looked at, and two sorted, otherwise.
            let touched = touched::take();
            assert_eq!(touched, if is_sorted { 5 } else { 2 }, "{text} {seconds}");
            assert_eq!(numbers(&made), numbers(&fresh), "{text} {seconds}");
        }
    }

    #[test]
    fn where_no_beginning_is_told_the_last_use_counts() {
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for (number, used) in [(0, 50), (1, 10), (2, 90)] {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.user = Some("a".into());
            row.last_used = Some(DateTime::UNIX_EPOCH - TimeDelta::seconds(used));
            let _ = builder.row(&mut row);
        }
        let mut rows = Rows::default();
        rows.append(builder.finish());
        let by_user = Some(Sort {
            by: Field::User.into(),
            descending: false,
        });

        assert_eq!(numbers(&order(&rows, &view(by_user), None)), [1, 0, 2]);
    }
}
