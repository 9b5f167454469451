//! One line for each session that was to be ended.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args_verbs::OutcomeFormat;
use super::ctx::Ctx;
use super::end_plan;
use super::exit::Failure;
use super::output::Out;
use super::sources::Source;
use super::targets::{SessionTarget, Skip};
use crate::model::text::{Ellipsis, MESSAGE_COLS, NAME_COLS, display_safe, mask, safe_cut};
use crate::model::time::rfc3339;
use crate::model::{ApiError, EndWay, NO_LASTING_ID, Outcome};

/// The message about an id that was given by hand and that the server does not know.
pub(super) const NEVER_LISTED: &str =
    "no session has this id; it may have ended, or the id is not as `usher list` shows it";

/// The word for people about a session that was ended.
const ENDED: &str = "ended";

/// An outcome for people, who end sessions; JSON keeps the word that programs know.
fn for_people(word: &str) -> &str {
    match word {
        "revoked" => ENDED,
        "would_revoke" => "would_end",
        word => word,
    }
}

/// Prints outcomes, and remembers how many sessions were ended.
pub(crate) struct Outcomes<'a> {
    out: Out,
    format: OutcomeFormat,
    sources: &'a [Source],
    revoked: usize,
    /// What became of the sessions of each source.
    counted: Vec<Counted>,
    /// The reader has gone: go on without printing, since half a job is worse than an unread line.
    closed: bool,
}

/// What became of the sessions of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Ended by us.
    pub(crate) ended: usize,
    /// They had already gone.
    pub(crate) gone: usize,
    /// They were refused, failed, or are still listed.
    pub(crate) failed: usize,
    /// They were not sent: the command was stopped.
    pub(crate) not_sent: usize,
    /// Nobody knows.
    pub(crate) unknown: usize,
}

impl<'a> Outcomes<'a> {
    /// Counts, and prints nothing.
    pub(crate) fn silent(sources: &'a [Source]) -> Self {
        Self {
            out: Out::to(Box::new(std::io::sink())),
            format: OutcomeFormat::Text,
            sources,
            revoked: 0,
            counted: vec![Counted::default(); sources.len()],
            closed: true,
        }
    }

    /// What became of the sessions of a source.
    pub(crate) fn counted(&self, source: usize) -> Counted {
        self.counted.get(source).copied().unwrap_or_default()
    }

    /// Prints to standard output.
    pub(crate) fn new(ctx: &Ctx, format: OutcomeFormat, sources: &'a [Source]) -> Self {
        Self {
            out: ctx.out(),
            format,
            sources,
            revoked: 0,
            counted: vec![Counted::default(); sources.len()],
            closed: false,
        }
    }

    /// How many sessions were ended.
    pub(crate) fn revoked(&self) -> usize {
        self.revoked
    }

    /// It was left out.
    pub(crate) fn skipped(&mut self, target: &SessionTarget, skip: &Skip) -> Result<(), Failure> {
        self.print(target, skip.outcome(), Some(&skip.words()), target.ended)
    }

    /// It would be ended, by this request.
    pub(crate) fn would_revoke(
        &mut self,
        target: &SessionTarget,
        way: EndWay,
    ) -> Result<(), Failure> {
        let request = end_plan::request(self.sources, target, &self.called(target), way);
        self.print(target, "would_revoke", Some(&request), None)
    }

    /// Prints the outcome for one session, and when it ended by the server's clock.
    pub(crate) fn outcome(
        &mut self,
        target: &SessionTarget,
        outcome: &Outcome,
        ended: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        if matches!(outcome, Outcome::Revoked) {
            self.revoked += 1;
        }
        if let Some(counted) = self.counted.get_mut(target.source) {
            *match outcome {
                Outcome::Revoked => &mut counted.ended,
                Outcome::AlreadyGone => &mut counted.gone,
                Outcome::Unknown(_) => &mut counted.unknown,
                Outcome::Failed(ApiError::Cancelled) => &mut counted.not_sent,
                _ => &mut counted.failed,
            } += 1;
        }
        let message = match outcome {
            Outcome::Refused(why) => Some(why.clone()),
            Outcome::NoLastingId => Some(NO_LASTING_ID.to_owned()),
            Outcome::Failed(ApiError::NotFound) => Some(NEVER_LISTED.to_owned()),
            Outcome::Failed(error) => Some(super::exit::reason(error)),
            Outcome::Unknown(_) => outcome
                .doubt()
                .map(|doubt| format!("{doubt}; look with `usher get`")),
            Outcome::StillListed => outcome.doubt(),
            Outcome::Revoked | Outcome::AlreadyGone => None,
        };
        self.print(target, outcome.word(), message.as_deref(), ended)
    }

    fn print(
        &mut self,
        target: &SessionTarget,
        word: &str,
        message: Option<&str>,
        ended: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let source = self.sources.get(target.source);
        let profile = source.map(Source::name).unwrap_or_default();
        let user = target.subject.shown();
        match self.format {
            OutcomeFormat::Jsonl => self.out.json(&json!({
                "profile": profile,
                "system": source.map(Source::word),
                "id": target.id(),
                "label": Some(&target.label).filter(|label| !label.is_empty()),
                "user": user.map(crate::model::Untrusted::expose),
                "outcome": word,
                "ended": ended.map(rfc3339),
                "message": message,
            })),
            OutcomeFormat::Text => {
                let name = self.called(target);
                let user = user
                    .map(|user| user.named().into_owned())
                    .unwrap_or_default();
                let word = for_people(word);
                let mut line = format!("{word:<12}  {profile}  {name}  {user}");
                if let Some(message) = message {
                    line.truncate(line.trim_end().len());
                    line.push_str("  ");
                    line.push_str(&safe_cut(message, MESSAGE_COLS, Ellipsis::Sign));
                }
                if let Some(ended) = ended {
                    line.truncate(line.trim_end().len());
                    line.push_str(if word == ENDED { "  " } else { "  ended " });
                    line.push_str(&rfc3339(ended));
                }
                self.out.text(line.trim_end());
                Ok(())
            }
        }
    }

    /// Its label; else its id, masked where the id is a credential.
    fn called(&self, target: &SessionTarget) -> String {
        let credential = self.sources.get(target.source).is_none_or(|source| {
            source
                .api
                .caps()
                .kinds
                .iter()
                .any(|kind| kind.id_is_credential)
        });
        match (target.label.is_empty(), credential) {
            (false, _) => safe_cut(&target.label, NAME_COLS, Ellipsis::Sign).into_owned(),
            (true, true) => mask(target.id()),
            (true, false) => display_safe(target.id()).into_owned(),
        }
    }

    /// Sends the lines. A reader that has gone is remembered and is no failure.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match self.out.flush() {
            Err(failure) if failure.message.is_empty() => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}
