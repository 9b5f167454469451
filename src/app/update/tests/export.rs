//! Exporting the rows that are shown.

use super::*;
use crate::app::dialogs::export::Export;
use crate::app::export::{
    ExportChoice, ExportFailure, ExportFields, ExportFormat, ExportJob, ExportPlace, Exported,
    ExportedTo,
};

impl TestApp {
    /// The export that was started last.
    fn exported(&self) -> Option<&ExportJob> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Export(job) => Some(&**job),
            _ => None,
        })
    }
}

fn listing(users: &[&str]) -> TestApp {
    let mut app = TestApp::listing(users);
    app.state.focus = crate::app::state::Pane::Table;
    app
}

#[test]
fn the_rows_that_are_shown_are_exported_in_their_order() {
    let mut app = listing(&["bob", "ada", "eve"]);
    app.keys(":").typed("sort user").keys("enter S");
    app.keys("&").typed("-user:eve").keys("enter");

    app.keys("e enter");

    let job = app.exported().expect("an export");
    let users: Vec<String> = job
        .order
        .iter()
        .filter_map(|id| Some(job.rows.get(id)?.user()?.expose().to_owned()))
        .collect();
    assert_eq!(users, ["ada", "bob"]);
    assert_eq!(job.query, "-user:eve");
    let path = "~/sessions-20261121-140700.csv".to_owned();
    let place = ExportPlace::File {
        path,
        replace: false,
    };
    assert_eq!(job.choice.place, place);
    assert_eq!(app.status(), "exporting 2 rows …");
    assert!(app.state.dialogs.is_empty());
}

#[test]
fn format_fields_and_place_are_chosen_by_keys() {
    let mut app = listing(&["ada"]);

    app.keys("e right right down right down right enter");

    let job = app.exported().expect("an export");
    assert_eq!(
        job.choice,
        ExportChoice {
            format: ExportFormat::Jsonl,
            fields: ExportFields::All,
            place: ExportPlace::Clipboard,
        }
    );
}

#[test]
fn the_name_of_the_file_follows_the_format_until_it_is_typed() {
    let mut app = listing(&["ada"]);

    app.keys("e right tab tab tab ctrl-u").typed("/tmp/a.txt");
    app.keys("up up up right enter");

    let job = app.exported().expect("an export");
    assert_eq!(job.choice.format, ExportFormat::Jsonl);
    assert!(matches!(&job.choice.place, ExportPlace::File { path, .. } if path == "/tmp/a.txt"));
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_an_answer_after_a_pause() {
    let mut app = listing(&["ada"]);
    app.keys("e enter");
    let choice = app.exported().expect("an export").choice.clone();
    app.effects.clear();

    app.send(Msg::Exported(Err(ExportFailure::Exists(choice))));
    app.keys("y enter");
    assert!(app.exported().is_none());
    app.state.dialogs.clear();

    let place = ExportPlace::File {
        path: "a.csv".into(),
        replace: false,
    };
    let choice = ExportChoice {
        format: ExportFormat::Csv,
        fields: ExportFields::Columns,
        place,
    };
    app.send(Msg::Exported(Err(ExportFailure::Exists(choice))));
    app.slowly("y");

    let place = ExportPlace::File {
        path: "a.csv".into(),
        replace: true,
    };
    assert_eq!(app.exported().map(|job| &job.choice.place), Some(&place));
}

#[test]
fn the_end_tells_rows_and_path_and_a_text_is_copied() {
    let mut app = listing(&["ada"]);

    app.send(Msg::Exported(Ok(Exported {
        rows: 1204,
        to: ExportedTo::File("~/a.csv".into()),
    })));
    assert_eq!(app.status(), "1,204 rows exported to ~/a.csv");
    app.send(Msg::Exported(Err(ExportFailure::Other("no room".into()))));
    assert_eq!(app.status(), "no room");
    app.send(Msg::Exported(Ok(Exported {
        rows: 1,
        to: ExportedTo::Text("USER\nada\n".to_owned().into()),
    })));

    let copied = |effect: &Effect| {
        let what = crate::app::effect::Copied::Rows;
        matches!(effect, Effect::Copy { what: copied, .. } if *copied == what)
    };
    assert_eq!(app.count(copied), 1);
}

#[test]
fn the_palette_exports_at_once_and_nothing_is_exported_of_nothing() {
    let mut app = listing(&["ada"]);
    app.keys(":").typed("export json").keys("enter");
    assert_eq!(
        app.exported().map(|job| job.choice.format),
        Some(ExportFormat::Json)
    );

    let mut app = listing(&[]);
    app.keys("e");

    assert!(app.state.top::<Export>().is_none());
    assert_eq!(app.status(), "no session is shown");
}

#[test]
fn a_long_export_says_how_far_it_is_and_escape_stops_it() {
    let mut app = listing(&["ada"]);
    let is_stop = |effect: &Effect| matches!(effect, Effect::StopExports);
    app.keys("esc");
    assert_eq!(app.count(is_stop), 0, "none runs");

    app.keys("e enter").send(Msg::Exporting(340_000));
    assert_eq!(app.status(), "exporting … 340,000 rows so far · Esc stops");
    app.keys("esc");
    assert_eq!(app.count(is_stop), 1);
    app.send(Msg::Exporting(360_000));
    assert_eq!(app.status(), "stopping the export");
    let why = "nothing was exported: it was stopped";
    app.send(Msg::Exported(Err(ExportFailure::Other(why.into()))));

    assert_eq!(app.status(), why);
    app.keys("esc");
    assert_eq!(app.count(is_stop), 1, "it has ended");
}
