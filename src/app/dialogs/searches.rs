//! The searches made before and those with a name, in one list.

use tui_input::Input;

use super::choices::{self, ListPlace};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, room, text_cells};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::history;
use crate::app::keymap::{Key, KeyPress};
use crate::app::memory::{self, Keep, KeptSearch};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::{edit, form, message, table};
use crate::model::Sort;
use crate::model::text::{display_safe, width_cols};
use crate::model::time;

const WIDTH: (u16, u16) = (84, 72);
/// Lines of the list at most.
const MOST: (usize, usize) = (20, 12);
/// Lines of the box that are no searches: borders, the field, and blank lines.
const FRAME: usize = 5;
/// Cells of the name, and of the time it was made last.
const NAME: (usize, usize) = (22, 18);
const AGE: usize = 9;
/// Bytes of a name at most.
const LONGEST_NAME: usize = 64;

/// The list.
#[derive(Clone, Debug, Default)]
pub struct Searches {
    /// The text typed: it filters the list, or is the name of `naming`.
    pub input: Input,
    /// Index into the searches that the text leaves.
    choice: usize,
    /// The query that gets a name. `None`: none does.
    naming: Option<String>,
}

/// Opens the list.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.open(Searches::default());
    Vec::new()
}

/// Asks for a name for the search on screen.
pub fn save(state: &mut State) -> Vec<Effect> {
    let Some(search) = history::entry(state) else {
        let text = "search for something first; ids of sessions are not kept";
        return message::refuse(state, text);
    };
    let query = search.query.clone();
    let effects = memory::keep(state, Keep::Search(search));
    state.open(Searches::naming(state, query));
    effects
}

impl Searches {
    fn naming(state: &State, query: String) -> Self {
        let named = state.memory.searches.iter().find(|s| s.query == query);
        let name = named.and_then(|search| search.name.clone());
        Self {
            input: Input::new(name.unwrap_or_default()),
            choice: 0,
            naming: Some(query),
        }
    }

    /// The searches that the typed text leaves: those with a name first, then the latest.
    fn listed<'a>(&self, state: &'a State) -> Vec<&'a KeptSearch> {
        let text = match self.naming {
            Some(_) => String::new(),
            None => self.input.value().trim().to_lowercase(),
        };
        let matches = |search: &&KeptSearch| {
            let name = search.name.as_deref().unwrap_or_default();
            let parts = [name, search.query.as_str()];
            parts.iter().any(|part| part.to_lowercase().contains(&text))
        };
        let all = &state.memory.searches;
        let named = all.iter().filter(|search| search.name.is_some());
        let others = all.iter().filter(|search| search.name.is_none());
        named.chain(others).filter(matches).collect()
    }

    fn chosen(&self, state: &State) -> Option<KeptSearch> {
        self.listed(state).get(self.choice).copied().cloned()
    }

    fn name(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(query) = self.naming.take() else {
            return Vec::new();
        };
        let name = self.input.value().trim().to_owned();
        let name = (!name.is_empty()).then_some(name);
        *self = Self::default();
        memory::keep(state, Keep::Name { query, name })
    }

    fn forget(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(search) = self.chosen(state) else {
            return Vec::new();
        };
        let effects = memory::keep(state, Keep::Forget(search.query));
        let last = self.listed(state).len().saturating_sub(1);
        self.choice = self.choice.min(last);
        effects
    }

    /// The part of the list that is shown.
    fn lines(&self, state: &State, most: usize, cells: usize) -> Vec<ViewLine> {
        let listed = self.listed(state);
        if listed.is_empty() {
            let text = if state.memory.searches.is_empty() {
                "   No search was made yet, or none is kept."
            } else {
                "   No search is kept that matches."
            };
            return vec![ViewLine::default().with(text, Role::Dim)];
        }
        let shown = choices::window(self.choice, listed.len(), most);
        shown
            .map(|number| {
                let is_chosen = number == self.choice;
                line(state, listed[number], number, is_chosen, cells)
            })
            .collect()
    }

    fn named_line(&self, cells: usize) -> ViewLine {
        let field = FieldText::of(&self.input);
        let query = self.naming.as_deref().map(display_safe);
        let ask = match query {
            Some(_) => " Name: ",
            None => " Find: ",
        };
        let room = cells.saturating_sub(width_cols(ask) + 1);
        ViewLine::plain(ask).with_field(&field, room as u16, true)
    }
}

/// A search in the list: its name, the query, and when it was made last.
fn line(
    state: &State,
    search: &KeptSearch,
    number: usize,
    is_chosen: bool,
    cells: usize,
) -> ViewLine {
    let name = by_size(state.size, NAME);
    let role = choices::role(is_chosen, true);
    let shown = display_safe(search.name.as_deref().unwrap_or_default());
    let query = cells.saturating_sub(name + AGE);
    choices::line(number, is_chosen)
        .with(choices::column(&shown, name), Role::Mark)
        .with(choices::column(&display_safe(&search.query), query), role)
        .with(time::age(Some(search.at), state.now), Role::Dim)
}

/// How many searches are shown at once.
fn page(state: &State) -> usize {
    let free = usize::from(room(state.size).height).saturating_sub(FRAME);
    by_size(state.size, MOST).min(free).max(1)
}

impl Dialog for Searches {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let cells = text_cells(state.size, width) + 1;
        let mut lines = vec![self.named_line(cells), ViewLine::default()];
        let title = if let Some(query) = &self.naming {
            lines.push(ViewLine::plain(format!("   {}", display_safe(query))));
            "Name this search"
        } else {
            lines.extend(self.lines(state, page(state), cells));
            "Searches"
        };
        let footer = match self.naming {
            Some(_) => "Enter keep · an empty name takes it away · Esc cancel",
            None => "Enter search · F2 name · Del forget · Esc close",
        };
        DialogView {
            title: title.to_owned(),
            footer: footer.to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        if self.naming.is_some() {
            return vec![Hint::enter("keep"), Hint::new("Esc", "cancel", 1)];
        }
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::enter("search"),
            Hint::new("F2", "name", 3),
            Hint::new("Del", "forget", 4),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if self.naming.is_some() {
            match key.key {
                Key::Esc => return Handled::close(),
                Key::Enter => return Handled::Stay(self.name(state)),
                Key::Char(c) if self.input.value().len() + c.len_utf8() > LONGEST_NAME => {}
                _ => {
                    edit::edit(&mut self.input, key);
                }
            }
            return Handled::stay();
        }
        // Once more the key that opened the list: the one before.
        let key = match (key.key, key.ctrl) {
            (Key::Char('r'), true) => KeyPress::plain(Key::Down),
            _ => key,
        };
        if self.list(state).is_some_and(|mut list| list.moves(key)) {
            return Handled::stay();
        }
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Enter => return self.take(state),
            Key::Delete => return Handled::Stay(self.forget(state)),
            Key::F(2) => {
                if let Some(search) = self.chosen(state) {
                    *self = Self::naming(state, search.query);
                }
            }
            _ if edit::edit(&mut self.input, key) => self.choice = 0,
            _ => {}
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        if self.naming.is_some() {
            return Handled::stay();
        }
        let Some(search) = self.chosen(state) else {
            return Handled::stay();
        };
        Handled::Close(again(state, &search))
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let last = self.listed(state).len().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, page(state)))
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn pasted(&mut self) {
        self.choice = 0;
    }
}

/// Makes a search once more, in the order that its rows had.
pub fn again(state: &mut State, search: &KeptSearch) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(sort) = Sort::parse(&search.sort) {
        effects.extend(table::order_by(state, sort));
    }
    effects.extend(form::query(state, search.query.clone()));
    effects
}
