//! Properties that hold for any text and any query.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use strum::IntoEnumIterator;

use crate::model::page::RowRef;
use crate::model::query::{
    Base, Clause, Field, Matcher, Op, Query, RowIn, Target, Thresholds, Value, ValueKind, When,
};
use crate::model::session::{Deletable, Fact, State};
use crate::model::time::{Zone, from_epoch_ms};

const NOW_MS: i64 = 1_795_270_020_000;

fn now() -> DateTime<Utc> {
    from_epoch_ms(NOW_MS).expect("in range")
}

/// Text that is likely to confuse a parser.
fn awkward_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z*]{0,6}",
        "[-a-z@:=!<>~,\" \\\\*.0-9]{0,10}",
        "\\PC{0,6}",
        Just("fe80::1".to_owned()),
        Just("user:x".to_owned()),
        Just("a,user:x".to_owned()),
        Just("2024-10-12 00:00".to_owned()),
    ]
}

/// Queries that are nearly right.
fn near_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "user",
            "ip",
            "created",
            "idle",
            "state",
            "own",
            "id",
            "@a",
            "@\"",
            "-",
            ",",
            " ",
            "\"",
            ":",
            "=",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
            "~",
            "now-2h",
            "today",
            "2024-10-12",
            "00:00",
            "active",
            "yes",
            "10.0.0.0/8",
            "fe80::1",
            "\\",
            "*",
            "2h",
            "jdoe",
            "日本",
        ])
        .prop_map(str::to_owned),
        awkward_text(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_000_i64).prop_map(|ms| from_epoch_ms(ms).expect("in range"))
}

fn when() -> impl Strategy<Value = When> {
    let base = prop_oneof![
        Just(Base::Now),
        Just(Base::Today),
        Just(Base::Yesterday),
        instant().prop_map(|at| Base::Day(at.date_naive())),
        instant().prop_map(|at| Base::Local(at.naive_utc())),
        instant().prop_map(Base::Exact),
    ];
    let offset = prop_oneof![Just(0), -10_000_000..10_000_000_i64].prop_map(TimeDelta::seconds);
    (base, offset).prop_map(|(base, offset)| When { base, offset })
}

fn value_of(kind: ValueKind) -> BoxedStrategy<Value> {
    let one_of = |words: Vec<&'static str>| {
        prop::sample::select(words)
            .prop_map(|word| Value::Text(word.into()))
            .boxed()
    };
    match kind {
        ValueKind::Text | ValueKind::Exact => {
            awkward_text().prop_map(|t| Value::Text(t.into())).boxed()
        }
        ValueKind::Address => one_of(vec!["10.0.0.0/8", "10.0.4.18", "fe80::1", "::/0", "10.*"]),
        ValueKind::State => one_of(State::iter().map(State::word).collect()),
        ValueKind::YesNo => one_of(vec!["yes", "no", "unknown"]),
        ValueKind::Instant => when().prop_map(Value::Instant).boxed(),
        ValueKind::Duration => (0..10_000_000_i64)
            .prop_map(|s| Value::Duration(TimeDelta::seconds(s)))
            .boxed(),
    }
}

fn clause() -> impl Strategy<Value = Clause> {
    let fields: Vec<Field> = Field::iter().collect();
    let target = prop_oneof![
        1 => Just(Target::Word),
        1 => awkward_text()
            .prop_filter("a name is not empty", |name| !name.is_empty())
            .prop_map(|name| Target::Attribute(name.into())),
        6 => prop::sample::select(fields).prop_map(Target::Field),
    ];
    (target, any::<prop::sample::Index>(), any::<bool>()).prop_flat_map(
        |(target, op_index, negated)| {
            let kind = match &target {
                Target::Field(field) => field.kind(),
                Target::Word | Target::Attribute(_) => ValueKind::Text,
            };
            let ops: &[Op] = match kind {
                ValueKind::Instant | ValueKind::Duration => {
                    &[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]
                }
                _ => &[Op::Eq, Op::Ne],
            };
            let is_word = target == Target::Word;
            let op = if is_word { Op::Eq } else { *op_index.get(ops) };
            let most = if is_word { 2 } else { 4 };
            prop::collection::vec(value_of(kind), 1..most).prop_map(move |values| Clause {
                target: target.clone(),
                op,
                values,
                negated,
                at: 0..0,
            })
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    prop::collection::vec(clause(), 0..5).prop_map(|clauses| Query { clauses })
}

fn row() -> impl Strategy<Value = RowRef<'static>> {
    let text = || prop::option::of(awkward_text());
    let moment = || {
        prop::option::of((-1_000_000..1_000_000_i64).prop_map(|s| now() + TimeDelta::seconds(s)))
    };
    let ip = prop::option::of(prop::sample::select(vec![
        "10.0.4.18",
        "fe80::1",
        "?",
        "1.2.3.4:5",
    ]));
    let fact = prop::sample::select(vec![
        Fact::Live,
        Fact::Unauthenticated,
        Fact::Revoked,
        Fact::Unknown,
    ]);
    let texts = (text(), text(), text(), text(), ip);
    let moments = (moment(), moment(), moment(), moment());
    (
        texts,
        moments,
        fact,
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    )
        .prop_map(|(texts, moments, fact, own, deletable)| {
            let mut row = RowRef::new("key", "label");
            row.user = texts.0.map(Into::into);
            row.user_id = texts.1.map(Into::into);
            row.client = texts.2.map(Into::into);
            row.user_agent = texts.3.map(Into::into);
            row.ip = texts.4.map(Into::into);
            (row.created, row.last_used, row.expires, row.ended) = moments;
            row.fact = fact;
            row.own = own;
            row.deletable = match deletable {
                Some(true) => Deletable::Yes,
                Some(false) => Deletable::No("protected".to_owned()),
                None => Deletable::Unknown,
            };
            row
        })
}

fn means(clauses: &[Clause], row: &RowRef<'_>) -> bool {
    let (profile, system) = ("prod", "janssen");
    Matcher::new(clauses, now(), Zone::Utc, Thresholds::default())
        .expect("what is generated fits")
        .matches(&RowIn {
            row,
            profile,
            system,
        })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_its_place(text in prop_oneof![near_query(), any::<String>()]) {
        if let Err(error) = Query::parse(&text) {
            prop_assert!(error.at.start <= error.at.end && error.at.end <= text.len());
            prop_assert!(text.is_char_boundary(error.at.start) && text.is_char_boundary(error.at.end));
            prop_assert_eq!(error.report(&text).lines().count(), 3);
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn what_reads_prints_and_reads_again(text in near_query()) {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            let again = Query::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&query), "{}", printed);
            prop_assert_eq!(query.to_string(), printed);
        }
    }

    #[test]
    fn what_is_built_prints_and_reads_again(query in query()) {
        let printed = query.to_string();
        let again = Query::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&query), "{}", printed);
    }

    #[test]
    fn whatever_reads_can_be_matched(text in near_query()) {
        if let Ok(query) = Query::parse(&text) {
            let made = Matcher::new(&query.clauses, now(), Zone::Utc, Thresholds::default());
            prop_assert!(made.is_ok(), "{:?}", made);
        }
    }

    #[test]
    fn a_negation_is_the_complement(clause in clause(), row in row()) {
        let is_meant = means(std::slice::from_ref(&clause), &row);
        prop_assert_eq!(means(&[clause.negate()], &row), !is_meant);
    }

    #[test]
    fn unequal_is_the_negation_of_equal(clause in clause(), row in row()) {
        let equal = Clause { op: Op::Eq, ..clause };
        let unequal = Clause { op: Op::Ne, ..equal.clone() };
        prop_assert_eq!(means(&[unequal], &row), !means(&[equal], &row));
    }

    #[test]
    fn a_query_is_the_conjunction_of_its_clauses(query in query(), row in row()) {
        let each = query.clauses.iter().all(|clause| means(std::slice::from_ref(clause), &row));
        prop_assert_eq!(means(&query.clauses, &row), each);
    }

    #[test]
    fn several_values_are_alternatives(clause in clause(), row in row()) {
        let op = if clause.op == Op::Ne { Op::Eq } else { clause.op };
        let clause = Clause { op, negated: false, ..clause };
        let any = clause.values.iter().any(|value| {
            means(&[Clause { values: vec![value.clone()], ..clause.clone() }], &row)
        });
        prop_assert_eq!(means(&[clause], &row), any);
    }
}
