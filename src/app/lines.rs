//! The lines of the details: every fact of a session in words, its attributes, or its JSON.

use std::borrow::Cow;

use super::area::{BORDER, Mode};
use super::detail_line::{DetailLine, LABELS, LineKind};
use super::effect::Copied;
use super::facts;
use super::hinted;
use super::raw_json;
use super::role::Role;
use super::screen_layout::VisualRow;
use super::sentence::sentence;
use super::state::{Pane, State};
use super::text_wrap::{Piece, PieceKind, wrap, wrap_pieces};
use crate::model::text::{Ellipsis, mask, number_of, with_thousands};
use crate::model::{Class, Session};
use crate::store::{Row, RowId};

/// From this width of the pane's inside on, facts stand in two columns.
pub const TWO_COLUMNS: u16 = 118;

/// The session whose details are shown: as it was read anew, else as it was loaded.
pub fn shown(state: &State) -> Option<(RowId, Row<'_>, Cow<'_, Session>)> {
    let (id, row) = state.results.current()?;
    let session = match &state.details.fresh {
        Some((fresh, session)) if *fresh == id => Cow::Borrowed(&**session),
        _ => match &state.details.loaded {
            Some((loaded, session)) if *loaded == id => Cow::Borrowed(&**session),
            _ => Cow::Owned(row.session()),
        },
    };
    Some((id, row, session))
}

/// Where the right column begins, in cells from where the left one does.
pub fn right_column(width: u16) -> u16 {
    (width / 2).saturating_sub(3)
}

fn is_two_columns(state: &State) -> bool {
    state.layout.details.inner(BORDER).width >= TWO_COLUMNS && !state.details.raw
}

/// True if the details have the short form of a compact screen.
pub fn is_short(state: &State) -> bool {
    state.layout.mode == Mode::Compact && state.focus != Pane::Details && !state.details.raw
}

/// All lines. Empty if no row is under the cursor.
pub(super) fn detail_lines(state: &State) -> Vec<DetailLine> {
    let Some((id, row, session)) = shown(state) else {
        return Vec::new();
    };
    let session = &*session;
    let width = usize::from(state.layout.details_width()).max(1);
    if is_short(state) {
        return facts::short(state, id, row, session, width);
    }
    let mut lines = if state.details.raw {
        json_lines(session, width, state.prefs.ascii)
    } else {
        field_lines(state, id, row, session, width)
    };
    if let Some(find) = find_text(state) {
        for line in &mut lines {
            line.found = matches(line, &find);
        }
    }
    lines
}

fn json_lines(session: &Session, width: usize, ascii: bool) -> Vec<DetailLine> {
    let ellipsis = if ascii { "..." } else { "…" };
    raw_json::lines(session, ellipsis)
        .iter()
        .flat_map(|line| wrap(line, width))
        .map(|value| DetailLine {
            value,
            ..DetailLine::new(LineKind::Json, "", "", Role::Text)
        })
        .collect()
}

fn field_lines(
    state: &State,
    id: RowId,
    row: Row<'_>,
    session: &Session,
    width: usize,
) -> Vec<DetailLine> {
    let half = is_two_columns(state).then(|| usize::from(right_column(width as u16)));
    let (left, right) = facts::facts(state, id, row, session);
    let mut lines = facts::sentence_lines(state, id, row, session, width);
    lines.extend(facts::life_line(state, id, row, session, width));
    // Behind the fields in two columns, which so stay where they are from session to session.
    let mut long = hinted::lines(state, id, row, session);
    let sides = [(left, half), (right, half.map(|half| width - half))];
    for (side, cells) in sides {
        for line in side {
            match cells {
                // A text that would be cut in its half takes lines of its own below.
                Some(cells) if line.cells() + 2 <= cells => {
                    lines.push(DetailLine { half: true, ..line });
                }
                Some(_) => long.push(line),
                None => lines.extend(wrapped(line, width)),
            }
        }
    }
    long.extend(facts::full(state, row, session));
    lines.extend(long.into_iter().flat_map(|line| wrapped(line, width)));
    lines.extend(attributes(state, session, width, half));
    lines
}

fn attributes(
    state: &State,
    session: &Session,
    width: usize,
    half: Option<usize>,
) -> Vec<DetailLine> {
    if session.extra.is_empty() {
        return Vec::new();
    }
    let rule = "─".repeat(width.saturating_sub(22).max(2));
    let heading = format!("── attributes {rule}");
    let mut lines = vec![DetailLine::new(LineKind::Heading, "", &heading, Role::Dim)];
    for (index, attribute) in session.extra.iter().enumerate() {
        // A label keeps room for its value.
        let most = width.saturating_sub(LABELS).max(LABELS);
        let name = attribute.name.safe_cut(most, Ellipsis::Sign);
        let secret = attribute.class == Class::Secret;
        let revealed = state.details.revealed.as_deref() == Some(attribute.name.expose());
        let role = match (secret, revealed) {
            (true, false) => Role::Dim,
            (true, true) => Role::Warn,
            _ => Role::Text,
        };
        let mut line = DetailLine::new(LineKind::Attribute(index), &name, "", role);
        line.secret = secret.then(|| attribute.name.expose().to_owned());
        if secret && !revealed {
            line.value = vec![Piece::own(mask(attribute.value.expose()))];
        } else {
            let (cut, note) = facts::cut_value(attribute.value.expose());
            line.value = Piece::all(cut);
            line.value.extend(note.map(Piece::note));
        }
        match half {
            Some(half) if line.cells() + 2 <= half => {
                line.half = true;
                lines.push(line);
            }
            _ => lines.extend(wrapped(line, width)),
        }
    }
    lines
}

/// A line and those that go on with its value.
fn wrapped(mut line: DetailLine, width: usize) -> Vec<DetailLine> {
    let room = width.saturating_sub(line.label_cells()).max(1);
    if line.value_cells() <= room {
        return vec![line];
    }
    // A value may have ten thousands of pieces: they are moved, not copied for each line.
    let pieces = std::mem::take(&mut line.value);
    let mut label = std::mem::take(&mut line.label);
    wrap_pieces(&pieces, room)
        .into_iter()
        .map(|value| DetailLine {
            value,
            label: std::mem::take(&mut label),
            ..line.clone()
        })
        .collect()
}

/// How the lines stand on screen: halves are paired, facts column by column, attributes row by row.
pub(super) fn visual_rows(lines: &[DetailLine]) -> Vec<VisualRow> {
    let mut rows = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let single = VisualRow {
            left: at,
            right: None,
        };
        if !line.half {
            rows.push(single);
            at += 1;
            continue;
        }
        let run = lines[at..]
            .iter()
            .take_while(|next| next.half && is_same_kind(next, line))
            .count();
        match line.kind {
            LineKind::Attribute(_) => rows.extend((at..at + run).step_by(2).map(|left| {
                let right = (left + 1 < at + run).then_some(left + 1);
                VisualRow { left, right }
            })),
            _ => rows.extend(columns_of(&lines[at..at + run], at)),
        }
        at += run;
    }
    rows
}

fn is_same_kind(a: &DetailLine, b: &DetailLine) -> bool {
    matches!(a.kind, LineKind::Attribute(_)) == matches!(b.kind, LineKind::Attribute(_))
}

/// Pairs the facts of both columns. The right column begins with the first fact about time.
fn columns_of(lines: &[DetailLine], first: usize) -> Vec<VisualRow> {
    let split = lines
        .iter()
        .position(
            |line| matches!(line.kind, LineKind::Fact(field) if facts::is_at_the_right(field)),
        )
        .unwrap_or(lines.len().div_ceil(2));
    let right = lines.len() - split;
    // A right column that is longer goes on at the left.
    let rows = split.max(right);
    (0..rows)
        .map(|row| match (row < split, row < right) {
            (true, true) => VisualRow {
                left: first + row,
                right: Some(first + split + row),
            },
            (true, false) => VisualRow {
                left: first + row,
                right: None,
            },
            (false, _) => VisualRow {
                left: first + split + row,
                right: None,
            },
        })
        .collect()
}

/// The nearest line that is no heading: first below, or first above.
pub fn off_heading(lines: &[DetailLine], to: usize, down: bool) -> usize {
    let is_field = |at: &usize| {
        lines
            .get(*at)
            .is_some_and(|line| line.kind != LineKind::Heading)
    };
    let below = || (to..lines.len()).find(is_field);
    let above = || (0..=to).rev().find(is_field);
    let found = if down {
        below().or_else(above)
    } else {
        above().or_else(below)
    };
    found.unwrap_or(to)
}

/// The text to find in the details, in lower case. `None`: nothing.
fn find_text(state: &State) -> Option<String> {
    let find = state.details.find.as_ref()?;
    let text = find.input.value().trim().to_lowercase();
    (!text.is_empty()).then_some(text)
}

fn matches(line: &DetailLine, find: &str) -> bool {
    line.is_field()
        && (line.label.to_lowercase().contains(find) || line.text().to_lowercase().contains(find))
}

/// The lines that the text search matches.
pub fn find_matches(state: &State) -> Vec<usize> {
    let lines = state.layout.lines.iter();
    lines
        .enumerate()
        .filter(|(_, line)| line.found)
        .map(|(index, _)| index)
        .collect()
}

/// The text that `y` copies on a line: the whole value, not only the part on screen. `None`: there
/// is nothing on it, or the profile gives out no secrets.
pub fn line_value(state: &State, line: usize) -> Option<(Copied, String)> {
    let (_, row, session) = shown(state)?;
    let session = &*session;
    let line = state.layout.lines.get(line)?;
    let may_reveal = state
        .source(row.source())
        .is_some_and(|source| source.profile.policy.reveal);
    match line.kind {
        LineKind::Heading => None,
        LineKind::Sentence => {
            let lines = state.layout.lines.iter();
            let lines = lines.filter(|line| line.kind == LineKind::Sentence);
            let said = |line: &DetailLine| {
                let pieces = line.value.iter().filter(|p| p.kind != PieceKind::Note);
                pieces.map(|piece| piece.text.as_str()).collect::<String>()
            };
            let text: Vec<String> = lines.map(|line| said(line).trim().to_owned()).collect();
            Some((Copied::Value, text.join(" ")))
        }
        LineKind::Attribute(index) => session
            .extra
            .get(index)
            .filter(|attribute| attribute.class == Class::Plain || may_reveal)
            .map(|attribute| {
                let what = match attribute.class {
                    Class::Plain => Copied::Value,
                    Class::Secret => Copied::Secret,
                };
                (what, attribute.value.expose().to_owned())
            }),
        LineKind::Fact(field) => match facts::whole_value(session, field) {
            Some(facts::Whole::Id) => {
                may_reveal.then(|| (Copied::SessionId, session.id().to_owned()))
            }
            Some(facts::Whole::Text(text)) => Some((Copied::Value, text)),
            None => Some((Copied::Value, line.text())),
        },
        LineKind::Untold | LineKind::Life | LineKind::Json => {
            Some((Copied::Value, line.text().trim().to_owned()))
        }
    }
}

/// True if the value under the cursor exists, but the profile hides it.
pub fn is_withheld(state: &State) -> bool {
    let Some((_, row, session)) = shown(state) else {
        return false;
    };
    let session = &*session;
    let source = state.source(row.source());
    if source.is_none_or(|source| source.profile.policy.reveal) {
        return false;
    }
    let lines = &state.layout.lines;
    lines
        .get(state.details.line)
        .is_some_and(|line| match line.kind {
            LineKind::Attribute(_) => line.secret.is_some(),
            LineKind::Fact(field) => {
                let whole = facts::whole_value(session, field);
                matches!(whole, Some(facts::Whole::Id))
            }
            _ => false,
        })
}

/// The session in a sentence to read aloud. `None`: no row is under the cursor.
pub(super) fn spoken(state: &State) -> Option<String> {
    let (id, row, session) = shown(state)?;
    let pieces = sentence(state, id, row, &session);
    Some(pieces.into_iter().map(|piece| piece.text).collect())
}

/// The session as JSON: as it was received, else made of what is known. Secrets are in it.
/// `None`: no row is under the cursor.
pub fn row_json(state: &State) -> Option<String> {
    let (_, _, session) = shown(state)?;
    let session = &*session;
    Some(match &session.raw {
        Some(raw) => raw.get().to_owned(),
        None => raw_json::from_fields(session).to_string(),
    })
}

/// How many fields there are, and the first and last of them on screen, counted from 1:
/// "7-16 of 24 fields".
pub fn count_words(state: &State) -> String {
    let (lines, rows) = (&state.layout.lines, &state.layout.rows);
    if state.details.raw {
        return number_of(lines.len() as u64, "line");
    }
    let is_counted = |index: usize| lines[index].is_field() && !lines[index].label.is_empty();
    let count = (0..lines.len()).filter(|at| is_counted(*at)).count();
    let top = state.details.top;
    let height = usize::from(state.layout.details_height());
    let of_rows = |rows: &[VisualRow]| {
        rows.iter()
            .flat_map(|row| std::iter::once(row.left).chain(row.right))
            .filter(|at| is_counted(*at))
            .count()
    };
    let end = (top + height).min(rows.len());
    let top = top.min(end);
    let window = &rows[top..end];
    let last = of_rows(&rows[..top]) + of_rows(window);
    // A value that began above goes on in the first line.
    let goes_on = window
        .first()
        .map(|row| &lines[row.left])
        .is_some_and(|line| line.is_field() && line.label.is_empty());
    let first = last + 1 - (of_rows(window) + usize::from(goes_on)).min(last + 1);
    let count_words = with_thousands(count as u64);
    let number = |at: usize| with_thousands(at as u64);
    match (first, last) {
        (0 | 1, last) if last == count => format!("{count_words} fields"),
        (first, last) if first >= last => format!("{} of {count_words} fields", number(last)),
        (first, last) => format!("{}-{} of {count_words} fields", number(first), number(last)),
    }
}

/// How many fields the session has, for the short form.
pub fn field_count(state: &State) -> usize {
    let Some((id, row, session)) = shown(state) else {
        return 0;
    };
    let session = &*session;
    let (left, right) = facts::facts(state, id, row, session);
    let full = facts::full(state, row, session).len();
    let hints = hinted::lines(state, id, row, session).len();
    left.len() + right.len() + full + hints + session.extra.len()
}
