//! Comparing two readings of a list.

use std::borrow::Cow;

use chrono::DateTime;

use super::*;
use crate::model::{Class, Deletable};

const ALL: Listing = Listing {
    came: Came::All,
    was_as_much: true,
};
const PART: Listing = Listing {
    came: Came::Part,
    ..ALL
};
const NOTHING: Listing = Listing {
    came: Came::Nothing,
    ..ALL
};

fn row(key: &str, used: i64) -> RowRef<'static> {
    let mut row = RowRef::new(key.to_owned(), format!("label of {key}"));
    row.user = Some(format!("user of {key}").into());
    row.last_used = DateTime::from_timestamp(used, 0);
    row.deletable = Deletable::Yes;
    let note = format!("note of {key}");
    row.extra = vec![(Cow::Borrowed("note"), Cow::Owned(note), Class::Plain)];
    row
}

/// A page of each source.
fn reading(pages: &[(u8, Vec<RowRef<'static>>)]) -> Rows {
    let mut rows = Rows::default();
    for (source, page) in pages {
        let mut builder = ChunkBuilder::new(SourceId(*source), Arc::default());
        for row in page {
            let _ = builder.row(&mut row.clone());
        }
        rows.append(builder.finish());
    }
    rows
}

fn of_one(keys: &[(&str, i64)]) -> Rows {
    let page = keys.iter().map(|(key, used)| row(key, *used)).collect();
    reading(&[(0, page)])
}

fn compared(before: &Rows, changes: &Changes, read: Rows, lists: &[Listing]) -> Compared {
    let readings = Comparison {
        before: before.clone(),
        changes: changes.clone(),
        over: Arc::default(),
        read,
        lists: lists.to_vec(),
    };
    readings.made()
}

/// Key and sign of each row.
fn told(compared: &Compared) -> String {
    let sign = |id| match compared.changes.of(id) {
        Some(Change::New) => "+",
        Some(Change::Changed(_)) => "~",
        Some(Change::Gone) => "-",
        Some(Change::Unlisted) => "?",
        None => "",
    };
    let rows = compared.rows.iter();
    let told = rows.map(|(id, row)| format!("{}{}", sign(id), row.id()));
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_new_has_changed_and_has_gone_is_told_wherever_it_is() {
    let before = of_one(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    let read = of_one(&[("new", 1), ("d", 1), ("a", 1), ("c", 2)]);

    let all = compared(&before, &Changes::default(), read, &[ALL]);

    assert_eq!(told(&all), "+new d a ~c -b");
    let Changes {
        new,
        changed,
        gone,
        unlisted,
        ..
    } = all.changes;
    assert_eq!((new, changed, gone, unlisted), (1, 1, 1, 0));
    let moved = |row| all.moved(RowId(row)).map(|to| to.0);
    assert_eq!([0, 1, 2, 3].map(moved), [2, 4, 3, 1].map(Some));
    let Some(Change::Changed(fields)) = all.changes.of(RowId(3)) else {
        panic!("it has changed");
    };
    assert_eq!(fields.iter().collect::<Vec<_>>(), [Field::Used]);
}

#[test]
fn a_row_that_has_gone_keeps_all_that_was_known_of_it_and_stays_for_one_reading() {
    let before = of_one(&[("a", 1), ("b", 1)]);
    let first = compared(&before, &Changes::default(), of_one(&[("a", 1)]), &[ALL]);

    let gone: Vec<RowId> = first.changes.gone_rows().collect();
    let row = first.rows.get(gone[0]).unwrap();

    assert_eq!(gone, [RowId(1)]);
    assert_eq!(row.attribute("note").unwrap().value.expose(), "note of b");
    assert_eq!(row.label(), "label of b");
    let next = compared(&first.rows, &first.changes, of_one(&[("a", 1)]), &[ALL]);
    assert_eq!(told(&next), "a");
    assert_eq!(next.moved(RowId(1)), None);
}

#[test]
fn a_session_that_comes_back_is_new() {
    let before = of_one(&[("a", 1), ("b", 1)]);
    let first = compared(&before, &Changes::default(), of_one(&[("a", 1)]), &[ALL]);

    let next = compared(
        &first.rows,
        &first.changes,
        of_one(&[("a", 1), ("b", 1)]),
        &[ALL],
    );

    assert_eq!(told(&next), "a +b");
    assert_eq!(next.moved(RowId(1)), Some(RowId(1)), "the cursor finds it");
}

#[test]
fn a_list_that_was_cut_makes_nothing_go_and_one_that_did_not_come_stays() {
    let page = |keys: &[&str]| keys.iter().map(|key| row(key, 1)).collect::<Vec<_>>();
    let before = reading(&[(0, page(&["a", "b"])), (1, page(&["a", "c"]))]);
    let read = reading(&[(0, page(&["a"]))]);

    let all = compared(&before, &Changes::default(), read, &[PART, NOTHING]);

    assert_eq!(told(&all), "a ?b a c");
    assert_eq!(all.changes.unlisted, 1);
    let moved = |row| all.moved(RowId(row)).map(|to| to.0);
    assert_eq!([0, 1, 2, 3].map(moved), [0, 1, 2, 3].map(Some));
    // What was shown as not listed is not kept with the list that did not come again.
    let read = reading(&[(1, page(&["a", "c"]))]);
    let next = compared(&all.rows, &all.changes, read, &[NOTHING, ALL]);
    assert_eq!(told(&next), "a c a");
}

#[test]
fn sessions_of_a_list_of_which_less_came_before_are_not_new() {
    let before = of_one(&[("a", 1)]);
    let list = Listing {
        was_as_much: false,
        ..ALL
    };

    let all = compared(
        &before,
        &Changes::default(),
        of_one(&[("a", 1), ("b", 1)]),
        &[list],
    );

    assert_eq!(told(&all), "a b");
}

#[test]
fn a_session_that_was_ended_here_goes_without_a_sign() {
    let readings = Comparison {
        before: of_one(&[("a", 1), ("b", 1)]),
        changes: Changes::default(),
        over: Arc::new(HashSet::from([RowId(1)])),
        read: of_one(&[("a", 1)]),
        lists: vec![ALL],
    };

    let all = readings.made();

    assert_eq!((told(&all), all.changes.gone), ("a b".to_owned(), 0));
    let next = compared(&all.rows, &all.changes, of_one(&[("a", 1)]), &[ALL]);
    assert_eq!(told(&next), "a");
}

#[test]
fn sessions_whose_ids_do_not_last_are_known_by_the_rest_of_them() {
    let doubtful = |key: &str, user: &str, created: i64, used: i64| {
        let mut row = row(key, used);
        row.user = Some(user.to_owned().into());
        row.created = DateTime::from_timestamp(created, 0);
        row.deletable = Deletable::NoLastingId;
        row
    };
    let locked = |key: &str| {
        let mut row = doubtful(key, "dora", 4, 7);
        row.deletable = Deletable::No("locked".into());
        row
    };
    let before = reading(&[(
        0,
        vec![
            locked("7"),
            doubtful("1", "ada", 5, 7),
            doubtful("2", "ada", 6, 7),
            doubtful("3", "bob", 5, 7),
        ],
    )]);
    let read = reading(&[(
        0,
        vec![
            doubtful("4", "bob", 5, 8),
            doubtful("5", "ada", 5, 7),
            doubtful("6", "eve", 5, 7),
            locked("8"),
        ],
    )]);

    let all = compared(&before, &Changes::default(), read, &[ALL]);

    assert_eq!(told(&all), "~4 5 +6 8 -2");
}

#[test]
fn rows_are_the_same_in_the_order_of_before_without_a_look_at_all_of_them() {
    let keys: Vec<String> = (0..500).map(|number| format!("key{number}")).collect();
    let list: Vec<_> = keys.iter().map(|key| (key.as_str(), 1)).collect();
    let before = of_one(&list);
    let mut known = Known::new(&before);

    for (id, row) in of_one(&list).iter() {
        assert_eq!(known.find(row).map(|(old, _)| old), Some(id));
    }

    assert!(known.table.is_none());
}
