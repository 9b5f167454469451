//! One line of the audit log, as it is written.

use serde::{Deserialize, Serialize};

use crate::config::Profile;
use crate::model::text::display_safe;

/// Version of the lines.
pub(super) const VERSION: u32 = 1;

/// What a line says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A change is about to be sent.
    Asked,
    /// A change has ended.
    Done,
    /// A masked value was shown.
    Reveal,
    /// Rows were saved.
    Export,
}

/// Who did it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// User of this machine ("ada(1000)").
    pub local: String,
    /// Who the server says we are. `None`: not known.
    pub remote: Option<String>,
}

/// How far the connection could be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// The certificate was checked against the system's authorities.
    Verified,
    /// It was checked against authorities of the profile too.
    CustomCa,
    /// It was not checked.
    Insecure,
    /// There was no TLS.
    Plain,
}

impl Tls {
    /// What the profile makes of it.
    pub fn of(profile: &Profile) -> Self {
        match profile {
            p if p.url.scheme() != "https" => Self::Plain,
            p if p.insecure => Self::Insecure,
            p if p.ca_file.is_some() => Self::CustomCa,
            _ => Self::Verified,
        }
    }
}

/// A line without what the file adds: version, times and the hash of the line before.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub event: Event,
    pub op_id: String,
    pub item: String,
    pub actor: Actor,
    pub profile: String,
    pub system: String,
    pub host: String,
    pub tls: Tls,
    pub verb: String,
    pub target_kind: String,
    pub sid_h: Option<String>,
    pub user: Option<String>,
    pub reason: Option<String>,
    pub http_status: Option<u16>,
    pub outcome: Option<&'static str>,
    pub error: Option<&'static str>,
    pub dur_ms: Option<u64>,
}

/// The whole line. The order of the fields is the order in the file.
#[derive(Serialize)]
struct Whole<'a> {
    v: u32,
    ts: &'a str,
    mono_ms: u64,
    event: Event,
    op_id: &'a str,
    item: &'a str,
    actor: &'a Actor,
    profile: &'a str,
    system: &'a str,
    host: &'a str,
    tls: Tls,
    verb: &'a str,
    target_kind: &'a str,
    sid_h: Option<&'a str>,
    user: Option<&'a str>,
    reason: Option<&'a str>,
    http_status: Option<u16>,
    outcome: Option<&'a str>,
    error: Option<&'a str>,
    dur_ms: Option<u64>,
    ver: &'a str,
    prev: &'a str,
}

impl Line {
    /// The line as JSON, without a newline. At most [`LIMIT`](super::file::LIMIT) bytes, since every text in it is cut.
    pub fn json(&self, ts: &str, mono_ms: u64, prev: &str) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Whole {
            v: VERSION,
            ts,
            mono_ms,
            event: self.event,
            op_id: &self.op_id,
            item: &self.item,
            actor: &self.actor,
            profile: &self.profile,
            system: &self.system,
            host: &self.host,
            tls: self.tls,
            verb: &self.verb,
            target_kind: &self.target_kind,
            sid_h: self.sid_h.as_deref(),
            user: self.user.as_deref(),
            reason: self.reason.as_deref(),
            http_status: self.http_status,
            outcome: self.outcome,
            error: self.error,
            dur_ms: self.dur_ms,
            ver: env!("CARGO_PKG_VERSION"),
            prev,
        })
    }
}

/// Text from outside as it may stand in the log: hostile characters made visible, cut at so many bytes.
pub(super) fn clean(text: &str, limit_bytes: usize) -> String {
    // What is cut anyway needs no cleaning.
    let mut raw = text.len().min(limit_bytes * 4);
    while !text.is_char_boundary(raw) {
        raw -= 1;
    }
    let safe = display_safe(&text[..raw]);
    if safe.len() <= limit_bytes && raw == text.len() {
        return safe.into_owned();
    }
    let mut end = safe.len().min(limit_bytes.saturating_sub('…'.len_utf8()));
    while !safe.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &safe[..end])
}
