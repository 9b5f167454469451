//! Fetching a secret of the profile, off the loop, or from the person at the terminal.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{Ask, Asking, Closing, Prompter, Question, QuestionKind};
use crate::config::SecretSource;
use crate::model::{ApiError, Untrusted};

/// A secret of a profile: where it comes from, and how to ask for it.
pub struct ProfileSecret {
    profile: String,
    what: String,
    source: SecretSource,
    prompter: Arc<dyn Prompter>,
    /// Fetched once: a command or a keyring may be slow, and a person is asked once.
    fetched: Mutex<Option<SecretString>>,
}

impl ProfileSecret {
    /// `what` is how to call it in a question ("Client secret of 1800.c3f1").
    pub fn new(
        profile: &str,
        what: impl Into<String>,
        source: SecretSource,
        prompter: Arc<dyn Prompter>,
    ) -> Self {
        Self {
            profile: profile.to_owned(),
            what: what.into(),
            source,
            prompter,
            fetched: Mutex::new(None),
        }
    }

    /// True if a person must be asked for it.
    pub fn is_prompt(&self) -> bool {
        self.source.is_prompt()
    }

    /// The secret; fetched or asked for at the first call. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the source gives none, [`ApiError::Auth`] if a person is needed and
    /// must not be asked, [`ApiError::Cancelled`] if the person gives up.
    pub async fn get(&self, asking: &Asking) -> Result<SecretString, ApiError> {
        let mut fetched = self.fetched.lock().await;
        if let Some(secret) = &*fetched {
            return Ok(secret.clone());
        }
        let secret = self.fetch(asking).await?;
        *fetched = Some(secret.clone());
        Ok(secret)
    }

    /// Forgets what was fetched: it did not work. The next call fetches or asks again.
    pub async fn forget(&self) {
        *self.fetched.lock().await = None;
    }

    async fn fetch(&self, asking: &Asking) -> Result<SecretString, ApiError> {
        if self.is_prompt() {
            let _busy = asking.begin()?;
            return self.ask().await;
        }
        let source = self.source.clone();
        let profile = self.profile.clone();
        let found = tokio::task::spawn_blocking(move || source.resolve(&profile)).await;
        let why = match found {
            Ok(Ok(secret)) => return Ok(secret),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the secret could not be fetched".to_owned(),
        };
        Err(ApiError::Config {
            profile: self.profile.clone(),
            why,
        })
    }

    async fn ask(&self) -> Result<SecretString, ApiError> {
        let ask = Ask {
            title: format!("Sign in to {}", self.profile),
            lines: Vec::new(),
            questions: vec![Question {
                prompt: Untrusted::from(self.what.as_str()),
                kind: QuestionKind::Secret,
            }],
        };
        let closing = Closing::new(&self.prompter);
        let answers = self.prompter.ask(ask).await;
        closing.close().await;
        answers?.into_iter().next().ok_or(ApiError::Cancelled)
    }
}
