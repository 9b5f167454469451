//! A configuration without profiles: what to do first.

use ratatui::layout::Rect;

use super::choices::ListPlace;
use super::help::Help;
use super::profiles::SwitchProfile;
use crate::app::action::{Action, Context};
use crate::app::area::BORDER;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, is_large};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::hints;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::open_profiles;
use crate::model::text::width_cols;

/// Cells from a choice to what is said about it, on large screens and on small ones.
const NOTES: (usize, usize) = (40, 33);

/// The choice of a first step.
#[derive(Clone, Debug, Default)]
pub struct FirstRun {
    /// The chosen line, from 0.
    pub choice: usize,
}

/// A first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstStep {
    Demo,
    AddProfile,
    WriteExample,
    Quit,
}

/// The steps that can be done, in order: no demo in an usher that was built without one.
fn steps(state: &State) -> Vec<FirstStep> {
    use FirstStep::{AddProfile, Demo, Quit, WriteExample};
    let mut steps = vec![Demo, AddProfile, WriteExample, Quit];
    steps.retain(|step| *step != Demo || demo(state).is_some());
    steps
}

/// The name of the profile of the demo. `None`: it was built without one.
fn demo(state: &State) -> Option<String> {
    let demo = state.profiles.iter().find(|entry| entry.view.demo);
    demo.map(|entry| entry.view.name.clone())
}

impl Dialog for FirstRun {
    /// All of the screen but the header and the hints.
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let systems: Vec<&str> = state.systems.iter().map(|(_, name)| &**name).collect();
        let demo = if large {
            "(starts a local demo server, nothing leaves this machine)"
        } else {
            "(local demo server)"
        };
        let named = if large && !systems.is_empty() {
            format!("({})", systems.join(", "))
        } else {
            String::new()
        };
        let words = |step: FirstStep| match step {
            FirstStep::Demo => ("Try it now with made-up data", demo),
            FirstStep::AddProfile => ("Add a profile", &*named),
            FirstStep::WriteExample => (
                "Write an example file and quit",
                state.prefs.config_path.as_str(),
            ),
            FirstStep::Quit => ("Quit", ""),
        };
        let indent = if large { 20 } else { 3 };
        let notes = if large { NOTES.0 } else { NOTES.1 };
        let area = Rect::new(0, 1, state.size.width, state.size.height.saturating_sub(3));
        let inner = area.inner(BORDER);
        let mut lines: Vec<ViewLine> =
            std::iter::repeat_n(ViewLine::default(), usize::from((inner.height + 1) / 5)).collect();
        let blank = " ".repeat(indent.min(usize::from(inner.width) / 10));
        lines.push(ViewLine::plain(&blank).with("Welcome. No profile is set up yet.", Role::Title));
        lines.push(ViewLine::default());
        for (index, (text, note)) in steps(state).into_iter().map(words).enumerate() {
            let (mark, role) = if index == self.choice {
                ("> ", Role::Title)
            } else {
                ("  ", Role::Text)
            };
            let mut line = ViewLine::plain(&blank).with(mark, role).with(text, role);
            if !note.is_empty() {
                let start = width_cols(&blank) + notes;
                let start = start.max(line.cells() + 1);
                line = line.to_cell(start).with(note, Role::Dim);
            }
            line.choice = Some(index);
            lines.push(line);
        }
        if large {
            lines.push(ViewLine::default());
            let text = format!(
                "Config is read from: --config, $USHER_CONFIG, {}",
                state.prefs.config_path
            );
            lines.push(ViewLine::plain(&blank).with(text, Role::Dim));
        }
        DialogView {
            lines,
            area,
            ..DialogView::default()
        }
    }

    fn hints(&self, state: &State) -> Vec<Hint> {
        let global = |action, rank| hints::key(state, Context::Global, action, rank);
        let mut all = vec![Hint::new("↑↓", "choose", 1), Hint::enter("go")];
        all.extend(global(Action::Help, 2));
        all.extend(global(Action::Quit, 3));
        all
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Char('?') | Key::F(1) => state.open(Help::default()),
            Key::Char('q') => return Handled::Stay(vec![Effect::Quit(0)]),
            Key::Enter => return self.take(state),
            _ => {
                if let Some(mut list) = self.list(state) {
                    list.moves_by_letters(key);
                }
            }
        }
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let last = steps(state).len() - 1;
        Some(ListPlace::new(&mut self.choice, last, last))
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        match steps(state).get(self.choice) {
            Some(FirstStep::Demo) => match demo(state) {
                Some(name) => Handled::Close(open_profiles(state, &[name])),
                None => Handled::stay(),
            },
            Some(FirstStep::AddProfile) => {
                state.open(SwitchProfile::of_new());
                Handled::stay()
            }
            Some(FirstStep::WriteExample) => {
                Handled::Stay(vec![Effect::WriteExample, Effect::Quit(0)])
            }
            Some(FirstStep::Quit) | None => Handled::Stay(vec![Effect::Quit(0)]),
        }
    }
}
