//! Limits of the machine.

use crate::support::{Desk, ran};

#[test]
fn f_net_16_a_bulk_with_few_open_files_is_not_fatal() {
    let desk = Desk::with(usher::emulator::Options {
        sessions: 300,
        ..Default::default()
    });
    desk.profile_says("concurrency = 64");
    let mut command = std::process::Command::new("/bin/sh");
    let usher = snapbox::cmd::cargo_bin!("usher");
    let script = format!(
        "ulimit -n 24; exec {} revoke --query 'state:active deletable:yes' --yes",
        usher.display()
    );
    command
        .args(["-c", &script])
        .env_clear()
        .env("HOME", desk.home())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        .env("USHER_CONFIG", desk.config_file());

    let ran = ran(command);

    assert!(ran.code == 0 || ran.code == 3, "{}: {}", ran.code, ran.err);
    assert!(ran.err.contains("failed 0"), "{}", ran.err);
    assert!(desk.deletes() > 200, "{}", ran.err);
}
