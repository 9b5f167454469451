//! `usher doctor`: one line each, with a remedy.

use serde_json::Value;
use usher::emulator::Options;

use crate::support::{Desk, Ran};

fn result<'a>(rows: &'a [Value], check: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row["check"] == check)
}

fn doctor(desk: &Desk) -> (Ran, Vec<Value>) {
    let ran = desk.run(&["doctor", "-o", "jsonl"]);
    let rows = ran.rows();
    (ran, rows)
}

#[test]
fn a_healthy_profile_has_no_failure() {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });

    let (ran, rows) = doctor(&desk);

    assert_eq!(ran.code, 0, "{}", ran.out);
    for check in [
        "configuration",
        "audit log",
        "name",
        "reach",
        "certificate",
        "sign-in",
        "clock",
        "list",
        "revoke",
    ] {
        let row = result(&rows, check).unwrap_or_else(|| panic!("{check}: {}", ran.out));
        assert_ne!(row["result"], "fail", "{row}");
    }
}

#[test]
fn every_profile_is_checked_unless_one_is_named() {
    let desk = Desk::new();
    let config = desk.config();
    let second = config.replace("profile.emu", "profile.second");
    let without_default = |text: &str| {
        let lines = text.lines();
        let lines = lines.filter(|line| !line.starts_with("default_profile"));
        lines.collect::<Vec<_>>().join("\n")
    };
    desk.write_config(&format!("{config}\n{}", without_default(&second)));
    let checked = |args: &[&str]| {
        let rows = desk.run(args).ends(0).rows();
        let mut names: Vec<String> = rows
            .iter()
            .filter(|row| row["check"] == "reach")
            .map(|row| row["profile"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };

    assert_eq!(checked(&["doctor", "-o", "jsonl"]), ["emu", "second"]);
    assert_eq!(checked(&["doctor", "second", "-o", "jsonl"]), ["second"]);
    assert_eq!(checked(&["doctor", "-p", "emu", "-o", "jsonl"]), ["emu"]);
}

#[test]
fn a_host_that_does_not_listen_fails_with_a_remedy() {
    let desk = Desk::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    desk.write_config(
        &desk
            .config()
            .replace(desk.emulator().url(), &format!("http://{free}")),
    );

    let (ran, rows) = doctor(&desk);

    assert_eq!(ran.code, 6);
    let reach = result(&rows, "reach").unwrap();
    assert_eq!(reach["result"], "fail");
    assert!(reach["remedy"].is_string());
    assert!(
        result(&rows, "sign-in").is_none(),
        "what builds on it is not tried"
    );
}

#[test]
fn an_unknown_authority_fails_with_its_code() {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });
    let config: String = desk
        .config()
        .lines()
        .filter(|l| !l.starts_with("ca_file"))
        .map(|l| format!("{l}\n"))
        .collect();
    desk.write_config(&config);

    let (ran, rows) = doctor(&desk);

    assert_eq!(ran.code, 8);
    let certificate = rows
        .iter()
        .find(|row| row["check"] == "certificate" && row["result"] == "fail");
    assert!(
        certificate.unwrap()["remedy"]
            .as_str()
            .unwrap()
            .contains("ca_file")
    );
}

#[test]
fn a_clock_that_is_off_is_told() {
    let desk = Desk::new();
    desk.emulator().move_clock(7_380_000);

    let (_, rows) = doctor(&desk);

    let clock = result(&rows, "clock").unwrap();
    assert_eq!(clock["result"], "warn");
    assert!(
        clock["found"].as_str().unwrap().contains("2h3m ahead"),
        "{clock}"
    );
}

#[test]
fn f_net_11_authorities_of_the_environment_are_told_by_doctor_and_in_the_audit_log() {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });
    let config = desk.config();
    let named = config.lines().find(|line| line.starts_with("ca_file"));
    let without = config.replace(named.unwrap(), "");
    let pem = desk.home().join(desk.emulator().ca_file_name("emu"));
    let run = |args: &[&str], variable: Option<&str>| {
        let mut command = desk.command(args);
        if let Some(name) = variable {
            command.env(name, &pem);
        }
        crate::support::ran(command)
    };
    let tls_of_last_change = || {
        let log = std::fs::read_to_string(desk.home().join(".local/state/usher/audit.jsonl"));
        let log = log.unwrap();
        let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        last["tls"].clone()
    };
    let mine = ["list", "--id-only", "state:active deletable:yes"];
    let ids = run(&mine, None).ends(0).out;
    let mut ids = ids.lines();

    run(&["revoke", ids.next().unwrap(), "--yes"], None);
    assert_eq!(tls_of_last_change(), "custom_ca");

    desk.write_config(&without);
    run(&["list", "-n", "1"], None).ends(8);
    run(
        &["revoke", ids.next().unwrap(), "--yes"],
        Some("SSL_CERT_FILE"),
    );
    assert_eq!(tls_of_last_change(), "env_ca");

    let ran = run(&["doctor", "-o", "jsonl"], Some("SSL_CERT_FILE")).ends(0);
    let rows = ran.rows();
    let told = result(&rows, "authorities").unwrap();
    assert_eq!(told["result"], "warn", "{told}");
    let found = told["found"].as_str().unwrap();
    assert!(found.contains("SSL_CERT_FILE="), "{found}");
    desk.write_config(&config);
    let ran = run(&["doctor", "-o", "jsonl"], None).ends(0);
    assert!(result(&ran.rows(), "authorities").is_none());
}
