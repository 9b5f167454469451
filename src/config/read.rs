//! Reads one profile of the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::error::ConfigError;
use super::login;
use super::own::OwnKey;
use super::profile::{AuditMode, Profile};
use super::system::SystemSpec;
use super::table::{Setting, Table};
use crate::model::time::Zone;
use crate::model::{HintRules, Sort, UserNames, is_loopback};

/// The keys that every profile has. The keys of one system are in [`SystemSpec::own_keys`].
pub(super) const COMMON: &[&str] = &[
    "system",
    "url",
    "auth_url",
    "login",
    "token",
    "ca_file",
    "ca_dir",
    "client_cert",
    "client_key",
    "insecure",
    "allow_http",
    "allow_plain",
    "timeout",
    "max_body_mib",
    "concurrency",
    "rate",
    "kind",
    "page_size",
    "max_rows",
    "sort",
    "search_on_start",
    "live_search",
    "reload_every",
    "production",
    "read_only",
    "require_reason",
    "typed_from",
    "audit",
    "reveal",
    "keep_token",
    "user_as",
    "user_names",
    "server_zone",
    "idle_after",
    "expiring_within",
    "many_sessions",
    "many_networks",
    "networks_within",
    "unfinished_after",
    "client_names",
];

/// A year, in seconds.
const YEAR: u64 = 366 * 86_400;

/// Reads `[profile.NAME]`, which is about one of these systems.
pub(super) fn profile(
    name: &str,
    table: &Table<'_>,
    systems: &[Arc<SystemSpec>],
) -> Result<Profile, ConfigError> {
    check_name(name, table)?;
    let system = system(table, systems)?;
    table.only(&[COMMON, &names(&system.own_keys)])?;
    let url = table.require("url")?;
    let allow_http = flag(table, "allow_http")?;
    let allow_plain = flag(table, "allow_plain")?;
    let (login, login_keys) = login::read(table, &system, allow_plain)?;
    let address = address(&url, &system, allow_http)?;
    let mut profile = Profile::new(name, system.clone(), address, login);
    profile.allow_http = allow_http;
    connection(table, &mut profile)?;
    reading(table, &mut profile)?;
    changing(table, &mut profile)?;
    meaning(table, &mut profile)?;
    profile.own.read(table, &system.own_keys)?;
    profile.own.extend(login_keys);
    Ok(profile)
}

fn names(keys: &[OwnKey]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_ref()).collect()
}

/// Names go into `--profile a,b`, file names and queries.
fn check_name(name: &str, table: &Table<'_>) -> Result<(), ConfigError> {
    let fits = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(fits) {
        return Err(table.error(
            "the name of a profile is made of letters, digits, - _ . and @, 64 at most".to_owned(),
        ));
    }
    Ok(())
}

fn system(table: &Table<'_>, systems: &[Arc<SystemSpec>]) -> Result<Arc<SystemSpec>, ConfigError> {
    if let Some(item) = table.get("system") {
        let words: Vec<_> = systems.iter().map(|s| (s.word.as_ref(), s)).collect();
        item.word(&words).cloned()
    } else {
        // A misspelt "system" is named as such.
        let own: Vec<_> = systems.iter().flat_map(|s| names(&s.own_keys)).collect();
        table.only(&[COMMON, &own])?;
        Err(table.missing("system"))
    }
}

/// How the server is reached.
fn connection(table: &Table<'_>, profile: &mut Profile) -> Result<(), ConfigError> {
    let auth = table.get("auth_url");
    profile.auth_url = auth
        .map(|item| address(&item, &profile.system, profile.allow_http))
        .transpose()?;
    profile.ca_file = table.get("ca_file").map(|item| item.path()).transpose()?;
    profile.ca_dir = table.get("ca_dir").map(|item| item.path()).transpose()?;
    profile.client_cert = table
        .get("client_cert")
        .map(|item| item.path())
        .transpose()?;
    profile.client_key = table
        .get("client_key")
        .map(|item| item.path())
        .transpose()?;
    if let (Some(_), None) | (None, Some(_)) = (&profile.client_cert, &profile.client_key) {
        return Err(table.error(format!(
            "{}: client_cert and client_key belong together",
            table.title()
        )));
    }
    profile.policy.insecure = flag(table, "insecure")?;
    set(table, "timeout", &mut profile.timeout, |item| {
        item.duration(1..=3_600)
    })?;
    set(table, "max_body_mib", &mut profile.max_body_mib, |item| {
        item.number(1..=65_536)
    })?;
    set(table, "concurrency", &mut profile.concurrency, |item| {
        item.number(1..=64)
    })?;
    set(table, "rate", &mut profile.rate, |item| {
        item.number(1..=100_000).map(Some)
    })
}

/// The keys that say which rows are read, and when.
fn reading(table: &Table<'_>, profile: &mut Profile) -> Result<(), ConfigError> {
    set(table, "kind", &mut profile.policy.kind, |item| {
        item.some_text().map(|kind| Some(kind.to_owned()))
    })?;
    set(table, "page_size", &mut profile.policy.page_size, |item| {
        item.number(1..=65_535).map(Some)
    })?;
    profile.policy.max_rows = super::memory::rows();
    set(table, "max_rows", &mut profile.policy.max_rows, |item| {
        item.number(1..=100_000_000)
    })?;
    set(table, "sort", &mut profile.policy.sort, |item| {
        sort(item).map(Some)
    })?;
    profile.policy.search_on_start = flag(table, "search_on_start")?;
    profile.policy.live_search = flag(table, "live_search")?;
    set(
        table,
        "reload_every",
        &mut profile.policy.reload_every,
        |item| item.duration(1..=86_400),
    )
}

/// The keys that say which changes are allowed, and which values may be shown.
fn changing(table: &Table<'_>, profile: &mut Profile) -> Result<(), ConfigError> {
    profile.policy.production = flag(table, "production")?;
    profile.policy.read_only = flag(table, "read_only")?;
    profile.policy.require_reason = flag(table, "require_reason")?;
    set(
        table,
        "typed_from",
        &mut profile.policy.typed_from,
        |item| item.number(1..=1_000),
    )?;
    set(
        table,
        "reveal",
        &mut profile.policy.reveal,
        Setting::boolean,
    )?;
    set(
        table,
        "keep_token",
        &mut profile.keep_token,
        Setting::boolean,
    )?;
    set(table, "audit", &mut profile.policy.audit, |item| {
        item.word(&[
            ("required", AuditMode::Required),
            ("best_effort", AuditMode::BestEffort),
        ])
    })
}

/// The keys that say how the server's values are to be understood.
fn meaning(table: &Table<'_>, profile: &mut Profile) -> Result<(), ConfigError> {
    user_names(table, profile)?;
    set(table, "server_zone", &mut profile.server_zone, zone)?;
    set(
        table,
        "idle_after",
        &mut profile.policy.thresholds.idle_after,
        |item| item.duration(1..=YEAR).map(delta),
    )?;
    set(
        table,
        "expiring_within",
        &mut profile.policy.thresholds.expiring_within,
        |item| item.duration(0..=YEAR).map(delta),
    )?;
    hints(table, &mut profile.policy.thresholds.hints)?;
    set(table, "client_names", &mut profile.client_names, |item| {
        let names = item.table()?.items().into_iter();
        names
            .map(|(id, name)| Ok((id.to_owned(), name.text()?.to_owned())))
            .collect::<Result<BTreeMap<_, _>, _>>()
    })
}

/// Reads the names of people: the form that most have, and the table of the others.
fn user_names(table: &Table<'_>, profile: &mut Profile) -> Result<(), ConfigError> {
    let mut names = UserNames::default();
    if let Some(item) = table.get("user_as") {
        let with = names.with_template(item.some_text()?);
        names = with.map_err(|why| item.error(why.to_string()))?;
    }
    if let Some(item) = table.get("user_names") {
        for (person, theirs) in item.table()?.items() {
            let with = names.with_person(person, theirs.text()?);
            names = with.map_err(|why| theirs.error(why.to_string()))?;
        }
    }
    profile.user_names = Arc::new(names);
    Ok(())
}

/// The keys that say when sessions have hints.
fn hints(table: &Table<'_>, rules: &mut HintRules) -> Result<(), ConfigError> {
    set(table, "many_sessions", &mut rules.many_sessions, |item| {
        item.number(1..=1_000_000)
    })?;
    set(table, "many_networks", &mut rules.many_networks, |item| {
        item.number(2..=100)
    })?;
    set(
        table,
        "networks_within",
        &mut rules.networks_within,
        |item| item.duration(1..=YEAR).map(delta),
    )?;
    set(
        table,
        "unfinished_after",
        &mut rules.unfinished_after,
        |item| item.duration(0..=YEAR).map(delta),
    )
}

/// At most a year, which a `TimeDelta` holds.
fn delta(length: Duration) -> TimeDelta {
    TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX)
}

/// Reads a zone: "utc", "local" or an offset.
pub(super) fn zone(item: &Setting<'_>) -> Result<Zone, ConfigError> {
    item.text()?
        .parse()
        .map_err(|_| item.error("must be \"utc\", \"local\" or an offset such as \"+02:00\""))
}

/// Reads an order: a field or an attribute, and `:desc` or `:asc` after it ("created:desc", "@node").
fn sort(item: &Setting<'_>) -> Result<Sort, ConfigError> {
    Sort::parse(item.text()?).ok_or_else(|| {
        item.error(
            "must be a field or an attribute, with :desc after it for the largest first, such as \"user\", \"created:desc\" or \"@node\"",
        )
    })
}

/// An address that may be used: encrypted, loopback, or in clear where that is allowed.
fn address(item: &Setting<'_>, system: &SystemSpec, allow_http: bool) -> Result<Url, ConfigError> {
    let schemes: Vec<_> = system.schemes.iter().map(|one| one.name.as_ref()).collect();
    let url = item.url(&schemes)?;
    let is_encrypted = system.scheme(&url).is_some_and(|one| one.is_encrypted);
    if is_encrypted || allow_http || is_loopback(&url) {
        return Ok(url);
    }
    let better = system.schemes.iter().find(|one| one.is_encrypted);
    let remedy = better.map_or_else(String::new, |one| format!("use {}, or ", one.name));
    Err(item.error(format!(
        "plain {} sends credentials in clear; {remedy}set allow_http = true",
        url.scheme()
    )))
}

fn flag(table: &Table<'_>, key: &str) -> Result<bool, ConfigError> {
    table.get(key).map_or(Ok(false), |item| item.boolean())
}

/// Replaces a default if the key is there.
pub(super) fn set<'a, T>(
    table: &Table<'a>,
    key: &str,
    target: &mut T,
    read: impl FnOnce(&Setting<'a>) -> Result<T, ConfigError>,
) -> Result<(), ConfigError> {
    if let Some(item) = table.get(key) {
        *target = read(&item)?;
    }
    Ok(())
}
