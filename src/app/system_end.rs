//! What became of the sessions of one system of a plan.

use chrono::{DateTime, Utc};

use super::job::{Counted, Job};
use super::state::State;
use crate::model::text::with_thousands;
use crate::model::time::clock_seconds;
use crate::model::{ApiError, EndWay, KindCounts, Outcome, SystemPlan, UserOutcome};
use crate::store::SourceId;

/// What became of the sessions of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemEnd {
    /// Which one.
    pub source: SourceId,
    /// Name of its profile.
    pub profile: String,
    /// How many sessions were to end.
    pub meant: u64,
    /// How many ended. `None`: the system does not say.
    pub ended: Option<u64>,
    /// Of which kinds those were, where the system has several and each session has its own outcome:
    /// " (1 web, 1 sql)". Else empty.
    pub kinds: String,
    /// How many had already gone.
    pub gone: u64,
    /// How many failed or were refused. Of a person's: how many requests, one a realm.
    pub failed: u64,
    /// How many were not sent, because the job was stopped. Of a person's: how many requests.
    pub not_sent: u64,
    /// Of how many nobody knows. Of a person's: of how many requests.
    pub unknown: u64,
    /// How many are left of those that were meant, or of the person. `None`: not read back.
    pub left: Option<u64>,
    /// When that was read back, by our clock. `None`: not yet.
    pub read_at: Option<DateTime<Utc>>,
    /// What the system said beside, and why something failed, cleaned.
    pub notes: Vec<String>,
    way: EndWay,
}

impl SystemEnd {
    /// Before anything is known.
    pub fn of(source: SourceId, system: &SystemPlan) -> Self {
        let meant = system.sessions() as u64;
        // Where there was nothing to end, nothing is left; who was asked says when.
        let is_none = meant == 0 && system.doubt().is_none();
        let mut notes = Vec::new();
        notes.extend(system.doubt());
        Self {
            source,
            profile: system.profile.clone(),
            meant,
            ended: Some(0),
            kinds: String::new(),
            gone: 0,
            failed: 0,
            not_sent: 0,
            unknown: 0,
            left: is_none.then_some(0),
            read_at: None,
            notes,
            way: system.way,
        }
    }

    /// Takes the outcome of the system's own operation for a person; of several realms one after the other.
    pub fn add_user(&mut self, result: &Result<UserOutcome, ApiError>, now: DateTime<Utc>) {
        let is_first = self.read_at.is_none();
        self.read_at = Some(now);
        let sum = |so_far: Option<u64>, more: Option<u64>| {
            if is_first {
                more
            } else {
                Some(so_far? + more?)
            }
        };
        match result {
            Ok(outcome) => {
                let gone = match (outcome.before, outcome.left) {
                    (Some(before), Some(left)) => Some(before.saturating_sub(left)),
                    _ => None,
                };
                self.ended = sum(self.ended, gone);
                self.left = sum(self.left, outcome.left);
                self.notes.extend(outcome.notes.iter().cloned());
                match &outcome.outcome {
                    Outcome::Unknown(_) | Outcome::StillListed => {
                        self.unknown += 1;
                        self.note(outcome.outcome.doubt().unwrap_or_default());
                    }
                    Outcome::Failed(error) => self.fail(error.to_string()),
                    Outcome::Refused(why) => self.fail(why.clone()),
                    Outcome::NoLastingId => self.fail(crate::model::NO_LASTING_ID.to_owned()),
                    Outcome::Revoked | Outcome::AlreadyGone => {}
                }
            }
            Err(error) => {
                self.left = None;
                match error {
                    ApiError::Cancelled => self.not_sent += 1,
                    error => self.fail(error.to_string()),
                }
            }
        }
    }

    fn fail(&mut self, why: String) {
        self.failed += 1;
        self.note(why);
    }

    fn note(&mut self, why: String) {
        if !self.notes.contains(&why) {
            self.notes.push(why);
        }
    }

    /// Takes the counts of sessions that were ended by their keys.
    pub fn settle(&mut self, job: &Job, now: DateTime<Utc>) {
        if !matches!(self.way, EndWay::ByKey(_)) {
            return;
        }
        let (mut ended, mut gone, mut unknown, mut failed, mut not_sent) = (0, 0, 0, 0, 0);
        let mut kinds = KindCounts::default();
        for item in job.items.iter().filter(|item| item.source == self.source) {
            match job.counted.get(&item.row) {
                Some(Counted::Done) => {
                    ended += 1;
                    kinds.add(item.kind.as_ref());
                }
                Some(Counted::Gone) => gone += 1,
                Some(Counted::Unclear) => unknown += 1,
                Some(Counted::Failed) => failed += 1,
                None => not_sent += 1,
            }
        }
        if ended + gone + unknown + failed + not_sent == 0 {
            return;
        }
        (self.ended, self.gone) = (Some(ended), gone);
        (self.unknown, self.failed, self.not_sent) = (unknown, failed, not_sent);
        self.kinds = kinds.in_brackets();
        self.left = (unknown == 0).then_some(failed + not_sent);
        // Nobody has looked at what was not sent.
        self.read_at = (not_sent == 0).then_some(now);
    }

    /// True if its sessions end by the system's own operation for a person.
    pub fn is_for_user(&self) -> bool {
        self.way == EndWay::ForUser
    }

    /// True if that operation has been asked for, and has not answered.
    pub fn is_awaited(&self) -> bool {
        self.is_for_user() && self.read_at.is_none() && self.meant > 0
    }

    /// How many sessions that operation has ended, as far as the system has told.
    pub fn told(&self) -> u64 {
        let ended = self.ended.filter(|_| self.is_for_user());
        ended.unwrap_or(0)
    }

    /// True if every session that was meant is known to be over.
    pub fn is_clean(&self) -> bool {
        self.failed + self.not_sent + self.unknown == 0 && self.left == Some(0)
    }

    /// "demo: 4 ended, 0 left (read back 12:16:54 UTC)".
    pub fn words(&self, state: &State) -> String {
        let read = self.read(state);
        let read = if read.is_empty() {
            read
        } else {
            format!(" ({read})")
        };
        format!(
            "{}: {}, {}{read}",
            self.profile,
            self.ended_words(),
            self.left_words()
        )
    }

    /// How many sessions failed, of how many nobody knows, and how many were not sent.
    fn not_ended(&self) -> [u64; 3] {
        if !self.is_for_user() {
            return [self.failed, self.unknown, self.not_sent];
        }
        // The operation is for all at once: what it did not end is as many as are left.
        let rest = self
            .left
            .or_else(|| Some(self.meant.saturating_sub(self.ended?)));
        let rest = rest.unwrap_or(0);
        match (self.failed, self.not_sent, self.unknown) {
            (1.., ..) => [rest, 0, 0],
            (0, 1.., _) => [0, 0, rest],
            (0, 0, 1..) if self.left.is_none() => [0, rest, 0],
            _ => [0; 3],
        }
    }

    /// "4 ended", "4 ended, 1 already gone, 2 failed, 1 unknown".
    pub fn ended_words(&self) -> String {
        let number = with_thousands;
        let mut words = match self.ended {
            Some(ended) => format!("{} ended{}", number(ended), self.kinds),
            None if self.failed + self.not_sent + self.unknown > 0 => {
                "how many ended is not known".to_owned()
            }
            None => "ended, no number told".to_owned(),
        };
        let [failed, unknown, not_sent] = self.not_ended();
        for (count, word) in [
            (self.gone, "already gone"),
            (failed, "failed"),
            (unknown, "unknown"),
            (not_sent, "not sent"),
        ] {
            if count > 0 {
                words.push_str(&format!(", {} {word}", number(count)));
            }
        }
        words
    }

    /// "0 left", or that it is not known.
    pub fn left_words(&self) -> String {
        match self.left {
            Some(left) => format!("{} left", with_thousands(left)),
            None => "left unknown".to_owned(),
        }
    }

    /// "read back 12:16:54 UTC". Empty: it was not.
    pub fn read(&self, state: &State) -> String {
        let at = self.read_at.filter(|_| self.left.is_some());
        at.map_or_else(String::new, |at| {
            format!("read back {}", clock_seconds(at, state.zone()))
        })
    }
}
