//! How a session is found again: WorkOS lists sessions of one user at a time, so a key names the user too.

use chrono::{DateTime, Utc};

use crate::model::SessionKey;
use crate::model::time::from_epoch_ms;

/// Stands between user and session. In no id: these are letters, digits and `_`.
const BETWEEN: char = '/';
/// Letters of an id, after its prefix, that hold the time.
const TIME_LETTERS: usize = 10;
/// Crockford's base 32, without I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The parts of a session key. The text form is `user_…/session_…`, or the id of the session alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// Whose it is. `None`: only the id of the session is known.
    pub(super) user: Option<&'a str>,
    pub(super) session: &'a str,
}

impl<'a> Key<'a> {
    /// Reads a session key.
    pub(super) fn parse(key: &'a SessionKey) -> Self {
        let text = key.expose().trim();
        match text.rsplit_once(BETWEEN) {
            Some((user, session)) if !user.is_empty() => Self {
                user: Some(user),
                session,
            },
            _ => Self {
                user: None,
                session: text,
            },
        }
    }
}

/// The text form of a key.
pub(super) fn text(user: Option<&str>, session: &str) -> String {
    match user {
        Some(user) => format!("{user}{BETWEEN}{session}"),
        None => session.to_owned(),
    }
}

/// A short name for people: `ws:7Y1B0C`. Ids of sessions of one time begin alike and differ at their end.
pub(super) fn label(session: &str) -> String {
    let letters: Vec<char> = session
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let end: String = letters[letters.len().saturating_sub(6)..].iter().collect();
    if end.is_empty() {
        "ws:?".to_owned()
    } else {
        format!("ws:{end}")
    }
}

/// The moment at which an id was made: its part after the prefix is a ULID, which begins with it.
/// `None`: the id has another form. Source: ULID specification.
pub(super) fn made_at(id: &str) -> Option<DateTime<Utc>> {
    let (_, ulid) = id.rsplit_once('_')?;
    if ulid.len() != 26 || !ulid.is_ascii() {
        return None;
    }
    let digit = |letter: u8| {
        let upper = letter.to_ascii_uppercase();
        DIGITS.iter().position(|digit| *digit == upper)
    };
    let mut ms = 0_i64;
    for letter in ulid.bytes().take(TIME_LETTERS) {
        ms = ms * 32 + i64::try_from(digit(letter)?).ok()?;
    }
    from_epoch_ms(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_user_and_session_or_the_session_alone() {
        for (written, user, session) in [
            ("user_1/session_2", Some("user_1"), "session_2"),
            ("session_2", None, "session_2"),
            (" session_2\n", None, "session_2"),
            ("/session_2", None, "/session_2"),
            ("a/b/session_2", Some("a/b"), "session_2"),
        ] {
            let key = SessionKey::new(written);
            assert_eq!(Key::parse(&key), Key { user, session }, "{written}");
        }
        assert_eq!(text(Some("user_1"), "session_2"), "user_1/session_2");
        assert_eq!(text(None, "session_2"), "session_2");
    }

    #[test]
    fn a_label_is_the_end_of_the_id() {
        for (id, shown) in [
            ("session_01KZX3M6Q8T5WJ2V9E4R7Y1B0C", "ws:7Y1B0C"),
            ("é", "ws:?"),
            ("x", "ws:x"),
        ] {
            assert_eq!(label(id), shown);
        }
    }

    #[test]
    fn the_time_is_read_out_of_an_id_that_has_one() {
        // Made by the vendor's emulator at 2026-11-22T02:08:29.683Z.
        let at = made_at("session_01M80G661K13SFN6BX6KM497JC").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-11-22T02:08:29.747+00:00");
        for other in [
            "session_1",
            "nonsense",
            "session_01M80G661K13SFN6BX6KM497JU0",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
        assert_eq!(made_at("session_UUUUUUUUUUUUUUUUUUUUUUUUUU"), None);
    }
}
