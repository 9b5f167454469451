//! The systems that this program knows, as a list that is passed on. Nothing else matches on a system.

use std::sync::Arc;

use super::auth::{NoStore, Prompter, TokenStore};
use super::besides::Besides;
use super::client_names::ClientNames;
use super::guard::ReadOnly;
use super::import::Import;
use super::layer::Layered;
use super::naming::UserNaming;
use super::{SessionApi, built_in};
use crate::config::{Profile, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// One kind of system: its description, and how a profile of it is opened. Lives in a folder of its own.
pub trait System: Send + Sync {
    /// Its description. Always the same.
    fn spec(&self) -> &Arc<SystemSpec>;

    /// The capabilities of its newest version, as far as they are known before any sign-in.
    fn caps(&self) -> Capabilities;

    /// The reader of another program's settings. `None`: nothing.
    fn import(&self) -> Option<&dyn Import> {
        None
    }

    /// The client for a profile whose `system` is this one. Nothing is sent and no secret is read yet.
    /// Keys that mean the same in every system (`read_only`, `client_names`, …) are not its business:
    /// [`Systems::open_with`] sees to them.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError>;
}

/// The systems that a program knows. Cloning shares them.
#[derive(Clone)]
pub struct Systems(Arc<[Arc<dyn System>]>);

impl Systems {
    /// The systems that usher carries.
    pub fn built_in() -> Self {
        Self(built_in().into())
    }

    /// The same and one more. A word that is taken already stays with the first.
    #[must_use]
    pub fn and(&self, system: Arc<dyn System>) -> Self {
        Self(self.iter().cloned().chain([system]).collect())
    }

    /// All of them, in the order in which people see them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn System>> {
        self.0.iter()
    }

    /// Their descriptions, in the same order.
    pub fn specs(&self) -> Vec<Arc<SystemSpec>> {
        self.iter().map(|system| system.spec().clone()).collect()
    }

    /// The system of this word. `None`: there is none.
    pub fn named(&self, word: &str) -> Option<&Arc<dyn System>> {
        self.iter().find(|system| system.spec().word == word)
    }

    /// The import of this verb, and its system. `None`: there is none.
    pub fn import(&self, verb: &str) -> Option<(&dyn System, &dyn Import)> {
        self.imports()
            .find(|(_, import)| import.spec().verb == verb)
    }

    /// All imports with their systems.
    pub fn imports(&self) -> impl Iterator<Item = (&dyn System, &dyn Import)> {
        self.iter()
            .filter_map(|system| Some((system.as_ref(), system.import()?)))
    }

    /// The client for a profile. Nothing is sent and no secret is read yet; tokens live as long as it
    /// does.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        self.open_with(profile, prompter, Arc::new(NoStore))
    }

    /// The same with a place where tokens outlive the process.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        let word = &profile.system.word;
        let system = self.named(word).ok_or_else(|| ApiError::Config {
            profile: profile.name.clone(),
            why: format!("this program knows no system \"{word}\""),
        })?;
        let mut api = system.open(profile, prompter, store)?;
        if !profile.client_names.is_empty() {
            let names = profile.client_names.clone();
            api = Arc::new(Layered(ClientNames::new(api, names)));
        }
        if !profile.user_names.are_same() {
            api = Arc::new(Layered(UserNaming::new(api, profile.user_names.clone())));
        }
        api = Arc::new(Layered(Besides::new(api, profile.user_names.clone())));
        if profile.policy.read_only {
            api = Arc::new(Layered(ReadOnly::new(&profile.name, api)));
        }
        Ok(api)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::auth::Nobody;
    use crate::config::{Config, Login, Paths};

    #[test]
    fn no_word_and_no_own_key_of_a_system_is_used_twice() {
        let mut words = BTreeSet::new();
        for spec in Systems::built_in().specs() {
            assert!(words.insert(spec.word.clone()), "{}", spec.word);
            let login = spec.methods.iter().flat_map(|one| &one.own_keys);
            let mut names = BTreeSet::new();
            for key in spec.own_keys.iter().chain(login) {
                assert!(names.insert(&key.name), "{}: {}", spec.word, key.name);
                assert!(!key.doc.is_empty(), "{}: {}", spec.word, key.name);
            }
        }
    }

    #[test]
    fn the_new_profile_of_every_system_is_right_once_it_has_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        for spec in Systems::built_in().specs() {
            let block = spec.profile_block();
            let lines = block.lines().skip(2).map(|line| &line[1..]);
            let text = lines.collect::<Vec<_>>().join("\n").replace("NAME", "mine");
            std::fs::write(&file, text).unwrap();

            let systems = Systems::built_in().specs();
            let config = Config::load(Some(&file), None, &Paths::default(), &systems);

            assert_eq!(config.unwrap().profiles[0].system.word, spec.word);
        }
    }

    #[test]
    fn a_profile_of_a_system_that_is_not_here_cannot_be_opened() {
        let url = "https://idp.example.org".parse().unwrap();
        let profile = Profile::new("p", SystemSpec::sample(), url, Login::None);

        let opened = Systems::built_in().open(&profile, Arc::new(Nobody));

        let error = opened.err().unwrap().to_string();
        assert!(error.contains("no system \"sample\""), "{error}");
    }
}
