//! Fleare: its client against a peer that sends given bytes, its emulator against given bytes, and both together.

mod client;
mod emulator;
mod odd;
mod peer;
mod program;
mod vectors;

use std::sync::Arc;
use std::time::Duration;

use usher::api::SessionApi;
use usher::config::{Login, Profile, SecretSource};
use usher::emulator::fleare::{FleareOptions, FleareServer};
use usher::emulator::{Options, Running};
use usher::model::SessionKey;

use crate::client::{open, system};
use crate::conformance::{LongList, SystemFixture};

/// A profile for this port, with user and password.
fn profile(port: u16, login: Option<(&str, &str)>) -> Profile {
    let url = format!("fleare://127.0.0.1:{port}");
    let login = match login {
        None => Login::None,
        Some((user, password)) => Login::Password {
            user: user.to_owned(),
            password: SecretSource::Plain(password.to_owned().into()),
        },
    };
    let mut profile = Profile::new(
        "fleare",
        system("fleare"),
        url.parse().expect("an address"),
        login,
    );
    profile.timeout = Duration::from_secs(2);
    profile
}

/// A client for user `admin` at this port.
fn admin(port: u16) -> Arc<dyn SessionApi> {
    open(&profile(port, Some(("admin", "s3cret"))))
}

fn options(enable_auth: bool) -> Options {
    Options::of(Arc::new(FleareOptions { enable_auth }))
}

struct Fleare;

impl SystemFixture for Fleare {
    fn options() -> Options {
        options(true)
    }

    fn profile(emulator: &Running) -> Profile {
        let auth = serde_json::from_str::<serde_json::Value>(&emulator.json_line());
        let auth = &auth.expect("JSON")["auth"];
        let text = |name: &str| auth[name].as_str().expect("a text").to_owned();
        profile(port(emulator), Some((&text("user"), &text("password"))))
    }

    fn options_with_limit(_rows: usize) -> Options {
        Self::options()
    }

    const LONG_LIST: LongList = LongList::GoesOn;

    fn count(emulator: &Running) -> usize {
        emulator.emulated::<FleareServer>().ids().len()
    }

    fn end(_emulator: &Running, _key: &SessionKey) -> bool {
        false
    }

    const LISTS: &'static str = r#"{"operation":"SESSION"}"#;
    const ENDS: &'static str = r#"{"operation":"none: it ends without a command"}"#;
}

// Without those that end a session of somebody else: there is none here.
conformance!(Fleare:
    pages_to_the_end, every_field_filters, unreported_fields_are_admitted, a_refused_token_is_an_auth_error,
    an_answer_that_is_no_list_is_never_a_short_one, a_hanging_server_ends_by_the_limit_or_by_dropping,
    a_server_killed_in_the_middle_of_a_list_is_an_error
);

fn port(emulator: &Running) -> u16 {
    let (_, port) = emulator.url().rsplit_once(':').expect("a port");
    port.parse().expect("a number")
}

/// Waits until the server has noticed something.
async fn until(what: impl Fn() -> bool) {
    for _ in 0..200 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come about");
}
