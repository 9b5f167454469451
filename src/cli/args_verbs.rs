//! The options of the single commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::complete;
use crate::audit::Anchor;

/// The query language in short, as shown by `usher list --help`.
pub(crate) const QUERY_HELP: &str = "\
A query is a row of clauses that must all hold:
  user:jdoe                     equal, without case; * stands for any run of characters
  state:active,expiring         any of several values
  ip:10.0.0.0/8 ip:private      an address, a network, or a class of addresses
  hint:many                     own, impersonated, many, networks, no-expiry, unfinished; * any
  created>now-2h idle>30m       instants and durations
  -client:portal-web            not
  agent~Firefox                 a regular expression
  @acr:basic                    an attribute by the name the system gives it
  jdoe                          anywhere in user, client, ip, agent, scope, method, start of id
Put a query with quotes, < or > into single quotes for the shell.

One JSON line for each session (-o jsonl), absent values null, times RFC 3339 in UTC:
  profile system id label user user_id state created last_used expires ended client ip agent
  method scope deletable not_deletable_because own hints attributes
The hints many and networks need every row: they are found where hints are named in --fields, --sort,
--group-by or the query, and all rows are then read before the first is printed.";

/// The text below `usher revoke --help`.
pub(crate) const REVOKE_HELP: &str = "\
Examples:
  usher list user:jdoe -o jsonl | usher revoke - --yes
  usher revoke --query 'idle>8h client:vpn-gateway' --dry-run
  usher revoke --user jdoe --reason 'INC-4711 stolen laptop'";

/// The shape of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// The shape of small lists.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ShapeArgs {
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}

/// Options of `usher act`.
#[derive(Args, Clone, Debug)]
pub struct ActArgs {
    /// Which action, as `usher actions` lists it or as the vendor writes it (getSessionInfo)
    #[arg(value_name = "ACTION")]
    pub action: String,
    /// The session that it acts on; - reads it from standard input
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The token that it acts on: - for standard input, or a file that only you can read
    #[arg(long, value_name = "-|FILE")]
    pub token: Option<String>,
    /// Its arguments; name=- reads a secret from standard input
    #[arg(value_name = "NAME=VALUE")]
    pub pairs: Vec<String>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub yes: bool,
    /// End all of a user although certificates are not checked (insecure = true)
    #[arg(long)]
    pub insecure: bool,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}

/// Options of `usher list`.
#[derive(Args, Clone, Debug, Default)]
pub struct ListArgs {
    /// Which sessions (see below); several words are one query
    #[arg(value_name = "QUERY", add = ArgValueCompleter::new(complete::fields_of_query))]
    pub query: Vec<String>,
    /// Output format [default: table on a terminal, else jsonl]
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Which fields, in this order; @name for an attribute
    #[arg(long, short, value_delimiter = ',', value_name = "A,B", add = ArgValueCompleter::new(complete::fields))]
    pub fields: Vec<String>,
    /// Sort by; all rows are read before the first is printed
    #[arg(long, short, value_name = "FIELD[:desc]", add = ArgValueCompleter::new(complete::fields))]
    pub sort: Option<String>,
    /// Stop after this many
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<u64>,
    /// Print only how many there are
    #[arg(long, conflicts_with_all = ["group_by", "id_only", "watch"])]
    pub count: bool,
    /// Print how many there are for each value of a field; network counts by /24 and /64
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["id_only", "watch", "limit"], add = ArgValueCompleter::new(complete::fields))]
    pub group_by: Option<String>,
    /// Print only the ids, one a line
    #[arg(long, conflicts_with_all = ["watch", "output", "fields"])]
    pub id_only: bool,
    /// Print what each system would be asked, and send nothing
    #[arg(long, conflicts_with_all = ["count", "group_by", "id_only", "watch"])]
    pub explain: bool,
    /// Send this filter in the system's own language, unread; the query is applied on top
    #[arg(long, value_name = "FILTER")]
    pub native: Option<String>,
    /// How to list, where a system offers several ways; without it the error names them
    #[arg(long, value_name = "WORD")]
    pub way: Option<String>,
    /// Repeat every SECONDS and print what was added, changed or went away; table or jsonl only
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "30",
          value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["sort", "limit"])]
    pub watch: Option<u32>,
    /// End with code 7 if nothing matches
    #[arg(long)]
    pub fail_empty: bool,
    /// Keep spreadsheets from running cells that start with = + - @ as formulas (csv)
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true",
          require_equals = true, action = clap::ArgAction::Set)]
    pub csv_safe: bool,
}

/// Options of `usher get`.
#[derive(Args, Clone, Debug)]
pub struct GetArgs {
    /// Ids as printed by `list`, or - for standard input (ids or JSON lines of `list`)
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Print the session as the server sent it
    #[arg(long)]
    pub raw: bool,
    /// Output format
    #[arg(
        long,
        short,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        conflicts_with = "raw"
    )]
    pub output: Format,
}

/// Options of `usher revoke`.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct RevokeArgs {
    /// Ids as printed by `list`, or - for standard input (ids or JSON lines of `list`)
    #[arg(value_name = "ID", group = "what")]
    pub ids: Vec<String>,
    /// Every session of this person
    #[arg(long, value_name = "USER", group = "what")]
    pub user: Option<String>,
    /// Every session that matches
    #[arg(long, value_name = "QUERY", group = "what", add = ArgValueCompleter::new(complete::fields_of_query))]
    pub query: Option<String>,
    /// How to list, where a system offers several ways; without it the error names them
    #[arg(long, value_name = "WORD", requires = "query")]
    pub way: Option<String>,
    /// Print what would be ended, and send nothing that changes anything
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub yes: bool,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How many requests at the same time, 1 to 64
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub concurrency: Option<u8>,
    /// Continue after a failure (the default)
    #[arg(long, conflicts_with = "fail_fast")]
    pub keep_going: bool,
    /// Start nothing more after the first failure
    #[arg(long)]
    pub fail_fast: bool,
    /// End more than one session although certificates are not checked (insecure = true)
    #[arg(long)]
    pub insecure: bool,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutcomeFormat,
}

/// Options of `usher incident`.
#[derive(Args, Clone, Debug)]
pub struct IncidentArgs {
    /// The person, by the name that the systems use (`user_names` and `user_as` of a profile put it into theirs)
    #[arg(value_name = "USER")]
    pub user: String,
    /// Print the plan, and send nothing that changes anything
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub yes: bool,
    /// Why, for the audit log and the report
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// End more than one session although certificates are not checked (insecure = true)
    #[arg(long)]
    pub insecure: bool,
    /// Format of the report
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: ReportFormat,
}

/// The shape of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum ReportFormat {
    /// A table for people.
    #[default]
    Text,
    /// A Markdown table, for a ticket.
    Markdown,
    /// One JSON document.
    Json,
}

/// The shape of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum OutcomeFormat {
    /// For people, one line each.
    #[default]
    Text,
    /// One JSON object a line.
    Jsonl,
}

/// Printed below the options of `usher login`.
pub(super) const LOGIN_HELP: &str = "\
Where the token is kept: in the folder `tokens` of the state folder, in a file that only you may read (0600). \
Every other command that has to sign in keeps its token there too; `usher logout` ends it and removes the file.

With `keep_token = false` in a profile nothing is kept: the token is ended at the end of every command. The \
same is done with a token that cannot be kept, and login is then a failure.";

/// Options of `usher login`.
#[derive(Args, Clone, Debug)]
pub struct LoginArgs {
    /// The profile, instead of --profile
    #[arg(value_name = "PROFILE", add = ArgValueCompleter::new(complete::profiles))]
    pub name: Option<String>,
    /// Draw the address of a device sign-in as a QR code
    #[arg(long)]
    pub qr: bool,
}

/// Options of `usher doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// The profile; without it, and without --profile, all of them
    #[arg(value_name = "PROFILE", add = ArgValueCompleter::new(complete::profiles))]
    pub name: Option<String>,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}

/// The tasks for the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigArgs {
    /// Write the commented example where the configuration is looked for
    Init,
    /// Check the configuration
    Check,
    /// Print where usher reads and writes
    Path(ShapeArgs),
    /// An import of one of the systems. Its command comes from them.
    #[command(skip)]
    Import {
        /// The verb that was typed.
        verb: String,
        /// The rest of the arguments.
        args: ImportArgs,
    },
}

/// Options of an import. Help, the default name and the name of the option for the key come from the
/// system.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The file. `None`: where the other program keeps it.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The file with the key of encoded secrets. `None`: where the other program keeps it.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Name of the new profile
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Where the secret goes
    #[arg(long, value_enum, default_value_t, value_name = "WHERE")]
    pub keep_in: KeepIn,
}

/// Where an imported secret goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum KeepIn {
    /// The keyring of the platform.
    #[default]
    Keyring,
    /// A file beside the configuration that only its owner can read.
    File,
}

/// Options of `usher render`.
#[derive(Args, Clone, Debug)]
pub struct RenderArgs {
    /// Which screen; an unknown name lists them all
    #[arg(value_name = "SCREEN")]
    pub screen: String,
    /// Columns and rows
    #[arg(long, value_name = "WxH", default_value = "120x40")]
    pub size: String,
    /// Keys to press first, as in the keymap: "down down delete"
    #[arg(long, value_name = "KEYS", default_value = "")]
    pub keys: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: Picture,
    /// Name of a theme, or the path of its file
    #[arg(long, value_name = "THEME", default_value = "dark")]
    pub theme: String,
    /// The moment that the screen shows
    #[arg(long, value_name = "TIME", default_value = "2026-11-21 14:07:00")]
    pub now: String,
    /// How many sessions to make up
    #[arg(long, value_name = "N", default_value_t = 1_204)]
    pub sessions: u32,
    /// The same number makes up the same sessions
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
}

/// How a screen is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Picture {
    /// Characters only.
    #[default]
    Text,
    /// With the escape codes of colours.
    Ansi,
    /// A picture.
    Svg,
}

/// Options of `usher audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// Which records; id: is hashed as in the log
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Check chain, seals and end of the log, as far as that can be done here
    ///
    /// Finds what was changed, removed, added or cut off by anybody who cannot read the key in the state
    /// folder. Who can write there can put older copies back, or take all files away; who can read the key
    /// too can forge the log. Only an anchor that was kept elsewhere shows that.
    #[arg(long, conflicts_with = "query")]
    pub verify: bool,
    /// Compare with an anchor that an earlier --verify printed
    #[arg(long, value_name = "COUNT:HASH", requires = "verify")]
    pub anchor: Option<Anchor>,
    /// Only changes that have no end in the log
    #[arg(long, conflicts_with = "verify")]
    pub unfinished: bool,
    /// Look what became of changes that have no end in the log, and write that down
    ///
    /// Reads the sessions of each user concerned. A change that stays unclear is left without an end (exit code 3).
    #[arg(long, conflicts_with_all = ["verify", "unfinished", "query"])]
    pub settle: bool,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}
