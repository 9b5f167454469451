//! The theme of the picture: which there are, which is in force, and which is only being looked at.

use super::dialogs::palette::Palette;
use super::effect::Effect;
use super::memory::{self, Keep};
use super::state::{Level, State};
use super::update::message;

/// The themes that usher carries, each with a few words about it.
pub const THEMES: [(&str, &str); 6] = [
    ("auto", "the terminal's own 16 colours"),
    ("dark", "256 colours for dark backgrounds"),
    ("light", "256 colours for light backgrounds"),
    ("high-contrast", "strong colours on black"),
    ("colour-blind", "blue and orange in place of green and red"),
    ("mono", "no colours"),
];

/// The theme, and what can be chosen.
#[derive(Clone, Debug)]
pub struct Look {
    /// The theme in force: one of [`THEMES`] or `own`.
    pub theme: String,
    /// The theme file that the configuration names. `None`: it names none.
    pub own: Option<String>,
    /// True if the configuration names a theme: another choice then lasts for this run only.
    pub is_configured: bool,
    /// Why no colours are shown, whatever the theme. `None`: they are.
    pub colourless: Option<&'static str>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: "auto".to_owned(),
            own: None,
            is_configured: false,
            colourless: None,
        }
    }
}

impl Look {
    /// All themes that can be chosen, each with a few words about it.
    pub fn themes(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.own.as_deref();
        let own = own.map(|own| (own, "the theme file of the configuration"));
        THEMES.into_iter().chain(own)
    }
}

impl State {
    /// The theme to draw with: the chosen line of the palette if it is a theme, else the one in force.
    pub fn theme(&self) -> &str {
        let preview = self.top::<Palette>().and_then(Palette::theme);
        preview.unwrap_or(&self.look.theme)
    }
}

/// Takes a theme, and keeps it for the next run unless the configuration names one.
pub fn choose(state: &mut State, theme: &str) -> Vec<Effect> {
    theme.clone_into(&mut state.look.theme);
    if state.look.is_configured {
        let text = format!("theme {theme} for this run; the configuration names another");
        return message::say(state, Level::Ok, text);
    }
    let mut effects = memory::keep(state, Keep::Theme(theme.to_owned()));
    effects.extend(message::say(state, Level::Ok, format!("theme {theme}")));
    effects
}
