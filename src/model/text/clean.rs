//! Makes every character visible that could move the cursor, reorder text or hide in it.

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::eight::Eight;
use super::measure::grapheme_cols;
use super::unicode::{Neighbours, Verdict, is_mark, judge, written_out};

/// Whether this part of a text stands in place of something that must not reach a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// No: it is what the server sent.
    No,
    /// Yes: it names what the server sent.
    Yes,
}

/// The text as one line that is safe for a terminal, a log and a message.
///
/// Nothing is hidden: controls become `^[` or `<9B>`; bidi controls, zero-width and other invisible
/// characters, separators of lines, tags, private and unassigned characters become `<U+202E>`.
/// Joiners and variation selectors stay where a script or an emoji needs them; of the marks on
/// one base eight stay, the rest is counted as `<+3 marks>`. Borrowed when nothing changes;
/// cleaning twice changes nothing more.
pub fn display_safe(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut pieces = safe_spans(text);
    if let [(_, Replaced::No)] = pieces.as_slice() {
        return pieces.remove(0).0;
    }
    Cow::Owned(pieces.into_iter().map(|(piece, _)| piece).collect())
}

/// Cleaned text in quotes, unless it is one word: set among facts of ours, a name with blanks or
/// signs between words could read like a fact of its own (`x  IP 10.0.0.1`).
pub fn quoted(clean: Cow<'_, str>) -> Cow<'_, str> {
    if !clean.is_empty() && clean.chars().all(is_of_a_word) {
        return clean;
    }
    Cow::Owned(format!("\"{}\"", clean.replace('"', "\\\"")))
}

/// Letters, digits and what ids, addresses and our own replacements are written with.
fn is_of_a_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic() && !matches!(c, '"' | '|' | '`');
    }
    c == '…'
        || matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter
                | GeneralCategoryGroup::Mark
                | GeneralCategoryGroup::Number
        )
}

/// The same for bytes that should be UTF-8 and may not be: what is not becomes `<FF>`.
pub fn display_safe_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match marked_bytes(bytes) {
        Cow::Borrowed(text) => display_safe(text),
        Cow::Owned(text) => Cow::Owned(display_safe(&text).into_owned()),
    }
}

/// Bytes that should be UTF-8 and may not be, as a text that is not cleaned: what is not becomes `<FF>`.
pub fn marked_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("<{byte:02X}>"));
        }
    }
    Cow::Owned(out)
}

/// The text as several lines: `\n` and `\r\n` stay line breaks (both as `\n`), all else is as in
/// [`display_safe`]. For raw JSON and the bodies of errors.
pub fn display_safe_lines(text: &str) -> Cow<'_, str> {
    let lines: Vec<Cow<'_, str>> = lines(text).map(display_safe).collect();
    let unchanged = lines.iter().all(|line| matches!(line, Cow::Borrowed(_)));
    if unchanged && !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(lines.join("\n"))
}

/// [`display_safe`] in parts, so that what was replaced can be drawn in another style. No part is
/// empty; an empty text has none.
pub fn safe_spans(text: &str) -> Vec<(Cow<'_, str>, Replaced)> {
    let mut out = Spans::default();
    if is_plain(text) {
        out.keep(text);
        return out.parts;
    }
    let mut context = Neighbours::default();
    let mut kept_from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let verdict = judge(context, c, next);
        if verdict == Verdict::Keep {
            context = context.after(c);
            continue;
        }
        out.keep_visible(&text[kept_from..at]);
        if verdict == Verdict::Surplus {
            let mut surplus = 1_usize;
            while chars.next_if(|&(_, next)| is_surplus(next)).is_some() {
                surplus += 1;
            }
            out.show(|shown| shown.push_str(&format!("<+{surplus} marks>")));
        } else {
            out.show(|shown| written_out(c, shown));
        }
        context = Neighbours::default();
        kept_from = chars.peek().map_or(text.len(), |&(next_at, _)| next_at);
    }
    out.keep_visible(&text[kept_from..]);
    out.parts
}

/// [`safe_spans`] line by line, lines as in [`display_safe_lines`].
pub fn safe_span_lines(text: &str) -> impl Iterator<Item = Vec<(Cow<'_, str>, Replaced)>> {
    lines(text).map(safe_spans)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Nothing to look at: printable ASCII, letters and signs of Latin with an accent, lines of frames, and the
/// signs of a text that was cut or masked (`…` and `•`). Each of them stands for itself beside any other, and
/// takes one column.
pub fn is_plain(text: &str) -> bool {
    let mut rest = text.as_bytes();
    if Eight::all(rest, |eight| eight.are_within(b' ', b'~')) {
        return true;
    }
    loop {
        match rest {
            [] => return true,
            [b' '..=b'~', behind @ ..] => rest = behind,
            // U+00A1 to U+024F without the soft hyphen.
            [0xc2, 0xa1..=0xac | 0xae..=0xbf, behind @ ..]
            | [0xc3..=0xc8, 0x80..=0xbf, behind @ ..]
            | [0xc9, 0x80..=0x8f, behind @ ..]
            // U+2500 to U+257F.
            | [0xe2, 0x94 | 0x95, 0x80..=0xbf, behind @ ..]
            | [0xe2, 0x80, 0xa2 | 0xa6, behind @ ..] => rest = behind,
            _ => return false,
        }
    }
}

/// Belongs to the marks that are counted rather than kept.
fn is_surplus(c: char) -> bool {
    is_mark(c) && judge(Neighbours::default().after('a'), c, None) == Verdict::Keep
}

#[derive(Default)]
struct Spans<'a> {
    parts: Vec<(Cow<'a, str>, Replaced)>,
}

impl<'a> Spans<'a> {
    fn keep(&mut self, run: &'a str) {
        if !run.is_empty() {
            self.parts.push((Cow::Borrowed(run), Replaced::No));
        }
    }

    /// Keeps a run, but for graphemes that take no room: a screen leaves them out without a word.
    fn keep_visible(&mut self, run: &'a str) {
        if run.is_ascii() {
            return self.keep(run);
        }
        let mut kept_from = 0;
        for (at, grapheme) in run.grapheme_indices(true) {
            if grapheme_cols(grapheme) == 0 {
                self.keep(&run[kept_from..at]);
                self.show(|shown| grapheme.chars().for_each(|c| written_out(c, shown)));
                kept_from = at + grapheme.len();
            }
        }
        self.keep(&run[kept_from..]);
    }

    fn show(&mut self, write: impl FnOnce(&mut String)) {
        if let Some((Cow::Owned(text), Replaced::Yes)) = self.parts.last_mut() {
            return write(text);
        }
        let mut text = String::new();
        write(&mut text);
        self.parts.push((Cow::Owned(text), Replaced::Yes));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::width_cols;
    use super::*;

    #[test]
    fn hostile_characters_are_written_out() {
        for (text, shown) in [
            ("\x1b[2J", "^[[2J"),
            ("a\x07b\x7f\0", "a^Gb^?^@"),
            ("\u{9b}31m\u{9d}", "<9B>31m<9D>"),
            ("admin\u{202e}gnp", "admin<U+202E>gnp"),
            ("ad\u{200b}min", "ad<U+200B>min"),
            (
                "a\u{2066}\u{061c}\u{feff}\u{2060}",
                "a<U+2066><U+061C><U+FEFF><U+2060>",
            ),
            ("one\ttwo\r\nthree", "one^Itwo^M^Jthree"),
            ("x\u{2028}y\u{2029}", "x<U+2028>y<U+2029>"),
            ("\u{e000}\u{10ffff}\u{378}", "<U+E000><U+10FFFF><U+0378>"),
            ("a\u{e0041}\u{e007f}", "a<U+E0041><U+E007F>"),
            ("admin\u{fe0f}", "admin<U+FE0F>"),
            ("user1\u{fe0f}", "user1<U+FE0F>"),
            ("\u{fe0f}", "<U+FE0F>"),
            ("a\u{200d}b\u{200c}c", "a<U+200D>b<U+200C>c"),
            ("\u{0301}a", "<U+0301>a"),
            ("a\u{200b}\u{0301}", "a<U+200B><U+0301>"),
            ("soft\u{ad}hyphen", "soft<U+00AD>hyphen"),
            ("\u{1161}", "<U+1161>"),
            ("\u{3164}\u{115f}", "<U+3164><U+115F>"),
            ("1\u{200d}2", "1<U+200D>2"),
        ] {
            assert_eq!(display_safe(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_people_write_is_kept_and_borrowed() {
        for text in [
            "",
            "Mozilla/5.0 (X11; Linux x86_64)",
            "c.müller@example.org",
            "mu\u{0308}ller",
            "日本太郎",
            "葛\u{e0100}城",
            "नमस्ते",
            "\u{0915}\u{094d}\u{200d}\u{0937}",
            "\u{0645}\u{06cc}\u{200c}\u{062e}\u{0648}\u{0627}\u{0647}\u{0645}",
            "👩🏽\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥 🇩🇪 1\u{fe0f}\u{20e3}",
            "한국어 \u{1112}\u{1161}\u{11ab}",
            "שלום עולם",
            "ﾊﾞ",
            "{} %s [red]x[/red]",
        ] {
            let shown = display_safe(text);
            assert_eq!(shown, text);
            assert!(matches!(shown, Cow::Borrowed(_)), "{text:?} was copied");
        }
    }

    #[test]
    fn what_is_taken_for_plain_is_what_a_close_look_leaves_as_it_is() {
        let plain: Vec<char> = ('\0'..char::MAX)
            .filter(|c| is_plain(c.encode_utf8(&mut [0; 4])))
            .collect();
        assert_eq!(plain.len(), 95 + 0x24f - 0xa1 + 128 + 2);
        let some = || plain.iter().step_by(13);
        let pairs = plain
            .iter()
            .flat_map(|one| some().map(move |other| (*one, *other)));
        for (one, other) in pairs.flat_map(|(one, other)| [(one, other), (other, one)]) {
            let text = String::from_iter([one, other]);
            assert!(is_plain(&text));
            let context = Neighbours::default();
            assert!(
                judge(context, one, Some(other)) == Verdict::Keep,
                "{text:?}"
            );
            assert!(
                judge(context.after(one), other, None) == Verdict::Keep,
                "{text:?}"
            );
            assert_eq!(
                text.graphemes(true).map(grapheme_cols).sum::<usize>(),
                2,
                "{text:?}"
            );
            assert_eq!(text.graphemes(true).count(), 2, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_plain_is_looked_at_closely() {
        for text in [
            "…\u{301}",
            "•\u{fe0f}",
            "…\u{7f}",
            "a\u{200b}…",
            "‥",
            "\t",
            "…\u{20e3}",
        ] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn a_stack_of_marks_keeps_eight_and_counts_the_rest() {
        let stack = format!("a{}b", "\u{0301}".repeat(12));

        let shown = display_safe(&stack);

        assert_eq!(shown, format!("a{}<+4 marks>b", "\u{0301}".repeat(8)));
    }

    #[test]
    fn replaced_parts_can_be_told_apart() {
        let spans = safe_spans("a\x1b\x07^[b");

        assert_eq!(
            spans,
            [
                (Cow::from("a"), Replaced::No),
                (Cow::from("^[^G"), Replaced::Yes),
                (Cow::from("^[b"), Replaced::No),
            ]
        );
    }

    #[test]
    fn what_is_not_one_word_is_set_in_quotes() {
        for (text, shown) in [
            ("jdoe", "jdoe"),
            ("c.müller@example.org", "c.müller@example.org"),
            ("日本太郎", "日本太郎"),
            ("/realm/sub<U+200B>^[", "/realm/sub<U+200B>^["),
            ("John Smith", "\"John Smith\""),
            ("x  IP 10.0.0.1", "\"x  IP 10.0.0.1\""),
            ("a\" on prod \"b", "\"a\\\" on prod \\\"b\""),
            ("x·10.0.0.1", "\"x·10.0.0.1\""),
            ("x\u{a0}IP", "\"x\u{a0}IP\""),
            ("x\u{2800}\u{2800}IP", "\"x\u{2800}\u{2800}IP\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(text.into()), shown, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown_as_bytes() {
        assert_eq!(display_safe_bytes(b"ab\xff\xc3(\x1b"), "ab<FF><C3>(^[");
        assert_eq!(display_safe_bytes("ü".as_bytes()), "ü");
    }

    #[test]
    fn several_lines_stay_several_lines() {
        assert_eq!(display_safe_lines("a\r\nb\x1b\n\rc\r"), "a\nb^[\n^Mc");
        assert!(matches!(display_safe_lines("{\n}\n"), Cow::Borrowed(_)));
        assert_eq!(safe_span_lines("a\n\nb").count(), 3);
    }

    /// Text in which the awkward characters are frequent.
    fn awkward() -> impl Strategy<Value = String> {
        let character = prop_oneof![
            any::<char>(),
            prop::sample::select(vec![
                '\u{200c}',
                '\u{200d}',
                '\u{fe0f}',
                '\u{fe00}',
                '\u{e0100}',
                '\u{0301}',
                '\u{093f}',
                '\u{094d}',
                '\u{0915}',
                '\u{0645}',
                '\u{1100}',
                '\u{1161}',
                '\u{11a8}',
                '\u{0600}',
                '\u{20e3}',
                '\u{1f1e9}',
                '\u{1f3fd}',
                '\u{1f469}',
                '\u{2764}',
                '\u{ff9e}',
                '\u{0e33}',
                '\u{1b}',
                '\u{202e}',
                '1',
                'a',
                ' ',
                '字',
                '\n',
                '\r',
                '\u{0d4e}',
                '\u{180b}',
                '\u{1820}',
                '\u{1f680}',
            ]),
        ];
        prop::collection::vec(character, 0..24).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(text in awkward()) {
            let once = display_safe(&text).into_owned();
            let twice = display_safe(&once).into_owned();
            prop_assert_eq!(&twice, &once, "{:?}", once);
        }

        #[test]
        fn nothing_dangerous_is_left(text in awkward()) {
            let shown = display_safe(&text);
            for c in shown.chars() {
                let bad = c.is_control()
                    || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                        | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                        | '\u{e0000}'..='\u{e00ff}' | '\u{e000}'..='\u{f8ff}');
                prop_assert!(!bad, "{:?} in {:?}", c, shown);
            }
        }

        #[test]
        fn every_grapheme_that_is_left_takes_room(text in awkward()) {
            for grapheme in display_safe(&text).graphemes(true) {
                prop_assert!(width_cols(grapheme) > 0, "{:?} in {:?}", grapheme, text);
            }
        }

        #[test]
        fn spans_are_the_text(text in awkward()) {
            let joined: String = safe_spans(&text).into_iter().map(|(part, _)| part).collect();
            prop_assert_eq!(joined, display_safe(&text));
        }

        #[test]
        fn texts_that_differ_by_a_hidden_character_stay_different(text in awkward(), at in 0..24_usize, hidden in prop::sample::select(vec!['\u{200b}', '\u{202e}', '\u{feff}', '\u{ad}', '\u{7}', '\u{e0041}'])) {
            let mut other: Vec<char> = text.chars().collect();
            other.insert(at.min(other.len()), hidden);
            let other = String::from_iter(other);

            prop_assert_ne!(display_safe(&text), display_safe(&other));
        }

        #[test]
        fn lines_keep_their_number(text in awkward()) {
            let shown = display_safe_lines(&text);
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }
    }
}
