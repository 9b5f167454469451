//! Hints: facts about a session that an operator should not overlook. They are no judgement.

use chrono::{DateTime, TimeDelta, Utc};
use enum_map::EnumMap;
use strum::IntoEnumIterator;

use super::query::{Field, RowView};
use super::session::{Fact, State, Thresholds, state_at};

/// A fact that an operator should not overlook. Its word is the `strum` text.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    enum_map::Enum,
    strum::EnumCount,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Hint {
    /// The operator's own session.
    Own,
    /// Somebody else signed in as the user.
    Impersonated,
    /// The user has more sessions than the threshold.
    Many,
    /// Sessions of the user began in several networks within a short time.
    Networks,
    /// It never ends by itself.
    NoExpiry,
    /// A sign-in that was begun a while ago and not finished.
    Unfinished,
}

impl Hint {
    /// The word in the table, in queries and in output.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// True if other rows have to be known for it.
    pub fn needs_other_rows(self) -> bool {
        matches!(self, Self::Many | Self::Networks)
    }
}

/// When hints are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HintRules {
    /// A user with more sessions than this has many.
    pub many_sessions: u32,
    /// From so many networks on they are several; at least 2.
    pub many_networks: u8,
    /// Within this time.
    pub networks_within: TimeDelta,
    /// A sign-in that was begun so long ago, or longer, counts as unfinished.
    pub unfinished_after: TimeDelta,
}

impl HintRules {
    /// More than 10 sessions, 3 networks within an hour, half an hour.
    pub const USUAL: Self = Self {
        many_sessions: 10,
        many_networks: 3,
        networks_within: TimeDelta::hours(1),
        unfinished_after: TimeDelta::minutes(30),
    };
}

/// The facts about a session that only other rows tell. `None`: below the threshold, or not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfOtherRows {
    /// How many sessions its user has that are not over.
    pub sessions: Option<u32>,
    /// From how many networks sessions of its user began within the time.
    pub networks: Option<u8>,
}

/// The hints of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints(EnumMap<Hint, bool>);

impl Hints {
    /// Those of a row at a moment by the clock of its server. What the system does not report gives none.
    pub fn of(
        row: &impl RowView,
        others: OfOtherRows,
        thresholds: Thresholds,
        now: DateTime<Utc>,
    ) -> Self {
        let (created, used) = (row.instant(Field::Created), row.instant(Field::Used));
        let expires = row.instant(Field::Expires);
        let state = state_at(row.fact(), created, used, expires, thresholds, now);
        let is_over = matches!(state, State::Revoked | State::Expired);
        let begun = created.or(used);
        let mut hints = Self::default();
        hints.0[Hint::Own] = row.own() == Some(true);
        hints.0[Hint::Impersonated] = row.is_impersonated();
        hints.0[Hint::Many] = !is_over && others.sessions.is_some();
        hints.0[Hint::Networks] = others.networks.is_some();
        hints.0[Hint::NoExpiry] = !is_over && row.never_expires();
        hints.0[Hint::Unfinished] = state == State::Unauthenticated
            && row.fact() == Fact::Unauthenticated
            && begun.is_some_and(|at| now - at >= thresholds.hints.unfinished_after);
        hints
    }

    /// Those whose words pass a test.
    pub fn with_words(is_met: impl Fn(&str) -> bool) -> Self {
        Self(EnumMap::from_fn(|hint: Hint| is_met(hint.word())))
    }

    /// True if this one is among them.
    pub fn has(&self, hint: Hint) -> bool {
        self.0[hint]
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// True if one is among both.
    pub fn meet(&self, others: &Self) -> bool {
        self.iter().any(|hint| others.has(hint))
    }

    /// All of them, in the order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = Hint> {
        Hint::iter().filter(|hint| self.0[*hint])
    }

    /// A number by which they are sorted: the first one declared counts most, as the smallest.
    pub fn rank(&self) -> u32 {
        Hint::iter().fold(0, |rank, hint| rank << 1 | u32::from(!self.0[hint]))
    }

    /// Their words with a blank between two. Empty: there is none.
    pub fn words(&self) -> String {
        self.iter().map(Hint::word).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RowRef;
    use crate::model::query::RowIn;

    fn now() -> DateTime<Utc> {
        "2026-11-21T14:07:00Z".parse().unwrap()
    }

    fn words(row: &RowRef<'_>) -> String {
        let row = RowIn {
            row,
            profile: "p",
            system: "s",
        };
        Hints::of(&row, OfOtherRows::default(), Thresholds::default(), now()).words()
    }

    #[test]
    fn a_row_of_which_nothing_is_told_has_no_hint() {
        assert_eq!(words(&RowRef::new("key", "label")), "");
    }

    #[test]
    fn each_hint_follows_from_what_the_system_says() {
        let with = |change: fn(&mut RowRef<'_>)| {
            let mut row = RowRef::new("key", "label");
            change(&mut row);
            words(&row)
        };

        assert_eq!(with(|row| row.own = Some(true)), "own");
        assert_eq!(with(|row| row.own = Some(false)), "");
        assert_eq!(with(|row| row.impersonated = true), "impersonated");
        assert_eq!(with(|row| row.never_expires = true), "no-expiry");
        assert_eq!(
            with(|row| (row.own, row.impersonated) = (Some(true), true)),
            "own impersonated"
        );
    }

    #[test]
    fn what_is_over_is_not_told_to_last() {
        let mut row = RowRef::new("key", "label");
        (row.never_expires, row.impersonated) = (true, true);
        row.fact = Fact::Revoked;

        assert_eq!(words(&row), "impersonated");
    }

    #[test]
    fn a_sign_in_is_unfinished_after_a_while_and_until_it_expires() {
        let mut row = RowRef::new("key", "label");
        row.fact = Fact::Unauthenticated;
        assert_eq!(words(&row), "", "it is not told when it began");
        row.created = Some(now() - TimeDelta::minutes(29));
        assert_eq!(words(&row), "");
        row.created = Some(now() - TimeDelta::minutes(30));
        assert_eq!(words(&row), "unfinished");
        row.expires = Some(now());
        assert_eq!(words(&row), "");
    }

    #[test]
    fn words_are_told_apart_by_a_test() {
        let all = Hints::with_words(|_| true);
        let some = Hints::with_words(|word| word.starts_with('n'));

        assert_eq!(
            all.words(),
            "own impersonated many networks no-expiry unfinished"
        );
        assert_eq!(some.words(), "networks no-expiry");
        assert!(some.meet(&all) && !some.meet(&Hints::default()));
    }
}
