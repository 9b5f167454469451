//! The question before one session ends. Several are asked about by `dialogs::plan`.

mod view;
mod words;

use tui_input::Input;

use crate::app::dialog::{Dialog, Handled, LockedQuestion, step};
use crate::app::dialog_view::DialogView;
use crate::app::effect::RevokeItem;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::life::Moments;
use crate::app::state::State;
use crate::app::update::{edit, plan, revoke};
use crate::store::RowId;

pub use words::for_session;

/// Label of the button that does it.
const VERB: &str = "End session";

/// Something that must be typed before a confirmation counts.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The text typed.
    pub input: Input,
    /// Any of these counts.
    pub expect: Vec<String>,
    /// Why it must be typed, behind "typed because".
    pub because: String,
    /// True if something wrong has been entered.
    pub wrong: bool,
}

/// The question before one session ends. Holds its key, not its position: nothing that happens meanwhile
/// changes what is sent.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The session that it is about.
    pub item: RevokeItem,
    /// The facts, as label and value; an empty label continues the line before. All cleaned.
    pub facts: Vec<(String, String)>,
    /// What it says beside the facts.
    pub one: OneSession,
    /// The same in at most four lines for small screens.
    pub short: Vec<String>,
    /// The effect and its limits: the system's own sentences.
    pub after: String,
    /// Warnings ("changed since you looked").
    pub warnings: Vec<String>,
    /// True if it is on a production system.
    pub production: bool,
    /// The focused control.
    pub focus: ConfirmFocus,
    /// The confirmation that must be typed. `None`: nothing.
    pub typed: Option<Typed>,
    /// The reason for the audit log, where the profile requires one.
    pub reason: Option<Input>,
}

/// What the question says beside the facts of the session.
#[derive(Clone, Debug)]
pub struct OneSession {
    /// Its life. `None`: its row is no longer there.
    pub moments: Option<Moments>,
    /// The name of its user, cleaned.
    pub user: String,
    /// How many other live sessions of the same user are loaded.
    pub others: usize,
    /// True if all of them can be ended at once.
    pub offers_all: bool,
}

/// A control of the confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmFocus {
    /// The field for the reason.
    Reason,
    /// The field for what must be typed.
    Typed,
    /// `[ Cancel ]`.
    Cancel,
    /// `[ End session ]`.
    Go,
}

impl Confirm {
    /// The controls in the order of Tab.
    fn controls(&self) -> Vec<ConfirmFocus> {
        let mut all = Vec::new();
        all.extend(self.reason.as_ref().map(|_| ConfirmFocus::Reason));
        all.extend(self.typed.as_ref().map(|_| ConfirmFocus::Typed));
        all.extend([ConfirmFocus::Cancel, ConfirmFocus::Go]);
        all
    }

    /// True if everything that must be typed has been typed.
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

    /// True if something must be typed before it is confirmed.
    fn asks_for_text(&self) -> bool {
        self.typed.is_some() || self.reason.is_some()
    }

    /// Moves the focus to the next control, or to the one before.
    fn step(&mut self, by: isize) {
        let all = self.controls();
        let at = all.iter().position(|c| *c == self.focus).unwrap_or(0);
        self.focus = all[step(at, by, all.len())];
    }

    /// Enter on the control that has the focus.
    fn enter(&mut self, state: &mut State) -> Handled {
        match self.focus {
            ConfirmFocus::Cancel => Handled::close(),
            ConfirmFocus::Reason => {
                self.step(1);
                Handled::stay()
            }
            ConfirmFocus::Typed | ConfirmFocus::Go => self.go(state),
        }
    }

    /// Asks about all sessions of the user instead.
    fn ask_all(&self, state: &mut State) -> Handled {
        let (source, user) = (self.item.source, &self.item.subject);
        Handled::Close(plan::ask_person(state, source, user))
    }

    /// Confirmed: sends exactly what the question held, if all has been typed that must be.
    fn go(&mut self, state: &mut State) -> Handled {
        if !self.is_complete() {
            return Handled::stay();
        }
        let reason = self.reason.as_ref().map(|input| input.value().trim());
        let reason = reason.filter(|reason| !reason.is_empty());
        let (item, reason) = (self.item.clone(), reason.map(str::to_owned));
        Handled::Close(revoke::send(state, item, self.production, reason))
    }
}

/// It closes by Cancel, and by what confirms it.
impl Dialog for Confirm {
    fn view(&self, state: &State) -> DialogView {
        view::view(state, self)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        let verb = VERB.to_lowercase();
        let cancel = Hint::new("Esc", "cancel", 1);
        if self.asks_for_text() {
            vec![Hint::tab(), Hint::enter(verb), cancel]
        } else {
            let yes = Hint::new("y", verb, 3);
            vec![Hint::tab(), Hint::enter("select"), yes, cancel]
        }
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let typing = self.input().is_some();
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Tab => self.step(if key.shift { -1 } else { 1 }),
            Key::Up => self.step(-1),
            Key::Down => self.step(1),
            Key::Left if !typing => self.step(-1),
            Key::Right if !typing => self.step(1),
            Key::Enter => return self.enter(state),
            Key::Char('n') if key.typed().is_some() && !typing => return Handled::close(),
            Key::Char('y') if key.typed().is_some() && !typing => return self.go(state),
            Key::Char('U') if key.typed().is_some() && !typing && self.one.offers_all => {
                return self.ask_all(state);
            }
            _ => {
                if let Some(input) = self.input() {
                    edit::edit(input, key);
                    if let Some(typed) = &mut self.typed {
                        typed.wrong = false;
                    }
                }
            }
        }
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        if number == 0 {
            Handled::close()
        } else {
            self.go(state)
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        match self.focus {
            ConfirmFocus::Reason => self.reason.as_mut(),
            ConfirmFocus::Typed => self.typed.as_mut().map(|typed| &mut typed.input),
            _ => None,
        }
    }

    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        use ConfirmFocus::{Cancel, Go, Reason, Typed};
        Some(LockedQuestion {
            typing: matches!(self.focus, Reason | Typed),
            enter_answers: matches!(self.focus, Typed | Cancel | Go),
            button: 1,
        })
    }

    /// Adds a warning where the session in question has changed since the question was asked. The
    /// request stays the same.
    fn rows_added(&mut self, state: &State, first: RowId) {
        if let Some(warning) = words::change(state, self, first)
            && !self.warnings.contains(&warning)
        {
            self.warnings.push(warning);
        }
    }
}
