//! Which rows are shown, and in which sequence.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::rows::{Row, RowId, Rows};
use crate::model::query::{Matcher, SessionIn};
use crate::model::{
    Deletable, Fact, Field, KindCounts, Property, Session, Sort, State, Thresholds, Untrusted,
    state_at,
};

/// Which rows are shown, in which sequence. Cloning it is free.
#[derive(Clone, Debug)]
pub struct Order {
    shown: Inner,
    /// How many of each kind, where some rows are left out and there are several kinds.
    kinds: Option<Arc<KindCounts>>,
}

#[derive(Clone, Debug)]
enum Inner {
    /// So many rows as they arrived: nothing to keep, so that a page costs the same however many came
    /// before it.
    Arrived(u32),
    /// These.
    Listed(Arc<[u32]>),
}

impl From<Inner> for Order {
    fn from(shown: Inner) -> Self {
        Self { shown, kinds: None }
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

    fn listed(numbers: impl IntoIterator<Item = u32>) -> Self {
        Self::from(Inner::Listed(numbers.into_iter().collect()))
    }

    /// How many of each kind are shown.
    pub fn kinds<'a>(&'a self, rows: &'a Rows) -> &'a KindCounts {
        self.kinds.as_deref().unwrap_or(rows.kinds())
    }

    fn counted(mut self, rows: &Rows) -> Self {
        if rows.kinds().are_several() && self.len() < rows.len() {
            let shown = self.iter().filter_map(|id| rows.get(id));
            let kinds = shown.map(|row| row.session.kind.as_ref()).collect();
            self.kinds = Some(Arc::new(kinds));
        }
        self
    }

    /// How many rows are shown.
    pub fn len(&self) -> usize {
        match &self.shown {
            Inner::Arrived(count) => *count as usize,
            Inner::Listed(numbers) => numbers.len(),
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
}

/// An order that is there already, of the rows before this one.
#[derive(Clone, Debug)]
pub struct Base {
    /// The order.
    pub order: Order,
    /// The first row that it lacks.
    pub first: RowId,
}

/// Makes an order: anew, or from one of fewer rows by the same view.
pub fn make(rows: &Rows, view: &View, base: Option<&Base>) -> Order {
    let order = match base {
        None => order(rows, view),
        Some(base) => merge(&base.order, rows, base.first, view),
    };
    order.counted(rows)
}

/// Filters and sorts all rows.
pub fn order(rows: &Rows, view: &View) -> Order {
    if view.is_plain() {
        return Order::arrived(rows);
    }
    let shown = rows.iter().filter(|(id, row)| view.keeps(*id, row));
    let Some(sort) = &view.sort else {
        return Order::listed(shown.map(|(id, _)| id.0));
    };
    let mut keyed: Vec<Keyed<'_>> = shown.map(|(id, row)| view.keyed(sort, id, row)).collect();
    keyed.sort_unstable_by(|a, b| a.compare(b, sort.descending));
    Order::listed(keyed.into_iter().map(|keyed| keyed.id.0))
}

/// Adds the rows from `first` on to an order of the rows before them.
pub fn merge(old: &Order, rows: &Rows, first: RowId, view: &View) -> Order {
    if view.is_plain() {
        return Order::arrived(rows);
    }
    let new = rows.from(first).filter(|(id, row)| view.keeps(*id, row));
    let Some(sort) = &view.sort else {
        return Order::listed(old.iter().chain(new.map(|(id, _)| id)).map(|id| id.0));
    };
    let mut new: Vec<Keyed<'_>> = new.map(|(id, row)| view.keyed(sort, id, row)).collect();
    new.sort_unstable_by(|a, b| a.compare(b, sort.descending));
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let mut new = new.into_iter().peekable();
    for id in old.iter() {
        let Some(row) = rows.get(id) else { continue };
        let row = view.keyed(sort, id, row);
        while let Some(next) =
            new.next_if(|next| next.compare(&row, sort.descending) == Ordering::Less)
        {
            merged.push(next.id.0);
        }
        merged.push(id.0);
    }
    merged.extend(new.map(|keyed| keyed.id.0));
    Order::listed(merged)
}

/// The value that a row is sorted by, worked out once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    /// A whole number, before all texts.
    Number(i64),
    Text(Cow<'a, str>),
    Instant(DateTime<Utc>),
    State(State),
    Answer(bool),
}

struct Keyed<'a> {
    key: Option<Key<'a>>,
    /// When it began, or was last used where that is not told.
    newest: Option<DateTime<Utc>>,
    id: RowId,
}

impl Keyed<'_> {
    /// Total: what is missing comes last in both directions; equal values newest first, then as they arrived.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let primary = match (&self.key, &other.key) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        primary
            .then_with(|| other.newest.cmp(&self.newest))
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl View {
    /// True if all rows are shown as they arrived.
    fn is_plain(&self) -> bool {
        self.sort.is_none() && self.filter.is_none()
    }

    fn names(&self, row: &Row) -> Option<&SourceNames> {
        self.sources.get(usize::from(row.source.0))
    }

    fn keeps(&self, id: RowId, row: &Row) -> bool {
        let Some(filter) = &self.filter else {
            return true;
        };
        let names = self.names(row);
        let profile = names.map_or("", |n| &n.profile);
        let system = names.map_or("", |n| &n.system);
        filter.matches(&SessionIn {
            fact: self.fact(id, row),
            thresholds: names.map(|n| n.thresholds),
            ahead: self.ahead(row),
            ..SessionIn::new(&row.session, profile, system)
        })
    }

    fn keyed<'a>(&'a self, sort: &Sort, id: RowId, row: &'a Row) -> Keyed<'a> {
        Keyed {
            key: self.key(&sort.by, id, row),
            newest: row.session.created.or(row.session.last_used),
            id,
        }
    }

    fn key<'a>(&'a self, by: &Property, id: RowId, row: &'a Row) -> Option<Key<'a>> {
        match by {
            Property::Field(field) => self.field_key(*field, id, row),
            Property::Attribute(name) => attribute_key(&row.session, name),
        }
    }

    fn field_key<'a>(&'a self, field: Field, id: RowId, row: &'a Row) -> Option<Key<'a>> {
        let s = &row.session;
        match field {
            Field::User => text(s.subject.shown().map(Untrusted::expose)),
            Field::Id => Some(Key::Text(Cow::Borrowed(&s.label))),
            Field::UserId
            | Field::Client
            | Field::Ip
            | Field::Agent
            | Field::Method
            | Field::Scope
            | Field::Kind => text(s.text(field)),
            Field::State => Some(Key::State(self.state(id, row))),
            Field::Created | Field::Used | Field::Ended => s.instant(field).map(Key::Instant),
            Field::Age => s.created.map(Key::Instant),
            Field::Idle => s.last_used.or(s.created).map(Key::Instant),
            Field::Expires | Field::Left => s.expires.map(Key::Instant),
            Field::Profile => self
                .names(row)
                .map(|n| Key::Text(Cow::Borrowed(&n.profile))),
            Field::System => self.names(row).map(|n| Key::Text(Cow::Borrowed(&n.system))),
            Field::Own => s.own.map(Key::Answer),
            Field::Deletable => match s.deletable {
                Deletable::Yes => Some(Key::Answer(true)),
                Deletable::No(_) | Deletable::NoLastingId => Some(Key::Answer(false)),
                Deletable::Unknown => None,
            },
            Field::Hint => None,
        }
    }

    /// The state: as the system reported it, or that we ended it.
    fn fact(&self, id: RowId, row: &Row) -> Fact {
        if self.ended.contains(&id) {
            Fact::Revoked
        } else {
            row.session.fact
        }
    }

    fn ahead(&self, row: &Row) -> TimeDelta {
        self.names(row).map_or(TimeDelta::zero(), |n| n.ahead)
    }

    fn state(&self, id: RowId, row: &Row) -> State {
        let thresholds = self
            .names(row)
            .map_or_else(Thresholds::default, |n| n.thresholds);
        let s = &row.session;
        state_at(
            self.fact(id, row),
            s.created,
            s.last_used,
            s.expires,
            thresholds,
            self.now + self.ahead(row),
        )
    }
}

/// The sort key of an attribute. Whole numbers are sorted as numbers. A secret attribute has none, since
/// its place in the order would tell something about it.
fn attribute_key<'a>(session: &'a Session, name: &str) -> Option<Key<'a>> {
    let value = session.attribute(name)?.plain()?;
    let number = value.parse().map(Key::Number).ok();
    number.or_else(|| text(Some(value)))
}

/// Text is sorted without case.
fn text(text: Option<&str>) -> Option<Key<'_>> {
    let text = text?;
    let lower = text.chars().all(|c| !c.is_uppercase());
    Some(Key::Text(if lower {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RowRef, RowSink};
    use crate::store::rows::{ChunkBuilder, SourceId};
    use chrono::TimeDelta;
    use std::hash::RandomState;

    fn rows(users: &[(Option<&str>, i64)]) -> Rows {
        let hasher = RandomState::new();
        let mut builder = ChunkBuilder::new(SourceId(0), &hasher);
        for (number, (user, age)) in users.iter().enumerate() {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.user = user.map(Into::into);
            row.created = Some(DateTime::UNIX_EPOCH - TimeDelta::seconds(*age));
            let _ = builder.row(row);
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
        };
        View {
            sort,
            filter: None,
            ended: Arc::default(),
            sources: Arc::from([names]),
            now: DateTime::UNIX_EPOCH,
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

        assert_eq!(numbers(&order(&rows, &view(by_user(false)))), [2, 1, 0]);
        assert_eq!(numbers(&order(&rows, &view(by_user(true)))), [1, 2, 0]);
    }

    #[test]
    fn equal_values_are_ordered_newest_first() {
        let rows = rows(&[(Some("a"), 50), (Some("a"), 10), (Some("a"), 90)]);
        let by_user = Some(Sort {
            by: Field::User.into(),
            descending: false,
        });

        assert_eq!(numbers(&order(&rows, &view(by_user))), [1, 0, 2]);
    }

    #[test]
    fn where_no_beginning_is_told_the_last_use_counts() {
        let hasher = RandomState::new();
        let mut builder = ChunkBuilder::new(SourceId(0), &hasher);
        for (number, used) in [(0, 50), (1, 10), (2, 90)] {
            let mut row = RowRef::new(format!("key-{number}"), "label");
            row.user = Some("a".into());
            row.last_used = Some(DateTime::UNIX_EPOCH - TimeDelta::seconds(used));
            let _ = builder.row(row);
        }
        let mut rows = Rows::default();
        rows.append(builder.finish());
        let by_user = Some(Sort {
            by: Field::User.into(),
            descending: false,
        });

        assert_eq!(numbers(&order(&rows, &view(by_user))), [1, 0, 2]);
    }

    #[test]
    fn merging_pages_gives_the_same_order_as_sorting_all() {
        let all = rows(&[
            (Some("d"), 1),
            (Some("b"), 2),
            (Some("c"), 3),
            (Some("a"), 4),
            (None, 5),
        ]);
        let view = view(Some(Sort {
            by: Field::User.into(),
            descending: false,
        }));
        let numbers_of_two = numbers(&order(&all, &view)).into_iter().filter(|n| *n < 2);
        let first = Order::listed(numbers_of_two);

        let merged = merge(&first, &all, RowId(2), &view);

        assert_eq!(numbers(&merged), numbers(&order(&all, &view)));
    }
}
