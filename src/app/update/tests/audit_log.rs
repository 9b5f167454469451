//! The audit log on screen, and the report of what was ended.

use super::*;
use crate::app::audit_log::{AuditLine, AuditPage};
use crate::app::dialogs::audit_log::AuditLog;
use crate::app::effect::Copied;
use crate::app::msg::Notification;

fn line(user: &str, outcome: &str) -> AuditLine {
    AuditLine {
        at: Some(now()),
        verb: "revoke".into(),
        outcome: outcome.into(),
        profile: "prod".into(),
        user: user.into(),
        fields: vec![("user".into(), user.into())],
        text: format!("{user} {outcome} prod").to_lowercase(),
        json: format!("{{\"user\":\"{user}\"}}"),
    }
}

fn open(users: &[&str]) -> TestApp {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = crate::app::state::Pane::Table;
    app.keys("A");
    assert_eq!(app.count(|effect| matches!(effect, Effect::ReadAudit)), 1);
    let page = AuditPage {
        lines: users.iter().map(|user| line(user, "done")).collect(),
        ..AuditPage::default()
    };
    app.send(Msg::AuditRead(Ok(page)));
    app
}

fn title(app: &TestApp) -> String {
    let dialog = app.state.dialogs.last().expect("a box");
    dialog.view(&app.state).title
}

#[test]
fn what_is_typed_finds_records_by_any_word_of_them() {
    let mut app = open(&["ada", "Bob", "bobby"]);
    assert_eq!(title(&app), "Audit log · 3");

    app.typed("done bob");
    assert_eq!(title(&app), "Audit log · 2 of 3");
    app.keys("down enter y");

    let copied = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((*what, secrecy::ExposeSecret::expose_secret(text))),
        _ => None,
    });
    assert_eq!(copied, Some((Copied::Record, "{\"user\":\"bobby\"}")));
    app.keys("esc");
    assert!(app.state.top::<AuditLog>().is_some());
    app.keys("esc");
    assert!(app.state.dialogs.is_empty());
}

#[test]
fn a_log_that_cannot_be_read_says_why_and_one_that_is_closed_takes_nothing() {
    let mut app = open(&[]);
    app.send(Msg::AuditRead(Err("audit.jsonl is a link".into())));
    let view = app.state.dialogs[0].view(&app.state);
    let text: Vec<String> = view
        .lines
        .iter()
        .flat_map(|line| line.parts.iter().map(|part| part.text.clone()))
        .collect();
    assert!(text.concat().contains("audit.jsonl is a link"), "{text:?}");

    app.keys("esc").send(Msg::AuditRead(Err("too late".into())));

    assert!(app.state.dialogs.is_empty());
}

#[test]
fn i_saves_the_report_and_says_where_it_is() {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("i");
    assert_eq!(app.count(|effect| matches!(effect, Effect::SaveReport)), 1);
    app.send(Msg::Notify {
        what: Notification::Reported,
        result: Ok("report saved as ~/incident.md".into()),
    });

    assert_eq!(app.status(), "report saved as ~/incident.md");
}
