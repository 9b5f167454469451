//! Completion scripts, the manual page, and what the shell asks while somebody types.

use std::ffi::OsStr;
use std::io::Write;

use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

use super::args::Cli;
use super::exit::Failure;
use crate::api::Systems;
use crate::config::{Config, Paths};

/// The variable by which a completion script asks this program.
const VARIABLE: &str = "USHER_COMPLETE";

/// Answers a question of a completion script and ends the program, if there is one.
pub(crate) fn answer_shell(systems: &Systems) {
    CompleteEnv::with_factory(|| Cli::command_with(systems))
        .var(VARIABLE)
        .complete();
}

/// Writes the completion script of a shell.
pub(crate) fn script(shell: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(shell) else {
        return Err(Failure::usage(format!(
            "no completion script for {shell}; there is one for {}",
            shells.names().collect::<Vec<_>>().join(", ")
        )));
    };
    shell.write_registration(VARIABLE, "usher", "usher", "usher", out)?;
    Ok(())
}

/// Writes the manual page of the program and its commands as roff.
pub(crate) fn manual(systems: &Systems, out: &mut dyn Write) -> Result<(), Failure> {
    let mut command = Cli::command_with(systems).flatten_help(true);
    command.build();
    clap_mangen::Man::new(command).render(out)?;
    Ok(())
}

/// Names of profiles, after the last comma of what is typed. A configuration that cannot be read has none.
pub(crate) fn profiles(current: &OsStr) -> Vec<CompletionCandidate> {
    let variable = std::env::var_os("USHER_CONFIG");
    let names = Config::profile_names(None, variable.as_deref(), &Paths::platform());
    candidates(current, &[','], names.iter().map(String::as_str))
}

/// Names of fields, after the last comma of what is typed.
pub(crate) fn fields(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates(
        current,
        &[','],
        super::output::column::NAMES.iter().copied(),
    )
}

/// Names of fields with a colon, after the last blank of what is typed.
pub(crate) fn fields_of_query(current: &OsStr) -> Vec<CompletionCandidate> {
    use strum::IntoEnumIterator;
    let names: Vec<String> = crate::model::Field::iter()
        .map(|field| format!("{}:", field.name()))
        .collect();
    candidates(current, &[' ', ','], names.iter().map(String::as_str))
}

/// The names that go on from what is typed after the last separator.
fn candidates<'a>(
    current: &OsStr,
    separators: &[char],
    names: impl Iterator<Item = &'a str>,
) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    let split = current.rfind(separators).map_or(0, |at| at + 1);
    let (before, typed) = current.split_at(split);
    names
        .filter(|name| name.starts_with(typed))
        .map(|name| CompletionCandidate::new(format!("{before}{name}")))
        .collect()
}
