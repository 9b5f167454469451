//! The lists and the scrolled texts of all boxes: the same keys and the wheel move in each.

use super::*;
use crate::app::audit_log::{AuditLine, AuditPage};
use crate::app::dialogs::audit_log::AuditLog;
use crate::app::dialogs::first_run::FirstRun;
use crate::app::dialogs::overview::Overview;
use crate::app::dialogs::profiles::SwitchProfile;
use crate::app::dialogs::requests::Requests;
use crate::app::dialogs::ways::ChooseWay;
use crate::app::error_report::ErrorReport;
use crate::app::memory::{Keep, KeptSearch};
use crate::app::msg::{Mouse, MouseKind};
use crate::app::state::Pane;
use crate::model::Way;

/// So many users that no box shows all of them.
fn many() -> TestApp {
    let names: Vec<String> = (100..190).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut app = TestApp::listing(&names);
    app.state.focus = Pane::Table;
    for number in 0..30 {
        app.state.memory.apply(&Keep::Search(KeptSearch {
            query: format!("user:user{number}"),
            name: None,
            profiles: Vec::new(),
            sort: "user".into(),
            at: now(),
        }));
    }
    app
}

fn audit_line(number: usize) -> AuditLine {
    let fields = (0..60).map(|field| (format!("field{field}"), "value".to_owned()));
    AuditLine {
        at: Some(now()),
        verb: "revoke".into(),
        outcome: "done".into(),
        profile: "prod".into(),
        user: format!("user{number}"),
        fields: fields.collect(),
        text: String::new(),
        json: "{}".into(),
    }
}

fn with_audit() -> TestApp {
    let mut app = many();
    app.keys("A").send(Msg::AuditRead(Ok(AuditPage {
        lines: (0..90).map(audit_line).collect(),
        ..AuditPage::default()
    })));
    assert!(app.dialog::<AuditLog>().is_some());
    app
}

fn ways() -> TestApp {
    let mut app = many();
    let way = |word: &'static str| Way {
        word: word.into(),
        title: word.into(),
        needs: None,
        cost: None,
    };
    let ways = vec![way("one"), way("recent"), way("all")];
    app.state.open(ChooseWay::new(SourceId(0), ways));
    app
}

fn opened(keys: &str) -> TestApp {
    let mut app = many();
    app.keys(keys);
    app
}

fn new_profile() -> TestApp {
    let mut app = many();
    let system = |name: &str| (name.to_lowercase(), name.to_owned());
    app.state.systems = ["One", "Two", "Three"].map(system).to_vec();
    app.state.open(SwitchProfile::of_new());
    app
}

fn first_run() -> TestApp {
    let mut app = many();
    app.state.open(FirstRun::default());
    app
}

/// The box of each list, and whether letters move in it.
fn lists() -> Vec<(&'static str, TestApp, bool)> {
    let mut groups = opened("b");
    groups.count_rows();
    vec![
        ("columns", opened("C"), true),
        ("palette", opened(":"), false),
        ("profiles", opened("ctrl-p"), false),
        ("new profile", new_profile(), false),
        ("groups", groups, true),
        ("audit log", with_audit(), false),
        ("searches", opened("ctrl-r"), false),
        ("copy menu", opened("y"), false),
        ("time window", opened("T"), true),
        ("actions", opened("a"), true),
        ("person", opened("u"), true),
        ("ways", ways(), true),
        ("first run", first_run(), true),
    ]
}

/// The number of the chosen line, which is always shown.
fn chosen(app: &TestApp) -> usize {
    let view = app.top().expect("a box").view(&app.state);
    let is_chosen = |line: &&crate::app::dialog_view::ViewLine| {
        line.choice.is_some()
            && line
                .parts
                .iter()
                .take(2)
                .any(|part| part.text.contains('>'))
    };
    let line = view.lines.iter().find(is_chosen).expect("a chosen line");
    line.choice.expect("a number")
}

fn wheel(app: &mut TestApp, kind: MouseKind) {
    let area = app.state.layout.dialogs.last().expect("a box").area;
    let (x, y) = (area.x + 3, area.y + 3);
    app.send(Msg::Mouse(Mouse { kind, x, y }));
}

#[test]
fn the_same_keys_move_in_every_list() {
    for (name, mut app, letters) in lists() {
        // The box of a person stands over the rows of its search.
        if name == "person" {
            app.forget()
                .page(&[("user100", 60), ("user100", 90), ("user100", 99)], None);
        }
        app.send(Msg::Resize(app.state.size));
        app.keys("home");
        let first = chosen(&app);
        let last = chosen(app.keys("end"));
        assert!(last > first, "{name}: {last}");
        assert_eq!(
            chosen(app.keys("down")),
            last,
            "{name}: nothing below the last"
        );
        assert_eq!(chosen(app.keys("home")), first, "{name}");
        assert_eq!(
            chosen(app.keys("up")),
            first,
            "{name}: nothing above the first"
        );
        let next = chosen(app.keys("down"));
        assert!(next > first, "{name}: down");
        assert_eq!(chosen(app.keys("up")), first, "{name}: up");
        assert!(chosen(app.keys("pagedown")) >= next, "{name}: page down");
        assert_eq!(chosen(app.keys("pageup")), first, "{name}: page up");

        wheel(&mut app, MouseKind::WheelDown);
        assert!(chosen(&app) > first, "{name}: the wheel");
        wheel(&mut app, MouseKind::WheelUp);
        // The window of the groups moves, and the chosen one comes along at its edges.
        if name != "groups" {
            assert_eq!(chosen(&app), first, "{name}: the wheel back");
        }

        if letters {
            assert_eq!(chosen(app.keys("G")), last, "{name}: G");
            assert_eq!(chosen(app.keys("g")), first, "{name}: g");
            assert_eq!(chosen(app.keys("j")), next, "{name}: j");
            assert_eq!(chosen(app.keys("k")), first, "{name}: k");
        }
    }
}

#[test]
fn a_page_is_what_the_list_shows() {
    let mut app = opened("b");
    app.count_rows();
    let view = app.top().expect("a box").view(&app.state);
    let shown = view
        .lines
        .iter()
        .filter(|line| line.choice.is_some())
        .count();

    assert_eq!(chosen(app.keys("pagedown")), shown);
}

/// All that the box on top shows.
fn text(app: &TestApp) -> String {
    let view = app.top().expect("a box").view(&app.state);
    let parts = view.lines.iter().flat_map(|line| &line.parts);
    parts.map(|part| part.text.as_str()).collect()
}

#[test]
fn the_same_keys_scroll_every_text_and_none_goes_beyond_its_end() {
    let mut error = many();
    error
        .state
        .open(crate::app::dialogs::error::ErrorBox::new(ErrorReport {
            title: "Search failed".into(),
            what: "A search.".into(),
            why: "A reason. ".repeat(400),
            advice: "Nothing.".into(),
            notes: Vec::new(),
            can_login: None,
            offers_ways: None,
        }));
    let mut requests = many();
    let sent = (0..90).map(|number| format!("DELETE /session/{number}"));
    requests.state.open(Requests::new(90, sent.collect()));
    let mut record = with_audit();
    record.keys("enter");
    let mut help = opened("?");
    help.send(Msg::Resize(Size {
        width: 80,
        height: 24,
    }));

    for (name, mut app) in [
        ("error", error),
        ("requests", requests),
        ("record", record),
        ("help", help),
    ] {
        let start = text(&app);
        let end = text(app.keys("end"));
        assert_ne!(end, start, "{name}");
        app.keys("pagedown down");
        wheel(&mut app, MouseKind::WheelDown);
        assert_eq!(text(&app), end, "{name}: beyond the end");
        assert_ne!(text(app.keys("up")), end, "{name}: one line up");
        assert_eq!(text(app.keys("home")), start, "{name}");
        app.keys("pagedown");
        assert_ne!(text(&app), start, "{name}: page down");
        assert_eq!(text(app.keys("pageup")), start, "{name}: page up");
    }
}

#[test]
fn the_overview_has_a_first_and_a_last_bar() {
    let mut app = opened("o");
    app.count_rows();
    let marked = |app: &TestApp| text(app).matches("> ").count();

    for keys in [
        "home", "end", "pageup", "pagedown", "pagedown", "pagedown", "g", "G",
    ] {
        app.keys(keys);
        assert_eq!(marked(&app), 1, "{keys}");
    }
    assert!(app.dialog::<Overview>().is_some());
}

#[test]
fn a_build_without_the_demo_does_not_offer_it() {
    let mut app = first_run();
    assert!(!text(&app).contains("made-up"), "{}", text(&app));
    app.effects.clear();
    app.keys("end enter");
    assert_eq!(app.count(|effect| matches!(effect, Effect::Quit(0))), 1);

    app.state.profiles[0].view.demo = true;
    assert!(text(&app).contains("Try it now with made-up data"));
}
