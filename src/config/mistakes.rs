//! Every mistake of a configuration, for whoever wants to mend them all at once.
//!
//! A reader stops at its first mistake. So the value that it stopped at is taken out of the text that was
//! read, and it starts again, until it finds nothing more.

use toml::de::{DeTable, DeValue};

use super::Config;
use super::error::ConfigError;
use crate::model::text::display_safe;

/// Mistakes that are listed at most; a file with more is not a configuration.
const MOST: usize = 100;

/// Reads the table again and again, without the values that were wrong. Errors of `read` and then of
/// `check` are collected, in the order of the file.
pub(super) fn collect(
    mut root: DeTable<'_>,
    read: impl Fn(&DeTable<'_>) -> Result<Config, ConfigError>,
    check: impl Fn(&Config) -> Result<(), ConfigError>,
) -> Vec<ConfigError> {
    let mut mistakes = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    while mistakes.len() < MOST {
        let Err(error) = read(&root).and_then(|config| check(&config)) else {
            break;
        };
        let key = error.key().to_owned();
        // What is missing because it was taken out is no second mistake. A table that lacks something
        // cannot be read further.
        let default = root
            .get("default_profile")
            .and_then(|value| value.get_ref().as_str());
        let default = default.map(|name| format!("profile.{}", display_safe(name)));
        let is_gone = |name: &str| removed.iter().any(|gone| gone == name);
        let is_consequence = is_gone(&key)
            || removed.iter().any(|gone| is_within(gone, &key))
            || key == "default_profile" && default.is_some_and(|name| is_gone(&name));
        let has_consequences = !matches!(
            error,
            ConfigError::At {
                is_unknown_key: true,
                ..
            }
        );
        if !is_consequence {
            mistakes.push(error);
        }
        let Some(gone) = remove_nearest(&mut root, &key) else {
            break;
        };
        if has_consequences {
            removed.push(gone);
        }
    }
    mistakes.sort_by_key(ConfigError::place);
    mistakes
}

fn is_within(key: &str, table: &str) -> bool {
    let rest = key.strip_prefix(table);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Takes out the value of this full name, or the innermost table around it that is there. Returns the name
/// of what was taken out. `None`: there is nothing of that name.
fn remove_nearest(table: &mut DeTable<'_>, key: &str) -> Option<String> {
    let known = table.keys().find_map(|name| {
        let shown = display_safe(name.get_ref().as_ref()).into_owned();
        let fits = shown == key || is_within(key, &shown);
        fits.then(|| (name.get_ref().to_string(), shown))
    });
    let (name, shown) = known?;
    let rest = key.strip_prefix(&shown)?.strip_prefix('.');
    if let Some(rest) = rest
        && let Some(value) = table.get_mut(name.as_str())
        && let DeValue::Table(inner) = value.get_mut()
        && let Some(gone) = remove_nearest(inner, rest)
    {
        return Some(format!("{shown}.{gone}"));
    }
    table.remove(name.as_str())?;
    Some(shown)
}
