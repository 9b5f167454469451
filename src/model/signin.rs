//! The questions that a sign-in asks the person at the terminal.

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
    /// The heading ("Password of jdoe").
    pub title: String,
    /// Texts from the server to read first.
    pub lines: Vec<Untrusted>,
    /// The questions. May be empty: then only an OK is wanted.
    pub questions: Vec<Question>,
}

/// Something that happens elsewhere, on a phone perhaps, and is waited for: nothing need be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The heading ("Sign in to prod-am").
    pub title: String,
    /// Texts from the server to read meanwhile.
    pub lines: Vec<Untrusted>,
    /// Alternatives to waiting ("Use a code"). Mostly empty.
    pub instead: Vec<Untrusted>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The text before the field.
    pub prompt: Untrusted,
    /// The type of the answer.
    pub kind: QuestionKind,
}

/// The type of a question's answer. Answers are text; of a choice the index as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// Text that may be shown.
    Text {
        /// The first content of the field.
        default: Untrusted,
    },
    /// Text that is masked.
    Secret,
    /// One of several.
    Choice {
        /// The choices.
        options: Vec<Untrusted>,
        /// Index of the one chosen at first.
        default: usize,
    },
}
