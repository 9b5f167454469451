//! Errors in a query, and their place in the text.

use std::fmt;
use std::ops::Range;

use crate::model::text::{Ellipsis, display_safe, safe_cut, width_cols};

/// A query that cannot be read. `Display` gives one line without the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The mistake: lower case, no full stop, safe for a terminal.
    pub message: String,
    /// Where, in bytes of the text that was parsed.
    pub at: Range<usize>,
    /// The text to write instead: lower case, no full stop. `None`: the message says it all.
    pub suggestion: Option<String>,
}

impl QueryError {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at,
            suggestion: None,
        }
    }

    pub(super) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The message over the text with the place marked under it:
    ///
    /// ```text
    /// error: unknown field "usr"
    ///   usr:jdoe state:active
    ///   ^^^ did you mean "user"?
    /// ```
    ///
    /// Three lines, parted by `\n`, the last without one; `text` is what was parsed.
    pub fn report(&self, text: &str) -> String {
        let at = |byte: usize| {
            let byte = byte.min(text.len());
            (0..=byte).rev().find(|&b| text.is_char_boundary(b))
        };
        let start = at(self.at.start).unwrap_or(0);
        let end = at(self.at.end).unwrap_or(0).max(start);
        let (before, marked) = (&text[..start], &text[start..end]);
        let indent = width_cols(&display_safe(before));
        let marks = width_cols(&display_safe(marked)).max(1);
        let suggestion = self
            .suggestion
            .as_ref()
            .map_or_else(String::new, |suggestion| format!(" {suggestion}"));
        format!(
            "error: {}\n  {}\n  {}{}{suggestion}",
            self.message,
            display_safe(text),
            " ".repeat(indent),
            "^".repeat(marks),
        )
    }
}

impl fmt::Display for QueryError {
    /// `unknown field "usr". Did you mean "user"?`; without a suggestion only the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let Some(suggestion) = &self.suggestion else {
            return Ok(());
        };
        let mut chars = suggestion.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        write!(f, ". {}{}", first.unwrap_or_default(), chars.as_str())?;
        if suggestion.ends_with('?') {
            Ok(())
        } else {
            f.write_str(".")
        }
    }
}

impl std::error::Error for QueryError {}

/// Typed text inside a message: in quotes, cleaned, not longer than a message can bear.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", safe_cut(text, 40, Ellipsis::Sign))
}
