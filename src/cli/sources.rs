//! The profiles a command works with, opened.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::prompter::TerminalPrompter;
use crate::api::SessionApi;
use crate::api::auth::TokenFile;
use crate::config::{Config, Opening, Profile};
use crate::model::confirm::Risk;
use crate::model::time::Zone;
use crate::model::{ApiError, Query, Thresholds};

/// One open profile.
#[derive(Clone)]
pub(crate) struct Source {
    /// The profile.
    pub(crate) profile: Arc<Profile>,
    /// Its client.
    pub(crate) api: Arc<dyn SessionApi>,
    /// Where its token is kept.
    pub(crate) store: Arc<TokenFile>,
}

impl Source {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.profile.name
    }

    /// The word of its system in the configuration.
    pub(crate) fn word(&self) -> &str {
        &self.profile.system.word
    }

    /// Facts that make it worse to end one of its sessions by mistake.
    pub(crate) fn risk(&self) -> Risk {
        Risk {
            production: self.profile.policy.production,
            // Over an unchecked connection it goes only with --insecure.
            insecure: false,
            typed_from: self.profile.policy.typed_from,
        }
    }

    /// When its sessions count as idle and as expiring.
    pub(crate) fn thresholds(&self) -> Thresholds {
        self.profile.policy.thresholds
    }
}

/// The profiles of the command line: named, all, the default, or the only one.
///
/// # Errors
/// A usage error if none can be chosen.
pub(crate) fn chosen(ctx: &Ctx, config: &Config) -> Result<Vec<Profile>, Failure> {
    chosen_as(ctx, config, None)
}

/// The profiles of a command that checks them: the named ones, else every one of the configuration.
///
/// # Errors
/// A usage error if a name is unknown, or if there is no profile.
pub(crate) fn named_or_all(
    ctx: &Ctx,
    config: &Config,
    name: Option<&str>,
) -> Result<Vec<Profile>, Failure> {
    let is_named = name.is_some() || !ctx.global.profile.is_empty();
    choose(ctx, config, name, ctx.global.all_profiles || !is_named)
}

/// The same, where the command itself may name a profile.
///
/// # Errors
/// A usage error if none can be chosen.
pub(crate) fn chosen_as(
    ctx: &Ctx,
    config: &Config,
    name: Option<&str>,
) -> Result<Vec<Profile>, Failure> {
    choose(ctx, config, name, ctx.global.all_profiles)
}

fn choose(
    ctx: &Ctx,
    config: &Config,
    name: Option<&str>,
    all: bool,
) -> Result<Vec<Profile>, Failure> {
    let named: Vec<String> = name.map(str::to_owned).into_iter().collect();
    let names = if named.is_empty() {
        &ctx.global.profile
    } else {
        &named
    };
    match config.opening(names, all && name.is_none())? {
        Opening::Profiles(profiles) => Ok(profiles
            .into_iter()
            .map(|profile| {
                let mut profile = profile.clone();
                profile.policy.read_only |= ctx.global.read_only;
                profile
            })
            .collect()),
        Opening::Demo(_) if config.profiles.is_empty() => Err(Failure::usage(format!(
            "no profile is configured{}. Write one with `usher config init`, or try `usher demo`",
            match &config.source {
                Some(file) => format!(" in {}", file.display()),
                None => String::new(),
            }
        ))),
        Opening::Demo(_) => Err(Failure::usage(
            "the demo has a screen only; name a profile with --profile",
        )),
        Opening::Ask => {
            let names: Vec<&str> = config.profiles.iter().map(|p| p.name.as_str()).collect();
            Err(Failure::usage(format!(
                "which profile? Name one with --profile, take all with --all-profiles, or set default_profile; there are: {}",
                names.join(", ")
            )))
        }
    }
}

/// Opens profiles. Nothing is sent yet.
///
/// # Errors
/// A profile that cannot be used as it is written.
pub(crate) fn open(
    ctx: &Ctx,
    profiles: Vec<Profile>,
    person: &Arc<TerminalPrompter>,
) -> Result<Vec<Source>, Failure> {
    profiles
        .into_iter()
        .map(|profile| {
            let store = Arc::new(TokenFile::new(&ctx.paths, &profile));
            let opened = ctx
                .systems
                .open_with(&profile, person.clone(), store.clone());
            let api = opened
                .map_err(|error| Failure::api("cannot open the profile", &profile.name, &error))?;
            attend(ctx, &profile, api.as_ref());
            let source = Source {
                profile: Arc::new(profile),
                api,
                store,
            };
            ctx.has_opened(&source);
            Ok(source)
        })
        .collect()
}

/// Says what must be said of every client: that certificates are not checked, and when it has to wait.
pub(crate) fn attend(ctx: &Ctx, profile: &Profile, api: &dyn SessionApi) {
    if profile.policy.insecure && !ctx.knows(&profile.name) {
        ctx.note(&format!(
            "warning: {}: certificates are not checked (insecure = true)",
            profile.name
        ));
    }
    let (ctx, name) = (ctx.clone(), profile.name.clone());
    tokio::spawn(super::waits::tell(ctx, name, api.waiting()));
}

/// The configuration and the open profiles of a command.
///
/// # Errors
/// As [`chosen`] and [`open`].
pub(crate) fn all(ctx: &Ctx) -> Result<(Config, Vec<Source>), Failure> {
    all_with(ctx, |_| {})
}

/// The same with profiles that the command line changes.
///
/// # Errors
/// As [`all`].
pub(crate) fn all_with(
    ctx: &Ctx,
    change: impl FnMut(&mut Profile),
) -> Result<(Config, Vec<Source>), Failure> {
    let config = ctx.config()?;
    let mut profiles = chosen(ctx, &config)?;
    profiles.iter_mut().for_each(change);
    let sources = open(ctx, profiles, &TerminalPrompter::new())?;
    Ok((config, sources))
}

/// Where certificates are not checked, more than one session is ended only if the command line says
/// it too: whoever answers may be somebody else.
///
/// # Errors
/// A refusal; nothing was sent that changes anything.
pub(crate) fn refuse_insecure<'a>(
    mut touched: impl Iterator<Item = &'a Source>,
    allowed: bool,
) -> Result<(), Failure> {
    match touched.find(|source| source.profile.policy.insecure && !allowed) {
        None => Ok(()),
        Some(source) => Err(Failure::new(
            exit::REFUSED,
            format!(
                "nothing was ended: profile {} does not check certificates (insecure = true). \
                 Add --insecure to end more than one session all the same, or name the right \
                 certificate authority with ca_file in the profile.",
                source.name()
            ),
        )),
    }
}

/// Reads a query.
///
/// # Errors
/// A usage error that shows the place.
pub(crate) fn parse_query(text: &str) -> Result<Query, Failure> {
    parse_query_for(text, &[])
}

/// The same for these profiles: names of their systems' own are known.
///
/// # Errors
/// A usage error that shows the place.
pub(crate) fn parse_query_for(text: &str, sources: &[Source]) -> Result<Query, Failure> {
    let own = sources.iter().flat_map(|s| &s.profile.system.own_names);
    let own: Vec<_> = own.cloned().collect();
    Query::parse_with(text, &own).map_err(|error| {
        let report = error.report(text);
        Failure::usage(report.strip_prefix("error: ").unwrap_or(&report))
    })
}

/// The moment and the zone of a question.
pub(crate) fn moment(config: &Config) -> (DateTime<Utc>, Zone) {
    (Utc::now(), config.zone)
}

/// Asks every source something side by side; the answers are in the order of the sources.
pub(crate) async fn side_by_side<'a, T, F>(
    sources: &'a [Source],
    ask: impl Fn(&'a Source) -> F,
) -> Vec<Result<T, ApiError>>
where
    F: Future<Output = Result<T, ApiError>> + 'a,
{
    futures_util::future::join_all(sources.iter().map(ask)).await
}
