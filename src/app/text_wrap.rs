//! Breaking cleaned text into lines of a given width.

use unicode_segmentation::UnicodeSegmentation;

use crate::model::Untrusted;
use crate::model::text::{JSON_MARK, Replaced, safe_spans, start_of, width_cols};

/// The kind of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PieceKind {
    /// Part of the value.
    #[default]
    Value,
    /// Stands in place of something that must not reach a terminal.
    Replaced,
    /// Words of ours.
    Own,
    /// A label or a note of ours.
    Note,
}

/// A piece of cleaned text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The text, safe for a terminal.
    pub text: String,
    /// Its kind.
    pub kind: PieceKind,
}

impl Piece {
    /// Cleans a text and keeps apart what was replaced.
    pub fn all(text: &str) -> Vec<Self> {
        safe_spans(text)
            .into_iter()
            .map(|(text, replaced)| Self {
                text: text.into_owned(),
                kind: match replaced {
                    Replaced::Yes => PieceKind::Replaced,
                    Replaced::No => PieceKind::Value,
                },
            })
            .collect()
    }

    /// A text of a server as pieces: at most `bytes` of it, behind a mark if it is no text.
    pub fn of(text: &Untrusted, bytes: usize) -> Vec<Self> {
        let mark = text.is_json().then(|| Self {
            text: format!("{JSON_MARK} "),
            kind: PieceKind::Replaced,
        });
        mark.into_iter()
            .chain(Self::all(start_of(text.expose(), bytes)))
            .collect()
    }

    /// Words of ours.
    pub fn own(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: PieceKind::Own,
        }
    }

    /// A label or a note of ours.
    pub fn note(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: PieceKind::Note,
        }
    }
}

/// Cleans a text and breaks it into lines of at most `width` columns. An empty text is one empty line.
pub fn wrap(text: &str, width: usize) -> Vec<Vec<Piece>> {
    wrap_pieces(&Piece::all(text), width)
}

/// Breaks pieces into lines of at most `width` columns, wherever that is: values have no words to keep.
/// A grapheme wider than that gets a line of its own.
pub fn wrap_pieces(pieces: &[Piece], width: usize) -> Vec<Vec<Piece>> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line: Vec<Piece> = Vec::new();
    let mut used = 0;
    for piece in pieces {
        let mut part = String::new();
        for grapheme in piece.text.graphemes(true) {
            let cells = width_cols(grapheme);
            if used + cells > width && used > 0 {
                push(&mut line, &mut part, piece.kind);
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            part.push_str(grapheme);
            used += cells;
        }
        push(&mut line, &mut part, piece.kind);
    }
    lines.push(line);
    lines
}

/// The same, between words where that is possible: for sentences.
pub fn wrap_sentence(pieces: &[Piece], width: usize) -> Vec<Vec<Piece>> {
    let width = width.max(1);
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    // A word may be made of several pieces: it ends where a blank follows.
    let mut word: Vec<Piece> = Vec::new();
    let mut take = |word: &mut Vec<Piece>, lines: &mut Vec<Vec<Piece>>| {
        let cells: usize = word
            .iter()
            .map(|piece| width_cols(piece.text.trim_end()))
            .sum();
        if used + cells > width && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        for piece in word.drain(..) {
            used += width_cols(&piece.text);
            if let Some(line) = lines.last_mut() {
                line.push(piece);
            }
        }
    };
    for piece in pieces {
        for part in piece.text.split_inclusive(' ') {
            word.push(Piece {
                text: part.to_owned(),
                kind: piece.kind,
            });
            if part.ends_with(' ') {
                take(&mut word, &mut lines);
            }
        }
    }
    take(&mut word, &mut lines);
    for piece in lines.iter_mut().filter_map(|line| line.last_mut()) {
        piece.text.truncate(piece.text.trim_end().len());
    }
    // A word that is wider than the line is broken wherever that is.
    lines
        .iter()
        .flat_map(|line| wrap_pieces(line, width))
        .collect()
}

fn push(line: &mut Vec<Piece>, part: &mut String, kind: PieceKind) {
    if !part.is_empty() {
        line.push(Piece {
            text: std::mem::take(part),
            kind,
        });
    }
}

/// Breaks words of ours into lines of at most `width` columns, between words where that is possible.
pub fn wrap_words(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let both = width_cols(&line) + 1 + width_cols(word);
        if !line.is_empty() && both <= width {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut parts = wrap(word, width).into_iter().map(join);
        line = parts.next_back().unwrap_or_default();
        lines.extend(parts);
    }
    lines.push(line);
    lines
}

fn join(pieces: Vec<Piece>) -> String {
    pieces.into_iter().map(|piece| piece.text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_kept_whole_where_they_fit() {
        assert_eq!(
            wrap_words("the session and its tokens end", 12),
            ["the session", "and its", "tokens end"]
        );
        assert_eq!(wrap_words("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap_words("", 4), [""]);
    }

    #[test]
    fn a_sentence_is_broken_between_words_and_a_long_word_anywhere() {
        let pieces = [
            Piece::own("ada signed in "),
            Piece::own("13h ago, abcdefghijkl."),
        ];

        let lines: Vec<_> = wrap_sentence(&pieces, 10).into_iter().map(join).collect();

        assert_eq!(lines, ["ada signed", "in 13h", "ago,", "abcdefghij", "kl."]);
    }

    #[test]
    fn replacements_stay_marked_across_lines() {
        let lines = wrap("ab\u{1b}cd", 3);

        let marked: Vec<_> = lines
            .iter()
            .flatten()
            .map(|p| (p.text.as_str(), p.kind == PieceKind::Replaced))
            .collect();
        assert_eq!(
            marked,
            [("ab", false), ("^", true), ("[", true), ("cd", false)]
        );
    }

    proptest! {
        #[test]
        fn only_a_single_grapheme_may_be_wider_than_asked_and_nothing_is_lost(text in "\\PC{0,60}", width in 2..20_usize) {
            let lines = wrap(&text, width);

            for line in &lines {
                let line = join(line.clone());
                let alone = line.graphemes(true).count() == 1;
                prop_assert!(alone || width_cols(&line) <= width, "{line:?}");
            }
            let all: String = lines.into_iter().map(join).collect();
            prop_assert_eq!(all, crate::model::text::display_safe(&text).into_owned());
        }
    }
}
