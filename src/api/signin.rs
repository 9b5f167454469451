//! How a provider asks the person at the terminal to sign in.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::model::{ApiError, Untrusted};

/// A code that the person types in a browser (device authorization, RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// The address to open.
    pub url: Untrusted,
    /// The same with the code in it. `None`: the server gave none.
    pub url_complete: Option<Untrusted>,
    /// The code to type.
    pub code: Untrusted,
    /// When the code stops working.
    pub until: DateTime<Utc>,
}

/// Questions to be answered at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What it is about ("Password of jdoe").
    pub title: String,
    /// What the server wants the person to read first.
    pub lines: Vec<Untrusted>,
    /// What is asked. May be empty: then only an OK is wanted.
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What to write before the field.
    pub prompt: Untrusted,
    /// What kind of answer.
    pub kind: QuestionKind,
}

/// What kind of answer a question takes. Answers are text; of a choice the index as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// Text that may be shown.
    Text {
        /// What stands in the field at first.
        default: Untrusted,
    },
    /// Text that is masked.
    Secret,
    /// One of several.
    Choice {
        /// What can be chosen.
        options: Vec<Untrusted>,
        /// Index of the one chosen at first.
        default: usize,
    },
}

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
        })
    }

    async fn done(&self) {}
}
