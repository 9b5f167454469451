//! An error in full, as it is kept and shown.

use std::collections::VecDeque;

use crate::store::SourceId;

/// An error for people: the attempt, why it failed, and the next step.
#[derive(Clone, Debug)]
pub struct ErrorReport {
    /// Title ("Search failed").
    pub title: String,
    /// The attempt.
    pub what: String,
    /// Why it failed, in the server's words.
    pub why: String,
    /// The next step.
    pub advice: String,
    /// Further facts ("The 1,204 rows on screen are from 14:03:02 UTC.").
    pub notes: Vec<String>,
    /// The system where signing in can help. `None`: it cannot.
    pub can_login: Option<SourceId>,
    /// The system that offers ways to list. `None`: the error is none that a way settles.
    pub offers_ways: Option<SourceId>,
}

/// The last errors, newest last, for `E`.
pub type Errors = VecDeque<ErrorReport>;

impl ErrorReport {
    /// All of it as text on one line, for a ticket: a shell would run a line of its own.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} · What: {} · Why: {} · Do: {}",
            self.title, self.what, self.why, self.advice
        );
        for note in &self.notes {
            text.push_str(" · ");
            text.push_str(note);
        }
        text
    }
}
