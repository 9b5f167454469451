//! CockroachDB for the rest of usher: its description, and the opening of its profiles.

use std::sync::Arc;

use super::{Cockroach, caps, names};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// Rows of a page.
const PAGE: u16 = 500;

/// CockroachDB, as one of the systems.
pub(crate) struct CockroachSystem {
    spec: Arc<SystemSpec>,
}

impl CockroachSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let methods = [Method::Password, Method::Token, Method::None];
        let methods = methods.map(SignInMethod::new).to_vec();
        Self {
            spec: Arc::new(SystemSpec {
                page_size: Some(PAGE),
                own_names: names::NAMES.to_vec(),
                profile_lines: "url = \"https://cockroach.example.org:8080\"\n\
                     login = { method = \"password\", user = \"opsadmin\", password = { prompt = true } }\n"
                    .into(),
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
