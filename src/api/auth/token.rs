//! Tokens: what a sign-in gives, and where they outlive the process.

use std::any::Any;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

/// A token that works for less than this, or for less than half of its life, is renewed before it is
/// used.
const RENEW_BEFORE: TimeDelta = TimeDelta::seconds(30);

/// Facts about the identity that is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// A name for people. `None`: not known.
    pub name: Option<String>,
    /// The id in the system's own words. `None`: not known.
    pub id: Option<String>,
    /// The rights of the token.
    pub scopes: Vec<String>,
}

/// A token as a sign-in gave it, or as it was kept from an earlier run.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The token that requests carry.
    pub access: SecretString,
    /// When it was asked for. `None`: not known.
    pub since: Option<DateTime<Utc>>,
    /// When it stops working. `None`: not told.
    pub until: Option<DateTime<Utc>>,
    /// The secret that gets the next token without a person, in the grant's own words. `None`:
    /// nothing does.
    pub renewal: Option<SecretString>,
    /// Who is signed in.
    pub known: Known,
    /// Cookies that go with it, by name: they say which node of the server knows it.
    pub cookies: Vec<(String, SecretString)>,
}

impl StoredToken {
    /// A token of which nothing more is known.
    pub fn bare(access: SecretString) -> Self {
        Self {
            access,
            since: None,
            until: None,
            renewal: None,
            known: Known::default(),
            cookies: Vec::new(),
        }
    }

    pub(super) fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| {
            // Of a short life not all of it may be spent on renewing.
            let half = self.since.map(|since| (until - since) / 2);
            until - now >= half.map_or(RENEW_BEFORE, |half| half.min(RENEW_BEFORE))
        })
    }
}

/// Where tokens outlive the process. All calls are short; failures are the store's to log.
pub trait TokenStore: Send + Sync {
    /// The token kept for this profile. `None`: there is none, or it cannot be read.
    fn load(&self) -> Option<StoredToken>;
    /// Keeps it.
    fn save(&self, token: &StoredToken);
    /// Forgets it.
    fn clear(&self);
    /// Keeps other processes from getting a token for this profile until what is returned is dropped.
    /// Blocks while one of them does, for seconds. `None`: there is nothing to lock.
    fn lock(&self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// Keeps nothing: a token lives as long as the process.
pub struct NoStore;

impl TokenStore for NoStore {
    fn load(&self) -> Option<StoredToken> {
        None
    }

    fn save(&self, _token: &StoredToken) {}

    fn clear(&self) {}
}

/// When a token that lives `seconds` from now on stops working. `None` stays `None`.
pub fn lives(seconds: Option<u64>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = Duration::from_secs(seconds?);
    now.checked_add_signed(TimeDelta::from_std(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_cred_01_a_token_is_used_for_half_of_a_short_life_and_to_30_s_before_the_end_of_a_long_one()
    {
        let since = DateTime::UNIX_EPOCH;
        for (life_s, age_s, fresh) in [
            (3_600, 0, true),
            (3_600, 3_570, true),
            (3_600, 3_571, false),
            (60, 30, true),
            (60, 31, false),
            (30, 0, true),
            (30, 15, true),
            (30, 16, false),
            (2, 1, true),
            (1, 1, false),
            (0, 1, false),
        ] {
            let token = StoredToken {
                since: Some(since),
                until: lives(Some(life_s), since),
                ..StoredToken::bare(SecretString::from("t"))
            };

            let is = token.is_fresh(since + TimeDelta::seconds(age_s));

            assert_eq!(is, fresh, "{age_s} s of {life_s} s");
        }
    }

    #[test]
    fn a_token_of_which_nobody_knows_since_when_keeps_the_whole_margin() {
        let now = DateTime::UNIX_EPOCH;
        for (left_s, fresh) in [(30, true), (29, false)] {
            let token = StoredToken {
                until: lives(Some(left_s), now),
                ..StoredToken::bare(SecretString::from("t"))
            };

            assert_eq!(token.is_fresh(now), fresh, "{left_s} s left");
        }
    }
}
