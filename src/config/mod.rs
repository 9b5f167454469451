//! Configuration: one TOML file, environment, flags.

pub mod paths;
pub mod private;
pub mod profile;
pub mod secret;

pub use paths::Paths;
pub use profile::{AuditMode, Login, Profile, SecretSource, System, Zone};
pub use secret::SecretError;
