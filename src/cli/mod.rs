//! The command line: every verb, its output and its exit code.

mod act;
mod args;
#[cfg(feature = "emulator")]
mod args_emulator;
mod args_verbs;
mod audit;
mod audit_check;
mod complete;
mod config;
mod ctx;
mod doctor;
mod doctor_tls;
#[cfg(feature = "emulator")]
mod emulator;
mod end_plan;
mod exit;
mod gather;
mod get;
mod headway;
mod hidden;
mod import;
mod incident;
#[cfg(test)]
mod kinds_tests;
mod list;
mod login;
mod outcome;
pub(crate) mod output;
mod pages;
mod profiles;
mod prompter;
#[cfg(feature = "emulator")]
mod render;
mod revoke;
mod revoke_run;
mod screen;
mod signals;
mod sort;
mod sources;
mod target_lines;
mod targets;
mod waits;
mod watch;

use std::process::ExitCode;

pub use args::Cli;

use args::Command;
use ctx::Ctx;
use exit::{Failure, OK};

use crate::api::Systems;
use crate::{logging, runtime};

/// Answers a completion script and ends the program, if it was that which called.
pub fn answer_shell(systems: &Systems) {
    complete::answer_shell(systems);
}

/// Does what the command line says, with these systems. The answer is the exit code of the program.
pub fn run(cli: Cli, systems: Systems) -> ExitCode {
    let mut ctx = Ctx::new(cli.global, systems);
    // Held until the end: it writes what still waits when it is dropped.
    let log = logging::start(
        &ctx.paths,
        ctx.global.log_level.map(Into::into),
        std::env::var_os("USHER_LOG").as_deref(),
    );
    ctx.log = log.dir.as_ref().map(|dir| dir.display().to_string());
    if let Some(note) = not_kept(&ctx, &log) {
        ctx.note(&note);
    }
    runtime::set_panic_hook(ctx.log.clone());
    let result = match cli.command {
        Some(command) => dispatch(&ctx, command),
        None => screen::run(&ctx, None),
    };
    let code = result.unwrap_or_else(|failure: Failure| {
        if !failure.message.is_empty() {
            ctx.error(&failure.message);
        }
        failure.code
    });
    ExitCode::from(code)
}

/// A warning about the things that this run cannot keep, and why. `None`: it keeps everything.
fn not_kept(ctx: &Ctx, log: &logging::LogGuard) -> Option<String> {
    if let Err(why) = ctx.paths.make_state_dir() {
        return Some(format!(
            "warning: {why}. Until then nothing is kept: no log, no audit log, no sign-in"
        ));
    }
    // A level that was not understood is told to who gave one.
    let asked = ctx.global.log_level.is_some();
    let told = log.note.as_ref().filter(|_| asked || log.dir.is_none());
    told.map(|note| format!("note: {note}"))
}

fn dispatch(ctx: &Ctx, command: Command) -> Result<u8, Failure> {
    match command {
        Command::List(args) => block_on(ctx, list::run(ctx, &args)),
        Command::Get(args) => block_on(ctx, get::run(ctx, &args)),
        Command::Incident(args) => block_on_here(ctx, incident::run(ctx, &args)),
        Command::Revoke(args) => block_on_here(ctx, revoke::run(ctx, &args)),
        Command::Whoami(shape) => block_on(ctx, login::whoami(ctx, shape)),
        Command::Login(args) => block_on(ctx, login::login(ctx, &args)),
        Command::Logout => block_on(ctx, login::logout(ctx)),
        Command::Token => block_on(ctx, login::token(ctx)),
        Command::Profiles(shape) => block_on(ctx, profiles::profiles(ctx, shape)),
        Command::Systems(shape) => block_on(ctx, profiles::systems(ctx, shape)),
        Command::Doctor(args) => block_on(ctx, doctor::run(ctx, &args)),
        Command::Actions(shape) => block_on(ctx, act::actions(ctx, shape)),
        Command::Act(args) => block_on(ctx, act::act(ctx, &args)),
        Command::Audit(args) => block_on(ctx, audit::run(ctx, &args)),
        #[cfg(feature = "emulator")]
        Command::Demo { sessions, seed } => {
            let world = crate::runtime::DemoWorld {
                sessions,
                seed,
                fixed: None,
            };
            screen::run(ctx, Some(world))
        }
        #[cfg(feature = "emulator")]
        Command::Render(args) => block_on(ctx, render::run(ctx, &args)),
        Command::Config(args) => config::run(ctx, &args),
        #[cfg(feature = "emulator")]
        Command::Emulator(args) => block_on(ctx, emulator::run(ctx, &args)),
        Command::Completions { shell } => print(ctx, |out| complete::script(&shell, out)),
        Command::Man => print(ctx, |out| complete::manual(&ctx.systems, out)),
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
fn block_on(ctx: &Ctx, work: impl Future<Output = Result<u8, Failure>>) -> Result<u8, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    run_on(builder.worker_threads(2), ctx, work)
}

/// The same on this thread alone: for many small requests, each of which would have to wake another.
fn block_on_here(
    ctx: &Ctx,
    work: impl Future<Output = Result<u8, Failure>>,
) -> Result<u8, Failure> {
    run_on(
        &mut tokio::runtime::Builder::new_current_thread(),
        ctx,
        work,
    )
}

fn run_on(
    builder: &mut tokio::runtime::Builder,
    ctx: &Ctx,
    work: impl Future<Output = Result<u8, Failure>>,
) -> Result<u8, Failure> {
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    for told in runtime.block_on(ctx.end_unkept()) {
        ctx.note(&format!("note: {told}"));
    }
    // A thread that hangs in a call of the system must not hold the shell.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    hidden::show_again();
    result
}
