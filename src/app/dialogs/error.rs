//! An error in full: what was tried, why it failed, what to do.

use crate::app::overlay::ErrorBox;
use crate::app::role::Role;
use crate::app::sheet::{Sheet, SheetLine, is_large, room, sentences};
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;

const WIDTH: (u16, u16) = (84, 66);

/// The error as it is drawn.
pub fn sheet(state: &State, error: &ErrorBox) -> Sheet {
    let large = is_large(state);
    let width = if large { WIDTH.0 } else { WIDTH.1 };
    let (indent, label) = if large { (2, 8) } else { (1, 6) };
    let text = usize::from(width.min(state.size.width)).saturating_sub(2 + 2 * indent);
    let mut body = Vec::new();
    for (name, value) in [
        ("What", &error.what),
        ("Why", &error.why),
        ("Do", &error.advice),
    ] {
        let lines = wrap_words(value, text.saturating_sub(label));
        body.extend(lines.into_iter().enumerate().map(|(at, line)| {
            let name = if at == 0 { name } else { "" };
            SheetLine::plain(" ".repeat(indent))
                .with(format!("{name:<label$}"), Role::Dim)
                .with(line, Role::Text)
        }));
    }
    if !error.notes.is_empty() {
        body.push(SheetLine::default());
    }
    for note in &error.notes {
        body.extend(
            sentences(note, text)
                .into_iter()
                .map(|line| SheetLine::plain(" ".repeat(indent)).with(line, Role::Dim)),
        );
    }
    let gaps = if large { [7, 3, 3] } else { [3, 2, 2] };
    let buttons = SheetLine::default().with_buttons(&error.buttons(), &gaps, Some(error.button));
    let mut tail = vec![SheetLine::default(), buttons, SheetLine::default()];
    // What does not fit is scrolled; the buttons stay.
    let head = usize::from(large);
    let most = usize::from(room(state).height).saturating_sub(2 + head + tail.len());
    let top = error.top.min(body.len().saturating_sub(most));
    let below = body.len().saturating_sub(top + most);
    let mut lines: Vec<SheetLine> = std::iter::repeat_n(SheetLine::default(), head).collect();
    lines.extend(body.into_iter().skip(top).take(most));
    lines.append(&mut tail);
    let footer = match (top, below) {
        (0, 0) => "Tab choose · Esc close".to_owned(),
        (_, 0) => "↑ more · Tab choose · Esc close".to_owned(),
        (_, n) => format!("↓ {n} more · Tab choose · Esc close"),
    };
    Sheet {
        title: error.title.clone(),
        danger: true,
        footer,
        lines,
        ..Sheet::default()
    }
    .placed(state, width)
}
