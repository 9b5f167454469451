//! `usher config` and `usher emulator`.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::Desk;

#[test]
fn init_writes_the_example_once_and_check_takes_it() {
    let desk = Desk::bare();

    let ran = desk.run(&["config", "init"]).ends(0);

    let file = desk.home().join(".config/usher/config.toml");
    assert_eq!(ran.out.trim(), file.display().to_string());
    assert!(desk.run(&["config", "check"]).ends(0).out.contains("OK, "));
    desk.run(&["config", "init"]).fails(2, "already");
}

#[test]
fn an_emulator_whose_protocol_has_no_tls_says_so() {
    let ran = Desk::new().run(&["emulator", "fleare", "--tls"]).ends(2);

    assert!(
        ran.err.contains("the protocol of fleare has no TLS"),
        "{}",
        ran.err
    );
}

#[test]
fn every_mistake_of_a_configuration_is_named_at_once() {
    let desk = Desk::new();
    desk.write_config(
        r#"theme = "lihgt"
default_profile = "b"
[keys.table]
revoke_sesion = "x"
[profile.a]
system = "janssen"
url = "http://idp.example.org"
token = { env = "TOKEN" }
tiemout = "30s"
[profile.b]
system = "janssen"
[profile.c]
system = "jansen"
url = "https://idp.example.org"
[profile.d]
system = "janssen"
url = "https://idp.example.org"
token = { env = "TOKEN" }
max_rows = 0
concurrency = 100
"#,
    );

    let ran = desk.run(&["config", "check"]).ends(2);

    let said = |text: &str| ran.err.lines().filter(|line| line.contains(text)).count();
    for mistake in [
        "line 1, column 9: theme: \"lihgt\" is unknown",
        "line 4, column 17:",
        "profile.a.url: plain http",
        "unknown key \"tiemout\" (did you mean \"timeout\"?)",
        "profile.d.max_rows: must be a number from 1",
        "profile.d.concurrency: must be a number from 1 to 64",
        "the key \"url\" is missing in [profile.b]",
        "\"jansen\" is unknown; did you mean \"janssen\"?",
    ] {
        assert_eq!(said(mistake), 1, "{mistake} in {}", ran.err);
    }
    assert_eq!(ran.err.lines().count(), 8, "{}", ran.err);
}

#[test]
fn f_file_03_a_configuration_behind_a_link_or_in_a_pipe_is_read() {
    let desk = Desk::new();
    let config = desk.config();
    let kept = desk.home().join("dotfiles.toml");
    std::fs::rename(desk.config_file(), &kept).unwrap();
    std::os::unix::fs::symlink(&kept, desk.config_file()).unwrap();

    // Its secret stands in it in clear, which is allowed only where nobody else may read it.
    desk.run(&["list", "--count"]).ends(0);
    let piped = ["--config", "/dev/stdin", "list", "--count"];
    desk.run_with(&piped, &config).ends(0);
    desk.run_with(&piped, "").fails(2, "only once");
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o666)).unwrap();
    let command = format!("chmod go-w {}", kept.display());
    desk.run(&["list", "--count"]).fails(2, &command);
    std::fs::remove_file(&kept).unwrap();
    let link = desk.config_file().display().to_string();
    desk.run(&["--config", &link, "list", "--count"])
        .fails(2, "follow the link");
}

#[test]
fn paths_are_told_in_both_shapes() {
    let desk = Desk::bare();

    let table = desk.run(&["config", "path"]).ends(0);
    let json = desk.run(&["config", "path", "-o", "json"]).ends(0);

    let home = desk.home().display().to_string();
    assert!(
        table
            .out
            .starts_with(&format!("config  {home}/.config/usher/config.toml\n")),
        "{}",
        table.out
    );
    assert_eq!(
        json.rows()[0]["state"],
        format!("{home}/.local/state/usher")
    );
}

const SALT: &str = "encodeSalt = abcdefghijklmnopqrstuvwx\n";
const ENCODED: &str = "HIRbTqRTJMKGXn1Qmb+VD5PpmtJNfHZAyqNSL0NfHAI=";
const DECODED: &str = "canary-secret-of-the-client";

#[test]
fn the_configuration_of_the_janssen_command_line_becomes_a_profile() {
    let desk = Desk::bare();
    let folder = desk.home().join(".config");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("jans-cli-salt"), SALT).unwrap();
    std::fs::write(
        folder.join("jans-cli.ini"),
        format!("[DEFAULT]\njans_host = idp.example.org\njca_client_id = 1800.abc\njca_client_secret_enc = {ENCODED}\n"),
    )
    .unwrap();

    let ran = desk
        .run(&["config", "import-jans", "--keep-in", "file"])
        .ends(0);

    let config = std::fs::read_to_string(folder.join("usher/config.toml")).unwrap();
    assert!(config.contains("[profile.\"janssen\"]"), "{config}");
    assert!(config.contains("client_id = \"1800.abc\""), "{config}");
    let secret = folder.join("usher/janssen.secret");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), DECODED);
    assert_eq!(
        secret.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    for text in [&ran.out, &ran.err, &config] {
        assert!(!text.contains(DECODED));
    }
    desk.run(&["config", "check"]).ends(0);
    desk.run(&["config", "import-jans"]).fails(2, "--name");
}

#[test]
fn an_import_that_would_spoil_the_configuration_leaves_all_as_it_was() {
    let desk = Desk::bare();
    let folder = desk.home().join(".config");
    std::fs::create_dir_all(folder.join("usher")).unwrap();
    let ini = "[DEFAULT]\njans_host=idp.example.org\naccess_token=t\n";
    std::fs::write(folder.join("jans-cli.ini"), ini).unwrap();
    let file = folder.join("usher/config.toml");
    let before = "# mine\n[profile.p]\nsystem = \"janssen\"\nurl = \"https://a.example.org\"\ntoken = { prompt = true }";
    std::fs::write(&file, before).unwrap();

    let args = [
        "config",
        "import-jans",
        "--keep-in",
        "file",
        "--name",
        "a b",
    ];
    desk.run(&args).fails(2, "nothing was written");

    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert!(!folder.join("usher/a-b.secret").exists());
}

#[test]
fn an_import_without_its_salt_says_where_it_was_looked_for() {
    let desk = Desk::bare();
    let file = desk.home().join("jans-cli.ini");
    std::fs::write(
        &file,
        format!("[DEFAULT]\njans_host=h\njca_client_id=c\njca_client_secret_enc={ENCODED}\n"),
    )
    .unwrap();
    let salt = desk.home().join("nothing");

    let args = [
        "config",
        "import-jans",
        file.to_str().unwrap(),
        "--salt",
        salt.to_str().unwrap(),
    ];
    desk.run(&args).fails(2, "salt");
}

#[test]
fn the_emulator_says_where_it_is_serves_a_configuration_and_ends_cleanly() {
    let desk = Desk::bare();
    let config = desk.home().join("emulator.toml");
    let config = config.to_str().unwrap();
    let mut child = desk
        .command(&[
            "emulator",
            "janssen",
            "--json",
            "--tls",
            "--sessions",
            "30",
            "--config-out",
            config,
        ])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();

    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(told["system"], "janssen");
    assert!(
        told["url"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    assert!(told["auth"]["client_secret"].is_string());
    assert_eq!(
        std::fs::metadata(config).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let listed = desk.run(&["--config", config, "list"]).ends(0);
    assert_eq!(listed.rows().len(), 30);

    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    line.clear();
    assert_eq!(
        out.read_line(&mut line).unwrap(),
        0,
        "exactly one line: {line}"
    );
}

#[test]
fn the_emulator_does_not_write_over_a_configuration_of_ones_own() {
    let desk = Desk::bare();
    desk.write_config("theme = \"dark\"\n");
    let file = desk.config_file();

    let args = [
        "emulator",
        "janssen",
        "--config-out",
        file.to_str().unwrap(),
    ];
    desk.run(&args).fails(2, "already");

    assert_eq!(desk.config(), "theme = \"dark\"\n");
}

#[test]
fn a_fault_that_cannot_be_read_is_told() {
    let ran = Desk::bare().run(&["emulator", "janssen", "--fault", "{"]);

    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("fault"), "{}", ran.err);
}

#[test]
fn systems_are_described_without_a_configuration_and_nothing_is_asked() {
    let desk = Desk::bare();

    let table = desk.run(&["systems"]).ends(0);
    let json = desk.run(&["systems", "-o", "json"]).ends(0);

    let all: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
    let words: Vec<&str> = all.iter().filter_map(|one| one["word"].as_str()).collect();
    assert_eq!(
        words,
        ["janssen", "pingam", "cockroach", "workos", "fleare"]
    );
    for one in &all {
        assert!(one["profile"].is_null() && one["server"].is_null(), "{one}");
        assert_ne!(one["revoke"], "no", "{one}");
        let word = one["word"].as_str().unwrap();
        assert!(
            table.out.lines().any(|line| line.starts_with(word)),
            "{}",
            table.out
        );
    }
    assert_eq!(all[1]["actions"].as_array().unwrap().len(), 10);
    assert!(json.err.contains("usher config init"), "{}", json.err);
}
