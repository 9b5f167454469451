//! `usher profiles` and `usher systems`: what is configured, whether it answers, and what it can do.

use std::time::Instant;

use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::args_verbs::ShapeArgs;
use super::config::print_small;
use super::ctx::Ctx;
use super::exit::{self, Failure, OK};
use super::prompter::TerminalPrompter;
use super::sources::{self, side_by_side};
use crate::config::Config;
use crate::model::text::display_safe;
use crate::model::{
    ApiError, Capabilities, Field, Identity, KindCaps, Paging, Revoke, Support, Untrusted,
};

/// Lists the profiles and asks each of them. All of the configuration, unless some are named.
///
/// # Errors
/// The configuration cannot be used, or standard output.
pub(crate) async fn profiles(ctx: &Ctx, shape: ShapeArgs) -> Result<u8, Failure> {
    let config = ctx.config()?;
    let profiles = if config.profiles.is_empty() && ctx.global.profile.is_empty() {
        ctx.note("no profile is configured; write one with: usher config init");
        Vec::new()
    } else {
        sources::named_or_all(ctx, &config, None)?
    };
    let sources = sources::open(ctx, profiles, &TerminalPrompter::absent())?;
    let answers = side_by_side(&sources, |source| async {
        let asked = Instant::now();
        let who = source.api.whoami().await?;
        Ok::<(Identity, u128), ApiError>((who, asked.elapsed().as_millis()))
    })
    .await;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut codes = Vec::new();
    for (source, answer) in sources.iter().zip(answers) {
        let profile = &source.profile;
        let default = config.default_profile.as_deref() == Some(source.name());
        let (state, who, took, error) = match &answer {
            Ok((who, took)) => ("ok", Some(who), Some(*took), None),
            Err(error) => (error.class(), None, None, Some(error)),
        };
        codes.push(error.map_or(OK, ApiError::exit_code));
        let mut marks = Vec::new();
        for (mark, holds) in [
            ("default", default),
            ("production", profile.policy.production),
            ("read-only", profile.policy.read_only),
            ("insecure", profile.policy.insecure),
        ] {
            if holds {
                marks.push(mark);
            }
        }
        rows.push(vec![
            source.name().to_owned(),
            source.word().to_owned(),
            profile.url.to_string(),
            match (who, took) {
                (Some(who), Some(took)) => format!("{} ({took} ms)", who.shown().named()),
                _ => state.to_owned(),
            },
            marks.join(" "),
        ]);
        values.push(json!({
            "profile": source.name(),
            "system": source.word(),
            "url": profile.url.as_str(),
            "default": default,
            "production": profile.policy.production,
            "read_only": profile.policy.read_only,
            "insecure": profile.policy.insecure,
            "state": state,
            "name": who.map(|who| who.name.expose()),
            "took_ms": took.and_then(|took| u64::try_from(took).ok()),
            "error": error.map(ToString::to_string),
        }));
        if let Some(error) = error {
            let what = format!("{} does not answer as it should", source.name());
            ctx.error(&exit::sentence(&what, source.name(), error));
        }
    }
    let titles = ["PROFILE", "SYSTEM", "URL", "ANSWER", "MARKS"];
    print_small(ctx, &config, shape.output, &titles, &rows, values.into())?;
    Ok(exit::code_of_all(&codes))
}

/// Lists what each open system can do. Asks each once, since old servers can do less; one that does not
/// answer is described as its newest version. Without any profile, every system is described so.
///
/// # Errors
/// No profile can be chosen, or standard output.
pub(crate) async fn systems(ctx: &Ctx, shape: ShapeArgs) -> Result<u8, Failure> {
    let config = ctx.config()?;
    if config.profiles.is_empty() && ctx.global.profile.is_empty() {
        return every_system(ctx, &config, shape);
    }
    let (config, sources) = sources::all(ctx)?;
    let answers = side_by_side(&sources, |source| source.api.whoami()).await;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut codes = Vec::new();
    for (source, answer) in sources.iter().zip(answers) {
        let server = match answer {
            Ok(who) => {
                codes.push(OK);
                who.server
            }
            Err(error) => {
                codes.push(error.exit_code());
                let what = format!(
                    "{} was not asked, so this is what its newest version can do",
                    source.name()
                );
                ctx.error(&exit::sentence(&what, source.name(), &error));
                None
            }
        };
        let caps = source.api.caps();
        for (what, how) in facts(&caps) {
            rows.push(vec![source.name().to_owned(), what, how]);
        }
        let mut value = to_json(&caps);
        value["profile"] = json!(source.name());
        value["word"] = json!(source.word());
        value["server"] = json!(server.as_ref().map(Untrusted::expose));
        values.push(value);
    }
    let titles = ["PROFILE", "WHAT", "HOW"];
    print_small(ctx, &config, shape.output, &titles, &rows, values.into())?;
    Ok(exit::code_of_all(&codes))
}

/// The capabilities of every system as far as they are known before a sign-in. Nothing is sent.
fn every_system(ctx: &Ctx, config: &Config, shape: ShapeArgs) -> Result<u8, Failure> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for system in ctx.systems.iter() {
        let (word, caps) = (&system.spec().word, system.caps());
        for (what, how) in facts(&caps) {
            rows.push(vec![word.to_string(), what, how]);
        }
        let mut value = to_json(&caps);
        value["word"] = json!(word);
        values.push(value);
    }
    ctx.note(
        "no profile is configured, so this is what the newest version of each system can do; \
         write a profile with: usher config init",
    );
    let titles = ["SYSTEM", "WHAT", "HOW"];
    print_small(ctx, config, shape.output, &titles, &rows, values.into())?;
    Ok(OK)
}

/// The capabilities of a system, for people. Where it has several kinds of session, a line says
/// which it is about.
fn facts(caps: &Capabilities) -> Vec<(String, String)> {
    let mut facts = vec![("system".to_owned(), caps.system.clone().into_owned())];
    let unlisted = caps.unlisted.iter();
    facts.extend(unlisted.map(|why| ("not listed".to_owned(), why.clone().into_owned())));
    for kind in caps.kinds.iter() {
        let of = if caps.kinds.are_several() {
            format!("{}: ", display_safe(&kind.kind))
        } else {
            String::new()
        };
        let named = kind_facts(caps, kind).into_iter();
        facts.extend(named.map(|(what, how)| (format!("{of}{what}"), how)));
    }
    facts
}

fn kind_facts(caps: &Capabilities, kind: &KindCaps) -> Vec<(String, String)> {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let mut facts = vec![
        ("end".to_owned(), revoke(kind.revoke)),
        ("end all of user".to_owned(), yes(kind.revoke_user)),
        (
            "after ending".to_owned(),
            kind.after_revoke.clone().into_owned(),
        ),
        ("get one".to_owned(), yes(kind.get)),
        ("keeps ended".to_owned(), yes(kind.history)),
        ("total".to_owned(), yes(caps.total)),
        ("paging".to_owned(), paging(caps.paging).to_owned()),
        ("sort".to_owned(), support(kind.sort).to_owned()),
        ("id is secret".to_owned(), yes(kind.id_is_credential)),
    ];
    for field in Field::iter() {
        facts.push((
            format!("field {}", field.name()),
            support(kind.fields[field]).to_owned(),
        ));
    }
    facts.push((
        "field @name".to_owned(),
        support(kind.attributes).to_owned(),
    ));
    facts.push(("words".to_owned(), support(kind.words).to_owned()));
    for action in &kind.actions {
        let lacks = action
            .lacks
            .as_ref()
            .map(|why| format!(" (not here: {why})"));
        facts.push((
            format!("action {}", action.name),
            display_safe(&format!("{}{}", action.title, lacks.unwrap_or_default())).into_owned(),
        ));
    }
    facts
}

/// The capabilities of a system, for programs. Where it has several kinds of session, the facts
/// that differ by kind stand in a list `kinds`.
fn to_json(caps: &Capabilities) -> Value {
    let mut value = json!({
        "profile": null,
        "system": caps.system,
        "word": null,
        "server": null,
        "total": caps.total,
        "paging": paging(caps.paging),
        "unlisted": caps.unlisted,
    });
    if caps.kinds.are_several() {
        let kinds: Vec<Value> = caps.kinds.iter().map(kind_json).collect();
        value["kinds"] = json!(kinds);
    } else if let (Value::Object(all), Value::Object(kind)) = (&mut value, kind_json(caps.of(None)))
    {
        all.extend(kind.into_iter().filter(|(name, _)| name != "kind"));
    }
    value
}

fn kind_json(kind: &KindCaps) -> Value {
    let fields: serde_json::Map<String, Value> = Field::iter()
        .map(|field| (field.name().to_owned(), json!(support(kind.fields[field]))))
        .collect();
    json!({
        "kind": &*kind.kind,
        "revoke": revoke(kind.revoke),
        "revoke_user": kind.revoke_user,
        "after_revoke": kind.after_revoke,
        "get": kind.get,
        "history": kind.history,
        "sort": support(kind.sort),
        "id_is_credential": kind.id_is_credential,
        "fields": fields,
        "attributes": support(kind.attributes),
        "words": support(kind.words),
        "actions": kind.actions.iter().map(|action| json!({
            "name": action.name,
            "title": action.title,
            "changes": action.changes,
            "lacks": action.lacks,
        })).collect::<Vec<_>>(),
    })
}

fn support(support: Support) -> &'static str {
    match support {
        Support::Server => "server",
        Support::Client => "here",
        Support::Required => "required",
        Support::No => "no",
    }
}

fn paging(paging: Paging) -> &'static str {
    match paging {
        Paging::None => "none",
        Paging::Offset => "offset",
        Paging::Forward => "forward",
    }
}

fn revoke(revoke: Revoke) -> String {
    match revoke {
        Revoke::One => "one".to_owned(),
        Revoke::Batch(most) => format!("batch of {most}"),
        Revoke::UserOnly => "user only".to_owned(),
        Revoke::OwnOnly => "own only".to_owned(),
        Revoke::No => "no".to_owned(),
    }
}
