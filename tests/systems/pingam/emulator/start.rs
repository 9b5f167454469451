//! The made-up world, and what an emulated server tells about itself.

use std::sync::Arc;
use usher::emulator::pingam::{AmOptions, Flavour};
use usher::emulator::{Options, Running};

use super::{fixed, running};

const BOTH: [Flavour; 2] = [Flavour::Pingam, Flavour::Openam];

async fn server(system: Flavour, seed: u64) -> Running {
    let options = Options {
        system: Arc::new(AmOptions {
            flavour: system,
            ..AmOptions::default()
        }),
        seed,
        ..fixed()
    };
    running(options).await
}

#[tokio::test]
async fn same_seed_gives_the_same_sessions_and_credentials() {
    let (a, b) = (
        server(Flavour::Openam, 1).await,
        server(Flavour::Openam, 1).await,
    );
    let c = server(Flavour::Openam, 2).await;

    assert!(a.am().sessions() == b.am().sessions());
    assert!(a.am_auth() == b.am_auth());
    assert!(a.am().sessions() != c.am().sessions());
}

#[tokio::test]
async fn world_has_every_kind_of_session() {
    let emulator = server(Flavour::Pingam, 1).await;
    let rows = emulator.am().sessions();
    let now_ms = emulator.now_ms();
    let count = |is: &dyn Fn(&usher::emulator::pingam::AmRow) -> bool| {
        rows.iter().filter(|r| is(r)).count()
    };

    assert!(count(&|r| r.realm == "/alpha" && r.handle.is_some()) > 120);
    assert!(count(&|r| r.realm == "/beta") > 20);
    assert!(count(&|r| r.realm == "/") > 20);
    assert!(count(&|r| r.handle.is_none()) > 2, "kept by the client");
    assert!(count(&|r| r.latest_ms + r.idle_ms < now_ms) > 2, "expired");
    assert_eq!(count(&|r| r.user == "dsameuser"), 1);
    assert!(count(&|r| r.user.contains(['"', '\\', '\''])) > 0);
    assert!(
        rows.iter()
            .all(|r| r.created_ms <= r.latest_ms && r.latest_ms <= now_ms)
    );
}

#[tokio::test]
async fn debug_output_holds_no_credential() {
    let emulator = server(Flavour::Openam, 1).await;

    let text = format!(
        "{emulator:?} {:?} {:?}",
        emulator.am_auth(),
        emulator.am().sessions()
    );

    let auth = emulator.am_auth();
    for secret in [&auth.token, &auth.bearer, &auth.logins[0].password] {
        assert!(!text.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn line_for_scripts_has_everything_to_sign_in() {
    let emulator = server(Flavour::Openam, 1).await;

    let line = serde_json::from_str::<serde_json::Value>(&emulator.json_line()).expect("JSON");

    assert_eq!(line["system"], "openam");
    assert_eq!(line["url"], emulator.url());
    assert!(emulator.url().ends_with("/openam"));
    assert_eq!(line["auth"]["user"], "amadmin");
    assert_eq!(line["auth"]["cookie"], "iPlanetDirectoryPro");
    assert_eq!(line["auth"]["token"], emulator.am_auth().token.as_str());
    let delegate = &line["auth"]["logins"][1];
    assert_eq!(
        (&delegate["user"], &delegate["realm"]),
        (&"ops-alpha".into(), &"/alpha".into())
    );
}

/// The one place where both sides meet: what the emulator writes, usher must read.
#[tokio::test]
async fn configuration_is_one_that_usher_reads() {
    for system in BOTH {
        let emulator = server(system, 1).await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.toml");
        usher::config::private::create(&file, emulator.config_toml("demo").as_bytes())
            .expect("written");

        let paths = usher::config::Paths::under(folder.path());
        let config = usher::config::Config::load(Some(&file), None, &paths).expect("readable");

        let profile = config.profile("demo").expect("the profile");
        let url = profile.url.as_str().trim_end_matches('/');
        assert_eq!(url, emulator.url());
        let realms = ["/", "/alpha", "/beta"].map(str::to_owned).to_vec();
        assert!(format!("{:?}", profile.pingam.realms).contains(&format!("{realms:?}")));
        let flavour = format!("{:?}", profile.pingam.flavour).to_lowercase();
        assert_eq!(flavour, emulator.options().system.word());
    }
}
