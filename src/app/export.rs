//! Exporting the rows that are shown: the choice, and what the worker needs to write them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::columns;
use super::source::Source;
use super::state::State;
use super::update::results::view;
use crate::model::Property;
use crate::store::{Order, RowId, Rows, SourceNames, UserCounts};

/// A format of exported rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter)]
pub enum ExportFormat {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// A Markdown table.
    Markdown,
}

impl ExportFormat {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Jsonl => "JSON lines",
            Self::Markdown => "Markdown",
        }
    }

    /// The word behind `export` in the palette, and the ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "md",
        }
    }
}

/// Which fields of a row are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFields {
    /// The columns of the table.
    #[default]
    Columns,
    /// All that the format of the command line has.
    All,
}

/// Where rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportPlace {
    /// In a file of this path, as it was typed. `replace`: in the place of one that is there.
    File {
        /// The path; `~` is the home folder.
        path: String,
        /// True if a file that is there may be replaced.
        replace: bool,
    },
    /// In the clipboard.
    Clipboard,
}

/// The choice of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportChoice {
    /// The format.
    pub format: ExportFormat,
    /// The fields.
    pub fields: ExportFields,
    /// The place.
    pub place: ExportPlace,
}

/// All that is needed to write the rows, as they were when it was asked for.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// The choice.
    pub choice: ExportChoice,
    /// The rows.
    pub rows: Rows,
    /// Which of them, in which order.
    pub order: Order,
    /// When rows were ended that we ended since they were loaded. `None`: the moment is not known.
    pub ended: HashMap<RowId, Option<DateTime<Utc>>>,
    /// Of each source: its names, thresholds and clock.
    pub names: Arc<[SourceNames]>,
    /// Of each source: what else the formats tell of it.
    pub sources: Vec<ExportSource>,
    /// The columns of the table, for [`ExportFields::Columns`].
    pub columns: Vec<Property>,
    /// What was searched for, for the audit log.
    pub query: String,
    /// The moment of the question.
    pub now: DateTime<Utc>,
    /// What is known of the rows by counting all of them.
    pub counted: Option<Arc<UserCounts>>,
}

/// The facts about one source that an exported list tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSource {
    /// True if all sessions of its search are among the rows.
    pub is_whole: bool,
    /// How many sessions match on the server, if it says so.
    pub total: Option<u64>,
    /// True if it has several kinds of session.
    pub has_kinds: bool,
    /// True if some of its sessions have an id beside their key.
    pub has_own_ids: bool,
    /// False if its ids are kept hidden.
    pub reveal: bool,
}

/// Rows that were exported.
#[derive(Debug)]
pub struct Exported {
    /// How many.
    pub rows: u64,
    /// Where they are.
    pub to: ExportedTo,
}

/// Where exported rows are.
#[derive(Debug)]
pub enum ExportedTo {
    /// In this file.
    File(String),
    /// They are to be copied.
    Text(SecretString),
}

/// Why rows were not exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportFailure {
    /// A file of this name is there, and may not be replaced.
    Exists(ExportChoice),
    /// Another reason, in one sentence.
    Other(String),
}

/// The job that exports the rows that are shown now.
pub fn job(state: &State, choice: ExportChoice) -> ExportJob {
    let results = &state.results;
    let over = results.over();
    let clauses = results.query.iter().flat_map(|query| &query.clauses);
    let clauses = clauses
        .chain(&results.quick)
        .chain(live_clauses(state))
        .filter(|clause| !super::history::may_be_secret(state, clause))
        .cloned();
    let query: crate::model::Query = clauses.collect();
    ExportJob {
        choice,
        rows: results.rows.clone(),
        order: results.order.clone(),
        ended: over
            .map(|id| (id, results.ended_at.get(&id).copied()))
            .collect(),
        names: view(state).sources,
        sources: state.sources.iter().map(source).collect(),
        columns: columns::all(state)
            .into_iter()
            .map(|column| column.what)
            .collect(),
        query: query.to_string(),
        now: state.now,
        counted: results.counted.clone(),
    }
}

fn live_clauses(state: &State) -> impl Iterator<Item = &crate::model::Clause> {
    let live = state.results.live.as_ref();
    let query = live.and_then(|live| live.query.as_ref());
    query.into_iter().flat_map(|query| &query.clauses)
}

fn source(source: &Source) -> ExportSource {
    let mut kinds = source.caps.iter().flat_map(|caps| caps.kinds.iter());
    ExportSource {
        is_whole: source.is_whole(),
        total: source.total,
        has_kinds: source.has_kinds(),
        has_own_ids: kinds.any(|kind| kind.has_own_ids),
        reveal: source.profile.policy.reveal,
    }
}

impl ExportJob {
    /// True if the ids of sessions may be written.
    pub fn tells_ids(&self) -> bool {
        self.sources.iter().all(|source| source.reveal)
    }
}
