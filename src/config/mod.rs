//! Configuration: one TOML file, read strictly. Every key is described in `config.example.toml`.

pub mod client_name;
pub mod error;
mod growing;
pub mod keyring_store;
pub mod lock;
pub mod login;
mod memory;
mod mistakes;
mod own;
#[cfg(debug_assertions)]
mod own_fault;
pub mod paths;
pub mod private;
pub mod profile;
mod read;
mod roots;
pub mod secret;
mod system;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

pub use error::ConfigError;
pub use growing::{Existing, GrowingFile};
pub use login::Method;
pub use own::{OwnCheck, OwnKey, OwnKeys, OwnKind, OwnValue};
#[cfg(debug_assertions)]
pub(crate) use own_fault::fails_at;
pub use paths::Paths;
pub use profile::{AuditMode, Login, Profile, SecretSource, Zone};
pub use roots::roots_of_environment;
pub use secret::SecretError;
pub use system::{Scheme, SignInMethod, SystemSpec};

use private::{Access, PrivateError};
use table::{Document, Setting, Table};

/// A configuration file larger than this is refused, in bytes.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;
/// The configuration, with its defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from. `None`: there is none.
    pub source: Option<PathBuf>,
    /// The profile to open when none is named. May be one of the demos without being a profile.
    pub default_profile: Option<String>,
    /// Colours: one of [`THEMES`], or the full path of a theme file. `None`: not said, so the one that
    /// was chosen last on screen.
    pub theme: Option<Theme>,
    /// Styles by role laid over every theme, as they were written.
    pub styles: BTreeMap<String, Styled>,
    /// True if searches are kept for the next run.
    pub history: bool,
    /// How times are shown.
    pub time: TimeShown,
    /// Zone of times typed without one.
    pub zone: Zone,
    /// True if the mouse is used.
    pub mouse: bool,
    /// Plain ASCII borders and marks.
    pub ascii: bool,
    /// No spinner.
    pub reduced_motion: bool,
    /// Keys laid over the defaults: context, action, keys.
    pub keys: BTreeMap<String, BTreeMap<String, Bound>>,
    /// The profiles, in the order of the file.
    pub profiles: Vec<Profile>,
    /// The names of the embedded demos, unless profiles have them; the first is what opens without a
    /// configuration.
    pub demos: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: None,
            default_profile: None,
            theme: None,
            styles: BTreeMap::new(),
            history: true,
            time: TimeShown::default(),
            zone: Zone::default(),
            mouse: true,
            ascii: false,
            reduced_motion: false,
            keys: BTreeMap::new(),
            profiles: Vec::new(),
            demos: Vec::new(),
        }
    }
}

/// Which colours are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Theme {
    /// A theme that usher carries, by name.
    Named(&'static str),
    /// A theme file.
    File(PathBuf),
}

/// The names of themes in the configuration.
pub const THEMES: [&str; 7] = [
    "auto",
    "dark",
    "light",
    "high-contrast",
    "colour-blind",
    "ansi",
    "mono",
];

/// How times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeShown {
    /// "12m ago".
    #[default]
    Age,
    /// In this machine's zone.
    Local,
    /// In UTC.
    Utc,
}

/// Keys for one action, as they were written: whoever knows the actions checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The keys ("ctrl-p"). One empty text: no key.
    pub keys: Vec<String>,
    /// Line in the file, from 1, for errors.
    pub line: usize,
    /// Column in the file, from 1, for errors.
    pub column: usize,
}

/// A style, as it was written: whoever knows the styles checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Styled {
    /// The words of the style ("bold yellow").
    pub words: String,
    /// Line in the file, from 1, for errors.
    pub line: usize,
    /// Column in the file, from 1, for errors.
    pub column: usize,
}

/// The profiles or demos to open at start.
#[derive(Clone, Debug)]
pub enum Opening<'a> {
    /// These profiles together. Never empty.
    Profiles(Vec<&'a Profile>),
    /// These embedded demos together. Never empty.
    Demo(Vec<&'a str>),
    /// Nothing yet: the person chooses.
    Ask,
}

impl Config {
    /// Replaces the zone of this machine, which is unknown, by UTC. Returns true if it was wanted
    /// anywhere.
    pub fn use_utc_for_local(&mut self) -> bool {
        let is_wanted = self.zone == Zone::Local || self.time == TimeShown::Local;
        if self.zone == Zone::Local {
            self.zone = Zone::Utc;
        }
        if self.time == TimeShown::Local {
            self.time = TimeShown::Utc;
        }
        is_wanted
    }

    /// Where the configuration is: `--config`, else `$USHER_CONFIG`, else the platform's place.
    /// `None`: this machine has no home folder. Empty variables count as not set.
    pub fn place(flag: Option<&Path>, variable: Option<&OsStr>, paths: &Paths) -> Option<PathBuf> {
        let variable = variable.filter(|v| !v.is_empty()).map(Path::new);
        flag.or(variable)
            .map(Path::to_owned)
            .or_else(|| paths.config_file())
    }

    /// The defaults, with the demos of these systems.
    pub fn without_profiles(systems: &[Arc<SystemSpec>]) -> Self {
        let demos = systems.iter().flat_map(|system| system.demos.iter());
        Self {
            demos: demos.map(ToString::to_string).collect(),
            ..Self::default()
        }
    }

    /// Reads the configuration, whose profiles are about these systems. A file at the platform's place
    /// may be missing: then there are no profiles. One that was named must be there.
    ///
    /// # Errors
    /// [`ConfigError`], with the place in the file.
    pub fn load(
        flag: Option<&Path>,
        variable: Option<&OsStr>,
        paths: &Paths,
        systems: &[Arc<SystemSpec>],
    ) -> Result<Self, ConfigError> {
        let named = flag.is_some() || variable.is_some_and(|v| !v.is_empty());
        let Some(file) = Self::place(flag, variable, paths) else {
            return Ok(Self::without_profiles(systems));
        };
        match private::read_named(&file, Access::OthersMayRead, SIZE_LIMIT) {
            Ok((bytes, mode)) => Self::parse(&file, &bytes, mode & 0o077 == 0, paths, systems),
            Err(PrivateError::Missing(_)) if !named => Ok(Self::without_profiles(systems)),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the text that is to become this file, which only its owner may read then.
    ///
    /// # Errors
    /// [`ConfigError`], with the place in the text.
    pub fn check(
        file: &Path,
        text: &str,
        paths: &Paths,
        systems: &[Arc<SystemSpec>],
    ) -> Result<(), ConfigError> {
        Self::parse(file, text.as_bytes(), true, paths, systems).map(|_| ())
    }

    /// Reads a configuration from its bytes. `private` is true if only its owner may read the file.
    ///
    /// # Errors
    /// It is not right: a sentence that names the place.
    pub fn parse(
        file: &Path,
        bytes: &[u8],
        private: bool,
        paths: &Paths,
        systems: &[Arc<SystemSpec>],
    ) -> Result<Self, ConfigError> {
        let text = utf8(file, bytes)?;
        let root = toml(file, text)?;
        let doc = Document::new(file, text, private, paths);
        let mut config = top(&Table::root(&doc, &root), systems)?;
        config.source = Some(file.to_owned());
        config.hide_variables();
        Ok(config)
    }

    /// Every mistake of the configuration that [`load`](Self::load) would read, and of `check`, which
    /// looks at what was read. Empty: it is right, or there is none.
    pub fn mistakes(
        flag: Option<&Path>,
        variable: Option<&OsStr>,
        paths: &Paths,
        systems: &[Arc<SystemSpec>],
        check: impl Fn(&Self) -> Result<(), ConfigError>,
    ) -> Vec<ConfigError> {
        let first = Self::load(flag, variable, paths, systems).and_then(|config| check(&config));
        let Err(first) = first else {
            return Vec::new();
        };
        let file = Self::place(flag, variable, paths).unwrap_or_default();
        let bytes = private::read_named(&file, Access::OthersMayRead, SIZE_LIMIT);
        let Ok((bytes, mode)) = bytes else {
            return vec![first];
        };
        let Ok((text, root)) = utf8(&file, &bytes).and_then(|text| Ok((text, toml(&file, text)?)))
        else {
            return vec![first];
        };
        let doc = Document::new(&file, text, mode & 0o077 == 0, paths);
        let read = |root: &DeTable<'_>| {
            let mut config = top(&Table::root(&doc, root), systems)?;
            config.source = Some(file.clone());
            Ok(config)
        };
        mistakes::collect(root, read, check)
    }

    /// The names of the profiles, without a look at what is in them. Empty: there are none, or the file
    /// cannot be read. `flag` and `variable` are those of [`load`](Self::load).
    pub fn profile_names(
        flag: Option<&Path>,
        variable: Option<&OsStr>,
        paths: &Paths,
    ) -> Vec<String> {
        let file = Self::place(flag, variable, paths);
        let read = file
            .and_then(|file| private::read_named(&file, Access::OthersMayRead, SIZE_LIMIT).ok());
        let text = read.and_then(|(bytes, _)| String::from_utf8(bytes).ok());
        let table = text.and_then(|text| text.parse::<toml::Table>().ok());
        let profiles = table
            .as_ref()
            .and_then(|table| table.get("profile")?.as_table());
        profiles.map_or_else(Vec::new, |all| all.keys().cloned().collect())
    }

    /// Every environment variable that holds a secret of some profile: no child process gets them.
    pub fn secret_variables(&self) -> BTreeSet<String> {
        let sources = self.profiles.iter().flat_map(|p| p.login.secrets());
        sources
            .filter_map(|source| match source {
                SecretSource::Env(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.name == name)
    }

    /// The profiles or demos to open: the profiles named, all, the default, the only one; else the
    /// person chooses. Without any profile it is the first demo; of all profiles, every demo. A
    /// name that comes twice counts once.
    ///
    /// # Errors
    /// [`ConfigError::NoProfile`].
    pub fn opening(&self, names: &[String], all: bool) -> Result<Opening<'_>, ConfigError> {
        if all && !self.profiles.is_empty() {
            return Ok(Opening::Profiles(self.profiles.iter().collect()));
        }
        let default: Vec<String> = self.default_profile.iter().cloned().collect();
        let wanted = if names.is_empty() { &default } else { names };
        match (wanted, self.profiles.as_slice()) {
            ([], []) => {
                let number = if all { self.demos.len() } else { 1 };
                let demos = self.demos.iter().take(number);
                Ok(Opening::Demo(demos.map(String::as_str).collect()))
            }
            ([], [only]) => Ok(Opening::Profiles(vec![only])),
            ([], _) => Ok(Opening::Ask),
            _ => match self.demos_named(wanted) {
                Some(demos) => Ok(Opening::Demo(demos)),
                None => self.named(wanted).map(Opening::Profiles),
            },
        }
    }

    /// The demos of these names. `None`: one of them is none, or a profile.
    fn demos_named(&self, names: &[String]) -> Option<Vec<&str>> {
        let mut found: Vec<&str> = Vec::new();
        for name in names {
            let demo = self.demos.iter().find(|demo| *demo == name)?;
            if self.profile(demo).is_some() {
                return None;
            }
            if !found.contains(&demo.as_str()) {
                found.push(demo);
            }
        }
        Some(found)
    }

    fn named(&self, names: &[String]) -> Result<Vec<&Profile>, ConfigError> {
        let mut found: Vec<&Profile> = Vec::new();
        for name in names {
            let profile = self.profile(name).ok_or_else(|| {
                let known: Vec<_> = self.profiles.iter().map(|p| p.name.as_str()).collect();
                ConfigError::no_profile(name, &known)
            })?;
            if !found.iter().any(|seen| seen.name == profile.name) {
                found.push(profile);
            }
        }
        Ok(found)
    }

    /// Tells every secret command which variables it must not get.
    fn hide_variables(&mut self) {
        let names: Arc<[String]> = self.secret_variables().into_iter().collect();
        for profile in &mut self.profiles {
            for source in profile.login.secrets_mut() {
                if let SecretSource::Command { hidden, .. } = source {
                    *hidden = names.clone();
                }
            }
        }
    }
}

/// The keys at the top of the file.
const TOP: [&str; 11] = [
    "default_profile",
    "theme",
    "history",
    "time",
    "zone",
    "mouse",
    "ascii",
    "reduced_motion",
    "styles",
    "keys",
    "profile",
];

fn utf8<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, ConfigError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
        let message = "it is not UTF-8 text".to_owned();
        ConfigError::at(file, &good, good.len(), "", message)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn toml<'a>(file: &Path, text: &'a str) -> Result<DeTable<'a>, ConfigError> {
    let root = DeTable::parse(text).map_err(|error| {
        let byte = error.span().map_or(0, |span| span.start);
        // The parser's own picture of the line is left out: it may hold a secret.
        let message = format!("not TOML: {}", error.message());
        ConfigError::at(file, text, byte, "", message)
    })?;
    Ok(root.into_inner())
}

/// Reads the top of the file.
fn top(root: &Table<'_>, systems: &[Arc<SystemSpec>]) -> Result<Config, ConfigError> {
    root.only(&[&TOP])?;
    let mut config = Config::without_profiles(systems);
    read::set(root, "theme", &mut config.theme, |item| {
        theme(item).map(Some)
    })?;
    read::set(root, "styles", &mut config.styles, styles)?;
    read::set(root, "history", &mut config.history, Setting::boolean)?;
    read::set(root, "time", &mut config.time, |item| {
        item.word(&[
            ("age", TimeShown::Age),
            ("local", TimeShown::Local),
            ("utc", TimeShown::Utc),
        ])
    })?;
    read::set(root, "zone", &mut config.zone, read::zone)?;
    read::set(root, "mouse", &mut config.mouse, Setting::boolean)?;
    read::set(root, "ascii", &mut config.ascii, Setting::boolean)?;
    let still = &mut config.reduced_motion;
    read::set(root, "reduced_motion", still, Setting::boolean)?;
    read::set(root, "keys", &mut config.keys, keys)?;
    if let Some(profiles) = root.get("profile") {
        for (name, item) in profiles.table()?.items() {
            let profile = read::profile(name, &item.table()?, systems)?;
            config.profiles.push(profile);
        }
    }
    if let Some(item) = root.get("default_profile") {
        let name = item.some_text()?.to_owned();
        if !config.demos.contains(&name) && config.profile(&name).is_none() {
            let error = config.named(std::slice::from_ref(&name)).err();
            return Err(item.error(error.map_or_else(String::new, |e| e.to_string())));
        }
        config.default_profile = Some(name);
    }
    Ok(config)
}

fn theme(item: &Setting<'_>) -> Result<Theme, ConfigError> {
    let text = item.some_text()?;
    if text.contains('/') || text.ends_with(".toml") {
        return item.path().map(Theme::File);
    }
    item.word(&THEMES.map(|name| (name, name)))
        .map(Theme::Named)
}

/// Reads `[styles]`: a role and its style. Whoever knows the roles checks them.
fn styles(item: &Setting<'_>) -> Result<BTreeMap<String, Styled>, ConfigError> {
    let read = |(role, style): (&str, Setting<'_>)| {
        let (line, column) = style.place();
        let words = style.text()?.to_owned();
        let styled = Styled {
            words,
            line,
            column,
        };
        Ok((role.to_owned(), styled))
    };
    item.table()?.items().into_iter().map(read).collect()
}

/// Reads `[keys.CONTEXT]`: an action and its keys, one text or a list.
fn keys(item: &Setting<'_>) -> Result<BTreeMap<String, BTreeMap<String, Bound>>, ConfigError> {
    let mut contexts = BTreeMap::new();
    for (context, actions) in item.table()?.items() {
        let mut bound = BTreeMap::new();
        for (action, keys) in actions.table()?.items() {
            let (line, column) = keys.place();
            let keys = if keys.is_text() {
                vec![keys.text()?.to_owned()]
            } else {
                keys.texts()?
            };
            bound.insert(action.to_owned(), Bound { keys, line, column });
        }
        contexts.insert(context.to_owned(), bound);
    }
    Ok(contexts)
}
