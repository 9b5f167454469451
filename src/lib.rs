//! usher: find, understand and end login sessions, whichever identity system holds them.
//!
//! The screen, the command line and the tests call this one library. Start reading in [`model`].

pub mod api;
pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod logging;
pub mod model;
pub mod reading;
pub mod revoke;
pub mod runtime;
pub mod store;
pub mod ui;

/// The whole program with these systems: reads the arguments of the process, and answers its exit code.
///
/// Nothing else has to be changed for one more system:
///
/// ```no_run
/// # fn example(mine: std::sync::Arc<dyn usher::api::System>) -> std::process::ExitCode {
/// usher::main_with(usher::api::Systems::built_in().and(mine))
/// # }
/// ```
pub fn main_with(systems: api::Systems) -> std::process::ExitCode {
    runtime::harden();
    cli::answer_shell(&systems);
    let typed = cli::Cli::of(std::env::args_os(), &systems);
    cli::run(typed, systems)
}
