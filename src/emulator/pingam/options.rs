//! The options that only an emulated PingAM or OpenAM has.

use std::sync::Arc;

use super::{Am, Flavour};
use crate::emulator::shared::Shared;
use crate::emulator::system::{Emulated, System};

/// How an emulated PingAM or OpenAM is to behave. [`AmOptions::default`] is an untouched OpenAM with three realms.
#[derive(Clone, Debug)]
pub struct AmOptions {
    /// Which line of servers to speak like.
    pub flavour: Flavour,
    /// Path of the deployment, without slashes. `None`: `am` for PingAM, `openam` for OpenAM.
    pub context: Option<String>,
    /// Name of the session cookie, and of the header that carries a token.
    pub cookie: String,
    /// Active realms beside `/`, each as a path; a parent stands before its children.
    pub realms: Vec<String>,
    /// Realms that are there but switched off: listed, and nobody can sign in.
    pub inactive_realms: Vec<String>,
    /// Realms of `realms` whose new sessions are kept by the client (a JWT) and never listed.
    pub client_side_realms: Vec<String>,
    /// Login name of the administrator of everything.
    pub admin: String,
    /// "Maximum Number of Search Results": longer lists are cut without a word.
    pub list_limit: usize,
    /// For how many seconds an expired session stays in lists.
    pub sweep_seconds: u32,
    /// Longest life of a session in minutes.
    pub max_session_minutes: u32,
    /// Longest time without use in minutes.
    pub max_idle_minutes: u32,
    /// The time of the last use is written at most once in so many seconds.
    pub update_seconds: u32,
    /// Names of session properties that may be read and written. `None`: none for OpenAM, `AMCtxId` for PingAM.
    pub properties: Option<Vec<String>>,
    /// The service of a sign-in that names none.
    pub service: AmService,
    /// Leave the token out of the body of a login: it comes in the cookie only.
    pub token_in_cookie_only: bool,
    /// Sessions that a user may have in one realm.
    pub quota: AmQuota,
    /// True if administrators of a realm may revoke the sessions in it. (PingAM only.)
    pub delegates_revoke: bool,
    /// Take `Authorization: Bearer` with [`AmAuth::bearer`](super::AmAuth::bearer), as PingOne Advanced Identity Cloud does.
    pub bearer: bool,
    /// True if a logout ends client-side sessions too.
    pub denylist: bool,
    /// Further names by which the server lets itself be called in `Host`.
    pub hosts: Vec<String>,
}

/// The services (chains, trees) that somebody can sign in through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmService {
    /// Name and password.
    #[default]
    Password,
    /// Name and password, the way to get a code, the code ([`ONE_TIME_CODE`]).
    SecondFactor,
    /// Name and password, then waiting until somebody answers elsewhere; that happens at the third poll.
    Push,
    /// Name and password, then a text to agree to.
    Terms,
    /// Name and password, then a typed answer beside a hidden value.
    Question,
    /// A page for browsers only.
    Browser,
}

/// The code that [`AmService::SecondFactor`] wants.
pub const ONE_TIME_CODE: &str = "424242";

impl AmService {
    /// All of them.
    pub const ALL: &'static [AmService] = &[
        AmService::Password,
        AmService::SecondFactor,
        AmService::Push,
        AmService::Terms,
        AmService::Question,
        AmService::Browser,
    ];

    /// Its name on the wire, as in `authIndexValue`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AmService::Password => "ldapService",
            AmService::SecondFactor => "SecondFactor",
            AmService::Push => "Push",
            AmService::Terms => "Terms",
            AmService::Question => "Question",
            AmService::Browser => "Browser",
        }
    }
}

/// How many sessions of one user a realm takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmQuota {
    /// Any number.
    #[default]
    Off,
    /// One more ends the one that would expire next.
    EndOldest(usize),
    /// One more is refused.
    Deny(usize),
}

impl Default for AmOptions {
    fn default() -> Self {
        AmOptions {
            flavour: Flavour::Openam,
            context: None,
            cookie: "iPlanetDirectoryPro".into(),
            realms: vec!["/alpha".into(), "/beta".into()],
            inactive_realms: Vec::new(),
            client_side_realms: Vec::new(),
            admin: "amadmin".into(),
            list_limit: 120,
            sweep_seconds: 30,
            max_session_minutes: 120,
            max_idle_minutes: 30,
            update_seconds: 60,
            properties: None,
            service: AmService::Password,
            token_in_cookie_only: false,
            quota: AmQuota::Off,
            delegates_revoke: false,
            bearer: false,
            denylist: false,
            hosts: Vec::new(),
        }
    }
}

impl AmOptions {
    /// Path of the deployment, without slashes.
    pub(super) fn context(&self) -> &str {
        let usual = match self.flavour {
            Flavour::Pingam => "am",
            Flavour::Openam => "openam",
        };
        self.context.as_deref().unwrap_or(usual)
    }
}

impl System for AmOptions {
    fn word(&self) -> &str {
        match self.flavour {
            Flavour::Pingam => "pingam",
            Flavour::Openam => "openam",
        }
    }

    fn about(&self) -> &str {
        match self.flavour {
            Flavour::Pingam => "PingAM (and ForgeRock AM), the commercial server",
            Flavour::Openam => "OpenAM, the community server",
        }
    }

    fn client(&self) -> &'static str {
        "pingam"
    }

    fn demo(&self, sessions: usize) -> Option<Arc<dyn System>> {
        // One server that was set up for long lists, and one as it is installed, which cuts them.
        let list_limit = match self.flavour {
            Flavour::Pingam => sessions * 2,
            Flavour::Openam => self.list_limit,
        };
        Some(Arc::new(AmOptions {
            list_limit,
            ..self.clone()
        }))
    }

    fn sign_ins(&self) -> &[&str] {
        match self.flavour {
            Flavour::Pingam => &[],
            Flavour::Openam => &["password", "callbacks"],
        }
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        Arc::new(Am::new(self.clone(), shared))
    }
}
