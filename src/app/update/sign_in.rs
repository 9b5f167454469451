//! A provider asks for a person: its questions, their answers, and the wait for what comes of them.

use std::borrow::Cow;

use secrecy::SecretString;
use tui_input::Input;

use super::{actions, edit, message, net};
use crate::app::dialogs;
use crate::app::effect::{Copied, Effect};
use crate::app::keymap::{Key, KeyPress};
use crate::app::msg::SignInStep;
use crate::app::overlay::{Overlay, SignIn};
use crate::app::source::{Link, Progress};
use crate::app::state::{Level, State};
use crate::model::ApiError;
use crate::model::signin::{QuestionKind, Waiting};
use crate::store::SourceId;

/// A provider asks for a person.
pub fn asked(state: &mut State, source: SourceId, step: SignInStep) -> Vec<Effect> {
    if matches!(step, SignInStep::Done) && is_waiting(state, source) {
        // The questions are done, the sign-in is not: the box stays until it has led somewhere.
        return Vec::new();
    }
    if let SignInStep::Wait(waiting) = step {
        wait(state, source, waiting);
        return Vec::new();
    }
    net::close_sign_in(&mut state.overlays, source);
    let (inputs, until) = match &step {
        SignInStep::Done | SignInStep::Wait(_) => return Vec::new(),
        SignInStep::ShowCode(code) => (Vec::new(), Some(code.until)),
        SignInStep::Ask(ask) => (
            ask.questions
                .iter()
                .map(|question| match &question.kind {
                    QuestionKind::Text { default } => Input::new(default.safe().into_owned()),
                    QuestionKind::Secret => Input::default(),
                    QuestionKind::Choice { default, .. } => Input::new(default.to_string()),
                })
                .collect(),
            None,
        ),
    };
    state.overlays.push(Overlay::SignIn(Box::new(SignIn {
        source,
        step,
        inputs,
        focus: 0,
        until,
        sent: None,
        top: 0,
    })));
    Vec::new()
}

/// The server waits for somebody elsewhere, or still does: its words change, the rest of the box stays.
fn wait(state: &mut State, source: SourceId, waiting: Waiting) {
    let now = state.now;
    let shown = state.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::SignIn(shown) if shown.source == source => Some(shown),
        _ => None,
    });
    if let Some(shown) = shown
        && let SignInStep::Wait(before) = &mut shown.step
    {
        if before.instead.len() != waiting.instead.len() {
            shown.focus = waiting.instead.len();
        }
        *before = waiting;
        return;
    }
    net::close_sign_in(&mut state.overlays, source);
    state.overlays.push(Overlay::SignIn(Box::new(SignIn {
        source,
        // On Cancel, which comes last.
        focus: waiting.instead.len(),
        step: SignInStep::Wait(waiting),
        inputs: Vec::new(),
        until: None,
        sent: Some(now),
        top: 0,
    })));
}

fn is_waiting(state: &State, source: SourceId) -> bool {
    state.overlays.iter().any(|overlay| {
        matches!(overlay, Overlay::SignIn(sign_in)
            if sign_in.source == source && sign_in.sent.is_some())
    })
}

impl SignIn {
    /// The labels of the buttons, in order.
    pub fn buttons(&self) -> Vec<Cow<'static, str>> {
        let labels: &[&'static str] = match &self.step {
            SignInStep::Wait(waiting) => {
                let instead = waiting.instead.iter();
                let instead = instead.map(|text| Cow::from(text.name().into_owned()));
                return instead.chain(["Cancel".into()]).collect();
            }
            _ if self.sent.is_some() => &["Cancel"],
            SignInStep::ShowCode(_) => &["Copy address", "Copy code", "Cancel"],
            SignInStep::Ask(ask) if ask.questions.is_empty() => &["Go on", "Cancel"],
            _ => &["Sign in", "Cancel"],
        };
        labels.iter().map(|label| Cow::from(*label)).collect()
    }

    /// How many fields can have the focus.
    pub fn fields(&self) -> usize {
        match self.sent {
            Some(_) => 0,
            None => self.inputs.len(),
        }
    }

    /// The text field that has the focus.
    pub fn focused_input(&mut self) -> Option<&mut Input> {
        if self.sent.is_some() || self.focused_choice().is_some() {
            return None;
        }
        self.inputs.get_mut(self.focus)
    }

    /// Goes to the next option of the choice that has the focus, or the one before, round its ends.
    fn change_choice(&mut self, by: isize) {
        let Some(count) = self.focused_choice().filter(|count| *count > 0) else {
            return;
        };
        if let Some(input) = self.inputs.get_mut(self.focus) {
            let now: isize = input.value().parse().unwrap_or(0);
            let next = (now + by).rem_euclid(count as isize);
            *input = Input::new(next.to_string());
        }
    }

    /// The first secret that is asked for and has not been typed.
    fn empty_secret(&self) -> Option<usize> {
        let SignInStep::Ask(ask) = &self.step else {
            return None;
        };
        let mut asked = ask.questions.iter().zip(&self.inputs);
        asked.position(|(question, input)| {
            question.kind == QuestionKind::Secret && input.value().is_empty()
        })
    }

    /// The choice that has the focus: number of options.
    pub fn focused_choice(&self) -> Option<usize> {
        let SignInStep::Ask(ask) = &self.step else {
            return None;
        };
        match &ask.questions.get(self.focus)?.kind {
            QuestionKind::Choice { options, .. } => Some(options.len()),
            _ => None,
        }
    }
}

/// Takes an option of the choice that has the focus, or of the only one, as the mouse does.
pub fn choose(sign_in: &mut SignIn, option: usize) {
    let SignInStep::Ask(ask) = &sign_in.step else {
        return;
    };
    let of = |at: &usize| match ask.questions.get(*at).map(|question| &question.kind) {
        Some(QuestionKind::Choice { options, .. }) => option < options.len(),
        _ => false,
    };
    let focused = Some(sign_in.focus).filter(of);
    if let Some(at) = focused.or_else(|| (0..sign_in.inputs.len()).find(of)) {
        sign_in.focus = at;
        sign_in.inputs[at] = Input::new(option.to_string());
    }
}

/// A key while the box has the keys.
pub fn key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::SignIn(sign_in)) = state.overlays.last() else {
        return Vec::new();
    };
    let (page, last) = dialogs::sign_in_reach(state, sign_in);
    let Some(Overlay::SignIn(sign_in)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let fields = sign_in.fields();
    let controls = fields + sign_in.buttons().len();
    let in_field = sign_in.focus < fields;
    let back = (sign_in.focus + controls - 1) % controls;
    let forth = (sign_in.focus + 1) % controls;
    match key.key {
        Key::Esc => return give_up(state),
        Key::PageDown => sign_in.top = sign_in.top.saturating_add(page).min(last),
        Key::PageUp => sign_in.top = sign_in.top.min(last).saturating_sub(page),
        Key::Tab if key.shift => sign_in.focus = back,
        Key::Tab => sign_in.focus = forth,
        Key::Up | Key::Left if in_field && sign_in.focused_choice().is_some() => {
            sign_in.change_choice(-1);
        }
        Key::Down | Key::Right | Key::Char(' ')
            if in_field && sign_in.focused_choice().is_some() =>
        {
            sign_in.change_choice(1);
        }
        Key::Up => sign_in.focus = back,
        Key::Down => sign_in.focus = forth,
        Key::Left if !in_field => sign_in.focus = back,
        Key::Right if !in_field => sign_in.focus = forth,
        Key::Enter => return enter(state),
        _ => {
            if let Some(input) = sign_in.focused_input() {
                edit::edit(input, key);
            }
        }
    }
    Vec::new()
}

/// Presses a button by its number, as the mouse does.
pub fn button(state: &mut State, number: usize) -> Vec<Effect> {
    if let Some(Overlay::SignIn(sign_in)) = state.overlays.last_mut() {
        sign_in.focus = sign_in.fields() + number;
    }
    enter(state)
}

/// Enter on the focused control: to the next field, or what the button says.
fn enter(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(Overlay::SignIn(sign_in)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let fields = sign_in.fields();
    if sign_in.focus + 1 < fields {
        sign_in.focus += 1;
        return Vec::new();
    }
    let button = sign_in.focus.saturating_sub(fields);
    if let Some(lacks) = sign_in.empty_secret().filter(|_| button == 0) {
        sign_in.focus = lacks;
        return message::say(state, Level::Warn, "type the answer to this question first");
    }
    match &sign_in.step {
        SignInStep::Wait(waiting) if button < waiting.instead.len() => vec![Effect::Answer {
            source: sign_in.source,
            answers: Some(vec![SecretString::from(button.to_string())]),
        }],
        _ if sign_in.sent.is_some() => give_up(state),
        SignInStep::ShowCode(code) => {
            let (what, text) = match button {
                0 => (
                    Copied::Address,
                    code.url_complete.as_ref().unwrap_or(&code.url),
                ),
                1 => (Copied::Code, &code.code),
                _ => return give_up(state),
            };
            vec![Effect::Copy {
                what,
                text: SecretString::from(text.expose()),
            }]
        }
        SignInStep::Ask(_) if button == 0 => {
            let source = sign_in.source;
            let answers = std::mem::take(&mut sign_in.inputs);
            let answers = answers
                .iter()
                .map(|input| SecretString::from(input.value().to_owned()))
                .collect();
            sign_in.sent = Some(now);
            sign_in.focus = 0;
            vec![Effect::Answer {
                source,
                answers: Some(answers),
            }]
        }
        _ => give_up(state),
    }
}

/// Esc in the sign-in box: the search that needed it is given up, the form and the rows stay.
fn give_up(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::SignIn(sign_in)) = state.overlays.pop() else {
        return Vec::new();
    };
    let id = sign_in.source;
    let mut effects = vec![Effect::Answer {
        source: id,
        answers: None,
    }];
    if let Some(source) = state.sources.get_mut(usize::from(id.0)) {
        effects.push(Effect::Cancel(source.link_gen));
        effects.push(Effect::Cancel(source.search_gen));
        source.waiting = None;
        if matches!(source.link, Link::Connecting) {
            source.link = Link::Down(ApiError::Cancelled);
        }
        if source.is_loading() {
            source.progress = Progress::Failed(ApiError::Cancelled);
        }
        (source.link_gen, source.search_gen) = Default::default();
    }
    effects.extend(actions::give_up(state, id));
    effects.extend(net::finished(state));
    effects.extend(message::say(
        state,
        Level::Info,
        "not signed in; r tries again",
    ));
    effects
}
