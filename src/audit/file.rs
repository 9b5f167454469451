//! Appending to the log: under a lock, chained, on the disk when it must be.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use rustix::time::{ClockId, clock_gettime};

use super::AuditError;
use super::key::hash;
use super::record::Entry;
use super::stamp;
use crate::config::lock::{Lock, lock};
use crate::config::private::{self, PrivateError};

/// No record is longer than this, in bytes, newline included.
pub(super) const LIMIT: usize = 4096;
/// What the first line names as the hash of the line before.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long the lock of the file is waited for.
pub(super) const LOCK_LIMIT: Duration = Duration::from_secs(5);

/// The file of the log.
pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    /// The log at this place.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Can it be opened for writing?
    pub fn check(&self) -> Result<(), AuditError> {
        private::open_append(&self.path)?;
        Ok(())
    }

    /// Appends these lines in one write, all or none; with `sync` they are on the disk afterwards.
    pub fn append(&self, lines: &[Entry], sync: bool) -> Result<(), AuditError> {
        let new = private::mode_of(&self.path).is_none();
        let mut file = private::open_append(&self.path)?;
        // Whoever appends holds the lock from reading the last line on, so that the chain never forks.
        // It goes when the file is closed.
        lock(&self.path, &file, Lock::Alone, LOCK_LIMIT)?;
        let tail = self.tail(&mut file)?;
        let bytes = self.chained(lines, &tail)?;
        let written = file.write_all(&bytes).and_then(|()| match sync {
            true => file.sync_data(),
            false => Ok(()),
        });
        if let Err(error) = written {
            // Half a record would break the chain for good.
            let _ = file.set_len(tail.length);
            return Err(self.failed("write", &error).into());
        }
        if new && sync {
            private::sync_dir(&self.path)?;
        }
        Ok(())
    }

    /// The bytes to append.
    fn chained(&self, lines: &[Entry], tail: &Tail) -> Result<Vec<u8>, AuditError> {
        let ts = stamp(Utc::now());
        let mono_ms = monotonic_ms();
        let mut bytes = Vec::with_capacity(lines.len() * 512);
        if tail.torn {
            bytes.push(b'\n');
        }
        let mut prev = tail.hash.clone();
        for line in lines {
            let json = line.json(&ts, mono_ms, &prev).map_err(|error| {
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
        Ok(bytes)
    }

    /// What the log ends with.
    fn tail(&self, file: &mut File) -> Result<Tail, AuditError> {
        let failed = |error: std::io::Error| self.failed("read", &error);
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        if length == 0 {
            return Ok(Tail {
                length,
                hash: START.to_owned(),
                torn: false,
            });
        }
        let window = length.min(2 * LIMIT as u64);
        file.seek(SeekFrom::Start(length - window))
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(window).read_to_end(&mut bytes).map_err(failed)?;
        let torn = bytes.last() != Some(&b'\n');
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let start = line.iter().rposition(|&byte| byte == b'\n');
        Ok(Tail {
            length,
            hash: hash(&line[start.map_or(0, |at| at + 1)..]),
            torn,
        })
    }

    fn failed(&self, what: &'static str, error: &std::io::Error) -> PrivateError {
        PrivateError::io(&self.path, what, error)
    }
}

/// The end of the log.
struct Tail {
    /// Length of the file in bytes.
    length: u64,
    /// Hash of its last line.
    hash: String,
    /// Does the last line lack its newline? Then somebody was stopped while writing it.
    torn: bool,
}

/// The monotonic clock in milliseconds: lines of one boot can be ordered by it even if the clock was set.
fn monotonic_ms() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let ms = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000;
    u64::try_from(ms).unwrap_or_default()
}
