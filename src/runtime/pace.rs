//! How soon a frame may follow the one before.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time from one frame to the next: 60 a second.
const FRAME: Duration = Duration::from_millis(16);
/// The same for frames that only tell of another page of rows: 20 a second. Keys come in between.
const NEWS: Duration = Duration::from_millis(50);
/// So many frames may come without that time between them, after as many times of rest.
const AT_ONCE: u32 = 3;

/// When the next frame may be drawn.
pub(super) struct Pace {
    /// Not before this.
    frame: Instant,
    /// Not before this, if it only tells of another page of rows.
    news: Instant,
    /// True if it shows something else, too.
    is_urgent: bool,
}

impl Pace {
    /// The first frame may be drawn now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            frame: now,
            news: now,
            is_urgent: true,
        }
    }

    /// Something changed; `is_urgent`: something else than another page of rows came.
    pub(super) fn changed(&mut self, is_urgent: bool) {
        self.is_urgent |= is_urgent;
    }

    /// When what changed may be drawn.
    pub(super) fn due(&self) -> Instant {
        if self.is_urgent {
            self.frame
        } else {
            self.frame.max(self.news)
        }
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        // After a rest a few frames may follow each other at once: that of a key, and that of the answer.
        let after = |last: Instant, pause: Duration| {
            let rested = now.checked_sub(pause * AT_ONCE).unwrap_or(now);
            last.max(rested) + pause
        };
        self.frame = after(self.frame, FRAME);
        self.news = after(self.news, NEWS);
        self.is_urgent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of a second in which something comes each millisecond.
    fn frames(is_urgent: impl Fn(u64) -> bool) -> Vec<u64> {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut frames = Vec::new();
        for ms in 0..1_000 {
            let now = start + Duration::from_millis(ms);
            pace.changed(is_urgent(ms));
            if now >= pace.due() {
                frames.push(ms);
                pace.drawn(now);
            }
        }
        frames
    }

    #[test]
    fn keys_are_drawn_sixty_times_a_second_and_pages_twenty_times() {
        let (keys, pages) = (frames(|_| true), frames(|_| false));

        assert_eq!(keys.len(), 1_000_usize.div_ceil(16));
        assert_eq!(pages.len(), 1_000_usize.div_ceil(50));
    }

    #[test]
    fn after_a_rest_the_first_page_is_drawn_right_behind_its_key() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let now = start + Duration::from_secs(1);
        pace.drawn(now);

        pace.changed(false);

        assert!(pace.due() <= now);
    }

    #[test]
    fn a_key_between_pages_is_drawn_at_once() {
        let frames = frames(|ms| ms == 700 || ms == 733);

        assert!(frames.contains(&700) && frames.contains(&733), "{frames:?}");
    }
}
