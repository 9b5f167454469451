//! The arguments of the command line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

#[cfg(feature = "emulator")]
use super::args_emulator::EmulatorArgs;
#[cfg(feature = "emulator")]
use super::args_verbs::RenderArgs;
use super::args_verbs::{
    ActArgs, AuditArgs, ConfigArgs, DoctorArgs, GetArgs, ImportArgs, IncidentArgs, ListArgs,
    LoginArgs, RevokeArgs, ShapeArgs,
};
use super::output::for_people;
use crate::api::Systems;
use crate::api::import::ImportSpec;
use crate::model::Field;
use crate::model::text::display_safe;

/// How every command ends, as shown by `--help` and the manual page.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done; a session that was gone already counts as done
  1    failed
  2    wrong usage or configuration, or --yes is missing without a terminal
  3    partly failed, a list is not whole, or an outcome is unknown
  4    sign-in needed or refused
  5    refused by usher itself: read-only, or a safety rule
  6    the system cannot be reached, or did not answer in time
  7    no such session (get, act, revoke); nothing matched (revoke, list --fail-empty)
  8    no secure connection: the certificate of the system, ours, or the TLS version was not accepted
  9    the system does not allow it: a scope or role is lacking
  74   the terminal went away
  101  a defect in usher itself
  128+n ended by signal n: 129 hang-up, 130 interrupt, 143 terminate and so on";

/// Find, understand and end login sessions, whichever identity system holds them.
///
/// Without a command the screen opens; without a configuration it shows a demo with made-up sessions.
#[derive(Debug, Parser)]
#[command(name = "usher", version, after_long_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command. `None`: open the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The parsed arguments, program name first. Ends the program where they cannot be read, and
    /// for `--help`.
    pub fn of(typed: impl IntoIterator<Item = OsString>, systems: &Systems) -> Self {
        Self::read(with_negative_clauses(typed), systems).unwrap_or_else(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            let code = error.exit_code();
            // Nobody can be told when that fails.
            let _ = io::stderr().write_all(mistake(error).as_bytes());
            std::process::exit(code)
        })
    }

    /// Everything that can be typed, what the systems add included.
    pub(crate) fn command_with(systems: &Systems) -> clap::Command {
        let imports: Vec<_> = systems
            .imports()
            .map(|(system, import)| import_command(&system.spec().word, import.spec()))
            .collect();
        Self::command().mut_subcommand("config", |config| config.subcommands(imports))
    }

    fn read(
        typed: impl IntoIterator<Item = OsString>,
        systems: &Systems,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::command_with(systems);
        let mut matches = command.try_get_matches_from_mut(typed)?;
        let config = matches.subcommand_matches("config");
        let import = config.and_then(clap::ArgMatches::subcommand);
        let read = match import.filter(|(verb, _)| systems.import(verb).is_some()) {
            Some((verb, args)) => Self::of_import(&matches, verb, args),
            None => Self::from_arg_matches_mut(&mut matches),
        };
        read.map_err(|error| error.format(&mut command))
    }

    fn of_import(
        matches: &clap::ArgMatches,
        verb: &str,
        args: &clap::ArgMatches,
    ) -> Result<Self, clap::Error> {
        let import = ConfigArgs::Import {
            verb: verb.to_owned(),
            args: ImportArgs::from_arg_matches(args)?,
        };
        Ok(Self {
            global: GlobalArgs::from_arg_matches(matches)?,
            command: Some(Command::Config(import)),
        })
    }
}

/// The command of an import of the system of this word.
fn import_command(word: &str, import: &ImportSpec) -> clap::Command {
    let (file_help, key_help) = (import.file_help.to_string(), import.key_help.to_string());
    let (option, name) = (import.key_option.to_string(), word.to_owned());
    ImportArgs::augment_args(clap::Command::new(import.verb.to_string()))
        .about(import.about.to_string())
        .mut_arg("file", |arg| arg.help(file_help))
        .mut_arg("key", |arg| arg.long(option).help(key_help))
        .mut_arg("name", |arg| arg.default_value(name).required(false))
}

/// The message about a mistake in the arguments. It repeats them, which a script may have from a
/// stranger.
fn mistake(mut error: clap::Error) -> String {
    let typed: Vec<(ContextKind, String)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, display_safe(text).into_owned())),
            _ => None,
        })
        .collect();
    // Before it is rendered: that leaves escape codes out without a trace.
    for (kind, text) in typed {
        error.insert(kind, ContextValue::String(text));
    }
    for_people(&error.render().to_string())
}

/// Commands that take a query.
const QUERIES: [&str; 5] = ["list", "revoke", "end", "delete", "audit"];

/// A clause that begins with a minus reads like an option. A blank in front of it says that it is none,
/// and means nothing in a query. Only a known field makes a clause: `-x` stays an unknown option.
fn with_negative_clauses(
    typed: impl IntoIterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let (mut in_query, mut only_values) = (false, false);
    typed.into_iter().map(move |word| match word.to_str() {
        Some(text) if in_query && !only_values && is_negative_clause(text) => {
            OsString::from(format!(" {text}"))
        }
        text => {
            in_query |= text.is_some_and(|text| QUERIES.contains(&text));
            only_values |= in_query && text == Some("--");
            word
        }
    })
}

/// True if it is `-field:value`, with any operator, or the same of an attribute.
fn is_negative_clause(text: &str) -> bool {
    let Some(clause) = text.strip_prefix('-') else {
        return false;
    };
    let Some((name, _)) = clause.split_once([':', '=', '<', '>', '~', '!']) else {
        return false;
    };
    match name.strip_prefix('@') {
        Some(attribute) => !attribute.is_empty(),
        None => Field::from_name(name).is_some(),
    }
}

/// Options that every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Common options")]
pub struct GlobalArgs {
    /// Read this configuration instead of $USHER_CONFIG or the one of the platform
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Work with these profiles, not with default_profile
    #[arg(long, short, global = true, value_name = "A[,B]", value_delimiter = ',', conflicts_with = "all_profiles",
          add = clap_complete::ArgValueCompleter::new(super::complete::profiles))]
    pub profile: Vec<String>,
    /// Work with every profile of the configuration
    #[arg(long, global = true)]
    pub all_profiles: bool,
    /// Change nothing: refuse to end sessions and to run actions that change something
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Draw frames and marks with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Use colours; without this option NO_COLOR and TERM=dumb mean never
    #[arg(long, global = true, value_name = "WHEN", default_value_t, value_enum)]
    pub color: ColorWhen,
    /// Log level
    #[arg(long, global = true, value_name = "LEVEL", value_enum)]
    pub log_level: Option<LogLevel>,
    /// Print errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum ColorWhen {
    /// On a terminal that has colours.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// How much is written to the log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// Also warnings.
    Warn,
    /// Also changes and other steps.
    Info,
    /// Every request.
    Debug,
    /// Every request with its body, secrets left out.
    Trace,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List sessions; rows are printed while pages arrive
    #[command(after_long_help = super::args_verbs::QUERY_HELP)]
    List(Box<ListArgs>),
    /// Show one session whole
    Get(GetArgs),
    /// End sessions
    #[command(visible_aliases = ["end", "delete"], after_long_help = super::args_verbs::REVOKE_HELP)]
    Revoke(RevokeArgs),
    /// End every session of one person in all profiles, read back, and print a report
    Incident(IncidentArgs),
    /// Say who you are at each system
    Whoami(ShapeArgs),
    /// Sign in and keep the token
    #[command(after_long_help = super::args_verbs::LOGIN_HELP)]
    Login(LoginArgs),
    /// Revoke and forget the token
    Logout,
    /// Print a valid access token and nothing else
    Token,
    /// List the profiles, and whether they answer
    Profiles(ShapeArgs),
    /// List what each system can do
    Systems(ShapeArgs),
    /// List the system-specific actions
    Actions(ShapeArgs),
    /// Run a system-specific action
    Act(ActArgs),
    /// Check name, network, certificate, clock, sign-in and rights, with a remedy for each
    Doctor(DoctorArgs),
    /// Draw any screen without a terminal, from the embedded server
    #[cfg(feature = "emulator")]
    Render(RenderArgs),
    /// Open the screen on an embedded server with made-up sessions
    #[cfg(feature = "emulator")]
    Demo {
        /// How many sessions are made up
        #[arg(long, value_name = "N", default_value_t = 1204)]
        sessions: usize,
        /// The same number makes up the same sessions
        #[arg(long, value_name = "N", default_value_t = 7)]
        seed: u64,
    },
    /// Write, check or import the configuration
    #[command(subcommand)]
    Config(ConfigArgs),
    /// Run a made-up identity system on this machine, until a signal ends it
    #[cfg(feature = "emulator")]
    Emulator(EmulatorArgs),
    /// Read the audit log
    Audit(AuditArgs),
    /// Print the completion script of a shell
    Completions {
        /// bash, elvish, fish, powershell or zsh
        #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
        shell: String,
    },
    /// Print the manual page (roff)
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_has_no_conflicts() {
        Cli::command().debug_assert();
    }

    fn query_of(words: &[&str]) -> Result<String, clap::error::ErrorKind> {
        let typed = ["usher", "list"].iter().chain(words).map(OsString::from);
        let read = Cli::try_parse_from(with_negative_clauses(typed));
        match read.map_err(|error| error.kind())?.command {
            Some(Command::List(args)) => Ok(args.query.join(" ").trim().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_clause_may_begin_with_a_minus_and_an_option_stays_one() {
        let cases: [(&[&str], &str); 7] = [
            (&["-user:svc-*", "state:active"], "-user:svc-* state:active"),
            (
                &["state:active", "-@acr:basic", "-n", "5"],
                "state:active  -@acr:basic",
            ),
            (&["-CLIENT=a", "-o", "json"], "-CLIENT=a"),
            (&["-suser:desc", "-ojson", "-idle>8h"], "-idle>8h"),
            (&["-o=json", "-fuser,@acr:x"], ""),
            (&["--", "-user:x", "-x"], "-user:x -x"),
            (&["-s", "user:desc"], ""),
        ];
        for (words, expected) in cases {
            assert_eq!(query_of(words).as_deref(), Ok(expected), "{words:?}");
        }
        for word in ["-x", "--bogus", "-x:y", "--user:x", "-@:x", "-jdoe"] {
            let unknown = Err(clap::error::ErrorKind::UnknownArgument);
            assert_eq!(query_of(&[word]), unknown, "{word}");
        }
    }

    #[test]
    fn global_options_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from(["usher", "whoami", "--profile", "a,b", "-q"]).unwrap();

        assert_eq!(cli.global.profile, ["a", "b"]);
        assert!(cli.global.quiet);
    }

    #[test]
    fn no_option_takes_a_secret() {
        let mut found = Vec::new();
        let mut waiting = vec![Cli::command()];
        while let Some(command) = waiting.pop() {
            waiting.extend(command.get_subcommands().cloned());
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or_default().to_owned();
                let takes_text = argument.get_action().takes_values();
                // `act --token` takes - or the name of a private file, never the token.
                let reads_token = command.get_name() == "act" && name == "token";
                let secret = ["secret", "password", "cookie", "key"]
                    .iter()
                    .any(|word| name.contains(word))
                    || (name.contains("token") && name != "token-seconds" && !reads_token);
                if takes_text && secret && name != "keys" {
                    found.push(format!("{} --{name}", command.get_name()));
                }
            }
        }

        assert!(found.is_empty(), "{found:?}");
    }
}
