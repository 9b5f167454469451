//! Files of the person and of the program: what is kept, how, and what is said where nothing can be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use usher::emulator::Options;

use crate::support::{Desk, Ran, ran};

const LIVE: &str = "state:active deletable:yes";

/// Runs the binary by a line of shell in which `"$@"` is what runs it.
pub fn by_shell(desk: &Desk, script: &str, args: &[&str]) -> Ran {
    let plain = desk.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]);
    shell.arg(plain.get_program()).args(plain.get_args());
    shell.env_clear();
    shell.envs(
        plain
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    ran(shell)
}

/// Everything below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn f_file_01_half_a_configuration_starts_nothing() {
    let desk = Desk::new();
    let good = desk.config();
    let cases = [
        ("not TOML", format!("{good}\n[profile.b\n"), "not TOML"),
        (
            "unknown key",
            good.replace("url = ", "ulr = "),
            "did you mean \"url\"",
        ),
        (
            "wrong type",
            format!("mouse = \"yes\"\n{good}"),
            "must be true or false",
        ),
        ("no text", "\u{0}\u{1}".to_owned(), "line 1"),
    ];

    for (what, text, words) in cases {
        desk.write_config(&text);
        for args in [
            &["list"][..],
            &["revoke", "--query", LIVE, "--yes"],
            &["config", "check"],
        ] {
            let ran = desk.run(args).fails(2, words);
            assert!(ran.err.contains("config.toml: line"), "{what}: {}", ran.err);
        }
    }
    desk.write_config("");
    desk.run(&["list"]).fails(2, "no profile is configured");
    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn f_file_02_where_nothing_can_be_kept_that_is_said_and_reading_works() {
    let desk = Desk::new();
    // A file where the folder should be: as good as a file system that is read-only, for root too.
    fs::write(desk.home().join(".local"), "").unwrap();

    let listed = desk.run(&["list", "--count"]).ends(0);
    let revoked = desk.run(&["revoke", "--query", LIVE, "--yes"]);

    assert_eq!(
        listed.err.matches("nothing is kept").count(),
        1,
        "{}",
        listed.err
    );
    assert!(listed.err.contains(".local/state/usher"), "{}", listed.err);
    assert!(!listed.out.is_empty());
    assert_eq!(revoked.code, 5, "{}", revoked.err);
    assert_eq!(desk.deletes(), 0);
    let quiet = desk.run(&["--quiet", "list", "--count"]).ends(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn f_file_03_no_file_of_ours_is_written_through_a_link() {
    let desk = Desk::new();
    desk.run(&["list", "--count"]).ends(0);
    let state = desk.home().join(".local/state/usher");
    let outside = desk.home().join("outside");
    fs::write(&outside, "mine").unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o600)).unwrap();

    let names = ["audit.jsonl", "audit.key", "audit.anchor", "running"];
    for name in names {
        for old in names.map(|name| state.join(name)) {
            let _ = fs::remove_file(&old).or_else(|_| fs::remove_dir_all(&old));
        }
        std::os::unix::fs::symlink(&outside, state.join(name)).unwrap();
        let ran = desk.run(&["revoke", "--query", LIVE, "--yes"]);
        assert_ne!(ran.code, 0, "{name}");
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine", "{name}");
    }
    assert_eq!(desk.deletes(), 0);
}

#[test]
fn f_file_04_killed_at_any_moment_every_file_is_old_or_new() {
    let slow = r#"{"match":{"method":"DELETE"},"action":"delay","ms":15,"where":"headers"}"#;
    let desk = Desk::with(Options {
        sessions: 300,
        faults: vec![slow.into()],
        ..Options::default()
    });
    let tokens = desk.home().join(".local/state/usher/tokens");
    for round in 0..24_u64 {
        let args = ["revoke", "--query", LIVE, "--yes", "--concurrency", "4"];
        let mut child = desk.command(&args).spawn().unwrap();
        // Half of them at work, whatever else this machine does; the others wherever they are.
        let before = desk.deletes();
        while round % 2 == 0 && desk.deletes() == before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(3 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let verified = desk.run(&["audit", "--verify"]);
        assert_eq!(verified.code, 0, "round {round}: {}", verified.out);
        for token in below(&tokens)
            .iter()
            .filter(|path| path.extension().is_none())
        {
            let text = fs::read_to_string(token).unwrap();
            let read: Result<serde_json::Value, _> = serde_json::from_str(&text);
            assert!(read.is_ok(), "round {round}: {}", token.display());
        }
    }
    assert!(desk.deletes() > 0, "it was never killed at work");
}

#[test]
fn f_file_05_several_processes_keep_one_log() {
    let desk = Desk::with(Options {
        sessions: 120,
        ..Options::default()
    });
    let all = desk.kept(&desk.run(&["list", LIVE, "--id-only"]).ends(0).out);
    let ids: Vec<&str> = all.lines().take(40).collect();
    let children: Vec<_> = ids
        .chunks(10)
        .map(|ids| {
            let mut args = vec!["revoke", "--yes"];
            args.extend(ids);
            desk.command(&args).spawn().unwrap()
        })
        .collect();

    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    let verified = desk.run(&["audit", "--verify"]).ends(0);
    assert!(
        verified.out.contains("80 records, chain intact: each fits"),
        "{}",
        verified.out
    );
    assert!(!verified.out.contains("no end"), "{}", verified.out);
}

#[test]
fn f_file_06_a_name_given_by_the_server_never_becomes_a_path() {
    let row = serde_json::json!({
        "outsideSid": "../../../../escaped-id",
        "state": "authenticated",
        "deletable": true,
        "expirationDate": "2099-01-01T00:00:00",
        "sessionAttributes": { "auth_user": "../../../../escaped-user", "outsideSid": "/tmp/escaped" },
    });
    let body = serde_json::json!({ "start": 0, "totalEntriesCount": 1, "entries": [row] });
    let fault = serde_json::json!({
        "match": { "path": "*/session/search" },
        "action": "status",
        "code": 200,
        "content_type": "application/json",
        "body": body.to_string(),
    });
    let desk = Desk::with(Options {
        faults: vec![fault.to_string().as_str().into()],
        ..Options::default()
    });
    desk.run(&["list"]).ends(0);
    let ours = |path: &PathBuf| !path.starts_with(desk.home().join(".local/state/usher"));
    let before: Vec<PathBuf> = below(desk.home()).into_iter().filter(ours).collect();

    for format in ["table", "csv", "json", "jsonl", "markdown"] {
        desk.run(&["list", "-o", format]).ends(0);
    }
    desk.run(&["revoke", "--query", "user:*escaped*", "--yes"]);

    let after: Vec<PathBuf> = below(desk.home()).into_iter().filter(ours).collect();
    assert_eq!(before, after);
    let state = below(&desk.home().join(".local"));
    assert!(
        !state
            .iter()
            .any(|path| path.to_string_lossy().contains("escaped")),
        "{state:?}"
    );
}

#[test]
fn f_file_07_with_any_umask_nothing_of_ours_is_open_to_others() {
    let desk = Desk::new();
    let umask = "umask 000; exec \"$@\"";

    by_shell(&desk, umask, &["revoke", "--query", LIVE, "--yes"]);
    fs::remove_file(desk.config_file()).unwrap();
    by_shell(&desk, umask, &["config", "init"]).ends(0);

    let found: Vec<PathBuf> = [".local/state/usher", ".config/usher"]
        .iter()
        .flat_map(|folder| below(&desk.home().join(folder)))
        .collect();
    for name in [
        "audit.jsonl",
        "audit.key",
        "audit.anchor",
        "config.toml",
        "running",
    ] {
        assert!(
            found.iter().any(|path| path.ends_with(name)),
            "{name} in {found:?}"
        );
    }
    for path in found {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}", path.display());
    }
}
