//! Which profile, or which system for a new one.

use tui_input::Input;

use super::choices::ListPlace;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, is_large, room};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::source::ProfileEntry;
use crate::app::state::State;
use crate::app::update::{edit, open_profiles};
use crate::model::text::{cut_end, width_cols};

const WIDTH: (u16, u16) = (84, 64);
/// Cells of name and system, on large screens and on small ones; of the address, and of the marks.
const NAME: (usize, usize) = (15, 18);
const SYSTEM: (usize, usize) = (16, 17);
const ADDRESS: usize = 29;
const MARKS: (usize, usize) = (5, 10);
/// Lines that are not profiles: borders, field, blank lines.
const FRAME: u16 = 5;

/// Which profile is opened next, or which system gets a new one.
#[derive(Clone, Debug, Default)]
pub struct SwitchProfile {
    /// The filter typed.
    pub input: Input,
    /// Index into the filtered list; while `new` is set, into the systems.
    pub choice: usize,
    /// True while the system of a new profile is being chosen.
    pub new: bool,
    /// Names of the profiles that Space has picked: they are opened together.
    pub picked: Vec<String>,
}

/// Opens the dialog, with the cursor on the profile that is open.
pub fn open(state: &mut State) -> Vec<Effect> {
    let open = state.sources.first().map(|s| s.profile.name.clone());
    let is_open = |entry: &ProfileEntry| Some(&entry.view.name) == open.as_ref();
    let choice = state.profiles.iter().position(is_open).unwrap_or(0);
    state.open(SwitchProfile {
        choice,
        ..SwitchProfile::default()
    });
    Vec::new()
}

impl SwitchProfile {
    /// The dialog at the question which system a new profile is for.
    pub fn of_new() -> Self {
        Self {
            new: true,
            ..Self::default()
        }
    }

    /// The profiles that the typed text leaves, in order.
    fn listed<'a>(&self, state: &'a State) -> Vec<&'a ProfileEntry> {
        let text = self.input.value().to_lowercase();
        state
            .profiles
            .iter()
            .filter(|entry| {
                let view = &entry.view;
                [view.name.as_str(), &*view.system, view.address.as_str()]
                    .iter()
                    .any(|part| part.to_lowercase().contains(&text))
            })
            .collect()
    }

    /// How the chosen profile is reached.
    fn proxy(&self, state: &State, width: usize) -> ViewLine {
        let listed = self.listed(state);
        match listed.get(self.choice).filter(|_| !self.new) {
            Some(entry) => {
                let text = format!("   Proxy  {}", entry.view.proxy);
                let text = cut_end(&text, width.saturating_sub(3), Default::default());
                ViewLine::default().with(text, Role::Dim)
            }
            None => ViewLine::default(),
        }
    }

    /// Picks the profile under the cursor, or takes it out, and moves down.
    fn pick(&mut self, state: &State) {
        let Some(name) = self.chosen(state) else {
            return;
        };
        if self.picked.contains(&name) {
            self.picked.retain(|picked| *picked != name);
        } else {
            self.picked.push(name);
        }
        let last = self.listed(state).len().saturating_sub(1);
        self.choice = (self.choice + 1).min(last);
    }

    /// The name of the chosen profile. `None`: there is none.
    fn chosen(&self, state: &State) -> Option<String> {
        let listed = self.listed(state);
        listed.get(self.choice).map(|entry| entry.view.name.clone())
    }
}

/// How many lines of the list are shown at once.
fn page(state: &State) -> usize {
    usize::from(room(state.size).height.saturating_sub(FRAME + 2)).max(1)
}

impl Dialog for SwitchProfile {
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let width = by_size(state.size, WIDTH);
        let mut lines = Vec::new();
        let (title, footer) = if self.new {
            lines.push(ViewLine::plain(" Which system is the new profile for?"));
            ("New profile", "Enter add and edit · Esc back")
        } else {
            let cells = if large { 28 } else { 20 };
            let field = FieldText::of(&self.input);
            lines.push(ViewLine::plain(" ").with_field(&field, cells, true));
            let footer = if !self.picked.is_empty() {
                "Enter opens the marked ones · Space · Esc"
            } else if large {
                "Enter switch · ^N new · F4 edit file · Esc"
            } else {
                "Enter switch · ^N new · F4 edit · Esc"
            };
            ("Switch profile", footer)
        };
        if large || self.new {
            lines.push(ViewLine::default());
        }
        let entries: Vec<ViewLine> = if self.new {
            let systems = state.systems.iter();
            systems
                .map(|(_, name)| ViewLine::default().with(name.as_str(), Role::Text))
                .collect()
        } else {
            let listed = self.listed(state).into_iter();
            listed.map(|entry| profile(entry, large)).collect()
        };
        if entries.is_empty() {
            let text = if state.profiles.is_empty() {
                "   No profile is set up yet."
            } else {
                "   No profile matches."
            };
            lines.push(ViewLine::default().with(text, Role::Dim));
        }
        let listed = self.listed(state).into_iter();
        let listed: Vec<String> = listed.map(|entry| entry.view.name.clone()).collect();
        let most = page(state);
        let first = (self.choice + 1).saturating_sub(most);
        for (index, entry) in entries.into_iter().enumerate().skip(first).take(most) {
            let name = listed.get(index).filter(|_| !self.new);
            let is_picked = name.is_some_and(|name| self.picked.contains(name));
            lines.push(marked(entry, index, self.choice, is_picked));
        }
        if large {
            lines.push(ViewLine::default());
        }
        lines.push(self.proxy(state, usize::from(width)));
        DialogView {
            title: title.to_owned(),
            footer: footer.to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        let choose = Hint::new("↑↓", "choose", 1);
        if self.new {
            let back = Hint::new("Esc", "back", 1);
            return vec![choose, Hint::enter("add and edit"), back];
        }
        vec![
            choose,
            Hint::enter("switch"),
            Hint::new("Space", "several", 2),
            Hint::new("^N", "new", 3),
            Hint::new("F4", "edit file", 4),
            Hint::new("Esc", "close", 2),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match (key.key, key.ctrl) {
            (Key::Esc, _) if self.new => (self.new, self.choice) = (false, 0),
            (Key::Esc, _) => return Handled::close(),
            (Key::Enter, _) => return self.take(state),
            (Key::Char(' '), false) if !self.new && self.input.value().is_empty() => {
                self.pick(state);
            }
            (Key::Char('n'), true) => *self = Self::of_new(),
            (Key::F(4), _) => {
                let profile = self.chosen(state);
                return Handled::Stay(vec![Effect::Edit { profile }]);
            }
            _ if self.list(state).is_some_and(|mut list| list.moves(key)) => {}
            _ if !self.new && edit::edit(&mut self.input, key) => self.choice = 0,
            _ => {}
        }
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let count = if self.new {
            state.systems.len()
        } else {
            self.listed(state).len()
        };
        let last = count.saturating_sub(1);
        Some(ListPlace::new(&mut self.choice, last, page(state)))
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        if self.new {
            let system = state.systems.get(self.choice);
            let add = system.map(|(word, _)| Effect::NewProfile {
                system: word.clone(),
            });
            return Handled::Close(add.into_iter().collect());
        }
        if !self.picked.is_empty() {
            // In the order of the configuration, whichever was picked first.
            let profiles = state.profiles.iter().map(|entry| &entry.view.name);
            let names: Vec<String> = profiles
                .filter(|name| self.picked.contains(name))
                .cloned()
                .collect();
            return Handled::Close(open_profiles(state, &names));
        }
        match self.chosen(state) {
            Some(name) => Handled::Close(open_profiles(state, &[name])),
            None => Handled::stay(),
        }
    }

    fn input(&mut self) -> Option<&mut Input> {
        (!self.new).then_some(&mut self.input)
    }

    fn pasted(&mut self) {
        self.choice = 0;
    }
}

fn marked(entry: ViewLine, index: usize, choice: usize, is_picked: bool) -> ViewLine {
    let mark = match (index == choice, is_picked) {
        (true, true) => " >*",
        (true, false) => " > ",
        (false, true) => "  *",
        (false, false) => "   ",
    };
    let mut line = ViewLine::plain(mark);
    line.parts.extend(entry.parts);
    if index == choice {
        for part in &mut line.parts {
            if part.role == Role::Text {
                part.role = Role::Title;
            }
        }
    }
    line.choice = Some(index);
    line
}

fn profile(entry: &ProfileEntry, large: bool) -> ViewLine {
    let view = &entry.view;
    let column = |text: &str, cells: usize| {
        let text = cut_end(text, cells - 1, Default::default());
        let blanks = cells - width_cols(&text).min(cells);
        format!("{text}{}", " ".repeat(blanks))
    };
    let (name, system) = if large {
        (NAME.0, SYSTEM.0)
    } else {
        (NAME.1, SYSTEM.1)
    };
    let mut line =
        ViewLine::plain(column(&view.name, name)).with(column(&view.system, system), Role::Text);
    let production = if view.policy.production { "PROD" } else { "" };
    let read_only = if view.policy.read_only { "ro" } else { "" };
    if large {
        // The room for the marks is blank for most, so an address may take all of its own.
        let address = column(&view.address, ADDRESS + 1);
        let address = address.strip_suffix(' ').unwrap_or(&address);
        line = line.with(address, Role::Dim);
        line = line.with(format!("{production:<0$}", MARKS.0), Role::Danger);
        let last = match (view.policy.read_only, entry.last.as_str()) {
            (true, "-" | "") => read_only.to_owned(),
            (true, last) => format!("{read_only} {last}"),
            (false, last) => last.to_owned(),
        };
        return line.with(last, Role::Text);
    }
    let marks = match (view.policy.production, view.policy.read_only) {
        (true, true) => "PROD ro".to_owned(),
        _ => format!("{production}{read_only}"),
    };
    line.with(format!("{marks:<0$}", MARKS.1), Role::Danger)
        .with(entry.last.clone(), Role::Text)
}
