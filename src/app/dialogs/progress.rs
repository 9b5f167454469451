//! A revoke job at work, or ended with something to say.

use crate::app::dialog_view::{DialogView, ViewLine, is_large, sentences};
use crate::app::effect::{JobId, RevokeItem};
use crate::app::overlay::{Job, JobState};
use crate::app::role::Role;
use crate::app::state::State;
use crate::model::text::{cut_end, with_thousands};

const WIDTH: (u16, u16) = (72, 62);
/// Cells of the bar.
const BAR: usize = 48;
/// How many lines of what a server said are shown of each failure.
const WHY_LINES: usize = 2;
/// How many of the last failures are shown.
const FAILURES: (usize, usize) = (3, 1);

/// The box of a job as it is drawn; empty if there is no such job any more.
pub fn sheet(state: &State, id: JobId) -> DialogView {
    let large = is_large(state.size);
    let width = if large { WIDTH.0 } else { WIDTH.1 };
    let text = usize::from(width.min(state.size.width)).saturating_sub(6);
    let Some(job) = state.jobs.iter().find(|job| job.id == id) else {
        return DialogView::default().placed(state.size, width);
    };
    let mut lines = vec![ViewLine::default()];
    if job.user.is_none() {
        lines.push(bar(job, text));
        lines.push(ViewLine::default());
        lines.push(counts(job));
    } else if job.summary.is_none() {
        lines.push(indented("The server is ending the sessions of this user …"));
    }
    if let Some(words) = standing(job) {
        lines.extend(sentences(&words, text).into_iter().map(indented));
    }
    lines.push(ViewLine::default());
    let most = if large { FAILURES.0 } else { FAILURES.1 };
    for (item, why) in job.failed.iter().rev().take(most).rev() {
        lines.extend(failure(state, item, why, text));
    }
    if !job.failed.is_empty() {
        lines.push(ViewLine::default());
    }
    lines.push(ViewLine::default().with_buttons(&job.buttons(), &[12, 3], Some(job.button)));
    if large {
        lines.push(ViewLine::default());
    }
    DialogView {
        title: job.title.clone(),
        danger: job.production,
        footer: footer(job),
        lines,
        ..DialogView::default()
    }
    .placed(state.size, width)
}

fn indented(text: impl Into<String>) -> ViewLine {
    ViewLine::plain("  ").with(text, Role::Text)
}

fn bar(job: &Job, width: usize) -> ViewLine {
    let all = job.items.len().max(1);
    let settled = all.saturating_sub(job.waiting()).min(all);
    let cells = BAR.min(width.saturating_sub(16));
    let full = cells * settled / all;
    ViewLine::plain("  ")
        .with("█".repeat(full), Role::Ok)
        .with("░".repeat(cells - full), Role::Dim)
        .with(
            format!(
                "   {} / {}",
                with_thousands(settled as u64),
                with_thousands(all as u64)
            ),
            Role::Text,
        )
}

fn counts(job: &Job) -> ViewLine {
    let count = |n: usize| with_thousands(n as u64);
    let mut line = indented(format!(
        "done {}   already gone {}   ",
        count(job.done),
        count(job.gone)
    ));
    let failed = format!("failed {}", count(job.failed.len()));
    line = match job.failed.is_empty() {
        true => line.with(failed, Role::Text),
        false => line.with(failed, Role::Danger),
    };
    if job.unclear > 0 {
        line = line.with(format!("   unclear {}", count(job.unclear)), Role::Warn);
    }
    line.with(format!("   waiting {}", count(job.waiting())), Role::Text)
}

/// What the operator has to know or do, if that is more than the counts.
fn standing(job: &Job) -> Option<String> {
    let done = job.done_words();
    let waiting = with_thousands(job.waiting() as u64);
    match &job.state {
        JobState::Running => None,
        JobState::Paused(error) => {
            let wanted = crate::app::update::wanted(error);
            Some(format!("{done}, {waiting} waiting: {wanted} ({error})"))
        }
        JobState::Ready => Some(format!("Signed in. {done}, {waiting} waiting.")),
        JobState::Stopping => Some("Stopping: what has been sent is awaited.".to_owned()),
        JobState::Ended => job.summary.clone(),
    }
}

fn failure(state: &State, item: &RevokeItem, why: &str, width: usize) -> Vec<ViewLine> {
    let row = state.results.rows.get(item.row);
    let label = row
        .filter(|row| row.source == item.source && row.session.key == item.key)
        .map_or("", |row| row.session.label.as_str());
    let user = item
        .subject
        .shown()
        .map_or("(nobody)".into(), |name| name.named());
    let cut = |text: &str, cells: usize| cut_end(text, cells, Default::default()).into_owned();
    let who = match label.is_empty() {
        true => user.into_owned(),
        false => format!("{label}  {user}"),
    };
    let room = width.saturating_sub(8);
    let mut lines = vec![
        ViewLine::plain("  ")
            .with("failed  ", Role::Danger)
            .with(cut(&who, room), Role::Text),
    ];
    let all = sentences(why, room);
    let more = all.len() > WHY_LINES;
    for (at, line) in all.into_iter().take(WHY_LINES).enumerate() {
        let cut_here = more && at + 1 == WHY_LINES;
        let line = match cut_here {
            true => format!(
                "{}…",
                cut(&line, room.saturating_sub(1)).trim_end_matches('…')
            ),
            false => line,
        };
        lines.push(ViewLine::plain("          ").with(line, Role::Text));
    }
    lines
}

fn footer(job: &Job) -> String {
    match (&job.state, job.failed.is_empty()) {
        (JobState::Ended, false) => "y copy the failures · Esc close".to_owned(),
        (JobState::Ended, true) => "Esc close".to_owned(),
        _ => "sent requests are never recalled".to_owned(),
    }
}
