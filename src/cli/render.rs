//! `usher render`: any screen without a terminal, on the seeded embedded server.

use chrono::{DateTime, Utc};

use super::args_verbs::{Picture, RenderArgs};
use super::ctx::Ctx;
use super::exit::{Failure, OK};
use crate::app::keymap::KeyPress;
use crate::app::msg::Size;
use crate::app::state::{Prefs, TimeStyle};
use crate::model::query::When;
use crate::model::time::Zone;
use crate::runtime::headless::HeadlessRenderer;
use crate::runtime::{DemoWorld, Fixed};
use crate::ui::picture::picture;
use crate::ui::theme::{Depth, Theme};

/// A screen that can be drawn: its name, the keys that lead to it, and what its world is like.
struct Screen {
    name: &'static str,
    keys: &'static str,
    begin: Begin,
}

/// Where the keys of a screen begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// All sessions are listed, and the table has the focus.
    Listed,
    /// The form has the focus.
    Open,
    /// Nothing has been asked yet, whatever the profile wants at its start.
    Untouched,
    /// A configuration without profiles.
    Welcome,
    /// The server answers every search with a web page and status 500.
    Broken,
    /// The server wants a person in a browser.
    Device,
    /// The profile asks for its token.
    Prompt,
    /// All sessions of several systems are listed together, and the table has the focus.
    Several,
    /// All sessions of a server with actions of its own are listed, and the table has the focus.
    Actions,
    /// The server asks for more than a name and a password.
    Callbacks,
}

const fn screen(name: &'static str, keys: &'static str, begin: Begin) -> Screen {
    Screen { name, keys, begin }
}

const SCREENS: [Screen; 26] = [
    screen("main", "down down down", Begin::Listed),
    screen("several", "down down", Begin::Several),
    screen("not-searched", "", Begin::Untouched),
    screen("form", "f2", Begin::Open),
    screen("details", "enter", Begin::Listed),
    screen("raw", "enter J", Begin::Listed),
    screen("filter", "& s t a t e : i d l e", Begin::Listed),
    screen("empty", "/ n o b o d y enter", Begin::Open),
    screen("confirm", "down down delete", Begin::Listed),
    screen("revoked", "down down delete y", Begin::Listed),
    screen("revoke-user", "down down U", Begin::Listed),
    screen("actions", "a down", Begin::Actions),
    screen("action", "a down down down enter", Begin::Actions),
    screen("change", "down down down a enter", Begin::Actions),
    screen("answer", "a down down enter enter enter", Begin::Actions),
    screen("help", "?", Begin::Listed),
    screen("palette", ":", Begin::Listed),
    screen("profiles", "ctrl-p", Begin::Listed),
    screen("new-profile", "ctrl-p ctrl-n", Begin::Listed),
    screen("error", "enter", Begin::Broken),
    screen("error-status", "enter esc", Begin::Broken),
    screen("first-run", "", Begin::Welcome),
    screen("sign-in", "", Begin::Device),
    screen("sign-in-token", "", Begin::Prompt),
    screen("sign-in-questions", "", Begin::Callbacks),
    screen("narrow", "1", Begin::Listed),
];

const BROKEN: &str = r#"{"match":{"path":"/jans-config-api/**"},"action":"status","code":500,"content_type":"text/html","body":"<html><head><title>500 Internal Server Error</title></head></html>"}"#;

/// Draws a screen.
///
/// # Errors
/// An unknown screen, size, key, theme or moment.
pub(crate) async fn run(ctx: &Ctx, args: &RenderArgs) -> Result<u8, Failure> {
    let screen = SCREENS.iter().find(|known| known.name == args.screen);
    let screen = screen.ok_or_else(|| unknown(&args.screen))?;
    let size = size(&args.size)?;
    let now = moment(&args.now)?;
    let keys = keys(screen.keys)?.into_iter().chain(keys(&args.keys)?);
    let depth = if ctx.wants_no_color() {
        Depth::None
    } else {
        Depth::True
    };
    let theme = Theme::load(&args.theme, depth)?;

    let mut renderer = HeadlessRenderer::new(
        world(args, screen, now),
        prefs(ctx),
        size,
        now,
        ctx.systems.clone(),
    );
    match screen.begin {
        Begin::Welcome => renderer.welcome(),
        Begin::Untouched => renderer.open_untouched().await,
        Begin::Listed | Begin::Several | Begin::Actions => {
            let several = matches!(screen.begin, Begin::Several);
            renderer.open(if several { 3 } else { 1 }).await;
            for key in ["enter", "2"].into_iter().flat_map(str::parse) {
                renderer.press(key).await;
            }
        }
        _ => renderer.open(1).await,
    }
    for key in keys {
        renderer.press(key).await;
    }

    let drawn = picture(renderer.state(), &theme, size);
    let text = match args.format {
        Picture::Text => drawn.to_text(),
        Picture::Ansi => drawn.to_ansi(),
        Picture::Svg => drawn.to_svg(),
    };
    let mut out = ctx.out();
    out.buffer().extend_from_slice(text.as_bytes());
    if !text.ends_with('\n') {
        out.buffer().push(b'\n');
    }
    out.flush()?;
    Ok(OK)
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = SCREENS.iter().map(|screen| screen.name).collect();
    let name = crate::model::text::display_safe(name);
    Failure::usage(format!(
        "there is no screen \"{name}\"; there are: {}",
        names.join(", ")
    ))
}

/// Reads "120x40".
fn size(text: &str) -> Result<Size, Failure> {
    let read = |text: &str| text.parse().ok().filter(|n| *n <= 500);
    text.split_once('x')
        .and_then(|(width, height)| {
            Some(Size {
                width: read(width)?,
                height: read(height)?,
            })
        })
        .ok_or_else(|| {
            let text = crate::model::text::display_safe(text);
            Failure::usage(format!(
                "\"{text}\" is not a size. Try 120x40, at most 500x500."
            ))
        })
}

fn moment(text: &str) -> Result<DateTime<Utc>, Failure> {
    let when = When::parse(text).ok_or_else(|| {
        let text = crate::model::text::display_safe(text);
        Failure::usage(format!(
            "\"{text}\" is not a time. Try 2026-11-21 14:07:00."
        ))
    })?;
    Ok(when.at(Utc::now(), Zone::Utc))
}

fn keys(text: &str) -> Result<Vec<KeyPress>, Failure> {
    text.split_whitespace()
        .map(|key| key.parse().map_err(Failure::usage))
        .collect()
}

fn prefs(ctx: &Ctx) -> Prefs {
    Prefs {
        time: TimeStyle::Age,
        zone: Zone::Utc,
        local: Zone::Utc,
        ascii: ctx.global.ascii,
        only_ascii: false,
        reduced_motion: true,
        mouse: true,
        read_only: ctx.global.read_only,
        config_path: "~/.config/usher/config.toml".to_owned(),
    }
}

fn world(args: &RenderArgs, screen: &Screen, now: DateTime<Utc>) -> DemoWorld {
    DemoWorld {
        sessions: args.sessions as usize,
        seed: args.seed,
        fixed: Some(Fixed {
            now_ms: now.timestamp_millis(),
            fault: (screen.begin == Begin::Broken).then_some(BROKEN),
            sign_in: match screen.begin {
                Begin::Device => Some("device"),
                Begin::Prompt => Some("prompt"),
                Begin::Actions => Some("password"),
                Begin::Callbacks => Some("callbacks"),
                _ => None,
            },
        }),
    }
}
