//! The parts of each query that are sent, and those that stay with the client.

use chrono::{FixedOffset, TimeZone, Utc};

use super::*;

struct Case {
    zone: Zone,
    can_search: bool,
    plain_only: bool,
    native: Option<&'static str>,
    sort: Option<Sort>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            zone: Zone::Utc,
            can_search: true,
            plain_only: false,
            native: None,
            sort: None,
        }
    }
}

impl Case {
    fn of(&self, query: &str) -> Native {
        let search = Search {
            query: query.parse_query(),
            sort: self.sort.clone(),
            page_size: std::num::NonZeroU16::new(50).unwrap(),
            native: self.native.map(str::to_owned),
            now: Utc.with_ymd_and_hms(2026, 3, 14, 12, 0, 0).unwrap(),
            zone: Zone::Utc,
            way: None,
            asked_by: Default::default(),
            named_by: Default::default(),
        };
        let rules = Rules {
            server_zone: self.zone,
            expiring_within: TimeDelta::minutes(5),
            can_search: self.can_search,
            plain_only: self.plain_only,
        };
        translate(&search, &rules)
    }
}

trait ParseQuery {
    fn parse_query(&self) -> crate::model::Query;
}

impl ParseQuery for str {
    fn parse_query(&self) -> crate::model::Query {
        crate::model::Query::parse_with(self, crate::api::janssen::names::NAMES)
            .unwrap_or_else(|error| panic!("{self}: {error}"))
    }
}

fn rest(native: &Native) -> String {
    let query = crate::model::Query {
        clauses: native.plan.rest.clone(),
    };
    query.to_string()
}

#[test]
fn the_line_of_janssens_own_documentation_goes_out_as_it_stands() {
    let native = Case::default().of("auth_user=admin,expirationDate>2024-10-12 00:00:00");

    assert_eq!(
        native.field_values,
        "auth_user=admin,expirationDate>2024-10-12 00:00:00"
    );
    assert_eq!(native.pattern, "");
}

#[test]
fn each_field_is_sent_as_the_server_understands_it() {
    let cases = [
        ("user:jdoe", "auth_user=jdoe", "", "user:jdoe"),
        ("client:2000.ff", "client_id=2000.ff", "", ""),
        ("method:otp", "acr=otp", "", ""),
        ("id:c190667e-a186", "outsideSid=c190667e-a186", "", ""),
        ("inum:6f1c", "userDn=6f1c", "", ""),
        (
            "user.id:\"inum=6f1c,ou=people,o=jans\"",
            "userDn=6f1c",
            "",
            "",
        ),
        ("state:active", "state=authenticated", "", "state:active"),
        (
            "state:unauthenticated",
            "state=unauthenticated",
            "",
            "state:unauthenticated",
        ),
        (
            "state:expiring",
            "state=authenticated,expirationDate>=2026-03-14 12:00:00,expirationDate<=2026-03-14 12:05:01",
            "",
            "state:expiring",
        ),
        (
            "state:expired",
            "expirationDate<=2026-03-14 12:00:01",
            "",
            "state:expired",
        ),
        ("deletable:yes", "deletable=true", "", "deletable:yes"),
        (
            "@redirect_uri:https://a/b",
            "redirect_uri=https://a/b",
            "",
            "",
        ),
        ("ip:203.0.113.7", "", "203.0.113.7", "ip:203.0.113.7"),
        ("203.0.113", "", "203.0.113", "203.0.113"),
        ("user:a,b", "", "a,b", "user:a,b"),
    ];
    for (query, pairs, pattern, stays) in cases {
        let native = Case::default().of(query);
        assert_eq!(
            (native.field_values.as_str(), native.pattern.as_str()),
            (pairs, pattern),
            "{query}"
        );
        assert_eq!(rest(&native), stays, "{query}");
    }
}

#[test]
fn what_the_grammar_cannot_carry_is_never_sent() {
    let queries = [
        "user:\"a,b\"",
        "user:\"a=b\"",
        "user:\"a<b\"",
        "user:a*",
        "user:\" a\"",
        "user~^a",
        "-user:a",
        "user!=a",
        "@redirect_uri:\"https://a/?b=c\"",
        "@nonce:x",
        "@remote_ip:203.0.113.7",
        "client:2000.*",
        "ip:10.0.0.0/8",
        "ip:2001:db8::17",
        "ip:10.0.0.1,2001:db8::17",
        "jdoe",
        "\"1,2\"",
        "state:active,unauthenticated",
        "state:revoked",
        "deletable:no",
        "idle>2h",
        "agent:firefox",
    ];
    for query in queries {
        let native = Case::default().of(query);
        assert_eq!(
            (native.field_values.as_str(), native.pattern.as_str()),
            ("", ""),
            "{query}"
        );
        assert!(!native.plan.rest.is_empty(), "{query} is lost");
    }
}

#[test]
fn dates_are_sent_in_utc_and_compared_again_here() {
    let cases = [
        ("expires>2024-10-12", "expirationDate>2024-10-12 00:00:00"),
        (
            "expires>=2024-10-12T02:00:00+02:00",
            "expirationDate>=2024-10-12 00:00:00",
        ),
        ("expires<now", "expirationDate<2026-03-14 12:00:00"),
        ("used<=now-2h", "lastUsedAt<=2026-03-14 10:00:01"),
        (
            "created:2026-03-13",
            "creationDate>=2026-03-13 00:00:00,creationDate<=2026-03-14 00:00:01",
        ),
        ("age>2h", "creationDate<2026-03-14 10:00:00"),
        ("age<=2h", "creationDate>=2026-03-14 10:00:00"),
        ("left<5m", "expirationDate<2026-03-14 12:05:00"),
    ];
    for (query, pairs) in cases {
        let native = Case::default().of(query);
        assert_eq!(native.field_values, pairs, "{query}");
        assert_eq!(native.plan.rest.len(), 1, "{query} must be compared again");
    }
}

#[test]
fn where_the_servers_zone_is_another_one_both_readings_are_covered() {
    let east = Case {
        zone: Zone::Fixed(FixedOffset::east_opt(7200).unwrap()),
        ..Case::default()
    };

    assert_eq!(
        east.of("expires>=now").field_values,
        "expirationDate>=2026-03-14 12:00:00"
    );
    assert_eq!(
        east.of("expires<now").field_values,
        "expirationDate<2026-03-14 14:00:00"
    );
}

#[test]
fn a_client_is_found_by_its_id() {
    let case = Case::default();

    assert_eq!(case.of("client:2000.aa").field_values, "client_id=2000.aa");
    assert_eq!(case.of("client:2000.bb,2000.cc").pattern, "2000.bb,2000.cc");
    assert_eq!(rest(&case.of("-client:2000.aa")), "-client:2000.aa");
}

#[test]
fn a_bare_id_that_stays_here_matches_the_dn_of_the_row() {
    assert_eq!(
        rest(&Case::default().of("-inum:6f1c")),
        "-user.id:6f1c,\"inum=6f1c,*\""
    );
}

#[test]
fn only_one_clause_may_use_the_pattern() {
    let native = Case::default().of("ip:10.0.0.1 203.0.113");

    assert_eq!(native.pattern, "10.0.0.1");
    assert_eq!(native.plan.rest.len(), 2);
}

#[test]
fn a_server_that_cannot_search_is_sent_nothing() {
    let case = Case {
        can_search: false,
        ..Case::default()
    };

    let native = case.of("user:jdoe expires>now");

    assert_eq!(native.field_values, "");
    assert_eq!(rest(&native), "user:jdoe expires>now");
    assert_eq!(native.plan.notes.len(), 1);
}

#[test]
fn a_server_that_failed_at_dates_is_sent_equalities_only() {
    let case = Case {
        plain_only: true,
        sort: Some(Sort {
            by: Field::Expires.into(),
            descending: true,
        }),
        ..Case::default()
    };

    let native = case.of("user:jdoe expires>now 203.0.113 state:expired");

    assert_eq!(native.field_values, "auth_user=jdoe");
    assert_eq!((native.pattern.as_str(), native.sort), ("", None));
    assert_eq!(native.plan.rest.len(), 4);
}

#[test]
fn a_filter_in_the_servers_own_words_is_sent_unread_and_ours_applied_on_top() {
    let case = Case {
        native: Some("scope=openid"),
        ..Case::default()
    };

    let native = case.of("user:jdoe");

    assert_eq!(native.field_values, "scope=openid");
    assert_eq!(rest(&native), "user:jdoe");
}

#[test]
fn orders_go_out_under_database_names() {
    let cases = [
        (Field::Expires, false, Some(("exp", "ascending"))),
        (Field::Created, true, Some(("creationDate", "descending"))),
        (Field::Age, true, Some(("creationDate", "ascending"))),
        (
            Field::Used,
            false,
            Some(("jansLastAccessTime", "ascending")),
        ),
        (Field::User, false, None),
    ];
    for (field, descending, order) in cases {
        let case = Case {
            sort: Some(Sort {
                by: field.into(),
                descending,
            }),
            ..Case::default()
        };
        let native = case.of("");
        assert_eq!(native.sort, order, "{field:?}");
        assert_eq!(native.plan.notes.is_empty(), order.is_some(), "{field:?}");
    }
}

proptest::proptest! {
    #[test]
    fn f_data_13_no_text_of_the_operator_changes_the_shape_of_the_filter(text in "\\PC{1,20}") {
        let clause = Clause::field(Field::User, Op::Eq, Value::Text(text.as_str().into()));
        let search = Search::new(crate::model::Query { clauses: vec![clause] }, std::num::NonZeroU16::MIN, Utc::now());
        let rules = Rules {
            server_zone: Zone::Utc,
            expiring_within: TimeDelta::minutes(5),
            can_search: true,
            plain_only: false,
        };

        let native = translate(&search, &rules);

        if !native.field_values.is_empty() {
            proptest::prop_assert_eq!(native.field_values, format!("auth_user={text}"));
            proptest::prop_assert!(!text.contains([',', '<', '>', '=']));
        }
        proptest::prop_assert_eq!(native.plan.rest.len(), 1);
    }
}
