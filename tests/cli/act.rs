//! Actions of a system: listed, done, confirmed, written down.

use serde_json::Value;
use usher::emulator::Options;

use super::support::Desk;

/// An OpenAM with a signed-in person, and her token.
fn desk() -> (Desk, String) {
    let desk = Desk::with(Options {
        system: usher::emulator::system("openam").unwrap(),
        ..Options::default()
    });
    let token = desk.emulator().am_auth().token.clone();
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
fn an_action_has_one_name_however_it_is_written() {
    let (desk, token) = desk();
    for name in [
        "get_session_info",
        "getSessionInfo",
        "get-session-info",
        "GetSessionInfo",
        "getsessioninfo",
    ] {
        let ran = desk.run_with(&["act", name, "--token", "-"], &format!("{token}\n"));

        assert_eq!(ran.code, 0, "{name}: {ran:?}");
    }
    for (name, own) in [
        (
            "getSessionInfoAndResetIdleTime",
            "get_session_info_and_reset_idle_time",
        ),
        ("updateSessionProperties", "update_session_properties"),
        ("logoutByHandle", "logout_by_handle"),
        ("logoutByUser", "logout_by_user"),
        ("get session info", "get_session_info"),
        ("sessionInfo", "get_session_info"),
    ] {
        let said = desk.run(&["act", name]).err;

        let is_unknown = said.contains("has no action");
        let is_other = name.contains(' ') || name == "sessionInfo";
        assert_eq!(is_unknown, is_other, "{name} for {own}: {said}");
    }
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
fn f_del_13_read_only_refuses_actions_before_anything_is_sent() {
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
fn what_may_be_a_token_in_the_wrong_place_is_not_repeated() {
    let (desk, token) = desk();

    let ran = desk.run(&["act", "get_session_info", "--token", &token]);

    let ran = ran.fails(2, "--token takes - for standard input or a file");
    assert!(!ran.err.contains(&token), "{ran:?}");
}

#[test]
fn a_refused_action_does_not_speak_of_a_search() {
    let (desk, token) = desk();
    let args = [
        "act",
        "update_session_properties",
        "moood=x",
        "--token",
        "-",
        "--yes",
    ];

    let ran = desk.run_with(&args, &format!("{token}\n"));

    let words = "cannot update_session_properties at emu: the realm lists no";
    assert!(!ran.fails(2, words).err.contains("search"));
}

#[test]
fn an_answer_comes_in_the_format_that_was_asked_for() {
    let (desk, token) = desk();
    let info = ["act", "get_session_info", "--token", "-", "-o"];
    let as_format = |args: &[&str], format: &str| {
        let ran = desk.run_with(&[args, &[format]].concat(), &format!("{token}\n"));
        ran.ends(0)
    };

    let csv = as_format(&info, "csv");
    assert!(csv.out.starts_with("name,value\nusername,"), "{csv:?}");
    assert!(csv.err.contains("it ends"), "{csv:?}");
    let markdown = as_format(&info, "markdown");
    assert!(
        markdown
            .out
            .starts_with("| name | value |\n| --- | --- |\n")
    );
    let query = ["act", "query", "-o"];
    let csv = as_format(&query, "csv");
    assert!(csv.out.starts_with("username,realm,"), "{csv:?}");
    let table = as_format(&query, "table");
    assert!(
        !table.out.contains('|') && !table.out.contains('\\'),
        "{table:?}"
    );
    let logout = ["act", "logout", "--token", "-", "--yes", "-o"];
    let ended = desk.run_with(&[&logout[..], &["csv"]].concat(), "no-such-token\n");
    assert_eq!(
        ended.ends(0).out,
        "summary\nthe token was not valid any more\n"
    );
}

#[test]
fn a_query_of_the_servers_own_says_where_it_was_cut() {
    let (desk, _) = desk();
    desk.profile_says("list_limit = 5");
    desk.emulator().am().set_list_limit(5);

    let ran = desk.run(&["act", "query"]).ends(0);

    assert!(
        ran.out
            .starts_with("5 sessions; the server cuts its lists there"),
        "{ran:?}"
    );
}

#[test]
fn handles_are_whole_for_scripts_and_short_for_people_and_for_profiles_that_reveal_nothing() {
    let (desk, _) = desk();
    let told = |format: &str| desk.run(&["act", "query", "-o", format]).ends(0).out;

    for format in ["json", "jsonl", "csv"] {
        assert!(told(format).contains("shandle:AQIC"), "{format}");
    }
    let is_short = |format: &str| {
        let out = told(format);
        assert!(out.contains("sh:…") && !out.contains("shandle:"), "{out}");
    };
    ["table", "markdown"].into_iter().for_each(is_short);

    desk.profile_says("reveal = false");

    ["table", "json", "jsonl", "csv"]
        .into_iter()
        .for_each(is_short);
}

#[test]
fn a_profile_that_wants_reasons_gets_one_for_every_action_that_changes_something() {
    let (desk, token) = desk();
    desk.profile_says("require_reason = true");
    let refresh = ["act", "refresh", "--token", "-", "--yes"];
    let run = |more: &[&str]| desk.run_with(&[&refresh, more].concat(), &format!("{token}\n"));

    for blank in [&[][..], &["--reason", " "]] {
        run(blank).fails(2, "wants a reason for every change; say it with --reason");
    }
    run(&["--reason", "INC-4711"]).ends(0);
    desk.run(&["act", "query"]).ends(0);

    let audit = desk.run(&["audit", "-o", "json"]).out;
    assert!(audit.contains("INC-4711"), "{audit}");
}

#[test]
fn a_system_without_actions_says_so() {
    let desk = Desk::new();

    let ran = desk.run(&["act", "validate"]);

    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("it has none"), "{ran:?}");
}
