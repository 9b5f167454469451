//! `usher emulator`: a made-up identity system in the foreground, until a signal ends it.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use super::args_emulator::EmulatorArgs;
use super::ctx::Ctx;
use super::exit::{FAILED, Failure, OK};
use crate::config::private;
use crate::emulator::{self, Options, Running};

/// Name of the profile in the configuration that is written.
const PROFILE: &str = "emulator";
/// First line of that configuration; a file that does not start with it is somebody's own.
const MARK: &str = "# Written by `usher emulator`: it is of use as long as that runs.\n";
/// People made up for so many sessions each, where no number is given.
const SESSIONS_A_USER: u32 = 5;

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// It cannot listen, a fault cannot be read, or the configuration cannot be written.
pub(crate) async fn run(ctx: &Ctx, args: &EmulatorArgs) -> Result<u8, Failure> {
    if args.dump.is_some() {
        return dump(args);
    }
    // Before it says that it listens: whoever reads that may send the signal at once.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let running = emulator::start(options(args)?)
        .await
        .map_err(|error| Failure::new(FAILED, format!("the emulator did not start: {error}")))?;
    if let Some(file) = &args.config_out {
        write_config(&running, file)?;
    }
    announce(ctx, args, &running)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(OK)
}

/// Writes the sessions out.
fn dump(args: &EmulatorArgs) -> Result<u8, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout());
    let Some(written) = emulator::dump(options(args)?, &mut out) else {
        let text = format!("the emulator of {} has no --dump", args.system);
        return Err(Failure::usage(text));
    };
    written?;
    out.flush()?;
    Ok(OK)
}

fn options(args: &EmulatorArgs) -> Result<Options, Failure> {
    let mut system = emulator::system(&args.system)
        .ok_or_else(|| Failure::usage(format!("there is no emulator of {}", args.system)))?;
    for (flag, value) in &args.own.0 {
        system = system.with_flag(flag, value).map_err(Failure::usage)?;
    }
    if args.tls && system.scheme(true) == system.scheme(false) {
        let text = format!(
            "the protocol of {} has no TLS: leave --tls out",
            args.system
        );
        return Err(Failure::usage(text));
    }
    let users = args
        .users
        .unwrap_or_else(|| args.sessions.div_ceil(SESSIONS_A_USER).max(1));
    Ok(Options {
        port: args.port,
        tls: args.tls,
        sessions: args.sessions as usize,
        users: users as usize,
        seed: args.seed,
        faults: args.fault.clone(),
        control: args.control,
        ..Options::of(system)
    })
}

fn announce(ctx: &Ctx, args: &EmulatorArgs, running: &Running) -> Result<(), Failure> {
    let mut out = ctx.out();
    if args.json {
        out.line(&running.json_line());
        return out.flush();
    }
    out.line(&format!("{} emulator on {}", args.system, running.url()));
    for (name, value) in running.auth_lines() {
        out.line(&format!("  {name:<13}  {value}"));
    }
    if let Some(url) = running.control_url() {
        out.line(&format!("  control        {url}/__emu/faults"));
    }
    out.flush()?;
    match &args.config_out {
        Some(file) => ctx.note(&format!(
            "in another terminal: usher --config {} (Ctrl-C here ends it)",
            file.display()
        )),
        None => ctx.note("Ctrl-C ends it; --config-out FILE writes a configuration for it"),
    }
    Ok(())
}

/// Writes a configuration that opens this emulator, with its certificate beside it.
fn write_config(running: &Running, file: &Path) -> Result<(), Failure> {
    let text = format!("{MARK}{}", running.config_toml(PROFILE));
    if let Ok(old) = std::fs::read(file)
        && !old.starts_with(MARK.as_bytes())
    {
        return Err(Failure::usage(format!(
            "{} is there already and was not written by the emulator; name another file with --config-out",
            file.display()
        )));
    }
    if let Some(pem) = running.ca_pem() {
        let beside = file.with_file_name(running.ca_file_name(PROFILE));
        private::replace(&beside, pem.as_bytes())?;
    }
    private::replace(file, text.as_bytes())?;
    Ok(())
}

fn no_signals(error: std::io::Error) -> Failure {
    Failure::new(FAILED, format!("cannot wait for signals: {error}"))
}
