//! The client against the emulator: what hurts in these systems.

use secrecy::SecretString;
use usher::config::{Login, Profile, Realms, SecretSource, System};
use usher::emulator::{AmLogin, Running};
use usher::model::SessionKey;

/// A profile of the administrator of everything.
pub fn profile(emulator: &Running) -> Profile {
    profile_of(emulator, &emulator.auth().logins[0])
}

/// A profile of somebody without any rights.
pub fn ordinary(emulator: &Running) -> Profile {
    let login = emulator.auth().logins.last().expect("somebody");
    profile_of(emulator, login)
}

/// A profile of one of those who can sign in; it covers all realms of the made-up world.
pub fn profile_of(emulator: &Running, login: &AmLogin) -> Profile {
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

/// The handle in a session key.
pub fn handle_of(key: &SessionKey) -> &str {
    key.expose().split('#').next().expect("a part")
}
