//! Searches for web sessions, and the conditions that they become.

use std::num::NonZeroU16;

use super::*;
use crate::api::cockroach::caps;
use crate::model::Query;
use crate::model::time::{Zone, parse_instant};

fn search(query: &str) -> Search {
    let now = parse_instant("2026-03-14 09:41:55", Zone::Utc).unwrap();
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    Search::new(query, NonZeroU16::new(500).unwrap(), now)
}

fn native(query: &str) -> Native {
    translate(&search(query), &caps::capabilities())
}

#[test]
fn clauses_become_conditions_with_parameters() {
    for (query, conditions, arguments, stays) in [
        ("", "", &[][..], 0),
        ("user:Web_User", "w.username = $1", &["web_user"][..], 0),
        ("user:e\u{301}va", "w.username = $1", &["\u{e9}va"], 0),
        ("user:ada,bob", "w.username IN ($1, $2)", &["ada", "bob"], 0),
        ("user:a_*", "w.username LIKE $1", &["a\\_%"], 1),
        ("user!=ada", "", &[], 1),
        ("-user:ada", "", &[], 1),
        ("user~^a", "", &[], 1),
        ("50%", "w.username LIKE $1", &["%50\\%%"], 1),
        ("7844", "", &[], 1),
        ("id:784449219848241153", "w.id = 784449219848241153", &[], 0),
        (
            "id:web/784449219848241153/ada",
            "w.id = 784449219848241153 AND w.username = $1",
            &["ada"],
            0,
        ),
        (
            "state:active",
            "w.\"revokedAt\" IS NULL AND w.\"expiresAt\" > now()::TIMESTAMP",
            &[],
            1,
        ),
        (
            "state:expired",
            "w.\"revokedAt\" IS NULL AND w.\"expiresAt\" <= now()::TIMESTAMP",
            &[],
            1,
        ),
        ("state:revoked", "w.\"revokedAt\" IS NOT NULL", &[], 1),
        ("state:revoked,active", "", &[], 1),
        (
            "created>2026-03-14",
            "w.\"createdAt\" >= $1::TIMESTAMP",
            &["2026-03-14 00:00:00.000000"],
            1,
        ),
        (
            "expires:2026-03-14 user:ada",
            "w.\"expiresAt\" >= $1::TIMESTAMP AND w.\"expiresAt\" < $2::TIMESTAMP AND w.username = $3",
            &[
                "2026-03-14 00:00:00.000000",
                "2026-03-15 00:00:00.000000",
                "ada",
            ],
            1,
        ),
        (
            "ended<now-1h",
            "w.\"revokedAt\" <= $1::TIMESTAMP",
            &["2026-03-14 08:41:55.000000"],
            1,
        ),
        ("age>1h @node:1 own:no", "", &[], 3),
    ] {
        let native = native(query);

        assert_eq!(native.conditions.join(" AND "), conditions, "{query}");
        assert_eq!(native.arguments, arguments, "{query}");
        assert_eq!(native.plan.rest.len(), stays, "{query}");
        assert!(!native.is_empty, "{query}");
    }
}

#[test]
fn hostile_text_is_a_parameter_and_never_sql() {
    for text in [
        "'; DROP TABLE system.web_sessions; --",
        "\u{1f600}' OR '1'='1",
        "a\\",
        "$1",
        "\"",
    ] {
        let clause = Clause::field(Field::User, Op::Eq, Value::Text(text.into()));
        let mut asked = search("");
        asked.query.clauses = vec![clause];

        let native = translate(&asked, &caps::capabilities());

        assert_eq!(native.conditions, ["w.username = $1"], "{text}");
        assert_eq!(native.arguments, [normal(text)], "{text}");
    }
    let mut asked = search("");
    asked.query.clauses = vec![Clause::field(
        Field::User,
        Op::Eq,
        Value::Text("a\0b".into()),
    )];
    assert!(translate(&asked, &caps::capabilities()).is_empty);
    assert!(native("id:17x").is_empty);
}

#[test]
fn a_search_is_about_web_sessions_unless_it_says_otherwise() {
    for (query, web, sql) in [
        ("", true, false),
        ("user:ada", true, false),
        ("kind:sql", false, true),
        ("kind:web,sql", true, true),
        ("kind:*", true, true),
        ("-kind:web", false, true),
        ("kind:other", false, false),
        ("id:17f2b1c9a0d34e5600000000000000a1", false, true),
    ] {
        assert_eq!(kinds(&search(query)).unwrap(), (web, sql), "{query}");
    }
}

#[test]
fn the_newest_come_first_by_their_ids() {
    let by = |field: Field, descending| {
        let sort = Some(Sort {
            by: field.into(),
            descending,
        });
        let asked = Search { sort, ..search("") };
        translate(&asked, &caps::capabilities())
    };
    for (field, descending, turned) in [
        (Field::Id, true, true),
        (Field::Created, true, true),
        (Field::Created, false, false),
        (Field::Age, false, true),
        (Field::User, true, false),
    ] {
        assert_eq!(by(field, descending).is_descending, turned, "{field:?}");
    }
    assert_eq!(by(Field::Id, true).start(), From::Before(i64::MAX));
}
