//! A provider asks for a person: a code for the browser, or questions.

use std::borrow::Cow;

use crate::app::dialog_view::{DialogView, FieldText, ViewLine, room};
use crate::app::msg::SignInStep;
use crate::app::overlay::SignIn;
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::Untrusted;
use crate::model::signin::{Ask, DeviceCode, Question, QuestionKind, Waiting};
use crate::model::text::{cut_end, display_safe, width_cols};

const WIDTH: u16 = 60;
/// Lines that are neither questions nor what a server wants read: borders, blank lines, title, buttons.
const FRAME: usize = 8;
/// So many lines of what a server wants read are shown at least.
const LEAST_LINES: usize = 3;
/// Up to so many options stand below each other; of more only the chosen one is shown.
const LISTED: usize = 6;
/// Cells of a button beside its label: brackets, blanks, and the gap before it.
const FRAME_OF_BUTTON: usize = 7;
/// Cells of a field, and of a prompt beside it.
const FIELD: usize = 26;

/// Cells for text inside the border and its margins.
fn text_cells(state: &State) -> usize {
    usize::from(WIDTH.min(state.size.width)).saturating_sub(6)
}

/// The box as it is drawn.
pub fn sheet(state: &State, sign_in: &SignIn) -> DialogView {
    let name = state
        .sources
        .get(usize::from(sign_in.source.0))
        .map_or("", |source| source.profile.name.as_str());
    let title = format!("Sign in to {name}");
    let text = text_cells(state);
    let mut lines = vec![ViewLine::default()];
    match &sign_in.step {
        SignInStep::ShowCode(code) => lines.extend(show_code(state, sign_in, code, text)),
        SignInStep::Ask(Ask { title: said, .. })
        | SignInStep::Wait(Waiting { title: said, .. }) => {
            if *said != title {
                let words = wrap_words(said, text).into_iter();
                lines.extend(words.map(|line| ViewLine::plain("  ").with(line, Role::Text)));
            }
            lines.extend(quoted(state, sign_in, text));
            if lines.len() > 1 {
                lines.push(ViewLine::default());
            }
            match (sign_in.sent, &sign_in.step) {
                (None, SignInStep::Ask(ask)) => lines.extend(questions(sign_in, ask, text)),
                (since, _) => {
                    let since = since.unwrap_or(state.now);
                    let words = super::actions::waiting_words(state, since);
                    lines.push(ViewLine::plain("  ").with(words, Role::Title));
                }
            }
        }
        SignInStep::Done => {}
    }
    if lines.last().is_some_and(|line| !line.parts.is_empty()) {
        lines.push(ViewLine::default());
    }
    let focused = sign_in.focus.checked_sub(sign_in.fields());
    let buttons = fitted(&sign_in.buttons(), text);
    lines.push(ViewLine::default().with_buttons(&buttons, &[5, 3], focused));
    lines.push(ViewLine::default());
    DialogView {
        title,
        footer: match (sign_in.sent, sign_in.focused_choice()) {
            (Some(_), _) => "Esc cancel".to_owned(),
            (None, Some(_)) => "↑↓ change · Tab choose · Esc cancel".to_owned(),
            (None, None) => "Tab choose · Esc cancel".to_owned(),
        },
        lines,
        ..DialogView::default()
    }
    .placed(state.size, WIDTH)
}

/// The buttons of one line; those that a server names share the room that Cancel, the last, leaves.
fn fitted(buttons: &[Cow<'static, str>], width: usize) -> Vec<String> {
    let cells = |label: &Cow<'static, str>| width_cols(label) + FRAME_OF_BUTTON;
    let Some((cancel, others)) = buttons.split_last() else {
        return Vec::new();
    };
    let most = match buttons.iter().map(cells).sum::<usize>() <= width {
        true => width,
        // The first gap is wider.
        false => (width.saturating_sub(cells(cancel) + 2) / others.len().max(1))
            .saturating_sub(FRAME_OF_BUTTON)
            .max(4),
    };
    let cut = |label: &Cow<'static, str>| cut_end(label, most, Default::default()).into_owned();
    let others = others.iter().map(cut);
    others.chain([cancel.clone().into_owned()]).collect()
}

fn show_code(state: &State, sign_in: &SignIn, code: &DeviceCode, width: usize) -> Vec<ViewLine> {
    let room = width.saturating_sub(8);
    let mut lines: Vec<ViewLine> = wrap_words(&code.url.safe(), room)
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let label = if at == 0 { "Open" } else { "" };
            ViewLine::plain("  ")
                .with(format!("{label:<8}"), Role::Dim)
                .with(line, Role::Text)
        })
        .collect();
    let shown = cut_end(&code.code.safe(), room, Default::default()).into_owned();
    lines.push(
        ViewLine::plain("  ")
            .with("Code    ", Role::Dim)
            .with(shown, Role::Title),
    );
    lines.push(ViewLine::default());
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
    lines.push(ViewLine::plain("  ").with(words, Role::Text));
    lines
}

/// How far what the server wants read can be scrolled: lines shown at once, and the last first line.
pub fn reach(state: &State, sign_in: &SignIn) -> (usize, usize) {
    let count = said(sign_in, text_cells(state)).len();
    let most = most_lines(state, sign_in);
    match count <= most {
        true => (count.max(1), 0),
        false => (most - 1, count - (most - 1)),
    }
}

/// What the server wants read first, line by line.
fn said(sign_in: &SignIn, width: usize) -> Vec<String> {
    let lines: &[Untrusted] = match &sign_in.step {
        SignInStep::Ask(ask) => &ask.lines,
        SignInStep::Wait(waiting) => &waiting.lines,
        SignInStep::ShowCode(_) | SignInStep::Done => &[],
    };
    lines
        .iter()
        .flat_map(|line| line.expose().split('\n'))
        .map(|line| line.trim_end_matches('\r'))
        .flat_map(|line| wrap_words(&display_safe(line), width.saturating_sub(2)))
        .collect()
}

/// How many lines of it fit.
fn most_lines(state: &State, sign_in: &SignIn) -> usize {
    let of = |question: &Question| match &question.kind {
        QuestionKind::Choice { options, .. } => 1 + options.len().clamp(1, LISTED),
        _ => 2,
    };
    let asked: usize = match &sign_in.step {
        SignInStep::Ask(ask) => ask.questions.iter().map(of).sum(),
        _ => 0,
    };
    usize::from(room(state.size).height)
        .saturating_sub(FRAME + asked)
        .max(LEAST_LINES)
}

/// What the server wants read first, quoted, so that it cannot pass for words of ours; what does not
/// fit can be scrolled, and is counted.
fn quoted(state: &State, sign_in: &SignIn, width: usize) -> Vec<ViewLine> {
    let said = said(sign_in, width);
    let (page, last) = reach(state, sign_in);
    let indented = |text: String| ViewLine::plain("  ").with(text, Role::Dim);
    let top = sign_in.top.min(last);
    let shown = said.iter().skip(top).take(page);
    let mut lines: Vec<_> = shown.map(|line| indented(format!("> {line}"))).collect();
    if last == 0 {
        return lines;
    }
    let last = top + page;
    let count = format!("lines {}-{last} of {}: PgUp PgDn", top + 1, said.len());
    lines.push(ViewLine::plain("  ").with(count, Role::Key));
    lines
}

fn questions(sign_in: &SignIn, ask: &Ask, width: usize) -> Vec<ViewLine> {
    let beside = width.saturating_sub(FIELD + 4);
    let widths = ask
        .questions
        .iter()
        .map(|question| width_cols(&question.prompt.name()));
    let labels = widths.filter(|width| *width <= beside).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (index, question) in ask.questions.iter().enumerate() {
        let Some(input) = sign_in.inputs.get(index) else {
            continue;
        };
        let focused = sign_in.focus == index;
        let prompt = question.prompt.name().into_owned();
        let chosen = input.value().parse().unwrap_or(0);
        let mut line = ViewLine::plain("  ");
        let is_list = matches!(&question.kind, QuestionKind::Choice { options, .. }
            if (1..=LISTED).contains(&options.len()));
        if width_cols(&prompt) <= labels && !is_list {
            line = line.with(prompt, Role::Text).to_cell(labels + 4);
        } else {
            let words = wrap_words(&prompt, width).into_iter();
            lines.extend(words.map(|line| ViewLine::plain("  ").with(line, Role::Text)));
        }
        let room = width.saturating_sub(line.cells()).clamp(8, FIELD + 8) as u16;
        match &question.kind {
            QuestionKind::Text { .. } => {
                lines.push(line.with_field(&FieldText::of(input), room, focused));
            }
            QuestionKind::Secret => {
                lines.push(line.with_field(&FieldText::masked(input), room, focused));
            }
            QuestionKind::Choice { options, .. } if is_list => {
                lines.extend(list(options, chosen, width, focused));
            }
            QuestionKind::Choice { options, .. } => {
                lines.push(one_of(line, options, chosen, room, focused));
            }
        }
    }
    lines
}

/// All options below each other, the chosen one marked.
fn list(options: &[Untrusted], chosen: usize, width: usize, focused: bool) -> Vec<ViewLine> {
    let line = |(at, option): (usize, &Untrusted)| {
        let option = option.name();
        let option = cut_end(&option, width.saturating_sub(4), Default::default());
        let (mark, role) = match (at == chosen, focused) {
            (true, true) => ("(•) ", Role::ButtonFocus),
            (true, false) => ("(•) ", Role::Input),
            (false, _) => ("( ) ", Role::Text),
        };
        let mut line = ViewLine::plain("  ").with(format!("{mark}{option}"), role);
        line.choice = Some(at);
        line
    };
    options.iter().enumerate().map(line).collect()
}

/// The option that is chosen, and which of how many it is.
fn one_of(
    line: ViewLine,
    options: &[Untrusted],
    chosen: usize,
    room: u16,
    focused: bool,
) -> ViewLine {
    let count = format!("  {} of {}", chosen + 1, options.len());
    let cells = usize::from(room).saturating_sub(width_cols(&count) + 2);
    let option = options.get(chosen).map(|o| o.safe()).unwrap_or_default();
    let option = cut_end(&option, cells.max(4), Default::default());
    let role = match focused {
        true => Role::ButtonFocus,
        false => Role::Input,
    };
    line.with(format!("[{option} ▾]"), role)
        .with(count, Role::Dim)
}
