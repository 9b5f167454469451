//! Pages that are asked for before they are needed, and the rules for it.
//!
//! They are handed out in order, and only to the reading that they were asked for. The number of them
//! grows with each page that the server answers as expected, and falls to one when it does not.

use std::collections::VecDeque;

use tokio_util::task::AbortOnDropHandle;

use super::pages::Place;
use crate::api::http::Reply;
use crate::model::ApiError;

/// Pages of one reading that are on their way at the same time, at most.
pub(super) const MOST: usize = 4;

/// A page on its way. Dropped, it is not waited for any more.
pub(super) type OnItsWay = AbortOnDropHandle<Result<Reply, ApiError>>;

/// The pages that one reading has asked for ahead, the next one first. Each begins where the one before it
/// ends.
#[derive(Default)]
pub(super) struct Ahead {
    pages: VecDeque<AskedPage>,
    /// How many may be on their way.
    most: usize,
    /// A page failed that was asked for ahead: from then on only the next one is.
    is_careful: bool,
    /// How many rows the server counted with the latest page. `None`: it did not say.
    total: Option<u64>,
}

/// A page that was asked for before it was needed.
pub(super) struct AskedPage {
    place: Place,
    /// True if the page before it had not come yet.
    pub(super) is_early: bool,
    pub(super) reply: OnItsWay,
}

/// The page that comes next, and how far it is worth while to ask.
pub(super) struct NextPage {
    pub(super) place: Place,
    /// Rows of a page.
    pub(super) step: u64,
    /// No page that begins here or later is wanted.
    pub(super) end: u64,
    /// How many rows the server counts. `None`: it does not say.
    pub(super) total: Option<u64>,
    /// Pages on their way, at most; from 1 on.
    pub(super) at_once: usize,
}

impl Ahead {
    /// The page at this place, if it was asked for. If another one was, the list has gone on in another way
    /// than expected, and all of them are given up.
    pub(super) fn take(&mut self, place: &Place) -> Option<AskedPage> {
        self.give_up_unless(place);
        self.pages.pop_front()
    }

    /// A page that was asked for ahead has failed. It is asked for again, alone.
    pub(super) fn failed(&mut self) {
        self.pages.clear();
        self.is_careful = true;
    }

    /// True if the list has changed since the page before this one, so that rows may have moved between
    /// pages that were asked for together. They are then given up.
    pub(super) fn has_moved(&mut self, total: Option<u64>) -> bool {
        let moved = total.is_none() || total != self.total;
        if moved {
            self.pages.clear();
        }
        moved
    }

    /// Asks for this page and those after it, as far as they are not on their way.
    pub(super) fn ask(&mut self, next: NextPage, send: impl Fn(&Place) -> OnItsWay) {
        let NextPage {
            mut place,
            step,
            end,
            total,
            at_once,
        } = next;
        self.give_up_unless(&place);
        self.most = if self.is_careful || total.is_none() || total != self.total {
            1
        } else {
            at_once.min(self.most + 1)
        };
        self.total = total;
        if let Some(last) = self.pages.back() {
            place.start = last.place.start.saturating_add(step);
        }
        while self.pages.len() < self.most && place.start < end {
            let after = place.start.saturating_add(step);
            self.pages.push_back(AskedPage {
                is_early: !self.pages.is_empty(),
                reply: send(&place),
                place: place.clone(),
            });
            place.start = after;
        }
    }

    fn give_up_unless(&mut self, next: &Place) {
        if self.pages.front().is_some_and(|page| page.place != *next) {
            self.pages.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::filter::Native;
    use super::*;

    fn at(start: u64) -> Place {
        let (native, size) = (Native::default(), 10);
        Place {
            native,
            start,
            size,
        }
    }

    /// Goes on to the page that begins here, of a list with so many rows; gives the starts of the pages
    /// that are asked for by that.
    fn ask(ahead: &mut Ahead, start: u64, total: Option<u64>) -> Vec<u64> {
        let asked = RefCell::new(Vec::new());
        let next = NextPage {
            place: at(start),
            step: 10,
            end: total.unwrap_or(u64::MAX),
            total,
            at_once: 3,
        };
        ahead.ask(next, |place| {
            asked.borrow_mut().push(place.start);
            AbortOnDropHandle::new(tokio::spawn(std::future::pending()))
        });
        asked.into_inner()
    }

    fn takes(ahead: &mut Ahead, start: u64) -> Option<bool> {
        ahead.take(&at(start)).map(|page| page.is_early)
    }

    #[tokio::test]
    async fn more_and_more_pages_are_asked_for_up_to_the_most_and_the_end_of_the_list() {
        let mut ahead = Ahead::default();
        let mut asked = Vec::new();

        for start in [20, 30, 40, 50, 60, 70, 80] {
            asked.push(ask(&mut ahead, start, Some(85)));
            let is_early = start > 30;
            assert_eq!(takes(&mut ahead, start), Some(is_early), "{start}");
        }

        let expected = [&[20][..], &[30, 40], &[50, 60], &[70], &[80], &[], &[]];
        assert_eq!(asked, expected);
    }

    #[tokio::test]
    async fn a_page_at_another_place_than_expected_gives_all_of_them_up() {
        let mut ahead = Ahead::default();
        ask(&mut ahead, 20, Some(900));
        assert_eq!(takes(&mut ahead, 20), Some(false));
        assert_eq!(ask(&mut ahead, 30, Some(900)), [30, 40]);

        assert_eq!(takes(&mut ahead, 27), None, "a thin page came before");
        assert_eq!(takes(&mut ahead, 30), None);
    }

    #[tokio::test]
    async fn a_list_that_changes_is_read_page_by_page_until_it_rests() {
        let mut ahead = Ahead::default();
        ask(&mut ahead, 20, Some(900));
        takes(&mut ahead, 20);
        ask(&mut ahead, 30, Some(900));
        takes(&mut ahead, 30);

        assert!(!ahead.has_moved(Some(900)));
        assert!(ahead.has_moved(Some(901)));

        assert_eq!(ask(&mut ahead, 40, Some(901)), [40]);
        takes(&mut ahead, 40);
        assert_eq!(ask(&mut ahead, 50, Some(901)), [50, 60]);
    }

    #[tokio::test]
    async fn after_a_failure_or_without_a_total_one_page_is_asked_for_at_a_time() {
        for (total, fails) in [(Some(900), true), (None, false)] {
            let mut ahead = Ahead::default();
            if fails {
                ahead.failed();
            }
            for start in [20, 30, 40, 50] {
                assert_eq!(ask(&mut ahead, start, total), [start], "{total:?}");
                assert_eq!(takes(&mut ahead, start), Some(false));
            }
        }
    }
}
