//! Ids that may have been made up by the server for one answer only.
//!
//! A session without a lasting id is listed with a new one at every reading; nothing in the row
//! gives it away unless its attributes hold the real one. When such an id is not found, that does
//! not mean that its session has ended. Source: Janssen `SessionId.getOutsideSid`.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are remembered, of eight bytes each; enough for every row that a screen holds.
const MOST: usize = 1_000_000;

/// The ids seen in rows that could not vouch for them, as hashes.
#[derive(Default)]
pub(super) struct Doubtful {
    state: RandomState,
    seen: Mutex<HashSet<u64>>,
}

impl Doubtful {
    pub(super) fn add(&self, sid: &str) {
        let mut seen = self.seen();
        if seen.len() < MOST {
            seen.insert(self.state.hash_one(sid));
        }
    }

    pub(super) fn has(&self, sid: &str) -> bool {
        self.seen().contains(&self.state.hash_one(sid))
    }

    fn seen(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
