//! The table of sessions. Only the rows on screen are looked at.

use std::ops::Range;

use ratatui::layout::{Position, Rect};

use super::has_focus;
use super::text::{Canvas, border_room};
use super::theme::Role;
use crate::app::area::{BORDER, Mode, nth_row};
use crate::app::cells;
use crate::app::cut;
use crate::app::dialog_view::FieldText;
use crate::app::hits::Hits;
use crate::app::results::RowStatus;
use crate::app::screen_layout::Column;
use crate::app::scrollbar::ScrollTrack;
use crate::app::sorting;
use crate::app::source::Source;
use crate::app::state::{Pane, State};
use crate::app::watch;
use crate::app::words;
use crate::model::text::{Align, cut_end, display_safe, number_of, width_cols, with_thousands};
use crate::model::{Field, Property};
use crate::store::{Row, RowId};

/// The cell of the gutter in which a mark stands: behind the cursor, before that of a change.
const MARK: u16 = 1;
/// The cell of the gutter in which the sign of a change stands.
const CHANGE: u16 = 2;

/// Draws the table.
pub fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let all = &state.layout;
    if all.table.is_empty() {
        return;
    }
    let focused = has_focus(state, Pane::Table);
    canvas.border(all.table, focused);
    let from = match all.mode {
        Mode::Tabs => all.table.x,
        _ => canvas.title(all.table, &title(state, all.table), Role::Title),
    };
    let (count, role) = count_text(state, canvas.is_ascii(), CountLength::Whole);
    let order = if state.results.arrival || count.is_empty() {
        String::new()
    } else {
        format!("{} · ", sorting::words(&state.results.sort))
    };
    let room = usize::from(all.table.right().saturating_sub(from));
    let cells = width_cols(&count);
    if width_cols(&order) + cells + 4 <= room {
        canvas.right(all.table, 0, from, &format!("{order}{count}"), role);
    } else {
        use CountLength::{Brief, Whole, WithoutKinds};
        let texts = [Whole, WithoutKinds, Brief].map(|it| count_text(state, canvas.is_ascii(), it));
        let fits = |(text, _): &&(String, Role)| width_cols(text) + 3 <= room;
        if let Some((text, role)) = texts.iter().find(fits) {
            canvas.right(all.table, 0, from, text, *role);
        }
    }
    lower_border(state, all.table, focused, canvas);
    if let Some(track) = ScrollTrack::of(state, Pane::Table) {
        canvas.scrollbar(track, focused);
    }
    let inner = all.table.inner(BORDER);
    titles(state, nth_row(inner, 0), canvas);
    let hits = Hits::of(state);
    let mut row = 1;
    let mut above: Option<Row<'_>> = None;
    for (position, id, data) in cells::visible_rows(state) {
        let drawn = DrawnRow {
            id,
            row: data,
            is_cursor: position == state.results.cursor,
            is_focused: focused,
            repeats_user: above.is_some_and(|above| cells::is_same_user(above, data)),
            hits: &hits,
        };
        draw_row(state, nth_row(inner, row), &drawn, canvas);
        above = Some(data);
        row += 1;
    }
    match row {
        1 => nothing(state, inner, canvas),
        _ => loading(state, inner, row, canvas),
    }
}

/// The title with the query that made the rows, whatever has been typed since.
fn title(state: &State, area: Rect) -> String {
    let mut made_by = state.results.made_by.as_ref();
    if state.layout.is_form_line && made_by == state.query().ok().as_ref() {
        // The line above names it.
        made_by = None;
    }
    let query = made_by.map_or(String::new(), |query| words::clauses(&query.clauses));
    let width = usize::from(area.width);
    let live = live(state, width.saturating_sub(COUNT));
    let room = match width_cols(&live) {
        0 => (width / 2).saturating_sub(16),
        live => (width / 2).min(width.saturating_sub(COUNT + live + LEAST)),
    };
    if query.is_empty() || room < LEAST {
        return format!("Sessions{live}");
    }
    let query = display_safe(&query);
    let query = cut_end(&query, room, Default::default());
    format!("Sessions · {query}{live}")
}

/// Cells of the title that are left to the position and the number of rows.
const COUNT: usize = 26;
/// A query is cut to no fewer cells than these; then it is left out.
const LEAST: usize = 11;

/// The live view behind the title: in words where they have room, else with signs.
fn live(state: &State, room: usize) -> String {
    let long = watch::words(state, false).unwrap_or_default();
    let words = if width_cols(&long) + LEAST <= room {
        long
    } else {
        watch::words(state, true).unwrap_or_default()
    };
    if words.is_empty() {
        words
    } else {
        format!(" · {words}")
    }
}

fn titles(state: &State, area: Rect, canvas: &mut Canvas<'_>) {
    let results = &state.results;
    for column in &state.layout.columns {
        let what = column.what.as_ref();
        let sorted = what == Some(&results.sort.by);
        let chosen = what == Some(&results.column);
        let gap = match column.align {
            Align::Right => "",
            _ => " ",
        };
        let mark = match (sorted, results.sort.descending) {
            (true, false) => format!("{gap}▲"),
            (true, true) => format!("{gap}▼"),
            (false, _) => String::new(),
        };
        let choice = if chosen && !sorted { "›" } else { "" };
        let role = if chosen && !sorted {
            Role::Key
        } else {
            Role::Title
        };
        let text = format!("{choice}{}{mark}", column.title);
        let style = canvas.style(role);
        aligned(column, area, &text, canvas, |canvas, area, x, text| {
            canvas.styled(area, x, text, style);
        });
    }
}

/// Puts a text of ours into its column, at the side where its values stand.
fn aligned(
    column: &Column,
    row: Rect,
    text: &str,
    canvas: &mut Canvas<'_>,
    put: impl FnOnce(&mut Canvas<'_>, Rect, u16, &str),
) {
    let area = Rect::new(row.x + column.x, row.y, column.width, row.height);
    let x = match column.align {
        Align::Right => {
            let cells = width_cols(&canvas.plain(text)) as u16;
            area.width.saturating_sub(cells)
        }
        _ => 0,
    };
    put(canvas, area, x, text);
}

/// A row on screen.
struct DrawnRow<'a> {
    id: RowId,
    row: Row<'a>,
    /// True if the cursor is on it.
    is_cursor: bool,
    /// True if the table has the focus.
    is_focused: bool,
    /// True if the row above it shows the same user.
    repeats_user: bool,
    /// What the live filter looks for.
    hits: &'a Hits,
}

/// Lets what the live filter found stand out in a cell whose text begins at `start`.
fn mark_hit(
    area: Rect,
    start: u16,
    text: &str,
    hit: Option<Range<usize>>,
    canvas: &mut Canvas<'_>,
) {
    let Some(hit) = hit else { return };
    let before = start.saturating_add(width_cols(&text[..hit.start]) as u16);
    let cells = width_cols(&text[hit]) as u16;
    let right = before.saturating_add(cells).min(area.width);
    if before < right {
        let style = canvas.style(Role::Hit);
        let found = Rect::new(area.x + before, area.y, right - before, 1);
        canvas.restyle(found, style);
    }
}

fn draw_row(state: &State, area: Rect, drawn: &DrawnRow<'_>, canvas: &mut Canvas<'_>) {
    let selected = drawn.is_cursor && drawn.is_focused;
    if drawn.is_cursor {
        canvas.text(area, 0, ">", Role::Text);
    }
    if state.results.marks.contains(drawn.id) {
        canvas.text(area, MARK, "*", Role::Title);
    }
    if let Some(change) = state.results.changes.of(drawn.id) {
        let (sign, role) = watch::sign(change);
        canvas.text(area, CHANGE, sign, role);
    }
    for column in &state.layout.columns {
        let Some(what) = &column.what else {
            let bar = cells::life_bar(state, drawn.id, drawn.row);
            canvas.text(area, column.x, &bar, Role::Text);
            continue;
        };
        let cell = cells::cell_of(state, drawn.id, drawn.row, what);
        // The row under the cursor has one style, so that it can be read on any background.
        let role = match what {
            _ if selected => Role::Text,
            Property::Field(Field::User) if drawn.repeats_user && !drawn.is_cursor => Role::Dim,
            _ => cell.role,
        };
        let style = canvas.style(role);
        let hit = drawn.hits.find(what, &cell.text);
        if cell.outside {
            let cell_area = Rect::new(area.x + column.x, area.y, column.width, area.height);
            let mark = if cell.is_json {
                canvas.json_mark(cell_area, style)
            } else {
                0
            };
            canvas.outside(cell_area, mark, &cell.text, style);
            mark_hit(cell_area, mark, &cell.text, hit, canvas);
        } else {
            aligned(column, area, &cell.text, canvas, |canvas, area, x, text| {
                canvas.styled(area, x, text, style);
            });
            if column.align == Align::Left {
                let cell_area = Rect::new(area.x + column.x, area.y, column.width, area.height);
                mark_hit(cell_area, 0, &cell.text, hit, canvas);
            }
        }
    }
    let role = match (drawn.is_cursor, drawn.is_focused) {
        (true, true) => Role::Selection,
        (true, false) => Role::SelectionIdle,
        _ => return,
    };
    let style = canvas.style(role);
    canvas.restyle(area, style);
}

/// The text at the right of the title: marks, and the live view where there is no other place for it, before
/// the count.
fn count_text(state: &State, ascii: bool, length: CountLength) -> (String, Role) {
    let (count, role) = count(state, ascii, length);
    let is_tabs = state.layout.mode == Mode::Tabs;
    let live = watch::words(state, true).filter(|_| is_tabs);
    let live = live.map_or_else(String::new, |live| format!("{live} · "));
    (format!("{live}{}{count}", marked(state)), role)
}

/// How much is said behind the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CountLength {
    /// All.
    Whole,
    /// No numbers by kind.
    WithoutKinds,
    /// Neither those nor the name in a remark.
    Brief,
}

/// The position of the cursor, the number of rows, and a remark about them.
fn count(state: &State, ascii: bool, length: CountLength) -> (String, Role) {
    let long = state.layout.is_long();
    let brief = length == CountLength::Brief;
    let live_kinds = |state: &State| match length {
        CountLength::Whole => live_kinds(state),
        CountLength::WithoutKinds | CountLength::Brief => String::new(),
    };
    let results = &state.results;
    if results.query.is_none() && results.rows.is_empty() && !state.is_loading() {
        return (String::new(), Role::Dim);
    }
    let number = |n: usize| with_thousands(n as u64);
    let shown = results.order.len();
    let loaded = results.rows.len();
    let cursor = if shown == 0 { 0 } else { results.cursor + 1 };
    if let (true, Some(stopped)) = (is_truncated(state), cut::stopped(state)) {
        let (over, over_words) = if results.is_filtered() {
            (0, String::new())
        } else {
            over(state)
        };
        let live = number(shown.saturating_sub(over));
        if brief {
            return (format!("{live} shown, cut"), Role::Warn);
        }
        let kinds = live_kinds(state);
        let text = format!("{live} shown{kinds}{over_words}, {stopped}");
        return (text, Role::Warn);
    }
    if state.is_loading() && !results.stale {
        let tail = match long && state.spinner {
            true if state.prefs.reduced_motion => " · loading".to_owned(),
            true => format!(" {} loading", super::spinner(state, ascii)),
            false => String::new(),
        };
        return (
            format!(
                "{}/{}+{}{tail}",
                number(cursor),
                number(loaded),
                results.rows.kinds().in_brackets()
            ),
            Role::Dim,
        );
    }
    let mut text = match (shown, results.is_filtered()) {
        (0, false) => "0 of 0".to_owned(),
        (_, true) => format!("{}/{} of {}", number(cursor), number(shown), number(loaded)),
        _ => format!("{}/{}", number(cursor), number(shown)),
    };
    let kinds = live_kinds(state);
    let (over, over_words) = over(state);
    if over > 0 && shown > 0 && !results.is_filtered() {
        let live = shown.saturating_sub(over);
        // A row that is over has its place too: past the last of those alive there is none to name.
        let place = (cursor <= live).then(|| format!("{}/", number(cursor)));
        let place = place.unwrap_or_default();
        text = format!("{place}{}{kinds}{over_words}", number(live));
    } else {
        text.push_str(&kinds);
    }
    let mut role = Role::Dim;
    if let Some((words, grave)) = words::trouble(state, brief) {
        text = format!("{text} · {words}");
        role = if grave { Role::Warn } else { Role::Dim };
    } else if results.ordering {
        text.push_str(" · sorting…");
    } else if long && shown > 0 && is_whole(state) && !state.layout.is_form_line {
        text.push_str(" · all loaded");
    }
    (text, role)
}

/// How many sessions are marked, for the title. Empty: none is.
fn marked(state: &State) -> String {
    let marks = &state.results.marks;
    match (marks.len(), marks.hidden()) {
        (0, _) => String::new(),
        (all, 0) => format!("{} marked · ", with_thousands(all as u64)),
        (all, hidden) => format!(
            "{} marked, {} hidden · ",
            with_thousands(all as u64),
            with_thousands(hidden as u64)
        ),
    }
}

/// The shown sessions by kind, in brackets; without those that are over since they were loaded, unless a
/// filter counts them too. Empty if all are of one kind.
fn live_kinds(state: &State) -> String {
    let results = &state.results;
    let kinds = results.order.kinds(&results.rows).clone();
    if results.is_filtered() {
        return kinds.in_brackets();
    }
    if !kinds.are_several() {
        return String::new();
    }
    let over = results.over().filter_map(|id| results.rows.get(id));
    let over = over.map(Row::kind_name).collect();
    kinds.without(&over).in_brackets()
}

/// How many of the rows are over since they were loaded, and that in words: " + 2 ended + 1 gone".
fn over(state: &State) -> (usize, String) {
    let count = |status| state.results.count(&status);
    let (ended, gone) = (count(RowStatus::Revoked), count(RowStatus::AlreadyGone));
    // The title counts those, beside what else has changed.
    let vanished = state.results.changes.gone;
    let mut words = String::new();
    for (count, word) in [(ended, "ended"), (gone, "gone")] {
        if count > 0 {
            words.push_str(&format!(" + {} {word}", with_thousands(count as u64)));
        }
    }
    (ended + gone + vanished, words)
}

/// True if the one system that was asked cut its list. Of several, the one that did is named.
fn is_truncated(state: &State) -> bool {
    matches!(state.sources.as_slice(), [source] if cut::cut_at(source).is_some())
}

fn is_whole(state: &State) -> bool {
    !state.sources.is_empty() && state.sources.iter().all(Source::is_whole)
}

/// The remark below the sessions of a demo, as far as there is room for it.
fn made_up(width: u16) -> &'static str {
    const LONG: &str = "made-up data · Ctrl-P then Ctrl-N sets up your own";
    if usize::from(width) >= LONG.len() + 6 {
        LONG
    } else {
        "made-up data"
    }
}

/// The live filter, or the quick filters, in the lower border.
fn lower_border(state: &State, area: Rect, focused: bool, canvas: &mut Canvas<'_>) {
    let row = area.height.saturating_sub(1);
    let room = border_room(area, row);
    let results = &state.results;
    let Some(live) = &results.live else {
        if !results.quick.is_empty() {
            let text = format!("only {} · F drops", words::clauses(&results.quick));
            let cut = Rect {
                width: room.width.saturating_sub(2),
                ..room
            };
            let end = canvas.text(cut, 0, &format!(" {text}"), Role::Warn);
            canvas.text(room, end, " ", Role::Text);
        } else if state.is_only_demo() {
            canvas.right(area, row, area.x, made_up(area.width), Role::Dim);
        }
        return;
    };
    let mut x = canvas.text(room, 0, " filter: ", Role::Key);
    let most = room.width.saturating_sub(x).min(room.width / 2).max(8);
    let (shown, cursor) = FieldText::of(&live.input).window(most);
    let style = canvas.style(Role::Input);
    if live.editing && focused && room.width > x {
        let at = room.x + (x + cursor).min(room.width - 1);
        canvas.cursor = Some(Position::new(at, room.y));
    }
    x += canvas.outside(room, x, &shown, style);
    let ghost = if live.editing {
        live.ghost.as_str()
    } else {
        ""
    };
    if !ghost.is_empty() {
        x += canvas.outside(room, x, ghost, canvas.style(Role::Dim));
    } else if live.editing && cursor as usize >= width_cols(&shown) {
        x += canvas.text(room, x, " ", Role::Input);
    }
    x += canvas.text(room, x, " ", Role::Text);
    let counts = format!(
        "{} of {}",
        with_thousands(results.order.len() as u64),
        with_thousands(results.rows.len() as u64)
    );
    match (&live.error, live.editing) {
        (Some(error), _) => {
            let text = format!("! {error}");
            canvas.right(area, row, room.x + x, &text, Role::Danger);
        }
        (None, true) => {
            let text = format!("{counts} · Enter keep · Esc drop");
            canvas.right(area, row, room.x + x, &text, Role::Dim);
        }
        (None, false) => {
            let text = format!("{counts} · F drops");
            canvas.right(area, row, room.x + x, &text, Role::Warn);
        }
    }
}

/// "loading page 5 …" below the rows, or over the last two where they fill the table.
fn loading(state: &State, inner: Rect, used: u16, canvas: &mut Canvas<'_>) {
    if !state.is_loading() || !state.spinner || state.results.stale {
        return;
    }
    let cursor = state.results.cursor.saturating_sub(state.results.top);
    let height = state.layout.table_height();
    let free = used + 1 < inner.height;
    // Larger screens tell it in the title. The row under the cursor is never covered.
    let compact = state.layout.mode == Mode::Compact;
    if !free && (!compact || cursor + 2 >= usize::from(height) || height < 4) {
        return;
    }
    let row = if free { used + 1 } else { inner.height - 1 };
    for line in [row - 1, row] {
        let area = nth_row(inner, line);
        if !free {
            canvas.fill(area, Role::Text);
        }
    }
    let text = loading_words(state, canvas.is_ascii());
    let long = inner.width >= 100 && !state.results.rows.is_empty();
    let text = if long {
        format!(
            "{text}  {} so far",
            number_of(state.results.rows.len() as u64, "row")
        )
    } else {
        text
    };
    middle(nth_row(inner, row), &text, Role::Dim, canvas);
}

fn loading_words(state: &State, ascii: bool) -> String {
    let pages: u32 = state.sources.iter().map(|source| source.pages).sum();
    let page = with_thousands(u64::from(pages) + 1);
    if state.prefs.reduced_motion {
        format!("loading page {page} …")
    } else {
        format!("{} loading page {page} …", super::spinner(state, ascii))
    }
}

fn middle(area: Rect, text: &str, role: Role, canvas: &mut Canvas<'_>) {
    let cells = width_cols(&canvas.plain(text)) as u16;
    let x = area.width.saturating_sub(cells) / 2;
    canvas.text(area, x, text, role);
}

/// The lines of the table when it has no row to show.
fn nothing(state: &State, inner: Rect, canvas: &mut Canvas<'_>) {
    if state.is_loading() {
        if state.spinner {
            let text = loading_words(state, canvas.is_ascii());
            middle(
                nth_row(inner, middle_row(inner, 1)),
                &text,
                Role::Dim,
                canvas,
            );
        }
        return;
    }
    let lines = super::empty::empty_words(state);
    let first = middle_row(inner, lines.len() as u16);
    let widest = lines
        .iter()
        .map(|(line, _)| width_cols(line))
        .max()
        .unwrap_or(0) as u16;
    // One left edge for all lines, as far left as the widest needs.
    let x = (inner.width.saturating_sub(widest) / 2)
        .min(18.max(inner.width / 4))
        .max(1);
    for (area, (line, role)) in inner.rows().skip(first.into()).zip(&lines) {
        let style = canvas.style(*role);
        let plain = canvas.plain(line).into_owned();
        canvas.outside(area, x, &plain, style);
    }
}

/// The first of `count` rows in the middle of the rows below the titles.
fn middle_row(inner: Rect, count: u16) -> u16 {
    1 + inner.height.saturating_sub(1 + count) / 2
}
