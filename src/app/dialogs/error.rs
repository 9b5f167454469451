//! An error in full: what was tried, why it failed, what to do.

use secrecy::SecretString;

use super::choices::ListPlace;
use super::ways::ChooseWay;
use crate::app::action::Action;
use crate::app::dialog::{Dialog, Handled, step};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, is_large, room, sentences};
use crate::app::effect::{Copied, Effect};
use crate::app::error_report::ErrorReport;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::source::Progress;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::Way;
use crate::store::SourceId;

const WIDTH: (u16, u16) = (84, 66);
/// Lines below the error: the buttons, between blank lines.
const TAIL: usize = 3;

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

/// Shows the last error in full; where it is that a way to list has to be chosen, the ways.
pub fn open_last(state: &mut State) -> Vec<Effect> {
    let Some(report) = state.errors.back().cloned() else {
        return Vec::new();
    };
    match report
        .offers_ways
        .and_then(|id| Some((id, ways(state, id)?)))
    {
        Some((id, ways)) => state.open(ChooseWay::new(id, ways)),
        None => state.open(ErrorBox::new(report)),
    }
    Vec::new()
}

/// The ways to list that a system still waits for.
fn ways(state: &State, id: SourceId) -> Option<Vec<Way>> {
    match &state.source(id)?.progress {
        Progress::Failed(error) if !error.ways().is_empty() => Some(error.ways().to_vec()),
        _ => None,
    }
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

    /// The lines of the error on this screen.
    fn body_on(&self, state: &State) -> Vec<ViewLine> {
        let large = is_large(state.size);
        let margins = if large { 4 } else { 2 };
        let width = by_size(state.size, WIDTH).min(state.size.width);
        self.body(large, usize::from(width).saturating_sub(2 + margins))
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

/// How many lines of the error are shown at once: all but borders, buttons, and the blank lines around them.
fn page(state: &State) -> usize {
    let frame = 2 + usize::from(is_large(state.size)) + TAIL;
    usize::from(room(state.size).height).saturating_sub(frame)
}

impl Dialog for ErrorBox {
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let width = by_size(state.size, WIDTH);
        let body = self.body_on(state);
        let gaps = if large { [7, 3, 3] } else { [3, 2, 2] };
        let buttons = ViewLine::default().with_buttons(&self.buttons(), &gaps, Some(self.button));
        let mut tail = vec![ViewLine::default(), buttons, ViewLine::default()];
        // Lines that do not fit are scrolled; the buttons stay.
        let head = usize::from(large);
        let most = page(state);
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
            Key::Char('r') => return self.button(state, 0),
            Key::Enter => return self.press(),
            _ => {
                if let Some(mut list) = self.list(state) {
                    list.moves_by_letters(key);
                }
            }
        }
        Handled::stay()
    }

    fn button(&mut self, _state: &mut State, number: usize) -> Handled {
        self.button = number;
        self.press()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let page = page(state);
        let last = self.body_on(state).len().saturating_sub(page);
        Some(ListPlace::new(&mut self.top, last, page))
    }
}
