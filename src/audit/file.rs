//! Appending to the log: under a lock, chained, sealed, anchored, and on the disk before anything is sent.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use rustix::time::{ClockId, clock_gettime};

use super::AuditError;
use super::anchor::{self, Anchor, Kept};
use super::end::End;
use super::key::{AuditKey, hash, random_id};
use super::record::{AuditEntry, Event};
use super::stamp;
use crate::config::lock::{Lock, lock};
use crate::config::private::{self, PrivateError};

/// No record is longer than this, in bytes, newline included.
pub(super) const LIMIT: usize = 4096;
/// The hash of the line before, as the first line names it.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long the lock of the file is waited for.
pub(super) const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// The file of the log.
pub(super) struct Log {
    path: PathBuf,
}

/// What came of writing lines.
#[derive(Debug)]
pub struct Appended {
    /// How the log was found changed, which is then in the log too. `None`: it ends as it was left.
    pub broken: Option<String>,
    /// The number of the first line that was written, from 1; the others follow it.
    pub first: u64,
}

impl Log {
    /// The log at this place.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that it can be opened for writing.
    pub fn check(&self) -> Result<(), AuditError> {
        private::open_append(&self.path)?;
        Ok(())
    }

    /// Appends these lines in one write, all or none, and moves the anchor behind them; they are on
    /// the disk afterwards. Times and links are filled in.
    pub fn append(&self, lines: &mut [AuditEntry], key: &AuditKey) -> Result<Appended, AuditError> {
        let new = private::mode_of(&self.path).is_none();
        let mut file = private::open_append(&self.path)?;
        // Whoever appends holds the lock from reading the last line on, so that the chain never forks.
        // It goes when the file is closed.
        lock(&self.path, &file, Lock::Alone, LOCK_LIMIT)?;
        let end = End::find(&self.path, &mut file, key)?;
        if end.is_new {
            // From now on a log without an anchor has lost it.
            anchor::write(&self.path, key, &end.kept())?;
        }
        let first = end.count + 1 + u64::from(end.broken.is_some());
        let mut broken = end.broken.as_deref().map(|how| broken(lines, how));
        let mut lines: Vec<&mut AuditEntry> = broken.iter_mut().chain(lines).collect();
        let (bytes, hash) = self.chained(&mut lines, &end, key)?;
        let next = Kept {
            anchor: Anchor {
                count: end.count + lines.len() as u64,
                hash,
            },
            bytes: end.length + bytes.len() as u64,
        };
        let written = self
            .write(&mut file, &bytes, end.length)
            .and_then(|()| anchor::write(&self.path, key, &next));
        if let Err(error) = written {
            // Half a record would break the chain for good, and one that is not anchored is no record.
            let _ = file.set_len(end.length);
            return Err(error);
        }
        if new {
            private::sync_dir(&self.path)?;
        }
        Ok(Appended {
            broken: end.broken,
            first,
        })
    }

    /// Brings these bytes to the disk, behind this length: a piece that was left there goes.
    fn write(&self, file: &mut File, bytes: &[u8], length: u64) -> Result<(), AuditError> {
        let written = file
            .set_len(length)
            .and_then(|()| file.write_all(bytes))
            // The anchor must never be on the disk before the lines that it counts.
            .and_then(|()| file.sync_data());
        written.map_err(|error| PrivateError::io(&self.path, "write", &error).into())
    }

    /// The bytes to append, and the hash of the last line.
    fn chained(
        &self,
        lines: &mut [&mut AuditEntry],
        end: &End,
        key: &AuditKey,
    ) -> Result<(Vec<u8>, String), AuditError> {
        let ts = stamp(Utc::now());
        let mono_ms = monotonic_ms();
        let mut bytes = Vec::with_capacity(lines.len() * 1_024);
        if end.torn {
            bytes.push(b'\n');
        }
        let mut prev = end.hash.clone();
        for line in lines {
            line.ts.clone_from(&ts);
            line.mono_ms = mono_ms;
            line.prev = prev;
            line.mac = None;
            let json = line.json(key).map_err(|error| {
                AuditError::File(PrivateError::Io {
                    path: self.path.clone(),
                    what: "write",
                    why: error.to_string(),
                })
            })?;
            if json.len() >= LIMIT {
                return Err(AuditError::File(PrivateError::TooLarge {
                    path: self.path.clone(),
                    limit: LIMIT as u64,
                }));
            }
            prev = hash(&json);
            bytes.extend_from_slice(&json);
            bytes.push(b'\n');
        }
        Ok((bytes, prev))
    }
}

/// The line that says that the log was found changed. Who is at work, and where, it takes from the next.
fn broken(lines: &[AuditEntry], how: &str) -> AuditEntry {
    let next = lines.first().cloned();
    AuditEntry {
        event: Event::Broken,
        op_id: random_id(),
        item: "1/1".to_owned(),
        verb: "audit".to_owned(),
        target_kind: "log".to_owned(),
        sid_h: None,
        user: None,
        scope: None,
        reason: Some(how.to_owned()),
        http_status: None,
        error_code: None,
        ended: None,
        outcome: None,
        error: None,
        dur_ms: None,
        ..next.expect("something is appended")
    }
}

/// The monotonic clock in milliseconds: lines of one boot can be ordered by it even if the clock was set.
fn monotonic_ms() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let ms = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000;
    u64::try_from(ms).unwrap_or_default()
}
