//! How a profile signs in, as the configuration says it.

use secrecy::SecretString;
use strum::IntoEnumIterator;

use super::error::ConfigError;
use super::own::OwnKeys;
use super::profile::{Login, SecretSource};
use super::system::{SignInMethod, SystemSpec};
use super::table::{Setting, Table};

/// A way to sign in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// A token that the system takes as it is.
    Token,
    /// OAuth client credentials.
    ClientCredentials,
    /// OAuth device authorization.
    Device,
    /// User and password.
    Password,
    /// A client certificate.
    Certificate,
    /// None.
    None,
}

impl Method {
    /// Its word in the configuration.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The keys of the login table beside `method`.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Token => &["token"],
            Self::ClientCredentials | Self::Device => &["client_id", "client_secret"],
            Self::Password => &["user", "password"],
            Self::Certificate | Self::None => &[],
        }
    }
}

/// Reads `login` or `token` of a profile, and the keys that the sign-in has in this system only.
pub(super) fn read(
    profile: &Table<'_>,
    system: &SystemSpec,
    allow_plain: bool,
) -> Result<(Login, OwnKeys), ConfigError> {
    match (profile.get("token"), profile.get("login")) {
        (Some(token), None) => {
            possible(&token, system, Method::Token)?;
            let token = secret(&token, allow_plain)?;
            Ok((Login::Token { token }, OwnKeys::default()))
        }
        (None, Some(login)) => table(&login.table()?, system, allow_plain),
        (Some(token), Some(_)) => {
            Err(token.error("token and login exclude each other; keep one of them"))
        }
        (None, None) => Err(profile.error(format!(
            "{} does not say how to sign in; add token or login (methods of {}: {})",
            profile.title(),
            system.word,
            system.method_words()
        ))),
    }
}

fn table(
    login: &Table<'_>,
    system: &SystemSpec,
    allow_plain: bool,
) -> Result<(Login, OwnKeys), ConfigError> {
    let item = login.require("method")?;
    let words: Vec<_> = Method::iter().map(|m| (m.word(), m)).collect();
    let method = item.word(&words)?;
    let own_keys = &possible(&item, system, method)?.own_keys;
    let own_names: Vec<_> = own_keys.iter().map(|key| key.name.as_ref()).collect();
    login.only(&[&["method"], method.keys(), &own_names])?;
    let mut own = OwnKeys::default();
    own.read(login, own_keys)?;
    let must = |key| secret(&login.require(key)?, allow_plain);
    let text =
        |key| -> Result<String, ConfigError> { Ok(login.require(key)?.some_text()?.to_owned()) };
    let login = match method {
        Method::Token => Login::Token {
            token: must("token")?,
        },
        Method::ClientCredentials => Login::ClientCredentials {
            client_id: text("client_id")?,
            client_secret: must("client_secret")?,
        },
        Method::Device => Login::Device {
            client_id: text("client_id")?,
            client_secret: login
                .get("client_secret")
                .map(|item| secret(&item, allow_plain))
                .transpose()?,
        },
        Method::Password => Login::Password {
            user: text("user")?,
            password: must("password")?,
        },
        Method::Certificate => Login::Certificate,
        Method::None => Login::None,
    };
    Ok((login, own))
}

/// The sign-in of this method, if the system has it.
fn possible<'s>(
    item: &Setting<'_>,
    system: &'s SystemSpec,
    method: Method,
) -> Result<&'s SignInMethod, ConfigError> {
    system.method(method).ok_or_else(|| {
        item.error(format!(
            "{} cannot sign in by {}; it can by: {}",
            system.word,
            method.word(),
            system.method_words()
        ))
    })
}

/// Reads where a secret comes from. The hidden variables of commands are filled in at the end.
fn secret(item: &Setting<'_>, allow_plain: bool) -> Result<SecretSource, ConfigError> {
    if item.is_text() {
        return plain(item, allow_plain);
    }
    let table = item.table()?;
    const SOURCES: &[&str] = &["env", "file", "command", "keyring", "prompt"];
    table.only(&[SOURCES])?;
    let items = table.items();
    let [(kind, source)] = items.as_slice() else {
        return Err(item.error(format!("needs exactly one of: {}", SOURCES.join(", "))));
    };
    match *kind {
        "env" => variable(source),
        "file" => Ok(SecretSource::File(source.path()?)),
        "command" => command(source),
        "keyring" => switch(source, SecretSource::Keyring),
        _ => switch(source, SecretSource::Prompt),
    }
}

fn plain(item: &Setting<'_>, allow_plain: bool) -> Result<SecretSource, ConfigError> {
    if !allow_plain {
        let key = item.name.rsplit('.').next().unwrap_or_default();
        return Err(item.error(format!(
            "a secret stands here in clear. Move it: run install -m 600 /dev/stdin {key}.secret \
             in the folder of this file, paste it, press Enter and Ctrl-D, and write here \
             {{ file = \"{key}.secret\" }}; or set allow_plain = true"
        )));
    }
    if !item.is_private() {
        return Err(item.error(
            "a secret stands here in clear and others may read this file; run chmod 600 on it",
        ));
    }
    Ok(SecretSource::Plain(SecretString::from(item.some_text()?)))
}

fn variable(item: &Setting<'_>) -> Result<SecretSource, ConfigError> {
    let name = item.some_text()?;
    if name.contains(['=', '\0']) {
        // A value in the place of the name is not quoted: it may be the secret.
        return Err(item.error("must be the name of an environment variable"));
    }
    Ok(SecretSource::Env(name.to_owned()))
}

fn command(item: &Setting<'_>) -> Result<SecretSource, ConfigError> {
    let args = item.texts()?;
    if args.first().is_none_or(String::is_empty) {
        return Err(item.error("must name a program"));
    }
    Ok(SecretSource::Command {
        args,
        hidden: [].into(),
    })
}

fn switch(item: &Setting<'_>, source: SecretSource) -> Result<SecretSource, ConfigError> {
    if item.boolean()? {
        Ok(source)
    } else {
        Err(item.error("must be true, or be left out"))
    }
}
