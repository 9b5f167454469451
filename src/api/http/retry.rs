//! When a request goes out, and when it may go out again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::model::error::LONGEST_WAIT;
use crate::model::{Acted, ApiError, Unreached};

/// All tries of one request together, without the waits that the server asked for.
const BUDGET: Duration = Duration::from_secs(20);
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A name that is not found will hardly be found half a second later.
const FIRST_WAIT_FOR_NAME: Duration = Duration::from_secs(1);

/// The failures after which a request may be sent again without asking; one line of the retry table
/// each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Reading: whenever it failed for a passing reason.
    Read,
    /// Reading before it is needed: never. What fails is asked for again when it is needed.
    Ahead,
    /// A change of one thing: only if it was certainly not carried out. In any other case the caller
    /// reads the list to see whether it was.
    One,
    /// A change of many things: once, if nothing was sent.
    Many,
    /// A token: once, if nothing was sent or the server had an internal error.
    Token,
    /// Never.
    Never,
}

/// The kind of a failed attempt, which decides whether it is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SendFailure {
    /// Nothing reached the server.
    NotSent {
        /// The name was not found.
        no_name: bool,
    },
    /// Sent, and no whole answer came.
    Lost,
    /// 408, 429, or 503 with a time to come back.
    Busy {
        status: u16,
        come_back: Option<Duration>,
    },
    /// 500, 502, 503 without a time, 504.
    ServerError,
    /// Anything that the same request meets again.
    Final,
}

/// The next step after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send again after this.
    Again(Duration),
    /// Give up.
    Stop,
    /// The server wants us to wait longer than we do by ourselves.
    TooLong(Duration),
}

/// The number of waits named by the server after which a request is given up. It is large, because
/// many workers that may send again at the same moment are let through one by one.
const MOST_SERVER_WAITS: u32 = 20;

/// The tries of one request.
pub(super) struct Tries {
    repeat: Repeat,
    done: u32,
    /// How many of its answers named a time, which is no failure of its own.
    told: u32,
    since: Instant,
    waited_as_told: Duration,
}

impl Tries {
    pub(super) fn new(repeat: Repeat) -> Self {
        Self {
            repeat,
            done: 0,
            told: 0,
            since: Instant::now(),
            waited_as_told: Duration::ZERO,
        }
    }

    /// This time went by because the server asked for it.
    pub(super) fn excuse(&mut self, waited: Duration) {
        self.waited_as_told += waited;
    }

    /// Decides about one failed try. `jitter` is a number from 0 to 1.
    pub(super) fn after(&mut self, failure: &SendFailure, jitter: f64) -> Next {
        let told = match failure {
            // At once is no time: it is asked again after a pause of our own.
            SendFailure::Busy { come_back, .. } => come_back.filter(|told| !told.is_zero()),
            _ => None,
        };
        match told {
            Some(_) => self.told += 1,
            None => self.done += 1,
        }
        if let Some(told) = told
            && told > LONGEST_WAIT
        {
            return Next::TooLong(told);
        }
        let most = repeats(self.repeat, failure);
        if let Some(told) = told {
            return if most > 0 && self.told <= MOST_SERVER_WAITS {
                Next::Again(told)
            } else {
                Next::TooLong(told)
            };
        }
        if self.done > most {
            return Next::Stop;
        }
        let first = match failure {
            SendFailure::NotSent { no_name: true } => FIRST_WAIT_FOR_NAME,
            _ => FIRST_WAIT,
        };
        let most = first * 2u32.saturating_pow(self.done - 1);
        let wait = match failure {
            SendFailure::NotSent { no_name: true } => most,
            _ => most.mul_f64(jitter.clamp(0.0, 1.0)),
        };
        let own = self.since.elapsed().saturating_sub(self.waited_as_told);
        if own + wait > BUDGET {
            return Next::Stop;
        }
        Next::Again(wait)
    }
}

/// How often a request of this kind may be repeated after such a failure.
fn repeats(repeat: Repeat, failure: &SendFailure) -> u32 {
    match (repeat, failure) {
        (Repeat::Never | Repeat::Ahead, _) | (_, SendFailure::Final) => 0,
        (Repeat::Read, _) => 2,
        (Repeat::One, SendFailure::NotSent { .. } | SendFailure::Busy { .. }) => 2,
        (Repeat::One, SendFailure::Lost | SendFailure::ServerError) => 0,
        (Repeat::Many, SendFailure::NotSent { .. }) => 1,
        (Repeat::Many, _) => 0,
        (Repeat::Token, SendFailure::NotSent { .. } | SendFailure::ServerError) => 1,
        (Repeat::Token, SendFailure::Busy { .. }) => 2,
        (Repeat::Token, SendFailure::Lost) => 0,
    }
}

/// Sorts an error into the columns of the retry table.
pub(super) fn failure_of(error: &ApiError) -> SendFailure {
    match error {
        ApiError::Unreachable {
            cause: Unreached::ProxyRefused,
            ..
        } => SendFailure::Final,
        ApiError::Unreachable { cause, .. } => SendFailure::NotSent {
            no_name: *cause == Unreached::NoSuchName,
        },
        ApiError::Timeout {
            acted: Acted::No, ..
        } => SendFailure::NotSent { no_name: false },
        ApiError::Timeout { .. } | ApiError::Broken { .. } => SendFailure::Lost,
        _ => SendFailure::Final,
    }
}

/// Sorts an answer into the columns of the retry table. `None`: it is an answer.
pub(super) fn failure_of_status(status: u16, come_back: Option<Duration>) -> Option<SendFailure> {
    match status {
        408 | 429 => Some(SendFailure::Busy { status, come_back }),
        503 if come_back.is_some() => Some(SendFailure::Busy { status, come_back }),
        500 | 502 | 503 | 504 => Some(SendFailure::ServerError),
        _ => None,
    }
}

/// Reads `Retry-After`: seconds or an HTTP date. `None`: absent, or not readable.
pub(super) fn come_back(value: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
    let value = value?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time, not garbage.
        return Some(Duration::from_secs(
            value.parse().unwrap_or(u64::from(u32::MAX)),
        ));
    }
    let at = http_date(value)?;
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

/// Reads a date as HTTP writes it (`Sun, 06 Nov 1994 08:49:37 GMT`).
pub(super) fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.trim())
        .ok()
        .map(|at| at.to_utc())
}

/// A number from 0 to 1; 1 if the machine has no randomness to give.
pub(super) fn jitter() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const LOST: SendFailure = SendFailure::Lost;
    const SERVER_ERROR: SendFailure = SendFailure::ServerError;
    const NOT_SENT: SendFailure = SendFailure::NotSent { no_name: false };

    fn busy(seconds: Option<u64>) -> SendFailure {
        SendFailure::Busy {
            status: 429,
            come_back: seconds.map(Duration::from_secs),
        }
    }

    /// How often such a request is sent if it fails so every time.
    fn sends(repeat: Repeat, failure: &SendFailure) -> u32 {
        let mut tries = Tries::new(repeat);
        let mut sent = 1;
        while let Next::Again(_) = tries.after(failure, 0.0) {
            sent += 1;
        }
        sent
    }

    #[tokio::test]
    async fn the_retry_table_holds_for_each_kind_of_request() {
        let failures = [
            NOT_SENT,
            LOST,
            busy(Some(0)),
            SERVER_ERROR,
            SendFailure::Final,
        ];
        let table = [
            (Repeat::Read, [3, 3, 3, 3, 1]),
            (Repeat::One, [3, 1, 3, 1, 1]),
            (Repeat::Many, [2, 1, 1, 1, 1]),
            (Repeat::Token, [2, 1, 3, 2, 1]),
            (Repeat::Never, [1, 1, 1, 1, 1]),
        ];
        for (repeat, count) in [
            (Repeat::Read, 1 + MOST_SERVER_WAITS),
            (Repeat::One, 1 + MOST_SERVER_WAITS),
            (Repeat::Many, 1),
            (Repeat::Token, 1 + MOST_SERVER_WAITS),
            (Repeat::Never, 1),
        ] {
            assert_eq!(sends(repeat, &busy(Some(2))), count, "{repeat:?}");
        }
        for (repeat, counts) in table {
            for (failure, count) in failures.iter().zip(counts) {
                assert_eq!(sends(repeat, failure), count, "{repeat:?} {failure:?}");
            }
        }
    }

    #[tokio::test]
    async fn waits_double_under_full_jitter_and_are_not_shortened_for_names() {
        let waits = |failure: SendFailure, jitter| {
            let mut tries = Tries::new(Repeat::Read);
            [tries.after(&failure, jitter), tries.after(&failure, jitter)].map(|next| match next {
                Next::Again(wait) => wait.as_millis(),
                other => panic!("{other:?}"),
            })
        };

        assert_eq!(waits(SERVER_ERROR, 1.0), [500, 1000]);
        assert_eq!(waits(SERVER_ERROR, 0.5), [250, 500]);
        assert_eq!(
            waits(SendFailure::NotSent { no_name: true }, 0.0),
            [1000, 2000]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn all_tries_together_stay_within_their_budget() {
        let mut tries = Tries::new(Repeat::Read);
        tokio::time::advance(Duration::from_secs(20)).await;

        assert_eq!(tries.after(&LOST, 1.0), Next::Stop);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_server_asked_for_is_not_in_the_budget() {
        let mut tries = Tries::new(Repeat::Read);
        let minute = Duration::from_secs(60);

        assert_eq!(tries.after(&busy(Some(60)), 1.0), Next::Again(minute));
        tokio::time::advance(minute).await;
        tries.excuse(minute);
        assert!(matches!(tries.after(&SERVER_ERROR, 0.0), Next::Again(_)));
        let mut longer = Tries::new(Repeat::Read);
        let told = Duration::from_secs(61);
        assert_eq!(longer.after(&busy(Some(61)), 1.0), Next::TooLong(told));
    }

    #[test]
    fn f_http_18_retry_after_is_read_in_each_of_its_forms() {
        let now = Utc.with_ymd_and_hms(2026, 3, 14, 9, 0, 0).unwrap();
        let cases = [
            (Some("7"), Some(7)),
            (Some(" 7 "), Some(7)),
            (Some("Sat, 14 Mar 2026 09:00:30 GMT"), Some(30)),
            (Some("Sat, 14 Mar 2026 08:00:00 GMT"), Some(0)),
            (Some("soon"), None),
            (Some("-5"), None),
            (Some(""), None),
            (None, None),
        ];
        for (value, seconds) in cases {
            assert_eq!(
                come_back(value, now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
        assert!(come_back(Some("99999999999999999999999"), now) > Some(LONGEST_WAIT));
    }
}
