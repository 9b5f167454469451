//! The result of a plan: each system with what ended, what is left, and when that was read back.

use secrecy::SecretString;

use crate::app::dialog::{Dialog, Handled, step};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, is_large, sentences, text_cells};
use crate::app::effect::{Copied, Effect, JobId};
use crate::app::hint::Hint;
use crate::app::job::Job;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::row_facts::RowFacts;
use crate::app::state::State;
use crate::app::update::plan;
use crate::model::text::{cut_end, number_of, width_cols, with_thousands};
use crate::model::time::instant;

const WIDTH: (u16, u16) = (76, 74);
/// Cells of the name of a system, of what ended and of what is left.
const SYSTEM: usize = 16;
const ENDED: usize = 22;
const LEFT: usize = 14;
/// How many notes and failures are shown.
const NOTES: (usize, usize) = (6, 3);

/// The box of a plan's result. Its contents stand in the job.
#[derive(Clone, Copy, Debug)]
pub struct EndedBox {
    job: JobId,
    button: usize,
}

impl EndedBox {
    /// Of this job.
    pub fn new(job: JobId) -> Self {
        Self { job, button: 0 }
    }

    fn job<'a>(&self, state: &'a State) -> Option<&'a Job> {
        state.jobs.iter().find(|job| job.id == self.job)
    }

    fn buttons(job: &Job) -> Vec<String> {
        let mut buttons = vec!["Close".to_owned(), "Copy report".to_owned()];
        let again = job.to_try_again().count();
        if again > 0 {
            buttons.push(format!("Retry {}", with_thousands(again as u64)));
        }
        buttons
    }

    fn press(&self, state: &mut State) -> Handled {
        match self.button {
            0 => Handled::close(),
            1 => self.copy(state),
            _ => self.try_again(state),
        }
    }

    fn copy(&self, state: &State) -> Handled {
        let Some(job) = self.job(state) else {
            return Handled::close();
        };
        Handled::Stay(vec![Effect::Copy {
            what: Copied::Lines,
            text: SecretString::from(markdown(state, job)),
        }])
    }

    fn try_again(&self, state: &mut State) -> Handled {
        let Some(job) = self.job(state) else {
            return Handled::close();
        };
        let items: Vec<_> = job.to_try_again().cloned().collect();
        if items.is_empty() {
            return Handled::stay();
        }
        plan::ask_again(state, &items);
        Handled::close()
    }
}

impl Dialog for EndedBox {
    /// Empty if there is no such job any more.
    fn view(&self, state: &State) -> DialogView {
        let width = by_size(state.size, WIDTH);
        let text = text_cells(state.size, width);
        let Some(job) = self.job(state) else {
            return DialogView::default().placed(state.size, width);
        };
        let mut lines = vec![ViewLine::default()];
        lines.extend(job.ends.iter().map(|end| {
            let role = if end.is_clean() {
                Role::Text
            } else {
                Role::Warn
            };
            let words = [
                (end.profile.clone(), SYSTEM),
                (end.ended_words(), ENDED),
                (end.left_words(), LEFT),
                (end.read(state), 0),
            ];
            let mut line = words
                .clone()
                .map(|(text, cells)| column(&text, cells))
                .concat();
            if width_cols(&line) > text {
                line = words.map(|(text, _)| text).join("  ");
            }
            ViewLine::plain("  ").with(cut(&line, text), role)
        }));
        lines.push(ViewLine::default());
        let large = is_large(state.size);
        let most = if large { NOTES.0 } else { NOTES.1 };
        let notes = notes(state, job);
        for note in notes.iter().take(most) {
            let lines_of = sentences(note, text).into_iter().take(2);
            lines.extend(lines_of.map(|line| ViewLine::plain("  ").with(line, Role::Text)));
        }
        if notes.len() > most {
            let more = format!("{} more: y copies all", notes.len() - most);
            lines.push(ViewLine::plain("  ").with(more, Role::Dim));
        }
        if !notes.is_empty() {
            lines.push(ViewLine::default());
        }
        if let Some(records) = records(job) {
            let records = cut(&format!("audit: {records}"), text);
            lines.push(ViewLine::plain("  ").with(records, Role::Dim));
            lines.push(ViewLine::default());
        }
        let buttons = Self::buttons(job);
        lines.push(ViewLine::default().with_buttons(&buttons, &[8, 4], Some(self.button)));
        if large {
            lines.push(ViewLine::default());
        }
        DialogView {
            title: title(job),
            footer: "y copies this box as Markdown · Esc close".to_owned(),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, width)
    }

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![
            Hint::enter("select"),
            Hint::new("y", "copy report", 2),
            Hint::new("Esc", "close", 1),
        ]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let Some(job) = self.job(state) else {
            return Handled::close();
        };
        let count = Self::buttons(job).len();
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Tab | Key::Right => self.button = step(self.button, 1, count),
            Key::Left => self.button = step(self.button, -1, count),
            Key::Enter => return self.press(state),
            Key::Char('y') => return self.copy(state),
            _ => {}
        }
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        self.button = number;
        self.press(state)
    }
}

/// "Ended 22 sessions of jdoe". A number that some system does not tell is none.
fn title(job: &Job) -> String {
    let ended: Option<u64> = job.ends.iter().map(|end| end.ended).sum();
    let act = match ended {
        None if job.ends.iter().any(|end| !end.is_clean()) => "Asked to end sessions".to_owned(),
        None => "Ended sessions".to_owned(),
        Some(0) => "Ended no session".to_owned(),
        Some(n) => format!("Ended {}", number_of(n, "session")),
    };
    match &job.whose {
        Some(whose) => format!("{act} of {whose}"),
        None => act,
    }
}

/// Where this stands in the audit log: "records 3-12 (lines of audit.jsonl; A shows them)".
fn records(job: &Job) -> Option<String> {
    let records = job.records.as_ref()?;
    let (first, last) = (records.start(), records.end());
    Some(if first == last {
        format!("record {first} (a line of audit.jsonl; A shows it)")
    } else {
        format!("records {first}-{last} (lines of audit.jsonl; A shows them)")
    })
}

/// What the systems said, and what failed.
fn notes(state: &State, job: &Job) -> Vec<String> {
    let said = job.ends.iter().flat_map(|end| {
        let notes = end.notes.iter();
        notes.map(|note| format!("{}: {note}", end.profile))
    });
    let failed = job.failed.iter().map(|(item, why)| {
        let line = RowFacts::of(state, item).line();
        format!("failed {line}: {why}")
    });
    said.chain(failed).collect()
}

fn cut(text: &str, cells: usize) -> String {
    cut_end(text, cells, Default::default()).into_owned()
}

/// A text at the left of at least so many cells.
fn column(text: &str, cells: usize) -> String {
    let blanks = cells.saturating_sub(width_cols(text));
    let gap = if blanks == 0 && cells > 0 { 1 } else { blanks };
    format!("{text}{}", " ".repeat(gap))
}

/// The report as a Markdown table, with what failed below it.
pub fn markdown(state: &State, job: &Job) -> String {
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
    let mut text = format!(
        "## {}\n\n{}\n\n| system | ended | left | read back |\n|---|---|---|---|\n",
        cell(&title(job)),
        instant(state.now, state.zone())
    );
    for end in &job.ends {
        let (name, ended) = (cell(&end.profile), end.ended_words());
        let read = end.read_at.filter(|_| end.left.is_some());
        let read = read.map_or_else(|| "-".to_owned(), |at| instant(at, state.zone()));
        text.push_str(&format!(
            "| {name} | {ended} | {} | {read} |\n",
            end.left_words()
        ));
    }
    if let Some(records) = &job.records {
        let (first, last) = (records.start(), records.end());
        text.push_str(&format!(
            "\nAudit log: lines {first} to {last} of `audit.jsonl`.\n"
        ));
    }
    let notes = notes(state, job);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&format!("- {}\n", cell(&note)));
    }
    text
}
