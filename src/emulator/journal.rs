//! What the emulator was asked: one entry a request, so that tests can say "exactly one DELETE was sent".

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

/// Older entries are dropped beyond this number, so that a long demo does not grow for ever.
const MOST_ENTRIES: usize = 65_536;

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// When, by the emulator's clock: Unix time in milliseconds.
    pub time_ms: i64,
    /// The method, `GET`, `DELETE` …
    pub method: String,
    /// The path as sent, not decoded.
    pub path: String,
    /// The query as sent, without `?`. `None`: there was none.
    pub query: Option<String>,
    /// Names of the headers in their order, lower case.
    pub headers: Vec<String>,
    /// First 16 hex digits of the SHA-256 of the `Authorization` header, or of the header or cookie of an AM
    /// server: tells two credentials apart without keeping them. `None`: the request carried none.
    pub credential: Option<String>,
}

/// All entries, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<VecDeque<Entry>>,
}

impl Journal {
    /// Notes one request.
    pub(crate) fn add(&self, time_ms: i64, request: &axum::extract::Request) {
        let headers = request.headers();
        let entry = Entry {
            time_ms,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            headers: headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .collect(),
            credential: ["authorization", "iplanetdirectorypro", "cookie"]
                .iter()
                .find_map(|name| headers.get(*name))
                .map(|value| fingerprint(value.as_bytes())),
        };
        let mut entries = self.lock();
        if entries.len() == MOST_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// A copy of all entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
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
