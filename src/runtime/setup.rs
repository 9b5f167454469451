//! From a configuration and the options of the command line to a screen that can start.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::configured::{Configured, DemoWorld};
use super::kept::Kept;
use super::locale::{speaks_utf8, unknown_zone};
use super::modes::Grade;
use super::{Begin, Setup};
use crate::api::Systems;
use crate::app::keymap::{Keymap, UserKeys};
use crate::app::look::Look;
use crate::app::memory::Memory;
use crate::app::state::{Prefs, TimeStyle};
use crate::audit::Audit;
use crate::config::{Config, ConfigError, Opening, Paths, TimeShown, Zone};
use crate::ui::Themes;

/// The settings of the screen from the command line and the environment.
#[derive(Clone, Debug, Default)]
pub struct ScreenOptions {
    /// `--profile A,B`.
    pub profiles: Vec<String>,
    /// `--all-profiles`.
    pub all_profiles: bool,
    /// `usher demo`, whatever the configuration says. `None`: what the configuration says.
    pub demo: Option<DemoWorld>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `$USHER_CONFIG`.
    pub variable: Option<OsString>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--ascii`.
    pub ascii: bool,
}

impl Setup {
    /// A screen for this configuration, which was read with the same flag and variable. Starts nothing.
    ///
    /// # Errors
    /// [`ConfigError`] for profiles that are not there, and for keys that cannot be used.
    pub fn new(
        config: Config,
        options: ScreenOptions,
        paths: Paths,
        log: Option<String>,
        systems: &Systems,
    ) -> Result<Self, ConfigError> {
        let keymap = keymap(&config)?;
        let begin = begin(&config, &options)?;
        let prefs = prefs(&config, &options, &paths);
        let audit = Arc::new(Audit::new(&paths));
        let world = options.demo.unwrap_or_default();
        let profiles = Configured::new(
            config,
            options.config,
            options.variable,
            paths,
            options.read_only,
            world,
            systems.clone(),
        );
        Ok(Self {
            views: profiles.views(),
            systems: profiles.systems(),
            profiles: Arc::new(profiles),
            begin,
            prefs,
            keymap,
            themes: Themes::default(),
            look: Look::default(),
            memory: Memory::default(),
            forgot: None,
            kept: Kept::default(),
            keeps_history: false,
            audit,
            log,
        })
    }

    /// What earlier runs remembered, or why it cannot be read, and where it is written.
    pub fn remember(&mut self, kept: Kept, memory: Result<Memory, String>, history: bool) {
        self.kept = kept;
        self.keeps_history = history;
        match memory {
            Ok(memory) => self.memory = memory,
            Err(why) => self.forgot = Some(why),
        }
    }
}

fn begin(config: &Config, options: &ScreenOptions) -> Result<Begin, ConfigError> {
    let demo = |names: &[&str]| Begin::Open(names.iter().map(|&name| name.to_owned()).collect());
    if options.demo.is_some() {
        let first = config.demos.iter().take(1);
        return Ok(demo(&first.map(String::as_str).collect::<Vec<_>>()));
    }
    Ok(
        match config.opening(&options.profiles, options.all_profiles)? {
            Opening::Profiles(profiles) => Begin::Open(
                profiles
                    .iter()
                    .map(|profile| profile.name.clone())
                    .collect(),
            ),
            // A file without profiles was begun by somebody who wants one.
            Opening::Demo(_)
                if config.source.is_some()
                    && options.profiles.is_empty()
                    && config.default_profile.is_none() =>
            {
                Begin::Welcome
            }
            Opening::Demo(names) if cfg!(feature = "emulator") => demo(&names),
            Opening::Demo(_) => Begin::Welcome,
            Opening::Ask => Begin::Choose,
        },
    )
}

fn prefs(config: &Config, options: &ScreenOptions, paths: &Paths) -> Prefs {
    let place = Config::place(
        options.config.as_deref(),
        options.variable.as_deref(),
        paths,
    );
    let wants_calm =
        std::env::var_os("USHER_REDUCED_MOTION").is_some_and(|value| !value.is_empty());
    Prefs {
        time: match config.time {
            TimeShown::Age => TimeStyle::Age,
            TimeShown::Local => TimeStyle::Local,
            TimeShown::Utc => TimeStyle::Utc,
        },
        zone: config.zone,
        local: match unknown_zone() {
            Some(_) => Zone::Utc,
            None => Zone::Local,
        },
        ascii: config.ascii || options.ascii || !speaks_utf8(),
        only_ascii: !speaks_utf8(),
        reduced_motion: config.reduced_motion || wants_calm,
        mouse: config.mouse && Grade::here() == Grade::Full,
        read_only: options.read_only,
        config_path: place.map_or_else(String::new, |path| path.display().to_string()),
    }
}

/// The keys of the configuration over the defaults.
///
/// # Errors
/// [`ConfigError`] for a key or an action that there is not, with its place.
pub(crate) fn keymap(config: &Config) -> Result<Keymap, ConfigError> {
    let user: UserKeys = config
        .keys
        .iter()
        .map(|(context, actions)| {
            let actions = actions
                .iter()
                .map(|(action, bound)| (action.clone(), bound.keys.clone()));
            (context.clone(), actions.collect())
        })
        .collect();
    Keymap::with_user(&user).map_err(|error| {
        let actions = config.keys.get(&error.context);
        let bound = actions.and_then(|actions| {
            actions
                .get(&error.action)
                .or_else(|| actions.values().next())
        });
        ConfigError::At {
            file: config.source.clone().unwrap_or_default(),
            line: bound.map_or(1, |bound| bound.line),
            column: bound.map_or(1, |bound| bound.column),
            key: format!("keys.{}.{}", error.context, error.action),
            message: error.to_string(),
            meant: None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{Bound, Login, Profile, SystemSpec};

    fn config(names: &[&str]) -> Config {
        let url: url::Url = "https://idp.example.org".parse().unwrap();
        Config {
            profiles: names
                .iter()
                .map(|name| Profile::new(*name, SystemSpec::sample(), url.clone(), Login::None))
                .collect(),
            demos: vec!["demo".to_owned(), "demo-other".to_owned()],
            ..Config::default()
        }
    }

    #[test]
    fn what_is_opened_follows_the_configuration_and_the_wishes() {
        let open = |names: &[&str]| Begin::Open(names.iter().map(|n| (*n).to_owned()).collect());
        let file = |config| Config {
            source: Some("config.toml".into()),
            ..config
        };
        let named = |names: &[&str]| ScreenOptions {
            profiles: names.iter().map(|n| (*n).to_owned()).collect(),
            ..ScreenOptions::default()
        };
        let all = ScreenOptions {
            all_profiles: true,
            ..ScreenOptions::default()
        };
        let demo = ScreenOptions {
            demo: Some(DemoWorld::default()),
            ..ScreenOptions::default()
        };
        let cases = [
            (
                "no file",
                config(&[]),
                ScreenOptions::default(),
                open(&["demo"]),
            ),
            (
                "a file without profiles",
                file(config(&[])),
                ScreenOptions::default(),
                Begin::Welcome,
            ),
            (
                "one profile",
                file(config(&["a"])),
                ScreenOptions::default(),
                open(&["a"]),
            ),
            (
                "several",
                file(config(&["a", "b"])),
                ScreenOptions::default(),
                Begin::Choose,
            ),
            (
                "named",
                file(config(&["a", "b"])),
                named(&["b"]),
                open(&["b"]),
            ),
            ("all", file(config(&["a", "b"])), all, open(&["a", "b"])),
            (
                "the demo wanted",
                file(config(&["a"])),
                demo,
                open(&["demo"]),
            ),
            (
                "the demo named",
                file(config(&["a"])),
                named(&["demo"]),
                open(&["demo"]),
            ),
        ];
        for (what, config, options, expected) in cases {
            assert_eq!(begin(&config, &options).unwrap(), expected, "{what}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_with_its_place() {
        let bound = Bound {
            keys: vec!["hyper-x".to_owned()],
            line: 7,
            column: 3,
        };
        let mut config = config(&["a"]);
        config.source = Some("config.toml".into());
        let actions = BTreeMap::from([("revoke".to_owned(), bound)]);
        config.keys = BTreeMap::from([("table".to_owned(), actions)]);

        let error = keymap(&config).unwrap_err().to_string();

        assert!(
            error.contains("line 7, column 3") && error.contains("hyper-x"),
            "{error}"
        );
    }
}
