//! The themes of one run: those that usher carries and the one of the configuration, for this terminal.

use std::collections::BTreeMap;
use std::path::Path;

use super::theme::{Depth, Theme, ThemeError};

/// Every theme that can be chosen on screen.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    depth: Depth,
    /// Styles by role that the configuration lays over every theme.
    roles: BTreeMap<String, String>,
    /// The theme file of the configuration: its name here, and what is in it.
    own: Option<(String, Theme)>,
}

impl Themes {
    /// The themes for a terminal of this depth, with these styles laid over each, and a theme file.
    ///
    /// # Errors
    /// [`ThemeError`] if the file cannot be read, or a role or a style is none.
    pub fn new(
        depth: Depth,
        roles: BTreeMap<String, String>,
        file: Option<&Path>,
    ) -> Result<Self, ThemeError> {
        let mut themes = Self {
            depth,
            roles,
            own: None,
        };
        themes.check()?;
        if let Some(file) = file {
            let theme = Theme::load(&file.display().to_string(), depth)?;
            let name = file.file_name().map(|name| name.to_string_lossy());
            let name = name.map_or_else(|| "own".to_owned(), std::borrow::Cow::into_owned);
            themes.own = Some((name, themes.with_roles(theme)?));
        }
        Ok(themes)
    }

    /// The name of the theme file here. `None`: there is none.
    pub fn own(&self) -> Option<&str> {
        self.own.as_ref().map(|(name, _)| name.as_str())
    }

    /// True if the terminal shows no colours, so that every theme is the same.
    pub fn is_colourless(&self) -> bool {
        self.depth == Depth::None
    }

    /// A theme by its name. One that there is not gives `auto`.
    pub fn named(&self, name: &str) -> Theme {
        if let Some((_, theme)) = self.own.as_ref().filter(|(own, _)| own == name) {
            return theme.clone();
        }
        let loaded = Theme::load(name, self.depth);
        let theme = loaded.unwrap_or_else(|_| Theme::built_in("auto").at(self.depth));
        self.with_roles(theme.clone()).unwrap_or(theme)
    }

    fn check(&self) -> Result<(), ThemeError> {
        self.with_roles(Theme::default()).map(|_| ())
    }

    /// Without colours the styles of roles are left out too.
    fn with_roles(&self, mut theme: Theme) -> Result<Theme, ThemeError> {
        theme.lay("of the configuration", &self.roles)?;
        if self.is_colourless() {
            return Ok(Theme::built_in("mono"));
        }
        Ok(theme.at(self.depth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::look::THEMES;
    use crate::ui::Role;

    #[test]
    fn every_theme_of_the_list_is_carried() {
        for (name, _) in THEMES {
            assert!(Theme::load(name, Depth::True).is_ok(), "{name}");
        }
    }

    #[test]
    fn styles_of_the_configuration_are_laid_over_every_theme() {
        let roles = BTreeMap::from([("warn".to_owned(), "bold magenta".to_owned())]);
        let themes = Themes::new(Depth::Ansi16, roles.clone(), None).unwrap();

        for name in ["dark", "light"] {
            let theme = themes.named(name);
            let warn = theme.role(Role::Warn);
            assert_eq!(warn.fg, Some(ratatui::style::Color::Magenta), "{name}");
            let plain = Theme::load(name, Depth::Ansi16).unwrap();
            assert_eq!(theme.role(Role::Ok), plain.role(Role::Ok), "{name}");
        }
        let none = Themes::new(Depth::None, roles, None).unwrap();
        assert_eq!(none.named("dark"), Theme::built_in("mono"));
    }

    #[test]
    fn a_wrong_style_is_named_with_its_role() {
        let roles = BTreeMap::from([("wran".to_owned(), "red".to_owned())]);

        let error = Themes::new(Depth::Ansi16, roles, None).unwrap_err();

        let words = error.to_string();
        assert!(words.contains("did you mean \"warn\"?"), "{words}");
    }
}
