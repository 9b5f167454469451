//! The options of `usher emulator`: those of every emulator, and those that single systems have.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::emulator::{Flag, SYSTEMS};

/// Options of `usher emulator`.
#[derive(Args, Clone, Debug)]
pub struct EmulatorArgs {
    /// Which system
    #[arg(value_parser = PossibleValuesParser::new(systems()))]
    pub system: String,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// Speak TLS, with a certificate made for this run
    #[arg(long)]
    pub tls: bool,
    /// How many sessions to make up
    #[arg(long, value_name = "N", default_value_t = 1_204)]
    pub sessions: u32,
    /// How many people to make up; none given: what suits the sessions
    #[arg(long, value_name = "N")]
    pub users: Option<u32>,
    /// The same number makes up the same sessions
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Misbehave: one JSON object, such as {"action":"status","code":500}; may be repeated
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
    /// Take faults and show the journal of requests under /__emu/
    #[arg(long)]
    pub control: bool,
    /// Options that only some systems have.
    #[command(flatten)]
    pub own: OwnFlags,
    /// Write the sessions to standard output, as its own list has them, and end; the same options give
    /// the same bytes
    #[arg(long, value_name = "FORMAT", value_parser = ["json"], conflicts_with_all = ["json", "config_out", "control", "fault", "tls", "port"])]
    pub dump: Option<String>,
    /// Print one line of JSON once it listens: system, url, auth
    #[arg(long)]
    pub json: bool,
    /// Write a configuration that opens it
    #[arg(long, value_name = "FILE")]
    pub config_out: Option<PathBuf>,
}

fn systems() -> impl Iterator<Item = PossibleValue> {
    SYSTEMS.iter().map(|make| {
        let system = make();
        PossibleValue::new(system.word().to_owned()).help(system.about().to_owned())
    })
}

/// The flags of single systems that were given: name and value.
#[derive(Clone, Debug, Default)]
pub struct OwnFlags(pub Vec<(String, String)>);

/// The flags of all systems. One that several have is there once.
fn own_flags() -> Vec<Flag> {
    let mut flags = Vec::<Flag>::new();
    for flag in SYSTEMS.iter().flat_map(|make| make().flags()) {
        if flags.iter().all(|other| other.name != flag.name) {
            flags.push(flag);
        }
    }
    flags
}

fn argument(flag: Flag) -> Arg {
    // No default value, so that a flag that was not given is known not to be.
    let help = format!("{} [default: {}]", flag.about, flag.default);
    let name = flag.name.into_owned();
    let argument = Arg::new(name.clone()).long(name.clone()).help(help);
    if flag.choices.is_empty() {
        return argument
            .value_name("N")
            .value_parser(|text: &str| text.parse::<u64>().map(|_| text.to_owned()));
    }
    let choice = |choice: crate::emulator::Choice| {
        PossibleValue::new(choice.word.into_owned()).help(choice.about.into_owned())
    };
    let choices = flag.choices.into_iter().map(choice);
    argument
        .value_name(name.to_uppercase())
        .value_parser(PossibleValuesParser::new(choices))
}

impl Args for OwnFlags {
    fn augment_args(command: Command) -> Command {
        let flags = own_flags().into_iter();
        flags.fold(command, |command, flag| command.arg(argument(flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: Flag| {
            let value = matches.get_one::<String>(&flag.name)?.clone();
            Some((flag.name.into_owned(), value))
        };
        Ok(Self(own_flags().into_iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
