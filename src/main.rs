//! The usher program.

use std::process::ExitCode;

use usher::api::Systems;

fn main() -> ExitCode {
    usher::main_with(Systems::built_in())
}
