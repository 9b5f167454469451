//! The rows that are shown, at a glance: when they began, and bars by what they have in common.

use super::choices;
use super::groups;
use crate::app::counts::{self, Counts};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, WIDEST, room, text_cells};
use crate::app::effect::{Effect, Gen};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::text::with_thousands;
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
/// Lines that are no bars: borders, the beginnings, titles and blank lines.
const FRAME: usize = 10;
/// Cells of a name, and of a count.
const NAME: usize = 16;
const COUNT: usize = 9;

/// The box.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The number of the counts that count.
    pub(super) generation: Gen,
    counts: Option<Counts>,
    /// Which property, and which of its groups.
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
    groups::count(state, generation, BARS.to_vec(), true)
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
        let (place, at) = self.choice;
        let len = |place: usize| self.shown(place, most).len();
        let (mut place, mut at) = (place, at);
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
        }
        self.choice = (place, at.min(len(place).saturating_sub(1)));
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
        let group = self.shown(place, most(state)).get(at).copied().cloned();
        match group {
            Some(group) => Handled::Close(groups::keep(state, BARS[place], &group)),
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
        let (name, role) = groups::shown(group);
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
        let rows = with_thousands(state.results.order.len() as u64);
        DialogView {
            title: format!("Overview of {rows} sessions"),
            footer: "↑↓←→ choose · Enter keep only these · Esc".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓←→", "choose", 2),
            Hint::enter("keep only these"),
            Hint::new("Esc", "close", 1),
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
            _ => {}
        }
        Handled::stay()
    }

    /// A bar was clicked: the first time it is chosen, the second time its rows are kept.
    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        let Some(bar) = self.bars(most(state)).nth(number) else {
            return Handled::stay();
        };
        self.choice = bar;
        if self.clicked.replace(bar) == Some(bar) {
            return self.keep(state);
        }
        Handled::stay()
    }

    fn wheel(&mut self, state: &State, by: isize) {
        self.clicked = None;
        self.moved(most(state), by.signum(), 0);
    }
}
