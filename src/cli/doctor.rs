//! `usher doctor`: what stands between this machine and a system, one line each, with a remedy.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::args_verbs::DoctorArgs;
use super::config::print_small;
use super::ctx::Ctx;
use super::exit::{self, Failure, OK};
use super::pages::ListRequest;
use super::prompter::TerminalPrompter;
use super::sources::{self, Source};
use crate::api::net::{Route, route};
use crate::audit::Audit;
use crate::config::{AuditMode, Config, Login, Profile};
use crate::model::text::{display_safe, number_of};
use crate::model::time::{Zone, duration, to_the_minute};
use crate::model::{ApiError, AskedBy, Query, Revoke, Session, Untrusted};

/// Longest wait for a name or a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clocks this far apart make tokens and times of sessions wrong.
const SKEW: TimeDelta = TimeDelta::seconds(30);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Good,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work.
    Bad,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warn => "warn",
            Self::Bad => "FAIL",
        }
    }
}

/// One line.
pub(crate) struct Finding {
    /// The thing that was checked.
    pub(crate) what: &'static str,
    /// How it ended.
    pub(crate) mark: Mark,
    /// The finding.
    pub(crate) found: String,
    /// The next step. Empty: nothing.
    pub(crate) remedy: String,
    /// The exit code if it is bad.
    pub(crate) code: u8,
}

impl Finding {
    pub(crate) fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(what, Mark::Good, found, "", OK)
    }

    pub(crate) fn warn(
        what: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(what, Mark::Warn, found, remedy, OK)
    }

    pub(crate) fn bad(
        what: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
        code: u8,
    ) -> Self {
        Self::new(what, Mark::Bad, found, remedy, code)
    }

    fn new(
        what: &'static str,
        mark: Mark,
        found: impl Into<String>,
        remedy: impl Into<String>,
        code: u8,
    ) -> Self {
        Self {
            what,
            mark,
            found: found.into(),
            remedy: remedy.into(),
            code,
        }
    }

    fn of_error(what: &'static str, profile: &str, error: &ApiError) -> Self {
        Self::bad(
            what,
            exit::reason(error),
            exit::remedy(profile, error),
            error.exit_code(),
        )
    }
}

/// Looks at the named profile or at all of them, and at what is the same for all.
///
/// # Errors
/// The configuration cannot be used, or standard output.
pub(crate) async fn run(ctx: &Ctx, args: &DoctorArgs) -> Result<u8, Failure> {
    let config = ctx.config()?;
    let profiles = sources::named_or_all(ctx, &config, args.name.as_deref())?;
    let sources = sources::open(ctx, profiles, &TerminalPrompter::absent())?;
    let mut findings = vec![("", configuration(&config)), ("", audit(ctx, &sources))];
    findings.extend(audited(ctx).into_iter().map(|finding| ("", finding)));
    let checked = futures_util::future::join_all(sources.iter().map(check));
    for (source, found) in sources.iter().zip(checked.await) {
        findings.extend(found.into_iter().map(|finding| (source.name(), finding)));
    }
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|(profile, finding)| {
            let found = match finding.remedy.as_str() {
                "" => finding.found.clone(),
                remedy => format!("{}. {remedy}", finding.found.trim_end_matches('.')),
            };
            vec![
                finding.mark.word().to_owned(),
                (*profile).to_owned(),
                finding.what.to_owned(),
                display_safe(&found).into_owned(),
            ]
        })
        .collect();
    let values: Vec<_> = findings
        .iter()
        .map(|(profile, finding)| {
            json!({
                "profile": Some(*profile).filter(|name| !name.is_empty()),
                "check": finding.what,
                "result": finding.mark.word().to_lowercase(),
                "found": finding.found,
                "remedy": Some(&finding.remedy).filter(|text| !text.is_empty()),
            })
        })
        .collect();
    let titles = ["RESULT", "PROFILE", "CHECK", "FOUND"];
    // A remedy must never be cut: whoever reads it has a problem.
    print_small(
        &ctx.uncut(),
        &config,
        args.output,
        &titles,
        &rows,
        values.into(),
    )?;
    let bad: Vec<u8> = findings
        .iter()
        .filter(|(_, finding)| finding.mark == Mark::Bad)
        .map(|(_, finding)| finding.code)
        .collect();
    Ok(bad.first().copied().unwrap_or(OK))
}

fn configuration(config: &Config) -> Finding {
    let file = config
        .source
        .as_ref()
        .map(|file| file.display().to_string());
    Finding::good("configuration", file.unwrap_or_else(|| "none".to_owned()))
}

fn audit(ctx: &Ctx, sources: &[Source]) -> Finding {
    let audit = Audit::new(&ctx.paths);
    let needed = sources.iter().any(|source| {
        source.profile.policy.audit == AuditMode::Required && !source.profile.policy.read_only
    });
    match audit.check() {
        Ok(()) => {
            let path = audit.path().map(|path| path.display().to_string());
            Finding::good("audit log", path.unwrap_or_default())
        }
        Err(error) if needed => Finding::bad(
            "audit log",
            error.to_string(),
            "Nothing is ended without it; mend it, or set audit = \"best_effort\" in the profile.",
            exit::REFUSED,
        ),
        Err(error) => Finding::warn("audit log", error.to_string(), ""),
    }
}

/// The findings about the log: changed lines, and changes without an end.
fn audited(ctx: &Ctx) -> Vec<Finding> {
    let audit = Audit::new(&ctx.paths);
    let Some(path) = audit.path() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if let Ok(report) = crate::audit::verify(&path, None)
        && !report.is_sound()
    {
        findings.push(Finding::warn(
            "audit log",
            "it is not as usher wrote it",
            "usher audit --verify says where.",
        ));
    }
    if let Ok(unfinished) = audit.unfinished()
        && let Some(what) = unfinished.summary()
    {
        findings.push(Finding::warn("audit log", what, ""));
    }
    findings
}

/// The checks of one system, in the order in which they build on each other.
async fn check(source: &Source) -> Vec<Finding> {
    let mut findings = vec![profile(source)];
    if !reach(&source.profile, &mut findings).await {
        return findings;
    }
    let certificate = if source.profile.is_encrypted() && !source.profile.policy.insecure {
        Some(super::doctor_tls::check(&source.profile, Utc::now()).await)
    } else {
        None
    };
    let who = source.api.whoami().await;
    if !matches!(who, Err(ApiError::Tls { .. } | ApiError::Handshake { .. })) {
        if certificate.is_some() {
            findings.extend(super::doctor_tls::authorities());
        }
        findings.extend(certificate);
    }
    match who {
        Err(error @ (ApiError::Tls { .. } | ApiError::Handshake { .. })) => {
            findings.push(Finding::of_error("certificate", source.name(), &error));
            return findings;
        }
        Err(error) => {
            findings.push(Finding::of_error("sign-in", source.name(), &error));
            findings.extend(clock(source));
            return findings;
        }
        Ok(who) => {
            let scopes: Vec<_> = who.scopes.iter().map(Untrusted::name).collect();
            let server = who
                .server
                .as_ref()
                .map(|server| format!(" at {}", server.named()));
            findings.push(Finding::good(
                "sign-in",
                format!("as {}{}", who.shown().safe(), server.unwrap_or_default()),
            ));
            if !scopes.is_empty() {
                findings.push(Finding::good("rights", scopes.join(" ")));
            }
        }
    }
    findings.extend(clock(source));
    findings.push(list(source).await);
    findings.push(revoke(source));
    let caps = source.api.caps();
    findings.extend(
        caps.notes
            .iter()
            .map(|note| Finding::warn("note", note, "")),
    );
    findings
}

fn profile(source: &Source) -> Finding {
    let profile = &source.profile;
    let plain = matches!(
        &profile.login,
        Login::Token {
            token: crate::config::SecretSource::Plain(_)
        } | Login::ClientCredentials {
            client_secret: crate::config::SecretSource::Plain(_),
            ..
        } | Login::Password {
            password: crate::config::SecretSource::Plain(_),
            ..
        }
    );
    match (profile.policy.insecure, plain) {
        (true, _) => Finding::warn(
            "profile",
            "insecure = true: any certificate is accepted",
            "Name the right authority with ca_file.",
        ),
        (_, true) => Finding::warn(
            "profile",
            "a secret stands in the configuration in clear",
            "Move it: { keyring = true }, { file = … } or { command = […] }.",
        ),
        _ => Finding::good(
            "profile",
            format!("{} at {}", profile.system.word, profile.url),
        ),
    }
}

/// Proxy, name and connection. False: the rest cannot work.
async fn reach(profile: &Profile, findings: &mut Vec<Finding>) -> bool {
    let url = &profile.url;
    let scheme = profile.system.scheme(url);
    let found = if scheme.is_some_and(|scheme| scheme.uses_proxy) {
        route(url)
    } else {
        let why = format!("{} connections use none", url.scheme());
        Ok(Route::Direct(why))
    };
    match found {
        Ok(Route::Direct(why)) => {
            findings.push(Finding::good("proxy", format!("none: {why}")));
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            let remedy = "Check the url of the profile, DNS, the firewall and the VPN.";
            let Some(port) = profile.port() else {
                findings.push(Finding::bad("reach", "its url names no port", remedy, 6));
                return false;
            };
            reach_machine(host, port, remedy, findings).await
        }
        // The proxy looks up the name and connects: only it must be reached from here.
        Ok(Route::Through(proxy)) => {
            findings.push(Finding::good("proxy", proxy.to_string()));
            let remedy = format!("Check the proxy that {} names.", proxy.variable);
            reach_machine(proxy.host(), proxy.port(), &remedy, findings).await
        }
        Err(why) => {
            findings.push(Finding::bad(
                "proxy",
                why,
                "Correct that variable.",
                exit::USAGE,
            ));
            false
        }
    }
}

async fn reach_machine(host: &str, port: u16, remedy: &str, findings: &mut Vec<Finding>) -> bool {
    let found = timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            findings.push(Finding::bad(
                "name",
                format!("{host} is not known: {error}"),
                remedy,
                6,
            ));
            return false;
        }
        Err(_) => {
            findings.push(Finding::bad(
                "name",
                format!("no answer about {host} within 5 s"),
                "Check DNS and the VPN.",
                6,
            ));
            return false;
        }
    };
    let shown: Vec<String> = addresses
        .iter()
        .take(4)
        .map(|a| a.ip().to_string())
        .collect();
    findings.push(Finding::good(
        "name",
        format!("{host} is {}", shown.join(", ")),
    ));
    let mut why = "no address".to_owned();
    for address in &addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                findings.push(Finding::good(
                    "reach",
                    format!("{address} takes connections"),
                ));
                return true;
            }
            Ok(Err(error)) => why = format!("{address}: {error}"),
            Err(_) => why = format!("{address}: no answer within 5 s"),
        }
    }
    findings.push(Finding::bad("reach", why, remedy, 6));
    false
}

fn clock(source: &Source) -> Option<Finding> {
    let offset = source.api.clock_offset()?;
    let ahead = if offset < TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    Some(if offset.abs() > SKEW {
        Finding::warn(
            "clock",
            format!(
                "the server's clock is {} {ahead} ours",
                duration(to_the_minute(offset.abs()))
            ),
            "Set the clock of this machine, or of the server (NTP).",
        )
    } else {
        Finding::good("clock", "the server's clock agrees with ours")
    })
}

/// Reads one row.
async fn list(source: &Source) -> Finding {
    let question = ListRequest {
        query: Query::default(),
        native: None,
        now: Utc::now(),
        zone: Zone::Utc,
        limit: Some(1),
        way: None,
        asked_by: AskedBy::Person,
        all_hints: false,
    };
    let mut rows: Vec<Session> = Vec::new();
    match source
        .api
        .search(&question.search(source), None, &mut rows)
        .await
    {
        Ok(end) => Finding::good(
            "list",
            match end.total {
                Some(total) => format!("works; {}", number_of(total, "session")),
                None => "works".to_owned(),
            },
        ),
        Err(error) => Finding::of_error("list", source.name(), &error),
    }
}

/// Whether ending works is known for certain only when something is ended.
fn revoke(source: &Source) -> Finding {
    let caps = source.api.caps();
    if source.profile.policy.read_only {
        return Finding::warn("revoke", "the profile is read-only: nothing is ended", "");
    }
    match caps.of(None).revoke {
        Revoke::No => Finding::warn("revoke", format!("not possible with {}", caps.system), ""),
        Revoke::OwnOnly => Finding::warn("revoke", "only your own sessions", ""),
        Revoke::UserOnly => Finding::good(
            "revoke",
            "all sessions of a user at once: usher revoke --user",
        ),
        Revoke::One | Revoke::Batch(_) => {
            Finding::good("revoke", "single sessions, if the rights above allow it")
        }
    }
}
