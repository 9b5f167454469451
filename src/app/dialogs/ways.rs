//! The ways to list that a system offers, where it cannot answer a search at once.

use super::choices::{self, ListPlace};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, is_large, sentences};
use crate::app::form::TextField;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::source::ChosenWay;
use crate::app::state::{Level, Pane, State};
use crate::app::update::{form, message};
use crate::model::text::display_safe;
use crate::model::{Field, Way};
use crate::store::SourceId;

const WIDTH: (u16, u16) = (84, 66);

/// The ways to list, of which one is chosen.
#[derive(Clone, Debug)]
pub struct ChooseWay {
    source: SourceId,
    ways: Vec<Way>,
    choice: usize,
}

impl ChooseWay {
    /// The ways of a source; the first is chosen.
    pub fn new(source: SourceId, ways: Vec<Way>) -> Self {
        Self {
            source,
            ways,
            choice: 0,
        }
    }
}

impl Dialog for ChooseWay {
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let width = if large { WIDTH.0 } else { WIDTH.1 };
        let source = state.source(self.source);
        let system = source.map_or("This system", |source| source.system());
        let text = format!("{system} cannot list that at once. Choose a way to list it:");
        let cells = usize::from(width.min(state.size.width)).saturating_sub(6);
        let mut lines = vec![ViewLine::default()];
        let words = sentences(&text, cells).into_iter();
        lines.extend(words.map(|line| ViewLine::plain("  ").with(line, Role::Text)));
        lines.push(ViewLine::default());
        for (index, way) in self.ways.iter().enumerate() {
            let is_chosen = index == self.choice;
            let mut line = choices::line(index, is_chosen)
                .with(format!("{}  ", index + 1), Role::Key)
                .with(display_safe(&way.title), choices::role(is_chosen, true));
            let terms = way.terms();
            if !terms.is_empty() {
                line = line.with(format!("  {}", display_safe(&terms)), Role::Dim);
            }
            lines.push(line);
        }
        lines.push(ViewLine::default());
        DialogView {
            title: "Ways to list".to_owned(),
            footer: "1-9 or Enter search · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 1),
            Hint::new("1-9", "search that way", 2),
            Hint::enter("search"),
            Hint::new("Esc", "close", 1),
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
            Key::Esc => return Handled::close(),
            Key::Enter => return self.take(state),
            Key::Char(digit) => {
                let number = digit.to_digit(10).and_then(|digit| digit.checked_sub(1));
                if let Some(number) = number.filter(|number| (*number as usize) < self.ways.len()) {
                    self.choice = number as usize;
                    return self.take(state);
                }
            }
            _ => {}
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn list(&mut self, _state: &State) -> Option<ListPlace<'_>> {
        let last = self.ways.len().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, last))
    }

    /// Searches that way; asks for what the way needs first.
    fn take(&mut self, state: &mut State) -> Handled {
        let Some(way) = self.ways.get(self.choice) else {
            return Handled::close();
        };
        if let Some(source) = state.sources.get_mut(usize::from(self.source.0)) {
            source.way = Some(ChosenWay {
                word: way.word.clone(),
                is_used: false,
            });
        }
        let query = state.results.query.as_ref();
        let lacks = |field: &Field| query.is_none_or(|query| !query.compares(*field));
        let Some(field) = way.needs.filter(lacks) else {
            return Handled::Close(form::search_that_way(state, self.source));
        };
        state.focus = Pane::Search;
        form::focus_field(state, text_field(field));
        let text = format!("add {}:… to the search, then Enter", field.name());
        Handled::Close(message::say(state, Level::Info, text))
    }
}

/// Where a value for this field is typed.
fn text_field(field: Field) -> TextField {
    match field {
        Field::User => TextField::User,
        Field::Client => TextField::Client,
        _ => TextField::Text,
    }
}
