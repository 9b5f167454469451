//! Says on standard error how far a list has come that needs many requests.

use std::time::Duration;

use tokio::time::Instant;

use super::ctx::Ctx;
use super::waits::{draw, has_status_line};
use crate::reading::{PageRead, Then};

/// Pause between two words on a terminal, where each replaces the one before.
const REDRAW: Duration = Duration::from_millis(200);
/// Pause between two lines elsewhere, and before the first one.
const LINE: Duration = Duration::from_secs(10);

/// The headway of one list: on a terminal one line that is drawn anew, elsewhere a line from time to time.
pub(crate) struct HeadwayLine {
    ctx: Ctx,
    terminal: bool,
    /// When the next word is due.
    due: Instant,
    is_drawn: bool,
}

impl HeadwayLine {
    /// Says nothing yet; with `--quiet` nothing at all.
    pub(crate) fn new(ctx: &Ctx) -> Self {
        let terminal = has_status_line();
        Self {
            ctx: ctx.clone(),
            terminal,
            due: Instant::now() + if terminal { REDRAW } else { LINE },
            is_drawn: false,
        }
    }

    /// A page has come.
    pub(crate) fn page(&mut self, profile: &str, page: &PageRead) {
        if page.then != Then::Next {
            if self.is_drawn {
                draw("");
            }
            return;
        }
        let Some(headway) = page.headway.as_ref().filter(|_| !self.ctx.global.quiet) else {
            return;
        };
        let now = Instant::now();
        if now < self.due {
            return;
        }
        if self.terminal {
            self.due = now + REDRAW;
            self.is_drawn = true;
            draw(&format!("{profile}: {headway}"));
        } else {
            self.due = now + LINE;
            self.ctx.note(&format!("note: {profile}: {headway}"));
        }
    }
}
