//! The audit log: two JSON lines for every change, one before it is sent and one after.
//!
//! One file of the state folder, only appended to, never rotated. It never holds session ids, tokens,
//! headers or bodies: a session is named by a keyed fingerprint. Its lines are chained by SHA-256 and
//! sealed with the key of the state folder; an anchor beside it tells where it ends. Whoever can read that
//! key and write these files can forge all of it, and whoever can write them can put older copies back: only
//! an anchor that is kept elsewhere shows that.

mod anchor;
mod chain;
mod end;
mod file;
mod incident;
mod key;
mod read;
mod record;
mod run;
mod running;
mod together;
mod verify;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use chrono::{DateTime, Utc};

pub use anchor::Anchor;
pub use incident::report;
pub use read::{Problem, read};
pub use record::{Actor, AuditEntry, Event, Tls};
pub use verify::{Report, verify};

use crate::config::private::PrivateError;
use crate::config::{Paths, Profile};
use crate::model::time::rfc3339;
use crate::model::{ApiError, Code, Identity, Outcome, SessionKey, Subject};
use file::Log;
use key::AuditKey;
use record::{VERSION, clean};
pub use run::Moment;
use run::Run;
pub use running::{Running, Unfinished};
pub use together::{Ends, Together};

/// Why the audit log could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The file or its folder cannot be used.
    #[error("the audit log cannot be used: {0}")]
    File(#[from] PrivateError),
    /// The key of the fingerprints and seals cannot be used.
    #[error("the key of the audit log cannot be used: {0}")]
    Key(String),
    /// Somebody changed the log. The new lines are in it all the same, behind a line that says so.
    #[error("the audit log was changed behind usher's back: {0}. See `usher audit --verify`")]
    Broken(String),
}

/// The audit log of this machine. Cheap to make; every write opens the file anew, so that a file that
/// was moved away or damaged is noticed.
#[derive(Clone, Debug)]
pub struct Audit {
    paths: Paths,
    local: String,
    /// The changes of this process; clones share them.
    run: Arc<Mutex<Run>>,
}

/// The facts that all changes of one operation share.
#[derive(Clone, Debug)]
pub struct Operation {
    id: String,
    local: String,
    remote: Option<String>,
    profile: String,
    system: String,
    host: String,
    tls: Tls,
    verb: String,
    reason: Option<String>,
    of: usize,
    /// Tells other processes that it is under way, from its first change to its end.
    running: Arc<OnceLock<Running>>,
}

/// The target of a change.
#[derive(Clone, Debug)]
pub enum ChangeTarget {
    /// One session.
    Session {
        /// Its key; only the fingerprint is kept.
        key: SessionKey,
        /// Which kind of session. `None`: the system has one kind only, or it is not known.
        kind: Option<Arc<str>>,
        /// Whose it is.
        subject: Subject,
    },
    /// All sessions of a person.
    User(Subject),
    /// Whatever a filter matches, as the person wrote it.
    Filter(String),
    /// The system itself, or the operator's own session there.
    System,
}

/// One change that is about to be sent.
#[derive(Clone, Debug)]
pub struct Change {
    /// The operation it belongs to.
    pub operation: Arc<Operation>,
    /// Which one of the operation, from 1.
    pub item: usize,
    /// The target.
    pub target: ChangeTarget,
}

/// The right to send one change: it has been written down. Used up by [`Audit::done`] or [`Ends::add`].
#[derive(Debug)]
#[must_use = "an asked change without its end counts as unknown"]
pub struct Ticket {
    /// On the heap, since tickets are passed on from hand to hand.
    line: Box<AuditEntry>,
    asked: Instant,
}

/// Changes that have been written down, and may be sent now.
#[derive(Debug, Default)]
pub struct Asked {
    /// One for each change, in their order.
    pub tickets: Vec<Ticket>,
    /// [`AuditError::Broken`] if the log was found changed: to be told. `None`: it was as it was left.
    pub broken: Option<AuditError>,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `done`, `already_gone`, `failed`, `unknown` or `cancelled`; `not_there` from a later look.
    pub outcome: &'static str,
    /// Class of the error. `None`: there was none.
    pub error: Option<&'static str>,
    /// Status of an answer of HTTP, if one is known.
    pub http_status: Option<u16>,
    /// The code of the failure from a server that does not speak HTTP (`SQL state 40001`), if it is
    /// known.
    pub error_code: Option<String>,
    /// When the session ended, by the server's clock. `None`: the server does not tell, or it did not end.
    pub ended: Option<DateTime<Utc>>,
    /// The numbers of a change to all sessions of a user. `None`: it was another one.
    pub counted: Option<Counted>,
    /// When the outcome was read back from the server, by our clock. `None`: it was not.
    pub verified_at: Option<DateTime<Utc>>,
}

/// The sessions of a user, counted around a change to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many ended. `None`: not known.
    pub ended: Option<u64>,
    /// How many live ones were left. `None`: not known.
    pub left: Option<u64>,
}

impl Ending {
    /// An end with this outcome, and nothing else known.
    pub fn new(outcome: &'static str, error: Option<&'static str>) -> Self {
        Self {
            outcome,
            error,
            http_status: None,
            error_code: None,
            ended: None,
            counted: None,
            verified_at: None,
        }
    }
}

impl From<&Outcome> for Ending {
    fn from(outcome: &Outcome) -> Self {
        let plain = Self::new;
        match outcome {
            Outcome::Revoked => plain("done", None),
            Outcome::AlreadyGone => plain("already_gone", None),
            Outcome::StillListed => plain("failed", Some("still_listed")),
            Outcome::Refused(_) => plain("failed", Some("refused")),
            Outcome::NoLastingId => plain("failed", Some("no_lasting_id")),
            Outcome::Failed(error) => Self::from(error),
            Outcome::Unknown(None) => plain("unknown", None),
            Outcome::Unknown(Some(error)) => Self {
                outcome: "unknown",
                ..Self::from(error)
            },
        }
    }
}

impl From<&ApiError> for Ending {
    fn from(error: &ApiError) -> Self {
        let (http_status, error_code) = match error {
            ApiError::Server { code, .. } => match code {
                Code::Http(status) => (Some(*status), None),
                Code::None => (None, None),
                other => (None, Some(clean(&other.to_string(), 40))),
            },
            _ => (None, None),
        };
        let outcome = match error {
            ApiError::Cancelled => "cancelled",
            _ => "failed",
        };
        Self {
            http_status,
            error_code,
            ..Self::new(outcome, Some(error.class()))
        }
    }
}

impl Operation {
    /// A new operation of `of` changes. `verb` is what is done ("revoke").
    pub fn new(
        audit: &Audit,
        profile: &Profile,
        who: Option<&Identity>,
        verb: &str,
        reason: Option<&str>,
        of: usize,
    ) -> Self {
        Self {
            id: key::random_id(),
            local: audit.local.clone(),
            remote: who.map(|who| clean(who.name.expose(), 200)),
            profile: profile.name.clone(),
            system: profile.system.word.to_string(),
            host: host_of(profile),
            tls: Tls::of(profile),
            verb: clean(verb, 64),
            reason: reason.map(|reason| clean(reason, 400)),
            of,
            running: Arc::default(),
        }
    }
}

impl Audit {
    /// The audit log of these paths. Nothing is opened yet: [`check`](Self::check) tells whether it can be.
    pub fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
            local: key::local_user(),
            run: Arc::default(),
        }
    }

    /// Where it lies. `None`: there is no state folder.
    pub fn path(&self) -> Option<PathBuf> {
        self.paths.audit_file()
    }

    /// Checks that it can be written. Makes the file and its key if they are not there.
    ///
    /// # Errors
    /// [`AuditError`]: then no change may be sent, unless the profile says `best_effort`.
    pub fn check(&self) -> Result<(), AuditError> {
        self.log()?.check()?;
        self.key().map(|_| ())
    }

    /// Writes down, on the disk, that these changes are about to be sent. All of them or none of them
    /// are in the log afterwards. Blocks for the disk.
    ///
    /// # Errors
    /// [`AuditError`]: nothing may be sent.
    pub fn asked(&self, changes: &[Change]) -> Result<Asked, AuditError> {
        self.together(Ends::default(), changes).asked
    }

    /// Writes down how a change ended.
    ///
    /// # Errors
    /// [`AuditError::Broken`]: it is written, and the log was found changed. Any other: the change stays
    /// without its end in the log, which means unknown.
    pub fn done(&self, ticket: Ticket, ending: &Ending) -> Result<(), AuditError> {
        let mut ends = Ends::default();
        ends.add(ticket, ending);
        self.together(ends, &[]).ended
    }

    /// Writes down what a later look showed of a change that had no end, and who looked.
    ///
    /// # Errors
    /// As [`Audit::done`].
    pub fn settled(
        &self,
        asked: &AuditEntry,
        who: Option<&Identity>,
        ending: &Ending,
    ) -> Result<(), AuditError> {
        let mut line = ended(asked.clone(), ending, None);
        line.v = VERSION;
        line.actor = Actor {
            local: self.local.clone(),
            remote: who.map(|who| clean(who.name.expose(), 200)),
        };
        line.ver = env!("CARGO_PKG_VERSION").to_owned();
        self.write(line)
    }

    /// Writes down, in one line, that a masked value was shown or rows were saved.
    ///
    /// # Errors
    /// As [`Audit::done`].
    pub fn note(&self, event: Event, change: &Change) -> Result<(), AuditError> {
        let mut line = line(change, &self.key()?);
        line.event = event;
        self.write(line)
    }

    fn write(&self, line: AuditEntry) -> Result<(), AuditError> {
        self.together(Ends::of(line), &[]).ended
    }

    /// The fingerprint under which a session stands in the log: to search for it by its id.
    ///
    /// # Errors
    /// [`AuditError::Key`].
    pub fn fingerprint(&self, system: &str, key: &SessionKey) -> Result<String, AuditError> {
        Ok(self.key()?.fingerprint(system, key))
    }

    /// The changes of which the log has no end, oldest first: their outcome is unknown, unless they are
    /// under way. A missing log has none.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn unfinished(&self) -> Result<Unfinished, AuditError> {
        let dir = self.paths.make_state_dir()?;
        Unfinished::find(self.log()?.path(), &dir)
    }

    /// The right to settle what is unfinished, for one process at a time; it goes when it is dropped.
    /// `None`: another process has it.
    ///
    /// # Errors
    /// [`AuditError`]: the state folder cannot be used.
    pub fn settling(&self) -> Result<Option<Running>, AuditError> {
        let dir = self.paths.make_state_dir()?;
        Ok(running::settle(&dir)?)
    }

    fn log(&self) -> Result<Log, AuditError> {
        let dir = self.paths.make_state_dir()?;
        Ok(Log::at(dir.join("audit.jsonl")))
    }

    fn key(&self) -> Result<AuditKey, AuditError> {
        AuditKey::load(&self.paths.make_state_dir()?)
    }
}

impl Operation {
    /// Tells other processes, once, that it is under way.
    fn starts(&self, paths: &Paths) -> Result<(), AuditError> {
        if self.running.get().is_none() {
            let running = Running::new(&paths.make_state_dir()?, &self.id)?;
            // A second thread of the same operation may have been faster, and its mark is the same file.
            let _ = self.running.set(running);
        }
        Ok(())
    }
}

/// The line of a change with its end. `took`: in milliseconds; `None`: not known.
fn ended(mut line: AuditEntry, ending: &Ending, took: Option<u64>) -> AuditEntry {
    line.event = Event::Done;
    line.outcome = Some(ending.outcome.to_owned());
    line.error = ending.error.map(str::to_owned);
    line.http_status = ending.http_status;
    line.error_code.clone_from(&ending.error_code);
    line.ended = ending.ended.map(rfc3339);
    let counted = ending.counted.unwrap_or_default();
    (line.sessions, line.left) = (counted.ended, counted.left);
    line.verified_at = ending.verified_at.map(stamp);
    line.dur_ms = took;
    line
}

/// The `asked` line of a change.
fn line(change: &Change, key: &AuditKey) -> AuditEntry {
    let operation = &change.operation;
    let fingerprint = |id| Some(key.fingerprint(&operation.system, id));
    let (kind, sid_h, subject) = match &change.target {
        ChangeTarget::Session {
            key: id, subject, ..
        } => ("session", fingerprint(id), Some(subject)),
        ChangeTarget::User(subject) => ("user", None, Some(subject)),
        ChangeTarget::Filter(_) => ("filter", None, None),
        ChangeTarget::System => ("system", None, None),
    };
    let user = match &change.target {
        ChangeTarget::Filter(text) => Some(clean(text, 300)),
        _ => subject.and_then(person),
    };
    let session_kind = match &change.target {
        ChangeTarget::Session { kind, .. } => kind.as_deref().map(|kind| clean(kind, 60)),
        _ => None,
    };
    let scope = subject.and_then(|subject| subject.scope.as_ref());
    AuditEntry {
        v: VERSION,
        ts: String::new(),
        mono_ms: 0,
        event: Event::Asked,
        op_id: operation.id.clone(),
        item: format!("{}/{}", change.item, operation.of),
        actor: Actor {
            local: operation.local.clone(),
            remote: operation.remote.clone(),
        },
        profile: operation.profile.clone(),
        system: operation.system.clone(),
        host: operation.host.clone(),
        tls: operation.tls,
        verb: operation.verb.clone(),
        target_kind: kind.to_owned(),
        session_kind,
        sid_h,
        user,
        scope: scope.map(|scope| clean(scope.expose(), 200)),
        reason: operation.reason.clone(),
        http_status: None,
        error_code: None,
        ended: None,
        sessions: None,
        left: None,
        verified_at: None,
        outcome: None,
        error: None,
        dur_ms: None,
        ver: env!("CARGO_PKG_VERSION").to_owned(),
        prev: String::new(),
        mac: None,
    }
}

/// Host and port of a profile, as they stand in the log.
pub fn host_of(profile: &Profile) -> String {
    let host = profile.url.host_str().unwrap_or_default();
    let port = profile.url.port().map(|port| format!(":{port}"));
    clean(&format!("{host}{}", port.unwrap_or_default()), 255)
}

fn person(subject: &Subject) -> Option<String> {
    subject.shown().map(|name| clean(name.expose(), 200))
}

/// The time of a record: UTC, milliseconds.
fn stamp(now: DateTime<Utc>) -> String {
    now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests;
