//! What versions of the server differ in.

/// A release series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The year without its century.
    pub year: u8,
    /// Which release of the year.
    pub release: u8,
}

impl Version {
    /// This release of that year.
    #[must_use]
    pub const fn new(year: u8, release: u8) -> Self {
        Version { year, release }
    }

    /// What `version()` answers.
    pub(super) fn text(self) -> String {
        format!(
            "CockroachDB CCL v{}.{}.4 (x86_64-pc-linux-gnu, built 2026/01/12 10:00:00, go1.23.7)",
            self.year, self.release
        )
    }

    /// Users have numbers.
    pub(super) fn numbers_users(self) -> bool {
        self >= Version::new(22, 2)
    }

    /// Web sessions have the number of their user; a cookie names the virtual cluster, and its token is taken where
    /// the header says `cookie`; statements can have a transaction each.
    pub(super) fn numbers_sessions(self) -> bool {
        self >= Version::new(23, 1)
    }

    /// Times in lists of SQL sessions have a zone.
    pub(super) fn has_zoned_session_times(self) -> bool {
        self >= Version::new(23, 1)
    }
}
