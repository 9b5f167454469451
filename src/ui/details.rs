//! The details of the session under the cursor.

use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Margin, Position, Rect};

use super::has_focus;
use super::text::Canvas;
use super::theme::Role;
use crate::app::action::{Action, Context};
use crate::app::area::{BORDER, Mode, nth_row};
use crate::app::detail_line::LineKind;
use crate::app::dialog_view::FieldText;
use crate::app::lines;
use crate::app::scrollbar::ScrollTrack;
use crate::app::state::{Pane, State};

/// Draws the details.
pub fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let all = &state.layout;
    if all.details.is_empty() {
        return;
    }
    let focused = has_focus(state, Pane::Details);
    canvas.border(all.details, focused);
    let from = match all.mode {
        Mode::Tabs => all.details.x,
        _ => canvas.title(all.details, "Details", Role::Title),
    };
    if all.lines.is_empty() {
        let row = nth_row(all.details.inner(BORDER), 1);
        canvas.text(row, 1, "Nothing selected.", Role::Dim);
        return;
    }
    right_title(state, all.details, from, canvas);
    lower_border(state, all.details, canvas);
    if let Some(track) = ScrollTrack::of(state, Pane::Details) {
        canvas.scrollbar(track, focused);
    }
    let inner = all.details.inner(BORDER).inner(Margin::new(1, 0));
    let right = lines::right_column(inner.width);
    let halves = Layout::horizontal([Length(right.saturating_sub(1)), Fill(1)]).spacing(1);
    let halves: [Rect; 2] = halves.areas(inner);
    for (row, visual) in inner.rows().zip(all.rows.iter().skip(state.details.top)) {
        let Some(second) = visual.right else {
            draw_line(state, row, visual.left, focused, canvas);
            continue;
        };
        for (half, index) in halves.into_iter().zip([visual.left, second]) {
            draw_line(state, half.intersection(row), index, focused, canvas);
        }
    }
}

fn key(state: &State, action: Action) -> String {
    let keys = state.keymap.keys(Context::Details, action);
    keys.first().map(ToString::to_string).unwrap_or_default()
}

fn right_title(state: &State, area: Rect, from: u16, canvas: &mut Canvas<'_>) {
    let text = match (lines::is_short(state), state.details.raw) {
        _ if state.details.reading => "refreshing …".to_owned(),
        (true, _) => format!(
            "{} all {} fields",
            key(state, Action::Open),
            lines::field_count(state)
        ),
        (false, true) => format!("{} fields", key(state, Action::RawJson)),
        (false, false) => format!("{} raw JSON", key(state, Action::RawJson)),
    };
    canvas.right(area, 0, from, &text, Role::Dim);
}

/// The text that is searched for, and how much of everything is on screen.
fn lower_border(state: &State, area: Rect, canvas: &mut Canvas<'_>) {
    if lines::is_short(state) {
        return;
    }
    let row = area.height.saturating_sub(1);
    let count = lines::count_words(state);
    let Some(find) = &state.details.find else {
        canvas.right(area, row, area.x, &count, Role::Dim);
        return;
    };
    let room = super::text::border_room(area, row);
    let width = room.width.min(30);
    let mut x = canvas.text(room, 0, " find: ", Role::Key);
    let (shown, cursor) = FieldText::of(&find.input).window(width.saturating_sub(8));
    let style = canvas.style(Role::Input);
    let field = x;
    x += canvas.outside(room, x, &shown, style);
    canvas.text(room, x, " ", Role::Text);
    if find.editing && has_focus(state, Pane::Details) {
        canvas.cursor = Some(Position::new(room.x + field + cursor, room.y));
    }
    let found = state.layout.lines.iter().filter(|line| line.found).count();
    let words = format!("{found} found · {count}");
    canvas.right(area, row, room.x + x + 1, &words, Role::Dim);
}

fn draw_line(state: &State, area: Rect, index: usize, focused: bool, canvas: &mut Canvas<'_>) {
    let lines = &state.layout.lines;
    let line = &lines[index];
    let label = if line.found { Role::Mark } else { Role::Dim };
    canvas.text(area, 0, &line.label, label);
    let x = line.label_cells() as u16;
    let style = canvas.style(line.role);
    match line.kind {
        LineKind::Life | LineKind::Heading => {
            let text = line.text();
            canvas.text(area, x, &text, line.role);
        }
        _ => {
            canvas.pieces(area, x, &line.value, style);
        }
    }
    if focused && state.details.line.min(lines.len() - 1) == index {
        let selection = canvas.style(Role::Selection);
        canvas.restyle(area, selection);
        let mark = Rect::new(area.x.saturating_sub(1), area.y, 1, 1);
        canvas.text(mark, 0, ">", Role::Text);
    }
}
