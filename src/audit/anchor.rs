//! The anchor: how many lines the log has and the hash of its last one, in a file of its own.
//!
//! The chain alone cannot show that its end was cut off; the anchor can. It is sealed with the key, and
//! written after the lines that it counts: a log that is longer than its anchor was being written when
//! the program was stopped, one that is shorter has lost lines.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::AuditError;
use super::file::START;
use super::key::AuditKey;
use crate::config::private::{self, Access, PrivateError};

/// The purpose that is part of an anchor's seal.
const KIND: &str = "anchor";
/// No anchor file is larger than this, in bytes.
const SIZE_LIMIT: u64 = 1024;

/// A place in the log, as it can be kept elsewhere: `COUNT:HASH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// How many lines the log has up to here.
    pub count: u64,
    /// SHA-256 of the last of them, without its newline, as 64 hex digits. Of an empty log: zeros.
    pub hash: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            "an anchor is what `usher audit --verify` prints: COUNT:HASH, with 64 hex digits";
        let (count, hash) = text.trim().split_once(':').ok_or(wrong)?;
        let is_hash = hash.len() == START.len() && hash.bytes().all(|b| b.is_ascii_hexdigit());
        match count.parse() {
            Ok(count) if is_hash => Ok(Self {
                count,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err(wrong),
        }
    }
}

/// The contents of the anchor file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The place.
    pub anchor: Anchor,
    /// Length of the log up to there, in bytes.
    pub bytes: u64,
}

/// The state of the anchor file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AnchorState {
    /// It is there and was sealed with this key.
    Good(Kept),
    /// It is not there.
    Missing,
    /// It is there, and was not written by us in this way.
    Bad,
}

/// The line in the file.
#[derive(Serialize, Deserialize)]
struct AnchorLine {
    v: u32,
    count: u64,
    hash: String,
    bytes: u64,
    mac: String,
}

/// The anchor file of this log.
pub(super) fn path_of(log: &Path) -> PathBuf {
    log.with_extension("anchor")
}

/// Reads the anchor of this log. `key`: `None` if there is none; then no anchor is good.
///
/// # Errors
/// The file is there and cannot be used.
pub(super) fn read(log: &Path, key: Option<&AuditKey>) -> Result<AnchorState, AuditError> {
    let bytes = match private::read(&path_of(log), Access::OwnerOnly, SIZE_LIMIT) {
        Ok(bytes) => bytes,
        Err(PrivateError::Missing(_)) => return Ok(AnchorState::Missing),
        Err(PrivateError::TooLarge { .. }) => return Ok(AnchorState::Bad),
        Err(error) => return Err(error.into()),
    };
    let line = serde_json::from_slice::<AnchorLine>(&bytes).ok().zip(key);
    let sealed =
        line.filter(|(line, key)| line.mac == seal(key, line.count, line.bytes, &line.hash));
    Ok(match sealed {
        Some((line, _)) => AnchorState::Good(Kept {
            anchor: Anchor {
                count: line.count,
                hash: line.hash,
            },
            bytes: line.bytes,
        }),
        None => AnchorState::Bad,
    })
}

/// Puts an anchor in the place of the one before.
///
/// # Errors
/// It cannot be written; then the old one is still there.
pub(super) fn write(log: &Path, key: &AuditKey, kept: &Kept) -> Result<(), AuditError> {
    let (path, Kept { anchor, bytes }) = (path_of(log), kept);
    let line = AnchorLine {
        v: 1,
        count: anchor.count,
        hash: anchor.hash.clone(),
        bytes: *bytes,
        mac: seal(key, anchor.count, *bytes, &anchor.hash),
    };
    let mut json = serde_json::to_vec(&line).map_err(|error| PrivateError::Io {
        path: path.clone(),
        what: "write",
        why: error.to_string(),
    })?;
    json.push(b'\n');
    // After a power cut the older one may be back: a log that is ahead of its anchor is no harm.
    private::replace_soon(&path, &json)?;
    Ok(())
}

fn seal(key: &AuditKey, count: u64, bytes: u64, hash: &str) -> String {
    key.seal(KIND, format!("{count} {bytes} {hash}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_read_as_it_is_printed() {
        let anchor = Anchor {
            count: 20,
            hash: "0a".repeat(32),
        };

        assert_eq!(anchor.to_string().parse(), Ok(anchor.clone()));
        assert_eq!(anchor.to_string().to_uppercase().parse(), Ok(anchor));
        for wrong in ["", "20", "20:", ":aa", "x:aa", "20:zz", &"20:0a".repeat(40)] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }
}
