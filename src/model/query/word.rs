//! A bare word, for whoever looks through many rows.

use std::ops::Range;

use super::pattern::{Needle, is_folded};

/// A bare word that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct WordTest<'a> {
    pub(super) number: usize,
    pub(super) needle: &'a Needle,
}

impl<'a> WordTest<'a> {
    /// The number by which [`RowView::word`](super::RowView::word) is asked for it.
    pub fn number(self) -> usize {
        self.number
    }

    /// The word as texts are compared with it: in lower case.
    pub fn folded(self) -> &'a str {
        self.needle.folded()
    }

    /// True if it occurs in this text.
    pub fn is_met(self, text: &str) -> bool {
        self.needle.is_in(text)
    }

    /// True if this text begins with it.
    pub fn begins(self, text: &str) -> bool {
        self.needle.begins(text)
    }

    /// True if [`WordTest::find`] finds it in this text wherever it occurs: in a text that is in lower case.
    pub fn is_found_as_written(self, text: &str) -> bool {
        is_folded(text) && !self.folded().is_empty()
    }

    /// Where it occurs first in a text in lower case, from this byte on.
    pub fn find(self, text: &str, from: usize) -> Option<Range<usize>> {
        self.needle.find(text, from)
    }
}
