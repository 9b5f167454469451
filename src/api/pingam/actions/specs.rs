//! The actions on offer: their targets, their arguments, and why one is not available.

use std::borrow::Cow;

use crate::api::pingam::flavour::{Flavour, Op};
use crate::api::pingam::server::Facts;
use crate::model::{ActionSpec, ActsOn, ArgKind, ArgSpec, RowRule, Session};

use super::ALL;

/// The actions, for the menu and the command line.
pub(in crate::api::pingam) fn specs(
    flavour: Option<&'static Flavour>,
    facts: Option<&Facts>,
) -> Vec<ActionSpec> {
    ALL.iter()
        .map(|(name, op)| ActionSpec {
            lacks: lacks(*op, flavour, facts),
            ..spec(name, *op, flavour)
        })
        .collect()
}

fn spec(name: &'static str, op: Op, flavour: Option<&'static Flavour>) -> ActionSpec {
    let gentle = flavour.is_some_and(|flavour| flavour.gentle_validate);
    let changing = |title, help, on| ActionSpec {
        changes: true,
        ..ActionSpec::new(name, title, help, on)
    };
    match op {
        Op::Info => ActionSpec::new(
            name,
            "Show the session of a token",
            "Shows whose session a token is and when it ends. Leaves the idle timer alone.",
            ActsOn::Token,
        ),
        Op::InfoResetIdle => changing(
            "Show the session of a token and reset its idle timer",
            "Shows whose session a token is, and counts as a use of it: the idle timer is reset.",
            ActsOn::Token,
        ),
        Op::Validate => ActionSpec {
            changes: !gentle,
            ..ActionSpec::new(
                name,
                "Check whether a token is valid",
                if gentle {
                    "Says whether a token is valid. Leaves the idle timer alone."
                } else {
                    "Says whether a token is valid. This server counts it as a use of the \
                         session: the idle timer is reset."
                },
                ActsOn::Token,
            )
        },
        Op::Properties => ActionSpec::new(
            name,
            "Show the properties of a token's session",
            "Shows the session properties that the realm lists. Leaves the idle timer alone.",
            ActsOn::Token,
        ),
        Op::UpdateProperties => ActionSpec {
            pairs: Some(
                "session properties that the realm lists; an empty value unsets one".into(),
            ),
            ..changing(
                "Change properties of a token's session",
                "Changes session properties. Those that are not named keep their values.",
                ActsOn::Token,
            )
        },
        Op::Refresh => changing(
            "Reset the idle timer of a token's session",
            "Counts as a use of the session: the idle timer is reset. The server obeys once a \
             minute; the latest end of the session stays.",
            ActsOn::Token,
        ),
        Op::Logout => ActionSpec {
            ends: true,
            ..changing(
                "Log out the session of a token",
                "Ends the session of a token. A client-side session may go on where the server keeps \
                 no list of ended ones; usher looks afterwards.",
                ActsOn::Token,
            )
        },
        Op::LogoutByHandle => ActionSpec {
            ends: true,
            row: RowRule::new(|row, _| deletable(row)),
            ..changing(
                "End this session by its handle",
                "Ends one listed session, as the Delete key does.",
                ActsOn::Session,
            )
        },
        Op::LogoutByUser => ActionSpec {
            ends: true,
            row: RowRule::new(|row, _| has_user(row)),
            ..changing(
                "End all sessions of this user in one realm",
                "Ends all sessions of a user in one realm by the server's own operation, which \
                 reaches client-side sessions too where the server was set up for it.",
                ActsOn::User,
            )
        },
        Op::Query => ActionSpec {
            args: vec![text("filter", "CREST filter"), text("realm", "Realm")],
            ..ActionSpec::new(
                name,
                "List sessions with a raw server filter",
                "Sends a CREST filter as it is, such as: realm eq \"/alpha\" and username eq \"demo\".",
                ActsOn::Nothing,
            )
        },
    }
}

const fn text(name: &'static str, title: &'static str) -> ArgSpec {
    ArgSpec {
        name: Cow::Borrowed(name),
        title: Cow::Borrowed(title),
        kind: ArgKind::Text,
        secret: false,
        required: false,
    }
}

fn deletable(row: &Session) -> Option<String> {
    if let Some(why) = row.deletable.why_not() {
        return Some(why.to_owned());
    }
    (row.own == Some(true)).then(|| "your own session; it is what usher works with".into())
}

fn has_user(row: &Session) -> Option<String> {
    let user = row.subject.shown()?;
    if let Some(why) = row.deletable.why_not() {
        return Some(why.to_owned());
    }
    if row.own == Some(true) {
        return Some("it would end your own session too".into());
    }
    user.is_empty().then(|| "the session names no user".into())
}

/// Why an operation is not possible: on this line of servers, or for this operator.
pub(super) fn lacks(
    op: Op,
    flavour: Option<&'static Flavour>,
    facts: Option<&Facts>,
) -> Option<String> {
    let flavour = flavour?;
    if !flavour.has(op) {
        let instead = match op {
            Op::InfoResetIdle => "; get_session_info and refresh do the same in two steps",
            Op::LogoutByUser => "; ending all of a user lists and ends them one by one instead",
            _ => "",
        };
        return Some(format!("{} has no {}{instead}", flavour.system, op.name()));
    }
    let only_super = matches!(op, Op::LogoutByHandle | Op::Refresh | Op::LogoutByUser);
    let may_not = facts.and_then(Facts::may_not_revoke);
    match (only_super, may_not) {
        (true, Some(_)) => Some(format!(
            "this server lets only its super user (amadmin) use {}",
            op.name()
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pingam::flavour::{OPENAM, PINGAM};

    #[test]
    fn every_operation_of_the_session_resource_is_an_action() {
        for flavour in [&PINGAM, &OPENAM] {
            let specs = specs(Some(flavour), None);

            assert_eq!(specs.len(), 10);
            for spec in &specs {
                assert!(
                    !spec.title.is_empty() && spec.help.ends_with('.'),
                    "{spec:?}"
                );
            }
        }
    }

    #[test]
    fn what_a_line_of_servers_lacks_says_so_in_one_sentence() {
        let lacking: Vec<_> = specs(Some(&OPENAM), None)
            .into_iter()
            .filter_map(|spec| spec.lacks)
            .collect();

        assert_eq!(
            lacking,
            [
                "OpenAM has no getSessionInfoAndResetIdleTime; get_session_info and refresh do \
                 the same in two steps",
                "OpenAM has no logoutByUser; ending all of a user lists and ends them one by \
                 one instead",
            ]
        );
        assert!(
            specs(Some(&PINGAM), None)
                .iter()
                .all(|spec| spec.lacks.is_none())
        );
    }

    #[test]
    fn whatever_touches_a_session_is_a_change() {
        let changing = |flavour| -> Vec<_> {
            let specs = specs(Some(flavour), None).into_iter();
            specs
                .filter(|spec| !spec.changes)
                .map(|spec| spec.name)
                .collect()
        };

        assert_eq!(
            changing(&PINGAM),
            [
                "get_session_info",
                "validate",
                "get_session_properties",
                "query"
            ]
        );
        // The community server cannot validate without starting the idle time again.
        assert_eq!(
            changing(&OPENAM),
            ["get_session_info", "get_session_properties", "query"]
        );
    }
}
