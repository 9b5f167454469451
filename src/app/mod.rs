//! The pure core of the screen: state, messages, and what follows from them. No I/O, no clock, no drawing.

pub mod action;
pub mod effect;
pub mod form;
pub mod keymap;
pub mod msg;
pub mod overlay;
pub mod results;
pub mod source;
pub mod state;
pub mod update;

pub use action::Action;
pub use effect::{Effect, Gen, JobId, RevokeItem, Timer};
pub use msg::{Msg, Size};
pub use state::{Pane, State};
pub use update::update;
