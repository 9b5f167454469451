//! The question before a revoke: its words, and its keys.

use tui_input::Input;

use super::{edit, revoke};
use crate::app::effect::{Effect, RevokeItem};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Confirm, ConfirmFocus, ConfirmKind, Overlay, RevokePlan, Typed};
use crate::app::state::State;
use crate::model::text::with_thousands;
use crate::model::{Subject, Untrusted, time};
use crate::store::SourceId;

/// From this many sessions up, the number must be typed.
const TYPE_FROM: usize = 10;
/// On a production system from this many.
const TYPE_FROM_PRODUCTION: usize = 2;

/// What a dialog says of one row, cleaned.
pub struct RowFacts {
    user: String,
    client: String,
    ip: String,
    created: String,
    label: String,
    profile: String,
    system: &'static str,
}

impl RowFacts {
    /// The facts of an item, from the loaded rows as far as it is among them.
    pub fn of(state: &State, item: &RevokeItem) -> Self {
        let source = state.sources.get(usize::from(item.source.0));
        let row = state
            .results
            .rows
            .get(item.row)
            .filter(|row| row.session.key == item.key)
            .map(|row| &row.session);
        let text = |t: Option<&Untrusted>| t.map_or("-".to_owned(), |t| t.safe().into_owned());
        let created = row.and_then(|s| s.created).map_or("-".to_owned(), |at| {
            let zone = state.prefs.zone;
            format!(
                "{} ({})",
                time::instant(at, zone),
                time::age(Some(at), state.now)
            )
        });
        Self {
            user: revoke::shown(&item.subject),
            client: text(row.and_then(|s| s.client.as_ref())),
            ip: text(row.and_then(|s| s.ip.as_ref())),
            created,
            label: row.map_or_else(|| "-".to_owned(), |s| s.label.clone()),
            profile: source.map_or_else(String::new, |s| s.profile.name.clone()),
            system: source.map_or("", |s| s.profile.system),
        }
    }

    /// All of it in one line, for errors.
    pub fn line(&self) -> String {
        format!(
            "{} of {} · {} · {}",
            self.label, self.user, self.client, self.ip
        )
    }

    /// " of jdoe", or nothing for nobody.
    pub fn whose(&self) -> String {
        format!(" of {}", self.user)
    }
}

/// The question about rows.
pub fn for_rows(state: &State, plan: RevokePlan) -> Confirm {
    let sources: Vec<_> = state
        .sources
        .iter()
        .enumerate()
        .filter(|(at, _)| {
            plan.send
                .iter()
                .any(|item| usize::from(item.source.0) == *at)
        })
        .map(|(_, source)| source)
        .collect();
    let production = sources.iter().any(|s| s.profile.production);
    let count = plan.send.len();
    let on = if production { " on PRODUCTION" } else { "" };
    let (title, verb, facts, short) = match plan.send.first() {
        Some(item) if count == 1 => {
            let facts = RowFacts::of(state, item);
            (
                format!("Delete session{on}?"),
                "Delete".to_owned(),
                vec![
                    ("User".to_owned(), facts.user.clone()),
                    ("Client".to_owned(), facts.client.clone()),
                    ("IP".to_owned(), facts.ip.clone()),
                    ("Created".to_owned(), facts.created.clone()),
                    ("Session".to_owned(), facts.label.clone()),
                    (
                        "on".to_owned(),
                        format!("{} ({})", facts.profile, facts.system),
                    ),
                ],
                vec![
                    format!("{} · {} · {}", facts.user, facts.client, facts.ip),
                    format!("Created {}", facts.created),
                    format!("Session {} on {}", facts.label, facts.profile),
                ],
            )
        }
        _ => {
            let n = with_thousands(count as u64);
            (
                format!("Revoke {n} sessions{on}?"),
                format!("Revoke {n}"),
                Vec::new(),
                Vec::new(),
            )
        }
    };
    let from = if production {
        TYPE_FROM_PRODUCTION
    } else {
        TYPE_FROM
    };
    let typed = (count >= from).then(|| Typed {
        input: Input::default(),
        expect: vec![count.to_string()],
        ask: "Type the number of sessions to confirm:".into(),
        wrong: false,
    });
    let after = sources
        .first()
        .and_then(|s| s.caps.as_ref())
        .map_or_else(String::new, |caps| caps.after_revoke.to_owned());
    let asks_reason = sources.iter().any(|s| s.profile.require_reason);
    finish(
        ConfirmKind::Rows(plan),
        title,
        verb,
        facts,
        short,
        after,
        production,
        typed,
        asks_reason,
    )
}

/// The question about every session of a user.
pub fn for_user(
    state: &State,
    source: SourceId,
    user: Subject,
    loaded: usize,
    whole: bool,
) -> Confirm {
    let opened = state.sources.get(usize::from(source.0));
    let profile = opened.map_or_else(String::new, |s| s.profile.name.clone());
    let system = opened.map_or("", |s| s.profile.system);
    let production = opened.is_some_and(|s| s.profile.production);
    let name = revoke::shown(&user);
    let id = user
        .id
        .as_ref()
        .map_or("-".to_owned(), |id| id.safe().into_owned());
    let known = match (loaded, whole) {
        (1, true) => "1 session".to_owned(),
        (n, true) => format!("{} sessions", with_thousands(n as u64)),
        (n, false) => format!(
            "{} loaded; the server may hold more",
            with_thousands(n as u64)
        ),
    };
    // The name as it is shown, so that what is typed is what is read; and the number shown.
    let mut expect = vec![name.clone(), loaded.to_string()];
    if let Some(raw) = user.shown() {
        expect.push(raw.expose().to_owned());
    }
    let on = if production { " on PRODUCTION" } else { "" };
    let facts = vec![
        ("User".to_owned(), name.clone()),
        ("User id".to_owned(), id),
        ("Sessions".to_owned(), known.clone()),
        ("on".to_owned(), format!("{profile} ({system})")),
    ];
    let short = vec![
        format!("{name} · {known}"),
        format!("on {profile} ({system})"),
    ];
    let after = opened
        .and_then(|s| s.caps.as_ref())
        .map_or_else(String::new, |caps| caps.after_revoke.to_owned());
    let typed = Typed {
        input: Input::default(),
        expect,
        ask: "Type the user's name or the number of sessions:".into(),
        wrong: false,
    };
    let asks_reason = opened.is_some_and(|s| s.profile.require_reason);
    finish(
        ConfirmKind::User {
            source,
            user,
            loaded,
            whole,
        },
        format!("Revoke every session of this user{on}?"),
        "Revoke all".into(),
        facts,
        short,
        after,
        production,
        Some(typed),
        asks_reason,
    )
}

#[allow(
    clippy::too_many_arguments,
    reason = "one place that fills in the rest of a dialog"
)]
fn finish(
    kind: ConfirmKind,
    title: String,
    verb: String,
    facts: Vec<(String, String)>,
    short: Vec<String>,
    after: String,
    production: bool,
    typed: Option<Typed>,
    asks_reason: bool,
) -> Confirm {
    let focus = if asks_reason {
        ConfirmFocus::Reason
    } else if typed.is_some() {
        ConfirmFocus::Typed
    } else {
        ConfirmFocus::Cancel
    };
    Confirm {
        kind,
        title,
        facts,
        short,
        after,
        warnings: Vec::new(),
        verb,
        production,
        armed: false,
        focus,
        typed,
        reason: asks_reason.then(Input::default),
    }
}

impl Confirm {
    /// The controls in the order of Tab.
    pub fn controls(&self) -> Vec<ConfirmFocus> {
        let mut all = Vec::new();
        all.extend(self.reason.as_ref().map(|_| ConfirmFocus::Reason));
        all.extend(self.typed.as_ref().map(|_| ConfirmFocus::Typed));
        all.extend([ConfirmFocus::Cancel, ConfirmFocus::Go]);
        all
    }

    /// The text field that has the focus.
    pub fn input(&mut self) -> Option<&mut Input> {
        match self.focus {
            ConfirmFocus::Reason => self.reason.as_mut(),
            ConfirmFocus::Typed => self.typed.as_mut().map(|typed| &mut typed.input),
            _ => None,
        }
    }

    /// Has everything been typed that must be?
    fn is_complete(&mut self) -> bool {
        if let Some(reason) = &self.reason
            && reason.value().trim().is_empty()
        {
            self.focus = ConfirmFocus::Reason;
            return false;
        }
        if let Some(typed) = &mut self.typed {
            let text = typed.input.value().trim();
            typed.wrong = !typed.expect.iter().any(|expected| expected == text);
            if typed.wrong {
                self.focus = ConfirmFocus::Typed;
                return false;
            }
        }
        true
    }
}

/// A key while the question is open. It closes by Cancel, and by what confirms it.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let typing = confirm.input().is_some();
    match key.key {
        Key::Esc => return close(state),
        Key::Tab => step(confirm, if key.shift { -1 } else { 1 }),
        Key::Up => step(confirm, -1),
        Key::Down => step(confirm, 1),
        Key::Left if !typing => step(confirm, -1),
        Key::Right if !typing => step(confirm, 1),
        Key::Enter => return enter(state),
        Key::Char('n') if key.typed().is_some() && !typing => return close(state),
        Key::Char('y') if key.typed().is_some() && !typing => return go(state),
        _ => {
            if let Some(input) = confirm.input() {
                edit::edit(input, key);
                if let Some(typed) = &mut confirm.typed {
                    typed.wrong = false;
                }
            }
        }
    }
    Vec::new()
}

fn step(confirm: &mut Confirm, by: isize) {
    let all = confirm.controls();
    let at = all.iter().position(|c| *c == confirm.focus).unwrap_or(0);
    confirm.focus = all[(at as isize + by).rem_euclid(all.len() as isize) as usize];
}

/// Enter on the control that has the focus.
fn enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match confirm.focus {
        ConfirmFocus::Cancel if confirm.armed => close(state),
        ConfirmFocus::Cancel => Vec::new(),
        ConfirmFocus::Reason => {
            step(confirm, 1);
            Vec::new()
        }
        ConfirmFocus::Typed | ConfirmFocus::Go => go(state),
    }
}

/// Presses a button of the question: 0 Cancel, 1 the one that does it.
pub fn button(state: &mut State, button: usize) -> Vec<Effect> {
    if button == 0 { close(state) } else { go(state) }
}

fn go(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    if !confirm.armed || !confirm.is_complete() {
        return Vec::new();
    }
    match state.overlays.pop() {
        Some(Overlay::Confirm(confirm)) => revoke::send(state, *confirm),
        _ => Vec::new(),
    }
}

fn close(state: &mut State) -> Vec<Effect> {
    state.overlays.pop();
    Vec::new()
}
