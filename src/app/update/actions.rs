//! What a system can do beside listing and revoking: the menu, and the questions.

use secrecy::SecretString;
use tui_input::Input;

use super::{blocked, edit, message};
use crate::app::dialogs;
use crate::app::effect::{Effect, Gen};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Acting, ActionsMenu, ArgumentField, ArgumentKind, Arguments, Overlay};
use crate::app::results::Fate;
use crate::app::state::{Level, State};
use crate::model::{ActionArgs, ActionSpec, ActionTarget, ActsOn, ArgKind, Subject};
use crate::store::SourceId;

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
        .actions()
        .map(|spec| (spec.clone(), why_not(state, source, spec)))
        .collect();
    let row = state.results.current();
    let session = row.map(|(_, row)| Box::new(row.session.clone()));
    state.overlays.push(Overlay::Actions(ActionsMenu {
        source,
        session,
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
    let Some(Overlay::Actions(menu)) = state.overlays.last() else {
        return Vec::new();
    };
    let page = dialogs::menu_page(state, menu) as isize;
    let by = match key.key {
        Key::Esc => {
            state.overlays.pop();
            return Vec::new();
        }
        Key::Enter => return choose(state),
        Key::Tab if key.shift => -1,
        Key::Up | Key::Char('k') => -1,
        Key::Down | Key::Tab | Key::Char('j') => 1,
        Key::PageUp => -page,
        Key::PageDown => page,
        Key::Home | Key::Char('g') => isize::MIN,
        Key::End | Key::Char('G') => isize::MAX,
        _ => return Vec::new(),
    };
    if let Some(Overlay::Actions(menu)) = state.overlays.last_mut() {
        let last = menu.entries.len().saturating_sub(1);
        menu.choice = menu.choice.saturating_add_signed(by).min(last);
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
    let source = menu.source;
    let session = menu.session.as_deref();
    let target = match (spec.on, session) {
        (ActsOn::Session, Some(session)) => ActionTarget::Session(session.key.clone()),
        (ActsOn::User, Some(session)) => ActionTarget::User(session.subject.clone()),
        (ActsOn::Token, _) => ActionTarget::Token(SecretString::default()),
        _ => ActionTarget::Nothing,
    };
    let opened = state.sources.get(usize::from(source.0));
    let production = opened.is_some_and(|s| s.profile.production);
    let profile = opened.map_or("", |s| s.profile.name.as_str());
    let on = dialogs::target_words(&spec, session);
    let on = format!("{on} · {profile}");
    let subject = session
        .filter(|_| spec.on == ActsOn::Session)
        .map_or_else(Subject::default, |session| session.subject.clone());
    let asks_reason = spec.changes && opened.is_some_and(|s| s.profile.require_reason);
    let fields = fields(&spec, asks_reason);
    let arguments = Arguments {
        source,
        subject,
        target,
        on,
        focus: 0,
        error: None,
        production,
        sent: None,
        generation: Gen::default(),
        fields,
        spec,
    };
    state.overlays.pop();
    let at_once = arguments.fields.is_empty() && !arguments.spec.changes;
    state.overlays.push(Overlay::Arguments(Box::new(arguments)));
    match at_once {
        true => send(state),
        false => Vec::new(),
    }
}

fn fields(spec: &ActionSpec, asks_reason: bool) -> Vec<ArgumentField> {
    let mut fields = Vec::new();
    let field = |title: &str, kind, secret| ArgumentField {
        title: title.to_owned(),
        note: None,
        kind,
        secret,
        input: Input::default(),
    };
    if asks_reason {
        let title = "Reason, for the audit log";
        fields.push(field(title, ArgumentKind::Reason, false));
    }
    if spec.on == ActsOn::User && spec.changes {
        let title = "Type the user's name";
        fields.push(field(title, ArgumentKind::Whose, false));
    }
    if spec.on == ActsOn::Token {
        fields.push(field("Token", ArgumentKind::Token, true));
    }
    for arg in &spec.args {
        let optional = if arg.required { "" } else { " (optional)" };
        let title = match arg.kind {
            ArgKind::Text => format!("{}{optional}", arg.title),
            ArgKind::YesNo => format!("{}, yes or no{optional}", arg.title),
        };
        fields.push(field(&title, ArgumentKind::Named(arg.name), arg.secret));
    }
    if let Some(pairs) = spec.pairs {
        fields.push(ArgumentField {
            note: Some(pairs),
            ..field("name=value …", ArgumentKind::Pairs, false)
        });
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
    if arguments.sent.is_some() {
        return leave(state, key);
    }
    let controls = arguments.controls();
    let in_field = arguments.focus < arguments.fields.len();
    let confirms = !in_field && arguments.spec.changes;
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
        Key::Char('y') if confirms => {
            arguments.focus = arguments.fields.len() + 1;
            return arguments_enter(state);
        }
        Key::Char('n') if confirms => {
            state.overlays.pop();
        }
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

/// A key while the answer is on its way. Esc ends a question; of a change it only hides the box, since
/// what was sent goes on.
fn leave(state: &mut State, key: KeyPress) -> Vec<Effect> {
    if key.key != Key::Esc {
        return Vec::new();
    }
    let Some(Overlay::Arguments(arguments)) = state.overlays.pop() else {
        return Vec::new();
    };
    let title = arguments.spec.title;
    if arguments.spec.changes {
        let text = format!("{title}: under way, the outcome will stand here");
        return message::say(state, Level::Info, text);
    }
    let mut effects = forget(state, arguments.generation);
    effects.extend(message::say(
        state,
        Level::Info,
        format!("{title}: cancelled"),
    ));
    effects
}

/// A question is not asked any more.
fn forget(state: &mut State, generation: Gen) -> Vec<Effect> {
    state
        .acting
        .retain(|acting| acting.generation != generation);
    vec![Effect::Cancel(generation)]
}

/// The sign-in that a question needed is given up, and so is the question.
pub fn give_up(state: &mut State, source: SourceId) -> Vec<Effect> {
    let is_theirs = |overlay: &Overlay| {
        matches!(overlay, Overlay::Arguments(a)
            if a.source == source && a.sent.is_some() && !a.spec.changes)
    };
    let Some(at) = state.overlays.iter().position(is_theirs) else {
        return Vec::new();
    };
    match state.overlays.remove(at) {
        Overlay::Arguments(arguments) => forget(state, arguments.generation),
        _ => Vec::new(),
    }
}

/// Enter on the focused control of the questions.
pub fn arguments_enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Arguments(arguments)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    if arguments.sent.is_some() {
        return Vec::new();
    }
    let fields = arguments.fields.len();
    if arguments.focus == fields {
        state.overlays.pop();
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
    send(state)
}

/// Sends what the open questions say, and waits for the answer; or says what is wrong with it.
fn send(state: &mut State) -> Vec<Effect> {
    let (now, generation) = (state.now, state.next_gen());
    let Some(Overlay::Arguments(arguments)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let (args, reason) = match read(arguments) {
        Ok(read) => read,
        Err((field, error)) => {
            arguments.focus = field;
            arguments.error = Some((field, error));
            return Vec::new();
        }
    };
    arguments.sent = Some(now);
    arguments.generation = generation;
    arguments.error = None;
    let (source, spec) = (arguments.source, arguments.spec.clone());
    let subject = arguments.subject.clone();
    let key = match &args.target {
        ActionTarget::Session(key) => Some(key.clone()),
        _ => None,
    };
    state.message = None;
    if let Some(key) = key.as_ref().filter(|_| spec.ends) {
        let fate = Some(Fate::Revoking);
        state.results.set_fate(source, key, fate, now);
    }
    state.acting.push(Acting {
        generation,
        source,
        spec: spec.clone(),
        key,
    });
    vec![Effect::Act {
        source,
        generation,
        subject,
        reason,
        spec,
        args,
    }]
}

/// What was typed and why, or what is wrong in which field.
fn read(arguments: &Arguments) -> Result<(ActionArgs, Option<String>), (usize, String)> {
    let mut target = arguments.target.clone();
    let mut reason = None;
    let mut pairs = Vec::new();
    for (at, field) in arguments.fields.iter().enumerate() {
        let text = field.input.value();
        match field.kind {
            ArgumentKind::Reason if text.trim().is_empty() => {
                return Err((at, "this profile wants a reason for every change".into()));
            }
            ArgumentKind::Reason => reason = Some(text.trim().to_owned()),
            ArgumentKind::Whose => is_named(&target, text).map_err(|why| (at, why))?,
            ArgumentKind::Token if text.trim().is_empty() => {
                return Err((at, "type or paste the token first".into()));
            }
            ArgumentKind::Token => target = ActionTarget::Token(SecretString::from(text.trim())),
            ArgumentKind::Named(_) if text.is_empty() => {}
            ArgumentKind::Named(name) => pairs.push((name.to_owned(), SecretString::from(text))),
            ArgumentKind::Pairs => {
                let typed = name_value_pairs(text).map_err(|why| (at, why))?;
                if typed.is_empty() {
                    return Err((at, "type at least one, such as: name=value".into()));
                }
                let typed = typed.into_iter();
                pairs.extend(typed.map(|(name, value)| (name, SecretString::from(value))));
            }
        }
    }
    let checked = arguments.spec.check(target, pairs);
    checked
        .map(|args| (args, reason))
        .map_err(|why| (refused_field(arguments), why))
}

/// Is it the user whose sessions are to end? As it is shown or as it is.
fn is_named(target: &ActionTarget, text: &str) -> Result<(), String> {
    let ActionTarget::User(user) = target else {
        return Ok(());
    };
    let raw = user.shown().map_or("", |name| name.expose());
    let shown = super::revoke::shown(user);
    let text = text.trim();
    match text == shown || text == raw.trim() {
        true => Ok(()),
        false => Err(format!("that is not it: type {shown}, or Esc")),
    }
}

/// The field that a check was about: the first that lacks what it must have or holds what it may not,
/// else the last.
fn refused_field(arguments: &Arguments) -> usize {
    let is_wrong = |field: &ArgumentField| {
        let ArgumentKind::Named(name) = field.kind else {
            return false;
        };
        let text = field.input.value();
        let arg = arguments.spec.args.iter().find(|arg| arg.name == name);
        arg.is_some_and(|arg| match (text.is_empty(), arg.kind) {
            (true, _) => arg.required,
            (false, ArgKind::YesNo) => !matches!(text, "yes" | "no"),
            (false, ArgKind::Text) => false,
        })
    };
    let wrong = arguments.fields.iter().position(is_wrong);
    wrong.unwrap_or(arguments.fields.len().saturating_sub(1))
}

/// Reads `name=value other="with blanks"`.
fn name_value_pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some((name, value)) = rest.split_once('=').filter(|(name, _)| {
            let whole = !name.is_empty() && !name.contains(char::is_whitespace);
            whole && name.len() < end
        }) else {
            let pair = crate::model::text::display_safe(&rest[..end]);
            return Err(format!(
                "\"{pair}\" is not name=value; a value with blanks goes in quotes: name=\"a b\""
            ));
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| "a quote is open: close it with \"".to_owned())?,
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        pairs.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_with_blanks_in_quotes() {
        let read = |text: &str| name_value_pairs(text);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());

        assert_eq!(read("  "), Ok(vec![]));
        assert_eq!(
            read(" mood=calm  place=\"51 north\" empty= "),
            Ok(vec![
                pair("mood", "calm"),
                pair("place", "51 north"),
                pair("empty", "")
            ])
        );
        assert_eq!(read("a=b=c"), Ok(vec![pair("a", "b=c")]));
        for wrong in ["calm", "=calm", "mood calm=x", "mood=\"calm", "a=1 b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
