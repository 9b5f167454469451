//! `usher config import-jans`: a profile out of the configuration of the Janssen command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use des::TdesEde3;
use ecb::cipher::block_padding::Pkcs7;
use ecb::cipher::{BlockModeDecrypt, KeyInit};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::args_verbs::KeepIn;
use super::config;
use super::ctx::Ctx;
use super::exit::{FAILED, Failure, OK};
use crate::config::keyring_store::keyring_write;
use crate::config::private;

/// Where Janssen keeps the salt on its own host.
const SALT_OF_SERVER: &str = "/etc/jans/conf/salt";

/// What was asked for.
pub(crate) struct Import<'a> {
    /// The file. `None`: where the Janssen command line keeps it.
    pub(crate) file: Option<&'a Path>,
    /// The file with the salt. `None`: the places where Janssen keeps it.
    pub(crate) salt: Option<&'a Path>,
    /// Name of the new profile.
    pub(crate) name: &'a str,
    /// Where the secret goes.
    pub(crate) keep_in: KeepIn,
}

/// Makes the profile and stores its secret; prints the path of the configuration.
///
/// # Errors
/// A file cannot be read or written, a secret cannot be decoded or stored, or the name is taken.
pub(crate) fn run(ctx: &Ctx, import: &Import<'_>) -> Result<u8, Failure> {
    if ctx.config()?.profile(import.name).is_some() {
        return Err(Failure::usage(format!(
            "there is a profile called {} already; name the new one with --name",
            import.name
        )));
    }
    let file = place(ctx, import.file, "jans-cli.ini")?;
    let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
    let values = section(&text);
    let found = Found::read(&values, || salt(ctx, import.salt))
        .map_err(|why| Failure::usage(format!("cannot import {}: {why}", file.display())))?;
    let source = store(ctx, import, &found.secret)?;
    let block = found.block(import.name, &source);
    let written = config::append(ctx, &block)?;
    let mut out = ctx.out();
    out.text(&written.display().to_string());
    out.flush()?;
    ctx.note(&format!(
        "profile {} is there; try it with: usher doctor {}",
        import.name, import.name
    ));
    Ok(OK)
}

fn place(ctx: &Ctx, named: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    match (named, &ctx.paths.home) {
        (Some(file), _) => Ok(file.to_owned()),
        (None, Some(home)) => Ok(home.join(".config").join(name)),
        (None, None) => Err(Failure::usage(format!(
            "there is no home folder (HOME) with {name} in it; name the file"
        ))),
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "cannot read {}: {error}. Name the file of the Janssen command line",
        file.display()
    ))
}

/// The keys of the section `[DEFAULT]`, in lower case, as Python's configparser reads them.
fn section(text: &str) -> BTreeMap<String, String> {
    let mut inside = false;
    let mut values = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            inside = name.trim_end_matches(']') == "DEFAULT";
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once(['=', ':'])
        {
            values.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    values
}

/// What a profile needs.
struct Found {
    url: String,
    client_id: Option<String>,
    secret: SecretString,
}

impl Found {
    fn read(
        values: &BTreeMap<String, String>,
        salt: impl Fn() -> Result<SecretString, Failure>,
    ) -> Result<Self, String> {
        let get = |key: &str| values.get(key).filter(|value| !value.is_empty());
        let host = get("jans_host").ok_or("it has no jans_host")?;
        let url = match host.split_once("://") {
            Some(_) => host.trim_end_matches('/').to_owned(),
            None => format!("https://{}", host.trim_end_matches('/')),
        };
        let secret_of = |key: &str| -> Result<Option<SecretString>, String> {
            if let Some(plain) = get(key) {
                return Ok(Some(SecretString::from(plain.as_str())));
            }
            let Some(encoded) = get(&format!("{key}_enc")) else {
                return Ok(None);
            };
            let salt = salt().map_err(|failure| failure.message)?;
            decode(encoded, salt.expose_secret())
                .map(Some)
                .map_err(|why| format!("{key}_enc cannot be decoded: {why}"))
        };
        if let Some(client_id) = get("jca_client_id") {
            let secret = secret_of("jca_client_secret")?
                .ok_or("it has a jca_client_id and no jca_client_secret")?;
            return Ok(Self {
                url,
                client_id: Some(client_id.clone()),
                secret,
            });
        }
        match secret_of("access_token")? {
            Some(secret) => Ok(Self {
                url,
                client_id: None,
                secret,
            }),
            None => Err("it has neither a jca_client_id nor an access_token".to_owned()),
        }
    }

    /// The profile as it is written into the configuration. `source`: where its secret is, as TOML.
    fn block(&self, name: &str, source: &str) -> String {
        let name = json!(name);
        let mut block = format!(
            "# Imported from the Janssen command line.\n[profile.{name}]\nsystem = \"janssen\"\nurl = {}\n",
            json!(self.url)
        );
        match &self.client_id {
            Some(id) => block.push_str(&format!(
                "\n[profile.{name}.login]\nmethod = \"client_credentials\"\nclient_id = {}\nclient_secret = {source}\n",
                json!(id)
            )),
            None => block.push_str(&format!("token = {source}\n")),
        }
        block
    }
}

/// The salt: what stands after `=` in the first salt file there is.
fn salt(ctx: &Ctx, named: Option<&Path>) -> Result<SecretString, Failure> {
    let places = match named {
        Some(file) => vec![file.to_owned()],
        None => {
            let own = place(ctx, None, "jans-cli-salt").ok();
            own.into_iter().chain([SALT_OF_SERVER.into()]).collect()
        }
    };
    for file in &places {
        let Ok(text) = std::fs::read_to_string(file) else {
            continue;
        };
        if let Some((_, salt)) = text.split_once('=') {
            return Ok(SecretString::from(salt.trim()));
        }
        return Err(Failure::usage(format!(
            "{} holds no encodeSalt = …",
            file.display()
        )));
    }
    let names: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
    Err(Failure::usage(format!(
        "its secret is encoded and there is no salt at {}; name its file with --salt",
        names.join(" or ")
    )))
}

/// Decodes a secret of the Janssen command line: base64 of Triple DES in ECB mode with PKCS#5 padding,
/// the key being the 24 characters of the salt. Source: Janssen `jans-cli-tui`.
fn decode(encoded: &str, salt: &str) -> Result<SecretString, &'static str> {
    let mut bytes = zeroize::Zeroizing::new(
        STANDARD
            .decode(encoded.trim())
            .map_err(|_| "it is not base64")?,
    );
    let cipher = ecb::Decryptor::<TdesEde3>::new_from_slice(salt.as_bytes())
        .map_err(|_| "the salt does not have 24 characters")?;
    let plain = cipher
        .decrypt_padded::<Pkcs7>(&mut bytes)
        .map_err(|_| "the salt is not the one it was encoded with")?;
    let text =
        std::str::from_utf8(plain).map_err(|_| "the salt is not the one it was encoded with")?;
    Ok(SecretString::from(text))
}

/// Puts the secret away and says where it is, as TOML.
fn store(ctx: &Ctx, import: &Import<'_>, secret: &SecretString) -> Result<String, Failure> {
    match import.keep_in {
        KeepIn::Keyring => {
            keyring_write(import.name, secret).map_err(|why| {
                Failure::new(
                    FAILED,
                    format!(
                        "cannot put the secret into the keyring: {why}. With --keep-in file it goes into a file that only you can read"
                    ),
                )
            })?;
            Ok("{ keyring = true }".to_owned())
        }
        KeepIn::File => {
            let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let name: String = import.name.chars().map(safe).collect();
            let file = config::place(ctx)?.with_file_name(format!("{name}.secret"));
            if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                crate::config::paths::make_dir(dir)?;
            }
            private::replace(&file, secret.expose_secret().as_bytes())?;
            let beside = file.file_name().unwrap_or_default().to_string_lossy();
            Ok(format!("{{ file = {} }}", json!(beside)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with another program: openssl enc -des-ede3 -K $(printf %s SALT | xxd -p) -nosalt | base64
    const SALT: &str = "abcdefghijklmnopqrstuvwx";
    const ENCODED: &str = "HIRbTqRTJMKGXn1Qmb+VD5PpmtJNfHZAyqNSL0NfHAI=";

    #[test]
    fn a_secret_encoded_by_another_program_is_decoded() {
        let secret = decode(ENCODED, SALT).unwrap();

        assert_eq!(secret.expose_secret(), "canary-secret-of-the-client");
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        for (encoded, salt, why) in [
            ("%%%", SALT, "base64"),
            (ENCODED, "short", "24 characters"),
            (ENCODED, "xxxxxxxxxxxxxxxxxxxxxxxx", "not the one"),
        ] {
            let error = decode(encoded, salt).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn only_the_default_section_counts_and_keys_have_no_case() {
        let values = section(
            "[OTHER]\njans_host = wrong\n[DEFAULT]\n# c\nJans_Host = idp.example.org\njca_client_id: 1800.x\n",
        );

        assert_eq!(values["jans_host"], "idp.example.org");
        assert_eq!(values["jca_client_id"], "1800.x");
    }

    #[test]
    fn a_token_alone_makes_a_profile_with_a_token() {
        let values = section("[DEFAULT]\njans_host=idp.example.org\naccess_token=t\n");

        let found = Found::read(&values, || unreachable!("nothing is encoded")).unwrap();

        assert_eq!(
            found.block("a b", "{ keyring = true }"),
            "# Imported from the Janssen command line.\n[profile.\"a b\"]\nsystem = \"janssen\"\nurl = \"https://idp.example.org\"\ntoken = { keyring = true }\n"
        );
    }
}
