//! The profile keys that only PingAM and OpenAM have.

use super::error::ConfigError;
use super::read::set;
use super::table::{Item, Table};

/// The keys, for the strict reader.
pub(super) const KEYS: &[&str] = &["realms", "flavour", "token_as", "list_limit"];

/// What a profile of PingAM or OpenAM has beside the common keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PingAmKeys {
    /// Which realms are listed.
    pub realms: Realms,
    /// Which line of servers it is.
    pub flavour: AmFlavour,
    /// How a token that the profile gives is sent.
    pub token_as: TokenAs,
    /// At how many rows the server cuts a list ("Maximum Number of Search Results"), for operators
    /// whom it does not tell. `None`: asked of the server, else 120.
    pub list_limit: Option<u32>,
}

/// Which realms a profile covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Realms {
    /// Every realm that the server names to this operator.
    #[default]
    All,
    /// These, each as a path ("/alpha/emea").
    These(Vec<String>),
}

/// A line of servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmFlavour {
    /// Found out by requests that change nothing.
    #[default]
    Auto,
    /// PingAM and ForgeRock AM.
    PingAm,
    /// Community OpenAM and Wren:AM.
    OpenAm,
}

/// How a token that is given is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenAs {
    /// In a header with the name of the server's cookie.
    #[default]
    Header,
    /// In the cookie.
    Cookie,
    /// As `Authorization: Bearer`: an OAuth access token (PingOne Advanced Identity Cloud).
    Bearer,
}

/// Reads the keys.
pub(super) fn read(table: &Table<'_>) -> Result<PingAmKeys, ConfigError> {
    let mut keys = PingAmKeys::default();
    set(table, "realms", &mut keys.realms, realms)?;
    set(table, "flavour", &mut keys.flavour, |item| {
        item.word(&[
            ("auto", AmFlavour::Auto),
            ("pingam", AmFlavour::PingAm),
            ("openam", AmFlavour::OpenAm),
        ])
    })?;
    set(table, "token_as", &mut keys.token_as, |item| {
        item.word(&[
            ("header", TokenAs::Header),
            ("cookie", TokenAs::Cookie),
            ("bearer", TokenAs::Bearer),
        ])
    })?;
    set(table, "list_limit", &mut keys.list_limit, |item| {
        item.number(1..=i64::from(i32::MAX)).map(Some)
    })?;
    Ok(keys)
}

fn realms(item: &Item<'_>) -> Result<Realms, ConfigError> {
    if item.is_text() {
        return match item.text()? {
            "all" => Ok(Realms::All),
            _ => Err(item.error("must be \"all\" or a list such as [\"/\", \"/alpha\"]")),
        };
    }
    let list = item.texts()?;
    match list.iter().find(|realm| !realm.starts_with('/')) {
        Some(wrong) => Err(item.error(format!(
            "\"{}\" is no realm; it begins with a slash, as in \"/\" or \"/alpha/emea\"",
            crate::model::text::display_safe(wrong)
        ))),
        None if list.is_empty() => Err(item.error("must name at least one realm, or be \"all\"")),
        None => Ok(Realms::These(list)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Login, Paths};

    fn keys(lines: &str) -> Result<PingAmKeys, String> {
        let text = format!(
            "[profile.am]\nsystem = \"pingam\"\nurl = \"https://am.example.org/am\"\n\
             login = {{ method = \"password\", user = \"amadmin\", password = {{ prompt = true }} }}\n{lines}\n"
        );
        Config::parse(
            Path::new("/etc/usher/config.toml"),
            text.as_bytes(),
            true,
            &Paths::default(),
        )
        .map(|config| config.profiles[0].pingam.clone())
        .map_err(|error| error.to_string())
    }

    #[test]
    fn without_keys_every_realm_is_listed_and_the_server_says_what_it_is() {
        assert_eq!(keys("").unwrap(), PingAmKeys::default());
    }

    #[test]
    fn keys_are_read_as_they_are_meant() {
        let read = keys(
            "realms = [\"/\", \"/alpha\"]\nflavour = \"openam\"\ntoken_as = \"cookie\"\nlist_limit = 500",
        );

        let expected = PingAmKeys {
            realms: Realms::These(vec!["/".into(), "/alpha".into()]),
            flavour: AmFlavour::OpenAm,
            token_as: TokenAs::Cookie,
            list_limit: Some(500),
        };
        assert_eq!(read, Ok(expected));
        assert_eq!(keys("realms = \"all\"").unwrap().realms, Realms::All);
    }

    #[test]
    fn a_wrong_key_is_called_by_its_name() {
        for (lines, expected) in [
            ("realms = \"alpha\"", "must be \"all\" or a list"),
            ("realms = [\"alpha\"]", "\"alpha\" is no realm"),
            ("realms = []", "at least one realm"),
            ("flavour = \"opanam\"", "did you mean \"openam\"?"),
            ("token_as = \"query\"", "one of: header, cookie, bearer"),
            ("list_limit = 0", "a number from 1"),
            ("realm = [\"/\"]", "did you mean \"realms\"?"),
        ] {
            let said = keys(lines).unwrap_err();

            assert!(said.contains(expected), "{lines}: {said}");
        }
    }

    #[test]
    fn a_sign_in_may_name_a_realm_and_a_chain() {
        let text = "[profile.am]\nsystem = \"pingam\"\nurl = \"https://am.example.org/am\"\n\
             [profile.am.login]\nmethod = \"password\"\nuser = \"ops\"\npassword = { env = \"P\" }\n\
             realm = \"/alpha\"\nservice = \"ldapService\"\n";
        let config = Config::parse(
            Path::new("/etc/usher/config.toml"),
            text.as_bytes(),
            true,
            &Paths::default(),
        )
        .unwrap();

        assert!(matches!(
            &config.profiles[0].login,
            Login::Password { realm: Some(realm), service: Some(service), .. }
                if realm == "/alpha" && service == "ldapService"
        ));
    }
}
