//! Says on standard error that a server makes a command wait.

use std::env;
use std::io::{self, IsTerminal, Write};

use super::ctx::Ctx;
use crate::api::{Countdown, Waits};
use crate::model::text::cut_end;
use crate::model::time;

/// Tells of every wait of a profile until its client has ended: on a terminal one line that counts down,
/// elsewhere a line when a wait begins and one when it ends.
pub(crate) async fn tell(ctx: Ctx, profile: String, waits: Waits) {
    if ctx.global.quiet {
        return;
    }
    let terminal = has_status_line();
    let mut countdown = Countdown::new(waits);
    let mut begun = false;
    while let Some(wait) = countdown.next().await {
        let words = wait.as_ref().map(|(wait, left)| {
            let (host, code, left) = (&wait.host, &wait.code, time::span(*left));
            format!("{profile}: {host} answered {code} and asks to wait {left}")
        });
        match words {
            Some(words) if terminal => draw(&words),
            None if terminal => draw(""),
            Some(words) if !begun => ctx.note(&format!("note: {words}; waiting")),
            Some(_) => {}
            None => ctx.note(&format!("note: {profile}: the wait is over")),
        }
        begun = wait.is_some();
    }
}

/// True if standard error is a terminal on which a line can be redrawn.
pub(super) fn has_status_line() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// Draws the line anew, in place of what it said before. Nobody can be told when that fails.
pub(super) fn draw(words: &str) {
    let mut err = io::stderr();
    let width = rustix::termios::tcgetwinsize(&err).map_or(80, |size| usize::from(size.ws_col));
    let words = cut_end(words, width.saturating_sub(1), Default::default());
    let _ = write!(err, "\r{words}\u{1b}[K");
    let _ = err.flush();
}
