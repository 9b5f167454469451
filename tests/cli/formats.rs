//! Every verb that prints rows, in every format.

use serde_json::Value;
use usher::emulator::Options;

use super::support::{Desk, Ran};

const FORMATS: [&str; 5] = ["table", "json", "jsonl", "csv", "markdown"];

/// True if the output has the promised format.
fn is_well_formed(format: &str, ran: &Ran) -> bool {
    let lines: Vec<&str> = ran.out.lines().collect();
    match format {
        "json" => serde_json::from_str::<Value>(&ran.out).is_ok(),
        "jsonl" => lines
            .iter()
            .all(|line| serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object())),
        "csv" => lines.first().is_some_and(|head| head.contains(',')),
        "markdown" => lines.iter().take(2).all(|line| line.starts_with('|')),
        _ => !ran.out.contains('\x1b'),
    }
}

fn check(desk: &Desk, verb: &[&str]) {
    for format in FORMATS {
        let args = [verb, &["-o", format]].concat();

        let ran = desk.run(&args);

        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        assert!(!ran.out.trim().is_empty(), "{args:?}: {ran:?}");
        assert!(is_well_formed(format, &ran), "{args:?}: {ran:?}");
    }
}

#[test]
fn every_verb_prints_every_format() {
    let desk = Desk::new();
    let sid = desk.emulator().world().rows().into_iter();
    let mut sids = sid
        .filter(|row| row.authenticated)
        .filter_map(|row| row.sid);
    let (shown, ended) = (sids.next().unwrap(), sids.next().unwrap());
    assert_eq!(desk.run(&["revoke", &ended, "--yes"]).code, 0);

    for verb in [
        &["list"][..],
        &["list", "--group-by", "client"],
        &["get", &shown],
        &["whoami"],
        &["profiles"],
        &["systems"],
        &["doctor"],
        &["audit"],
    ] {
        check(&desk, verb);
    }
}

#[test]
fn the_actions_of_a_system_come_in_every_format() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });

    check(&desk, &["actions"]);
}

#[test]
fn a_revoke_prints_its_outcomes_as_text_and_as_json_lines() {
    let desk = Desk::new();
    let rows = desk.emulator().world().rows();
    let mut sids = rows
        .into_iter()
        .filter(|row| row.authenticated && row.deletable)
        .filter_map(|row| row.sid);

    for format in ["text", "jsonl"] {
        let sid = sids.next().unwrap();

        let ran = desk.run(&["revoke", &sid, "--yes", "-o", format]);

        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(is_well_formed(format, &ran), "{ran:?}");
    }
}
