//! The audit log: a search over its latest changes, newest first, and each record in full.

use std::sync::Arc;

use secrecy::SecretString;
use tui_input::Input;

use super::choices::{self, ListPlace};
use crate::app::audit_log::{AuditLine, AuditPage};
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, WIDEST, room, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::app::update::edit;
use crate::model::text::{number_of, width_cols, with_thousands};

/// Lines of the box that are no records: borders, the field and a blank line.
const FRAME: usize = 4;
/// Cells of the columns: time, operation, outcome, profile. The user has the rest.
const TIME: usize = 16;
const VERB: usize = 9;
const OUTCOME: usize = 15;
const PROFILE: usize = 16;
/// Cells of the name of a field.
const NAME: usize = 14;

/// How far the log was read.
#[derive(Clone, Debug)]
enum Reading {
    /// It is being read.
    Runs,
    /// These are its latest changes.
    Page(Arc<AuditPage>),
    /// It cannot be read.
    Failed(String),
}

/// The box.
#[derive(Clone, Debug)]
pub struct AuditLog {
    input: Input,
    choice: usize,
    reading: Reading,
    /// First line of the record that is shown in full. `None`: the list is shown.
    record: Option<usize>,
}

/// Opens the box, and reads the log.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.open(AuditLog {
        input: Input::default(),
        choice: 0,
        reading: Reading::Runs,
        record: None,
    });
    vec![Effect::ReadAudit]
}

/// The log was read, or not.
pub fn was_read(state: &mut State, result: Result<AuditPage, String>) -> Vec<Effect> {
    let mut dialogs = state.dialogs.iter_mut();
    if let Some(log) = dialogs.find_map(|dialog| dialog.get_mut::<AuditLog>()) {
        log.reading = match result {
            Ok(page) => Reading::Page(Arc::new(page)),
            Err(why) => Reading::Failed(why),
        };
    }
    Vec::new()
}

impl AuditLog {
    /// The changes that hold every word that is typed.
    fn found(&self) -> Vec<&AuditLine> {
        let Reading::Page(page) = &self.reading else {
            return Vec::new();
        };
        let typed = self.input.value().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let has_all = |line: &&AuditLine| words.iter().all(|word| line.text.contains(word));
        page.lines.iter().filter(has_all).collect()
    }

    fn chosen(&self) -> Option<&AuditLine> {
        self.found().get(self.choice).copied()
    }

    fn lines(&self, state: &State, most: usize, cells: usize) -> Vec<ViewLine> {
        let said = |text: String| vec![ViewLine::default().with(format!("   {text}"), Role::Dim)];
        match &self.reading {
            Reading::Runs => return said("reading the log …".to_owned()),
            Reading::Failed(why) => {
                let line = |text| ViewLine::default().with(format!("   {text}"), Role::Danger);
                return wrap_words(why, cells).into_iter().map(line).collect();
            }
            Reading::Page(page) if page.lines.is_empty() => {
                return said("nothing has been changed yet".to_owned());
            }
            Reading::Page(_) => {}
        }
        let found = self.found();
        if found.is_empty() {
            return said("no record matches".to_owned());
        }
        choices::window(self.choice, found.len(), most)
            .map(|number| line(state, found[number], number, number == self.choice, cells))
            .collect()
    }

    /// The record in full, wrapped.
    fn record(&self, cells: usize) -> Vec<ViewLine> {
        let Some(line) = self.chosen() else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for (name, value) in &line.fields {
            for (at, part) in wrap_words(value, cells.saturating_sub(NAME))
                .into_iter()
                .enumerate()
            {
                let name = if at == 0 { name.as_str() } else { "" };
                lines.push(
                    ViewLine::plain("  ")
                        .with(choices::column(name, NAME), Role::Dim)
                        .with(part, Role::Text),
                );
            }
        }
        lines
    }

    fn title(&self) -> String {
        let Reading::Page(page) = &self.reading else {
            return "Audit log".to_owned();
        };
        let number = |n: usize| with_thousands(n as u64);
        let (found, all) = (self.found().len(), page.lines.len());
        let of = if page.is_cut { "the latest " } else { "" };
        let mut title = if found == all {
            format!("Audit log · {of}{}", number(all))
        } else {
            format!("Audit log · {} of {of}{}", number(found), number(all))
        };
        if page.damaged > 0 {
            title += &format!(" · {} cannot be read", number_of(page.damaged, "line"));
        }
        title
    }

    fn record_key(&mut self, state: &State, key: KeyPress) -> Handled {
        if self
            .list(state)
            .is_some_and(|mut list| list.moves_by_letters(key))
        {
            return Handled::stay();
        }
        match key.key {
            Key::Esc | Key::Enter | Key::Backspace => self.record = None,
            Key::Char('y') => {
                let json = self.chosen().map(|line| line.json.clone());
                let text = SecretString::from(json.unwrap_or_default());
                let what = Copied::Record;
                return Handled::Stay(vec![Effect::Copy { what, text }]);
            }
            _ => {}
        }
        Handled::stay()
    }
}

/// A change in the list.
fn line(state: &State, line: &AuditLine, number: usize, is_chosen: bool, cells: usize) -> ViewLine {
    let time = line.at.map(|at| {
        let reading = state.zone().reading_of(at);
        reading.format("%m-%d %H:%M:%S").to_string()
    });
    let time = time.unwrap_or_else(|| "-".to_owned());
    let user = cells.saturating_sub(TIME + VERB + OUTCOME + PROFILE);
    let role = choices::role(is_chosen, true);
    let outcome = match line.outcome.as_str() {
        "failed" | "unknown" | "no end" => Role::Warn,
        _ => role,
    };
    choices::line(number, is_chosen)
        .with(choices::column(&time, TIME), Role::Dim)
        .with(choices::column(&line.verb, VERB), role)
        .with(choices::column(&line.outcome, OUTCOME), outcome)
        .with(choices::column(&line.profile, PROFILE), role)
        .with(choices::column(&line.user, user), role)
}

/// Cells for a change, and for its record.
fn record_cells(state: &State) -> usize {
    text_cells(state.size, WIDEST) + 1
}

/// How many changes are shown at once; of a record one line more.
fn page(state: &State) -> usize {
    usize::from(room(state.size).height)
        .saturating_sub(FRAME)
        .max(1)
}

impl Dialog for AuditLog {
    fn view(&self, state: &State) -> DialogView {
        let (cells, free) = (record_cells(state), page(state));
        let (mut lines, footer);
        if let Some(top) = self.record {
            lines = vec![ViewLine::default()];
            let shown = self.record(cells).into_iter().skip(top).take(free + 1);
            lines.extend(shown);
            footer = "↑↓ scroll · y copy as JSON · Esc list";
        } else {
            let field = FieldText::of(&self.input);
            let room = cells.saturating_sub(width_cols(" Find: ") + 1);
            lines = vec![
                ViewLine::plain(" Find: ").with_field(&field, room as u16, true),
                ViewLine::default(),
            ];
            lines.extend(self.lines(state, free, cells));
            // The box does not jump while a search leaves fewer lines.
            lines.resize(free + 2, ViewLine::default());
            footer = "type to find · Enter the whole record · Esc close";
        }
        DialogView {
            title: self.title(),
            footer: footer.to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        if self.record.is_some() {
            return vec![
                Hint::new("↑↓", "scroll", 2),
                Hint::new("y", "copy", 3),
                Hint::new("Esc", "list", 1),
            ];
        }
        vec![
            Hint::new("↑↓", "choose", 2),
            Hint::enter("record"),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        if self.record.is_some() {
            return self.record_key(state, key);
        }
        if self.list(state).is_some_and(|mut list| list.moves(key)) {
            return Handled::stay();
        }
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Enter => return self.take(state),
            _ if edit::edit(&mut self.input, key) => self.choice = 0,
            _ => {}
        }
        Handled::stay()
    }

    fn choose(&mut self, number: usize) {
        self.choice = number;
    }

    fn take(&mut self, _state: &mut State) -> Handled {
        self.record = self.chosen().map(|_| 0);
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let page = page(state);
        let found = self.found().len();
        let cells = record_cells(state);
        let lines = self.record.map_or(0, |_| self.record(cells).len());
        Some(match &mut self.record {
            Some(top) => ListPlace::new(top, lines.saturating_sub(page + 1), page),
            None => ListPlace::new(&mut self.choice, found.saturating_sub(1), page),
        })
    }

    fn input(&mut self) -> Option<&mut Input> {
        self.record.is_none().then_some(&mut self.input)
    }

    fn pasted(&mut self) {
        self.choice = 0;
    }
}
