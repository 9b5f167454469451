//! The description of Janssen for the rest of usher, and how a profile of it is opened.

use std::sync::Arc;

use super::import::JansCli;
use super::{Janssen, caps, names};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::import::Import;
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// Janssen Server, as one of the systems.
pub(crate) struct JanssenSystem {
    spec: Arc<SystemSpec>,
    import: JansCli,
}

impl JanssenSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let methods = [Method::Token, Method::ClientCredentials, Method::Device];
        let methods = methods.map(SignInMethod::new).to_vec();
        Self {
            import: JansCli::new(),
            spec: Arc::new(SystemSpec {
                own_names: names::NAMES.to_vec(),
                demos: vec!["demo".into()],
                ..SystemSpec::new("janssen", "Janssen", methods)
            }),
        }
    }
}

impl System for JanssenSystem {
    fn spec(&self) -> &Arc<SystemSpec> {
        &self.spec
    }

    fn caps(&self) -> Capabilities {
        caps::capabilities(false)
    }

    fn import(&self) -> Option<&dyn Import> {
        Some(&self.import)
    }

    fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(Janssen::new(profile, prompter, store)?))
    }
}
