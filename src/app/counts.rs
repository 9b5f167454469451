//! Counts over the rows that are shown: what is asked of the worker, and which clauses keep a group.

use crate::model::{AddressClass, Clause, Field, Op, Target, Value};
use crate::store::{Began, Group, GroupBy, Order, Rows, View, began, groups};

/// The counts that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The groups, by each property in the order in which they were asked for.
    pub groups: Vec<(GroupBy, Vec<Group>)>,
    /// When the rows began. `None`: that was not asked for.
    pub began: Option<Began>,
    /// How many rows were counted.
    pub rows: usize,
}

/// Steps in which beginnings are counted.
const STEPS: usize = 66;

/// Counts rows: by each of these properties, and when they began if that is asked. Looks at every row, so
/// that it is work for off the loop.
pub fn count(rows: &Rows, order: &Order, view: &View, by: &[GroupBy], asks_began: bool) -> Counts {
    let of = |by: &GroupBy| (*by, groups(rows, order, view, *by));
    Counts {
        groups: by.iter().map(of).collect(),
        began: asks_began.then(|| began(rows, order, view.now, STEPS)),
        rows: order.len(),
    }
}

/// The properties in the order in which a person goes through them.
pub const ALL: [GroupBy; 10] = [
    GroupBy::User,
    GroupBy::Client,
    GroupBy::Address,
    GroupBy::Network,
    GroupBy::AddressClass,
    GroupBy::State,
    GroupBy::Method,
    GroupBy::Profile,
    GroupBy::Kind,
    GroupBy::Hint,
];

/// The name of a property for people, and behind `group` in the palette.
pub fn name(by: GroupBy) -> &'static str {
    match by {
        GroupBy::User => "user",
        GroupBy::Client => "client",
        GroupBy::Address => "address",
        GroupBy::Network => "network",
        GroupBy::AddressClass => "ip class",
        GroupBy::State => "state",
        GroupBy::Method => "method",
        GroupBy::Profile => "profile",
        GroupBy::Kind => "kind",
        GroupBy::Hint => "hint",
    }
}

fn field(by: GroupBy) -> Field {
    match by {
        GroupBy::User => Field::User,
        GroupBy::Client => Field::Client,
        GroupBy::Address | GroupBy::Network | GroupBy::AddressClass => Field::Ip,
        GroupBy::State => Field::State,
        GroupBy::Method => Field::Method,
        GroupBy::Profile => Field::Profile,
        GroupBy::Kind => Field::Kind,
        GroupBy::Hint => Field::Hint,
    }
}

/// The clauses that keep only the rows of a group.
pub fn clauses(by: GroupBy, group: &Group) -> Vec<Clause> {
    let field = field(by);
    let is = |text: &str| Clause::field(field, Op::Eq, Value::Text(text.into()));
    let Some(value) = &group.value else {
        return vec![is("*").negate()];
    };
    let read = |value: &str| {
        Clause::read(Target::Field(field), Op::Eq, value).unwrap_or_else(|_| is(value))
    };
    // An address that is a list of addresses may be of several classes.
    if by == GroupBy::AddressClass && value.split(", ").all(is_class) {
        return value.split(", ").map(read).collect();
    }
    let mut clauses = vec![read(value)];
    if !group.names.is_empty() {
        let names = group
            .names
            .iter()
            .map(|name| Value::Text(name.as_str().into()));
        clauses[0].values = names.collect();
    }
    // In a query, active means usable now: idle and expiring sessions are too.
    if by == GroupBy::State && value == "active" {
        clauses.push(is("idle").negate());
        clauses.push(is("expiring").negate());
    }
    clauses
}

fn is_class(word: &str) -> bool {
    AddressClass::of_word(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(by: GroupBy, value: Option<&str>) -> String {
        let group = Group {
            value: value.map(Into::into),
            names: Vec::new(),
            count: 1,
            newest: None,
        };
        let query: crate::model::Query = clauses(by, &group).into_iter().collect();
        query.to_string()
    }

    #[test]
    fn a_person_with_several_names_is_kept_by_all_of_them() {
        let group = Group {
            value: Some("jane".into()),
            names: vec!["j.doe@example.com".into(), "jane".into()],
            count: 2,
            newest: None,
        };
        let query: crate::model::Query = clauses(GroupBy::User, &group).into_iter().collect();
        assert_eq!(query.to_string(), "user:j.doe@example.com,jane");
    }

    #[test]
    fn a_group_is_kept_by_clauses_of_the_query_language() {
        for (by, value, query) in [
            (GroupBy::User, Some("a b"), "user:\"a b\""),
            (GroupBy::User, None, "-user:*"),
            (
                GroupBy::Network,
                Some("203.0.113.0/24"),
                "ip:203.0.113.0/24",
            ),
            (GroupBy::AddressClass, Some("private"), "ip:private"),
            (
                GroupBy::AddressClass,
                Some("public, private"),
                "ip:public ip:private",
            ),
            (GroupBy::AddressClass, Some("a, b"), "ip:\"a, b\""),
            (GroupBy::AddressClass, None, "-ip:*"),
            (GroupBy::Hint, Some("no-expiry"), "hint:no-expiry"),
            (GroupBy::Hint, None, "-hint:*"),
            (GroupBy::State, Some("idle"), "state:idle"),
            (
                GroupBy::State,
                Some("active"),
                "state:active -state:idle -state:expiring",
            ),
        ] {
            assert_eq!(kept(by, value), query);
        }
    }
}
