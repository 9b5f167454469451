//! The pure core of the screen: state, messages, and what follows from them. No I/O, no clock, no drawing.

pub mod action;
pub mod cells;
pub mod columns;
pub mod effect;
pub mod form;
pub mod form_layout;
pub mod keymap;
pub mod layout;
pub mod msg;
pub mod overlay;
pub mod results;
pub mod role;
pub mod source;
pub mod state;
pub mod update;
pub mod words;

pub use action::Action;
pub use effect::{Effect, Gen, JobId, RevokeItem, Timer};
pub use msg::{Msg, Size};
pub use state::{Pane, State};
pub use update::update;
