//! How the panes lie on a screen of a given size. Numbers only.

use ratatui::layout::{Margin, Rect, Size};

/// A border of one cell all round.
pub const BORDER: Margin = Margin::new(1, 1);

/// One row of a rectangle, counted from its first; empty if it has no such row.
pub fn nth_row(area: Rect, row: u16) -> Rect {
    area.rows().nth(usize::from(row)).unwrap_or_default()
}

/// How the panes lie, by the size of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    #[default]
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
