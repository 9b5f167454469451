//! The rows that are shown, counted by one property: the largest group first.

use std::ops::Range;

use super::choices::{self, ListPlace};
use crate::app::counts::{self, Counts};
use crate::app::dialog::{Dialog, Handled, step};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, room, text_cells};
use crate::app::dialogs::overview::Overview;
use crate::app::effect::{Effect, Gen};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::results::{self, view};
use crate::model::text::{display_safe, number_of, with_thousands};
use crate::model::time::age;
use crate::store::{Group, GroupBy};

const WIDTH: (u16, u16) = (84, 80);
/// Lines of the box that are no groups: borders, the properties, and blank lines.
const FRAME: usize = 6;
/// Cells of the count and of the newest use.
const COUNT: usize = 11;
const NEWEST: usize = 8;

/// The box.
#[derive(Clone, Debug)]
pub struct Groups {
    by: GroupBy,
    choice: usize,
    /// The first group that is shown.
    first: usize,
    /// The group that was clicked last, if no key has moved since.
    clicked: Option<usize>,
    generation: Gen,
    /// The groups. `None`: they are being counted.
    counted: Option<Vec<Group>>,
}

/// Opens the box.
pub fn open(state: &mut State, by: GroupBy) -> Vec<Effect> {
    let generation = state.next_gen();
    state.open(Groups {
        by,
        choice: 0,
        first: 0,
        clicked: None,
        generation,
        counted: None,
    });
    count(state, generation, vec![by], false)
}

/// Asks for counts over the rows that are shown.
pub(super) fn count(state: &State, generation: Gen, by: Vec<GroupBy>, began: bool) -> Vec<Effect> {
    vec![Effect::Count {
        generation,
        rows: state.results.rows.clone(),
        order: state.results.order.clone(),
        view: Box::new(view(state)),
        by,
        began,
    }]
}

/// Counts have arrived, for the box that waits for them.
pub fn counted(state: &mut State, generation: Gen, counts: Counts) -> Vec<Effect> {
    for dialog in &mut state.dialogs {
        if let Some(groups) = dialog.get_mut::<Groups>() {
            if groups.generation == generation {
                groups.counted = counts.groups.into_iter().next().map(|(_, all)| all);
                return Vec::new();
            }
        } else if let Some(overview) = dialog.get_mut::<Overview>()
            && overview.generation == generation
        {
            overview.take_counts(counts);
            return Vec::new();
        }
    }
    Vec::new()
}

/// Keeps only the rows of a group, and remembers the way back to the groups.
pub(super) fn keep(state: &mut State, by: GroupBy, group: &Group) -> Vec<Effect> {
    let clauses = counts::clauses(by, group);
    let results = &mut state.results;
    let quick = &results.quick;
    results
        .drilled
        .retain(|(_, kept)| kept.iter().all(|clause| quick.contains(clause)));
    results.drilled.push((by, clauses.clone()));
    results.quick.extend(clauses);
    state.focus = crate::app::state::Pane::Table;
    results::reorder(state)
}

/// True if the rows are those of a group that was chosen.
pub fn leads_back(state: &State) -> bool {
    let quick = &state.results.quick;
    let last = state.results.drilled.last();
    last.is_some_and(|(_, kept)| kept.iter().all(|clause| quick.contains(clause)))
}

/// From the rows of a group back to the groups.
pub fn back(state: &mut State) -> Vec<Effect> {
    let Some((by, kept)) = state.results.drilled.pop() else {
        return Vec::new();
    };
    state.results.quick.retain(|clause| !kept.contains(clause));
    let mut effects = results::reorder(state);
    effects.extend(open(state, by));
    effects
}

/// What stands for a value that is not reported.
pub(super) fn shown(by: GroupBy, group: &Group) -> (String, Role) {
    match &group.value {
        Some(value) => (display_safe(value).into_owned(), Role::Text),
        None if by == GroupBy::Hint => ("(none)".to_owned(), Role::Dim),
        None => ("(not reported)".to_owned(), Role::Dim),
    }
}

impl Groups {
    fn change(&mut self, state: &mut State, by: isize) -> Handled {
        let at = counts::ALL.iter().position(|known| *known == self.by);
        let next = step(at.unwrap_or(0), by, counts::ALL.len());
        self.by = counts::ALL[next];
        (self.choice, self.first, self.counted) = (0, 0, None);
        self.generation = state.next_gen();
        Handled::Stay(count(state, self.generation, vec![self.by], false))
    }

    /// Moves the window no further than the chosen group needs.
    fn settle(&mut self, state: &State) {
        self.first = self.window(state).start;
    }

    fn window(&self, state: &State) -> Range<usize> {
        choices::window_from(self.first, self.choice, self.len(), room_for(state))
    }

    fn len(&self) -> usize {
        self.counted.as_ref().map_or(0, Vec::len)
    }
}

/// How many groups have room.
fn room_for(state: &State) -> usize {
    usize::from(room(state.size).height)
        .saturating_sub(FRAME)
        .max(1)
}

impl Dialog for Groups {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let cells = text_cells(state.size, width) + 1;
        let mut names = ViewLine::default();
        for by in counts::ALL {
            let role = if by == self.by {
                Role::ButtonFocus
            } else {
                Role::Dim
            };
            names = names.with(format!(" {} ", counts::name(by)), role);
        }
        let value = cells.saturating_sub(COUNT + NEWEST);
        let head = ViewLine::plain("   ")
            .with(
                choices::column(&counts::name(self.by).to_uppercase(), value),
                Role::Title,
            )
            .with(format!("{:>9}  ", "SESSIONS"), Role::Title)
            .with("NEWEST", Role::Title);
        let mut lines = vec![names, ViewLine::default(), head];
        match &self.counted {
            None => lines.push(ViewLine::plain("   ").with("counting …", Role::Dim)),
            Some(groups) => {
                for number in self.window(state) {
                    let group = &groups[number];
                    let is_chosen = number == self.choice;
                    let (text, role) = shown(self.by, group);
                    let role = if is_chosen { Role::Title } else { role };
                    let count = with_thousands(u64::from(group.count));
                    let newest = age(group.newest, state.now);
                    lines.push(
                        choices::line(number, is_chosen)
                            .with(choices::column(&text, value), role)
                            .with(format!("{count:>9}  "), role)
                            .with(newest, Role::Dim),
                    );
                }
            }
        }
        let sessions = number_of(state.results.order.len() as u64, "session");
        let groups = self.counted.as_ref();
        let many = groups.map_or(String::new(), |groups| {
            format!(" · {}", number_of(groups.len() as u64, "group"))
        });
        DialogView {
            title: format!("{sessions} by {}{many}", counts::name(self.by)),
            footer: "←→ by what · Enter keep only these · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::new("←→", "by what", 3),
            Hint::enter("keep only these"),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        self.clicked = None;
        match key.key {
            Key::Esc | Key::Backspace => Handled::close(),
            Key::Enter => self.take(state),
            Key::Left => self.change(state, -1),
            Key::Tab if key.shift => self.change(state, -1),
            Key::Right | Key::Tab => self.change(state, 1),
            _ => {
                if self
                    .list(state)
                    .is_some_and(|mut list| list.moves_by_letters(key))
                {
                    self.settle(state);
                }
                Handled::stay()
            }
        }
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let last = self.len().saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, room_for(state)))
    }

    fn choose(&mut self, number: usize) {
        (self.choice, self.clicked) = (number, Some(number));
    }

    fn clicked(&self) -> Option<usize> {
        self.clicked
    }

    fn take(&mut self, state: &mut State) -> Handled {
        let group = self.counted.as_ref().and_then(|all| all.get(self.choice));
        match group {
            Some(group) => Handled::Close(keep(state, self.by, group)),
            None => Handled::stay(),
        }
    }

    /// The window moves, and the chosen group comes along at its edges.
    fn wheel(&mut self, state: &mut State, by: isize) {
        let window = self.window(state);
        let last = self.len().saturating_sub(window.len());
        self.first = window.start.saturating_add_signed(by).min(last);
        let end = (self.first + window.len()).saturating_sub(1);
        self.choice = self.choice.clamp(self.first, end.max(self.first));
        self.clicked = None;
    }
}
