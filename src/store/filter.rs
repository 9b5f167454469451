//! Which rows pass a filter.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rayon::prelude::*;

use super::chunk::{Answer, Chunk};
use super::order::{SourceNames, View};
use super::row::{Row, shared_of};
use super::rows::{RowId, Rows};
use super::texts::Texts;
use super::words::{self, WordHits};
use crate::model::query::{Answers, Matcher, RowView, TextNumber};
use crate::model::{Fact, Field, Hints, OfOtherRows, Thresholds};

/// The numbers of the rows that pass, in order of arrival. Works on all cores.
pub(super) fn kept(rows: &Rows, view: &View, filter: &Matcher) -> Vec<u32> {
    #[cfg(test)]
    super::touched::add(rows.len());
    if let Some(pass) = words::rows_with(rows, filter) {
        let all = (0..).zip(&pass);
        return all.filter(|(_, pass)| **pass).map(|(row, _)| row).collect();
    }
    let chunks: Vec<(u32, &Arc<Chunk>)> = rows.chunks().collect();
    let words = WordHits::of(rows, filter);
    let at_once = chunks.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = chunks.par_chunks(at_once).map(|chunks| {
        let (mut kept, mut known) = (Vec::new(), Known::new());
        for (first, chunk) in chunks {
            let attributes = attributes(chunk, filter);
            let answers = answers_of(&chunk.texts, &mut known);
            for (number, row) in (*first..).zip(chunk.rows()) {
                let asked = Asked {
                    attributes: attributes.get(row.at).map_or(&[], Vec::as_slice),
                    ..Asked::by(view, RowId(number), row, &words)
                };
                if filter.matches_knowing(&asked, answers) {
                    kept.push(number);
                }
            }
        }
        kept
    });
    parts.collect::<Vec<_>>().concat()
}

/// What is known of the texts of each reading.
type Known<'a> = Vec<(&'a Arc<Texts>, Answers)>;

fn answers_of<'a, 'k>(texts: &'a Arc<Texts>, known: &'k mut Known<'a>) -> &'k mut Answers {
    let place = known
        .iter()
        .position(|(known, _)| Arc::ptr_eq(known, texts));
    let place = place.unwrap_or_else(|| {
        known.push((texts, Answers::default()));
        known.len() - 1
    });
    &mut known[place].1
}

/// Up to one row in so many, each is looked at by itself: that takes less than to look for words in all.
const FEW: usize = 16;

/// Those of these rows that pass, in the same sequence. Works on all cores. Not for a filter that asks for
/// attributes: they are packed chunk by chunk.
pub(super) fn among(these: &[u32], rows: &Rows, view: &View, filter: &Matcher) -> Vec<u32> {
    #[cfg(test)]
    super::touched::add(these.len());
    let are_many = these.len() > rows.len() / FEW;
    if are_many && let Some(pass) = words::rows_with(rows, filter) {
        let passes = |row: &u32| pass.get(*row as usize).copied().unwrap_or(false);
        return these.iter().copied().filter(passes).collect();
    }
    let words = if are_many {
        WordHits::of(rows, filter)
    } else {
        WordHits::default()
    };
    let at_once = these.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = these.par_chunks(at_once).map(|these| {
        let mut known = Known::new();
        let mut passes = |number: u32| {
            let row = rows.get(RowId(number))?;
            let answers = answers_of(&row.chunk.texts, &mut known);
            let asked = Asked::by(view, RowId(number), row, &words);
            filter.matches_knowing(&asked, answers).then_some(number)
        };
        these.iter().filter_map(|number| passes(*number)).collect()
    });
    parts.collect::<Vec<Vec<u32>>>().concat()
}

type Pairs = Vec<(Box<str>, Box<str>)>;

/// Of each row the attributes that the filter asks for; nothing if it asks for none.
fn attributes(chunk: &Chunk, filter: &Matcher) -> Vec<Pairs> {
    let mut all = Vec::new();
    if filter.asks_attributes() {
        all.resize(chunk.len(), Pairs::new());
        chunk.records.each(|row, attributes| {
            let asked = attributes.filter(|one| filter.asks_attribute(one.name));
            if let Some(pairs) = all.get_mut(row) {
                pairs.extend(asked.map(|one| (one.name.into(), one.value.into())));
            }
        });
    }
    all
}

/// A row with what its source adds to it.
struct Asked<'a> {
    row: Row<'a>,
    names: Option<&'a SourceNames>,
    beside: Beside<'a>,
    attributes: &'a [(Box<str>, Box<str>)],
}

/// What is known of a row beside what its server said.
enum Beside<'a> {
    /// This is.
    Here(Fact, OfOtherRows),
    /// The view knows it: looked up only if it is asked for.
    By(&'a View, RowId, &'a WordHits),
}

impl<'a> Asked<'a> {
    /// A row of a view, of which it is known where the words occur; without attributes.
    fn by(view: &'a View, id: RowId, row: Row<'a>, words: &'a WordHits) -> Self {
        Self {
            row,
            names: view.names(row),
            beside: Beside::By(view, id, words),
            attributes: &[],
        }
    }
}

impl Row<'_> {
    /// Its hints. `fact`: its state as it is known now; `now`: by the clock of its server.
    pub fn hints(
        self,
        fact: Fact,
        others: OfOtherRows,
        thresholds: Thresholds,
        now: DateTime<Utc>,
    ) -> Hints {
        let asked = Asked {
            row: self,
            names: None,
            beside: Beside::Here(fact, others),
            attributes: &[],
        };
        Hints::of(&asked, others, thresholds, now)
    }
}

impl RowView for Asked<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        let text = match field {
            Field::Profile => &self.names?.profile,
            Field::System => &self.names?.system,
            Field::Id => return Some(self.row.id()),
            Field::Kind => self.row.kind()?,
            Field::Ip if self.row.facts().has_ip => self.row.ip_text(),
            Field::Ip => return Some(self.row.ip()?.expose().to_owned().into()),
            field => {
                let id = self.row.text_id(shared_of(field)?);
                self.row.texts().get(id)?.expose()
            }
        };
        Some(Cow::Borrowed(text))
    }

    fn text_number(&self, field: Field) -> TextNumber {
        let Some(shared) = shared_of(field) else {
            return TextNumber::Unknown;
        };
        let number = self.row.text_id(shared).number();
        number.map_or(TextNumber::NoText, TextNumber::Is)
    }

    fn word(&self, number: usize) -> Option<bool> {
        match self.beside {
            Beside::Here(..) => None,
            Beside::By(_, id, words) => words.get(number, id),
        }
    }

    fn tests_id(&self, test: impl FnOnce(&str) -> bool) -> bool {
        self.row.tests_id(test)
    }

    fn source(&self) -> Option<usize> {
        Some(usize::from(self.row.source().0))
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        Some(self.row.key_text())
    }

    fn instant(&self, field: Field) -> Option<DateTime<Utc>> {
        self.row.instant(field)
    }

    fn fact(&self) -> Fact {
        match self.beside {
            Beside::Here(fact, _) => fact,
            Beside::By(view, id, _) => view.fact(id, self.row),
        }
    }

    fn own(&self) -> Option<bool> {
        self.row.own()
    }

    fn deletable(&self) -> Option<bool> {
        match self.row.facts().deletable {
            Answer::Yes => Some(true),
            Answer::No | Answer::NoLastingId => Some(false),
            Answer::Unknown => None,
        }
    }

    fn is_impersonated(&self) -> bool {
        self.row.is_impersonated()
    }

    fn never_expires(&self) -> bool {
        self.row.never_expires()
    }

    fn of_other_rows(&self) -> OfOtherRows {
        match self.beside {
            Beside::Here(_, others) => others,
            Beside::By(view, id, _) => view.of_other_rows(id),
        }
    }

    fn any_attribute(&self, name: &str, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut all = self.attributes.iter();
        all.any(|(known, value)| &**known == name && test(value))
    }

    fn thresholds(&self) -> Option<Thresholds> {
        self.names.map(|names| names.thresholds)
    }

    fn ahead(&self) -> TimeDelta {
        self.names.map_or(TimeDelta::zero(), |names| names.ahead)
    }
}
