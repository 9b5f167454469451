//! The automatic reload: on and off, and each of its beats.

use std::time::Duration;

use super::{form, message};
use crate::app::effect::{Effect, Timer};
use crate::app::job::JobState;
use crate::app::source::Progress;
use crate::app::state::{Level, State};
use crate::model::AskedBy;

/// How many failures in a row end the automatic reload.
const FAILURES: u8 = 3;

/// Switches the automatic reload on or off.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    if state.auto_reload.take().is_some() {
        return message::say(state, Level::Ok, "automatic reload off");
    }
    state.auto_reload = Some(0);
    let every = reload_every(state);
    let mut effects = next_beat(state);
    let text = format!("reloading every {} s; R stops", every.as_secs());
    effects.extend(message::say(state, Level::Ok, text));
    effects
}

/// Time for the automatic reload: skips a beat while something is on its way or a dialog is open.
pub fn beat(state: &mut State) -> Vec<Effect> {
    let Some(failures) = state.auto_reload else {
        return Vec::new();
    };
    let failed = state
        .sources
        .iter()
        .any(|source| matches!(source.progress, Progress::Failed(_)));
    let failures = if failed { failures + 1 } else { 0 };
    if failures >= FAILURES {
        state.auto_reload = None;
        let text = "automatic reload off: it failed 3 times in a row; R starts it again";
        return message::say(state, Level::Warn, text);
    }
    state.auto_reload = Some(failures);
    let busy = state.is_loading()
        || !state.dialogs.is_empty()
        || state.jobs.iter().any(|job| job.state != JobState::Ended);
    let mut effects = next_beat(state);
    if !busy && state.results.query.is_some() {
        // Nobody asked for it, so it takes no message away but the one of its own last failure.
        let message = state.message.take().filter(|_| !failed);
        effects.extend(form::reload_for(state, AskedBy::Timer));
        state.message = state.message.take().or(message);
    }
    effects
}

fn next_beat(state: &mut State) -> Vec<Effect> {
    let delay = reload_every(state);
    let generation = state.next_gen();
    vec![Effect::After {
        timer: Timer::Reload,
        generation,
        delay,
    }]
}

/// The longest pause that an open profile asks for.
fn reload_every(state: &State) -> Duration {
    let pauses = state.sources.iter().map(|s| s.profile.policy.reload_every);
    pauses.max().unwrap_or(Duration::from_secs(30))
}
