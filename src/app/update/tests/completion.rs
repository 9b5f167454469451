//! What completes a query, and what is taken of it.

use super::*;
use crate::app::form::TextField;

impl TestApp {
    /// What is offered behind this text in the text field.
    fn ghost(&mut self, text: &str) -> &str {
        self.keys("/ ctrl-u").typed(text);
        &self.state.form.ghost
    }
}

#[test]
fn fields_words_and_values_are_completed() {
    let mut app = TestApp::listing(&["ada.andersson", "bob smith", "bwong"]);

    for (typed, rest) in [
        ("cl", "ient:"),
        ("crea", "ted"),
        ("user:AD", "a.andersson"),
        ("state:i", "dle"),
        ("-state:exp", "ired"),
        ("own:y", "es"),
        ("ip:pr", "ivate"),
        ("ip:", ""),
        ("hint:im", "personated"),
        ("-hint:ne", "tworks"),
        ("client:x bw", "ong"),
        ("user:bo", ""),
        ("user:", ""),
        ("id:a", ""),
        ("u", ""),
        ("user:\"ada", ""),
        ("nonsense:a", ""),
    ] {
        assert_eq!(app.ghost(typed), rest, "{typed}");
    }
}

#[test]
fn an_arrow_at_the_end_takes_the_completion_and_nothing_else_does() {
    let mut app = TestApp::listing(&["ada"]);
    let text = |app: &TestApp| app.state.form.inputs[TextField::Text].value().to_owned();

    app.ghost("user:a");
    app.keys("end");
    assert_eq!(text(&app), "user:a");
    app.keys("left right");
    assert_eq!(text(&app), "user:a");
    app.keys("right");

    assert_eq!(text(&app), "user:ada");
    assert_eq!(app.state.form.ghost, "");
}

#[test]
fn the_filter_is_completed_too() {
    let mut app = TestApp::listing(&["ada.andersson", "bob"]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("&").typed("user:ad").keys("right enter");

    let live = app.state.results.live.as_ref().expect("the filter");
    assert_eq!(live.input.value(), "user:ada.andersson");
}
