//! Actions of a system: listed, done, confirmed, written down.

use serde_json::Value;
use usher::emulator::{Kind, Options};

use super::support::Desk;

/// An OpenAM with a signed-in person, and her token.
fn desk() -> (Desk, String) {
    let desk = Desk::with(Options {
        system: Kind::Openam,
        ..Options::default()
    });
    let token = desk.emulator().auth().token.clone();
    (desk, token)
}

#[test]
fn every_action_of_the_system_is_listed_with_what_it_changes() {
    let (desk, _) = desk();

    let ran = desk.run(&["actions", "-o", "json"]);

    assert_eq!(ran.code, 0, "{ran:?}");
    let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let changes = |name: &str| {
        let row = rows.iter().find(|row| row["action"] == name);
        row.unwrap_or_else(|| panic!("{name} in {rows:?}"))["changes"] == true
    };
    for (name, expected) in [
        ("get_session_info", false),
        ("get_session_info_and_reset_idle_time", true),
        ("get_session_properties", false),
        ("logout", true),
        ("logout_by_handle", true),
        ("logout_by_user", true),
        ("query", false),
        ("refresh", true),
        ("update_session_properties", true),
        ("validate", true),
    ] {
        assert_eq!(changes(name), expected, "{name}");
    }
}

#[test]
fn a_token_is_asked_about_from_standard_input_and_never_printed() {
    let (desk, token) = desk();

    let args = ["act", "get_session_info", "--token", "-", "-o", "json"];
    let ran = desk.run_with(&args, &format!("{token}\n"));

    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.out.contains(&token) && !ran.err.contains(&token));
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(answer["summary"].is_string(), "{answer}");
}

#[test]
fn an_action_that_changes_something_needs_a_yes_without_a_terminal() {
    let (desk, token) = desk();

    let ran = desk.run_with(&["act", "refresh", "--token", "-"], &format!("{token}\n"));

    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--yes") && ran.out.is_empty(), "{ran:?}");
    assert!(!desk.run(&["audit"]).out.contains("refresh"));
}

#[test]
fn an_action_that_changes_something_is_written_down() {
    let (desk, token) = desk();

    let args = ["act", "refresh", "--token", "-", "--yes"];
    let ran = desk.run_with(&args, &format!("{token}\n"));

    assert_eq!(ran.code, 0, "{ran:?}");
    let audit = desk.run(&["audit", "-o", "json"]).out;
    assert!(audit.contains("\"refresh\""), "{audit}");
    assert!(!audit.contains(&token));
}

#[test]
fn read_only_refuses_before_anything_is_sent() {
    let (desk, token) = desk();

    let args = ["--read-only", "act", "logout", "--token", "-", "--yes"];
    let ran = desk.run_with(&args, &format!("{token}\n"));

    assert_eq!(ran.code, 5, "{ran:?}");
}

#[test]
fn what_is_not_there_or_lacks_something_is_a_usage_error_that_says_so() {
    let (desk, _) = desk();

    for (args, said) in [
        (["act", "nonsense", "--yes"], "there are: get_session_info"),
        (["act", "logout_by_handle", "--yes"], "needs one session"),
    ] {
        let ran = desk.run(&args);

        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said) && ran.out.is_empty(), "{ran:?}");
    }
}

#[test]
fn a_system_without_actions_says_so() {
    let desk = Desk::new();

    let ran = desk.run(&["act", "validate"]);

    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("it has none"), "{ran:?}");
}
