//! A provider asks for a person: a code for the browser, or questions.

use crate::app::msg::SignInStep;
use crate::app::overlay::SignIn;
use crate::app::role::Role;
use crate::app::sheet::{FieldText, Sheet, SheetLine};
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::signin::{Ask, DeviceCode, QuestionKind};
use crate::model::text::{cut_end, width_cols};

const WIDTH: u16 = 60;
/// How much of what a server wants read first is shown.
const LINES: usize = 6;
/// Cells of a field, and of a prompt beside it.
const FIELD: usize = 26;

/// The box as it is drawn.
pub fn sheet(state: &State, sign_in: &SignIn) -> Sheet {
    let name = state
        .sources
        .get(usize::from(sign_in.source.0))
        .map_or("", |source| source.profile.name.as_str());
    let text = usize::from(WIDTH.min(state.size.width)).saturating_sub(6);
    let mut lines = vec![SheetLine::default()];
    match &sign_in.step {
        SignInStep::ShowCode(code) => lines.extend(show_code(state, sign_in, code, text)),
        SignInStep::Ask(ask) => lines.extend(questions(sign_in, ask, text)),
        SignInStep::Done => {}
    }
    lines.push(SheetLine::default());
    let focused = sign_in.focus.checked_sub(sign_in.inputs.len());
    lines.push(SheetLine::default().with_buttons(&sign_in.buttons(), &[5, 3], focused));
    lines.push(SheetLine::default());
    Sheet {
        title: format!("Sign in to {name}"),
        footer: "Tab choose · Esc cancel".to_owned(),
        lines,
        ..Sheet::default()
    }
    .placed(state, WIDTH)
}

fn show_code(state: &State, sign_in: &SignIn, code: &DeviceCode, width: usize) -> Vec<SheetLine> {
    let room = width.saturating_sub(8);
    let mut lines: Vec<SheetLine> = wrap_words(&code.url.safe(), room)
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let label = if at == 0 { "Open" } else { "" };
            SheetLine::plain("  ")
                .with(format!("{label:<8}"), Role::Dim)
                .with(line, Role::Text)
        })
        .collect();
    let shown = cut_end(&code.code.safe(), room, Default::default()).into_owned();
    lines.push(
        SheetLine::plain("  ")
            .with("Code    ", Role::Dim)
            .with(shown, Role::Title),
    );
    lines.push(SheetLine::default());
    let left = sign_in
        .until
        .map_or(0, |until| (until - state.now).num_seconds());
    let words = match left {
        1.. => format!(
            "Waiting for the browser … {}:{:02} left",
            left / 60,
            left % 60
        ),
        _ => "The code has run out: Esc, then r, gets a new one.".to_owned(),
    };
    lines.push(SheetLine::plain("  ").with(words, Role::Text));
    lines
}

fn questions(sign_in: &SignIn, ask: &Ask, width: usize) -> Vec<SheetLine> {
    let indented = |text: String, role| SheetLine::plain("  ").with(text, role);
    let mut lines: Vec<SheetLine> = wrap_words(&ask.title, width)
        .into_iter()
        .map(|line| indented(line, Role::Text))
        .collect();
    // What the server says is quoted, so that it cannot pass for words of ours.
    let said = ask
        .lines
        .iter()
        .flat_map(|line| wrap_words(&line.safe(), width - 2));
    lines.extend(
        said.take(LINES)
            .map(|line| indented(format!("> {line}"), Role::Dim)),
    );
    lines.push(SheetLine::default());
    for (index, question) in ask.questions.iter().enumerate() {
        let Some(input) = sign_in.inputs.get(index) else {
            continue;
        };
        let focused = sign_in.focus == index;
        let prompt = question.prompt.safe();
        let beside = width.saturating_sub(FIELD + 4);
        let label = cut_end(&prompt, width, Default::default()).into_owned();
        let mut line = SheetLine::plain("  ");
        if width_cols(&label) <= beside {
            line = line.with(format!("{label}  "), Role::Text);
        } else {
            lines.push(indented(label, Role::Text));
        }
        let room = width.saturating_sub(line.cells()).clamp(8, FIELD + 8) as u16;
        lines.push(match &question.kind {
            QuestionKind::Text { .. } => line.with_field(&FieldText::of(input), room, focused),
            QuestionKind::Secret => line.with_field(&FieldText::masked(input), room, focused),
            QuestionKind::Choice { options, .. } => {
                let chosen: usize = input.value().parse().unwrap_or(0);
                let option = options.get(chosen).map(|o| o.safe()).unwrap_or_default();
                let option = cut_end(&option, usize::from(room), Default::default());
                let role = if focused {
                    Role::ButtonFocus
                } else {
                    Role::Input
                };
                line.with(format!("[{option} ▾]"), role)
            }
        });
    }
    lines
}
