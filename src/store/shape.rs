//! What the loaded rows hold, field by field: kept as rows arrive, so that columns are laid out without
//! looking at the rows.

use enum_map::EnumMap;
use strum::IntoEnumIterator;

use crate::model::text::{JSON_MARK, display_safe, is_plain, start_of, width_cols};
use crate::model::{Field, RowRef};

/// Wider values are not told apart: no column of the table is this wide.
const WIDEST: usize = 80;

/// The widest value of each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    widest: EnumMap<Field, u16>,
}

impl Shape {
    /// Takes a row that has arrived.
    pub fn add(&mut self, row: &RowRef<'_>) {
        let user = row.user.as_deref().or(row.user_id.as_deref());
        for (field, text) in [
            (Field::User, user),
            (Field::UserId, row.user_id.as_deref()),
            (Field::Id, Some(&*row.label)),
            (Field::Kind, row.kind.as_deref()),
            (Field::Client, row.client.as_deref()),
            (Field::Ip, row.ip.as_deref()),
            (Field::Agent, row.user_agent.as_deref()),
            (Field::Method, row.auth_method.as_deref()),
            (Field::Scope, row.scope.as_deref()),
        ] {
            let Some(text) = text.filter(|text| !text.is_empty()) else {
                continue;
            };
            let mark = if row.is_json[field] {
                width_cols(JSON_MARK) as u16 + 1
            } else {
                0
            };
            // Most rows bring nothing wider.
            if text.len() + usize::from(mark) > usize::from(self.widest[field]) || !is_plain(text) {
                self.widen(field, cells(text) + mark);
            }
        }
        for (field, instant) in [
            (Field::Created, row.created),
            (Field::Used, row.last_used),
            (Field::Expires, row.expires),
            (Field::Ended, row.ended),
        ] {
            if instant.is_some() {
                self.widen(field, 1);
            }
        }
    }

    /// Takes all that another one has seen.
    pub fn add_all(&mut self, other: &Self) {
        for field in Field::iter() {
            self.widen(field, other.widest[field]);
        }
    }

    /// Cells of the widest value of a text field; at least 1 if any row has an instant. 0: no row has one.
    pub fn widest(&self, field: Field) -> u16 {
        self.widest[field]
    }

    fn widen(&mut self, field: Field, cells: u16) {
        let widest = &mut self.widest[field];
        *widest = cells.max(*widest);
    }
}

/// Cells that a text takes once it is cleaned.
fn cells(text: &str) -> u16 {
    if is_plain(text) {
        return text.chars().count().min(WIDEST) as u16;
    }
    let start = start_of(text, WIDEST * 4);
    width_cols(&display_safe(start)).min(WIDEST) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rows: &[RowRef<'_>]) -> Shape {
        let mut shape = Shape::default();
        for row in rows {
            shape.add(row);
        }
        shape
    }

    #[test]
    fn the_widest_value_is_kept_in_cells_and_a_field_without_a_value_is_empty() {
        let mut first = RowRef::new("k", "ss:1");
        first.user_id = Some("inum=17".into());
        first.client = Some("日本".into());
        first.ip = Some("".into());
        let mut second = RowRef::new("k", "ss:22");
        second.user = Some("amy\u{202e}".into());
        second.created = Some(chrono::DateTime::UNIX_EPOCH);

        let all = shape(&[first.clone(), second]);

        for (field, cells) in [
            (Field::User, 3 + "<U+202E>".len() as u16),
            (Field::UserId, 7),
            (Field::Id, 5),
            (Field::Client, 4),
            (Field::Ip, 0),
            (Field::Created, 1),
            (Field::Used, 0),
        ] {
            assert_eq!(all.widest(field), cells, "{field:?}");
        }
        let mut sum = shape(&[first]);
        sum.add_all(&all);
        assert_eq!(sum, all);
    }
}
