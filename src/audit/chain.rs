//! The chain of the log: each line names the hash of the line before and carries a seal of its own.

use super::file::START;
use super::key::{AuditKey, hash};
use super::record::{AuditEntry, VERSION, seal, split_seal};

/// Goes along the lines and says what is wrong with each.
pub(super) struct Chain<'a> {
    /// `None`: seals cannot be checked.
    key: Option<&'a AuditKey>,
    /// Hash of the line before. Empty: it cannot be known.
    prev: String,
    /// Lines so far.
    pub count: u64,
    /// Lines without a seal, from the time before there were seals.
    pub unkeyed: u64,
    /// True once a line with a seal has been read.
    pub keyed: bool,
}

/// One line, looked at.
pub(super) struct ChainLink {
    /// Its record. `None`: it is no record.
    pub entry: Option<AuditEntry>,
    /// Its fault. `None`: nothing.
    pub wrong: Option<&'static str>,
}

impl<'a> Chain<'a> {
    /// From the first line on.
    pub fn start(key: Option<&'a AuditKey>) -> Self {
        Self {
            key,
            prev: START.to_owned(),
            count: 0,
            unkeyed: 0,
            keyed: false,
        }
    }

    /// From the line after this place on: every line must have a seal.
    pub fn behind(key: &'a AuditKey, count: u64, prev: &str) -> Self {
        Self {
            key: Some(key),
            prev: prev.to_owned(),
            count,
            unkeyed: 0,
            keyed: true,
        }
    }

    /// Hash of the last line; of an empty log, zeros. Empty: it cannot be known.
    pub fn last(&self) -> &str {
        &self.prev
    }

    /// The next line, without its newline.
    pub fn take(&mut self, bytes: &[u8]) -> ChainLink {
        let entry: Option<AuditEntry> = serde_json::from_slice(bytes).ok();
        let wrong = match &entry {
            None => Some("is not a record"),
            Some(entry) => self.wrong(bytes, entry),
        };
        self.keyed |= entry.as_ref().is_some_and(|entry| entry.mac.is_some());
        self.prev = hash(bytes);
        self.count += 1;
        ChainLink { entry, wrong }
    }

    /// The next line cannot be read.
    pub fn skip(&mut self) {
        // Its hash cannot be known, so the next link counts as broken too.
        self.prev.clear();
        self.count += 1;
    }

    fn wrong(&mut self, bytes: &[u8], entry: &AuditEntry) -> Option<&'static str> {
        let wrong = match &entry.mac {
            None if self.keyed || entry.v >= VERSION => {
                Some("has no seal: it was not written by this version of usher, or it was changed")
            }
            None => {
                self.unkeyed += 1;
                None
            }
            Some(_) => self.key.and_then(|key| match split_seal(bytes) {
                Some((line, found)) if seal(key, &line) == found => None,
                _ => Some("does not fit its seal: it was changed, or written with another key"),
            }),
        };
        let follows = entry.prev == self.prev;
        wrong.or((!follows).then_some(
            "does not follow from the line before: something was changed, removed or added",
        ))
    }
}
