//! The usher program.

use std::process::ExitCode;

use clap::Parser;
use usher::cli::{self, Cli};

fn main() -> ExitCode {
    cli::answer_shell();
    cli::run(Cli::parse())
}
