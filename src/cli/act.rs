//! `usher actions` and `usher act`: what a system can do beside listing and revoking.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use secrecy::SecretString;
use serde_json::json;

use super::args_verbs::{ActArgs, Format, ShapeArgs};
use super::config::print_small;
use super::ctx::{Ctx, has_person};
use super::exit::{self, Failure, OK};
use super::output::{small_table, small_text};
use super::sources::{self, Source, side_by_side};
use super::{hidden, prompter, revoke, targets};
use crate::audit::Audit;
use crate::config::{Config, SecretSource};
use crate::model::text::display_safe;
use crate::model::{
    ActionArgs, ActionBody, ActionCell, ActionResult, ActionSpec, ActionTarget, ActsOn, ApiError,
    CellClass, Confirmation, Outcome, RowContext, Subject, Untrusted, state_at,
};
use crate::revoke::{JobContext, run_action};

/// Lists what each open profile's system can do, and why it cannot where it cannot.
///
/// # Errors
/// No profile can be chosen, or standard output.
pub(crate) async fn actions(ctx: &Ctx, shape: ShapeArgs) -> Result<u8, Failure> {
    let (config, sources) = sources::all(ctx)?;
    let answers = side_by_side(&sources, |source| source.api.whoami()).await;
    let (mut rows, mut values, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    for (source, answer) in sources.iter().zip(answers) {
        if let Err(error) = answer {
            codes.push(error.exit_code());
            let what = format!("cannot ask {} what it can do", source.name());
            ctx.error(&exit::sentence(&what, source.name(), &error));
            continue;
        }
        codes.push(OK);
        for spec in source.api.caps().actions() {
            rows.push(row(source, spec));
            values.push(json!({
                "profile": source.name(),
                "action": spec.name,
                "title": spec.title,
                "help": spec.help,
                "on": on(spec.on),
                "changes": spec.changes,
                "arguments": spec.args.iter().map(|arg| json!({
                    "name": arg.name, "title": arg.title, "required": arg.required, "secret": arg.secret,
                })).collect::<Vec<_>>(),
                "other_pairs": spec.pairs,
                "lacks": spec.lacks,
            }));
        }
    }
    let titles = ["PROFILE", "ACTION", "ON", "CHANGES", "WHAT IT DOES"];
    print_small(ctx, &config, shape.output, &titles, &rows, values.into())?;
    Ok(exit::code_of_all(&codes))
}

fn on(on: ActsOn) -> &'static str {
    match on {
        ActsOn::Session => "session",
        ActsOn::Token => "token",
        ActsOn::User => "user",
        ActsOn::Nothing => "-",
    }
}

fn row(source: &Source, spec: &ActionSpec) -> Vec<String> {
    let said = match &spec.lacks {
        Some(why) => format!("{} (not here: {why})", spec.title),
        None => spec.title.to_string(),
    };
    let changes = if spec.changes { "yes" } else { "no" };
    vec![
        source.name().to_owned(),
        spec.name.to_string(),
        on(spec.on).to_owned(),
        changes.to_owned(),
        said,
    ]
}

/// Does one action at one profile.
///
/// # Errors
/// Wrong arguments, a missing `--yes`, or the action failed.
pub(crate) async fn act(ctx: &Ctx, args: &ActArgs) -> Result<u8, Failure> {
    let (config, sources) = sources::all(ctx)?;
    let [source] = sources.as_slice() else {
        return Err(Failure::usage(
            "an action is done at one profile; name it with --profile",
        ));
    };
    let what = format!("cannot {} at {}", display_safe(&args.action), source.name());
    let failed = |error| match error {
        ApiError::BadAction { ref message, .. } => {
            Failure::new(error.exit_code(), format!("{what}: {message}"))
        }
        error => Failure::api(&what, source.name(), &error),
    };
    let who = source.api.whoami().await.map_err(failed)?;
    let caps = source.api.caps();
    let named = |spec: &&ActionSpec| is_same_name(&spec.name, &args.action);
    let spec = caps.actions().find(named);
    let spec = spec.ok_or_else(|| unknown(source, &args.action))?;
    if let Some(why) = &spec.lacks {
        return Err(Failure::usage(format!("{what}: {why}")));
    }
    if spec.changes {
        revoke::require_reason(&sources, args.reason.as_deref())?;
        if spec.on == ActsOn::User {
            sources::refuse_insecure(sources.iter(), args.insecure)?;
        }
    }
    let (given, subject) = arguments(args, spec, source)?;
    if let Some(why) = why_not(spec, source, &given.target).await.map_err(failed)? {
        return Err(Failure::new(exit::NOT_ALLOWED, format!("{what}: {why}")));
    }
    if !args.yes {
        confirm(spec, source, &subject)?;
    }
    let context = JobContext {
        profile: source.profile.clone(),
        audit: Arc::new(Audit::new(&ctx.paths)),
        who: Some(who),
        reason: args.reason.clone(),
        verb: spec.name.to_string(),
    };
    let unlogged = |error: crate::audit::AuditError| match error {
        crate::audit::AuditError::Broken(_) => ctx.error(&error.to_string()),
        error => ctx.error(&format!("the audit log lacks a line: {error}")),
    };
    let api = source.api.clone();
    let result = run_action(api, context, spec, given, subject, unlogged).await;
    let result = result.map_err(failed)?;
    let whole = match args.output {
        Format::Table | Format::Markdown => false,
        Format::Json | Format::Jsonl | Format::Csv => source.profile.policy.reveal,
    };
    match only_secret(&result.body).filter(|_| source.profile.policy.reveal) {
        Some(secret) if !matches!(args.output, Format::Json | Format::Jsonl) => {
            ctx.note(&result.summary);
            let mut out = ctx.out();
            out.text(&display_safe(&secret.whole()));
            out.flush()?;
        }
        _ => print(ctx, &config, args.output, &result, whole)?,
    }
    Ok(code(&result))
}

/// True if both are the same name, written as here, with dashes, or in the vendor's way
/// (`getSessionInfo`).
fn is_same_name(name: &str, written: &str) -> bool {
    let letters = |text: &str| -> String {
        let all = text.chars().filter(|letter| !matches!(letter, '_' | '-'));
        all.flat_map(char::to_lowercase).collect()
    };
    letters(name) == letters(written)
}

fn unknown(source: &Source, action: &str) -> Failure {
    let caps = source.api.caps();
    let names: Vec<_> = caps.actions().map(|spec| spec.name.clone()).collect();
    let there = if names.is_empty() {
        "it has none".to_owned()
    } else {
        format!("there are: {}", names.join(", "))
    };
    let action = display_safe(action);
    Failure::usage(format!(
        "{} has no action \"{action}\"; {there}",
        caps.system
    ))
}

/// A secret: asked for on a terminal, else the next line of standard input.
fn secret(what: &str) -> Result<SecretString, Failure> {
    let line = if has_person() {
        hidden::prompt(&format!("{what}: "))
    } else {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map(|_| line.trim_end_matches(['\n', '\r']).to_owned())
    };
    let line = line.map_err(|error| Failure::usage(format!("cannot read {what}: {error}")))?;
    if line.is_empty() {
        Err(Failure::usage(format!(
            "{what} is empty: give it on standard input"
        )))
    } else {
        Ok(SecretString::from(line))
    }
}

/// The target and the arguments of the action.
fn arguments(
    args: &ActArgs,
    spec: &ActionSpec,
    source: &Source,
) -> Result<(ActionArgs, Subject), Failure> {
    let mut pairs = Vec::new();
    let mut person = Subject::default();
    for pair in &args.pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(format!("\"{}\" is not name=value", display_safe(pair)))
        })?;
        match (spec.on, name) {
            (ActsOn::User, "user") => person.name = Some(Untrusted::from(value)),
            (ActsOn::User, "scope") => person.scope = Some(Untrusted::from(value)),
            _ => {
                let hidden = spec.args.iter().any(|arg| arg.name == name && arg.secret);
                let value = match (hidden, value) {
                    (true, "-") => secret(name)?,
                    (true, _) => {
                        return Err(Failure::usage(format!(
                            "{name} is a secret: write {name}=- and give it on standard input"
                        )));
                    }
                    (false, value) => SecretString::from(value),
                };
                pairs.push((name.to_owned(), value));
            }
        }
    }
    let (target, subject) = match spec.on {
        ActsOn::Nothing => (ActionTarget::Nothing, Subject::default()),
        ActsOn::User if person.name.is_some() => (ActionTarget::User(person.clone()), person),
        ActsOn::Token => {
            let token = match args.token.as_deref() {
                None | Some("-") => secret("the token")?,
                // Not named in the message: it may be the token itself, typed in the wrong place.
                Some(file) if !Path::new(file).exists() => {
                    return Err(Failure::usage(
                        "--token takes - for standard input or a file, and there is no such file",
                    ));
                }
                Some(file) => SecretSource::File(file.into())
                    .resolve(source.name())
                    .map_err(|error| Failure::usage(error.to_string()))?,
            };
            (ActionTarget::Token(token), Subject::default())
        }
        ActsOn::Session => {
            let ids: Vec<String> = args.id.iter().cloned().collect();
            let found = if ids.is_empty() {
                Vec::new()
            } else {
                targets::read(&ids, std::slice::from_ref(source))?
            };
            let [target] = found.as_slice() else {
                return Err(Failure::usage(format!(
                    "{} needs one session: --id ID",
                    spec.name
                )));
            };
            let key = target.key.clone();
            (ActionTarget::Session(key), target.subject.clone())
        }
        ActsOn::User => {
            return Err(Failure::usage(format!("{} needs user=NAME", spec.name)));
        }
    };
    let checked = spec.check(target, pairs).map_err(Failure::usage)?;
    Ok((checked, subject))
}

/// Why the action cannot be done with this session. `None`: it can, or no session can be read to find out;
/// then the server says so.
pub(super) async fn why_not(
    spec: &ActionSpec,
    source: &Source,
    target: &ActionTarget,
) -> Result<Option<String>, ApiError> {
    let caps = source.api.caps();
    let can_read = caps.kinds.iter().any(|kind| kind.get);
    let depends = spec.has_row_rule() || caps.kinds.are_several();
    let ActionTarget::Session(key) = target else {
        return Ok(None);
    };
    if !can_read || !depends {
        return Ok(None);
    }
    let session = match source.api.get(key).await {
        Ok(session) => session,
        Err(ApiError::NotFound | ApiError::Unsupported { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let kind = session.kind.as_deref();
    let mut of_kind = caps.actions_for(kind);
    let Some(spec) = of_kind.find(|one| one.name == spec.name) else {
        let kind = kind.unwrap_or_default();
        return Ok(Some(format!("{kind} sessions have no such action")));
    };
    let now = Utc::now() + source.api.clock_offset().unwrap_or_default();
    let state = state_at(
        session.fact,
        session.created,
        session.last_used,
        session.expires,
        source.thresholds(),
        now,
    );
    Ok(spec.why_not(&session, &RowContext { now, state }))
}

/// Asks on the terminal as often as the action wants, and refuses where there is none. In production a name
/// is typed for every change.
fn confirm(spec: &ActionSpec, source: &Source, subject: &Subject) -> Result<(), Failure> {
    let level = match spec.confirmation() {
        Confirmation::None => return Ok(()),
        Confirmation::Yes if source.profile.policy.production => Confirmation::Typed,
        level => level,
    };
    if !has_person() {
        return Err(Failure::usage(
            "there is no terminal to ask on, so nothing was done; add --yes",
        ));
    }
    let user = subject.shown().filter(|_| spec.on == ActsOn::User);
    let wanted = match (level, user) {
        (Confirmation::None | Confirmation::Yes, _) => "y".into(),
        (_, Some(user)) => user.safe(),
        (_, None) => spec.name.as_ref().into(),
    };
    let on = if source.profile.policy.production {
        " (production)"
    } else {
        ""
    };
    let what = format!("{} at {}{on}?", spec.title, source.name());
    typed(
        &format!("{}\n{what} Type {wanted} to confirm: ", spec.help),
        &wanted,
    )?;
    if level == Confirmation::Twice {
        typed("Are you sure? Type y to run it: ", "y")?;
    }
    Ok(())
}

/// Reads a line, and refuses what is not this word.
fn typed(prompt: &str, wanted: &str) -> Result<(), Failure> {
    if prompter::line(prompt).unwrap_or_default() == wanted {
        Ok(())
    } else {
        Err(Failure::usage("cancelled, nothing was done"))
    }
}

/// `whole`: ids of sessions as they are, not by their short names.
fn print(
    ctx: &Ctx,
    config: &Config,
    format: Format,
    result: &ActionResult,
    whole: bool,
) -> Result<(), Failure> {
    let mut out = ctx.out();
    if matches!(format, Format::Json | Format::Jsonl) {
        out.json(&json!({
            "version": 1,
            "summary": result.summary,
            "outcome": result.outcome.as_ref().map(Outcome::word),
            "fields": fields(&result.body, whole),
            "table": table(&result.body, whole),
        }))?;
        return out.flush();
    }
    let (titles, rows) = cells(result, whole);
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    match (format, &result.body) {
        (Format::Table, ActionBody::Table { .. }) => {
            out.text(&result.summary);
            small_table(&titles, &rows, ctx.look(config), out.buffer());
        }
        (Format::Table, body) => {
            out.text(&result.summary);
            if let ActionBody::Fields(_) = body {
                for row in rows {
                    out.text(&row.join(": "));
                }
            }
        }
        (format, body) => {
            if !matches!(body, ActionBody::Nothing) {
                ctx.note(&result.summary);
            }
            small_text(format, &titles, &rows, out.buffer())?;
        }
    }
    out.flush()
}

/// The value of an answer that is nothing but a secret told this once: it is printed alone, so that another
/// program can read it. `None`: it is another answer.
fn only_secret(body: &ActionBody) -> Option<&ActionCell> {
    match body {
        ActionBody::Fields(fields) => match fields.as_slice() {
            [(_, cell)] if cell.class == CellClass::Once => Some(cell),
            _ => None,
        },
        _ => None,
    }
}

/// The result, as titles and rows.
fn cells(result: &ActionResult, whole: bool) -> (Vec<String>, Vec<Vec<String>>) {
    match &result.body {
        ActionBody::Nothing => (
            vec!["summary".to_owned()],
            vec![vec![result.summary.clone()]],
        ),
        ActionBody::Fields(fields) => {
            let row = |(name, cell): &(Untrusted, ActionCell)| {
                vec![name.safe().into_owned(), text(cell, whole)]
            };
            let titles = ["name", "value"].map(str::to_owned).to_vec();
            (titles, fields.iter().map(row).collect())
        }
        ActionBody::Table { columns, rows } => {
            let titles = columns.iter().map(|title| title.safe().into_owned());
            let row = |row: &Vec<ActionCell>| row.iter().map(|cell| text(cell, whole)).collect();
            (titles.collect(), rows.iter().map(row).collect())
        }
    }
}

/// One value, cleaned.
fn text(cell: &ActionCell, whole: bool) -> String {
    if whole {
        display_safe(&cell.whole()).into_owned()
    } else {
        cell.shown().into_owned()
    }
}

/// One value for JSON, which escapes it by itself.
fn json_text(cell: &ActionCell, whole: bool) -> String {
    let is_plain = cell.label.is_none() && cell.class != CellClass::Once;
    if whole || is_plain {
        cell.whole().into_owned()
    } else {
        cell.shown().into_owned()
    }
}

fn fields(body: &ActionBody, whole: bool) -> serde_json::Value {
    let ActionBody::Fields(fields) = body else {
        return serde_json::Value::Null;
    };
    let pair = |(name, cell): &(Untrusted, ActionCell)| {
        (name.expose().to_owned(), json_text(cell, whole).into())
    };
    serde_json::Value::Object(fields.iter().map(pair).collect())
}

fn table(body: &ActionBody, whole: bool) -> serde_json::Value {
    let ActionBody::Table { columns, rows } = body else {
        return serde_json::Value::Null;
    };
    let row = |row: &Vec<ActionCell>| row.iter().map(|cell| json_text(cell, whole)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns: Vec<_> = columns.iter().map(Untrusted::expose).collect();
    json!({ "columns": columns, "rows": rows })
}

/// The exit code, by the outcome for the session, as for `usher revoke`.
fn code(result: &ActionResult) -> u8 {
    match &result.outcome {
        None | Some(Outcome::Revoked | Outcome::AlreadyGone) => OK,
        Some(Outcome::StillListed | Outcome::Unknown(_)) => exit::PARTLY,
        Some(Outcome::NoLastingId) => exit::NOT_ALLOWED,
        Some(Outcome::Refused(_)) => exit::NOT_ALLOWED,
        Some(Outcome::Failed(error)) => error.exit_code(),
    }
}
