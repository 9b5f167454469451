//! Profiles that do not check certificates: said by every command, and refused for more than one session.

use usher::emulator::Options;

use crate::support::Desk;

const WARNING: &str = "warning: emu: certificates are not checked (insecure = true)";

/// An emulator behind TLS, and a profile that takes any certificate.
fn desk() -> Desk {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });
    let config = desk.config();
    let lines = config.lines().map(|line| {
        if line.starts_with("ca_file") {
            "insecure = true"
        } else {
            line
        }
    });
    let config: Vec<&str> = lines.collect();
    desk.write_config(&config.join("\n"));
    desk
}

#[test]
fn f_net_12_every_command_says_that_certificates_are_not_checked() {
    let desk = desk();
    for args in [
        &["list"][..],
        &["list", "--count"],
        &["whoami"],
        &["doctor"],
        &["revoke", "--query", "state:active", "--dry-run"],
        &["act", "count"],
        &["login"],
        &["logout"],
        &["token"],
    ] {
        let ran = desk.run(args);

        assert!(ran.err.contains(WARNING), "{args:?}: {}", ran.err);
        assert_eq!(ran.err.matches(WARNING).count(), 1, "{args:?}: {}", ran.err);
    }
}

#[test]
fn f_net_12_more_than_one_is_refused_unless_the_command_line_says_insecure_too() {
    let desk = desk();
    let rows = desk.run(&["list", "state:active", "deletable:yes"]).out;
    let rows = desk.kept(&rows);
    let two: String = rows
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    let user = rows.lines().next().unwrap();
    let user: serde_json::Value = serde_json::from_str(user).unwrap();
    let user = user["user"].as_str().unwrap().to_owned();
    for (args, input) in [
        (&["revoke", "--query", "state:active", "--yes"][..], ""),
        (&["revoke", "--user", &user, "--yes"], ""),
        (&["revoke", "-", "--yes"], two.as_str()),
    ] {
        let ran = desk.run_with(args, input).ends(5);

        assert!(ran.err.contains("--insecure"), "{args:?}: {}", ran.err);
        assert_eq!(desk.deletes(), 0, "{args:?}");
    }

    let one = two.lines().next().unwrap();
    desk.run_with(&["revoke", "-", "--yes"], one).ends(0);
    assert_eq!(desk.deletes(), 1);
    let rest: Vec<&str> = rows.lines().skip(1).take(3).collect();
    desk.run_with(&["revoke", "-", "--yes", "--insecure"], &rest.join("\n"))
        .ends(0);
    assert_eq!(desk.deletes(), 4);
    let log = desk.run(&["audit", "-o", "jsonl"]).out;
    assert!(log.contains(r#""tls":"insecure""#), "{log}");
}
