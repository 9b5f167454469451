//! Rows on standard output: which fields, in which shape.

pub(crate) mod column;
mod csv;
mod json;
mod markdown;
mod record;
mod table;

use std::io::{self, Write};

pub(crate) use column::{Cell, OutputField, Times};
pub(crate) use record::Record;
pub(crate) use table::{Look, Table, TableRow, small_table};

pub(crate) use super::args_verbs::Format;
use super::exit::Failure;
use crate::model::text::{ascii_only, display_safe_lines, markdown_safe};
use crate::model::time::Zone;
use crate::runtime::locale::speaks_utf8;

/// Turns rows into bytes. Rows may be encoded while a page is read; the bytes are written when it has ended.
pub(crate) trait Encode: Send {
    /// The text before the first row.
    fn head(&mut self, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// One row.
    fn row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// A page has ended: whatever was held back to be measured comes now.
    fn page(&mut self, _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    /// The text behind the last row. `sources`: how each system's list ended, as JSON.
    fn tail(&mut self, sources: &[serde_json::Value], out: &mut Vec<u8>) -> Result<(), Failure>;
}

/// The encoder of a format.
pub(crate) fn encoder(
    format: Format,
    columns: Vec<OutputField>,
    csv_safe: bool,
    look: Look,
) -> Box<dyn Encode> {
    match format {
        Format::Table => Box::new(Table::new(columns, look)),
        Format::Json => Box::new(json::Json::document(columns)),
        Format::Jsonl => Box::new(json::Json::lines(columns)),
        Format::Csv => Box::new(csv::Csv::new(columns, csv_safe)),
        Format::Markdown => Box::new(markdown::Markdown::new(columns)),
    }
}

/// The encoder of a format for a file: never for people at a terminal, always with guarded formulas.
pub(crate) fn file_encoder(format: Format, columns: Vec<OutputField>) -> Box<dyn Encode> {
    let look = Look {
        color: false,
        ascii: false,
        only_ascii: false,
        times: Times::In(Zone::Utc),
        width_cols: None,
    };
    encoder(format, columns, true, look)
}

/// A small list in CSV or Markdown.
pub(crate) fn small_text(
    format: Format,
    titles: &[&str],
    rows: &[Vec<String>],
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    if format == Format::Csv {
        csv::line(titles.iter().copied(), true, out)?;
        for row in rows {
            csv::line(row.iter().map(String::as_str), true, out)?;
        }
        return Ok(());
    }
    markdown::line(titles.iter().copied(), out);
    markdown::line(titles.iter().map(|_| "---"), out);
    for row in rows {
        markdown::line(row.iter().map(|cell| markdown_safe(cell)), out);
    }
    Ok(())
}

/// Lines as they may go to a person, whoever chose what stands in them: nothing steers the terminal,
/// and where the locale takes nothing but ASCII, nothing else is sent. Line breaks stay.
pub(crate) fn for_people(text: &str) -> String {
    let safe = display_safe_lines(text);
    if speaks_utf8() {
        safe.into_owned()
    } else {
        ascii_only(&safe).into_owned()
    }
}

/// From so many bytes on a page is written before its end.
const LARGE: usize = 256 * 1024;

/// Standard output: written when it is told to, so that a page appears at once and a row costs no call.
pub(crate) struct Out {
    bytes: Vec<u8>,
    to: Box<dyn Write + Send>,
}

impl Out {
    /// The program's own standard output.
    pub(crate) fn stdout() -> Self {
        Self::to(Box::new(io::stdout()))
    }

    /// Somewhere else, for tests.
    pub(crate) fn to(to: Box<dyn Write + Send>) -> Self {
        Self {
            bytes: Vec::new(),
            to,
        }
    }

    /// Where encoders append.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a line of text.
    pub(crate) fn line(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'\n');
    }

    /// Appends lines for people: see [`for_people`].
    pub(crate) fn text(&mut self, text: &str) {
        self.line(&for_people(text));
    }

    /// Appends a JSON value and a line end.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> Result<(), Failure> {
        json::write(value, &mut self.bytes)?;
        self.bytes.push(b'\n');
        Ok(())
    }

    /// The same once there is enough of it: a long page must not wait for its end, nor fill the memory.
    pub(crate) fn flush_if_large(&mut self) -> Result<(), Failure> {
        if self.bytes.len() >= LARGE {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Sends what has been appended. Writing after the reader has gone is [`Failure`] with code 0.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let result = self
            .to
            .write_all(&self.bytes)
            .and_then(|()| self.to.flush());
        self.bytes.clear();
        Ok(result?)
    }
}
