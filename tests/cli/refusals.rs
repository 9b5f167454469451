//! Every failure has its own exit code and one sentence, and leaves standard output empty.

use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::JanssenOptions;

use crate::support::Desk;

const READ: &str = "https://jans.io/oauth/jans-auth-server/session.readonly";

#[test]
fn wrong_usage_is_2() {
    let desk = Desk::new();

    desk.run(&["list", "usr:jdoe"])
        .fails(2, "did you mean \"user\"?");
    desk.run(&["list", "-f", "usr"])
        .fails(2, "did you mean \"user\"?");
    desk.run(&["list", "--sort", "user:upwards"])
        .fails(2, "no order");
    desk.run(&["list", "--profile", "emo"])
        .fails(2, "did you mean \"emu\"?");
    for args in [&["lst"][..], &["list", "--bogus"], &["revoke"], &["get"]] {
        let ran = desk.run(args).ends(2);
        assert_eq!(ran.out, "");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn a_configuration_that_cannot_be_read_is_2_with_its_place() {
    let desk = Desk::new();
    desk.profile_says("tiemout = \"3s\"");

    let ran = desk.run(&["list"]).fails(2, "did you mean \"timeout\"");

    assert!(ran.err.contains("line "), "{}", ran.err);
}

#[test]
fn no_configuration_is_2_and_says_how_to_begin() {
    Desk::bare().run(&["list"]).fails(2, "usher config init");
}

#[test]
fn a_refused_sign_in_is_4() {
    let desk = Desk::new();
    let wrong = desk
        .config()
        .replace(&desk.emulator().auth().client_secret, "wrong");
    desk.write_config(&wrong);

    desk.run(&["list"]).fails(4, "emu");
    desk.run(&["whoami"]).fails(4, "emu");
    desk.run(&["token"]).fails(4, "emu");
}

#[test]
fn a_token_that_is_refused_is_4() {
    let desk = Desk::new();
    let before = desk.config_before_login();
    desk.write_config(&format!("{before}token = \"not-a-token\"\n"));

    desk.run(&["list"]).fails(4, "Token is Invalid");
}

#[test]
fn f_http_16_a_lacking_scope_is_9_and_named() {
    let desk = Desk::with(Options {
        system: Arc::new(JanssenOptions {
            scopes: Some(vec![READ.into()]),
            ..Default::default()
        }),
        ..Options::default()
    });
    let ids = desk
        .run(&["list", "state:active -deletable:no", "--id-only", "-n", "2"])
        .ends(0)
        .out;

    let ran = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &ids)
        .ends(9);

    assert!(ran.out.contains("session.delete"), "{}", ran.out);
    assert_eq!(desk.emulator().world().count(), 60);
}

#[test]
fn f_del_13_read_only_is_5_and_nothing_is_sent() {
    let desk = Desk::new();

    desk.run(&["revoke", "x", "--yes", "--read-only"])
        .fails(5, "read-only");
    desk.profile_says("read_only = true");
    desk.run(&["revoke", "--user", "admin", "--yes"])
        .fails(5, "read-only");

    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn an_unreachable_host_is_6() {
    let desk = Desk::new();
    let url = desk.emulator().url().to_owned();
    // A port that was free a moment ago: bound and let go.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    desk.write_config(&desk.config().replace(&url, &format!("http://{free}")));

    desk.run(&["list"]).fails(6, "cannot reach");
    desk.run(&["revoke", "x", "--yes"]).fails(6, "cannot reach");
}

#[test]
fn an_unknown_session_is_7() {
    let desk = Desk::new();

    desk.run(&["get", "c0ffee00-0000-4000-8000-000000000000"])
        .fails(7, "no such session");
}

#[test]
fn a_certificate_of_somebody_else_is_8() {
    let desk = Desk::with(Options {
        tls: true,
        ..Options::default()
    });
    desk.run(&["list", "-n", "1"]).ends(0);
    let config: String = desk
        .config()
        .lines()
        .filter(|l| !l.starts_with("ca_file"))
        .map(|l| format!("{l}\n"))
        .collect();
    desk.write_config(&config);

    desk.run(&["list"]).fails(8, "ca_file");
}

#[test]
fn a_server_that_fails_is_1() {
    let desk = Desk::with(Options {
        faults: vec![
            r#"{"match":{"path":"*/session/*"},"action":"status","code":501,"body":"no"}"#.into(),
        ],
        ..Options::default()
    });

    desk.run(&["list"]).fails(1, "501");
}

#[test]
fn with_several_profiles_an_id_needs_its_profile() {
    let desk = Desk::new();
    two_profiles(&desk);

    desk.run(&["get", "x", "--profile", "emu,other"])
        .fails(2, "--profile");
    desk.run(&["revoke", "x", "--yes", "--all-profiles"])
        .fails(2, "--profile");
    desk.run_with(&["revoke", "-", "--yes", "--all-profiles"], "x\n")
        .fails(2, "--profile");
    desk.run(&["token", "--all-profiles"])
        .fails(2, "one profile");
}

#[test]
fn one_profile_that_fails_does_not_hold_the_other_back() {
    let desk = Desk::new();
    two_profiles(&desk);

    let ran = desk.run(&["list", "--all-profiles"]).ends(3);
    let who = desk
        .run(&["whoami", "--all-profiles", "-o", "jsonl"])
        .ends(3);

    assert_eq!(ran.rows().len(), 60);
    assert!(ran.err.contains("other: cannot reach"), "{}", ran.err);
    assert_eq!(who.rows().len(), 1);
}

#[test]
fn rows_of_several_profiles_go_back_to_where_they_came_from() {
    let desk = Desk::new();
    let second = desk
        .config()
        .replace("profile.emu", "profile.twin")
        .replace("default_profile = \"emu\"\n", "");
    desk.write_config(&format!("{}{second}", desk.config()));

    let listed = desk
        .run(&[
            "list",
            "--all-profiles",
            "state:active -deletable:no profile:twin",
            "-n",
            "2",
        ])
        .ends(0);
    assert!(
        listed.rows().iter().all(|row| row["profile"] == "twin"),
        "{}",
        listed.out
    );
    let ran = desk
        .run_with(
            &["revoke", "-", "--yes", "--all-profiles", "-o", "jsonl"],
            &listed.out,
        )
        .ends(0);

    assert_eq!(ran.rows().len(), 2);
    assert!(
        ran.rows()
            .iter()
            .all(|row| row["profile"] == "twin" && row["outcome"] == "revoked")
    );
}

/// A second profile that leads nowhere.
fn two_profiles(desk: &Desk) {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    desk.write_config(&format!(
        "{}\n[profile.other]\nsystem = \"janssen\"\nurl = \"http://{free}\"\nallow_plain = true\ntoken = \"t\"\n",
        desk.config()
    ));
}

#[test]
fn who_may_revoke_nothing_is_told_before_and_never_ends_with_0() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("openam").unwrap(),
        ..Options::default()
    });
    let auth = desk.emulator().am_auth();
    let boss = auth.logins.iter().find(|login| login.realm != "/").unwrap();
    let realm = &boss.realm;
    let before = desk.config_before_login();
    let keys: Vec<&str> = before
        .lines()
        .filter(|line| !line.starts_with("realms"))
        .collect();
    desk.write_config(&format!(
        "{}\nrealms = [\"{realm}\"]\n[profile.emu.login]\nmethod = \"password\"\n\
         user = \"{}\"\npassword = \"{}\"\nrealm = \"{realm}\"\n",
        keys.join("\n"),
        boss.user,
        boss.password
    ));
    let note = format!("may only list {realm} and end nothing");

    for verb in ["whoami", "doctor"] {
        let ran = desk.run(&[verb]).ends(0);
        assert!(
            format!("{}{}", ran.out, ran.err).contains(&note),
            "{verb}: {ran:?}"
        );
    }
    let rows = desk.run(&["list", "state:active", "-o", "jsonl"]).rows();
    let theirs = rows.iter().find(|row| row["own"] == false).unwrap();
    let user = theirs["user"].as_str().unwrap();
    let ran = desk.run(&["revoke", "--user", user, "--yes"]).ends(9);
    assert!(ran.out.contains("cannot be ended"), "{ran:?}");
}
