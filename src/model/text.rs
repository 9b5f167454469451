//! Text from outside: one cleaning for screen, command line, log and panic text.

mod ascii;
mod clean;
mod measure;
mod paste;
mod unicode;

use std::borrow::Cow;
use std::fmt;

pub use ascii::ascii_only;
pub use clean::{
    Replaced, display_safe, display_safe_bytes, display_safe_lines, marked_bytes, quoted,
    safe_span_lines, safe_spans,
};
pub use measure::{
    Align, Ellipsis, MESSAGE_COLS, NAME_COLS, SHOWN_BYTES, cut_end, cut_middle, fit, mask,
    mask_with, pad, safe_cut, start_of, width_cols, with_thousands,
};
pub use paste::{json_escapes, paste_safe, paste_safe_json};

/// Text that a server (or anybody behind it) filled in. It has no `Display` on purpose:
/// the only ways out are [`Untrusted::safe`] for people and [`Untrusted::expose`] for machines.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted(Box<str>);

impl Untrusted {
    /// The true text, for comparing, searching, JSON and requests. Never for a terminal.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text as it may be shown: one line, hostile characters made visible.
    pub fn safe(&self) -> Cow<'_, str> {
        display_safe(&self.0)
    }

    /// The same cut to `cols`, in a time that does not grow with the text: see [`safe_cut`].
    pub fn safe_cut(&self, cols: usize, ellipsis: Ellipsis) -> Cow<'_, str> {
        safe_cut(&self.0, cols, ellipsis)
    }

    /// The text as it may stand in a sentence of ours: cleaned, and at most [`NAME_COLS`] wide.
    pub fn name(&self) -> Cow<'_, str> {
        self.safe_cut(NAME_COLS, Ellipsis::Sign)
    }

    /// [`Untrusted::name`] so that its beginning and end can be seen: see [`quoted`].
    pub fn named(&self) -> Cow<'_, str> {
        quoted(self.name())
    }

    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
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
}
