//! The pure view: paints the state, decides nothing and changes nothing.

mod bars;
mod details;
mod dialog;
mod drawn;
mod empty;
mod form;
pub mod picture;
mod svg;
mod table;
mod text;
pub mod theme;
pub mod themes;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::area::Mode;
use crate::app::dialogs::first_run::FirstRun;
use crate::app::state::{Pane, State};

pub use theme::{Depth, Role, Theme};
pub use themes::Themes;

use text::Canvas;

/// Draws the whole screen into a buffer. Returns where the terminal's cursor is to be; `None`: hidden.
pub fn draw(state: &State, theme: &Theme, buffer: &mut Buffer) -> Option<Position> {
    let mut canvas = Canvas::new(buffer, theme, state.prefs.ascii);
    canvas.only_ascii = state.prefs.only_ascii;
    let screen = Rect::from((Position::ORIGIN, state.size));
    canvas.fill(screen, Role::Text);
    if state.layout.mode == Mode::TooSmall {
        bars::too_small(state, &mut canvas);
        return None;
    }
    if state.dialogs.iter().any(|dialog| dialog.is::<FirstRun>()) {
        bars::first_run_header(state, &mut canvas);
    } else {
        main_screen(state, &mut canvas);
    }
    bars::hints(state, &mut canvas);
    for (index, view) in state.layout.dialogs.iter().enumerate() {
        canvas.cursor = None;
        let top = index + 1 == state.layout.dialogs.len();
        dialog::draw(state, view, top, &mut canvas);
    }
    canvas.cursor
}

fn main_screen(state: &State, canvas: &mut Canvas<'_>) {
    bars::header(state, canvas);
    bars::tabs(state, canvas);
    form::draw(state, canvas);
    table::draw(state, canvas);
    details::draw(state, canvas);
    bars::status(state, canvas);
}

/// True if this pane receives the keys.
fn has_focus(state: &State, pane: Pane) -> bool {
    state.focus == pane && state.dialogs.is_empty()
}

/// One of the signs of the spinner: eight a second, by the clock of the state.
fn spinner(state: &State, ascii: bool) -> &'static str {
    const SIGNS: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"];
    const PLAIN: [&str; 4] = ["|", "/", "-", "\\"];
    let eighth = state.now.timestamp_millis().div_euclid(125);
    if ascii {
        PLAIN[eighth.rem_euclid(4) as usize]
    } else {
        SIGNS[eighth.rem_euclid(8) as usize]
    }
}
