//! A revoke job at work, or ended with something to say.

use secrecy::SecretString;

use crate::app::dialog::{Dialog, Handled, LockedQuestion, step};
use crate::app::dialog_view::{DialogView, ViewLine, by_size, is_large, sentences, text_cells};
use crate::app::effect::{Copied, Effect, JobId, RevokeItem};
use crate::app::hint::Hint;
use crate::app::job::{Job, JobState};
use crate::app::keymap::{Key, KeyPress};
use crate::app::role::Role;
use crate::app::state::State;
use crate::app::update::requests;
use crate::app::words;
use crate::model::ApiError;
use crate::model::text::{cut_end, with_thousands};

const WIDTH: (u16, u16) = (72, 62);
/// Cells of the bar.
const BAR: usize = 48;
/// How many lines of what a server said are shown of each failure.
const WHY_LINES: usize = 2;
/// How many of the last failures are shown.
const FAILURES: (usize, usize) = (3, 1);

/// The box of a revoke job. Its contents stand in the job itself, which lives on without the box.
#[derive(Clone, Copy, Debug)]
pub struct JobBox(pub JobId);

/// A button of a job's box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobButton {
    Hide,
    StopAfterCurrent,
    Stop,
    GoOn,
    SignIn,
    Close,
}

impl AsRef<str> for JobButton {
    fn as_ref(&self) -> &str {
        match self {
            Self::Hide => "Hide",
            Self::StopAfterCurrent => "Stop after current",
            Self::Stop => "Stop",
            Self::GoOn => "Continue",
            Self::SignIn => "Sign in",
            Self::Close => "Close",
        }
    }
}

/// The buttons of a job's box, in order.
pub(crate) fn buttons(job: &Job) -> &'static [JobButton] {
    use JobButton::{Close, GoOn, Hide, SignIn, Stop, StopAfterCurrent};
    match job.state {
        JobState::Running => &[StopAfterCurrent],
        JobState::Paused(ApiError::RateLimited { .. }) => &[GoOn, Stop],
        JobState::Paused(_) => &[SignIn, Stop],
        JobState::Ready => &[GoOn, Stop],
        JobState::Stopping => &[Hide],
        JobState::Ended => &[Close],
    }
}

impl JobBox {
    fn job<'a>(&self, state: &'a State) -> Option<&'a Job> {
        state.jobs.iter().find(|job| job.id == self.0)
    }

    fn press(&self, state: &mut State) -> Handled {
        let Some(job) = state.jobs.iter_mut().find(|job| job.id == self.0) else {
            return Handled::close();
        };
        match buttons(job).get(job.button) {
            Some(JobButton::StopAfterCurrent | JobButton::Stop) => {
                job.state = JobState::Stopping;
                job.button = 0;
                Handled::Stay(vec![Effect::Stop(job.id)])
            }
            Some(JobButton::GoOn) => {
                let waited = matches!(job.state, JobState::Paused(ApiError::RateLimited { .. }));
                job.state = JobState::Running;
                job.button = 0;
                let waiting = job.sources().into_iter().filter(|_| waited);
                let mut effects: Vec<Effect> = waiting.map(Effect::AskAnyway).collect();
                effects.push(Effect::Resume(job.id));
                Handled::Stay(effects)
            }
            Some(JobButton::SignIn) => {
                let sources = job.sources().into_iter();
                Handled::Stay(
                    sources
                        .flat_map(|id| requests::connect(state, id))
                        .collect(),
                )
            }
            Some(JobButton::Hide | JobButton::Close) | None => Handled::close(),
        }
    }
}

impl Dialog for JobBox {
    /// Empty if there is no such job any more.
    fn view(&self, state: &State) -> DialogView {
        let large = is_large(state.size);
        let width = by_size(state.size, WIDTH);
        let text = text_cells(state.size, width);
        let Some(job) = self.job(state) else {
            return DialogView::default().placed(state.size, width);
        };
        let mut lines = vec![ViewLine::default()];
        lines.push(bar(job, text));
        lines.push(ViewLine::default());
        lines.push(counts(job));
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
        lines.push(ViewLine::default().with_buttons(buttons(job), &[12, 3], Some(job.button)));
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

    fn hints(&self, _state: &State) -> Vec<Hint> {
        vec![Hint::enter("select"), Hint::new("Esc", "hide", 1)]
    }

    fn key(&mut self, state: &mut State, key: KeyPress) -> Handled {
        let Some(job) = state.jobs.iter_mut().find(|job| job.id == self.0) else {
            return Handled::close();
        };
        match key.key {
            Key::Esc => return Handled::close(),
            Key::Tab | Key::Right | Key::Left => {
                job.button = step(job.button, 1, buttons(job).len());
            }
            Key::Enter => return self.press(state),
            Key::Char('s') if buttons(job).contains(&JobButton::StopAfterCurrent) => {
                job.state = JobState::Stopping;
                job.button = 0;
                return Handled::Stay(vec![Effect::Stop(job.id)]);
            }
            Key::Char('y') if job.state == JobState::Ended && !job.failed.is_empty() => {
                let report: Vec<&str> = job.failed.iter().map(|(_, why)| why.as_str()).collect();
                return Handled::Stay(vec![Effect::Copy {
                    what: Copied::Report,
                    text: SecretString::from(report.join(" · ")),
                }]);
            }
            _ => {}
        }
        Handled::stay()
    }

    fn button(&mut self, state: &mut State, number: usize) -> Handled {
        if let Some(job) = state.jobs.iter_mut().find(|job| job.id == self.0) {
            job.button = number;
        }
        self.press(state)
    }

    fn question(&self, state: &State) -> Option<LockedQuestion> {
        let job = self.job(state)?;
        (job.state == JobState::Ready).then_some(LockedQuestion {
            typing: false,
            enter_answers: job.button == 0,
            button: 0,
        })
    }
}

fn indented(text: impl Into<String>) -> ViewLine {
    ViewLine::plain("  ").with(text, Role::Text)
}

fn bar(job: &Job, width: usize) -> ViewLine {
    let all = job.all().max(1);
    let settled = all.saturating_sub(job.open());
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
        count(job.done + job.told()),
        count(job.gone)
    ));
    let failed = format!("failed {}", count(job.failed.len()));
    let role = if job.failed.is_empty() {
        Role::Text
    } else {
        Role::Danger
    };
    line = line.with(failed, role);
    if job.unclear > 0 {
        line = line.with(format!("   unclear {}", count(job.unclear)), Role::Warn);
    }
    line.with(format!("   waiting {}", count(job.open())), Role::Text)
}

/// A message for the operator about a job, if there is more to say than the counts.
fn standing(job: &Job) -> Option<String> {
    let done = job.done_words();
    let waiting = with_thousands(job.open() as u64);
    match &job.state {
        JobState::Running | JobState::Ended => None,
        JobState::Paused(error) => {
            let wanted = words::wanted(error);
            Some(format!("{done}, {waiting} waiting: {wanted} ({error})"))
        }
        JobState::Ready => Some(format!("Signed in. {done}, {waiting} waiting.")),
        JobState::Stopping => Some("Stopping: what has been sent is awaited.".to_owned()),
    }
}

fn failure(state: &State, item: &RevokeItem, why: &str, width: usize) -> Vec<ViewLine> {
    let row = state.results.rows.get(item.row);
    let label = row
        .filter(|row| row.source() == item.source && row.has_key(&item.key))
        .map_or("", |row| row.label());
    let user = item
        .subject
        .shown()
        .map_or("(nobody)".into(), |name| name.named());
    let cut = |text: &str, cells: usize| cut_end(text, cells, Default::default()).into_owned();
    let who = if label.is_empty() {
        user.into_owned()
    } else {
        format!("{label}  {user}")
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
        let line = if cut_here {
            let start = cut(&line, room.saturating_sub(1));
            format!("{}…", start.trim_end_matches('…'))
        } else {
            line
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
