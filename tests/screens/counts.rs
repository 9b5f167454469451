//! Allocations of the work of which there is much: a number that is the same on every machine.

use std::ops::ControlFlow;
use std::sync::Arc;

use allocation_counter::measure;
use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use usher::model::{Class, Fact, Field, Property, RowRef, RowSink, Sort};
use usher::store::{ChunkBuilder, Rows, Texts, order};

use crate::support::fixture::{Fixture, now};
use crate::{SourceId, Theme};

/// Adds rows with these numbers. Returns the allocations of the store for them.
fn fill(rows: &mut Rows, texts: &Arc<Texts>, numbers: std::ops::Range<usize>) -> u64 {
    let sent: Vec<[String; 3]> = numbers
        .map(|number| {
            let key = format!("{number:08x}-10b1-426f-9247-bb680e5fe0c8");
            [
                key,
                format!("user{:03}", number % 500),
                format!("10.0.{}.{}", number / 250, number % 250),
            ]
        })
        .collect();
    let made = |number: usize, [key, user, ip]: &'_ [String; 3]| {
        let mut row = RowRef::new(key.clone(), "ss:10b1…c8");
        row.user = Some(user.clone().into());
        row.ip = Some(ip.clone().into());
        row.created = Some(now() - TimeDelta::seconds((number * 7919 % 90_000) as i64));
        row.fact = Fact::Live;
        row.extra = vec![("acr".into(), "otp".into(), Class::Plain)];
        row
    };
    let pages: Vec<RowRef<'static>> = sent
        .iter()
        .enumerate()
        .map(|(at, one)| made(at, one))
        .collect();
    let mut builder = ChunkBuilder::new(SourceId(0), Arc::clone(texts));
    let taken = measure(|| {
        for row in &pages {
            let _: ControlFlow<()> = builder.row(&mut row.clone());
        }
    });
    let copies = measure(|| pages.iter().for_each(|row| drop(row.clone())));
    rows.append(builder.finish());
    taken.count_total - copies.count_total
}

#[test]
fn a_row_that_is_taken_in_costs_no_allocation_of_its_own() {
    let (mut rows, texts) = (Rows::default(), Arc::default());
    fill(&mut rows, &texts, 0..5_000);

    // The texts are known now. Columns grow, and a block of records is packed now and then.
    let own = fill(&mut rows, &texts, 5_000..10_000);

    assert_eq!(rows.len(), 10_000);
    assert!(own < 250, "{own} for 5,000 rows");
}

#[test]
fn a_frame_costs_the_same_however_many_rows_there_are() {
    let frame = |count: usize| {
        let mut fixture = Fixture::open();
        let texts = Arc::default();
        for first in (0..count).step_by(500) {
            fill(&mut fixture.state.results.rows, &texts, first..first + 500);
        }
        fixture.state.results.sort = Sort {
            by: Property::Field(Field::Created),
            descending: true,
        };
        fixture.sort();
        let state = fixture.with(|state| (state.size.width, state.size.height) = (120, 40));
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        let theme = Theme::default();
        let drawn = measure(|| {
            usher::ui::draw(&state, &theme, &mut buffer);
        });
        drawn.count_total
    };

    let (few, many) = (frame(500), frame(20_000));

    assert!(
        many <= few + few / 20,
        "{few} with 500 rows, {many} with 20,000"
    );
    assert!(many < 6_000, "{many} allocations a frame");
}

#[test]
fn a_sort_costs_a_few_allocations_for_all_rows() {
    let (mut rows, texts) = (Rows::default(), Arc::default());
    for first in (0..20_000).step_by(500) {
        fill(&mut rows, &texts, first..first + 500);
    }
    let view = |by| usher::store::View {
        sort: Some(Sort {
            by: Property::Field(by),
            descending: true,
        }),
        filter: None,
        ended: Arc::default(),
        sources: Arc::from([]),
        now: now(),
        counted: None,
        counts: false,
    };
    for by in [Field::Created, Field::User] {
        let sorted = measure(|| drop(order(&rows, &view(by), None)));

        assert!(sorted.count_total < 1_000, "{by:?}: {}", sorted.count_total);
    }
}
