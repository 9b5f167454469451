//! Reading the log line by line, as far as it reaches now.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Take};
use std::path::Path;

use super::AuditError;
use super::file::{LIMIT, LOCK_LIMIT};
use super::record::AuditEntry;
use crate::config::lock::{Lock, lock, unlock};
use crate::config::private::{self, Access, PrivateError};

/// Something that is wrong with the log. It is told, never mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Number of the line, from 1. `0`: the log as a whole.
    pub line: u64,
    /// The problem, as one sentence.
    pub what: String,
}

impl Problem {
    pub(super) fn at(line: u64, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
        }
    }
}

/// Reads the log line by line: its number and the entry, or what is wrong with the line.
///
/// # Errors
/// [`AuditError`] if the file cannot be opened; an error of reading ends the iteration as a problem.
pub fn read(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(u64, AuditEntry), Problem>> + use<>, AuditError> {
    let lines = lines(open(path, |_| Ok(()))?.0);
    Ok(lines.zip(1..).map(|(line, number)| match line {
        LogLine::Whole(bytes) => serde_json::from_slice(&bytes)
            .map(|entry| (number, entry))
            .map_err(|_| Problem::at(number, "is not a record")),
        LogLine::Not(why) => Err(Problem::at(number, why.words())),
    }))
}

/// Opens the log up to where it ends now. `beside` runs while nobody writes to it.
///
/// # Errors
/// [`AuditError`] if the file cannot be opened, or from `beside`.
pub(super) fn open<T>(
    path: &Path,
    beside: impl FnOnce(u64) -> Result<T, AuditError>,
) -> Result<(BufReader<Take<File>>, T), AuditError> {
    let file = private::open(path, Access::OwnerOnly)?;
    // Held only to learn where the last whole batch ends: a reader that is slow must not stop writers.
    lock(path, &file, Lock::Shared, LOCK_LIMIT)?;
    let ends = length(path, &file).and_then(|length| Ok((length, beside(length)?)));
    unlock(&file);
    let (length, found) = ends?;
    Ok((BufReader::new(file.take(length)), found))
}

fn length(path: &Path, file: &File) -> Result<u64, AuditError> {
    let found = file.metadata();
    let found = found.map_err(|error| PrivateError::io(path, "read", &error))?;
    Ok(found.len())
}

/// One line as it was found.
pub(super) enum LogLine {
    /// Without its newline.
    Whole(Vec<u8>),
    /// It cannot be taken.
    Not(NotALine),
}

/// Why a line cannot be taken. All but the first end the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotALine {
    TooLong,
    Torn,
    Unreadable,
}

impl NotALine {
    pub fn words(self) -> &'static str {
        match self {
            Self::TooLong => "is longer than any record",
            Self::Torn => "ends in the middle",
            Self::Unreadable => "cannot be read",
        }
    }
}

/// The lines of a reader.
pub(super) fn lines(mut reader: impl BufRead) -> impl Iterator<Item = LogLine> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut bytes = Vec::new();
        let read = bounded_line(&mut reader, &mut bytes);
        ended = !matches!(read, Ok(Read::Whole | Read::TooLong));
        let why = match read {
            Ok(Read::Whole) => return Some(LogLine::Whole(bytes)),
            Ok(Read::Nothing) => return None,
            Ok(Read::TooLong) => NotALine::TooLong,
            Ok(Read::Torn) => NotALine::Torn,
            Err(_) => NotALine::Unreadable,
        };
        Some(LogLine::Not(why))
    })
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
