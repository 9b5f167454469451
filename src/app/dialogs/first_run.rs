//! A configuration without profiles: what to do first.

use ratatui::layout::Rect;

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
use crate::app::state::{Level, State};
use crate::app::update::{message, open_profiles};
use crate::model::text::width_cols;

/// Cells from a choice to what is said about it, on large screens and on small ones.
const NOTES: (usize, usize) = (40, 33);
/// The last of the choices.
const LAST: usize = 3;

/// The choice of a first step.
#[derive(Clone, Debug, Default)]
pub struct FirstRun {
    /// The chosen line, 0 to 3.
    pub choice: usize,
}

impl Dialog for FirstRun {
    /// All of the screen but the header and the hints.
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let systems: Vec<&str> = state.systems.iter().map(|(_, name)| &**name).collect();
        let demo = if large {
            "(starts a local demo server, nothing leaves this machine)".to_owned()
        } else {
            "(local demo server)".to_owned()
        };
        let named = if large && !systems.is_empty() {
            format!("({})", systems.join(", "))
        } else {
            String::new()
        };
        let choices = [
            ("Try it now with made-up data", demo),
            ("Add a profile", named),
            (
                "Write an example file and quit",
                state.prefs.config_path.clone(),
            ),
            ("Quit", String::new()),
        ];
        let indent = if large { 20 } else { 3 };
        let notes = if large { NOTES.0 } else { NOTES.1 };
        let area = Rect::new(0, 1, state.size.width, state.size.height.saturating_sub(3));
        let inner = area.inner(BORDER);
        let mut lines: Vec<ViewLine> =
            std::iter::repeat_n(ViewLine::default(), usize::from((inner.height + 1) / 5)).collect();
        let blank = " ".repeat(indent.min(usize::from(inner.width) / 10));
        lines.push(ViewLine::plain(&blank).with("Welcome. No profile is set up yet.", Role::Title));
        lines.push(ViewLine::default());
        for (index, (text, note)) in choices.into_iter().enumerate() {
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
            Key::Up | Key::Char('k') => self.choice = self.choice.saturating_sub(1),
            Key::Down | Key::Tab | Key::Char('j') => self.choice = (self.choice + 1).min(LAST),
            Key::Char('?') | Key::F(1) => state.open(Help::default()),
            Key::Char('q') => return Handled::Stay(vec![Effect::Quit(0)]),
            Key::Enter => return self.take(state),
            _ => {}
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, state: &mut State) -> Handled {
        match self.choice {
            0 => {
                let demo = state.profiles.iter().find(|entry| entry.view.demo);
                let Some(name) = demo.map(|entry| entry.view.name.clone()) else {
                    let text = "this usher was built without the demo";
                    return Handled::Stay(message::say(state, Level::Warn, text));
                };
                Handled::Close(open_profiles(state, &[name]))
            }
            1 => {
                state.open(SwitchProfile::of_new());
                Handled::stay()
            }
            2 => Handled::Stay(vec![Effect::WriteExample, Effect::Quit(0)]),
            _ => Handled::Stay(vec![Effect::Quit(0)]),
        }
    }
}
