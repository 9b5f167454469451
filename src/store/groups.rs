//! Rows counted by what they have in common, and by when they began.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use enum_map::EnumMap;

use super::chunk::Shared;
use super::counted;
use super::order::{Order, View};
use super::row::Row;
use super::rows::{RowId, Rows, SourceId};
use super::texts::TextId;
use crate::model::address::network_of;
use crate::model::{AddressClass, Hint, State};

/// A property by which rows are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum GroupBy {
    /// The person: the name, or the id where there is no name.
    User,
    /// The application.
    Client,
    /// The address.
    Address,
    /// The network of the address.
    Network,
    /// The class of the address: public, private, …
    AddressClass,
    /// The word for the state.
    State,
    /// How the person signed in.
    Method,
    /// The profile.
    Profile,
    /// The kind of session.
    Kind,
    /// The hints: a row with several is counted under each. A row without one has no value.
    Hint,
}

/// Rows that have the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The value, as the system sent it; of people, the name by which they are known in every system.
    /// `None`: it is not reported.
    pub value: Option<String>,
    /// The values of the rows, where a person has other names in some systems. Empty: they are `value`.
    pub names: Vec<String>,
    /// How many rows.
    pub count: u32,
    /// When one of them was used last, or began where no use is reported. `None`: not reported.
    pub newest: Option<DateTime<Utc>>,
}

/// When the rows began, in equal steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Began {
    /// The beginning of the first step. `None`: of no row it is reported.
    pub from: Option<DateTime<Utc>>,
    /// The length of a step.
    pub step: TimeDelta,
    /// How many rows began in each step.
    pub counts: Vec<u32>,
    /// How many rows do not say when they began.
    pub unknown: u32,
}

/// So many rows, and when one of them was used last in microseconds since 1970.
#[derive(Clone, Copy)]
struct Count {
    rows: u32,
    newest: i64,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            rows: 0,
            newest: i64::MIN,
        }
    }
}

impl Count {
    fn add(&mut self, row: Row<'_>) {
        let used = row.last_used().or_else(|| row.created());
        self.rows += 1;
        self.newest = used.map_or(self.newest, |at| at.timestamp_micros().max(self.newest));
    }

    fn group(self, value: Option<String>) -> Group {
        let newest = (self.newest != i64::MIN).then_some(self.newest);
        Group {
            value,
            names: Vec::new(),
            count: self.rows,
            newest: newest.and_then(DateTime::from_timestamp_micros),
        }
    }
}

/// The rows of an order, counted by a property: the largest group first, what is not reported last.
pub fn groups(rows: &Rows, order: &Order, view: &View, by: GroupBy) -> Vec<Group> {
    let shown = order.iter().filter_map(|id| Some((id, rows.get(id)?)));
    let mut counts: HashMap<Option<String>, Count> = HashMap::new();
    let mut merge = |value: Option<String>, count: Count| {
        let known = counts
            .entry(value.filter(|text| !text.is_empty()))
            .or_default();
        known.rows += count.rows;
        known.newest = known.newest.max(count.newest);
    };
    // The names of people who have several.
    let mut names: HashMap<String, BTreeSet<String>> = HashMap::new();
    match by {
        GroupBy::User | GroupBy::Client | GroupBy::Method => {
            // A text is kept once, so that its number stands for it; equal texts of two readings are
            // brought together at the end.
            let mut by_number: HashMap<(usize, SourceId, Option<usize>), (Row<'_>, Count)> =
                HashMap::new();
            for (_, row) in shown {
                let texts = std::sync::Arc::as_ptr(row.texts()) as usize;
                let key = (texts, row.source(), text_id(row, by).number());
                let known = by_number.entry(key);
                let (_, count) = known.or_insert_with(|| (row, Count::default()));
                count.add(row);
            }
            for (row, count) in by_number.into_values() {
                let text = row.texts().get(text_id(row, by));
                let text = text.map(|text| text.expose().to_owned());
                let person = person(view, row, by, text.as_deref());
                if let (Some(person), Some(text)) = (&person, &text) {
                    names
                        .entry(person.clone())
                        .or_default()
                        .insert(text.clone());
                }
                merge(person.or(text), count);
            }
        }
        GroupBy::Address | GroupBy::Network | GroupBy::AddressClass => {
            let mut by_text: HashMap<&str, Count> = HashMap::new();
            let mut odd = Vec::new();
            for (_, row) in shown {
                match row.ip_text() {
                    "" => odd.push(row),
                    text => by_text.entry(text).or_default().add(row),
                }
            }
            for (text, count) in by_text {
                merge(Some(value_of_address(by, text)), count);
            }
            for row in odd {
                let mut count = Count::default();
                count.add(row);
                let ip = row.ip();
                merge(ip.map(|ip| value_of_address(by, ip.expose())), count);
            }
        }
        GroupBy::Hint => {
            for (value, count) in by_hint(rows, shown, view) {
                merge(value, count);
            }
        }
        GroupBy::State => {
            let mut by_state: HashMap<State, Count> = HashMap::new();
            let state = view.states();
            for (id, row) in shown {
                by_state.entry(state(id, row)).or_default().add(row);
            }
            for (state, count) in by_state {
                merge(Some(state.word().to_owned()), count);
            }
        }
        GroupBy::Profile | GroupBy::Kind => {
            let mut by_place: HashMap<(u8, Option<&str>), Count> = HashMap::new();
            for (_, row) in shown {
                let kind = row.kind().filter(|_| by == GroupBy::Kind);
                let source = if by == GroupBy::Profile {
                    row.source().0
                } else {
                    0
                };
                by_place.entry((source, kind)).or_default().add(row);
            }
            for ((source, kind), count) in by_place {
                let profile = view.sources.get(usize::from(source));
                let value = match by {
                    GroupBy::Profile => profile.map(|names| names.profile.clone()),
                    _ => kind.map(str::to_owned),
                };
                merge(value, count);
            }
        }
    }
    let mut groups: Vec<Group> = counts
        .into_iter()
        .map(|(value, count)| {
            let known = value.as_ref().and_then(|value| names.remove(value));
            Group {
                names: known.into_iter().flatten().collect(),
                ..count.group(value)
            }
        })
        .collect();
    groups.sort_by(|a, b| {
        let unreported = a.value.is_none().cmp(&b.value.is_none());
        unreported
            .then(b.count.cmp(&a.count))
            .then_with(|| a.value.cmp(&b.value))
    });
    groups
}

/// The value of an address. What is no address stands for itself.
fn value_of_address(by: GroupBy, text: &str) -> String {
    let value = match by {
        GroupBy::Network => network_of(text),
        GroupBy::AddressClass => AddressClass::words_in(text),
        _ => None,
    };
    value.unwrap_or_else(|| text.to_owned())
}

/// Rows counted under each of their hints.
fn by_hint<'a>(
    rows: &Rows,
    shown: impl Iterator<Item = (RowId, Row<'a>)>,
    view: &View,
) -> Vec<(Option<String>, Count)> {
    let is_counted = view
        .counted
        .as_ref()
        .is_some_and(|known| known.rows() == rows.len());
    let fresh = (view.counts || !is_counted).then(|| View {
        counted: Some(Arc::new(counted::count_users(rows, view))),
        ..view.clone()
    });
    let view = fresh.as_ref().unwrap_or(view);
    let mut by_hint: EnumMap<Hint, Count> = EnumMap::default();
    let mut without = Count::default();
    for (id, row) in shown {
        let hints = view.hints(id, row);
        if hints.is_empty() {
            without.add(row);
        }
        for hint in hints.iter() {
            by_hint[hint].add(row);
        }
    }
    let by_hint = by_hint.into_iter();
    let mut counts: Vec<_> = by_hint
        .map(|(hint, count)| (Some(hint.word().to_owned()), count))
        .collect();
    counts.push((None, without));
    counts.retain(|(_, count)| count.rows > 0);
    counts
}

/// The person that a row is of, where its system has names of its own. `None`: the text is the name.
fn person(view: &View, row: Row<'_>, by: GroupBy, text: Option<&str>) -> Option<String> {
    let source = view.sources.get(usize::from(row.source().0))?;
    let is_of_people = by == GroupBy::User && !view.sources.iter().all(|s| s.user_names.are_same());
    let text = text.filter(|_| is_of_people)?;
    let counted_as = source.user_names.counted_as(text, &source.profile);
    Some(counted_as.into_owned())
}

fn text_id(row: Row<'_>, by: GroupBy) -> TextId {
    match by {
        GroupBy::Client => row.text_id(Shared::Client),
        GroupBy::Method => row.text_id(Shared::Method),
        _ => match row.text_id(Shared::User) {
            TextId::NONE => row.text_id(Shared::UserId),
            name => name,
        },
    }
}

/// When the rows of an order began, in so many steps up to `now`.
pub fn began(rows: &Rows, order: &Order, now: DateTime<Utc>, steps: usize) -> Began {
    let created = |id: RowId| rows.get(id)?.created();
    let first = order.iter().filter_map(created).min();
    let mut began = Began {
        from: first,
        step: TimeDelta::zero(),
        counts: vec![0; steps.max(1)],
        unknown: 0,
    };
    let Some(first) = first else {
        began.unknown = order.len() as u32;
        return began;
    };
    let whole = (now - first).num_milliseconds().max(1);
    // Rounded up, so that the last row is within the last step.
    let step = whole / began.counts.len() as i64 + 1;
    began.step = TimeDelta::milliseconds(step);
    for id in order.iter() {
        match created(id) {
            None => began.unknown += 1,
            Some(at) => {
                let place = (at - first).num_milliseconds() / step;
                let last = began.counts.len() - 1;
                let place = usize::try_from(place).unwrap_or(0).min(last);
                began.counts[place] += 1;
            }
        }
    }
    began
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, RowRef, RowSink, Thresholds, UserNames};
    use crate::store::{ChunkBuilder, SourceId, SourceNames};

    fn rows() -> Rows {
        let mut rows = Rows::default();
        // Two readings: each has its own texts.
        for source in 0..2 {
            let mut builder = ChunkBuilder::new(SourceId(source), Arc::default());
            for (number, (user, ip)) in [
                (Some("ada"), Some("192.0.2.1")),
                (Some("ada"), Some("192.0.2.9")),
                (Some("bob"), Some("no address")),
                (None, None),
            ]
            .into_iter()
            .enumerate()
            {
                let mut row = RowRef::new(format!("{source}-{number}"), "label");
                row.user = user.map(Into::into);
                row.ip = ip.map(Into::into);
                row.fact = Fact::Live;
                row.created =
                    user.map(|_| DateTime::UNIX_EPOCH + TimeDelta::minutes(number as i64));
                let _ = builder.row(&mut row);
            }
            rows.append(builder.finish());
        }
        rows
    }

    fn view() -> View {
        let names = |name: &str| SourceNames {
            profile: name.into(),
            system: "acme".into(),
            thresholds: Thresholds::default(),
            ahead: TimeDelta::zero(),
            user_names: Arc::default(),
        };
        View {
            sort: None,
            filter: None,
            ended: Arc::new([RowId(0)].into()),
            sources: Arc::from([names("one"), names("two")]),
            now: DateTime::UNIX_EPOCH + TimeDelta::hours(1),
            counted: None,
            counts: false,
        }
    }

    fn counted(by: GroupBy) -> Vec<(Option<String>, u32)> {
        let rows = rows();
        let groups = groups(&rows, &Order::arrived(&rows), &view(), by);
        groups.into_iter().map(|g| (g.value, g.count)).collect()
    }

    fn some(text: &str, count: u32) -> (Option<String>, u32) {
        (Some(text.to_owned()), count)
    }

    #[test]
    fn a_person_with_another_name_in_one_system_is_one_group() {
        let rows = rows();
        let mut view = view();
        let names = UserNames::default().with_person("bob", "ada").unwrap();
        Arc::make_mut(&mut view.sources)[1].user_names = Arc::new(names);

        let groups = groups(&rows, &Order::arrived(&rows), &view, GroupBy::User);

        let shown: Vec<_> = groups
            .iter()
            .map(|g| (g.value.as_deref(), g.count))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("bob"), 3),
                (Some("ada"), 2),
                (Some("bob (two)"), 1),
                (None, 2)
            ]
        );
        assert_eq!(groups[0].names, ["ada", "bob"]);
    }

    #[test]
    fn the_largest_group_comes_first_and_what_is_not_reported_last() {
        assert_eq!(
            counted(GroupBy::User),
            [some("ada", 4), some("bob", 2), (None, 2)]
        );
        assert_eq!(
            counted(GroupBy::Network),
            [some("192.0.2.0/24", 4), some("no address", 2), (None, 2)]
        );
        assert_eq!(
            counted(GroupBy::AddressClass),
            [some("documentation", 4), some("no address", 2), (None, 2)]
        );
        assert_eq!(
            counted(GroupBy::Address),
            [
                some("192.0.2.1", 2),
                some("192.0.2.9", 2),
                some("no address", 2),
                (None, 2)
            ]
        );
        assert_eq!(counted(GroupBy::Profile), [some("one", 4), some("two", 4)]);
        assert_eq!(counted(GroupBy::Kind), [(None, 8)]);
        let states = counted(GroupBy::State);
        assert!(states.contains(&some("revoked", 1)), "{states:?}");
    }

    #[test]
    fn a_row_is_counted_under_each_of_its_hints() {
        let mut rows = Rows::default();
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        let many = Thresholds::default().hints.many_sessions + 1;
        for number in 0..=many {
            let mut row = RowRef::new(number.to_string(), "label");
            row.user = Some(if number == many { "bob" } else { "ada" }.into());
            row.fact = Fact::Live;
            row.never_expires = number == 0;
            let _ = builder.row(&mut row);
        }
        rows.append(builder.finish());
        let mut view = view();
        view.ended = Arc::default();

        let groups = groups(&rows, &Order::arrived(&rows), &view, GroupBy::Hint);

        let shown: Vec<_> = groups.into_iter().map(|g| (g.value, g.count)).collect();
        assert_eq!(shown, [some("many", many), some("no-expiry", 1), (None, 1)]);
    }

    #[test]
    fn a_group_says_when_one_of_it_was_used_last() {
        let rows = rows();
        let groups = groups(&rows, &Order::arrived(&rows), &view(), GroupBy::User);

        let newest = DateTime::UNIX_EPOCH + TimeDelta::minutes(1);
        assert_eq!(groups[0].newest, Some(newest));
        assert_eq!(groups[2].newest, None);
    }

    #[test]
    fn beginnings_are_counted_in_equal_steps_up_to_now() {
        let rows = rows();
        let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(4);

        let began = began(&rows, &Order::arrived(&rows), now, 4);

        assert_eq!(began.counts, [4, 2, 0, 0]);
        assert_eq!(began.unknown, 2);
        assert_eq!(began.from, Some(DateTime::UNIX_EPOCH));
    }

    #[test]
    fn no_rows_have_no_groups() {
        let rows = Rows::default();
        let order = Order::arrived(&rows);

        assert_eq!(groups(&rows, &order, &view(), GroupBy::User), []);
        assert_eq!(began(&rows, &order, DateTime::UNIX_EPOCH, 0).from, None);
    }
}
