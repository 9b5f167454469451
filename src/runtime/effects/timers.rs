//! Timers of the core, on the monotonic clock: the last one of a kind counts.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::{Gen, Timer};

/// The timers that run.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    // A handful at most: a list is quicker than a map.
    running: Vec<(Timer, Gen, Instant)>,
}

impl Timers {
    /// Starts a timer in place of the one of its kind.
    pub(crate) fn start(&mut self, timer: Timer, generation: Gen, delay: Duration) {
        self.running.retain(|(kind, _, _)| *kind != timer);
        self.running
            .push((timer, generation, Instant::now() + delay));
    }

    /// When the next one runs out. `None`: none runs.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.running.iter().map(|(_, _, at)| *at).min()
    }

    /// Takes those that have run out, the earliest first.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<(Timer, Gen)> {
        let (mut due, running): (Vec<_>, Vec<_>) =
            self.running.drain(..).partition(|(_, _, at)| *at <= now);
        self.running = running;
        due.sort_by_key(|(_, _, at)| *at);
        due.into_iter()
            .map(|(timer, generation, _)| (timer, generation))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_timer_of_a_kind_counts() {
        let mut timers = Timers::default();
        timers.start(Timer::Fade, Gen(1), Duration::from_secs(1));
        timers.start(Timer::Arm, Gen(2), Duration::from_secs(2));
        timers.start(Timer::Fade, Gen(3), Duration::from_secs(3));

        let due = timers.take_due(Instant::now() + Duration::from_secs(10));

        assert_eq!(due, [(Timer::Arm, Gen(2)), (Timer::Fade, Gen(3))]);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn what_has_not_run_out_stays() {
        let mut timers = Timers::default();
        timers.start(Timer::Fade, Gen(1), Duration::from_secs(60));

        assert_eq!(timers.take_due(Instant::now()), []);
        assert!(timers.next().is_some_and(|at| at > Instant::now()));
    }
}
