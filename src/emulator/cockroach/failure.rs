//! Errors of SQL and how they are told.

use serde_json::{Value, json};

/// An error of the server: a SQLSTATE and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    code: &'static str,
    pub(super) message: String,
    detail: Option<String>,
    hint: Option<&'static str>,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Failure {
            code,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// An error that the server has no code for.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Failure::new("XXUUU", message)
    }

    /// A statement that a real server might well carry out, and this one does not know.
    pub(super) fn unimplemented(what: &str) -> Self {
        Failure::new("0A000", format!("unimplemented: {what}"))
    }

    /// It happened while a statement ran, which stands before the sentence.
    pub(super) fn executing(self) -> Self {
        self.behind("run-query-via-api")
    }

    /// The same with words before its sentence.
    pub(super) fn behind(mut self, words: &str) -> Self {
        self.message = format!("{words}: {}", self.message);
        self
    }

    pub(super) fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    pub(super) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn json(&self) -> Value {
        let mut json = json!({
            "severity": "ERROR",
            "code": self.code,
            "message": self.message,
        });
        if let Some(detail) = &self.detail {
            json["detail"] = json!(detail);
        }
        if let Some(hint) = self.hint {
            json["hint"] = json!(hint);
        }
        json
    }
}
