//! `usher whoami`, `login`, `logout`, `token`, `profiles`.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::pingam::{AmOptions, AmService};

use crate::support::Desk;

/// The kept tokens; the locks beside them hold nothing.
fn tokens(desk: &Desk) -> Vec<PathBuf> {
    let dir = desk.home().join(".local/state/usher/tokens");
    let Ok(files) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect()
}

#[test]
fn whoami_tells_name_and_scopes() {
    let desk = Desk::new();

    let ran = desk.run(&["whoami", "-o", "json"]).ends(0);

    let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all[0]["profile"], "emu");
    assert_eq!(all[0]["name"], desk.emulator().auth().client_id.as_str());
    assert!(!all[0]["scopes"].as_array().unwrap().is_empty());
}

#[test]
fn a_token_is_one_line_that_the_server_takes() {
    let desk = Desk::new();

    let first = desk.run(&["token"]).ends(0);
    let second = desk.run(&["token"]).ends(0);

    assert_eq!(first.out.lines().count(), 1);
    assert_eq!(first.err, "");
    assert_eq!(first.out, second.out, "the token is kept between two runs");
    let before = desk.config_before_login();
    desk.write_config(&format!("{before}token = \"{}\"\n", first.out.trim()));
    desk.run(&["list", "-n", "1"]).ends(0);
    assert_eq!(desk.run(&["token"]).ends(0).out, first.out);
}

#[test]
fn a_kept_token_is_private_and_logout_forgets_it() {
    let desk = Desk::new();
    desk.run(&["login"]).ends(0);

    let files = tokens(&desk);
    assert_eq!(files.len(), 1);
    assert_eq!(
        files[0].metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    desk.run(&["logout"]).ends(0);
    assert_eq!(tokens(&desk).len(), 0);
    desk.run(&["logout"]).ends(0);
}

#[test]
fn a_kept_token_that_has_ended_is_renewed() {
    let desk = Desk::new();
    desk.run(&["list", "-n", "1"]).ends(0);
    desk.emulator().expire_tokens();

    desk.run(&["list", "-n", "1"]).ends(0);
}

#[test]
fn a_device_sign_in_shows_address_and_code_and_waits_for_the_person() {
    let desk = Desk::with(Options {
        system: Arc::new(JanssenOptions {
            device_interval: 1,
            ..Default::default()
        }),
        ..Options::default()
    });
    let config = desk
        .config()
        .replace("\"client_credentials\"", "\"device\"");
    desk.write_config(&config);
    let mut child = desk.command(&["login", "--qr"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();

    let first = lines.next().unwrap().unwrap();
    let code = first.rsplit(' ').next().unwrap().to_owned();
    assert!(first.starts_with("Open http"), "{first}");
    assert!(desk.emulator().world().approve_device(&code), "{first}");

    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains('█')),
        "a QR code was asked for"
    );
    assert!(
        rest.last().unwrap().starts_with("signed in to emu as "),
        "{rest:?}"
    );
    desk.run(&["list", "-n", "1"]).ends(0);
}

#[test]
fn a_sign_in_that_waits_for_a_phone_tells_each_text_once() {
    let desk = Desk::with(Options {
        system: Arc::new(AmOptions {
            service: AmService::Push,
            ..AmOptions::default()
        }),
        ..Options::default()
    });

    let ran = desk.run(&["login"]).ends(0);

    let told: Vec<&str> = ran.err.lines().collect();
    assert_eq!(
        told[..told.len() - 1],
        [
            "Sign in to emu",
            "Sign in to OpenAM",
            "Waiting for an answer on your phone",
            "Still waiting for an answer on your phone",
        ]
    );
    assert!(ran.err.contains("signed in to emu as"), "{}", ran.err);
}

#[test]
fn a_secret_that_must_be_typed_is_a_refusal_without_a_terminal() {
    let desk = Desk::new();
    let secret = format!("\"{}\"", desk.emulator().auth().client_secret);
    desk.write_config(&desk.config().replace(&secret, "{ prompt = true }"));

    desk.run(&["list"]).fails(4, "no terminal");
}

#[test]
fn profiles_are_listed_and_tried() {
    let desk = Desk::new();

    let ran = desk.run(&["profiles", "-o", "json"]).ends(0);

    let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all[0]["profile"], "emu");
    assert_eq!(all[0]["state"], "ok");
    assert_eq!(all[0]["default"], true);
}

/// A desk whose tokens can be kept nowhere: a file stands where their folder would be.
fn desk_that_keeps_nothing(system: &str) -> Desk {
    let desk = Desk::with(Options {
        system: usher::emulator::system(system).unwrap(),
        ..Options::default()
    });
    let state = desk.home().join(".local/state/usher");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(state.join("tokens"), "").unwrap();
    desk
}

/// The requests that end a token, and those that get one.
fn ended_and_got(desk: &Desk) -> (usize, usize) {
    let journal = desk.emulator().journal();
    let count = |ends: &dyn Fn(&str) -> bool| {
        let asked = journal.iter().filter(|one| one.method == "POST");
        asked.filter(|one| ends(&one.path)).count()
    };
    let logouts = journal
        .iter()
        .filter(|one| format!("{one:?}").contains("_action=logout"))
        .count();
    (
        logouts + count(&|path| path.ends_with("/revoke")),
        count(&|path| path.ends_with("/token") || path.ends_with("/authenticate")),
    )
}

#[test]
fn a_token_that_cannot_be_kept_is_ended_with_the_command_and_said_once() {
    for system in ["janssen", "pingam", "openam"] {
        let desk = desk_that_keeps_nothing(system);
        for args in [
            &["list", "--count"][..],
            &["whoami"],
            &["doctor"],
            &["list", "--bogus-query:x"],
        ] {
            let before = ended_and_got(&desk);

            let ran = desk.run(args);

            let after = ended_and_got(&desk);
            let (ended, got) = (after.0 - before.0, after.1 - before.1);
            assert_eq!(ended, got, "{system:?} {args:?}: {}", ran.err);
            let notes = ran.err.matches("cannot be kept (").count();
            assert_eq!(notes, got, "{system:?} {args:?}: {}", ran.err);
        }
        assert!(ended_and_got(&desk).0 >= 3, "{system:?}");
    }
}

#[test]
fn a_login_that_cannot_be_kept_is_a_failure_with_its_reason() {
    for system in ["janssen", "pingam", "openam"] {
        let desk = desk_that_keeps_nothing(system);

        let ran = desk.run(&["login"]).fails(1, "cannot be kept (");

        assert!(!ran.err.contains("signed in to"), "{}", ran.err);
        assert_eq!(ended_and_got(&desk), (1, 1), "{system:?}: {}", ran.err);
    }
}

#[test]
fn a_profile_that_keeps_no_token_leaves_no_file_and_no_session() {
    for system in ["janssen", "openam"] {
        let desk = Desk::with(Options {
            system: usher::emulator::system(system).unwrap(),
            ..Options::default()
        });
        desk.profile_says("keep_token = false");

        let ran = desk.run(&["list", "-n", "1"]).ends(0);
        desk.run(&["list", "-n", "1"]).ends(0);

        assert!(!ran.err.contains("kept"), "{}", ran.err);
        assert_eq!(tokens(&desk), Vec::<PathBuf>::new());
        assert_eq!(ended_and_got(&desk), (2, 2), "{system:?}");
        desk.run(&["login"]).fails(2, "keep_token = false");
    }
}

#[test]
fn f_cred_06_a_kept_token_that_others_may_read_or_that_is_damaged_is_refused_and_left_as_it_is() {
    for (mode, text, remedy) in [
        (0o644, None, "run: chmod 600 "),
        (0o600, Some("{\"access\":"), "is damaged; remove it"),
    ] {
        let desk = Desk::new();
        desk.run(&["login"]).ends(0);
        let file = tokens(&desk).remove(0);
        let text = text.map_or_else(|| std::fs::read_to_string(&file).unwrap(), str::to_owned);
        std::fs::write(&file, &text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();

        let list = desk.run(&["list", "-n", "1"]).ends(0);
        let login = desk.run(&["login"]).ends(1);
        let logout = desk.run(&["logout"]).ends(1);

        for ran in [list, login, logout] {
            assert!(ran.err.contains(remedy), "{}", ran.err);
            assert!(ran.err.contains(file.to_str().unwrap()), "{}", ran.err);
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        let left = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(left, mode, "modes are never changed silently");
    }
}

#[test]
fn another_login_ends_the_session_of_the_one_before() {
    for system in ["janssen", "pingam", "openam"] {
        let desk = Desk::with(Options {
            system: usher::emulator::system(system).unwrap(),
            ..Options::default()
        });
        desk.run(&["login"]).ends(0);

        desk.run(&["login"]).ends(0);

        assert_eq!(ended_and_got(&desk), (1, 2), "{system:?}");
        desk.run(&["list", "-n", "1"]).ends(0);
        assert_eq!(
            ended_and_got(&desk),
            (1, 2),
            "{system:?}: the second is kept"
        );
    }
}

#[test]
fn signing_out_of_a_session_that_has_ended_signs_in_to_no_other() {
    for system in ["pingam", "openam"] {
        let desk = Desk::with(Options {
            system: usher::emulator::system(system).unwrap(),
            ..Options::default()
        });
        desk.run(&["login"]).ends(0);
        desk.emulator().expire_tokens();

        desk.run(&["logout"]).ends(0);

        assert_eq!(ended_and_got(&desk).1, 1, "{system:?}");
        assert_eq!(tokens(&desk), Vec::<PathBuf>::new());
    }
}
