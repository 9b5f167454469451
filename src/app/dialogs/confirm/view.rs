//! How the question before a revoke is drawn.

use super::{Confirm, ConfirmFocus, OneSession};
use crate::app::cells;
use crate::app::dialog_view::{DialogView, FieldText, ViewLine, is_large, sentences, text_cells};
use crate::app::life;
use crate::app::revoke_plan::{ConfirmKind, RevokePlan, WholeUser};
use crate::app::role::Role;
use crate::app::source::Source;
use crate::app::state::State;
use crate::app::words;
use crate::model::KindCounts;
use crate::model::text::{cut_end, width_cols, with_thousands};
use crate::store::SourceId;

/// Widths of the boxes: one session and several, on large screens and on small ones.
const ONE: (u16, u16) = (70, 70);
const SEVERAL: (u16, u16) = (72, 62);
/// How many users are named before the rest is counted.
const USERS: usize = 4;
/// Cells of the labels.
const LABEL: usize = 10;
/// Cells of the field for what must be typed, at least and at most.
const TYPED: (usize, usize) = (5, 30);

/// The question as it is drawn.
pub(super) fn view(state: &State, confirm: &Confirm) -> DialogView {
    let large = is_large(state.size);
    let several = is_several(confirm);
    let sizes = if several { SEVERAL } else { ONE };
    let width = if large { sizes.0 } else { sizes.1 };
    let text = text_cells(state.size, width);
    let mut lines = Vec::new();
    let blank = || ViewLine::default();
    if large {
        lines.push(blank());
    }
    lines.extend(facts(state, confirm, large, text));
    if let Some(one) = &confirm.one {
        lines.extend(life_line(state, one, text));
    }
    lines.push(blank());
    let warnings = warnings(confirm, text);
    if !warnings.is_empty() {
        lines.extend(warnings);
        lines.push(blank());
    }
    let undo = if large || confirm.one.is_some() {
        "There is no undo."
    } else {
        "No undo."
    };
    if let Some(one) = &confirm.one {
        lines.extend(outcome(confirm, one, text));
        lines.push(indented(undo));
    } else {
        let after = format!("{} {undo}", confirm.after);
        for system in after.trim().lines() {
            lines.extend(sentences(system, text).into_iter().map(indented));
        }
    }
    lines.push(blank());
    if fields(state, confirm, text, &mut lines) {
        lines.push(blank());
    }
    lines.push(buttons(confirm, large, several));
    if large {
        lines.push(underline(lines.last().expect("pushed above"), confirm));
        lines.push(blank());
    }
    DialogView {
        title: confirm.title.clone(),
        danger: true,
        banner: confirm.production,
        footer: footer(confirm, large),
        lines,
        ..DialogView::default()
    }
    .placed(state.size, width)
}

fn indented(text: impl Into<String>) -> ViewLine {
    ViewLine::plain("  ").with(text, Role::Text)
}

/// The life line of the session in question.
fn life_line(state: &State, one: &OneSession, width: usize) -> Option<ViewLine> {
    let moments = one.moments.as_ref()?;
    let word = cells::word_at(state, one.source, moments);
    let now = state.now_at(one.source);
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
fn outcome(confirm: &Confirm, one: &OneSession, width: usize) -> Vec<ViewLine> {
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

fn is_several(confirm: &Confirm) -> bool {
    match &confirm.kind {
        ConfirmKind::Rows(plan) => plan.send.len() != 1,
        ConfirmKind::User(_) => true,
    }
}

fn facts(state: &State, confirm: &Confirm, large: bool, width: usize) -> Vec<ViewLine> {
    let mut lines = Vec::new();
    if let ConfirmKind::Rows(plan) = &confirm.kind
        && plan.send.len() != 1
    {
        lines.extend(counts(state, plan, large, width));
    }
    if large {
        lines.extend(labelled(&confirm.facts, width));
    } else {
        lines.extend(confirm.short.iter().map(|line| indented(cut(line, width))));
    }
    lines
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

/// How many sessions of whom are sent where, and what is left out.
fn counts(state: &State, plan: &RevokePlan, large: bool, width: usize) -> Vec<ViewLine> {
    let users = by_user(plan);
    let all = plan.send.len();
    let people = match users.len() {
        1 => "1 user".to_owned(),
        n => format!("{} users", with_thousands(n as u64)),
    };
    let mut lines = Vec::new();
    for (source, count) in by_source(state, plan) {
        let Some(opened) = state.source(source) else {
            continue;
        };
        let mut line = indented(format!("{} of {people} on  ", sessions(count)));
        if count != all {
            line = indented(format!("{} on  ", sessions(count)));
        }
        line = line.with(&opened.profile.name, Role::Title);
        if opened.profile.policy.production {
            line = line.with("  (PRODUCTION)", Role::Danger);
        }
        lines.push(line);
    }
    let named = users.iter().take(USERS);
    let rest: usize = users.iter().skip(USERS).map(|(_, count)| count).sum();
    if large {
        lines.push(ViewLine::default());
        let mut cells: Vec<(String, usize)> = named.cloned().collect();
        if rest > 0 {
            cells.push((format!("… {} more users", users.len() - USERS), rest));
        }
        for pair in cells.chunks(2) {
            let mut line = ViewLine::plain("    ");
            for (at, (name, count)) in pair.iter().enumerate() {
                let name = cut(name, 23);
                let blanks = 28_usize.saturating_sub(width_cols(&name) + count.to_string().len());
                let gap = if at > 0 { "      " } else { "" };
                let text = format!("{gap}{name}{}{count}", " ".repeat(blanks));
                line = line.with(text, Role::Text);
            }
            lines.push(line);
        }
    } else {
        let mut words: Vec<String> = named
            .map(|(name, count)| format!("{} {count}", cut(first_part(name), 14)))
            .collect();
        if rest > 0 {
            words.push(format!("{} more {rest}", users.len() - USERS));
        }
        lines.push(indented(cut(&words.join(" · "), width)));
    }
    if large {
        lines.push(ViewLine::default());
    }
    lines.extend(skipped(plan, width));
    lines
}

fn sessions(count: usize) -> String {
    match count {
        1 => "1 session".to_owned(),
        n => format!("{} sessions", with_thousands(n as u64)),
    }
}

fn first_part(name: &str) -> &str {
    // Half of a quoted name would not say where it ends.
    if name.starts_with('"') {
        name
    } else {
        name.split('@').next().unwrap_or(name)
    }
}

/// The rows that are left out, and why.
fn skipped(plan: &RevokePlan, width: usize) -> Vec<ViewLine> {
    if plan.skip.is_empty() {
        return Vec::new();
    }
    let all: usize = plan.skip.iter().map(|(count, _)| count).sum();
    let mut lines = vec![indented(format!(
        "{} can be ended · {} left out:",
        with_thousands(plan.send.len() as u64),
        with_thousands(all as u64)
    ))];
    lines.extend(plan.skip.iter().map(|(count, why)| {
        let text = cut(&format!("{count:>4}  {why}"), width);
        ViewLine::plain("  ").with(text, Role::Warn)
    }));
    lines
}

fn by_user(plan: &RevokePlan) -> Vec<(String, usize)> {
    let mut users: std::collections::BTreeMap<String, usize> = Default::default();
    for item in &plan.send {
        *users.entry(words::shown(&item.subject)).or_default() += 1;
    }
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    users
}

/// The systems that are touched, production first.
fn by_source(state: &State, plan: &RevokePlan) -> Vec<(SourceId, usize)> {
    let mut sources: std::collections::BTreeMap<SourceId, usize> = Default::default();
    for item in &plan.send {
        *sources.entry(item.source).or_default() += 1;
    }
    let mut sources: Vec<_> = sources.into_iter().collect();
    sources.sort_by_key(|(source, _)| {
        let opened = state.source(*source);
        !opened.is_some_and(|s| s.profile.policy.production)
    });
    sources
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
fn fields(state: &State, confirm: &Confirm, width: usize, lines: &mut Vec<ViewLine>) -> bool {
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
    if let ConfirmKind::User(whole) = &confirm.kind
        && let Some(everywhere) = &whole.everywhere
    {
        lines.push(reach(state, whole, everywhere, confirm.focus));
    }
    let Some(typed) = &confirm.typed else {
        return lines.len() > before;
    };
    let longest = typed.expect.iter().map(|text| width_cols(text)).max();
    let wanted = (longest.unwrap_or(0) + 1).clamp(TYPED.0, TYPED.1);
    let mut line = indented(format!("{}  ", typed.ask));
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

/// "3 loaded", with the kinds where there are several.
fn loaded(counts: &KindCounts) -> String {
    format!("{} loaded{}", counts.total(), counts.in_brackets())
}

/// The choice between the realm of the row and every one, and what the other would mean.
fn reach(
    state: &State,
    whole: &WholeUser,
    everywhere: &KindCounts,
    focus: ConfirmFocus,
) -> ViewLine {
    let source = state.source(whole.source);
    let word = source.map_or_else(|| "Scope".to_owned(), Source::scope_word);
    let scope = whole.user.scope.as_ref().map(|scope| scope.named());
    let scope = cut(scope.as_deref().unwrap_or("-"), 20);
    let here = format!("only {scope}");
    let all = format!("every {}", word.to_lowercase());
    let cells = width_cols(&here).max(width_cols(&all)) + 2;
    let (shown, other) = if whole.is_everywhere {
        (all, format!("{} in {scope}", loaded(&whole.here)))
    } else {
        (here, format!("{} in {all}", loaded(everywhere)))
    };
    let focused = focus == ConfirmFocus::Reach;
    let role = if focused {
        Role::ButtonFocus
    } else {
        Role::Input
    };
    let blanks = " ".repeat(cells.saturating_sub(width_cols(&shown) + 1));
    let arrows = if focused { "←→ " } else { "" };
    ViewLine::plain("  ")
        .with(format!("{word}  "), Role::Text)
        .with("[", Role::Dim)
        .with(format!("{shown}{blanks}▾"), role)
        .with("]", Role::Dim)
        .with(format!("  {arrows}{other}"), Role::Dim)
}

fn buttons(confirm: &Confirm, large: bool, several: bool) -> ViewLine {
    let left = match (large, several) {
        (true, false) => 12,
        (true, true) => 13,
        (false, false) => 10,
        (false, true) => 8,
    };
    let focused = match confirm.focus {
        ConfirmFocus::Cancel => Some(0),
        ConfirmFocus::Go => Some(1),
        _ => None,
    };
    ViewLine::default().with_buttons(&["Cancel", &confirm.verb], &[left, 6], focused)
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
