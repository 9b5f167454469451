//! Sessions named on standard input: an id a line, JSON lines or CSV as `usher list` prints them.

use std::io::Read;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use super::exit::Failure;
use super::sources::Source;
use super::targets::{FoundBy, SessionTarget, Skip, several};
use crate::model::text::display_safe;
use crate::model::{Deletable, SessionKey, State, Subject, Untrusted, Wiped};
use crate::revoke::{Provenance, Trace};

/// More than this on standard input is refused, in bytes: ids are short, and nobody meant it.
const INPUT_LIMIT: u64 = 1 << 30;

/// The part of a row of `list` that names a session.
#[derive(Deserialize)]
struct SessionLine {
    profile: Option<String>,
    id: Option<String>,
    key: Option<String>,
    kind: Option<Arc<str>>,
    label: Option<String>,
    user: Option<String>,
    user_id: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    created: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
    client: Option<String>,
    /// `None`: it was not said; `Some(None)`: the system did not know.
    #[serde(default, deserialize_with = "said")]
    deletable: Option<Option<bool>>,
    not_deletable_because: Option<String>,
    own: Option<bool>,
}

fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<bool>>, D::Error> {
    Option::<bool>::deserialize(from).map(Some)
}

/// Reads the sessions that standard input names.
///
/// # Errors
/// A usage error that names the line; nothing is done with half of a list.
pub(super) fn read(input: impl Read, sources: &[Source]) -> Result<Vec<SessionTarget>, Failure> {
    let mut bytes = Wiped::new(Vec::new());
    input
        .take(INPUT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > INPUT_LIMIT {
        return Err(Failure::usage("standard input is larger than 1 GiB"));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage("standard input is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |at: usize, why: String| {
        Failure::usage(format!("line {} of standard input: {why}", at + 1))
    };
    let first = text.lines().find(|line| !line.trim().is_empty());
    if first.is_some_and(is_csv_head) {
        return csv(text, sources).map_err(|(at, why)| wrong(at, why));
    }
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| one(line.trim(), sources).map_err(|why| wrong(at, why)))
        .collect()
}

fn one(line: &str, sources: &[Source]) -> Result<SessionTarget, String> {
    if line.starts_with(['{', '[']) {
        // The parser's own words may hold a piece of the line, and the line an id.
        let line = serde_json::from_str(line)
            .map_err(|_| "not a JSON line of `usher list -o jsonl`".to_owned())?;
        return target(line, sources);
    }
    let id = bare_id(line)?;
    if sources.len() > 1 {
        return Err(several(sources).message);
    }
    Ok(SessionTarget::typed(0, id))
}

/// The id that stands alone in a text: quotes around it, as `jq .id` prints them, and one comma or
/// semicolon behind it are no part of it.
pub(super) fn bare_id(text: &str) -> Result<&str, String> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let text = text.strip_suffix([',', ';']).unwrap_or(text).trim_end();
    let quoted = |quote| {
        let inner = text.strip_prefix(quote)?;
        inner.strip_suffix(quote)
    };
    let id = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    if id.is_empty() {
        return Err("it is empty".to_owned());
    }
    if id.contains('…') || id.contains("...") {
        return Err("it is a label for people, not an id; `usher list -o jsonl` gives ids".into());
    }
    let foreign = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '"' | '\'' | '{' | '}')
    };
    if id.contains(foreign) {
        return Err(
            "neither an id nor a row of `usher list -o jsonl` or `-o csv` with its head".into(),
        );
    }
    Ok(id)
}

/// True for the first line that `usher list -o csv` prints.
fn is_csv_head(line: &str) -> bool {
    line.contains(',') && line.trim().split(',').any(|name| name == "id")
}

/// Rows of `list -o csv`. The number of the line stands beside an error.
fn csv(text: &str, sources: &[Source]) -> Result<Vec<SessionTarget>, (usize, String)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let not_csv = |at| (at, "not CSV as `usher list -o csv` prints it".to_owned());
    let head = reader.headers().map_err(|_| not_csv(0))?.clone();
    let mut targets = Vec::new();
    for record in reader.records() {
        let at = targets.len() + 1;
        let mut record = record.map_err(|_| not_csv(at))?;
        let line = record.position().map_or(at, |at| at.line() as usize - 1);
        record.trim();
        let cells = record
            .iter()
            .map(without_guard)
            .collect::<csv::StringRecord>();
        let row: SessionLine = cells.deserialize(Some(&head)).map_err(|_| not_csv(line))?;
        targets.push(target(row, sources).map_err(|why| (line, why))?);
    }
    Ok(targets)
}

/// A cell without the mark that keeps spreadsheets from taking it for a formula.
fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

fn target(line: SessionLine, sources: &[Source]) -> Result<SessionTarget, String> {
    let id = line.id.filter(|id| !id.is_empty()).ok_or("it has no id")?;
    let (key, id) = match line.key.filter(|key| !key.is_empty()) {
        Some(key) => (key, Some(SessionKey::new(id))),
        None => (id, None),
    };
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
    let deletable = match line.deletable.flatten() {
        Some(true) => Deletable::Yes,
        Some(false) => Deletable::No(
            line.not_deletable_because
                .unwrap_or_else(|| "the system says so".to_owned()),
        ),
        None => Deletable::Unknown,
    };
    Ok(SessionTarget {
        source,
        skip: Skip::of(
            state.unwrap_or(State::Unknown),
            &deletable,
            line.own,
            FoundBy::Name,
            sources[source].api.caps().of(line.kind.as_deref()).revoke,
        ),
        provenance: match line.deletable {
            None => Provenance::Typed,
            Some(Some(true)) => Provenance::Listed,
            Some(_) => Provenance::Doubtful(Trace {
                created: line.created,
                client: line.client,
            }),
        },
        key: SessionKey::new(key),
        id,
        kind: line.kind.filter(|kind| !kind.is_empty()),
        label: line
            .label
            .map(|label| display_safe(&label).into_owned())
            .unwrap_or_default(),
        subject: Subject {
            id: line.user_id.map(Untrusted::from),
            name: line.user.map(Untrusted::from),
            scope: line.scope.map(Untrusted::from),
        },
        expires: line.expires,
        // A line is the word of whoever wrote it.
        ended: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_out_of_what_people_paste() {
        for (text, id) in [
            ("c190667e-a186", "c190667e-a186"),
            ("\"c190667e\"", "c190667e"),
            ("\"c190667e\",", "c190667e"),
            ("'c190667e'", "c190667e"),
            ("c190667e,", "c190667e"),
            ("c190667e;", "c190667e"),
            ("\u{feff}c190667e", "c190667e"),
            (
                "  shandle:AQIC5w.*AAJTSQACMDE.*  ",
                "shandle:AQIC5w.*AAJTSQACMDE.*",
            ),
        ] {
            assert_eq!(bare_id(text).as_deref(), Ok(id), "{text}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "\"\"",
            ",",
            "ss:9cd2…0a",
            "ss:9cd2...0a",
            "a b",
            "a,b",
            "a\tb",
            "x\"y",
            "}",
        ] {
            assert!(bare_id(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_head_of_a_csv_list_is_known() {
        assert!(is_csv_head("profile,system,id,label,user"));
        assert!(!is_csv_head("c190667e-a186"));
        assert!(!is_csv_head("valid,ids"));
    }
}
