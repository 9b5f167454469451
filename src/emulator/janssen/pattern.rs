//! `pattern`: tokens separated by commas, any of which must occur in one of five columns.

use super::render;
use super::world::{Session, World};
use crate::emulator::rng::uuid_text;

/// The tokens of a `pattern`. None at all matches everything.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// Cuts the parameter at commas.
    pub(super) fn new(parameter: &str) -> Self {
        Pattern(
            parameter
                .split(',')
                .filter(|token| !token.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether a session passes.
    pub(super) fn passes(&self, world: &World, session: &Session) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let json = |value: Result<String, serde_json::Error>| {
            value.expect("maps with text keys always become JSON")
        };
        let columns = [
            json(serde_json::to_string(&render::attributes(world, session))),
            uuid_text(session.id),
            session.sid.as_deref().unwrap_or_default().to_owned(),
            render::user_dn(world, session).unwrap_or_default(),
            json(serde_json::to_string(&render::permissions(world, session))),
        ];
        self.0
            .iter()
            .any(|token| columns.iter().any(|column| occurs(token, column)))
    }
}

/// SQL `LIKE '%token%'`: `%` and `_` keep their meaning inside the token.
fn occurs(token: &str, column: &str) -> bool {
    if !token.contains(['%', '_']) {
        return column.contains(token);
    }
    let column = column.chars().collect::<Vec<_>>();
    let pieces = token.split('%').map(|p| p.chars().collect::<Vec<_>>());
    let mut from = 0;
    for piece in pieces {
        let fits = |at: &usize| {
            piece
                .iter()
                .zip(&column[*at..])
                .all(|(want, given)| *want == '_' || want == given)
        };
        let last = column.len().checked_sub(piece.len());
        match last.and_then(|last| (from..=last).find(fits)) {
            Some(at) => from = at + piece.len(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::occurs;

    #[test]
    fn wildcards_of_sql_are_live_inside_a_token() {
        for (token, column, expected) in [
            ("203.0", "x203.0.113", true),
            ("203.1", "x203.0.113", false),
            ("a_c", "xxabcxx", true),
            ("a_c", "xxacxx", false),
            ("a%c", "xxa123cxx", true),
            ("a%c", "xxc123axx", false),
            ("%", "", true),
            ("_", "", false),
            ("f_r", "xfür", true),
        ] {
            assert_eq!(occurs(token, column), expected, "{token} in {column}");
        }
    }
}
