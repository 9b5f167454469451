//! Where the fields of the search form are, folded and unfolded.

use ratatui::layout::Constraint::{self, Fill, Length};
use ratatui::layout::{Layout, Rect};

use super::action::{Action, Context};
use super::area::{BORDER, Mode};
use super::form::{FormField, TextField};
use super::form_fields::{fields, is_set, marked, plan_height, state_word};
use super::form_line::FormLine;
use super::screen_layout::Placed;
use super::state::State;

/// Cells of the label column of the unfolded form, the blank behind it included.
const LABELS: u16 = 15;
/// Room kept right of the unfolded fields for examples and errors, where the form is wide enough.
pub const NOTES: u16 = 28;
/// From this width of the inside on there is such room.
pub const NOTES_FROM: u16 = 70;
const WIDEST_FIELD: u16 = 60;
/// Room that the fields of the two-line form share at most; more would not be easier to read.
const WIDEST_LINE: u16 = 150;

/// The text in place of the fields that are folded away, and whether any of them is filled in.
pub fn more(state: &State) -> Option<(String, bool)> {
    let shown = shown_folded(state);
    let away: Vec<FormField> = fields(state)
        .into_iter()
        .filter(|field| !shown.contains(field))
        .collect();
    let set = away.iter().filter(|f| is_set(state, **f)).count();
    let key = state
        .keymap
        .keys(Context::Global, Action::Unfold)
        .first()
        .map_or(String::new(), |key| format!(" ({key})"));
    match (away.len(), set) {
        (0, _) => None,
        (count, 0) => Some((format!("+{count} more{key}"), false)),
        (_, set) => Some((format!("{set} set{key}"), true)),
    }
}

/// Where the lines of the plan are in the unfolded form; empty if there is no room.
pub fn plan_area(state: &State) -> Rect {
    let inner = state.layout.form.inner(BORDER);
    if inner.is_empty() || !is_list(state) {
        return Rect::default();
    }
    let (_, plan_row) = list_rows(state, inner.height);
    Rect {
        x: inner.x + 1,
        y: inner.y + plan_row,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(plan_row),
    }
}

/// True if the form is a list of fields, one a line.
pub fn is_list(state: &State) -> bool {
    let is_open = state.form.unfolded && !state.layout.is_form_line;
    is_open || state.layout.mode == Mode::Tabs
}

/// Where the fields are now; only those on screen.
pub(super) fn place(state: &State) -> Vec<Placed> {
    if state.layout.is_form_line {
        return vec![unfold(state)];
    }
    let inner = state.layout.form.inner(BORDER);
    if inner.is_empty() {
        return Vec::new();
    }
    if is_list(state) {
        return list(state, inner);
    }
    match state.layout.mode {
        Mode::Wide | Mode::Tall => two_lines(state, inner),
        _ => one_line(state, inner),
    }
}

/// The key at the end of the line that stands for the form.
fn unfold(state: &State) -> Placed {
    let row = state.layout.form;
    let cells = FormLine::of(state).tail() as u16;
    let x = row.right().saturating_sub(cells).max(row.x);
    let area = Rect::new(x, row.y, cells.min(row.width).saturating_sub(1), row.height);
    Placed {
        field: FormField::More,
        label: String::new(),
        label_x: x,
        area,
    }
}

/// The row of the buttons and the first row of the plan, in an unfolded form of this height.
fn list_rows(state: &State, height: u16) -> (u16, u16) {
    let fields = fields(state).len() as u16;
    let mut blanks = height.saturating_sub(fields + 1 + plan_height(state));
    let mut blank = || {
        let one = blanks.min(1);
        blanks -= one;
        one
    };
    let buttons = fields + blank();
    let plan = buttons + 1 + blank();
    (buttons, plan)
}

fn list(state: &State, inner: Rect) -> Vec<Placed> {
    let fields = fields(state);
    let (buttons, _) = list_rows(state, inner.height);
    let width = match inner.width {
        NOTES_FROM.. => (inner.width - LABELS - 3 - NOTES).min(WIDEST_FIELD),
        _ => inner.width.saturating_sub(LABELS + 4),
    };
    // A short screen shows the rows around the focus.
    let focused = match state.form.field {
        FormField::Search | FormField::Clear => buttons,
        field => fields.iter().position(|f| *f == field).unwrap_or(0) as u16,
    };
    let first = (focused + 1).saturating_sub(inner.height);
    let row = |at: u16| {
        let shown = at.checked_sub(first)?;
        (shown < inner.height).then_some(inner.y + shown)
    };
    let x = inner.x + 1;
    let mut placed: Vec<Placed> = fields
        .iter()
        .zip(0..)
        .filter_map(|(field, at)| {
            Some(Placed {
                field: *field,
                label: marked(state, *field),
                label_x: x,
                area: Rect::new(x + LABELS + 1, row(at)?, width, 1),
            })
        })
        .collect();
    if let Some(y) = row(buttons) {
        let x = inner.x + 8.min(inner.width.saturating_sub(22));
        placed.push(button(FormField::Search, x, y));
        placed.push(button(FormField::Clear, x + 13, y));
    }
    placed
}

/// The text of a button, brackets included.
pub fn button_text(field: FormField) -> &'static str {
    match field {
        FormField::Search => "[ Search ]",
        FormField::Clear => "[ Clear ]",
        _ => "",
    }
}

fn button(field: FormField, x: u16, y: u16) -> Placed {
    Placed {
        field,
        label: String::new(),
        label_x: x,
        area: Rect::new(x, y, button_text(field).len() as u16, 1),
    }
}

/// A field of a line: which one, its label there, and the cells of its text.
struct FieldSlot {
    field: FormField,
    label: String,
    cells: Constraint,
}

impl FieldSlot {
    /// A field with a share of the spare room.
    fn of(state: &State, field: FormField, share: u16) -> Self {
        Self {
            field,
            label: marked(state, field),
            cells: Fill(share),
        }
    }

    /// The choice of a state is as wide as its word and the mark, and never narrower than this.
    fn choice(state: &State, least: u16) -> Self {
        Self {
            cells: Length(least.max(state_word(state).len() as u16 + 2)),
            ..Self::of(state, FormField::State, 0)
        }
    }
}

/// Puts fields side by side in a row. Returns the first cell behind them, too.
fn line(parts: Vec<FieldSlot>, row: Rect, gap: u16) -> (Vec<Placed>, u16) {
    // Label, blank and bracket, the text, and the other bracket with the gap.
    let cells = parts.iter().flat_map(|part| {
        let label = part.label.len() as u16 + 2;
        [Length(label), part.cells, Length(1 + gap)]
    });
    let row = Rect {
        width: row.width + gap,
        ..row
    };
    let cells = Layout::horizontal(cells).split(row);
    let place = |(part, cells): (FieldSlot, &[Rect])| Placed {
        field: part.field,
        label: part.label,
        label_x: cells[0].x,
        area: cells[1],
    };
    let placed = parts.into_iter().zip(cells.chunks(3)).map(place).collect();
    let end = cells.last().map_or(row.x, |last| last.x + 1);
    (placed, end)
}

/// Which fields the folded form shows, in order.
fn shown_folded(state: &State) -> Vec<FormField> {
    let fields = fields(state);
    let most = match state.layout.mode {
        Mode::Compact if state.layout.form.width >= 100 => 4,
        Mode::Compact => 3,
        _ => return fields,
    };
    let text = |f| FormField::Text(f);
    let mut useful: Vec<FormField> = [
        text(TextField::Text),
        text(TextField::User),
        FormField::State,
        text(TextField::Client),
        text(TextField::ExpiresAfter),
    ]
    .into_iter()
    .filter(|field| fields.contains(field))
    .take(most)
    .collect();
    useful.sort_by_key(|field| fields.iter().position(|f| f == field));
    useful
}

fn one_line(state: &State, inner: Rect) -> Vec<Placed> {
    let parts = shown_folded(state)
        .into_iter()
        .map(|field| match field {
            FormField::State => FieldSlot::choice(state, 5),
            FormField::Text(TextField::Text) => FieldSlot::of(state, field, 18),
            _ => FieldSlot::of(state, field, 14),
        })
        .collect();
    let more = more(state).map(|(text, _)| text);
    let tail = more.as_ref().map_or(1, |text| text.len() as u16 + 4);
    let width = inner.width.saturating_sub(1 + tail);
    let row = Rect::new(inner.x + 1, inner.y, width, 1);
    let (mut placed, end) = line(parts, row, 1);
    if let Some(text) = more {
        let area = Rect::new(end + 2, inner.y, text.len() as u16, 1);
        placed.push(Placed {
            field: FormField::More,
            label: String::new(),
            label_x: area.x,
            area,
        });
    }
    placed
}

fn two_lines(state: &State, inner: Rect) -> Vec<Placed> {
    let width = inner.width.saturating_sub(5).min(WIDEST_LINE);
    let x = inner.x + 1;
    let shares = |field| match field {
        FormField::Text(TextField::Text) => 26,
        FormField::Text(TextField::User) => 21,
        FormField::Text(TextField::Client) => 17,
        FormField::Text(TextField::ExpiresAfter) => 16,
        _ => 14,
    };
    let is_time = |field: &FormField| {
        matches!(
            field,
            FormField::Text(
                TextField::CreatedAfter | TextField::ExpiresAfter | TextField::ExpiresBefore
            )
        )
    };
    let (times, words): (Vec<FormField>, Vec<FormField>) =
        fields(state).into_iter().partition(is_time);
    let first = words
        .into_iter()
        .map(|field| match field {
            FormField::State => FieldSlot::choice(state, 12),
            _ => FieldSlot::of(state, field, shares(field)),
        })
        .collect();
    let (mut placed, _) = line(first, Rect::new(x, inner.y, width, 1), 2);
    let both = times.contains(&FormField::Text(TextField::ExpiresAfter));
    let second: Vec<FieldSlot> = times
        .into_iter()
        .map(|field| {
            let mut part = FieldSlot::of(state, field, shares(field));
            if both && field == FormField::Text(TextField::ExpiresBefore) {
                part.label = part.label.replace("Expires before", "before");
            }
            part
        })
        .collect();
    let y = inner.y + 1;
    // Both buttons with their gaps; without room for readable fields Clear goes, which has a key.
    let tail = if width >= 105 { 24 } else { 13 };
    let end = if second.is_empty() {
        x.saturating_sub(3)
    } else {
        let (times, end) = line(second, Rect::new(x, y, width.saturating_sub(tail), 1), 2);
        placed.extend(times);
        end
    };
    placed.push(button(FormField::Search, end + 3, y));
    if tail > 13 {
        placed.push(button(FormField::Clear, end + 15, y));
    }
    placed
}
