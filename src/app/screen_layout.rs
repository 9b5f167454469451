//! Where everything is on the screen, and the fields, columns and lines that are there.

use ratatui::layout::Rect;

use super::area::{BORDER, Mode};
use super::detail_line::DetailLine;
use super::dialog_view::DialogView;
use super::form::FormField;
use crate::model::Property;
use crate::model::text::Align;

/// Borders and the line of titles.
const TABLE_FRAME: u16 = 3;

/// The place of everything on the screen. A part that is not shown is empty.
///
/// It is made once after each message, by `layout::lay_out`; keys, mouse and painting read it. So the
/// second of two keys finds the layout that the first one left, even if no frame was drawn between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenLayout {
    /// How the panes lie.
    pub mode: Mode,
    /// First line: where we are.
    pub header: Rect,
    /// The tabs of a narrow screen.
    pub tabs: Rect,
    /// The search form, border included.
    pub form: Rect,
    /// True if the form is one line, without a border.
    pub is_form_line: bool,
    /// The table, border included.
    pub table: Rect,
    /// The details, border included.
    pub details: Rect,
    /// The status line.
    pub status: Rect,
    /// The hint line.
    pub hints: Rect,
    /// The fields of the form, and what else Tab visits in it, in this order.
    pub fields: Vec<Placed>,
    /// The columns of the table.
    pub columns: Vec<Column>,
    /// The lines of the details; `details.line` of the state is an index into them.
    pub lines: Vec<DetailLine>,
    /// How the lines of the details stand below each other; `details.top` of the state is an index into
    /// them.
    pub rows: Vec<VisualRow>,
    /// The dialogs, the last one on top.
    pub dialogs: Vec<DialogView>,
}

impl ScreenLayout {
    /// How many data rows the table shows.
    pub fn table_height(&self) -> u16 {
        self.table.height.saturating_sub(TABLE_FRAME)
    }

    /// How many lines the details show.
    pub fn details_height(&self) -> u16 {
        self.details.inner(BORDER).height
    }

    /// Cells that a line of the details may take: the inside of the pane without a blank on either side.
    pub fn details_width(&self) -> u16 {
        self.details.inner(BORDER).width.saturating_sub(2)
    }

    /// True if there is room for long words.
    pub fn is_long(&self) -> bool {
        matches!(self.mode, Mode::Tall | Mode::Wide)
    }
}

/// A field on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which one.
    pub field: FormField,
    /// The text before it; empty for buttons.
    pub label: String,
    /// Where the label begins; the row is that of `area`.
    pub label_x: u16,
    /// Its text without the brackets; of a button all of it.
    pub area: Rect,
}

/// One column as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The property that it shows and sorts by. `None`: the life line, by which nothing is sorted.
    pub what: Option<Property>,
    /// Its title, at the length that fits.
    pub title: std::borrow::Cow<'static, str>,
    /// First cell, counted from the left edge of the table's inside.
    pub x: u16,
    /// Cells, without the gap to the next column.
    pub width: u16,
    /// The side that its values stand at.
    pub align: Align,
}

/// Two lines of the details side by side, or one: indexes into the list of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisualRow {
    /// The line at the left.
    pub left: usize,
    /// The line at the right.
    pub right: Option<usize>,
}
