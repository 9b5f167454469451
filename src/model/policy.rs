//! How the sessions of a system are read, and with how much care they are ended.

use std::time::Duration;

use super::confirm::{Risk, TYPED_FROM};
use super::query::Sort;
use super::session::Thresholds;

/// The half of a profile that everybody may see: what the operator wants of its system. Address, sign-in
/// and certificates are not in it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Red bar, typed confirmation.
    pub production: bool,
    /// Nothing may be sent that changes anything.
    pub read_only: bool,
    /// Accept any certificate. Shown as a permanent warning.
    pub insecure: bool,
    /// Ask for a reason before every change.
    pub require_reason: bool,
    /// From so many sessions on, their number or the user's name has to be typed; 1 to 1,000. On production
    /// and over an unchecked certificate it is never more than 2.
    pub typed_from: usize,
    /// The rule for changes when the audit log cannot be written.
    pub audit: AuditMode,
    /// True if masked values and full ids may be shown and copied.
    pub reveal: bool,
    /// Search when the profile is opened.
    pub search_on_start: bool,
    /// Search while typing.
    pub live_search: bool,
    /// Pause of the live view from the end of one reading to the start of the next, at least.
    pub reload_every: Duration,
    /// Order of rows at first. `None`: the newest first.
    pub sort: Option<Sort>,
    /// Only this kind of session is searched, unless the query says `kind:`. `None`: every kind.
    pub kind: Option<String>,
    /// Rows a page. `None`: what suits the system.
    pub page_size: Option<u16>,
    /// Rows the screen loads at most.
    pub max_rows: u32,
    /// When a session counts as idle and as expiring.
    pub thresholds: Thresholds,
}

/// The rule for changes when the audit log cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditMode {
    /// Nothing is sent.
    #[default]
    Required,
    /// It is sent all the same, and the header says so.
    BestEffort,
}

impl Default for Policy {
    /// The policy of a profile that says nothing of it.
    fn default() -> Self {
        Self {
            production: false,
            read_only: false,
            insecure: false,
            require_reason: false,
            typed_from: TYPED_FROM,
            audit: AuditMode::Required,
            reveal: true,
            search_on_start: false,
            live_search: false,
            reload_every: Duration::from_secs(30),
            sort: None,
            kind: None,
            page_size: None,
            max_rows: 200_000,
            thresholds: Thresholds::default(),
        }
    }
}

impl Policy {
    /// The facts that make it worse to end one of its sessions by mistake.
    pub fn risk(&self) -> Risk {
        Risk {
            production: self.production,
            insecure: self.insecure,
            typed_from: self.typed_from,
        }
    }
}
