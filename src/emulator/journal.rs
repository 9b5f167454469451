//! The requests to the emulator: one entry a request, so that tests can say "exactly one DELETE was
//! sent".

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

/// Older entries are dropped beyond this number, so that a long demo does not grow for ever.
const MOST_ENTRIES: usize = 65_536;

/// One operation as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct JournalEntry {
    /// When, by the emulator's clock: Unix time in milliseconds.
    pub time_ms: i64,
    /// The method of HTTP, `GET`, `DELETE` …; the command word of another protocol.
    pub method: String,
    /// More words for what it does, as the statements in a body of SQL have. Empty: `method` says it.
    pub words: Vec<String>,
    /// The path as sent, not decoded; the arguments of a command.
    pub path: String,
    /// The query as sent, without `?`. `None`: there was none.
    pub query: Option<String>,
    /// Names of the headers in their order, lower case. Empty if the protocol has none.
    pub headers: Vec<String>,
    /// First 16 hex digits of the SHA-256 of what the system takes for its credential: tells two credentials
    /// apart without keeping them. `None`: there was none.
    pub credential: Option<String>,
}

/// All entries, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<VecDeque<JournalEntry>>,
}

impl Journal {
    /// Notes one operation.
    pub(crate) fn add(&self, entry: JournalEntry) {
        let mut entries = self.lock();
        if entries.len() == MOST_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// A copy of all entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<JournalEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests are answered at the same time.
#[derive(Debug, Default)]
pub(crate) struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Load {
    /// A request has come. It counts until the answer is made, or the client has gone.
    pub(crate) fn enter(&self) -> Answering<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Answering(self)
    }

    /// Requests without an answer.
    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    /// The most that there were at any time.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// One request among those of a [`Load`].
#[derive(Debug)]
pub(crate) struct Answering<'a>(&'a Load);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// First 16 hex digits of the SHA-256.
pub(crate) fn fingerprint(secret: &[u8]) -> String {
    Sha256::digest(secret)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
