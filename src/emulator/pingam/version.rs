//! `Accept-API-Version`, and which version of a resource serves a request.

/// A version of a resource or of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Version {
    /// `Version::of(2, 0)` is 2.0.
    pub(super) const fn of(major: u32, minor: u32) -> Self {
        Version { major, minor }
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        Some(Version {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The versions that the header asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `None`: not said.
    pub(super) protocol: Option<Version>,
    /// `None`: the latest.
    pub(super) resource: Option<Version>,
}

/// Reads the header; the order of its parts and blanks do not matter. `None`: malformed.
pub(super) fn parse_header(text: &str) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    for part in text.split(',') {
        let (name, value) = part.split_once('=')?;
        let version = Version::parse(value.trim())?;
        match name.trim() {
            "protocol" => wanted.protocol = Some(version),
            "resource" => wanted.resource = Some(version),
            _ => return None,
        }
    }
    Some(wanted)
}

/// The route that serves a wanted version: the same major number and at least that minor one.
/// `offered` is in ascending order; without a wish the last one serves.
pub(super) fn serving(offered: &[Version], wanted: Option<Version>) -> Option<Version> {
    let fits = |v: &&Version| wanted.is_none_or(|w| v.major == w.major && v.minor >= w.minor);
    offered.iter().rev().find(fits).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_read_in_any_order_and_with_blanks() {
        let both = Wanted {
            protocol: Some(Version::of(1, 0)),
            resource: Some(Version::of(3, 1)),
        };
        for text in [
            "protocol=1.0,resource=3.1",
            "resource=3.1, protocol=1.0",
            " resource = 3.1 ,protocol=1",
        ] {
            assert_eq!(parse_header(text), Some(both), "{text}");
        }
        for text in ["resource=abc", "", "3.1", "colour=1.0"] {
            assert_eq!(parse_header(text), None, "{text}");
        }
    }

    #[test]
    fn same_major_and_a_higher_minor_version_serve() {
        let offered = [Version::of(1, 2), Version::of(2, 0)];
        let two = Some(Version::of(2, 0));

        assert_eq!(serving(&offered, Some(Version::of(1, 0))), Some(offered[0]));
        assert_eq!(serving(&offered, two), two);
        assert_eq!(serving(&offered, None), two);
        assert_eq!(serving(&offered, Some(Version::of(2, 1))), None);
        assert_eq!(serving(&offered, Some(Version::of(3, 0))), None);
    }
}
