//! The usher program.

use std::process::ExitCode;

use usher::cli::{self, Cli};

fn main() -> ExitCode {
    usher::runtime::harden();
    cli::answer_shell();
    cli::run(Cli::of(std::env::args_os()))
}
