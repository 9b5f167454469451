//! Checking the whole log: every line, every link, every pair, and the anchor.

use std::path::Path;

use super::AuditError;
use super::anchor::{self, Anchor, AnchorState};
use super::chain::{Chain, ChainLink};
use super::key::AuditKey;
use super::read::{LogLine, NotALine, Problem, lines, open};
use super::record::{AuditEntry, Event, clean};
use super::running::Pairs;
use crate::config::private::PrivateError;

/// The result of a check of the whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// The problems, in order; those of the whole log last. Empty: nothing was found.
    pub problems: Vec<Problem>,
    /// Changes without an end: their outcome is unknown.
    pub unfinished: Vec<AuditEntry>,
    /// Lines at the start that were written before there were seals: their chain can be recomputed by
    /// anybody who can write the file.
    pub unkeyed: u64,
    /// Whole lines that are newer than the anchor, and fit.
    pub ahead: u64,
    /// True if part of a line stands behind the anchored end. The writer was then stopped there.
    pub torn: bool,
    /// True if an anchor of ours was there to check the end with.
    pub anchored: bool,
    /// The end of the log as it was read, to be kept elsewhere.
    pub end: Option<Anchor>,
}

impl Report {
    /// True if no problem was found.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, line: u64, what: impl Into<String>) {
        self.problems.push(Problem::at(line, what));
    }
}

/// Reads the whole log and checks all that can be checked here. `kept`: an anchor that was kept
/// elsewhere. A log that is not there is a problem if its key, its anchor or `kept` is.
///
/// # Errors
/// [`AuditError`] if a file cannot be opened.
pub fn verify(path: &Path, kept: Option<&Anchor>) -> Result<Report, AuditError> {
    let key = key_of(path)?;
    let opened = open(path, |length| {
        Ok((length, anchor::read(path, key.as_ref())?))
    });
    let (reader, (length, found)) = match opened {
        Err(AuditError::File(PrivateError::Missing(_))) => {
            return missing(path, key.as_ref(), kept);
        }
        opened => opened?,
    };
    let mut check = Check::new(Chain::start(key.as_ref()), &found, kept);
    for line in lines(reader) {
        check.line(line, length);
    }
    Ok(check.end(&found, kept, key.is_some()))
}

/// The key beside this log. `None`: there is none.
fn key_of(log: &Path) -> Result<Option<AuditKey>, AuditError> {
    let dir = log.parent().unwrap_or(Path::new("."));
    match AuditKey::read(&AuditKey::path(dir)) {
        Ok(key) => Ok(Some(key)),
        Err(AuditError::File(PrivateError::Missing(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The report where there is no log: a problem if the anchor or the kept place shows that there was
/// one.
fn missing(
    path: &Path,
    key: Option<&AuditKey>,
    kept: Option<&Anchor>,
) -> Result<Report, AuditError> {
    let mut report = Report::default();
    match anchor::read(path, key)? {
        AnchorState::Good(there) if there.anchor.count > 0 => report.problem(
            0,
            format!(
                "the log is not there, and {} lines had been written",
                there.anchor.count
            ),
        ),
        AnchorState::Missing if key.is_none() => {}
        _ => report.problem(0, "the log is not there, though its key or its anchor is"),
    }
    if kept.is_some_and(|kept| kept.count > 0) && report.is_sound() {
        report.problem(0, "the log is not there, and an anchor of it was kept");
    }
    Ok(report)
}

/// The check on its way.
struct Check<'a> {
    chain: Chain<'a>,
    report: Report,
    pairs: Pairs,
    /// Bytes of the lines so far.
    bytes: u64,
    /// Where lines end that were counted by the anchor; lines behind must have seals.
    anchored: Option<u64>,
    /// How far the anchor reaches, in bytes.
    reach: u64,
    /// Hashes at the lines that anchors name.
    at_anchor: Option<String>,
    at_kept: Option<String>,
    kept: Option<u64>,
}

impl<'a> Check<'a> {
    fn new(chain: Chain<'a>, found: &AnchorState, kept: Option<&Anchor>) -> Self {
        let there = match found {
            AnchorState::Good(there) => Some(there),
            _ => None,
        };
        let mut check = Self {
            chain,
            report: Report::default(),
            pairs: Pairs::default(),
            bytes: 0,
            anchored: there.map(|there| there.anchor.count),
            reach: there.map_or(0, |there| there.bytes),
            at_anchor: None,
            at_kept: None,
            kept: kept.map(|kept| kept.count),
        };
        check.note_anchors();
        check
    }

    /// Remembers the hash where an anchor says something about it.
    fn note_anchors(&mut self) {
        let here = Some(self.chain.count);
        if here == self.anchored {
            self.at_anchor = Some(self.chain.last().to_owned());
        }
        if here == self.kept {
            self.at_kept = Some(self.chain.last().to_owned());
        }
    }

    fn line(&mut self, line: LogLine, length: u64) {
        let number = self.chain.count + 1;
        let bytes = match line {
            LogLine::Whole(bytes) => bytes,
            // Nobody was told that it is there: the writer was stopped before it could be sent.
            LogLine::Not(NotALine::Torn) if self.anchored.is_some() && self.reach <= self.bytes => {
                self.report.torn = true;
                return;
            }
            LogLine::Not(why) => {
                self.report.problem(number, why.words());
                // Only the length of the rest can be known.
                self.bytes = length;
                self.chain.skip();
                return;
            }
        };
        self.bytes += bytes.len() as u64 + 1;
        let ChainLink { entry, wrong } = self.chain.take(&bytes);
        if let Some(what) = wrong {
            self.report.problem(number, what);
        }
        if let Some(entry) = entry {
            let behind = self.anchored.is_some_and(|count| number > count);
            if behind && entry.mac.is_none() && wrong.is_none() {
                self.report.problem(
                    number,
                    "has no seal, and was added after the anchor was written",
                );
            }
            self.follow(number, entry);
        }
        self.note_anchors();
    }

    /// Checks the statements of this entry about others.
    fn follow(&mut self, number: u64, entry: AuditEntry) {
        if entry.event == Event::Broken {
            let how = clean(entry.reason.as_deref().unwrap_or_default(), 400);
            let what = format!("usher found the log changed when it wrote this line: {how}");
            self.report.problem(number, what);
        }
        if !self.pairs.take(number, entry) {
            let what = "is the end of a change that was never asked for";
            self.report.problem(number, what);
        }
    }

    /// Compares the end with the anchors.
    fn end(mut self, found: &AnchorState, kept: Option<&Anchor>, has_key: bool) -> Report {
        let (lines, keyed) = (self.chain.count, self.chain.keyed);
        if keyed && !has_key {
            self.report.problem(
                0,
                "its key (audit.key) is not there, so no seal can be checked",
            );
        }
        match found {
            AnchorState::Good(there) => {
                self.report.anchored = true;
                let wanted = &there.anchor;
                if let Some(what) = differs(wanted, lines, self.at_anchor.as_deref()) {
                    self.report.problem(0, format!("its anchor does not fit: {what}"));
                } else {
                    self.report.ahead = lines - wanted.count;
                }
            }
            AnchorState::Missing if !keyed => {}
            AnchorState::Missing => self.report.problem(
                0,
                "its anchor (audit.anchor) is not there, so nobody can tell whether lines at the end were cut off",
            ),
            AnchorState::Bad => self.report.problem(
                0,
                "its anchor (audit.anchor) was changed, or written with another key",
            ),
        }
        if let Some(kept) = kept
            && let Some(what) = differs(kept, lines, self.at_kept.as_deref())
        {
            self.report
                .problem(0, format!("the anchor that was kept does not fit: {what}"));
        }
        self.report.lines = lines;
        self.report.unkeyed = self.chain.unkeyed;
        let hash = self.chain.last().to_owned();
        self.report.end = (!hash.is_empty()).then_some(Anchor { count: lines, hash });
        self.report.unfinished = self.pairs.open();
        self.report
    }
}

/// Why a log of so many lines, with this hash at the line that the anchor names, is not the one that was
/// anchored. `None`: it is.
pub(super) fn differs(anchor: &Anchor, lines: u64, hash: Option<&str>) -> Option<String> {
    let wanted = anchor.count;
    if lines < wanted {
        Some(format!(
            "the log has {lines} lines, and {wanted} had been written"
        ))
    } else if hash != Some(&anchor.hash) {
        Some(format!(
            "line {wanted} is not the one that had been written"
        ))
    } else {
        None
    }
}
