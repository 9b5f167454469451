//! Lists that are not as they should be: rows that repeat, rows that are none, times that are none.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::pipes::resident_mib;
use crate::scripted::{self, Act, Heard, Scripted};
use crate::support::{Desk, Ran};

/// A desk whose Janssen server answers each search from a script, which is given the place of its first row.
struct Odd {
    desk: Desk,
    server: Scripted,
    // Last, so that the server outlives everything that uses it.
    _runtime: Runtime,
}

impl Odd {
    fn with(page: impl Fn(u64) -> Act + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let script = move |_: usize, heard: &Heard| match heard.line() {
            line if line.starts_with("DELETE") => scripted::answer("200 OK", "text/plain", ""),
            line => page(pairs(line)["startIndex"].parse().unwrap()),
        };
        let server = runtime.block_on(Scripted::start(script));
        let desk = Desk::bare();
        desk.write_config(&format!(
            "[profile.emu]\nsystem = \"janssen\"\nurl = \"{}\"\nallow_plain = true\ntoken = \"t\"\n",
            server.url
        ));
        Self {
            desk,
            server,
            _runtime: runtime,
        }
    }

    /// The same whatever is asked for.
    fn always(body: String) -> Self {
        Self::with(move |_| scripted::json(&body))
    }

    /// One page with these entries, and the JSON document that is printed of it.
    fn document(entries: &str, code: i32) -> (Value, Ran) {
        let odd = Self::always(format!(r#"{{"entries":[{entries}]}}"#));
        let ran = odd.desk.run(&["list", "-o", "json"]).ends(code);
        (serde_json::from_str(&ran.out).unwrap(), ran)
    }

    fn searches(&self) -> usize {
        self.server.count("GET")
    }
}

fn pairs(line: &str) -> BTreeMap<String, String> {
    let query = line.split_once('?').map_or("", |(_, query)| query);
    let query = query.split(' ').next().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn session(id: &str) -> Value {
    json!({
        "outsideSid": id,
        "state": "authenticated",
        "deletable": true,
        "expirationDate": "2099-01-01T00:00:00",
        "sessionAttributes": { "sid": id, "auth_user": "jdoe" },
    })
}

/// A page of sessions with these numbers.
fn page(total: u64, numbers: impl IntoIterator<Item = u64>) -> String {
    let id = |number: u64| format!("00000000-aaaa-4bbb-8ccc-{number:012}");
    let entries: Vec<_> = numbers.into_iter().map(|n| session(&id(n))).collect();
    json!({ "totalEntriesCount": total, "entries": entries }).to_string()
}

/// So many are listed in a usual run; `USHER_HUGE_ROWS=1000000` lists more.
const HUGE_ROWS: u64 = 30_000;

#[test]
fn f_http_09_a_huge_list_streams_in_memory_that_does_not_grow_with_it() {
    let rows = std::env::var("USHER_HUGE_ROWS").ok();
    let rows = rows.map_or(HUGE_ROWS, |text| text.parse().unwrap());
    // As large as those of a real server: 700 bytes each.
    let agent = "x".repeat(480);
    let entry = move |number: u64| {
        format!(
            r#"{{"outsideSid":"00000000-aaaa-4bbb-8ccc-{number:012}","state":"authenticated","deletable":true,"expirationDate":"2099-01-01T00:00:00","sessionAttributes":{{"sid":"00000000-aaaa-4bbb-8ccc-{number:012}","auth_user":"user-{number}","note":"{agent}"}}}}"#
        )
    };
    let odd = Odd::with(move |start| {
        let entries: Vec<_> = (start..rows.min(start + 1_000)).map(&entry).collect();
        let entries = entries.join(",");
        scripted::json(&format!(
            r#"{{"totalEntriesCount":{rows},"entries":[{entries}]}}"#
        ))
    });
    odd.desk.profile_says("page_size = 1000");
    let mut child = odd.desk.command(&["list"]).spawn().unwrap();
    let (mut seen, mut early, mut late) = (0_u64, 0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        assert!(line.unwrap().starts_with('{'));
        seen += 1;
        if seen.is_multiple_of(1_000) {
            let most = if seen <= rows / 4 {
                &mut early
            } else {
                &mut late
            };
            *most = resident_mib(child.id()).max(*most);
        }
    }

    assert!(child.wait().unwrap().success());
    assert_eq!(seen, rows);
    assert!(early > 0, "the memory of the process could be read");
    // The memory that recognises rows that came twice takes some 40 bytes of each.
    let grown = 16 + rows * 40 / 1024 / 1024;
    assert!(
        late <= 64 + grown && late <= early + grown,
        "{early} MiB, then {late} MiB"
    );
}

#[test]
fn f_http_10_a_server_that_repeats_itself_is_left_with_a_note_and_code_3() {
    let repeats = "emu: the server repeats rows that are loaded already; stopped";
    for total in [1_000, 1_000_000, 1_000_000_000_000] {
        let odd = Odd::always(page(total, 0..200));

        let count = odd.desk.run(&["list", "--count", "-o", "json"]).ends(3);
        assert!(count.err.contains(repeats), "{total}: {}", count.err);
        assert!(
            count.err.contains("emu: 400 duplicates dropped"),
            "{}",
            count.err
        );
        let told: Value = serde_json::from_str(&count.out).unwrap();
        assert_eq!(told["sources"][0]["complete"], false, "{total}");
        assert_eq!(odd.searches(), 3, "{total}");

        let list = odd.desk.run(&["list", "-o", "json"]).ends(3);
        let told: Value = serde_json::from_str(&list.out).unwrap();
        assert_eq!(told["sessions"].as_array().unwrap().len(), 200);
        assert_eq!(told["sources"][0]["complete"], false, "{total}");
    }
}

#[test]
fn f_http_10_what_a_query_ends_is_never_decided_silently() {
    let odd = Odd::always(page(1_000_000_000_000, 0..2));

    let ran = odd
        .desk
        .run(&["revoke", "--query", "state:active", "--dry-run"])
        .ends(3);

    assert!(ran.err.contains("the server repeats rows"), "{}", ran.err);
    assert!(ran.err.contains("2 sessions would be ended"), "{}", ran.err);
    assert_eq!(odd.server.count("DELETE"), 0);
}

#[test]
fn f_http_10_pages_that_never_bring_a_row_end_too() {
    // Whatever is asked for, one entry that is no session, and a total that is never reached.
    let odd = Odd::always(r#"{"totalEntriesCount":1000000000000,"entries":[null]}"#.into());

    let ran = odd.desk.run(&["list"]).ends(3);

    assert_eq!((ran.out.as_str(), odd.searches()), ("", 2));
    assert!(ran.err.contains("; stopped"), "{}", ran.err);
}

#[test]
fn f_http_11_rows_that_shift_between_pages_come_once_and_that_is_told() {
    // Somebody signs in while we read: the first page ends with the row that begins the second.
    let odd = Odd::with(|start| {
        scripted::json(&match start {
            0 => page(5, 0..3),
            3 => page(6, 2..5),
            _ => page(6, []),
        })
    });

    let ran = odd.desk.run(&["list", "-o", "json"]).ends(0);

    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["sessions"].as_array().unwrap().len(), 5);
    assert!(ran.err.contains("emu: 1 duplicate dropped"), "{}", ran.err);
    // The server counts six: the one that signed in is not among them.
    assert_eq!(all["sources"][0]["complete"], false);
    assert_eq!(all["sources"][0]["rows"], 5);
}

#[test]
fn f_data_15_an_entry_that_is_no_session_costs_only_itself() {
    for odd in ["null", "5", "\"x\"", "[1]"] {
        let entries = format!("{},{odd},{}", session("a-one"), session("b-two"));

        let (all, ran) = Odd::document(&entries, 3);

        assert_eq!(all["sessions"].as_array().unwrap().len(), 2, "{odd}");
        assert_eq!(all["sources"][0]["complete"], false, "{odd}");
        assert!(
            ran.err.contains("emu: 1 row could not be read"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn f_data_15_and_16_a_field_that_is_odd_or_new_costs_only_itself() {
    let odd = r#"{"outsideSid":"odd","outsideSid":"odd-again","state":"hibernating","deletable":"true",
        "creationDate":{"when":1e400},"expirationDate":[9007199254740993],"future":9007199254740993,
        "sessionAttributes":{"auth_user":["a"],"client_id":true,"remote_ip":1e400,"\ud800":"k"}}"#;

    let (all, ran) = Odd::document(&format!("{odd},{}", session("fine")), 0);

    assert_eq!(ran.err, "");
    let row = &all["sessions"][0];
    assert_eq!(all["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(row["id"], "odd-again", "of two the last");
    assert_eq!(row["user"], r#"["a"]"#);
    assert_eq!(
        (&row["client"], &row["ip"]),
        (&json!("true"), &json!("1e400"))
    );
    assert_eq!(
        (&row["created"], &row["expires"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(row["state"], "unknown");
    let attributes = &row["attributes"];
    assert_eq!(attributes["state"], "hibernating");
    assert_eq!(attributes["creationDate"], r#"{"when":1e400}"#);
    assert_eq!(attributes["expirationDate"], "[9007199254740993]");
    assert_eq!(attributes["future"], "9007199254740993");
}

#[test]
fn f_data_15_a_value_that_is_no_text_has_a_mark_that_no_text_can_have() {
    let mut entries = Vec::new();
    for (number, user) in [json!(["a"]), json!("[\"a\"]"), json!("<json> [\"a\"]")]
        .iter()
        .enumerate()
    {
        let mut entry = session(&format!("0000000{number}-aaaa-4bbb-8ccc-000000000001"));
        entry["sessionAttributes"]["auth_user"] = user.clone();
        entries.push(entry);
    }
    let odd = Odd::always(json!({ "totalEntriesCount": 3, "entries": &entries }).to_string());
    let shown = [r#"<json> ["a"]"#, r#"["a"]"#, r#""<json> [\"a\"]""#];

    let table = odd
        .desk
        .run(&["list", "-o", "table", "--fields", "user,ip"])
        .ends(0);
    let mut cells: Vec<&str> = table.out.lines().skip(1).collect();
    for line in &mut cells {
        *line = line.trim_end().trim_end_matches('-').trim_end();
    }
    let sorted = |mut all: Vec<&str>| {
        all.sort_unstable();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sorted(cells), sorted(shown.to_vec()), "{}", table.out);
    let rows = odd.desk.run(&["list", "-o", "jsonl", "user:[*"]).ends(0);
    for line in rows.out.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["user"], r#"["a"]"#, "exact for programs");
    }
    let desk = Desk::new();
    for (entry, shown) in entries.iter().zip(shown) {
        let fault = json!({
            "match": { "path": "*/session/sid/*" },
            "action": "status",
            "code": 200,
            "content_type": "application/json",
            "body": entry.to_string(),
        });
        desk.emulator().set_faults(&[fault.to_string()]).unwrap();
        let id = entry["outsideSid"].as_str().unwrap();

        let block = desk.run(&["get", id]).ends(0);

        let user = block.out.lines().find(|line| line.starts_with("user "));
        assert_eq!(
            user.unwrap()["user ".len()..].trim(),
            shown,
            "{}",
            block.out
        );
    }
}

#[test]
fn f_clock_03_what_is_no_time_is_null_and_stays_among_the_attributes() {
    let cases = [
        // The value in the list, the time it is, and the text that is kept of it.
        ("null", None, None),
        ("\"\"", None, None),
        ("\"yesterday\"", None, Some("yesterday")),
        ("0", None, Some("0")),
        ("-1", None, Some("-1")),
        ("3600", None, Some("3600")),
        ("1764324000", Some("2025-11-28T10:00:00.000Z"), None),
        ("1764324000000", Some("2025-11-28T10:00:00.000Z"), None),
        ("1764324000000000", None, Some("1764324000000000")),
        ("99999999999999999999", None, Some("99999999999999999999")),
        (
            "\"0000-01-01T00:00:00Z\"",
            None,
            Some("0000-01-01T00:00:00Z"),
        ),
        (
            "\"0001-01-01T00:00:00+02:00\"",
            None,
            Some("0001-01-01T00:00:00+02:00"),
        ),
        (
            "\"+57879-03-15T16:00:00Z\"",
            None,
            Some("+57879-03-15T16:00:00Z"),
        ),
        (
            "\"9999-12-31T23:59:59Z\"",
            Some("9999-12-31T23:59:59.000Z"),
            None,
        ),
        (
            "\"2026-03-14T08:02:05\"",
            Some("2026-03-14T08:02:05.000Z"),
            None,
        ),
        (
            "\"2026-03-14T08:02:05+0200\"",
            Some("2026-03-14T06:02:05.000Z"),
            None,
        ),
        (
            "\"2026-03-14T08:02:05+02:00\"",
            Some("2026-03-14T06:02:05.000Z"),
            None,
        ),
        (
            "\"2026-03-14T08:02:05.123456789Z\"",
            Some("2026-03-14T08:02:05.123Z"),
            None,
        ),
    ];
    let entry = |(number, case): (usize, &(&str, _, _))| {
        let (id, value) = (number + 1, case.0);
        format!(
            r#"{{"outsideSid":"{id}","creationDate":{value},"lastUsedAt":{value},"expirationDate":{value}}}"#
        )
    };
    let entries: Vec<_> = cases.iter().enumerate().map(entry).collect();

    let (all, _) = Odd::document(&entries.join(","), 0);

    let rows = all["sessions"].as_array().unwrap();
    assert_eq!(rows.len(), cases.len());
    for (row, (sent, time, kept)) in rows.iter().zip(cases) {
        for (field, name) in [
            ("created", "creationDate"),
            ("last_used", "lastUsedAt"),
            ("expires", "expirationDate"),
        ] {
            assert_eq!(row[field], json!(time), "{field} of {sent}");
            assert_eq!(
                row["attributes"].get(name),
                kept.map(Value::from).as_ref(),
                "{sent}"
            );
        }
    }
}

#[test]
fn f_clock_03_rows_without_a_readable_time_come_last_in_both_directions() {
    let entries = [
        r#"{"outsideSid":"text","creationDate":"soon"}"#,
        r#"{"outsideSid":"old","creationDate":"2020-01-01T00:00:00"}"#,
        r#"{"outsideSid":"none"}"#,
        r#"{"outsideSid":"new","creationDate":"2026-01-01T00:00:00"}"#,
        r#"{"outsideSid":"zero","creationDate":0}"#,
    ];
    let odd = Odd::always(format!(r#"{{"entries":[{}]}}"#, entries.join(",")));

    for (sort, first) in [
        ("created", ["old", "new"]),
        ("created:desc", ["new", "old"]),
    ] {
        let sort = format!("--sort={sort}");
        let ran = odd.desk.run(&["list", "-o", "jsonl", &sort]).ends(0);
        let rows = ran.rows();
        let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids[..2], first, "{sort}: {ids:?}");
        assert_eq!(ids.len(), 5);
    }
}
