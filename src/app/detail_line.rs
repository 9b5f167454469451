//! One line of the details.

use super::role::Role;
use super::text_wrap::Piece;
use crate::model::Field;
use crate::model::text::width_cols;

/// Cells of a label, the blanks behind it included.
pub const LABELS: usize = 14;

/// The kind of a line of the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A fact that every system has a place for.
    Fact(Field),
    /// The facts that this system does not report.
    Untold,
    /// A line of the sentence that says it all.
    Sentence,
    /// The life line: times and line in `value`, words behind.
    Life,
    /// A heading.
    Heading,
    /// Something else that the system said: its index in `Session::extra`.
    Attribute(usize),
    /// A line of JSON.
    Json,
}

/// One line of the details, or half of one where there is room for two side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailLine {
    /// Its kind.
    pub kind: LineKind,
    /// Its label; empty where it goes on with the value of the line above.
    pub label: String,
    /// Its value, cleaned, masked if it is secret; in pieces, so that replacements can be told apart.
    pub value: Vec<Piece>,
    /// How the value is drawn.
    pub role: Role,
    /// The name of the secret on it (masked, or shown for a while). `None`: it is none.
    pub secret: Option<String>,
    /// True if it stands in a column of half the width.
    pub half: bool,
    /// True if the text search matches it.
    pub found: bool,
}

impl DetailLine {
    pub(super) fn new(kind: LineKind, label: &str, value: &str, role: Role) -> Self {
        Self {
            kind,
            label: label.to_owned(),
            value: Piece::all(value),
            role,
            secret: None,
            half: false,
            found: false,
        }
    }

    /// The value as one text.
    pub fn text(&self) -> String {
        self.value.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// The name of the secret on it, for `details.revealed`. `None`: it holds none.
    pub fn secret_name(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// True if it holds a field.
    pub fn is_field(&self) -> bool {
        !matches!(
            self.kind,
            LineKind::Heading | LineKind::Sentence | LineKind::Life
        )
    }

    /// Cells of the label and the blanks behind it.
    pub fn label_cells(&self) -> usize {
        match (self.kind, width_cols(&self.label)) {
            (LineKind::Heading | LineKind::Sentence | LineKind::Life | LineKind::Json, _) => 0,
            (_, short) if short < LABELS => LABELS,
            (_, long) => long + 2,
        }
    }

    pub(super) fn value_cells(&self) -> usize {
        self.value.iter().map(|piece| width_cols(&piece.text)).sum()
    }

    /// Cells that label and value take on one line.
    pub(super) fn cells(&self) -> usize {
        self.label_cells() + self.value_cells()
    }
}
