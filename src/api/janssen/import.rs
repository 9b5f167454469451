//! A profile out of the configuration of the Janssen command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use des::TdesEde3;
use ecb::cipher::block_padding::Pkcs7;
use ecb::cipher::{BlockModeDecrypt, KeyInit};
use secrecy::{ExposeSecret, SecretString};

use crate::api::import::{Import, ImportFiles, ImportSpec, Imported};

/// The file of the Janssen command line, in `~/.config`.
const FILE: &str = "jans-cli.ini";
/// The file of its salt, beside it.
const SALT_FILE: &str = "jans-cli-salt";
/// Where Janssen keeps the salt on its own host.
const SALT_OF_SERVER: &str = "/etc/jans/conf/salt";

/// The configuration of the Janssen command line. Source: Janssen `jans-cli-tui`.
pub(super) struct JansCli {
    spec: ImportSpec,
}

impl JansCli {
    pub(super) fn new() -> Self {
        Self {
            spec: ImportSpec {
                verb: "import-jans".into(),
                about: "Make a profile of the configuration of the Janssen command line".into(),
                file_help: format!("The file; ~/.config/{FILE} if not given").into(),
                key_option: "salt".into(),
                key_help: "The file with the salt of encoded secrets".into(),
                origin: "the Janssen command line".into(),
            },
        }
    }
}

impl Import for JansCli {
    fn spec(&self) -> &ImportSpec {
        &self.spec
    }

    fn read(&self, files: &ImportFiles<'_>) -> Result<Imported, String> {
        let file = place(files, files.file, FILE)?;
        let text = std::fs::read_to_string(&file).map_err(|error| {
            format!(
                "cannot read {}: {error}. Name the file of {}",
                file.display(),
                self.spec.origin
            )
        })?;
        read(&section(&text), || salt(files))
            .map_err(|why| format!("cannot import {}: {why}", file.display()))
    }
}

fn place(files: &ImportFiles<'_>, named: Option<&Path>, name: &str) -> Result<PathBuf, String> {
    match (named, files.home) {
        (Some(file), _) => Ok(file.to_owned()),
        (None, Some(home)) => Ok(home.join(".config").join(name)),
        (None, None) => Err(format!(
            "there is no home folder (HOME) with {name} in it; name the file"
        )),
    }
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

fn read(
    values: &BTreeMap<String, String>,
    salt: impl Fn() -> Result<SecretString, String>,
) -> Result<Imported, String> {
    let get = |key: &str| values.get(key).filter(|value| !value.is_empty());
    let host = get("jans_host").ok_or("it has no jans_host")?;
    let host = host.trim_end_matches('/');
    let url = if host.contains("://") {
        host.to_owned()
    } else {
        format!("https://{host}")
    };
    let secret_of = |key: &str| -> Result<Option<SecretString>, String> {
        if let Some(plain) = get(key) {
            return Ok(Some(SecretString::from(plain.as_str())));
        }
        let Some(encoded) = get(&format!("{key}_enc")) else {
            return Ok(None);
        };
        decode(encoded, salt()?.expose_secret())
            .map(Some)
            .map_err(|why| format!("{key}_enc cannot be decoded: {why}"))
    };
    let client_id = get("jca_client_id").cloned();
    let secret = if client_id.is_some() {
        let secret = secret_of("jca_client_secret")?;
        secret.ok_or("it has a jca_client_id but no jca_client_secret")?
    } else {
        let token = secret_of("access_token")?;
        token.ok_or("it has neither a jca_client_id nor an access_token")?
    };
    Ok(Imported {
        url,
        client_id,
        secret,
    })
}

/// The salt: what stands after `=` in the first salt file there is.
fn salt(files: &ImportFiles<'_>) -> Result<SecretString, String> {
    let places = if let Some(file) = files.key {
        vec![file.to_owned()]
    } else {
        let own = place(files, None, SALT_FILE).ok();
        own.into_iter().chain([SALT_OF_SERVER.into()]).collect()
    };
    for file in &places {
        let Ok(text) = std::fs::read_to_string(file) else {
            continue;
        };
        if let Some((_, salt)) = text.split_once('=') {
            return Ok(SecretString::from(salt.trim()));
        }
        return Err(format!("{} holds no encodeSalt = …", file.display()));
    }
    let names: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
    Err(format!(
        "its secret is encoded and there is no salt at {}; name its file with --salt",
        names.join(" or ")
    ))
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
        .map_err(|_| "it was encoded with another salt")?;
    let text = std::str::from_utf8(plain).map_err(|_| "it was encoded with another salt")?;
    Ok(SecretString::from(text))
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
            (ENCODED, "xxxxxxxxxxxxxxxxxxxxxxxx", "another salt"),
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
    fn a_token_alone_is_enough() {
        let values = section("[DEFAULT]\njans_host=idp.example.org\naccess_token=t\n");

        let found = read(&values, || unreachable!("nothing is encoded")).unwrap();

        assert_eq!(found.url, "https://idp.example.org");
        assert_eq!(found.client_id, None);
        assert_eq!(found.secret.expose_secret(), "t");
    }
}
