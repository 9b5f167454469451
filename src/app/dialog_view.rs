//! A dialog as text: its lines, its buttons, and where they are. Drawing it needs nothing else.

use std::borrow::Cow;

use ratatui::layout::{Position, Rect, Size};

use super::area::{BORDER, Mode, mode};
use super::role::Role;
use super::text_wrap::{Piece, wrap_words};
use crate::model::text::{cut_end, display_safe, width_cols};

/// A piece of a line of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The text, cleaned.
    pub text: String,
    /// How it is drawn.
    pub role: Role,
}

/// A line of a dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewLine {
    /// Its pieces from left to right.
    pub parts: Vec<Part>,
    /// The buttons on it: cells from its start, and cells.
    pub buttons: Vec<(u16, u16)>,
    /// The line of a choice that it stands for.
    pub choice: Option<usize>,
    /// Where the terminal's cursor is on it, in cells from its start.
    pub cursor: Option<u16>,
}

impl ViewLine {
    /// A line of plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().with(text, Role::Text)
    }

    /// The line with one more piece at its end.
    #[must_use]
    pub fn with(mut self, text: impl Into<String>, role: Role) -> Self {
        self.parts.push(Part {
            text: text.into(),
            role,
        });
        self
    }

    /// The line with spaces up to this cell, at least one if there is text.
    #[must_use]
    pub fn to_cell(self, cell: usize) -> Self {
        let blanks = cell.saturating_sub(self.cells());
        self.with(" ".repeat(blanks), Role::Text)
    }

    /// Cells it takes.
    pub fn cells(&self) -> usize {
        self.parts.iter().map(|part| width_cols(&part.text)).sum()
    }

    /// The line with a text field: brackets, what is typed, and the cursor if it has the focus.
    #[must_use]
    pub fn with_field(self, field: &FieldText, width: u16, focused: bool) -> Self {
        let before = self.cells() as u16 + 1;
        let (shown, cursor) = field.window(width);
        let blanks = usize::from(width).saturating_sub(width_cols(&shown));
        let ghost = field.ghost(blanks);
        let mut line = self.with("[", Role::Dim);
        line = if ghost.is_empty() {
            line.with(format!("{shown}{}", " ".repeat(blanks)), Role::Input)
        } else {
            let blanks = " ".repeat(blanks - width_cols(&ghost));
            line.with(shown, Role::Input)
                .with(ghost, Role::Dim)
                .with(blanks, Role::Input)
        };
        line = line.with("]", Role::Dim);
        if focused {
            line.cursor = Some(before + cursor);
        }
        line
    }

    /// A line of buttons with this many blanks before each; the focused one is drawn so.
    #[must_use]
    pub fn with_buttons(
        mut self,
        labels: &[impl AsRef<str>],
        gaps: &[usize],
        focused: Option<usize>,
    ) -> Self {
        for (index, label) in labels.iter().enumerate() {
            let gap = gaps.get(index).or(gaps.last()).copied().unwrap_or(2);
            self = self.with(" ".repeat(gap), Role::Text);
            let text = format!("[ {} ]", label.as_ref());
            self.buttons
                .push((self.cells() as u16, width_cols(&text) as u16));
            let role = if focused == Some(index) {
                Role::ButtonFocus
            } else {
                Role::Text
            };
            self = self.with(text, role);
        }
        self
    }
}

/// "Type ada or 3:  ": the prompt for what confirms a question. Any of the texts does.
pub fn typed_prompt(expected: &[String]) -> String {
    let cut = |text| cut_end(text, 30, Default::default());
    match expected {
        [number, name, ..] => format!("Type {} or {number}:  ", cut(name)),
        [only] => format!("Type {only} to confirm:  "),
        [] => String::new(),
    }
}

/// The text typed in a field, cleaned or masked, and its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldText {
    text: String,
    /// Cells before the cursor.
    cursor: usize,
    /// What would complete it, shown behind it.
    ghost: String,
}

impl FieldText {
    /// A field that shows what is typed.
    pub fn of(input: &tui_input::Input) -> Self {
        let before: String = input.value().chars().take(input.cursor()).collect();
        let safe = |text: &str| -> String {
            Piece::all(text)
                .into_iter()
                .map(|piece| piece.text)
                .collect()
        };
        Self {
            cursor: width_cols(&safe(&before)),
            text: safe(input.value()),
            ghost: String::new(),
        }
    }

    /// A field that shows a dot for each character.
    pub fn masked(input: &tui_input::Input) -> Self {
        Self {
            text: "•".repeat(input.value().chars().count()),
            cursor: input.cursor(),
            ghost: String::new(),
        }
    }

    /// The field with a text behind it that would complete it.
    #[must_use]
    pub fn with_ghost(mut self, ghost: &str) -> Self {
        self.ghost = display_safe(ghost).into_owned();
        self
    }

    /// As much of the completion as fits into so many cells.
    pub fn ghost(&self, cells: usize) -> Cow<'_, str> {
        cut_end(&self.ghost, cells, Default::default())
    }

    /// The part around the cursor that fits into `width` cells, and the cursor within it.
    pub fn window(&self, width: u16) -> (String, u16) {
        use unicode_segmentation::UnicodeSegmentation;
        let width = usize::from(width);
        if width == 0 {
            return (String::new(), 0);
        }
        // The cursor itself needs a cell, behind the text too.
        let skip = (self.cursor + 1).saturating_sub(width);
        let mut at = 0;
        let mut first = None;
        let mut shown = String::new();
        for grapheme in self.text.graphemes(true) {
            let cells = width_cols(grapheme);
            if at >= skip {
                let start = *first.get_or_insert(at);
                if at + cells - start > width {
                    break;
                }
                shown.push_str(grapheme);
            }
            at += cells;
        }
        let start = first.unwrap_or(at.min(skip));
        (
            shown,
            self.cursor.saturating_sub(start).min(width - 1) as u16,
        )
    }
}

/// A dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogView {
    /// Title in the upper border.
    pub title: String,
    /// True for an error, and for a change on a production system: the frame then warns.
    pub danger: bool,
    /// True if its upper border is a filled bar: it changes a production system.
    pub banner: bool,
    /// Text in the lower border.
    pub footer: String,
    /// The lines inside the border.
    pub lines: Vec<ViewLine>,
    /// Where it is, border included.
    pub area: Rect,
    /// First line shown, where not all fit.
    pub top: usize,
}

/// Dialogs are never wider than this.
pub const WIDEST: u16 = 84;
/// A screen as large as this has room for the large forms.
const LARGE: (u16, u16) = (100, 30);

/// True if there is room for the large form of a dialog.
pub fn is_large(size: Size) -> bool {
    size.width >= LARGE.0 && size.height >= LARGE.1
}

/// The first of two on a large screen, else the second.
pub fn by_size<T>(screen: Size, (large, small): (T, T)) -> T {
    if is_large(screen) { large } else { small }
}

/// Cells for text in a dialog of this width: without its border and its margins.
pub fn text_cells(screen: Size, width: u16) -> usize {
    usize::from(width.min(screen.width)).saturating_sub(6)
}

impl DialogView {
    /// Puts the dialog in the middle of the screen, `width` cells wide or less.
    #[must_use]
    pub fn placed(mut self, screen: Size, width: u16) -> Self {
        let most = usize::from(room(screen).height.saturating_sub(2));
        self.lines = fitted(std::mem::take(&mut self.lines), most);
        let room = room(screen);
        let width = width.min(WIDEST).min(room.width);
        let height = (self.lines.len() as u16).saturating_add(2).min(room.height);
        // Of an odd rest the larger part is right and below: `Rect::centered` has it left and above.
        self.area = Rect::new(
            (screen.width - width) / 2,
            (screen.height - height) / 2,
            width,
            height,
        )
        .clamp(room);
        let inner = usize::from(self.area.inner(BORDER).height);
        self.top = self.top.min(self.lines.len().saturating_sub(inner));
        self
    }

    /// The lines on screen, each with its row.
    pub fn visible(&self) -> impl Iterator<Item = (Rect, &ViewLine)> {
        let rows = self.area.inner(BORDER).rows();
        rows.zip(self.lines.iter().skip(self.top))
    }

    /// The button under a point.
    pub fn button_at(&self, at: Position) -> Option<usize> {
        let mut before: usize = self.lines[..self.top.min(self.lines.len())]
            .iter()
            .map(|line| line.buttons.len())
            .sum();
        for (area, line) in self.visible() {
            let hit = line.buttons.iter().position(|(start, cells)| {
                Rect::new(area.x + start, area.y, *cells, 1).contains(at)
            });
            if let Some(hit) = hit {
                return Some(before + hit);
            }
            before += line.buttons.len();
        }
        None
    }

    /// The line of a choice under a point.
    pub fn choice_at(&self, at: Position) -> Option<usize> {
        self.visible()
            .find(|(area, _)| area.contains(at))
            .and_then(|(_, line)| line.choice)
    }

    /// Where the terminal's cursor is.
    pub fn cursor(&self) -> Option<Position> {
        self.visible().find_map(|(area, line)| {
            let at = Position::new(area.x.saturating_add(line.cursor?), area.y);
            area.contains(at).then_some(at)
        })
    }
}

/// As many lines as fit: blank ones leave first, then the last ones without a field or a button, so that
/// what can be done stays on screen.
fn fitted(mut lines: Vec<ViewLine>, most: usize) -> Vec<ViewLine> {
    while lines.len() > most {
        let is_control = |line: &ViewLine| {
            let asks = |part: &Part| matches!(part.role, Role::Input | Role::Danger);
            !line.buttons.is_empty() || line.choice.is_some() || line.parts.iter().any(asks)
        };
        let blank = lines.iter().rposition(|line| line.parts.is_empty());
        let last = lines.iter().rposition(|line| !is_control(line));
        let Some(at) = blank.or(last) else { break };
        lines.remove(at);
    }
    lines
}

/// The part of the screen that dialogs may cover: all but the header, the status line and the hints.
pub fn room(screen: Size) -> Rect {
    let Size { width, height } = screen;
    match mode(screen) {
        Mode::TooSmall => Rect::default(),
        Mode::Tabs => Rect::new(0, 1, width, height.saturating_sub(2)),
        _ => Rect::new(0, 1, width, height.saturating_sub(3)),
    }
}

/// Lines of at most `width` cells, broken after sentences where that is possible.
pub fn sentences(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in text.split_inclusive(". ").map(str::trim_end) {
        match lines.last_mut() {
            Some(line) if width_cols(line) + 1 + width_cols(sentence) <= width => {
                line.push(' ');
                line.push_str(sentence);
            }
            _ => lines.extend(wrap_words(sentence, width)),
        }
    }
    lines
}
