//! Device authorization (RFC 8628): codes that wait for a person in a browser.

/// `slow_down` makes the pause between two polls this much longer, RFC 8628 section 3.5.
const SLOW_DOWN_MS: i64 = 5_000;

/// A poll may come this much early: clients count from when they sent the one before.
const JITTER_MS: i64 = 100;

/// Letters of user codes: no vowels, so that no words come out, and none that look alike.
const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The decision of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing yet.
    Pending,
    /// Approved.
    Approved,
    /// Refused.
    Denied,
}

/// The answer to one poll of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// The person has not decided.
    Pending,
    /// Asked again too early.
    SlowDown,
    /// The person refused.
    Denied,
    /// Too late.
    Expired,
    /// No such code, or used already.
    Unknown,
    /// A token with these scopes may be given out. The code is used up.
    Approved(Vec<String>),
}

/// One pending sign-in.
#[derive(Clone)]
pub(crate) struct Device {
    /// The secret code that the client polls with.
    pub(crate) device_code: String,
    /// The short code that the person sees.
    pub(crate) user_code: String,
    /// The scopes that the client asked for.
    pub(crate) scopes: Vec<String>,
    /// The decision of the person.
    pub(crate) decision: Decision,
    /// When the code ends, on the steady clock.
    pub(crate) end_ms: i64,
    /// When it is approved without a person, on the steady clock.
    pub(crate) approves_itself_ms: Option<i64>,
    /// Shortest pause between two polls.
    pub(crate) pause_ms: i64,
    /// The last poll, on the steady clock.
    pub(crate) polled_ms: Option<i64>,
}

/// All pending sign-ins.
#[derive(Default)]
pub(crate) struct Devices {
    pending: Vec<Device>,
}

impl Devices {
    /// Starts to wait for a person.
    pub(crate) fn add(&mut self, device: Device) {
        self.pending.push(device);
    }

    /// User codes that wait for a decision, oldest first.
    pub(crate) fn waiting(&self, steady_ms: i64) -> Vec<String> {
        self.pending
            .iter()
            .filter(|d| d.decision == Decision::Pending && steady_ms < d.end_ms)
            .map(|d| d.user_code.clone())
            .collect()
    }

    /// Notes what the person decided. False: no such code waits.
    pub(crate) fn decide(&mut self, user_code: &str, decision: Decision, steady_ms: i64) -> bool {
        let waiting = self.pending.iter_mut().find(|d| {
            d.user_code.eq_ignore_ascii_case(user_code)
                && d.decision == Decision::Pending
                && steady_ms < d.end_ms
        });
        match waiting {
            Some(device) => {
                device.decision = decision;
                true
            }
            None => false,
        }
    }

    /// Answers a poll.
    pub(crate) fn poll(&mut self, device_code: &str, steady_ms: i64) -> Poll {
        let Some(position) = self
            .pending
            .iter()
            .position(|d| d.device_code == device_code)
        else {
            return Poll::Unknown;
        };
        let device = &mut self.pending[position];
        if steady_ms >= device.end_ms {
            return Poll::Expired;
        }
        if device.decision == Decision::Pending
            && device.approves_itself_ms.is_some_and(|at| steady_ms >= at)
        {
            device.decision = Decision::Approved;
        }
        let too_early = device
            .polled_ms
            .replace(steady_ms)
            .is_some_and(|before| steady_ms - before < device.pause_ms - JITTER_MS);
        match device.decision {
            Decision::Approved => Poll::Approved(self.pending.remove(position).scopes),
            Decision::Denied => Poll::Denied,
            Decision::Pending if too_early => {
                device.pause_ms += SLOW_DOWN_MS;
                Poll::SlowDown
            }
            Decision::Pending => Poll::Pending,
        }
    }
}

/// A code for people, such as `LKHC-PBTR`.
pub(crate) fn user_code(mut bits: u128) -> String {
    let mut code = String::new();
    for position in 0..8 {
        if position == 4 {
            code.push('-');
        }
        let letter = usize::try_from(bits % 20).unwrap_or(0);
        code.push(char::from(CODE_LETTERS[letter]));
        bits /= 20;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices() -> Devices {
        let mut devices = Devices::default();
        devices.add(Device {
            device_code: "dc".into(),
            user_code: "LKHC-PBTR".into(),
            scopes: vec!["openid".into()],
            decision: Decision::Pending,
            end_ms: 100_000,
            approves_itself_ms: None,
            pause_ms: 5_000,
            polled_ms: None,
        });
        devices
    }

    #[test]
    fn poll_before_the_pause_is_told_to_slow_down_and_the_pause_grows() {
        let mut devices = devices();

        let answers = [0, 1_000, 10_000, 21_000].map(|ms| devices.poll("dc", ms));

        assert_eq!(
            answers,
            [
                Poll::Pending,
                Poll::SlowDown,
                Poll::SlowDown,
                Poll::SlowDown
            ]
        );
        assert_eq!(devices.poll("dc", 60_000), Poll::Pending);
    }

    #[test]
    fn approved_code_is_good_for_one_token() {
        let mut devices = devices();

        assert!(devices.decide("lkhc-pbtr", Decision::Approved, 0));

        assert_eq!(devices.poll("dc", 0), Poll::Approved(vec!["openid".into()]));
        assert_eq!(devices.poll("dc", 0), Poll::Unknown);
    }

    #[test]
    fn code_ends_at_its_time_and_cannot_be_approved_after_it() {
        let mut devices = devices();

        assert!(!devices.decide("LKHC-PBTR", Decision::Approved, 100_000));

        assert_eq!(devices.poll("dc", 100_000), Poll::Expired);
    }

    #[test]
    fn refused_code_stays_refused() {
        let mut devices = devices();

        assert!(devices.decide("LKHC-PBTR", Decision::Denied, 0));
        assert!(!devices.decide("LKHC-PBTR", Decision::Approved, 0));

        assert_eq!(devices.poll("dc", 0), Poll::Denied);
    }

    #[test]
    fn code_approves_itself_when_asked_to() {
        let mut devices = devices();
        devices.pending[0].approves_itself_ms = Some(2_000);

        assert_eq!(devices.poll("dc", 1_999), Poll::Pending);
        assert!(matches!(devices.poll("dc", 2_000), Poll::Approved(_)));
    }

    #[test]
    fn user_codes_have_the_form_that_people_know() {
        let code = user_code(0x1234_5678_9abc_def0);

        assert_eq!(code.len(), 9);
        assert_eq!(code.as_bytes()[4], b'-');
    }
}
