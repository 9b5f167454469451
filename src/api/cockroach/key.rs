//! The keys of sessions between usher and this client.

use super::{SQL, WEB};

/// A session, as a key or a typed id names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A web session: its id and its user, so that a change can never hit another user's session. `None`:
    /// only the id was typed.
    Web(i64, Option<String>),
    /// An SQL session: its id, 32 hexadecimal digits in lower case.
    Sql(String),
}

impl Key {
    /// Reads a key, or the bare id of either kind. `None`: it is none of them.
    pub(super) fn read(text: &str) -> Option<Self> {
        let Some((kind, rest)) = text.split_once('/') else {
            let web = text.parse().map(|id| Self::Web(id, None));
            return web.ok().or_else(|| sql_id(text).map(Self::Sql));
        };
        match kind {
            WEB => {
                let (id, user) = rest.split_once('/')?;
                Some(Self::Web(id.parse().ok()?, Some(user.to_owned())))
            }
            SQL => sql_id(rest).map(Self::Sql),
            _ => None,
        }
    }

    /// The key of an SQL session.
    pub(super) fn of_sql(id: &str) -> String {
        format!("{SQL}/{id}")
    }

    /// The key of a web session.
    pub(super) fn of_web(id: i64, user: &str) -> String {
        format!("{WEB}/{id}/{user}")
    }
}

/// The id of an SQL session. `None`: the text is no such id.
pub(super) fn sql_id(text: &str) -> Option<String> {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_what_it_was_written_from() {
        for (id, user) in [
            (784_449_219_848_241_153, "web_user"),
            (i64::MAX, "a/b '; DROP"),
            (-1, ""),
        ] {
            let text = Key::of_web(id, user);

            assert_eq!(Key::read(&text), Some(Key::Web(id, Some(user.to_owned()))));
        }
        let hex = "17f2b1c9a0d34e5600000000000000a1";
        assert_eq!(Key::read(&Key::of_sql(hex)), Some(Key::Sql(hex.into())));
    }

    #[test]
    fn a_bare_id_is_enough_and_anything_else_is_no_key() {
        let hex = "17F2B1C9A0D34E5600000000000000A1";
        assert_eq!(
            Key::read("784449219848241153"),
            Some(Key::Web(784_449_219_848_241_153, None))
        );
        assert_eq!(Key::read(hex), Some(Key::Sql(hex.to_ascii_lowercase())));
        for text in [
            "",
            "web",
            "web/1",
            "web/x/ada",
            "web/9223372036854775808/ada",
            "sql/12",
            "other/1/ada",
            "9223372036854775808",
        ] {
            assert_eq!(Key::read(text), None, "{text}");
        }
    }
}
