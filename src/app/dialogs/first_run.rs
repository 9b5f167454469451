//! A configuration without profiles: what to do first.

use crate::app::layout::Area;
use crate::app::role::Role;
use crate::app::sheet::{Sheet, SheetLine, is_large};
use crate::app::state::State;
use crate::model::text::width_cols;

/// Cells from a choice to what is said about it, on large screens and on small ones.
const NOTES: (usize, usize) = (40, 33);

/// The screen as it is drawn: all of it but the header and the hints.
pub fn sheet(state: &State, choice: usize) -> Sheet {
    let large = is_large(state);
    let systems: Vec<&str> = state
        .systems
        .iter()
        .map(|(_, name)| name.as_str())
        .collect();
    let choices = [
        (
            "Try it now with made-up data",
            match large {
                true => "(starts a local demo server, nothing leaves this machine)".to_owned(),
                false => "(local demo server)".to_owned(),
            },
        ),
        (
            "Add a profile",
            match large && !systems.is_empty() {
                true => format!("({})", systems.join(", ")),
                false => String::new(),
            },
        ),
        (
            "Write an example file and quit",
            state.prefs.config_path.clone(),
        ),
        ("Quit", String::new()),
    ];
    let indent = if large { 20 } else { 3 };
    let notes = if large { NOTES.0 } else { NOTES.1 };
    let area = Area::new(0, 1, state.size.width, state.size.height.saturating_sub(3));
    let inner = area.inner();
    let mut lines: Vec<SheetLine> =
        std::iter::repeat_n(SheetLine::default(), usize::from((inner.height + 1) / 5)).collect();
    let blank = " ".repeat(indent.min(usize::from(inner.width) / 10));
    lines.push(SheetLine::plain(&blank).with("Welcome. No profile is set up yet.", Role::Title));
    lines.push(SheetLine::default());
    for (index, (text, note)) in choices.into_iter().enumerate() {
        let (mark, role) = match index == choice {
            true => ("> ", Role::Title),
            false => ("  ", Role::Text),
        };
        let mut line = SheetLine::plain(&blank).with(mark, role).with(text, role);
        if !note.is_empty() {
            let start = width_cols(&blank) + notes;
            let start = start.max(line.cells() + 1);
            line = line.to_cell(start).with(note, Role::Dim);
        }
        line.choice = Some(index);
        lines.push(line);
    }
    if large {
        lines.push(SheetLine::default());
        let text = format!(
            "Config is read from: --config, $USHER_CONFIG, {}",
            state.prefs.config_path
        );
        lines.push(SheetLine::plain(&blank).with(text, Role::Dim));
    }
    Sheet {
        lines,
        area,
        ..Sheet::default()
    }
}
