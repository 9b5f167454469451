//! One arm an action: where each is done.

use std::time::Duration;

use super::{
    ask_revoke, details, focus, form, lock, marks, message, person, requests, results, revoke,
    table, trail, watch,
};
use crate::app::action::Action;
use crate::app::blocked::blocked;
use crate::app::dialogs::help::Help;
use crate::app::dialogs::quit::Quit;
use crate::app::dialogs::{
    actions_menu, audit_log, columns, copy_menu, error, export, groups, name_client, overview,
    palette, profiles, searches, time_window,
};
use crate::app::effect::{Effect, Timer};
use crate::app::form::TextField;
use crate::app::job::JobState;
use crate::app::layout::lay_out;
use crate::app::results::Find;
use crate::app::state::{Level, Pane, State};
use crate::store::GroupBy;

/// How long the first of two Ctrl-C counts.
const TWICE: Duration = Duration::from_secs(2);

/// Does what the operator asked for, or says why it cannot be done.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Some(why) = blocked(state, action) {
        if action == Action::Revoke && ask_revoke::lies_in_the_row(state) {
            return ask_revoke::cannot(state, &why);
        }
        let mut effects = lock::refused(state, action);
        effects.extend(message::refuse(state, why.into_owned()));
        return effects;
    }
    match action {
        Action::NextPane => next_pane(state, 1),
        Action::PreviousPane => next_pane(state, -1),
        Action::GoSearch => focus::focus(state, Pane::Search),
        Action::GoTable => focus::focus(state, Pane::Table),
        Action::GoDetails => focus::focus(state, Pane::Details),
        Action::Find => find(state),
        Action::ClearForm => form::clear(state),
        Action::Help => {
            state.open(Help::default());
            Vec::new()
        }
        Action::Unfold => form::unfold(state),
        Action::Reload => {
            let mut effects = requests::ask_anyway(state);
            effects.extend(form::again(state));
            effects
        }
        Action::AutoReload => watch::toggle(state),
        Action::Profiles => profiles::open(state),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Mouse => mouse(state),
        Action::ShowError => error::open_last(state),
        Action::Back => back(state),
        Action::Quit => quit(state),
        Action::Interrupt => interrupt(state),
        Action::Submit => form::enter(state),
        Action::ClearField => form::clear_field(state),
        Action::Down => step(state, 1),
        Action::Up => step(state, -1),
        Action::First => step(state, isize::MIN),
        Action::Last => step(state, isize::MAX),
        Action::PageDown => page(state, 2),
        Action::PageUp => page(state, -2),
        Action::HalfDown => page(state, 1),
        Action::HalfUp => page(state, -1),
        Action::ScrollRight => table::scroll(state, 1),
        Action::ScrollLeft => table::scroll(state, -1),
        Action::Open => details::open(state),
        Action::Mark => marks::mark(state),
        Action::MarkRange => marks::mark_range(state),
        Action::MarkAll => marks::mark_all(state),
        Action::DropMarks => marks::drop_all(state),
        Action::Revoke => ask_revoke::ask(state),
        Action::Person => person::person(state),
        Action::RevokeUser => ask_revoke::ask_user(state),
        Action::Actions => actions_menu::open(state),
        Action::Sort => table::sort(state),
        Action::ReverseSort => table::reverse(state),
        Action::ColumnLeft => table::choose_column(state, -1),
        Action::ColumnRight => table::choose_column(state, 1),
        Action::KeepCell => table::keep_cell(state),
        Action::DropFilters => table::drop_filters(state),
        Action::Filter => table::open_filter(state),
        Action::Times => table::times(state),
        Action::CopyId => details::copy_id(state),
        Action::CopyRow => details::copy_row(state),
        Action::CopyField => details::copy_field(state),
        Action::ToggleDetails => toggle_details(state),
        Action::RawJson => details::raw(state),
        Action::Reveal => details::reveal(state),
        Action::FindNext => details::find_next(state, 1),
        Action::FindPrevious => details::find_next(state, -1),
        Action::Palette => palette::open(state, ""),
        Action::NameClient => name_client::open(state),
        Action::Columns => columns::open(state),
        Action::Groups => groups::open(state, GroupBy::User),
        Action::Overview => overview::open(state),
        Action::AuditLog => audit_log::open(state),
        Action::Incident => incident(state),
        Action::Export => export::open(state),
        Action::Copy => copy_menu::open(state),
        Action::Window => time_window::open(state),
        Action::Searches => searches::open(state),
        Action::SaveSearch => searches::save(state),
        Action::SearchBack if groups::leads_back(state) => groups::back(state),
        Action::SearchBack => trail::back(state),
        Action::SearchForward => trail::forward(state),
    }
}

/// Moves the cursor of the pane that has the focus.
fn step(state: &mut State, by: isize) -> Vec<Effect> {
    if state.focus != Pane::Search {
        return results::step(state, by);
    }
    form::next_field(state, by.signum());
    Vec::new()
}

/// Moves by half pages: 2 is a page.
fn page(state: &mut State, halves: isize) -> Vec<Effect> {
    if state.focus != Pane::Search {
        return results::page(state, halves);
    }
    step(state, halves)
}

fn next_pane(state: &mut State, by: isize) -> Vec<Effect> {
    if state.focus == Pane::Search && form::next_field(state, by) {
        return Vec::new();
    }
    let panes: &[Pane] = if state.details.hidden {
        &[Pane::Search, Pane::Table]
    } else {
        &[Pane::Search, Pane::Table, Pane::Details]
    };
    let at = panes.iter().position(|p| *p == state.focus).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(panes.len() as isize) as usize;
    let effects = focus::focus(state, panes[next]);
    if panes[next] == Pane::Search {
        // Its fields have a place only once it has the focus.
        lay_out(state);
        form::enter_from(state, by);
    }
    effects
}

fn find(state: &mut State) -> Vec<Effect> {
    if state.focus == Pane::Details {
        let find = state.details.find.get_or_insert_with(Find::default);
        find.editing = true;
        return Vec::new();
    }
    form::focus_field(state, TextField::Text);
    focus::focus(state, Pane::Search)
}

fn toggle_details(state: &mut State) -> Vec<Effect> {
    state.details.hidden = !state.details.hidden;
    if state.details.hidden && state.focus == Pane::Details {
        state.focus = Pane::Table;
    }
    Vec::new()
}

fn mouse(state: &mut State) -> Vec<Effect> {
    state.prefs.mouse = !state.prefs.mouse;
    let text = if state.prefs.mouse {
        "mouse on"
    } else {
        "mouse off: the terminal selects text"
    };
    let mut effects = vec![Effect::MouseCapture(state.prefs.mouse)];
    effects.extend(message::say(state, Level::Ok, text));
    effects
}

/// Esc: leave the field, else stop a search. Never drops anything, never quits.
fn back(state: &mut State) -> Vec<Effect> {
    match state.focus {
        Pane::Search if state.form.unfolded => {
            state.form.unfolded = false;
        }
        Pane::Search | Pane::Details => state.focus = Pane::Table,
        Pane::Table if state.is_loading() => return form::stop(state),
        Pane::Table => {
            let stopped = revoke::stop_running(state).or_else(|| export::stop(state));
            return stopped.unwrap_or_default();
        }
    }
    Vec::new()
}

fn incident(state: &mut State) -> Vec<Effect> {
    let mut effects = message::say(state, Level::Info, "saving the report …");
    effects.push(Effect::SaveReport);
    effects
}

fn quit(state: &mut State) -> Vec<Effect> {
    if state.jobs.iter().any(|job| job.state != JobState::Ended) {
        state.open(Quit::default());
        return Vec::new();
    }
    vec![Effect::Quit(0)]
}

fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.ctrl_c {
        return vec![Effect::Quit(0)];
    }
    state.ctrl_c = true;
    let generation = state.next_gen();
    let mut effects = vec![Effect::After {
        timer: Timer::CtrlC,
        generation,
        delay: TWICE,
    }];
    if state.top::<Quit>().is_none() {
        effects.extend(quit(state));
    }
    effects
}
