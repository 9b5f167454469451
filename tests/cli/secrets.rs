//! Secrets that were planted must not turn up: not in output, not in logs, not in children.

use std::path::Path;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Desk, Ran};

/// Every file below a folder whose bytes hold one of the needles.
fn holding(folder: &Path, needles: &[String], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, needles, found);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            for needle in needles
                .iter()
                .filter(|needle| text.contains(needle.as_str()))
            {
                found.push(format!("{} holds {needle:?}", path.display()));
            }
        }
    }
}

/// The secret, and how it looks in base64, in a URL and as hex.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    vec![
        secret.to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        hex,
    ]
}

#[test]
fn nothing_that_was_planted_turns_up() {
    let desk = Desk::new();
    let auth = desk.emulator().auth().clone();
    let basic = STANDARD.encode(format!("{}:{}", auth.client_id, auth.client_secret));
    let mut needles = forms(&auth.client_secret);
    needles.push(basic.trim_end_matches('=').to_owned());
    let ids = desk
        .run(&["list", "--id-only", "state:active -deletable:no", "-n", "3"])
        .ends(0)
        .out;

    let mut all: Vec<Ran> = Vec::new();
    for args in [
        &["list", "-n", "2"][..],
        &["list", "usr:x"],
        &["whoami"],
        &["profiles"],
        &["systems"],
        &["doctor"],
        &["config", "check"],
        &["get", "nobody"],
        &["revoke", "nobody", "--yes"],
    ] {
        let mut with_trace = args.to_vec();
        with_trace.extend(["--log-level", "trace"]);
        all.push(desk.run(&with_trace));
    }
    all.push(desk.run_with(&["revoke", "-", "--yes", "--log-level", "trace"], &ids));
    let token = desk.run(&["token"]).ends(0).out.trim().to_owned();
    needles.extend(forms(&token));

    for ran in &all {
        for needle in &needles {
            assert!(!ran.out.contains(needle.as_str()), "{}", ran.out);
            assert!(!ran.err.contains(needle.as_str()), "{}", ran.err);
        }
    }
    let state = desk.home().join(".local/state/usher");
    let log = state.join("log");
    assert!(
        std::fs::read_dir(&log).unwrap().count() > 0,
        "there is a log to look into"
    );
    needles.extend(ids.lines().map(str::to_owned));
    let mut found = Vec::new();
    holding(&log, &needles, &mut found);
    let audit = std::fs::read_to_string(state.join("audit.jsonl")).unwrap();
    found.extend(
        needles
            .iter()
            .filter(|needle| audit.contains(needle.as_str()))
            .cloned(),
    );
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn f_cred_07_a_command_that_gives_a_secret_inherits_none() {
    let desk = Desk::new();
    let dump = desk.home().join("environment");
    let auth = desk.emulator().auth().clone();
    let command = format!(
        "client_secret = {{ command = [\"sh\", \"-c\", \"env > {}; printf %s {}\"] }}",
        dump.display(),
        auth.client_secret
    );
    let plain = format!("client_secret = \"{}\"", auth.client_secret);
    let other = "\n[profile.other]\nsystem = \"janssen\"\nurl = \"https://idp.example.org\"\ntoken = { env = \"OTHER_SECRET\" }\n";
    desk.write_config(&format!(
        "{}{other}",
        desk.config().replace(&plain, &command)
    ));
    let mut run = desk.command(&["list", "-n", "1"]);
    run.env("OTHER_SECRET", "canary-of-the-other-profile")
        .env("USHER_LOG", "info");

    let ran = crate::support::ran(run).ends(0);

    assert_eq!(ran.rows().len(), 1);
    let environment = std::fs::read_to_string(dump).unwrap();
    assert!(environment.contains("PATH="));
    assert!(
        !environment.contains("canary-of-the-other-profile"),
        "{environment}"
    );
    assert!(!environment.contains("USHER_"), "{environment}");
}

#[test]
fn f_cred_07_arguments_of_a_running_command_hold_no_secret() {
    let desk = Desk::new();
    let secret = &desk.emulator().auth().client_secret;
    let mut child = desk
        .command(&["list", "--watch", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();

    let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();

    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(secret.as_str()));
}

/// A command line without capabilities. Root could read everything of everybody; without them it is a
/// user like any other. Somebody else has none anyway.
#[cfg(target_os = "linux")]
fn without_capabilities(program: &std::ffi::OsStr) -> std::process::Command {
    if !rustix::process::geteuid().is_root() {
        return std::process::Command::new(program);
    }
    let mut command = std::process::Command::new("setpriv");
    command
        .args(["--inh-caps=-all", "--bounding-set=-all"])
        .arg(program);
    command
}

#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
fn f_cred_07_another_process_of_the_same_user_cannot_read_the_environment() {
    let name = "f_cred_07_another_process_of_the_same_user_cannot_read_the_environment";
    let read = |pid: u32| {
        let mut cat = without_capabilities("cat".as_ref());
        cat.arg(format!("/proc/{pid}/environ")).output()
    };
    let canary = "canary-of-the-environment";
    let desk = Desk::new();
    let plain = desk.command(&["list", "--watch", "60"]);
    let mut usher = without_capabilities(plain.get_program());
    usher.args(plain.get_args()).env_clear();
    let environment = plain.get_envs();
    usher.envs(environment.filter_map(|(name, value)| Some((name, value?))));
    usher.env("SOME_SECRET", canary).stdout(Stdio::piped());
    let mut usher = match usher.spawn() {
        Ok(usher) => usher,
        Err(error) => {
            return eprintln!("SKIPPED: {name} needs setpriv when it runs as root: {error}");
        }
    };
    let mut line = String::new();
    let mut out = std::io::BufReader::new(usher.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let mut other = without_capabilities("sleep".as_ref());
    let mut other = other.arg("60").env("SOME_SECRET", canary).spawn().unwrap();
    // `setpriv` becomes the program that it starts a moment later.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let of = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    while of(other.id()).trim() != "sleep" && std::time::Instant::now() < end {
        std::thread::yield_now();
    }

    let [of_other, of_usher] = [&other, &usher].map(|child| read(child.id()).unwrap());
    let running = usher.try_wait().unwrap().is_none();
    for child in [&mut other, &mut usher] {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    assert!(running && !line.is_empty());
    // The usual case: a process can read the environment of another one of the same user.
    assert!(String::from_utf8_lossy(&of_other.stdout).contains(canary));
    assert!(!of_usher.status.success());
    assert_eq!(String::from_utf8_lossy(&of_usher.stdout), "");
    let why = String::from_utf8_lossy(&of_usher.stderr);
    assert!(
        why.contains("Permission denied") || why.contains("Operation not permitted"),
        "{why}"
    );
}
