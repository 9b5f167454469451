//! Texts compared without case, with `*` for any run of characters.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::model::text::Eight;

/// A pattern that must match a whole text. Takes linear time, whatever the pattern.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// The text itself.
    Whole(Box<str>),
    /// The texts before the first `*`, between two, and after the last; all in lower case.
    Parts {
        /// The text begins with it.
        head: Box<str>,
        /// Then come these, in this order.
        middle: Vec<Finder<'static>>,
        /// And it ends with this.
        tail: Box<str>,
    },
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Self {
        let folded = fold(text);
        let Some((head, rest)) = folded.split_once('*') else {
            return Self::Whole(folded.into());
        };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        Self::Parts {
            head: head.into(),
            middle: middle
                .split('*')
                .filter(|part| !part.is_empty())
                .map(|part| Finder::new(part).into_owned())
                .collect(),
            tail: tail.into(),
        }
    }

    /// True if the whole text matches.
    pub(super) fn is_like(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole) if whole.is_ascii() && text.is_ascii() => {
                whole.eq_ignore_ascii_case(text)
            }
            Self::Whole(whole) => with_folded(text, |text| text == &**whole),
            Self::Parts { head, middle, tail } => {
                with_folded(text, |text| parts_match(text, head, middle, tail))
            }
        }
    }
}

fn parts_match(text: &str, head: &str, middle: &[Finder<'_>], tail: &str) -> bool {
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    let Some(rest) = rest.strip_suffix(tail) else {
        return false;
    };
    let mut rest = rest.as_bytes();
    middle.iter().all(|part| {
        let found = part.find(rest);
        if let Some(at) = found {
            rest = rest.get(at + part.needle().len()..).unwrap_or_default();
        }
        found.is_some()
    })
}

/// A text looked for inside others, without case.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    folded: Box<str>,
    finder: Finder<'static>,
}

impl Needle {
    /// Takes the text as it is: `*` stands for itself.
    pub(super) fn new(text: &str) -> Self {
        let folded = fold(text);
        Self {
            finder: Finder::new(&folded).into_owned(),
            folded: folded.into(),
        }
    }

    /// True if it occurs somewhere in this text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        with_folded(text, |text| self.finder.find(text.as_bytes()).is_some())
    }

    /// The word in lower case.
    pub(super) fn folded(&self) -> &str {
        &self.folded
    }

    /// Where it occurs first in a text that is folded, from this byte on.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let rest = text.as_bytes().get(from..)?;
        let start = from + self.finder.find(rest)?;
        Some(start..start + self.folded.len())
    }

    /// True if this text begins with it.
    pub(super) fn begins(&self, text: &str) -> bool {
        with_folded(text, |text| text.starts_with(&*self.folded))
    }
}

/// True if a text is certainly the same folded: ASCII without capitals.
pub(super) fn is_folded(text: &str) -> bool {
    let (blocks, rest) = text.as_bytes().as_chunks();
    let are_small = |block| Eight::of(block).are_ascii_without(b'A', b'Z');
    blocks.iter().all(are_small)
        && rest
            .iter()
            .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

/// Lower case character by character, so that a part of a text folds like the whole.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Texts up to this length are folded on the stack: a row is matched without allocation.
const ON_STACK: usize = 512;

/// Gives the folded text to `look`.
fn with_folded<R>(text: &str, look: impl FnOnce(&str) -> R) -> R {
    if is_folded(text) {
        return look(text);
    }
    if !text.is_ascii() {
        return look(&fold(text));
    }
    let mut buffer = [0_u8; ON_STACK];
    let Some(folded) = buffer.get_mut(..text.len()) else {
        return look(&text.to_ascii_lowercase());
    };
    folded.copy_from_slice(text.as_bytes());
    folded.make_ascii_lowercase();
    look(std::str::from_utf8(folded).expect("ASCII is UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_without_capitals_is_told_from_other_text(text in "[ -~]{0,20}[@AZ\\[`az{\u{7f}ü]?[a-z]{0,9}") {
            let is_so = text.chars().all(|c| c.is_ascii() && !c.is_ascii_uppercase());

            prop_assert_eq!(is_folded(&text), is_so);
            prop_assert!(is_folded(&text.replace(|c: char| !c.is_ascii(), "").to_ascii_lowercase()));
        }
    }

    #[test]
    fn patterns_compare_whole_texts_without_case() {
        for (pattern, text, is_like) in [
            ("jdoe", "JDoe", true),
            ("jdoe", "jdoe2", false),
            ("MÜLLER", "müller", true),
            ("j*", "jdoe", true),
            ("j*", "ajdoe", false),
            ("*doe", "jdoe", true),
            ("*do*", "jdoe", true),
            ("*@Example.org", "jdoe@example.ORG", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("*", "", true),
            ("**", "anything", true),
            ("*a*a*", "aba", true),
            ("*a*a*", "ba", false),
            ("", "", true),
            ("", "a", false),
            ("*ß*", "STRAßE", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).is_like(text),
                is_like,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn a_needle_is_found_without_case_and_star_is_itself() {
        for (needle, text, inside, begins) in [
            ("DOE", "jdoe@example.org", true, false),
            ("JD", "jdoe", true, true),
            ("j*", "jdoe", false, false),
            ("j*", "J*doe", true, true),
            ("ü", "MÜLLER", true, false),
            ("", "x", true, true),
        ] {
            let needle = Needle::new(needle);
            assert_eq!(needle.is_in(text), inside, "{needle:?} {text}");
            assert_eq!(needle.begins(text), begins, "{needle:?} {text}");
        }
    }

    #[test]
    fn a_text_too_long_for_the_stack_compares_the_same() {
        let long = format!("{}NEEDLE{}", "Ab".repeat(1_000), "c".repeat(1_000));

        assert!(Needle::new("bneedlec").is_in(&long));
        assert!(Pattern::new("ab*Needle*c").is_like(&long));
    }

    /// The same by trying every way.
    fn slow_match(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|at| slow_match(rest, &text[at..])),
            [first, rest @ ..] => text.first() == Some(first) && slow_match(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_trying_every_way_matches(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let pattern_chars: Vec<char> = pattern.chars().collect();
            let text_chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(
                Pattern::new(&pattern).is_like(&text),
                slow_match(&pattern_chars, &text_chars)
            );
        }
    }
}
