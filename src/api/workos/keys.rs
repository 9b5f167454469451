//! The keys that only a profile of WorkOS has.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::{OwnKey, OwnKind, OwnValue, Profile};

const RECENT: &str = "recent";
const ENVIRONMENT: &str = "environment";
const SKIP: &str = "skip_never_signed_in";

/// Requests a second where the profile does not say. The limits of WorkOS (reads of users and sessions:
/// 1,000 in 10 seconds) hold for the whole environment, so usher shares them with the live sign-ins there.
pub(super) const RATE: u32 = 25;
/// Requests a second at most, whatever the profile says: nine tenths of what WorkOS allows an environment.
pub(super) const MOST_RATE: u32 = 90;
/// Unused for this long a session is idle: longer than any lives, since WorkOS tells no last use.
pub(super) const NEVER_IDLE: TimeDelta = TimeDelta::days(36_500);
const DAY: u64 = 24 * 3_600;
/// Events are kept for 90 days.
/// Source: WorkOS documentation, "Data syncing", events API.
pub(super) const EVENTS_DAYS: u64 = 90;
/// A request for events may span 30 days at most; same source.
pub(super) const SPAN_DAYS: u64 = 30;

/// The keys of the profile.
pub(super) fn of_profile() -> Vec<OwnKey> {
    let day = OwnValue::Duration(Duration::from_secs(DAY));
    vec![
        OwnKey::new(
            RECENT,
            OwnKind::Duration(60..=SPAN_DAYS * DAY),
            "How far back the way \"recent\" goes, unless the query names a time with created>….",
        )
        .or(day),
        OwnKey::new(
            ENVIRONMENT,
            OwnKind::Text,
            "What to call the environment that the API key belongs to; WorkOS does not tell its name.",
        ),
        OwnKey::new(
            SKIP,
            OwnKind::Flag,
            "Leave out users who never signed in by themselves when all users are asked for one by one.",
        )
        .or(false),
    ]
}

/// How far back the way "recent" goes.
pub(super) fn recent(profile: &Profile) -> Duration {
    let named = profile.own.duration(RECENT);
    named.unwrap_or(Duration::from_secs(DAY))
}

/// The name of the environment. `None`: the profile gives none.
pub(super) fn environment(profile: &Profile) -> Option<&str> {
    profile.own.text(ENVIRONMENT)
}

/// True if users without a sign-in of their own are left out of a walk.
pub(super) fn skips_never_signed_in(profile: &Profile) -> bool {
    profile.own.flag(SKIP)
}

/// Requests a second at most.
pub(super) fn rate(profile: &Profile) -> u32 {
    profile.rate.unwrap_or(RATE).min(MOST_RATE)
}
