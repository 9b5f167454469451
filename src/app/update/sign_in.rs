//! A provider asks for a person: opens the box, changes it, takes it away.

use tui_input::Input;

use crate::app::dialogs::sign_in::{self, SignIn};
use crate::app::effect::Effect;
use crate::app::msg::SignInStep;
use crate::app::state::State;
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
    sign_in::close(&mut state.dialogs, source);
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
    state.open(SignIn {
        source,
        step,
        inputs,
        focus: 0,
        until,
        sent: None,
        top: 0,
    });
    Vec::new()
}

/// The server waits for somebody elsewhere, or still does: its words change, the rest of the box stays.
fn wait(state: &mut State, source: SourceId, waiting: Waiting) {
    let now = state.now;
    let mut boxes = state
        .dialogs
        .iter_mut()
        .filter_map(|dialog| dialog.get_mut::<SignIn>());
    let shown = boxes.find(|shown| shown.source == source);
    if let Some(shown) = shown
        && let SignInStep::Wait(before) = &mut shown.step
    {
        if before.instead.len() != waiting.instead.len() {
            shown.focus = waiting.instead.len();
        }
        *before = waiting;
        return;
    }
    sign_in::close(&mut state.dialogs, source);
    state.open(SignIn {
        source,
        // On Cancel, which comes last.
        focus: waiting.instead.len(),
        step: SignInStep::Wait(waiting),
        inputs: Vec::new(),
        until: None,
        sent: Some(now),
        top: 0,
    });
}

fn is_waiting(state: &State, source: SourceId) -> bool {
    let mut boxes = state
        .dialogs
        .iter()
        .filter_map(|dialog| dialog.get::<SignIn>());
    boxes.any(|sign_in| sign_in.source == source && sign_in.sent.is_some())
}
