//! The order of the rows at first, and in words.

use super::state::State;
use crate::model::{Field, Property, Sort, Support};

/// The order at first, where the profile names none.
pub const NEWEST_FIRST: Sort = Sort {
    by: Property::Field(Field::Created),
    descending: true,
};

/// The order at first: that of the first open profile; where it names none the newest first, or the last
/// used first if no open system tells when a session began.
pub fn at_first(state: &State) -> Sort {
    let mut sources = state.sources.iter();
    if let Some(sort) = sources.next().and_then(|s| s.profile.policy.sort.clone()) {
        return sort;
    }
    let known: Vec<_> = state
        .sources
        .iter()
        .filter_map(|s| s.caps.as_ref())
        .collect();
    let tells = |field| known.iter().any(|caps| caps.support(field) != Support::No);
    if !known.is_empty() && !tells(Field::Created) && tells(Field::Used) {
        return Sort {
            by: Field::Used.into(),
            descending: true,
        };
    }
    NEWEST_FIRST
}

/// The order in words: "newest first", "by user, newest first".
pub fn words(sort: &Sort) -> String {
    let field = sort.by.field();
    let fixed = match (field, sort.descending) {
        (Some(Field::Created | Field::Age), true) => "newest first",
        (Some(Field::Created | Field::Age), false) => "oldest first",
        (Some(Field::Used | Field::Idle), true) => "last used first",
        (Some(Field::Used | Field::Idle), false) => "longest idle first",
        (Some(Field::Expires | Field::Left), true) => "last to end first",
        (Some(Field::Expires | Field::Left), false) => "next to end first",
        (Some(Field::Ended), true) => "last ended first",
        (Some(Field::Ended), false) => "first ended first",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.to_owned();
    }
    let name = sort.by.name();
    if sort.descending {
        format!("by {name}, z to a")
    } else {
        format!("by {name}, newest first")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_told_in_words() {
        for (field, descending, expected) in [
            (Field::Created, true, "newest first"),
            (Field::Expires, false, "next to end first"),
            (Field::User, false, "by user, newest first"),
            (Field::User, true, "by user, z to a"),
        ] {
            let by = field.into();

            assert_eq!(words(&Sort { by, descending }), expected, "{field:?}");
        }
    }
}
