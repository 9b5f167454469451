//! A provider asks for a person: a code for the browser, or questions, and the wait for what comes of
//! the answers.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tui_input::Input;

use super::arguments::{self, waiting_words};
use super::choices::ListPlace;
use crate::app::dialog::{Dialog, Handled, step};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, room, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::msg::SignInStep;
use crate::app::role::Role;
use crate::app::source::{Link, Progress};
use crate::app::state::{Level, State};
use crate::app::text_wrap::wrap_words;
use crate::app::update::{edit, message, plan, results};
use crate::model::signin::{Ask, DeviceCode, Question, QuestionKind, Waiting};
use crate::model::text::{cut_end, display_safe, width_cols};
use crate::model::{ApiError, Untrusted};
use crate::store::SourceId;

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

/// The sign-in box.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who asks.
    pub source: SourceId,
    /// The step of the sign-in.
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

/// Takes away a sign-in box of this source.
pub fn close(dialogs: &mut Vec<Box<dyn Dialog>>, id: SourceId) {
    let is_theirs = |sign_in: &SignIn| sign_in.source == id;
    dialogs.retain(|dialog| !dialog.get().is_some_and(is_theirs));
}

/// Takes away a sign-in box of this source whose answers are on their way: they have led somewhere.
pub fn close_waiting(dialogs: &mut Vec<Box<dyn Dialog>>, id: SourceId) {
    let is_waiting = |sign_in: &SignIn| sign_in.source == id && sign_in.sent.is_some();
    dialogs.retain(|dialog| !dialog.get().is_some_and(is_waiting));
}

impl SignIn {
    /// The labels of the buttons, in order.
    fn buttons(&self) -> Vec<Cow<'static, str>> {
        let labels: &[&'static str] = match &self.step {
            SignInStep::Wait(waiting) => {
                let instead = waiting.instead.iter();
                let instead = instead.map(|text| Cow::from(text.name().into_owned()));
                return instead.chain(["Cancel".into()]).collect();
            }
            _ if self.sent.is_some() => &["Cancel"],
            SignInStep::ShowCode(_) => &["Copy address", "Copy code", "Cancel"],
            SignInStep::Ask(ask) if ask.questions.is_empty() => &["Continue", "Cancel"],
            _ => &["Sign in", "Cancel"],
        };
        labels.iter().map(|label| Cow::from(*label)).collect()
    }

    /// How many fields can have the focus.
    fn fields(&self) -> usize {
        if self.sent.is_some() {
            0
        } else {
            self.inputs.len()
        }
    }

    /// Goes to the next option of the choice that has the focus, or the one before, round its ends.
    fn change_choice(&mut self, by: isize) {
        let Some(count) = self.focused_choice().filter(|count| *count > 0) else {
            return;
        };
        if let Some(input) = self.inputs.get_mut(self.focus) {
            let now = input.value().parse().unwrap_or(0);
            let next = step(now, by, count);
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
    fn focused_choice(&self) -> Option<usize> {
        let SignInStep::Ask(ask) = &self.step else {
            return None;
        };
        match &ask.questions.get(self.focus)?.kind {
            QuestionKind::Choice { options, .. } => Some(options.len()),
            _ => None,
        }
    }

    /// Enter on the focused control: to the next field, or what the button says.
    fn enter(&mut self, state: &mut State) -> Handled {
        let fields = self.fields();
        if self.focus + 1 < fields {
            self.focus += 1;
            return Handled::stay();
        }
        let button = self.focus.saturating_sub(fields);
        if let Some(lacks) = self.empty_secret().filter(|_| button == 0) {
            self.focus = lacks;
            let text = "type the answer to this question first";
            return Handled::Stay(message::say(state, Level::Warn, text));
        }
        match &self.step {
            SignInStep::Wait(waiting) if button < waiting.instead.len() => {
                Handled::Stay(vec![Effect::Answer {
                    source: self.source,
                    answers: Some(vec![SecretString::from(button.to_string())]),
                }])
            }
            _ if self.sent.is_some() => self.give_up(state),
            SignInStep::ShowCode(code) => {
                let (what, text) = match button {
                    0 => (
                        Copied::Address,
                        code.url_complete.as_ref().unwrap_or(&code.url),
                    ),
                    1 => (Copied::Code, &code.code),
                    _ => return self.give_up(state),
                };
                Handled::Stay(vec![Effect::Copy {
                    what,
                    text: SecretString::from(text.expose()),
                }])
            }
            SignInStep::Ask(_) if button == 0 => {
                let source = self.source;
                let answers = std::mem::take(&mut self.inputs);
                let answers = answers
                    .iter()
                    .map(|input| SecretString::from(input.value().to_owned()))
                    .collect();
                self.sent = Some(state.now);
                self.focus = 0;
                Handled::Stay(vec![Effect::Answer {
                    source,
                    answers: Some(answers),
                }])
            }
            _ => self.give_up(state),
        }
    }

    /// Esc in the sign-in box: the search that needed it is given up, the form and the rows stay.
    fn give_up(&self, state: &mut State) -> Handled {
        let id = self.source;
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
        effects.extend(arguments::give_up(state, id));
        effects.extend(plan::signed_in(state, id));
        effects.extend(results::finished(state));
        effects.extend(message::say(state, Level::Info, "not signed in; r retries"));
        Handled::Close(effects)
    }

    fn show_code(&self, state: &State, code: &DeviceCode, width: usize) -> Vec<ViewLine> {
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
        let left = self
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
    fn reach(&self, state: &State) -> (usize, usize) {
        let count = self.said(text_cells(state.size, WIDTH)).len();
        let most = self.most_lines(state);
        if count <= most {
            (count.max(1), 0)
        } else {
            (most - 1, count - (most - 1))
        }
    }

    /// The server's texts to read first, line by line.
    fn said(&self, width: usize) -> Vec<String> {
        let lines: &[Untrusted] = match &self.step {
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
    fn most_lines(&self, state: &State) -> usize {
        let of = |question: &Question| match &question.kind {
            QuestionKind::Choice { options, .. } => 1 + options.len().clamp(1, LISTED),
            _ => 2,
        };
        let asked: usize = match &self.step {
            SignInStep::Ask(ask) => ask.questions.iter().map(of).sum(),
            _ => 0,
        };
        usize::from(room(state.size).height)
            .saturating_sub(FRAME + asked)
            .max(LEAST_LINES)
    }

    /// The server's texts to read first, quoted, so that they cannot pass for words of ours; lines
    /// that do not fit can be scrolled, and are counted.
    fn quoted(&self, state: &State, width: usize) -> Vec<ViewLine> {
        let said = self.said(width);
        let (page, last) = self.reach(state);
        let indented = |text: String| ViewLine::plain("  ").with(text, Role::Dim);
        let top = self.top.min(last);
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

    fn questions(&self, ask: &Ask, width: usize) -> Vec<ViewLine> {
        let beside = width.saturating_sub(FIELD + 4);
        let widths = ask
            .questions
            .iter()
            .map(|question| width_cols(&question.prompt.name()));
        let labels = widths.filter(|width| *width <= beside).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (index, question) in ask.questions.iter().enumerate() {
            let Some(input) = self.inputs.get(index) else {
                continue;
            };
            let focused = self.focus == index;
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
}

impl Dialog for SignIn {
    fn view(&self, state: &State) -> DialogView {
        let name = state
            .source(self.source)
            .map_or("", |source| source.profile.name.as_str());
        let title = format!("Sign in to {name}");
        let text = text_cells(state.size, WIDTH);
        let mut lines = vec![ViewLine::default()];
        match &self.step {
            SignInStep::ShowCode(code) => lines.extend(self.show_code(state, code, text)),
            SignInStep::Ask(Ask { title: said, .. })
            | SignInStep::Wait(Waiting { title: said, .. }) => {
                if *said != title {
                    let words = wrap_words(said, text).into_iter();
                    lines.extend(words.map(|line| ViewLine::plain("  ").with(line, Role::Text)));
                }
                lines.extend(self.quoted(state, text));
                if lines.len() > 1 {
                    lines.push(ViewLine::default());
                }
                match (self.sent, &self.step) {
                    (None, SignInStep::Ask(ask)) => lines.extend(self.questions(ask, text)),
                    (since, _) => {
                        let since = since.unwrap_or(state.now);
                        let words = waiting_words(state, since);
                        lines.push(ViewLine::plain("  ").with(words, Role::Title));
                    }
                }
            }
            SignInStep::Done => {}
        }
        if lines.last().is_some_and(|line| !line.parts.is_empty()) {
            lines.push(ViewLine::default());
        }
        let focused = self.focus.checked_sub(self.fields());
        let buttons = fitted(&self.buttons(), text);
        lines.push(ViewLine::default().with_buttons(&buttons, &[5, 3], focused));
        lines.push(ViewLine::default());
        DialogView {
            title,
            footer: match (self.sent, self.focused_choice()) {
                (Some(_), _) => "Esc cancel".to_owned(),
                (None, Some(_)) => "↑↓ change · Tab choose · Esc cancel".to_owned(),
                (None, None) => "Tab choose · Esc cancel".to_owned(),
            },
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDTH)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        if self.sent.is_some() {
            return vec![Hint::new("Esc", "cancel", 0)];
        }
        let in_field = self.focus < self.fields();
        let mut hints = Vec::new();
        if self.focused_choice().is_some() {
            hints.push(Hint::new("↑↓", "change", 3));
        }
        hints.push(Hint::tab());
        hints.push(Hint::enter(if in_field { "next" } else { "select" }));
        hints.push(Hint::new("Esc", "cancel", 1));
        hints
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let controls = self.fields() + self.buttons().len();
        let in_field = self.focus < self.fields();
        let in_choice = in_field && self.focused_choice().is_some();
        let by = match key.key {
            Key::Esc => return self.give_up(state),
            Key::Enter => return self.enter(state),
            Key::PageDown | Key::PageUp => {
                if let Some(mut list) = self.list(state) {
                    list.moves(key);
                }
                return Handled::stay();
            }
            Key::Up | Key::Left if in_choice => {
                self.change_choice(-1);
                return Handled::stay();
            }
            Key::Down | Key::Right | Key::Char(' ') if in_choice => {
                self.change_choice(1);
                return Handled::stay();
            }
            Key::Tab if key.shift => -1,
            Key::Up => -1,
            Key::Tab | Key::Down => 1,
            Key::Left if !in_field => -1,
            Key::Right if !in_field => 1,
            _ => {
                if let Some(input) = self.input() {
                    edit::edit(input, key);
                }
                return Handled::stay();
            }
        };
        self.focus = step(self.focus, by, controls);
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        self.focus = self.fields() + number;
        self.enter(state)
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let (page, last) = self.reach(state);
        Some(ListPlace::new(&mut self.top, last, page))
    }

    /// Takes an option of the choice that has the focus, or of the only one.
    fn choose(&mut self, option: usize) {
        let SignInStep::Ask(ask) = &self.step else {
            return;
        };
        let of = |at: &usize| match ask.questions.get(*at).map(|question| &question.kind) {
            Some(QuestionKind::Choice { options, .. }) => option < options.len(),
            _ => false,
        };
        let focused = Some(self.focus).filter(of);
        if let Some(at) = focused.or_else(|| (0..self.inputs.len()).find(of)) {
            self.focus = at;
            self.inputs[at] = Input::new(option.to_string());
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        if self.sent.is_some() || self.focused_choice().is_some() {
            return None;
        }
        self.inputs.get_mut(self.focus)
    }

    fn shows_seconds(&self) -> bool {
        self.until.is_some() || self.sent.is_some()
    }
}

/// The buttons of one line; those that a server names share the room that Cancel, the last, leaves.
fn fitted(buttons: &[Cow<'static, str>], width: usize) -> Vec<String> {
    let cells = |label: &Cow<'static, str>| width_cols(label) + FRAME_OF_BUTTON;
    let Some((cancel, others)) = buttons.split_last() else {
        return Vec::new();
    };
    let most = if buttons.iter().map(cells).sum::<usize>() <= width {
        width
    } else {
        // The first gap is wider.
        (width.saturating_sub(cells(cancel) + 2) / others.len().max(1))
            .saturating_sub(FRAME_OF_BUTTON)
            .max(4)
    };
    let cut = |label: &Cow<'static, str>| cut_end(label, most, Default::default()).into_owned();
    let others = others.iter().map(cut);
    others.chain([cancel.clone().into_owned()]).collect()
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
    let role = if focused {
        Role::ButtonFocus
    } else {
        Role::Input
    };
    line.with(format!("[{option} ▾]"), role)
        .with(count, Role::Dim)
}
