//! Text for a terminal that takes nothing but ASCII.

use std::borrow::Cow;

/// Our own signs in their plain form; every other character outside ASCII written out as `<U+00FC>`,
/// so that texts that differ still do. Line breaks stay.
pub fn ascii_only(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            c if c.is_ascii() => plain.push(c),
            '…' => plain.push_str("..."),
            '•' => plain.push('*'),
            '·' => plain.push('-'),
            c => plain.push_str(&format!("<U+{:04X}>", u32::from(c))),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ascii_lacks_is_written_out() {
        for (text, shown) in [
            ("jdoe", "jdoe"),
            ("Müller …", "M<U+00FC>ller ..."),
            ("日本\n👩", "<U+65E5><U+672C>\n<U+1F469>"),
            ("••••", "****"),
        ] {
            assert_eq!(ascii_only(text), shown, "{text}");
        }
    }
}
