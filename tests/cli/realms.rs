//! Profiles of several realms of which one fails.

use usher::emulator::Options;

use crate::support::Desk;

/// An AM of which `/gone` is not there, and a user with sessions in the realm after it.
fn desk() -> (Desk, String) {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let rows = desk.run(&["list", "state:active"]).rows();
    let mut user = None;
    for row in &rows {
        if row["scope"] == "/alpha" && row["user"].is_string() {
            user = row["user"].as_str().map(str::to_owned);
        }
    }
    let config = desk.config();
    let lines = config.lines().map(|line| {
        if line.starts_with("realms") {
            r#"realms = ["/", "/gone", "/alpha"]"#
        } else {
            line
        }
    });
    let config: Vec<&str> = lines.collect();
    desk.write_config(&config.join("\n"));
    (desk, user.unwrap())
}

#[test]
fn a_realm_that_is_not_there_takes_no_other_away() {
    let (desk, user) = desk();

    let listed = desk.run(&["list", &format!("user:{user}")]).ends(3);
    let here = listed
        .rows()
        .iter()
        .filter(|row| row["scope"] == "/alpha")
        .count();
    assert!(here > 0, "{}", listed.out);
    assert!(listed.err.contains("/gone"), "{}", listed.err);
    assert!(!listed.err.contains("{}"), "{}", listed.err);

    let dry = desk.run(&["revoke", "--user", &user, "--dry-run"]).ends(3);
    assert!(!dry.err.contains("0 sessions would"), "{}", dry.err);

    let ended = desk.run(&["revoke", "--user", &user, "--yes"]).ends(3);
    assert!(ended.err.contains("/gone"), "{}", ended.err);
    let left = desk.run(&["list", &format!("user:{user}")]).ends(3);
    assert_eq!(left.out, "");
}
