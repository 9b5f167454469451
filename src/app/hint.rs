//! One entry of the hint line.

use super::keymap::KeyPress;
use crate::model::text::width_cols;

/// A key and the word for what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as the operator reads it.
    pub key: String,
    /// Its effect.
    pub word: String,
    /// How soon it leaves when there is no room: the largest first.
    pub rank: u8,
}

impl Hint {
    /// A key, the word for what it does, and its rank.
    pub fn new(key: impl Into<String>, word: impl Into<String>, rank: u8) -> Self {
        Self {
            key: key.into(),
            word: word.into(),
            rank,
        }
    }

    /// Tab chooses a control.
    pub fn tab() -> Self {
        Self::new("Tab", "choose", 2)
    }

    /// The hint for Enter. It never leaves.
    pub fn enter(word: impl Into<String>) -> Self {
        Self::new("Enter", word, 0)
    }

    /// The key that a click on this cell of it presses. `None`: it names several keys, and the cell is of
    /// none of them.
    pub fn key_at(&self, cell: usize) -> Option<KeyPress> {
        if let Some(press) = KeyPress::shown(&self.key) {
            return Some(press);
        }
        let is_arrow = |sign: &char| "↑↓←→".contains(*sign);
        let sign = self.key.chars().nth(cell).filter(is_arrow)?;
        KeyPress::shown(&sign.to_string())
    }

    /// Cells it takes.
    pub fn cells(&self) -> usize {
        width_cols(&self.key) + 1 + width_cols(&self.word)
    }
}
