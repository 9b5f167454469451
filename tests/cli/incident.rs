//! `usher incident`: one person out of every system, with a report.

use serde_json::Value;

use crate::support::Desk;

/// Somebody with sessions that can be ended.
fn somebody(desk: &Desk) -> String {
    let rows = desk
        .run(&["list", "state:active deletable:yes", "-o", "jsonl"])
        .ends(0)
        .rows();
    let lasting = |row: &&Value| row["user"].is_string();
    let row = rows.iter().find(lasting).expect("a session of somebody");
    row["user"].as_str().expect("a name").to_owned()
}

/// A second profile at an address where nobody listens.
fn with_one_away(desk: &Desk) {
    let config = desk.config();
    let away: String = config
        .lines()
        .map(|line| match line.strip_prefix("url = ") {
            Some(_) => "url = \"http://127.0.0.1:1/\"\n".to_owned(),
            None if line.starts_with("default_profile") => "\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    let away = away.replace("profile.emu", "profile.away");
    desk.write_config(&format!("{config}\n{away}"));
}

fn report(out: &str) -> Value {
    serde_json::from_str(out).expect("one JSON document")
}

#[test]
fn a_person_is_ended_everywhere_and_the_report_says_that_none_is_left() {
    let desk = Desk::new();
    let user = somebody(&desk);

    let plan = desk
        .run(&["incident", &user, "--dry-run", "-o", "json"])
        .ends(0);
    assert!(plan.err.contains("plan: emu "), "{}", plan.err);
    let planned = report(&plan.out)["systems"][0]["found"].as_u64().unwrap();
    assert!(planned > 0, "{}", plan.out);
    assert_eq!(desk.deletes(), 0);

    let ran = desk
        .run(&[
            "incident", &user, "--yes", "--reason", "INC-7", "-o", "json",
        ])
        .ends(0);

    let report = report(&ran.out);
    let system = &report["systems"][0];
    assert_eq!(report["reason"], "INC-7");
    assert_eq!(system["found"].as_u64(), Some(planned));
    assert_eq!(system["left"], 0, "{}", ran.out);
    assert!(system["read_back"].is_string(), "{}", ran.out);

    let again = desk
        .run(&["incident", &user, "--yes", "-o", "markdown"])
        .ends(0);
    assert!(again.out.starts_with("# Sessions of "), "{}", again.out);
    assert!(
        again.err.contains("plan: emu       0  none"),
        "{}",
        again.err
    );
}

#[test]
fn where_one_system_is_away_the_others_are_ended_and_the_code_is_3() {
    let desk = Desk::new();
    let user = somebody(&desk);
    with_one_away(&desk);

    let ran = desk
        .run(&["incident", &user, "--yes", "-o", "json"])
        .ends(3);

    let report = report(&ran.out);
    let of = |profile: &str| {
        let systems = report["systems"].as_array().unwrap().iter();
        let mut theirs = systems.filter(|system| system["profile"] == profile);
        theirs.next().unwrap().clone()
    };
    assert_eq!(of("emu")["left"], 0, "{}", ran.out);
    let away = of("away");
    assert!(away["left"].is_null(), "{}", ran.out);
    let why = away["error"].as_str().unwrap();
    assert!(why.contains("could not be asked"), "{why}");
}

#[test]
fn nobody_is_ended_without_a_terminal_and_without_yes_nor_by_an_empty_name() {
    let desk = Desk::new();
    let user = somebody(&desk);

    desk.run(&["incident", &user]).fails(2, "--yes");
    desk.run(&["incident", " ", "--yes"]).fails(2, "exact name");

    assert_eq!(desk.deletes(), 0);
}
