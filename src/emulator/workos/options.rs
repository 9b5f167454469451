//! The options that only an emulated WorkOS has.

use std::sync::Arc;

use super::Workos;
use crate::emulator::shared::Shared;
use crate::emulator::system::{Choice, Emulated, Flag, System};

/// How an emulated WorkOS is to behave. [`WorkosOptions::default`] does what the service documents.
#[derive(Clone, Debug)]
pub struct WorkosOptions {
    /// Requests that are answered in one second, of all kinds together. 0: the limits of the service.
    pub requests_per_second: u32,
    /// The fields of session objects.
    pub look: Look,
    /// True if lists of sessions hold the expired and revoked ones too.
    pub lists_ended: bool,
    /// The answer to a revoke of a session that has ended or never was.
    pub gone: Gone,
    /// True if a revoke that worked is answered without a body.
    pub empty_revoke: bool,
    /// True if one session ends within a minute of the start.
    pub ends_soon: bool,
}

/// The fields of session objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// All that the service documents.
    #[default]
    Full,
    /// Without `status`, `auth_method`, `expires_at`, `ended_at` and `impersonator`; `organization_id` is null
    /// instead of absent. So does the emulator in the vendor's command line.
    Bare,
    /// The second item of each page of sessions cannot be read.
    Broken,
}

/// The answer to a revoke of a session that has ended or never was. The service documents none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gone {
    /// 404 with the code `entity_not_found`.
    #[default]
    NotFound,
    /// 400 with a message only.
    BadRequest,
    /// 200, as if it had just ended.
    Success,
}

/// One flag of the command line.
struct Own {
    name: &'static str,
    about: &'static str,
    default: &'static str,
    /// Each value and its meaning. Empty: a number.
    choices: &'static [(&'static str, &'static str)],
}

const FLAGS: &[Own] = &[
    Own {
        name: "requests-per-second",
        about: "Answer so many requests in a second, then 429; 0: the limits of the service",
        default: "0",
        choices: &[],
    },
    Own {
        name: "look",
        about: "Which fields sessions have",
        default: "full",
        choices: &[
            ("full", "All that are documented"),
            ("bare", "Without status, method and end"),
            ("broken", "One item of each page cannot be read"),
        ],
    },
    Own {
        name: "ended",
        about: "Whether lists hold sessions that have ended",
        default: "hidden",
        choices: &[
            ("hidden", "Active ones only"),
            ("listed", "Expired and revoked ones too"),
        ],
    },
    Own {
        name: "gone",
        about: "How a revoke of a session that has ended is answered",
        default: "404",
        choices: &[
            ("404", "Not found"),
            ("400", "Refused with a message"),
            ("200", "As if it had just ended"),
        ],
    },
    Own {
        name: "revoke-body",
        about: "What a revoke that worked answers",
        default: "json",
        choices: &[("json", "A JSON object"), ("empty", "No body")],
    },
];

impl Default for WorkosOptions {
    fn default() -> Self {
        WorkosOptions {
            requests_per_second: 0,
            look: Look::Full,
            lists_ended: false,
            gone: Gone::NotFound,
            empty_revoke: false,
            ends_soon: true,
        }
    }
}

impl System for WorkosOptions {
    fn word(&self) -> &'static str {
        "workos"
    }

    fn about(&self) -> &'static str {
        "WorkOS: users and sessions of AuthKit"
    }

    fn flags(&self) -> Vec<Flag> {
        let flag = |own: &Own| Flag {
            name: own.name.into(),
            about: own.about.into(),
            default: own.default.into(),
            choices: own.choices.iter().map(choice).collect(),
        };
        FLAGS.iter().map(flag).collect()
    }

    fn with_flag(&self, flag: &str, value: &str) -> Result<Arc<dyn System>, String> {
        let mut options = self.clone();
        match (flag, value) {
            ("requests-per-second", number) => {
                let number = number.parse();
                options.requests_per_second =
                    number.map_err(|_| format!("--{flag} does not take {value}"))?;
            }
            ("look", "full") => options.look = Look::Full,
            ("look", "bare") => options.look = Look::Bare,
            ("look", "broken") => options.look = Look::Broken,
            ("ended", "hidden") => options.lists_ended = false,
            ("ended", "listed") => options.lists_ended = true,
            ("gone", "404") => options.gone = Gone::NotFound,
            ("gone", "400") => options.gone = Gone::BadRequest,
            ("gone", "200") => options.gone = Gone::Success,
            ("revoke-body", "json") => options.empty_revoke = false,
            ("revoke-body", "empty") => options.empty_revoke = true,
            _ if FLAGS.iter().any(|own| own.name == flag) => {
                return Err(format!("--{flag} does not take {value}"));
            }
            _ => return Err(format!("{} has no --{flag}", self.word())),
        }
        Ok(Arc::new(options))
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        Some(Arc::new(self.clone()))
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        Arc::new(Workos::new(self.clone(), shared))
    }
}

fn choice((word, about): &(&'static str, &'static str)) -> Choice {
    Choice {
        word: (*word).into(),
        about: (*about).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_takes_its_default_and_its_choices_and_nothing_else() {
        let options = WorkosOptions::default();
        for flag in options.flags() {
            assert!(options.with_flag(&flag.name, &flag.default).is_ok());
            for choice in &flag.choices {
                assert!(options.with_flag(&flag.name, &choice.word).is_ok());
            }
            let refused = options.with_flag(&flag.name, "other").expect_err("unknown");
            assert!(refused.contains("does not take other"), "{refused}");
        }
        assert!(options.with_flag("colour", "blue").is_err());
    }
}
