//! Frames: what changed since the last one, as one write, off the loop.
//!
//! The only place beside `ui/` that knows ratatui. The terminal is asked nothing (one that does not answer
//! must not stall us), nothing is sent for an unchanged frame, and a frame is collected in one buffer that a
//! thread of its own writes: a terminal that stops reading holds back frames, not the program.

mod paint;

use std::io;
use std::thread;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::modes::{self, Grade};
use paint::Painter;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// The picture on the terminal, and the frame that is on its way there.
pub(super) struct Screen {
    /// What is drawn on.
    picture: Buffer,
    painter: Painter,
    grade: Grade,
    /// The cursor of the terminal, as far as we have said. `None`: it is somewhere, after drawing.
    cursor: Option<Cursor>,
    /// Bytes of the next frame.
    buffer: Vec<u8>,
    spare: Option<Vec<u8>>,
    writer: Writer,
    is_writing: bool,
}

/// A thread that writes frames. It has the priority of the loop, not that of the work beside it.
struct Writer {
    frames: UnboundedSender<Vec<u8>>,
    written: UnboundedReceiver<(Vec<u8>, io::Result<()>)>,
}

impl Writer {
    fn begin() -> io::Result<Self> {
        let (frames, mut waiting) = unbounded_channel::<Vec<u8>>();
        let (told, written) = unbounded_channel();
        let write = move || {
            while let Some(frame) = waiting.blocking_recv() {
                let result = modes::write_frame(&frame);
                if told.send((frame, result)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("frames".into()).spawn(write)?;
        Ok(Self { frames, written })
    }
}

impl Screen {
    /// An empty picture of this size, for a terminal that understands so much.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn new(size: Size, grade: Grade) -> io::Result<Self> {
        Ok(Self {
            picture: Buffer::empty(Rect::from((Position::ORIGIN, size))),
            painter: Painter::new(grade),
            grade,
            cursor: Some(Cursor::Hidden),
            buffer: Vec::with_capacity(16 * 1024),
            spare: None,
            writer: Writer::begin()?,
            is_writing: false,
        })
    }

    /// True while a frame is being written; no other is drawn then.
    pub(super) fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// The terminal has another size: everything will be drawn anew.
    pub(super) fn resize(&mut self, size: Size) {
        self.picture.resize(Rect::from((Position::ORIGIN, size)));
    }

    /// Forgets what is on the terminal: the next frame draws everything.
    pub(super) fn forget(&mut self) {
        self.painter.forget();
        self.cursor = Some(Cursor::Hidden);
    }

    /// Adds bytes that are no picture (clipboard, mouse) to the next frame.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Draws a frame and begins to write what changed. Nothing is written if nothing did. What draws tells
    /// where the terminal's cursor is to be; `None`: hidden.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Buffer) -> Option<Position>) {
        debug_assert!(!self.is_writing, "one frame at a time");
        self.frame(paint);
        if self.buffer.is_empty() {
            return;
        }
        let (begin, end) = self.marks();
        let mut frame = self.spare.take().unwrap_or_default();
        frame.clear();
        frame.extend_from_slice(begin);
        frame.append(&mut self.buffer);
        frame.extend_from_slice(end);
        // The thread lives as long as this does.
        self.is_writing = self.writer.frames.send(frame).is_ok();
    }

    /// Adds what changes the picture to the buffer.
    fn frame(&mut self, paint: impl FnOnce(&mut Buffer) -> Option<Position>) {
        self.picture.reset();
        let cursor = paint(&mut self.picture);
        if self.painter.paint(&mut self.buffer, &mut self.picture) {
            self.cursor = self.cursor.filter(|cursor| *cursor == Cursor::Hidden);
        }
        let wanted = cursor.map_or(Cursor::Hidden, Cursor::At);
        if self.cursor == Some(wanted) {
            return;
        }
        let was_hidden = self.cursor == Some(Cursor::Hidden);
        self.cursor = Some(wanted);
        let told = match wanted {
            Cursor::Hidden => queue!(self.buffer, Hide),
            Cursor::At(at) if was_hidden => queue!(self.buffer, MoveTo(at.x, at.y), Show),
            Cursor::At(at) => queue!(self.buffer, MoveTo(at.x, at.y)),
        };
        told.expect("a buffer takes everything");
    }

    /// The bytes before and behind a frame, so that it appears at once.
    fn marks(&self) -> (&'static [u8], &'static [u8]) {
        match self.grade {
            Grade::Full => (BEGIN, END),
            Grade::Plain => (b"", b""),
        }
    }

    /// Waits until the frame is written; for ever if none is. May be dropped at any time.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        if !self.is_writing {
            return std::future::pending().await;
        }
        let done = self.writer.written.recv().await;
        self.is_writing = false;
        let (spare, result) = done.ok_or_else(|| io::Error::other("nobody writes"))?;
        self.spare = Some(spare);
        result
    }
}

/// The terminal's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    /// Where it stands matters to nobody.
    Hidden,
    At(Position),
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Style};

    use super::*;

    fn screen(width: u16, height: u16) -> Screen {
        Screen::new(Size { width, height }, Grade::Full).unwrap()
    }

    fn frame(screen: &mut Screen, text: &str, cursor: Option<Position>) -> String {
        screen.frame(|picture| {
            let style = Style::new().fg(Color::Red);
            picture.set_stringn(0, 0, text, picture.area.width.into(), style);
            cursor
        });
        String::from_utf8(std::mem::take(&mut screen.buffer)).unwrap()
    }

    #[test]
    fn an_unchanged_frame_has_no_bytes() {
        for cursor in [None, Some(Position::new(3, 0))] {
            let mut screen = screen(20, 2);
            let first = frame(&mut screen, "sessions", cursor);

            let second = frame(&mut screen, "sessions", cursor);

            assert!(first.contains("sessions"), "{first:?}");
            assert_eq!(second, "", "cursor {cursor:?}");
        }
    }

    #[test]
    fn only_changed_cells_are_sent() {
        let mut screen = screen(20, 2);
        frame(&mut screen, "sessions", None);

        let bytes = frame(&mut screen, "sessionX", None);

        assert_eq!(bytes, "\x1b[1;8H\x1b[31mX\x1b[0m");
    }

    #[test]
    fn the_cursor_is_put_back_after_other_cells_changed() {
        let mut screen = screen(20, 2);
        let at = Some(Position::new(3, 1));
        let first = frame(&mut screen, "sessions", at);

        let bytes = frame(&mut screen, "sessionX", at);
        let hidden = frame(&mut screen, "sessionX", None);

        assert!(first.ends_with("\x1b[2;4H\x1b[?25h"), "{first:?}");
        assert!(bytes.ends_with("\x1b[2;4H"), "{bytes:?}");
        assert_eq!(hidden, "\x1b[?25l");
    }

    #[test]
    fn sizes_of_zero_and_one_are_drawn() {
        for (width, height) in [(0, 0), (1, 1), (0, 5), (5, 0), (300, 1)] {
            let mut screen = screen(20, 2);
            frame(&mut screen, "sessions", None);

            screen.resize(Size { width, height });
            screen.frame(|picture| {
                assert_eq!((picture.area.width, picture.area.height), (width, height));
                None
            });
        }
    }

    #[test]
    fn a_full_redraw_asks_the_terminal_nothing() {
        let mut screen = screen(20, 2);
        frame(&mut screen, "sessions", None);

        screen.forget();
        let bytes = frame(&mut screen, "sessions", None);

        assert!(!bytes.contains("\x1b[6"), "no position report: {bytes:?}");
        assert!(bytes.contains("sessions"), "{bytes:?}");
    }
}
