//! Which pane has the focus.

use crate::app::effect::Effect;
use crate::app::state::{Pane, State};

/// Gives the focus to a pane, and shows it if it was hidden.
pub fn focus(state: &mut State, pane: Pane) -> Vec<Effect> {
    if pane == Pane::Details {
        state.details.hidden = false;
    }
    state.focus = pane;
    state.focus_follows = false;
    Vec::new()
}
