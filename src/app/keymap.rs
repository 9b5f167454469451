//! Which key does what. A key is not an action: the keymap stands between them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use enum_map::EnumMap;
use strum::IntoEnumIterator;

use super::action::{Action, Context};
use crate::model::text::nearest;

/// A key on the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character; shift is in the character.
    Char(char),
    /// Enter.
    Enter,
    /// Esc.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// A function key, from 1.
    F(u8),
}

/// A key with its modifiers. `shift` is kept for keys that are not characters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyPress {
    /// The key.
    pub key: Key,
    /// With control.
    pub ctrl: bool,
    /// With alt.
    pub alt: bool,
    /// With shift.
    pub shift: bool,
}

impl KeyPress {
    /// A key without modifiers.
    pub const fn plain(key: Key) -> Self {
        Self {
            key,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// A key with control.
    pub const fn ctrl(letter: char) -> Self {
        Self {
            key: Key::Char(letter),
            ctrl: true,
            alt: false,
            shift: false,
        }
    }

    /// The character it types into a field. `None`: it types none.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMES: [(&str, Key); 16] = [
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("space", Key::Char(' ')),
    ("minus", Key::Char('-')),
];

impl FromStr for KeyPress {
    type Err = String;

    /// Reads "ctrl-p", "shift-tab", "D", "f5", "pagedown", "space".
    fn from_str(text: &str) -> Result<Self, String> {
        let mut press = Self::plain(Key::Esc);
        let mut rest = text;
        loop {
            match rest.split_once('-') {
                Some(("ctrl", after)) if !after.is_empty() => (press.ctrl, rest) = (true, after),
                Some(("alt", after)) if !after.is_empty() => (press.alt, rest) = (true, after),
                Some(("shift", after)) if !after.is_empty() => (press.shift, rest) = (true, after),
                _ => break,
            }
        }
        let mut letters = rest.chars();
        press.key = match (letters.next(), letters.next()) {
            (Some(only), None) => Key::Char(only),
            (Some('f' | 'F'), Some(_))
                if rest[1..].parse::<u8>().is_ok_and(|n| (1..=24).contains(&n)) =>
            {
                Key::F(rest[1..].parse().unwrap_or(1))
            }
            _ => NAMES
                .iter()
                .find(|(name, _)| *name == rest.to_ascii_lowercase())
                .map(|(_, key)| *key)
                .ok_or_else(|| {
                    format!("\"{text}\" is not a key. Try ctrl-p, shift-tab, f5, delete, D.")
                })?,
        };
        Ok(press)
    }
}

impl KeyPress {
    /// The key that the operator reads as this text. `None`: no key, or more than one.
    pub fn shown(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        let first = letters.next()?;
        let second = letters.next();
        let rest = letters.as_str();
        if let ('^', Some(letter), "") = (first, second, rest) {
            return Some(Self::ctrl(letter.to_ascii_lowercase()));
        }
        let mut press = Self::plain(Key::Esc);
        let mut name = text;
        for (word, is_held) in [("Alt-", &mut press.alt), ("Shift-", &mut press.shift)] {
            if let Some(after) = name.strip_prefix(word).filter(|after| !after.is_empty()) {
                (*is_held, name) = (true, after);
            }
        }
        let named = NAMES
            .map(|(_, key)| key)
            .into_iter()
            .chain((1..=24).map(Key::F));
        let mut named = named.filter(|key| Self::plain(*key).to_string() == name);
        press.key = match named.next() {
            Some(key) => key,
            None if name.chars().count() == 1 => Key::Char(name.chars().next()?),
            None => return None,
        };
        Some(press)
    }
}

/// As the operator reads it: `^P`, `Shift-Tab`, `Del`, `PgDn`, `D`.
impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Key::Char(c), true) = (self.key, self.ctrl) {
            return write!(f, "^{}", c.to_ascii_uppercase());
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        if self.shift {
            f.write_str("Shift-")?;
        }
        match self.key {
            Key::Char(' ') => f.write_str("Space"),
            Key::Char(c) => write!(f, "{c}"),
            Key::F(n) => write!(f, "F{n}"),
            Key::Enter => f.write_str("Enter"),
            Key::Esc => f.write_str("Esc"),
            Key::Tab => f.write_str("Tab"),
            Key::Backspace => f.write_str("Backspace"),
            Key::Delete => f.write_str("Del"),
            Key::Insert => f.write_str("Ins"),
            Key::Home => f.write_str("Home"),
            Key::End => f.write_str("End"),
            Key::PageUp => f.write_str("PgUp"),
            Key::PageDown => f.write_str("PgDn"),
            Key::Up => f.write_str("↑"),
            Key::Down => f.write_str("↓"),
            Key::Left => f.write_str("←"),
            Key::Right => f.write_str("→"),
        }
    }
}

/// Keys by context and action, as a configuration writes them.
pub type UserKeys = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Why the keys of the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("keys.{context}{}{action}: {why}", if action.is_empty() { "" } else { "." })]
pub struct KeymapError {
    /// The context ("table").
    pub context: String,
    /// The action ("revoke"); empty if the context itself is wrong.
    pub action: String,
    /// The mistake, with the nearest right word.
    pub why: String,
}

/// Which key does what, by context.
#[derive(Clone, Debug)]
pub struct Keymap {
    keys: EnumMap<Context, Vec<(KeyPress, Action)>>,
}

const FIXED: [(KeyPress, Action); 3] = [
    (KeyPress::ctrl('c'), Action::Interrupt),
    (KeyPress::plain(Key::Esc), Action::Back),
    (KeyPress::plain(Key::F(1)), Action::Help),
];

impl Default for Keymap {
    fn default() -> Self {
        let defaults: UserKeys = toml::from_str(include_str!("../../assets/keymap.toml"))
            .expect("the built-in keymap is checked by a test");
        let mut keymap = Self {
            keys: EnumMap::default(),
        };
        keymap
            .lay_over(&defaults)
            .expect("the built-in keymap is checked by a test");
        keymap
    }
}

impl Keymap {
    /// The defaults with the operator's own keys laid over them.
    ///
    /// # Errors
    /// An unknown context, action or key, or a key that means two things in one context.
    pub fn with_user(user: &UserKeys) -> Result<Self, KeymapError> {
        let mut keymap = Self::default();
        keymap.lay_over(user)?;
        Ok(keymap)
    }

    fn lay_over(&mut self, user: &UserKeys) -> Result<(), KeymapError> {
        for (context_name, actions) in user {
            let wrong = |action: &str, why: String| KeymapError {
                context: context_name.clone(),
                action: action.to_owned(),
                why,
            };
            let context = Context::from_str(context_name).map_err(|_| {
                let names = Context::iter().map(<&'static str>::from);
                wrong(
                    "",
                    format!("unknown context{}", did_you_mean(context_name, names)),
                )
            })?;
            let mut named = Vec::new();
            for (action_name, keys) in actions {
                let action = Action::from_str(action_name).map_err(|_| {
                    wrong(
                        action_name,
                        format!(
                            "unknown action{}",
                            did_you_mean(action_name, Action::names())
                        ),
                    )
                })?;
                self.keys[context].retain(|(_, a)| *a != action);
                for text in keys.iter().filter(|k| !k.is_empty()) {
                    let key: KeyPress = text.parse().map_err(|why| wrong(action_name, why))?;
                    if FIXED.iter().any(|(fixed, a)| *fixed == key && *a != action) {
                        return Err(wrong(action_name, format!("{key} cannot be changed")));
                    }
                    named.push((key, action));
                }
            }
            for (at, (key, action)) in named.iter().enumerate() {
                if named[..at].iter().any(|(k, a)| k == key && a != action) {
                    return Err(wrong(action.name(), format!("{key} means two things")));
                }
                // The operator's key wins over a default of another action.
                self.keys[context].retain(|(k, _)| k != key);
            }
            self.keys[context].extend(named);
        }
        for (key, action) in FIXED {
            if !self.keys[Context::Global].iter().any(|(k, _)| *k == key) {
                self.keys[Context::Global].push((key, action));
            }
        }
        Ok(())
    }

    /// The action of a key here.
    pub fn action(&self, context: Context, key: KeyPress) -> Option<Action> {
        let found = |context| {
            self.keys[context]
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, a)| *a)
        };
        found(context).or_else(|| found(Context::Global))
    }

    /// The keys of an action in one context, or everywhere.
    pub fn keys(&self, context: Context, action: Action) -> Vec<KeyPress> {
        let of = |context: Context| {
            self.keys[context]
                .iter()
                .filter(|(_, a)| *a == action)
                .map(|(k, _)| *k)
                .collect::<Vec<_>>()
        };
        let own = of(context);
        if own.is_empty() {
            of(Context::Global)
        } else {
            own
        }
    }

    /// All actions of one context in the order of the table of actions, with their keys.
    pub fn listed(&self, context: Context) -> Vec<(Action, Vec<KeyPress>)> {
        Action::iter()
            .filter_map(|action| {
                let keys: Vec<_> = self.keys[context]
                    .iter()
                    .filter(|(_, a)| *a == action)
                    .map(|(k, _)| *k)
                    .collect();
                (!keys.is_empty()).then_some((action, keys))
            })
            .collect()
    }
}

/// ` (did you mean "…"?)` with the [`nearest`] name; empty if none is near enough.
pub fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    nearest(word, names)
        .map(|name| format!(" (did you mean \"{name}\"?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_default_key_and_a_help_line() {
        let keymap = Keymap::default();

        for action in Action::iter() {
            assert!(!action.help().is_empty(), "{action:?}");
            assert!(
                Context::iter().any(|c| !keymap.keys(c, action).is_empty()),
                "{action:?} has no key"
            );
        }
    }

    #[test]
    fn every_key_is_read_back_from_the_text_that_is_shown() {
        let keymap = Keymap::default();

        for (key, _) in Context::iter().flat_map(|context| &keymap.keys[context]) {
            assert_eq!(KeyPress::shown(&key.to_string()), Some(*key), "{key}");
        }
        for text in ["", "↑↓", "1-5", "Alt-"] {
            assert_eq!(KeyPress::shown(text), None, "{text}");
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_context() {
        let keymap = Keymap::default();

        for context in Context::iter() {
            let keys = &keymap.keys[context];
            for (at, (key, action)) in keys.iter().enumerate() {
                assert!(
                    !keys[..at].iter().any(|(k, _)| k == key),
                    "{key} means {action:?} and something else in {context:?}"
                );
            }
        }
    }

    #[test]
    fn user_keys_replace_the_defaults_and_empty_ones_take_away() {
        let user = UserKeys::from([(
            "table".to_owned(),
            BTreeMap::from([
                ("revoke".to_owned(), vec!["x".to_owned()]),
                ("copy".to_owned(), vec![String::new()]),
            ]),
        )]);

        let keymap = Keymap::with_user(&user).unwrap();

        assert_eq!(
            keymap.action(Context::Table, "x".parse().unwrap()),
            Some(Action::Revoke)
        );
        assert_eq!(
            keymap.action(Context::Table, "delete".parse().unwrap()),
            None
        );
        assert_eq!(keymap.action(Context::Table, "y".parse().unwrap()), None);
    }

    #[test]
    fn wrong_names_are_errors_with_the_nearest_right_one() {
        let cases = [
            (
                "tabel",
                "revoke",
                "x",
                "unknown context (did you mean \"table\"?)",
            ),
            (
                "table",
                "revok",
                "x",
                "unknown action (did you mean \"revoke\"?)",
            ),
            ("table", "revoke", "hyper-x", "\"hyper-x\" is not a key."),
            ("table", "revoke", "ctrl-c", "^C cannot be changed"),
        ];
        for (context, action, key, expected) in cases {
            let user = UserKeys::from([(
                context.to_owned(),
                BTreeMap::from([(action.to_owned(), vec![key.to_owned()])]),
            )]);

            let error = Keymap::with_user(&user).unwrap_err().to_string();

            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        for (text, shown) in [
            ("ctrl-p", "^P"),
            ("shift-tab", "Shift-Tab"),
            ("delete", "Del"),
            ("f12", "F12"),
            ("-", "-"),
        ] {
            assert_eq!(text.parse::<KeyPress>().unwrap().to_string(), shown);
        }
    }
}
