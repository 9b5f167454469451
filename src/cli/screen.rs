//! The screen: `usher` without a command, and `usher demo`.

use std::env;

use super::args::ColorWhen;
use super::ctx::Ctx;
use super::exit::{Failure, USAGE};
use crate::config::{Config, Theme as ThemeName};
use crate::runtime::modes::Grade;
use crate::runtime::{self, DemoWorld, ScreenError, ScreenOptions, Setup};
use crate::ui::theme::{Depth, Theme, ThemeError};

/// Shows the screen until the operator ends it. `demo` opens the demo, whatever the configuration says.
///
/// # Errors
/// The configuration cannot be used, or there is no terminal.
pub(crate) fn run(ctx: &Ctx, demo: Option<DemoWorld>) -> Result<u8, Failure> {
    runtime::check().map_err(ScreenError::from)?;
    let config = ctx.config()?;
    let theme = theme(ctx, &config)?;
    let options = ScreenOptions {
        profiles: ctx.global.profile.clone(),
        all_profiles: ctx.global.all_profiles,
        demo,
        config: ctx.global.config.clone(),
        variable: env::var_os("USHER_CONFIG"),
        read_only: ctx.global.read_only,
        ascii: ctx.global.ascii,
    };
    let (paths, log) = (ctx.paths.clone(), ctx.log.clone());
    let setup = Setup::new(config, options, paths, log, theme, &ctx.systems)?;
    let (code, told) = runtime::start(setup)?;
    for told in told {
        ctx.note(&format!("note: {told}"));
    }
    Ok(code)
}

/// The colours that the person asked for, on what the terminal can show.
fn theme(ctx: &Ctx, config: &Config) -> Result<Theme, Failure> {
    let depth = match ctx.global.color {
        ColorWhen::Never => Depth::None,
        ColorWhen::Auto if is_set("NO_COLOR") => Depth::None,
        ColorWhen::Auto if Grade::here() == Grade::Plain => Depth::None,
        ColorWhen::Auto | ColorWhen::Always => depth(),
    };
    let loaded = match &config.theme {
        ThemeName::Named(name) => Theme::load(name, depth),
        ThemeName::File(path) => Theme::load(&path.display().to_string(), depth),
    };
    Ok(loaded?)
}

/// How many colours the terminal says it has. It is not asked: some never answer.
fn depth() -> Depth {
    let says = |name, word: &str| env::var(name).is_ok_and(|value| value.contains(word));
    if says("COLORTERM", "truecolor") || says("COLORTERM", "24bit") {
        Depth::True
    } else if says("TERM", "256color") {
        Depth::Ansi256
    } else if env::var("TERM").is_ok_and(|term| has_8_colours(&term)) {
        Depth::Ansi8
    } else {
        Depth::Ansi16
    }
}

/// True if this terminal is known to lack bright colours. Many that say the same in terminfo
/// (xterm, linux, screen) do have them.
fn has_8_colours(term: &str) -> bool {
    matches!(term, "ansi" | "pcansi" | "cons25" | "cygwin" | "rxvt") || term.ends_with("-8color")
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl From<ScreenError> for Failure {
    fn from(error: ScreenError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<ThemeError> for Failure {
    fn from(error: ThemeError) -> Self {
        Self::new(USAGE, error.to_string())
    }
}
