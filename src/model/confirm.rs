//! When a confirmation must be typed: the same numbers for the screen and the command line.

use super::text::with_thousands;

/// The least number of sessions for which their number or the user's name must be typed, where the
/// profile sets no other.
pub const TYPED_FROM: usize = 10;
/// The same, where at least one of the sessions is on a production system.
pub const TYPED_FROM_ON_PRODUCTION: usize = 2;
/// The same, where at least one of them is on a system whose certificate is not checked.
pub const TYPED_FROM_UNCHECKED: usize = 2;

/// Facts that make it worse to end a session by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// One of the sessions is on a production system.
    pub production: bool,
    /// One of them is on a system whose certificate is not checked.
    pub insecure: bool,
    /// From so many sessions on, by the strictest of their profiles.
    pub typed_from: usize,
}

impl Default for Risk {
    fn default() -> Self {
        Self {
            production: false,
            insecure: false,
            typed_from: TYPED_FROM,
        }
    }
}

impl Risk {
    /// The risk of sessions of both.
    pub fn and(self, other: Self) -> Self {
        Self {
            production: self.production || other.production,
            insecure: self.insecure || other.insecure,
            typed_from: self.typed_from.min(other.typed_from),
        }
    }
}

/// Why the end of so many sessions has to be confirmed by typing, as the rest of a sentence that begins
/// "typed because". `None`: a `y` is enough.
pub fn typed_because(sessions: usize, risk: Risk) -> Option<String> {
    match sessions {
        TYPED_FROM_ON_PRODUCTION.. if risk.production => Some("this is production".into()),
        TYPED_FROM_UNCHECKED.. if risk.insecure => Some("its certificate is not checked".into()),
        _ if sessions < risk.typed_from => None,
        _ if risk.typed_from == 1 => Some("its profile asks for it".into()),
        _ => Some(format!(
            "it ends {} sessions or more",
            with_thousands(risk.typed_from as u64)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_del_12_many_sessions_and_few_on_production_have_to_be_typed() {
        let risk = |production, insecure, typed_from| Risk {
            production,
            insecure,
            typed_from,
        };
        let usual = |production, insecure| risk(production, insecure, TYPED_FROM);
        for (sessions, risk, typed) in [
            (1, usual(false, false), None),
            (1, usual(true, true), None),
            (2, usual(false, false), None),
            (2, usual(true, false), Some("this is production")),
            (
                2,
                usual(false, true),
                Some("its certificate is not checked"),
            ),
            (9, usual(false, false), None),
            (10, usual(false, false), Some("it ends 10 sessions or more")),
            (10, usual(true, false), Some("this is production")),
            (4, risk(false, false, 5), None),
            (5, risk(false, false, 5), Some("it ends 5 sessions or more")),
            (1, risk(false, false, 1), Some("its profile asks for it")),
            (1, risk(true, false, 1), Some("its profile asks for it")),
            (999, risk(false, false, 1_000), None),
            (2, risk(true, false, 1_000), Some("this is production")),
            (
                2,
                risk(false, true, 1_000),
                Some("its certificate is not checked"),
            ),
        ] {
            let because = typed_because(sessions, risk);
            assert_eq!(because.as_deref(), typed, "{sessions}, {risk:?}");
        }
    }

    #[test]
    fn the_strictest_of_several_profiles_counts() {
        let strict = Risk {
            typed_from: 5,
            ..Risk::default()
        };
        let production = Risk {
            production: true,
            ..Risk::default()
        };

        let both = strict.and(production);

        assert!(both.production && !both.insecure);
        assert_eq!(both.typed_from, 5);
    }
}
