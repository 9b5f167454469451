//! Hints on the command line: which are always there, and which where they are asked for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Desk;

#[test]
fn hints_that_other_rows_tell_are_found_where_they_are_asked_for() {
    let desk = Desk::new();
    desk.profile_says("many_sessions = 2");
    let all = desk.run(&["list", "-o", "jsonl"]).ends(0).rows();
    let is_many = |row: &&Value| {
        let of_user =
            |other: &&Value| other["user_id"] == row["user_id"] && other["state"] != "expired";
        !row["user_id"].is_null()
            && row["state"] != "expired"
            && all.iter().filter(of_user).count() > 2
    };
    let many: Vec<&Value> = all.iter().filter(is_many).collect();
    assert!(!many.is_empty() && many.len() < all.len());
    // A session without a lasting id has another one in every answer.
    let of = |row: &Value| format!("{} {}", row["user"], row["created"]);
    let sessions = |rows: &[Value]| rows.iter().map(of).collect::<BTreeSet<_>>();
    let expected: BTreeSet<String> = many.iter().map(|row| of(row)).collect();

    let found = desk.run(&["list", "-o", "jsonl", "hint:many"]).ends(0);
    assert_eq!(sessions(&found.rows()), expected);
    let has_many = |row: &Value| row["hints"].as_array().unwrap().contains(&"many".into());
    assert!(found.rows().iter().all(has_many));

    let named = desk
        .run(&["list", "-o", "jsonl", "-f", "user,created,hints"])
        .ends(0);
    assert_eq!(named.rows().len(), all.len());
    let named: Vec<Value> = named.rows().into_iter().filter(has_many).collect();
    assert_eq!(sessions(&named), expected);

    let count = desk.run(&["list", "--count", "-hint:many"]).ends(0);
    assert_eq!(count.out.trim(), (all.len() - many.len()).to_string());
    let two = desk
        .run(&["list", "-o", "jsonl", "-n", "2", "hint:many"])
        .ends(0);
    assert_eq!(two.rows().len(), 2);
    desk.run(&["list", "--fail-empty", "hint:networks", "user:nobody"])
        .ends(7);
    let dry = desk.run(&["revoke", "--query", "hint:many", "--dry-run", "-o", "jsonl"]);
    assert!(dry.rows().len() <= many.len() && !dry.rows().is_empty());
}

#[test]
fn hints_of_a_row_alone_are_there_without_asking() {
    let desk = Desk::new();
    let rows = desk.run(&["list", "-o", "jsonl", "hint:*"]).ends(0).rows();
    let alone = desk
        .run(&["list", "-o", "jsonl", "hint:unfinished,no-expiry"])
        .ends(0);

    assert!(!alone.rows().is_empty());
    assert!(rows.len() >= alone.rows().len());
    for row in alone.rows() {
        let word = if row["expires"].is_null() {
            "no-expiry"
        } else {
            "unfinished"
        };
        assert!(
            row["hints"].as_array().unwrap().contains(&word.into()),
            "{row}"
        );
    }
}
