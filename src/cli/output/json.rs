//! JSON: one document, or one object a line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::{Cell, Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::Class;
use crate::model::text::{Eight, Recurring, is_plain, json_escapes, mask, mask_parts};
use crate::model::time::{rfc3339, rfc3339_bytes};

/// The version of the JSON document, and of its rows.
pub(crate) const VERSION: u32 = 1;

/// Rows as JSON.
pub(crate) struct Json {
    /// The fields, each with what stands in front of a text in it: `,"name":"`.
    columns: Vec<(OutputField, Vec<u8>)>,
    attributes: Attributes,
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
            let before = before(&column.name());
            (column, before)
        });
        let mut columns: Vec<_> = named.collect();
        if let Some((_, first)) = columns.first_mut() {
            first[0] = b'{';
        }
        Self {
            columns,
            attributes: Attributes::default(),
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
        for (column, before) in &self.columns {
            out.extend_from_slice(before);
            value(column.cell(record), &mut self.attributes, record, out)?;
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

/// What stands in front of the texts of further attributes.
#[derive(Default)]
struct Attributes(Recurring<Vec<u8>>);

impl Attributes {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let (start, mut place) = (out.len(), 0);
        for (name, value, class) in &record.row.extra {
            let before = self.0.next(&mut place, name, || before(name));
            out.extend_from_slice(before);
            match class {
                Class::Plain => rest_of_text(value, out),
                Class::Secret => rest_of_secret(value, out),
            }
        }
        match out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
    }
}

/// What stands in front of a text with this name, if another one stands before it: `,"name":"`.
fn before(name: &str) -> Vec<u8> {
    let mut before = Vec::with_capacity(name.len() + 5);
    before.push(b',');
    text(name, &mut before);
    before.extend_from_slice(b":\"");
    before
}

/// Appends the value of a cell behind the quote that stands there for a text.
fn value(
    cell: Cell<'_>,
    attributes: &mut Attributes,
    record: &Record<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    if !matches!(cell, Cell::Text(_) | Cell::Json(_) | Cell::Instant(_)) {
        out.pop();
    }
    match cell {
        Cell::Text(text) | Cell::Json(text) => rest_of_text(&text, out),
        Cell::Instant(at) => match rfc3339_bytes(at) {
            Some(short) => {
                out.extend_from_slice(&short);
                out.push(b'"');
            }
            None => rest_of_text(&rfc3339(at), out),
        },
        Cell::None => out.extend_from_slice(b"null"),
        Cell::Duration(length) => write!(out, "{}", length.num_seconds())?,
        Cell::Bool(yes) => out.extend_from_slice(if yes { b"true" } else { b"false" }),
        Cell::Attributes => attributes.write(record, out),
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
    }
    Ok(())
}

/// Appends a text as a JSON string that no terminal can misread.
fn text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    rest_of_text(text, out);
}

/// The same behind its first quote, which is there already.
#[inline]
fn rest_of_text(text: &str, out: &mut Vec<u8>) {
    if Eight::all(text.as_bytes(), Eight::are_simple) {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        rest_of_odd_text(text, out);
    }
}

/// The same of a secret, masked.
fn rest_of_secret(secret: &str, out: &mut Vec<u8>) {
    let are_simple = |part: &&str| Eight::all(part.as_bytes(), Eight::are_simple);
    match mask_parts(secret) {
        Some(parts @ [first, _, last]) if [first, last].iter().all(are_simple) => {
            for part in parts {
                out.extend_from_slice(part.as_bytes());
            }
            out.push(b'"');
        }
        _ => rest_of_text(&mask(secret), out),
    }
}

/// The same of a text that is not all simple ASCII.
fn rest_of_odd_text(text: &str, out: &mut Vec<u8>) {
    let has_no_stop = |eight: Eight| eight.stop().is_none();
    if is_plain(text) && Eight::all(text.as_bytes(), has_no_stop) {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.pop();
        write(text, out).expect("a buffer takes everything");
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
    use proptest::prelude::*;

    use super::*;
    use crate::model::text::display_safe;

    proptest! {
        #[test]
        fn texts_and_masked_secrets_are_read_back(
            written in prop_oneof!["[ -~]{0,40}", "[a-f0-9\"\\\\]{0,40}", "[a-cäı…•\n\u{202e}]{0,30}", any::<String>()],
        ) {
            let (mut plain, mut masked) = (vec![b'"'], vec![b'"']);
            rest_of_text(&written, &mut plain);
            rest_of_secret(&written, &mut masked);

            for (out, meant) in [(plain, written.clone()), (masked, mask(&written))] {
                let shown = String::from_utf8(out).unwrap();
                prop_assert_eq!(&display_safe(&shown), &shown);
                prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), meant);
            }
        }
    }

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
