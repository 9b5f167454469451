//! Waits that a server asked for, and the countdown that people see.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::model::Code;

/// A wait that a server asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Host and port.
    pub host: String,
    /// The code with which the server asked for the wait: HTTP 429, 503 or 408.
    pub code: Code,
    /// Until when nothing is sent to it.
    pub until: Instant,
}

/// The wait that is on now, of all requests of a client the longest. `None`: none waits.
pub type Waits = watch::Receiver<Option<Wait>>;

/// The seconds left of the waits of one client, second by second.
pub struct Countdown {
    waits: Waits,
    told: Option<u64>,
}

impl Countdown {
    /// Follows these waits.
    pub fn new(waits: Waits) -> Self {
        Self { waits, told: None }
    }

    /// The next thing to tell: a wait with what is left of it, in whole seconds and rounded up; or
    /// `Some(None)`, it is over. `None`: the client has ended. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Option<(Wait, Duration)>> {
        loop {
            let wait = self.waits.borrow_and_update().clone();
            let left = |wait: &Wait| wait.until.saturating_duration_since(Instant::now());
            let waits = wait.map(|wait| (left(&wait), wait));
            match waits.filter(|(left, _)| !left.is_zero()) {
                Some((left, wait)) => {
                    let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(0);
                    if self.told != Some(seconds) {
                        self.told = Some(seconds);
                        return Some(Some((wait, Duration::from_secs(seconds))));
                    }
                    let pause = left.saturating_sub(Duration::from_secs(seconds - 1));
                    tokio::select! {
                        changed = self.waits.changed() => changed.ok()?,
                        () = sleep(pause.max(Duration::from_millis(1))) => {}
                    }
                }
                None if self.told.take().is_some() => return Some(None),
                None => self.waits.changed().await.ok()?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn f_http_18_a_wait_is_counted_down_by_the_second_and_its_end_is_told() {
        let (shown, waits) = watch::channel(None);
        let mut countdown = Countdown::new(waits);
        let wait = Wait {
            host: "idp:443".into(),
            code: Code::Http(429),
            until: Instant::now() + Duration::from_millis(2_500),
        };
        shown.send_replace(Some(wait));

        let mut told = Vec::new();
        for _ in 0..3 {
            let (_, left) = countdown.next().await.unwrap().unwrap();
            told.push(left.as_secs());
        }

        assert_eq!(told, [3, 2, 1]);
        assert_eq!(countdown.next().await, Some(None));
        drop(shown);
        assert_eq!(countdown.next().await, None);
    }
}
