//! The description of WorkOS for the rest of usher, and how a profile of it is opened.

use std::sync::Arc;

use super::{WorkOs, caps, keys, names};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// WorkOS AuthKit, as one of the systems.
pub(crate) struct WorkOsSystem {
    spec: Arc<SystemSpec>,
}

impl WorkOsSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let methods = vec![SignInMethod::new(Method::Token)];
        Self {
            spec: Arc::new(SystemSpec {
                own_keys: keys::of_profile(),
                own_names: names::NAMES.to_vec(),
                rate: Some(keys::RATE),
                lists_everybody: false,
                idle_after: Some(keys::NEVER_IDLE),
                profile_lines: "url = \"https://api.workos.com\"\n\
                     token = { env = \"WORKOS_API_KEY\" }\n"
                    .into(),
                demos: vec!["demo-workos".into()],
                ..SystemSpec::new("workos", "WorkOS", methods)
            }),
        }
    }
}

impl System for WorkOsSystem {
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
        _store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(WorkOs::new(profile, prompter)?))
    }
}
