//! Taking the terminal and giving it back, whatever happens in between.
//!
//! [`leave`] may be called any number of times from any thread: from the loop, from the panic hook,
//! while a frame is being written. It never waits for long, since the terminal may have stopped reading.

use std::ffi::OsStr;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::style::Colored;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio;

use crate::logging;
use crate::model::text::{ascii_only, display_safe};

/// Exit code when the terminal has gone away.
pub const LOST: u8 = 74;
/// Exit code after a panic.
pub const PANICKED: u8 = 101;

/// True while usher controls the terminal.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// True while a frame is being written to the terminal.
static WRITING: AtomicBool = AtomicBool::new(false);

/// How long [`leave`] waits for a frame that is being written, and for a terminal that does not read.
const PATIENCE: Duration = Duration::from_millis(100);

/// The abilities of a terminal, by its name in `TERM`. It is not asked: some never answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The sequences of a VT100 and no colours: a VT terminal, one named monochrome, or no name at all.
    Plain,
    /// Colours, the mouse and frames that appear at once.
    Full,
}

impl Grade {
    /// Of the terminal of this process.
    pub fn here() -> Self {
        Self::of(&std::env::var_os("TERM").unwrap_or_default())
    }

    /// Of a name as it stands in `TERM`.
    pub fn of(term: &OsStr) -> Self {
        let term = term.to_string_lossy();
        let is_vt = term
            .strip_prefix("vt")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let is_mono = term
            .split('-')
            .skip(1)
            .any(|part| part == "m" || part == "mono");
        if term.is_empty() || term == "dumb" || is_vt || is_mono {
            Self::Plain
        } else {
            Self::Full
        }
    }
}

// Alternate screen, erased; pasted text is told apart from typed; no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l";
// A frame may have broken off: CAN ends a half-sent sequence, then synchronized update and colours.
const LEAVE: &[u8] =
    b"\x18\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";
const LEAVE_PLAIN: &[u8] = b"\x18\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h";
// Presses, releases, the wheel, and movements while a button is down; not every movement, which would send
// bytes all the time.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Why the screen cannot start here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScreen {
    /// Standard input or output is no terminal.
    #[error("not a terminal; try `usher list`")]
    NotATerminal,
    /// `TERM=dumb`: it cannot place the cursor.
    #[error("this terminal cannot show a screen (TERM=dumb); try `usher list`")]
    Dumb,
}

/// Checks that the screen can be shown here.
///
/// # Errors
/// [`NoScreen`] says why not, as one line for people; the exit code is 2.
pub fn check() -> Result<(), NoScreen> {
    use std::io::IsTerminal;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(NoScreen::NotATerminal);
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Err(NoScreen::Dumb),
        _ => Ok(()),
    }
}

/// True if usher captures the mouse too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// Clicks and the wheel come to us.
    Taken,
    /// The terminal selects text with it.
    Free,
}

/// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor.
///
/// # Errors
/// The terminal cannot be set or written.
pub fn enter(mouse: Mouse) -> io::Result<()> {
    // The theme decides about colour. crossterm's own way of obeying NO_COLOR sends an empty colour
    // sequence, which resets bold and reverse as well and makes the selected row invisible.
    Colored::set_ansi_color_disabled(false);
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    write_all(ENTER)?;
    match mouse {
        Mouse::Taken => write_all(mouse_bytes(mouse)),
        Mouse::Free => Ok(()),
    }
}

/// Gives the terminal back as it was. Does nothing if it is not taken.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let end = Instant::now() + PATIENCE;
    while WRITING.load(Ordering::SeqCst) && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
    if is_writable_within(PATIENCE) {
        let _ = write_all(match Grade::here() {
            Grade::Full => LEAVE,
            Grade::Plain => LEAVE_PLAIN,
        });
    }
    let _ = disable_raw_mode();
}

/// The bytes that take or free the mouse; none for a terminal that has none.
pub fn mouse_bytes(mouse: Mouse) -> &'static [u8] {
    match (Grade::here(), mouse) {
        (Grade::Plain, _) => &[],
        (Grade::Full, Mouse::Taken) => MOUSE_ON,
        (Grade::Full, Mouse::Free) => MOUSE_OFF,
    }
}

/// Writes a frame. May wait as long as the terminal does not read; runs on a thread of its own.
///
/// # Errors
/// The terminal is gone.
pub fn write_frame(bytes: &[u8]) -> io::Result<()> {
    WRITING.store(true, Ordering::SeqCst);
    // Another thread may have given the terminal back just now; then this frame has no place any more.
    let result = if ENTERED.load(Ordering::SeqCst) {
        write_all(bytes)
    } else {
        Ok(())
    };
    WRITING.store(false, Ordering::SeqCst);
    result
}

/// Ends the program because the terminal has gone: nothing is printed and nothing is put back,
/// since there is nothing to print to.
pub fn lost() -> ! {
    // crossterm 0.29 spins in its reader when the terminal vanishes (its issue 793), so its thread is not waited for.
    std::process::exit(i32::from(LOST))
}

/// True if the terminal on standard input goes away within this time. Waits that long if it does
/// not, and neither reads nor writes a byte.
///
/// # Errors
/// The system cannot tell.
pub fn is_gone_within(limit: Duration) -> io::Result<bool> {
    let stdin = stdio::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    match poll(&mut fds, Some(&timespec(limit))) {
        Ok(_) => Ok(fds[0].revents().intersects(gone)),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes every panic, in whatever thread or task, give the terminal back, say one line and end the program.
///
/// `log` is where the rest can be read. Texts of a panic may quote data, so what stands in quotes is
/// left out, on the terminal as in the log.
pub fn set_panic_hook(log: Option<String>) {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        std::panic::set_hook(Box::new(move |info| {
            leave();
            let message = without_quotes(text_of(info.payload()));
            let place = info
                .location()
                .map_or_else(String::new, |l| format!(" at {l}"));
            tracing::error!(place, message, "panic");
            let log = log
                .as_deref()
                .map_or_else(String::new, |l| format!(" The log is in {l}."));
            let line = format!("usher: stopped by an error of its own{place}: {message}.{log}\n");
            let line = if super::locale::speaks_utf8() {
                line.into()
            } else {
                ascii_only(&line)
            };
            let _ = rustix::io::write(stdio::stderr(), line.as_bytes());
            logging::end();
            std::process::exit(i32::from(PANICKED));
        }));
    });
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The text without its quoted parts, cleaned and cut at 300 characters. A quoted text may hold
/// quotes itself, so everything from the first one to the last one of the same kind is left out.
fn without_quotes(text: &str) -> String {
    let mut kept = text.to_owned();
    for quote in ['"', '`'] {
        let Some(first) = kept.find(quote) else {
            continue;
        };
        let last = kept.rfind(quote).filter(|last| *last > first);
        let rest = last.map_or("", |last| &kept[last..]);
        kept = format!("{}{quote}…{rest}", &kept[..first]);
    }
    display_safe(&kept).chars().take(300).collect()
}

fn timespec(limit: Duration) -> Timespec {
    Timespec {
        tv_sec: limit.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    }
}

fn is_writable_within(limit: Duration) -> bool {
    let stdout = stdio::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::OUT)];
    poll(&mut fds, Some(&timespec(limit))).is_ok_and(|ready| ready > 0)
        && fds[0].revents().contains(PollFlags::OUT)
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    // Past std's lock: the thread that holds it may be the one that panicked.
    while !bytes.is_empty() {
        match rustix::io::write(stdio::stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_quotes_is_not_repeated() {
        let cases = [
            (
                "index out of bounds: the len is 3",
                "index out of bounds: the len is 3",
            ),
            (
                "byte index 2 is not a char boundary of `s3cret`",
                "byte index 2 is not a char boundary of `…`",
            ),
            ("cannot read \"tok\" and `x`", "cannot read \"…\" and `…`"),
            (
                r#"an `Err` value: Error("of \"s3cret\" and `tok`")"#,
                "an `…` value: Error(\"…\")",
            ),
            ("at \"a` of `s3cret\" is `tok`", "at \"…\" is `…`"),
            ("open `never closed", "open `…"),
        ];
        for (text, expected) in cases {
            let shown = without_quotes(text);

            assert!(shown.starts_with(expected.trim_end_matches('`')), "{shown}");
            assert!(
                !shown.contains("s3cret") && !shown.contains("tok"),
                "{shown}"
            );
        }
    }

    #[test]
    fn the_name_of_a_terminal_tells_what_it_understands() {
        for term in ["", "dumb", "vt100", "vt220-8bit", "xterm-mono", "linux-m"] {
            assert_eq!(Grade::of(OsStr::new(term)), Grade::Plain, "{term}");
        }
        for term in [
            "xterm",
            "xterm-256color",
            "linux",
            "tmux",
            "vte",
            "no-such-name",
        ] {
            assert_eq!(Grade::of(OsStr::new(term)), Grade::Full, "{term}");
        }
    }

    #[test]
    fn leaving_a_terminal_that_was_never_taken_does_nothing() {
        leave();

        assert!(!ENTERED.load(Ordering::SeqCst));
    }
}
