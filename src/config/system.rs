//! The description of a system, known before any profile of it is opened. Each system has one in
//! its folder.

use std::borrow::Cow;

use chrono::TimeDelta;
use url::Url;

use super::login::Method;
use super::own::OwnKey;
use crate::model::Thresholds;
use crate::model::query::OwnName;

/// The description of one kind of system. Plain data: it may be written in code or read from a file.
#[derive(Clone, Debug)]
pub struct SystemSpec {
    /// Its word in the configuration, in queries and in the audit log ("acme"): lower case, no blanks.
    pub word: Cow<'static, str>,
    /// Its name for people ("Acme Identity").
    pub title: Cow<'static, str>,
    /// The schemes that `url` and `auth_url` may have. Never empty.
    pub schemes: Vec<Scheme>,
    /// The ways to sign in, the usual one first. Never empty.
    pub methods: Vec<SignInMethod>,
    /// The profile keys that only this system has. No name is used twice, not by a sign-in method either.
    pub own_keys: Vec<OwnKey>,
    /// Requests a second at most, where the profile does not say. `None`: no limit.
    pub rate: Option<u32>,
    /// Rows a page, where the profile does not say. `None`: what the client takes.
    pub page_size: Option<u16>,
    /// True if a search that names nobody is answered at once. False: ways to list are offered first.
    pub lists_everybody: bool,
    /// The system's own names for the fields of a query.
    pub own_names: Vec<OwnName>,
    /// Unused for this long a session is idle, where the profile does not say. `None`: 8 hours.
    pub idle_after: Option<TimeDelta>,
    /// Names of the embedded demos of this system. Empty: there is none.
    pub demos: Vec<Cow<'static, str>>,
    /// The lines of a new profile after `system`, to be filled in: address and sign-in, as TOML.
    pub profile_lines: Cow<'static, str>,
}

impl SystemSpec {
    /// A system that speaks HTTP and has no keys, names or limits of its own.
    pub fn new(
        word: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        methods: Vec<SignInMethod>,
    ) -> Self {
        Self {
            word: word.into(),
            title: title.into(),
            schemes: vec![Scheme::HTTPS, Scheme::HTTP],
            methods,
            own_keys: Vec::new(),
            rate: None,
            page_size: None,
            lists_everybody: true,
            idle_after: None,
            own_names: Vec::new(),
            demos: Vec::new(),
            profile_lines: "url = \"https://idp.example.org\"\ntoken = { prompt = true }\n".into(),
        }
    }

    /// The times from which a session is idle or expiring, where the profile does not say.
    pub fn thresholds(&self) -> Thresholds {
        let usual = Thresholds::default();
        Thresholds {
            idle_after: self.idle_after.unwrap_or(usual.idle_after),
            ..usual
        }
    }

    /// The scheme of an address. `None`: this system has no such scheme.
    pub fn scheme(&self, url: &Url) -> Option<&Scheme> {
        self.schemes.iter().find(|one| one.name == url.scheme())
    }

    /// The sign-in of this method. `None`: this system does not have it.
    pub fn method(&self, method: Method) -> Option<&SignInMethod> {
        self.methods.iter().find(|one| one.method == method)
    }

    /// The words of its sign-in methods, for a sentence ("token, device").
    pub fn method_words(&self) -> String {
        let words: Vec<_> = self.methods.iter().map(|one| one.method.word()).collect();
        words.join(", ")
    }

    /// Its own keys, those of the sign-in methods included.
    pub(super) fn all_own_keys(&self) -> impl Iterator<Item = &OwnKey> {
        let methods = self.methods.iter().flat_map(|one| one.own_keys.iter());
        self.own_keys.iter().chain(methods)
    }

    /// A new profile to be filled in: every line is a comment.
    pub fn profile_block(&self) -> String {
        let mut block = String::from(
            "# A new profile: give it a name and its address, and take the # away.\n\
             # config.example.toml has every key; `usher config init` writes it.\n\
             #[profile.NAME]\n",
        );
        block.push_str(&format!("#system = \"{}\"\n", self.word));
        for line in self.profile_lines.lines() {
            block.push_str(&format!("#{line}\n"));
        }
        block
    }

    /// A system for the tests of shared code.
    #[cfg(test)]
    pub(crate) fn sample() -> std::sync::Arc<Self> {
        let methods = [Method::Token, Method::ClientCredentials, Method::Device];
        let methods = methods.map(SignInMethod::new).to_vec();
        std::sync::Arc::new(Self {
            demos: vec!["demo".into(), "demo-other".into()],
            ..Self::new("sample", "Sample", methods)
        })
    }
}

/// How an address of a system begins, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The part before `://`, in lower case.
    pub name: Cow<'static, str>,
    /// The port of an address that names none.
    pub port: u16,
    /// True if every connection is encrypted and its certificate checked (unless `insecure = true`).
    pub is_encrypted: bool,
    /// True if connections go through the HTTP proxy that the environment names.
    pub uses_proxy: bool,
}

impl Scheme {
    /// HTTP over TLS.
    pub const HTTPS: Self = Self {
        name: Cow::Borrowed("https"),
        port: 443,
        is_encrypted: true,
        uses_proxy: true,
    };
    /// HTTP in clear.
    pub const HTTP: Self = Self {
        name: Cow::Borrowed("http"),
        port: 80,
        is_encrypted: false,
        uses_proxy: true,
    };
}

/// One way to sign in to a system.
#[derive(Clone, Debug)]
pub struct SignInMethod {
    /// Which one.
    pub method: Method,
    /// The keys that only this system has in the `login` table of this method. Their values are in
    /// [`Profile::own`](super::Profile::own) beside those of the profile.
    pub own_keys: Vec<OwnKey>,
}

impl SignInMethod {
    /// The method with the keys that it has everywhere.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            own_keys: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_profile_is_all_comments() {
        let block = SystemSpec::sample().profile_block();

        assert!(block.lines().all(|line| line.starts_with('#')), "{block}");
        assert!(block.contains("#system = \"sample\"\n"), "{block}");
    }
}
