//! What the dialogs say, and where their buttons are.

mod actions;
mod answer;
mod confirm;
pub mod error;
pub mod first_run;
pub mod help;
pub mod profiles;
mod progress;
pub mod quit;
mod sign_in;
pub mod ways;

use super::dialog_view::DialogView;
use super::overlay::Overlay;
use super::state::{Lock, State};

pub use actions::{menu_page, target_words};
pub use answer::reach;
pub use sign_in::reach as sign_in_reach;

/// What a question says to an answer that came too soon to be meant.
const TOO_SOON: &str = "too soon: wait, then press it again";

/// A dialog as it is drawn.
pub fn sheet(state: &State, overlay: &Overlay) -> DialogView {
    let mut sheet = of(state, overlay);
    if state.lock == Lock::TooSoon {
        sheet.footer = TOO_SOON.to_owned();
    }
    sheet
}

fn of(state: &State, overlay: &Overlay) -> DialogView {
    match overlay {
        Overlay::Confirm(confirm) => confirm::sheet(state, confirm),
        Overlay::Progress(job) => progress::sheet(state, *job),
        Overlay::SignIn(sign_in) => sign_in::sheet(state, sign_in),
        Overlay::Dialog(dialog) => dialog.view(state),
        Overlay::Actions(menu) => actions::menu(state, menu),
        Overlay::Arguments(arguments) => actions::arguments(state, arguments),
        Overlay::Answer(answer) => answer::sheet(state, answer),
    }
}
