//! Reading the log, and checking that nobody changed it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use super::AuditError;
use super::file::{LIMIT, LOCK_LIMIT, START};
use super::key::hash;
use super::record::{Entry, Event};
use crate::config::lock::{Lock, lock, unlock};
use crate::config::private::{self, Access, PrivateError};

/// Something that is wrong with the log. It is told, never mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// What a check of the whole log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// What is wrong, in order. Empty: every line stands as it was written.
    pub problems: Vec<Problem>,
    /// Changes without an end: their outcome is unknown.
    pub unfinished: Vec<Entry>,
}

impl Report {
    /// Does every line stand as it was written?
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads the log line by line: its number and the entry, or what is wrong with the line.
///
/// # Errors
/// [`AuditError`] if the file cannot be opened; an error of reading ends the iteration as a problem.
pub fn read(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(u64, Entry), Problem>> + use<>, AuditError> {
    let lines = lines(path)?;
    Ok(lines.map(|(number, line)| match line {
        Ok(bytes) => entry(number, &bytes).map(|entry| (number, entry)),
        Err(problem) => Err(problem),
    }))
}

/// Reads the whole log and checks every link of its chain.
///
/// # Errors
/// [`AuditError`] if the file cannot be opened.
pub fn verify(path: &Path) -> Result<Report, AuditError> {
    let mut report = Report::default();
    let mut prev = START.to_owned();
    let mut open: BTreeMap<(String, String), Vec<(u64, Entry)>> = BTreeMap::new();
    for (number, line) in lines(path)? {
        report.lines = number;
        let bytes = match line {
            Ok(bytes) => bytes,
            Err(problem) => {
                report.problems.push(problem);
                // Its hash cannot be known, so the next link counts as broken too.
                prev.clear();
                continue;
            }
        };
        match entry(number, &bytes) {
            Ok(entry) => {
                if entry.prev != prev {
                    report.problems.push(Problem {
                        line: number,
                        what: "does not follow from the line before: something was changed, removed or added",
                    });
                }
                follow(&mut open, number, entry);
            }
            Err(problem) => report.problems.push(problem),
        }
        prev = hash(&bytes);
    }
    let mut unfinished: Vec<_> = open.into_values().flatten().collect();
    unfinished.sort_by_key(|(number, _)| *number);
    report.unfinished = unfinished.into_iter().map(|(_, entry)| entry).collect();
    Ok(report)
}

/// Opens and closes changes.
fn follow(open: &mut BTreeMap<(String, String), Vec<(u64, Entry)>>, number: u64, entry: Entry) {
    let change = (entry.op_id.clone(), entry.item.clone());
    match entry.event {
        Event::Asked => open.entry(change).or_default().push((number, entry)),
        Event::Done => {
            if let Some(asked) = open.get_mut(&change) {
                asked.pop();
            }
        }
        Event::Reveal | Event::Export => {}
    }
}

fn entry(line: u64, bytes: &[u8]) -> Result<Entry, Problem> {
    serde_json::from_slice(bytes).map_err(|_| Problem {
        line,
        what: "is not a record",
    })
}

type NumberedLine = (u64, Result<Vec<u8>, Problem>);

/// The lines without their newlines, as far as the log reaches now.
fn lines(path: &Path) -> Result<impl Iterator<Item = NumberedLine> + use<>, AuditError> {
    let file = private::open(path, Access::OwnerOnly)?;
    // Held only to learn where the last whole batch ends: a reader that is slow must not stop writers.
    lock(path, &file, Lock::Shared, LOCK_LIMIT)?;
    let length = file.metadata().map(|found| found.len());
    unlock(&file);
    let length = length.map_err(|error| PrivateError::io(path, "read", &error))?;
    let mut reader = BufReader::new(file.take(length));
    let mut number = 0;
    let mut ended = false;
    Ok(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        number += 1;
        let mut bytes = Vec::new();
        let read = bounded_line(&mut reader, &mut bytes);
        ended = !matches!(read, Ok(Read::Whole | Read::TooLong));
        let what = match read {
            Ok(Read::Whole) => return Some((number, Ok(bytes))),
            Ok(Read::Nothing) => return None,
            Ok(Read::TooLong) => "is longer than any record",
            Ok(Read::Torn) => "ends in the middle",
            Err(_) => "cannot be read",
        };
        let line = number;
        Some((number, Err(Problem { line, what })))
    }))
}

enum Read {
    Nothing,
    Whole,
    Torn,
    TooLong,
}

/// Reads up to a newline, and keeps no more than a record can have.
fn bounded_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Read> {
    let mut length = 0;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(if length == 0 {
                Read::Nothing
            } else {
                Read::Torn
            });
        }
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        length += part.len();
        if length < LIMIT {
            line.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(if length < LIMIT {
                Read::Whole
            } else {
                Read::TooLong
            });
        }
    }
}
