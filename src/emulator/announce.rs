//! The facts about a running emulator, for scripts, people and configurations.

use serde_json::json;

use super::running::Running;
use super::system::Line;

impl Running {
    /// One line of JSON for scripts: `{"system":…,"url":…,"auth":{…}}`, and `"control"` if that port is open.
    #[must_use]
    pub fn json_line(&self) -> String {
        let mut line = json!({
            "system": self.options().system.word(),
            "url": self.url(),
            "auth": self.system.auth_json(),
        });
        if let Some(url) = self.control_url() {
            line["control"] = json!(url);
        }
        line.to_string()
    }

    /// Its credentials for people.
    #[must_use]
    pub fn auth_lines(&self) -> Vec<Line> {
        self.system.auth_lines()
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
        self.config_with(profile, None)
    }

    /// As [`Running::config_toml`], signing in by one of [`System::sign_ins`](super::System::sign_ins).
    #[must_use]
    pub fn config_with(&self, profile: &str, sign_in: Option<&str>) -> String {
        let table = format!("profile.{}", toml_key(profile));
        let ca_file = self.ca_pem.as_ref().map_or(String::new(), |_| {
            format!("ca_file = {}\n", json!(self.ca_file_name(profile)))
        });
        format!(
            "default_profile = {}\n\n[{table}]\nsystem = {}\nurl = {}\nallow_plain = true\n{ca_file}{}",
            json!(profile),
            json!(self.options().system.client()),
            json!(self.url()),
            self.system.profile(&table, sign_in),
        )
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
