//! Hands keys and clicks to the dialog on top.

use tui_input::Input;

use super::{act, lock};
use crate::app::dialog::{Dialog, Handled};
use crate::app::effect::Effect;
use crate::app::keymap::KeyPress;
use crate::app::state::State;

/// A key while a dialog has the keys.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let answer = |state: &mut State| on_top(state, |dialog, state| dialog.key(state, key));
    match lock::question(state) {
        Some(_) => lock::press(state, key, answer),
        None => answer(state),
    }
}

/// Presses a button of the top dialog by its number, as the mouse does.
pub fn button(state: &mut State, number: usize) -> Vec<Effect> {
    if let Some(effects) = lock::click(state, number) {
        return effects;
    }
    on_top(state, |dialog, state| dialog.button(state, number))
}

/// Chooses a line of the top dialog by its number, as the mouse does; some are taken by a second click.
pub fn choose(state: &mut State, number: usize) -> Vec<Effect> {
    let top = state.dialogs.last();
    if top.and_then(|dialog| dialog.clicked()) == Some(number) {
        return take(state);
    }
    if let Some(dialog) = state.dialogs.last_mut() {
        dialog.choose(number);
    }
    Vec::new()
}

/// A line of a list was clicked twice: the dialog takes it.
pub fn take(state: &mut State) -> Vec<Effect> {
    on_top(state, super::super::dialog::Dialog::take)
}

/// The wheel was turned over the top dialog.
pub fn wheel(state: &mut State, by: isize) -> Vec<Effect> {
    on_top(state, |dialog, state| {
        dialog.wheel(state, by);
        Handled::stay()
    })
}

/// The text field of the top dialog that has the focus.
pub fn focused_input(state: &mut State) -> Option<&mut Input> {
    state.dialogs.last_mut()?.input()
}

/// Text was pasted into the top dialog.
pub fn pasted(state: &mut State) {
    if let Some(dialog) = state.dialogs.last_mut() {
        dialog.pasted();
    }
}

/// Hands the top dialog what happened to it. Unless it closes it goes back to its place, under what it
/// has opened.
fn on_top(
    state: &mut State,
    handle: impl FnOnce(&mut dyn Dialog, &mut State) -> Handled,
) -> Vec<Effect> {
    let Some(mut dialog) = state.dialogs.pop() else {
        return Vec::new();
    };
    let place = state.dialogs.len();
    match handle(&mut *dialog, state) {
        Handled::Close(effects) => effects,
        Handled::Act(action) => act::act(state, action),
        Handled::Stay(effects) => {
            let place = place.min(state.dialogs.len());
            state.dialogs.insert(place, dialog);
            effects
        }
    }
}
