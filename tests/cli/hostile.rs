//! Text that a stranger chose, on its way out: nothing in it steers a terminal, fills it or stops a command.

use serde_json::{Value, json};

use usher::emulator::Options;

use super::support::Desk;

/// A desk whose server lists these people, one session each.
fn desk_with(people: &[&str]) -> Desk {
    desk_with_row(people, &json!({}))
}

/// The same with these further fields in each row.
fn desk_with_row(people: &[&str], more: &Value) -> Desk {
    let desk = Desk::new();
    let entries: Vec<Value> = people
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let mut row = json!({
                "outsideSid": format!("00000000-aaaa-4bbb-8ccc-{at:012}"),
                "state": "authenticated",
                "deletable": true,
                "expirationDate": "2127-01-01T00:00:00",
                "sessionAttributes": { "auth_user": name },
            });
            let (Value::Object(row), Value::Object(more)) = (&mut row, more) else {
                unreachable!("both are objects");
            };
            row.extend(more.clone());
            Value::Object(row.clone())
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

const ODD: &str = "bob\u{1b}[2J\u{1b}]52;c;AAAA\u{7}\u{9b}31m\n\u{9d}0;x\u{202e}y\u{200b}z\u{7f}";

/// True if the text holds anything that a terminal would obey.
fn steers(text: &str) -> bool {
    let bad = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}')
    };
    text.contains(bad)
}

#[test]
fn f_data_01_02_03_04_05_07_11_no_output_for_people_steers_a_terminal() {
    let desk = desk_with(&[ODD, "{} %s %n [red]x[/red] <b>y</b>"]);

    for args in [
        &["list", "-o", "table"][..],
        &["list", "-o", "markdown"],
        &["list", "-o", "csv"],
        &["list", "-o", "json"],
        &["list", "-o", "jsonl"],
        &["list", "--group-by", "user"],
        &["list", "-o", "table", "-f", "@auth_user,attributes"],
        &["revoke", "--query", "state:active", "--dry-run"],
    ] {
        let ran = desk.run(args).ends(0);

        assert!(!steers(&ran.out) && !steers(&ran.err), "{args:?}: {ran:?}");
        assert!(!ran.out.is_empty());
    }
    let table = desk.run(&["list", "-o", "table", "-f", "user"]).ends(0).out;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines,
        [
            "USER",
            "bob^[[2J^[]52;c;AAAA^G<9B>31m^J<9D>0;x<U+202E>y<U+200B>z^?",
            "{} %s %n [red]x[/red] <b>y</b>",
        ]
    );
    let row = &desk.run(&["list", "-o", "jsonl"]).ends(0).rows()[0];
    assert_eq!(row["user"], ODD, "JSON is exact");
}

#[test]
fn f_data_10_a_cell_that_a_spreadsheet_would_run_is_guarded() {
    let desk = desk_with(&["=1+1", "＝1", "－2+3", "@x", "\u{3000}＋1", "jdoe"]);

    let ran = desk.run(&["list", "-o", "csv", "-f", "user"]).ends(0);
    let groups = desk
        .run(&["list", "--group-by", "user", "-o", "csv"])
        .ends(0);

    let cells: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        cells,
        [
            "user",
            "'=1+1",
            "'＝1",
            "'－2+3",
            "'@x",
            "'\u{3000}＋1",
            "jdoe"
        ]
    );
    assert!(groups.out.contains("'＝1"), "{}", groups.out);
    let exact = desk.run(&["list", "-o", "csv", "-f", "user", "--csv-safe=false"]);
    assert!(exact.out.contains("\n＝1\n"), "{exact:?}");
    let rows = desk
        .run(&["list", "-o", "jsonl", "-f", "user"])
        .ends(0)
        .rows();
    assert_eq!(rows[1]["user"], "＝1");
}

#[test]
fn what_was_typed_does_not_steer_the_terminal_that_shows_the_mistake() {
    let desk = Desk::new();
    let odd = "\u{1b}]0;x\u{7}\u{9b}2J";

    for args in [
        &[odd][..],
        &["list", "-o", odd],
        &["list", "-n", odd],
        &["list", "--sort", odd],
        &["list", "--fields", odd],
        &["list", &format!("state:{odd}")],
        &["list", &format!("created>{odd}")],
        &["list", "--profile", odd],
        &["get", odd],
        &["emulator", odd],
        &["completions", odd],
        &["--config", odd, "config", "path"],
        &["--config", odd, "config", "check"],
        &["--config", odd, "list"],
    ] {
        let ran = desk.run(args);

        assert!(!steers(&ran.out) && !steers(&ran.err), "{args:?}: {ran:?}");
        let said = ran.out + &ran.err;
        let usual = args.contains(&"get") || said.contains("^[]0;x^G<9B>2J");
        assert!(usual, "{args:?}: {said}");
    }
}

#[test]
fn f_tty_11_without_utf8_in_the_locale_people_get_ascii_and_programs_all() {
    let desk = desk_with(&["Müller", "日本太郎", "jdoe"]);
    for (name, value) in [
        ("LANG", "C"),
        ("LANG", "de_DE.ISO-8859-1"),
        ("LC_ALL", "POSIX"),
        ("LANG", ""),
    ] {
        let run = |args: &[&str]| {
            let mut command = desk.command(args);
            command.env(name, value);
            super::support::ran(command).ends(0)
        };

        let table = run(&["list", "-o", "table", "-f", "user,state"]);
        let groups = run(&["list", "--group-by", "user"]);
        let lines = run(&["list", "-o", "jsonl", "-f", "user"]);

        let shown: Vec<&str> = table.out.lines().collect();
        assert_eq!(
            shown,
            [
                "USER                              STATE",
                "M<U+00FC>ller                     active",
                "<U+65E5><U+672C><U+592A><U+90CE>  active",
                "jdoe                              active",
            ],
            "{name}={value}"
        );
        assert!(groups.out.is_ascii(), "{}", groups.out);
        assert_eq!(lines.rows()[0]["user"], "Müller", "JSON is UTF-8 always");
    }
}

#[test]
fn f_clock_04_the_zone_of_this_machine_knows_summer_and_what_means_nothing_is_utc() {
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    let cases = [
        (berlin, "2126-07-01T12:00:00Z", "2126-07-01 14:00:00+02:00"),
        (berlin, "2126-12-01T12:00:00Z", "2126-12-01 13:00:00+01:00"),
        ("UTC0", "2126-07-01T12:00:00Z", "2126-07-01 12:00:00+00:00"),
        ("", "2126-07-01T12:00:00Z", "2126-07-01 12:00:00+00:00"),
        (
            "Mars/Phobos",
            "2126-07-01T12:00:00Z",
            "2126-07-01 12:00:00Z",
        ),
        ("nonsense", "2126-12-31T23:59:60Z", "2127-01-01 00:00:00Z"),
    ];
    for (zone, expires, shown) in cases {
        let desk = desk_with_row(
            &["bob"],
            &json!({ "expirationDate": expires.trim_end_matches('Z') }),
        );
        desk.write_config(&format!("time = \"local\"\n{}", desk.config()));
        let mut command = desk.command(&["list", "-o", "table", "-f", "expires"]);
        command.env("TZ", zone);

        let ran = super::support::ran(command).ends(0);

        assert_eq!(ran.out.lines().nth(1), Some(shown), "{zone:?}: {ran:?}");
        let is_told = ran.err.contains("names no time zone; times are in UTC");
        assert_eq!(is_told, shown.ends_with('Z'), "{zone:?}: {}", ran.err);
    }
    // Not set: the zone of whatever machine this is, which is known.
    let desk = desk_with(&["bob"]);
    desk.write_config(&format!("time = \"local\"\n{}", desk.config()));
    let ran = desk.run(&["list", "-o", "table", "-f", "expires"]).ends(0);
    assert!(ran.out.contains("2127-01-01 ") || ran.out.contains("2126-12-31 "));
    assert_eq!(ran.err, "");
}

#[test]
fn f_data_05_names_that_look_alike_are_told_apart_by_their_bytes() {
    let desk = desk_with(&["admin", "ad\u{200b}min", "admin\u{202e}"]);

    let groups = desk
        .run(&["list", "--group-by", "user", "-o", "csv"])
        .ends(0);
    let one = desk.run(&["list", "-o", "jsonl", "user:admin"]).ends(0);
    let revoked = desk
        .run(&["revoke", "--user", "admin", "--dry-run"])
        .ends(0);

    let mut shown: Vec<&str> = groups.out.lines().skip(1).collect();
    shown.sort_unstable();
    assert_eq!(shown, ["ad<U+200B>min,1", "admin,1", "admin<U+202E>,1"]);
    assert_eq!(one.rows().len(), 1, "{}", one.out);
    assert!(
        revoked.err.contains("1 session would be ended"),
        "{revoked:?}"
    );
}

#[test]
fn f_data_06_wide_and_combining_text_keeps_the_columns_of_a_table_in_line() {
    use unicode_width::UnicodeWidthStr;
    let people = [
        "日本太郎",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 family",
        "Ze\u{301}\u{302}bra",
        "🇩🇪 flag",
        "jdoe",
    ];
    let desk = desk_with(&people);

    let table = desk
        .run(&["list", "-o", "table", "-f", "user,state"])
        .ends(0)
        .out;

    let columns: Vec<usize> = table
        .lines()
        .map(|line| {
            let at = line.find("active").or_else(|| line.find("STATE"));
            line[..at.unwrap_or(0)].width()
        })
        .collect();
    assert_eq!(columns, [columns[0]; 6], "{table}");
    assert!(columns[0] > 6);
}

#[test]
fn f_data_08_get_shows_the_beginning_of_a_long_value_and_says_how_long_it_is() {
    let desk = Desk::new();
    let row = json!({
        "outsideSid": "00000000-aaaa-4bbb-8ccc-000000000000",
        "state": "authenticated",
        "deletable": true,
        "expirationDate": "2127-01-01T00:00:00",
        "sessionAttributes": { "auth_user": "bob", "agent": "A".repeat(1 << 20) },
    });
    let fault = json!({
        "match": { "path": "*/session/*" },
        "action": "status",
        "code": 200,
        "content_type": "application/json",
        "body": row.to_string(),
    });
    desk.emulator().set_faults(&[fault.to_string()]).unwrap();
    let id = "00000000-aaaa-4bbb-8ccc-000000000000";

    let shown = desk.run(&["get", id, "-o", "table"]).ends(0);
    let exact = desk.run(&["get", id, "-o", "jsonl"]).ends(0);

    let long = shown.out.lines().find(|line| line.starts_with("@agent"));
    let long = long.unwrap_or_else(|| panic!("{}", &shown.out[..500.min(shown.out.len())]));
    assert!(long.len() < 66_000, "{} bytes", long.len());
    assert!(long.ends_with("… 1,048,576 bytes in all; -o json gives the rest"));
    let agent = exact.rows()[0]["attributes"]["agent"].clone();
    assert_eq!(agent.as_str().map(str::len), Some(1 << 20));
}

#[test]
fn f_data_09_a_name_cannot_read_like_the_outcome_of_its_own_revoke() {
    let desk = desk_with(&["bob  read-only  nothing was sent"]);

    let ran = desk.run(&["revoke", "--query", "state:active", "--yes", "-o", "text"]);

    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    assert!(
        ran.out.contains("  \"bob  read-only  nothing was sent\""),
        "{ran:?}"
    );
}

#[test]
fn f_data_01_07_08_the_same_holds_for_the_names_of_an_am() {
    let long = "A".repeat(1 << 20);
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let rows: Vec<Value> = [ODD, &long]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            json!({
                "username": name,
                "universalId": format!("id={name},ou=user,dc=am"),
                "realm": "/",
                "sessionHandle": format!("shandle:odd{at}.*AAJTSQ*"),
                "latestAccessTime": "2026-09-14T08:21:07.512Z",
                "maxIdleExpirationTime": "2127-09-14T08:51:07Z",
                "maxSessionExpirationTime": "2127-09-14T10:02:44Z",
            })
        })
        .collect();
    let fault = json!({
        "match": { "method": "GET", "path": "*/sessions" },
        "action": "status",
        "code": 200,
        "content_type": "application/json",
        "body": json!({ "result": rows, "resultCount": 2 }).to_string(),
    });
    desk.emulator().set_faults(&[fault.to_string()]).unwrap();

    for args in [
        &["list", "-o", "table"][..],
        &["list", "-o", "markdown", "-n", "1"],
        &["list", "--group-by", "user"],
        &["list", "-o", "table", "-f", "user,user_id,attributes"],
    ] {
        let ran = desk.run(args);

        assert!(!steers(&ran.out) && !steers(&ran.err), "{args:?}: {ran:?}");
        assert!(ran.out.contains("bob^"), "{args:?}: {ran:?}");
        assert!(ran.out.len() < 20_000, "{args:?}: {} bytes", ran.out.len());
    }
    let exact = desk.run(&["list", "-o", "jsonl"]).rows();
    let names: Vec<_> = exact
        .iter()
        .filter_map(|row| row["user"].as_str())
        .collect();
    assert!(names.contains(&ODD) && names.contains(&long.as_str()));
}

#[test]
fn f_data_08_no_message_is_longer_than_anybody_reads() {
    let desk = Desk::new();
    let profile = "p".repeat(1 << 20);
    let line = json!({ "profile": profile, "id": "x" }).to_string() + "\n";

    let ran = desk.run_with(&["revoke", "-", "--yes"], &line);

    assert_ne!(ran.code, 0);
    assert!(ran.err.len() < 10_000, "{} bytes", ran.err.len());
    assert!(ran.err.contains("ppp"), "{}", &ran.err);
}
