//! How the question before several sessions end is drawn.

use super::{PlanBox, PlanFocus};
use crate::app::dialog_view::{
    DialogView, FieldText, ViewLine, is_large, sentences, text_cells, typed_prompt,
};
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::SystemPlan;
use crate::model::text::{cut_end, number_of, width_cols, with_thousands};

const WIDTH: u16 = 74;
/// Cells of the name of a system, of its number and of its realms.
const SYSTEM: usize = 15;
const ALIVE: usize = 6;
const REALMS: usize = 16;
/// How many users are named before the rest is counted.
const USERS: usize = 4;
/// How many systems are shown at once, on large screens and on small ones.
const SYSTEMS: (usize, usize) = (12, 5);
/// Cells of the field for what must be typed, at least and at most.
const TYPED: (usize, usize) = (6, 30);

/// The question as it is drawn.
pub(super) fn view(state: &State, question: &PlanBox) -> DialogView {
    let large = is_large(state.size);
    let text = text_cells(state.size, WIDTH);
    let plan = &question.plan;
    let mut lines = Vec::new();
    if large {
        lines.push(ViewLine::default());
    }
    lines.extend(systems(question, large));
    lines.extend(users(question, text));
    for (count, why) in plan.left_out() {
        let count = with_thousands(count as u64);
        lines.push(told(&format!("left out {count}: {why}"), text, Role::Warn));
    }
    lines.push(ViewLine::default());
    for doubt in plan.doubts() {
        let doubt = sentences(&format!("! {doubt}"), text).into_iter();
        lines.extend(doubt.map(|line| ViewLine::plain("  ").with(line, Role::Warn)));
    }
    lines.extend(sign_in(question, text));
    lines.extend(after(plan.concerned(), text));
    lines.push(ViewLine::default());
    lines.extend(fields(question, text));
    lines.push(cannot_yet(question, text));
    let verb = format!("End {}", with_thousands(plan.sessions() as u64));
    let focused = match question.focus {
        PlanFocus::Cancel => Some(0),
        PlanFocus::DryRun => Some(1),
        PlanFocus::Go => Some(2),
        _ => None,
    };
    lines.push(ViewLine::default().with_buttons(
        &["Cancel", "Dry run", verb.as_str()],
        &[8, 4],
        focused,
    ));
    if large {
        lines.push(ViewLine::default());
    }
    let production = plan.is_production();
    let on = if production { " on PRODUCTION" } else { "" };
    DialogView {
        title: format!("{}{on}?", question.title),
        danger: true,
        banner: production,
        footer: footer(question).to_owned(),
        lines,
        ..DialogView::default()
    }
    .placed(state.size, WIDTH)
}

fn footer(question: &PlanBox) -> &'static str {
    match question.focus {
        PlanFocus::System(at) if question.can_sign_in(at) => {
            "Enter sign in · Space leave a system out · Esc cancel"
        }
        PlanFocus::System(at) if question.choices(at) > 0 => {
            "Space leave out · ←→ realms · Enter next · Esc cancel"
        }
        PlanFocus::System(_) => "Space leave a system out · Enter next · Esc cancel",
        PlanFocus::Typed => "Enter end · Tab choose · Esc cancel",
        _ => "Tab choose · d dry run · Esc cancel",
    }
}

fn told(text: &str, width: usize, role: Role) -> ViewLine {
    ViewLine::plain("  ").with(cut(text, width), role)
}

fn cut(text: &str, cells: usize) -> String {
    cut_end(text, cells, Default::default()).into_owned()
}

/// A text at the left of so many cells.
fn column(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    let blanks = cells.saturating_sub(width_cols(&text));
    format!("{text}{}", " ".repeat(blanks))
}

/// How the operator signs in to the systems that are not asked because nobody is signed in there.
fn sign_in(question: &PlanBox, width: usize) -> Option<ViewLine> {
    let systems = question.plan.systems.iter().enumerate();
    let lacking = systems.filter(|(at, system)| system.is_in && question.can_sign_in(*at));
    let names: Vec<&str> = lacking.map(|(_, system)| &*system.profile).collect();
    if names.is_empty() {
        return None;
    }
    let text = format!("Enter on its line signs in to {}", names.join(", "));
    Some(told(&text, width, Role::Text))
}

/// The table of the systems, and its sum where there are several.
fn systems(question: &PlanBox, large: bool) -> Vec<ViewLine> {
    let head = format!(
        "      {}{:>ALIVE$}  {}HOW",
        column("SYSTEM", SYSTEM),
        "ALIVE",
        column("REALMS", REALMS)
    );
    let mut lines = vec![ViewLine::default().with(head, Role::Title)];
    let all = &question.plan.systems;
    let most = if large { SYSTEMS.0 } else { SYSTEMS.1 };
    let focused = match question.focus {
        PlanFocus::System(at) => Some(at),
        _ => None,
    };
    let first = (focused.unwrap_or(0) + 1).saturating_sub(most);
    for (at, system) in all.iter().enumerate().skip(first).take(most) {
        let mut line = system_line(question, system, focused == Some(at));
        line.choice = Some(at);
        lines.push(line);
    }
    let hidden = all.len().saturating_sub(most);
    if hidden > 0 {
        let text = format!("      {hidden} more systems");
        lines.push(ViewLine::default().with(text, Role::Dim));
    }
    if all.len() > 1 {
        let sum = with_thousands(question.plan.sessions() as u64);
        let text = format!("      {}{sum:>ALIVE$}", column("", SYSTEM));
        lines.push(ViewLine::default().with(text, Role::Title));
    }
    lines
}

fn system_line(question: &PlanBox, system: &SystemPlan, focused: bool) -> ViewLine {
    let realm = if focused { question.realm } else { 0 };
    let mark = if system.is_in { "[x]" } else { "[ ]" };
    let marked = |is_it: bool, role| if is_it { Role::ButtonFocus } else { role };
    let role = if system.is_in { Role::Text } else { Role::Dim };
    let alive = with_thousands(system.alive() as u64);
    let mut line = ViewLine::plain("  ")
        .with(mark, marked(focused && realm == 0, role))
        .with(format!(" {}", column(&system.profile, SYSTEM)), role)
        .with(format!("{alive:>ALIVE$}  "), role);
    let start = line.cells();
    let named: Vec<_> = system
        .realms
        .iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at + 1, one.is_in, one.realm.as_deref()?)))
        .collect();
    if named.is_empty() {
        line = line.with("-", Role::Dim);
    }
    for (at, is_in, name) in named {
        let name = if is_in {
            name.to_owned()
        } else {
            format!("({name})")
        };
        let is_chosen = focused && at == realm;
        if line.cells() + width_cols(&name) > start + REALMS - 2 && !is_chosen {
            line = line.with("…", Role::Dim);
            break;
        }
        let role = if is_in && system.is_in {
            Role::Text
        } else {
            Role::Dim
        };
        line = line.with(name, marked(is_chosen, role)).with(" ", role);
    }
    let how = if system.risk.production && system.is_in {
        format!("{} · PRODUCTION", system.how())
    } else {
        system.how()
    };
    let line = line.to_cell(start + REALMS);
    let room = usize::from(WIDTH).saturating_sub(line.cells() + 3);
    line.with(cut(&how, room), role)
}

/// "12 users: asmith 5 · bwong 3 · 10 more 25".
fn users(question: &PlanBox, width: usize) -> Option<ViewLine> {
    let users = question.plan.users();
    if question.plan.whose.is_some() || users.is_empty() {
        return None;
    }
    let count = number_of(users.len() as u64, "user");
    let named = users.iter().take(USERS);
    let mut words: Vec<String> = named
        .map(|(name, n)| format!("{} {n}", cut(name, 20)))
        .collect();
    let rest = users.len().saturating_sub(USERS);
    if rest > 0 {
        let sessions: usize = users.iter().skip(USERS).map(|(_, count)| count).sum();
        words.push(format!("{rest} more {sessions}"));
    }
    let text = format!("{count}: {}", words.join(" · "));
    Some(told(&text, width, Role::Text))
}

/// What ends and what stays, each text once.
fn after<'a>(systems: impl Iterator<Item = &'a SystemPlan>, width: usize) -> Vec<ViewLine> {
    let texts: Vec<_> = systems
        .map(|system| (&*system.profile, &*system.after))
        .collect();
    let text = format!("{} There is no undo.", crate::model::by_word(texts));
    let lines = text.trim().lines();
    lines
        .flat_map(|line| sentences(line, width))
        .map(|line| ViewLine::plain("  ").with(line, Role::Text))
        .collect()
}

/// The fields to be filled in.
fn fields(question: &PlanBox, width: usize) -> Vec<ViewLine> {
    let mut lines = Vec::new();
    if let Some(reason) = &question.reason {
        let label = "Reason, for the audit log:  ";
        let room = width.saturating_sub(width_cols(label) + 2).max(8);
        let is_focused = question.focus == PlanFocus::Reason;
        let line = ViewLine::plain("  ").with(label, Role::Text);
        lines.push(line.with_field(&FieldText::of(reason), room as u16, is_focused));
    }
    let Some(because) = question.plan.typed_because() else {
        return lines;
    };
    let expected = question.plan.expected();
    let longest = expected.iter().map(|text| width_cols(text)).max();
    let cells = (longest.unwrap_or(0) + 1).clamp(TYPED.0, TYPED.1);
    let line = ViewLine::plain("  ")
        .with(typed_prompt(&expected), Role::Text)
        .with_field(
            &FieldText::of(&question.typed),
            cells as u16,
            question.focus == PlanFocus::Typed,
        );
    lines.push(line);
    lines.push(told(&format!("typed because {because}"), width, Role::Dim));
    lines
}

/// Why it cannot be confirmed. It stands there even where it is empty, so that an answer moves no button.
fn cannot_yet(question: &PlanBox, width: usize) -> ViewLine {
    match question.not_yet() {
        Some(why) if question.wrong => told(&format!("! {why}"), width, Role::Danger),
        Some(why) => told(&why, width, Role::Dim),
        None if question.wrong => {
            let expected = &question.plan.expected()[0];
            let text = format!("! no match: type {expected} to confirm, Esc cancels");
            told(&text, width, Role::Danger)
        }
        None => ViewLine::default(),
    }
}
