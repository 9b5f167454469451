//! How a provider asks the person at the terminal to sign in.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use secrecy::SecretString;

use crate::model::ApiError;
pub use crate::model::signin::{Ask, DeviceCode, Question, QuestionKind, Waiting};

/// Somebody who can be asked: the screen, the command line, or nobody.
#[async_trait]
pub trait Prompter: Send + Sync {
    /// Shows a code; returns at once. Shown until [`done`](Self::done) or the next step.
    async fn show_code(&self, code: DeviceCode);

    /// Asks and waits for the answers, as many as there are questions.
    ///
    /// # Errors
    /// [`ApiError::Cancelled`] if the person gives up, [`ApiError::Auth`] if nobody can be asked.
    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError>;

    /// Shows what is waited for and returns after `pause`, or sooner with the index of what the person
    /// chose to do `instead`. Shown until [`done`](Self::done) or the next step. Whoever shows nothing
    /// only waits.
    ///
    /// # Errors
    /// [`ApiError::Cancelled`] if the person gives up.
    async fn wait(&self, _waiting: Waiting, pause: Duration) -> Result<Option<usize>, ApiError> {
        tokio::time::sleep(pause).await;
        Ok(None)
    }

    /// The sign-in has ended, well or not: takes the box away.
    async fn done(&self);
}

/// Nobody is there: every question fails with a sentence that says so.
pub struct Nobody;

#[async_trait]
impl Prompter for Nobody {
    async fn show_code(&self, _code: DeviceCode) {}

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        Err(ApiError::Auth {
            message: format!("{}: nobody is there to answer", ask.title),
            can_login: true,
            exchange: None,
        })
    }

    async fn done(&self) {}
}

/// Takes the box away when a sign-in ends, also when it is dropped half way.
pub(crate) struct Closing<'a>(Option<&'a Arc<dyn Prompter>>);

impl<'a> Closing<'a> {
    /// From here on, the box is somebody's to take away.
    pub(crate) fn new(prompter: &'a Arc<dyn Prompter>) -> Self {
        Self(Some(prompter))
    }

    /// The sign-in has ended.
    pub(crate) async fn close(mut self) {
        if let Some(prompter) = self.0.take() {
            prompter.done().await;
        }
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if let Some(prompter) = self.0.take() {
            // A drop cannot wait; a queue with room takes the message at the first attempt.
            let _ = prompter.done().now_or_never();
        }
    }
}
