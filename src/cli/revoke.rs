//! `usher revoke`: ends sessions, and says of each what became of it.

use std::collections::HashSet;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::args_verbs::RevokeArgs;
use super::ctx::{Ctx, has_person};
use super::exit::{self, Failure};
use super::outcome::Outcomes;
use super::output::Record;
use super::pages::{self, Question, Take};
use super::prompter;
use super::revoke_run::{self, Job};
use super::sources::{self, Source};
use super::targets::{self, Skip, Target};
use crate::audit::Audit;
use crate::config::{AuditMode, Config};
use crate::model::confirm;
use crate::model::text::{display_safe, with_thousands};
use crate::model::{ApiError, Clause, Field, Op, Query, Revoke, RowRef, Value};

/// So many sessions of which only the id is known are read before they are ended.
const LOOKED_UP: usize = 20;

/// Ends sessions.
///
/// # Errors
/// Wrong usage, or a refusal before anything was sent.
pub(crate) async fn run(ctx: &Ctx, args: &RevokeArgs) -> Result<u8, Failure> {
    let (config, mut sources) = sources::all(ctx)?;
    if let Some(at_once) = args.concurrency {
        for source in &mut sources {
            std::sync::Arc::make_mut(&mut source.profile).concurrency = at_once;
        }
    }
    if !args.dry_run {
        refuse_read_only(&sources)?;
        require_reason(&sources, args.reason.as_deref())?;
        require_person(args)?;
    }
    let found = find(ctx, args, &config, &sources).await?;
    let (left_out, chosen): (Vec<_>, Vec<_>) = found
        .targets
        .into_iter()
        .partition(|target| target.skip.is_some());
    let mut outcomes = Outcomes::new(ctx, args.output, &sources);
    for target in &left_out {
        if let Some(skip) = &target.skip {
            outcomes.skipped(target, skip)?;
        }
    }
    if args.dry_run {
        for target in &chosen {
            outcomes.would_revoke(target)?;
        }
        outcomes.flush()?;
        summary_of_dry_run(ctx, &sources, &chosen, &left_out);
        return Ok(found.code);
    }
    if !chosen.is_empty() {
        require_audit(ctx, &sources)?;
        if !args.yes {
            outcomes.flush()?;
            ask(&sources, &chosen)?;
        }
    }
    outcomes.flush()?;
    let job = Job {
        ctx,
        sources: &sources,
        reason: args.reason.as_deref(),
        fail_fast: args.fail_fast,
        whole_user: args.user.is_some(),
    };
    let ended = revoke_run::run(&job, chosen, &mut outcomes).await?;
    let own = left_out.iter().any(|target| target.skip == Some(Skip::Own));
    let mut codes = vec![found.code, ended];
    if own {
        codes.push(exit::REFUSED);
    }
    // All of a person was asked for, and something of theirs is alive.
    let alive = |target: &Target| matches!(target.skip, Some(Skip::NotDeletable(_)));
    if args.user.is_some() && left_out.iter().any(alive) {
        codes.push(exit::NOT_ALLOWED);
    }
    codes.retain(|code| *code != exit::OK);
    Ok(match codes.split_first() {
        None => exit::OK,
        Some((130, _)) => 130,
        Some((only, [])) if outcomes.revoked() == 0 => *only,
        Some(_) => exit::PARTLY,
    })
}

fn refuse_read_only(sources: &[Source]) -> Result<(), Failure> {
    match sources.iter().find(|source| source.profile.read_only) {
        None => Ok(()),
        Some(source) => Err(Failure::api(
            "nothing was ended",
            source.name(),
            &ApiError::ReadOnly(source.name().to_owned()),
        )),
    }
}

/// Some profiles want a reason for every change.
pub(crate) fn require_reason(sources: &[Source], reason: Option<&str>) -> Result<(), Failure> {
    let blank = reason.is_none_or(|reason| reason.trim().is_empty());
    match sources.iter().find(|source| source.profile.require_reason) {
        Some(source) if blank => Err(Failure::usage(format!(
            "profile {} wants a reason for every change; say it with --reason",
            source.name()
        ))),
        _ => Ok(()),
    }
}

/// Nothing is sent that could not be written down.
fn require_audit(ctx: &Ctx, sources: &[Source]) -> Result<(), Failure> {
    let needs = |source: &&Source| source.profile.audit == AuditMode::Required;
    let Some(source) = sources.iter().find(needs) else {
        return Ok(());
    };
    Audit::new(&ctx.paths).check().map_err(|error| {
        Failure::api(
            "nothing was ended",
            source.name(),
            &ApiError::NoAudit(error.to_string()),
        )
    })
}

/// Without `--yes` somebody must be there to ask; found out before anything is read.
fn require_person(args: &RevokeArgs) -> Result<(), Failure> {
    if args.yes || has_person() {
        return Ok(());
    }
    Err(Failure::usage(
        "there is no terminal to ask on, so nothing was ended; say --yes, or --dry-run to see what would be",
    ))
}

/// What is to be ended, and the code of sources that could not tell.
struct Found {
    targets: Vec<Target>,
    code: u8,
}

async fn find(
    ctx: &Ctx,
    args: &RevokeArgs,
    config: &Config,
    sources: &[Source],
) -> Result<Found, Failure> {
    let query = match (&args.user, &args.query) {
        (Some(user), _) => of_user(user)?,
        (None, Some(text)) => of_text(text)?,
        (None, None) => {
            let mut targets = targets::read(&args.ids, sources)?;
            let mut seen = HashSet::new();
            targets.retain(|target| seen.insert((target.source, target.key.expose().to_owned())));
            let code = look_up(sources, &mut targets, sources::moment(config).0).await;
            return Ok(Found { targets, code });
        }
    };
    let (now, zone) = sources::moment(config);
    let question = Question {
        query,
        native: None,
        now,
        zone,
        limit: None,
    };
    let mut collect = Collect {
        sources,
        targets: Vec::new(),
    };
    let ended = pages::read(sources, &question, &mut collect).await?;
    super::list::report(ctx, &ended);
    let codes: Vec<u8> = ended.iter().map(pages::Ended::code).collect();
    Ok(Found {
        targets: collect.targets,
        code: exit::code_of_all(&codes),
    })
}

/// Reads the sessions of which only the id is known, so that the question and the audit log can say
/// whose they are, and what must be left alone is. One that cannot be read is tried all the same: who
/// may end sessions need not be allowed to read them. Gives the exit code: to name just this session
/// and to be told that it may not be ended is no success.
async fn look_up(sources: &[Source], targets: &mut [Target], now: DateTime<Utc>) -> u8 {
    let mut code = exit::OK;
    let bare = |target: &&mut Target| target.label.is_empty() && target.skip.is_none();
    for target in targets.iter_mut().filter(bare).take(LOOKED_UP) {
        let source = &sources[target.source];
        if let Ok(session) = source.api.get(&target.key).await {
            let row = RowRef::of(&session);
            let word = source.word();
            let record = Record::new(source.name(), word, &row, source.thresholds(), now);
            // What is ended is what was named, whatever the answer calls it.
            let key = target.key.clone();
            *target = Target {
                key,
                ..Target::of(target.source, &record)
            };
            if matches!(target.skip, Some(Skip::NotDeletable(_))) {
                code = exit::NOT_ALLOWED;
            }
        }
    }
    code
}

/// Nobody is ended by an empty name, and nobody else by a wildcard.
fn of_user(user: &str) -> Result<Query, Failure> {
    let name = user.trim();
    if name.is_empty() || name.contains('*') {
        return Err(Failure::usage(format!(
            "--user takes one exact name, not \"{}\"; for several people use --query",
            display_safe(user)
        )));
    }
    Ok(Query {
        clauses: vec![Clause::field(Field::User, Op::Eq, Value::Text(name.into()))],
    })
}

/// An empty query means everything in `list`; here it is far more likely a variable that was not set.
fn of_text(text: &str) -> Result<Query, Failure> {
    let query = sources::parse_query(text)?;
    if query.is_empty() {
        return Err(Failure::usage(
            "--query is empty, which means every session; if that is meant, say it: --query 'system:*'",
        ));
    }
    Ok(query)
}

/// Keeps what is needed to end the rows that match.
struct Collect<'a> {
    sources: &'a [Source],
    targets: Vec<Target>,
}

impl Take for Collect<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let source = self.sources.iter().position(|s| s.name() == record.profile);
        let target = Target::of(source.unwrap_or_default(), record);
        self.targets.push(target);
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

fn summary_of_dry_run(ctx: &Ctx, sources: &[Source], chosen: &[Target], left_out: &[Target]) {
    let mut text = format!(
        "nothing was sent; {} would be ended{}",
        sessions(chosen.len()),
        by_profile(sources, chosen)
    );
    if !left_out.is_empty() {
        text.push_str(&format!(", {} left out", left_out.len()));
    }
    ctx.note(&text);
}

/// Asks on the terminal. Many, and several in production, want the number typed.
fn ask(sources: &[Source], chosen: &[Target]) -> Result<(), Failure> {
    let production = chosen.iter().any(|target| {
        sources
            .get(target.source)
            .is_some_and(|source| source.profile.production)
    });
    let what = sessions(chosen.len());
    let typed = confirm::typed_because(chosen.len(), production);
    let (wanted, because) = match typed {
        Some(why) => (chosen.len().to_string(), format!(" (typed because {why})")),
        None => ("y".to_owned(), String::new()),
    };
    let mut prompt = String::new();
    for (at, source) in sources.iter().enumerate() {
        if chosen.iter().any(|target| target.source == at) {
            prompt.push_str(&format!(
                "{}{}: {}\n",
                source.name(),
                if source.profile.production {
                    " (production)"
                } else {
                    ""
                },
                source.api.caps().after_revoke
            ));
        }
    }
    prompt.push_str(&format!(
        "End {what}{}? Type {wanted} to do it{because}: ",
        by_profile(sources, chosen)
    ));
    let answer = prompter::line(&prompt).unwrap_or_default();
    let yes = answer == wanted || (wanted == "y" && answer.eq_ignore_ascii_case("yes"));
    match yes || (wanted == "y" && answer.eq_ignore_ascii_case("y")) {
        true => Ok(()),
        false => Err(Failure::usage("nothing was ended")),
    }
}

/// ` (prod: 12, test: 3)`; empty for one profile.
fn by_profile(sources: &[Source], chosen: &[Target]) -> String {
    if sources.len() < 2 {
        return String::new();
    }
    let parts: Vec<String> = sources
        .iter()
        .enumerate()
        .map(|(at, source)| {
            (
                source.name(),
                chosen.iter().filter(|t| t.source == at).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    format!(" ({})", parts.join(", "))
}

/// `1 session`, `1,204 sessions`.
pub(crate) fn sessions(count: usize) -> String {
    match count {
        1 => "1 session".to_owned(),
        count => format!("{} sessions", with_thousands(count as u64)),
    }
}

/// Why a source cannot end these sessions at all. `None`: it can.
pub(crate) fn cannot(source: &Source) -> Option<ApiError> {
    let caps = source.api.caps();
    matches!(caps.revoke, Revoke::No).then_some(ApiError::Unsupported {
        what: "ending sessions",
        system: caps.system,
    })
}
