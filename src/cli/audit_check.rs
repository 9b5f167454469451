//! `usher audit --verify` and `--settle`: is the log as it was written, and what became of what it left open.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::ctx::Ctx;
use super::exit::{self, FAILED, Failure, OK};
use super::prompter::TerminalPrompter;
use super::sources::{self, Source};
use crate::audit::{self, Anchor, Audit, AuditEntry, AuditError, Report, Unfinished};
use crate::config::Config;
use crate::model::text::{display_safe, number_of, with_thousands};
use crate::model::{ApiError, Identity};
use crate::revoke::{LateLook, look_later};

/// So many problems are told one by one; of a log that was written with another key, each line is one.
const PROBLEMS: usize = 20;
/// So many changes without an end are told one by one beside the records.
const UNFINISHED: usize = 10;

/// Checks the log and prints what was found, the anchor, and what the check cannot show.
///
/// # Errors
/// The log cannot be read, or standard output.
pub(crate) fn verify(ctx: &Ctx, path: &Path, kept: Option<&Anchor>) -> Result<u8, Failure> {
    let report = audit::verify(path, kept).map_err(unreadable)?;
    let mut out = ctx.out();
    for problem in report.problems.iter().take(PROBLEMS) {
        let what = display_safe(&problem.what);
        match problem.line {
            0 => writeln!(out.buffer(), "the log: {what}")?,
            line => writeln!(out.buffer(), "line {line}: {what}")?,
        }
    }
    if let Some(more) = report
        .problems
        .len()
        .checked_sub(PROBLEMS)
        .filter(|n| *n > 0)
    {
        out.line(&format!("and {more} more"));
    }
    out.line(&format!(
        "{}, {}",
        number_of(report.lines, "record"),
        verdict(&report)
    ));
    for note in notes(&report) {
        out.line(&note);
    }
    if let Some(end) = &report.end {
        out.line(&format!("anchor {end}"));
    }
    out.flush()?;
    limits(ctx, path, &report, kept.is_some());
    Ok(if report.is_sound() { OK } else { FAILED })
}

fn verdict(report: &Report) -> &'static str {
    match (report.is_sound(), report.anchored) {
        (false, _) => "and the log cannot be trusted",
        (true, true) if report.unkeyed > 0 => {
            "chain intact: each follows from the line before, those with a seal fit it, and the last one fits the anchor"
        }
        (true, true) => {
            "chain intact: each fits its seal and the line before, and the last one fits the anchor"
        }
        (true, false) if report.lines == 0 => {
            "as nothing has been written here, or log, key and anchor were all taken away"
        }
        (true, false) => {
            "each follows from the line before; without seals and an anchor, nothing shows whether any was \
             rewritten or cut off"
        }
    }
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.unkeyed > 0 {
        notes.push(match report.unkeyed {
            1 => "the first line has no seal: an older usher wrote it, and whoever can write the file can \
                  have changed it"
                .to_owned(),
            lines => format!(
                "the first {} lines have no seal: an older usher wrote them, and whoever can write the file \
                 can have changed them",
                with_thousands(lines)
            ),
        });
    }
    if report.ahead > 0 && report.is_sound() {
        notes.push(match report.ahead {
            1 => "1 line is newer than the anchor: usher was stopped while it wrote it; it fits".to_owned(),
            lines => format!(
                "{} lines are newer than the anchor: usher was stopped while it wrote them; they fit",
                with_thousands(lines)
            ),
        });
    }
    if report.torn {
        notes.push(
            "a piece of a line stands at the end: usher was stopped while it wrote it, and nothing was \
             sent for it"
                .to_owned(),
        );
    }
    if !report.unfinished.is_empty() {
        notes.push(match report.unfinished.len() {
            1 => "1 change has no end in the log; `usher audit --unfinished` shows it".to_owned(),
            changes => format!(
                "{} changes have no end in the log; `usher audit --unfinished` lists them",
                with_thousands(changes as u64)
            ),
        });
    }
    notes
}

/// Notes on the limits of this check.
fn limits(ctx: &Ctx, path: &Path, report: &Report, compared: bool) {
    if report.lines == 0 {
        return;
    }
    let key = path.with_file_name("audit.key");
    ctx.note(&format!(
        "note: this cannot show that somebody put back older copies of log and anchor together, or wrote \
         both anew with {}",
        display_safe(&key.display().to_string())
    ));
    match compared {
        true if report.is_sound() => {
            ctx.note("note: up to the anchor that you gave, every line is the one that stood there then");
        }
        true => {}
        false => ctx.note(
            "note: keep the anchor on another machine; --verify --anchor COUNT:HASH compares with it",
        ),
    }
}

/// Says, beside the records, which changes have no end.
pub(crate) fn tell_unfinished(ctx: &Ctx, unfinished: &Unfinished) {
    let forgotten = &unfinished.forgotten;
    for entry in forgotten.iter().take(UNFINISHED) {
        ctx.note(&format!("no end: {}", words(entry)));
    }
    if let Some(text) = unfinished.summary() {
        ctx.note(&text);
    }
    if !unfinished.running.is_empty() {
        ctx.note(&format!(
            "{} being made by another usher now",
            count(unfinished.running.len(), "change is", "changes are")
        ));
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// Time, what, whose, and where.
fn words(entry: &AuditEntry) -> String {
    let text = format!(
        "{} {} {} of {} at {}",
        entry.ts,
        entry.verb,
        entry.target_kind,
        entry.user.as_deref().unwrap_or("nobody named"),
        entry.profile
    );
    display_safe(&text).into_owned()
}

/// Looks what became of every change without an end, and writes down what can be told.
///
/// # Errors
/// The configuration or the log cannot be used.
pub(crate) async fn settle(ctx: &Ctx) -> Result<u8, Failure> {
    let log = Arc::new(Audit::new(&ctx.paths));
    let Some(_settling) = log.settling().map_err(unreadable)? else {
        return Err(Failure::new(
            FAILED,
            "another usher is settling the audit log; try again when it has ended",
        ));
    };
    let config = ctx.config()?;
    let unfinished = log.unfinished().map_err(unreadable)?;
    let mut tally = Tally::default();
    for profile in profiles_of(&unfinished.forgotten) {
        let mine = |entry: &&AuditEntry| entry.profile == profile;
        let changes: Vec<AuditEntry> = unfinished.forgotten.iter().filter(mine).cloned().collect();
        settle_profile(ctx, &config, &log, &changes, &mut tally).await?;
    }
    if let Some(dir) = &ctx.paths.state_dir {
        unfinished.clear_marks(dir);
    }
    let running = unfinished.running.len();
    let busy = match running {
        0 => String::new(),
        running => format!(", {running} under way in another usher"),
    };
    ctx.note(&format!(
        "not there {}, still there {}, still open {}{busy}",
        tally.not_there, tally.still_there, tally.open
    ));
    Ok(if tally.open == 0 { OK } else { exit::PARTLY })
}

#[derive(Default)]
struct Tally {
    not_there: usize,
    still_there: usize,
    open: usize,
}

fn profiles_of(changes: &[AuditEntry]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for change in changes {
        if !names.contains(&change.profile) {
            names.push(change.profile.clone());
        }
    }
    names
}

async fn settle_profile(
    ctx: &Ctx,
    config: &Config,
    log: &Audit,
    changes: &[AuditEntry],
    tally: &mut Tally,
) -> Result<(), Failure> {
    let (who, answers) = match look(ctx, config, log, changes).await? {
        Ok(found) => found,
        Err(why) => {
            for change in changes {
                ctx.note(&format!(
                    "{}: still open: {}",
                    words(change),
                    display_safe(&why)
                ));
            }
            tally.open += changes.len();
            return Ok(());
        }
    };
    for (change, later) in changes.iter().zip(answers) {
        let said = match &later {
            LateLook::NotThere => {
                tally.not_there += 1;
                "not there; whether this change ended it is not known"
            }
            LateLook::StillThere => {
                tally.still_there += 1;
                "still there"
            }
            LateLook::Unclear(why) => {
                tally.open += 1;
                ctx.note(&format!("{}: still open: {why}", words(change)));
                continue;
            }
        };
        if let Some(ending) = later.ending() {
            match log.settled(change, who.as_ref(), &ending) {
                Err(error @ AuditError::Broken(_)) => ctx.note(&format!("warning: {error}")),
                written => written.map_err(unreadable)?,
            }
        }
        ctx.note(&format!("{}: {said}", words(change)));
    }
    Ok(())
}

type Looked = (Option<Identity>, Vec<LateLook>);

/// The sessions that the profile of these changes lists now. The inner error: why it lists none.
/// The inner error: why it shows nothing.
async fn look(
    ctx: &Ctx,
    config: &Config,
    log: &Audit,
    changes: &[AuditEntry],
) -> Result<Result<Looked, String>, Failure> {
    let Some(first) = changes.first() else {
        return Ok(Ok((None, Vec::new())));
    };
    let Some(profile) = config.profile(&first.profile) else {
        return Ok(Err(
            "the configuration has no such profile any more".to_owned()
        ));
    };
    if profile.system.word != first.system {
        return Ok(Err(
            "the profile is of another kind of system now".to_owned()
        ));
    }
    let opened = sources::open(ctx, vec![profile.clone()], &TerminalPrompter::new());
    let Some(source) = opened?.pop() else {
        return Ok(Err("the profile cannot be opened".to_owned()));
    };
    let host = audit::host_of(&source.profile);
    if changes.iter().any(|change| change.host != host) {
        return Ok(Err(format!(
            "the profile is at {host} now, and the change was sent elsewhere"
        )));
    }
    let who = match asked_who(&source).await {
        Ok(who) => who,
        Err(error) => return Ok(Err(exit::reason(&error))),
    };
    let found = look_later(
        source.api.as_ref(),
        log,
        changes,
        source.profile.policy.max_rows,
    );
    Ok(Ok((who, found.await.map_err(unreadable)?)))
}

/// Who the server says we are. `None`: it does not say; the list may be read all the same.
async fn asked_who(source: &Source) -> Result<Option<Identity>, ApiError> {
    match source.api.whoami().await {
        Ok(who) => Ok(Some(who)),
        Err(ApiError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unreadable(error: AuditError) -> Failure {
    Failure::new(FAILED, error.to_string())
}
