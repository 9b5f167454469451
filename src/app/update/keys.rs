//! From a key to what it means here: a dialog, a text field, or an action.

use super::{act, details, dialogs, edit, form, lock, message, table};
use crate::app::action::{Action, Context};
use crate::app::area::{Mode, mode};
use crate::app::dialogs::quit::Quit;
use crate::app::effect::Effect;
use crate::app::form::FormField;
use crate::app::keymap::{Key, KeyPress};
use crate::app::layout::lay_out;
use crate::app::state::{Level, Pane, State};

/// A key was pressed.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    if is_too_small(state) && !is_way_out(state, key) {
        return Vec::new();
    }
    state.message.take_if(|message| message.level == Level::Ok);
    if key == KeyPress::ctrl('c') {
        return act::act(state, Action::Interrupt);
    }
    if is_two_keys(state, key) {
        let mut effects = press(state, KeyPress::plain(Key::Esc));
        lay_out(state);
        effects.extend(press(state, KeyPress { alt: false, ..key }));
        return effects;
    }
    let asks = lock::question(state).is_some() || focused_input(state).is_some();
    if lock::is_answer_to_nothing(state, key) && !asks {
        return Vec::new();
    }
    state.message.take_if(|message| message.passes);
    if !state.dialogs.is_empty() {
        return dialogs::press(state, key);
    }
    if table::is_editing_filter(state) {
        return table::filter_key(state, key);
    }
    if details::is_editing_find(state) {
        return details::find_key(state, key);
    }
    let context = context(state);
    if context == Context::Form {
        if let Some(effects) = form::typed_key(state, key) {
            return effects;
        }
        // In a field letters are typed, and on a choice somebody may try to; on a button they are keys.
        let typing = matches!(state.form.field, FormField::Text(_) | FormField::State);
        if typing && key.typed().is_some() {
            return Vec::new();
        }
    }
    match state.keymap.action(context, key) {
        Some(action) => act::act(state, action),
        None => nothing_here(state, key),
    }
}

/// A key that means something in other programs, and nothing here. It says so once.
fn nothing_here(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let is_letter = key.typed().is_some() || matches!(key.key, Key::Backspace | Key::Insert);
    if state.focus == Pane::Search || !is_letter {
        return Vec::new();
    }
    if state.told_keys.contains(&key) {
        return Vec::new();
    }
    state.told_keys.push(key);
    let help = state.keymap.keys(Context::Global, Action::Help);
    let help = help
        .first()
        .map_or(String::new(), |key| format!(" · {key} help"));
    message::answer(state, Level::Info, format!("{key} does nothing here{help}"))
}

/// Esc and a key typed fast arrive as one Alt chord; a chord that means nothing where the focus is, is both.
fn is_two_keys(state: &mut State, key: KeyPress) -> bool {
    if !key.alt || !matches!(key.key, Key::Char(_) | Key::Enter) {
        return false;
    }
    if focused_input(state).is_some() {
        return !edit::is_chord(key);
    }
    !state.dialogs.is_empty() || state.keymap.action(context(state), key).is_none()
}

/// Text was pasted: into the field that has the focus, else nowhere. It never means keys.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if is_too_small(state) {
        return Vec::new();
    }
    let in_form = state.dialogs.is_empty() && state.focus == Pane::Search;
    let replaces = in_form && std::mem::take(&mut state.form.selected);
    let Some(input) = focused_input(state) else {
        return Vec::new();
    };
    if replaces {
        input.reset();
    }
    let whole = edit::paste(input, text);
    let mut effects = pasted(state);
    if !whole {
        let limit = crate::model::text::with_thousands(edit::LONGEST as u64);
        effects.extend(message::say(
            state,
            Level::Warn,
            format!("the pasted text was cut: a field takes {limit} bytes"),
        ));
    }
    effects
}

fn pasted(state: &mut State) -> Vec<Effect> {
    if !state.dialogs.is_empty() {
        dialogs::pasted(state);
        return Vec::new();
    }
    if table::is_editing_filter(state) {
        return table::filter_edited(state);
    }
    if details::is_editing_find(state) {
        Vec::new()
    } else {
        form::edited(state)
    }
}

fn focused_input(state: &mut State) -> Option<&mut tui_input::Input> {
    if !state.dialogs.is_empty() {
        return dialogs::focused_input(state);
    }
    if table::is_editing_filter(state) {
        return state.results.live.as_mut().map(|live| &mut live.input);
    }
    if details::is_editing_find(state) {
        return state.details.find.as_mut().map(|find| &mut find.input);
    }
    match (state.focus, state.form.field) {
        (Pane::Search, FormField::Text(field)) => Some(&mut state.form.inputs[field]),
        _ => None,
    }
}

/// Where a key of the main screen is looked up.
pub fn context(state: &State) -> Context {
    match state.focus {
        Pane::Search => Context::Form,
        Pane::Table => Context::Table,
        Pane::Details => Context::Details,
    }
}

fn is_too_small(state: &State) -> bool {
    mode(state.size) == Mode::TooSmall
}

fn is_way_out(state: &State, key: KeyPress) -> bool {
    key == KeyPress::ctrl('c')
        || state.keymap.action(Context::Global, key) == Some(Action::Quit)
        || state.dialogs.iter().any(|dialog| dialog.is::<Quit>())
}
