//! The search form, folded and unfolded.

use ratatui::layout::{Position, Rect};

use super::has_focus;
use super::text::Canvas;
use super::theme::Role;
use crate::app::action::{Action, Context};
use crate::app::area::{BORDER, Mode};
use crate::app::dialog_view::FieldText;
use crate::app::form::{FormField, TextField};
use crate::app::form_fields;
use crate::app::form_layout;
use crate::app::form_line::{self, FormLine};
use crate::app::screen_layout::Placed;
use crate::app::state::{Pane, State};
use crate::app::text_wrap::wrap_words;
use crate::model::Support;
use crate::model::text::width_cols;

/// Draws the form.
pub fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let all = &state.layout;
    if all.form.is_empty() {
        return;
    }
    if all.is_form_line {
        return draw_line(state, canvas);
    }
    let focused = has_focus(state, Pane::Search);
    canvas.border(all.form, focused);
    if all.mode != Mode::Tabs {
        canvas.title(all.form, "1 Search", Role::Title);
    }
    lower_border(state, all.form, all.mode, focused, canvas);
    for placed in &all.fields {
        draw_field(state, placed, focused, canvas);
    }
    if form_layout::is_list(state) {
        plan(state, canvas);
    }
}

/// The form as one line: ` / user:ada*      27 of 1,204 match   F2 form `.
fn draw_line(state: &State, canvas: &mut Canvas<'_>) {
    let area = state.layout.form;
    let line = FormLine::of(state);
    let mut right = area.width.saturating_sub(line.tail() as u16);
    let keys = canvas.text(area, right, &line.unfold, Role::Key);
    let gap = u16::from(keys > 0);
    canvas.text(area, right + keys + gap, form_line::UNFOLD, Role::Dim);
    let (note, role) = &line.note;
    right = right.saturating_sub(width_cols(&canvas.plain(note)) as u16 + 3);
    canvas.text(area, right, note, *role);
    let key = canvas.text(area, 1, &line.key, Role::Key);
    let query = Rect {
        width: right.saturating_sub(2),
        ..area
    };
    let (text, role) = &line.query;
    let style = canvas.style(*role);
    canvas.outside(query, key + 2, text, style);
}

/// The keys of the form; where the fields have no room beside them, what is wrong with one.
fn lower_border(state: &State, area: Rect, mode: Mode, focused: bool, canvas: &mut Canvas<'_>) {
    let row = area.height.saturating_sub(1);
    if let Some(error) = &state.form.error
        && !has_notes(state, area)
    {
        let text = format!("! {}: {}", form_fields::label(error.field), error.message);
        let room = super::text::border_room(area, row);
        canvas.text(room, 0, &format!(" {text} "), Role::Danger);
        return;
    }
    let first = |context, action| {
        let keys = state.keymap.keys(context, action);
        keys.first().map(ToString::to_string).unwrap_or_default()
    };
    let enter = first(Context::Form, Action::Submit);
    let text = match (state.form.unfolded, mode) {
        (true, _) if focused => format!(
            "{enter} search · {} fold · Esc table",
            first(Context::Global, Action::Unfold)
        ),
        (false, Mode::Tall | Mode::Wide) => format!("{enter} search · Esc leave"),
        _ => return,
    };
    canvas.right(area, row, area.x, &text, Role::Dim);
}

/// True if there is room beside the fields.
fn has_notes(state: &State, area: Rect) -> bool {
    form_layout::is_list(state) && area.inner(BORDER).width >= form_layout::NOTES_FROM
}

fn draw_field(state: &State, placed: &Placed, pane: bool, canvas: &mut Canvas<'_>) {
    let area = placed.area;
    let focused = pane && state.form.field == placed.field;
    let row = Rect::new(placed.label_x, area.y, area.right() - placed.label_x, 1);
    let wrong = state
        .form
        .error
        .as_ref()
        .is_some_and(|error| error.field == placed.field);
    let label = match (wrong, focused) {
        (true, _) => Role::Danger,
        (false, true) => Role::Title,
        (false, false) => Role::Dim,
    };
    canvas.text(row, 0, &placed.label, label);
    match placed.field {
        FormField::Search | FormField::Clear => {
            let role = if focused {
                Role::ButtonFocus
            } else {
                Role::Text
            };
            canvas.text(area, 0, form_layout::button_text(placed.field), role);
        }
        FormField::More => {
            let (text, set) = form_layout::more(state).unwrap_or_default();
            let role = match (focused, set) {
                (true, _) => Role::ButtonFocus,
                (false, true) => Role::Warn,
                (false, false) => Role::Dim,
            };
            canvas.text(area, 0, &text, role);
        }
        FormField::State => {
            brackets(area, canvas);
            let role = if focused {
                Role::ButtonFocus
            } else {
                Role::Input
            };
            canvas.fill(area, role);
            let word = Rect {
                width: area.width.saturating_sub(2),
                ..area
            };
            canvas.text(word, 0, form_fields::state_word(state), role);
            canvas.text(area, area.width.saturating_sub(1), "▾", role);
        }
        FormField::Text(field) => text_field(state, field, area, focused, canvas),
    }
    if has_notes(state, state.layout.form) {
        note(state, placed, focused, canvas);
    }
}

fn brackets(area: Rect, canvas: &mut Canvas<'_>) {
    let whole = Rect::new(area.x.saturating_sub(1), area.y, area.width + 2, 1);
    canvas.text(whole, 0, "[", Role::Dim);
    canvas.text(whole, whole.width - 1, "]", Role::Dim);
}

fn text_field(state: &State, field: TextField, area: Rect, focused: bool, canvas: &mut Canvas<'_>) {
    brackets(area, canvas);
    canvas.fill(area, Role::Input);
    let input = &state.form.inputs[field];
    let (shown, cursor) = if focused {
        FieldText::of(input).window(area.width)
    } else {
        (input.value().to_owned(), 0)
    };
    let style = canvas.style(Role::Input);
    let style = if focused && state.form.selected && !shown.is_empty() {
        canvas.style(Role::Selection)
    } else {
        style
    };
    let end = canvas.outside(area, 0, &shown, style);
    if focused && field == TextField::Text && !state.form.inputs[field].value().is_empty() {
        canvas.outside(area, end, &state.form.ghost, canvas.style(Role::Dim));
    }
    if focused && area.width > 0 {
        canvas.cursor = Some(Position::new(area.x + cursor, area.y));
    }
}

/// The note beside a field of the unfolded form: a mistake, an example, or who answers it.
fn note(state: &State, placed: &Placed, focused: bool, canvas: &mut Canvas<'_>) {
    let inner = state.layout.form.inner(BORDER);
    let x = placed.area.right() + 3;
    let area = Rect::new(x, placed.area.y, inner.right().saturating_sub(x), 1);
    if let Some(error) = &state.form.error
        && error.field == placed.field
    {
        // A text that is cut here stands below in full.
        canvas.text(area, 0, &format!("! {}", error.message), Role::Danger);
        return;
    }
    let is_time = matches!(
        placed.field,
        FormField::Text(
            TextField::CreatedAfter | TextField::ExpiresAfter | TextField::ExpiresBefore
        )
    );
    let used = focused || form_fields::is_set(state, placed.field);
    let text = match form_fields::support(state, placed.field) {
        _ if is_time && used => "e.g. 2026-11-21, now-2h",
        Support::Client if placed.field != FormField::Text(TextField::Text) => "(loaded rows)",
        Support::Required => "(needed)",
        _ => return,
    };
    canvas.text(area, 0, text, Role::Dim);
}

/// How the form will be answered.
fn plan(state: &State, canvas: &mut Canvas<'_>) {
    let area = form_layout::plan_area(state);
    if area.is_empty() {
        return;
    }
    let lines = form_fields::plan_lines(state);
    if let Some(error) = &state.form.error {
        let text = format!("! {}: {}", form_fields::label(error.field), error.message);
        for (row, line) in area.rows().zip(wrap_words(&text, area.width.into())) {
            canvas.text(row, 0, &line, Role::Danger);
        }
        return;
    }
    const TITLE: &str = "Sent to server:  ";
    let indent = TITLE.len() as u16;
    if !lines.is_empty() {
        canvas.text(area, 0, TITLE, Role::Dim);
    }
    for (row, line) in area.rows().zip(&lines) {
        canvas.outside(row, indent, line, Default::default());
    }
}
