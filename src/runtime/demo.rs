//! The demo: an emulator inside this process, started when it is opened.

use std::collections::BTreeMap;

use tokio::sync::OnceCell;

use super::configured::{self, DEMO, DemoWorld, SignIn};
use crate::app::source::ProfileView;
use crate::config::{AuditMode, Login, Profile, SecretSource, System};
use crate::emulator::{AmService, Credentials, Kind, Options, Running, start};
use crate::model::ApiError;

/// The emulator, once somebody has opened the demo.
pub(super) struct Demo {
    world: DemoWorld,
    running: OnceCell<Running>,
}

impl Demo {
    pub(super) fn new(world: DemoWorld) -> Self {
        Self {
            world,
            running: OnceCell::new(),
        }
    }

    /// The demo as the screen knows it before it runs.
    pub(super) fn view(&self) -> ProfileView {
        view(&self.world)
    }

    /// The profile of the running emulator, which is started if it does not run yet.
    pub(super) async fn profile(&self) -> Result<Profile, ApiError> {
        let faults = self.world.fixed.and_then(|fixed| fixed.fault).into_iter();
        let system = kind(&self.world);
        let options = Options {
            system,
            sessions: self.world.sessions,
            // Most people have a few sessions, as they have in life.
            users: (self.world.sessions / 4).max(1),
            seed: self.world.seed,
            now: self.world.fixed.map(|fixed| fixed.now_ms),
            faults: faults.map(str::to_owned).collect(),
            credentials: match self.world.fixed {
                Some(_) => Credentials::Seeded,
                None => Credentials::Random,
            },
            ..Options::default()
        };
        let config = |why: String| ApiError::Config {
            profile: DEMO.to_owned(),
            why,
        };
        let running = self
            .running
            .get_or_try_init(|| start(options))
            .await
            .map_err(|error| config(format!("the demo server does not start: {error}")))?;
        let url = running
            .url()
            .parse()
            .map_err(|error| config(format!("{error}")))?;
        let auth = running.auth();
        let client_id = auth.client_id.clone();
        let client_secret = SecretSource::Plain(auth.client_secret.clone().into());
        let sign_in = self.world.fixed.map(|fixed| fixed.sign_in);
        let sign_in = sign_in.unwrap_or_default();
        let login = match sign_in {
            SignIn::Client => Login::ClientCredentials {
                client_id,
                client_secret,
            },
            SignIn::Device => Login::Device {
                client_id,
                client_secret: Some(client_secret),
            },
            SignIn::Prompt => Login::Token {
                token: SecretSource::Prompt,
            },
            SignIn::Password | SignIn::Callbacks => password(running, sign_in),
        };
        let mut profile = Profile::new(DEMO, system_of(system), url, login);
        profile.audit = AuditMode::BestEffort;
        profile.search_on_start = true;
        profile.client_names = client_names(&running.config_toml(DEMO));
        Ok(profile)
    }
}

/// Which server the world is of.
fn kind(world: &DemoWorld) -> Kind {
    match world.fixed.map(|fixed| fixed.sign_in) {
        Some(SignIn::Password | SignIn::Callbacks) => Kind::Openam,
        _ => Kind::Janssen,
    }
}

fn system_of(kind: Kind) -> System {
    match kind {
        Kind::Janssen => System::Janssen,
        Kind::Pingam | Kind::Openam => System::PingAm,
    }
}

fn password(running: &Running, sign_in: SignIn) -> Login {
    let login = running.auth().logins.first();
    let of = |part: fn(&crate::emulator::AmLogin) -> &String| {
        login.map(part).cloned().unwrap_or_default()
    };
    let service = match sign_in {
        SignIn::Callbacks => Some(AmService::SecondFactor.name().to_owned()),
        _ => None,
    };
    Login::Password {
        user: of(|login| &login.user),
        password: SecretSource::Plain(of(|login| &login.password).into()),
        realm: Some(of(|login| &login.realm)),
        service,
    }
}

/// The names of the applications, which the emulator tells in the configuration that it writes.
fn client_names(config: &str) -> BTreeMap<String, String> {
    let root: toml::Table = config.parse().unwrap_or_default();
    let names = root
        .get("profile")
        .and_then(|profiles| profiles.get(DEMO)?.get("client_names")?.as_table());
    names
        .into_iter()
        .flatten()
        .filter_map(|(id, name)| Some((id.clone(), name.as_str()?.to_owned())))
        .collect()
}

/// The demo as the screen knows it before it runs: its port is not known yet.
fn view(world: &DemoWorld) -> ProfileView {
    let url = "http://127.0.0.1".parse().expect("a fixed address");
    let mut profile = Profile::new(DEMO, system_of(kind(world)), url, Login::None);
    profile.audit = AuditMode::BestEffort;
    profile.search_on_start = true;
    ProfileView {
        demo: true,
        ..configured::view(&profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_demo_knows_the_names_of_its_applications() {
        let demo = Demo::new(DemoWorld {
            sessions: 20,
            seed: 1,
            fixed: None,
        });

        let profile = demo.profile().await.unwrap();

        assert!(
            profile
                .client_names
                .values()
                .any(|name| name == "portal-web")
        );
    }
}
