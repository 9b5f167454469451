//! Keys and what they do, made from the keymap: what is shown is what the keys do here and now.

use tui_input::Input;

use super::choices::ListPlace;
use crate::app::action::{Action, Context};
use crate::app::blocked::blocked;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, by_size, is_large, room};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::edit;
use crate::model::text::{cut_end, width_cols};

const WIDTH: (u16, u16) = (84, 66);
/// Where the right column begins, and the cells of keys in the left and in the right one.
const LARGE: (usize, usize, usize) = (40, 17, 13);
const SMALL: (usize, usize, usize) = (33, 14, 12);

/// Lines below the field at most, on large screens and on small ones.
const MOST: (usize, usize) = (23, 13);

/// The help.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// The filter typed.
    pub input: Input,
    /// First line shown.
    pub top: usize,
}

impl Help {
    /// All lines below the field that what is typed leaves.
    fn body(&self, state: &State) -> Vec<ViewLine> {
        let width = by_size(state.size, WIDTH);
        let typed = self.input.value().trim().to_lowercase();
        let (left, right): (Vec<_>, Vec<_>) = GROUPS.iter().partition(|(_, _, right)| !right);
        let (mut left, mut right) = (column(state, &left, &typed), column(state, &right, &typed));
        if left.is_empty() {
            std::mem::swap(&mut left, &mut right);
        }
        let sizes = by_size(state.size, (LARGE, SMALL));
        let inner = usize::from(width.min(state.size.width)).saturating_sub(2);
        let mut body = side_by_side(&left, &right, sizes, inner);
        body.extend(not_now(state, &typed, inner));
        body
    }

    /// How many of them are shown at once.
    fn page(&self, state: &State) -> usize {
        let head = head(self, is_large(state.size)).len();
        let free = usize::from(room(state.size).height).saturating_sub(2 + head);
        free.clamp(1, by_size(state.size, MOST))
    }
}

impl Dialog for Help {
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let body = self.body(state);
        let mut lines = head(self, is_large(state.size));
        // The field stays while the rest is scrolled.
        let most = self.page(state);
        let top = self.top.min(body.len().saturating_sub(most));
        let below = body.len().saturating_sub(top + most);
        lines.extend(body.into_iter().skip(top).take(most));
        let footer = match below {
            0 => "type to filter · Esc close".to_owned(),
            n => format!("↓ {n} more · type to filter · Esc"),
        };
        DialogView {
            title: "Help".to_owned(),
            footer,
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![Hint::new("↑↓", "scroll", 1), Hint::new("Esc", "close", 0)]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc | Key::F(1) => return Handled::close(),
            _ if self.list(state).is_some_and(|mut list| list.moves(key)) => {}
            _ if edit::edit(&mut self.input, key) => self.top = 0,
            _ => {}
        }
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let page = self.page(state);
        let last = self.body(state).len().saturating_sub(page);
        Some(ListPlace::new(&mut self.top, last, page))
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }
}

/// A line of the help: the actions whose keys it shows, and what they do.
struct HelpLine {
    context: Context,
    actions: &'static [Action],
    words: &'static str,
}

const fn entry(context: Context, actions: &'static [Action], words: &'static str) -> HelpLine {
    HelpLine {
        context,
        actions,
        words,
    }
}

use Action as A;
use Context as C;

/// Every action once for each context it has keys in. A test compares this with the keymap.
const ENTRIES: [HelpLine; 67] = [
    entry(
        C::Global,
        &[A::NextPane, A::PreviousPane],
        "next / prev pane",
    ),
    entry(
        C::Global,
        &[A::GoSearch, A::GoTable, A::GoDetails],
        "go to pane",
    ),
    entry(C::Global, &[A::Find], "search / find"),
    entry(C::Global, &[A::Unfold], "all search fields"),
    entry(C::Global, &[A::ClearForm], "clear the form"),
    entry(C::Global, &[A::Reload], "reload / sign in"),
    entry(C::Global, &[A::AutoReload], "live on / off"),
    entry(C::Global, &[A::Palette], "all commands"),
    entry(C::Global, &[A::Searches], "searches before"),
    entry(C::Global, &[A::SaveSearch], "name this search"),
    entry(C::Global, &[A::Window], "time window"),
    entry(C::Global, &[A::Profiles], "switch profile"),
    entry(C::Global, &[A::ShowError], "last error"),
    entry(C::Global, &[A::AuditLog], "audit log"),
    entry(C::Global, &[A::Incident], "report of this run"),
    entry(C::Global, &[A::Mouse], "mouse on / off"),
    entry(C::Global, &[A::Redraw], "redraw"),
    entry(C::Global, &[A::Suspend], "suspend"),
    entry(C::Global, &[A::Help], "this help"),
    entry(C::Global, &[A::Back], "back, cancel"),
    entry(C::Global, &[A::Quit, A::Interrupt], "quit"),
    entry(C::Form, &[A::Down, A::Up], "next / prev field"),
    entry(C::Form, &[A::Submit], "search"),
    entry(C::Form, &[A::ClearField], "clear this field"),
    entry(C::Table, &[A::Down, A::Up], "move"),
    entry(C::Table, &[A::PageDown, A::PageUp], "page"),
    entry(C::Table, &[A::HalfDown, A::HalfUp], "half a page"),
    entry(C::Table, &[A::First, A::Last], "first / last"),
    entry(C::Table, &[A::ScrollRight, A::ScrollLeft], "scroll columns"),
    entry(C::Table, &[A::Open], "details"),
    entry(C::Table, &[A::Mark, A::MarkRange], "mark it / up to it"),
    entry(C::Table, &[A::MarkAll, A::DropMarks], "mark shown / none"),
    entry(C::Table, &[A::Revoke], "end it (asks)"),
    entry(C::Table, &[A::Person], "sessions of user"),
    entry(C::Table, &[A::RevokeUser], "end all of user"),
    entry(C::Table, &[A::Actions], "all actions"),
    entry(C::Table, &[A::Sort, A::ReverseSort], "sort / reverse"),
    entry(C::Table, &[A::ColumnLeft, A::ColumnRight], "choose column"),
    entry(
        C::Table,
        &[A::KeepCell, A::DropFilters],
        "keep value / drop",
    ),
    entry(C::Table, &[A::Filter], "filter loaded rows"),
    entry(C::Table, &[A::Times], "ago / local / UTC"),
    entry(C::Table, &[A::Columns], "columns"),
    entry(C::Table, &[A::NameClient], "name this client"),
    entry(C::Table, &[A::Copy], "copy …"),
    entry(C::Table, &[A::Export], "export these rows"),
    entry(C::Table, &[A::Groups], "count by …"),
    entry(C::Table, &[A::Overview], "overview"),
    entry(C::Table, &[A::CopyId, A::CopyRow], "copy id / JSON"),
    entry(
        C::Table,
        &[A::SearchBack, A::SearchForward],
        "search before",
    ),
    entry(C::Table, &[A::RawJson], "raw JSON and back"),
    entry(C::Table, &[A::ToggleDetails], "show / hide details"),
    entry(C::Details, &[A::Down, A::Up], "move by field"),
    entry(C::Details, &[A::PageDown, A::PageUp], "page"),
    entry(C::Details, &[A::HalfDown, A::HalfUp], "half a page"),
    entry(C::Details, &[A::First, A::Last], "first / last"),
    entry(C::Details, &[A::Open], "refresh"),
    entry(
        C::Details,
        &[A::FindNext, A::FindPrevious],
        "next / prev match",
    ),
    entry(C::Details, &[A::CopyField, A::CopyRow], "copy field / JSON"),
    entry(C::Details, &[A::Reveal], "show a masked value"),
    entry(
        C::Details,
        &[A::SearchBack, A::SearchForward],
        "search before",
    ),
    entry(C::Details, &[A::RawJson], "raw JSON and back"),
    entry(C::Details, &[A::Revoke], "end it (asks)"),
    entry(C::Details, &[A::Person], "sessions of user"),
    entry(C::Details, &[A::RevokeUser], "end all of user"),
    entry(C::Details, &[A::Actions], "all actions"),
    entry(C::Details, &[A::Times], "ago / local / UTC"),
    entry(C::Details, &[A::ToggleDetails], "show / hide details"),
];

/// The titles of the groups, and in which column each stands.
const GROUPS: [(Context, &str, bool); 4] = [
    (C::Global, "EVERYWHERE", false),
    (C::Form, "SEARCH FORM", false),
    (C::Table, "SESSIONS TABLE", true),
    (C::Details, "DETAILS", true),
];

/// One column, line by line: keys and words; a group's title has no words, a blank line neither.
type HelpColumn = Vec<(Vec<String>, &'static str, Role)>;

fn head(help: &Help, large: bool) -> Vec<ViewLine> {
    let field = FieldText::of(&help.input);
    if large {
        let line = ViewLine::plain(" Search / find …").to_cell(41);
        vec![line.with_field(&field, 20, true), ViewLine::default()]
    } else {
        vec![ViewLine::plain(" find ").with_field(&field, 20, true)]
    }
}

/// The groups of one column that have a line left by what is typed.
fn column(state: &State, groups: &[&(Context, &str, bool)], typed: &str) -> HelpColumn {
    let mut lines = HelpColumn::new();
    for (context, title, _) in groups {
        let entries: Vec<_> = ENTRIES
            .iter()
            .filter(|entry| entry.context == *context)
            .filter_map(|entry| shown(state, entry))
            .filter(|(keys, words, _)| {
                let text = format!("{} {words}", keys.join(" "));
                typed.is_empty() || text.to_lowercase().contains(typed)
            })
            .collect();
        if entries.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Default::default());
        }
        lines.push((vec![(*title).to_owned()], "", Role::Title));
        lines.extend(entries);
    }
    lines
}

/// The keys of an entry and what they do. `None`: its keys were taken away.
fn shown(state: &State, entry: &HelpLine) -> Option<(Vec<String>, &'static str, Role)> {
    let of = |action: &Action| state.keymap.keys(entry.context, *action);
    let keys: Vec<_> = entry.actions.iter().map(of).collect();
    // The first key of each action, then their second ones, as far as there is room.
    let longest = keys.iter().map(Vec::len).max().unwrap_or(0);
    let keys: Vec<String> = (0..longest)
        .flat_map(|at| keys.iter().filter_map(move |keys| keys.get(at)))
        .map(ToString::to_string)
        .collect();
    if keys.is_empty() {
        return None;
    }
    let possible = entry
        .actions
        .iter()
        .any(|action| blocked(state, *action).is_none());
    let role = if possible { Role::Text } else { Role::Dim };
    Some((keys, entry.words, role))
}

/// As many keys as fit, at least one.
fn fitting(keys: &[String], cells: usize) -> String {
    let mut text = String::new();
    for key in keys {
        let more = width_cols(&text) + 1 + width_cols(key);
        if !text.is_empty() && more > cells {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(key);
    }
    text
}

fn side_by_side(
    left: &HelpColumn,
    right: &HelpColumn,
    (start, left_keys, right_keys): (usize, usize, usize),
    width: usize,
) -> Vec<ViewLine> {
    let rows = left.len().max(right.len());
    let cut = |text: &str, cells: usize| cut_end(text, cells, Default::default()).into_owned();
    let place =
        |line: ViewLine, cell: Option<&(Vec<String>, &str, Role)>, keys: usize, end: usize| {
            let Some((all, words, role)) = cell else {
                return line;
            };
            let room = end.saturating_sub(line.cells());
            if words.is_empty() {
                return line.with(cut(&all.join(" "), room), *role);
            }
            let key_role = if *role == Role::Text {
                Role::Key
            } else {
                *role
            };
            let shown = cut(
                &fitting(all, keys.saturating_sub(1)),
                keys.saturating_sub(1),
            );
            let blanks = keys - width_cols(&shown).min(keys);
            line.with(shown, key_role)
                .with(" ".repeat(blanks), Role::Text)
                .with(cut(words, room.saturating_sub(keys)), *role)
        };
    (0..rows)
        .map(|row| {
            let line = place(ViewLine::plain(" "), left.get(row), left_keys, start - 1);
            place(line.to_cell(start), right.get(row), right_keys, width)
        })
        .collect()
}

/// The actions that are not available now, each with its reason.
fn not_now(state: &State, typed: &str, width: usize) -> Vec<ViewLine> {
    let mut lines = Vec::new();
    let mut named: Vec<Action> = Vec::new();
    for entry in &ENTRIES {
        for action in entry.actions {
            let Some(why) = blocked(state, *action) else {
                continue;
            };
            if named.contains(action) || !typed.is_empty() {
                continue;
            }
            named.push(*action);
            let keys = state.keymap.keys(entry.context, *action);
            let Some(key) = keys.first() else { continue };
            let text = format!("{key}  {}: {why}", action.hint());
            let text = cut_end(&text, width.saturating_sub(4), Default::default()).into_owned();
            lines.push(ViewLine::plain("   ").with(text, Role::Dim));
        }
    }
    if !lines.is_empty() {
        let title = ViewLine::plain(" ").with("GREYED OUT HERE", Role::Title);
        lines.splice(0..0, [ViewLine::default(), title]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;
    use crate::app::keymap::Keymap;

    #[test]
    fn every_action_is_in_the_help_of_each_context_it_has_a_key_in() {
        let keymap = Keymap::default();

        for context in Context::iter() {
            for (action, _) in keymap.listed(context) {
                let times = ENTRIES
                    .iter()
                    .filter(|entry| entry.context == context && entry.actions.contains(&action))
                    .count();
                assert_eq!(times, 1, "{action:?} in {context:?}");
            }
        }
    }
}
