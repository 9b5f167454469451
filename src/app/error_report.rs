//! An error in full, as it is kept and shown.

use std::collections::VecDeque;

use crate::store::SourceId;

/// What was tried, why it failed, what to do.
#[derive(Clone, Debug)]
pub struct ErrorReport {
    /// Title ("Search failed").
    pub title: String,
    /// What was tried.
    pub what: String,
    /// Why it failed, in the server's words.
    pub why: String,
    /// What to do now.
    pub advice: String,
    /// What else is worth knowing ("The 1,204 rows on screen are from 14:03:02 UTC.").
    pub notes: Vec<String>,
    /// The system where signing in can help. `None`: it cannot.
    pub can_login: Option<SourceId>,
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
