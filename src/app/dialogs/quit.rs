//! Quit while a revoke runs?

use crate::app::overlay::{Job, JobState};
use crate::app::role::Role;
use crate::app::sheet::{Sheet, SheetLine, sentences};
use crate::app::state::State;
use crate::model::text::with_thousands;

const WIDTH: u16 = 60;

/// The question as it is drawn.
pub fn sheet(state: &State, button: usize) -> Sheet {
    let waiting: usize = state
        .jobs
        .iter()
        .filter(|job| job.state != JobState::Ended)
        .map(Job::waiting)
        .sum();
    let words = match waiting {
        0 => "A revoke is running. Wait for its answer and quit then?".to_owned(),
        1 => "1 session is waiting. Stop after the current one and quit?".to_owned(),
        n => format!(
            "{} are waiting. Stop after the current one and quit?",
            with_thousands(n as u64)
        ),
    };
    let width = usize::from(WIDTH.min(state.size.width)).saturating_sub(6);
    let mut lines = vec![SheetLine::default()];
    lines.extend(
        sentences(&words, width)
            .into_iter()
            .map(|line| SheetLine::plain("  ").with(line, Role::Text)),
    );
    lines.push(SheetLine::default());
    let buttons = ["Stay", "Stop and quit"];
    lines.push(SheetLine::default().with_buttons(&buttons, &[12, 6], Some(button)));
    lines.push(SheetLine::default());
    Sheet {
        title: "Quit while a revoke runs?".to_owned(),
        footer: "Tab choose · Enter · Esc stay".to_owned(),
        lines,
        ..Sheet::default()
    }
    .placed(state, WIDTH)
}
