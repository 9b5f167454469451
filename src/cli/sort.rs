//! Rows in an order: kept until the last has come, and of no more than are wanted.

use std::ops::ControlFlow;

use super::exit::Failure;
use super::output::{Cell, OutputField, Record};
use super::pages::Take;
use crate::model::Session;

/// An order of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortBy {
    column: OutputField,
    descending: bool,
}

impl SortBy {
    /// Reads `FIELD`, `FIELD:asc` or `FIELD:desc`.
    ///
    /// # Errors
    /// A usage error.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let (name, descending) = match text.rsplit_once(':') {
            None => (text, false),
            Some((name, "desc")) => (name, true),
            Some((name, "asc")) => (name, false),
            Some((_, other)) => {
                return Err(Failure::usage(format!(
                    "\"{other}\" is no order; write {}:asc or {}:desc",
                    text.split(':').next().unwrap_or_default(),
                    text.split(':').next().unwrap_or_default()
                )));
            }
        };
        Ok(Self {
            column: OutputField::parse(name)?,
            descending,
        })
    }

    /// True if other rows have to be known for it.
    pub(crate) fn needs_other_rows(&self) -> bool {
        self.column.needs_other_rows()
    }
}

/// The value that a row is sorted by. Nothing comes last in both directions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(i64),
    Text(String),
    Nothing,
}

/// Keeps rows, at most twice as many as are wanted.
pub(crate) struct Sorted {
    by: SortBy,
    limit: Option<usize>,
    profiles: Vec<String>,
    rows: Vec<(SortKey, u64, usize, Session)>,
    arrived: u64,
}

impl Sorted {
    /// `limit`: how many are wanted. `None`: all.
    pub(crate) fn new(by: SortBy, limit: Option<u64>) -> Self {
        Self {
            by,
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            profiles: Vec::new(),
            rows: Vec::new(),
            arrived: 0,
        }
    }

    /// The rows in order, each with the name of its profile.
    pub(crate) fn finish(mut self) -> impl Iterator<Item = (String, Session)> {
        self.settle();
        let profiles = self.profiles;
        self.rows.into_iter().map(move |(_, _, at, session)| {
            (profiles.get(at).cloned().unwrap_or_default(), session)
        })
    }

    fn settle(&mut self) {
        let descending = self.by.descending;
        self.rows.sort_by(|a, b| {
            let order = match (&a.0, &b.0) {
                (SortKey::Nothing, _) | (_, SortKey::Nothing) => a.0.cmp(&b.0),
                (one, other) if descending => other.cmp(one),
                (one, other) => one.cmp(other),
            };
            order.then(a.1.cmp(&b.1))
        });
        if let Some(limit) = self.limit {
            self.rows.truncate(limit);
        }
    }

    fn profile(&mut self, name: &str) -> usize {
        if let Some(at) = self.profiles.iter().position(|known| known == name) {
            at
        } else {
            self.profiles.push(name.to_owned());
            self.profiles.len() - 1
        }
    }
}

impl Take for Sorted {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let key = match self.by.column.cell(record) {
            Cell::None => SortKey::Nothing,
            Cell::Hints(hints) if hints.is_empty() => SortKey::Nothing,
            Cell::Hints(hints) => SortKey::Number(hints.rank().into()),
            Cell::Instant(at) => SortKey::Number(at.timestamp_millis()),
            Cell::Duration(length) => SortKey::Number(length.num_milliseconds()),
            Cell::Bool(yes) => SortKey::Number(i64::from(yes)),
            other => SortKey::Text(other.for_machines(record).to_lowercase()),
        };
        let profile = self.profile(record.profile);
        self.arrived += 1;
        self.rows
            .push((key, self.arrived, profile, record.row.to_session()));
        if self
            .limit
            .is_some_and(|limit| self.rows.len() >= limit.saturating_mul(2).max(1_024))
        {
            self.settle();
        }
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
