//! A list in a dialog of which one line is chosen: moving in it, and the part of it that is shown.

use std::ops::Range;

use crate::app::dialog_view::ViewLine;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::model::text::{cut_end, width_cols};

/// How far a page goes.
const PAGE: isize = 10;

/// The chosen line after a key that moves in a list with a text field above it. `None`: the key does
/// not move.
pub fn moved(choice: usize, key: KeyPress, count: usize) -> Option<usize> {
    let by = match (key.key, key.ctrl) {
        (Key::Up, _) | (Key::Char('p'), true) => -1,
        (Key::Down, _) | (Key::Char('n'), true) => 1,
        (Key::PageUp, _) => -PAGE,
        (Key::PageDown, _) => PAGE,
        _ => return None,
    };
    Some(scrolled(choice, by, count))
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
