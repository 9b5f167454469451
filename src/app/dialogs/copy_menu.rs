//! What can be copied of the session under the cursor and of the screen, a letter each.

use secrecy::SecretString;
use strum::IntoEnumIterator;

use super::choices::{self, ListPlace};
use crate::app::action::Action;
use crate::app::blocked::blocked;
use crate::app::command;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::lines;
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::{details, message};
use crate::model::text::{Untrusted, display_safe};

const WIDTH: (u16, u16) = (72, 64);
/// Cells of the letter, and of the name.
const LETTER: usize = 4;
const NAME: usize = 12;

/// Something that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Copyable {
    /// The user's name.
    User,
    /// The address.
    Address,
    /// The application.
    Client,
    /// The full id of the session.
    Id,
    /// The session as JSON.
    Json,
    /// The session in a sentence.
    Sentence,
    /// The `usher` line that lists what is on screen.
    Command,
}

impl Copyable {
    /// The letter that copies it.
    pub fn letter(self) -> char {
        match self {
            Self::User => 'u',
            Self::Address => 'a',
            Self::Client => 'p',
            Self::Id => 'i',
            Self::Json => 'j',
            Self::Sentence => 's',
            Self::Command => 'c',
        }
    }

    /// Its name for people, as the palette takes it behind `copy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Address => "address",
            Self::Client => "client",
            Self::Id => "id",
            Self::Json => "json",
            Self::Sentence => "sentence",
            Self::Command => "command",
        }
    }

    /// What the menu shows of it. The id and the JSON may be secrets: only words about them.
    fn shown(self, state: &State) -> String {
        let value = match self {
            Self::Id => "the full id of the session".to_owned(),
            Self::Json => "the session as the server sent it".to_owned(),
            _ => self.text(state).unwrap_or_else(|| "-".to_owned()),
        };
        display_safe(&value).into_owned()
    }

    /// The text, of what is no action. `None`: there is none.
    fn text(self, state: &State) -> Option<String> {
        if self == Self::Command {
            return Some(command::of_screen(state));
        }
        if self == Self::Sentence {
            return lines::spoken(state);
        }
        let (_, row) = state.results.current()?;
        let text = |value: &Untrusted| value.expose().to_owned();
        match self {
            Self::User => row.user().map(text),
            Self::Address => row.ip().as_ref().map(text),
            Self::Client => row.client().map(text),
            Self::Id | Self::Json | Self::Sentence | Self::Command => None,
        }
    }

    /// Why it cannot be copied now. `None`: it can.
    pub fn why_not(self, state: &State) -> Option<String> {
        let words = |why: std::borrow::Cow<'static, str>| why.into_owned();
        match self {
            Self::Id => blocked(state, Action::CopyId).map(words),
            Self::Json => blocked(state, Action::CopyRow).map(words),
            Self::Command if state.sources.is_empty() => Some("no profile is open".to_owned()),
            Self::Command => None,
            _ if state.results.current().is_none() => Some("no session is selected".to_owned()),
            _ if self.text(state).is_none() => Some(format!("this session has no {}", self.name())),
            _ => None,
        }
    }

    /// Copies it, or says why not.
    pub fn copy(self, state: &mut State) -> Vec<Effect> {
        if let Some(why) = self.why_not(state) {
            return message::refuse(state, why);
        }
        let what = match self {
            Self::Id => return details::copy_id(state),
            Self::Json => return details::copy_row(state),
            Self::Command => Copied::Command,
            Self::User => Copied::User,
            Self::Address => Copied::Address,
            Self::Client | Self::Sentence => Copied::Value,
        };
        let text = self.text(state).unwrap_or_default();
        vec![Effect::Copy {
            what,
            text: SecretString::from(text),
        }]
    }
}

/// The menu.
#[derive(Clone, Debug, Default)]
pub struct CopyMenu {
    choice: usize,
}

/// Opens the menu.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.open(CopyMenu::default());
    Vec::new()
}

fn all() -> Vec<Copyable> {
    Copyable::iter().collect()
}

impl Dialog for CopyMenu {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let cells = text_cells(state.size, width).saturating_sub(LETTER + NAME);
        let line = |(number, what): (usize, Copyable)| {
            let is_chosen = number == self.choice;
            let why = what.why_not(state);
            let role = choices::role(is_chosen, why.is_none());
            let shown = why.unwrap_or_else(|| what.shown(state));
            choices::line(number, is_chosen)
                .with(
                    choices::column(&what.letter().to_string(), LETTER),
                    Role::Key,
                )
                .with(choices::column(what.name(), NAME), role)
                .with(choices::column(&shown, cells + 1), Role::Dim)
        };
        let mut lines = vec![ViewLine::default()];
        lines.extend(all().into_iter().enumerate().map(line));
        lines.push(ViewLine::default());
        DialogView {
            title: "Copy".to_owned(),
            footer: "a letter copies · Enter copies the chosen · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::enter("copy"),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if self.list(state).is_some_and(|mut list| list.moves(key)) {
            return Handled::stay();
        }
        match key.key {
            Key::Esc => Handled::close(),
            Key::Enter => self.take(state),
            _ => match Copyable::iter().find(|what| key.typed() == Some(what.letter())) {
                Some(what) => Handled::Close(what.copy(state)),
                None => Handled::stay(),
            },
        }
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        match all().get(self.choice) {
            Some(what) => Handled::Close(what.copy(state)),
            None => Handled::stay(),
        }
    }

    fn list(&mut self, _state: &State) -> Option<ListPlace<'_>> {
        let last = all().len().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, last))
    }
}
