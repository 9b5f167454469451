//! People who have other names in some systems.

use super::*;
use crate::app::source::{Link, Source};
use crate::model::{NamedBy, UserNames};

/// One open system in which people have these names.
fn named(app: &mut TestApp, at: usize, names: &[(&str, &str)], template: Option<&str>) {
    let mut all = UserNames::default();
    for (person, theirs) in names {
        all = all.with_person(person, theirs).unwrap();
    }
    if let Some(template) = template {
        all = all.with_template(template).unwrap();
    }
    while app.state.sources.len() <= at {
        let mut source = Source::new(profile("second"));
        source.caps = Some(Arc::new(caps()));
        source.link = Link::Up {
            took: Duration::ZERO,
        };
        app.state.sources.push(source);
    }
    app.state.sources[at].profile.user_names = Arc::new(all);
}

/// The searches that were asked for: of which source, for what, and in whose names.
fn asked(app: &TestApp) -> Vec<(u8, String, NamedBy)> {
    let searches = app.effects.iter().filter_map(|effect| match effect {
        Effect::Search { source, search, .. } => {
            Some((source.0, search.query.to_string(), search.named_by))
        }
        _ => None,
    });
    searches.collect()
}

#[test]
fn u_searches_every_system_for_the_person_that_a_row_is_of() {
    let mut app = TestApp::listing(&["j.doe@example.com"]);
    named(&mut app, 0, &[("jane", "j.doe@example.com")], None);
    named(&mut app, 1, &[], None);

    app.keys("u");

    let searches = asked(&app);
    assert_eq!(searches.len(), 2);
    for (_, query, by) in searches {
        assert_eq!((query.as_str(), by), ("user:jane", NamedBy::Operator));
    }
}

/// One row of somebody with this name, in a system where jane is called otherwise and everybody else has an
/// address.
fn one_row(name: &'static str, id: Option<&'static str>) -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let mut row = row(name, 600, 0);
    row.user_id = id.map(Into::into);
    app.rows(vec![row]);
    let jane = [("jane", "j.doe@example.com")];
    named(&mut app, 0, &jane, Some("{user}@example.org"));
    app.effects.clear();
    app.keys("u");
    app
}

#[test]
fn u_says_so_where_a_search_would_find_somebody_else() {
    for (name, theirs) in [
        ("jane", "j.doe@example.com"),
        ("service", "service@example.org"),
    ] {
        let app = one_row(name, None);

        assert_eq!(asked(&app), []);
        let why = format!("a search for {name} asks prod-janssen for {theirs}");
        assert!(app.status().contains(&why), "{}", app.status());

        let app = one_row(name, Some("n7"));
        let [(0, query, _)] = &asked(&app)[..] else {
            panic!("it has an id: {:?}", asked(&app));
        };
        assert_eq!(query, "user.id:n7");
    }
}

#[test]
fn all_of_a_person_is_asked_for_by_the_name_of_the_row_here_and_by_the_persons_elsewhere() {
    let mut app = TestApp::listing(&["j.doe@example.com"]);
    named(&mut app, 0, &[("jane", "j.doe@example.com")], None);
    named(&mut app, 1, &[], None);
    app.effects.clear();

    app.keys("U");

    assert_eq!(
        asked(&app),
        [
            (0, "user:j.doe@example.com".to_owned(), NamedBy::System),
            (1, "user:jane".to_owned(), NamedBy::Operator),
        ]
    );
    let title = &app.state.layout.dialogs.last().expect("a box").title;
    assert_eq!(title, "End every session of jane?");
}

#[test]
fn the_live_filter_means_the_person_in_every_system() {
    let mut app = TestApp::listing(&["jane", "kim"]);
    named(&mut app, 1, &[("jane", "j.doe@example.com")], None);
    let mut builder = ChunkBuilder::new(SourceId(1), app.texts.clone());
    // In the second system jane is somebody else's name.
    for (number, user) in ["j.doe@example.com", "jane", "kim"].into_iter().enumerate() {
        let _ = builder.row(&mut row(user, 60, number));
    }
    let first = RowId(app.state.results.rows.len() as u32);
    app.state.results.rows.append(builder.finish());
    super::super::results::appended(&mut app.state, first);
    app.state.focus = crate::app::state::Pane::Table;
    let shown = |app: &TestApp| {
        let results = &app.state.results;
        let rows = results.order.iter().filter_map(|id| results.rows.get(id));
        let mut shown: Vec<_> = rows
            .map(|row| (row.source().0, row.user().unwrap().expose().to_owned()))
            .collect();
        shown.sort();
        shown
    };
    let is = |source, user: &str| (source, user.to_owned());

    app.keys("&").typed("user:jane").keys("enter");
    assert_eq!(shown(&app), [is(0, "jane"), is(1, "j.doe@example.com")]);
    app.keys("F &").typed("-user:jane").keys("enter");
    assert_eq!(shown(&app), [is(0, "kim"), is(1, "jane"), is(1, "kim")]);
    // Each system's own name, and a regular expression, are taken as they stand.
    app.keys("F &").typed("user~^jane$").keys("enter");
    assert_eq!(shown(&app), [is(0, "jane"), is(1, "jane")]);
    app.keys("F &")
        .typed("user:j.doe@example.com")
        .keys("enter");
    assert_eq!(shown(&app), [is(1, "j.doe@example.com")]);
}

#[test]
fn somebody_elses_name_is_not_asked_for_elsewhere() {
    let mut app = TestApp::listing(&["jane"]);
    named(&mut app, 0, &[("jane", "j.doe@example.com")], None);
    named(&mut app, 1, &[], None);
    app.effects.clear();

    app.keys("U");

    assert_eq!(asked(&app), [(0, "user:jane".to_owned(), NamedBy::System)]);
}
