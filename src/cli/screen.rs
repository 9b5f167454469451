//! The screen: `usher` without a command, and `usher demo`.

use std::collections::BTreeMap;
use std::env;

use super::args::ColorWhen;
use super::ctx::Ctx;
use super::exit::{Failure, USAGE};
use crate::app::look::Look;
use crate::app::memory::Memory;
use crate::config::{Config, ConfigError, Theme as ThemeName};
use crate::runtime::modes::Grade;
use crate::runtime::{self, DemoWorld, Kept, ScreenError, ScreenOptions, Setup};
use crate::ui::Themes;
use crate::ui::theme::{Depth, ThemeError};

/// Why no theme has colours.
const COLOURLESS: &str = "no colours: NO_COLOR, --color never, or a terminal without them";

/// Shows the screen until the operator ends it. `demo` opens the demo, whatever the configuration says.
///
/// # Errors
/// The configuration cannot be used, or there is no terminal.
pub(crate) fn run(ctx: &Ctx, demo: Option<DemoWorld>) -> Result<u8, Failure> {
    runtime::check().map_err(ScreenError::from)?;
    let config = ctx.config()?;
    let kept = Kept::new(&ctx.paths);
    let memory = kept.read();
    let (themes, look) = look(ctx, &config, &memory)?;
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
    let history = config.history;
    let mut setup = Setup::new(config, options, paths, log, &ctx.systems)?;
    setup.remember(kept, memory, history);
    (setup.themes, setup.look) = (themes, look);
    let (code, told) = runtime::start(setup)?;
    for told in told {
        ctx.note(&format!("note: {told}"));
    }
    Ok(code)
}

/// The themes for this terminal, and the one in force: that of the configuration, else the one that was
/// chosen last on screen.
fn look(
    ctx: &Ctx,
    config: &Config,
    memory: &Result<Memory, String>,
) -> Result<(Themes, Look), Failure> {
    let depth = match ctx.global.color {
        ColorWhen::Never => Depth::None,
        ColorWhen::Auto if is_set("NO_COLOR") => Depth::None,
        ColorWhen::Auto if Grade::here() == Grade::Plain => Depth::None,
        ColorWhen::Auto | ColorWhen::Always => depth(),
    };
    let file = match &config.theme {
        Some(ThemeName::File(path)) => Some(path.as_path()),
        _ => None,
    };
    let themes = Themes::new(depth, styles(config)?, file)?;
    let last = memory.as_ref().ok().and_then(|memory| memory.theme.clone());
    let theme = match &config.theme {
        Some(ThemeName::Named(name)) => Some((*name).to_owned()),
        Some(ThemeName::File(_)) => themes.own().map(str::to_owned),
        None => last,
    };
    let look = Look {
        theme: theme.unwrap_or_else(|| Look::default().theme),
        own: themes.own().map(str::to_owned),
        is_configured: config.theme.is_some(),
        colourless: themes.is_colourless().then_some(COLOURLESS),
    };
    Ok((themes, look))
}

/// The styles of the configuration by role.
///
/// # Errors
/// [`ConfigError`] for a role or a style that there is not, with its place.
pub(super) fn styles(config: &Config) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut styles = BTreeMap::new();
    for (role, styled) in &config.styles {
        let one = BTreeMap::from([(role.clone(), styled.words.clone())]);
        if let Err(error) = Themes::new(Depth::True, one, None) {
            return Err(ConfigError::At {
                file: config.source.clone().unwrap_or_default(),
                line: styled.line,
                column: styled.column,
                key: format!("styles.{role}"),
                message: error.to_string(),
                meant: None,
            });
        }
        styles.insert(role.clone(), styled.words.clone());
    }
    Ok(styles)
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
