//! What a system can do beside listing and revoking: the menu, and the questions.

use crate::app::dialog_view::{DialogView, FieldText, ViewLine, is_large, room, sentences};
use crate::app::overlay::{ActionsMenu, ArgumentField, Arguments};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::text::{cut_end, width_cols};
use crate::model::{ActionSpec, ActsOn, Session};

const WIDTH: (u16, u16) = (84, 66);
/// Lines of the menu that are no actions: borders, blank lines, and what the action acts on.
const MENU_FRAME: usize = 6;
/// Actions that the menu shows at least, where its words leave less room.
const LEAST_ACTIONS: usize = 4;

fn width(state: &State) -> u16 {
    if is_large(state.size) {
        WIDTH.0
    } else {
        WIDTH.1
    }
}

/// Cells for text inside the border and its margins.
fn text_cells(state: &State) -> usize {
    usize::from(width(state).min(state.size.width)).saturating_sub(6)
}

/// What an action acts on, in words: the row if it acts on one.
pub fn target_words(spec: &ActionSpec, session: Option<&Session>) -> String {
    let user = |subject: &crate::model::Subject| {
        let shown = subject.shown().map(|user| user.named().into_owned());
        shown.unwrap_or_else(|| "nobody".to_owned())
    };
    match (spec.on, session) {
        (ActsOn::Session, Some(session)) => {
            format!("{} of {}", session.label, user(&session.subject))
        }
        (ActsOn::User, Some(session)) => match &session.subject.scope {
            Some(scope) => format!("{} in {}", user(&session.subject), scope.named()),
            None => user(&session.subject),
        },
        (ActsOn::Session | ActsOn::User, None) => "no session is selected".to_owned(),
        (ActsOn::Token, _) => "a token that you hold".to_owned(),
        (ActsOn::Nothing, _) => "the server itself".to_owned(),
    }
}

/// What an action does, or why it cannot be done now.
fn menu_words(spec: &ActionSpec, why: Option<&str>, cells: usize) -> Vec<String> {
    match why {
        Some(why) => wrap_words(&format!("Not now: {why}"), cells),
        None => sentences(spec.help, cells),
    }
}

/// How many actions the menu shows at once.
pub fn menu_page(state: &State, menu: &ActionsMenu) -> usize {
    let room = usize::from(room(state.size).height).saturating_sub(MENU_FRAME);
    let words = words_height(menu, text_cells(state));
    room.saturating_sub(words)
        .max(LEAST_ACTIONS.min(room))
        .clamp(1, menu.entries.len().max(1))
}

/// The lines of the longest words, so that the box stays where it is whatever is chosen.
fn words_height(menu: &ActionsMenu, cells: usize) -> usize {
    let heights = menu
        .entries
        .iter()
        .map(|(spec, why)| menu_words(spec, why.as_deref(), cells).len());
    heights.max().unwrap_or(0)
}

/// The menu as it is drawn.
pub fn menu(state: &State, menu: &ActionsMenu) -> DialogView {
    let cells = text_cells(state);
    let count = menu.entries.len();
    let most = menu_page(state, menu);
    let first = (menu.choice + 1).saturating_sub(most);
    let mut lines = vec![ViewLine::default()];
    for (index, entry) in menu.entries.iter().enumerate().skip(first).take(most) {
        lines.push(entry_line(entry, index, index == menu.choice, cells));
    }
    lines.push(ViewLine::default());
    if let Some((spec, why)) = menu.entries.get(menu.choice) {
        let on = target_words(spec, menu.session.as_deref());
        let on = cut_end(&on, cells.saturating_sub(4), Default::default()).into_owned();
        lines.push(
            ViewLine::plain("   ")
                .with("On  ", Role::Dim)
                .with(on, Role::Text),
        );
        let role = match why {
            Some(_) => Role::Warn,
            None => Role::Dim,
        };
        let words = menu_words(spec, why.as_deref(), cells);
        let left = usize::from(room(state.size).height).saturating_sub(lines.len() + 3);
        let height = words_height(menu, cells).min(left.max(1));
        let cut = words.len() > height;
        for (at, line) in words.into_iter().take(height).enumerate() {
            let line = match cut && at + 1 == height {
                true => {
                    let line = format!("{line} …");
                    cut_end(&line, cells, Default::default()).into_owned()
                }
                false => line,
            };
            lines.push(ViewLine::plain("   ").with(line, role));
        }
        // Held by a blank that is no blank line: those leave first where there is little room.
        while lines.len() < most + 3 + height {
            lines.push(ViewLine::plain(" "));
        }
    }
    lines.push(ViewLine::default());
    let mut footer = "↑↓ choose · Enter go on · Esc close".to_owned();
    if most < count {
        let last = (first + most).min(count);
        footer = format!(
            "Enter go on · ↑↓ {}-{last} of {count} · Esc close",
            first + 1
        );
    }
    DialogView {
        title: "Actions".to_owned(),
        footer,
        lines,
        ..DialogView::default()
    }
    .placed(state.size, width(state))
}

/// An action in the menu: one that cannot be done now is in brackets, with the reason behind it.
fn entry_line(
    (spec, why): &(ActionSpec, Option<String>),
    index: usize,
    chosen: bool,
    cells: usize,
) -> ViewLine {
    let mark = if chosen { " > " } else { "   " };
    let mut line = match why {
        None => {
            let role = if chosen { Role::Title } else { Role::Text };
            let title = cut_end(spec.title, cells, Default::default()).into_owned();
            ViewLine::plain(mark).with(title, role)
        }
        Some(why) => {
            let text = format!("({}) {why}", spec.title);
            let text = cut_end(&text, cells, Default::default()).into_owned();
            ViewLine::plain(mark).with(text, Role::Dim)
        }
    };
    line.choice = Some(index);
    line
}

/// The questions as they are drawn.
pub fn arguments(state: &State, arguments: &Arguments) -> DialogView {
    let cells = text_cells(state);
    let mut lines = vec![ViewLine::default()];
    let on = cut_end(&arguments.on, cells.saturating_sub(4), Default::default()).into_owned();
    lines.push(
        ViewLine::plain("  ")
            .with("On  ", Role::Dim)
            .with(on, Role::Text),
    );
    let help = sentences(arguments.spec.help, cells);
    lines.extend(
        help.into_iter()
            .map(|line| ViewLine::plain("  ").with(line, Role::Dim)),
    );
    lines.push(ViewLine::default());
    let labels = label_cells(&arguments.fields, cells);
    for (index, field) in arguments.fields.iter().enumerate() {
        let focused = arguments.focus == index && arguments.sent.is_none();
        lines.extend(question(field, focused, labels, cells));
        if let Some((_, error)) = arguments.error.as_ref().filter(|(at, _)| *at == index) {
            let said = wrap_words(&format!("! {error}"), cells);
            lines.extend(
                said.into_iter()
                    .map(|line| ViewLine::plain("  ").with(line, Role::Danger)),
            );
        }
    }
    if !arguments.fields.is_empty() {
        lines.push(ViewLine::default());
    }
    lines.push(match arguments.sent {
        Some(sent) => ViewLine::plain("  ").with(waiting_words(state, sent), Role::Title),
        None => {
            let focused = arguments.focus.checked_sub(arguments.fields.len());
            ViewLine::default().with_buttons(&arguments.buttons(), &[5, 3], focused)
        }
    });
    lines.push(ViewLine::default());
    let danger = arguments.production && arguments.spec.changes;
    let asks = match (danger, arguments.spec.changes) {
        (true, _) => " on PRODUCTION?",
        (false, true) => "?",
        (false, false) => "",
    };
    let on_button = arguments.focus >= arguments.fields.len();
    let footer = match (arguments.sent, arguments.spec.changes && on_button) {
        (Some(_), _) if arguments.spec.changes => "Esc hide",
        (Some(_), _) => "Esc cancel",
        (None, true) => "Tab choose · Enter · y do it · Esc/n cancel",
        (None, false) => "Tab choose · Enter · Esc cancel",
    };
    DialogView {
        title: format!("{}{asks}", arguments.spec.title),
        danger,
        footer: footer.to_owned(),
        lines,
        ..DialogView::default()
    }
    .placed(state.size, width(state))
}

/// That an answer is on its way, and for how long.
pub fn waiting_words(state: &State, since: chrono::DateTime<chrono::Utc>) -> String {
    match (state.now - since).num_seconds() {
        ..1 => "Waiting for the server …".to_owned(),
        seconds => format!("Waiting for the server … {seconds} s"),
    }
}

/// Cells of the column of labels: of the widest that leaves its field enough room.
fn label_cells(fields: &[ArgumentField], cells: usize) -> usize {
    let widths = fields.iter().map(|field| width_cols(&field.title));
    widths
        .filter(|width| *width <= cells / 2)
        .max()
        .unwrap_or(0)
}

/// A field with what is asked before it, on a line of its own where both do not fit.
fn question(field: &ArgumentField, focused: bool, labels: usize, cells: usize) -> Vec<ViewLine> {
    let text = match field.secret {
        true => FieldText::masked(&field.input),
        false => FieldText::of(&field.input),
    };
    let label = cut_end(&field.title, cells, Default::default()).into_owned();
    let mut lines = Vec::new();
    let mut line = ViewLine::plain("  ");
    if width_cols(&label) <= labels {
        line = line.with(label, Role::Text).to_cell(labels + 4);
    } else {
        lines.push(ViewLine::plain("  ").with(label, Role::Text));
    }
    let indent = line.cells();
    let width = (cells + 2).saturating_sub(indent + 2).max(8) as u16;
    lines.push(line.with_field(&text, width, focused));
    if let Some(note) = field.note {
        let note = wrap_words(note, (cells + 2).saturating_sub(indent).max(8));
        lines.extend(
            note.into_iter()
                .map(|line| ViewLine::default().to_cell(indent).with(line, Role::Dim)),
        );
    }
    lines
}
