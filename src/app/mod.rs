//! The pure core of the screen: state, messages, and what follows from them. No I/O, no clock, no drawing.

pub mod action;
pub(crate) mod agent;
pub mod area;
pub mod cells;
pub mod columns;
pub mod cut;
pub mod dialog;
pub mod dialog_view;
pub mod dialogs;
pub mod effect;
pub mod error_report;
pub(crate) mod facts;
pub mod form;
pub mod form_layout;
pub mod hint;
pub mod hints;
pub mod hit;
pub mod keymap;
pub mod layout;
pub(crate) mod life;
pub mod lines;
pub mod msg;
pub mod overlay;
pub(crate) mod raw_json;
pub mod results;
pub mod role;
pub mod source;
pub mod state;
pub mod text_wrap;
pub mod update;
pub mod words;

pub use action::Action;
pub use effect::{Effect, Gen, JobId, RevokeItem, Timer};
pub use msg::{Msg, Size};
pub use state::{Pane, State};
pub use update::update;

/// The beginning of a text, at most this many bytes and no half characters.
pub(crate) fn first_chars(text: &str, bytes: usize) -> &str {
    let end = (0..=text.len().min(bytes))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..end]
}
