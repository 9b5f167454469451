//! How an emulator is to be started.

use super::pingam::AmOptions;

/// Which system to emulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Janssen Server: its authorization server and its Config API.
    Janssen,
    /// PingAM (and ForgeRock AM), the commercial server.
    Pingam,
    /// OpenAM, the community server.
    Openam,
}

impl Kind {
    /// All systems that can be emulated.
    pub const ALL: &'static [Kind] = &[Kind::Janssen, Kind::Pingam, Kind::Openam];

    /// The word for it on the command line and in configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Janssen => "janssen",
            Kind::Pingam => "pingam",
            Kind::Openam => "openam",
        }
    }

    /// The system of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
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

impl Generation {
    /// All of them, the newest first.
    pub const ALL: &'static [Generation] = &[Generation::New, Generation::Y2024, Generation::Old];

    /// The word for it on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Generation::New => "new",
            Generation::Y2024 => "2024",
            Generation::Old => "old",
        }
    }

    /// The generation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|g| g.name() == name)
    }
}

/// Where the emulator's own credentials come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// New random ones at every start.
    #[default]
    Random,
    /// From the seed: the same at every start. For tests and pictures.
    Seeded,
}

/// How to start an emulator. [`Options::default`] is a small Janssen Server with random credentials.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which system.
    pub system: Kind,
    /// Port on 127.0.0.1; 0: a free one.
    pub port: u16,
    /// Speak https with a certificate made at start.
    pub tls: bool,
    /// How many sessions the world has at first.
    pub sessions: usize,
    /// How many people, beside the administrator and the service accounts.
    pub users: usize,
    /// Drives everything made up.
    pub seed: u64,
    /// So many sessions at the head of the list, by user and newest first, can all be ended: what is odd
    /// comes further down. Janssen only.
    pub plain_front: usize,
    /// Clock that stands at this Unix time in milliseconds until it is moved. `None`: the computer's clock.
    pub now: Option<i64>,
    /// Faults from the start, each one JSON object.
    pub faults: Vec<String>,
    /// Open the control port.
    pub control: bool,
    /// Life of an access token in seconds.
    pub token_seconds: u64,
    /// Random or seeded credentials.
    pub credentials: Credentials,
    /// Scopes that the client may have. `None`: all that its system's session operations know.
    pub scopes: Option<Vec<String>>,
    /// Largest page the server gives.
    pub max_page: u32,
    /// Login name of the administrator, who signs in by device.
    pub admin: String,
    /// Roles of the administrator; Janssen gives rights to `api-admin` only.
    pub admin_roles: Vec<String>,
    /// Life of a device code in seconds.
    pub device_seconds: u64,
    /// Shortest pause between two polls for a device sign-in, in seconds.
    pub device_interval: u64,
    /// Approve device sign-ins without a person after so many seconds.
    pub device_auto_approve: Option<u64>,
    /// Answer `/.well-known/openid-configuration`.
    pub discovery: bool,
    /// Which years of Janssen.
    pub generation: Generation,
    /// What only PingAM and OpenAM have.
    pub am: AmOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            system: Kind::Janssen,
            port: 0,
            tls: false,
            sessions: 240,
            users: 48,
            seed: 1,
            plain_front: 0,
            now: None,
            faults: Vec::new(),
            control: false,
            token_seconds: 300,
            credentials: Credentials::Random,
            scopes: None,
            max_page: 200,
            admin: "admin".into(),
            admin_roles: vec!["api-admin".into()],
            device_seconds: 1_800,
            device_interval: 5,
            device_auto_approve: None,
            discovery: true,
            generation: Generation::New,
            am: AmOptions::default(),
        }
    }
}
