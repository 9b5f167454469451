//! A list in a dialog of which one line is chosen: moving in it, and the part of it that is shown.

use std::ops::Range;

use crate::app::dialog_view::ViewLine;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::model::text::{cut_end, width_cols};

/// The place in a list of a dialog: a chosen line, or the first line that is shown of a text.
#[derive(Debug)]
pub struct ListPlace<'a> {
    at: &'a mut usize,
    last: usize,
    page: usize,
}

impl<'a> ListPlace<'a> {
    /// The place `at`, which goes up to `last`; Page up and Page down move `page` lines.
    pub fn new(at: &'a mut usize, last: usize, page: usize) -> Self {
        Self { at, last, page }
    }

    /// Moves so many lines, within the list.
    pub fn go(&mut self, by: isize) {
        // A list may have become shorter since it was moved in last.
        *self.at = scrolled((*self.at).min(self.last), by, self.last + 1);
    }

    /// Moves as the key says, in a list with a text field above it. `false`: the key does not move.
    pub fn moves(&mut self, key: KeyPress) -> bool {
        let by = lines_of(key, self.page);
        by.inspect(|by| self.go(*by)).is_some()
    }

    /// Moves as the key says, in a list without a text field: letters move too. `false`: the key does not move.
    pub fn moves_by_letters(&mut self, key: KeyPress) -> bool {
        let by = lines_of(key, self.page).or_else(|| lines_of_letter(key));
        by.inspect(|by| self.go(*by)).is_some()
    }
}

/// How many lines a key moves down a list; for the first and the last line, more than any list has. `None`: it
/// does not move.
fn lines_of(key: KeyPress, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    Some(match (key.key, key.ctrl) {
        (Key::Up, _) | (Key::Char('p'), true) => -1,
        (Key::Down, _) | (Key::Char('n'), true) => 1,
        (Key::PageUp, _) => -page,
        (Key::PageDown, _) => page,
        (Key::Home, _) => isize::MIN,
        (Key::End, _) => isize::MAX,
        (Key::Tab, _) if key.shift => -1,
        (Key::Tab, _) => 1,
        _ => return None,
    })
}

/// The same for the letters that move where nothing is typed.
fn lines_of_letter(key: KeyPress) -> Option<isize> {
    Some(match key.typed()? {
        'k' => -1,
        'j' => 1,
        'g' => isize::MIN,
        'G' => isize::MAX,
        _ => return None,
    })
}

/// The chosen line so many lines further, within the list.
pub fn scrolled(choice: usize, by: isize, count: usize) -> usize {
    choice
        .saturating_add_signed(by)
        .min(count.saturating_sub(1))
}

/// Which of `count` lines are shown where `most` have room, so that the chosen one is among them.
pub fn window(choice: usize, count: usize, most: usize) -> Range<usize> {
    let most = most.max(1);
    let first = (choice + 1)
        .saturating_sub(most)
        .min(count.saturating_sub(1));
    first..(first + most).min(count)
}

/// Which of `count` lines are shown where `most` have room: from `first` on, moved as little as is needed for
/// the chosen one to be among them.
pub fn window_from(first: usize, choice: usize, count: usize, most: usize) -> Range<usize> {
    let most = most.max(1);
    let first = first.min(choice).max((choice + 1).saturating_sub(most));
    let first = first.min(count.saturating_sub(most));
    first..(first + most).min(count)
}

/// The beginning of a line of the list: the mark of the chosen one, and its number for the mouse.
pub fn line(number: usize, is_chosen: bool) -> ViewLine {
    let mut line = ViewLine::plain(if is_chosen { " > " } else { "   " });
    line.choice = Some(number);
    line
}

/// How the text of a line is drawn.
pub fn role(is_chosen: bool, is_possible: bool) -> Role {
    match (is_possible, is_chosen) {
        (false, _) => Role::Dim,
        (true, true) => Role::Title,
        (true, false) => Role::Text,
    }
}

/// A text in exactly so many cells, the last of which is blank.
pub fn column(text: &str, cells: usize) -> String {
    let text = cut_end(text, cells.saturating_sub(1), Default::default());
    let blanks = cells.saturating_sub(width_cols(&text));
    format!("{text}{}", " ".repeat(blanks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_line_is_always_shown() {
        for (choice, count, most, shown) in [
            (0, 0, 5, 0..0),
            (0, 3, 5, 0..3),
            (4, 20, 5, 0..5),
            (5, 20, 5, 1..6),
            (19, 20, 5, 15..20),
            (3, 20, 0, 3..4),
        ] {
            assert_eq!(window(choice, count, most), shown, "{choice} of {count}");
        }
    }

    #[test]
    fn a_window_that_shows_the_chosen_line_stays() {
        for (first, choice, count, shown) in [
            (0, 0, 0, 0..0),
            (4, 4, 20, 4..9),
            (4, 8, 20, 4..9),
            (4, 9, 20, 5..10),
            (4, 2, 20, 2..7),
            (18, 19, 20, 15..20),
        ] {
            let window = window_from(first, choice, count, 5);
            assert_eq!(window, shown, "{first}: {choice} of {count}");
        }
    }

    #[test]
    fn a_column_takes_its_cells_whatever_is_in_it() {
        for text in ["", "ab", "日本太郎", "a long text"] {
            assert_eq!(width_cols(&column(text, 6)), 6, "{text}");
        }
    }
}
