//! The demos: emulators inside this process, each started when it is opened.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::configured::{self, DemoWorld};
use crate::api::Systems;
use crate::app::source::ProfileView;
use crate::config::{AuditMode, Config, Login, Paths, Profile, SystemSpec};
use crate::emulator::{self, Credentials, Options, Running, SYSTEMS};
use crate::model::ApiError;

/// Sessions of the demos beside the first.
const FEWER: usize = 400;

/// Every demo.
pub(super) struct Demos(Vec<Demo>);

impl Demos {
    /// One for each system that takes part, in the order of their list.
    pub(super) fn new(world: DemoWorld, systems: &Systems) -> Self {
        Self(
            (0..SYSTEMS.len())
                .filter_map(|number| Demo::new(number, world, systems))
                .collect(),
        )
    }

    /// The demos as the screen knows them before they run: their ports are not known yet.
    pub(super) fn views(&self) -> impl Iterator<Item = ProfileView> {
        self.0.iter().filter_map(Demo::view)
    }

    /// The demo of this name.
    pub(super) fn of(&self, name: &str) -> Option<&Demo> {
        self.0.iter().find(|demo| demo.name == name)
    }
}

/// One emulator, once somebody has opened its demo.
pub(super) struct Demo {
    name: String,
    options: Options,
    sign_in: Option<&'static str>,
    /// The client of its system.
    system: Arc<SystemSpec>,
    running: OnceCell<Running>,
}

impl Demo {
    fn new(number: usize, world: DemoWorld, systems: &Systems) -> Option<Self> {
        let name = match number {
            0 => "demo".to_owned(),
            _ => format!("demo-{}", SYSTEMS[number]().word()),
        };
        let sign_in = world.fixed.and_then(|fixed| fixed.sign_in);
        // Pictures of some screens need another server in the first.
        let offers = |wanted| {
            SYSTEMS
                .iter()
                .position(|make| make().sign_ins().contains(&wanted))
        };
        let number = match (number, sign_in) {
            (0, Some(wanted)) => offers(wanted)?,
            _ => number,
        };
        let sessions = match number {
            0 => world.sessions,
            _ => world.sessions.min(FEWER),
        };
        let faults = world.fixed.and_then(|fixed| fixed.fault).into_iter();
        let options = Options {
            sessions,
            // Most people have a few sessions, as they have in life.
            users: (sessions / 4).max(1),
            seed: world.seed + number as u64,
            now: world.fixed.map(|fixed| fixed.now_ms),
            faults: faults.map(str::to_owned).collect(),
            credentials: match world.fixed {
                Some(_) => Credentials::Seeded,
                None => Credentials::Random,
            },
            ..Options::of(SYSTEMS[number]().demo(sessions)?)
        };
        let system = systems.named(options.system.client())?.spec().clone();
        Some(Self {
            name,
            options,
            sign_in,
            system,
            running: OnceCell::new(),
        })
    }

    /// The profile of the running emulator, which is started if it does not run yet.
    pub(super) async fn profile(&self) -> Result<Profile, ApiError> {
        let config = |why: String| ApiError::Config {
            profile: self.name.clone(),
            why,
        };
        let running = self
            .running
            .get_or_try_init(|| emulator::start(self.options.clone()))
            .await
            .map_err(|error| config(format!("the demo server does not start: {error}")))?;
        let text = running.config_with(&self.name, self.sign_in);
        let place = Path::new("demo");
        let read = Config::parse(
            place,
            text.as_bytes(),
            true,
            &Paths::under(place),
            std::slice::from_ref(&self.system),
        );
        let read = read.map_err(|error| config(error.to_string()))?;
        let profile = read.profile(&self.name).cloned();
        profile
            .map(with_demo_keys)
            .ok_or_else(|| config("the demo server has no profile".into()))
    }

    /// The demo as the screen knows it before it runs. `None`: usher has no client for its system.
    fn view(&self) -> Option<ProfileView> {
        let url = "http://127.0.0.1".parse().expect("a fixed address");
        let profile = Profile::new(self.name.clone(), self.system.clone(), url, Login::None);
        Some(ProfileView {
            lists_everybody: true,
            demo: true,
            ..configured::view(&with_demo_keys(profile))
        })
    }
}

fn with_demo_keys(mut profile: Profile) -> Profile {
    profile.policy.audit = AuditMode::BestEffort;
    profile.policy.search_on_start = true;
    profile
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
        let systems = Systems::built_in();
        let demos = Demos::new(world(), &systems);
        let config = Config::without_profiles(&systems.specs());
        assert_eq!(config.demos.len(), SYSTEMS.len());
        for name in &config.demos {
            let demo = demos.of(name).expect(name);
            let word = demo.options.system.word().to_owned();
            let profile = demo.profile().await.unwrap();
            let person = std::sync::Arc::new(crate::api::auth::Nobody);
            let api = systems.open(&profile, person).unwrap();

            let who = api.whoami().await.unwrap();

            assert!(!who.name.is_empty(), "{name}");
            let title = api.caps().system.to_lowercase();
            assert!(title.starts_with(&word), "{name}: {title}");
        }
    }
}
