//! Where usher can keep nothing: no home folder, a file system that is read-only, one that is full.

use std::fs;
use std::process::Command;

use crate::files::by_shell;
use crate::support::{Desk, Ran};

const LIVE: &str = "state:active deletable:yes";

/// True if a test can mount a file system of its own, in a user namespace. Prints a note if not.
#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
fn can_mount(test: &str) -> bool {
    let script = "mount -t tmpfs none /mnt && unshare --map-user=54321 true";
    let tried = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: {test} needs `unshare -rm`, which this machine does not allow");
    }
    can
}

/// A run with a file system of its own where the state would be kept. The files it has written
/// there are afterwards in the folder `kept`.
fn mounted(desk: &Desk, options: &str, args: &[&str]) -> Ran {
    let share = desk.home().join(".local/state/usher");
    fs::create_dir_all(&share).unwrap();
    let kept = desk.home().join("kept");
    let _ = fs::remove_dir_all(&kept);
    let inside = format!(
        "mount -t tmpfs -o {options},mode=700 none {share} && {{ \"$@\"; code=$?; cp -r {share} {kept}; exit $code; }}",
        share = share.display(),
        kept = kept.display(),
    );
    by_shell(
        desk,
        &format!("exec unshare -rm sh -c '{inside}' sh \"$@\""),
        args,
    )
}

fn asked(desk: &Desk) -> usize {
    let log = fs::read_to_string(desk.home().join("kept/audit.jsonl")).unwrap_or_default();
    log.matches("\"event\":\"asked\"").count()
}

#[test]
fn f_file_02_on_a_file_system_that_is_full_nothing_is_sent_that_is_not_logged() {
    if !can_mount("f_file_02_on_a_file_system_that_is_full_nothing_is_sent_that_is_not_logged") {
        return;
    }
    let mut half_way = 0;
    for size in ["4k", "16k", "28k", "32k", "36k"] {
        let desk = Desk::new();
        let ids = desk.run(&["list", LIVE, "--id-only"]).ends(0).out;
        let ids = desk.kept(&ids);
        let mut args = vec!["revoke", "--yes", "--concurrency", "1"];
        args.extend(ids.lines().take(20));
        let options = format!("size={size}");

        let listed = mounted(&desk, &options, &["list", "--count"]).ends(0);
        let revoked = mounted(&desk, &options, &args);

        assert!(!listed.out.is_empty(), "{size}");
        let (sent, told) = (desk.deletes(), format!("{}{}", revoked.out, revoked.err));
        assert!(
            sent < 20 && told.contains("No space left"),
            "{size}: {told}"
        );
        assert_ne!(revoked.code, 0, "{size}: {told}");
        assert_eq!(sent, asked(&desk), "{size}: {told}");
        if sent > 0 {
            half_way += 1;
            let state = desk.home().join(".local/state/usher");
            fs::remove_dir_all(&state).unwrap();
            fs::rename(desk.home().join("kept"), &state).unwrap();
            desk.run(&["audit", "--verify"]).ends(0);
        }
    }
    assert!(half_way > 0, "no size was full half way");
}

#[test]
fn f_file_02_on_a_read_only_file_system_reading_works_and_the_rest_is_refused() {
    if !can_mount("f_file_02_on_a_read_only_file_system_reading_works_and_the_rest_is_refused") {
        return;
    }
    let desk = Desk::new();

    let listed = mounted(&desk, "ro", &["list", "--count"]).ends(0);
    let revoked = mounted(&desk, "ro", &["revoke", "--query", LIVE, "--yes"]);

    assert!(!listed.out.is_empty());
    assert!(
        listed.err.contains("Read-only file system"),
        "{}",
        listed.err
    );
    assert_eq!(revoked.code, 5, "{}", revoked.err);
    assert!(
        revoked.err.contains("Read-only file system"),
        "{}",
        revoked.err
    );
    assert_eq!(desk.deletes(), 0);
}

#[test]
fn f_file_02_without_any_home_folder_reading_works_and_the_rest_is_refused() {
    if !can_mount("f_file_02_without_any_home_folder_reading_works_and_the_rest_is_refused") {
        return;
    }
    let desk = Desk::new();
    // A user of whom this machine knows no name and so no home folder either.
    let nobody = "unset HOME; exec unshare --map-user=54321 \"$@\"";

    let listed = by_shell(&desk, nobody, &["list", "--count"]).ends(0);
    let revoked = by_shell(&desk, nobody, &["revoke", "--query", LIVE, "--yes"]);
    let paths = by_shell(&desk, nobody, &["config", "path"]);

    assert!(!listed.out.is_empty());
    assert!(listed.err.contains("no home folder"), "{}", listed.err);
    assert_eq!(
        listed.err.matches("nothing is kept").count(),
        1,
        "{}",
        listed.err
    );
    assert_eq!(revoked.code, 5, "{}", revoked.err);
    assert!(revoked.err.contains("no home folder"), "{}", revoked.err);
    assert_eq!(desk.deletes(), 0);
    assert!(
        paths.out.contains("(none: there is no home folder)"),
        "{}",
        paths.out
    );
}
