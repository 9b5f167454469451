//! Text to query and back.

use crate::model::query::{Clause, Field, Op, Query, Target};

/// The query as canonical text.
fn canonical(text: &str) -> String {
    Query::parse(text)
        .unwrap_or_else(|error| panic!("{}", error.report(text)))
        .to_string()
}

fn refused(text: &str) -> String {
    let error = Query::parse(text).expect_err(text);
    error.report(text)
}

#[test]
fn queries_are_read_and_printed_with_canonical_names() {
    for (text, printed) in [
        ("", ""),
        ("  , ,", ""),
        ("jdoe", "jdoe"),
        ("user:jdoe", "user:jdoe"),
        ("auth_user=jdoe", "user:jdoe"),
        ("USERNAME=jdoe", "user:jdoe"),
        ("user!=jdoe", "user!=jdoe"),
        ("-user:jdoe", "-user:jdoe"),
        ("state:active,idle", "state:active,idle"),
        ("status=Active", "state:active"),
        (
            "auth_user=admin,expirationDate>2024-10-12 00:00:00",
            "user:admin expires>2024-10-12 00:00:00",
        ),
        (
            "expires>2024-10-12 00:00 jdoe",
            "expires>2024-10-12 00:00:00 jdoe",
        ),
        ("expires>2024-10-12 jdoe", "expires>2024-10-12 jdoe"),
        (
            "created=2024-10-12 01:02,2024-10-13",
            "created=2024-10-12 01:02:00,2024-10-13",
        ),
        (
            "created>\"2024-10-12 01:02\"",
            "created>2024-10-12 01:02:00",
        ),
        ("created>now-2h+30m", "created>now-1h30m"),
        ("created>=today-7d", "created>=today-7d"),
        (
            "created>2024-10-12T01:02:03+02:00",
            "created>2024-10-11T23:02:03Z",
        ),
        ("idle>90m", "idle>1h30m"),
        ("left<=5m", "left<=5m"),
        ("age:4h30m", "age=4h30m"),
        ("ip:10.0.0.0/8,2001:db8::/32", "ip:10.0.0.0/8,2001:db8::/32"),
        ("ip:10.0.*", "ip:10.0.*"),
        ("ip:10.0.0.1,fe80::1", "ip:10.0.0.1,fe80::1"),
        ("agent~(?i)fire.*", "agent~(?i)fire.*"),
        ("agent~\"a{1,2} \\d\"", "agent~\"a{1,2} \\\\d\""),
        ("own:Yes deletable:unknown", "own:yes deletable:unknown"),
        ("@opbs:8d0f", "@opbs:8d0f"),
        ("@\"urn:x y\":z", "@\"urn:x y\":z"),
        (
            "@sessionAttributes.acr~basic",
            "@sessionAttributes.acr~basic",
        ),
        ("hint:*", "hint:*"),
        ("2001:db8::17", "2001:db8::17"),
        ("fe80::1", "fe80::1"),
        ("14:07", "14:07"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("jdoe@example.org", "jdoe@example.org"),
        ("@jdoe", "@jdoe"),
        ("Mozilla/5.0", "Mozilla/5.0"),
        ("a b,c", "a b c"),
        ("\"user:jdoe\"", "\"user:jdoe\""),
        ("\"two words\"", "\"two words\""),
        ("-\"two words\"", "-\"two words\""),
        ("\"-minus\"", "\"-minus\""),
        ("--x", "-\"-x\""),
        ("user:\"cn=a,ou=b\"", "user:\"cn=a,ou=b\""),
        ("user:cn=a", "user:cn=a"),
        ("user:a,\"b:c\"", "user:a,\"b:c\""),
        ("user:a,-b", "user:a,-b"),
        ("user:a,-client:b", "user:a -client:b"),
        ("user:a, b", "user:a b"),
        ("user:a,", "user:a"),
        ("user:\"\"", "user:\"\""),
        ("user:\"a\\\"b\\\\c\"", "user:\"a\\\"b\\\\c\""),
        ("user:a\\b", "user:a\\b"),
        ("user:it\"s", "user:\"it\\\"s\""),
        (
            "user.id:\"inum=1,ou=people\"",
            "user.id:\"inum=1,ou=people\"",
        ),
        ("user:jdoe\u{3000}client:x", "user:jdoe client:x"),
    ] {
        assert_eq!(canonical(text), printed, "{text}");
        assert_eq!(canonical(printed), printed, "{text}");
    }
}

#[test]
fn errors_show_the_place_and_what_to_write() {
    for (text, report) in [
        (
            "usr:jdoe state:active",
            "error: unknown field \"usr\"\n  usr:jdoe state:active\n  ^^^ did you mean \"user\"?",
        ),
        (
            "state:active foo:bar",
            "error: unknown field \"foo\"\n  state:active foo:bar\n               ^^^ to search for it as text, put it in quotes",
        ),
        (
            "日本 usr:x",
            "error: unknown field \"usr\"\n  日本 usr:x\n       ^^^ did you mean \"user\"?",
        ),
        (
            "\x1b[2J usr:x",
            "error: unknown field \"usr\"\n  ^[[2J usr:x\n        ^^^ did you mean \"user\"?",
        ),
        (
            "created>yesterdy",
            "error: \"yesterdy\" is not a time\n  created>yesterdy\n          ^^^^^^^^ try 2026-11-21, 2026-11-21 14:00, now-2h",
        ),
        (
            "user<a",
            "error: user is text; < compares times\n  user<a\n      ^ use : or ~",
        ),
        (
            "ip>=10.0.0.1",
            "error: ip is text; >= compares times\n  ip>=10.0.0.1\n    ^^ use : or ~",
        ),
        (
            "@n>5",
            "error: \"5\" is not a time\n  @n>5\n     ^ try 2026-11-21, 2026-11-21 14:00, now-2h",
        ),
        (
            "created~2024",
            "error: created is a time; ~ compares texts\n  created~2024\n         ^ use < or >",
        ),
        (
            "idle~2",
            "error: idle is a duration; ~ compares texts\n  idle~2\n      ^ use < or >",
        ),
        (
            "id~abc",
            "error: id can only be equal or not\n  id~abc\n    ^ use : or !=",
        ),
        (
            "state:activ",
            "error: \"activ\" is not a state\n  state:activ\n        ^^^^^ did you mean \"active\"?",
        ),
        (
            "state:on",
            "error: \"on\" is not a state\n  state:on\n        ^^ try revoked, expired, unauthenticated, expiring, idle, active, unknown",
        ),
        (
            "own:maybe",
            "error: \"maybe\" is not yes or no\n  own:maybe\n      ^^^^^ try yes, no, true, false, unknown",
        ),
        (
            "idle>2w",
            "error: \"2w\" is not a duration\n  idle>2w\n       ^^ try 30s, 90m, 2h, 7d, 4h30m",
        ),
        (
            "ip:10.0.0.300",
            "error: \"10.0.0.300\" is not an address\n  ip:10.0.0.300\n     ^^^^^^^^^^ try 10.0.4.18, 10.0.0.0/8, 2001:db8::/32, private",
        ),
        (
            "agent~(",
            "error: \"(\" is not a regular expression: unclosed group\n  agent~(\n        ^ see the syntax of crate regex",
        ),
        (
            "user:",
            "error: a value is missing\n  user:\n       ^ write it right after the sign; \"\" is the empty text",
        ),
        (
            "user: jdoe",
            "error: a value is missing\n  user: jdoe\n       ^ write it right after the sign; \"\" is the empty text",
        ),
        (
            "user:\"jdoe",
            "error: the closing quote is missing\n  user:\"jdoe\n       ^^^^^",
        ),
        (
            "user:\"a\"b c",
            "error: text follows the closing quote\n  user:\"a\"b c\n          ^ write \\\" for a quote inside quotes",
        ),
        (
            "jdoe -",
            "error: nothing follows the minus\n  jdoe -\n       ^ it negates what follows: -state:expired",
        ),
        (
            "@:x",
            "error: the attribute has no name\n  @:x\n  ^ write @name, as the system sends it",
        ),
    ] {
        assert_eq!(refused(text), report, "{text}");
    }
}

#[test]
fn an_error_in_one_line_says_what_to_write() {
    for (text, line) in [
        (
            "created>yesterdy",
            "\"yesterdy\" is not a time. Try 2026-11-21, 2026-11-21 14:00, now-2h.",
        ),
        ("usr:x", "unknown field \"usr\". Did you mean \"user\"?"),
        ("\"x", "the closing quote is missing"),
    ] {
        assert_eq!(Query::parse(text).expect_err(text).to_string(), line);
    }
}

#[test]
fn a_clause_knows_where_it_stood() {
    let text = "jdoe  -state:expired,idle,user:x";

    let query = Query::parse(text).expect("reads");

    let places: Vec<&str> = query.clauses.iter().map(|c| &text[c.at.clone()]).collect();
    assert_eq!(places, ["jdoe", "-state:expired,idle", "user:x"]);
}

#[test]
fn a_form_field_needs_no_quotes() {
    for (field, typed, printed) in [
        (Field::User, "cn=a, ou=b", "user:\"cn=a, ou=b\""),
        (Field::User, "-x", "user:-x"),
        (Field::State, "Active", "state:active"),
        (
            Field::Expires,
            "2026-11-21 00:00",
            "expires=2026-11-21 00:00:00",
        ),
    ] {
        let clause = Clause::read(Target::Field(field), Op::Eq, typed).expect(typed);
        assert_eq!(clause.to_string(), printed);
    }
    let error =
        Clause::read(Target::Field(Field::Expires), Op::Gt, "yesterdy").expect_err("refused");
    assert_eq!(error.at, 0..8);
}

#[test]
fn the_form_builds_what_the_parser_reads() {
    let built = Query::from(Clause::word("jdoe"))
        .and(Query::parse("state:active").expect("reads"))
        .and(Clause::attribute("acr", Op::Ne, "basic").negate().into());

    assert_eq!(
        built,
        Query::parse("jdoe state:active -@acr!=basic").expect("reads")
    );
    assert!(Query::default().and(Query::default()).is_empty());
}

#[test]
fn an_id_is_in_neither_debug_nor_log_text() {
    let query = Query::parse("user:jdoe -id:s3cr3t-handle,other").expect("reads");

    assert_eq!(query.redacted(), "user:jdoe -id:…");
    let debug = format!("{query:?} {:?}", query.clauses);
    assert!(!debug.contains("s3cr3t"), "{debug}");
    assert!(debug.contains("user:jdoe"), "{debug}");
}
