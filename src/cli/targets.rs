//! Which sessions a command is about: ids from arguments, ids and JSON lines from standard input.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::exit::{self, Failure};
use super::output::Record;
use super::sources::Source;
use super::target_lines;
use crate::model::text::display_safe;
use crate::model::{Capabilities, Deletable, Exempt, Revoke, SessionKey, State, Subject, exempt};
use crate::revoke::Provenance;

/// One session that was named.
#[derive(Clone, Debug)]
pub(crate) struct SessionTarget {
    /// Which source it belongs to.
    pub(crate) source: usize,
    /// Its key.
    pub(crate) key: SessionKey,
    /// Its name in the server's own console. `None`: the same as the key, or not known.
    pub(crate) id: Option<SessionKey>,
    /// Which kind of session, as far as it is known.
    pub(crate) kind: Option<Arc<str>>,
    /// Its name for people. Empty: only its id is known.
    pub(crate) label: String,
    /// Whose it is, as far as the line said.
    pub(crate) subject: Subject,
    /// When its time runs out, by the server's clock. `None`: not known.
    pub(crate) expires: Option<DateTime<Utc>>,
    /// When it ended, by the server's clock, if it was over when it was read. `None`: it was not, or that is not known.
    pub(crate) ended: Option<DateTime<Utc>>,
    /// Why it is left out. `None`: it is not.
    pub(crate) skip: Option<Skip>,
    /// How it came to be named.
    pub(crate) provenance: Provenance,
}

/// The way by which a row was found, which decides whether a computed expiry leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// Its id, its row or its user was named: only the server knows whether it is over.
    Name,
    /// It matched a query.
    Query,
}

impl SessionTarget {
    /// A session of which only the id is known.
    pub(crate) fn typed(source: usize, id: &str) -> Self {
        Self {
            source,
            key: SessionKey::new(id),
            id: None,
            kind: None,
            label: String::new(),
            subject: Subject::default(),
            expires: None,
            ended: None,
            skip: None,
            provenance: Provenance::Typed,
        }
    }

    /// Its name for people where it has no label.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().unwrap_or(&self.key).expose()
    }

    /// True if "not found" does not prove that it has ended.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self.provenance, Provenance::Doubtful(_))
    }

    /// A session that was read, of a system that can do this.
    pub(crate) fn of(source: usize, caps: &Capabilities, record: &Record<'_>, by: FoundBy) -> Self {
        let row = record.row;
        let revoke = caps.of(row.kind.as_deref()).revoke;
        Self {
            source,
            key: SessionKey::new(row.key.as_ref()),
            id: row.id.as_deref().map(SessionKey::new),
            kind: row.kind.clone(),
            label: row.label.to_string(),
            subject: row.subject(),
            expires: row.expires,
            ended: row.ended,
            provenance: Provenance::listed(&row.deletable, row.created, row.client.as_deref()),
            skip: Skip::of(record.state, &row.deletable, row.own, by, revoke),
        }
    }
}

/// Why a named session is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// It is left alone.
    Exempt(Exempt),
    /// No session has this id.
    NotFound,
}

impl Skip {
    /// By what a row says about itself.
    pub(crate) fn of(
        state: State,
        deletable: &Deletable,
        own: Option<bool>,
        by: FoundBy,
        revoke: Revoke,
    ) -> Option<Self> {
        let is_over = matches!(
            (state, by),
            (State::Revoked, _) | (State::Expired, FoundBy::Query)
        );
        exempt(is_over.then_some(state), own, deletable, revoke).map(Self::Exempt)
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Exempt(Exempt::Over(state)) => state.word().to_owned(),
            Self::Exempt(Exempt::NotDeletable(why)) => {
                format!("cannot be ended: {}", display_safe(why))
            }
            Self::Exempt(Exempt::Own) => "your own session".to_owned(),
            Self::Exempt(Exempt::NotOwn) => "not your own session".to_owned(),
            Self::NotFound => super::outcome::NEVER_LISTED.to_owned(),
        }
    }

    /// The word of the outcome.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            _ => "skipped",
        }
    }

    /// The exit code where nothing else was asked for: something that was meant is alive, or never was.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Exempt(Exempt::Over(_)) => exit::OK,
            Self::Exempt(Exempt::NotDeletable(_)) => exit::NOT_ALLOWED,
            Self::Exempt(Exempt::Own | Exempt::NotOwn) => exit::REFUSED,
            Self::NotFound => exit::NOTHING,
        }
    }
}

/// Reads ids: each stands alone, or `-` for all of standard input.
///
/// # Errors
/// A usage error that names the line; nothing is done with half of a list.
pub(crate) fn read(ids: &[String], sources: &[Source]) -> Result<Vec<SessionTarget>, Failure> {
    let mut targets = Vec::new();
    for id in ids {
        if id == "-" {
            targets.extend(target_lines::read(std::io::stdin().lock(), sources)?);
        } else {
            targets.push(named(id, sources)?);
        }
    }
    Ok(targets)
}

/// An id that was an argument.
fn named(id: &str, sources: &[Source]) -> Result<SessionTarget, Failure> {
    let [source] = sources else {
        return Err(several(sources));
    };
    if source
        .api
        .caps()
        .kinds
        .iter()
        .any(|kind| kind.id_is_credential)
    {
        return Err(Failure::usage(format!(
            "an id of {} lets anybody use the session, and arguments can be read by others on this machine; give it on standard input: usher … -",
            source.name()
        )));
    }
    let id = target_lines::bare_id(id)
        .map_err(|why| Failure::usage(format!("\"{}\" is no id: {why}", display_safe(id))))?;
    Ok(SessionTarget::typed(0, id))
}

pub(super) fn several(sources: &[Source]) -> Failure {
    let names: Vec<&str> = sources.iter().map(Source::name).collect();
    Failure::usage(format!(
        "which of {} has this id? Name one profile with --profile, or give JSON lines of `usher list -o jsonl`, which say it",
        names.join(", ")
    ))
}
