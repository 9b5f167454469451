//! Reads a TOML table strictly: every key is known, every value has the right type, every error has its place.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::error::{self, ConfigError};
use super::paths::Paths;
use crate::model::text::{display_safe, nearest};
use crate::model::time::parse_duration;

/// The file as it was read, for the places of errors and for relative paths.
pub(super) struct Document<'a> {
    /// Its path.
    pub file: PathBuf,
    /// Its text.
    pub text: &'a str,
    /// True if only its owner may read it.
    pub private: bool,
    /// For `~`.
    pub paths: &'a Paths,
}

impl<'a> Document<'a> {
    /// Of a file that may have been named relative to the folder of the program.
    pub fn new(file: &Path, text: &'a str, private: bool, paths: &'a Paths) -> Self {
        Self {
            file: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
            text,
            private,
            paths,
        }
    }
}

/// One table of the file.
pub(super) struct Table<'a> {
    doc: &'a Document<'a>,
    name: String,
    at: usize,
    entries: &'a DeTable<'a>,
}

/// One value of the file with the key it stands under.
pub(super) struct Setting<'a> {
    doc: &'a Document<'a>,
    /// The full name of the key.
    pub name: String,
    at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub fn root(doc: &'a Document<'a>, entries: &'a DeTable<'a>) -> Self {
        Self {
            doc,
            name: String::new(),
            at: 0,
            entries,
        }
    }

    /// Checks that no key stands here that is in none of the lists.
    pub fn only(&self, known: &[&[&str]]) -> Result<(), ConfigError> {
        let known = || known.iter().flat_map(|list| list.iter().copied());
        let unknown = self
            .entries
            .keys()
            .filter(|key| !known().any(|name| name == key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(key) = unknown else { return Ok(()) };
        let typed = key.get_ref().as_ref();
        let hint = match nearest(typed, known()) {
            Some(near) => format!(" (did you mean \"{near}\"?)"),
            None => format!(" (known: {})", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("unknown key \"{}\"{hint}", display_safe(typed));
        let (byte, name) = (key.span().start, self.full(typed));
        Err(ConfigError::unknown_key(
            &self.doc.file,
            self.doc.text,
            byte,
            &name,
            message,
        ))
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<Setting<'a>> {
        self.entries
            .get(key)
            .map(|value| self.item(key, value.span().start, value.get_ref()))
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &str) -> Result<Setting<'a>, ConfigError> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    /// The error about a key that must be there.
    pub fn missing(&self, key: &str) -> ConfigError {
        let message = format!("the key \"{key}\" is missing in {}", self.title());
        self.wrong(self.at, key, message)
    }

    /// Every key and value, in the order of the file.
    pub fn items(&self) -> Vec<(&'a str, Setting<'a>)> {
        let mut items: Vec<_> = self.entries.iter().collect();
        items.sort_by_key(|(key, _)| key.span().start);
        let item = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let key: &'a str =
                AsRef::<str>::as_ref(Spanned::<toml::de::DeString<'a>>::get_ref(key));
            (key, self.item(key, value.span().start, value.get_ref()))
        };
        items.into_iter().map(item).collect()
    }

    /// An error about the table as a whole.
    pub fn error(&self, message: String) -> ConfigError {
        ConfigError::at(&self.doc.file, self.doc.text, self.at, &self.name, message)
    }

    /// How the table is called in sentences.
    pub fn title(&self) -> String {
        match self.name.as_str() {
            "" => "the file".to_owned(),
            name => format!("[{}]", display_safe(name)),
        }
    }

    fn item(&self, key: &str, at: usize, value: &'a DeValue<'a>) -> Setting<'a> {
        Setting {
            doc: self.doc,
            name: self.full(key),
            at,
            value,
        }
    }

    fn full(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }

    fn wrong(&self, at: usize, key: &str, message: String) -> ConfigError {
        ConfigError::at(&self.doc.file, self.doc.text, at, &self.full(key), message)
    }
}

impl<'a> Setting<'a> {
    /// An error about this value.
    pub fn error(&self, message: impl Display) -> ConfigError {
        let message = format!("{}: {message}", display_safe(&self.name));
        ConfigError::at(&self.doc.file, self.doc.text, self.at, &self.name, message)
    }

    /// Line and column of the value, from 1.
    pub fn place(&self) -> (usize, usize) {
        error::place(self.doc.text, self.at)
    }

    /// True if only its owner may read the file.
    pub fn is_private(&self) -> bool {
        self.doc.private
    }

    /// True if it is text.
    pub fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// Text.
    pub fn text(&self) -> Result<&'a str, ConfigError> {
        self.value
            .as_str()
            .ok_or_else(|| self.expected("text in quotes"))
    }

    /// Text with something in it.
    pub fn some_text(&self) -> Result<&'a str, ConfigError> {
        match self.text()? {
            "" => Err(self.error("must not be empty")),
            text => Ok(text),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Result<bool, ConfigError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    /// A whole number within bounds.
    pub fn number<T: TryFrom<i64>>(&self, range: RangeInclusive<i64>) -> Result<T, ConfigError> {
        let bounds = format!("a number from {} to {}", range.start(), range.end());
        let integer = self
            .value
            .as_integer()
            .ok_or_else(|| self.expected(&bounds))?;
        i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.error(format!("must be {bounds}")))
    }

    /// A duration such as "30s", within bounds of seconds.
    pub fn duration(&self, seconds: RangeInclusive<u64>) -> Result<Duration, ConfigError> {
        let text = self
            .value
            .as_str()
            .ok_or_else(|| self.expected("a duration in quotes, such as \"30s\""))?;
        let read = parse_duration(text).and_then(|d| d.to_std().ok());
        match read {
            Some(duration) if seconds.contains(&duration.as_secs()) => Ok(duration),
            Some(_) => Err(self.error(format!(
                "must be from {} s to {} s",
                seconds.start(),
                seconds.end()
            ))),
            None => Err(self.error(format!(
                "\"{}\" is not a duration; try \"30s\", \"90m\", \"8h\" or \"4h30m\"",
                display_safe(text)
            ))),
        }
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.text()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        let names = || words.iter().map(|(word, _)| *word);
        let hint = match nearest(text, names()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
        };
        Err(self.error(format!("\"{}\" is unknown; {hint}", display_safe(text))))
    }

    /// A path; `~` and relative ones are settled.
    pub fn path(&self) -> Result<PathBuf, ConfigError> {
        let folder = self.doc.file.parent().unwrap_or(&self.doc.file);
        Ok(self.doc.paths.expand(self.some_text()?, folder))
    }

    /// A list of texts.
    pub fn texts(&self) -> Result<Vec<String>, ConfigError> {
        let wrong = || self.expected("a list of texts");
        let list = self.value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|value| value.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(wrong)
    }

    /// An address of one of these schemes without credentials, query, fragment or trailing slash.
    pub fn url(&self, schemes: &[&str]) -> Result<Url, ConfigError> {
        // The text is never quoted: it may hold a password.
        let mut url = Url::parse(self.text()?)
            .map_err(|why| self.error(format!("is not an address: {why}")))?;
        if !schemes.contains(&url.scheme()) || !url.has_host() {
            let begins: Vec<_> = schemes.iter().map(|name| format!("{name}://")).collect();
            return Err(self.error(format!("must begin with {}", begins.join(" or "))));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.error("must not hold a user or a password; use login"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.error("must not hold a query (?) or a fragment (#)"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// A table.
    pub fn table(&self) -> Result<Table<'a>, ConfigError> {
        let entries = self
            .value
            .as_table()
            .ok_or_else(|| self.expected("a table"))?;
        Ok(Table {
            doc: self.doc,
            name: self.name.clone(),
            at: self.at,
            entries,
        })
    }

    fn expected(&self, what: &str) -> ConfigError {
        self.error(format!("must be {what}, not {}", self.found()))
    }

    fn found(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}
