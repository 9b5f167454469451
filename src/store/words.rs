//! The rows in which the bare words of a filter occur, found column by column: each distinct text is looked at
//! once, and the addresses of a page in one search.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

use super::chunk::{Chunk, Shared};
use super::row::shared_of;
use super::rows::{RowId, Rows};
use super::texts::{TextId, Texts};
use crate::model::query::{Matcher, WORD_FIELDS, WordTest};

/// Of each bare word of a filter, whether it occurs in each row.
#[derive(Debug, Default)]
pub(super) struct WordHits(Vec<(usize, Vec<bool>)>);

impl WordHits {
    /// Looks through all rows. Works on all cores.
    pub(super) fn of(rows: &Rows, filter: &Matcher) -> Self {
        let words = filter.words();
        Self(
            words
                .map(|word| (word.number(), hits(rows, word)))
                .collect(),
        )
    }

    /// True if the word with this number occurs in the row. `None`: it was not looked for.
    pub(super) fn get(&self, number: usize, row: RowId) -> Option<bool> {
        let (_, hits) = self.0.iter().find(|(known, _)| *known == number)?;
        hits.get(row.0 as usize).copied()
    }
}

/// Of each row whether it passes a filter of nothing but bare words. `None`: it is another filter. Works on
/// all cores.
pub(super) fn rows_with(rows: &Rows, filter: &Matcher) -> Option<Vec<bool>> {
    let words = filter.only_words()?;
    let mut pass: Option<Vec<bool>> = None;
    for (word, wanted) in words {
        let hits = hits(rows, word);
        let pass = pass.get_or_insert_with(|| vec![true; rows.len()]);
        for (pass, hit) in pass.iter_mut().zip(hits) {
            *pass &= hit == wanted;
        }
    }
    pass
}

/// Of each row whether the word occurs in it.
fn hits(rows: &Rows, word: WordTest<'_>) -> Vec<bool> {
    let mut hits = vec![false; rows.len()];
    let mut readings: Vec<Looked<'_>> = Vec::new();
    for (_, chunk) in rows.chunks() {
        if !readings.iter().any(|known| known.is_of(chunk)) {
            readings.push(Looked::new(&chunk.texts, word));
        }
    }
    let mut rest = hits.as_mut_slice();
    let parts: Vec<(&Arc<Chunk>, &mut [bool])> = rows
        .chunks()
        .map(|(_, chunk)| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(chunk.len());
            rest = after;
            (chunk, part)
        })
        .collect();
    parts.into_par_iter().for_each(|(chunk, hits)| {
        if let Some(looked) = readings.iter().find(|known| known.is_of(chunk)) {
            look(chunk, word, looked, hits);
        }
    });
    hits
}

/// Looks for a word in all rows of a chunk.
fn look(chunk: &Chunk, word: WordTest<'_>, looked: &Looked<'_>, hits: &mut [bool]) {
    let shared = WORD_FIELDS.iter().filter_map(|field| shared_of(*field));
    let columns: Vec<&[TextId]> = shared
        .chain([Shared::OddIp])
        .map(|column| chunk.shared[column].all())
        .collect();
    looked.learn(columns.iter().copied().flatten());
    for column in columns {
        for (hit, id) in hits.iter_mut().zip(column) {
            *hit |= looked.is_met(*id);
        }
    }
    chunk.ips.each_with(word, |row| hits[row] = true);
    for (row, hit) in hits.iter_mut().enumerate() {
        if chunk.facts[row].has_id {
            *hit |= word.begins(chunk.ids.get(row));
        }
    }
    chunk
        .keys
        .each_from(word, |row| hits[row] |= !chunk.facts[row].has_id);
}

/// What is known of the texts of one reading.
struct Looked<'a> {
    texts: &'a Arc<Texts>,
    word: WordTest<'a>,
    /// Of each text, by its number: [`UNKNOWN`], 0 or 1. Two threads that look at the same text find the same.
    answers: Vec<AtomicU8>,
}

const UNKNOWN: u8 = 2;

impl<'a> Looked<'a> {
    fn new(texts: &'a Arc<Texts>, word: WordTest<'a>) -> Self {
        let answers = (0..texts.len()).map(|_| AtomicU8::new(UNKNOWN)).collect();
        Self {
            texts,
            word,
            answers,
        }
    }

    fn is_of(&self, chunk: &Chunk) -> bool {
        Arc::ptr_eq(self.texts, &chunk.texts)
    }

    /// Looks at those of these texts that nobody has looked at. First they are all fetched, then compared: so the
    /// memory, which takes longer than the comparing, is asked for many at once.
    fn learn<'t>(&self, ids: impl Iterator<Item = &'t TextId>) {
        let unknown = ids.filter_map(|id| {
            let answer = self.answers.get(id.number()?)?;
            let text = || Some(self.texts.get(*id)?.expose());
            let is_unknown = answer.load(Ordering::Relaxed) == UNKNOWN;
            is_unknown.then(text).flatten().map(|text| (answer, text))
        });
        let unknown: Vec<(&AtomicU8, &str)> = unknown.collect();
        for (answer, text) in unknown {
            answer.store(self.word.is_met(text).into(), Ordering::Relaxed);
        }
    }

    /// True if the word occurs in this text. A text that came since the look began has no place among the answers.
    fn is_met(&self, id: TextId) -> bool {
        let known = id.number().and_then(|number| self.answers.get(number));
        match known.map(|answer| answer.load(Ordering::Relaxed)) {
            Some(answer) if answer != UNKNOWN => answer == 1,
            _ => {
                let text = self.texts.get(id);
                text.is_some_and(|text| self.word.is_met(text.expose()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::model::query::{Clause, Query, SessionIn};
    use crate::model::time::Zone;
    use crate::model::{Field, RowRef, RowSink, Thresholds};
    use crate::store::{ChunkBuilder, SourceId, View, order};

    const UUID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

    fn text() -> impl Strategy<Value = Option<String>> {
        let some = prop_oneof!["[aA1.ü@]{0,4}", "10\\.0\\.0\\.[0-9]{1,2}"];
        prop::option::of(some)
    }

    fn row() -> impl Strategy<Value = RowRef<'static>> {
        let key = prop_oneof![
            Just(UUID.to_owned()),
            "[0-9a-f]{8}-10b1-426f-9247-bb680e5fe0c8",
            "[aA1]{1,4}",
        ];
        let texts = (text(), text(), text(), text(), text(), text(), text());
        (key, texts, any::<bool>()).prop_map(|(key, texts, is_json)| {
            let (user, client, ip, agent, method, scope, id) = texts;
            let mut row = RowRef::new(key, "label");
            row.user = user.map(Into::into);
            row.client = client.map(Into::into);
            row.ip = ip.map(Into::into);
            row.user_agent = agent.map(Into::into);
            row.auth_method = method.map(Into::into);
            row.scope = scope.map(Into::into);
            row.id = id.map(Into::into);
            row.is_json[Field::Ip] = is_json && row.ip.is_some();
            row
        })
    }

    proptest! {
        /// Each row by itself is looked at in another way.
        #[test]
        fn the_rows_with_a_word_are_those_that_have_it_by_themselves(
            pages in prop::collection::vec(prop::collection::vec(row(), 0..6), 1..4),
            word in prop_oneof!["[aA1.ü@0]{1,3}", "67e5[0-9a-f]?", Just("10.0.0.0/24".to_owned())],
            negated in any::<bool>(),
            // Bare words alone are looked for in another way than beside other clauses.
            others in prop::collection::vec(
                prop_oneof![Just("a"), Just("-1"), Just("user:*"), Just("-client:a")], 0..3,
            ),
            longer in "[aA1.@0]{0,1}",
        ) {
            let mut rows = Rows::default();
            let texts: Arc<Texts> = Arc::default();
            for page in pages {
                let mut builder = ChunkBuilder::new(SourceId(0), Arc::clone(&texts));
                for mut row in page {
                    let _ = builder.row(&mut row);
                }
                rows.append(builder.finish());
            }
            let now = DateTime::UNIX_EPOCH;
            let others = Query::parse(&others.join(" ")).unwrap().clauses;
            let matcher = |word: &str| {
                let clause = Clause::word(word);
                let clause = if negated { clause.negate() } else { clause };
                let clauses = [others.clone(), vec![clause]].concat();
                Matcher::new(&clauses, now, Zone::Utc, Thresholds::default()).unwrap()
            };
            let view = |matcher: &Matcher| View {
                sort: None,
                filter: Some(Arc::new(matcher.clone())),
                ended: Arc::new(HashSet::new()),
                sources: Arc::new([]),
                now,
                counted: None,
                counts: false,
            };

            let mut before = None;
            for word in [word.clone(), word + &longer] {
                let matcher = matcher(&word);
                let kept = order(&rows, &view(&matcher), before.as_ref());

                let alone = rows.iter().filter(|(_, row)| {
                    matcher.matches(&SessionIn::new(&row.session(), "", ""))
                });
                let alone: Vec<RowId> = alone.map(|(id, _)| id).collect();
                prop_assert_eq!(kept.iter().collect::<Vec<_>>(), alone);
                before = Some(kept);
            }
        }
    }
}
