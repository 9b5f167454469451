//! An error in full: what was tried, why it failed, what to do.

use secrecy::SecretString;

use crate::app::action::Action;
use crate::app::dialog::{Dialog, Handled, step};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, is_large, room, sentences};
use crate::app::effect::{Copied, Effect};
use crate::app::error_report::ErrorReport;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;

const WIDTH: (u16, u16) = (84, 66);

/// An error in full.
#[derive(Clone, Debug)]
pub struct ErrorBox {
    /// The report that is shown.
    pub report: ErrorReport,
    /// The focused button.
    pub button: usize,
    /// First line shown.
    pub top: usize,
}

/// A button of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorButton {
    SignIn,
    Reload,
    Copy,
    Close,
}

impl AsRef<str> for ErrorButton {
    fn as_ref(&self) -> &str {
        match self {
            Self::SignIn => "Sign in again",
            Self::Reload => "Reload",
            Self::Copy => "Copy report",
            Self::Close => "Close",
        }
    }
}

/// Shows the last error in full.
pub fn open_last(state: &mut State) -> Vec<Effect> {
    if let Some(report) = state.errors.back().cloned() {
        state.open(ErrorBox::new(report));
    }
    Vec::new()
}

impl ErrorBox {
    /// The error, from its beginning.
    pub fn new(report: ErrorReport) -> Self {
        Self {
            report,
            button: 0,
            top: 0,
        }
    }

    fn buttons(&self) -> [ErrorButton; 3] {
        let first = match self.report.can_login {
            Some(_) => ErrorButton::SignIn,
            None => ErrorButton::Reload,
        };
        [first, ErrorButton::Copy, ErrorButton::Close]
    }

    fn press(&self) -> Handled {
        match self.buttons().get(self.button) {
            Some(ErrorButton::SignIn | ErrorButton::Reload) => Handled::Act(Action::Reload),
            Some(ErrorButton::Copy) => Handled::Stay(vec![Effect::Copy {
                what: Copied::Report,
                text: SecretString::from(self.report.text()),
            }]),
            Some(ErrorButton::Close) | None => Handled::close(),
        }
    }

    fn body(&self, large: bool, text: usize) -> Vec<ViewLine> {
        let (indent, label) = if large { (2, 8) } else { (1, 6) };
        let report = &self.report;
        let mut body = Vec::new();
        for (name, value) in [
            ("What", &report.what),
            ("Why", &report.why),
            ("Do", &report.advice),
        ] {
            let lines = wrap_words(value, text.saturating_sub(label));
            body.extend(lines.into_iter().enumerate().map(|(at, line)| {
                let name = if at == 0 { name } else { "" };
                ViewLine::plain(" ".repeat(indent))
                    .with(format!("{name:<label$}"), Role::Dim)
                    .with(line, Role::Text)
            }));
        }
        if !report.notes.is_empty() {
            body.push(ViewLine::default());
        }
        for note in &report.notes {
            let lines = sentences(note, text).into_iter();
            body.extend(
                lines.map(|line| ViewLine::plain(" ".repeat(indent)).with(line, Role::Dim)),
            );
        }
        body
    }
}

impl Dialog for ErrorBox {
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let width = by_size(state.size, WIDTH);
        let margins = if large { 4 } else { 2 };
        let text = usize::from(width.min(state.size.width)).saturating_sub(2 + margins);
        let body = self.body(large, text);
        let gaps = if large { [7, 3, 3] } else { [3, 2, 2] };
        let buttons = ViewLine::default().with_buttons(&self.buttons(), &gaps, Some(self.button));
        let mut tail = vec![ViewLine::default(), buttons, ViewLine::default()];
        // Lines that do not fit are scrolled; the buttons stay.
        let head = usize::from(large);
        let most = usize::from(room(state.size).height).saturating_sub(2 + head + tail.len());
        let top = self.top.min(body.len().saturating_sub(most));
        let below = body.len().saturating_sub(top + most);
        let mut lines: Vec<ViewLine> = std::iter::repeat_n(ViewLine::default(), head).collect();
        lines.extend(body.into_iter().skip(top).take(most));
        lines.append(&mut tail);
        let footer = match (top, below) {
            (0, 0) => "Tab choose · Esc close".to_owned(),
            (_, 0) => "↑ more · Tab choose · Esc close".to_owned(),
            (_, n) => format!("↓ {n} more · Tab choose · Esc close"),
        };
        DialogView {
            title: self.report.title.clone(),
            danger: true,
            footer,
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::tab(),
            Hint::enter("select"),
            Hint::new("↑↓", "scroll", 3),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let count = self.buttons().len();
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Tab | Key::Right if !key.shift => self.button = step(self.button, 1, count),
            Key::Tab | Key::Left => self.button = step(self.button, -1, count),
            Key::Down => self.wheel(state, 1),
            Key::Up => self.wheel(state, -1),
            Key::Char('r') => return self.button(state, 0),
            Key::Enter => return self.press(),
            _ => {}
        }
        Handled::stay()
    }

    fn button(&mut self, _state: &mut State, number: usize) -> Handled {
        self.button = number;
        self.press()
    }

    fn wheel(&mut self, _state: &State, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }
}
