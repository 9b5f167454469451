//! The effects of a timer that runs out.

use super::{form, table, watch};
use crate::app::effect::{Effect, Gen, Timer};
use crate::app::state::{Level, Lock, State};

/// A timer has run out. Only the last one of a kind runs out, so its number says nothing more.
pub fn due(state: &mut State, timer: Timer, _generation: Gen) -> Vec<Effect> {
    match timer {
        Timer::Arm => state.lock = Lock::Open,
        Timer::Refused => state.refused = false,
        Timer::Fade => {
            state.message = state.message.take().filter(|m| m.level != Level::Ok);
        }
        Timer::Filter => return table::filter_typed(state),
        Timer::Form => return form::typed(state),
        Timer::Spinner => state.spinner = state.is_loading(),
        Timer::CtrlC => state.ctrl_c = false,
        Timer::Reload => return watch::beat(state),
        Timer::Mask => state.details.revealed = None,
    }
    Vec::new()
}
