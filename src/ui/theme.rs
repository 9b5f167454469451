//! Themes: from roles to styles. Nothing else names a colour.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use enum_map::EnumMap;
use ratatui::style::{Color, Modifier, Style};
use strum::IntoEnumIterator;

use crate::app::keymap::did_you_mean;
pub use crate::app::role::Role;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// None (`NO_COLOR`, `--color never`): every theme becomes `mono`.
    None,
    /// The first 8 of its own 16.
    Ansi8,
    /// Its own 16.
    #[default]
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// Any.
    True,
}

/// The built-in themes.
const BUILT_IN: [(&str, &str); 7] = [
    ("auto", include_str!("../../assets/themes/ansi.toml")),
    ("ansi", include_str!("../../assets/themes/ansi.toml")),
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../assets/themes/high-contrast.toml"),
    ),
    (
        "colour-blind",
        include_str!("../../assets/themes/colour-blind.toml"),
    ),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

/// A style for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: EnumMap<Role, Style>,
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No built-in theme has this name, and it is not a path.
    #[error(
        "unknown theme {name:?}{hint}; there are auto, dark, light, high-contrast, colour-blind, mono, or the path of a .toml file"
    )]
    Unknown {
        /// The name.
        name: String,
        /// " (did you mean "dark"?)", or nothing.
        hint: String,
    },
    /// The file cannot be read.
    #[error("cannot read the theme {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// The file is not a theme.
    #[error("theme {name}: {why}")]
    Wrong {
        /// Its name or path.
        name: String,
        /// The mistake, and the text to write instead.
        why: String,
    },
}

impl Default for Theme {
    fn default() -> Self {
        Self::built_in("auto")
    }
}

impl Theme {
    /// The theme of this name, or of the file at this path laid over `auto`, for a terminal of this depth.
    ///
    /// # Errors
    /// [`ThemeError`] if there is no such theme, or it cannot be read.
    pub fn load(name_or_path: &str, depth: Depth) -> Result<Self, ThemeError> {
        if depth == Depth::None {
            return Ok(Self::built_in("mono"));
        }
        if BUILT_IN.iter().any(|(name, _)| *name == name_or_path) {
            return Ok(Self::built_in(name_or_path).at(depth));
        }
        if !name_or_path.ends_with(".toml") && !name_or_path.contains(std::path::is_separator) {
            let hint = did_you_mean(name_or_path, BUILT_IN.iter().map(|(name, _)| *name));
            return Err(ThemeError::Unknown {
                name: name_or_path.to_owned(),
                hint,
            });
        }
        let path = Path::new(name_or_path);
        let text = std::fs::read_to_string(path).map_err(|why| ThemeError::Unreadable {
            path: path.to_owned(),
            why,
        })?;
        let mut theme = Self::default();
        theme.lay_over(name_or_path, &text)?;
        Ok(theme.at(depth))
    }

    /// A built-in theme. A name that is none of them gives `auto`.
    pub fn built_in(name: &str) -> Self {
        let mut theme = Self {
            styles: EnumMap::default(),
        };
        let (name, text) = BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap_or(&BUILT_IN[0]);
        theme
            .lay_over(name, text)
            .expect("the built-in themes are checked by a test");
        theme
    }

    fn lay_over(&mut self, name: &str, text: &str) -> Result<(), ThemeError> {
        let wrong = |why: String| ThemeError::Wrong {
            name: name.to_owned(),
            why,
        };
        let roles: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| wrong(error.message().to_owned()))?;
        self.lay(name, &roles)
    }

    /// Lays styles by role over the theme.
    pub(super) fn lay(
        &mut self,
        name: &str,
        roles: &BTreeMap<String, String>,
    ) -> Result<(), ThemeError> {
        let wrong = |why: String| ThemeError::Wrong {
            name: name.to_owned(),
            why,
        };
        for (role_name, words) in roles {
            let role = Role::from_str(role_name).map_err(|_| {
                let hint = did_you_mean(role_name, Role::iter().map(<&str>::from));
                wrong(format!("unknown role {role_name:?}{hint}"))
            })?;
            self.styles[role] = style(words).map_err(|why| wrong(format!("{role_name}: {why}")))?;
        }
        Ok(())
    }

    /// The same theme with the nearest colours that the terminal has.
    pub(super) fn at(mut self, depth: Depth) -> Self {
        for style in self.styles.values_mut() {
            style.fg = style.fg.map(|color| reduced(color, depth));
            style.bg = style.bg.map(|color| reduced(color, depth));
            if depth == Depth::Ansi8 {
                *style = without_bright(*style);
            }
        }
        self
    }

    /// True if it is made for light backgrounds: its own text is dark.
    pub fn is_light(&self) -> bool {
        let text = self.styles[Role::Text].fg.and_then(|color| match color {
            Color::Rgb(r, g, b) => Some((r, g, b)),
            color => index_of(color).map(rgb_of),
        });
        text.is_some_and(|(r, g, b)| u32::from(r) + u32::from(g) + u32::from(b) < 3 * 96)
    }

    /// How a role is drawn.
    pub fn role(&self, role: Role) -> Style {
        self.styles[role]
    }
}

const COLORS: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// Reads "bold yellow on 24".
fn style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut background = false;
    for word in words.split_whitespace() {
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            background = true;
        } else {
            let color = color(word)?;
            style = if std::mem::take(&mut background) {
                style.bg(color)
            } else {
                style.fg(color)
            };
        }
    }
    Ok(style)
}

fn color(word: &str) -> Result<Color, String> {
    if let Some((_, color)) = COLORS.iter().find(|(name, _)| *name == word) {
        return Ok(*color);
    }
    if let Ok(index) = word.parse::<u8>() {
        return Ok(Color::Indexed(index));
    }
    let hex = word.strip_prefix('#').filter(|hex| hex.len() == 6);
    if let Some(Ok(number)) = hex.map(|hex| u32::from_str_radix(hex, 16)) {
        return Ok(Color::from_u32(number));
    }
    let names = COLORS.iter().map(|(name, _)| *name);
    let hint = did_you_mean(word, names.chain(MODIFIERS.iter().map(|(name, _)| *name)));
    Err(format!(
        "{word:?} is neither a colour nor a weight{hint}; try cyan, bright-black, 245, #88c0d0, bold"
    ))
}

/// The number of a colour among the 256. `None`: it has none.
pub(super) fn index_of(color: Color) -> Option<u8> {
    match color {
        Color::Indexed(index) => Some(index),
        color => COLORS
            .iter()
            .position(|(_, known)| *known == color)
            .map(|index| index as u8),
    }
}

/// The levels of the 6×6×6 cube of the 256 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Red, green and blue of one of the 256 colours; of the first 16 as most terminals have them.
pub(super) fn rgb_of(index: u8) -> (u8, u8, u8) {
    const FIRST: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 49, 49),
        (13, 188, 121),
        (229, 229, 16),
        (36, 114, 200),
        (188, 63, 188),
        (17, 168, 205),
        (229, 229, 229),
        (102, 102, 102),
        (241, 76, 76),
        (35, 209, 139),
        (245, 245, 67),
        (59, 142, 234),
        (214, 112, 214),
        (41, 184, 219),
        (255, 255, 255),
    ];
    match index {
        0..16 => FIRST[usize::from(index)],
        16..232 => {
            let at = usize::from(index - 16);
            (LEVELS[at / 36], LEVELS[at / 6 % 6], LEVELS[at % 6])
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn reduced(color: Color, depth: Depth) -> Color {
    let rgb = match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index) if index >= 16 => rgb_of(index),
        other => return other,
    };
    match (depth, color) {
        (Depth::True, _) | (Depth::Ansi256, Color::Indexed(_)) => color,
        (Depth::Ansi256, _) => Color::Indexed(nearest_index(rgb, 16..=255)),
        _ => COLORS[usize::from(nearest_index(rgb, 0..=15))].1,
    }
}

/// The same style in the first 8 colours: what was bright is bold, and grey is dim.
fn without_bright(mut style: Style) -> Style {
    let dark = |color| match index_of(color) {
        Some(index @ 8..16) => COLORS[usize::from(index) - 8].1,
        _ => color,
    };
    style.bg = style.bg.map(dark);
    match style.fg {
        // The colour below it is black, which vanishes on black.
        Some(Color::DarkGray) => style.fg(Color::Reset).add_modifier(Modifier::DIM),
        Some(bright) if dark(bright) != bright => {
            style.fg(dark(bright)).add_modifier(Modifier::BOLD)
        }
        _ => style,
    }
}

fn nearest_index((r, g, b): (u8, u8, u8), among: std::ops::RangeInclusive<u8>) -> u8 {
    let start = *among.start();
    among
        .min_by_key(|index| {
            let other = rgb_of(*index);
            [(r, other.0), (g, other.1), (b, other.2)]
                .iter()
                .map(|(x, y)| (i32::from(*x) - i32::from(*y)).pow(2))
                .sum::<i32>()
        })
        .unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_has_a_style_for_every_role() {
        for (name, text) in BUILT_IN {
            let roles: BTreeMap<String, String> = toml::from_str(text).unwrap();
            for role in Role::iter() {
                assert!(roles.contains_key(<&str>::from(role)), "{name}: {role:?}");
            }
            assert_eq!(roles.len(), Role::iter().count(), "{name}");
            Theme::built_in(name);
        }
    }

    #[test]
    fn the_default_theme_uses_the_terminals_own_colours_and_paints_text_with_its_background() {
        let theme = Theme::default();

        for role in Role::iter() {
            let style = theme.role(role);
            let own =
                |color: Option<Color>| !matches!(color, Some(Color::Indexed(_) | Color::Rgb(..)));
            assert!(own(style.fg) && own(style.bg), "{role:?}: {style:?}");
            if style.bg.is_some() {
                assert!(style.fg.is_some(), "{role:?} has half of a pair: {style:?}");
                continue;
            }
            // Only borders, which may be weaker, have a colour on a background that is not known.
            assert!(
                style.fg.is_none() || role == Role::BorderDanger,
                "{role:?} vanishes on some background: {style:?}"
            );
        }
    }

    #[test]
    fn mono_has_no_colour() {
        for theme in [
            Theme::built_in("mono"),
            Theme::load("dark", Depth::None).unwrap(),
        ] {
            for role in Role::iter() {
                let style = theme.role(role);
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
        }
    }

    #[test]
    fn a_file_overrides_role_by_role() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "ok = \"bold #00ff00\"\n").unwrap();

        let theme = Theme::load(path.to_str().unwrap(), Depth::True).unwrap();

        assert_eq!(theme.role(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)));
        assert_eq!(theme.role(Role::Warn), Theme::default().role(Role::Warn));
    }

    #[test]
    fn mistakes_are_named_with_the_nearest_right_word() {
        let mut theme = Theme::default();
        for (text, expected) in [
            (
                "oky = \"green\"",
                "unknown role \"oky\" (did you mean \"ok\"?)",
            ),
            ("ok = \"gren\"", "(did you mean \"green\"?)"),
            ("ok = \"300\"", "\"300\" is neither a colour nor a weight"),
        ] {
            let error = theme.lay_over("t", text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = Theme::load("drak", Depth::True).unwrap_err().to_string();
        assert!(error.contains("did you mean \"dark\"?"), "{error}");
    }

    #[test]
    fn colours_are_brought_down_to_what_the_terminal_has() {
        for (color, depth, expected) in [
            (Color::Rgb(250, 0, 0), Depth::Ansi256, Color::Indexed(196)),
            (Color::Rgb(205, 50, 50), Depth::Ansi16, Color::Red),
            (Color::Indexed(245), Depth::Ansi256, Color::Indexed(245)),
            (Color::Cyan, Depth::Ansi16, Color::Cyan),
        ] {
            assert_eq!(reduced(color, depth), expected, "{color:?} at {depth:?}");
        }
    }

    #[test]
    fn a_terminal_of_8_colours_is_given_no_bright_one() {
        for name in ["ansi", "dark", "light"] {
            let theme = Theme::load(name, Depth::Ansi8).unwrap();
            for role in Role::iter() {
                let style = theme.role(role);
                for color in [style.fg, style.bg].into_iter().flatten() {
                    let index = index_of(color);
                    assert!(
                        color == Color::Reset || index.is_some_and(|index| index < 8),
                        "{name}: {role:?}: {style:?}"
                    );
                }
            }
        }
        for (bright, dark, modifier) in [
            (Color::LightRed, Color::Red, Modifier::BOLD),
            (Color::DarkGray, Color::Reset, Modifier::DIM),
            (Color::Cyan, Color::Cyan, Modifier::empty()),
        ] {
            let style = without_bright(Style::new().fg(bright));
            assert_eq!((style.fg, style.add_modifier), (Some(dark), modifier));
        }
    }
}
