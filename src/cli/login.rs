//! `usher whoami`, `login`, `logout` and `token`: who you are at each system, and its token.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::args_verbs::{LoginArgs, ShapeArgs};
use super::config::print_small;
use super::ctx::Ctx;
use super::exit::{self, Failure, OK};
use super::prompter::TerminalPrompter;
use super::sources::{self, side_by_side};
use crate::api::auth::{Prompter, StoredToken, TokenFile, TokenStore};
use crate::config::{Login, Profile};
use crate::model::text::display_safe;
use crate::model::{ApiError, Identity, Untrusted, locked};

/// Says who you are at each open profile.
///
/// # Errors
/// No profile can be chosen, or standard output.
pub(crate) async fn whoami(ctx: &Ctx, shape: ShapeArgs) -> Result<u8, Failure> {
    let (config, sources) = sources::all(ctx)?;
    let answers = side_by_side(&sources, |source| source.api.whoami()).await;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut codes = Vec::new();
    for (source, answer) in sources.iter().zip(answers) {
        match answer {
            Ok(who) => {
                codes.push(OK);
                let caps = source.api.caps();
                for note in &caps.notes {
                    ctx.note(&format!("{}: {note}", source.name()));
                }
                rows.push(row(source.name(), source.word(), &who));
                values.push(json!({
                    "profile": source.name(),
                    "system": source.word(),
                    "name": who.name.expose(),
                    "session": who.session,
                    "scopes": who.scopes.iter().map(Untrusted::expose).collect::<Vec<_>>(),
                    "server": who.server.as_ref().map(Untrusted::expose),
                    "read_only": source.profile.policy.read_only,
                    "notes": caps.notes,
                }));
            }
            Err(error) => {
                codes.push(error.exit_code());
                let what = format!("cannot ask {} who you are", source.name());
                ctx.error(&exit::sentence(&what, source.name(), &error));
            }
        }
    }
    if !rows.is_empty() {
        let titles = ["PROFILE", "SYSTEM", "NAME", "SERVER", "SCOPES"];
        print_small(ctx, &config, shape.output, &titles, &rows, values.into())?;
    }
    Ok(exit::code_of_all(&codes))
}

fn row(profile: &str, system: &str, who: &Identity) -> Vec<String> {
    let scopes: Vec<_> = who.scopes.iter().map(Untrusted::name).collect();
    let server = who.server.as_ref().map_or("-".into(), Untrusted::safe);
    vec![
        profile.to_owned(),
        system.to_owned(),
        who.shown().name().into_owned(),
        server.into_owned(),
        if scopes.is_empty() {
            "-".to_owned()
        } else {
            scopes.join(" ")
        },
    ]
}

/// Signs in anew, and keeps the token.
///
/// # Errors
/// No profile can be chosen.
pub(crate) async fn login(ctx: &Ctx, args: &LoginArgs) -> Result<u8, Failure> {
    let config = ctx.config()?;
    let profiles = sources::chosen_as(ctx, &config, args.name.as_deref())?;
    let person: Arc<TerminalPrompter> = TerminalPrompter::with_qr(args.qr);
    let mut codes = Vec::new();
    // One after the other: each may show a code or ask for a password.
    if let Some(profile) = profiles.iter().find(|profile| !profile.keep_token) {
        return Err(Failure::usage(format!(
            "profile {} says keep_token = false, so there is nothing that login could keep; \
             every command signs in by itself",
            profile.name
        )));
    }
    for profile in profiles {
        forget(ctx, &profile, &person).await?;
        let mut opened = sources::open(ctx, vec![profile], &person)?;
        let Some(source) = opened.pop() else { continue };
        match source.api.whoami().await {
            Ok(_) if source.store.not_kept().is_some() => {
                codes.push(exit::FAILED);
                for told in ctx.end_unkept().await {
                    ctx.error(&format!(
                        "{told}. Every command signs in again until it can be kept."
                    ));
                }
            }
            Ok(who) => {
                codes.push(OK);
                ctx.note(&format!(
                    "signed in to {} as {}",
                    source.name(),
                    who.shown().named()
                ));
            }
            Err(error) => {
                codes.push(error.exit_code());
                let what = format!("cannot sign in to {}", source.name());
                ctx.error(&exit::sentence(&what, source.name(), &error));
            }
        }
    }
    Ok(exit::code_of_all(&codes))
}

/// How long ending the token of before may hold up a sign-in.
const END_LIMIT: Duration = Duration::from_secs(3);

/// Ends and forgets the token of an earlier sign-in: with nobody to use it, it would only live on.
async fn forget(
    ctx: &Ctx,
    profile: &Profile,
    person: &Arc<TerminalPrompter>,
) -> Result<(), Failure> {
    let store = TokenFile::new(&ctx.paths, profile);
    if store.load().is_some() {
        for old in sources::open(ctx, vec![profile.clone()], person)? {
            // Whatever becomes of it, the new sign-in is what was asked for.
            let _ = tokio::time::timeout(END_LIMIT, old.api.sign_out()).await;
        }
    }
    store.clear();
    Ok(())
}

/// Revokes the kept tokens at their servers, and forgets them.
///
/// # Errors
/// No profile can be chosen.
pub(crate) async fn logout(ctx: &Ctx) -> Result<u8, Failure> {
    let config = ctx.config()?;
    let person = TerminalPrompter::new();
    let mut codes = Vec::new();
    for profile in sources::chosen(ctx, &config)? {
        let store = TokenFile::new(&ctx.paths, &profile);
        if let Some(why) = store.wrong() {
            codes.push(exit::FAILED);
            let why = display_safe(&why);
            ctx.error(&format!("cannot sign out of {}: {why}", profile.name));
            continue;
        }
        if store.load().is_none() {
            codes.push(OK);
            ctx.note(&format!("{}: no token was kept", profile.name));
            continue;
        }
        let source = sources::open(ctx, vec![profile], &person)?.pop();
        let Some(source) = source else { continue };
        let ended = source.api.sign_out().await;
        // Forgotten in any case: a token that cannot be revoked must not lie about either.
        store.clear();
        match ended {
            Ok(()) => {
                codes.push(OK);
                ctx.note(&format!(
                    "{}: the token was revoked and forgotten",
                    source.name()
                ));
            }
            Err(ApiError::Unsupported { .. }) => {
                codes.push(OK);
                ctx.note(&format!(
                    "{}: the token was forgotten; this system cannot revoke it, so it works until it ends by itself",
                    source.name()
                ));
            }
            Err(error) => {
                codes.push(error.exit_code());
                let what = format!(
                    "forgot the token of {}, but cannot revoke it",
                    source.name()
                );
                ctx.error(&exit::sentence(&what, source.name(), &error));
            }
        }
    }
    Ok(exit::code_of_all(&codes))
}

/// Prints a valid access token and nothing else.
///
/// # Errors
/// Several profiles are open, the system has no token, or the sign-in failed.
pub(crate) async fn token(ctx: &Ctx) -> Result<u8, Failure> {
    let config = ctx.config()?;
    let mut profiles = sources::chosen(ctx, &config)?;
    let (Some(profile), true) = (profiles.pop(), profiles.is_empty()) else {
        return Err(Failure::usage(
            "a token is of one system; name one profile with --profile",
        ));
    };
    let failed = |error: &ApiError| {
        Failure::api(
            &format!("no token of {}", profile.name),
            &profile.name,
            error,
        )
    };
    let keep = Arc::new(Remember {
        file: TokenFile::new(&ctx.paths, &profile),
        last: Mutex::new(None),
    });
    let person: Arc<dyn Prompter> = TerminalPrompter::new();
    let api = ctx.systems.open_with(&profile, person, keep.clone());
    let api = api.map_err(|error| failed(&error))?;
    sources::attend(ctx, &profile, api.as_ref());
    // Asking who we are renews a token that is used up, and proves that it works.
    api.whoami().await.map_err(|error| failed(&error))?;
    let token = match keep.take() {
        Some(token) => token.access,
        None => given(&profile).ok_or_else(|| {
            Failure::usage(format!(
                "profile {} does not sign in with a token",
                profile.name
            ))
        })?,
    };
    let mut out = ctx.out();
    out.line(token.expose_secret());
    out.flush()?;
    Ok(OK)
}

/// The token that the profile itself names.
fn given(profile: &Profile) -> Option<SecretString> {
    match &profile.login {
        Login::Token { token } => token.resolve(&profile.name).ok(),
        _ => None,
    }
}

/// Keeps tokens as always, and remembers the one in use.
struct Remember {
    file: TokenFile,
    last: Mutex<Option<StoredToken>>,
}

impl Remember {
    fn take(&self) -> Option<StoredToken> {
        locked(&self.last).take()
    }

    fn put(&self, token: Option<StoredToken>) {
        *locked(&self.last) = token;
    }
}

impl TokenStore for Remember {
    fn load(&self) -> Option<StoredToken> {
        let token = self.file.load();
        self.put(token.clone());
        token
    }

    fn save(&self, token: &StoredToken) {
        self.file.save(token);
        self.put(Some(token.clone()));
    }

    fn clear(&self) {
        self.file.clear();
        self.put(None);
    }
}
