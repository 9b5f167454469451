//! Rectangles of cells, and how the panes lie on a screen of a given size. Numbers only.

use super::msg::Size;

/// A rectangle of cells. Width or height of 0: not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// A rectangle from its first column and row and its size.
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// True if no cell of it is shown.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// First column to the right of it.
    pub const fn right(self) -> u16 {
        self.x.saturating_add(self.width)
    }

    /// First row below it.
    pub const fn bottom(self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// True if this cell lies in it.
    pub const fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x && x < self.right() && y >= self.y && y < self.bottom()
    }

    /// What is left inside a border of one cell.
    pub const fn inner(self) -> Self {
        if self.width < 2 || self.height < 2 {
            return Self::new(self.x, self.y, 0, 0);
        }
        Self::new(self.x + 1, self.y + 1, self.width - 2, self.height - 2)
    }

    /// One row of it, counted from its first; empty if it has no such row.
    pub const fn row(self, row: u16) -> Self {
        if row >= self.height {
            return Self::new(self.x, self.y, 0, 0);
        }
        Self::new(self.x, self.y + row, self.width, 1)
    }

    /// A rectangle of this size in the middle of it, no larger than it.
    pub const fn centred(self, width: u16, height: u16) -> Self {
        let width = if width < self.width {
            width
        } else {
            self.width
        };
        let height = if height < self.height {
            height
        } else {
            self.height
        };
        Self::new(
            self.x + (self.width - width) / 2,
            self.y + (self.height - height) / 2,
            width,
            height,
        )
    }
}

/// How the panes lie, by the size of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Details to the right of the table.
    Wide,
    /// Details below the table, all search fields in two lines.
    Tall,
    /// Details below in a few lines, the most used search fields in one line.
    Compact,
    /// One pane at a time, with tabs.
    Tabs,
    /// Nothing but a notice.
    TooSmall,
}

/// Smallest screen that shows anything: 40 columns and 10 rows.
pub const SMALLEST: (u16, u16) = (40, 10);
const WIDE: (u16, u16) = (140, 20);
const TALL: (u16, u16) = (100, 30);
const COMPACT: (u16, u16) = (64, 18);

/// How the panes lie on a screen of this size.
pub fn mode(size: Size) -> Mode {
    let fits = |(w, h): (u16, u16)| size.width >= w && size.height >= h;
    if !fits(SMALLEST) {
        Mode::TooSmall
    } else if fits(WIDE) {
        Mode::Wide
    } else if fits(TALL) && size.width < WIDE.0 {
        Mode::Tall
    } else if fits(COMPACT) {
        Mode::Compact
    } else {
        Mode::Tabs
    }
}
