//! The options that only an emulated Janssen Server has.

use std::borrow::Cow;
use std::sync::Arc;

use super::Janssen;
use crate::emulator::shared::Shared;
use crate::emulator::system::{Choice, Emulated, Flag, System};

/// Sessions at the head of a demo's list that can all be ended: a newcomer's first Delete must not meet what
/// is odd. More than a screen shows at first.
const PLAIN_FRONT: usize = 60;

/// How an emulated Janssen Server is to behave. [`JanssenOptions::default`] is a current one.
#[derive(Clone, Debug)]
pub struct JanssenOptions {
    /// Which years to speak.
    pub generation: Generation,
    /// So many sessions at the head of the list, by user and newest first, can all be ended: what is odd
    /// comes further down.
    pub plain_front: usize,
    /// Life of an access token in seconds.
    pub token_seconds: u64,
    /// Scopes that the client may have. `None`: all that the session operations know.
    pub scopes: Option<Vec<String>>,
    /// Largest page the server gives.
    pub max_page: u32,
    /// Login name of the administrator, who signs in by device.
    pub admin: String,
    /// Roles of the administrator; only `api-admin` has rights.
    pub admin_roles: Vec<String>,
    /// Life of a device code in seconds.
    pub device_seconds: u64,
    /// Shortest pause between two polls for a device sign-in, in seconds.
    pub device_interval: u64,
    /// Approve device sign-ins without a person after so many seconds.
    pub device_auto_approve: Option<u64>,
    /// Answer `/.well-known/openid-configuration`.
    pub discovery: bool,
}

impl Default for JanssenOptions {
    fn default() -> Self {
        JanssenOptions {
            generation: Generation::New,
            plain_front: 0,
            token_seconds: 300,
            scopes: None,
            max_page: 200,
            admin: "admin".into(),
            admin_roles: vec!["api-admin".into()],
            device_seconds: 1_800,
            device_interval: 5,
            device_auto_approve: None,
            discovery: true,
        }
    }
}

/// Which years of Janssen to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// Today's: five operations, operators and dates in filters, no internal ids in answers.
    #[default]
    New,
    /// September and October 2024: five operations, but only `=` in filters, no date filters, and
    /// answers show `dn`, `id` and `session_id`.
    Y2024,
    /// August 2022 to September 2024: a bare array of unexpired sessions and
    /// `POST …/session/{userDn}`; no search, no single session.
    Old,
}

/// The words of the generations on the command line, the newest first.
const GENERATIONS: [(&str, &str, Generation); 3] = [
    ("new", "As current versions answer", Generation::New),
    ("2024", "As versions of 2024 answer", Generation::Y2024),
    ("old", "As the oldest versions answer", Generation::Old),
];

impl System for JanssenOptions {
    fn word(&self) -> &'static str {
        "janssen"
    }

    fn about(&self) -> &'static str {
        "Janssen Server: its authorization server and its Config API"
    }

    fn flags(&self) -> Vec<Flag> {
        let flag = |name, about, default, choices| Flag {
            name: Cow::Borrowed(name),
            about: Cow::Borrowed(about),
            default: Cow::Borrowed(default),
            choices,
        };
        let generations = GENERATIONS.map(|(word, about, _)| Choice {
            word: word.into(),
            about: about.into(),
        });
        vec![
            flag(
                "token-seconds",
                "How long an access token lives",
                "300",
                Vec::new(),
            ),
            flag(
                "generation",
                "Behave like this generation of the server",
                "new",
                generations.into(),
            ),
        ]
    }

    fn with_flag(&self, flag: &str, value: &str) -> Result<Arc<dyn System>, String> {
        let mut options = self.clone();
        let refused = || format!("--{flag} does not take {value}");
        match flag {
            "token-seconds" => options.token_seconds = value.parse().map_err(|_| refused())?,
            "generation" => {
                let generation = GENERATIONS.iter().find(|(word, ..)| *word == value);
                options.generation = generation.ok_or_else(refused)?.2;
            }
            _ => return Err(format!("{} has no --{flag}", self.word())),
        }
        Ok(Arc::new(options))
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        Some(Arc::new(JanssenOptions {
            plain_front: PLAIN_FRONT,
            ..self.clone()
        }))
    }

    fn sign_ins(&self) -> &[&str] {
        &["device", "prompt"]
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        Arc::new(Janssen::new(self.clone(), shared))
    }
}
