//! A system that has columns nobody else has: attributes.

use super::*;
use crate::app::{cells, columns};
use crate::model::{Class, ColumnSpec, Field, Property};

/// Two sessions, on the nodes 9 and 10, in a table with a column for each attribute.
fn listed() -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").connect_with(caps_of(KindCaps {
        columns: vec![
            ColumnSpec::new(Field::User, "USER", "USER", 3),
            ColumnSpec::of_attribute("node", "NODE", 0),
            ColumnSpec::of_attribute(String::from("query"), "QUERY", 2),
            ColumnSpec::of_attribute("cookie", "COOKIE", 0),
        ],
        ..kind()
    }));
    let rows = [("amy", "10", "SELECT 1"), ("bob", "9", "SHOW TABLES")].into_iter();
    let rows = rows
        .enumerate()
        .map(|(number, (user, node, query))| RowRef {
            extra: vec![
                ("node".into(), node.into(), Class::Plain),
                ("query".into(), query.into(), Class::Plain),
                (
                    "cookie".into(),
                    "s3cret-s3cret-s3cret".into(),
                    Class::Secret,
                ),
            ],
            ..row(user, 60, number)
        });
    app.rows(rows.collect());
    app.state.focus = crate::app::state::Pane::Table;
    app
}

fn attribute(name: &'static str) -> Property {
    Property::Attribute(name.into())
}

fn cells_of(app: &TestApp, name: &'static str) -> Vec<String> {
    let cells = cells::visible_rows(&app.state).map(|(_, id, row)| {
        cells::cell_of(&app.state, id, row, &attribute(name))
            .text
            .into_owned()
    });
    cells.collect()
}

#[test]
fn a_column_shows_an_attribute_and_masks_a_secret_one() {
    let app = listed();
    let titles: Vec<_> = columns::columns(&app.state, 120)
        .into_iter()
        .map(|column| column.title)
        .collect();

    assert_eq!(titles, ["USER", "NODE", "QUERY", "COOKIE", "LIFE"]);
    assert_eq!(cells_of(&app, "query"), ["SELECT 1", "SHOW TABLES"]);
    assert!(!cells_of(&app, "cookie").concat().contains("s3cret-s3"));
    assert_eq!(cells_of(&app, "nowhere"), ["-", "-"]);
}

#[test]
fn a_column_of_an_attribute_is_as_wide_as_its_widest_value_on_screen() {
    let app = listed();
    let columns = columns::columns(&app.state, 120);
    let widths = columns.iter().map(|column| (&*column.title, column.width));
    let widths: std::collections::HashMap<_, _> = widths.collect();

    assert_eq!(widths["QUERY"], "SHOW TABLES".len() as u16);
    // Room for the title and the mark of the order.
    assert_eq!(widths["NODE"], "NODE".len() as u16 + 2);
}

#[test]
fn rows_are_sorted_by_an_attribute_and_numbers_among_them_as_numbers() {
    let mut app = listed();

    app.keys("> s");
    assert_eq!(app.state.results.sort.by, attribute("node"));
    assert_eq!(cells_of(&app, "node"), ["9", "10"]);
    app.keys("s");
    assert_eq!(cells_of(&app, "node"), ["10", "9"]);
}

#[test]
fn rows_with_the_value_of_an_attribute_are_kept_and_a_secret_keeps_none() {
    let mut app = listed();

    app.keys("> f");
    assert_eq!(cells_of(&app, "node"), ["10"]);

    let mut app = listed();
    app.state.results.column = attribute("cookie");
    app.keys("f");
    assert_eq!(cells_of(&app, "node"), ["10", "9"]);
    assert!(
        app.status().contains("@cookie is masked"),
        "{}",
        app.status()
    );
}

#[test]
fn columns_of_attributes_leave_a_narrow_table_first_and_the_last_first() {
    let app = listed();
    let shown = |width| -> Vec<_> {
        let shown = columns::columns(&app.state, width).into_iter();
        shown.filter_map(|column| column.what).collect()
    };

    assert_eq!(
        shown(30),
        [Field::User.into(), attribute("node"), attribute("query")]
    );
    assert_eq!(shown(12), [Property::Field(Field::User)]);
}
