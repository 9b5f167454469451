//! A real terminal around a real program: types into it, reads what it shows, sees how it leaves.
//!
//! A thread reads and stamps what arrives; it is interpreted by whoever waits, so that interpreting
//! never delays the reading. Nothing here answers queries of the program: one that waits for an
//! answer fails its test.

#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{
    ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system,
};
use vt100::{MouseProtocolMode, Parser, Screen};

/// The longest wait for anything.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Some bytes of the program, and when they were there.
pub struct Chunk {
    pub at: Instant,
    pub bytes: Vec<u8>,
}

/// A program in a terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    chunks: Receiver<Chunk>,
    stop_reading: Arc<AtomicBool>,
    hold: Arc<AtomicBool>,
    /// Bytes a second that the line carries; 0: all at once.
    pace: Arc<AtomicUsize>,
    ended: Receiver<ExitStatus>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    parser: Parser,
    modes_before: String,
    let_go: bool,
    /// Everything the program has written.
    pub written: Vec<u8>,
    /// The process.
    pub pid: i32,
}

/// The command line of a program with a clean environment and `TERM=xterm-256color`.
pub fn command(program: &str, home: &std::path::Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in [
        ("PATH", std::env::var("PATH").unwrap_or_default().as_str()),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        // A trace takes seconds in a debug build and scrolls the message away.
        ("RUST_BACKTRACE", "0"),
    ] {
        command.env(name, value);
    }
    for (name, folder) in [
        ("HOME", ""),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        command.env(name, home.join(folder));
    }
    command.cwd(home);
    command
}

impl Pty {
    /// Starts a program in a terminal of this size.
    pub fn start(command: CommandBuilder, cols: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(size(cols, rows))
            .expect("a pseudo-terminal");
        let master = pair.master;
        let modes_before = modes(&*master);
        let mut reader = master.try_clone_reader().expect("a reader");
        let writer = master.take_writer().expect("a writer");
        let mut child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        // Else the terminal never closes.
        drop(pair.slave);
        let pid = child.process_id().expect("it runs") as i32;
        let killer = child.clone_killer();

        let (send, ended) = channel();
        thread::spawn(move || {
            let _ = send.send(child.wait().expect("its end can be waited for"));
        });
        let stop_reading = Arc::new(AtomicBool::new(false));
        let stopped = stop_reading.clone();
        let hold = Arc::new(AtomicBool::new(false));
        let held = hold.clone();
        let pace = Arc::new(AtomicUsize::new(0));
        let paced = pace.clone();
        let (send, chunks) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while !stopped.load(Ordering::SeqCst) {
                while held.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                let at_once = match paced.load(Ordering::SeqCst) {
                    0 => buffer.len(),
                    a_second => {
                        thread::sleep(Duration::from_millis(50));
                        (a_second / 20).max(1)
                    }
                };
                // Linux says EIO when nobody has the other side open any more.
                let Ok(length @ 1..) = reader.read(&mut buffer[..at_once]) else {
                    break;
                };
                let chunk = Chunk {
                    at: Instant::now(),
                    bytes: buffer[..length].to_vec(),
                };
                if send.send(chunk).is_err() {
                    break;
                }
            }
        });
        Self {
            master,
            writer,
            chunks,
            stop_reading,
            hold,
            pace,
            ended,
            killer,
            parser: parser(cols, rows),
            modes_before,
            let_go: false,
            written: Vec::new(),
            pid,
        }
    }

    /// Types; `\x1b[3~` is Delete.
    pub fn keys(&mut self, bytes: &str) {
        self.writer
            .write_all(bytes.as_bytes())
            .expect("it can be typed");
        self.writer.flush().expect("it can be typed");
    }

    /// Pastes as a terminal does that was asked to bracket it.
    pub fn paste(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Changes the size of the terminal. Zero is possible, as it is for real ones.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.master
            .resize(size(cols, rows))
            .expect("it can be resized");
        self.parser
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(cols));
    }

    /// Stops reading what the program writes, as Ctrl-S does, or goes on with it. One read that has
    /// begun is done first.
    pub fn hold(&self, hold: bool) {
        self.hold.store(hold, Ordering::SeqCst);
    }

    /// From the next read on the line carries so many bytes a second.
    pub fn slow_down(&self, bytes_a_second: usize) {
        self.pace.store(bytes_a_second, Ordering::SeqCst);
    }

    /// The picture as it is now. A frame that has begun is waited for, up to a second.
    pub fn screen(&mut self) -> &Screen {
        self.take_all();
        let end = Instant::now() + Duration::from_secs(1);
        while self.in_a_frame() && self.take_until(end) {}
        self.parser.screen()
    }

    /// The text of the picture as it is now.
    pub fn text(&mut self) -> String {
        self.screen().contents()
    }

    /// Waits until the picture fits.
    pub fn wait_until(&mut self, what: &str, fits: impl Fn(&Screen) -> bool) {
        let end = Instant::now() + LIMIT;
        self.take_all();
        while self.in_a_frame() || !fits(self.parser.screen()) {
            assert!(
                self.take_until(end),
                "waited in vain for {what}; the screen:\n{}",
                self.framed()
            );
        }
    }

    /// Waits until this text is to be seen.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until this text is not to be seen any more.
    pub fn wait_gone(&mut self, text: &str) {
        self.wait_until(&format!("{text:?} to go"), |screen| {
            !screen.contents().contains(text)
        });
    }

    /// Waits until nothing has been written for so long.
    pub fn wait_quiet(&mut self, pause: Duration) {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            match self.chunks.recv_timeout(pause) {
                Ok(chunk) => self.take(chunk),
                Err(_) => return,
            }
        }
        panic!("it never stops writing; the screen:\n{}", self.framed());
    }

    /// Takes what arrives for so long.
    pub fn settle(&mut self, pause: Duration) {
        let end = Instant::now() + pause;
        while self.take_until(end) {}
    }

    /// The next bytes, for measuring. `None`: none came in time, or the program has ended.
    pub fn next_chunk(&mut self, limit: Duration) -> Option<Chunk> {
        self.chunks.recv_timeout(limit).ok()
    }

    /// Puts measured bytes into the picture.
    pub fn take(&mut self, chunk: Chunk) {
        self.parser.process(&chunk.bytes);
        self.written.extend_from_slice(&chunk.bytes);
    }

    fn take_all(&mut self) {
        while let Ok(chunk) = self.chunks.try_recv() {
            self.take(chunk);
        }
    }

    /// True while only a part of a frame has arrived: such a picture was never meant to be seen.
    fn in_a_frame(&self) -> bool {
        let last = |mark: &[u8]| {
            let mut places = self.written.windows(mark.len());
            places.rposition(|bytes| bytes == mark)
        };
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }

    fn take_until(&mut self, end: Instant) -> bool {
        match self
            .chunks
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            Ok(chunk) => {
                self.take(chunk);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits for the end of the program and says its exit code. No signal may have killed it.
    pub fn exit_code(&mut self) -> u32 {
        self.exit_code_within(LIMIT)
    }

    /// The same with another limit.
    pub fn exit_code_within(&mut self, limit: Duration) -> u32 {
        let Ok(status) = self.ended.recv_timeout(limit) else {
            panic!(
                "it did not end within {limit:?}; the screen:\n{}",
                self.framed()
            );
        };
        assert_eq!(status.signal(), None, "it was killed");
        // Reads its last output: the reading thread ends with the terminal.
        let end = Instant::now() + limit;
        while self.take_until(end) {}
        status.exit_code()
    }

    /// Waits until a signal that cannot be caught has ended the program.
    pub fn wait_killed(&mut self) {
        let status = self.ended.recv_timeout(LIMIT).expect("it ends");
        assert!(status.signal().is_some(), "it ended by itself: {status:?}");
    }

    /// Checks that it has given back everything it took.
    pub fn assert_given_back(&mut self) {
        let modes_now = modes(&*self.master);
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert_eq!(
            screen.mouse_protocol_mode(),
            MouseProtocolMode::None,
            "the mouse is free"
        );
        assert!(!screen.application_cursor(), "arrow keys are as before");
        assert_eq!(
            modes_now, self.modes_before,
            "the modes of the line are as before"
        );
    }

    /// True if the line is in the modes that it had before the start.
    pub fn has_modes_of_before(&self) -> bool {
        modes(&*self.master) == self.modes_before
    }

    /// Closes the terminal while the program runs. `nudge` is a key that makes it write, so that the
    /// reading thread wakes up and lets go as well. Hands back where its end can be waited for.
    pub fn hang_up(mut self, nudge: &str) -> Receiver<ExitStatus> {
        self.stop_reading.store(true, Ordering::SeqCst);
        self.keys(nudge);
        while self.take_until(Instant::now() + LIMIT) {}
        self.let_go = true;
        let (_, nothing) = channel();
        std::mem::replace(&mut self.ended, nothing)
    }

    /// The picture in a frame, for messages of failed tests.
    pub fn framed(&mut self) -> String {
        let text = self.text();
        text.lines().map(|line| format!("│{line}\n")).collect()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Fails if it has ended, as it should have.
        if !self.let_go && self.ended.try_recv().is_err() {
            let _ = self.killer.kill();
        }
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        cols,
        rows,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn at_least_one(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count.max(1)).expect("one or more")
}

fn parser(cols: u16, rows: u16) -> Parser {
    Parser::new(at_least_one(rows), at_least_one(cols), 0)
}

fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().expect("the line has modes");
    format!("{modes:?}")
}

/// The processor time of a process so far, in the program and in the system.
pub fn processor_time(pid: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let after = stat.rsplit(") ").next().unwrap_or_default();
    // Fields 14 and 15; the name in brackets, which may hold spaces, is field 2. Linux counts in
    // hundredths of a second here, whatever its own clock does.
    let ticks = after.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(|ticks| ticks.parse::<u64>().expect("a number"));
    Duration::from_millis(ticks.sum::<u64>() * 10)
}
