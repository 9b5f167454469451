//! How a session is found again: its handle, and where it is listed.

use crate::model::SessionKey;

/// How every handle begins.
const HANDLE: &str = "shandle:";
/// Stands between the parts. In no handle (they are base64 with `*` and `.`) and in no realm name
/// (the server refuses it there).
const BETWEEN: char = '#';

/// The parts of a session key. The text form is `shandle:…#/realm#user`, or the handle alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AmKey {
    /// With `shandle:` before it. It can end the session and cannot be used to enter it.
    pub(super) handle: String,
    /// Where the session is listed. `None`: only the handle is known.
    pub(super) home: Option<Home>,
}

/// The list in which a session stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Home {
    /// The realm as the server writes it ("/alpha").
    pub(super) realm: String,
    /// The user as the server writes it.
    pub(super) user: String,
}

impl AmKey {
    /// Reads a session key. `None`: it holds no handle. The server takes a token in the place of a
    /// handle and answers yes to anything, so whatever does not look like a handle stays here.
    pub(super) fn parse(key: &SessionKey) -> Option<Self> {
        let mut parts = key.expose().splitn(3, BETWEEN);
        let handle = parts.next()?;
        let inner = handle.strip_prefix(HANDLE)?;
        if inner.is_empty() || inner.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let home = match (parts.next(), parts.next()) {
            (Some(realm), Some(user)) => Some(Home {
                realm: realm.to_owned(),
                user: user.to_owned(),
            }),
            (None, _) => None,
            (Some(_), None) => return None,
        };
        Some(Self {
            handle: handle.to_owned(),
            home,
        })
    }
}

/// The text form of a key.
pub(super) fn text(handle: &str, realm: &str, user: &str) -> String {
    format!("{handle}{BETWEEN}{realm}{BETWEEN}{user}")
}

/// A short name for people: the end of the part of the handle that differs between sessions.
pub(super) fn label(handle: &str) -> String {
    let inner = handle.strip_prefix(HANDLE).unwrap_or(handle);
    let own: Vec<char> = inner
        .split('*')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let tail: String = own.iter().skip(own.len().saturating_sub(6)).collect();
    format!("sh:…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_what_was_written() {
        let cases = [
            ("shandle:AQIC5wM2LY4.*AAJTSQAC*", "/", "demo"),
            ("shandle:x", "/alpha/emea", "a # b"),
            ("shandle:x=", "/alpha", "日本"),
        ];

        for (handle, realm, user) in cases {
            let key = AmKey::parse(&SessionKey::new(text(handle, realm, user)));

            let expected = AmKey {
                handle: handle.into(),
                home: Some(Home {
                    realm: realm.into(),
                    user: user.into(),
                }),
            };
            assert_eq!(key, Some(expected));
        }
    }

    #[test]
    fn a_handle_alone_is_a_key_without_a_home() {
        let key = AmKey::parse(&SessionKey::new("shandle:abc")).unwrap();

        assert_eq!(key.home, None);
    }

    #[test]
    fn what_is_no_handle_is_no_key() {
        for text in [
            "",
            "shandle:",
            "AQIC5wM2LY4Sfcx*AAJTSQACMDE*",
            "shandle:a b",
            "shandle:a#/alpha",
        ] {
            assert_eq!(AmKey::parse(&SessionKey::new(text)), None, "{text}");
        }
    }

    #[test]
    fn labels_of_handles_that_begin_alike_differ() {
        let one = label("shandle:AQIC5wM2LY4SfcyMhYakui53Z8UUIkvcG1HchgKMNWXVThA.*AAJTSQ*");
        let two = label("shandle:AQIC5wM2LY4Sfcx-ePMG7lXnehCpsyN1Y9evGfhtf42KyNA.*AAJTSQ*");

        assert_eq!(one, "sh:…WXVThA");
        assert_eq!(two, "sh:…42KyNA");
    }
}
