//! Lists that a server cuts, counts of what was not read whole, and names in another spelling.

use serde_json::Value;
use usher::emulator::Options;

use crate::scripted::{Act, Scripted, answer, json};
use crate::support::Desk;

/// A server that cuts its lists at five a realm, with nine sessions of somebody whom no list shows.
fn desk(system: &str) -> Desk {
    let desk = Desk::with(Options {
        system: usher::emulator::system(system).unwrap(),
        ..Options::default()
    });
    desk.emulator().am().set_list_limit(5);
    desk.profile_says("list_limit = 5");
    for _ in 0..4 {
        desk.emulator().am().sign_in("latecomer", "/alpha").unwrap();
    }
    desk
}

const BOTH: [&str; 2] = ["pingam", "openam"];

#[test]
fn a_word_on_a_cut_list_is_asked_for_as_that_user_too() {
    for system in BOTH {
        let desk = desk(system);

        let ran = desk.run(&["list", "latecomer"]).ends(0);

        assert_eq!(ran.rows().len(), 4, "{ran:?}");
        assert_eq!(ran.ids().len(), 4);
        assert!(
            ran.err
                .contains("the list is cut: the server stopped at 5 sessions a realm"),
            "{ran:?}"
        );
        assert!(
            ran.err.contains("user latecomer was also asked for"),
            "{ran:?}"
        );
    }
}

#[test]
fn what_a_cut_list_shows_anyway_comes_once() {
    for system in BOTH {
        let desk = desk(system);
        let shown = desk.run(&["list", "user:*", "-n", "1"]).rows()[0]["user"].clone();
        let name = shown.as_str().unwrap();
        let by_user = desk.run(&["list", &format!("user:\"{name}\"")]).ends(0);

        let by_word = desk.run(&["list", &format!("\"{name}\"")]).ends(0);

        assert_eq!(by_word.ids(), by_user.ids());
        assert_eq!(by_word.rows().len(), by_user.rows().len());
        assert!(!by_word.err.contains("twice"), "{by_word:?}");
    }
}

#[test]
fn a_cut_list_gives_no_count_and_says_so() {
    let desk = desk("openam");

    let ran = desk.run(&["list", "--count", "latecomer"]).ends(3);
    let none = desk
        .run(&["list", "--count", "nobody-is-called-so"])
        .ends(3);
    let whole = desk.run(&["list", "--count", "user:latecomer"]).ends(0);

    assert_eq!((ran.out.as_str(), none.out.as_str()), ("", ""));
    assert!(ran.err.contains("the list is cut"), "{ran:?}");
    assert!(ran.err.contains("at least 4 match"), "{ran:?}");
    assert_eq!(whole.out, "4\n");
    let json = desk
        .run(&["list", "--count", "-o", "json", "latecomer"])
        .ends(3);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["count"], Value::Null);
    assert_eq!(json["complete"], false);
    assert_eq!(json["sources"][0]["complete"], false);
}

#[test]
fn groups_and_first_ones_and_an_empty_answer_of_a_cut_list_end_with_3() {
    let desk = desk("pingam");

    let groups = desk
        .run(&["list", "--group-by", "scope", "-o", "json"])
        .ends(3);
    desk.run(&["list", "--sort", "used:desc", "-n", "2"])
        .ends(3);
    let none = desk.run(&["list", "nobody-is-called-so"]).ends(3);

    let groups: Value = serde_json::from_str(&groups.out).unwrap();
    assert_eq!(groups["complete"], false);
    assert_eq!(groups["sources"][0]["complete"], false);
    assert_eq!(none.out, "");
    assert!(none.err.contains("the list is cut"), "{none:?}");
    // Only to fetch rows decides nothing.
    desk.run(&["list"]).ends(0);
}

#[test]
fn a_revoke_by_query_names_the_cut_list_and_ends_with_3() {
    for system in BOTH {
        let desk = desk(system);
        let query = ["revoke", "--query", "latecomer"];

        let dry = desk.run(&[&query[..], &["--dry-run"]].concat()).ends(3);
        assert!(
            dry.err
                .contains("4 sessions would be ended; the list of emu is not whole"),
            "{dry:?}"
        );
        let ran = desk.run(&[&query[..], &["--yes"]].concat()).ends(3);

        assert!(ran.err.contains("the list is cut"), "{ran:?}");
        desk.run(&["list", "--count", "user:latecomer"]).ends(0);
        assert_eq!(
            desk.run(&["list", "--count", "user:latecomer"]).out,
            "0\n",
            "{ran:?}"
        );
    }
}

/// A page of a list of so many, with one session that begins with this letter.
fn page(letter: char, total: usize) -> Act {
    json(&format!(
        r#"{{"start":0,"totalEntriesCount":{total},"entriesCount":1,"entries":[{{
            "outsideSid":"{letter}0000000-aaaa-4bbb-8ccc-000000000001","state":"authenticated",
            "creationDate":"2026-01-01T00:00:00","deletable":true,
            "sessionAttributes":{{"auth_user":"bob"}}}}]}}"#
    ))
}

/// A desk whose profile `emu` opens a scripted Janssen Server.
fn scripted(
    answers: impl Fn(usize) -> Act + Send + Sync + 'static,
) -> (Desk, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Scripted::start(move |number, _| answers(number)));
    let desk = Desk::bare();
    desk.write_config(&config(&server.url));
    std::mem::forget(server);
    (desk, runtime)
}

fn config(url: &str) -> String {
    format!(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"{url}\"\nallow_plain = true\n\
         [profile.emu.login]\nmethod = \"token\"\ntoken = \"canary-token\"\n"
    )
}

#[test]
fn no_number_is_printed_unless_everything_was_read() {
    let refused = || answer("401 Unauthorized", "text/plain", "Token is Invalid.");
    let broken = || answer("500 Internal Server Error", "text/plain", "oh");
    let count = ["list", "--count"];

    let (desk, _runtime) = scripted(move |_| refused());
    desk.run(&count).fails(4, "cannot list the sessions of emu");
    let (desk, _runtime) = scripted(move |_| broken());
    desk.run(&count).fails(1, "cannot list the sessions of emu");
    let desk = Desk::bare();
    desk.write_config(&config("http://127.0.0.1:9"));
    desk.run(&count).fails(6, "cannot list the sessions of emu");
    let group = ["list", "--group-by", "user", "-o", "json"];
    let groups = desk.run(&group).ends(6);
    assert!(groups.out.contains("\"complete\":false"), "{groups:?}");
}

#[test]
fn half_of_a_list_is_no_count() {
    let (desk, _runtime) = scripted(|number| match number {
        0 => page('a', 2),
        _ => answer("403 Forbidden", "text/plain", "no"),
    });

    let ran = desk.run(&["list", "--count"]);

    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    assert!(ran.err.contains("after 1"), "{ran:?}");
}

#[test]
fn a_name_in_another_case_finds_the_same_sessions_on_every_system() {
    for system in ["janssen", "pingam", "openam"] {
        let desk = Desk::with(Options {
            system: usher::emulator::system(system).unwrap(),
            ..Options::default()
        });
        let rows = desk.run(&["list", "state:active", "-f", "user"]).rows();
        let names = rows.iter().filter_map(|row| row["user"].as_str());
        let mut names = names.filter(|name| name.is_ascii());
        let name = names.find(|name| **name == name.to_lowercase()).unwrap();
        let as_typed = desk.run(&["list", &format!("user:{name}")]).ends(0);

        let upper = format!("user:{}", name.to_uppercase());
        let shouted = desk.run(&["list", &upper, "-f", "user"]).ends(0);

        assert_eq!(shouted.rows().len(), as_typed.rows().len(), "{system:?}");
    }
}

#[test]
fn f_del_12_all_of_a_user_is_found_in_another_case_and_ends() {
    let desk = Desk::new();
    let rows = desk.run(&["list", "state:active", "deletable:yes", "user:*", "-n", "1"]);
    let name = rows.rows()[0]["user"].as_str().unwrap().to_owned();
    let own = format!("user:\"{name}\"");
    let live = ["list", "--count", "state:active", "deletable:yes", &own];
    assert_ne!(desk.run(&live).ends(0).out, "0\n");

    let ran = desk.run(&["revoke", "--user", &name.to_uppercase(), "--yes"]);

    assert!(ran.out.contains(&name), "{ran:?}");
    let upper = name.to_uppercase();
    let told = format!("what was found for {upper} is of {name}");
    assert!(ran.err.contains(&told), "{ran:?}");
    assert_eq!(desk.run(&live).ends(0).out, "0\n", "{ran:?}");
}

#[test]
fn a_user_of_whom_nothing_was_found_is_told_that_the_server_minds_case() {
    let desk = Desk::new();

    let ran = desk.run(&["revoke", "--user", "NobodyAtAll", "--yes"]);
    let list = desk.run(&["list", "user:NobodyAtAll"]).ends(0);

    for ran in [&ran, &list] {
        assert!(
            ran.err
                .contains("may tell upper from lower case of a user name"),
            "{ran:?}"
        );
    }
}
