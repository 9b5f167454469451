//! The rows that are shown, at a glance: when they began, and bars by what they have in common.

use strum::{EnumCount, IntoEnumIterator};

use super::choices;
use super::groups;
use crate::app::counts::{self, Counts};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, WIDEST, room, text_cells};
use crate::app::effect::{Effect, Gen};
use crate::app::hint::Hint as KeyHint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::Hint;
use crate::model::text::{number_of, with_thousands};
use crate::model::time::duration_words;
use crate::store::{Began, Group, GroupBy};

/// The properties of the bars, two beside each other.
const BARS: [GroupBy; 6] = [
    GroupBy::State,
    GroupBy::User,
    GroupBy::Client,
    GroupBy::Network,
    GroupBy::Method,
    GroupBy::Profile,
];
/// The place of the hints, above the bars.
const HINTS: usize = BARS.len();
/// Hints beside each other.
const HINTS_A_LINE: usize = 3;
/// Cells of the word of a hint, and from the border to the first of them.
const HINT: usize = 13;
const HINTS_START: usize = 7;
/// Lines that are no bars: borders, the beginnings, the hints, titles and blank lines.
const FRAME: usize = 12;
/// Cells of a name, and of a count.
const NAME: usize = 16;
const COUNT: usize = 9;

/// The box.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The number of the counts that count.
    pub(super) generation: Gen,
    counts: Option<Counts>,
    /// Which property, or [`HINTS`], and which of its groups.
    choice: (usize, usize),
    /// The bar that was clicked last, if no key has moved since.
    clicked: Option<(usize, usize)>,
}

/// Opens the box.
pub fn open(state: &mut State) -> Vec<Effect> {
    let generation = state.next_gen();
    state.open(Overview {
        generation,
        counts: None,
        choice: (0, 0),
        clicked: None,
    });
    let by = BARS.into_iter().chain([GroupBy::Hint]);
    groups::count(state, generation, by.collect(), true)
}

impl Overview {
    /// The counts are there.
    pub(super) fn take_counts(&mut self, counts: Counts) {
        self.counts = Some(counts);
    }

    /// So many groups of a property are shown: what is not reported is one of them, never left out.
    fn shown(&self, place: usize, most: usize) -> Vec<&Group> {
        let all = self
            .counts
            .as_ref()
            .and_then(|counts| counts.groups.get(place));
        let Some((_, all)) = all else {
            return Vec::new();
        };
        let mut shown: Vec<&Group> = all.iter().take(most).collect();
        if let Some(last) = all.last()
            && last.value.is_none()
            && all.len() > most
        {
            shown.pop();
            shown.push(last);
        }
        shown
    }

    fn moved(&mut self, most: usize, down: isize, right: isize) {
        let (mut place, mut at) = self.choice;
        let len = |place: usize| self.shown(place, most).len();
        if place == HINTS {
            self.choice = hint_beside(at, down, right);
            return;
        }
        if right != 0 {
            let other = place ^ 1;
            let goes = (right > 0) == (other > place);
            if goes && len(other) > 0 {
                place = other;
            }
        } else if down > 0 && at + 1 < len(place) {
            at += 1;
        } else if down > 0 && place + 2 < BARS.len() && len(place + 2) > 0 {
            (place, at) = (place + 2, 0);
        } else if down < 0 && at > 0 {
            at -= 1;
        } else if down < 0 && place >= 2 {
            place -= 2;
            at = len(place).saturating_sub(1);
        } else if down < 0 && self.counts.is_some() {
            self.choice = (
                HINTS,
                if place == 0 {
                    HINTS_A_LINE
                } else {
                    Hint::COUNT - 1
                },
            );
            return;
        }
        self.choice = (place, at.min(len(place).saturating_sub(1)));
    }

    /// Goes to the first bar of the property below, or above; from the last one, to its last bar.
    fn moved_by_pair(&mut self, most: usize, by: isize) {
        let (place, _) = self.choice;
        let len = |place: usize| self.shown(place, most).len();
        self.choice = match (by > 0, place) {
            (true, HINTS) => (0, 0),
            (true, _) if place + 2 < BARS.len() && len(place + 2) > 0 => (place + 2, 0),
            (true, _) => (place, len(place).saturating_sub(1)),
            (false, 0 | 1 | HINTS) => (HINTS, 0),
            (false, _) => (place - 2, 0),
        };
    }

    /// Rows with this hint. `None`: there is none.
    fn of_hint(&self, hint: Hint) -> Option<&Group> {
        let (_, groups) = self.counts.as_ref()?.groups.get(HINTS)?;
        let is_it = |group: &&Group| group.value.as_deref() == Some(hint.word());
        groups.iter().find(is_it)
    }

    /// Every hint with the number of its rows, in lines of [`HINTS_A_LINE`].
    fn hints_lines(&self, cells: usize) -> Vec<ViewLine> {
        let all: Vec<Hint> = Hint::iter().collect();
        let width = cells.saturating_sub(HINTS_START) / HINTS_A_LINE;
        let mut lines = Vec::new();
        for (row, hints) in all.chunks(HINTS_A_LINE).enumerate() {
            let label = if row == 0 { " Hints " } else { "" };
            let mut line = ViewLine::plain(label).to_cell(HINTS_START);
            for (column, hint) in hints.iter().enumerate() {
                let is_chosen = self.choice == (HINTS, row * HINTS_A_LINE + column);
                let count = self.of_hint(*hint).map_or(0, |group| group.count);
                let role = choices::role(is_chosen, count > 0);
                let mark = if is_chosen { "> " } else { "  " };
                let room = width.saturating_sub(2 + HINT);
                let count = with_thousands(u64::from(count));
                // The mouse finds it as a button.
                line.buttons.push((line.cells() as u16, width as u16));
                line = line
                    .with(mark, Role::Key)
                    .with(choices::column(hint.word(), HINT), role)
                    .with(format!("{count:<room$}"), role);
            }
            lines.push(line);
        }
        lines
    }

    /// The lines of two properties that stand beside each other: of each the bars at the left and at the right.
    /// `None`: there is none on that side.
    fn pairs(&self, pair: usize, most: usize) -> impl Iterator<Item = [Option<(usize, usize)>; 2]> {
        let places = [pair * 2, pair * 2 + 1];
        let lens = places.map(|place| self.shown(place, most).len());
        let side = move |side: usize, at: usize| (at < lens[side]).then(|| (places[side], at));
        (0..lens[0].max(lens[1])).map(move |at| [side(0, at), side(1, at)])
    }

    /// All bars, in the order in which they stand.
    fn bars(&self, most: usize) -> impl Iterator<Item = (usize, usize)> {
        let pairs = (0..BARS.len() / 2).flat_map(move |pair| self.pairs(pair, most));
        pairs.flatten().flatten()
    }

    /// Keeps only the rows of the chosen bar.
    fn keep(&self, state: &mut State) -> Handled {
        let (place, at) = self.choice;
        let by = BARS.get(place).copied().unwrap_or(GroupBy::Hint);
        let group = if by == GroupBy::Hint {
            let hint = Hint::iter().nth(at);
            hint.and_then(|hint| self.of_hint(hint))
        } else {
            self.shown(place, most(state)).get(at).copied()
        };
        match group.cloned() {
            Some(group) => Handled::Close(groups::keep(state, by, &group)),
            None => Handled::stay(),
        }
    }

    /// One bar: name, bar, count.
    fn bar(&self, bar: Option<(usize, usize)>, most: usize, cells: usize) -> Vec<(String, Role)> {
        let nothing = || vec![(" ".repeat(cells), Role::Text)];
        let Some((place, at)) = bar else {
            return nothing();
        };
        let shown = self.shown(place, most);
        let Some(group) = shown.get(at) else {
            return nothing();
        };
        let rows = self.counts.as_ref().map_or(0, |counts| counts.rows);
        let is_chosen = self.choice == (place, at);
        let (name, role) = groups::shown(BARS[place], group);
        let role = if is_chosen { Role::Title } else { role };
        let room = cells.saturating_sub(2 + NAME + COUNT);
        let part = group.count as usize * room;
        let bar = part.div_ceil(rows.max(1)).min(room);
        let count = with_thousands(u64::from(group.count));
        vec![
            (if is_chosen { "> " } else { "  " }.to_owned(), Role::Key),
            (choices::column(&name, NAME), role),
            (
                format!("{}{}", "█".repeat(bar), " ".repeat(room - bar)),
                if group.value.is_some() {
                    Role::Key
                } else {
                    Role::Dim
                },
            ),
            (format!("{count:>COUNT$}"), role),
        ]
    }
}

/// From a hint to the one beside it, above or below; below the last line are the bars.
fn hint_beside(at: usize, down: isize, right: isize) -> (usize, usize) {
    let column = at % HINTS_A_LINE;
    match (down.signum(), right.signum()) {
        (1, _) if at + HINTS_A_LINE < Hint::COUNT => (HINTS, at + HINTS_A_LINE),
        (1, _) => (usize::from(column + 1 == HINTS_A_LINE), 0),
        (-1, _) => (HINTS, at.checked_sub(HINTS_A_LINE).unwrap_or(at)),
        (_, 1) if column + 1 < HINTS_A_LINE => (HINTS, at + 1),
        (_, -1) if column > 0 => (HINTS, at - 1),
        _ => (HINTS, at),
    }
}

/// How many groups of each property have room.
fn most(state: &State) -> usize {
    let free = usize::from(room(state.size).height).saturating_sub(FRAME);
    (free / 3).clamp(1, 8)
}

/// When the rows began: one line of steps, and one of words.
fn beginnings(state: &State, began: &Began) -> [ViewLine; 2] {
    const STEP: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 9] = [' ', '.', '.', '-', '-', '=', '=', '#', '#'];
    let signs = if state.prefs.ascii { PLAIN } else { STEP };
    let peak = began.counts.iter().max().copied().unwrap_or(0).max(1);
    let sign = |count: &u32| {
        let height = (u64::from(*count) * 8).div_ceil(u64::from(peak)) as usize;
        signs.get(height).copied().unwrap_or('#')
    };
    let unknown = match began.unknown {
        0 => String::new(),
        n => format!(" · {} not reported", with_thousands(u64::from(n))),
    };
    let Some(from) = began.from else {
        let words = format!(" Began: not reported by these systems{unknown}");
        return [ViewLine::default(), ViewLine::plain(words)];
    };
    let line: String = began.counts.iter().map(sign).collect();
    let zone = state.zone();
    let first = zone.reading_of(from).format("%m-%d %H:%M");
    let words = format!(
        "from {first} to now · a column is {} · at most {}{unknown}",
        duration_words(began.step),
        with_thousands(u64::from(peak)),
    );
    [
        ViewLine::plain(" Began ").with(line, Role::Key),
        ViewLine::plain("       ").with(words, Role::Dim),
    ]
}

impl Dialog for Overview {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, WIDEST) + 2;
        let half = cells.saturating_sub(3) / 2;
        let most = most(state);
        let mut lines = Vec::new();
        match self
            .counts
            .as_ref()
            .and_then(|counts| counts.began.as_ref())
        {
            None => lines.push(ViewLine::plain(" ").with("counting …", Role::Dim)),
            Some(began) => {
                lines.extend(beginnings(state, began));
                lines.extend(self.hints_lines(cells));
                for pair in 0..BARS.len() / 2 {
                    let (left, right) = (pair * 2, pair * 2 + 1);
                    let title = |place: usize| {
                        let name = counts::name(BARS[place]).to_uppercase();
                        choices::column(&format!("  {name}"), half)
                    };
                    lines.push(ViewLine::default());
                    lines.push(
                        ViewLine::plain(" ")
                            .with(title(left), Role::Title)
                            .with(" ", Role::Text)
                            .with(title(right), Role::Title),
                    );
                    for sides in self.pairs(pair, most) {
                        let mut line = ViewLine::default();
                        for bar in sides {
                            line = line.with(" ", Role::Text);
                            if bar.is_some() {
                                // The mouse finds it as a button.
                                line.buttons.push((line.cells() as u16, half as u16));
                            }
                            for (text, role) in self.bar(bar, most, half) {
                                line = line.with(text, role);
                            }
                        }
                        lines.push(line);
                    }
                }
            }
        }
        let sessions = number_of(state.results.order.len() as u64, "session");
        DialogView {
            title: format!("Overview of {sessions}"),
            footer: "↑↓←→ choose · Enter keep only these · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, _state: &State) -> Vec<KeyHint> {
        vec![
            KeyHint::new("↑↓←→", "choose", 2),
            KeyHint::enter("keep only these"),
            KeyHint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let most = most(state);
        self.clicked = None;
        match key.key {
            Key::Esc | Key::Backspace => return Handled::close(),
            Key::Enter => return self.keep(state),
            Key::Down | Key::Char('j') => self.moved(most, 1, 0),
            Key::Up | Key::Char('k') => self.moved(most, -1, 0),
            Key::Right | Key::Char('l') | Key::Tab => self.moved(most, 0, 1),
            Key::Left | Key::Char('h') => self.moved(most, 0, -1),
            Key::PageDown => self.moved_by_pair(most, 1),
            Key::PageUp => self.moved_by_pair(most, -1),
            Key::Home | Key::Char('g') => self.choice = (HINTS, 0),
            Key::End | Key::Char('G') => {
                let last = self.bars(most).last();
                self.choice = last.unwrap_or_default();
            }
            _ => {}
        }
        Handled::stay()
    }

    /// A bar was clicked: the first time it is chosen, the second time its rows are kept.
    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        let bar = match number.checked_sub(Hint::COUNT) {
            None => Some((HINTS, number)),
            Some(bar) => self.bars(most(state)).nth(bar),
        };
        let Some(bar) = bar else {
            return Handled::stay();
        };
        self.choice = bar;
        if self.clicked.replace(bar) == Some(bar) {
            return self.keep(state);
        }
        Handled::stay()
    }

    fn wheel(&mut self, state: &mut State, by: isize) {
        self.clicked = None;
        self.moved(most(state), by.signum(), 0);
    }
}
