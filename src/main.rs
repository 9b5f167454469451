//! The usher program.

use std::process::ExitCode;

use clap::Parser;
use usher::cli::{self, Cli};

fn main() -> ExitCode {
    usher::runtime::harden();
    cli::answer_shell();
    cli::run(Cli::parse())
}
