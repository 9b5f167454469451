//! Which sessions a command is about: ids from arguments, ids and JSON lines from standard input.

use std::borrow::Cow;
use std::io::Read;

use serde::Deserialize;

use super::exit::Failure;
use super::output::Record;
use super::sources::Source;
use crate::model::text::display_safe;
use crate::model::{SessionKey, State, Subject, Untrusted};

/// More than this on standard input is refused, in bytes: ids are short, and nobody meant it.
const INPUT_LIMIT: u64 = 1 << 30;

/// One session that was named.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Which source it belongs to.
    pub(crate) source: usize,
    /// Its key.
    pub(crate) key: SessionKey,
    /// What to call it. Empty: only its id is known.
    pub(crate) label: String,
    /// Whose it is, as far as the line said.
    pub(crate) subject: Subject,
    /// Why it is left out. `None`: it is not.
    pub(crate) skip: Option<Skip>,
}

impl Target {
    /// A session that was read.
    pub(crate) fn of(source: usize, record: &Record<'_>) -> Self {
        let row = record.row;
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(Untrusted::from);
        Self {
            source,
            key: SessionKey::new(row.key.as_ref()),
            label: row.label.to_string(),
            subject: Subject {
                id: text(&row.user_id),
                name: text(&row.user),
                scope: text(&row.scope),
            },
            skip: Skip::of(
                record.state,
                record.deletable(),
                record.not_deletable_because(),
                row.own,
            ),
        }
    }
}

/// Why a session is left out of what is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// It has ended already: expired or revoked.
    Over(&'static str),
    /// The system does not let anybody end it, with its reason.
    NotDeletable(String),
    /// It is the operator's own.
    Own,
}

impl Skip {
    /// What a row says about itself.
    pub(crate) fn of(
        state: State,
        deletable: Option<bool>,
        because: Option<&str>,
        own: Option<bool>,
    ) -> Option<Self> {
        match state {
            State::Expired | State::Revoked => return Some(Self::Over(state.word())),
            _ => {}
        }
        if own == Some(true) {
            return Some(Self::Own);
        }
        (deletable == Some(false))
            .then(|| Self::NotDeletable(because.unwrap_or("the system says so").to_owned()))
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Over(word) => (*word).to_owned(),
            Self::NotDeletable(why) => format!("not deletable: {}", display_safe(why)),
            Self::Own => "your own session".to_owned(),
        }
    }
}

/// The part of a JSON line of `list` that names a session.
#[derive(Deserialize)]
struct Line {
    profile: Option<String>,
    id: Option<String>,
    label: Option<String>,
    user: Option<String>,
    user_id: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    deletable: Option<bool>,
    not_deletable_because: Option<String>,
    own: Option<bool>,
}

/// Reads ids: each stands alone, or `-` for all of standard input.
///
/// # Errors
/// A usage error that names the line; nothing is done with half of a list.
pub(crate) fn read(ids: &[String], sources: &[Source]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for id in ids {
        if id == "-" {
            read_input(std::io::stdin().lock(), sources, &mut targets)?;
        } else {
            targets.push(named(id, sources)?);
        }
    }
    Ok(targets)
}

/// An id that was an argument.
fn named(id: &str, sources: &[Source]) -> Result<Target, Failure> {
    let [source] = sources else {
        return Err(several(sources));
    };
    if source.api.caps().id_is_credential {
        return Err(Failure::usage(format!(
            "an id of {} lets anybody use the session, and arguments can be read by others on this machine; give it on standard input: usher … -",
            source.name()
        )));
    }
    if id.trim().is_empty() {
        return Err(Failure::usage("an id is empty"));
    }
    Ok(Target {
        source: 0,
        key: SessionKey::new(id),
        label: String::new(),
        subject: Subject::default(),
        skip: None,
    })
}

fn several(sources: &[Source]) -> Failure {
    let names: Vec<&str> = sources.iter().map(Source::name).collect();
    Failure::usage(format!(
        "which of {} has this id? Name one profile with --profile, or give JSON lines of `usher list -o jsonl`, which say it",
        names.join(", ")
    ))
}

/// Reads lines: an id each, or the JSON of a row.
fn read_input(
    input: impl Read,
    sources: &[Source],
    targets: &mut Vec<Target>,
) -> Result<(), Failure> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    input
        .take(INPUT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > INPUT_LIMIT {
        return Err(Failure::usage("standard input is larger than 1 GiB"));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage("standard input is not UTF-8 text"))?;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let wrong =
            |why: String| Failure::usage(format!("line {} of standard input: {why}", at + 1));
        targets.push(match line.starts_with(['{', '[']) {
            true => row(line, sources).map_err(wrong)?,
            false => plain(line, sources).map_err(wrong)?,
        });
    }
    Ok(())
}

fn plain(line: &str, sources: &[Source]) -> Result<Target, String> {
    if sources.len() > 1 {
        return Err(several(sources).message);
    }
    if line.contains(char::is_whitespace) || line.chars().any(char::is_control) {
        return Err("neither an id nor a JSON line of `usher list -o jsonl`".to_owned());
    }
    Ok(Target {
        source: 0,
        key: SessionKey::new(line),
        label: String::new(),
        subject: Subject::default(),
        skip: None,
    })
}

fn row(line: &str, sources: &[Source]) -> Result<Target, String> {
    // The parser's own words may hold a piece of the line, and the line an id.
    let line: Line = serde_json::from_str(line)
        .map_err(|_| "not a JSON line of `usher list -o jsonl`".to_owned())?;
    let id = line.id.filter(|id| !id.is_empty()).ok_or("it has no id")?;
    let source = match &line.profile {
        Some(profile) => sources
            .iter()
            .position(|source| source.name() == profile)
            .ok_or_else(|| {
                format!(
                    "it is of profile {}, which is not open; name it with --profile",
                    display_safe(profile)
                )
            })?,
        None if sources.len() == 1 => 0,
        None => return Err(several(sources).message),
    };
    let state = line.state.and_then(|word| word.parse().ok());
    Ok(Target {
        source,
        skip: Skip::of(
            state.unwrap_or(State::Unknown),
            line.deletable,
            line.not_deletable_because.as_deref(),
            line.own,
        ),
        key: SessionKey::new(id),
        label: line
            .label
            .map(|label| display_safe(&label).into_owned())
            .unwrap_or_default(),
        subject: Subject {
            id: line.user_id.map(Untrusted::from),
            name: line.user.map(Untrusted::from),
            scope: line.scope.map(Untrusted::from),
        },
    })
}
