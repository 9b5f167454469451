//! `usher revoke`: ends sessions, and says of each what became of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use super::args_verbs::RevokeArgs;
use super::ctx::{Ctx, has_person};
use super::end_plan;
use super::exit::{self, Failure};
use super::outcome::Outcomes;
use super::output::Record;
use super::pages::{self, ListRequest, Take};
use super::prompter;
use super::revoke_run::{self, RevokeRun};
use super::sources::{self, Source};
use super::targets::{self, FoundBy, SessionTarget, Skip};
use crate::audit::Audit;
use crate::config::{AuditMode, Config};
use crate::model::text::{display_safe, number_of, with_thousands};
use crate::model::{
    ApiError, AskedBy, Clause, EndWay, Exempt, Field, KindCounts, LimitedBy, Op, Query, Revoke,
    RowRef, Subject, Untrusted, Value,
};
use crate::revoke::Provenance;

/// So many sessions of which only the id is known are read before they are ended.
const LOOKED_UP: usize = 20;

/// Ends sessions.
///
/// # Errors
/// Wrong usage, or a refusal before anything was sent.
pub(crate) async fn run(ctx: &Ctx, args: &RevokeArgs) -> Result<u8, Failure> {
    let (config, sources) = opened(ctx, args)?;
    let mut found = find(ctx, args, &config, &sources).await?;
    if args.user.is_some() {
        take_whole_people(&sources, &mut found.targets);
    }
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
    let skips = left_out.iter().filter_map(|target| target.skip.as_ref());
    let mut codes: Vec<u8> = skips.map(Skip::code).chain([found.code]).collect();
    if chosen.is_empty() && codes.iter().all(|code| *code == exit::OK) {
        // To have reached nothing that was asked for is no success.
        ctx.error(&nothing_found(args, &left_out));
        outcomes.flush()?;
        return Ok(exit::NOTHING);
    }
    if args.dry_run {
        let ways = end_plan::ways(&sources, &left_out, args.user.is_some());
        for target in &chosen {
            outcomes.would_revoke(target, ways[target.source])?;
        }
        outcomes.flush()?;
        tell_plan(ctx, args, &sources, (&chosen, &left_out), &found.lists);
        summary_of_dry_run(ctx, &sources, &chosen, &left_out, &found.not_whole);
        return Ok(found.code);
    }
    if !chosen.is_empty() {
        require_audit(ctx, &sources)?;
        tell_plan(ctx, args, &sources, (&chosen, &left_out), &found.lists);
        if !args.yes {
            outcomes.flush()?;
            ask(&sources, &chosen, &found.not_whole, args.user.is_some())?;
        }
    }
    outcomes.flush()?;
    if chosen.is_empty() && left_out.is_empty() {
        return Ok(code_of_parts(&codes, 0));
    }
    let job = RevokeRun {
        ctx,
        sources: &sources,
        reason: args.reason.as_deref(),
        fail_fast: args.fail_fast,
        ways: end_plan::ways(&sources, &left_out, args.user.is_some()),
    };
    let ended = revoke_run::run(&job, chosen, &left_out, &mut outcomes).await?;
    if ended > exit::BY_SIGNAL {
        return Ok(ended);
    }
    // The list was cut, but the system's own operation was not: a new reading tells what is left.
    if args.user.is_some() && !found.not_whole.is_empty() {
        let left = find(ctx, args, &config, &sources).await?;
        if left.is_nothing() {
            codes.retain(|code| *code != found.code);
        }
    }
    codes.push(ended);
    Ok(code_of_parts(&codes, outcomes.revoked()))
}

/// Says the plan before anything is asked or sent. For sessions that were named it is said only by a dry run, and
/// only of several or where something is not certain.
fn tell_plan(
    ctx: &Ctx,
    args: &RevokeArgs,
    sources: &[Source],
    sessions: (&[SessionTarget], &[SessionTarget]),
    lists: &[pages::ListEnd],
) {
    let whose = args.user.as_deref().map(|user| display_safe(user.trim()));
    let plan = end_plan::plan(sources, sessions, lists, whose.as_deref());
    let is_found = args.user.is_some() || args.query.is_some();
    let is_worth_it = || plan.sessions() > 1 || !plan.doubts().is_empty();
    if is_found || (args.dry_run && is_worth_it()) {
        end_plan::tell(ctx, &plan, args.yes && !args.dry_run);
    }
}

/// The open profiles, if nothing forbids to end sessions there.
fn opened(ctx: &Ctx, args: &RevokeArgs) -> Result<(Config, Vec<Source>), Failure> {
    // Before they are opened: the connections have this limit too.
    let (config, sources) = sources::all_with(ctx, |profile| {
        profile.concurrency = args.concurrency.unwrap_or(profile.concurrency);
    })?;
    if !args.dry_run {
        refuse_read_only(&sources)?;
        require_reason(&sources, args.reason.as_deref())?;
        require_person(args)?;
        if args.user.is_some() || args.query.is_some() {
            sources::refuse_insecure(sources.iter(), args.insecure)?;
        }
    }
    Ok((config, sources))
}

/// The system's own operation for a person also reaches sessions of theirs that cannot be ended alone,
/// so what becomes of those is read back too.
pub(super) fn take_whole_people(sources: &[Source], targets: &mut [SessionTarget]) {
    let ways = end_plan::ways(sources, targets, true);
    let sent: Vec<(usize, Subject)> = targets
        .iter()
        .filter(|target| {
            target.skip.is_none()
                && ways[target.source] == EndWay::ForUser
                && sources[target.source]
                    .api
                    .caps()
                    .of(target.kind.as_deref())
                    .revoke_user
        })
        .map(|target| (target.source, target.subject.clone()))
        .collect();
    for target in targets {
        let is_reached = sent
            .iter()
            .any(|(source, user)| *source == target.source && *user == target.subject);
        if is_reached && matches!(target.skip, Some(Skip::Exempt(Exempt::NotDeletable(_)))) {
            target.skip = None;
        }
    }
}

/// The exit code of a command of which some parts did not succeed, where `done` sessions were ended.
fn code_of_parts(codes: &[u8], done: usize) -> u8 {
    let mut codes: Vec<u8> = codes
        .iter()
        .copied()
        .filter(|code| *code != exit::OK)
        .collect();
    codes.dedup();
    match codes.as_slice() {
        [] => exit::OK,
        [only] if done == 0 => *only,
        _ => exit::PARTLY,
    }
}

/// Why nothing was sent although nothing failed.
fn nothing_found(args: &RevokeArgs, left_out: &[SessionTarget]) -> String {
    let what = match (&args.user, &args.query) {
        _ if !left_out.is_empty() => {
            return "every session that was found has ended already; nothing was sent".to_owned();
        }
        (Some(user), _) => format!("no session of \"{}\" was found", display_safe(user)),
        (None, Some(_)) => "no session matches the query".to_owned(),
        (None, None) => "standard input named no session".to_owned(),
    };
    format!("{what}; nothing was sent")
}

fn refuse_read_only(sources: &[Source]) -> Result<(), Failure> {
    match sources
        .iter()
        .find(|source| source.profile.policy.read_only)
    {
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
    match sources
        .iter()
        .find(|source| source.profile.policy.require_reason)
    {
        Some(source) if blank => Err(Failure::usage(format!(
            "profile {} wants a reason for every change; say it with --reason",
            source.name()
        ))),
        _ => Ok(()),
    }
}

/// Nothing is sent that could not be written down.
pub(super) fn require_audit(ctx: &Ctx, sources: &[Source]) -> Result<(), Failure> {
    let needs = |source: &&Source| source.profile.policy.audit == AuditMode::Required;
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
        "there is no terminal to ask on, so nothing was ended; add --yes, or --dry-run to preview",
    ))
}

/// The sessions to end, and the exit code of sources that failed.
pub(super) struct Selection {
    pub(super) targets: Vec<SessionTarget>,
    code: u8,
    /// Names of the profiles whose lists are not whole: more sessions may match there.
    pub(super) not_whole: Vec<String>,
    /// How the list of each profile ended. Empty: nothing was listed.
    pub(super) lists: Vec<pages::ListEnd>,
}

impl Selection {
    /// True if every session that is meant has certainly ended.
    fn is_nothing(&self) -> bool {
        let is_over =
            |target: &SessionTarget| matches!(target.skip, Some(Skip::Exempt(Exempt::Over(_))));
        self.code == exit::OK && self.not_whole.is_empty() && self.targets.iter().all(is_over)
    }
}

pub(super) async fn find(
    ctx: &Ctx,
    args: &RevokeArgs,
    config: &Config,
    sources: &[Source],
) -> Result<Selection, Failure> {
    let query = match (&args.user, &args.query) {
        (Some(user), _) => of_user(user)?,
        (None, Some(text)) => of_text(text, sources)?,
        (None, None) => {
            let mut targets = targets::read(&args.ids, sources)?;
            let mut seen = HashSet::new();
            targets.retain(|target| seen.insert((target.source, target.key.expose().to_owned())));
            if targets.len() > 1 && !args.dry_run {
                let touched = targets
                    .iter()
                    .filter_map(|target| sources.get(target.source));
                sources::refuse_insecure(touched, args.insecure)?;
            }
            look_up(sources, &mut targets).await;
            return Ok(Selection {
                targets,
                code: exit::OK,
                not_whole: Vec::new(),
                lists: Vec::new(),
            });
        }
    };
    let (now, zone) = sources::moment(config);
    let question = ListRequest {
        query,
        native: None,
        now,
        zone,
        limit: None,
        way: args.way.clone(),
        asked_by: AskedBy::Person,
        all_hints: false,
    };
    let mut collect = Collect {
        sources,
        by: match args.user {
            Some(_) => FoundBy::Name,
            None => FoundBy::Query,
        },
        targets: Vec::new(),
    };
    let ended = pages::read(ctx, sources, &question, &mut collect).await?;
    super::list::report(ctx, &ended);
    if let Some(user) = &args.user {
        note_spelling(ctx, sources, user.trim(), &collect.targets);
    }
    let codes: Vec<u8> = ended.iter().map(pages::ListEnd::code_of_decision).collect();
    let not_whole = ended.iter().filter(|one| !one.is_whole());
    Ok(Selection {
        targets: collect.targets,
        code: exit::code_of_all(&codes),
        not_whole: not_whole.map(|one| one.profile.clone()).collect(),
        lists: ended,
    })
}

/// Names are compared without case, and a profile may give a person another one: whose sessions were found is
/// told where that is spelled otherwise.
fn note_spelling(ctx: &Ctx, sources: &[Source], user: &str, found: &[SessionTarget]) {
    let names = names_of(found);
    let is_as_typed = |target: &SessionTarget| {
        let name = target.subject.name.as_ref().map(Untrusted::expose);
        name.is_none_or(|name| name == user)
            || sources[target.source].profile.user_names.theirs(user) == name.unwrap_or_default()
    };
    if !found.iter().all(is_as_typed) {
        ctx.note(&format!(
            "note: what was found for {} is of {}",
            display_safe(user),
            names.join(", ")
        ));
    }
}

/// The names of these sessions' people, each once, cleaned.
fn names_of(targets: &[SessionTarget]) -> Vec<String> {
    let names = targets
        .iter()
        .filter_map(|target| target.subject.name.as_ref());
    let names: BTreeSet<String> = names.map(|name| name.safe().into_owned()).collect();
    names.into_iter().collect()
}

/// Reads the sessions of which only the id is known, so that the question and the audit log can say
/// whose they are, and what must be left alone is. One that cannot be read is tried all the same: who
/// may end sessions need not be allowed to read them.
async fn look_up(sources: &[Source], targets: &mut [SessionTarget]) {
    let bare = |target: &&mut SessionTarget| target.label.is_empty() && target.skip.is_none();
    for target in targets.iter_mut().filter(bare).take(LOOKED_UP) {
        let source = &sources[target.source];
        let session = match source.api.get(&target.key).await {
            Ok(session) => session,
            Err(ApiError::NotFound) => {
                target.skip = Some(Skip::NotFound);
                continue;
            }
            Err(_) => continue,
        };
        let row = RowRef::of(&session);
        let now = source.api.server_now();
        let record = Record::new(source.name(), source.word(), &row, source.thresholds(), now);
        // The name that the operator gave is the one that is ended, whatever the answer calls it;
        // and it was found by that name.
        *target = SessionTarget {
            key: target.key.clone(),
            provenance: Provenance::Listed,
            ..SessionTarget::of(target.source, &source.api.caps(), &record, FoundBy::Name)
        };
    }
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
fn of_text(text: &str, sources: &[Source]) -> Result<Query, Failure> {
    let query = sources::parse_query_for(text, sources)?;
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
    by: FoundBy,
    targets: Vec<SessionTarget>,
}

impl Take for Collect<'_> {
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        let source = self.sources.iter().position(|s| s.name() == record.profile);
        let source = source.unwrap_or_default();
        let has_clock = |source: &Source| source.api.clock_offset().is_some();
        let by = if self.sources.get(source).is_some_and(has_clock) {
            self.by
        } else {
            FoundBy::Name
        };
        let caps = self.sources[source].api.caps();
        let target = SessionTarget::of(source, &caps, record, by);
        self.targets.push(target);
        Ok(ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

fn summary_of_dry_run(
    ctx: &Ctx,
    sources: &[Source],
    chosen: &[SessionTarget],
    left_out: &[SessionTarget],
    not_whole: &[String],
) {
    let mut text = format!(
        "nothing was sent; {} would be ended{}",
        count_of(chosen),
        by_profile(sources, chosen)
    );
    text.push_str(&skipped(left_out));
    if !not_whole.is_empty() {
        text.push_str(&format!("; {}", may_hold_more(not_whole)));
    }
    ctx.note(&text);
}

/// The remark beside a number that came from an incomplete list.
fn may_hold_more(not_whole: &[String]) -> String {
    let names = not_whole.join(", ");
    format!("the list of {names} is not whole, so more sessions may match")
}

/// `, skipped 5 (3 expired; 2 your own session), not found 1`; empty where nothing was.
pub(crate) fn skipped(left_out: &[SessionTarget]) -> String {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut not_found = 0;
    for skip in left_out.iter().filter_map(|target| target.skip.as_ref()) {
        match skip {
            Skip::NotFound => not_found += 1,
            skip => *reasons.entry(skip.words()).or_default() += 1,
        }
    }
    let mut text = String::new();
    if !reasons.is_empty() {
        let count = reasons.values().sum::<usize>() as u64;
        let reasons = reasons.iter().map(|(why, count)| format!("{count} {why}"));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        text = format!(", skipped {} ({reasons})", with_thousands(count));
    }
    if not_found > 0 {
        text.push_str(&format!(", not found {}", with_thousands(not_found)));
    }
    text
}

/// Asks on the terminal. Many, and several in production, want the number typed.
pub(super) fn ask(
    sources: &[Source],
    chosen: &[SessionTarget],
    not_whole: &[String],
    of_user: bool,
) -> Result<(), Failure> {
    let what = count_of(chosen);
    // Whose they are was typed on the command line: it is not asked for again.
    let typed = end_plan::plan(sources, (chosen, &[]), &[], None).typed_because();
    let (wanted, because) = match typed {
        Some(why) => (chosen.len().to_string(), format!(" (typed because {why})")),
        None => ("y".to_owned(), String::new()),
    };
    let mut prompt = String::new();
    for (at, source) in sources.iter().enumerate() {
        let here = chosen.iter().filter(|target| target.source == at);
        let kinds: Vec<_> = here.map(|target| target.kind.as_deref()).collect();
        if !kinds.is_empty() {
            prompt.push_str(&format!(
                "{}{}: {}\n",
                source.name(),
                if source.profile.policy.production {
                    " (production)"
                } else {
                    ""
                },
                source.api.caps().after_revoke_of(kinds)
            ));
        }
    }
    if !not_whole.is_empty() {
        prompt.push_str(&format!("Note: {}.\n", may_hold_more(not_whole)));
    }
    let whose = if of_user {
        format!(" of {}", names_of(chosen).join(", "))
    } else {
        String::new()
    };
    prompt.push_str(&format!(
        "End {what}{whose}{}? Type {wanted} to confirm{because}: ",
        by_profile(sources, chosen)
    ));
    let answer = prompter::line(&prompt).unwrap_or_default();
    let yes = answer == wanted || (wanted == "y" && answer.eq_ignore_ascii_case("yes"));
    if yes || (wanted == "y" && answer.eq_ignore_ascii_case("y")) {
        Ok(())
    } else {
        Err(Failure::usage("cancelled, nothing was ended"))
    }
}

/// ` (prod: 12, test: 3)`; empty for one profile.
fn by_profile(sources: &[Source], chosen: &[SessionTarget]) -> String {
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

/// `15 sessions`, or `15 sessions (12 web, 3 sql)`.
pub(super) fn count_of(targets: &[SessionTarget]) -> String {
    let kinds: KindCounts = targets.iter().map(|target| target.kind.as_ref()).collect();
    format!("{}{}", sessions(targets.len()), kinds.in_brackets())
}

/// `1 session`, `1,204 sessions`.
pub(crate) fn sessions(count: usize) -> String {
    number_of(count as u64, "session")
}

/// Why a source cannot end these sessions at all. `None`: it can.
pub(crate) fn cannot(source: &Source) -> Option<ApiError> {
    let caps = source.api.caps();
    let can = caps.kinds.iter().any(|kind| kind.revoke != Revoke::No);
    (!can).then(|| ApiError::Unsupported {
        what: "ending sessions".into(),
        limit: LimitedBy::System(caps.system.clone()),
    })
}
