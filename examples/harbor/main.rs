//! usher with one more system: the whole of "Harbor" is in this folder, and nothing of usher is changed.
//!
//! Harbor is made up. It speaks a line protocol over TCP, has two kinds of session, lists only one user or
//! everybody on request, shows a berth that no other system has, and ends links only for their owner.

mod client;

use std::process::ExitCode;
use std::sync::Arc;

use usher::api::Systems;

fn main() -> ExitCode {
    usher::main_with(Systems::built_in().and(Arc::new(client::HarborSystem::new())))
}
