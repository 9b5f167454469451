//! The dialogs that can lie over the main screen. The last one has the keys.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tui_input::Input;

use super::dialog::Dialog;
use super::effect::{Gen, JobId, RevokeItem};
use super::msg::SignInStep;
use crate::model::text::with_thousands;
use crate::model::{ActionBody, ActionSpec, ActionTarget, ApiError, Session, SessionKey, Subject};
use crate::store::{RowId, SourceId};

/// A dialog.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// Really revoke?
    Confirm(Box<Confirm>),
    /// A revoke job at work, or ended with something to say.
    Progress(JobId),
    /// Any other.
    Dialog(Box<dyn Dialog>),
    /// A provider asks for a person.
    SignIn(Box<SignIn>),
    /// What else this system can do.
    Actions(ActionsMenu),
    /// What an action needs to know, and whether it shall be done.
    Arguments(Box<Arguments>),
    /// What an action gave back.
    Answer(Box<Answer>),
}

impl Overlay {
    /// The dialog, if it is of this kind.
    pub fn get<T: Dialog>(&self) -> Option<&T> {
        match self {
            Self::Dialog(dialog) => dialog.get(),
            _ => None,
        }
    }
}

/// What will be sent, what will not, and why.
#[derive(Clone, Debug, Default)]
pub struct RevokePlan {
    /// What is sent.
    pub send: Vec<RevokeItem>,
    /// What is left out: how many, and why.
    pub skip: Vec<(usize, String)>,
}

/// What a confirmation is about.
#[derive(Clone, Debug)]
pub enum ConfirmKind {
    /// These rows.
    Rows(RevokePlan),
    /// All sessions of a user at one source.
    User(WholeUser),
}

/// All sessions of a person.
#[derive(Clone, Debug)]
pub struct WholeUser {
    /// Where.
    pub source: SourceId,
    /// Whose, as the row says it.
    pub user: Subject,
    /// How many of the loaded rows are theirs and live; the server may have more.
    pub here: usize,
    /// The same in every realm, organisation or tenant of the profile. `None`: the system has no such
    /// thing, or cannot end sessions in all of them at once.
    pub everywhere: Option<usize>,
    /// Is that what shall be done? At first only what the row itself names.
    pub is_everywhere: bool,
    /// Does the result list hold every session (then the numbers are whole)?
    pub is_all_loaded: bool,
}

impl WholeUser {
    /// How many of the loaded rows would end.
    pub fn loaded(&self) -> usize {
        match (self.is_everywhere, self.everywhere) {
            (true, Some(everywhere)) => everywhere,
            _ => self.here,
        }
    }

    /// Whose sessions end. Everywhere the name alone says it: an id is good in one place.
    pub fn subject(&self) -> Subject {
        match self.is_everywhere {
            false => self.user.clone(),
            true => Subject {
                name: self.user.name.clone(),
                ..Subject::default()
            },
        }
    }
}

/// Something that must be typed before a confirmation counts.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What is typed.
    pub input: Input,
    /// Any of these counts.
    pub expect: Vec<String>,
    /// What to ask for ("Type the number of sessions, or the user's name").
    pub ask: String,
    /// Why it must be typed, behind "typed because".
    pub because: String,
    /// Has something wrong been entered?
    pub wrong: bool,
}

/// The question before a revoke. Holds keys, not positions: nothing that happens meanwhile changes what is sent.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// What it is about.
    pub kind: ConfirmKind,
    /// Title ("Delete session?").
    pub title: String,
    /// The facts, as label and value; an empty label continues the line before. All cleaned.
    pub facts: Vec<(String, String)>,
    /// The same in at most four lines for small screens.
    pub short: Vec<String>,
    /// What ends and what does not: the system's own sentence; of several systems a line each.
    pub after: String,
    /// Warnings ("changed since you looked").
    pub warnings: Vec<String>,
    /// Label of the button that does it ("Delete").
    pub verb: String,
    /// Is a production system touched?
    pub production: bool,
    /// The focused control.
    pub focus: ConfirmFocus,
    /// What must be typed. `None`: nothing.
    pub typed: Option<Typed>,
    /// The reason for the audit log, where the profile requires one.
    pub reason: Option<Input>,
}

/// A control of the confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmFocus {
    /// The field for the reason.
    Reason,
    /// The choice between one realm and every one.
    Reach,
    /// The field for what must be typed.
    Typed,
    /// `[ Cancel ]`.
    Cancel,
    /// `[ Delete ]`.
    Go,
}

/// The sign-in box.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who asks.
    pub source: SourceId,
    /// What it asks.
    pub step: SignInStep,
    /// The fields of `SignInStep::Ask`.
    pub inputs: Vec<Input>,
    /// The focused control: the fields first, then the buttons.
    pub focus: usize,
    /// Until when a code works. `None`: not a code.
    pub until: Option<DateTime<Utc>>,
    /// Since when the box waits: for what the server says to the answers, or for somebody elsewhere.
    /// `None`: it asks.
    pub sent: Option<DateTime<Utc>>,
    /// The first line shown of what the server wants read.
    pub top: usize,
}

/// The menu of actions.
#[derive(Clone, Debug)]
pub struct ActionsMenu {
    /// Whose actions.
    pub source: SourceId,
    /// The session they would act on, as it was when the menu was opened. `None`: no row is selected.
    pub session: Option<Box<Session>>,
    /// The actions, each with the reason why it cannot be done now.
    pub entries: Vec<(ActionSpec, Option<String>)>,
    /// The chosen line.
    pub choice: usize,
}

/// The questions before an action.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Whose action.
    pub source: SourceId,
    /// Whose session it acts on, for the audit log.
    pub subject: Subject,
    /// The action.
    pub spec: ActionSpec,
    /// What it acts on; of a token it is filled in from the first field.
    pub target: ActionTarget,
    /// What it acts on, in words, cleaned.
    pub on: String,
    /// The fields, in order: the reason, the user's name, a token, the arguments, then other pairs as `name=value …`.
    pub fields: Vec<ArgumentField>,
    /// The focused control: the fields first, then Cancel, then the button that does it.
    pub focus: usize,
    /// What is wrong, and under which field it stands.
    pub error: Option<(usize, String)>,
    /// Is a production system touched?
    pub production: bool,
    /// When it was sent: the box waits for the answer. `None`: it asks.
    pub sent: Option<DateTime<Utc>>,
    /// The number under which it was sent.
    pub generation: Gen,
}

/// An action whose answer is on its way.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Its number.
    pub generation: Gen,
    /// Where.
    pub source: SourceId,
    /// The action.
    pub spec: ActionSpec,
    /// The session that it acts on. `None`: it acts on something else.
    pub key: Option<SessionKey>,
}

/// One field of an action's questions.
#[derive(Clone, Debug)]
pub struct ArgumentField {
    /// What to write before it.
    pub title: String,
    /// What to write under it.
    pub note: Option<&'static str>,
    /// What the field is.
    pub kind: ArgumentKind,
    /// Masked?
    pub secret: bool,
    /// What is typed.
    pub input: Input,
}

/// What a field of an action's questions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Why, for the audit log.
    Reason,
    /// The name of the user, so that nobody's sessions all end by one key.
    Whose,
    /// The token that the action acts on.
    Token,
    /// The argument of this name.
    Named(&'static str),
    /// Any other pairs, `name=value`, separated by blanks.
    Pairs,
}

/// What an action gave back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Title of the action.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// What the server told.
    pub body: ActionBody,
    /// First line shown.
    pub top: usize,
    /// How many columns of a table are scrolled away behind the first one, which stays.
    pub left: usize,
}

/// How a job goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// At work.
    Running,
    /// Nothing more is sent until somebody has signed in and says so.
    Paused(ApiError),
    /// Signed in again after a pause; waits for "Go on".
    Ready,
    /// Nothing more is started; what runs is awaited.
    Stopping,
    /// Over.
    Ended,
}

/// Under what a row of a job was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Ended by us.
    Done,
    /// Had already gone.
    Gone,
    /// Outcome unknown, or still listed.
    Unclear,
    /// Failed or refused.
    Failed,
}

/// A revoke job as the screen knows it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What it is ("Revoking 33 sessions").
    pub title: String,
    /// All items; for a user revoke empty.
    pub items: Vec<RevokeItem>,
    /// Whose sessions, for a user revoke.
    pub user: Option<(SourceId, Subject)>,
    /// Counts: ended by us.
    pub done: usize,
    /// Counts: had already gone.
    pub gone: usize,
    /// Counts: outcome unknown, or still listed.
    pub unclear: usize,
    /// Failed or refused, newest last: what and why, cleaned.
    pub failed: Vec<(RevokeItem, String)>,
    /// What was counted for each row; a later outcome of the same row corrects it.
    pub counted: HashMap<RowId, Counted>,
    /// How it goes.
    pub state: JobState,
    /// Title of the production bar.
    pub production: bool,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// What a user revoke left, as a sentence. `None`: it has not ended, or it is no user revoke.
    pub summary: Option<String>,
    /// The focused button of the box.
    pub button: usize,
}

impl Job {
    /// Counts what became of a row, in place of what was counted for it before.
    pub fn count(&mut self, item: &RevokeItem, counted: Counted, why: Option<String>) {
        match self.counted.insert(item.row, counted) {
            Some(Counted::Done) => self.done -= 1,
            Some(Counted::Gone) => self.gone -= 1,
            Some(Counted::Unclear) => self.unclear -= 1,
            Some(Counted::Failed) => self.failed.retain(|(failed, _)| failed.row != item.row),
            None => {}
        }
        match counted {
            Counted::Done => self.done += 1,
            Counted::Gone => self.gone += 1,
            Counted::Unclear => self.unclear += 1,
            Counted::Failed => self.failed.push((item.clone(), why.unwrap_or_default())),
        }
    }

    /// How many were ended, and how many had already gone: "18 done", "18 done, 1 already gone".
    pub fn done_words(&self) -> String {
        let number = |n: usize| with_thousands(n as u64);
        match self.gone {
            0 => format!("{} done", number(self.done)),
            gone => format!("{} done, {} already gone", number(self.done), number(gone)),
        }
    }

    /// How many items have no outcome yet.
    pub fn waiting(&self) -> usize {
        self.items
            .len()
            .saturating_sub(self.done + self.gone + self.unclear + self.failed.len())
    }
}
