//! Configuration: one TOML file, environment, flags.

pub mod profile;

pub use profile::{AuditMode, Login, Profile, SecretSource, System, Zone};
