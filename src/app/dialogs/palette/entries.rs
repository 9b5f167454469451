//! The lines of the palette: everything that can be done, under the command that does it.

use std::borrow::Cow;

use strum::IntoEnumIterator;

use crate::app::action::{Action, Context};
use crate::app::blocked::blocked;
use crate::app::columns;
use crate::app::counts;
use crate::app::dialogs;
use crate::app::dialogs::copy_menu::Copyable;
use crate::app::dialogs::export;
use crate::app::dialogs::groups;
use crate::app::dialogs::searches;
use crate::app::dialogs::time_window::{self, WINDOWS};
use crate::app::effect::Effect;
use crate::app::export::ExportFormat;
use crate::app::look;
use crate::app::state::{Pane, State};
use crate::app::update::form;
use crate::app::update::{open_profiles, table};
use crate::model::Property;
use crate::model::text::display_safe;
use crate::store::GroupBy;

/// How many searches the palette offers.
const SEARCHES: usize = 50;
/// The command of a search, which takes a query.
pub const SEARCH: &str = "search";

/// Actions that come first in the list before anything is typed: those about the row.
const FIRST: [Action; 7] = [
    Action::Revoke,
    Action::RevokeUser,
    Action::Person,
    Action::Open,
    Action::Actions,
    Action::Copy,
    Action::Reload,
];

/// Actions that come last: they move something, and nobody looks for them by name.
const MOVES: [Action; 20] = [
    Action::NextPane,
    Action::PreviousPane,
    Action::GoSearch,
    Action::GoTable,
    Action::GoDetails,
    Action::Down,
    Action::Up,
    Action::First,
    Action::Last,
    Action::PageDown,
    Action::PageUp,
    Action::HalfDown,
    Action::HalfUp,
    Action::ScrollRight,
    Action::ScrollLeft,
    Action::ColumnLeft,
    Action::ColumnRight,
    Action::FindNext,
    Action::FindPrevious,
    Action::Back,
];

/// One line of the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The command that is typed for it.
    pub command: String,
    /// A few words about it.
    pub words: String,
    /// Its key. Empty: it has none.
    pub key: String,
    /// What it does.
    pub does: Does,
}

/// What a line of the palette does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// An action, as its key would.
    Act(Action),
    /// Sorts by a column; once more turns the order round.
    Sort(Property),
    /// Shows or hides a column, by its name in the query language.
    Column(String),
    /// Takes a theme.
    Theme(String),
    /// Opens a profile.
    Profile(String),
    /// Searches for a query.
    Search(String),
    /// Copies something.
    Copy(Copyable),
    /// Searches in a window of time.
    Window(usize),
    /// Exports the rows in this format.
    Export(ExportFormat),
    /// Counts the rows by a property.
    Group(GroupBy),
}

impl Entry {
    fn new(command: String, words: impl Into<String>, does: Does) -> Self {
        Self {
            command,
            words: words.into(),
            key: String::new(),
            does,
        }
    }

    fn action(state: &State, action: Action) -> Self {
        let context = match state.focus {
            Pane::Search => Context::Form,
            Pane::Table => Context::Table,
            Pane::Details => Context::Details,
        };
        let contexts = std::iter::once(context).chain(Context::iter());
        let key = contexts
            .flat_map(|context| state.keymap.keys(context, action))
            .next();
        Self {
            key: key.map_or_else(String::new, |key| key.to_string()),
            ..Self::new(
                action.name().replace('_', "-"),
                action.help(),
                Does::Act(action),
            )
        }
    }

    /// The search for a query that was typed behind its command.
    pub fn typed_search(query: &str) -> Self {
        Self::new(
            format!("{SEARCH} {query}"),
            format!("search for {}", display_safe(query)),
            Does::Search(query.to_owned()),
        )
    }
}

/// All lines, in the order in which they stand before anything is typed.
pub fn all(state: &State) -> Vec<Entry> {
    let is_middle = |action: &Action| !FIRST.contains(action) && !MOVES.contains(action);
    let middle = Action::iter().filter(is_middle);
    let actions = FIRST.into_iter().chain(middle);
    let mut entries: Vec<Entry> = actions.map(|action| Entry::action(state, action)).collect();
    entries.extend(columns::all(state).into_iter().map(|column| {
        let command = format!("sort {}", column.what.name());
        let words = format!("sort by {}", display_safe(&columns::title(state, &column)));
        Entry::new(command, words, Does::Sort(column.what))
    }));
    entries.extend(columns::offered(state).into_iter().map(|column| {
        let name = column.what.name().into_owned();
        let words = format!(
            "show or hide {}",
            display_safe(&columns::title(state, &column))
        );
        Entry::new(format!("column {name}"), words, Does::Column(name))
    }));
    entries.extend(state.look.themes().map(|(name, words)| {
        let command = format!("theme {name}");
        Entry::new(command, words, Does::Theme(name.to_owned()))
    }));
    entries.extend(state.profiles.iter().map(|entry| {
        let name = &entry.view.name;
        let words = format!("{} at {}", entry.view.system, entry.view.address);
        Entry::new(
            format!("profile {name}"),
            words,
            Does::Profile(name.clone()),
        )
    }));
    entries.extend(Copyable::iter().map(|what| {
        let name = what.name();
        let key = format!("y {}", what.letter());
        let words = match what {
            Copyable::Command => "copy the usher line for this list".to_owned(),
            _ => format!("copy the {name} of the session"),
        };
        Entry {
            key,
            ..Entry::new(format!("copy {name}"), words, Does::Copy(what))
        }
    }));
    entries.extend(
        WINDOWS
            .iter()
            .enumerate()
            .map(|(number, (name, words, _))| {
                let words = format!("sessions that began in {words}");
                Entry::new(format!("window {name}"), words, Does::Window(number))
            }),
    );
    entries.extend(ExportFormat::iter().map(|format| {
        let words = format!("export these rows as {} to a file", format.name());
        let command = format!("export {}", format.ending());
        Entry::new(command, words, Does::Export(format))
    }));
    entries.extend(counts::ALL.into_iter().map(|by| {
        let name = counts::name(by);
        let words = format!("count these rows by {name}");
        Entry::new(format!("group {name}"), words, Does::Group(by))
    }));
    let searches = state.memory.searches.iter().take(SEARCHES);
    entries.extend(searches.map(|search| {
        let words = search.name.as_deref().unwrap_or("searched before");
        let command = format!("{SEARCH} {}", search.query);
        let words = display_safe(words).into_owned();
        Entry::new(command, words, Does::Search(search.query.clone()))
    }));
    entries.extend(MOVES.into_iter().map(|move_| Entry::action(state, move_)));
    entries
}

/// Why this cannot be done now. `None`: it can.
pub fn why_not(state: &State, does: &Does) -> Option<Cow<'static, str>> {
    match does {
        Does::Act(action) => blocked(state, *action),
        Does::Sort(_) => blocked(state, Action::Sort),
        Does::Column(_) => None,
        Does::Theme(_) => state.look.colourless.map(Cow::Borrowed),
        Does::Profile(_) => blocked(state, Action::Profiles),
        Does::Search(_) => blocked(state, Action::Reload),
        Does::Copy(what) => what.why_not(state).map(Cow::Owned),
        Does::Export(_) => blocked(state, Action::Export),
        Does::Group(_) => blocked(state, Action::Groups),
        Does::Window(_) => blocked(state, Action::Window),
    }
}

/// Does what is no action.
pub fn perform(state: &mut State, does: Does) -> Vec<Effect> {
    match does {
        Does::Act(_) => Vec::new(),
        Does::Sort(by) => table::sort_by(state, by),
        Does::Column(name) => dialogs::columns::toggle(state, &name),
        Does::Theme(theme) => look::choose(state, &theme),
        Does::Profile(name) => open_profiles(state, &[name]),
        Does::Copy(what) => what.copy(state),
        Does::Export(format) => export::at_once(state, format),
        Does::Group(by) => groups::open(state, by),
        Does::Window(number) => time_window::look_back(state, number),
        Does::Search(query) => {
            let searches = &state.memory.searches;
            match searches
                .iter()
                .find(|search| search.query == query)
                .cloned()
            {
                Some(search) => searches::again(state, &search),
                None => form::query(state, query),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_is_listed_twice() {
        for action in FIRST {
            assert!(!MOVES.contains(&action), "{action:?}");
        }
    }
}
