//! JSON: one document, or one object a line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::column::JsonRow;
use super::{Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::text::json_escapes;

/// The version of the JSON document, and of its rows.
pub(crate) const VERSION: u32 = 1;

/// Rows as JSON.
pub(crate) struct Json {
    columns: Vec<OutputField>,
    document: bool,
    first: bool,
}

impl Json {
    /// One document: `{"version":1,"sessions":[…],"sources":[…]}`.
    pub(crate) fn document(columns: Vec<OutputField>) -> Self {
        Self {
            columns,
            document: true,
            first: true,
        }
    }

    /// One object a line.
    pub(crate) fn lines(columns: Vec<OutputField>) -> Self {
        Self {
            columns,
            document: false,
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
        write(
            &JsonRow {
                record,
                columns: &self.columns,
            },
            out,
        )?;
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
