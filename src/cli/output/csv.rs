//! Comma-separated values with a header.

use super::{Encode, OutputField, Record};
use crate::cli::exit::Failure;
use crate::model::text::display_safe;

/// Rows as CSV (RFC 4180, lines end in LF).
pub(crate) struct Csv {
    columns: Vec<OutputField>,
    guard: bool,
}

impl Csv {
    /// `guard`: put a quote before cells that a spreadsheet would run as a formula.
    pub(crate) fn new(columns: Vec<OutputField>, guard: bool) -> Self {
        Self { columns, guard }
    }
}

impl Encode for Csv {
    fn head(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        line(self.columns.iter().map(OutputField::name), self.guard, out)
    }

    fn row(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let cells = self
            .columns
            .iter()
            .map(|column| column.cell(record).for_machines(record));
        line(cells, self.guard, out)
    }

    fn tail(&mut self, _sources: &[serde_json::Value], _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Appends one line.
pub(crate) fn line<T: AsRef<str>>(
    cells: impl Iterator<Item = T>,
    guard: bool,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut writer = ::csv::Writer::from_writer(out);
    for cell in cells {
        let text = display_safe(cell.as_ref());
        if guard && is_formula(&text) {
            writer.write_field(format!("'{text}"))?;
        } else {
            writer.write_field(text.as_ref())?;
        }
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()?;
    Ok(())
}

/// True if a spreadsheet would run this cell. A minus before a number is a number, and alone it is
/// a dash. Some programs leave blanks out first, and take a sign in another width or place for the
/// plain one.
fn is_formula(text: &str) -> bool {
    let start = text.trim_start();
    match start.chars().next() {
        Some('=' | '+' | '@' | '\t' | '\r') => true,
        Some('-') => start != "-" && start.parse::<f64>().is_err(),
        Some(sign) => LOOK_ALIKES.contains(&sign),
        None => false,
    }
}

/// The characters that Unicode folds into `=`, `+`, `-` and `@` (compatibility forms), and the
/// minus of mathematics.
const LOOK_ALIKES: [char; 19] = [
    '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '⁼', '⁺', '⁻', '₌', '₊', '₋', '−', '‐', '‑',
    '﹘', '﬩',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_start_like_a_formula_are_guarded() {
        for (text, formula) in [
            ("=1+1", true),
            ("+49 30", true),
            ("-1+cmd|'/c calc'!A0", true),
            ("@SUM(A1)", true),
            ("＝1", true),
            ("＋1", true),
            ("－5", true),
            ("＠SUM(A1)", true),
            ("﹦1", true),
            ("⁺1", true),
            ("−5+1", true),
            (" =1", true),
            ("\u{3000}＝1", true),
            ("-5", false),
            ("-", false),
            ("jdoe", false),
            ("", false),
        ] {
            assert_eq!(is_formula(text), formula, "{text}");
        }
    }
}
