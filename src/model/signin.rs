//! What a sign-in asks of the person at the terminal.

use chrono::{DateTime, Utc};

use super::text::Untrusted;

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

/// Something that happens elsewhere, on a phone perhaps, and is waited for: nothing need be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What it is about ("Sign in to prod-am").
    pub title: String,
    /// What the server wants the person to read meanwhile.
    pub lines: Vec<Untrusted>,
    /// What can be done in place of waiting ("Use a code"). Mostly empty.
    pub instead: Vec<Untrusted>,
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
