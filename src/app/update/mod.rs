//! The effects of each message. No I/O, no clock: the same state and message give the same effects.

mod act;
mod answer;
pub(super) mod ask_revoke;
pub(super) mod details;
mod dialogs;
pub(super) mod edit;
mod focus;
pub(super) mod form;
mod keys;
mod lock;
mod marks;
pub(super) mod message;
mod mouse;
pub(super) mod net;
pub(super) mod person;
pub(super) mod plan;
mod profiles;
pub(super) mod requests;
pub(super) mod results;
pub(super) mod revoke;
mod sign_in;
pub(super) mod table;
mod timers;
pub(super) mod trail;
mod user_counts;
mod watch;

pub use profiles::open_profiles;

use super::dialogs::{audit_log, export, groups};
use super::effect::Effect;
use super::layout::lay_out;
use super::msg::{Msg, Signal};
use super::state::State;

/// Changes the state as the message says, and names what is to be done outside.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let effects = update_unseen(state, msg);
    lay_out(state);
    effects
}

/// The same for a message after which nothing on the screen means something else, as the time or the next page
/// of many: the screen is not laid out anew. [`lay_out`] must follow before it is drawn, and after a page also
/// before a key or a click.
pub fn update_unseen(state: &mut State, msg: Msg) -> Vec<Effect> {
    let asked = lock::question(state);
    let mut effects = match msg {
        Msg::Tick { now, up } => {
            (state.now, state.up) = (now, up);
            Vec::new()
        }
        Msg::Key(key) => keys::press(state, key),
        Msg::Mouse(mouse) => mouse::mouse(state, mouse),
        Msg::Paste(text) => keys::paste(state, &text),
        Msg::Resize(size) => {
            state.size = size;
            Vec::new()
        }
        Msg::Signal(signal) => vec![Effect::Quit(signal.exit_code())],
        Msg::Due(timer, generation) => timers::due(state, timer, generation),
        Msg::Connected {
            source,
            generation,
            result,
        } => net::connected(state, source, generation, result),
        Msg::SignIn { source, step } => sign_in::asked(state, source, step),
        Msg::Planned {
            source,
            generation,
            result,
        } => form::planned(state, source, generation, result),
        Msg::Waiting { source, wait } => net::waiting(state, source, wait),
        Msg::Rows {
            source,
            generation,
            chunk,
        } => net::rows(state, source, generation, &chunk),
        Msg::Page {
            source,
            generation,
            result,
        } => net::page(state, source, generation, result),
        Msg::Detail {
            source,
            generation,
            row,
            result,
        } => details::read(state, source, generation, row, result),
        Msg::Ordered { generation, order } => results::ordered(state, generation, order),
        Msg::UsersCounted {
            generation,
            counted,
        } => user_counts::counted(state, generation, counted),
        Msg::Compared {
            generation,
            compared,
            order,
        } => watch::compared(state, generation, compared, order),
        Msg::MarksFound { generation, marks } => marks::found(state, generation, &marks),
        Msg::Revoked { job, row, outcome } => revoke::outcome(state, job, row, outcome),
        Msg::UserRevoked {
            job,
            source,
            result,
        } => revoke::user_outcome(state, job, source, &result),
        Msg::Counted { generation, counts } => groups::counted(state, generation, counts),
        Msg::AuditRead(result) => audit_log::was_read(state, result),
        Msg::Exporting(rows) => export::goes_on(state, rows),
        Msg::Exported(result) => export::ended(state, result),
        Msg::Acted { generation, result } => answer::acted(state, generation, result),
        Msg::Paused(job, error) => revoke::paused(state, job, error),
        Msg::Recorded(job, records) => revoke::recorded(state, job, records),
        Msg::Ended(job) => {
            let mut effects = revoke::ended(state, job);
            effects.extend(user_counts::recount(state));
            effects
        }
        Msg::Profiles { profiles, result } => profiles::reloaded(state, profiles, result),
        Msg::Notify { what, result } => message::notify(state, &what, result),
    };
    effects.extend(watch::settle(state));
    results::settle(state);
    effects.extend(marks::settle(state));
    effects.extend(lock::settle(state, asked));
    effects
}

impl Signal {
    /// 128 and the number of the signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Other(number) => number.saturating_add(128),
            Self::Terminate => 143,
        }
    }
}

#[cfg(test)]
mod tests;
