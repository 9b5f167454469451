//! Dialogs over the main screen.

use ratatui::layout::Rect;

use super::text::Canvas;
use super::theme::Role;
use crate::app::dialog_view::{DialogView, ViewLine};
use crate::app::state::{Lock, State};

/// The reply of a question to an answer that came too soon to be meant.
const TOO_SOON: &str = "too soon: wait, then press it again";

/// Draws one dialog; only the top one has the focus and the cursor.
pub fn draw(state: &State, view: &DialogView, top: bool, canvas: &mut Canvas<'_>) {
    if view.area.is_empty() {
        return;
    }
    canvas.fill(view.area, Role::Text);
    let role = match (view.danger, top) {
        (true, _) => Role::BorderDanger,
        (false, true) => Role::BorderFocus,
        (false, false) => Role::Border,
    };
    canvas.border_in(view.area, top, role);
    let title = if view.danger {
        Role::Danger
    } else {
        Role::Title
    };
    canvas.title(view.area, &view.title, title);
    if view.banner {
        let bar = Rect {
            height: 1,
            ..view.area
        };
        let style = canvas.style(Role::Banner);
        canvas.restyle(bar, style);
    }
    footer(state, view, canvas);
    for (area, line) in view.visible() {
        draw_line(area, line, view.danger, canvas);
    }
    if top {
        canvas.cursor = view.cursor();
    }
}

/// The keys of the dialog in its lower border; where they do not fit, those at the left are left out.
fn footer(state: &State, view: &DialogView, canvas: &mut Canvas<'_>) {
    let row = view.area.height.saturating_sub(1);
    let room = usize::from(view.area.width.saturating_sub(6));
    let mut text = match state.lock {
        Lock::TooSoon => TOO_SOON,
        _ => view.footer.as_str(),
    };
    while crate::model::text::width_cols(text) > room {
        match text.split_once(" · ") {
            Some((_, rest)) => text = rest,
            None => return,
        }
    }
    canvas.right(view.area, row, view.area.x, text, Role::Dim);
}

fn draw_line(area: Rect, line: &ViewLine, danger: bool, canvas: &mut Canvas<'_>) {
    let mut x = 0;
    for part in &line.parts {
        let mut style = canvas.style(part.role);
        if danger && part.role == Role::ButtonFocus {
            style = canvas.style(Role::Danger).patch(style);
        }
        x += canvas.styled(area, x, &part.text, style);
    }
}
