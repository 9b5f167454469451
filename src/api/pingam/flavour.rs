//! The differences between the two lines of servers, as data: versions, the place of a token,
//! missing operations.
//!
//! Sources: PingAM 8.1 "Managing sessions using REST" and the entity reference of `/sessions`;
//! community OpenAM 16.0.5 as it answers.

/// One operation of the `/sessions` resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    Query,
    Info,
    InfoResetIdle,
    Properties,
    UpdateProperties,
    Refresh,
    Validate,
    Logout,
    LogoutByHandle,
    LogoutByUser,
}

impl Op {
    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Info => "getSessionInfo",
            Self::InfoResetIdle => "getSessionInfoAndResetIdleTime",
            Self::Properties => "getSessionProperties",
            Self::UpdateProperties => "updateSessionProperties",
            Self::Refresh => "refresh",
            Self::Validate => "validate",
            Self::Logout => "logout",
            Self::LogoutByHandle => "logoutByHandle",
            Self::LogoutByUser => "logoutByUser",
        }
    }
}

/// Where the server looks for the token that an operation is about. In the wrong place it is not
/// seen, and the operation hits the session of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `"tokenId"` in the JSON body; the query is not looked at.
    Body,
    /// `&tokenId=` in the query; the body is not looked at.
    Query,
}

/// One line of servers.
#[derive(Debug)]
pub(super) struct Flavour {
    /// Its name for people.
    pub(super) system: &'static str,
    /// Resource version of each operation; what is not in it is not offered.
    versions: &'static [(Op, &'static str)],
    /// Where the token stands that an operation is about.
    pub(super) place: Place,
    /// True if `validate` leaves the idle time alone when asked to (`refresh=false`).
    pub(super) gentle_validate: bool,
    /// True if only the super user may end sessions by handle and refresh them.
    pub(super) only_super_revokes: bool,
    /// True if a user name matches in any letter case.
    pub(super) any_case: bool,
}

impl Flavour {
    /// The resource version to ask for. `None`: the operation is not offered.
    pub(super) fn version(&self, op: Op) -> Option<&'static str> {
        let found = self.versions.iter().find(|(known, _)| *known == op);
        found.map(|(_, version)| *version)
    }

    /// True if the operation is offered.
    pub(super) fn has(&self, op: Op) -> bool {
        self.version(op).is_some()
    }
}

/// PingAM and ForgeRock AM from 7 on.
pub(super) static PINGAM: Flavour = Flavour {
    system: "PingAM",
    versions: &[
        (Op::Query, "3.1"),
        (Op::Info, "4.0"),
        (Op::InfoResetIdle, "4.0"),
        (Op::Properties, "3.1"),
        (Op::UpdateProperties, "3.1"),
        (Op::Refresh, "3.1"),
        (Op::Validate, "3.0"),
        (Op::Logout, "3.1"),
        (Op::LogoutByHandle, "3.1"),
        (Op::LogoutByUser, "5.1"),
    ],
    place: Place::Body,
    gentle_validate: true,
    only_super_revokes: false,
    any_case: false,
};

/// ForgeRock AM 5.5 and 6: the token in the body already, and nothing above resource version 3.
pub(super) static AM_6: Flavour = Flavour {
    system: "ForgeRock AM",
    versions: &[
        (Op::Query, "3.0"),
        (Op::Info, "3.0"),
        (Op::Properties, "3.0"),
        (Op::UpdateProperties, "3.0"),
        (Op::Refresh, "3.0"),
        (Op::Validate, "3.0"),
        (Op::Logout, "3.0"),
        (Op::LogoutByHandle, "3.0"),
    ],
    place: Place::Body,
    gentle_validate: true,
    only_super_revokes: false,
    any_case: false,
};

/// Community OpenAM and Wren:AM.
pub(super) static OPENAM: Flavour = Flavour {
    system: "OpenAM",
    versions: &[
        (Op::Query, "2.0"),
        (Op::Info, "2.0"),
        (Op::Properties, "2.0"),
        (Op::UpdateProperties, "2.0"),
        (Op::Refresh, "2.0"),
        (Op::Validate, "1.2"),
        (Op::Logout, "2.0"),
        (Op::LogoutByHandle, "2.0"),
    ],
    place: Place::Query,
    gentle_validate: false,
    only_super_revokes: true,
    any_case: true,
};

/// The order in which a server is asked which line it is of. A route serves a version of the same
/// major number, so each is found by its own `getSessionInfo` and by no other's.
pub(super) static CANDIDATES: [&Flavour; 3] = [&PINGAM, &AM_6, &OPENAM];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_answer_to_the_same_major_version_of_info() {
        let majors: Vec<_> = CANDIDATES
            .iter()
            .map(|flavour| flavour.version(Op::Info).unwrap().split('.').next())
            .collect();

        for (i, major) in majors.iter().enumerate() {
            assert!(!majors[..i].contains(major), "{majors:?}");
        }
    }

    #[test]
    fn the_community_server_lacks_what_it_answers_501_to() {
        assert!(!OPENAM.has(Op::InfoResetIdle));
        assert!(!OPENAM.has(Op::LogoutByUser));
        assert_eq!(OPENAM.version(Op::Validate), Some("1.2"));
    }
}
