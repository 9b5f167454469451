//! The texts that the live filter looks for, so that they stand out in the cells.

use std::ops::Range;

use super::state::State;
use crate::model::{Field, Op, Property, Target};

/// The texts, in lower case, each with the column in which it stands out. `None`: in every column.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Option<Property>, String)>);

impl Hits {
    /// The texts of the filter over loaded rows.
    pub fn of(state: &State) -> Self {
        let live = state.results.live.as_ref();
        let clauses = live.and_then(|live| live.query.as_ref());
        let clauses = clauses.into_iter().flat_map(|query| &query.clauses);
        let mut hits = Vec::new();
        for clause in clauses.filter(|clause| !clause.negated && clause.op == Op::Eq) {
            let column = match &clause.target {
                Target::Word => None,
                // The table shows its label.
                Target::Field(Field::Id) => continue,
                Target::Field(field) => Some(Property::from(*field)),
                Target::Attribute(name) => Some(Property::Attribute(name.to_string().into())),
            };
            for text in clause.texts() {
                let longest = text.split('*').max_by_key(|piece| piece.len());
                let longest = longest.unwrap_or_default().to_lowercase();
                if !longest.is_empty() {
                    hits.push((column.clone(), longest));
                }
            }
        }
        Self(hits)
    }

    /// Where one of them begins and ends in the text of a cell, in bytes. `None`: none is in it.
    pub fn find(&self, column: &Property, text: &str) -> Option<Range<usize>> {
        let of_column = |wanted: &Option<Property>| wanted.as_ref().is_none_or(|it| it == column);
        let mut wanted = self.0.iter().filter(|(it, _)| of_column(it)).peekable();
        wanted.peek()?;
        let lower = text.to_lowercase();
        wanted.find_map(|(_, hit)| {
            let start = lower.find(hit.as_str())?;
            let range = start..start + hit.len();
            // Letters whose lower case has another length would shift the place.
            let fits = lower.len() == text.len() && text.get(range.clone()).is_some();
            fits.then_some(range)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_is_found_in_its_column_whatever_its_case() {
        let hits = Hits(vec![
            (None, "doe".to_owned()),
            (Some(Field::Client.into()), "web".to_owned()),
        ]);
        for (column, text, found) in [
            (Field::User, "JDoe@example.org", Some(1..4)),
            (Field::Client, "portal-web", Some(7..10)),
            (Field::User, "webmaster", None),
            (Field::User, "", None),
            (Field::User, "İ doe", None),
        ] {
            assert_eq!(hits.find(&column.into(), text), found, "{text}");
        }
    }
}
