//! Settings that a system can take over from another program on this machine.

use std::borrow::Cow;
use std::path::Path;

use secrecy::SecretString;

/// Reads the configuration of another program. Each system may have one.
pub trait Import: Send + Sync {
    /// How it is called and what it takes.
    fn spec(&self) -> &ImportSpec;

    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read or does not hold what a profile needs; a whole sentence without a full stop.
    fn read(&self, files: &ImportFiles<'_>) -> Result<Imported, String>;
}

/// How an import is called on the command line.
#[derive(Clone, Debug)]
pub struct ImportSpec {
    /// The verb under `usher config` ("import-acme").
    pub verb: Cow<'static, str>,
    /// Its effect, as one line of help.
    pub about: Cow<'static, str>,
    /// The help of the file.
    pub file_help: Cow<'static, str>,
    /// The option that names the file of a key with which secrets were encoded, without dashes.
    pub key_option: Cow<'static, str>,
    /// The help of that option.
    pub key_help: Cow<'static, str>,
    /// The program whose configuration it is ("the Acme command line").
    pub origin: Cow<'static, str>,
}

/// Where an import reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportFiles<'a> {
    /// The file. `None`: where the other program keeps it.
    pub file: Option<&'a Path>,
    /// The file of the key. `None`: where the other program keeps it.
    pub key: Option<&'a Path>,
    /// The home folder. `None`: there is none.
    pub home: Option<&'a Path>,
}

/// The settings that were read.
#[derive(Debug)]
pub struct Imported {
    /// The address of the system.
    pub url: String,
    /// The client that signs in with the secret. `None`: the secret is a token.
    pub client_id: Option<String>,
    /// The secret.
    pub secret: SecretString,
}
