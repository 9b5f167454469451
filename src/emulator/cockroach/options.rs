//! What only an emulated CockroachDB has.

use std::borrow::Cow;
use std::sync::Arc;

use super::Cockroach;
use super::version::Version;
use crate::emulator::shared::Shared;
use crate::emulator::system::{Choice, Emulated, Flag, System};

/// How an emulated CockroachDB is to behave. [`CockroachOptions::default`] is one cluster of a current version.
#[derive(Clone, Debug)]
pub struct CockroachOptions {
    /// Which release series to be.
    pub version: Version,
    /// Who is let in, and how.
    pub cluster: Cluster,
    /// Do web sessions have the column `user_id`? `None`: as the version has it. A cluster whose upgrade is not
    /// finished has none yet.
    pub user_id: Option<bool>,
    /// Answer `/api/v2/sql/`; versions before the middle of 2022 do not.
    pub sql_api: bool,
    /// Refuse statements about tables of the system, as sessions do where `allow_unsafe_internals` is off. Real
    /// servers let this endpoint in.
    pub access_gate: bool,
    /// How many SQL sessions there are at first.
    pub sql_sessions: usize,
    /// Rows go so many seconds after they expired or were revoked; 0: never.
    pub purge_seconds: u32,
    /// For how long a sign-in is good, in seconds.
    pub session_seconds: u32,
    /// How long each statement takes, in milliseconds.
    pub statement_ms: u64,
    /// Users beside those that are made up; nobody signs in as one of them.
    pub extra_users: Vec<String>,
}

/// Who is let in, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cluster {
    /// Everybody signs in.
    #[default]
    Secure,
    /// Everybody is root, and nobody signs in.
    Insecure,
    /// A virtual cluster: everybody signs in, but not by the API.
    Tenant,
}

impl Default for CockroachOptions {
    fn default() -> Self {
        CockroachOptions {
            version: Version::new(25, 4),
            cluster: Cluster::Secure,
            user_id: None,
            sql_api: true,
            access_gate: false,
            sql_sessions: 24,
            purge_seconds: 3_600,
            session_seconds: 168 * 3_600,
            statement_ms: 0,
            extra_users: Vec::new(),
        }
    }
}

impl CockroachOptions {
    /// True if web sessions have the column `user_id`.
    pub(super) fn has_user_id(&self) -> bool {
        self.user_id.unwrap_or(self.version.numbers_sessions())
    }
}

const VERSIONS: [(&str, &str, Version); 6] = [
    (
        "26.1",
        "Tables of the system closed to SQL clients",
        Version::new(26, 1),
    ),
    ("25.4", "A current version", Version::new(25, 4)),
    ("24.3", "As versions of 2024", Version::new(24, 3)),
    (
        "23.1",
        "The first whose web sessions have a user_id",
        Version::new(23, 1),
    ),
    (
        "22.2",
        "Virtual clusters have the SQL API",
        Version::new(22, 2),
    ),
    ("22.1", "The first with the SQL API", Version::new(22, 1)),
];

const CLUSTERS: [(&str, &str, Cluster); 3] = [
    ("secure", "Everybody signs in", Cluster::Secure),
    ("insecure", "Everybody is root", Cluster::Insecure),
    (
        "tenant",
        "A virtual cluster, without the sign-in of the API",
        Cluster::Tenant,
    ),
];

const SWITCH: [(&str, &str, bool); 2] = [("on", "It is there", true), ("off", "It is not", false)];

/// The value of a word.
fn chosen<T: Copy>(list: &[(&str, &str, T)], word: &str) -> Option<T> {
    list.iter()
        .find(|(other, ..)| *other == word)
        .map(|(.., value)| *value)
}

fn flag<T>(
    name: &'static str,
    about: &'static str,
    default: &'static str,
    list: &[(&'static str, &'static str, T)],
) -> Flag {
    let choices = list.iter().map(|(word, about, _)| Choice {
        word: Cow::Borrowed(word),
        about: Cow::Borrowed(about),
    });
    Flag {
        name: Cow::Borrowed(name),
        about: Cow::Borrowed(about),
        default: Cow::Borrowed(default),
        choices: choices.collect(),
    }
}

impl System for CockroachOptions {
    fn word(&self) -> &'static str {
        "cockroach"
    }

    fn about(&self) -> &'static str {
        "CockroachDB: the HTTP API of a cluster, with its web sessions and SQL sessions"
    }

    fn flags(&self) -> Vec<Flag> {
        const NUMBER: &[(&str, &str, ())] = &[];
        vec![
            flag(
                "server-version",
                "Behave like this version of the server",
                "25.4",
                &VERSIONS,
            ),
            flag("cluster", "Let people in like this", "secure", &CLUSTERS),
            flag(
                "sql-api",
                "Whether the server has its SQL API",
                "on",
                &SWITCH,
            ),
            flag(
                "access-gate",
                "Whether tables of the system are closed",
                "off",
                &SWITCH,
            ),
            flag(
                "sql-sessions",
                "How many SQL sessions to make up",
                "24",
                NUMBER,
            ),
            flag(
                "purge-seconds",
                "Rows go so long after their end; 0: never",
                "3600",
                NUMBER,
            ),
            flag(
                "session-seconds",
                "For how long a sign-in is good",
                "604800",
                NUMBER,
            ),
            flag(
                "statement-ms",
                "How long each statement takes, in milliseconds",
                "0",
                NUMBER,
            ),
        ]
    }

    fn with_flag(&self, flag: &str, value: &str) -> Result<Arc<dyn System>, String> {
        let mut options = self.clone();
        let refused = || format!("--{flag} does not take {value}");
        match flag {
            "server-version" => options.version = chosen(&VERSIONS, value).ok_or_else(refused)?,
            "cluster" => options.cluster = chosen(&CLUSTERS, value).ok_or_else(refused)?,
            "sql-api" => options.sql_api = chosen(&SWITCH, value).ok_or_else(refused)?,
            "access-gate" => options.access_gate = chosen(&SWITCH, value).ok_or_else(refused)?,
            "sql-sessions" => options.sql_sessions = value.parse().map_err(|_| refused())?,
            "purge-seconds" => options.purge_seconds = value.parse().map_err(|_| refused())?,
            "session-seconds" => options.session_seconds = value.parse().map_err(|_| refused())?,
            "statement-ms" => options.statement_ms = value.parse().map_err(|_| refused())?,
            _ => return Err(format!("{} has no --{flag}", self.word())),
        }
        Ok(Arc::new(options))
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        // What was revoked stays on show.
        Some(Arc::new(Self {
            purge_seconds: 0,
            ..self.clone()
        }))
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        Arc::new(Cockroach::new(self.clone(), shared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_take_their_own_words_and_nothing_else() {
        let system = CockroachOptions::default();
        for flag in system.flags() {
            assert!(
                system.with_flag(&flag.name, &flag.default).is_ok(),
                "{}",
                flag.name
            );
            assert!(
                system.with_flag(&flag.name, "nonsense").is_err(),
                "{}",
                flag.name
            );
            for choice in &flag.choices {
                assert!(
                    system.with_flag(&flag.name, &choice.word).is_ok(),
                    "{}",
                    choice.word
                );
            }
        }
        assert!(system.with_flag("no-such-flag", "1").is_err());
    }
}
