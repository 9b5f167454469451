//! Editing one line of text, with the keys of a shell.

use tui_input::{Input, InputRequest};

use crate::app::keymap::{Key, KeyPress};

/// Longest text of a field, in bytes.
pub const LONGEST: usize = 4096;

/// Applies a key to a field. `false`: it is no key for text.
pub fn edit(input: &mut Input, key: KeyPress) -> bool {
    let request = match (key.key, key.ctrl, key.alt) {
        (Key::Char(c), false, false) => {
            if input.value().len() + c.len_utf8() > LONGEST {
                return true;
            }
            InputRequest::InsertChar(c)
        }
        (Key::Backspace, false, false) | (Key::Char('h'), true, false) => {
            InputRequest::DeletePrevChar
        }
        (Key::Delete, ..) | (Key::Char('d'), true, false) => InputRequest::DeleteNextChar,
        (Key::Left, false, false) | (Key::Char('b'), true, false) => InputRequest::GoToPrevChar,
        (Key::Right, false, false) | (Key::Char('f'), true, false) => InputRequest::GoToNextChar,
        (Key::Left, ..) | (Key::Char('b'), false, true) => InputRequest::GoToPrevWord,
        (Key::Right, ..) | (Key::Char('f'), false, true) => InputRequest::GoToNextWord,
        (Key::Home, ..) | (Key::Char('a'), true, false) => InputRequest::GoToStart,
        (Key::End, ..) | (Key::Char('e'), true, false) => InputRequest::GoToEnd,
        (Key::Backspace, ..) | (Key::Char('w'), true, false) => InputRequest::DeletePrevWord,
        (Key::Char('d'), false, true) => InputRequest::DeleteNextWord,
        (Key::Char('u'), true, false) => InputRequest::DeleteLine,
        (Key::Char('k'), true, false) => InputRequest::DeleteTillEnd,
        _ => return false,
    };
    input.handle(request);
    true
}

/// The text of a field whose cursor is at its end, where something may complete it. `None`: it is not,
/// or nothing is typed.
pub fn at_end(input: &Input) -> Option<&str> {
    let text = input.value();
    (!text.is_empty() && input.cursor() == text.chars().count()).then_some(text)
}

/// Takes the completion if this key does so: arrow right at the end of the text. `false`: it does not.
pub fn takes(input: &mut Input, key: KeyPress, ghost: &str) -> bool {
    if key != KeyPress::plain(Key::Right) || ghost.is_empty() || at_end(input).is_none() {
        return false;
    }
    for c in ghost.chars() {
        input.handle(InputRequest::InsertChar(c));
    }
    true
}

/// True if this Alt chord edits a field.
pub fn is_chord(key: KeyPress) -> bool {
    key.alt && edit(&mut Input::default(), key)
}

/// Puts pasted text in at the cursor, as one line. `false`: some of it was left out.
pub fn paste(input: &mut Input, text: &str) -> bool {
    for c in text.chars() {
        if input.value().len() + c.len_utf8() > LONGEST {
            return false;
        }
        let c = if c == '\n' || c == '\t' { ' ' } else { c };
        if !c.is_control() {
            input.handle(InputRequest::InsertChar(c));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_keys_edit_the_line() {
        let mut input = Input::new("auth_user jdoe".to_owned());

        edit(&mut input, KeyPress::ctrl('w'));
        edit(&mut input, KeyPress::plain(Key::Char('x')));
        edit(&mut input, KeyPress::ctrl('a'));
        edit(&mut input, KeyPress::plain(Key::Delete));

        assert_eq!(input.value(), "uth_user x");
    }

    #[test]
    fn pasted_text_is_one_line_without_control_characters_and_ends_at_the_limit() {
        let mut input = Input::default();

        assert!(paste(&mut input, "a\nb\x1b[31m"));
        assert_eq!(input.value(), "a b[31m");
        assert!(!paste(&mut input, &"x".repeat(LONGEST)));
        assert_eq!(input.value().len(), LONGEST);
    }
}
