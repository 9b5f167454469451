//! Credentials of a running emulator, and what it tells about itself for scripts and configurations.

use std::fmt::Write as _;

use serde_json::json;

use super::options::Kind;
use super::running::Running;
use super::shared::lock;

/// Credentials of a running emulator. They open nothing else, but are kept out of `Debug` all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// OAuth client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// An access token with all scopes of the client, good for a day.
    ///
    /// PingAM and OpenAM: the token of a session of the administrator.
    pub token: String,
    /// PingAM and OpenAM: who can sign in, the administrator of everything first, then one administrator for
    /// each realm below the top, then an ordinary user. Empty for other systems.
    pub logins: Vec<AmLogin>,
    /// PingAM: an access token for `Authorization: Bearer`, of use with [`AmOptions::bearer`](super::AmOptions::bearer) only.
    pub bearer: String,
}

/// A name and password for a login at PingAM or OpenAM.
#[derive(Clone, PartialEq, Eq)]
pub struct AmLogin {
    /// Login name.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The realm to sign in to.
    pub realm: String,
}

impl std::fmt::Debug for AmLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AmLogin({} in {}, …)", self.user, self.realm)
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(…)")
    }
}

impl Running {
    /// One line of JSON for scripts: `{"system":…,"url":…,"auth":{…}}`, and `"control"` if that port is open.
    #[must_use]
    pub fn json_line(&self) -> String {
        let auth = self.auth();
        let credentials = match auth.logins.first() {
            None => json!({
                "client_id": auth.client_id,
                "client_secret": auth.client_secret,
                "token": auth.token,
            }),
            Some(first) => {
                let login = |l: &AmLogin| json!({ "user": l.user, "password": l.password, "realm": l.realm });
                let mut credentials = login(first);
                credentials["token"] = json!(auth.token);
                credentials["cookie"] = json!(self.shared.options.am.cookie);
                credentials["logins"] = auth.logins.iter().map(login).collect();
                credentials
            }
        };
        let mut line = json!({
            "system": self.shared.options.system.name(),
            "url": self.url(),
            "auth": credentials,
        });
        if let Some(url) = self.control_url() {
            line["control"] = json!(url);
        }
        line.to_string()
    }

    /// File name under which [`Running::config_toml`] expects the certificate authority, beside itself.
    #[must_use]
    pub fn ca_file_name(&self, profile: &str) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        format!("{}-ca.pem", profile.chars().map(safe).collect::<String>())
    }

    /// A configuration with one profile for this emulator, with its secret in it.
    ///
    /// With TLS it names a `ca_file` beside itself, see [`Running::ca_file_name`].
    #[must_use]
    pub fn config_toml(&self, profile: &str) -> String {
        let name = toml_key(profile);
        let system = match self.shared.options.system {
            Kind::Janssen => "janssen",
            Kind::Pingam | Kind::Openam => "pingam",
        };
        let mut text = format!(
            "default_profile = {}\n\n[profile.{name}]\nsystem = {}\nurl = {}\nallow_plain = true\n",
            json!(profile),
            json!(system),
            json!(self.url()),
        );
        if self.ca_pem.is_some() {
            let _ = writeln!(text, "ca_file = {}", json!(self.ca_file_name(profile)));
        }
        match self.auth().logins.first() {
            None => self.add_client(&name, &mut text),
            Some(login) => self.add_login(&name, login, &mut text),
        }
        text
    }

    fn add_client(&self, name: &str, text: &mut String) {
        let auth = self.auth();
        let _ = write!(
            text,
            "\n[profile.{name}.login]\nmethod = \"client_credentials\"\nclient_id = {}\nclient_secret = {}\n",
            json!(auth.client_id),
            json!(auth.client_secret),
        );
        let _ = write!(text, "\n[profile.{name}.client_names]\n");
        for client in &lock(&self.shared.world).clients {
            let _ = writeln!(text, "{} = {}", json!(client.id), json!(client.name));
        }
    }

    fn add_login(&self, name: &str, login: &AmLogin, text: &mut String) {
        let realms = std::iter::once("/")
            .chain(self.shared.options.am.realms.iter().map(String::as_str))
            .collect::<Vec<_>>();
        let _ = write!(
            text,
            "flavour = {}\nrealms = {}\n\n[profile.{name}.login]\nmethod = \"password\"\nuser = {}\npassword = {}\nrealm = {}\n",
            json!(self.shared.options.system.name()),
            json!(realms),
            json!(login.user),
            json!(login.password),
            json!(login.realm),
        );
    }
}

/// A key of TOML, quoted only if it must be. JSON's quoting is one that TOML understands.
fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        json!(name).to_string()
    }
}
