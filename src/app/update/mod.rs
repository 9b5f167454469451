//! What follows from each message. No I/O, no clock: the same state and message give the same effects.

use super::effect::Effect;
use super::msg::Msg;
use super::state::State;

/// Changes the state as the message says, and names what is to be done outside.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Tick(now) => state.now = now,
        Msg::Resize(size) => state.size = size,
        _ => {}
    }
    Vec::new()
}
