//! Sorting rows. Each row gets a key of fixed size first, so that comparing costs the same whatever is
//! compared: texts that many rows share by their rank, others by how they begin.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use rayon::prelude::*;

use super::chunk::{Answer, Moment, Shared};
use super::order::View;
use super::row::{Row, shared_of};
use super::rows::{Finder, RowId, Rows};
use super::texts::{TextId, Texts};
use crate::model::{Field, Property, Sort};

/// These rows in this order: what is missing comes last in both directions; equal values newest first, then
/// as they arrived. Works on all cores.
pub(super) fn sorted(rows: &Rows, view: &View, sort: &Sort, these: Vec<u32>) -> Vec<u32> {
    #[cfg(test)]
    super::touched::add(these.len());
    let Property::Field(field) = &sort.by else {
        return by_text(rows, view, sort, these);
    };
    match field {
        Field::User => by_rank(rows, sort, these, |row| {
            let name = row.text_id(Shared::User);
            if name == TextId::NONE {
                row.text_id(Shared::UserId)
            } else {
                name
            }
        }),
        Field::UserId | Field::Client | Field::Agent | Field::Method | Field::Scope => {
            match shared_of(*field) {
                Some(shared) => by_rank(rows, sort, these, |row| row.text_id(shared)),
                None => these,
            }
        }
        Field::Id | Field::Ip | Field::Kind | Field::Profile | Field::System => {
            by_text(rows, view, sort, these)
        }
        Field::State => {
            let state = view.states();
            by_number(rows, sort, these, |id, row| Some(state(id, row) as i64))
        }
        Field::Created | Field::Age => {
            by_moment(rows, sort, these, |row| row.micros(Moment::Created))
        }
        Field::Used => by_moment(rows, sort, these, |row| row.micros(Moment::Used)),
        Field::Ended => by_moment(rows, sort, these, |row| row.micros(Moment::Ended)),
        Field::Expires | Field::Left => {
            by_moment(rows, sort, these, |row| row.micros(Moment::Expires))
        }
        Field::Idle => by_moment(rows, sort, these, |row| {
            row.micros(Moment::Used)
                .or_else(|| row.micros(Moment::Created))
        }),
        Field::Own => by_number(rows, sort, these, |_, row| row.own().map(i64::from)),
        Field::Deletable => by_number(rows, sort, these, |_, row| match row.facts().deletable {
            Answer::Yes => Some(1),
            Answer::No | Answer::NoLastingId => Some(0),
            Answer::Unknown => None,
        }),
        Field::Hint => by_number(rows, sort, these, |id, row| {
            let hints = view.hints(id, row);
            (!hints.is_empty()).then(|| hints.rank().into())
        }),
    }
}

/// When it began, or was last used where that is not told, so that the newest comes first.
fn newest_first(row: Row<'_>) -> u64 {
    let newest = row
        .micros(Moment::Created)
        .or_else(|| row.micros(Moment::Used));
    newest.map_or(u64::MAX, |at| !in_order(at))
}

/// The same order for numbers without a sign.
fn in_order(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

/// So many equal values are few.
const FEW: usize = 64;

/// By values of which few are equal: what orders those is looked at only where there are some. `these` are in
/// order of arrival.
fn by_moment(
    rows: &Rows,
    sort: &Sort,
    these: Vec<u32>,
    key: impl Fn(Row<'_>) -> Option<i64> + Sync,
) -> Vec<u32> {
    let keyed = |finder: &mut Finder<'_>, (place, number): (usize, &u32)| {
        let row = finder.row(RowId(*number));
        let newest = row.map_or(u64::MAX, newest_first);
        (
            (in_direction(row.and_then(&key), sort), place as u32),
            newest,
        )
    };
    let (mut keys, mut newest) = (Vec::new(), Vec::new());
    let of_these = these.par_iter().enumerate();
    let keyed = of_these.map_init(|| rows.finder(), keyed);
    keyed.unzip_into_vecs(&mut keys, &mut newest);
    keys.par_sort_unstable();
    let after = |place: u32| (newest[place as usize], place);
    let runs = keys.par_chunk_by_mut(|one: &(u64, u32), other| one.0 == other.0);
    runs.for_each(|run| match run.len() {
        0 | 1 => {}
        2..FEW => run.sort_unstable_by_key(|(_, place)| after(*place)),
        _ => {
            let mut all: Vec<(u64, u32)> = run.par_iter().map(|(_, place)| after(*place)).collect();
            all.par_sort_unstable();
            for (key, (_, place)) in run.iter_mut().zip(all) {
                key.1 = place;
            }
        }
    });
    let ordered = keys.into_par_iter();
    ordered.map(|(_, place)| these[place as usize]).collect()
}

/// In ascending order these numbers are in the order of the sort; what is missing comes last.
fn in_direction(value: Option<i64>, sort: &Sort) -> u64 {
    match value.map(in_order) {
        Some(key) if sort.descending => !key,
        Some(key) => key,
        None => u64::MAX,
    }
}

fn by_number(
    rows: &Rows,
    sort: &Sort,
    these: Vec<u32>,
    key: impl Fn(RowId, Row<'_>) -> Option<i64> + Sync,
) -> Vec<u32> {
    let keyed = |finder: &mut Finder<'_>, number: u32| {
        let id = RowId(number);
        let Some(row) = finder.row(id) else {
            return (u64::MAX, u64::MAX, number);
        };
        (in_direction(key(id, row), sort), newest_first(row), number)
    };
    let of_these = these.into_par_iter();
    let mut keys: Vec<(u64, u64, u32)> = of_these.map_init(|| rows.finder(), keyed).collect();
    keys.par_sort_unstable();
    keys.into_par_iter().map(|(.., number)| number).collect()
}

/// By texts that many rows share: those are put in order first, each once.
fn by_rank(
    rows: &Rows,
    sort: &Sort,
    these: Vec<u32>,
    id: impl Fn(Row<'_>) -> TextId + Sync,
) -> Vec<u32> {
    // The texts of each reading, and which of them occur.
    let mut used: Vec<(&Arc<Texts>, Vec<bool>)> = Vec::new();
    let mut finder = rows.finder();
    for row in these.iter().filter_map(|number| finder.row(RowId(*number))) {
        let Some(number) = id(row).number() else {
            continue;
        };
        let known = used
            .iter()
            .position(|(texts, _)| Arc::ptr_eq(texts, row.texts()));
        let place = known.unwrap_or_else(|| {
            used.push((row.texts(), Vec::new()));
            used.len() - 1
        });
        let occurs = &mut used[place].1;
        if occurs.len() <= number {
            occurs.resize(row.texts().len().max(number + 1), false);
        }
        occurs[number] = true;
    }
    let mut texts: Vec<(Cow<'_, str>, usize, usize)> = Vec::new();
    for (place, (known, occurs)) in used.iter().enumerate() {
        let numbers = (0..occurs.len()).filter(|number| occurs[*number]);
        texts.extend(numbers.filter_map(|number| {
            let text = known.numbered(number)?;
            Some((lower(text.expose()), place, number))
        }));
    }
    texts.par_sort_unstable();
    let mut ranks: Vec<Vec<u32>> = used
        .iter()
        .map(|(_, occurs)| vec![0; occurs.len()])
        .collect();
    let mut rank = 0;
    for (at, (text, place, number)) in texts.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| texts.get(before));
        if before.is_some_and(|(before, ..)| before != text) {
            rank += 1;
        }
        ranks[*place][*number] = rank;
    }
    by_number(rows, sort, these, |_, row| {
        let number = id(row).number()?;
        let place = used
            .iter()
            .position(|(texts, _)| Arc::ptr_eq(texts, row.texts()))?;
        Some(ranks.get(place)?.get(number).copied()?.into())
    })
}

/// The value that a row is sorted by where that is text, or an attribute.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    /// A whole number, before everything else.
    Number(i64),
    /// An address: those of version 4 before those of version 6, each by its value.
    Address(IpAddr),
    Text(Cow<'a, str>),
}

impl Key<'_> {
    /// How it begins, in the order of the keys: where that differs, nothing else is looked at.
    fn begins(&self) -> u128 {
        let of_kind = |kind: u128, bits: u128| kind << 126 | bits;
        match self {
            Self::Number(_) => 0,
            Self::Address(IpAddr::V4(address)) => of_kind(1, address.to_bits().into()),
            Self::Address(IpAddr::V6(address)) => of_kind(1, 1 << 125 | address.to_bits() >> 3),
            Self::Text(text) => {
                let mut first = [0; 16];
                let shown = text.len().min(16);
                first[..shown].copy_from_slice(&text.as_bytes()[..shown]);
                of_kind(2, u128::from_be_bytes(first) >> 2)
            }
        }
    }
}

struct Keyed<'a> {
    begins: u128,
    key: Option<Key<'a>>,
    newest: u64,
    number: u32,
}

impl<'a> Keyed<'a> {
    fn new(key: Option<Key<'a>>, newest: u64, number: u32) -> Self {
        let begins = key.as_ref().map_or(0, Key::begins);
        Self {
            begins,
            key,
            newest,
            number,
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let values = || {
            let begins = self.begins.cmp(&other.begins);
            begins.then_with(|| self.key.cmp(&other.key))
        };
        let primary = match (&self.key, &other.key) {
            (Some(_), Some(_)) if descending => values().reverse(),
            (Some(_), Some(_)) => values(),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        primary
            .then_with(|| self.newest.cmp(&other.newest))
            .then_with(|| self.number.cmp(&other.number))
    }
}

/// By texts of which most are different, and by attributes.
fn by_text(rows: &Rows, view: &View, sort: &Sort, these: Vec<u32>) -> Vec<u32> {
    let mut attributes = match &sort.by {
        Property::Attribute(name) => attributes(rows, name),
        Property::Field(_) => Vec::new(),
    };
    let mut finder = rows.finder();
    let mut keyed = |number: u32, attribute: Option<Key<'static>>| {
        let row = finder.row(RowId(number));
        let key = match &sort.by {
            Property::Attribute(_) => attribute,
            Property::Field(field) => row.and_then(|row| text_of(view, row, *field)),
        };
        Keyed::new(key, row.map_or(u64::MAX, newest_first), number)
    };
    let mut keys: Vec<Keyed<'_>> = these
        .into_iter()
        .map(|number| {
            let attribute = attributes.get_mut(number as usize);
            keyed(number, attribute.and_then(Option::take))
        })
        .collect();
    keys.par_sort_unstable_by(|a, b| a.compare(b, sort.descending));
    keys.into_iter().map(|keyed| keyed.number).collect()
}

fn text_of<'a>(view: &'a View, row: Row<'a>, field: Field) -> Option<Key<'a>> {
    let text = match field {
        Field::Id => row.label(),
        Field::Ip if row.facts().has_ip => {
            let text = row.ip_text();
            // Of several addresses the first one counts.
            let first = text.split(',').next().unwrap_or(text).trim();
            return Some(match first.parse() {
                Ok(address) => Key::Address(address),
                Err(_) => Key::Text(lower(text)),
            });
        }
        Field::Ip => {
            let ip = row.ip()?;
            return Some(Key::Text(Cow::Owned(lower(ip.expose()).into_owned())));
        }
        Field::Kind => row.kind()?,
        Field::Profile => &view.names(row)?.profile,
        Field::System => &view.names(row)?.system,
        _ => return None,
    };
    Some(Key::Text(lower(text)))
}

/// Of each row the value of an attribute. Whole numbers are sorted as numbers. A secret attribute has none,
/// since its place in the order would tell something about it.
fn attributes(rows: &Rows, name: &str) -> Vec<Option<Key<'static>>> {
    let mut all = Vec::with_capacity(rows.len());
    for (first, chunk) in rows.chunks() {
        chunk.records.each(|_, attributes| {
            let mut named = attributes.filter(|one| one.name == name);
            let value = named.next().and_then(|one| one.plain());
            all.push(value.map(|value| {
                let number = value.parse().map(Key::Number);
                number.unwrap_or_else(|_| Key::Text(Cow::Owned(lower(value).into_owned())))
            }));
        });
        all.resize_with(first as usize + chunk.len(), || None);
    }
    all
}

/// Text is sorted without case.
fn lower(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !c.is_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::model::RowSink;
    use crate::store::{ChunkBuilder, SourceId};

    proptest! {
        #[test]
        fn rows_are_in_the_order_of_their_moments_and_equal_ones_newest_first(
            ages in prop::collection::vec((prop::option::of(0..4_i64), 0..200_i64), 0..600),
            descending in any::<bool>(),
            kept in 1..4_u32,
        ) {
            let at = |seconds: i64| DateTime::<Utc>::UNIX_EPOCH - TimeDelta::seconds(seconds);
            let mut rows = Rows::default();
            for page in ages.chunks(50) {
                let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
                for (used, created) in page {
                    let mut row = crate::model::RowRef::new("key", "label");
                    row.last_used = used.map(at);
                    row.created = Some(at(*created));
                    let _ = builder.row(&mut row);
                }
                rows.append(builder.finish());
            }
            let these: Vec<u32> = (0..ages.len() as u32).step_by(kept as usize).collect();
            let sort = Sort { by: Field::Used.into(), descending };

            let sorted = by_moment(&rows, &sort, these.clone(), |row| row.micros(Moment::Used));

            let mut expected = these;
            expected.sort_by_key(|number| {
                let (used, created) = ages[*number as usize];
                // A higher age is an earlier moment.
                let order = used.map(|age| if descending { age } else { -age });
                (order.is_none(), order, created, *number)
            });
            prop_assert_eq!(sorted, expected);
        }
    }
}
