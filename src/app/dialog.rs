//! The trait of all dialogs. Each lives in one file of `dialogs/`: its state, its view, its keys.

use std::any::Any;
use std::fmt::Debug;

use tui_input::Input;

use super::action::Action;
use super::dialog_view::DialogView;
use super::dialogs::choices::ListPlace;
use super::effect::Effect;
use super::hint::Hint;
use super::keymap::KeyPress;
use super::state::State;
use crate::store::RowId;

/// A dialog over the main screen.
///
/// A dialog. While one of its methods runs with the state, the dialog itself is not among
/// `state.dialogs`. A dialog that it opens lies on top of it.
pub trait Dialog: Any + Debug + CloneDialog {
    /// The lines and buttons, and their place.
    fn view(&self, state: &State) -> DialogView;

    /// The keys that work now, in the order in which they are shown.
    fn hints(&self, state: &State) -> Vec<Hint>;

    /// A key was pressed.
    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled;

    /// A button was clicked: its number among those of the view.
    fn button(&mut self, _state: &mut State, _number: usize) -> Handled {
        Handled::stay()
    }

    /// A line of a list was clicked: its number in the whole list.
    fn choose(&mut self, _number: usize) {}

    /// The line that was clicked last, and that a second click takes. `None`: there is none, or a second click
    /// only chooses.
    fn clicked(&self) -> Option<usize> {
        None
    }

    /// A line of a list was clicked twice, and is chosen: as Enter does.
    fn take(&mut self, _state: &mut State) -> Handled {
        Handled::stay()
    }

    /// The list or the text in which the keys and the wheel move. `None`: there is none.
    fn list(&mut self, _state: &State) -> Option<ListPlace<'_>> {
        None
    }

    /// The wheel was turned by this many lines, down if positive.
    fn wheel(&mut self, state: &mut State, by: isize) {
        if let Some(mut list) = self.list(state) {
            list.go(by);
        }
    }

    /// The text field that has the focus. `None`: no text can be typed.
    fn input(&mut self) -> Option<&mut Input> {
        None
    }

    /// Text was pasted into the field that has the focus.
    fn pasted(&mut self) {}

    /// The facts that the lock needs about a question that ends or changes something. `None`:
    /// nothing hangs on an answer.
    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        None
    }

    /// Rows from this one on are new.
    fn rows_added(&mut self, _state: &State, _first: RowId) {}

    /// True if it shows a time that changes every second.
    fn shows_seconds(&self) -> bool {
        false
    }
}

/// The result of a key or a click for a dialog, with the effects to carry out.
#[derive(Debug)]
#[must_use]
pub enum Handled {
    /// It stays open.
    Stay(Vec<Effect>),
    /// It closes.
    Close(Vec<Effect>),
    /// It closes, and this action is done, as if its key had been pressed.
    Act(Action),
}

impl Handled {
    /// It stays open, nothing more.
    pub fn stay() -> Self {
        Self::Stay(Vec::new())
    }

    /// It closes, nothing more.
    pub fn close() -> Self {
        Self::Close(Vec::new())
    }
}

/// How the question of a dialog is answered, as its lock has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedQuestion {
    /// True if letters are typed into a field now.
    pub typing: bool,
    /// True if Enter would answer it now.
    pub enter_answers: bool,
    /// The number of the button that answers it.
    pub button: usize,
}

/// A dialog that can be cloned behind a pointer; every `Clone` dialog can.
pub trait CloneDialog {
    /// A copy of the dialog.
    fn clone_dialog(&self) -> Box<dyn Dialog>;
}

impl<T: Dialog + Clone> CloneDialog for T {
    fn clone_dialog(&self) -> Box<dyn Dialog> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Dialog> {
    fn clone(&self) -> Self {
        (**self).clone_dialog()
    }
}

impl dyn Dialog {
    /// True if it is this kind of dialog.
    pub fn is<T: Dialog>(&self) -> bool {
        self.get::<T>().is_some()
    }

    /// The dialog, if it is of this kind.
    pub fn get<T: Dialog>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// The dialog, if it is of this kind.
    pub fn get_mut<T: Dialog>(&mut self) -> Option<&mut T> {
        (self as &mut dyn Any).downcast_mut()
    }
}

/// The next control after `at` of this many, or the one before for -1, round the ends.
pub fn step(at: usize, by: isize, count: usize) -> usize {
    (at as isize + by).rem_euclid(count.max(1) as isize) as usize
}
