//! The menu of all that can be done with the row under the cursor: what every system can do, then what
//! this one offers beside that.

use super::arguments::{self, Arguments};
use super::choices::{self, ListPlace};
use crate::app::action::{Action, Context};
use crate::app::blocked;
use crate::app::cells;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, room, sentences, text_cells};
use crate::app::effect::Effect;
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::{Level, State};
use crate::app::text_wrap::wrap_words;
use crate::app::update::message;
use crate::model::text::cut_end;
use crate::model::{ActionSpec, ActsOn, RowContext, Session, State as Word, Subject};
use crate::store::SourceId;

/// Width of the box, on large screens and on small ones.
const WIDTH: (u16, u16) = (84, 66);
/// Lines of the menu that are no actions: borders, blank lines, and what the action acts on.
const MENU_FRAME: usize = 6;
/// Actions that the menu shows at least, where its words leave less room.
const LEAST_ACTIONS: usize = 4;

/// Cells of a key at the right.
const KEY: usize = 6;

/// The menu of actions.
#[derive(Clone, Debug)]
pub struct ActionsMenu {
    /// Whose actions.
    pub source: SourceId,
    /// The session they would act on, as it was when the menu was opened. `None`: no row is selected.
    pub session: Option<Box<Session>>,
    /// The lines, each with the reason why it cannot be done now.
    entries: Vec<(Item, Option<String>)>,
    /// The chosen line.
    choice: usize,
}

/// A line of the menu.
#[derive(Clone, Debug)]
enum Item {
    /// What can be done with a row of every system, with its key.
    Common(Action, String),
    /// What this system offers.
    Own(ActionSpec),
}

/// What can be done with a row of every system.
const COMMON: [Action; 8] = [
    Action::Revoke,
    Action::RevokeUser,
    Action::Person,
    Action::Open,
    Action::RawJson,
    Action::Copy,
    Action::KeepCell,
    Action::NameClient,
];

impl Item {
    fn title(&self) -> &str {
        match self {
            Self::Common(action, _) => action.help(),
            Self::Own(spec) => &spec.title,
        }
    }
}

/// Opens the menu, with the cursor on the first line that is nowhere else.
pub fn open(state: &mut State) -> Vec<Effect> {
    let current = state.results.current().map(|(id, row)| (id, row.source()));
    let source = current.map_or(SourceId(0), |(_, source)| source);
    let mut entries: Vec<(Item, Option<String>)> = Vec::new();
    if current.is_some() {
        entries.extend(COMMON.map(|action| common(state, action)));
    }
    let first = entries.len();
    entries.extend(own(state, source).into_iter().map(|spec| {
        let why = why_not(state, source, &spec);
        (Item::Own(spec), why)
    }));
    let choice = if first < entries.len() { first } else { 0 };
    let row = state.results.current();
    let session = row.map(|(_, row)| Box::new(row.session()));
    state.open(ActionsMenu {
        source,
        session,
        entries,
        choice,
    });
    Vec::new()
}

fn common(state: &State, action: Action) -> (Item, Option<String>) {
    let keys = state.keymap.keys(Context::Table, action);
    let key = keys.first().map_or_else(String::new, ToString::to_string);
    let why = blocked::blocked(state, action).map(std::borrow::Cow::into_owned);
    (Item::Common(action, key), why)
}

/// What this row's system offers; what acts on a token comes last.
fn own(state: &State, source: SourceId) -> Vec<ActionSpec> {
    let caps = state.source(source).and_then(|opened| opened.caps.as_ref());
    let Some(caps) = caps else {
        return Vec::new();
    };
    let mut specs: Vec<ActionSpec> = match state.results.current() {
        Some((_, row)) => caps.actions_for(row.kind()).cloned().collect(),
        None => caps.actions().cloned().collect(),
    };
    specs.sort_by_key(|spec| spec.on == ActsOn::Token);
    specs
}

/// Why an action cannot be done now.
fn why_not(state: &State, source: SourceId, spec: &ActionSpec) -> Option<String> {
    let opened = state.source(source)?;
    if let Some(why) = &spec.lacks {
        return Some(why.clone());
    }
    if spec.changes
        && let Some(why) = blocked::read_only(state, opened)
    {
        return Some(why.into_owned());
    }
    let row = state
        .results
        .current()
        .filter(|(_, row)| row.source() == source);
    match (spec.on, row) {
        (ActsOn::Session | ActsOn::User, None) => Some("select a session first".into()),
        (ActsOn::User, Some((_, row))) if row.person().is_none() => {
            Some("nobody has signed in to this session".into())
        }
        (ActsOn::Session | ActsOn::User, Some((id, row))) => {
            let context = RowContext {
                now: state.now_at(source),
                // Ended from here, and not listed again since.
                state: if state.results.is_over(id) {
                    Word::Revoked
                } else {
                    cells::word_of(state, row)
                },
            };
            spec.why_not(&row.session(), &context)
        }
        _ => None,
    }
}

impl ActionsMenu {
    /// The name of the chosen action, if it is one of the system's own.
    pub fn own(&self) -> Option<&str> {
        match self.entries.get(self.choice) {
            Some((Item::Own(spec), _)) => Some(&spec.name),
            _ => None,
        }
    }

    /// True if the session under the cursor is the one that the menu was opened for.
    fn is_current(&self, state: &State) -> bool {
        let current = state.results.current();
        let opened = self.session.as_ref();
        opened.is_some_and(|session| {
            current.is_some_and(|(_, row)| row.source() == self.source && row.has_key(&session.key))
        })
    }

    /// What the system offers, in order, each with the reason why it cannot be done now.
    pub fn offered(&self) -> impl Iterator<Item = (&ActionSpec, Option<&str>)> {
        self.entries.iter().filter_map(|(item, why)| match item {
            Item::Own(spec) => Some((spec, why.as_deref())),
            Item::Common(..) => None,
        })
    }

    /// How many actions the menu shows at once.
    fn page(&self, state: &State) -> usize {
        let room = usize::from(room(state.size).height).saturating_sub(MENU_FRAME);
        let words = self.words_height(text_cells(state.size, by_size(state.size, WIDTH)));
        room.saturating_sub(words)
            .max(LEAST_ACTIONS.min(room))
            .clamp(1, self.entries.len().max(1))
    }

    /// The lines of the longest words, so that the box stays where it is whatever is chosen.
    fn words_height(&self, cells: usize) -> usize {
        let heights = self
            .entries
            .iter()
            .map(|(item, why)| menu_words(item, why.as_deref(), cells).len());
        heights.max().unwrap_or(0)
    }
}

impl Dialog for ActionsMenu {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, by_size(state.size, WIDTH));
        let count = self.entries.len();
        let most = self.page(state);
        let first = (self.choice + 1).saturating_sub(most);
        let mut lines = vec![ViewLine::default()];
        for (index, entry) in self.entries.iter().enumerate().skip(first).take(most) {
            lines.push(entry_line(entry, index, index == self.choice, cells));
        }
        lines.push(ViewLine::default());
        if let Some((item, why)) = self.entries.get(self.choice) {
            let session = self.session.as_deref();
            let on = match item {
                Item::Common(..) => words_on(ActsOn::Session, session),
                Item::Own(spec) => words_on(spec.on, session),
            };
            let on = cut_end(&on, cells.saturating_sub(4), Default::default()).into_owned();
            lines.push(
                ViewLine::plain("   ")
                    .with("On  ", Role::Dim)
                    .with(on, Role::Text),
            );
            let role = match why {
                Some(_) => Role::Warn,
                None => Role::Dim,
            };
            let words = menu_words(item, why.as_deref(), cells);
            let left = usize::from(room(state.size).height).saturating_sub(lines.len() + 3);
            let height = self.words_height(cells).min(left.max(1));
            let cut = words.len() > height;
            for (at, line) in words.into_iter().take(height).enumerate() {
                let line = if cut && at + 1 == height {
                    let line = format!("{line} …");
                    cut_end(&line, cells, Default::default()).into_owned()
                } else {
                    line
                };
                lines.push(ViewLine::plain("   ").with(line, role));
            }
            // Held by a blank that is no blank line: those leave first where there is little room.
            while lines.len() < most + 3 + height {
                lines.push(ViewLine::plain(" "));
            }
        }
        lines.push(ViewLine::default());
        let mut footer = "↑↓ choose · Enter select · Esc close".to_owned();
        if most < count {
            let last = (first + most).min(count);
            footer = format!(
                "Enter select · ↑↓ {}-{last} of {count} · Esc close",
                first + 1
            );
        }
        DialogView {
            title: "Actions".to_owned(),
            footer,
            lines,
            ..DialogView::default()
        }
        .placed(state.size, by_size(state.size, WIDTH))
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::enter("select"),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        match key.key {
            Key::Esc => Handled::close(),
            Key::Enter => self.take(state),
            _ => {
                if let Some(mut list) = self.list(state) {
                    list.moves_by_letters(key);
                }
                Handled::stay()
            }
        }
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let (last, page) = (self.entries.len().saturating_sub(1), self.page(state));
        Some(ListPlace::new(&mut self.choice, last, page))
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    /// Takes the chosen action: asks what it needs, or does it at once if it needs nothing.
    fn take(&mut self, state: &mut State) -> Handled {
        let Some((item, why)) = self.entries.get(self.choice).cloned() else {
            return Handled::stay();
        };
        if let Some(why) = why {
            return Handled::Stay(message::refuse(state, why));
        }
        let spec = match item {
            Item::Common(..) if !self.is_current(state) => {
                let text = "another session is under the cursor now: a opens the menu for it";
                return Handled::Close(message::say(state, Level::Warn, text));
            }
            Item::Common(action, _) => return Handled::Act(action),
            Item::Own(spec) => spec,
        };
        let on = words_on(spec.on, self.session.as_deref());
        let arguments = Arguments::of(state, self.source, self.session.as_deref(), spec, &on);
        Handled::Close(arguments::open(state, arguments))
    }
}

/// The target of an action, in words: the row if it acts on one.
fn words_on(on: ActsOn, session: Option<&Session>) -> String {
    let user = |subject: &Subject| {
        let shown = subject.shown().map(|user| user.named().into_owned());
        shown.unwrap_or_else(|| "nobody".to_owned())
    };
    match (on, session) {
        (ActsOn::Session, Some(session)) => {
            format!("{} of {}", session.label, user(&session.subject))
        }
        (ActsOn::User, Some(session)) => match &session.subject.scope {
            Some(scope) => format!("{} in {}", user(&session.subject), scope.named()),
            None => user(&session.subject),
        },
        (ActsOn::Session | ActsOn::User, None) => "no session is selected".to_owned(),
        (ActsOn::Token, _) => "a token that you hold".to_owned(),
        (ActsOn::Nothing, _) => "the server itself".to_owned(),
    }
}

/// The effect of an action, or why it is not available now.
fn menu_words(item: &Item, why: Option<&str>, cells: usize) -> Vec<String> {
    match (why, item) {
        (Some(why), _) => wrap_words(why, cells),
        (None, Item::Common(_, key)) => vec![format!("The key {key} does the same.")],
        (None, Item::Own(spec)) => sentences(&spec.help, cells),
    }
}

/// An action in the menu: one that cannot be done now is in brackets, with the reason behind it.
fn entry_line(
    (item, why): &(Item, Option<String>),
    index: usize,
    chosen: bool,
    cells: usize,
) -> ViewLine {
    let line = choices::line(index, chosen);
    let role = choices::role(chosen, why.is_none());
    let text = match why {
        None => item.title().to_owned(),
        Some(why) => format!("({}) {why}", item.title()),
    };
    match item {
        Item::Common(_, key) => {
            let rest = cells.saturating_sub(KEY);
            line.with(choices::column(&text, rest), role)
                .with(key.clone(), Role::Key)
        }
        Item::Own(_) => {
            let text = cut_end(&text, cells, Default::default()).into_owned();
            line.with(text, role)
        }
    }
}
