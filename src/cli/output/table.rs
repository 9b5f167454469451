//! A table for people: widths from the first rows, colours only where they are wanted.

use super::column::Times;
use super::{Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::State;
use crate::model::text::{Align, Ellipsis, MESSAGE_COLS, ascii_only, fit, safe_cut, width_cols};

/// How a table looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// With escape codes.
    pub(crate) color: bool,
    /// Nothing but ASCII beside the text itself.
    pub(crate) ascii: bool,
    /// Nothing but ASCII in the text either.
    pub(crate) only_ascii: bool,
    /// How instants are shown.
    pub(crate) times: Times,
    /// Columns of the terminal. `None`: no terminal, so a cell is cut at [`MESSAGE_COLS`] only.
    pub(crate) width_cols: Option<usize>,
}

impl Look {
    /// The sign at the end of a cut text.
    fn ellipsis(self) -> Ellipsis {
        if self.ascii {
            Ellipsis::Ascii
        } else {
            Ellipsis::Sign
        }
    }
}

/// Rows held back to be measured, at most: then widths are settled whatever comes.
const MEASURED: usize = 1_000;
/// So many are enough. The first page of some systems holds a row or two.
const ENOUGH: usize = 50;
/// Between two columns.
const GAP: usize = 2;
/// The least width of a cell, in columns, even on a narrow terminal.
const LEAST: usize = 4;

/// Rows as a table.
pub(crate) struct Table {
    /// Titles of columns that stand before those of the row.
    leading: &'static [&'static str],
    columns: Vec<OutputField>,
    look: Look,
    widths: Option<Vec<usize>>,
    waiting: Vec<TableRow>,
}

/// The texts of a row, cleaned, and the state that gives it its colour.
pub(crate) type TableRow = (Vec<String>, State);

impl Table {
    pub(crate) fn new(columns: Vec<OutputField>, look: Look) -> Self {
        Self::with_leading(&[], columns, look)
    }

    /// A table with further columns before those of the row; see [`Self::cells`] and [`Self::push`].
    pub(crate) fn with_leading(
        leading: &'static [&'static str],
        columns: Vec<OutputField>,
        look: Look,
    ) -> Self {
        Self {
            leading,
            columns,
            look,
            widths: None,
            waiting: Vec::new(),
        }
    }

    /// The texts of a row, without those of the leading columns.
    pub(crate) fn cells(&self, record: &Record<'_>) -> TableRow {
        let text = |column: &OutputField| {
            let text = column.cell(record).for_people(record, self.look.times);
            cell(&text, self.look)
        };
        (self.columns.iter().map(text).collect(), record.state)
    }

    /// Adds a row with all its cells: it is written, or held back to be measured.
    pub(crate) fn push(&mut self, (cells, state): TableRow, out: &mut Vec<u8>) {
        if let Some(widths) = &self.widths {
            line(&cells, widths, self.look, paint(self.look, state), out);
            return;
        }
        self.waiting.push((cells, state));
        if self.waiting.len() >= MEASURED {
            self.settle(out);
        }
    }

    /// Writes what was held back.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        if self.widths.is_none() && !self.waiting.is_empty() {
            self.settle(out);
        }
    }

    fn settle(&mut self, out: &mut Vec<u8>) {
        let leading = self.leading.iter().map(|title| (*title).to_owned());
        let titles = leading.chain(self.columns.iter().map(OutputField::title));
        let titles: Vec<String> = titles.collect();
        let rows = self.waiting.iter().map(|(cells, _)| cells);
        let widths = widths(&titles, rows, self.look.width_cols);
        let title = if self.look.color { "1" } else { "" };
        line(&titles, &widths, self.look, title, out);
        for (cells, state) in self.waiting.drain(..) {
            line(&cells, &widths, self.look, paint(self.look, state), out);
        }
        self.widths = Some(widths);
    }
}

impl Encode for Table {
    fn head(&mut self, _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.push(self.cells(record), out);
        Ok(())
    }

    fn page(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.widths.is_none() && self.waiting.len() >= ENOUGH {
            self.settle(out);
        }
        Ok(())
    }

    fn tail(&mut self, _sources: &[serde_json::Value], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.flush(out);
        Ok(())
    }
}

/// A small table whose cells are already text: profiles, capabilities, the findings of the doctor.
pub(crate) fn small_table(titles: &[&str], rows: &[Vec<String>], look: Look, out: &mut Vec<u8>) {
    let titles: Vec<String> = titles.iter().map(|title| cell(title, look)).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|text| cell(text, look)).collect())
        .collect();
    let widths = widths(&titles, rows.iter(), look.width_cols);
    line(
        &titles,
        &widths,
        look,
        if look.color { "1" } else { "" },
        out,
    );
    for row in &rows {
        line(row, &widths, look, "", out);
    }
}

/// A text as a cell holds it. Cut even in a pipe: one field of a mebibyte would make every line as long.
fn cell(text: &str, look: Look) -> String {
    let safe = safe_cut(text, MESSAGE_COLS, look.ellipsis());
    if look.only_ascii {
        ascii_only(&safe).into_owned()
    } else {
        safe.into_owned()
    }
}

/// The width of each column: its widest cell, and less for the widest ones where the terminal is narrow.
fn widths<'a>(
    titles: &[String],
    rows: impl Iterator<Item = &'a Vec<String>>,
    room: Option<usize>,
) -> Vec<usize> {
    let mut widths: Vec<usize> = titles.iter().map(|title| width_cols(title)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(width_cols(cell));
        }
    }
    let Some(room) = room else { return widths };
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > LEAST => *widest -= 1,
            _ => break,
        }
    }
    widths
}

fn line(cells: &[String], widths: &[usize], look: Look, paint: &str, out: &mut Vec<u8>) {
    let mut text = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at > 0 {
            text.push_str(&" ".repeat(GAP));
        }
        // Without a terminal nothing is cut: rows after the measured ones may be wider.
        let width = match look.width_cols {
            Some(_) => *width,
            None => (*width).max(width_cols(cell)),
        };
        text.push_str(&fit(cell, width, Align::Left, look.ellipsis()));
    }
    let text = text.trim_end();
    if paint.is_empty() {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend_from_slice(format!("\u{1b}[{paint}m{text}\u{1b}[0m").as_bytes());
    }
    out.push(b'\n');
}

/// The escape code of a row: the word in the STATE column says the same.
fn paint(look: Look, state: State) -> &'static str {
    match state {
        _ if !look.color => "",
        State::Revoked | State::Expired => "2",
        State::Expiring => "33",
        State::Active | State::Idle | State::Unauthenticated | State::Unknown => "",
    }
}
