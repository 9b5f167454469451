//! Two readings of one list: which sessions are new, which have changed, and which have gone.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;

use super::chunk::{Answer, ChunkBuilder, Moment, Shared};
use super::counted::count_users;
use super::order::{Order, View, order};
use super::row::Row;
use super::rows::{RowId, Rows, SourceId};
use super::texts::Texts;
use super::unpacking::Unpacking;
use crate::model::{Field, RowRef, RowSink, Untrusted};

/// The fields in which two readings of a session are compared. Attributes are not: they are packed.
const COMPARED: [Field; 15] = [
    Field::User,
    Field::UserId,
    Field::Client,
    Field::Agent,
    Field::Method,
    Field::Scope,
    Field::Ip,
    Field::Created,
    Field::Used,
    Field::Expires,
    Field::Ended,
    Field::State,
    Field::Own,
    Field::Deletable,
    Field::Kind,
];

const SHARED: [Shared; 6] = [
    Shared::User,
    Shared::UserId,
    Shared::Client,
    Shared::Agent,
    Shared::Method,
    Shared::Scope,
];
const MOMENTS: [Moment; 4] = [
    Moment::Created,
    Moment::Used,
    Moment::Expires,
    Moment::Ended,
];

// The number of a change: one of these, or CHANGED with a bit for each field of COMPARED.
const SAME: u16 = 0;
const NEW: u16 = 1;
const GONE: u16 = 2;
const UNLISTED: u16 = 3;
/// No longer listed, and that is no news: it was ended here.
const LEFT: u16 = 4;
const CHANGED: u16 = 1 << 15;

/// The number of no row.
const NONE: u32 = u32::MAX;

/// What became of a session from one reading to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    New,
    /// Some of its fields are others now.
    Changed(ChangedFields),
    /// The whole list was read, and it is no longer there.
    Gone,
    /// It was not in the part of the list that came: the server cuts it.
    Unlisted,
}

/// The fields of a session that have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedFields(u16);

impl ChangedFields {
    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        let fields = COMPARED.into_iter().enumerate();
        fields.filter_map(move |(at, field)| (self.0 & (1 << at) != 0).then_some(field))
    }
}

/// What became of the rows of a reading since the one before.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Of each row a number; rows beyond the last have none.
    numbers: Arc<[u16]>,
    /// The rows that are there only so that it is seen that their sessions are no longer listed.
    left: Range<u32>,
    /// How many are new.
    pub new: usize,
    /// How many have changed.
    pub changed: usize,
    /// How many have gone.
    pub gone: usize,
    /// How many were not in the part of the list that came.
    pub unlisted: usize,
}

impl Changes {
    /// What became of a row. `None`: nothing, or there was no reading before.
    pub fn of(&self, row: RowId) -> Option<Change> {
        match self.number(row) {
            NEW => Some(Change::New),
            GONE => Some(Change::Gone),
            UNLISTED => Some(Change::Unlisted),
            number if number & CHANGED != 0 => {
                Some(Change::Changed(ChangedFields(number & !CHANGED)))
            }
            _ => None,
        }
    }

    /// True if two readings were compared.
    pub fn are_known(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// How many rows are there only so that it is seen that their sessions are no longer listed.
    pub fn left(&self) -> usize {
        self.left.len()
    }

    /// The rows that have gone.
    pub fn gone_rows(&self) -> impl Iterator<Item = RowId> {
        let left = self.left.clone().map(RowId);
        left.filter(|row| self.number(*row) == GONE)
    }

    fn number(&self, row: RowId) -> u16 {
        self.numbers.get(row.0 as usize).copied().unwrap_or(SAME)
    }

    /// True if the row is there only so that it is seen that its session is no longer listed.
    pub fn is_left(&self, row: RowId) -> bool {
        self.left.contains(&row.0)
    }
}

/// The list of a source as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How much of it came.
    pub came: Came,
    /// True if the rows before were as much of it: what is there for the first time is new.
    pub was_as_much: bool,
}

/// How much of a list came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// All of it: what is not in it has gone.
    All,
    /// A part: nothing is known of what is not in it.
    Part,
    /// Nothing: the rows before stay.
    Nothing,
}

/// The two readings that are to be compared.
#[derive(Debug)]
pub struct Comparison {
    /// The rows before.
    pub before: Rows,
    /// What had become of them.
    pub changes: Changes,
    /// Those that were ended here.
    pub over: Arc<HashSet<RowId>>,
    /// The rows now.
    pub read: Rows,
    /// The lists that they come from, by the number of the source.
    pub lists: Vec<Listing>,
}

/// Two readings that were compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The rows now: those that were read, then those that have gone, then those of lists that did not come.
    pub rows: Rows,
    /// What became of them.
    pub changes: Changes,
    /// Of each row before its number now.
    moved: Vec<u32>,
}

impl Compared {
    /// The row of a session now. `None`: it is no longer shown.
    pub fn moved(&self, row: RowId) -> Option<RowId> {
        let to = self.moved.get(row.0 as usize).copied();
        to.filter(|to| *to != NONE).map(RowId)
    }
}

impl Comparison {
    /// Compares them. Looks at every row, so that it is work for off the loop. A row that was shown as gone
    /// is not kept once more.
    pub fn made(self) -> Compared {
        let mut found = Matched::of(&self);
        let mut rows = self.read.clone();
        let first_left = rows.len() as u32;
        self.keep_gone(&mut rows, &mut found);
        let left = first_left..rows.len() as u32;
        self.keep_unread(&mut rows, &mut found);
        let count = |wanted: u16| found.numbers.iter().filter(|one| **one == wanted).count();
        let changed = found.numbers.iter().filter(|one| **one & CHANGED != 0);
        Compared {
            changes: Changes {
                new: count(NEW),
                changed: changed.count(),
                gone: count(GONE),
                unlisted: count(UNLISTED),
                left,
                numbers: found.numbers.into(),
            },
            moved: found.moved,
            rows,
        }
    }

    /// The same, and the rows now in order. `view`: of the rows before.
    pub fn made_for(self, mut view: View) -> (Compared, Order) {
        let compared = self.made();
        let ended = view.ended.iter().filter_map(|row| compared.moved(*row));
        let ended: HashSet<RowId> = ended.collect();
        // Where it stands a row that has gone stays, but it no longer counts.
        let over = ended.iter().copied().chain(compared.changes.gone_rows());
        view.ended = Arc::new(over.collect());
        view.counted = Some(Arc::new(count_users(&compared.rows, &view)));
        (view.ended, view.counts) = (Arc::new(ended), false);
        let order = order(&compared.rows, &view, None);
        (compared, order)
    }

    fn list(&self, source: SourceId) -> Listing {
        let list = self.lists.get(usize::from(source.0)).copied();
        list.unwrap_or(Listing {
            came: Came::Nothing,
            was_as_much: true,
        })
    }

    /// The rows of lists that did not come stay as they are.
    fn keep_unread(&self, rows: &mut Rows, found: &mut Matched) {
        for (first, chunk) in self.before.chunks() {
            let is_left = self.changes.is_left(RowId(first));
            if is_left || self.list(chunk.source).came != Came::Nothing {
                continue;
            }
            let start = rows.len() as u32;
            for at in 0..chunk.len() as u32 {
                found.move_to(first + at, start + at);
                found.numbers.push(SAME);
            }
            rows.append(Arc::clone(chunk));
        }
    }

    /// The rows that are no longer in their list are shown once more.
    fn keep_gone(&self, rows: &mut Rows, found: &mut Matched) {
        let mut sources: Vec<(SourceId, Vec<u32>)> = Vec::new();
        for (id, row) in self.before.iter() {
            if found.has_moved(id) || self.changes.is_left(id) {
                continue;
            }
            let source = row.source();
            match sources.iter_mut().find(|(known, _)| *known == source) {
                Some((_, left)) => left.push(id.0),
                None => sources.push((source, vec![id.0])),
            }
        }
        for (source, left) in sources {
            let number = match self.list(source).came {
                Came::All => GONE,
                Came::Part => UNLISTED,
                // They stay as they are.
                Came::Nothing => continue,
            };
            let start = rows.len() as u32;
            let mut builder = ChunkBuilder::new(source, Arc::default());
            let mut unpacking = Unpacking::default();
            for (at, id) in (start..).zip(&left) {
                let Some(row) = self.before.get(RowId(*id)) else {
                    continue;
                };
                let _ = builder.row(&mut RowRef::of(&unpacking.session(row)));
                found.move_to(*id, at);
                let is_over = self.over.contains(&RowId(*id));
                found.numbers.push(if is_over { LEFT } else { number });
            }
            rows.append(builder.finish());
        }
    }
}

/// The sessions that are in both readings.
struct Matched {
    /// Of each row before its number now.
    moved: Vec<u32>,
    /// Of each row now what became of it.
    numbers: Vec<u16>,
}

impl Matched {
    fn of(readings: &Comparison) -> Self {
        let (before, read) = (&readings.before, &readings.read);
        let mut matched = Self {
            moved: vec![NONE; before.len()],
            numbers: vec![SAME; read.len()],
        };
        let mut known = Known::new(before);
        let mut texts = SameTexts::default();
        let mut strangers = Vec::new();
        for (id, row) in read.iter() {
            match known.find(row).filter(|old| !matched.has_moved(old.0)) {
                Some((old, old_row)) => {
                    matched.pair(readings, old, old_row, id, row, &mut texts);
                }
                None => strangers.push((id, row)),
            }
        }
        let strangers = matched.pair_by_look(readings, strangers, &mut texts);
        for (id, row) in strangers {
            let number = if readings.list(row.source()).was_as_much {
                NEW
            } else {
                SAME
            };
            matched.set(id, number);
        }
        matched
    }

    fn has_moved(&self, old: RowId) -> bool {
        self.moved.get(old.0 as usize).is_some_and(|to| *to != NONE)
    }

    fn move_to(&mut self, from: u32, to: u32) {
        if let Some(place) = self.moved.get_mut(from as usize) {
            *place = to;
        }
    }

    fn set(&mut self, row: RowId, number: u16) {
        if let Some(place) = self.numbers.get_mut(row.0 as usize) {
            *place = number;
        }
    }

    fn pair(
        &mut self,
        readings: &Comparison,
        old: RowId,
        old_row: Row<'_>,
        new: RowId,
        new_row: Row<'_>,
        texts: &mut SameTexts,
    ) {
        self.move_to(old.0, new.0);
        let number = match readings.changes.number(old) {
            // It was told to have gone.
            GONE | LEFT => NEW,
            _ => match difference(old_row, new_row, texts) {
                0 => SAME,
                fields => CHANGED | fields,
            },
        };
        self.set(new, number);
    }

    /// Ids that do not last name another session each time: such a session is known by the rest of it. Hands
    /// back those that are not known.
    fn pair_by_look<'a>(
        &mut self,
        readings: &Comparison,
        strangers: Vec<(RowId, Row<'a>)>,
        texts: &mut SameTexts,
    ) -> Vec<(RowId, Row<'a>)> {
        if !strangers.iter().any(|(_, row)| look(*row).is_some()) {
            return strangers;
        }
        let by = RandomState::new();
        let mut lost: HashMap<u64, Vec<RowId>> = HashMap::new();
        for (id, row) in readings.before.iter() {
            if let Some(look) = look(row).filter(|_| !self.has_moved(id)) {
                lost.entry(by.hash_one(look)).or_default().push(id);
            }
        }
        // The first of those that look the same first.
        for rows in lost.values_mut() {
            rows.reverse();
        }
        let mut rest = Vec::new();
        for (id, row) in strangers {
            let same = look(row).and_then(|look| lost.get_mut(&by.hash_one(look))?.pop());
            match same.and_then(|old| Some((old, readings.before.get(old)?))) {
                Some((old, old_row)) => self.pair(readings, old, old_row, id, row, texts),
                None => rest.push((id, row)),
            }
        }
        rest
    }
}

/// What a session whose id may not last is known by. `None`: its id lasts, or it has no moment that stays.
fn look(row: Row<'_>) -> Option<impl Hash> {
    let facts = row.facts();
    let stays = [Moment::Created, Moment::Expires]
        .into_iter()
        .find_map(|moment| row.chunk.times[moment].micros(row.at));
    // Of one that may not be ended nobody tells whether its id lasts.
    let may_not_last = facts.deletable != Answer::Yes;
    let texts = [Shared::UserId, Shared::User, Shared::Client, Shared::Scope]
        .map(|text| row.texts().get(row.text_id(text)).map(Untrusted::expose));
    let source = row.source();
    stays
        .filter(|_| may_not_last)
        .map(|stays| (source, texts, row.ip_text(), stays))
}

/// The rows before, by their keys.
struct Known<'a> {
    rows: &'a Rows,
    /// The row that would be next if the list were as it was.
    next: RowId,
    by: RandomState,
    /// Made once a row is not where it was.
    table: Option<HashTable<u32>>,
}

impl<'a> Known<'a> {
    fn new(rows: &'a Rows) -> Self {
        Self {
            rows,
            next: RowId(0),
            by: RandomState::new(),
            table: None,
        }
    }

    fn find(&mut self, row: Row<'_>) -> Option<(RowId, Row<'a>)> {
        let rows = self.rows;
        let beside = rows.get(self.next).filter(|known| known.is_same(row));
        let found = match beside {
            Some(known) => (self.next, known),
            None => self.look_up(row)?,
        };
        self.next = RowId(found.0.0 + 1);
        Some(found)
    }

    fn look_up(&mut self, row: Row<'_>) -> Option<(RowId, Row<'a>)> {
        let (rows, by) = (self.rows, &self.by);
        let hash = |row: Row<'_>| {
            let mut state = by.build_hasher();
            row.hash_identity(&mut state);
            state.finish()
        };
        let table = self.table.get_or_insert_with(|| {
            let mut table = HashTable::with_capacity(rows.len());
            for (id, row) in rows.iter() {
                table.insert_unique(hash(row), id.0, |number| {
                    rows.get(RowId(*number)).map_or(0, hash)
                });
            }
            table
        });
        let is_it = |number: &u32| {
            let known = rows.get(RowId(*number));
            known.is_some_and(|known| known.is_same(row))
        };
        let number = *table.find(hash(row), is_it)?;
        Some((RowId(number), rows.get(RowId(number))?))
    }
}

/// Which texts of two readings are the same: a text that many rows share is compared once.
#[derive(Default)]
struct SameTexts {
    /// Of each pair of readings: of each text before, the number of the same text now and 1 more.
    known: Vec<(Arc<Texts>, Arc<Texts>, Vec<u32>)>,
}

impl SameTexts {
    fn are_same(&mut self, old: Row<'_>, new: Row<'_>, which: Shared) -> bool {
        let (before, now) = (old.text_id(which), new.text_id(which));
        let (Some(old_number), Some(new_number)) = (before.number(), now.number()) else {
            return before.number() == now.number();
        };
        let (old_texts, new_texts) = (old.texts(), new.texts());
        if Arc::ptr_eq(old_texts, new_texts) {
            return old_number == new_number;
        }
        let same = self.between(old_texts, new_texts);
        if same.len() <= old_number {
            same.resize(old_texts.len().max(old_number + 1), 0);
        }
        let told = new_number as u32 + 1;
        if same[old_number] == told {
            return true;
        }
        let (one, other) = (old_texts.get(before), new_texts.get(now));
        let are_same = one.zip(other).is_some_and(|(one, other)| {
            one.expose() == other.expose() && one.is_json() == other.is_json()
        });
        if are_same {
            same[old_number] = told;
        }
        are_same
    }

    fn between(&mut self, old: &Arc<Texts>, new: &Arc<Texts>) -> &mut Vec<u32> {
        let is_it = |(a, b, _): &(Arc<Texts>, Arc<Texts>, Vec<u32>)| {
            Arc::ptr_eq(a, old) && Arc::ptr_eq(b, new)
        };
        let at = self.known.iter().position(is_it).unwrap_or_else(|| {
            self.known
                .push((Arc::clone(old), Arc::clone(new), Vec::new()));
            self.known.len() - 1
        });
        &mut self.known[at].2
    }
}

/// A bit for each of the fields in which two readings of a session differ.
fn difference(old: Row<'_>, new: Row<'_>, texts: &mut SameTexts) -> u16 {
    let (was, is) = (old.facts(), new.facts());
    let same_texts = SHARED.map(|which| texts.are_same(old, new, which));
    let same_ip = was.has_ip == is.has_ip
        && old.ip_text() == new.ip_text()
        && texts.are_same(old, new, Shared::OddIp);
    let micros = |row: Row<'_>, moment| row.chunk.times[moment].micros(row.at);
    let same_times = MOMENTS.map(|moment| micros(old, moment) == micros(new, moment));
    let same_facts = [
        was.fact == is.fact,
        was.own == is.own,
        was.deletable == is.deletable && texts.are_same(old, new, Shared::WhyNot),
        old.kind_name() == new.kind_name(),
    ];
    let all = same_texts.into_iter().chain([same_ip]);
    let all = all.chain(same_times).chain(same_facts);
    let bits = all.enumerate().filter(|(_, same)| !same);
    bits.fold(0, |bits, (at, _)| bits | 1 << at)
}

impl Row<'_> {
    fn is_same(self, other: Row<'_>) -> bool {
        self.source() == other.source()
            && self.chunk.keys.view(self.at) == other.chunk.keys.view(other.at)
    }

    fn hash_identity(self, state: &mut impl Hasher) {
        (self.source(), self.chunk.keys.view(self.at)).hash(state);
    }
}

#[cfg(test)]
mod tests;
