//! The profiles behind the screen: opening them and reading the configuration anew.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::api::SessionApi;
use crate::api::auth::Prompter;
use crate::app::source::ProfileView;
use crate::config::Profile;
use crate::model::ApiError;

/// A profile that can be asked.
#[derive(Clone)]
pub struct Opened {
    /// Its client.
    pub api: Arc<dyn SessionApi>,
    /// How it is written in the configuration.
    pub profile: Arc<Profile>,
}

/// Where the screen gets its profiles from: the configuration, or a test.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// Opens a profile: starts the embedded demo if it is that, reads secrets, builds the client.
    /// May ask the person through `prompter`. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Config`] if it cannot be used as it is written, or any other.
    async fn open(&self, profile: &str, prompter: Arc<dyn Prompter>) -> Result<Opened, ApiError>;

    /// Ends the tokens that no later run could use, when the screen has ended. The answer is what to
    /// tell the operator.
    async fn close(&self) -> Vec<String> {
        Vec::new()
    }

    /// Reads the configuration anew. Blocks.
    ///
    /// # Errors
    /// One line for people that says where it cannot be read; the profiles of before stay.
    fn reload(&self) -> Result<Vec<ProfileView>, String>;

    /// The file to edit. `None`: there is no place for one.
    fn file(&self) -> Option<PathBuf>;

    /// Writes the example configuration where it is looked for. Blocks.
    ///
    /// # Errors
    /// One line for people, also if there is a file already.
    fn write_example(&self) -> Result<PathBuf, String>;

    /// Adds a commented profile of this system to the configuration. Blocks.
    ///
    /// # Errors
    /// One line for people.
    fn add_profile(&self, system: &str) -> Result<PathBuf, String>;

    /// Gives an application a name in the configuration, and changes nothing else there. Blocks.
    ///
    /// # Errors
    /// One line for people; the configuration is as it was.
    fn name_client(&self, profile: &str, id: &str, name: &str) -> Result<(), String>;

    /// Environment variables that hold secrets: hidden from programs that are started.
    fn secret_variables(&self) -> Vec<String>;
}
