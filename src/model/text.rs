//! Text from outside: one cleaning for screen, command line, log and panic text.

mod ascii;
mod clean;
mod eight;
mod markdown;
mod measure;
mod nearest;
mod paste;
mod recurring;
mod unicode;

use std::borrow::Cow;
use std::fmt;

pub use ascii::ascii_only;
pub use clean::{
    Replaced, display_safe, display_safe_bytes, display_safe_lines, is_plain, marked_bytes, quoted,
    safe_span_lines, safe_spans,
};
pub use eight::Eight;
pub use markdown::markdown_safe;
pub use measure::{
    Align, Ellipsis, MESSAGE_COLS, NAME_COLS, SHOWN_BYTES, cut_end, cut_middle, fit, mask,
    mask_parts, mask_with, number_of, pad, safe_cut, start_of, width_cols, with_thousands,
};
pub use nearest::nearest;
pub use paste::{json_escapes, paste_safe, paste_safe_json};
pub use recurring::Recurring;

/// Text that a server (or anybody behind it) filled in. It has no `Display` on purpose:
/// the only ways out are [`Untrusted::safe`] for people and [`Untrusted::expose`] for machines.
///
/// Where a text was due and another JSON value came, it holds that value as it was written, and
/// shows it behind [`JSON_MARK`].
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted(Box<str>);

/// The mark before a JSON value that is shown in the place of a text.
pub const JSON_MARK: &str = "<json>";

/// Inside [`Untrusted`], before a value that is no text; also before a text that begins with this very
/// character. A flag beside the text would cost 8 bytes for each text of each row.
const OTHER: char = '\u{FDD0}';

impl Untrusted {
    /// A JSON value that is no text, as it was written.
    pub fn json(written: &str) -> Self {
        Self(format!("{OTHER}j{written}").into())
    }

    /// True if it is a JSON value in the place of a text.
    pub fn is_json(&self) -> bool {
        let rest = self.0.strip_prefix(OTHER);
        rest.is_some_and(|rest| rest.starts_with('j'))
    }

    /// The true text, for comparing, searching, JSON and requests. Never for a terminal.
    pub fn expose(&self) -> &str {
        let rest = self.0.strip_prefix(OTHER);
        rest.and_then(|rest| rest.get(1..)).unwrap_or(&self.0)
    }

    /// The text as it may be shown: one line, hostile characters made visible, and [`JSON_MARK`] before
    /// what is no text.
    pub fn safe(&self) -> Cow<'_, str> {
        self.marked(display_safe(self.expose()))
    }

    /// The same cut to `cols`, in a time that does not grow with the text: see [`safe_cut`].
    pub fn safe_cut(&self, cols: usize, ellipsis: Ellipsis) -> Cow<'_, str> {
        let mark = match self.expose() {
            _ if self.is_json() => JSON_MARK.len() + 1,
            text if text.starts_with(JSON_MARK) => 2,
            _ => 0,
        };
        self.marked(safe_cut(self.expose(), cols.saturating_sub(mark), ellipsis))
    }

    /// With the mark before what is no text, and in quotes what looks like it.
    fn marked<'a>(&self, safe: Cow<'a, str>) -> Cow<'a, str> {
        json_marked(safe, self.is_json())
    }

    /// The text as it may stand in a sentence of ours: cleaned, and at most [`NAME_COLS`] wide.
    pub fn name(&self) -> Cow<'_, str> {
        self.safe_cut(NAME_COLS, Ellipsis::Sign)
    }

    /// [`Untrusted::name`] so that its beginning and end can be seen: see [`quoted`].
    pub fn named(&self) -> Cow<'_, str> {
        let name = quoted(safe_cut(self.expose(), NAME_COLS, Ellipsis::Sign));
        self.marked(name)
    }

    /// True if it is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

/// A text with [`JSON_MARK`] before it if it is a JSON value that is no text. A text that only looks like
/// such a value is set in quotes.
pub fn json_marked(text: Cow<'_, str>, is_json: bool) -> Cow<'_, str> {
    if is_json {
        return Cow::Owned(format!("{JSON_MARK} {text}"));
    }
    if text.starts_with(JSON_MARK) {
        return Cow::Owned(format!("\"{}\"", text.replace('"', "\\\"")));
    }
    text
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        if text.starts_with(OTHER) {
            return Self(format!("{OTHER}t{text}").into());
        }
        Self(text.into())
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.safe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_is_clean_wherever_it_comes_out_for_people() {
        let text = Untrusted::from("a\u{1b}]0;x\u{7}");

        assert_eq!(text.safe(), "a^[]0;x^G");
        assert_eq!(text.safe_cut(4, Ellipsis::Sign), "a^[…");
        assert_eq!(format!("{text:?}"), "\"a^[]0;x^G\"");
        assert_eq!(text.expose(), "a\u{1b}]0;x\u{7}");
    }

    #[test]
    fn f_data_15_a_value_that_is_no_text_is_marked_and_no_text_can_look_like_one() {
        let list = Untrusted::json("[1]");
        assert!(list.is_json());
        assert_eq!(list.expose(), "[1]");
        assert_eq!(list.safe(), "<json> [1]");
        assert_eq!(list.named(), "<json> [1]");
        let forged = Untrusted::from("<json> [1]");
        assert_eq!(forged.safe(), "\"<json> [1]\"");
        assert_eq!(forged.named(), "\"<json> [1]\"");
        assert_eq!(list.safe_cut(9, Ellipsis::Sign), "<json> […");
        assert_eq!(format!("{list:?}"), "\"<json> [1]\"");
        assert_ne!(list, Untrusted::from("[1]"));
        for text in ["[1]", "\u{FDD0}j[1]", "\u{FDD0}t", "\u{FDD0}", ""] {
            let text = (text, Untrusted::from(text));

            assert!(!text.1.is_json());
            assert_eq!(text.1.expose(), text.0);
            assert_eq!(text.1.safe(), display_safe(text.0));
            assert_eq!(text.1.is_empty(), text.0.is_empty());
        }
    }
}
