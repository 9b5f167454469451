//! The marked sessions. A mark is of a session, not of a position: it stays through sorting, filtering and
//! loading anew.

use super::effect::Gen;
use crate::store::{FoundMarks, Marked, MarkedBefore, RowId, Rows};

/// The sessions that are marked.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Among the rows that are loaded.
    here: Marked,
    /// The row that was marked last: a range begins there.
    last: Option<RowId>,
    /// How many of `here` a filter hides.
    hidden: usize,
    /// Among rows that were loaded before; they are looked for once all new ones are there.
    before: Vec<MarkedBefore>,
    /// The search for them that is under way.
    looking: Option<Gen>,
}

impl Marks {
    /// How many sessions are marked, with those that are still to be found among new rows.
    pub fn len(&self) -> usize {
        let before = self.before.iter().map(|set| set.marked.len());
        self.here.len() + before.sum::<usize>()
    }

    /// True if none is marked.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.here.is_empty()
    }

    /// How many of the marked rows a filter hides.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// True if this row is marked.
    pub fn contains(&self, row: RowId) -> bool {
        self.here.contains(row)
    }

    /// The row that was marked last. `None`: none since these rows were loaded.
    pub fn last(&self) -> Option<RowId> {
        self.last
    }

    /// True while sessions that were marked before the rows were loaded anew are still to be found.
    pub fn is_looking(&self) -> bool {
        !self.before.is_empty()
    }

    /// Marks a row that is shown, or takes its mark.
    pub fn toggle(&mut self, row: RowId) {
        if self.here.contains(row) {
            self.here.remove(row);
            return;
        }
        self.here.add(row);
        self.last = Some(row);
    }

    /// Marks rows that are shown.
    pub fn add(&mut self, rows: impl Iterator<Item = RowId>) {
        rows.for_each(|row| self.here.add(row));
    }

    /// Takes the mark of a row that is over.
    pub(super) fn take(&mut self, row: RowId) {
        self.here.remove(row);
        self.hidden = self.hidden.min(self.here.len());
        self.last = self.last.filter(|last| *last != row);
    }

    /// Says how many of the marked rows are shown, where a filter hides rows.
    pub(super) fn set_shown(&mut self, shown: impl Iterator<Item = RowId>) {
        let shown = shown.filter(|row| self.here.contains(*row)).count();
        self.hidden = self.here.len().saturating_sub(shown);
    }

    /// Says that no filter hides any.
    pub(super) fn set_all_shown(&mut self) {
        self.hidden = 0;
    }

    /// The rows give way to others, of which it is known where each session is now. `None`: it is not there,
    /// and loses its mark. Hands back how many do.
    pub(super) fn follow(&mut self, moved: impl Fn(RowId) -> Option<RowId>) -> usize {
        let marked = std::mem::take(&mut self.here);
        let mut lost = 0;
        for row in marked.iter() {
            match moved(row) {
                Some(to) => self.here.add(to),
                None => lost += 1,
            }
        }
        self.last = self.last.and_then(moved);
        lost
    }

    /// The rows give way to others, among which the marked sessions are looked for.
    pub fn keep_for_reload(&mut self, rows: &Rows) {
        let marked = std::mem::take(&mut self.here);
        if !marked.is_empty() {
            let rows = rows.clone();
            self.before.push(MarkedBefore { rows, marked });
        }
        (self.last, self.hidden, self.looking) = (None, 0, None);
    }

    /// The sessions that are to be looked for now. `None`: there are none, or that is under way.
    pub fn to_find(&self) -> Option<&[MarkedBefore]> {
        (self.looking.is_none() && !self.before.is_empty()).then_some(&self.before)
    }

    /// They are being looked for under this number.
    pub fn look(&mut self, generation: Gen) {
        self.looking = Some(generation);
    }

    /// True if this is the search for them that counts.
    pub fn awaits(&self, generation: Gen) -> bool {
        self.looking == Some(generation)
    }

    /// They were looked for.
    pub fn found(&mut self, marks: &FoundMarks) {
        self.here.add_all(&marks.found);
        self.before.clear();
        self.looking = None;
    }
}
