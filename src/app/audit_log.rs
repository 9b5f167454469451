//! The audit log as the screen shows it: what was changed, and what came of it.

use chrono::{DateTime, Utc};

/// One change, or one note, of the log. All texts are cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When. `None`: the record has no readable time.
    pub at: Option<DateTime<Utc>>,
    /// The operation ("revoke").
    pub verb: String,
    /// What came of it; "no end" for a change without one.
    pub outcome: String,
    /// Name of the profile.
    pub profile: String,
    /// Whose session, or what was asked for. Empty: nobody's.
    pub user: String,
    /// The whole record, name and value.
    pub fields: Vec<(String, String)>,
    /// All of it in lower case, for finding.
    pub text: String,
    /// The record as it was written, for copying.
    pub json: String,
}

/// The part of the log that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The latest changes, newest first.
    pub lines: Vec<AuditLine>,
    /// True if there are older ones.
    pub is_cut: bool,
    /// Lines of the file that cannot be read.
    pub damaged: u64,
}
