//! Frames: what changed since the last one, as one write, off the loop.
//!
//! The only place beside `ui/` that knows ratatui. The backend here asks the terminal nothing
//! (a terminal that does not answer must not stall us), sends nothing for an unchanged frame, and
//! collects a frame in one buffer that a thread of its own writes: a terminal that stops reading
//! holds back frames, not the program.

use std::io;
use std::iter;

use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as Erase};
use ratatui::Frame;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::task::{JoinError, JoinHandle};

use super::modes::{self, Grade};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// The picture on the terminal, and the frame that is on its way there.
pub(super) struct Screen {
    terminal: ratatui::Terminal<Wire>,
    writing: Option<JoinHandle<(Vec<u8>, io::Result<()>)>>,
}

impl Screen {
    /// An empty picture of this size, for a terminal that understands so much.
    pub(super) fn new(size: Size, grade: Grade) -> Self {
        let terminal = ratatui::Terminal::new(Wire::new(size, grade));
        Self {
            terminal: terminal.expect("the backend only fills a buffer"),
            writing: None,
        }
    }

    /// True while a frame is being written; no other is drawn then.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// The terminal has another size: everything will be drawn anew.
    pub(super) fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().size = size;
    }

    /// Forgets what is on the terminal: the next frame draws everything.
    pub(super) fn forget(&mut self) {
        self.terminal
            .clear()
            .expect("the backend only fills a buffer");
        self.terminal.backend_mut().cursor = Cursor::default();
    }

    /// Adds bytes that are no picture (clipboard, mouse) to the next frame.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.terminal.backend_mut().buffer.extend_from_slice(bytes);
    }

    /// Draws a frame and begins to write what changed. Nothing is written if nothing did.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) {
        debug_assert!(self.writing.is_none(), "one frame at a time");
        self.terminal
            .draw(paint)
            .expect("the backend only fills a buffer");
        let wire = self.terminal.backend_mut();
        let (begin, end) = wire.marks();
        if wire.buffer.len() == begin.len() {
            return;
        }
        let next = wire.spare.take().unwrap_or_default();
        let mut frame = std::mem::replace(&mut wire.buffer, next);
        wire.begin();
        frame.extend_from_slice(end);
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let result = modes::write_frame(&frame);
            (frame, result)
        }));
    }

    /// Waits until the frame is written; for ever if none is. May be dropped at any time.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        let Some(writing) = &mut self.writing else {
            return std::future::pending().await;
        };
        let done: Result<_, JoinError> = writing.await;
        self.writing = None;
        let (spare, result) = done.map_err(io::Error::other)?;
        self.terminal.backend_mut().spare = Some(spare);
        result
    }
}

/// Where the terminal's cursor is, as far as we have said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cursor {
    shown: bool,
    /// `None`: somewhere, after drawing.
    at: Option<Position>,
}

/// Turns changed cells into bytes. Never fails and never asks.
struct Wire {
    buffer: Vec<u8>,
    spare: Option<Vec<u8>>,
    size: Size,
    grade: Grade,
    cursor: Cursor,
}

impl Wire {
    fn new(size: Size, grade: Grade) -> Self {
        let mut wire = Self {
            buffer: Vec::with_capacity(16 * 1024),
            spare: None,
            size,
            grade,
            cursor: Cursor::default(),
        };
        wire.begin();
        wire
    }

    fn begin(&mut self) {
        self.buffer.clear();
        self.buffer.extend_from_slice(self.marks().0);
    }

    /// The bytes before and behind a frame, so that it appears at once.
    fn marks(&self) -> (&'static [u8], &'static [u8]) {
        match self.grade {
            Grade::Full => (BEGIN, END),
            Grade::Plain => (b"", b""),
        }
    }

    /// crossterm's commands into our buffer.
    fn wire(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.buffer)
    }
}

impl Backend for Wire {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, mut content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // Even for no cells the inner backend would reset colours: bytes for nothing.
        let Some(first) = content.next() else {
            return Ok(());
        };
        self.cursor.at = None;
        let start = self.buffer.len();
        self.wire().draw(iter::once(first).chain(content))?;
        shorten_colours(&mut self.buffer, start);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if !self.cursor.shown {
            return Ok(());
        }
        self.cursor.shown = false;
        self.wire().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor.shown {
            return Ok(());
        }
        self.cursor.shown = true;
        self.wire().show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.at.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        // Where a hidden cursor stands matters to nobody.
        if !self.cursor.shown || self.cursor.at == Some(position) {
            return Ok(());
        }
        self.cursor.at = Some(position);
        self.wire().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        match clear_type {
            ClearType::All => queue!(self.buffer, Clear(Erase::All)),
            other => self.wire().clear_region(other),
        }
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the first 16 colours from here on as `31` or `91`. crossterm sends them as `38;5;1`, which a
/// terminal of 8 or 16 colours need not know (`30` to `47` are ECMA-48, `90` to `107` those of aixterm).
fn shorten_colours(buffer: &mut Vec<u8>, start: usize) {
    let drawn = buffer.split_off(start);
    let mut rest = drawn.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\x1b[") {
        let (before, sequence) = rest.split_at(at + 2);
        let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
        let length = sequence.iter().take_while(|byte| is_number(byte)).count();
        let (numbers, after) = sequence.split_at(length);
        buffer.extend_from_slice(before);
        match (after.first(), std::str::from_utf8(numbers)) {
            (Some(b'm'), Ok(numbers)) => buffer.extend_from_slice(shortened(numbers).as_bytes()),
            _ => buffer.extend_from_slice(numbers),
        }
        rest = after;
    }
    buffer.extend_from_slice(rest);
}

/// The numbers of one colour sequence, with the first 16 colours as numbers of their own.
fn shortened(numbers: &str) -> String {
    let all: Vec<&str> = numbers.split(';').collect();
    let mut left = all.as_slice();
    let mut written = Vec::new();
    while let [first, others @ ..] = left {
        left = match (*first, others) {
            ("38" | "48", ["5", number, after @ ..]) => {
                let ground = if *first == "38" { 30 } else { 40 };
                written.push(match number.parse::<u8>() {
                    Ok(number @ 0..8) => (ground + number).to_string(),
                    Ok(number @ 8..16) => (ground + 60 + number - 8).to_string(),
                    _ => format!("{first};5;{number}"),
                });
                after
            }
            ("38" | "48", ["2", red, green, blue, after @ ..]) => {
                written.push(format!("{first};2;{red};{green};{blue}"));
                after
            }
            _ => {
                written.push((*first).to_owned());
                others
            }
        };
    }
    written.join(";")
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Style};

    use super::*;

    fn terminal(width: u16, height: u16) -> ratatui::Terminal<Wire> {
        ratatui::Terminal::new(Wire::new(Size { width, height }, Grade::Full)).unwrap()
    }

    fn frame(
        terminal: &mut ratatui::Terminal<Wire>,
        text: &str,
        cursor: Option<Position>,
    ) -> String {
        terminal.backend_mut().begin();
        terminal
            .draw(|f| {
                let area = f.area();
                f.buffer_mut().set_stringn(
                    0,
                    0,
                    text,
                    area.width.into(),
                    Style::new().fg(Color::Red),
                );
                if let Some(at) = cursor {
                    f.set_cursor_position(at);
                }
            })
            .unwrap();
        String::from_utf8(terminal.backend_mut().buffer[BEGIN.len()..].to_vec()).unwrap()
    }

    #[test]
    fn an_unchanged_frame_has_no_bytes() {
        for cursor in [None, Some(Position::new(3, 0))] {
            let mut terminal = terminal(20, 2);
            let first = frame(&mut terminal, "sessions", cursor);

            let second = frame(&mut terminal, "sessions", cursor);

            assert!(first.contains("sessions"), "{first:?}");
            assert_eq!(second, "", "cursor {cursor:?}");
        }
    }

    #[test]
    fn only_changed_cells_are_sent() {
        let mut terminal = terminal(20, 2);
        frame(&mut terminal, "sessions", None);

        let bytes = frame(&mut terminal, "sessionX", None);

        assert!(
            bytes.contains('X') && !bytes.contains("session"),
            "{bytes:?}"
        );
    }

    #[test]
    fn the_first_16_colours_are_sent_as_terminals_of_16_know_them() {
        for (numbers, expected) in [
            ("38;5;1", "31"),
            ("38;5;9;48;5;4", "91;44"),
            ("39;48;5;15", "39;107"),
            ("1;38;5;16;49", "1;38;5;16;49"),
            ("38;2;5;5;1;48;5;0", "38;2;5;5;1;40"),
            ("38;5", "38;5"),
            ("0", "0"),
            ("", ""),
        ] {
            let mut bytes = format!("\x1b[38;5;1m\x1b[{numbers}mtext\x1b[3;5H\x1b[").into_bytes();

            shorten_colours(&mut bytes, 9);

            let expected = format!("\x1b[38;5;1m\x1b[{expected}mtext\x1b[3;5H\x1b[");
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn the_cursor_is_put_back_after_other_cells_changed() {
        let mut terminal = terminal(20, 2);
        let at = Some(Position::new(3, 1));
        frame(&mut terminal, "sessions", at);

        let bytes = frame(&mut terminal, "sessionX", at);

        assert!(bytes.ends_with("\x1b[2;4H"), "{bytes:?}");
    }

    #[test]
    fn sizes_of_zero_and_one_are_drawn() {
        for (width, height) in [(0, 0), (1, 1), (0, 5), (5, 0), (300, 1)] {
            let mut terminal = terminal(20, 2);
            frame(&mut terminal, "sessions", None);

            terminal.backend_mut().size = Size { width, height };
            terminal
                .draw(|f| assert_eq!(f.area().width, width))
                .unwrap();
        }
    }

    #[test]
    fn a_full_redraw_asks_the_terminal_nothing() {
        let mut terminal = terminal(20, 2);
        frame(&mut terminal, "sessions", None);

        terminal.backend_mut().begin();
        terminal.clear().unwrap();
        let cleared = terminal.backend_mut().buffer.clone();
        let bytes = frame(&mut terminal, "sessions", None);

        assert!(
            !cleared.windows(3).any(|w| w == b"\x1b[6"),
            "no position report"
        );
        assert!(bytes.contains("sessions"), "{bytes:?}");
    }
}
