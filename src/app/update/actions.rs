//! What a system can do beside listing and revoking: the menu, the questions, the answer.

use std::time::Duration;

use secrecy::SecretString;
use tui_input::Input;

use super::{blocked, edit, message, revoke};
use crate::app::effect::{Effect, Timer};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{ActionsMenu, Answer, ArgumentField, ArgumentKind, Arguments, Overlay};
use crate::app::results::Fate;
use crate::app::state::{Level, State};
use crate::model::{
    ActionBody, ActionResult, ActionSpec, ActionTarget, ActsOn, ApiError, Outcome, Subject,
};
use crate::store::{RowId, SourceId};

/// A dialog takes no confirmation before it has been open for this long.
const ARM_AFTER: Duration = Duration::from_millis(150);

/// Opens the menu of what this row's system can do.
pub fn open(state: &mut State) -> Vec<Effect> {
    let current = state.results.current().map(|(id, row)| (id, row.source));
    let source = current.map_or(SourceId(0), |(_, source)| source);
    let Some(opened) = state.sources.get(usize::from(source.0)) else {
        return Vec::new();
    };
    let Some(caps) = opened.caps.clone() else {
        return Vec::new();
    };
    let entries = caps
        .actions
        .iter()
        .map(|spec| (spec.clone(), why_not(state, source, spec)))
        .collect();
    let row = current.map(|(id, _)| id);
    state.overlays.push(Overlay::Actions(ActionsMenu {
        source,
        row,
        entries,
        choice: 0,
    }));
    Vec::new()
}

/// Why an action cannot be done now.
fn why_not(state: &State, source: SourceId, spec: &ActionSpec) -> Option<String> {
    let opened = state.sources.get(usize::from(source.0))?;
    if let Some(why) = &spec.lacks {
        return Some(why.clone());
    }
    if spec.changes
        && let Some(why) = blocked::read_only(state, opened)
    {
        return Some(why.into_owned());
    }
    let row = state
        .results
        .current()
        .filter(|(_, row)| row.source == source);
    match (spec.on, row) {
        (ActsOn::Session | ActsOn::User, None) => Some("select a session first".into()),
        (ActsOn::User, Some((_, row))) if row.session.subject.shown().is_none() => {
            Some("nobody has signed in to this session".into())
        }
        (ActsOn::Session | ActsOn::User, Some((_, row))) => spec.why_not(&row.session),
        _ => None,
    }
}

/// A key while the menu is open.
pub fn menu_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Actions(menu)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Esc => {
            state.overlays.pop();
        }
        Key::Up | Key::Char('k') => menu.choice = menu.choice.saturating_sub(1),
        Key::Down | Key::Tab | Key::Char('j') => {
            menu.choice = (menu.choice + 1).min(menu.entries.len().saturating_sub(1));
        }
        Key::Enter => return choose(state),
        _ => {}
    }
    Vec::new()
}

/// Takes the chosen action: asks what it needs, or does it at once if it needs nothing.
pub fn choose(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Actions(menu)) = state.overlays.last() else {
        return Vec::new();
    };
    let Some((spec, why)) = menu.entries.get(menu.choice).cloned() else {
        return Vec::new();
    };
    if let Some(why) = why {
        return message::say(state, Level::Warn, why);
    }
    let (source, row) = (menu.source, menu.row);
    let session = row
        .and_then(|id| state.results.rows.get(id))
        .map(|row| &row.session);
    let (target, on) = match (spec.on, session) {
        (ActsOn::Session, Some(session)) => (
            ActionTarget::Session(session.key.clone()),
            format!("{} of {}", session.label, revoke::shown(&session.subject)),
        ),
        (ActsOn::User, Some(session)) => (
            ActionTarget::User(session.subject.clone()),
            revoke::shown(&session.subject),
        ),
        (ActsOn::Token, _) => (
            ActionTarget::Token(SecretString::default()),
            "a token that you hold".to_owned(),
        ),
        _ => (ActionTarget::Nothing, "the system itself".to_owned()),
    };
    let row = row.filter(|_| matches!(spec.on, ActsOn::Session));
    let opened = state.sources.get(usize::from(source.0));
    let production = opened.is_some_and(|s| s.profile.production);
    let fields = fields(&spec);
    let arguments = Arguments {
        source,
        row,
        target,
        on,
        focus: 0,
        error: None,
        armed: false,
        production,
        fields,
        spec,
    };
    state.overlays.pop();
    if arguments.fields.is_empty() && !arguments.spec.changes {
        return send(state, &arguments);
    }
    state.overlays.push(Overlay::Arguments(Box::new(arguments)));
    let generation = state.next_gen();
    vec![Effect::After {
        timer: Timer::Arm,
        generation,
        delay: ARM_AFTER,
    }]
}

fn fields(spec: &ActionSpec) -> Vec<ArgumentField> {
    let mut fields = Vec::new();
    let field = |title: &str, kind, secret| ArgumentField {
        title: title.to_owned(),
        kind,
        secret,
        input: Input::default(),
    };
    if spec.on == ActsOn::Token {
        fields.push(field("Token", ArgumentKind::Token, true));
    }
    for arg in &spec.args {
        let optional = if arg.required { "" } else { " (optional)" };
        let title = format!("{}{optional}", arg.title);
        fields.push(field(&title, ArgumentKind::Named(arg.name), arg.secret));
    }
    if let Some(pairs) = spec.pairs {
        let title = format!("{pairs}, name=value …");
        fields.push(field(&title, ArgumentKind::Pairs, false));
    }
    fields
}

impl Arguments {
    /// The labels of the buttons, in order.
    pub fn buttons(&self) -> [&'static str; 2] {
        ["Cancel", if self.spec.changes { "Do it" } else { "Ask" }]
    }

    fn controls(&self) -> usize {
        self.fields.len() + self.buttons().len()
    }
}

/// A key while the questions are open.
pub fn arguments_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Arguments(arguments)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let controls = arguments.controls();
    let in_field = arguments.focus < arguments.fields.len();
    let back = (arguments.focus + controls - 1) % controls;
    match key.key {
        Key::Esc => {
            state.overlays.pop();
        }
        Key::Tab if key.shift => arguments.focus = back,
        Key::Up => arguments.focus = back,
        Key::Tab | Key::Down => arguments.focus = (arguments.focus + 1) % controls,
        Key::Left if !in_field => arguments.focus = back,
        Key::Right if !in_field => arguments.focus = (arguments.focus + 1) % controls,
        Key::Enter => return arguments_enter(state),
        _ => {
            if let Some(field) = arguments.fields.get_mut(arguments.focus) {
                arguments.error = None;
                edit::edit(&mut field.input, key);
            }
        }
    }
    Vec::new()
}

/// Enter on the focused control of the questions.
pub fn arguments_enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Arguments(arguments)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let fields = arguments.fields.len();
    if arguments.focus == fields {
        if arguments.armed {
            state.overlays.pop();
        }
        return Vec::new();
    }
    if arguments.focus + 1 < fields {
        arguments.focus += 1;
        return Vec::new();
    }
    // From the last field Enter goes to the buttons if something would change, else it asks at once.
    if arguments.focus < fields && arguments.spec.changes {
        arguments.focus = fields;
        return Vec::new();
    }
    if !arguments.armed {
        return Vec::new();
    }
    let arguments = arguments.clone();
    send(state, &arguments)
}

fn send(state: &mut State, arguments: &Arguments) -> Vec<Effect> {
    let args = match read(arguments) {
        Ok(args) => args,
        Err(error) => {
            if let Some(Overlay::Arguments(open)) = state.overlays.last_mut() {
                open.error = Some(error);
            }
            return Vec::new();
        }
    };
    if matches!(state.overlays.last(), Some(Overlay::Arguments(_))) {
        state.overlays.pop();
    }
    let (source, row, spec) = (arguments.source, arguments.row, arguments.spec.clone());
    let mut effects = message::say(state, Level::Info, format!("{}…", spec.title));
    let session = row.and_then(|id| state.results.rows.get(id));
    let subject = session.map_or_else(Subject::default, |row| row.session.subject.clone());
    effects.push(Effect::Act {
        source,
        row,
        subject,
        spec,
        args,
    });
    effects
}

fn read(arguments: &Arguments) -> Result<crate::model::ActionArgs, String> {
    let mut target = arguments.target.clone();
    let mut pairs = Vec::new();
    for field in &arguments.fields {
        let text = field.input.value();
        match field.kind {
            ArgumentKind::Token if text.trim().is_empty() => {
                return Err("type or paste the token first".into());
            }
            ArgumentKind::Token => target = ActionTarget::Token(SecretString::from(text.trim())),
            ArgumentKind::Named(_) if text.is_empty() => {}
            ArgumentKind::Named(name) => pairs.push((name.to_owned(), SecretString::from(text))),
            ArgumentKind::Pairs => {
                for pair in text.split_whitespace() {
                    let (name, value) = pair
                        .split_once('=')
                        .ok_or_else(|| format!("\"{pair}\" is not name=value"))?;
                    pairs.push((name.to_owned(), SecretString::from(value)));
                }
            }
        }
    }
    arguments.spec.check(target, pairs)
}

/// An action has ended: shows what it gave back.
pub fn acted(
    state: &mut State,
    source: SourceId,
    row: Option<RowId>,
    title: &'static str,
    result: Result<ActionResult, ApiError>,
) -> Vec<Effect> {
    match result {
        Err(error) => {
            let what = title.to_lowercase();
            let shown = message::fail(state, "Action failed", what, &error, Some(source));
            state.overlays.push(Overlay::Error(Box::new(shown)));
            Vec::new()
        }
        Ok(result) => {
            let fate = match &result.outcome {
                Some(Outcome::Revoked) => Some(Fate::Revoked),
                Some(Outcome::AlreadyGone) => Some(Fate::AlreadyGone),
                Some(Outcome::StillListed) => Some(Fate::StillListed),
                Some(Outcome::Unknown) => Some(Fate::Unknown),
                _ => None,
            };
            if let (Some(row), Some(fate)) = (row, fate) {
                state.results.fates.insert(row, fate);
            }
            let effects = message::say(state, Level::Ok, result.summary.clone());
            if result.body != ActionBody::Nothing {
                state.overlays.push(Overlay::Answer(Box::new(Answer {
                    title: title.to_owned(),
                    summary: result.summary,
                    body: result.body,
                    top: 0,
                })));
            }
            effects
        }
    }
}

/// A key while an answer is shown.
pub fn answer_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Answer(answer)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Esc | Key::Enter => {
            state.overlays.pop();
        }
        Key::Down | Key::Char('j') => answer.top = answer.top.saturating_add(1),
        Key::Up | Key::Char('k') => answer.top = answer.top.saturating_sub(1),
        Key::PageDown => answer.top = answer.top.saturating_add(10),
        Key::PageUp => answer.top = answer.top.saturating_sub(10),
        Key::Char('y') => return vec![Effect::Copy(SecretString::from(answer.text()))],
        _ => {}
    }
    Vec::new()
}

impl Answer {
    /// All of it as cleaned text, for the clipboard.
    pub fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        match &self.body {
            ActionBody::Nothing => {}
            ActionBody::Fields(fields) => {
                lines.extend(fields.iter().map(|field| {
                    let value = match field.class {
                        crate::model::Class::Plain => field.value.safe().into_owned(),
                        crate::model::Class::Secret => {
                            crate::model::text::mask(field.value.expose())
                        }
                    };
                    format!("{}: {value}", field.name.safe())
                }));
            }
            ActionBody::Table { columns, rows } => {
                let line = |cells: &[crate::model::Untrusted]| {
                    cells
                        .iter()
                        .map(|cell| cell.safe())
                        .collect::<Vec<_>>()
                        .join("\t")
                };
                lines.push(line(columns));
                lines.extend(rows.iter().map(|row| line(row)));
            }
        }
        lines.join("\n")
    }
}
