//! Text on the screen: the only place that puts any into cells. All of it is cleaned on the way.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::widgets::{
    Block, Scrollbar, ScrollbarOrientation, ScrollbarState, StatefulWidget, Widget,
};
use unicode_segmentation::UnicodeSegmentation;

use super::theme::{Role, Theme};
use crate::app::scrollbar::ScrollTrack;
use crate::app::text_wrap::{Piece, PieceKind};
use crate::model::text::{JSON_MARK, Replaced, is_plain, safe_spans, width_cols};

/// Bytes of a text that are looked at for each cell it may take; more than any honest character needs.
const BYTES_PER_CELL: usize = 64;

/// A place to draw on. Anything outside of its buffer is not drawn.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    ascii: bool,
    /// True if the terminal takes ASCII only, in values too. Then `?` stands for each column of
    /// another character.
    pub only_ascii: bool,
    /// Where the terminal's cursor is to be.
    pub cursor: Option<Position>,
}

impl<'a> Canvas<'a> {
    /// Draws into a buffer; with `ascii` our own signs become plain ones.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme, ascii: bool) -> Self {
        Self {
            buffer,
            theme,
            ascii,
            only_ascii: false,
            cursor: None,
        }
    }

    /// True if only ASCII signs are drawn.
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// How a role is drawn.
    pub fn style(&self, role: Role) -> Style {
        self.theme.role(role)
    }

    /// Text of ours in a row of `area`, from cell `x` of it on. Cut with an ellipsis where it does not fit.
    /// Returns the cells it took.
    pub fn text(&mut self, area: Rect, x: u16, text: &str, role: Role) -> u16 {
        let style = self.style(role);
        self.styled(area, x, text, style)
    }

    /// The same with a style of its own.
    pub fn styled(&mut self, area: Rect, x: u16, text: &str, style: Style) -> u16 {
        let plain = self.plain(text);
        self.put(area, x, &plain, style, style)
    }

    /// Text that somebody outside chose: what is replaced in it gets a style of its own.
    pub fn outside(&mut self, area: Rect, x: u16, text: &str, style: Style) -> u16 {
        let marked = style.patch(self.style(Role::Warn));
        self.put(area, x, text, style, marked)
    }

    /// The mark before a JSON value in the place of a text, in the style of what is replaced. Returns the
    /// cells it took, with the blank behind it.
    pub fn json_mark(&mut self, area: Rect, style: Style) -> u16 {
        let marked = style.patch(self.style(Role::Warn));
        self.styled(area, 0, JSON_MARK, marked) + 1
    }

    /// Pieces of cleaned text, replaced ones in a style of their own. Returns the cells they took.
    pub fn pieces(&mut self, area: Rect, x: u16, pieces: &[Piece], style: Style) -> u16 {
        let mut at = x;
        for piece in pieces {
            let (style, text) = match piece.kind {
                PieceKind::Value => (style, piece.text.as_str().into()),
                PieceKind::Replaced => (
                    style.patch(self.style(Role::Warn)),
                    piece.text.as_str().into(),
                ),
                PieceKind::Own => (style, self.plain(&piece.text)),
                PieceKind::Note => (self.style(Role::Dim), self.plain(&piece.text)),
            };
            let text = text.into_owned();
            at += self.put(area, at, &text, style, style);
        }
        at - x
    }

    fn put(&mut self, area: Rect, x: u16, text: &str, style: Style, marked: Style) -> u16 {
        if area.height == 0 || x >= area.width || text.is_empty() {
            return 0;
        }
        let room = usize::from(area.width - x);
        let is_shown = !self.only_ascii || text.is_ascii();
        if text.len() <= room && is_plain(text) && is_shown {
            return self.put_plain(area.x + x, area.y, text, style);
        }
        let text = crate::app::first_chars(text, room.saturating_mul(BYTES_PER_CELL));
        let spans = safe_spans(text);
        let whole: usize = spans.iter().map(|(part, _)| width_cols(part)).sum();
        let ellipsis = if self.ascii { "..." } else { "…" };
        let (keep, tail) = if whole > room {
            (room.saturating_sub(width_cols(ellipsis)), ellipsis)
        } else {
            (room, "")
        };
        let mut used = 0;
        'spans: for (part, replaced) in &spans {
            let style = match replaced {
                Replaced::Yes => marked,
                Replaced::No => style,
            };
            for grapheme in part.graphemes(true) {
                let cells = width_cols(grapheme);
                if used + cells > keep {
                    break 'spans;
                }
                self.grapheme(area.x + x + used as u16, area.y, grapheme, cells, style);
                used += cells;
            }
        }
        for dot in tail.graphemes(true).take(room - used) {
            self.grapheme(area.x + x + used as u16, area.y, dot, 1, style);
            used += 1;
        }
        used as u16
    }

    /// Plain text, of which each character takes one cell, as far as it is on the screen. Returns the cells
    /// it takes.
    fn put_plain(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        let screen = self.buffer.area;
        if y < screen.bottom() && x < screen.right() {
            let first = self.buffer.index_of(x, y);
            let room = usize::from(screen.right() - x);
            let cells = &mut self.buffer.content[first..first + room];
            let blank = blank(style);
            for (cell, sign) in cells.iter_mut().zip(text.chars()) {
                cell.clone_from(&blank);
                cell.set_char(sign);
            }
        }
        text.chars().count() as u16
    }

    /// One character of cleaned text, if all of its cells are on the screen.
    fn grapheme(&mut self, x: u16, y: u16, grapheme: &str, cells: usize, style: Style) {
        let screen = self.buffer.area;
        if cells == 0 || x.saturating_add(cells as u16) > screen.right() || y >= screen.bottom() {
            return;
        }
        // Nothing of what stood there before shines through.
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.reset();
        }
        if self.only_ascii && !grapheme.is_ascii() {
            self.buffer
                .set_stringn(x, y, "?".repeat(cells), cells, style)
        } else {
            self.buffer.set_stringn(x, y, grapheme, cells, style)
        };
    }

    /// Fills an area with blanks of a role.
    pub fn fill(&mut self, area: Rect, role: Role) {
        let style = self.style(role);
        let rect = area.intersection(self.buffer.area);
        for y in rect.top()..rect.bottom() {
            // Half of a wide sign cannot stay: it would hide the first column of the area.
            let before = rect.left().checked_sub(1);
            let before = before.and_then(|x| self.buffer.cell_mut((x, y)));
            if let Some(cell) = before.filter(|cell| width_cols(cell.symbol()) > 1) {
                cell.set_symbol(" ");
            }
            if !rect.is_empty() {
                let first = self.buffer.index_of(rect.x, y);
                self.buffer.content[first..first + usize::from(rect.width)].fill(blank(style));
            }
        }
    }

    /// Lays a style over what stands in an area.
    pub fn restyle(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// Our own signs as this terminal can show them.
    pub fn plain<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        if !self.ascii || text.is_ascii() {
            return text.into();
        }
        let mut plain = String::with_capacity(text.len());
        for sign in text.chars() {
            match sign {
                '…' => plain.push_str("..."),
                other => plain.push(ascii_sign(other)),
            }
        }
        plain.into()
    }

    /// A border around an area: double (or `=` and `#`) with the focus, single (or `-` and `+`) without.
    pub fn border(&mut self, area: Rect, focused: bool) {
        let role = if focused {
            Role::BorderFocus
        } else {
            Role::Border
        };
        self.border_in(area, focused, role);
    }

    /// A border in another role.
    pub fn border_in(&mut self, area: Rect, focused: bool, role: Role) {
        let set = match (self.ascii, focused) {
            (true, true) => plain_border("#", "#", "="),
            (true, false) => plain_border("+", "|", "-"),
            (false, true) => border::DOUBLE,
            (false, false) => border::PLAIN,
        };
        let style = self.style(role);
        let block = Block::bordered().border_set(set).border_style(style);
        block.render(area, self.buffer);
    }

    /// A scrollbar over a border: only its thumb is drawn, in the style of the border.
    pub fn scrollbar(&mut self, track: ScrollTrack, focused: bool) {
        let role = if focused {
            Role::BorderFocus
        } else {
            Role::Border
        };
        let thumb = if self.ascii { "@" } else { "█" };
        let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight)
            .begin_symbol(None)
            .end_symbol(None)
            .track_symbol(None)
            .thumb_symbol(thumb)
            .thumb_style(self.style(role));
        let mut state = ScrollbarState::new(track.last + 1)
            .position(track.top)
            .viewport_content_length(track.area.height.into());
        let area = track.area.intersection(self.buffer.area);
        bar.render(area, self.buffer, &mut state);
    }

    /// A text set into the upper border, from the left: `╔═ title ═`. Returns the first cell behind it.
    pub fn title(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let room = border_room(area, 0);
        let plain = self.plain(text).into_owned();
        if width_cols(&plain) == 0 || room.width == 0 {
            return room.x;
        }
        let style = self.style(role);
        self.set_in(room, 0, &plain, style)
    }

    /// A text set into a border at its right end: `═ text ═╗`. Left out where it would meet what stands
    /// before cell `from`.
    pub fn right(&mut self, area: Rect, row: u16, from: u16, text: &str, role: Role) {
        let room = border_room(area, row);
        let plain = self.plain(text).into_owned();
        // Compared as they are: a text of 65,536 columns is not empty.
        let cells = u16::try_from(width_cols(&plain) + 2).unwrap_or(u16::MAX);
        if plain.is_empty() || room.width < cells || room.right() - cells < from {
            return;
        }
        let start = room.width - cells;
        let style = self.style(role);
        self.set_in(room, start, &plain, style);
    }

    fn set_in(&mut self, room: Rect, x: u16, text: &str, style: Style) -> u16 {
        let blank = self.style(Role::Text);
        let start = self.put(room, x, " ", blank, blank);
        let taken = self.put(
            Rect {
                width: room.width.saturating_sub(1),
                ..room
            },
            x + start,
            text,
            style,
            style,
        );
        self.put(room, x + start + taken, " ", blank, blank);
        room.x + x + start + taken + 1
    }
}

/// A blank cell in this style.
fn blank(style: Style) -> Cell {
    let mut cell = Cell::EMPTY;
    cell.set_style(style);
    cell
}

/// The part of a border that may hold text: one cell of the border stays at either end.
pub fn border_room(area: Rect, row: u16) -> Rect {
    if area.width < 6 || row >= area.height {
        return Rect::ZERO;
    }
    Rect::new(area.x + 2, area.y + row, area.width - 4, 1)
}

fn plain_border<'a>(corner: &'a str, upright: &'a str, level: &'a str) -> border::Set<'a> {
    border::Set {
        top_left: corner,
        top_right: corner,
        bottom_left: corner,
        bottom_right: corner,
        vertical_left: upright,
        vertical_right: upright,
        horizontal_top: level,
        horizontal_bottom: level,
    }
}

fn ascii_sign(sign: char) -> char {
    match sign {
        '─' | '·' | '╌' | '‾' => '-',
        '━' => '=',
        '│' => '|',
        '▲' | '↑' => '^',
        '▼' | '↓' | '▾' => 'v',
        '←' | '‹' => '<',
        '→' | '▸' | '›' => '>',
        '●' | '○' => 'o',
        '◆' => '+',
        '×' => 'x',
        '█' => '#',
        '░' => '.',
        '•' => '*',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_over_half_a_wide_sign_keeps_its_border() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        let theme = Theme::default();
        let mut canvas = Canvas::new(&mut buffer, &theme, false);
        canvas.text(Rect::new(0, 0, 8, 1), 0, "日本太郎", Role::Text);

        canvas.fill(Rect::new(3, 0, 3, 1), Role::Text);

        let drawn: Vec<&str> = (0..8).map(|x| buffer[(x, 0)].symbol()).collect();
        assert_eq!(drawn, ["日", " ", " ", " ", " ", " ", "郎", " "]);
    }
}
