//! One row with what usher knows about it beside the system's own words.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::query::RowIn;
use crate::model::text::mask;
use crate::model::{Class, Deletable, Hints, OfOtherRows, RowRef, State, Thresholds, state_at};

/// One row, where it comes from, and the moment of the question.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Name of the profile.
    pub(crate) profile: &'a str,
    /// Name of the system in the configuration.
    pub(crate) system: &'a str,
    /// The row as it was read.
    pub(crate) row: &'a RowRef<'a>,
    /// The word for its state.
    pub(crate) state: State,
    /// The moment of the question.
    pub(crate) now: DateTime<Utc>,
    /// When it is idle and expiring, and has hints.
    thresholds: Thresholds,
    /// The facts that only other rows tell, where they were counted.
    pub(crate) others: OfOtherRows,
}

impl<'a> Record<'a> {
    /// The row of a profile at a moment.
    pub(crate) fn new(
        profile: &'a str,
        system: &'a str,
        row: &'a RowRef<'a>,
        thresholds: Thresholds,
        now: DateTime<Utc>,
    ) -> Self {
        let state = state_at(
            row.fact,
            row.created,
            row.last_used,
            row.expires,
            thresholds,
            now,
        );
        Self {
            profile,
            system,
            row,
            state,
            now,
            thresholds,
            others: OfOtherRows::default(),
        }
    }

    /// Its hints: those that need other rows only where these were counted.
    pub(crate) fn hints(&self) -> Hints {
        let row = RowIn {
            row: self.row,
            profile: self.profile,
            system: self.system,
        };
        Hints::of(&row, self.others, self.thresholds, self.now)
    }

    /// `yes`, `no` or `unknown` as JSON means them.
    pub(crate) fn deletable(&self) -> Option<bool> {
        match self.row.deletable {
            Deletable::Yes => Some(true),
            Deletable::No(_) | Deletable::NoLastingId => Some(false),
            Deletable::Unknown => None,
        }
    }

    /// Why it may not be revoked.
    pub(crate) fn not_deletable_because(&self) -> Option<&str> {
        self.row.deletable.why_not()
    }

    /// Time since it began.
    pub(crate) fn age(&self) -> Option<TimeDelta> {
        self.row.created.map(|at| self.now - at)
    }

    /// Time since it was last used, or since it began if it never was.
    pub(crate) fn idle(&self) -> Option<TimeDelta> {
        self.row
            .last_used
            .or(self.row.created)
            .map(|at| self.now - at)
    }

    /// Time until it ends by itself; negative afterwards.
    pub(crate) fn left(&self) -> Option<TimeDelta> {
        self.row.expires.map(|at| at - self.now)
    }

    /// The further attributes; values that work as a credential are masked.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.row.extra.iter().map(|(name, value, class)| {
            let value = match class {
                Class::Plain => Cow::Borrowed(value.as_ref()),
                Class::Secret => Cow::Owned(mask(value)),
            };
            (name.as_ref(), value)
        })
    }

    /// One further attribute by the name the system gives it.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}
