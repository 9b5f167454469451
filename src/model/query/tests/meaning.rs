//! Which rows a query means.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::page::RowRef;
use crate::model::query::{
    Clause, Field, Matcher, Op, Query, RowIn, SessionIn, Target, Thresholds, Value,
};
use crate::model::session::{Class, Deletable, Fact};
use crate::model::time::{Zone, parse_instant};

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text, Zone::Utc).expect("a test instant")
}

fn now() -> DateTime<Utc> {
    at("2026-11-21 14:07:00")
}

fn matcher(text: &str) -> Matcher {
    let query = Query::parse(text).unwrap_or_else(|error| panic!("{}", error.report(text)));
    Matcher::new(&query.clauses, now(), Zone::Utc, Thresholds::default()).expect(text)
}

/// Asks as a row and as a session; both must agree.
fn means(text: &str, row: &RowRef<'_>) -> bool {
    let matcher = matcher(text);
    let (profile, system) = ("prod-janssen", "janssen");
    let session = row.to_session();
    let of_row = matcher.matches(&RowIn {
        row,
        profile,
        system,
    });
    let of_session = matcher.matches(&SessionIn::new(&session, profile, system));
    assert_eq!(of_row, of_session, "{text}");
    of_row
}

fn jdoe() -> RowRef<'static> {
    let mut row = RowRef::new("9c41-Handle-e7", "ss:9c41…e7");
    row.user = Some("JDoe@example.org".into());
    row.user_id = Some("inum=f1a2,ou=people".into());
    row.fact = Fact::Live;
    row.created = Some(at("2026-11-21 12:07:00"));
    row.last_used = Some(at("2026-11-21 14:00:00"));
    row.expires = Some(at("2026-11-21 15:07:00"));
    row.client = Some("portal-web".into());
    row.ip = Some("203.0.113.7, 10.0.4.18:8443".into());
    row.user_agent = Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".into());
    row.auth_method = Some("pwd".into());
    row.scope = Some("/alpha".into());
    row.deletable = Deletable::Yes;
    row.own = Some(false);
    row.extra = vec![
        ("opbs".into(), "8d0f".into(), Class::Secret),
        ("role".into(), "admin".into(), Class::Plain),
        ("role".into(), "audit".into(), Class::Plain),
    ];
    row
}

#[test]
fn clauses_about_what_a_row_has() {
    for (text, meant) in [
        ("", true),
        ("user:jdoe@example.org", true),
        ("user:jdoe", false),
        ("user:jdoe*", true),
        ("user:*@EXAMPLE.org", true),
        ("user:asmith*,jdoe*", true),
        ("user!=jdoe*", false),
        ("user!=asmith", true),
        ("-user:jdoe*", false),
        ("-user!=jdoe*", true),
        ("user~doe", false),
        ("user~Doe", true),
        ("user~(?i)^jdoe", true),
        ("user~^doe", false),
        ("user.id:\"inum=f1a2,ou=people\"", true),
        ("id:9c41-Handle-e7", true),
        ("id:9c41-handle-e7", false),
        ("id:9c41*", false),
        ("id!=9c41", true),
        ("client:portal-web ip:10.0.0.0/8", true),
        ("client:portal-web ip:192.0.2.0/24", false),
        ("ip:203.0.113.7", true),
        ("ip:10.0.4.18", true),
        ("ip:203.0.*", true),
        ("ip~8443$", true),
        ("ip:documentation", true),
        ("ip:Private", true),
        ("ip:public,loopback", false),
        ("ip!=shared", true),
        ("agent:*linux*", true),
        ("method:pwd", true),
        ("realm:/alpha", true),
        ("profile:prod-*", true),
        ("system:Janssen", true),
        ("system:pingam", false),
        ("own:no", true),
        ("own:yes,unknown", false),
        ("deletable:yes", true),
        ("@opbs:8D0F", true),
        ("@opbs:8d*", true),
        ("@role:audit", true),
        ("@role!=admin", false),
        ("@role:owner", false),
        ("@Role:admin", false),
        ("@missing:*", false),
        ("@missing!=x", true),
        ("hint:*", false),
        ("-hint:many", true),
    ] {
        assert_eq!(means(text, &jdoe()), meant, "{text}");
    }
}

#[test]
fn words_are_looked_for_where_people_look() {
    for (text, meant) in [
        ("jdoe", true),
        ("DOE@", true),
        ("portal", true),
        ("203.0", true),
        ("firefox", true),
        ("alpha", true),
        ("PWD", true),
        ("9c41", true),
        ("9C41-h", true),
        ("handle", false),
        ("f1a2", false),
        ("8d0f", false),
        ("janssen", false),
        ("jd*", false),
        ("10.0.0.0/8", true),
        ("10.0.4.18", true),
        ("192.0.2.0/24", false),
        ("jdoe portal", true),
        ("jdoe nothing", false),
        ("-jdoe", false),
        ("-nothing", true),
        ("\"x11; linux\"", true),
    ] {
        assert_eq!(means(text, &jdoe()), meant, "{text}");
    }
    let mut row = RowRef::new("k", "l");
    row.ip = Some("2001:0db8:0:0::17".into());
    assert!(means("2001:db8::17", &row));
    assert!(means("2001:db8::/32", &row));
}

#[test]
fn instants_and_durations_compare() {
    for (text, meant) in [
        ("created>2026-11-21", true),
        ("created>2026-11-21 12:07:00", false),
        ("created>=2026-11-21 12:07:00", true),
        ("created<=2026-11-21T12:07:00Z", true),
        ("created<2026-11-21 12:07", false),
        ("created=2026-11-21", true),
        ("created:today", true),
        ("created=yesterday", false),
        ("created!=today", false),
        ("created=2026-11-20,2026-11-21", true),
        ("created=2026-11-21 12:07:00", true),
        ("created=2026-11-21 00:00", false),
        ("created>now-2h", false),
        ("created>now-121m", true),
        ("expires<now+1h", false),
        ("expires<=now+1h", true),
        ("ended>2020-01-01", false),
        ("ended!=2020-01-01", true),
        ("-ended<now", true),
        ("age>=2h", true),
        ("age>2h", false),
        ("age=2h", true),
        ("idle=7m", true),
        ("idle<7m", false),
        ("idle!=7m", false),
        ("left<=1h", true),
        ("left<1h", false),
        ("left=1h,2h", true),
    ] {
        assert_eq!(means(text, &jdoe()), meant, "{text}");
    }
}

#[test]
fn a_day_is_one_of_the_zone_asked_in() {
    let mut row = jdoe();
    row.created = Some(at("2026-11-20 23:00:00"));
    let query = Query::parse("created=2026-11-21").expect("reads");
    let asked_in = |zone: &str| {
        let zone = zone.parse().expect("zone");
        let matcher = Matcher::new(&query.clauses, now(), zone, Thresholds::default());
        let (profile, system) = ("p", "s");
        matcher.expect("fits").matches(&RowIn {
            row: &row,
            profile,
            system,
        })
    };

    assert!(asked_in("+02:00"));
    assert!(!asked_in("utc"));
}

#[test]
fn an_absent_field_makes_a_clause_false_and_its_negation_true() {
    let empty = RowRef::new("key", "label");
    for clause in [
        "user:*",
        "user~.*",
        "user.id:*",
        "client:*",
        "ip:0.0.0.0/0",
        "ip:*",
        "agent:*",
        "method:*",
        "scope:*",
        "created<now",
        "used<now",
        "expires>now",
        "ended<now",
        "age>0s",
        "idle>0s",
        "left>0s",
        "own:yes,no",
        "deletable:yes,no",
        "hint:*",
        "@a:*",
        "state:active",
    ] {
        assert!(!means(clause, &empty), "{clause}");
        assert!(means(&format!("-{clause}"), &empty), "-{clause}");
    }
    assert!(means(
        "user!=x own:unknown deletable:unknown state:unknown",
        &empty
    ));
}

#[test]
fn a_session_never_used_is_idle_since_it_was_created() {
    let mut row = jdoe();
    row.last_used = None;

    assert!(means("idle=2h -used<now", &row));
}

#[test]
fn what_is_left_of_an_ended_session_is_less_than_nothing() {
    let mut row = jdoe();
    row.expires = Some(now() - TimeDelta::hours(1));

    assert!(means("left<0s left<5m state:expired", &row));
}

#[test]
fn active_means_usable_now_and_every_other_word_itself() {
    let hours = |hours: i64| Some(now() - TimeDelta::hours(hours));
    let cases = [
        ("active", Fact::Live, hours(1), hours(-1)),
        ("idle", Fact::Live, hours(8), hours(-1)),
        (
            "expiring",
            Fact::Live,
            hours(9),
            Some(now() + TimeDelta::minutes(5)),
        ),
        (
            "unauthenticated",
            Fact::Unauthenticated,
            hours(9),
            Some(now() + TimeDelta::minutes(1)),
        ),
        ("expired", Fact::Live, hours(9), Some(now())),
        ("expired", Fact::Unauthenticated, hours(1), hours(1)),
        ("revoked", Fact::Revoked, hours(1), hours(1)),
        ("unknown", Fact::Unknown, hours(1), None),
        ("active", Fact::Unknown, hours(1), hours(-1)),
        ("active", Fact::Live, None, None),
    ];
    let words = [
        "revoked",
        "expired",
        "unauthenticated",
        "expiring",
        "idle",
        "active",
        "unknown",
    ];
    for (state, fact, created, expires) in cases {
        let mut row = RowRef::new("key", "label");
        (row.fact, row.created, row.expires) = (fact, created, expires);
        for word in words {
            let usable = matches!(state, "active" | "idle" | "expiring");
            let meant = word == state || (word == "active" && usable);
            assert_eq!(
                means(&format!("state:{word}"), &row),
                meant,
                "{state} {word}"
            );
        }
    }
}

#[test]
fn a_session_may_know_more_than_its_system_said() {
    let session = jdoe().to_session();
    let mut known = SessionIn::new(&session, "p", "s");
    assert!(matcher("state:active -state:idle").matches(&known));

    known.thresholds = Some(Thresholds {
        idle_after: TimeDelta::minutes(7),
        expiring_within: TimeDelta::minutes(5),
        ..Thresholds::default()
    });
    assert!(matcher("state:idle").matches(&known));

    known.fact = Fact::Revoked;
    assert!(matcher("state:revoked -state:active").matches(&known));
}

#[test]
fn a_clause_that_no_parser_made_is_refused_and_not_guessed() {
    let text = |text: &str| Value::Text(text.into());
    for clause in [
        Clause::field(Field::Created, Op::Gt, text("yesterday")),
        Clause::field(Field::Idle, Op::Gt, text("2h")),
        Clause::field(Field::User, Op::Gt, text("a")),
        Clause::field(Field::State, Op::Eq, text("on")),
        Clause::field(Field::Own, Op::Eq, text("maybe")),
        Clause::field(Field::Agent, Op::Match, text("(")),
        Clause::field(Field::User, Op::Eq, Value::Duration(TimeDelta::hours(1))),
    ] {
        let made = Matcher::new(
            std::slice::from_ref(&clause),
            now(),
            Zone::Utc,
            Thresholds::default(),
        );
        assert!(made.is_err(), "{clause:?}");
    }
    let words = Clause::read(Target::Word, Op::Eq, "2024").expect("any text is a word");
    assert!(Matcher::new(&[words], now(), Zone::Utc, Thresholds::default()).is_ok());
}

#[test]
fn a_hint_is_asked_for_by_its_word() {
    let mut row = jdoe();
    (row.own, row.impersonated) = (Some(true), true);
    for (text, meant) in [
        ("hint:own", true),
        ("hint:OWN", true),
        ("hint:imp*", true),
        ("hint:*", true),
        ("hint~^imp", true),
        ("hint:many,impersonated", true),
        ("hint:unfinished", false),
        ("-hint:own", false),
        ("hint!=many", true),
        ("hint:nonsense", false),
    ] {
        assert_eq!(means(text, &row), meant, "{text}");
    }
}

#[test]
fn clauses_that_rows_answer_only_together_are_told_apart() {
    for (text, alone, together) in [
        ("user:ada hint:many", "user:ada", "hint:many"),
        ("hint:own,impersonated ada", "hint:own,impersonated ada", ""),
        ("-hint:networks", "", "-hint:networks"),
        ("hint:*", "", "hint:*"),
        ("hint~^n", "", "hint~^n"),
        ("@hint:many", "@hint:many", ""),
    ] {
        let (query, clauses) = Query::parse(text).expect(text).split_by_rows();

        assert_eq!(query.to_string(), alone, "{text}");
        assert_eq!(clauses.into_iter().collect::<Query>().to_string(), together);
    }
}
