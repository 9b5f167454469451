//! The command line: every verb, its output and its exit code.

mod args;
#[allow(dead_code, reason = "the verbs that print rows come next")]
mod args_verbs;
mod complete;
#[allow(dead_code, reason = "the verbs that print rows come next")]
mod config;
#[allow(dead_code, reason = "the verbs that print rows come next")]
mod ctx;
#[cfg(feature = "emulator")]
mod emulator;
#[allow(dead_code, reason = "the verbs that send requests come next")]
mod exit;
mod import_jans;
#[allow(dead_code, reason = "the verbs that print rows come next")]
mod output;

use std::process::ExitCode;

pub use args::Cli;

use args::Command;
use ctx::Ctx;
use exit::{Failure, OK};

/// Answers a completion script and ends the program, if it was that which called.
pub fn answer_shell() {
    complete::answer_shell();
}

/// Does what the command line says. The answer is the exit code of the program.
pub fn run(cli: Cli) -> ExitCode {
    let ctx = Ctx::new(cli.global);
    let result = match cli.command {
        Some(command) => dispatch(&ctx, command),
        None => print(&ctx, complete::help),
    };
    let code = result.unwrap_or_else(|failure: Failure| {
        if !failure.message.is_empty() {
            ctx.error(&failure.message);
        }
        failure.code
    });
    ExitCode::from(code)
}

fn dispatch(ctx: &Ctx, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Config(args) => config::run(ctx, &args),
        #[cfg(feature = "emulator")]
        Command::Emulator(args) => block_on(emulator::run(ctx, &args)),
        Command::Completions { shell } => print(ctx, |out| complete::script(&shell, out)),
        Command::Man => print(ctx, |out| complete::manual(out)),
    }
}

/// Prints what `write` makes.
fn print(
    ctx: &Ctx,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let mut out = ctx.out();
    write(out.buffer())?;
    out.flush()?;
    Ok(OK)
}

/// Runs a command that waits for the network, on two threads.
fn block_on(work: impl Future<Output = Result<u8, Failure>>) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // A thread that hangs in a call of the system must not hold the shell.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    result
}
