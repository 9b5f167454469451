//! Copying by way of the terminal (OSC 52), which works over ssh too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What terminals take at most: xterm's limit of 100,000 bytes less some for the sequence.
const LONGEST: usize = 74_000;

/// The bytes that put this text into the clipboard of the terminal.
///
/// # Errors
/// One line for people, if it is more than a terminal takes.
pub(super) fn sequence(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    if text.len() > LONGEST {
        return Err("too much for the clipboard of a terminal; nothing was copied".into());
    }
    // Not base64 -> String -> format!: each step would leave a copy of what may be a secret.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 3 * 4 + 16));
    bytes.extend_from_slice(b"\x1b]52;c;");
    let start = bytes.len();
    let needed = text.len().div_ceil(3) * 4;
    bytes.resize(start + needed, 0);
    let written = STANDARD
        .encode_slice(text, &mut bytes[start..])
        .expect("the room was counted");
    bytes.truncate(start + written);
    bytes.extend_from_slice(b"\x1b\\");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_length_is_encoded_whole() {
        for (text, expected) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("ü", "w7w="),
        ] {
            let bytes = sequence(text).unwrap();

            assert_eq!(
                String::from_utf8(bytes.to_vec()).unwrap(),
                format!("\x1b]52;c;{expected}\x1b\\")
            );
        }
    }

    #[test]
    fn more_than_a_terminal_takes_is_refused() {
        assert!(sequence(&"x".repeat(LONGEST)).is_ok());
        assert!(sequence(&"x".repeat(LONGEST + 1)).is_err());
    }
}
