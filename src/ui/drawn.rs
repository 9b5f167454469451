//! The cells and styles of a drawn screen.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Style};
use unicode_width::UnicodeWidthStr;

/// The cells of a row that begin a character, each with its column: those hidden by a wide one are left out.
pub(super) fn row(buffer: &Buffer, y: u16) -> Vec<(u16, &Cell)> {
    let area = buffer.area;
    let mut cells = Vec::new();
    let mut x = area.left();
    while x < area.right() {
        let Some(cell) = buffer.cell((x, y)) else {
            break;
        };
        cells.push((x, cell));
        x += (cell.symbol().width() as u16).max(1);
    }
    cells
}

/// A style without what says the same as nothing.
pub(super) fn plain(style: Style) -> Style {
    let color = |color: Option<Color>| color.filter(|color| *color != Color::Reset);
    Style {
        fg: color(style.fg),
        bg: color(style.bg),
        add_modifier: style.add_modifier,
        ..Style::new()
    }
}
