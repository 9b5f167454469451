//! A screen without a terminal: as text, with escape codes, or as SVG. The same state gives the same bytes.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier, Style};

use super::drawn::{plain, row};
use super::svg;
use super::theme::Theme;
use crate::app::lay_out;
use crate::app::state::State;

/// A drawn screen.
#[derive(Clone, Debug)]
pub struct Picture {
    buffer: Buffer,
    cursor: Option<Position>,
    is_light: bool,
}

/// Draws a state at this size.
pub fn picture(state: &State, theme: &Theme, size: Size) -> Picture {
    let mut state = state.clone();
    state.size = size;
    lay_out(&mut state);
    let mut buffer = Buffer::empty(Rect::from((Position::ORIGIN, size)));
    let cursor = super::draw(&state, theme, &mut buffer);
    Picture {
        buffer,
        cursor,
        is_light: theme.is_light(),
    }
}

impl Picture {
    /// The cells.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Where the terminal's cursor is. `None`: hidden.
    pub fn cursor(&self) -> Option<Position> {
        self.cursor
    }

    /// The characters, line by line, without trailing blanks.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for row in self.rows() {
            let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The characters with escape codes for their styles, line by line.
    pub fn to_ansi(&self) -> String {
        let mut text = String::new();
        for row in self.rows() {
            let mut last = Style::new();
            for (_, cell) in row {
                let style = plain(cell.style());
                if style != last {
                    text.push_str(&escape(style));
                    last = style;
                }
                text.push_str(cell.symbol());
            }
            if last != Style::new() {
                text.push_str("\x1b[0m");
            }
            text.push('\n');
        }
        text
    }

    /// The screen as an SVG picture of a terminal window, light for a light theme, readable on any page.
    pub fn to_svg(&self) -> String {
        svg::svg(&self.buffer, self.cursor, self.is_light)
    }

    /// The cells of each row that begin a character.
    fn rows(&self) -> impl Iterator<Item = Vec<(u16, &Cell)>> {
        let area = self.buffer.area;
        (area.top()..area.bottom()).map(move |y| row(&self.buffer, y))
    }
}

fn escape(style: Style) -> String {
    let mut codes = "\x1b[0".to_owned();
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::CROSSED_OUT, 9),
    ] {
        if style.add_modifier.contains(modifier) {
            let _ = write!(codes, ";{code}");
        }
    }
    for (color, base) in [(style.fg, 30_u16), (style.bg, 40)] {
        match color {
            None => {}
            Some(Color::Rgb(r, g, b)) => {
                let _ = write!(codes, ";{};2;{r};{g};{b}", base + 8);
            }
            Some(color) => match super::theme::index_of(color) {
                Some(index @ 0..8) => {
                    let _ = write!(codes, ";{}", base + u16::from(index));
                }
                Some(index @ 8..16) => {
                    let _ = write!(codes, ";{}", base + 60 + u16::from(index) - 8);
                }
                Some(index) => {
                    let _ = write!(codes, ";{};5;{index}", base + 8);
                }
                None => {}
            },
        }
    }
    codes.push('m');
    codes
}
