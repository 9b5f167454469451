//! Which profile, or which system for a new one.

use crate::app::overlay::{ProfileEntry, Profiles};
use crate::app::role::Role;
use crate::app::sheet::{FieldText, Sheet, SheetLine, is_large, room};
use crate::app::state::State;
use crate::model::text::{cut_end, width_cols};

const WIDTH: (u16, u16) = (84, 64);
/// Cells of name and system, on large screens and on small ones; of the address, and of the marks.
const NAME: (usize, usize) = (15, 14);
const SYSTEM: usize = 13;
const ADDRESS: usize = 29;
const MARKS: (usize, usize) = (6, 10);
/// Lines that are not profiles: borders, field, blank lines.
const FRAME: u16 = 5;

/// The profiles that the typed text leaves, in order.
pub fn listed<'a>(state: &'a State, dialog: &Profiles) -> Vec<&'a ProfileEntry> {
    let text = dialog.input.value().to_lowercase();
    state
        .profiles
        .iter()
        .filter(|entry| {
            let view = &entry.view;
            [view.name.as_str(), view.system, view.address.as_str()]
                .iter()
                .any(|part| part.to_lowercase().contains(&text))
        })
        .collect()
}

/// The dialog as it is drawn.
pub fn sheet(state: &State, dialog: &Profiles) -> Sheet {
    let large = is_large(state);
    let width = if large { WIDTH.0 } else { WIDTH.1 };
    let mut lines = Vec::new();
    let (title, footer) = match dialog.new {
        true => {
            lines.push(SheetLine::plain(" Which system is the new profile for?"));
            ("New profile", "Enter add and edit · Esc back")
        }
        false => {
            let cells = if large { 28 } else { 20 };
            let field = FieldText::of(&dialog.input);
            lines.push(SheetLine::plain(" ").with_field(&field, cells, true));
            let footer = match large {
                true => "Enter switch · ^N new · F4 edit file · Esc",
                false => "Enter switch · ^N new · F4 edit · Esc",
            };
            ("Switch profile", footer)
        }
    };
    if large || dialog.new {
        lines.push(SheetLine::default());
    }
    let entries: Vec<SheetLine> = match dialog.new {
        true => state
            .systems
            .iter()
            .map(|(_, name)| SheetLine::default().with(*name, Role::Text))
            .collect(),
        false => listed(state, dialog)
            .into_iter()
            .map(|entry| profile(entry, large))
            .collect(),
    };
    if entries.is_empty() {
        let text = match state.profiles.is_empty() {
            true => "   No profile is set up yet.",
            false => "   No profile matches.",
        };
        lines.push(SheetLine::default().with(text, Role::Dim));
    }
    let most = usize::from(room(state).height.saturating_sub(FRAME + 2)).max(1);
    let first = (dialog.choice + 1).saturating_sub(most);
    for (index, entry) in entries.into_iter().enumerate().skip(first).take(most) {
        lines.push(chosen(entry, index, dialog.choice));
    }
    if large {
        lines.push(SheetLine::default());
    }
    lines.push(proxy(state, dialog, usize::from(width)));
    Sheet {
        title: title.to_owned(),
        footer: footer.to_owned(),
        lines,
        ..Sheet::default()
    }
    .placed(state, width)
}

/// How the chosen profile is reached.
fn proxy(state: &State, dialog: &Profiles, width: usize) -> SheetLine {
    let chosen = listed(state, dialog).into_iter().nth(dialog.choice);
    match chosen.filter(|_| !dialog.new) {
        Some(entry) => {
            let text = format!("   Proxy  {}", entry.view.proxy);
            let text = cut_end(&text, width.saturating_sub(3), Default::default());
            SheetLine::default().with(text, Role::Dim)
        }
        None => SheetLine::default(),
    }
}

fn chosen(entry: SheetLine, index: usize, choice: usize) -> SheetLine {
    let mark = if index == choice { " > " } else { "   " };
    let mut line = SheetLine::plain(mark);
    line.parts.extend(entry.parts);
    if index == choice {
        for part in &mut line.parts {
            if part.role == Role::Text {
                part.role = Role::Title;
            }
        }
    }
    line.choice = Some(index);
    line
}

fn profile(entry: &ProfileEntry, large: bool) -> SheetLine {
    let view = &entry.view;
    let column = |text: &str, cells: usize| {
        let text = cut_end(text, cells - 1, Default::default());
        let blanks = cells - width_cols(&text).min(cells);
        format!("{text}{}", " ".repeat(blanks))
    };
    let name = column(&view.name, if large { NAME.0 } else { NAME.1 });
    let mut line = SheetLine::plain(name).with(column(view.system, SYSTEM), Role::Text);
    let production = if view.production { "PROD" } else { "" };
    let read_only = if view.read_only { "ro" } else { "" };
    if large {
        // The room for the marks is blank for most, so an address may take all of its own.
        let address = column(&view.address, ADDRESS + 1);
        let address = address.strip_suffix(' ').unwrap_or(&address);
        line = line.with(address, Role::Dim);
        line = line.with(format!("{production:<0$}", MARKS.0), Role::Danger);
        let last = match (view.read_only, entry.last.as_str()) {
            (true, "-" | "") => read_only.to_owned(),
            (true, last) => format!("{read_only} {last}"),
            (false, last) => last.to_owned(),
        };
        return line.with(last, Role::Text);
    }
    let marks = match (view.production, view.read_only) {
        (true, true) => "PROD ro".to_owned(),
        _ => format!("{production}{read_only}"),
    };
    line.with(format!("{marks:<0$}", MARKS.1), Role::Danger)
        .with(entry.last.clone(), Role::Text)
}
