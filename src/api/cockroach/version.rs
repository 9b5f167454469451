//! Versions of the server, and what differs between them.

/// A version: year and release, such as 23.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u16, u16);

/// The first version whose web sessions have the number of their user.
const USER_ID: Version = Version(23, 1);

impl Version {
    /// Reads what `version()` answers. `None`: it is another server, or a version of an unknown form.
    pub(super) fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("CockroachDB ")?;
        let mut words = rest.split_whitespace();
        let numbers = words.find_map(|word| word.strip_prefix('v').filter(|word| begins(word)))?;
        let mut numbers = numbers.split(['.', '-']);
        let mut number = || numbers.next()?.parse().ok();
        Some(Self(number()?, number()?))
    }

    /// True if the table of web sessions has a column for the number of the user.
    pub(super) fn has_user_id(self) -> bool {
        self >= USER_ID
    }
}

fn begins(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_says_what_the_table_has() {
        for (text, version, has_user_id) in [
            (
                "CockroachDB CCL v23.1.4 (x86_64-pc-linux-gnu, built 2023)",
                Some((23, 1)),
                true,
            ),
            ("CockroachDB OSS v22.2.19 (aarch64)", Some((22, 2)), false),
            (
                "CockroachDB CCL v26.1.0-alpha.1 (x86_64)",
                Some((26, 1)),
                true,
            ),
            ("CockroachDB CCL v21.2 (x)", Some((21, 2)), false),
            ("PostgreSQL 15.18 (Debian)", None, true),
            ("CockroachDB", None, true),
            ("", None, true),
        ] {
            let read = Version::read(text);

            assert_eq!(
                read,
                version.map(|(year, release)| Version(year, release)),
                "{text}"
            );
            assert_eq!(read.is_none_or(Version::has_user_id), has_user_id, "{text}");
        }
    }
}
