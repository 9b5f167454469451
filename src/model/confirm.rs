//! When it is not enough to say yes: the same numbers for the screen and for the command line.

/// From so many sessions on, their number or the user's name has to be typed.
pub const TYPED_FROM: usize = 10;
/// From so many sessions on, of which one at least is on a production system.
pub const TYPED_FROM_ON_PRODUCTION: usize = 2;
/// From so many sessions on, of which one at least is on a system whose certificate is not checked.
pub const TYPED_FROM_UNCHECKED: usize = 2;

/// What makes it worse to end a session by mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// One of the sessions is on a production system.
    pub production: bool,
    /// One of them is on a system whose certificate is not checked.
    pub insecure: bool,
}

/// Why the end of so many sessions has to be confirmed by typing, as the rest of a sentence that begins
/// "typed because". `None`: a `y` is enough.
pub fn typed_because(sessions: usize, risk: Risk) -> Option<&'static str> {
    match sessions {
        TYPED_FROM_ON_PRODUCTION.. if risk.production => Some("this is production"),
        TYPED_FROM_UNCHECKED.. if risk.insecure => Some("its certificate is not checked"),
        TYPED_FROM.. => Some("it ends 10 sessions or more"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sessions_and_few_on_production_have_to_be_typed() {
        let risk = |production, insecure| Risk {
            production,
            insecure,
        };
        for (sessions, risk, typed) in [
            (1, risk(false, false), false),
            (1, risk(true, true), false),
            (2, risk(false, false), false),
            (2, risk(true, false), true),
            (2, risk(false, true), true),
            (9, risk(false, false), false),
            (10, risk(false, false), true),
            (10, risk(true, false), true),
        ] {
            assert_eq!(
                typed_because(sessions, risk).is_some(),
                typed,
                "{sessions}, {risk:?}"
            );
        }
    }
}
