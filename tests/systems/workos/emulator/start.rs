//! The made-up environment, and what the emulator tells about itself.

use super::*;

#[tokio::test]
async fn same_seed_gives_the_same_environment_and_keys() {
    let (one, same) = (usual().await, usual().await);
    let other = running(Options {
        system: Arc::new(WorkosOptions::default()),
        seed: 2,
        ..fixed()
    })
    .await;

    assert_eq!(one.workos().sessions(), same.workos().sessions());
    assert!(one.workos_auth() == same.workos_auth());
    assert_ne!(one.workos().sessions(), other.workos().sessions());
}

#[tokio::test]
async fn as_many_sessions_are_active_as_were_asked_for() {
    let emulator = usual().await;

    let mut listed = 0;
    let mut without = 0;
    for user in emulator.workos().users() {
        let path = format!("/user_management/users/{}/sessions?limit=100", user.id);
        let count = walk(&emulator, &path).await.len();
        listed += count;
        without += usize::from(count == 0);
    }

    assert_eq!(listed, emulator.options().sessions);
    assert_eq!(listed, emulator.workos().active());
    assert!(without > 3, "{without}");
}

#[tokio::test]
async fn one_session_ends_within_a_minute() {
    let emulator = usual().await;
    let active = emulator.workos().active();

    emulator.move_clock(60_000);

    assert_eq!(emulator.workos().active(), active - 1);
}

#[tokio::test]
async fn output_for_people_and_scripts_has_the_key_and_debug_has_not() {
    let emulator = usual().await;
    let key = emulator.workos_auth().key;

    let line: Value = serde_json::from_str(&emulator.json_line()).expect("JSON");

    assert!(key.starts_with("sk_test_"), "as the vendor's own begin");
    assert_eq!(line["system"], "workos");
    assert_eq!(line["auth"]["api_key"], key.as_str());
    assert_eq!(emulator.auth_lines(), [("api_key", key.clone())]);
    let text = format!(
        "{emulator:?} {:?} {:?}",
        emulator.workos_auth(),
        emulator.workos()
    );
    assert!(!text.contains(&key));
}
