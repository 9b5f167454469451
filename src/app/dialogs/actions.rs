//! What a system can do beside listing and revoking: the menu, the questions, the answer.

use crate::app::overlay::{ActionsMenu, Answer, ArgumentField, Arguments};
use crate::app::role::Role;
use crate::app::sheet::{FieldText, Sheet, SheetLine, is_large, room, sentences};
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::text::{cut_end, fit, mask, width_cols};
use crate::model::{ActionBody, Attribute, Class, Untrusted};

const WIDTH: (u16, u16) = (84, 66);
/// Lines that are not content: borders, summary and blank lines.
const FRAME: usize = 6;
/// Cells of a field.
const FIELD: u16 = 34;

fn width(state: &State) -> u16 {
    if is_large(state) { WIDTH.0 } else { WIDTH.1 }
}

/// Cells for text inside the border and its margins.
fn text_cells(state: &State) -> usize {
    usize::from(width(state).min(state.size.width)).saturating_sub(6)
}

/// The menu as it is drawn.
pub fn menu(state: &State, menu: &ActionsMenu) -> Sheet {
    let cells = text_cells(state);
    let most = usize::from(room(state).height).saturating_sub(FRAME).max(1);
    let first = (menu.choice + 1).saturating_sub(most);
    let mut lines = vec![SheetLine::default()];
    for (index, (spec, why)) in menu.entries.iter().enumerate().skip(first).take(most) {
        let mark = if index == menu.choice { " > " } else { "   " };
        let role = match (why, index == menu.choice) {
            (Some(_), _) => Role::Muted,
            (None, true) => Role::Title,
            (None, false) => Role::Text,
        };
        let title = cut_end(spec.title, cells, Default::default()).into_owned();
        let mut line = SheetLine::plain(mark).with(title, role);
        line.choice = Some(index);
        lines.push(line);
    }
    lines.push(SheetLine::default());
    // What the chosen one does, or why it cannot be done now.
    if let Some((spec, why)) = menu.entries.get(menu.choice) {
        let (text, role) = match why {
            Some(why) => (why.as_str(), Role::Warn),
            None => (spec.help, Role::Dim),
        };
        let room = usize::from(room(state).height).saturating_sub(lines.len() + 3);
        let said = sentences(text, cells).into_iter().take(room.max(1));
        lines.extend(said.map(|line| SheetLine::plain("   ").with(line, role)));
    }
    lines.push(SheetLine::default());
    Sheet {
        title: "Actions".to_owned(),
        footer: "↑↓ choose · Enter go · Esc close".to_owned(),
        lines,
        ..Sheet::default()
    }
    .placed(state, width(state))
}

/// The questions as they are drawn.
pub fn arguments(state: &State, arguments: &Arguments) -> Sheet {
    let cells = text_cells(state);
    let mut lines = vec![SheetLine::default()];
    let on = cut_end(&arguments.on, cells.saturating_sub(4), Default::default()).into_owned();
    lines.push(
        SheetLine::plain("  ")
            .with("On  ", Role::Dim)
            .with(on, Role::Text),
    );
    let help = sentences(arguments.spec.help, cells);
    lines.extend(
        help.into_iter()
            .map(|line| SheetLine::plain("  ").with(line, Role::Dim)),
    );
    lines.push(SheetLine::default());
    for (index, field) in arguments.fields.iter().enumerate() {
        lines.extend(question(field, arguments.focus == index, cells));
    }
    if let Some(error) = &arguments.error {
        let said = wrap_words(error, cells.saturating_sub(2));
        lines.extend(
            said.into_iter()
                .map(|line| SheetLine::plain("  ").with(format!("! {line}"), Role::Danger)),
        );
    }
    lines.push(SheetLine::default());
    let focused = arguments.focus.checked_sub(arguments.fields.len());
    lines.push(SheetLine::default().with_buttons(&arguments.buttons(), &[5, 3], focused));
    lines.push(SheetLine::default());
    let on_production = if arguments.production && arguments.spec.changes {
        " on PRODUCTION"
    } else {
        ""
    };
    Sheet {
        title: format!("{}{on_production}", arguments.spec.title),
        danger: arguments.production && arguments.spec.changes,
        footer: "Tab choose · Enter · Esc cancel".to_owned(),
        lines,
        ..Sheet::default()
    }
    .placed(state, width(state))
}

/// A field with what is asked before it, on a line of its own where both do not fit.
fn question(field: &ArgumentField, focused: bool, cells: usize) -> Vec<SheetLine> {
    let text = match field.secret {
        true => FieldText::masked(&field.input),
        false => FieldText::of(&field.input),
    };
    let label = cut_end(&field.title, cells, Default::default()).into_owned();
    let beside = cells.saturating_sub(usize::from(FIELD) + 4);
    let mut lines = Vec::new();
    let mut line = SheetLine::plain("  ");
    if width_cols(&label) <= beside {
        line = line.with(label, Role::Text).to_cell(beside + 4);
    } else {
        lines.push(SheetLine::plain("  ").with(label, Role::Text));
    }
    lines.push(line.with_field(&text, FIELD, focused));
    lines
}

/// The answer as it is drawn.
pub fn answer(state: &State, answer: &Answer) -> Sheet {
    let cells = text_cells(state);
    let body = match &answer.body {
        ActionBody::Nothing => Vec::new(),
        ActionBody::Fields(fields) => lines_of(fields, cells),
        ActionBody::Table { columns, rows } => table(columns, rows, cells),
    };
    let most = usize::from(room(state).height).saturating_sub(FRAME).max(1);
    let top = answer.top.min(body.len().saturating_sub(most));
    let below = body.len().saturating_sub(top + most);
    let said = sentences(&answer.summary, cells).into_iter().take(2);
    let mut lines: Vec<SheetLine> = said
        .map(|line| SheetLine::plain("  ").with(line, Role::Title))
        .collect();
    lines.push(SheetLine::default());
    lines.extend(body.into_iter().skip(top).take(most));
    lines.push(SheetLine::default());
    let footer = match (top, below) {
        (0, 0) => "y copy · Esc close".to_owned(),
        (_, 0) => "↑ more · y copy · Esc close".to_owned(),
        (_, n) => format!("↓ {n} more · y copy · Esc close"),
    };
    Sheet {
        title: answer.title.clone(),
        footer,
        lines,
        ..Sheet::default()
    }
    .placed(state, width(state))
}

/// Names and values; a value that is too long for its line goes on under itself.
fn lines_of(fields: &[Attribute], cells: usize) -> Vec<SheetLine> {
    let widest = fields.iter().map(|field| width_cols(&field.name.safe()));
    let label = widest.max().unwrap_or(0).clamp(4, cells / 3);
    let mut lines = Vec::new();
    for field in fields {
        let name = cut_end(&field.name.safe(), label, Default::default()).into_owned();
        let value = match field.class {
            Class::Plain => field.value.safe().into_owned(),
            Class::Secret => mask(field.value.expose()),
        };
        let value = if value.is_empty() {
            "-".to_owned()
        } else {
            value
        };
        let room = cells.saturating_sub(label + 2).max(8);
        for (at, part) in wrap_words(&value, room).into_iter().enumerate() {
            let name = if at == 0 { name.as_str() } else { "" };
            lines.push(
                SheetLine::plain("  ")
                    .with(name, Role::Dim)
                    .to_cell(label + 4)
                    .with(part, Role::Text),
            );
        }
    }
    lines
}

/// A table; its columns share the room by what is in them.
fn table(columns: &[Untrusted], rows: &[Vec<Untrusted>], cells: usize) -> Vec<SheetLine> {
    let mut widths: Vec<usize> = columns.iter().map(|c| width_cols(&c.safe())).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(width_cols(&cell.safe()));
        }
    }
    let share = cells / columns.len().max(1);
    let spare = cells.saturating_sub(widths.iter().map(|w| (*w).min(share)).sum());
    let widest = widths.iter().copied().max().unwrap_or(0);
    for width in &mut widths {
        let most = if *width == widest {
            share + spare
        } else {
            share
        };
        *width = (*width).min(most.saturating_sub(2)).max(1);
    }
    let line = |row: &[Untrusted], role| {
        let mut line = SheetLine::plain("  ");
        for (width, cell) in widths.iter().zip(row) {
            let text = fit(&cell.safe(), *width, Default::default(), Default::default());
            line = line.with(format!("{text}  "), role);
        }
        line
    };
    let head = std::iter::once(line(columns, Role::Title));
    head.chain(rows.iter().map(|row| line(row, Role::Text)))
        .collect()
}
