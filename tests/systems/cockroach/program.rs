//! The program itself against the emulator.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use usher::emulator::cockroach::CockroachRow;

use super::emulated::lasting;
use crate::running;

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_operator_ends_but_for_the_session_that_asks_for_it() {
    let emulator = running(lasting()).await;
    let handle = emulator.cockroach();
    let me = handle.admin().user;
    let other = handle
        .rows()
        .into_iter()
        .find(|row| row.revoked_us.is_none());
    let other = other.expect("a live session");
    let elsewhere = CockroachRow {
        id: 0,
        user: me.clone(),
        ..other
    };
    let elsewhere = handle.add(&elsewhere, &[7; 16]);
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config.toml");
    std::fs::write(&config, emulator.config_toml("db")).expect("a file");
    std::fs::set_permissions(&config, PermissionsExt::from_mode(0o600)).expect("our own file");
    let run = |last: &'static str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command.env_clear().env("HOME", home.path());
        command.arg("--config").arg(&config);
        command.args(["revoke", "--user", &me, last]);
        let output = command.output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (text(output.stdout), text(output.stderr))
    };

    let (requests, plan) = run("--dry-run");
    assert!(plan.contains("plan: db       1  1 request"), "{plan}");
    assert!(plan.contains("left out 1: your own session"), "{plan}");
    let lines: Vec<&str> = requests
        .lines()
        .filter(|line| line.starts_with("would_end"))
        .collect();
    assert!(
        matches!(lines.as_slice(), [one] if one.contains("WHERE id IN (")),
        "{requests}"
    );
    let (ended, told) = run("--yes");

    assert!(ended.contains("ended"), "{ended}{told}");
    let live: Vec<i64> = handle
        .rows()
        .into_iter()
        .filter(|row| row.user == me && row.revoked_us.is_none())
        .map(|row| row.id)
        .collect();
    assert!(!live.contains(&elsewhere), "{ended}{told}");
    assert!(
        !live.is_empty(),
        "the session that asked was ended: {ended}{told}"
    );
}
