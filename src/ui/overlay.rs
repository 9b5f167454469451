//! Dialogs over the main screen.

use super::text::Canvas;
use super::theme::Role;
use crate::app::area::Area;
use crate::app::dialog_view::{DialogView, ViewLine};
use crate::app::dialogs;
use crate::app::overlay::Overlay;
use crate::app::state::State;

/// Draws one dialog; only the top one has the focus and the cursor.
pub fn draw(state: &State, overlay: &Overlay, top: bool, canvas: &mut Canvas<'_>) {
    let sheet = dialogs::sheet(state, overlay);
    if sheet.area.is_empty() {
        return;
    }
    canvas.fill(sheet.area, Role::Text);
    let role = match (sheet.danger, top) {
        (true, _) => Role::Danger,
        (false, true) => Role::BorderFocus,
        (false, false) => Role::Border,
    };
    canvas.border_in(sheet.area, top, role);
    let title = if sheet.danger {
        Role::Danger
    } else {
        Role::Title
    };
    canvas.title(sheet.area, &sheet.title, title);
    footer(&sheet, canvas);
    for (area, line) in sheet.visible() {
        draw_line(area, line, canvas);
    }
    if top {
        canvas.cursor = sheet.cursor();
    }
}

/// The keys of the dialog in its lower border; where they do not fit, those at the left are left out.
fn footer(sheet: &DialogView, canvas: &mut Canvas<'_>) {
    let row = sheet.area.height.saturating_sub(1);
    let room = usize::from(sheet.area.width.saturating_sub(6));
    let mut text = sheet.footer.as_str();
    while crate::model::text::width_cols(text) > room {
        match text.split_once(" · ") {
            Some((_, rest)) => text = rest,
            None => return,
        }
    }
    canvas.right(sheet.area, row, sheet.area.x, text, Role::Dim);
}

fn draw_line(area: Area, line: &ViewLine, canvas: &mut Canvas<'_>) {
    let mut x = 0;
    for part in &line.parts {
        x += canvas.text(area, x, &part.text, part.role);
    }
}
