//! When it is not enough to say yes: the same numbers for the screen and for the command line.

/// From so many sessions on, their number or the user's name has to be typed.
pub const TYPED_FROM: usize = 10;
/// From so many sessions on, of which one at least is on a production system.
pub const TYPED_FROM_ON_PRODUCTION: usize = 2;

/// Why the end of so many sessions has to be confirmed by typing, as the rest of a sentence that begins
/// "typed because". `None`: a `y` is enough. `production`: is one of them on a production system?
pub fn typed_because(sessions: usize, production: bool) -> Option<&'static str> {
    match sessions {
        TYPED_FROM_ON_PRODUCTION.. if production => Some("this is production"),
        TYPED_FROM.. => Some("it ends 10 sessions or more"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sessions_and_few_on_production_have_to_be_typed() {
        for (sessions, production, typed) in [
            (1, false, false),
            (1, true, false),
            (2, false, false),
            (2, true, true),
            (9, false, false),
            (10, false, true),
            (10, true, true),
        ] {
            assert_eq!(
                typed_because(sessions, production).is_some(),
                typed,
                "{sessions}, production: {production}"
            );
        }
    }
}
