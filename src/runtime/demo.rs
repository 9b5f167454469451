//! The demos: emulators inside this process, each started when it is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::configured::{self, DemoWorld, SignIn};
use crate::api::Systems;
use crate::app::source::ProfileView;
use crate::config::{AuditMode, DEMOS, Login, Profile, SecretSource, SystemSpec};
use crate::emulator::{AmOptions, AmService, Auth, Credentials, Kind, Options, Running, start};
use crate::model::ApiError;

/// Sessions of the demos beside the first.
const FEWER: usize = 400;

/// Sessions at the head of the list that can all be ended: a newcomer's first Delete must not meet what
/// is odd. More than a screen shows at first.
const PLAIN_FRONT: usize = 60;

/// Every demo.
pub(super) struct Demos(Vec<Demo>);

impl Demos {
    pub(super) fn new(world: DemoWorld, systems: &Systems) -> Self {
        let demos = DEMOS.into_iter().zip(kinds(&world));
        Self(
            demos
                .filter_map(|(name, kind)| {
                    let system = systems.named(system_of(kind))?;
                    Some(Demo::new(name, kind, system.spec().clone(), world))
                })
                .collect(),
        )
    }

    /// The demos as the screen knows them before they run: their ports are not known yet.
    pub(super) fn views(&self) -> impl Iterator<Item = ProfileView> {
        self.0.iter().map(Demo::view)
    }

    /// The demo of this name.
    pub(super) fn of(&self, name: &str) -> Option<&Demo> {
        self.0.iter().find(|demo| demo.name == name)
    }
}

/// What each demo emulates. Pictures of some screens need another server in the first.
fn kinds(world: &DemoWorld) -> [Kind; DEMOS.len()] {
    let first = match world.fixed.map(|fixed| fixed.sign_in) {
        Some(SignIn::Password | SignIn::Callbacks) => Kind::Openam,
        _ => Kind::Janssen,
    };
    [first, Kind::Pingam, Kind::Openam]
}

fn system_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Janssen => "janssen",
        Kind::Pingam | Kind::Openam => "pingam",
    }
}

/// One emulator, once somebody has opened its demo.
pub(super) struct Demo {
    name: &'static str,
    kind: Kind,
    system: Arc<SystemSpec>,
    world: DemoWorld,
    running: OnceCell<Running>,
}

impl Demo {
    fn new(name: &'static str, kind: Kind, system: Arc<SystemSpec>, world: DemoWorld) -> Self {
        Self {
            name,
            kind,
            system,
            world,
            running: OnceCell::new(),
        }
    }

    fn options(&self) -> Options {
        let faults = self.world.fixed.and_then(|fixed| fixed.fault).into_iter();
        let sessions = match self.kind {
            Kind::Janssen => self.world.sessions,
            Kind::Pingam | Kind::Openam => self.world.sessions.min(FEWER),
        };
        // One server that was set up for long lists, and one as it is installed, which cuts them.
        let list_limit = match self.kind {
            Kind::Pingam => sessions * 2,
            _ => AmOptions::default().list_limit,
        };
        Options {
            system: self.kind,
            sessions,
            // Most people have a few sessions, as they have in life.
            users: (sessions / 4).max(1),
            seed: self.world.seed + self.kind as u64,
            plain_front: PLAIN_FRONT,
            now: self.world.fixed.map(|fixed| fixed.now_ms),
            faults: faults.map(str::to_owned).collect(),
            credentials: match self.world.fixed {
                Some(_) => Credentials::Seeded,
                None => Credentials::Random,
            },
            am: AmOptions {
                list_limit,
                ..AmOptions::default()
            },
            ..Options::default()
        }
    }

    /// The profile of the running emulator, which is started if it does not run yet.
    pub(super) async fn profile(&self) -> Result<Profile, ApiError> {
        let config = |why: String| ApiError::Config {
            profile: self.name.to_owned(),
            why,
        };
        let running = self
            .running
            .get_or_try_init(|| start(self.options()))
            .await
            .map_err(|error| config(format!("the demo server does not start: {error}")))?;
        let url = running.url().parse();
        let url = url.map_err(|error| config(format!("{error}")))?;
        let auth = running.auth();
        let login = match self.kind {
            Kind::Janssen => self.client(auth),
            Kind::Pingam | Kind::Openam => self.administrator(auth),
        };
        let login = login.ok_or_else(|| config("nobody may sign in".into()))?;
        let mut profile = Profile::new(self.name, self.system.clone(), url, login);
        for (key, value) in self.sign_in_place(auth) {
            profile.own.set(key, value.as_str());
        }
        profile.audit = AuditMode::BestEffort;
        profile.search_on_start = true;
        profile.client_names = client_names(&running.config_toml(self.name), self.name);
        Ok(profile)
    }

    /// The demo as the screen knows it before it runs.
    fn view(&self) -> ProfileView {
        let url = "http://127.0.0.1".parse().expect("a fixed address");
        let mut profile = Profile::new(self.name, self.system.clone(), url, Login::None);
        profile.audit = AuditMode::BestEffort;
        profile.search_on_start = true;
        ProfileView {
            demo: true,
            ..configured::view(&profile)
        }
    }

    fn sign_in(&self) -> SignIn {
        let fixed = self.world.fixed.map(|fixed| fixed.sign_in);
        fixed.unwrap_or_default()
    }

    fn client(&self, auth: &Auth) -> Option<Login> {
        let client_id = auth.client_id.clone();
        let client_secret = SecretSource::Plain(auth.client_secret.clone().into());
        Some(match self.sign_in() {
            SignIn::Device => Login::Device {
                client_id,
                client_secret: Some(client_secret),
            },
            SignIn::Prompt => Login::Token {
                token: SecretSource::Prompt,
            },
            SignIn::Client | SignIn::Password | SignIn::Callbacks => Login::ClientCredentials {
                client_id,
                client_secret,
            },
        })
    }

    /// The administrator of everything.
    fn administrator(&self, auth: &Auth) -> Option<Login> {
        let first = auth.logins.first()?;
        Some(Login::Password {
            user: first.user.clone(),
            password: SecretSource::Plain(first.password.clone().into()),
        })
    }

    /// Where the administrator signs in: keys of the system's own, and their values.
    fn sign_in_place(&self, auth: &Auth) -> Vec<(&'static str, String)> {
        let realm = auth.logins.first().map(|first| first.realm.clone());
        let asks = self.sign_in() == SignIn::Callbacks;
        let service = asks.then(|| AmService::SecondFactor.name().to_owned());
        let place = realm.map(|realm| ("realm", realm)).into_iter();
        place.chain(service.map(|name| ("service", name))).collect()
    }
}

/// The names of the applications, which the emulator tells in the configuration that it writes.
fn client_names(config: &str, profile: &str) -> BTreeMap<String, String> {
    let root: toml::Table = config.parse().unwrap_or_default();
    let names = root
        .get("profile")
        .and_then(|profiles| profiles.get(profile)?.get("client_names")?.as_table());
    names
        .into_iter()
        .flatten()
        .filter_map(|(id, name)| Some((id.clone(), name.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> DemoWorld {
        DemoWorld {
            sessions: 20,
            seed: 1,
            fixed: None,
        }
    }

    #[tokio::test]
    async fn the_demo_knows_the_names_of_its_applications() {
        let demos = Demos::new(world(), &Systems::built_in());

        let profile = demos.of("demo").unwrap().profile().await.unwrap();

        assert!(
            profile
                .client_names
                .values()
                .any(|name| name == "portal-web")
        );
    }

    #[tokio::test]
    async fn every_demo_takes_the_sign_in_of_its_profile() {
        let demos = Demos::new(world(), &Systems::built_in());
        for (name, system) in DEMOS.into_iter().zip(["Janssen", "PingAM", "OpenAM"]) {
            let profile = demos.of(name).unwrap().profile().await.unwrap();
            let person = std::sync::Arc::new(crate::api::auth::Nobody);
            let api = Systems::built_in().open(&profile, person).unwrap();

            let who = api.whoami().await.unwrap();

            assert!(!who.name.is_empty(), "{name}");
            assert_eq!(api.caps().system, system, "{name}");
        }
    }
}
