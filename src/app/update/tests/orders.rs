//! Orders that are made off the loop: how many, of how many rows, and which one is shown.

use super::*;
use crate::app::effect::Timer;
use crate::app::state::Pane;
use crate::store::{count_users, order, touched};

/// Rows of a page.
const PAGE: usize = 200;

/// A list that arrives page by page, while whoever makes the orders is slow.
struct Slow {
    app: TestApp,
    rows: usize,
    /// The order that is being made.
    job: Option<Effect>,
    /// Orders that were made.
    jobs: usize,
    /// Rows that were looked at for them.
    work: usize,
    /// The most rows that the loop looked at for a page, and for an order that was there.
    worst_page: usize,
    worst_order: usize,
}

impl Slow {
    fn new() -> Self {
        let mut app = TestApp::new();
        app.keys("enter").connect();
        Self {
            app,
            rows: 0,
            job: None,
            jobs: 0,
            work: 0,
            worst_page: 0,
            worst_order: 0,
        }
    }

    /// A page; the last one if the list has so many rows then.
    fn page(&mut self, last: usize) {
        let names: Vec<String> = (self.rows..self.rows + PAGE)
            // In no order of their own.
            .map(|n| format!("u{:06}", n * 7_919 % 1_000_003))
            .collect();
        let rows: Vec<_> = names.iter().map(|name| (name.as_str(), 60)).collect();
        self.rows += PAGE;
        let next = (self.rows < last).then(|| self.rows.to_string());
        touched::take();
        self.app.page(&rows, next.as_deref());
        self.worst_page = self.worst_page.max(touched::take());
        self.collect();
    }

    fn keys(&mut self, keys: &str) {
        self.app.keys(keys);
        self.collect();
    }

    /// Takes the orders that were asked for; there is never more than one at a time.
    fn collect(&mut self) {
        let is_order = |effect: &mut Effect| matches!(effect, Effect::Order { .. });
        for job in self.app.effects.extract_if(.., is_order) {
            assert!(self.job.is_none(), "two orders are made at once");
            self.job = Some(job);
        }
    }

    /// The order that is being made is there.
    fn finish_job(&mut self) {
        let Some(Effect::Order {
            generation,
            rows,
            view,
            before,
        }) = self.job.take()
        else {
            return;
        };
        touched::take();
        let order = order(&rows, &view, Some(&before));
        self.work += touched::take();
        self.jobs += 1;
        self.app.send(Msg::Ordered { generation, order });
        self.worst_order = self.worst_order.max(touched::take());
        self.collect();
    }

    /// Lets pages arrive until there are so many rows; an order takes as long as `pause` pages.
    fn load(&mut self, until: usize, last: usize, pause: usize) {
        while self.rows < until {
            self.page(last);
            if (self.rows / PAGE).is_multiple_of(pause) {
                self.finish_job();
            }
        }
    }

    fn is_sorted(&self) -> bool {
        self.app.shown().is_sorted()
    }
}

#[test]
fn a_sort_in_the_middle_of_loading_costs_little_more_than_one_at_its_end() {
    const ROWS: usize = 60_000;
    for pause in [1, 3, 40] {
        let mut list = Slow::new();

        list.load(ROWS / 10, ROWS, pause);
        list.keys("s");
        list.keys("down");
        list.load(ROWS, ROWS, pause);
        while list.job.is_some() {
            list.finish_job();
        }

        assert_eq!(list.app.shown().len(), ROWS, "{pause}");
        assert!(list.is_sorted(), "{pause}");
        // Each looks at all rows, and there is one for each eighth that the list has grown.
        assert!(list.work < 12 * ROWS, "{pause}: {} rows", list.work);
        assert!(list.jobs < 30, "{pause}: {} orders", list.jobs);
        assert!(list.worst_page <= PAGE, "{pause}: {}", list.worst_page);
        // Only to find the row under the cursor.
        assert!(list.worst_order <= ROWS, "{pause}: {}", list.worst_order);
    }
}

#[test]
fn a_page_costs_the_loop_the_same_however_many_came_before() {
    for keys in ["", "s", "& u 1 enter", "f"] {
        let mut list = Slow::new();
        list.load(6_000, 30_000, 1);
        list.app.state.focus = Pane::Table;
        list.keys("down down");

        list.keys(keys);
        list.worst_page = 0;
        list.load(29_000, 30_000, 5);

        assert!(list.worst_page <= PAGE, "{keys:?}: {}", list.worst_page);
    }
}

#[test]
fn while_an_order_is_made_no_second_one_is_and_the_newest_wish_counts() {
    let mut list = Slow::new();
    list.load(6_000, 8_000, 1);
    list.keys("s");
    let first = list.app.state.results.order_gen;

    // Another order, and another page: both wait.
    list.keys("S");
    list.page(8_000);
    assert!(list.app.state.results.ordering);
    assert_ne!(list.app.state.results.order_gen, first);

    list.finish_job();
    assert!(
        list.app.state.results.ordering,
        "that one is not wanted any more"
    );
    list.finish_job();
    let results = &list.app.state.results;
    assert!(!results.ordering);
    assert_eq!(results.order.len(), results.rows.len());
}

#[test]
fn an_order_of_rows_that_have_gone_is_not_shown_and_the_next_waits_for_it() {
    let mut list = Slow::new();
    list.load(6_000, 6_000, 1);
    while list.job.is_some() {
        list.finish_job();
    }
    list.keys("S");
    assert!(list.job.is_some());

    list.app.state.focus = Pane::Table;
    list.keys("r");
    list.app.forget();
    list.rows = 0;
    list.load(6_000, 6_000, 1_000);
    let before = list.app.shown();
    list.finish_job();
    assert_eq!(list.app.shown(), before, "those rows have gone");
    list.finish_job();

    assert_eq!(list.app.shown().len(), 6_000);
    assert!(!list.app.state.results.ordering);
}

#[test]
fn the_newest_come_first_and_the_last_used_where_nobody_knows_when_they_began() {
    let without = |field| {
        let mut kind = kind();
        kind.fields[field] = Support::No;
        caps_of(kind)
    };
    let chosen = |profile: &mut ProfileView| profile.policy.sort = None;
    for (caps, by) in [
        (caps(), Field::Created),
        (without(Field::Created), Field::Used),
    ] {
        let mut app = TestApp::with(chosen);
        assert_eq!(app.state.results.sort.by, Field::Created);

        app.keys("enter").connect_with(caps);

        let sort = &app.state.results.sort;
        assert_eq!((&sort.by, sort.descending), (&by.into(), true));
        assert_eq!(app.state.results.column, by);
    }
}

#[test]
fn an_order_that_was_chosen_stays_when_another_system_answers() {
    let mut app = TestApp::with(|profile| profile.policy.sort = None);
    app.keys("enter").connect();
    app.page(&[("amy", 60), ("bob", 30)], None);
    app.state.focus = crate::app::state::Pane::Table;
    app.keys("< < s");
    let chosen = app.state.results.sort.clone();

    super::super::results::sort_at_first(&mut app.state);

    assert_eq!(app.state.results.sort, chosen);
}

/// The counts that were asked for, and their answer.
fn count(list: &mut Slow) -> usize {
    let is_count = |effect: &mut Effect| matches!(effect, Effect::CountUsers { .. });
    let jobs: Vec<_> = list.app.effects.extract_if(.., is_count).collect();
    let count = jobs.len();
    for job in jobs {
        if let Effect::CountUsers {
            generation,
            rows,
            view,
        } = job
        {
            let counted = Arc::new(count_users(&rows, &view));
            list.app.send(Msg::UsersCounted {
                generation,
                counted,
            });
        }
    }
    list.collect();
    count
}

fn counted_rows(list: &Slow) -> usize {
    let counted = list.app.state.results.counted.as_ref();
    counted.map_or(0, |counted| counted.rows())
}

#[test]
fn no_order_waits_for_the_count_of_hints_after_a_load() {
    let mut list = Slow::new();
    list.load(5_800, 6_000, 1);
    list.page(6_000);
    let Some(Effect::Order { view, .. }) = &list.job else {
        panic!("the rows are to be put in order");
    };
    assert!(!view.counts, "they are counted beside");

    list.finish_job();
    list.keys("s");
    assert!(
        list.job.is_some(),
        "the order is made while they are counted"
    );
    list.finish_job();
    assert_eq!(counted_rows(&list), 0);

    assert_eq!(count(&mut list), 1, "once");
    assert_eq!(counted_rows(&list), 6_000);
    assert!(list.job.is_none(), "no order is made anew");
    assert_eq!(count(&mut list), 0);
}

#[test]
fn an_order_by_hints_is_made_with_its_count() {
    let mut list = Slow::new();
    list.load(6_000, 6_000, 1);
    while list.job.is_some() {
        list.finish_job();
    }
    let _ = count(&mut list);
    list.app.state.results.counted = None;

    list.app.keys("&").typed("hint:many");
    list.app.due(Timer::Filter);
    list.collect();
    // The order for the first letter.
    list.finish_job();

    let Some(Effect::Order { view, .. }) = &list.job else {
        panic!("the rows are to be filtered");
    };
    assert!(view.counts);
    list.finish_job();
    assert_eq!(counted_rows(&list), 6_000);
}

#[test]
fn counts_of_rows_that_have_gone_are_not_taken() {
    let mut list = Slow::new();
    list.load(6_000, 6_000, 1);
    list.finish_job();
    let is_count = |effect: &Effect| matches!(effect, Effect::CountUsers { .. });
    let old = list.app.effects.iter().position(is_count);
    let old = list.app.effects.remove(old.expect("they are counted"));

    list.app.state.focus = Pane::Table;
    list.keys("r");
    list.app.forget();
    list.rows = 0;
    list.load(5_800, 6_000, 1_000);
    list.app.effects.push(old);
    let _ = count(&mut list);

    assert_eq!(counted_rows(&list), 0);
}
