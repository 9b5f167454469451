//! Which columns the table has, and in which order. What is changed is seen at once, and kept for these
//! profiles.

use super::choices::{self, ListPlace};
use crate::app::chosen_columns;
use crate::app::columns;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, room};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::memory::{self, Keep};
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::ColumnSpec;
use crate::model::text::display_safe;

const WIDTH: (u16, u16) = (52, 52);
/// Lines of the box that are no columns: borders and blank lines.
const FRAME: usize = 4;
/// Cells of a title.
const TITLE: usize = 20;

/// The columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    choice: usize,
}

/// Opens the list of columns.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.open(Columns::default());
    Vec::new()
}

/// Shows a column, or hides it, and keeps that.
pub fn toggle(state: &mut State, name: &str) -> Vec<Effect> {
    let mut columns = listed(state);
    for (column, is_shown) in &mut columns {
        if column.what.name() == name {
            *is_shown = !*is_shown;
        }
    }
    put(state, &columns);
    keep(state)
}

fn listed(state: &State) -> Vec<(ColumnSpec, bool)> {
    chosen_columns::arranged(state, columns::offered(state))
}

/// Shows the table so. The last column that is shown stays.
fn put(state: &mut State, columns: &[(ColumnSpec, bool)]) {
    if columns.iter().any(|(_, is_shown)| *is_shown) {
        let kept = chosen_columns::kept(columns);
        let change = Keep::Columns(chosen_columns::key(state), Some(kept));
        state.memory.apply(&change);
        state.results.scroll = 0;
    }
}

/// Writes down the columns as they are now.
fn keep(state: &mut State) -> Vec<Effect> {
    let key = chosen_columns::key(state);
    let columns = state.memory.columns.get(&key).cloned();
    memory::keep(state, Keep::Columns(key, columns))
}

impl Columns {
    fn toggle(&self, state: &mut State) {
        let mut columns = listed(state);
        if let Some((_, is_shown)) = columns.get_mut(self.choice) {
            *is_shown = !*is_shown;
        }
        put(state, &columns);
    }

    fn shift(&mut self, state: &mut State, by: isize) {
        let mut columns = listed(state);
        let to = choices::scrolled(self.choice, by, columns.len());
        if to != self.choice && self.choice < columns.len() {
            columns.swap(self.choice, to);
            self.choice = to;
            put(state, &columns);
        }
    }
}

/// How many columns are shown at once.
fn page(state: &State) -> usize {
    usize::from(room(state.size).height)
        .saturating_sub(FRAME)
        .max(1)
}

impl Dialog for Columns {
    fn view(&self, state: &State) -> DialogView {
        let columns = listed(state);
        let window = choices::window(self.choice, columns.len(), page(state));
        let mut lines = vec![ViewLine::default()];
        for (number, (column, is_shown)) in columns.iter().enumerate() {
            if !window.contains(&number) {
                continue;
            }
            let is_chosen = number == self.choice;
            let mark = if *is_shown { "[x] " } else { "[ ] " };
            let title = choices::column(&display_safe(&columns::title(state, column)), TITLE);
            let line = choices::line(number, is_chosen)
                .with(mark, Role::Key)
                .with(title, choices::role(is_chosen, *is_shown))
                .with(column.what.name(), Role::Dim);
            lines.push(line);
        }
        lines.push(ViewLine::default());
        DialogView {
            title: "Columns".to_owned(),
            footer: "Space show · ←→ move · r reset · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, by_size(state.size, WIDTH))
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 3),
            Hint::new("Space", "show", 1),
            Hint::new("←→", "move", 2),
            Hint::new("r", "reset", 4),
            Hint::new("Esc", "close", 0),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if self
            .list(state)
            .is_some_and(|mut list| list.moves_by_letters(key))
        {
            return Handled::stay();
        }
        match key.key {
            Key::Esc | Key::Enter => return Handled::Close(keep(state)),
            Key::Char(' ' | 'x') => self.toggle(state),
            Key::Left | Key::Char('<') => self.shift(state, -1),
            Key::Right | Key::Char('>') => self.shift(state, 1),
            Key::Char('r') => {
                let change = Keep::Columns(chosen_columns::key(state), None);
                state.memory.apply(&change);
            }
            _ => {}
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        self.toggle(state);
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let last = listed(state).len().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, page(state)))
    }
}
