//! The made-up world, and what an emulated server tells about itself.

use usher::emulator::Options;

use super::{fixed, running};

async fn server(seed: u64) -> usher::emulator::Running {
    let system = usher::emulator::system("cockroach").expect("it is one of the list");
    running(Options {
        system,
        seed,
        ..fixed()
    })
    .await
}

#[tokio::test]
async fn same_seed_gives_the_same_sessions_and_credentials() {
    let (a, b, c) = (server(1).await, server(1).await, server(2).await);

    assert!(a.cockroach().rows() == b.cockroach().rows());
    assert!(a.cockroach().admin() == b.cockroach().admin());
    assert!(a.cockroach().rows() != c.cockroach().rows());
}

#[tokio::test]
async fn debug_output_holds_no_credential() {
    let emulator = server(1).await;
    let handle = emulator.cockroach();

    let text = format!(
        "{emulator:?} {handle:?} {:?} {:?}",
        handle.admin(),
        handle.reader()
    );

    for login in [handle.admin(), handle.reader()] {
        assert!(!text.contains(&login.password), "{text}");
    }
}

#[tokio::test]
async fn line_for_scripts_has_everything_to_sign_in() {
    let emulator = server(1).await;

    let line: serde_json::Value = serde_json::from_str(&emulator.json_line()).expect("JSON");

    assert_eq!(line["system"], "cockroach");
    assert_eq!(line["auth"]["user"], "opsadmin");
    assert_eq!(
        line["auth"]["password"],
        emulator.cockroach().admin().password.as_str()
    );
    assert_eq!(line["auth"]["logins"][1]["user"], "helpdesk");
}
