//! Which changes have no end in the log, and which of those are under way in some process.
//!
//! An operation that is under way holds a lock on a file of its own, which the system takes away when the
//! process ends, however it ends. So no number of a process and no clock has to be trusted.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::AuditError;
use super::file::LOCK_LIMIT;
use super::read::read;
use super::record::{AuditEntry, Event};
use crate::config::lock::{Lock, is_held, lock};
use crate::config::paths::make_dir;
use crate::config::private::{self, Access, PrivateError};

/// The folder of the marks.
const FOLDER: &str = "running";
/// The mark of whoever settles changes.
const SETTLING: &str = "settle";
/// Marks that nobody holds are taken away after this long.
const A_DAY: Duration = Duration::from_secs(86_400);

/// The mark of an operation that is under way. It goes when this is dropped, or the process ends.
#[derive(Debug)]
pub struct Running {
    /// Keeps the lock.
    _file: File,
    /// The file to take away. `None`: it stays.
    path: Option<PathBuf>,
}

impl Running {
    /// Marks this operation.
    pub(super) fn new(state_dir: &Path, operation: &str) -> Result<Self, PrivateError> {
        let marks = marks(state_dir)?;
        sweep(&marks);
        let path = marks.join(operation);
        let file = private::open_append(&path)?;
        lock(&path, &file, Lock::Alone, LOCK_LIMIT)?;
        Ok(Self {
            _file: file,
            path: Some(path),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Takes away marks of processes that were killed. Only old ones: a young one may be without its lock
/// for a moment.
fn sweep(marks: &Path) {
    for entry in fs::read_dir(marks).into_iter().flatten().flatten() {
        let path = entry.path();
        let changed = entry.metadata().and_then(|found| found.modified());
        let age = changed.ok().and_then(|at| at.elapsed().ok());
        if entry.file_name() == SETTLING || age.is_none_or(|age| age < A_DAY) {
            continue;
        }
        if private::open(&path, Access::OwnerOnly).is_ok_and(|file| !is_held(&file)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The mark of whoever settles changes. `None`: somebody else does.
pub(super) fn settle(state_dir: &Path) -> Result<Option<Running>, PrivateError> {
    let path = marks(state_dir)?.join(SETTLING);
    let file = private::open_append(&path)?;
    if is_held(&file) {
        return Ok(None);
    }
    lock(&path, &file, Lock::Alone, LOCK_LIMIT)?;
    Ok(Some(Running {
        _file: file,
        // Taken away, it could be locked by two at once: by name and as what is left of it.
        path: None,
    }))
}

fn marks(state_dir: &Path) -> Result<PathBuf, PrivateError> {
    let dir = state_dir.join(FOLDER);
    make_dir(&dir)?;
    Ok(dir)
}

/// Changes of which the log has no end, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Nobody is at work on them any more: their outcome is unknown until it is looked up.
    pub forgotten: Vec<AuditEntry>,
    /// A process is at work on them now.
    pub running: Vec<AuditEntry>,
}

impl Unfinished {
    /// Those of this log.
    pub(super) fn find(log: &Path, state_dir: &Path) -> Result<Self, AuditError> {
        let open = unfinished(log)?;
        if open.is_empty() {
            return Ok(Self::default());
        }
        let dead: HashSet<String> = open
            .into_iter()
            .map(|entry| entry.op_id)
            .filter(|operation| !is_running(state_dir, operation))
            .collect();
        // Read again: what ended between the first reading and the look at its mark has its end by now.
        let again = unfinished(log)?.into_iter();
        let (forgotten, running) = again.partition(|entry| dead.contains(&entry.op_id));
        Ok(Self { forgotten, running })
    }

    /// How many are forgotten, and what to do, for a person. `None`: none.
    pub fn summary(&self) -> Option<String> {
        let what = match self.forgotten.len() {
            0 => return None,
            1 => "1 change has no end in the audit log".to_owned(),
            count => format!("{count} changes have no end in the audit log"),
        };
        Some(format!(
            "{what}: see `usher audit --unfinished`, then `usher audit --settle`"
        ))
    }

    /// Takes away the marks that processes left which were killed.
    pub fn clear_marks(&self, state_dir: &Path) {
        for entry in &self.forgotten {
            if let Some(mark) = mark(state_dir, &entry.op_id) {
                let _ = fs::remove_file(mark);
            }
        }
    }
}

/// The file of an operation. `None`: no operation has such a name.
fn mark(state_dir: &Path, operation: &str) -> Option<PathBuf> {
    let is_ours = operation.len() == 16 && operation.bytes().all(|b| b.is_ascii_hexdigit());
    is_ours.then(|| state_dir.join(FOLDER).join(operation))
}

fn is_running(state_dir: &Path, operation: &str) -> bool {
    let mark = mark(state_dir, operation);
    let file = mark.and_then(|mark| private::open(&mark, Access::OwnerOnly).ok());
    file.is_some_and(|file| is_held(&file))
}

fn unfinished(log: &Path) -> Result<Vec<AuditEntry>, AuditError> {
    let entries = match read(log) {
        Err(AuditError::File(PrivateError::Missing(_))) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut pairs = Pairs::default();
    for (number, entry) in entries.flatten() {
        let _ = pairs.take(number, entry);
    }
    Ok(pairs.open())
}

/// Brings each `done` to its `asked`.
#[derive(Default)]
pub(super) struct Pairs {
    open: BTreeMap<(String, String), Vec<(u64, AuditEntry)>>,
}

impl Pairs {
    /// The next entry of the log. `false`: it ends what was never asked.
    pub fn take(&mut self, number: u64, entry: AuditEntry) -> bool {
        let change = (entry.op_id.clone(), entry.item.clone());
        match entry.event {
            Event::Asked => self.open.entry(change).or_default().push((number, entry)),
            Event::Done => match self.open.get_mut(&change) {
                Some(asked) => {
                    asked.pop();
                    if asked.is_empty() {
                        self.open.remove(&change);
                    }
                }
                None => return false,
            },
            Event::Reveal | Event::Export | Event::Broken => {}
        }
        true
    }

    /// The changes without an end, in the order of the log.
    pub fn open(self) -> Vec<AuditEntry> {
        let mut open: Vec<_> = self.open.into_values().flatten().collect();
        open.sort_by_key(|(number, _)| *number);
        open.into_iter().map(|(_, entry)| entry).collect()
    }
}
