//! CockroachDB for the rest of usher: its description, and the opening of its profiles.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{Cockroach, caps, keys, names};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, Scheme, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// So many days unused is idle: a life time, since the server does not tell the last use.
const NEVER_IDLE: i64 = 36_500;
/// Rows of a page.
const PAGE: u16 = 500;

/// An SQL connection. Without TLS only where the profile says so by `sslmode`.
const SQL_CONNECTION: Scheme = Scheme {
    name: Cow::Borrowed(keys::SCHEME),
    port: 26_257,
    is_encrypted: true,
    uses_proxy: false,
};

/// CockroachDB, as one of the systems.
pub(crate) struct CockroachSystem {
    spec: Arc<SystemSpec>,
}

impl CockroachSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let methods = [
            Method::Password,
            Method::Certificate,
            Method::Token,
            Method::None,
        ];
        let methods = methods.map(SignInMethod::new).to_vec();
        Self {
            spec: Arc::new(SystemSpec {
                schemes: vec![Scheme::HTTPS, Scheme::HTTP, SQL_CONNECTION],
                own_keys: keys::of_profile(),
                page_size: Some(PAGE),
                idle_after: Some(TimeDelta::days(NEVER_IDLE)),
                own_names: names::NAMES.to_vec(),
                profile_lines: "url = \"https://cockroach.example.org:8080\"\n\
                     login = { method = \"password\", user = \"opsadmin\", password = { prompt = true } }\n"
                    .into(),
                demos: vec!["demo-cockroach".into()],
                ..SystemSpec::new("cockroach", "CockroachDB", methods)
            }),
        }
    }
}

impl System for CockroachSystem {
    fn spec(&self) -> &Arc<SystemSpec> {
        &self.spec
    }

    fn caps(&self) -> Capabilities {
        caps::capabilities()
    }

    fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(Cockroach::new(profile, prompter, store)?))
    }
}
