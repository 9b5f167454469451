//! The scrollbars in the right border of the table and of the details.

use ratatui::layout::Rect;

use super::area::BORDER;
use super::state::{Pane, State};

/// A scrollbar: the cells of its track, and the lines that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrollTrack {
    /// The track, one column.
    pub area: Rect,
    /// The first line shown.
    pub top: usize,
    /// The highest `top`: with it the last line is at the bottom.
    pub last: usize,
}

impl ScrollTrack {
    /// The scrollbar of a pane. `None`: it has none, or all of its lines fit.
    pub fn of(state: &State, pane: Pane) -> Option<Self> {
        let layout = &state.layout;
        let (pane, above, top, lines) = match pane {
            Pane::Search => return None,
            // The titles of the columns do not scroll.
            Pane::Table => (
                layout.table,
                1,
                state.results.top,
                state.results.order.len(),
            ),
            Pane::Details => (layout.details, 0, state.details.top, layout.rows.len()),
        };
        let inner = pane.inner(BORDER);
        let height = inner.height.saturating_sub(above);
        let last = lines.saturating_sub(usize::from(height));
        (height > 0 && last > 0).then_some(Self {
            area: Rect::new(inner.right(), inner.y + above, 1, height),
            top,
            last,
        })
    }

    /// The first line to show for a pointer in this row of the screen.
    pub fn top_at(&self, y: u16) -> usize {
        let cells = u64::from(self.area.height.saturating_sub(1)).max(1);
        let cell = u64::from(y.saturating_sub(self.area.y)).min(cells);
        let last = self.last as u64;
        ((cell * last + cells / 2) / cells) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_track_are_the_ends_of_the_list() {
        let track = ScrollTrack {
            area: Rect::new(79, 5, 1, 11),
            top: 0,
            last: 1_000_000,
        };

        for (y, top) in [
            (0, 0),
            (5, 0),
            (10, 500_000),
            (15, 1_000_000),
            (99, 1_000_000),
        ] {
            assert_eq!(track.top_at(y), top, "row {y}");
        }
    }
}
