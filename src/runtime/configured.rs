//! Profiles as the configuration has them, and the embedded demos beside them.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;

#[cfg(feature = "emulator")]
use super::demo;
use super::profiles::{Opened, Profiles};
use crate::api::Systems;
use crate::api::auth::{Prompter, TokenFile};
use crate::api::net::{Route, route};
use crate::app::source::ProfileView;
use crate::config::client_name;
use crate::config::private;
use crate::config::{Config, Paths, Profile, paths};
use crate::model::{ApiError, is_loopback, locked};

/// The commented example, with every key.
const EXAMPLE: &str = include_str!("../../config.example.toml");
/// How many sessions the demo makes up, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoWorld {
    /// Sessions.
    pub sessions: usize,
    /// The same number makes up the same sessions.
    pub seed: u64,
    /// For pictures: what is otherwise never the same. `None`: the world moves.
    pub fixed: Option<Fixed>,
}

/// A world for pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The moment at which it stands still, in milliseconds since 1970.
    pub now_ms: i64,
    /// How its server misbehaves, as a fault of the emulator. `None`: not at all.
    pub fault: Option<&'static str>,
    /// How one signs in to the first demo, which is of the first system that offers this. `None`: in its
    /// usual way, to the first system.
    pub sign_in: Option<&'static str>,
}

impl Default for DemoWorld {
    fn default() -> Self {
        Self {
            sessions: 1_204,
            seed: 7,
            fixed: None,
        }
    }
}

/// The profiles of a configuration, and the demos.
pub struct Configured {
    /// `--config`.
    flag: Option<PathBuf>,
    /// `$USHER_CONFIG`.
    variable: Option<OsString>,
    paths: Paths,
    systems: Systems,
    /// `--read-only`.
    read_only: bool,
    config: RwLock<Config>,
    /// The opened profiles that have a place for their token.
    opened: Mutex<Vec<(Opened, TokenFile)>>,
    #[cfg(feature = "emulator")]
    demos: demo::Demos,
}

impl Configured {
    /// Profiles of this configuration, which was read with the same flag and variable.
    pub fn new(
        config: Config,
        flag: Option<PathBuf>,
        variable: Option<OsString>,
        paths: Paths,
        read_only: bool,
        world: DemoWorld,
        systems: Systems,
    ) -> Self {
        #[cfg(not(feature = "emulator"))]
        let _ = world;
        Self {
            flag,
            variable,
            paths,
            read_only,
            config: RwLock::new(config),
            opened: Mutex::default(),
            #[cfg(feature = "emulator")]
            demos: demo::Demos::new(world, &systems),
            systems,
        }
    }

    /// All profiles as the screen knows them, the demos last.
    pub fn views(&self) -> Vec<ProfileView> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        let views = config.profiles.iter().map(view);
        #[cfg(feature = "emulator")]
        let free = |demo: &ProfileView| config.profile(&demo.name).is_none();
        #[cfg(feature = "emulator")]
        let views = views.chain(self.demos.views().filter(free));
        views
            .map(|mut view| {
                view.policy.read_only |= self.read_only;
                view
            })
            .collect()
    }

    /// The systems that a new profile can be for: word in the configuration, and name for people.
    pub fn systems(&self) -> Vec<(String, String)> {
        let specs = self.systems.specs().into_iter();
        specs
            .map(|spec| (spec.word.to_string(), spec.title.to_string()))
            .collect()
    }

    fn profile(&self, name: &str) -> Option<Profile> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.profile(name).cloned()
    }

    async fn found(&self, name: &str) -> Result<Profile, ApiError> {
        if let Some(profile) = self.profile(name) {
            return Ok(profile);
        }
        #[cfg(feature = "emulator")]
        if let Some(demo) = self.demos.of(name) {
            return demo.profile().await;
        }
        Err(ApiError::Config {
            profile: name.to_owned(),
            why: "the configuration has no such profile any more".to_owned(),
        })
    }

    fn place(&self) -> Result<PathBuf, String> {
        Config::place(self.flag.as_deref(), self.variable.as_deref(), &self.paths).ok_or_else(
            || "there is no place for a configuration; name one with --config".to_owned(),
        )
    }
}

#[async_trait]
impl Profiles for Configured {
    async fn open(&self, name: &str, prompter: Arc<dyn Prompter>) -> Result<Opened, ApiError> {
        let mut profile = self.found(name).await?;
        profile.policy.read_only |= self.read_only;
        let profile = Arc::new(profile);
        let written = profile.clone();
        // Certificate files are read, and a set of authorities: some 10 ms.
        let is_ours = self.profile(name).is_some();
        let kept = is_ours.then(|| TokenFile::new(&self.paths, &profile));
        let store = kept.clone();
        let systems = self.systems.clone();
        let client = tokio::task::spawn_blocking(move || match kept {
            Some(kept) => systems.open_with(&written, prompter, Arc::new(kept)),
            // Its server ends with this process, and so do its tokens.
            None => systems.open(&written, prompter),
        })
        .await;
        let api = client.map_err(|_| ApiError::Cancelled)??;
        let opened = Opened { api, profile };
        if let Some(store) = store {
            let mut all = locked(&self.opened);
            all.push((opened.clone(), store));
        }
        Ok(opened)
    }

    async fn close(&self) -> Vec<String> {
        let all = std::mem::take(&mut *locked(&self.opened));
        let end = |(opened, store): (Opened, TokenFile)| async move {
            let sign_out = opened.api.sign_out();
            store.end_unkept(&opened.profile.name, sign_out).await
        };
        let told = futures_util::future::join_all(all.into_iter().map(end)).await;
        told.into_iter().flatten().collect()
    }

    fn reload(&self) -> Result<Vec<ProfileView>, String> {
        let (flag, variable) = (self.flag.as_deref(), self.variable.as_deref());
        let read = Config::load(flag, variable, &self.paths, &self.systems.specs());
        let config = read.map_err(|error| error.to_string())?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(self.views())
    }

    fn file(&self) -> Option<PathBuf> {
        self.place().ok()
    }

    fn write_example(&self) -> Result<PathBuf, String> {
        let file = self.place()?;
        if create(&file, EXAMPLE)? {
            Ok(file)
        } else {
            Err(format!(
                "{} is there already; nothing was written",
                file.display()
            ))
        }
    }

    fn add_profile(&self, system: &str) -> Result<PathBuf, String> {
        let file = self.place()?;
        let system = self
            .systems
            .named(system)
            .ok_or("there is no such system")?;
        let block = system.spec().profile_block();
        if create(&file, &block)? {
            return Ok(file);
        }
        let cannot = |error| format!("cannot write {}: {error}", file.display());
        let mut open = OpenOptions::new()
            .append(true)
            .open(&file)
            .map_err(cannot)?;
        open.write_all(format!("\n{block}").as_bytes())
            .map_err(cannot)?;
        Ok(file)
    }

    fn name_client(&self, profile: &str, id: &str, name: &str) -> Result<(), String> {
        // Rows may show the name that it has already in the place of the id.
        let known = self.profile(profile).and_then(|profile| {
            let mut names = profile.client_names.into_iter();
            names.find(|(_, known)| known == id).map(|(id, _)| id)
        });
        let id = known.as_deref().unwrap_or(id);
        let file = self.place()?;
        client_name::write(&file, (profile, id, name), |text| {
            let checked = Config::check(&file, text, &self.paths, &self.systems.specs());
            checked.map_err(|error| error.to_string())
        })
    }

    fn secret_variables(&self) -> Vec<String> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.secret_variables().into_iter().collect()
    }
}

/// Makes a file, and its folder, unless it is there.
fn create(file: &Path, text: &str) -> Result<bool, String> {
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        paths::make_dir(folder).map_err(|error| error.to_string())?;
    }
    private::create(file, text.as_bytes()).map_err(|error| error.to_string())
}

/// A profile as the screen knows it: nothing in it is secret.
pub(super) fn view(profile: &Profile) -> ProfileView {
    ProfileView {
        lists_everybody: profile.system.lists_everybody,
        name: profile.name.clone(),
        system: profile.system.title.clone(),
        system_word: profile.system.word.clone(),
        own_names: profile.system.own_names.clone(),
        address: profile.address(),
        proxy: proxy(&profile.url),
        plain_http: !profile.is_encrypted() && !is_loopback(&profile.url),
        demo: false,
        policy: profile.policy.clone(),
        user_names: profile.user_names.clone(),
    }
}

/// How an address is reached, in words.
fn proxy(url: &url::Url) -> String {
    match route(url) {
        Ok(Route::Direct(why)) => format!("none: {why}"),
        Ok(Route::Through(proxy)) => proxy.to_string(),
        Err(why) => why,
    }
}
