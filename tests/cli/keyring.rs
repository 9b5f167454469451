//! A keyring that does not answer, or is not there: said in words, and never replaced by plain text.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Desk, Ran, ran};

const SECRET: &str = "canary-secret-of-the-client";

fn desk() -> Desk {
    let desk = Desk::bare();
    desk.write_config(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"https://127.0.0.1:1\"\n\
         token = { keyring = true }\n",
    );
    desk
}

/// With the bus of this session at `socket`.
fn with_bus(desk: &Desk, socket: &Path, args: &[&str]) -> Ran {
    let mut command = desk.command(args);
    let address = format!("unix:path={}", socket.display());
    command.env("DBUS_SESSION_BUS_ADDRESS", address);
    ran(command)
}

/// The advice.
const ADVICE: &str = "name another source in the profile: { prompt = true }, { file = ";

#[test]
fn f_cred_05_a_keyring_that_hangs_is_given_up_after_three_seconds() {
    let desk = desk();
    let socket = desk.home().join("bus");
    // Takes connections and never says a word.
    let _silent = UnixListener::bind(&socket).unwrap();
    let begun = Instant::now();

    let ran = with_bus(&desk, &socket, &["list"]);

    let took = begun.elapsed();
    let ran = ran.fails(
        2,
        "the keyring gave no secret: it did not answer within 3 s",
    );
    assert!(ran.err.contains(ADVICE), "{}", ran.err);
    assert!(took >= Duration::from_secs(3), "{took:?}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn f_cred_05_a_keyring_that_is_not_there_is_told_with_what_to_do() {
    let desk = desk();

    let ran = with_bus(&desk, &desk.home().join("nothing"), &["list"]);

    let ran = ran.fails(2, "no keyring service answers on this machine");
    assert!(ran.err.contains(ADVICE), "{}", ran.err);
}

#[test]
fn f_cred_05_a_secret_that_the_keyring_does_not_take_is_put_nowhere_else() {
    let desk = Desk::bare();
    let folder = desk.home().join(".config");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("jans-cli-salt"),
        "encodeSalt = abcdefghijklmnopqrstuvwx\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("jans-cli.ini"),
        "[DEFAULT]\njans_host = idp.example.org\njca_client_id = 1800.abc\n\
         jca_client_secret_enc = HIRbTqRTJMKGXn1Qmb+VD5PpmtJNfHZAyqNSL0NfHAI=\n",
    )
    .unwrap();
    let args = ["config", "import-jans", "--keep-in", "keyring"];

    let ran = with_bus(&desk, &desk.home().join("nothing"), &args);

    assert_ne!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.err.contains("cannot put the secret into the keyring"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--keep-in file"), "{}", ran.err);
    assert!(!ran.err.contains(SECRET) && !ran.out.contains(SECRET));
    assert!(!folder.join("usher/janssen.secret").exists());
    assert!(
        !folder.join("usher/config.toml").exists(),
        "no profile without its secret"
    );
}
