//! The description of PingAM and OpenAM for the rest of usher, and how a profile is opened.

use std::sync::Arc;

use super::{PingAm, caps, keys, names};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// PingAM, ForgeRock AM and community OpenAM, as one of the systems.
pub(crate) struct PingAmSystem {
    spec: Arc<SystemSpec>,
}

impl PingAmSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let password = SignInMethod {
            method: Method::Password,
            own_keys: keys::of_password(),
        };
        let methods = vec![password, SignInMethod::new(Method::Token)];
        Self {
            spec: Arc::new(SystemSpec {
                own_keys: keys::of_profile(),
                own_names: names::NAMES.to_vec(),
                profile_lines: "url = \"https://am.example.org/am\"\n\
                     login = { method = \"password\", user = \"amadmin\", password = { prompt = true } }\n"
                    .into(),
                demos: vec!["demo-pingam".into(), "demo-openam".into()],
                ..SystemSpec::new("pingam", "PingAM / OpenAM", methods)
            }),
        }
    }
}

impl System for PingAmSystem {
    fn spec(&self) -> &Arc<SystemSpec> {
        &self.spec
    }

    fn caps(&self) -> Capabilities {
        caps::capabilities(None, None)
    }

    fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(PingAm::new(profile, prompter, store)?))
    }
}
