//! The keys of the question before a revoke.

use tui_input::Input;

use super::{edit, question, revoke};
use crate::app::effect::Effect;
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Confirm, ConfirmFocus, ConfirmKind, Overlay};
use crate::app::state::State;

impl Confirm {
    /// The controls in the order of Tab.
    pub fn controls(&self) -> Vec<ConfirmFocus> {
        let mut all = Vec::new();
        all.extend(self.reason.as_ref().map(|_| ConfirmFocus::Reason));
        if let ConfirmKind::User(whole) = &self.kind
            && whole.everywhere.is_some()
        {
            all.push(ConfirmFocus::Reach);
        }
        all.extend(self.typed.as_ref().map(|_| ConfirmFocus::Typed));
        all.extend([ConfirmFocus::Cancel, ConfirmFocus::Go]);
        all
    }

    /// The text field that has the focus.
    pub fn input(&mut self) -> Option<&mut Input> {
        match self.focus {
            ConfirmFocus::Reason => self.reason.as_mut(),
            ConfirmFocus::Typed => self.typed.as_mut().map(|typed| &mut typed.input),
            _ => None,
        }
    }

    /// Has everything been typed that must be?
    fn is_complete(&mut self) -> bool {
        if let Some(reason) = &self.reason
            && reason.value().trim().is_empty()
        {
            self.focus = ConfirmFocus::Reason;
            return false;
        }
        if let Some(typed) = &mut self.typed {
            let text = typed.input.value().trim();
            typed.wrong = !typed.expect.iter().any(|expected| expected == text);
            if typed.wrong {
                self.focus = ConfirmFocus::Typed;
                return false;
            }
        }
        true
    }
}

/// A key while the question is open. It closes by Cancel, and by what confirms it.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    if confirm.focus == ConfirmFocus::Reach {
        match key.key {
            Key::Left | Key::Right | Key::Char(' ') => return turn(state),
            // What is typed is for the field below.
            _ if key.typed().is_some() => confirm.focus = ConfirmFocus::Typed,
            _ => {}
        }
    }
    let typing = confirm.input().is_some();
    match key.key {
        Key::Esc => return close(state),
        Key::Tab => step(confirm, if key.shift { -1 } else { 1 }),
        Key::Up => step(confirm, -1),
        Key::Down => step(confirm, 1),
        Key::Left if !typing => step(confirm, -1),
        Key::Right if !typing => step(confirm, 1),
        Key::Enter => return enter(state),
        Key::Char('n') if key.typed().is_some() && !typing => return close(state),
        Key::Char('y') if key.typed().is_some() && !typing => return go(state),
        _ => {
            if let Some(input) = confirm.input() {
                edit::edit(input, key);
                if let Some(typed) = &mut confirm.typed {
                    typed.wrong = false;
                }
            }
        }
    }
    Vec::new()
}

/// Only where the row is, or everywhere: the other of the two.
fn turn(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Confirm(mut confirm)) = state.overlays.pop() else {
        return Vec::new();
    };
    if let ConfirmKind::User(whole) = &mut confirm.kind {
        whole.is_everywhere = !whole.is_everywhere && whole.everywhere.is_some();
        question::word_user(state, &mut confirm);
    }
    state.overlays.push(Overlay::Confirm(confirm));
    Vec::new()
}

fn step(confirm: &mut Confirm, by: isize) {
    let all = confirm.controls();
    let at = all.iter().position(|c| *c == confirm.focus).unwrap_or(0);
    confirm.focus = all[(at as isize + by).rem_euclid(all.len() as isize) as usize];
}

/// Enter on the control that has the focus.
fn enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match confirm.focus {
        ConfirmFocus::Cancel => close(state),
        ConfirmFocus::Reason | ConfirmFocus::Reach => {
            step(confirm, 1);
            Vec::new()
        }
        ConfirmFocus::Typed | ConfirmFocus::Go => go(state),
    }
}

/// Presses a button of the question: 0 Cancel, 1 the one that does it.
pub fn button(state: &mut State, button: usize) -> Vec<Effect> {
    if button == 0 { close(state) } else { go(state) }
}

fn go(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    if !confirm.is_complete() {
        return Vec::new();
    }
    match state.overlays.pop() {
        Some(Overlay::Confirm(confirm)) => revoke::send(state, *confirm),
        _ => Vec::new(),
    }
}

fn close(state: &mut State) -> Vec<Effect> {
    state.overlays.pop();
    Vec::new()
}
