//! The keys that only a profile of PingAM or OpenAM has.

use super::realm;
use crate::config::{OwnKey, OwnKind, OwnValue, Profile};
use crate::model::text::display_safe;

const REALMS: &str = "realms";
const FLAVOUR: &str = "flavour";
const TOKEN_AS: &str = "token_as";
const LIST_LIMIT: &str = "list_limit";
const REALM: &str = "realm";
const SERVICE: &str = "service";

/// Which line of servers a profile is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmFlavour {
    /// Found out by requests that change nothing.
    Auto,
    /// PingAM and ForgeRock AM.
    PingAm,
    /// Community OpenAM and Wren:AM.
    OpenAm,
}

/// How a token that the profile gives is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenAs {
    /// In a header with the name of the server's cookie.
    Header,
    /// In the cookie.
    Cookie,
    /// As `Authorization: Bearer`: an OAuth access token (PingOne Advanced Identity Cloud).
    Bearer,
}

/// The keys of the profile.
pub(super) fn of_profile() -> Vec<OwnKey> {
    let words = |words: &[&'static str]| OwnKind::Word(words.iter().map(|&w| w.into()).collect());
    let or_word = Some("all".into());
    vec![
        OwnKey::new(
            REALMS,
            OwnKind::Texts { or_word },
            "Which realms are listed: \"all\" that the server names to this operator, or paths.",
        )
        .or("all")
        .checked(are_realms),
        OwnKey::new(
            FLAVOUR,
            words(&["auto", "pingam", "openam"]),
            "Which line of servers it is; \"auto\" finds out by requests that change nothing.",
        )
        .or("auto"),
        OwnKey::new(
            TOKEN_AS,
            words(&["header", "cookie", "bearer"]),
            "How a token that the profile gives is sent.",
        )
        .or("header"),
        OwnKey::new(
            LIST_LIMIT,
            OwnKind::Number(1..=i64::from(i32::MAX)),
            "At how many rows the server cuts a list, for operators whom it does not tell.",
        ),
    ]
}

/// The keys of a sign-in by password.
pub(super) fn of_password() -> Vec<OwnKey> {
    vec![
        OwnKey::new(REALM, OwnKind::Text, "The realm to sign in to.").or(realm::ROOT),
        OwnKey::new(SERVICE, OwnKind::Text, "The chain or tree to sign in with."),
    ]
}

fn are_realms(value: &OwnValue) -> Result<(), String> {
    let OwnValue::Texts(list) = value else {
        return Ok(());
    };
    match list.iter().find(|realm| !realm.starts_with('/')) {
        Some(wrong) => Err(format!(
            "\"{}\" is no realm; it begins with a slash, as in \"/\" or \"/alpha/emea\"",
            display_safe(wrong)
        )),
        None if list.is_empty() => Err("must name at least one realm, or be \"all\"".to_owned()),
        None => Ok(()),
    }
}

/// The realms that the profile names, as the server writes them. `None`: all that the server names to
/// this operator.
pub(super) fn realms(profile: &Profile) -> Option<Vec<String>> {
    let list = profile.own.texts(REALMS)?;
    Some(list.iter().map(|one| realm::normal(one)).collect())
}

/// The line of servers that the profile names.
pub(super) fn flavour(profile: &Profile) -> AmFlavour {
    match profile.own.text(FLAVOUR) {
        Some("pingam") => AmFlavour::PingAm,
        Some("openam") => AmFlavour::OpenAm,
        _ => AmFlavour::Auto,
    }
}

/// How the profile wants its token to be sent.
pub(super) fn token_as(profile: &Profile) -> TokenAs {
    match profile.own.text(TOKEN_AS) {
        Some("cookie") => TokenAs::Cookie,
        Some("bearer") => TokenAs::Bearer,
        _ => TokenAs::Header,
    }
}

/// The limit of lists that the profile names. `None`: asked of the server, else guessed.
pub(super) fn list_limit(profile: &Profile) -> Option<u32> {
    profile.own.number(LIST_LIMIT)
}

/// The realm to sign in to, as the server writes it.
pub(super) fn login_realm(profile: &Profile) -> String {
    realm::normal(profile.own.text(REALM).unwrap_or(realm::ROOT))
}

/// The chain or tree to sign in with. `None`: the realm's own.
pub(super) fn login_service(profile: &Profile) -> Option<&str> {
    profile.own.text(SERVICE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Systems;
    use crate::config::{Config, Paths};

    fn profile(lines: &str) -> Result<Profile, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let text = format!(
            "[profile.am]\nsystem = \"pingam\"\nurl = \"https://am.example.org/am\"\n{lines}\n"
        );
        std::fs::write(&file, text).unwrap();
        let systems = Systems::built_in().specs();
        Config::load(Some(&file), None, &Paths::default(), &systems)
            .map(|config| config.profiles[0].clone())
            .map_err(|error| error.to_string())
    }

    fn with(lines: &str) -> Result<Profile, String> {
        profile(&format!("token = {{ prompt = true }}\n{lines}"))
    }

    #[test]
    fn without_keys_every_realm_is_listed_and_the_server_says_what_it_is() {
        let profile = with("").unwrap();

        assert_eq!(realms(&profile), None);
        assert_eq!(flavour(&profile), AmFlavour::Auto);
        assert_eq!(token_as(&profile), TokenAs::Header);
        assert_eq!(list_limit(&profile), None);
    }

    #[test]
    fn keys_are_read_as_they_are_meant() {
        let read = with(
            "realms = [\"/\", \"/alpha\"]\nflavour = \"openam\"\ntoken_as = \"cookie\"\nlist_limit = 500",
        )
        .unwrap();

        assert_eq!(realms(&read), Some(vec!["/".into(), "/alpha".into()]));
        assert_eq!(flavour(&read), AmFlavour::OpenAm);
        assert_eq!(token_as(&read), TokenAs::Cookie);
        assert_eq!(list_limit(&read), Some(500));
        assert_eq!(realms(&with("realms = \"all\"").unwrap()), None);
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
            let said = with(lines).unwrap_err();

            assert!(said.contains(expected), "{lines}: {said}");
        }
    }

    #[test]
    fn a_sign_in_may_name_a_realm_and_a_chain() {
        let read = profile(
            "[profile.am.login]\nmethod = \"password\"\nuser = \"ops\"\npassword = { env = \"P\" }\n\
             realm = \"/alpha\"\nservice = \"ldapService\"\n",
        )
        .unwrap();

        assert_eq!(login_realm(&read), "/alpha");
        assert_eq!(login_service(&read), Some("ldapService"));
    }
}
