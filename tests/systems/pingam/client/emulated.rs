//! The client against the emulator: what hurts in these systems.

mod broken_realms;
mod delegates;
mod ending;
mod flows;
mod hostile;
mod listing;
mod settling;
mod words;

use std::sync::Arc;

use secrecy::SecretString;
use usher::api::SessionApi;
use usher::config::{Login, Profile, Realms, SecretSource, System};
use usher::emulator::pingam::{AmLogin, AmOptions, AmRow, Flavour};
use usher::emulator::{Options, Running, start};
use usher::model::{Session, SessionKey};

use super::open;

/// The two lines of servers.
const BOTH: [Flavour; 2] = [Flavour::Pingam, Flavour::Openam];

/// A profile of the administrator of everything.
pub fn profile(emulator: &Running) -> Profile {
    profile_of(emulator, &emulator.am_auth().logins[0])
}

/// A profile of somebody without any rights.
pub fn ordinary(emulator: &Running) -> Profile {
    let auth = emulator.am_auth();
    let login = auth.logins.last().expect("somebody");
    profile_of(emulator, login)
}

/// A profile of the administrator of the realm `/alpha`.
fn delegate(emulator: &Running) -> Profile {
    profile_of(emulator, &emulator.am_auth().logins[1])
}

/// A profile of one of those who can sign in; it covers all realms of the made-up world.
fn profile_of(emulator: &Running, login: &AmLogin) -> Profile {
    let login = Login::Password {
        user: login.user.clone(),
        password: SecretSource::Plain(SecretString::from(login.password.clone())),
        realm: Some(login.realm.clone()),
        service: None,
    };
    let url = emulator.url().parse().expect("an address");
    let mut profile = Profile::new("am", System::PingAm, url, login);
    profile.pingam.realms = Realms::These(["/", "/alpha", "/beta"].map(str::to_owned).to_vec());
    profile
}

/// A profile with the token of the administrator's session, so that no sign-in is seen.
fn with_token(emulator: &Running) -> Profile {
    let token = SecretString::from(emulator.am_auth().token.clone());
    Profile {
        login: Login::Token {
            token: SecretSource::Plain(token),
        },
        ..profile(emulator)
    }
}

/// The handle in a session key.
pub fn handle_of(key: &SessionKey) -> &str {
    key.expose().split('#').next().expect("a part")
}

/// An emulator with nobody in it but the server, the administrator and those who sign in later.
async fn quiet(system: Flavour, am: AmOptions) -> Running {
    let options = Options {
        system: Arc::new(AmOptions {
            flavour: system,
            ..am
        }),
        sessions: 0,
        ..Options::default()
    };
    start(options).await.expect("a free port")
}

/// Signs somebody in behind everybody's back.
fn sign_in(emulator: &Running, user: &str, realm: &str) -> AmRow {
    emulator.am().sign_in(user, realm).expect("a realm")
}

fn is_alive(emulator: &Running, row: &AmRow) -> bool {
    emulator.am().find(&row.token).is_some()
}

/// The client, signed in.
async fn signed_in(profile: &Profile) -> Arc<dyn SessionApi> {
    let api = open(profile);
    api.whoami().await.expect("the emulator takes us");
    api
}

/// The actions that were sent to sessions, in order, each with the path before it.
fn actions(emulator: &Running) -> Vec<(String, String)> {
    let posts = emulator.journal().into_iter();
    posts
        .filter(|entry| entry.method == "POST" && entry.path.ends_with("/sessions"))
        .map(|entry| {
            let query = entry.query.unwrap_or_default();
            let action = query.trim_start_matches("_action=").to_owned();
            (entry.path, action)
        })
        .collect()
}

/// How often an action was sent, whatever its realm.
fn sent(emulator: &Running, action: &str) -> usize {
    let all = actions(emulator);
    all.iter().filter(|(_, name)| name == action).count()
}

fn row_of<'a>(rows: &'a [Session], handle: &AmRow) -> &'a Session {
    let wanted = handle.handle.as_deref().expect("kept by the server");
    let found = rows.iter().find(|row| handle_of(&row.key) == wanted);
    found.expect("it is listed")
}
