//! How far back a search looks: one key sets when sessions began at the earliest.

use super::choices::{self, ListPlace};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, by_size};
use crate::app::effect::Effect;
use crate::app::form::TextField;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::{form, trail};

const WIDTH: (u16, u16) = (44, 44);

/// The windows: their words, as the palette takes them behind `window`, and what the field gets.
pub const WINDOWS: [(&str, &str, &str); 5] = [
    ("15m", "the last 15 minutes", "now-15m"),
    ("1h", "the last hour", "now-1h"),
    ("24h", "the last 24 hours", "now-24h"),
    ("7d", "the last 7 days", "now-7d"),
    ("any", "any time", ""),
];

/// The choice.
#[derive(Clone, Debug, Default)]
pub struct TimeWindow {
    choice: usize,
}

/// Opens the choice, with the window of the form chosen.
pub fn open(state: &mut State) -> Vec<Effect> {
    let now = state.form.inputs[TextField::CreatedAfter].value();
    let is_now = |(_, _, text): &(&str, &str, &str)| *text == now;
    let choice = WINDOWS.iter().position(is_now).unwrap_or(0);
    state.open(TimeWindow { choice });
    Vec::new()
}

/// Searches in this window, and for the rest of what the form says.
pub fn look_back(state: &mut State, number: usize) -> Vec<Effect> {
    let Some((_, _, text)) = WINDOWS.get(number) else {
        return Vec::new();
    };
    state.form.inputs[TextField::CreatedAfter] = (*text).into();
    trail::noted(state, form::submit)
}

impl Dialog for TimeWindow {
    fn view(&self, state: &State) -> DialogView {
        let mut lines = vec![
            ViewLine::plain("   Sessions that began in"),
            ViewLine::default(),
        ];
        for (number, (_, words, _)) in WINDOWS.iter().enumerate() {
            let is_chosen = number == self.choice;
            let line = choices::line(number, is_chosen)
                .with(format!("{}  ", number + 1), Role::Key)
                .with(*words, choices::role(is_chosen, true));
            lines.push(line);
        }
        lines.push(ViewLine::default());
        DialogView {
            title: "Time window".to_owned(),
            footer: "1-5 search · Enter · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, by_size(state.size, WIDTH))
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("1-5", "search", 2),
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
        let digit = key.typed().and_then(|c| c.to_digit(10));
        match (key.key, digit) {
            (Key::Esc, _) => Handled::close(),
            (Key::Enter, _) => self.take(state),
            (_, Some(digit @ 1..=5)) => Handled::Close(look_back(state, digit as usize - 1)),
            _ => Handled::stay(),
        }
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        Handled::Close(look_back(state, self.choice))
    }

    fn list(&mut self, _state: &State) -> Option<ListPlace<'_>> {
        let last = WINDOWS.len() - 1;
        Some(ListPlace::new(&mut self.choice, last, last))
    }
}
