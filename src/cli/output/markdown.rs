//! A Markdown table, for tickets and chats.

use super::column::Times;
use super::{Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::text::display_safe;
use crate::model::time::Zone;

/// Rows as a Markdown table. Instants are in UTC, since a ticket is read later and elsewhere.
pub(crate) struct Markdown {
    columns: Vec<OutputField>,
}

impl Markdown {
    pub(crate) fn new(columns: Vec<OutputField>) -> Self {
        Self { columns }
    }
}

impl Encode for Markdown {
    fn head(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let titles = self.columns.iter().map(OutputField::title);
        line(titles, out);
        line(self.columns.iter().map(|_| "---"), out);
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let cells = self.columns.iter().map(|column| {
            let text = column.cell(record).for_people(record, Times::In(Zone::Utc));
            escape(&display_safe(&text))
        });
        line(cells, out);
        Ok(())
    }

    fn tail(&mut self, _sources: &[serde_json::Value], _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Appends one line of cells that are escaped already.
pub(crate) fn line<T: AsRef<str>>(cells: impl Iterator<Item = T>, out: &mut Vec<u8>) {
    out.push(b'|');
    for cell in cells {
        out.push(b' ');
        out.extend_from_slice(cell.as_ref().as_bytes());
        out.extend_from_slice(b" |");
    }
    out.push(b'\n');
}

/// Escapes everything that Markdown and HTML would take for markup: text from outside must stay
/// text.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_outside_stays_text() {
        assert_eq!(
            escape("a|b <img src=x> [x](y)"),
            "a\\|b &lt;img src=x&gt; \\[x\\](y)"
        );
    }
}
