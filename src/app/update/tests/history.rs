//! Searches of before: in the list, in the trail, and in the file.

use super::*;
use crate::app::dialogs::searches::Searches;
use crate::app::memory::Keep;
use crate::app::state::Pane;
use crate::model::Field;

impl TestApp {
    fn query(&self) -> String {
        let query = self.state.results.query.as_ref();
        query.map_or_else(String::new, ToString::to_string)
    }

    /// What went into the file, in order.
    fn kept(&self) -> Vec<&Keep> {
        let kept = self.effects.iter().filter_map(|effect| match effect {
            Effect::Keep(change) => Some(change),
            _ => None,
        });
        kept.collect()
    }

    /// The queries that went into the file, in order.
    fn kept_queries(&self) -> Vec<&str> {
        let kept = self.kept().into_iter().filter_map(|change| match change {
            Keep::Search(search) => Some(search.query.as_str()),
            _ => None,
        });
        kept.collect()
    }

    /// Searches for this in the text field, and its rows arrive.
    fn searched(&mut self, query: &str) -> &mut Self {
        self.keys("/").keys("ctrl-u").typed(query).keys("enter");
        self.arrived()
    }

    /// The rows of the search that was asked.
    fn arrived(&mut self) -> &mut Self {
        self.seen = ReadKeys::default();
        self.page(&[("ada", 60), ("bob", 50), ("cyd", 40)], None)
    }
}

#[test]
fn a_search_goes_into_the_history_once() {
    let mut app = TestApp::listing(&["ada"]);

    app.searched("user:ada")
        .searched("client:web")
        .searched("user:ada");

    let queries: Vec<_> = app
        .state
        .memory
        .searches
        .iter()
        .map(|s| &*s.query)
        .collect();
    assert_eq!(queries, ["user:ada", "client:web"]);
    assert_eq!(app.kept_queries(), ["user:ada", "client:web", "user:ada"]);
}

#[test]
fn ids_and_keys_stay_out_of_the_history() {
    let mut app = TestApp::listing(&["ada"]);
    let kind = KindCaps {
        id_is_credential: true,
        ..KindCaps::default()
    };
    let caps = Capabilities::of_one_kind("Acme", kind);
    app.state.sources[0].caps = Some(Arc::new(caps));

    app.searched("id:s3cret user:ada")
        .searched("id:s3cret")
        .searched("s3cretAQIC5wM2LY4SfczntBcBQ");

    assert_eq!(app.kept_queries(), ["user:ada"]);
}

#[test]
fn where_the_configuration_says_so_no_search_is_written() {
    let mut app = TestApp::listing(&["ada"]);
    app.state.keeps_history = false;

    app.searched("user:ada");

    assert!(app.kept().is_empty(), "{:?}", app.kept());
    assert_eq!(app.state.memory.searches.len(), 1);
}

#[test]
fn back_and_forward_lead_through_the_searches_with_order_and_cursor() {
    let mut app = TestApp::listing(&["ada"]);
    app.searched("user:*").keys("j j");
    app.keys(":").typed("sort user").keys("enter");
    let sort = app.state.results.sort.clone();
    let at = |app: &TestApp| app.state.results.current().map(|(_, row)| row.key());
    let session = at(&app);
    app.keys(":").typed("sort created").keys("enter");
    app.keys(":").typed("sort user").keys("enter");
    app.searched("client:web");
    app.state.focus = Pane::Table;

    app.keys("backspace");
    assert_eq!(app.query(), "user:*");
    app.arrived();
    assert_eq!(at(&app), session);
    assert_eq!(app.state.results.sort.by, sort.by);

    app.keys("alt-left");
    assert_eq!(app.query(), "");
    app.keys("alt-right alt-right");
    assert_eq!(app.query(), "client:web");
    app.keys("alt-right");
    let said = app.state.message.as_ref().map(|m| m.text.as_str());
    assert_eq!(said, Some("this is the last search"));
}

#[test]
fn a_new_search_ends_the_way_forward() {
    let mut app = TestApp::listing(&["ada"]);
    app.searched("user:a")
        .searched("user:b")
        .keys("esc alt-left");

    app.searched("user:c").keys("esc alt-right");

    assert_eq!(app.query(), "user:c");
}

#[test]
fn the_list_finds_a_search_and_makes_it_again_in_its_order() {
    let mut app = TestApp::listing(&["ada"]);
    app.searched("user:ada");
    app.state.focus = Pane::Table;
    app.keys(":").typed("sort expires").keys("enter");
    app.searched("client:web")
        .searched("user:bob")
        .searched("ip:10.0.0.1");

    app.keys("ctrl-r").typed("web").keys("enter");

    assert_eq!(app.query(), "client:web");
    assert_eq!(app.state.results.sort.by, Field::Expires);
    assert!(app.state.dialogs.is_empty());
}

#[test]
fn a_name_is_given_kept_and_found() {
    let mut app = TestApp::listing(&["ada"]);
    app.searched("user:ada");

    app.keys("ctrl-s").typed("night shift").keys("enter esc");
    app.searched("client:web");
    app.keys("ctrl-r").typed("night").keys("enter");

    assert_eq!(app.query(), "user:ada");
    let named = app.kept().iter().any(|change| {
        matches!(change, Keep::Name { query, name: Some(name) }
            if query == "user:ada" && name == "night shift")
    });
    assert!(named, "{:?}", app.kept());
}

#[test]
fn a_search_can_be_forgotten() {
    let mut app = TestApp::listing(&["ada"]);
    app.searched("user:ada").searched("client:web");

    app.keys("ctrl-r delete");

    let list: Option<&Searches> = app.state.top();
    assert!(list.is_some());
    let queries: Vec<_> = app
        .state
        .memory
        .searches
        .iter()
        .map(|s| &*s.query)
        .collect();
    assert_eq!(queries, ["user:ada"]);
}
