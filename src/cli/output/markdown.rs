//! A Markdown table, for tickets and chats.

use super::column::Times;
use super::{Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::text::{display_safe, markdown_safe};
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
            markdown_safe(&display_safe(&text))
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
