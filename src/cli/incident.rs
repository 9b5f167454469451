//! `usher incident USER`: one person out of every system, with a report of what became of it.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args_verbs::{IncidentArgs, OutcomeFormat, ReportFormat, RevokeArgs};
use super::ctx::{Ctx, has_person};
use super::end_plan;
use super::exit::{self, Failure};
use super::outcome::{Counted, Outcomes};
use super::output::{Out, small_table, small_text};
use super::pages::ListEnd;
use super::revoke::{self, Selection};
use super::revoke_run::{self, RevokeRun};
use super::sources::{self, Source};
use super::targets::{SessionTarget, Skip};
use crate::model::Exempt;
use crate::model::text::{display_safe, markdown_safe, with_thousands};
use crate::model::time::{clock_seconds, rfc3339};

/// Finds the sessions of a person in every profile, ends them, reads back, and prints the report. The code
/// is 0 only if every system was asked and says that none is left.
///
/// # Errors
/// Wrong usage, or a refusal before anything was sent.
pub(crate) async fn run(ctx: &Ctx, args: &IncidentArgs) -> Result<u8, Failure> {
    let mut ctx = ctx.clone();
    ctx.global.all_profiles |= ctx.global.profile.is_empty();
    let asked = args.as_revoke();
    let (config, sources) = sources::all(&ctx)?;
    if !args.dry_run {
        revoke::require_reason(&sources, args.reason.as_deref())?;
        sources::refuse_insecure(sources.iter(), args.insecure)?;
        if !args.yes && !has_person() {
            return Err(Failure::usage(
                "there is no terminal to ask on, so nothing was ended; add --yes, or --dry-run to preview",
            ));
        }
    }
    let mut found = revoke::find(&ctx, &asked, &config, &sources).await?;
    revoke::take_whole_people(&sources, &mut found.targets);
    let not_whole = std::mem::take(&mut found.not_whole);
    let mut report = IncidentReport::new(args, &sources, &found);
    let lists = std::mem::take(&mut found.lists);
    let (left_out, chosen): (Vec<_>, Vec<_>) = found
        .targets
        .into_iter()
        .partition(|target| target.skip.is_some());
    let whose = display_safe(args.user.trim());
    let sessions = (chosen.as_slice(), left_out.as_slice());
    let plan = end_plan::plan(&sources, sessions, &lists, Some(&whose));
    end_plan::tell(&ctx, &plan, args.yes && !args.dry_run);
    if args.dry_run {
        report.print(args.output, &ctx, &config)?;
        return Ok(report.code());
    }
    let mut outcomes = Outcomes::silent(&sources);
    if !chosen.is_empty() {
        revoke::require_audit(&ctx, &sources)?;
        if !args.yes {
            revoke::ask(&sources, &chosen, &not_whole, true)?;
        }
        let job = RevokeRun {
            ctx: &ctx,
            sources: &sources,
            reason: args.reason.as_deref(),
            fail_fast: false,
            ways: end_plan::ways(&sources, &left_out, true),
        };
        let ended = revoke_run::run(&job, chosen, &left_out, &mut outcomes).await?;
        if ended > exit::BY_SIGNAL {
            return Ok(ended);
        }
    }
    // What was found before says nothing of what is left now.
    let again = revoke::find(&ctx, &asked, &config, &sources).await?;
    report.read_back(&again, &outcomes);
    report.print(args.output, &ctx, &config)?;
    Ok(report.code())
}

impl IncidentArgs {
    /// The same question as `usher revoke --user` asks.
    fn as_revoke(&self) -> RevokeArgs {
        RevokeArgs {
            ids: Vec::new(),
            user: Some(self.user.clone()),
            query: None,
            way: None,
            dry_run: self.dry_run,
            yes: self.yes,
            reason: self.reason.clone(),
            concurrency: None,
            keep_going: false,
            fail_fast: false,
            insecure: self.insecure,
            output: OutcomeFormat::Text,
        }
    }
}

/// What became of a person's sessions.
struct IncidentReport {
    user: String,
    reason: Option<String>,
    at: DateTime<Utc>,
    systems: Vec<SystemReport>,
}

/// The part of one profile.
struct SystemReport {
    profile: String,
    system: String,
    /// The name of the person there. `None`: the same as it was given.
    asked_as: Option<String>,
    /// Live sessions found before.
    found: usize,
    /// What became of them.
    counted: Counted,
    /// Live sessions at the last reading. `None`: not read back, or the list was not whole.
    left: Option<usize>,
    /// When that was.
    read_back: Option<DateTime<Utc>>,
    /// Why it is not known whether sessions are left. `None`: it is known.
    error: Option<String>,
}

impl IncidentReport {
    fn new(args: &IncidentArgs, sources: &[Source], found: &Selection) -> Self {
        let system = |(at, source): (usize, &Source)| SystemReport {
            profile: source.name().to_owned(),
            system: source.word().to_owned(),
            asked_as: asked_as(source, args.user.trim()),
            found: live(found, at),
            counted: Counted::default(),
            left: None,
            read_back: None,
            error: why_not_known(found, source.name()),
        };
        Self {
            user: args.user.trim().to_owned(),
            reason: args.reason.clone(),
            at: Utc::now(),
            systems: sources.iter().enumerate().map(system).collect(),
        }
    }

    fn read_back(&mut self, again: &Selection, outcomes: &Outcomes<'_>) {
        let now = Utc::now();
        for (at, one) in self.systems.iter_mut().enumerate() {
            one.counted = outcomes.counted(at);
            one.error = why_not_known(again, &one.profile);
            one.read_back = one.error.is_none().then_some(now);
            let left = live(again, at);
            one.left = (one.error.is_none() || left > 0).then_some(left);
        }
    }

    /// 0 if none is left anywhere.
    fn code(&self) -> u8 {
        let is_done = |one: &SystemReport| one.error.is_none() && one.left == Some(0);
        let is_known = |one: &SystemReport| one.error.is_none();
        let was_read = self.systems.iter().any(|one| one.read_back.is_some());
        let all = if was_read {
            self.systems.iter().all(is_done)
        } else {
            // A preview: nothing was sent, and every system has answered.
            self.systems.iter().all(is_known)
        };
        if all { exit::OK } else { exit::PARTLY }
    }

    fn print(
        &self,
        format: ReportFormat,
        ctx: &Ctx,
        config: &crate::config::Config,
    ) -> Result<(), Failure> {
        let mut out = ctx.out();
        match format {
            ReportFormat::Json => out.json(&self.json())?,
            ReportFormat::Text => {
                out.text(&format!("sessions of {}", display_safe(&self.user)));
                small_table(&TITLES, &self.rows(), ctx.look(config), out.buffer());
            }
            ReportFormat::Markdown => self.markdown(&mut out)?,
        }
        out.flush()
    }

    fn markdown(&self, out: &mut Out) -> Result<(), Failure> {
        let user = markdown_safe(&display_safe(&self.user));
        out.line(&format!("# Sessions of {user}"));
        out.line("");
        out.line(&format!("- at {}", rfc3339(self.at)));
        if let Some(reason) = &self.reason {
            out.line(&format!(
                "- reason: {}",
                markdown_safe(&display_safe(reason))
            ));
        }
        out.line("");
        let format = super::output::Format::Markdown;
        small_text(format, &TITLES, &self.rows(), out.buffer())
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let number = |n: usize| with_thousands(n as u64);
        let row = |one: &SystemReport| {
            let left = one.left.map_or("unknown".to_owned(), number);
            let read_back = one.read_back.map_or("-".to_owned(), clock);
            let counted = &one.counted;
            let note = one.note();
            vec![
                display_safe(&one.profile).into_owned(),
                one.system.clone(),
                number(one.found),
                number(counted.ended),
                number(counted.gone),
                number(counted.failed),
                number(counted.unknown),
                left,
                read_back,
                display_safe(&note).into_owned(),
            ]
        };
        self.systems.iter().map(row).collect()
    }

    fn json(&self) -> serde_json::Value {
        let system = |one: &SystemReport| {
            json!({
                "profile": one.profile,
                "system": one.system,
                "asked_as": one.asked_as,
                "found": one.found,
                "ended": one.counted.ended,
                "already_gone": one.counted.gone,
                "failed": one.counted.failed,
                "not_sent": one.counted.not_sent,
                "unknown": one.counted.unknown,
                "left": one.left,
                "read_back": one.read_back.map(rfc3339),
                "error": one.error,
            })
        };
        json!({
            "version": 1,
            "user": self.user,
            "at": rfc3339(self.at),
            "reason": self.reason,
            "systems": self.systems.iter().map(system).collect::<Vec<_>>(),
        })
    }
}

impl SystemReport {
    /// What is to be said beside the numbers: why it is not known whether sessions are left, and the name there.
    fn note(&self) -> String {
        let name = self.asked_as.as_deref();
        let name = name.map(|name| format!("as {}", display_safe(name)));
        let not_sent = Some(self.counted.not_sent).filter(|count| *count > 0);
        let not_sent = not_sent.map(|count| format!("{} not sent", with_thousands(count as u64)));
        let notes: Vec<String> = self
            .error
            .iter()
            .cloned()
            .chain(not_sent)
            .chain(name)
            .collect();
        if notes.is_empty() {
            "-".to_owned()
        } else {
            notes.join("; ")
        }
    }
}

/// The name of a person in a system. `None`: the same as it was given.
fn asked_as(source: &Source, user: &str) -> Option<String> {
    let theirs = source.profile.user_names.theirs(user);
    (theirs != user).then(|| theirs.into_owned())
}

const TITLES: [&str; 10] = [
    "PROFILE",
    "SYSTEM",
    "FOUND",
    "ENDED",
    "GONE",
    "FAILED",
    "UNKNOWN",
    "LEFT",
    "READ BACK",
    "NOTE",
];

fn clock(at: DateTime<Utc>) -> String {
    clock_seconds(at, crate::config::Zone::Utc)
}

/// How many live sessions of the person a profile has.
fn live(found: &Selection, source: usize) -> usize {
    let is_over =
        |target: &&SessionTarget| matches!(target.skip, Some(Skip::Exempt(Exempt::Over(_))));
    let theirs = found
        .targets
        .iter()
        .filter(|target| target.source == source);
    theirs.filter(|target| !is_over(target)).count()
}

/// Why the list of a profile does not tell everything. `None`: it does.
fn why_not_known(found: &Selection, profile: &str) -> Option<String> {
    let list = found.lists.iter().find(|list| list.profile == profile)?;
    match &list.error {
        Some(error) => Some(format!("could not be asked: {}", exit::reason(error))),
        None if !ListEnd::is_whole(list) => {
            Some("its list is not whole; there may be more".to_owned())
        }
        None => None,
    }
}
