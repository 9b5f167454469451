//! Keys that only one system has: how they are described, read and kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigError;
use super::table::{Setting, Table};

/// Says what is wrong with a value of the right kind: lower case, no full stop.
pub type OwnCheck = fn(&OwnValue) -> Result<(), String>;

/// One key that only one system has.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// Its name in the profile, or in its `login` table.
    pub name: Cow<'static, str>,
    /// Which values it takes.
    pub kind: OwnKind,
    /// The value where the profile has none. `None`: there is none.
    pub default: Option<OwnValue>,
    /// A check beyond the kind.
    pub check: Option<OwnCheck>,
    /// Its meaning, as one sentence.
    pub doc: Cow<'static, str>,
}

impl OwnKey {
    /// A key without a default and without a check beyond its kind.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: OwnKind,
        doc: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            default: None,
            check: None,
            doc: doc.into(),
        }
    }

    /// The same with a default.
    #[must_use]
    pub fn or(mut self, default: impl Into<OwnValue>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// The same with a check beyond the kind.
    #[must_use]
    pub fn checked(mut self, check: OwnCheck) -> Self {
        self.check = Some(check);
        self
    }

    fn read(&self, item: &Setting<'_>) -> Result<OwnValue, ConfigError> {
        let value = match &self.kind {
            OwnKind::Text => OwnValue::Text(item.some_text()?.to_owned()),
            OwnKind::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| (word.as_ref(), word)).collect();
                OwnValue::Text(item.word(&words)?.to_string())
            }
            OwnKind::Texts { or_word } => texts(item, or_word.as_deref())?,
            OwnKind::Number(range) => OwnValue::Number(item.number(range.clone())?),
            OwnKind::Flag => OwnValue::Flag(item.boolean()?),
            OwnKind::Path => OwnValue::Path(item.path()?),
            OwnKind::Duration(seconds) => OwnValue::Duration(item.duration(seconds.clone())?),
        };
        if let Some(check) = self.check {
            check(&value).map_err(|why| item.error(why))?;
        }
        Ok(value)
    }
}

fn texts(item: &Setting<'_>, or_word: Option<&str>) -> Result<OwnValue, ConfigError> {
    match or_word {
        Some(word) if item.is_text() => {
            if item.text()? == word {
                Ok(OwnValue::Text(word.to_owned()))
            } else {
                Err(item.error(format!("must be \"{word}\" or a list of texts")))
            }
        }
        _ => item.texts().map(OwnValue::Texts),
    }
}

/// Which values a key takes.
#[derive(Clone, Debug)]
pub enum OwnKind {
    /// Text that is not empty.
    Text,
    /// One of these words.
    Word(Vec<Cow<'static, str>>),
    /// A list of texts.
    Texts {
        /// A word that may stand instead of a list ("all").
        or_word: Option<Cow<'static, str>>,
    },
    /// A whole number within bounds.
    Number(RangeInclusive<i64>),
    /// `true` or `false`.
    Flag,
    /// The path of a file or folder; `~` is the home folder, and a relative one begins where the
    /// configuration is.
    Path,
    /// A duration such as "30s", within bounds of seconds.
    Duration(RangeInclusive<u64>),
}

/// A value that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnValue {
    /// Text, or a word.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A path.
    Path(PathBuf),
    /// A length of time.
    Duration(Duration),
}

impl From<&str> for OwnValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<const N: usize> From<[&str; N]> for OwnValue {
    fn from(texts: [&str; N]) -> Self {
        Self::Texts(texts.map(str::to_owned).to_vec())
    }
}

impl From<Vec<String>> for OwnValue {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<i64> for OwnValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for OwnValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<PathBuf> for OwnValue {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<Duration> for OwnValue {
    fn from(length: Duration) -> Self {
        Self::Duration(length)
    }
}

/// The values that a profile has for the keys of its system, the defaults included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnKeys(BTreeMap<Cow<'static, str>, OwnValue>);

impl OwnKeys {
    /// The defaults of these keys.
    pub(super) fn defaults<'k>(keys: impl IntoIterator<Item = &'k OwnKey>) -> Self {
        let default = |key: &OwnKey| Some((key.name.clone(), key.default.clone()?));
        Self(keys.into_iter().filter_map(default).collect())
    }

    /// Reads those of these keys that stand in the table.
    pub(super) fn read(&mut self, table: &Table<'_>, keys: &[OwnKey]) -> Result<(), ConfigError> {
        for key in keys {
            if let Some(item) = table.get(&key.name) {
                self.0.insert(key.name.clone(), key.read(&item)?);
            }
        }
        Ok(())
    }

    /// Takes the values of the other keys too.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Sets a value without a check: for profiles that no file describes.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<OwnValue>) {
        self.0.insert(name.into(), value.into());
    }

    /// A text or a word. `None`: the profile has no such value.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            OwnValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list. `None`: the profile has no such list, or the word instead of it.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name)? {
            OwnValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// A number. `None`: the profile has no such value, or it is too large for `T`.
    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        match self.0.get(name)? {
            OwnValue::Number(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Yes or no. A value that is not there is a no.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&OwnValue::Flag(true))
    }

    /// A path. `None`: the profile has no such value.
    pub fn path(&self, name: &str) -> Option<&Path> {
        match self.0.get(name)? {
            OwnValue::Path(path) => Some(path),
            _ => None,
        }
    }

    /// A length of time. `None`: the profile has no such value.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        match self.0.get(name)? {
            OwnValue::Duration(length) => Some(*length),
            _ => None,
        }
    }
}
