//! The palette: everything that can be done in one list, found by what is typed.

mod entries;
mod rank;

use tui_input::Input;

use self::entries::{Does, Entry, SEARCH};
use super::choices::{self, ListPlace};
use crate::app::completion;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, room, text_cells};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::{edit, message};

const WIDTH: (u16, u16) = (84, 72);
/// Lines of the list at most.
const MOST: (usize, usize) = (22, 14);
/// Lines of the box that are no entries: borders, the field, and a blank line.
const FRAME: usize = 4;
/// Cells of the words and of the key, on large screens and on small ones.
const WORDS: (usize, usize) = (40, 34);
const KEY: usize = 10;

/// The palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// The text typed.
    pub input: Input,
    /// Index into the lines that match.
    choice: usize,
    /// Every line.
    entries: Vec<Entry>,
    /// The search that is typed behind its command. It stands before all others.
    typed: Option<Entry>,
    /// The numbers of the lines that match, the best first.
    listed: Vec<usize>,
}

/// Opens the palette with this text in it.
pub fn open(state: &mut State, text: &str) -> Vec<Effect> {
    let mut palette = Palette {
        input: Input::new(text.to_owned()),
        choice: 0,
        entries: entries::all(state),
        typed: None,
        listed: Vec::new(),
    };
    palette.rank();
    state.open(palette);
    Vec::new()
}

impl Palette {
    /// The theme of the chosen line. `None`: it is none.
    pub fn theme(&self) -> Option<&str> {
        match &self.chosen()?.does {
            Does::Theme(theme) => Some(theme),
            _ => None,
        }
    }

    /// The command of the chosen line. `None`: no line matches what is typed.
    pub fn command(&self) -> Option<&str> {
        self.chosen().map(|entry| entry.command.as_str())
    }

    /// Lists the lines that match what is typed now.
    fn rank(&mut self) {
        let text = self.input.value();
        let query = text.trim_start().strip_prefix(SEARCH);
        let query = query.and_then(|rest| rest.strip_prefix(' ')).map(str::trim);
        self.typed = query
            .filter(|query| !query.is_empty())
            .map(Entry::typed_search);
        self.listed = rank::rank(text, &self.entries);
        self.choice = 0;
    }

    fn count(&self) -> usize {
        self.listed.len() + usize::from(self.typed.is_some())
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        match (&self.typed, number) {
            (Some(typed), 0) => Some(typed),
            (typed, number) => {
                let number = number - usize::from(typed.is_some());
                self.entries.get(*self.listed.get(number)?)
            }
        }
    }

    fn chosen(&self) -> Option<&Entry> {
        self.entry(self.choice)
    }

    /// The rest of the chosen command, where what is typed is its beginning.
    fn ghost(&self) -> &str {
        let rest = edit::at_end(&self.input).and_then(|typed| {
            let command = &self.chosen()?.command;
            completion::after(command, typed)
        });
        rest.unwrap_or_default()
    }

    /// Types the chosen command in full.
    fn complete(&mut self) {
        if let Some(entry) = self.chosen() {
            self.input = Input::new(entry.command.clone());
            self.rank();
        }
    }

    fn line(&self, state: &State, number: usize, cells: usize) -> ViewLine {
        let is_chosen = number == self.choice;
        let line = choices::line(number, is_chosen);
        let Some(entry) = self.entry(number) else {
            return line;
        };
        let why = entries::why_not(state, &entry.does);
        let role = choices::role(is_chosen, why.is_none());
        let rest = cells.saturating_sub(KEY);
        let line = if let Some(why) = why {
            let what = match entry.does {
                Does::Act(action) => action.hint(),
                _ => &entry.words,
            };
            line.with(choices::column(&format!("{what}: {why}"), rest), role)
        } else {
            let words = by_size(state.size, WORDS).min(rest);
            line.with(choices::column(&entry.words, words), role)
                .with(choices::column(&entry.command, rest - words), Role::Dim)
        };
        line.with(entry.key.clone(), Role::Key)
    }
}

/// How many commands are shown at once.
fn page(state: &State) -> usize {
    let free = usize::from(room(state.size).height).saturating_sub(FRAME);
    by_size(state.size, MOST).min(free).max(1)
}

impl Dialog for Palette {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let cells = text_cells(state.size, width) + 1;
        let field = FieldText::of(&self.input).with_ghost(self.ghost());
        let field_cells = u16::try_from(cells.saturating_sub(2)).unwrap_or(1);
        let mut lines = vec![
            ViewLine::plain(" :").with_field(&field, field_cells, true),
            ViewLine::default(),
        ];
        let most = page(state);
        let shown = choices::window(self.choice, self.count(), most);
        lines.extend(shown.map(|number| self.line(state, number, cells)));
        if self.count() == 0 {
            let text = "   Nothing matches. Backspace takes a letter back.";
            lines.push(ViewLine::default().with(text, Role::Dim));
        }
        // The box keeps its size while the list becomes shorter.
        while lines.len() < most + 2 {
            lines.push(ViewLine::plain(" "));
        }
        DialogView {
            title: "Commands".to_owned(),
            footer: "Enter run · Tab complete · Esc close".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::enter("run"),
            Hint::new("Tab", "complete", 3),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Enter => return self.take(state),
            Key::Backspace if self.input.value().is_empty() => return Handled::close(),
            Key::Tab => self.complete(),
            Key::Right if !self.ghost().is_empty() => self.complete(),
            _ if self.list(state).is_some_and(|mut list| list.moves(key)) => {}
            _ => {
                let before = self.input.value().to_owned();
                if edit::edit(&mut self.input, key) && self.input.value() != before {
                    self.rank();
                }
            }
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        let Some(does) = self.chosen().map(|entry| entry.does.clone()) else {
            return Handled::stay();
        };
        if let Some(why) = entries::why_not(state, &does) {
            return Handled::Stay(message::refuse(state, why.into_owned()));
        }
        match does {
            Does::Act(action) => Handled::Act(action),
            does => Handled::Close(entries::perform(state, does)),
        }
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let last = self.count().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, page(state)))
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn pasted(&mut self) {
        self.rank();
    }
}
