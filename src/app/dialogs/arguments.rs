//! The arguments of an action, and the question before it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tui_input::Input;

use crate::app::dialog::{Dialog, Handled, LockedQuestion, step};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, sentences, text_cells};
use crate::app::effect::{Effect, Gen};
use crate::app::hint::Hint;
use crate::app::job::Acting;
use crate::app::keymap::{Key, KeyPress};
use crate::app::name_value::name_value_pairs;
use crate::app::results::RowStatus;
use crate::app::role::Role;
use crate::app::state::{Level, State};
use crate::app::text_wrap::wrap_words;
use crate::app::update::{edit, message};
use crate::app::words;
use crate::model::text::{cut_end, width_cols};
use crate::model::{
    ActionArgs, ActionSpec, ActionTarget, ActsOn, ArgKind, Confirmation, Session, Subject,
};
use crate::store::SourceId;

/// Width of the box, on large screens and on small ones.
const WIDTH: (u16, u16) = (84, 66);

/// The questions before an action.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Whose action.
    pub source: SourceId,
    /// Whose session it acts on, for the audit log.
    pub subject: Subject,
    /// The action.
    pub spec: ActionSpec,
    /// The target; for a token it is filled in from the first field.
    pub target: ActionTarget,
    /// The target, in words, cleaned.
    pub on: String,
    /// The fields, in order: the reason, the name that confirms it, a token, the arguments, then other pairs as `name=value …`.
    pub fields: Vec<ArgumentField>,
    /// The focused control: the fields first, then Cancel, then the button that does it.
    pub focus: usize,
    /// The mistake, and the field under which it stands.
    pub error: Option<(usize, String)>,
    /// True if a production system is touched.
    pub production: bool,
    /// True if it was confirmed once, of two times that are needed.
    pub confirmed_once: bool,
    /// When it was sent: the box waits for the answer. `None`: it asks.
    pub sent: Option<DateTime<Utc>>,
    /// The number under which it was sent.
    pub generation: Gen,
}

/// One field of an action's questions.
#[derive(Clone, Debug)]
pub struct ArgumentField {
    /// The text before it.
    pub title: String,
    /// The text under it.
    pub note: Option<Cow<'static, str>>,
    /// Its purpose.
    pub kind: ArgumentKind,
    /// True if it is masked.
    pub secret: bool,
    /// The text typed.
    pub input: Input,
}

/// The purpose of a field of an action's questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Why, for the audit log.
    Reason,
    /// The name that confirms the action, so that it is not done by one key.
    Confirming,
    /// The token that the action acts on.
    Token,
    /// The argument of this name.
    Named(Cow<'static, str>),
    /// Any other pairs, `name=value`, separated by blanks.
    Pairs,
}

/// Opens the questions of an action, or does it at once if it asks and changes nothing.
pub fn open(state: &mut State, mut arguments: Arguments) -> Vec<Effect> {
    let at_once =
        arguments.fields.is_empty() && arguments.spec.confirmation() == Confirmation::None;
    let effects = if at_once {
        arguments.send(state)
    } else {
        Vec::new()
    };
    state.open(arguments);
    effects
}

/// The sign-in that a question needed is given up, and so is the question.
pub fn give_up(state: &mut State, source: SourceId) -> Vec<Effect> {
    let is_theirs = |a: &Arguments| a.source == source && a.sent.is_some() && !a.spec.changes;
    let mut given_up = None;
    state
        .dialogs
        .retain(|dialog| match dialog.get::<Arguments>() {
            Some(arguments) if given_up.is_none() && is_theirs(arguments) => {
                given_up = Some(arguments.generation);
                false
            }
            _ => true,
        });
    given_up.map_or_else(Vec::new, |generation| forget(state, generation))
}

/// A question is not asked any more.
fn forget(state: &mut State, generation: Gen) -> Vec<Effect> {
    state
        .acting
        .retain(|acting| acting.generation != generation);
    vec![Effect::Cancel(generation)]
}

fn fields(spec: &ActionSpec, asks_reason: bool) -> Vec<ArgumentField> {
    let mut fields = Vec::new();
    let field = |title: &str, kind, secret| ArgumentField {
        title: title.to_owned(),
        note: None,
        kind,
        secret,
        input: Input::default(),
    };
    if asks_reason {
        let title = "Reason, for the audit log";
        fields.push(field(title, ArgumentKind::Reason, false));
    }
    if spec.confirmation() >= Confirmation::Typed {
        let title = match spec.on {
            ActsOn::User => "Type the user's name".to_owned(),
            _ => format!("Type {}", spec.name),
        };
        fields.push(field(&title, ArgumentKind::Confirming, false));
    }
    if spec.on == ActsOn::Token {
        fields.push(field("Token", ArgumentKind::Token, true));
    }
    for arg in &spec.args {
        let optional = if arg.required { "" } else { " (optional)" };
        let title = match arg.kind {
            ArgKind::Text => format!("{}{optional}", arg.title),
            ArgKind::YesNo => format!("{}, yes or no{optional}", arg.title),
        };
        fields.push(field(
            &title,
            ArgumentKind::Named(arg.name.clone()),
            arg.secret,
        ));
    }
    if let Some(pairs) = &spec.pairs {
        fields.push(ArgumentField {
            note: Some(pairs.clone()),
            ..field("name=value …", ArgumentKind::Pairs, false)
        });
    }
    fields
}

impl Arguments {
    /// The questions of an action on this session. `on` says in words what it acts on.
    pub fn of(
        state: &State,
        source: SourceId,
        session: Option<&Session>,
        spec: ActionSpec,
        on: &str,
    ) -> Self {
        let target = match (spec.on, session) {
            (ActsOn::Session, Some(session)) => ActionTarget::Session(session.key.clone()),
            (ActsOn::User, Some(session)) => ActionTarget::User(session.subject.clone()),
            (ActsOn::Token, _) => ActionTarget::Token(SecretString::default()),
            _ => ActionTarget::Nothing,
        };
        let opened = state.source(source);
        let profile = opened.map_or("", |s| s.profile.name.as_str());
        let subject = session
            .filter(|_| spec.on == ActsOn::Session)
            .map_or_else(Subject::default, |session| session.subject.clone());
        let asks_reason = spec.changes && opened.is_some_and(|s| s.profile.policy.require_reason);
        Self {
            source,
            subject,
            target,
            on: format!("{on} · {profile}"),
            focus: 0,
            error: None,
            production: opened.is_some_and(|s| s.profile.policy.production),
            confirmed_once: false,
            sent: None,
            generation: Gen::default(),
            fields: fields(&spec, asks_reason),
            spec,
        }
    }

    /// The labels of the buttons, in order.
    fn buttons(&self) -> [&'static str; 2] {
        let does = match (self.confirmed_once, self.spec.changes) {
            (true, _) => "Run now",
            (false, true) => "Run",
            (false, false) => "Show",
        };
        ["Cancel", does]
    }

    /// A key while the answer is on its way. Esc ends a question; of a change it only hides the box,
    /// since what was sent goes on.
    fn leave(&self, state: &mut State, key: KeyPress) -> Handled {
        if key.key != Key::Esc {
            return Handled::stay();
        }
        let title = &self.spec.title;
        if self.spec.changes {
            let text = format!("{title}: under way, the outcome will stand here");
            return Handled::Close(message::say(state, Level::Info, text));
        }
        let mut effects = forget(state, self.generation);
        let text = format!("{title}: cancelled");
        effects.extend(message::say(state, Level::Info, text));
        Handled::Close(effects)
    }

    /// Enter on the focused control.
    fn enter(&mut self, state: &mut State) -> Handled {
        let fields = self.fields.len();
        if self.sent.is_some() {
            return Handled::stay();
        }
        if self.focus == fields {
            return Handled::close();
        }
        // From the last field Enter goes to the buttons if something would change, else it asks at once.
        if self.focus + 1 < fields || (self.focus < fields && self.spec.changes) {
            self.focus += 1;
            return Handled::stay();
        }
        Handled::Stay(self.send(state))
    }

    /// Sends what the questions say, and waits for the answer; or says what is wrong with it.
    fn send(&mut self, state: &mut State) -> Vec<Effect> {
        let (now, generation) = (state.now, state.next_gen());
        let (args, reason) = match self.read() {
            Ok(read) => read,
            Err((field, error)) => {
                self.focus = field;
                self.error = Some((field, error));
                return Vec::new();
            }
        };
        if self.spec.confirmation() == Confirmation::Twice && !self.confirmed_once {
            self.confirmed_once = true;
            // On Cancel: a second key by accident does nothing.
            self.focus = self.fields.len();
            self.error = None;
            return Vec::new();
        }
        self.sent = Some(now);
        self.generation = generation;
        self.error = None;
        let (source, spec) = (self.source, self.spec.clone());
        let key = match &args.target {
            ActionTarget::Session(key) => Some(key.clone()),
            _ => None,
        };
        state.message = None;
        if let Some(key) = key.as_ref().filter(|_| spec.ends) {
            let status = Some(RowStatus::Revoking);
            state.results.set_status(source, key, status, now);
        }
        state.acting.push(Acting {
            generation,
            source,
            spec: spec.clone(),
            key,
        });
        vec![Effect::Act {
            source,
            generation,
            subject: self.subject.clone(),
            reason,
            spec,
            args,
        }]
    }

    /// The server takes what was typed for wrong: its words stand under the field, and it can be put
    /// right.
    pub fn ask_again(&mut self, why: String) {
        self.sent = None;
        // It is about something that was typed.
        let typed = |field: &ArgumentField| !field.input.value().is_empty();
        let last = self.fields.len().saturating_sub(1);
        self.focus = self.fields.iter().rposition(typed).unwrap_or(last);
        self.error = Some((self.focus, why));
    }

    /// The arguments and the reason as typed, or the mistake and its field.
    fn read(&self) -> Result<(ActionArgs, Option<String>), (usize, String)> {
        let mut target = self.target.clone();
        let mut reason = None;
        let mut pairs = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let text = field.input.value();
            match &field.kind {
                ArgumentKind::Reason if text.trim().is_empty() => {
                    return Err((at, "this profile wants a reason for every change".into()));
                }
                ArgumentKind::Reason => reason = Some(text.trim().to_owned()),
                ArgumentKind::Confirming => {
                    is_named(&self.spec, &target, text).map_err(|why| (at, why))?;
                }
                ArgumentKind::Token if text.trim().is_empty() => {
                    return Err((at, "type or paste the token first".into()));
                }
                ArgumentKind::Token => {
                    target = ActionTarget::Token(SecretString::from(text.trim()));
                }
                ArgumentKind::Named(_) if text.is_empty() => {}
                ArgumentKind::Named(name) => {
                    pairs.push((name.to_string(), SecretString::from(text)));
                }
                ArgumentKind::Pairs => {
                    let typed = name_value_pairs(text).map_err(|why| (at, why))?;
                    if typed.is_empty() {
                        return Err((at, "type at least one, such as: name=value".into()));
                    }
                    let typed = typed.into_iter();
                    pairs.extend(typed.map(|(name, value)| (name, SecretString::from(value))));
                }
            }
        }
        let checked = self.spec.check(target, pairs);
        checked
            .map(|args| (args, reason))
            .map_err(|why| (self.refused_field(), why))
    }

    /// The field that a check was about: the first that lacks what it must have or holds what it may not,
    /// else the last.
    fn refused_field(&self) -> usize {
        let is_wrong = |field: &ArgumentField| {
            let ArgumentKind::Named(name) = &field.kind else {
                return false;
            };
            let text = field.input.value();
            let arg = self.spec.args.iter().find(|arg| arg.name == *name);
            arg.is_some_and(|arg| match (text.is_empty(), arg.kind) {
                (true, _) => arg.required,
                (false, ArgKind::YesNo) => !matches!(text, "yes" | "no"),
                (false, ArgKind::Text) => false,
            })
        };
        let wrong = self.fields.iter().position(is_wrong);
        wrong.unwrap_or(self.fields.len().saturating_sub(1))
    }
}

impl Dialog for Arguments {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, by_size(state.size, WIDTH));
        let mut lines = vec![ViewLine::default()];
        let on = cut_end(&self.on, cells.saturating_sub(4), Default::default()).into_owned();
        lines.push(
            ViewLine::plain("  ")
                .with("On  ", Role::Dim)
                .with(on, Role::Text),
        );
        let help = sentences(&self.spec.help, cells);
        lines.extend(
            help.into_iter()
                .map(|line| ViewLine::plain("  ").with(line, Role::Dim)),
        );
        lines.push(ViewLine::default());
        let labels = label_cells(&self.fields, cells);
        for (index, field) in self.fields.iter().enumerate() {
            let focused = self.focus == index && self.sent.is_none();
            lines.extend(question(field, focused, labels, cells));
            if let Some((_, error)) = self.error.as_ref().filter(|(at, _)| *at == index) {
                let said = wrap_words(&format!("! {error}"), cells);
                lines.extend(
                    said.into_iter()
                        .map(|line| ViewLine::plain("  ").with(line, Role::Danger)),
                );
            }
        }
        if !self.fields.is_empty() {
            lines.push(ViewLine::default());
        }
        lines.push(if let Some(sent) = self.sent {
            ViewLine::plain("  ").with(waiting_words(state, sent), Role::Title)
        } else {
            let focused = self.focus.checked_sub(self.fields.len());
            ViewLine::default().with_buttons(&self.buttons(), &[5, 3], focused)
        });
        lines.push(ViewLine::default());
        let danger = self.production && self.spec.changes;
        let asks = match (danger, self.spec.changes) {
            (true, _) => " on PRODUCTION?",
            (false, true) => "?",
            (false, false) => "",
        };
        let on_button = self.focus >= self.fields.len();
        let footer = match (self.sent, self.spec.changes && on_button) {
            (Some(_), _) if self.spec.changes => "Esc hide",
            (Some(_), _) => "Esc cancel",
            (None, true) => "Tab choose · Enter · y run · Esc/n cancel",
            (None, false) => "Tab choose · Enter · Esc cancel",
        };
        DialogView {
            title: format!("{}{asks}", self.spec.title),
            danger,
            footer: footer.to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, by_size(state.size, WIDTH))
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        if self.sent.is_some() {
            let word = if self.spec.changes { "hide" } else { "cancel" };
            return vec![Hint::new("Esc", word, 0)];
        }
        let in_field = self.focus < self.fields.len();
        let mut hints = vec![
            Hint::tab(),
            Hint::enter(if in_field { "next" } else { "select" }),
        ];
        if self.spec.changes && !in_field {
            hints.push(Hint::new("y", "run", 3));
        }
        hints.push(Hint::new("Esc", "cancel", 1));
        hints
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if self.sent.is_some() {
            return self.leave(state, key);
        }
        let controls = self.fields.len() + self.buttons().len();
        let in_field = self.focus < self.fields.len();
        let confirms = !in_field && self.spec.changes;
        let by = match key.key {
            Key::Esc => return Handled::close(),
            Key::Char('y') if confirms => return self.button(state, 1),
            Key::Char('n') if confirms => return Handled::close(),
            Key::Enter => return self.enter(state),
            Key::Tab if key.shift => -1,
            Key::Up => -1,
            Key::Tab | Key::Down => 1,
            Key::Left if !in_field => -1,
            Key::Right if !in_field => 1,
            _ => {
                if let Some(field) = self.fields.get_mut(self.focus) {
                    self.error = None;
                    self.confirmed_once = false;
                    edit::edit(&mut field.input, key);
                }
                return Handled::stay();
            }
        };
        self.focus = step(self.focus, by, controls);
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        self.focus = self.fields.len() + number;
        self.enter(state)
    }

    fn input(&mut self) -> Option<&mut Input> {
        let field = self.fields.get_mut(self.focus);
        let field = field.filter(|_| self.sent.is_none());
        field.map(|field| &mut field.input)
    }

    fn pasted(&mut self) {
        self.error = None;
        self.confirmed_once = false;
    }

    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        let typing = self.focus < self.fields.len();
        (self.spec.changes && self.sent.is_none()).then_some(LockedQuestion {
            typing,
            enter_answers: !typing,
            button: 1,
        })
    }

    fn shows_seconds(&self) -> bool {
        self.sent.is_some()
    }
}

/// That an answer is on its way, and for how long.
pub(super) fn waiting_words(state: &State, since: DateTime<Utc>) -> String {
    match (state.now - since).num_seconds() {
        ..1 => "Waiting for the server …".to_owned(),
        seconds => format!("Waiting for the server … {seconds} s"),
    }
}

/// Checks that the text is the name that confirms the action: of the user, as it is shown or as it
/// is, or of the action.
fn is_named(spec: &ActionSpec, target: &ActionTarget, text: &str) -> Result<(), String> {
    let (raw, shown) = match target {
        ActionTarget::User(user) => (
            user.shown().map_or("", |name| name.expose()),
            words::shown(user),
        ),
        _ => (spec.name.as_ref(), spec.name.to_string()),
    };
    let text = text.trim();
    if text == shown || text == raw.trim() {
        Ok(())
    } else {
        Err(format!("no match: type {shown} to confirm, Esc cancels"))
    }
}

/// Width of the label column.
fn label_cells(fields: &[ArgumentField], cells: usize) -> usize {
    let widths = fields.iter().map(|field| width_cols(&field.title));
    widths
        .filter(|width| *width <= cells / 2)
        .max()
        .unwrap_or(0)
}

/// A field with what is asked before it, on a line of its own where both do not fit.
fn question(field: &ArgumentField, focused: bool, labels: usize, cells: usize) -> Vec<ViewLine> {
    let text = if field.secret {
        FieldText::masked(&field.input)
    } else {
        FieldText::of(&field.input)
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
    if let Some(note) = &field.note {
        let note = wrap_words(note, (cells + 2).saturating_sub(indent).max(8));
        lines.extend(
            note.into_iter()
                .map(|line| ViewLine::default().to_cell(indent).with(line, Role::Dim)),
        );
    }
    lines
}
