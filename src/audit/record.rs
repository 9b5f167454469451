//! One line of the audit log, as it is written.

use serde::{Deserialize, Serialize};

use super::key::AuditKey;
use crate::config::{Profile, roots_of_environment};
use crate::model::text::display_safe;

/// Version of the lines: 2 and above have a seal.
pub(super) const VERSION: u32 = 2;
/// The purpose that is part of a line's seal.
const KIND: &str = "line";

/// The event that a line records.
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
    /// Before the next line was written, the log was found changed: `reason` says how.
    Broken,
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
    /// It was checked against authorities that the environment names (`SSL_CERT_FILE`, `SSL_CERT_DIR`),
    /// and those of the profile if it has some.
    EnvCa,
    /// It was not checked.
    Insecure,
    /// It was not encrypted.
    Plain,
}

impl Tls {
    /// The protection that the profile and the environment give.
    pub fn of(profile: &Profile) -> Self {
        Self::with(profile, roots_of_environment().is_some())
    }

    /// `env_names_roots`: the environment names authorities.
    pub(super) fn with(profile: &Profile, env_names_roots: bool) -> Self {
        match profile {
            p if !p.is_encrypted() => Self::Plain,
            p if p.policy.insecure => Self::Insecure,
            _ if env_names_roots => Self::EnvCa,
            p if p.ca_file.is_some() || p.ca_dir.is_some() => Self::CustomCa,
            _ => Self::Verified,
        }
    }
}

/// One line of the log; the order of the fields is the order in the file. All texts are cleaned when they are written, and must be cleaned again before
/// they are shown: the file may have been changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Version of the line.
    pub v: u32,
    /// When, in UTC with milliseconds.
    pub ts: String,
    /// The monotonic clock of that boot, in milliseconds.
    pub mono_ms: u64,
    /// The event.
    pub event: Event,
    /// The operation it belongs to.
    pub op_id: String,
    /// Which one of the operation ("3/19").
    pub item: String,
    /// Who did it.
    pub actor: Actor,
    /// Name of the profile.
    pub profile: String,
    /// Kind of system.
    pub system: String,
    /// Host and port.
    pub host: String,
    /// How far the connection could be trusted.
    pub tls: Tls,
    /// The operation ("revoke").
    pub verb: String,
    /// `session`, `user`, `filter`, `system`, or `log` for the audit log itself.
    pub target_kind: String,
    /// Which kind of session. `None`: the system has one kind only, or it is not about one session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_kind: Option<String>,
    /// Fingerprint of the session. `None`: it is not about one session.
    pub sid_h: Option<String>,
    /// Whose session. `None`: nobody's.
    pub user: Option<String>,
    /// In which realm, organisation or tenant. `None`: in every one, or the system has no such thing.
    pub scope: Option<String>,
    /// Why. `None`: not asked.
    pub reason: Option<String>,
    /// Status of an answer of HTTP. `None`: not known.
    pub http_status: Option<u16>,
    /// The code of the failure from a server that does not speak HTTP. `None`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// When the session ended, by the server's clock, in UTC with milliseconds. `None`: the server does not tell, or
    /// it did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// How many sessions ended, where the change was about all of a user. `None`: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// How many live sessions of the user were left when they were read back. `None`: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// When the outcome was read back from the server, by our clock, in UTC with milliseconds. `None`: it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
    /// `done`, `already_gone`, `failed`, `unknown` or `cancelled`; `not_there` if it was settled by a later
    /// look. `None`: not ended.
    pub outcome: Option<String>,
    /// Class of the error. `None`: there was none.
    pub error: Option<String>,
    /// How long it took, in milliseconds. `None`: not ended.
    pub dur_ms: Option<u64>,
    /// Version of usher.
    pub ver: String,
    /// Hash of the line before.
    pub prev: String,
    /// Seal of the line up to here, made with the key. `None`: the line is older than the seals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
}

impl AuditEntry {
    /// The line as JSON, without a newline, with its seal. At most [`LIMIT`](super::file::LIMIT) bytes,
    /// since every text in it is cut.
    pub(super) fn json(&self, key: &AuditKey) -> serde_json::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(1_024);
        serde_json::to_writer(&mut line, self)?;
        let mac = seal(key, &line);
        // In the place of the closing brace, so that what was sealed can be told byte by byte.
        line.pop();
        for part in [SEAL_STARTS, &mac, SEAL_ENDS] {
            line.extend_from_slice(part.as_bytes());
        }
        Ok(line)
    }
}

const SEAL_STARTS: &str = ",\"mac\":\"";
const SEAL_ENDS: &str = "\"}";
/// Length of a seal in hex digits.
const SEAL_DIGITS: usize = 64;

/// The seal of a line that has none yet.
pub(super) fn seal(key: &AuditKey, line: &[u8]) -> String {
    key.seal(KIND, line)
}

/// A line as it was before it was sealed, and its seal. `None`: it has none at its end.
pub(super) fn split_seal(line: &[u8]) -> Option<(Vec<u8>, &str)> {
    let line = line.strip_suffix(SEAL_ENDS.as_bytes())?;
    let (line, mac) = line.split_at_checked(line.len().checked_sub(SEAL_DIGITS)?)?;
    let mut plain = line.strip_suffix(SEAL_STARTS.as_bytes())?.to_vec();
    plain.push(b'}');
    Some((plain, std::str::from_utf8(mac).ok()?))
}

/// Text from outside as it may stand in the log: hostile characters made visible, cut at so many bytes.
pub(super) fn clean(text: &str, limit_bytes: usize) -> String {
    // Text behind the cut needs no cleaning.
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
