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
use crate::model::query::{Answers, Matcher, RowView, TextNumber};
use crate::model::{Fact, Field, Hints, OfOtherRows, Thresholds};

/// The numbers of the rows that pass, in order of arrival. Works on all cores.
pub(super) fn kept(rows: &Rows, view: &View, filter: &Matcher) -> Vec<u32> {
    #[cfg(test)]
    super::touched::add(rows.len());
    let chunks: Vec<(u32, &Arc<Chunk>)> = rows.chunks().collect();
    let known = known(rows, filter, rows.len());
    let at_once = chunks.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = chunks.par_chunks(at_once).map(|chunks| {
        let (mut kept, mut known) = (Vec::new(), known.clone());
        for (first, chunk) in chunks {
            let answers = answers_of(&chunk.texts, &mut known);
            pass(*first, chunk, view, filter, answers, &mut kept);
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

/// What can be known before so many rows are looked at.
fn known<'a>(rows: &'a Rows, filter: &Matcher, looks: usize) -> Known<'a> {
    let mut known = Known::new();
    // Of one reading all rows have the same texts.
    for (_, chunk) in rows.chunks() {
        let texts = &chunk.texts;
        let is_same = |(known, _): &(&Arc<Texts>, _)| Arc::ptr_eq(known, texts);
        if !known.iter().any(is_same) && texts.len() <= looks {
            known.push((texts, answers(texts, filter)));
        }
    }
    known
}

/// What the filter's bare words say of every distinct text. Works on all cores.
fn answers(texts: &Texts, filter: &Matcher) -> Answers {
    let mut answers = Answers::default();
    for word in filter.words() {
        let look = |number| {
            let text = texts.numbered(number)?;
            Some(word.is_met(text.expose()))
        };
        let numbers = (0..texts.len()).into_par_iter().with_min_len(1_024);
        answers.keep(word, numbers.map(look).collect());
    }
    answers
}

/// Those of these rows that pass, in the same sequence. Works on all cores. Not for a filter that asks for
/// attributes: they are packed chunk by chunk.
pub(super) fn among(these: &[u32], rows: &Rows, view: &View, filter: &Matcher) -> Vec<u32> {
    #[cfg(test)]
    super::touched::add(these.len());
    let at_once = these.len().div_ceil(rayon::current_num_threads()).max(1);
    let known = known(rows, filter, these.len());
    let parts = these.par_chunks(at_once).map(|these| {
        let mut known = known.clone();
        let mut passes = |number: u32| {
            let row = rows.get(RowId(number))?;
            let answers = answers_of(&row.chunk.texts, &mut known);
            let asked = Asked {
                row,
                names: view.names(row),
                beside: Beside::By(view, RowId(number)),
                attributes: &[],
            };
            filter.matches_knowing(&asked, answers).then_some(number)
        };
        these.iter().filter_map(|number| passes(*number)).collect()
    });
    parts.collect::<Vec<Vec<u32>>>().concat()
}

fn pass(
    first: u32,
    chunk: &Chunk,
    view: &View,
    filter: &Matcher,
    answers: &mut Answers,
    kept: &mut Vec<u32>,
) {
    let attributes = attributes(chunk, filter);
    for (number, row) in (first..).zip(chunk.rows()) {
        let asked = Asked {
            row,
            names: view.names(row),
            beside: Beside::By(view, RowId(number)),
            attributes: attributes.get(row.at).map_or(&[], Vec::as_slice),
        };
        if filter.matches_knowing(&asked, answers) {
            kept.push(number);
        }
    }
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
    By(&'a View, RowId),
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
            Beside::By(view, id) => view.fact(id, self.row),
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
            Beside::By(view, id) => view.of_other_rows(id),
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
