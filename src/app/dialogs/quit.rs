//! The question before leaving while a revoke runs.

use crate::app::dialog::{Dialog, Handled, LockedQuestion};
use crate::app::dialog_view::{DialogView, ViewLine, sentences, text_cells};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::job::{Job, JobState};
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::{Level, State};
use crate::app::update::message;
use crate::model::text::with_thousands;

const WIDTH: u16 = 60;

/// The question before usher quits while a revoke runs.
#[derive(Clone, Debug, Default)]
pub struct Quit {
    /// True if the focus is on the button that stops and quits; false if on the one that stays.
    pub stops: bool,
}

/// Stops after the current request, and quits once no revoke runs any more.
fn stop_and_quit(state: &mut State) -> Vec<Effect> {
    state.quitting = true;
    let running = state.jobs.iter().filter(|j| j.state != JobState::Ended);
    let mut effects: Vec<Effect> = running.map(|job| Effect::Stop(job.id)).collect();
    if effects.is_empty() {
        return vec![Effect::Quit(0)];
    }
    let text = "stopping after the current request, then quitting";
    effects.extend(message::say(state, Level::Info, text));
    effects
}

impl Dialog for Quit {
    fn view(&self, state: &State) -> DialogView {
        let waiting: usize = state
            .jobs
            .iter()
            .filter(|job| job.state != JobState::Ended)
            .map(Job::waiting)
            .sum();
        let words = match waiting {
            0 => "Sessions are being ended. Wait for the answer, then quit?".to_owned(),
            1 => "1 session is waiting. Stop after the current one and quit?".to_owned(),
            n => format!(
                "{} are waiting. Stop after the current one and quit?",
                with_thousands(n as u64)
            ),
        };
        let width = text_cells(state.size, WIDTH);
        let mut lines = vec![ViewLine::default()];
        lines.extend(
            sentences(&words, width)
                .into_iter()
                .map(|line| ViewLine::plain("  ").with(line, Role::Text)),
        );
        lines.push(ViewLine::default());
        let buttons = ["Stay", "Stop and quit"];
        lines.push(ViewLine::default().with_buttons(
            &buttons,
            &[12, 6],
            Some(usize::from(self.stops)),
        ));
        lines.push(ViewLine::default());
        DialogView {
            title: "Quit while sessions are being ended?".to_owned(),
            footer: "Tab choose · Enter · Esc stay".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDTH)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::tab(),
            Hint::enter("select"),
            Hint::new("Esc", "stay", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc | Key::Char('n') => return Handled::close(),
            Key::Tab | Key::Left | Key::Right => self.stops = !self.stops,
            Key::Char('y') => return self.button(state, 1),
            Key::Enter => return self.button(state, usize::from(self.stops)),
            _ => {}
        }
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        if number == 0 {
            Handled::close()
        } else {
            Handled::Close(stop_and_quit(state))
        }
    }

    fn question(&self, _state: &State) -> Option<LockedQuestion> {
        Some(LockedQuestion {
            typing: false,
            enter_answers: true,
            button: 1,
        })
    }
}
