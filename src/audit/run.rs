//! The changes of this process: what to say of them when it ends, and which lines of the log are theirs.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;

use super::Audit;
use super::record::{AuditEntry, Event};
use crate::model::locked;
use crate::model::text::{display_safe, with_thousands};

/// Names that are told one by one.
const NAMES: usize = 3;

/// The changes of a process, counted.
#[derive(Debug, Default)]
pub(super) struct Run {
    operations: HashSet<String>,
    /// The time of the first line.
    since: Option<String>,
    ended: Counts,
    /// The numbers of the first and the last line of each write.
    written: Vec<(u64, u64)>,
}

/// A moment of this process, from which on its records are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Moment(usize);

/// The sessions that were ended.
#[derive(Debug, Default)]
struct Counts {
    sessions: u64,
    /// True if some operation ended more than is counted here.
    is_least: bool,
    users: BTreeMap<String, u64>,
    profiles: BTreeSet<String>,
}

impl Run {
    /// Lines that this process has written. `first`: the number of the first of them.
    pub(super) fn wrote(&mut self, lines: &[AuditEntry], first: u64) {
        let numbered = (first..).zip(lines);
        let mut numbers = numbered.filter(|(_, line)| line.verb == REVOKE);
        if let Some((from, _)) = numbers.next() {
            let to = numbers.last().map_or(from, |(number, _)| number);
            self.written.push((from, to));
        }
        for line in lines {
            if line.verb != REVOKE {
                continue;
            }
            // Most lines are of an operation that is known.
            if !self.operations.contains(&line.op_id) {
                self.operations.insert(line.op_id.clone());
            }
            if self.since.is_none() {
                self.since = Some(line.ts.clone());
            }
            if line.event == Event::Done && line.outcome.as_deref() == Some("done") {
                self.ended.add(line);
            }
        }
    }

    fn sentence(&self) -> Option<String> {
        let counts = &self.ended;
        let since = self.since.as_deref()?;
        if counts.profiles.is_empty() {
            return None;
        }
        let least = if counts.is_least { "at least " } else { "" };
        let noun = if counts.sessions == 1 && !counts.is_least {
            "session"
        } else {
            "sessions"
        };
        let whose = if counts.users.is_empty() {
            String::new()
        } else {
            format!(" of {}", listed(counts.users.keys()))
        };
        Some(format!(
            "ended {least}{} {noun}{whose} on {}; usher audit 'created>={}' shows them",
            with_thousands(counts.sessions),
            listed(counts.profiles.iter()),
            display_safe(since),
        ))
    }
}

/// The verb of what ends sessions.
const REVOKE: &str = "revoke";

impl Counts {
    fn add(&mut self, line: &AuditEntry) {
        let is_user = line.target_kind == "user";
        let sessions = if is_user { line.sessions } else { Some(1) };
        self.is_least |= sessions.is_none();
        self.sessions += sessions.unwrap_or_default();
        if !self.profiles.contains(&line.profile) {
            self.profiles.insert(line.profile.clone());
        }
        let Some(user) = &line.user else { return };
        let sessions = sessions.unwrap_or_default();
        match self.users.get_mut(user) {
            Some(known) => *known += sessions,
            None => _ = self.users.insert(user.clone(), sessions),
        }
    }
}

/// The first names, cleaned, and how many more there are.
fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&String> = names.collect();
    let first = names.iter().take(NAMES);
    let first: Vec<_> = first.map(|name| display_safe(name)).collect();
    match names.len().saturating_sub(NAMES) {
        0 => first.join(", "),
        more => format!(
            "{} and {} more",
            first.join(", "),
            with_thousands(more as u64)
        ),
    }
}

impl Audit {
    /// What this process has ended, in a sentence without a full stop: how many, of whom, where, and how
    /// to read the log. `None`: nothing.
    pub fn ended_here(&self) -> Option<String> {
        locked(&self.run).sentence()
    }

    /// This moment, for [`records_since`](Self::records_since).
    pub fn moment(&self) -> Moment {
        Moment(locked(&self.run).written.len())
    }

    /// The numbers of the first and the last record that this process has written of the end of sessions since
    /// a moment: the lines of the log, from 1. Records of others may stand between them. `None`: it has written
    /// none.
    pub fn records_since(&self, moment: Moment) -> Option<RangeInclusive<u64>> {
        let run = locked(&self.run);
        let written = run.written.get(moment.0..)?;
        let first = written.iter().map(|(first, _)| *first).min()?;
        let last = written.iter().map(|(_, last)| *last).max()?;
        Some(first..=last)
    }

    /// True if a line belongs to an operation of this process that ends sessions.
    pub fn is_of_this_run(&self, line: &AuditEntry) -> bool {
        locked(&self.run).operations.contains(&line.op_id)
    }

    /// True if this process has asked for the end of a session.
    pub fn has_ended_any(&self) -> bool {
        !locked(&self.run).operations.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::entry;

    fn done(profile: &str, user: &str, sessions: Option<u64>) -> AuditEntry {
        AuditEntry {
            event: Event::Done,
            outcome: Some("done".into()),
            profile: profile.into(),
            user: Some(user.into()),
            target_kind: if sessions.is_some() {
                "user"
            } else {
                "session"
            }
            .into(),
            sessions,
            ts: "2026-11-21T14:07:00.000Z".into(),
            ..entry()
        }
    }

    #[test]
    fn what_was_ended_is_told_in_one_sentence() {
        let mut run = Run::default();
        assert_eq!(run.sentence(), None);

        run.wrote(&[done("prod", "ada", None)], 1);
        assert_eq!(
            run.sentence().as_deref(),
            Some(
                "ended 1 session of ada on prod; usher audit 'created>=2026-11-21T14:07:00.000Z' shows them"
            )
        );

        let more = [
            done("am", "bob", Some(8)),
            done("am", "eve\u{1b}[31m", None),
        ];
        run.wrote(&more, 2);
        run.wrote(&[done("am", "zoe", None), done("am", "ada", None)], 9);
        assert_eq!(run.written, [(1, 1), (2, 3), (9, 10)]);
        let sentence = run.sentence().unwrap();
        assert!(
            sentence
                .starts_with("ended 12 sessions of ada, bob, eve^[[31m and 1 more on am, prod; "),
            "{sentence}"
        );
    }

    #[test]
    fn what_failed_or_ended_nothing_is_not_told() {
        let mut run = Run::default();
        let failed = AuditEntry {
            outcome: Some("failed".into()),
            ..done("prod", "ada", None)
        };
        let other = AuditEntry {
            verb: "refresh".into(),
            ..done("prod", "ada", None)
        };

        run.wrote(&[other, failed], 4);
        assert_eq!(run.written, [(5, 5)], "only what ends sessions");

        assert_eq!(run.sentence(), None);
    }
}
