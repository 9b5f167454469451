//! Rows that are kept until the last has come, for the hints that need other rows.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::exit::Failure;
use super::output::Record;
use super::pages::{ListEnd, ListRequest, Take};
use super::sources::Source;
use crate::model::{Clause, Matcher, RowRef, RowSink, Thresholds};
use crate::store::order::{SourceNames, View};
use crate::store::{ChunkBuilder, Rows, SourceId, Texts, Unpacking, order};

/// The rows of all sources, as far as they have come.
pub(crate) struct Gathered<'a> {
    sources: &'a [Source],
    /// Of each source the texts of its rows, and the rows of the page that is being read.
    pages: Vec<(Arc<Texts>, Option<ChunkBuilder>)>,
    rows: Rows,
}

impl<'a> Gathered<'a> {
    /// None yet.
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        Self {
            sources,
            pages: sources.iter().map(|_| Default::default()).collect(),
            rows: Rows::default(),
        }
    }

    /// Hands on the rows that match these clauses, in the order in which they came, with all their hints.
    ///
    /// # Errors
    /// A clause that cannot be compared; errors of `take`.
    pub(crate) fn hand_on(
        mut self,
        clauses: &[Clause],
        question: &ListRequest,
        ended: &mut [ListEnd],
        take: &mut dyn Take,
    ) -> Result<(), Failure> {
        self.page()?;
        let view = self.view(clauses, question)?;
        let order = order(&self.rows, &view, None);
        let mut counts = vec![0; self.sources.len()];
        let mut unpacking = Unpacking::default();
        for id in order.iter() {
            let Some(row) = self.rows.get(id) else {
                continue;
            };
            let at = usize::from(row.source().0);
            let Some((source, names)) = self.sources.get(at).zip(view.sources.get(at)) else {
                continue;
            };
            let session = unpacking.session(row);
            let row = RowRef::of(&session);
            let now = question.now + names.ahead;
            let mut record = Record::new(source.name(), source.word(), &row, names.thresholds, now);
            record.others = order
                .counted()
                .map_or_else(Default::default, |counted| counted.of(id));
            counts[at] += 1;
            if take.row(&record)?.is_break() {
                break;
            }
        }
        for (source, count) in self.sources.iter().zip(counts) {
            if let Some(one) = ended.iter_mut().find(|one| one.profile == source.name()) {
                one.rows = count;
            }
        }
        take.page()
    }

    fn view(&self, clauses: &[Clause], question: &ListRequest) -> Result<View, Failure> {
        let matcher = || {
            let usual = Thresholds::default();
            Matcher::new(clauses, question.now, question.zone, usual)
                .map_err(|error| Failure::usage(error.to_string()))
        };
        let names = self.sources.iter().map(|source| SourceNames {
            profile: source.name().to_owned(),
            system: source.word().to_owned(),
            thresholds: source.thresholds(),
            ahead: source.api.clock_offset().unwrap_or_default(),
            user_names: source.profile.user_names.clone(),
        });
        Ok(View {
            sort: None,
            filter: match clauses {
                [] => None,
                _ => Some(Arc::new(matcher()?)),
            },
            ended: Arc::default(),
            sources: names.collect(),
            now: question.now,
            counted: None,
            counts: true,
        })
    }
}

impl Take for Gathered<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let named = |source: &Source| source.name() == record.profile;
        let at = self.sources.iter().position(named);
        let page = at.and_then(|at| Some((at, self.pages.get_mut(at)?)));
        let Some((at, (texts, builder))) = page else {
            return Ok(ControlFlow::Continue(()));
        };
        // A screen opens no more sources than a number of this size names.
        let source = SourceId(u8::try_from(at).unwrap_or(u8::MAX));
        let builder = builder.get_or_insert_with(|| ChunkBuilder::new(source, Arc::clone(texts)));
        Ok(builder.row(&mut record.row.clone()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        for (_, builder) in &mut self.pages {
            if let Some(builder) = builder.take() {
                self.rows.append(builder.finish());
            }
        }
        Ok(())
    }
}
