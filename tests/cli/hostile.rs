//! Text that a stranger chose, on its way out: nothing in it steers a terminal, fills it or stops a command.

use serde_json::{Value, json};

use super::support::Desk;

/// A desk whose server lists these people, one session each.
fn desk_with(people: &[&str]) -> Desk {
    let desk = Desk::new();
    let entries: Vec<Value> = people
        .iter()
        .enumerate()
        .map(|(at, name)| {
            json!({
                "outsideSid": format!("00000000-aaaa-4bbb-8ccc-{at:012}"),
                "state": "authenticated",
                "deletable": true,
                "expirationDate": "2127-01-01T00:00:00",
                "sessionAttributes": { "auth_user": name },
            })
        })
        .collect();
    let page = json!({ "start": 0, "totalEntriesCount": people.len(), "entries": entries });
    let fault = json!({
        "match": { "path": "*/session/search" },
        "action": "status",
        "code": 200,
        "content_type": "application/json",
        "body": page.to_string(),
    });
    desk.emulator().set_faults(&[fault.to_string()]).unwrap();
    desk
}

#[test]
fn f_data_08_a_field_of_a_mebibyte_stops_no_table() {
    let long = "A".repeat(1 << 20);
    let desk = desk_with(&[&long, "bob"]);

    for args in [
        &["list", "-o", "table"][..],
        &["list", "-o", "table", "--fields", "user,id"],
        &["list", "--group-by", "user"],
        &["revoke", "--query", "state:active", "--dry-run"],
    ] {
        let ran = desk.run(args).ends(0);

        assert!(ran.out.contains("bob"), "{args:?}: {}", ran.err);
        let said = ran.out.len() + ran.err.len();
        assert!(said < 8_000, "{args:?} wrote {said} bytes");
    }
    let rows = desk.run(&["list", "-o", "jsonl"]).ends(0).rows();
    assert_eq!(rows[0]["user"], long, "a format for programs gives all");
}
