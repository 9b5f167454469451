//! How much room a text takes on screen, and making it take less or more.
//!
//! All of this counts columns of cleaned text ([`super::display_safe`]) and never cuts a
//! grapheme (what a person sees as one character).

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::clean::{display_safe, is_plain};
use super::eight::Eight;

/// On which side the spare room goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text first.
    #[default]
    Left,
    /// Room first.
    Right,
    /// Room on both sides; an odd column goes behind.
    Center,
}

/// The sign at the end of a text that was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ellipsis {
    /// `…`, one column.
    #[default]
    Sign,
    /// `...`, for terminals without more than ASCII.
    Ascii,
}

impl Ellipsis {
    /// The text itself, or as much of it as fits.
    fn within(self, cols: usize) -> &'static str {
        match self {
            Self::Sign if cols == 0 => "",
            Self::Sign => "…",
            Self::Ascii => &"..."[..cols.min(3)],
        }
    }
}

/// Columns the text takes when it is drawn.
///
/// The same sum that ratatui's buffer draws by: grapheme by grapheme, controls not at all, and
/// one column more for each half-width sound mark (U+FF9E, U+FF9F).
pub fn width_cols(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|b| !b.is_ascii_control()).count();
    }
    if is_plain(text) {
        return text.chars().count();
    }
    text.graphemes(true).map(grapheme_cols).sum()
}

/// Columns of one grapheme.
pub(super) fn grapheme_cols(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        return 0;
    }
    let sound_marks = grapheme
        .chars()
        .filter(|c| matches!(c, '\u{FF9E}' | '\u{FF9F}'))
        .count();
    grapheme.width() + sound_marks
}

/// The text if it fits into `cols`, else its beginning and an ellipsis.
///
/// At most `cols` wide; one less where a wide character would have been cut.
pub fn cut_end(text: &str, cols: usize, ellipsis: Ellipsis) -> Cow<'_, str> {
    // Nothing is wider than it has bytes.
    if text.len() <= cols {
        return Cow::Borrowed(text);
    }
    let mark = ellipsis.within(cols);
    let room = cols - width_cols(mark);
    if let Some(start) = text.as_bytes().get(..=cols)
        && start.iter().all(|b| matches!(b, b' '..=b'~'))
    {
        return Cow::Owned(format!("{}{mark}", &text[..room]));
    }
    let (mut width, mut end) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        width += grapheme_cols(grapheme);
        if width > cols {
            return Cow::Owned(format!("{}{mark}", &text[..end]));
        }
        if width <= room {
            end = at + grapheme.len();
        }
    }
    Cow::Borrowed(text)
}

/// The text if it fits into `cols`, else its beginning and its end around an ellipsis: for ids,
/// whose ends tell them apart.
pub fn cut_middle(text: &str, cols: usize, ellipsis: Ellipsis) -> Cow<'_, str> {
    if fits(text, cols) {
        return Cow::Borrowed(text);
    }
    let mark = ellipsis.within(cols);
    let room = cols - width_cols(mark);
    let tail_room = room / 2;
    let head = prefix_within(text, room - tail_room);
    let mut width = 0;
    let tail = text
        .grapheme_indices(true)
        .rev()
        .take_while(|(_, grapheme)| {
            width += grapheme_cols(grapheme);
            width <= tail_room
        })
        .last()
        .map_or("", |(at, _)| &text[at..]);
    Cow::Owned(format!("{head}{mark}{tail}"))
}

/// The text with spaces up to `cols`. A text that is wider stays as it is.
pub fn pad(text: &str, cols: usize, align: Align) -> Cow<'_, str> {
    let spare = cols.saturating_sub(width_cols(text));
    if spare == 0 {
        return Cow::Borrowed(text);
    }
    let before = match align {
        Align::Left => 0,
        Align::Right => spare,
        Align::Center => spare / 2,
    };
    // Not with the widths of `format!`: it panics beyond 65,535.
    let (before, after) = (" ".repeat(before), " ".repeat(spare - before));
    Cow::Owned(format!("{before}{text}{after}"))
}

/// The text cut or padded to exactly `cols`.
pub fn fit(text: &str, cols: usize, align: Align, ellipsis: Ellipsis) -> String {
    let cut = cut_end(text, cols, ellipsis);
    pad(&cut, cols, align).into_owned()
}

/// Bytes of outside text that are looked at for one column on screen; more than any honest
/// grapheme has (a base, eight marks of four bytes, joined emoji).
const BYTES_PER_COL: usize = 64;

/// Columns that one name, title or message of outside takes at most where it stands in a sentence
/// or in a line of ours: more than any honest one needs.
pub const NAME_COLS: usize = 200;
/// Columns of a whole message of outside, or of one cell of a table in a pipe, at most.
pub const MESSAGE_COLS: usize = 1_000;

/// Outside text cleaned and cut to `cols`, in a time that depends on `cols` and not on the length
/// of the text: a field may hold a mebibyte.
pub fn safe_cut(text: &str, cols: usize, ellipsis: Ellipsis) -> Cow<'_, str> {
    let limit = (cols + 1).saturating_mul(BYTES_PER_COL);
    if text.len() <= limit {
        return match display_safe(text) {
            Cow::Borrowed(text) => cut_end(text, cols, ellipsis),
            Cow::Owned(text) => Cow::Owned(cut_end(&text, cols, ellipsis).into_owned()),
        };
    }
    let start = display_safe(start_of(text, limit));
    let mark = ellipsis.within(cols);
    let head = prefix_within(&start, cols - width_cols(mark));
    Cow::Owned(format!("{head}{mark}"))
}

/// Bytes of one value that are shown to a person who looks at a session. Copies and the formats for
/// programs hold all of it.
pub const SHOWN_BYTES: usize = 64 * 1024;

/// At most this many bytes of the text, not cutting a character.
pub fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// The longest beginning of the text that is at most `cols` wide.
fn prefix_within(text: &str, cols: usize) -> &str {
    let mut width = 0;
    let end = text
        .grapheme_indices(true)
        .take_while(|(_, grapheme)| {
            width += grapheme_cols(grapheme);
            width <= cols
        })
        .last()
        .map_or(0, |(at, grapheme)| at + grapheme.len());
    &text[..end]
}

fn fits(text: &str, cols: usize) -> bool {
    prefix_within(text, cols).len() == text.len()
}

/// Only longer secrets show their ends; of a shorter one too much would be given away.
const MASK_ENDS_FROM: usize = 21;

/// A secret as it may be shown: its first four and last two characters if it has more than
/// twenty, else eight dots whatever its length.
pub fn mask(secret: &str) -> String {
    mask_with(secret, Ellipsis::Sign)
}

/// The parts of [`mask`] of a secret that is printable ASCII. `None`: it is something else.
pub fn mask_parts(secret: &str) -> Option<[&str; 3]> {
    parts(secret, Ellipsis::Sign)
}

fn parts(secret: &str, ellipsis: Ellipsis) -> Option<[&str; 3]> {
    let is_printable = |eight: Eight| eight.are_within(b' ', b'~');
    if !Eight::all(secret.as_bytes(), is_printable) {
        return None;
    }
    let last = secret.len().saturating_sub(2);
    Some(match (secret.len() < MASK_ENDS_FROM, ellipsis) {
        (false, _) => [&secret[..4], ellipsis.within(3), &secret[last..]],
        (true, Ellipsis::Sign) => ["", "••••••••", ""],
        (true, Ellipsis::Ascii) => ["", "********", ""],
    })
}

/// [`mask`] with the signs of the terminal: `********` and `...` where there is only ASCII.
pub fn mask_with(secret: &str, ellipsis: Ellipsis) -> String {
    if let Some(parts) = parts(secret, ellipsis) {
        return parts.concat();
    }
    let mut graphemes = secret.grapheme_indices(true);
    let is_short = secret.len() < MASK_ENDS_FROM;
    if is_short || graphemes.clone().nth(MASK_ENDS_FROM - 1).is_none() {
        return match ellipsis {
            Ellipsis::Sign => "••••••••",
            Ellipsis::Ascii => "********",
        }
        .to_owned();
    }
    let head = graphemes.nth(4).map_or(0, |(at, _)| at);
    let tail = graphemes.rev().nth(1).map_or(secret.len(), |(at, _)| at);
    format!(
        "{}{}{}",
        display_safe(&secret[..head]),
        ellipsis.within(3),
        display_safe(&secret[tail..])
    )
}

/// A count as people read it: `1,204`.
pub fn with_thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many of something, as people read it: `1 session`, `1,204 addresses`. `noun`: the word for one.
pub fn number_of(count: u64, noun: &str) -> String {
    let many = match (count, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{many}", with_thousands(count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_of_something_is_told_apart_from_many() {
        for (count, noun, told) in [
            (0, "row", "0 rows"),
            (1, "row", "1 row"),
            (1, "address", "1 address"),
            (1_204, "address", "1,204 addresses"),
        ] {
            assert_eq!(number_of(count, noun), told);
        }
    }

    #[test]
    fn widths_are_columns() {
        for (text, cols) in [
            ("", 0),
            ("jdoe", 4),
            ("日本太郎", 8),
            ("mu\u{0308}ller", 6),
            ("👩🏽\u{200d}🚀", 2),
            ("🇩🇪", 2),
            ("…", 1),
        ] {
            assert_eq!(width_cols(text), cols, "{text}");
        }
    }

    #[test]
    fn the_end_is_cut_between_graphemes() {
        for (text, cols, sign, ascii) in [
            (
                "asmith@example.org",
                18,
                "asmith@example.org",
                "asmith@example.org",
            ),
            ("asmith@example.org", 9, "asmith@e…", "asmith..."),
            ("日本太郎", 8, "日本太郎", "日本太郎"),
            ("日本太郎", 7, "日本太…", "日本..."),
            ("日本太郎", 6, "日本…", "日..."),
            ("e\u{0301}e\u{0301}e\u{0301}", 2, "e\u{0301}…", ".."),
            ("abc", 2, "a…", ".."),
            ("abc", 1, "…", "."),
            ("abc", 0, "", ""),
            ("abe\u{0301}", 3, "abe\u{0301}", "abe\u{0301}"),
            ("abce\u{0301}", 3, "ab…", "..."),
            ("", 0, "", ""),
        ] {
            assert_eq!(cut_end(text, cols, Ellipsis::Sign), sign, "{text} {cols}");
            assert_eq!(cut_end(text, cols, Ellipsis::Ascii), ascii, "{text} {cols}");
        }
    }

    #[test]
    fn the_middle_is_cut_out_of_ids() {
        for (text, cols, shown) in [
            ("0123456789", 10, "0123456789"),
            ("0123456789", 9, "0123…6789"),
            ("0123456789", 6, "012…89"),
            ("0123456789", 2, "0…"),
            ("0123456789", 1, "…"),
            ("0123456789", 0, ""),
            ("日本太郎", 5, "日…郎"),
        ] {
            assert_eq!(cut_middle(text, cols, Ellipsis::Sign), shown, "{cols}");
        }
        assert_eq!(cut_middle("0123456789", 7, Ellipsis::Ascii), "01...89");
    }

    #[test]
    fn room_goes_where_it_is_asked_for() {
        assert_eq!(pad("日", 4, Align::Left), "日  ");
        assert_eq!(pad("日", 4, Align::Right), "  日");
        assert_eq!(pad("ab", 5, Align::Center), " ab  ");
        assert_eq!(pad("abc", 2, Align::Right), "abc");
        assert_eq!(fit("日本", 3, Align::Left, Ellipsis::Sign), "日…");
        assert_eq!(fit("日本太", 4, Align::Left, Ellipsis::Sign), "日… ");
    }

    #[test]
    fn a_secret_shows_its_ends_only_if_it_is_long() {
        assert_eq!(mask("abcdefghijklmnopqrstu"), "abcd…tu");
        assert_eq!(
            mask_with("abcdefghijklmnopqrstu", Ellipsis::Ascii),
            "abcd...tu"
        );
        for short in ["", "a", "abcdefghijklmnopqrst"] {
            assert_eq!(mask(short), "••••••••");
            assert_eq!(mask_with(short, Ellipsis::Ascii), "********");
        }
        assert_eq!(mask("\x1b[0mdefghijklmnopqrstu\u{202e}"), "^[[0m…u<U+202E>");
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        for (count, shown) in [
            (0, "0"),
            (999, "999"),
            (1_204, "1,204"),
            (1_000_000, "1,000,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(with_thousands(count), shown);
        }
    }

    #[test]
    fn a_huge_field_is_cleaned_only_as_far_as_it_is_shown() {
        let huge = "\u{0301}".repeat(1 << 20);

        let shown = safe_cut(&huge, 20, Ellipsis::Sign);

        assert_eq!(width_cols(&shown), 20);
        assert!(shown.starts_with("<U+0301>"), "{shown}");
        assert!(shown.ends_with('…'), "{shown}");
    }

    #[test]
    fn a_long_field_of_one_short_line_still_says_that_it_was_cut() {
        let text = format!("a{}", "\u{0301}".repeat(10_000));

        let shown = safe_cut(&text, 40, Ellipsis::Ascii);

        assert!(shown.ends_with("..."), "{shown}");
    }

    proptest! {
        #[test]
        fn cut_text_fits(text in "\\PC{0,30}", cols in 0..40_usize) {
            let text = display_safe(&text);
            for ellipsis in [Ellipsis::Sign, Ellipsis::Ascii] {
                for cut in [cut_end(&text, cols, ellipsis), cut_middle(&text, cols, ellipsis)] {
                    prop_assert!(width_cols(&cut) <= cols, "{:?}", cut);
                    prop_assert_eq!(width_cols(&text) <= cols, cut == text, "{:?}", cut);
                }
                prop_assert_eq!(width_cols(&fit(&text, cols, Align::Right, ellipsis)), cols);
            }
        }

        #[test]
        fn nothing_is_wider_than_it_has_bytes(text in any::<String>()) {
            prop_assert!(width_cols(&text) <= text.len());
        }

        #[test]
        fn cutting_while_cleaning_is_cleaning_and_cutting(text in any::<String>(), cols in 0..60_usize) {
            let clean = display_safe(&text);
            prop_assert_eq!(safe_cut(&text, cols, Ellipsis::Sign), cut_end(&clean, cols, Ellipsis::Sign));
        }

        #[test]
        fn a_mask_never_gives_more_than_six_characters(secret in "[a-z]{0,60}") {
            let shown = mask(&secret);
            prop_assert!(shown.chars().filter(char::is_ascii_lowercase).count() <= 6);
        }
    }
}
