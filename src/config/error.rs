//! Why a configuration cannot be used, and where in the file.

use std::path::{Path, PathBuf};

use super::private::{PrivateError, shown};
use crate::model::text::{display_safe, nearest};

/// A configuration that cannot be used. Nothing is started with half of one; the exit code is 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file itself cannot be read.
    #[error("cannot read the configuration: {0}")]
    File(#[from] PrivateError),
    /// Something in it is wrong.
    #[error("cannot read {}: line {line}, column {column}: {message}", shown(file))]
    At {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The full name of the key ("profile.prod.timeout"). Empty: the text is not TOML.
        key: String,
        /// The mistake and its remedy. Never a value that may be secret.
        message: String,
        /// True if there is no such key, so that nothing depends on its value.
        is_unknown_key: bool,
    },
    /// No profile has this name.
    #[error("no profile is called \"{name}\"{hint}")]
    NoProfile {
        /// The name that was asked for, cleaned.
        name: String,
        /// The names there are, as the rest of the sentence.
        hint: String,
    },
}

impl ConfigError {
    /// The exit code of the command line.
    pub fn exit_code(&self) -> u8 {
        2
    }

    /// The full name of the key that it is about. Empty: it is about none.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::At { key, .. } => key,
            Self::File(_) | Self::NoProfile { .. } => "",
        }
    }

    /// Line and column, from 1. Zeros: the file as a whole.
    pub(super) fn place(&self) -> (usize, usize) {
        match self {
            Self::At { line, column, .. } => (*line, *column),
            Self::File(_) | Self::NoProfile { .. } => (0, 0),
        }
    }

    /// An error at a byte of the text.
    pub(super) fn at(file: &Path, text: &str, byte: usize, key: &str, message: String) -> Self {
        let (line, column) = place(text, byte);
        Self::At {
            file: file.to_owned(),
            line,
            column,
            key: display_safe(key).into_owned(),
            message,
            is_unknown_key: false,
        }
    }

    /// An error at a byte of the text, where a key stands that there is not.
    pub(super) fn unknown_key(
        file: &Path,
        text: &str,
        byte: usize,
        key: &str,
        message: String,
    ) -> Self {
        let mut error = Self::at(file, text, byte, key, message);
        if let Self::At { is_unknown_key, .. } = &mut error {
            *is_unknown_key = true;
        }
        error
    }

    /// A profile that is not among these.
    pub(super) fn no_profile(name: &str, known: &[&str]) -> Self {
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("; did you mean \"{}\"?", display_safe(near)),
            None if known.is_empty() => "; the configuration has no profiles".to_owned(),
            None => format!("; there are: {}", display_safe(&known.join(", "))),
        };
        Self::NoProfile {
            name: display_safe(name).into_owned(),
            hint,
        }
    }
}

/// Line and column, from 1, of a byte of the text.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}
