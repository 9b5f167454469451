//! The result of an action: fields, or a table whose columns can be scrolled.

use secrecy::SecretString;

use super::choices::ListPlace;
use crate::app::dialog::{Dialog, Handled};
use crate::app::dialog_view::{DialogView, ViewLine, WIDEST, room, sentences, text_cells};
use crate::app::effect::{Copied, Effect};
use crate::app::hint::Hint;
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::text_wrap::wrap_words;
use crate::model::text::{cut_end, fit, width_cols};
use crate::model::{ActionBody, ActionCell, Untrusted};

/// Lines that are not content: borders and blank lines.
const FRAME: usize = 4;
/// The summary is never higher; the status line and a copy have all of it.
const SUMMARY: usize = 4;
/// A column of a table is never wider.
const COLUMN: usize = 36;
/// Blanks between two columns.
const GAP: usize = 2;

/// The result of an action.
#[derive(Clone, Debug)]
pub struct AnswerBox {
    /// Title of the action.
    pub title: String,
    /// The summary of the result.
    pub summary: String,
    /// The details that the server sent.
    pub body: ActionBody,
    /// First line shown.
    pub top: usize,
    /// How many columns of a table are scrolled away behind the first one, which stays.
    pub left: usize,
}

/// How far the answer can be scrolled on this screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ScrollRange {
    /// Lines shown at once.
    page: usize,
    /// The last first line.
    top: usize,
    /// The last number of columns scrolled away.
    left: usize,
}

impl AnswerBox {
    fn summary(&self, cells: usize) -> Vec<ViewLine> {
        let said = sentences(&self.summary, cells);
        let cut = said.len() > SUMMARY;
        let line = |(at, mut text): (usize, String)| {
            if cut && at + 1 == SUMMARY {
                text = cut_end(&format!("{text} …"), cells, Default::default()).into_owned();
            }
            ViewLine::plain("  ").with(text, Role::Title)
        };
        said.into_iter()
            .take(SUMMARY)
            .enumerate()
            .map(line)
            .collect()
    }

    /// All lines of the body below its head.
    fn body(&self, cells: usize) -> Vec<ViewLine> {
        match &self.body {
            ActionBody::Nothing => Vec::new(),
            ActionBody::Fields(fields) => fields_lines(fields, cells),
            ActionBody::Table { columns, rows } => {
                let widths = widths(columns, rows);
                let seen = shown_columns(&widths, self.left, cells);
                rows.iter().map(|row| row_line(row, &seen)).collect()
            }
        }
    }

    /// How far this answer can be scrolled.
    fn reach(&self, state: &State) -> ScrollRange {
        let cells = text_cells(state.size, WIDEST);
        let mut fixed = FRAME + self.summary(cells).len();
        let mut left = 0;
        if let ActionBody::Table { columns, rows } = &self.body {
            fixed += 1;
            let widths = widths(columns, rows);
            let shows_last = |left: &usize| {
                let shown = shown_columns(&widths, *left, cells);
                shown.last().is_none_or(|(at, _)| at + 1 == widths.len())
            };
            left = (0..widths.len()).find(shows_last).unwrap_or(0);
        }
        let page = usize::from(room(state.size).height)
            .saturating_sub(fixed)
            .max(1);
        ScrollRange {
            page,
            top: self.body(cells).len().saturating_sub(page),
            left,
        }
    }

    /// Scrolls the columns, never beyond the first and the last.
    fn scroll_columns(&mut self, state: &State, by: isize) {
        let last = self.reach(state).left;
        ListPlace::new(&mut self.left, last, 1).go(by);
    }

    /// All of it as cleaned text on one line, for the clipboard: a shell would run a line of its own.
    pub fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        match &self.body {
            ActionBody::Nothing => {}
            ActionBody::Fields(fields) => {
                let line = |(name, cell): &(Untrusted, ActionCell)| {
                    format!("{}: {}", name.safe(), cell.shown())
                };
                lines.extend(fields.iter().map(line));
            }
            ActionBody::Table { columns, rows } => {
                let titles: Vec<_> = columns.iter().map(|title| title.safe()).collect();
                lines.push(titles.join(", "));
                lines.extend(rows.iter().map(|row| {
                    let cells: Vec<_> = row.iter().map(ActionCell::shown).collect();
                    cells.join(", ")
                }));
            }
        }
        lines.join(" · ")
    }
}

impl Dialog for AnswerBox {
    fn view(&self, state: &State) -> DialogView {
        let cells = text_cells(state.size, WIDEST);
        let reach = self.reach(state);
        let body = self.body(cells);
        let (count, top) = (body.len(), self.top.min(reach.top));
        let shown = body.into_iter().skip(top).take(reach.page);
        let mut footer = vec!["y copy".to_owned()];
        let mut lines = self.summary(cells);
        if let ActionBody::Table { columns, rows } = &self.body {
            let widths = widths(columns, rows);
            let seen = shown_columns(&widths, self.left.min(reach.left), cells);
            lines.push(ViewLine::default());
            lines.push(head_line(columns, &seen));
            if reach.left > 0 {
                let first = seen.get(1).map_or(1, |(at, _)| at + 1);
                let last = seen.last().map_or(1, |(at, _)| at + 1);
                footer.push(if first == last {
                    format!("←→ column {first} of {}", columns.len())
                } else {
                    format!("←→ columns {first}-{last} of {}", columns.len())
                });
            }
        } else if count > 0 {
            lines.push(ViewLine::default());
        }
        lines.extend(shown);
        lines.push(ViewLine::default());
        if reach.top > 0 {
            let last = (top + reach.page).min(count);
            footer.push(format!("↑↓ {}-{last} of {count}", top + 1));
        }
        footer.push("Esc close".to_owned());
        DialogView {
            title: self.title.clone(),
            footer: footer.join(" · "),
            lines,
            ..DialogView::default()
        }
        .placed(state.size, WIDEST)
    }

    fn hints(&self, state: &State) -> Vec<Hint> {
        let reach = self.reach(state);
        let mut hints = Vec::new();
        if reach.top > 0 {
            hints.push(Hint::new("↑↓", "scroll", 2));
        }
        if reach.left > 0 {
            hints.push(Hint::new("←→", "columns", 3));
        }
        hints.push(Hint::new("y", "copy", 4));
        hints.push(Hint::new("Esc", "close", 1));
        hints
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let key = match key.key {
            Key::Char(' ') => KeyPress::plain(Key::PageDown),
            _ => key,
        };
        if self
            .list(state)
            .is_some_and(|mut list| list.moves_by_letters(key))
        {
            return Handled::stay();
        }
        match key.key {
            Key::Esc | Key::Enter => return Handled::close(),
            Key::Right | Key::Char('l') => self.scroll_columns(state, 1),
            Key::Left | Key::Char('h') => self.scroll_columns(state, -1),
            Key::Char('y') => {
                return Handled::Stay(vec![Effect::Copy {
                    what: Copied::Answer,
                    text: SecretString::from(self.text()),
                }]);
            }
            _ => {}
        }
        Handled::stay()
    }

    fn list(&mut self, state: &State) -> Option<ListPlace<'_>> {
        let reach = self.reach(state);
        Some(ListPlace::new(&mut self.top, reach.top, reach.page))
    }
}

/// Names and values; a value that is too long for its line goes on under itself.
fn fields_lines(fields: &[(Untrusted, ActionCell)], cells: usize) -> Vec<ViewLine> {
    let widest = fields.iter().map(|(name, _)| width_cols(&name.name()));
    let label = widest.max().unwrap_or(0).clamp(4, (cells / 2).max(4));
    let mut lines = Vec::new();
    for (name, cell) in fields {
        let value = cell.shown();
        let value = if value.is_empty() { "-" } else { &value };
        let room = cells.saturating_sub(label + 2).max(8);
        let mut names = wrap_words(&name.name(), label).into_iter();
        let mut parts = wrap_words(value, room).into_iter();
        loop {
            let (name, part) = (names.next(), parts.next());
            if name.is_none() && part.is_none() {
                break;
            }
            lines.push(
                ViewLine::plain("  ")
                    .with(name.unwrap_or_default(), Role::Dim)
                    .to_cell(label + 4)
                    .with(part.unwrap_or_default(), Role::Text),
            );
        }
    }
    lines
}

/// How wide each column would be if there were room for all.
fn widths(columns: &[Untrusted], rows: &[Vec<ActionCell>]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|c| width_cols(&c.name())).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(width_cols(&cell.shown()));
        }
    }
    widths
        .iter()
        .map(|width| (*width).clamp(1, COLUMN))
        .collect()
}

/// The columns on screen and their widths: the first one always, then those from `left` on that fit,
/// one of them at least.
fn shown_columns(widths: &[usize], left: usize, cells: usize) -> Vec<(usize, usize)> {
    let mut seen: Vec<(usize, usize)> = Vec::new();
    let mut used = 0;
    for (at, width) in widths.iter().enumerate() {
        if at > 0 && at <= left {
            continue;
        }
        let spare = cells.saturating_sub(used);
        if *width > spare && seen.len() > 1 {
            break;
        }
        // One that alone is too wide is cut, with a sign.
        seen.push((at, (*width).min(spare).max(1)));
        used += width + GAP;
    }
    seen
}

fn head_line(columns: &[Untrusted], seen: &[(usize, usize)]) -> ViewLine {
    let mut line = ViewLine::plain("  ");
    for (place, (at, width)) in seen.iter().enumerate() {
        let hidden_behind = place + 1 == seen.len() && at + 1 < columns.len();
        if let Some(title) = columns.get(*at) {
            let title = fit(
                &title.name(),
                *width,
                Default::default(),
                Default::default(),
            );
            line = line.with(title, Role::Title);
        }
        let next_hides = place == 0 && seen.get(1).is_some_and(|(next, _)| *next > 1);
        let sign = match (hidden_behind, next_hides) {
            (true, _) => " ›",
            (false, true) => "‹ ",
            (false, false) => "  ",
        };
        line = line.with(sign, Role::Dim);
    }
    line
}

fn row_line(row: &[ActionCell], seen: &[(usize, usize)]) -> ViewLine {
    let mut line = ViewLine::plain("  ");
    for (at, width) in seen {
        let cell = row.get(*at).map(ActionCell::shown).unwrap_or_default();
        let text = fit(&cell, *width, Default::default(), Default::default());
        line = line.with(format!("{text}{}", " ".repeat(GAP)), Role::Text);
    }
    line
}
