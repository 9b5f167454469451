//! The question before several sessions end: what would be done on which system, with the choice of systems
//! and realms. The sessions are those of the moment when it was asked, by their keys: rows that come, go or
//! move while it is open change nothing.

mod choice;
mod view;

use tui_input::Input;

use super::requests::Requests;
use crate::app::dialog::{Dialog, Handled, LockedQuestion, step};
use crate::app::dialog_view::DialogView;
use crate::app::effect::{Effect, Gen, RevokeItem};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::state::State;
use crate::app::update::{edit, plan};
use crate::model::{EndPlan, PlanBasis, Subject};
use crate::store::{Rows, SourceId};

/// One session of a plan.
#[derive(Clone, Debug)]
pub struct PlannedSession {
    /// What is sent for it.
    pub item: RevokeItem,
    /// Its name for people, cleaned.
    pub label: String,
}

/// The sessions of one system of a plan.
#[derive(Clone, Debug)]
pub struct PlannedSystem {
    /// Which one.
    pub source: SourceId,
    /// Its sessions that would end while the whole system is in.
    pub sessions: Vec<PlannedSession>,
    /// The reading that is under way, and what it has brought. `None`: nothing is awaited.
    pub asked: Option<(Gen, Rows)>,
    /// The sign-in that it lacks. `None`: it lacks none.
    pub sign_in: Option<PlanSignIn>,
}

/// A sign-in without which a system cannot be asked about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanSignIn {
    /// The operator can begin it.
    Needed,
    /// It has begun.
    Awaited,
}

impl PlannedSystem {
    /// A system of which nothing is known yet.
    pub fn new(source: SourceId) -> Self {
        Self {
            source,
            sessions: Vec::new(),
            asked: None,
            sign_in: None,
        }
    }
}

/// The question before several sessions end.
#[derive(Clone, Debug)]
pub struct PlanBox {
    /// Who, where and how, with what the operator has taken out.
    pub plan: EndPlan,
    /// The sessions of each of its systems, in the same order.
    pub systems: Vec<PlannedSystem>,
    /// Where the person was found, and as whom. `None`: it is about certain sessions.
    pub person: Option<(SourceId, Subject)>,
    /// Title without its question mark ("End 33 sessions").
    title: String,
    focus: PlanFocus,
    /// The realm of the focused system that Space takes out. 0: the whole system.
    realm: usize,
    typed: Input,
    /// True if something wrong has been entered, or it was too early.
    wrong: bool,
    /// The reason for the audit log, where a profile requires one.
    reason: Option<Input>,
}

/// A control of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlanFocus {
    Reason,
    System(usize),
    Typed,
    Cancel,
    DryRun,
    Go,
}

impl PlanBox {
    /// The question about these sessions. Both lists have the same order.
    pub fn new(
        title: String,
        plan: EndPlan,
        systems: Vec<PlannedSystem>,
        asks_reason: bool,
    ) -> Self {
        let mut question = Self {
            plan,
            systems,
            person: None,
            title,
            focus: PlanFocus::Cancel,
            realm: 0,
            typed: Input::default(),
            wrong: false,
            reason: asks_reason.then(Input::default),
        };
        question.focus = question.controls()[0];
        question
    }

    /// The same question, about all of a person who was found there.
    pub fn about(self, person: (SourceId, Subject)) -> Self {
        Self {
            person: Some(person),
            ..self
        }
    }

    /// What was typed was typed for another number.
    pub fn forget_typed(&mut self) {
        self.typed.reset();
        self.wrong = false;
    }

    /// A system has answered. With nothing to end nothing is typed, so the focus may have to go.
    pub fn answered(&mut self) {
        self.wrong = false;
        if !self.controls().contains(&self.focus) {
            self.focus_on(PlanFocus::Cancel);
        }
    }

    /// True if the operator can sign in to this system from here.
    fn can_sign_in(&self, at: usize) -> bool {
        let system = self.systems.get(at);
        system.is_some_and(|one| one.sign_in == Some(PlanSignIn::Needed))
    }

    /// The controls in the order of Tab.
    fn controls(&self) -> Vec<PlanFocus> {
        let mut all = Vec::new();
        all.extend(self.reason.as_ref().map(|_| PlanFocus::Reason));
        let has_realms = self.plan.systems.iter().any(|one| one.realms.len() > 1);
        let lacks_sign_in = self.systems.iter().any(|one| one.sign_in.is_some());
        if self.systems.len() > 1 || has_realms || lacks_sign_in {
            all.extend((0..self.systems.len()).map(PlanFocus::System));
        }
        if self.plan.typed_because().is_some() {
            all.push(PlanFocus::Typed);
        }
        all.extend([PlanFocus::Cancel, PlanFocus::DryRun, PlanFocus::Go]);
        all
    }

    fn step(&mut self, by: isize) {
        let all = self.controls();
        let at = all.iter().position(|c| *c == self.focus).unwrap_or(0);
        self.focus_on(all[step(at, by, all.len())]);
    }

    fn focus_on(&mut self, control: PlanFocus) {
        (self.focus, self.realm) = (control, 0);
    }

    /// Past the systems, to what comes next.
    fn leave_systems(&mut self) {
        let all = self.controls();
        let is_after =
            |control: &&PlanFocus| !matches!(control, PlanFocus::Reason | PlanFocus::System(_));
        let next = all.iter().find(is_after).copied();
        self.focus_on(next.unwrap_or(PlanFocus::Cancel));
    }

    /// True if letters are typed, or choose something, where the focus is.
    fn is_typing(&self) -> bool {
        use PlanFocus::{Reason, System, Typed};
        matches!(self.focus, Reason | Typed | System(_))
    }

    /// Why it cannot be confirmed yet. `None`: it can, as far as the plan goes.
    fn not_yet(&self) -> Option<String> {
        let asking = self
            .plan
            .systems
            .iter()
            .find(|system| system.is_in && system.basis == PlanBasis::Asking);
        if let Some(system) = asking {
            let name = &system.profile;
            return Some(format!(
                "{name} has not answered yet: wait, or leave it out"
            ));
        }
        (self.plan.sessions() == 0).then(|| {
            let systems = self.plan.systems.iter();
            let is_known = systems
                .filter(|one| one.is_in)
                .all(|one| one.doubt().is_none());
            let text = if is_known {
                "there is nothing to end"
            } else {
                "no session is known that could be ended"
            };
            text.to_owned()
        })
    }

    /// True if everything that must be typed has been typed.
    fn is_complete(&mut self) -> bool {
        if let Some(reason) = &self.reason
            && reason.value().trim().is_empty()
        {
            self.focus_on(PlanFocus::Reason);
            return false;
        }
        if self.not_yet().is_some() {
            self.wrong = true;
            return false;
        }
        if self.plan.typed_because().is_some() {
            let text = self.typed.value().trim();
            // The number is shown with a comma between thousands.
            let number = text.replace(',', "");
            let expected = self.plan.expected();
            self.wrong = !expected
                .iter()
                .any(|wanted| *wanted == text || *wanted == number);
            if self.wrong {
                self.focus_on(PlanFocus::Typed);
                return false;
            }
        }
        true
    }

    /// Confirmed: sends exactly what is in, if all has been typed that must be.
    fn go(&mut self, state: &mut State) -> Handled {
        if !self.is_complete() {
            return Handled::stay();
        }
        let reason = self.reason.as_ref().map(|input| input.value().trim());
        let reason = reason.filter(|reason| !reason.is_empty());
        let reason = reason.map(str::to_owned);
        let mut effects = self.give_up();
        effects.extend(plan::send(state, self, reason));
        Handled::Close(effects)
    }

    /// Readings that are under way are of no more use.
    fn give_up(&self) -> Vec<Effect> {
        let asked = self
            .systems
            .iter()
            .filter_map(|system| system.asked.as_ref());
        asked
            .map(|(generation, _)| Effect::Cancel(*generation))
            .collect()
    }

    /// Shows the requests, and sends none.
    fn dry_run(&self, state: &mut State) -> Handled {
        let requests = Requests::new(self.plan.sessions(), self.requests(state));
        state.open(requests);
        Handled::stay()
    }

    fn enter(&mut self, state: &mut State) -> Handled {
        match self.focus {
            PlanFocus::Cancel => Handled::Close(self.give_up()),
            PlanFocus::DryRun => self.dry_run(state),
            PlanFocus::Typed | PlanFocus::Go => self.go(state),
            PlanFocus::System(at) if self.can_sign_in(at) => {
                Handled::Stay(plan::sign_in(state, self, at))
            }
            PlanFocus::System(_) => {
                self.leave_systems();
                Handled::stay()
            }
            PlanFocus::Reason => {
                self.step(1);
                Handled::stay()
            }
        }
    }

    /// A key that moves between the controls, or presses one.
    fn control_key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc => return Handled::Close(self.give_up()),
            Key::Enter => return self.enter(state),
            Key::Tab => self.step(if key.shift { -1 } else { 1 }),
            Key::Up => self.step(-1),
            Key::Down => self.step(1),
            Key::Left if !self.is_typing() => self.step(-1),
            Key::Right if !self.is_typing() => self.step(1),
            Key::Char('n') if key.typed().is_some() && !self.is_typing() => {
                return Handled::Close(self.give_up());
            }
            Key::Char('d') if key.typed().is_some() && !self.is_typing() => {
                return self.dry_run(state);
            }
            Key::Char('y') if key.typed().is_some() && !self.is_typing() => {
                return self.go(state);
            }
            _ => {
                if let Some(input) = self.input() {
                    edit::edit(input, key);
                    self.wrong = false;
                }
            }
        }
        Handled::stay()
    }
}

impl Dialog for PlanBox {
    fn view(&self, state: &State) -> DialogView {
        view::view(state, self)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        let cancel = Hint::new("Esc", "cancel", 1);
        match self.focus {
            PlanFocus::System(at) => vec![
                Hint::new("Space", "leave out", 0),
                Hint::new("←→", "realm", 2),
                Hint::enter(if self.can_sign_in(at) {
                    "sign in"
                } else {
                    "next"
                }),
                cancel,
            ],
            _ if self.is_typing() => vec![Hint::tab(), Hint::enter("end"), cancel],
            _ => vec![
                Hint::tab(),
                Hint::enter("select"),
                Hint::new("d", "dry run", 2),
                cancel,
            ],
        }
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if let PlanFocus::System(at) = self.focus {
            match key.key {
                Key::Char(' ') => {
                    self.toggle(at);
                    return Handled::stay();
                }
                Key::Left => {
                    self.realm = self.realm.saturating_sub(1);
                    return Handled::stay();
                }
                Key::Right => {
                    self.realm = (self.realm + 1).min(self.choices(at));
                    return Handled::stay();
                }
                // Typed text goes into the field below.
                _ if key.typed().is_some() && self.plan.typed_because().is_some() => {
                    self.focus_on(PlanFocus::Typed);
                }
                _ => {}
            }
        }
        self.control_key(state, key)
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        match number {
            0 => Handled::Close(self.give_up()),
            1 => self.dry_run(state),
            _ => self.go(state),
        }
    }

    fn choose(&mut self, number: usize) {
        if number < self.systems.len() {
            self.focus_on(PlanFocus::System(number));
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        match self.focus {
            PlanFocus::Reason => self.reason.as_mut(),
            PlanFocus::Typed => Some(&mut self.typed),
            _ => None,
        }
    }

    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        use PlanFocus::{Cancel, Go, Typed};
        Some(LockedQuestion {
            typing: self.is_typing(),
            enter_answers: matches!(self.focus, Typed | Cancel | Go),
            button: 2,
        })
    }
}
