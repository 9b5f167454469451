//! The description of Fleare for the rest of usher, and how a profile is opened.

use std::sync::Arc;

use super::{Fleare, caps};
use crate::api::auth::{Prompter, TokenStore};
use crate::api::{SessionApi, System};
use crate::config::{Method, Profile, Scheme, SignInMethod, SystemSpec};
use crate::model::{ApiError, Capabilities};

/// The port of a server that was installed as it comes.
pub(super) const PORT: u16 = 9_219;

/// Fleare, as one of the systems.
pub(crate) struct FleareSystem(Arc<SystemSpec>);

impl FleareSystem {
    /// The system.
    pub(crate) fn new() -> Self {
        let scheme = Scheme {
            name: "fleare".into(),
            port: PORT,
            is_encrypted: false,
            uses_proxy: false,
        };
        let methods = [Method::Password, Method::None].map(SignInMethod::new);
        Self(Arc::new(SystemSpec {
            schemes: vec![scheme],
            profile_lines: "url = \"fleare://127.0.0.1\"\n\
                 login = { method = \"password\", user = \"root\", password = { prompt = true } }\n"
                .into(),
            demos: vec!["demo-fleare".into()],
            ..SystemSpec::new("fleare", "Fleare", methods.to_vec())
        }))
    }
}

impl System for FleareSystem {
    fn spec(&self) -> &Arc<SystemSpec> {
        &self.0
    }

    fn caps(&self) -> Capabilities {
        caps::capabilities(None)
    }

    fn open(
        &self,
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        _store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(Fleare::new(profile, prompter)?))
    }
}
