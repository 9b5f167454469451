//! The pure core of the screen: state, messages, and what follows from them. No I/O, no clock, no drawing.

pub mod action;
pub(crate) mod agent;
pub mod area;
pub mod audit_log;
pub(crate) mod axis;
pub mod blocked;
pub mod cells;
pub(crate) mod chosen_columns;
pub mod columns;
pub(crate) mod command;
pub(crate) mod completion;
pub mod counts;
pub mod cut;
pub mod detail_line;
pub mod dialog;
pub mod dialog_view;
pub mod dialogs;
pub mod effect;
pub mod error_report;
pub mod export;
pub(crate) mod facts;
pub mod form;
pub mod form_fields;
pub mod form_layout;
pub mod form_line;
pub mod hint;
mod hinted;
pub mod hints;
pub(crate) mod history;
pub mod hit;
pub(crate) mod hits;
pub mod job;
pub mod keymap;
pub mod layout;
pub(crate) mod life;
pub mod lines;
pub mod look;
pub mod marks;
pub mod memory;
pub mod msg;
mod name_value;
pub(crate) mod others;
pub(crate) mod raw_json;
pub mod results;
pub mod revoke_plan;
pub mod role;
pub(crate) mod row_facts;
pub mod screen_layout;
pub mod scrollbar;
pub(crate) mod sentence;
pub mod sorting;
pub mod source;
pub mod state;
pub mod system_end;
pub mod text_wrap;
pub mod update;
pub mod watch;
pub mod words;

pub use action::Action;
pub use effect::{Effect, Gen, JobId, RevokeItem, Timer};
pub use layout::lay_out;
pub use msg::{Msg, Size};
pub use state::{Pane, State};
pub use update::{update, update_unseen};

/// The beginning of a text, at most this many bytes and no half characters.
pub(crate) fn first_chars(text: &str, bytes: usize) -> &str {
    let end = (0..=text.len().min(bytes))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..end]
}
