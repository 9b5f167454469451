//! The end of the log, compared with its anchor before every append.
//!
//! Cheap: the anchor and the last line. The whole log is read only if they do not fit.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::AuditError;
use super::anchor::{self, Anchor, AnchorState, Kept};
use super::chain::Chain;
use super::file::{LIMIT, START};
use super::key::{AuditKey, hash};
use super::read::{LogLine, NotALine, lines};
use crate::config::private::PrivateError;

/// The end of the log.
pub(super) struct End {
    /// Lines.
    pub count: u64,
    /// Hash of the last one.
    pub hash: String,
    /// Length in bytes after which the next line is written.
    pub length: u64,
    /// True if the last line lacks its newline.
    pub torn: bool,
    /// True if it has no anchor yet, and needs none so far.
    pub is_new: bool,
    /// How it differs from what was left. `None`: it does not.
    pub broken: Option<String>,
}

impl End {
    /// Looks at the log of this path, whose lock is held.
    pub fn find(path: &Path, file: &mut File, key: &AuditKey) -> Result<Self, AuditError> {
        let reading = |error: std::io::Error| PrivateError::io(path, "read", &error);
        let length = file.seek(SeekFrom::End(0)).map_err(reading)?;
        let found = anchor::read(path, Some(key))?;
        let why = match &found {
            AnchorState::Good(kept) => match after(file, kept, length, key).map_err(reading)? {
                Ok(end) => return Ok(end),
                Err(why) => Some(why),
            },
            AnchorState::Missing => None,
            AnchorState::Bad => {
                Some("its anchor was changed, or written with another key".to_owned())
            }
        };
        let (mut end, keyed) = whole(file, length, key).map_err(reading)?;
        end.is_new = found == AnchorState::Missing && !keyed;
        end.broken = match (why, &found) {
            (None, AnchorState::Missing) if keyed => Some("its anchor was not there".to_owned()),
            (why, AnchorState::Good(kept)) => why.map(|why| {
                format!(
                    "{why}; it had {} lines, and {} had been written",
                    end.count, kept.anchor.count
                )
            }),
            (why, _) => why,
        };
        Ok(end)
    }

    /// The anchor for this end.
    pub fn kept(&self) -> Kept {
        Kept {
            anchor: Anchor {
                count: self.count,
                hash: self.hash.clone(),
            },
            bytes: self.length,
        }
    }
}

/// The end of a log that goes on from its anchor; or why it does not.
fn after(
    file: &mut File,
    kept: &Kept,
    length: u64,
    key: &AuditKey,
) -> std::io::Result<Result<End, String>> {
    if length < kept.bytes {
        return Ok(Err("it was shorter than it was left".to_owned()));
    }
    if last_hash(file, kept.bytes)? != kept.anchor.hash {
        return Ok(Err(
            "its last line was not the one that was written".to_owned()
        ));
    }
    // Behind the anchor stands what was written when the program was stopped.
    file.seek(SeekFrom::Start(kept.bytes))?;
    let mut chain = Chain::behind(key, kept.anchor.count, &kept.anchor.hash);
    let mut end = kept.bytes;
    for line in lines(BufReader::new(file.take(length - kept.bytes))) {
        let bytes = match line {
            LogLine::Whole(bytes) => bytes,
            // Never told to anybody, so nothing was sent for it: it is written over.
            LogLine::Not(NotALine::Torn) => break,
            LogLine::Not(why) => return Ok(Err(format!("a line that {} was added", why.words()))),
        };
        if let Some(wrong) = chain.take(&bytes).wrong {
            return Ok(Err(format!("a line was added that {wrong}")));
        }
        end += bytes.len() as u64 + 1;
    }
    Ok(Ok(End {
        count: chain.count,
        hash: chain.last().to_owned(),
        length: end,
        torn: false,
        is_new: false,
        broken: None,
    }))
}

/// Hash of the line that ends at this byte; of none, zeros.
fn last_hash(file: &mut File, end: u64) -> std::io::Result<String> {
    if end == 0 {
        return Ok(START.to_owned());
    }
    let window = end.min(2 * LIMIT as u64);
    file.seek(SeekFrom::Start(end - window))?;
    let mut bytes = Vec::new();
    file.take(window).read_to_end(&mut bytes)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let start = line.iter().rposition(|&byte| byte == b'\n');
    Ok(hash(&line[start.map_or(0, |at| at + 1)..]))
}

/// The end of the log as it stands, whatever is in it; and whether any line of it has a seal.
fn whole(file: &mut File, length: u64, key: &AuditKey) -> std::io::Result<(End, bool)> {
    file.seek(SeekFrom::Start(0))?;
    let mut chain = Chain::start(Some(key));
    let mut torn = false;
    for line in lines(BufReader::new((&mut *file).take(length))) {
        match line {
            LogLine::Whole(bytes) => drop(chain.take(&bytes)),
            LogLine::Not(why) => {
                torn = why == NotALine::Torn;
                chain.skip();
            }
        }
    }
    let end = End {
        count: chain.count,
        hash: last_hash(file, length)?,
        length,
        torn,
        is_new: false,
        broken: None,
    };
    Ok((end, chain.keyed))
}
