//! Which sessions are left alone when sessions are ended: one rule for the screen and the command line.

use super::{Deletable, Revoke, State};

/// Why a session is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt {
    /// It has ended already.
    Over(State),
    /// It is the operator's own session.
    Own,
    /// It is somebody else's session, and this system ends the operator's own only.
    NotOwn,
    /// The system does not let anybody end it, with its reason.
    NotDeletable(String),
}

/// The reason why a session is left out of a revoke. `None`: it is sent.
///
/// `own` is `None` where the system cannot tell whose session it is. `over` is the state of a session that
/// has ended for certain. An expiry that only our clock says is not certain.
pub fn exempt(
    over: Option<State>,
    own: Option<bool>,
    deletable: &Deletable,
    revoke: Revoke,
) -> Option<Exempt> {
    if let Some(state) = over {
        return Some(Exempt::Over(state));
    }
    match (own, revoke) {
        (Some(true), Revoke::OwnOnly) => {}
        (_, Revoke::OwnOnly) => return Some(Exempt::NotOwn),
        (Some(true), _) => return Some(Exempt::Own),
        _ => {}
    }
    let why = deletable.why_not()?;
    Some(Exempt::NotDeletable(why.to_owned()))
}

impl Exempt {
    /// The reason as a clause about the session: "it is …".
    pub fn reason(&self) -> String {
        match self {
            Self::Over(State::Revoked) => "it has already been revoked".into(),
            Self::Over(state) => format!("it is already {}", state.word()),
            Self::Own => OWN.into(),
            Self::NotOwn => "only the session of usher itself can be ended here".into(),
            Self::NotDeletable(why) => why.clone(),
        }
    }
}

/// Why the operator's own session is not ended.
const OWN: &str = "it is the session you are signed in with";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_the_same_for_every_kind_of_system() {
        let no = Deletable::No("the server's own".into());
        for (over, own, deletable, revoke, expected) in [
            (None, None, &Deletable::Yes, Revoke::One, None),
            (None, Some(false), &Deletable::Yes, Revoke::Batch(5), None),
            (None, Some(true), &Deletable::Yes, Revoke::One, Some(OWN)),
            (None, Some(true), &Deletable::Yes, Revoke::OwnOnly, None),
            (
                None,
                Some(false),
                &Deletable::Yes,
                Revoke::OwnOnly,
                Some("only the session of usher itself can be ended here"),
            ),
            (None, None, &no, Revoke::One, Some("the server's own")),
            (
                Some(State::Revoked),
                Some(true),
                &no,
                Revoke::One,
                Some("it has already been revoked"),
            ),
            (
                Some(State::Expired),
                None,
                &Deletable::Yes,
                Revoke::One,
                Some("it is already expired"),
            ),
        ] {
            let reason = exempt(over, own, deletable, revoke).map(|why| why.reason());
            assert_eq!(reason.as_deref(), expected, "{over:?} {own:?} {revoke:?}");
        }
    }
}
