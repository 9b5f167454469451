//! How the question before one session ends is drawn.

use super::{Confirm, ConfirmFocus, VERB};
use crate::app::cells;
use crate::app::dialog_view::{
    DialogView, FieldText, ViewLine, is_large, sentences, text_cells, typed_prompt,
};
use crate::app::life;
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::text::{cut_end, number_of, width_cols, with_thousands};

const WIDTH: u16 = 70;
/// Cells of the labels.
const LABEL: usize = 10;
/// Cells of the field for what must be typed, at least and at most.
const TYPED: (usize, usize) = (5, 30);

/// The question as it is drawn.
pub(super) fn view(state: &State, confirm: &Confirm) -> DialogView {
    let large = is_large(state.size);
    let text = text_cells(state.size, WIDTH);
    let mut lines = Vec::new();
    let blank = || ViewLine::default();
    if large {
        lines.push(blank());
    }
    lines.extend(facts(confirm, large, text));
    lines.extend(life_line(state, confirm, text));
    lines.push(blank());
    let warnings = warnings(confirm, text);
    if !warnings.is_empty() {
        lines.extend(warnings);
        lines.push(blank());
    }
    lines.extend(outcome(confirm, text));
    lines.push(indented("There is no undo."));
    lines.push(blank());
    if fields(confirm, text, &mut lines) {
        lines.push(blank());
    }
    lines.push(buttons(confirm, large));
    if large {
        lines.push(underline(lines.last().expect("pushed above"), confirm));
        lines.push(blank());
    }
    let on = if confirm.production {
        " on PRODUCTION"
    } else {
        ""
    };
    DialogView {
        title: format!("End session{on}?"),
        danger: true,
        banner: confirm.production,
        footer: footer(confirm, large),
        lines,
        ..DialogView::default()
    }
    .placed(state.size, WIDTH)
}

fn indented(text: impl Into<String>) -> ViewLine {
    ViewLine::plain("  ").with(text, Role::Text)
}

/// The life line of the session in question.
fn life_line(state: &State, confirm: &Confirm, width: usize) -> Option<ViewLine> {
    let (source, moments) = (confirm.item.source, confirm.one.moments.as_ref()?);
    let word = cells::word_at(state, source, moments);
    let now = state.now_at(source);
    let life = life::life(
        moments,
        moments.ended,
        (word, false),
        now,
        state.zone(),
        width,
    )?;
    if life.line.is_empty() {
        return None;
    }
    Some(
        indented(format!("{} {} {}", life.from, life.line, life.to))
            .with(format!("   {}", life.words), Role::Dim),
    )
}

/// What ends now, what stays, and what goes on. The first sentence of the system's own text says what ends.
fn outcome(confirm: &Confirm, width: usize) -> Vec<ViewLine> {
    let one = &confirm.one;
    let room = width.saturating_sub(LABEL);
    let mut lines = Vec::new();
    let mut told = |label: &str, text: &str| {
        for (at, line) in sentences(text, room).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let label = format!("{label:<LABEL$}");
            let line = ViewLine::plain("  ")
                .with(label, Role::Dim)
                .with(line, Role::Text);
            lines.push(line);
        }
    };
    let (ends, stays) = match confirm.after.split_once(". ") {
        Some((ends, stays)) => (format!("{ends}."), stays),
        None => (confirm.after.clone(), ""),
    };
    told("Ends now", &ends);
    if !stays.is_empty() {
        told("Stays", stays);
    }
    if one.others > 0 {
        let count = sessions(one.others).replacen(' ', " more ", 1);
        let all = if one.offers_all {
            format!("  ·  U ends all {}", with_thousands(one.others as u64 + 1))
        } else {
            String::new()
        };
        let name = cut(
            &one.user,
            room.saturating_sub(width_cols(&count) + width_cols(&all) + 4),
        );
        told("Goes on", &format!("{count} of {name}{all}"));
    }
    lines
}

fn facts(confirm: &Confirm, large: bool, width: usize) -> Vec<ViewLine> {
    if large {
        return labelled(&confirm.facts, width);
    }
    let short = confirm.short.iter();
    short.map(|line| indented(cut(line, width))).collect()
}

fn cut(text: &str, width: usize) -> String {
    cut_end(text, width, Default::default()).into_owned()
}

/// Facts with their labels; the short ones `IP` and `on` stand behind the fact before them.
fn labelled(facts: &[(String, String)], width: usize) -> Vec<ViewLine> {
    let mut lines: Vec<ViewLine> = Vec::new();
    for (label, value) in facts {
        let behind = match label.as_str() {
            "IP" => Some(34),
            "on" => Some(28),
            _ => None,
        };
        if let (Some(cell), Some(line)) = (behind, lines.last_mut()) {
            let start = cell.max(line.cells() + 2);
            let part = format!("{label}  ");
            if start + width_cols(&part) + width_cols(value) <= width + 2 {
                *line = std::mem::take(line)
                    .to_cell(start)
                    .with(part, Role::Dim)
                    .with(value, Role::Text);
                continue;
            }
        }
        let value = cut(value, width.saturating_sub(10));
        lines.push(
            ViewLine::plain("  ")
                .with(format!("{label:<10}"), Role::Dim)
                .with(value, Role::Text),
        );
    }
    lines
}

fn sessions(count: usize) -> String {
    number_of(count as u64, "session")
}

fn warnings(confirm: &Confirm, width: usize) -> Vec<ViewLine> {
    confirm
        .warnings
        .iter()
        .flat_map(|warning| sentences(&format!("! {warning}"), width))
        .map(|line| ViewLine::plain("  ").with(line, Role::Warn))
        .collect()
}

/// The fields to be filled in; says whether there is any.
fn fields(confirm: &Confirm, width: usize, lines: &mut Vec<ViewLine>) -> bool {
    let before = lines.len();
    if let Some(reason) = &confirm.reason {
        let label = "Reason, for the audit log:  ";
        let room = width.saturating_sub(width_cols(label) + 2).max(8);
        lines.push(ViewLine::plain("  ").with(label, Role::Text).with_field(
            &FieldText::of(reason),
            room as u16,
            confirm.focus == ConfirmFocus::Reason,
        ));
    }
    let Some(typed) = &confirm.typed else {
        return lines.len() > before;
    };
    let longest = typed.expect.iter().map(|text| width_cols(text)).max();
    let wanted = (longest.unwrap_or(0) + 1).clamp(TYPED.0, TYPED.1);
    let mut line = indented(typed_prompt(&typed.expect));
    if line.cells() + wanted + 2 > width + 2 {
        lines.push(line);
        line = indented("");
    }
    lines.push(line.with_field(
        &FieldText::of(&typed.input),
        wanted.min(width.saturating_sub(2)) as u16,
        confirm.focus == ConfirmFocus::Typed,
    ));
    let because = format!("typed because {}", typed.because);
    lines.push(ViewLine::plain("  ").with(because, Role::Dim));
    if typed.wrong {
        let expected = typed.expect.first().map_or("", String::as_str);
        let text = cut(
            &format!("! no match: type {expected} to confirm, Esc cancels"),
            width,
        );
        lines.push(ViewLine::plain("  ").with(text, Role::Danger));
    }
    true
}

fn buttons(confirm: &Confirm, large: bool) -> ViewLine {
    let left = if large { 12 } else { 10 };
    let focused = match confirm.focus {
        ConfirmFocus::Cancel => Some(0),
        ConfirmFocus::Go => Some(1),
        _ => None,
    };
    ViewLine::default().with_buttons(&["Cancel", VERB], &[left, 6], focused)
}

/// The line under the buttons that shows the focused one without any colour.
fn underline(buttons: &ViewLine, confirm: &Confirm) -> ViewLine {
    let focused = match confirm.focus {
        ConfirmFocus::Cancel => buttons.buttons.first(),
        ConfirmFocus::Go => buttons.buttons.get(1),
        _ => None,
    };
    focused.map_or_else(ViewLine::default, |(start, cells)| {
        let blanks = " ".repeat(usize::from(*start) + 2);
        let rule = "‾".repeat(usize::from(cells.saturating_sub(4)));
        ViewLine::plain(blanks).with(rule, Role::Text)
    })
}

fn footer(confirm: &Confirm, large: bool) -> String {
    match (confirm.typed.is_some() || confirm.reason.is_some(), large) {
        (true, true) => "Enter end · Tab choose · Esc cancel",
        (true, false) => "Esc cancel",
        (false, _) => "Tab choose · y end · Esc cancel",
    }
    .to_owned()
}
