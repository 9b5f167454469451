//! Ending sessions, one by one, all of a user, and through the program.

use std::process::Command;

use usher::model::Outcome;

use crate::job::end_keys;
use crate::vendor::{Vendor, ids, rows};

#[tokio::test]
async fn a_session_ends_once_and_each_has_its_own_outcome() {
    let Some(vendor) = Vendor::find("a_session_ends_once_and_each_has_its_own_outcome") else {
        return;
    };
    let (user, _) = vendor.user(0);
    let (api, profile) = (vendor.api(), vendor.profile());
    let found = rows(&api, &format!("user.id:{user}"), None)
        .await
        .expect("a list");
    let keys: Vec<_> = found.iter().take(3).map(|row| row.key.clone()).collect();

    let one = end_keys(&api, &profile, &keys[1..2]).await;
    let all = end_keys(&api, &profile, &keys).await;

    assert!(matches!(one[..], [Outcome::Revoked]), "{one:?}");
    assert!(
        matches!(
            all[..],
            [Outcome::Revoked, Outcome::AlreadyGone, Outcome::Revoked]
        ),
        "{all:?}"
    );
    let left = vendor.sessions_of(user).await;
    assert_eq!(left, ids(&found[3..]));
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_nobody_elses() {
    let Some(vendor) = Vendor::find("all_sessions_of_a_user_end_and_nobody_elses") else {
        return;
    };
    let (user, _) = vendor.user(2);
    let api = vendor.api();
    let found = rows(&api, &format!("user.id:{user}"), None)
        .await
        .expect("a list");
    let before = vendor.sessions().await.len();
    assert!(found.len() > 10, "{}", found.len());

    let ended = api
        .revoke_user(&found[0].subject)
        .await
        .expect("an outcome");

    assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    assert!(vendor.sessions_of(user).await.is_empty());
    assert_eq!(vendor.sessions().await.len(), before - found.len());
}

#[tokio::test]
async fn the_program_lists_and_ends() {
    let Some(vendor) = Vendor::find("the_program_lists_and_ends") else {
        return;
    };
    let (user, email) = vendor.user(1);
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = format!(
        "default_profile = \"vendor\"\n[profile.vendor]\nsystem = \"workos\"\nurl = \"{}\"\ntoken = {{ env = \"WORKOS_API_KEY\" }}\n",
        vendor.url
    );
    usher::config::private::create(&config, text.as_bytes()).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_usher"))
            .arg("--config")
            .arg(&config)
            .args(arguments)
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.path())
            .env("WORKOS_API_KEY", &vendor.key)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };

    let (code, listed, said) = run(&["list", &format!("user:{email}"), "-o", "jsonl"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(listed.lines().count(), vendor.sessions_of(user).await.len());
    let first: serde_json::Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    let id = first["id"].as_str().unwrap();
    let (code, _, said) = run(&["revoke", id, "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!vendor.sessions_of(user).await.contains(id));
}
