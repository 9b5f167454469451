//! Names of the systems' own in queries: as they stand in their documentation and in their answers.

use serde_json::Value;
use usher::emulator::Options;

use crate::support::Desk;

fn count(desk: &Desk, more: &[&str]) -> String {
    desk.run(&[&["list", "--count"], more].concat()).ends(0).out
}

#[test]
fn janssens_own_names_work_as_they_stand_and_mean_what_the_server_means() {
    let desk = Desk::new();
    let row = &desk
        .run(&["list", "-n", "1", "state=active", "deletable=true"])
        .rows()[0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let id = text(&row["id"]);

    for query in [
        "state=authenticated".to_owned(),
        "jansState=authenticated".to_owned(),
        "authenticationTime>2020-01-01".to_owned(),
        "response_type=code".to_owned(),
        format!("acr_values={}", text(&row["attributes"]["acr_values"])),
        format!("redirect_uri={}", text(&row["attributes"]["redirect_uri"])),
        format!("outsideSid={id}"),
    ] {
        let native = count(&desk, &["--native", &query]);

        assert_ne!(native, "0\n", "{query}");
        assert_eq!(count(&desk, &[&query]), native, "{query}");
    }
    let inverse: u64 = count(&desk, &["authenticationTime<2020-01-01"])
        .trim()
        .parse()
        .unwrap();
    assert_eq!(inverse, 0);
}

#[test]
fn a_distinguished_name_needs_no_quotes() {
    let desk = Desk::new();
    let rows = desk
        .run(&["list", "-n", "1", "state:active", "user:*"])
        .rows();
    let dn = rows[0]["user_id"].as_str().unwrap();
    let all = count(&desk, &[&format!("user.id:\"{dn}\"")]);
    assert_ne!(all, "0\n");

    for name in ["userDn", "jansUsrDN", "user.id"] {
        assert_eq!(count(&desk, &[&format!("{name}={dn}")]), all, "{name}");
    }
    let with_more = format!("userDn={dn},state=authenticated");
    let separately = [&*format!("userDn={dn}"), "state=authenticated"];
    assert_eq!(count(&desk, &[&with_more]), count(&desk, &separately));
}

#[test]
fn yes_and_no_may_be_true_and_false() {
    let desk = Desk::new();

    for (ours, theirs) in [("yes", "true"), ("no", "false"), ("yes", "TRUE")] {
        assert_eq!(
            count(&desk, &[&format!("deletable={theirs}")]),
            count(&desk, &[&format!("deletable:{ours}")])
        );
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_the_right_spelling() {
    let desk = Desk::new();

    for (query, said) in [
        ("jansId=x", "use outsideSid="),
        (
            "authenticationTime=2026-11-27",
            "authenticationTime>=2026-11-27 authenticationTime<2026-11-28",
        ),
        (
            "authenticationTim>now",
            "did you mean \"authenticationTime\"?",
        ),
        ("maxIdleExpirationTime>now", "unknown field"),
    ] {
        desk.run(&["list", query]).fails(2, said);
        desk.run(&["revoke", "--query", query, "--yes"])
            .fails(2, said);
    }
    let noted = desk.run(&["list", "scope=openid"]).ends(0);
    assert!(noted.err.contains("@scope"), "{noted:?}");
}

#[test]
fn pingams_own_names_work_as_they_stand() {
    for system in ["pingam", "openam"] {
        let desk = Desk::with(Options {
            system: usher::emulator::system(system).unwrap(),
            ..Options::default()
        });
        let all = || count(&desk, &[]);
        let row = &desk.run(&["list", "-n", "1", "user:*"]).rows()[0];
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let whose = count(&desk, &[&format!("user.id:\"{}\"", text("user_id"))]);

        assert_ne!(whose, "0\n");
        let universal = format!("universalId={}", text("user_id"));
        assert_eq!(count(&desk, &[&universal]), whose);
        for query in [
            "maxIdleExpirationTime>2020-01-01",
            "maxSessionExpirationTime>now-1d",
            "latestAccessTime>2020-01-01",
        ] {
            // A session may expire meanwhile.
            let (before, found, after) = (all(), count(&desk, &[query]), all());
            assert!(found == before || found == after, "{query}: {found}");
        }
        assert_eq!(
            count(&desk, &["maxSessionExpirationTime<2020-01-01"]),
            "0\n"
        );
        let both = format!("realm={},username=\"{}\"", text("scope"), text("user"));
        assert_ne!(count(&desk, &[&both]), "0\n");
        desk.run(&["list", "jansState=x"]).fails(2, "unknown field");
    }
}

#[test]
fn people_are_counted_under_the_operators_name_whatever_each_system_calls_them() {
    let desk = Desk::new();
    let groups = |args: &[&str]| -> Vec<(String, u64)> {
        let list = ["list", "--group-by", "user", "-o", "jsonl"];
        let rows = desk.run(&[&list[..], args].concat()).ends(0).rows();
        let group = |row: &serde_json::Value| {
            let user = row["user"].as_str().unwrap_or("-").to_owned();
            (user, row["count"].as_u64().expect("a number"))
        };
        rows.iter().map(group).collect()
    };
    let [(one, ones), (other, others)] = &groups(&["user:*"])[..2] else {
        panic!("two people");
    };
    let (one, other) = (one.clone(), other.clone());
    let config = desk.config();
    let second = config.replace("profile.emu", "profile.second");
    let second = second
        .lines()
        .filter(|line| !line.starts_with("default_profile"));
    let second = second.collect::<Vec<_>>().join("\n");
    desk.write_config(&format!(
        "{config}\n[profile.emu.user_names]\njane = {one:?}\n\
         {second}\n[profile.second.user_names]\njane = {other:?}\n"
    ));

    let counted = groups(&["--all-profiles", "user:*"]);

    let of = |name: &str| {
        counted
            .iter()
            .find(|(user, _)| user == name)
            .map(|(_, n)| *n)
    };
    assert_eq!(of("jane"), Some(ones + others), "{counted:?}");
    // In the second system the first one has no other name, and the other one is jane.
    assert_eq!((of(&one), of(&other)), (Some(*ones), Some(*others)));
}
