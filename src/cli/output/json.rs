//! JSON: one document, or one object a line.

use std::io::{self, Write};

use memchr::memchr2;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::{Cell, Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::text::{Eight, is_plain, json_escapes};
use crate::model::time::rfc3339;

/// The version of the JSON document, and of its rows.
pub(crate) const VERSION: u32 = 1;

/// Rows as JSON.
pub(crate) struct Json {
    /// The fields, each with its name as JSON.
    columns: Vec<(OutputField, Vec<u8>)>,
    document: bool,
    first: bool,
}

impl Json {
    /// One document: `{"version":1,"sessions":[…],"sources":[…]}`.
    pub(crate) fn document(columns: Vec<OutputField>) -> Self {
        Self::new(columns, true)
    }

    /// One object a line.
    pub(crate) fn lines(columns: Vec<OutputField>) -> Self {
        Self::new(columns, false)
    }

    fn new(columns: Vec<OutputField>, document: bool) -> Self {
        let named = columns.into_iter().map(|column| {
            let mut name = Vec::new();
            text(&column.name(), &mut name);
            (column, name)
        });
        Self {
            columns: named.collect(),
            document,
            first: true,
        }
    }
}

impl Encode for Json {
    fn head(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.document {
            write!(out, "{{\"version\":{VERSION},\"sessions\":[")?;
        }
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.document {
            out.extend_from_slice(if self.first { b"\n" } else { b",\n" });
            self.first = false;
        }
        for (place, (column, name)) in self.columns.iter().enumerate() {
            out.push(if place == 0 { b'{' } else { b',' });
            out.extend_from_slice(name);
            out.push(b':');
            cell(column.cell(record), record, out)?;
        }
        if self.columns.is_empty() {
            out.push(b'{');
        }
        out.push(b'}');
        if !self.document {
            out.push(b'\n');
        }
        Ok(())
    }

    fn tail(&mut self, sources: &[serde_json::Value], out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.document {
            out.extend_from_slice(b"\n],\"sources\":");
            write(sources, out)?;
            out.extend_from_slice(b"}\n");
        }
        Ok(())
    }
}

/// Appends the value of a cell.
fn cell(cell: Cell<'_>, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
    match cell {
        Cell::None => out.extend_from_slice(b"null"),
        Cell::Text(value) | Cell::Json(value) => text(&value, out),
        Cell::Instant(at) => as_it_is(&rfc3339(at), out),
        Cell::Duration(length) => write!(out, "{}", length.num_seconds())?,
        Cell::Bool(yes) => out.extend_from_slice(if yes { b"true" } else { b"false" }),
        Cell::Hints(hints) => {
            out.push(b'[');
            for (place, hint) in hints.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                text(hint.word(), out);
            }
            out.push(b']');
        }
        Cell::Attributes => {
            out.push(b'{');
            for (place, (name, value)) in record.attributes().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                text(name, out);
                out.push(b':');
                text(&value, out);
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends a text as a JSON string that no terminal can misread.
fn text(text: &str, out: &mut Vec<u8>) {
    let needs_none = |eight: Eight| eight.are_within(b' ', b'~') && !eight.has(b'"', b'\\');
    if Eight::all(text.as_bytes(), needs_none) {
        return as_it_is(text, out);
    }
    if !is_plain(text) || memchr2(b'"', b'\\', text.as_bytes()).is_some() {
        write(text, out).expect("a buffer takes everything");
    } else {
        as_it_is(text, out);
    }
}

/// The same of a text in which nothing needs an escape.
fn as_it_is(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends a value as JSON that no terminal can misread.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Failure> {
    value.serialize(&mut Serializer::with_formatter(out, SafeFormatter))?;
    Ok(())
}

/// Compact JSON in which characters that could steer a terminal or hide text are `\u` escapes. The value
/// stays the same.
pub(crate) struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(json_escapes(fragment).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::display_safe;

    #[test]
    fn hostile_characters_are_escaped_and_the_value_stays_the_same() {
        let text = "a\u{1b}[31m\u{9b}\u{202e}b\u{7f}日本\u{e0041}\"\\\n";
        let mut out = Vec::new();

        write(text, &mut out).unwrap();

        let shown = String::from_utf8(out).unwrap();
        assert_eq!(display_safe(&shown), shown);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        assert!(shown.contains("日本"), "{shown}");
    }
}
