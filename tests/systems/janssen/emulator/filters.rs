//! `fieldValuePair`, `pattern` and sorting, each checked against the rows themselves.

use serde_json::Value;
use usher::emulator::janssen::Row;

use super::http::ask;
use super::sessions::full_row;
use super::*;

const DAY_MS: i64 = 86_400_000;

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn filtered(emulator: &Running, filter: &str) -> Vec<Value> {
    search_all(emulator, &format!("fieldValuePair={}", encoded(filter))).await
}

async fn status_of(emulator: &Running, filter: &str) -> u16 {
    let path = format!("/search?fieldValuePair={}", encoded(filter));
    api(emulator, "GET", &path).await.status
}

fn count(emulator: &Running, is_it: impl Fn(&Row) -> bool) -> usize {
    let rows = emulator.world().rows();
    rows.iter().filter(|row| is_it(row)).count()
}

#[tokio::test]
async fn clauses_select_what_they_say() {
    let emulator = running(fixed()).await;
    let rows = emulator.world().rows();
    let some = rows
        .iter()
        .find(|r| r.authenticated && r.client.is_some() && r.sid.is_some());
    let some = some.expect("a full row").clone();
    let (user, client) = (
        some.user.clone().expect("a user"),
        some.client.clone().expect("a client"),
    );
    let (inum, sid) = (
        some.user_id.clone().expect("an inum"),
        some.sid.clone().expect("a sid"),
    );
    let is_user = |r: &Row| r.user == some.user;
    type Test<'a> = Box<dyn Fn(&Row) -> bool + 'a>;
    let cases: Vec<(String, Test)> = vec![
        (String::new(), Box::new(|_| true)),
        (",,".into(), Box::new(|_| true)),
        (format!("auth_user={user}"), Box::new(is_user)),
        // Texts know equality only, whatever the operator.
        (format!("auth_user>{user}"), Box::new(is_user)),
        (format!("auth_user<={user}"), Box::new(is_user)),
        (
            format!("client_id={client}"),
            Box::new(|r| r.client == some.client),
        ),
        (
            format!("userDn={inum}"),
            Box::new(|r| r.authenticated && is_user(r)),
        ),
        (
            format!("jansUsrDN={inum}"),
            Box::new(|r| r.authenticated && is_user(r)),
        ),
        (format!("userDn=inum={inum}"), Box::new(|_| false)),
        (format!("sid={sid}"), Box::new(|r| r.sid == some.sid)),
        (format!("outsideSid={sid}"), Box::new(|r| r.sid == some.sid)),
        ("state=authenticated".into(), Box::new(|r| r.authenticated)),
        (
            "jansState=unauthenticated".into(),
            Box::new(|r| !r.authenticated),
        ),
        ("state=Authenticated".into(), Box::new(|_| false)),
        ("deletable=false".into(), Box::new(|r| !r.deletable)),
        ("deletable=no".into(), Box::new(|r| !r.deletable)),
        ("deletable>true".into(), Box::new(|r| r.deletable)),
        ("response_type=code".into(), Box::new(|_| true)),
        ("auth_user=".into(), Box::new(|_| false)),
        (
            format!("auth_user={user},state=authenticated"),
            Box::new(|r| r.authenticated && is_user(r)),
        ),
        (
            "expirationDate>=2026-03-14 09:41:55".into(),
            Box::new(|r| r.expires_ms.is_some_and(|t| t >= NOW_MS)),
        ),
        (
            "expirationDate<2026-03-14T09:41:55".into(),
            Box::new(|r| r.expires_ms.is_some_and(|t| t <= NOW_MS)),
        ),
        (
            "creationDate=2026-03-13".into(),
            Box::new(|r| {
                let midnight = NOW_MS - NOW_MS % DAY_MS;
                (midnight - DAY_MS..midnight).contains(&r.created_ms)
            }),
        ),
        (
            "creationDate<2026-03-13".into(),
            Box::new(|r| r.created_ms <= NOW_MS - NOW_MS % DAY_MS - DAY_MS),
        ),
        (
            "lastUsedAt>2026-03-14 08:00:00.000".into(),
            Box::new(|r| r.last_used_ms.is_some_and(|t| t >= NOW_MS - 6_115_000)),
        ),
        // The offset is read and thrown away.
        (
            "lastUsedAt>2026-03-14T08:00:00+02:00".into(),
            Box::new(|r| r.last_used_ms.is_some_and(|t| t >= NOW_MS - 6_115_000)),
        ),
        (
            "authenticationTime>1970-01-01".into(),
            Box::new(|r| r.authenticated),
        ),
    ];

    for (filter, is_it) in cases {
        let rows = filtered(&emulator, &filter).await;
        assert_eq!(rows.len(), count(&emulator, is_it), "{filter}");
    }
}

#[tokio::test]
async fn time_operators_include_their_value() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    let sid = "c190667e-a186-421d-8679-420e82615a38";

    for (operator, value, expected) in [
        ("=", "2026-03-14 09:41:55", 1),
        (">", "2026-03-14 09:41:55", 1),
        (">=", "2026-03-14 09:41:56", 0),
        ("<", "2026-03-14 09:41:55", 1),
        ("<=", "2026-03-14 09:41:54", 0),
        ("=", "2026-03-14", 1),
        ("=", "2026-03-15", 0),
    ] {
        let filter = format!("sid={sid},lastUsedAt{operator}{value}");
        assert_eq!(
            filtered(&emulator, &filter).await.len(),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn database_names_of_times_compare_for_equality_only() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());

    let equal = filtered(&emulator, "jansLastAccessTime>2026-03-14 09:41:55").await;
    let all = filtered(&emulator, "lastUsedAt<2026-03-14 09:41:55").await;

    assert!(
        equal
            .iter()
            .all(|row| row["lastUsedAt"] == "2026-03-14T09:41:55")
    );
    assert!(!equal.is_empty() && equal.len() < all.len());
}

#[tokio::test]
async fn fields_that_the_server_cannot_search_are_a_500() {
    let emulator = running(fixed()).await;

    for filter in [
        "applicationType=web",
        "remote_ip=203.0.113.57",
        "opbs=x",
        "Auth_user=x",
        "auth_user=a, client_id=b",
        "nothing",
        "=x",
        "redirect_uri=https://a?b>c",
        "expirationDate>2024-10-12T00:00:00Z",
        "expirationDate>yesterday",
        "expirationDate>2026-02-30",
        "expirationDate=2026-3-14",
    ] {
        assert_eq!(status_of(&emulator, filter).await, 500, "{filter}");
    }
}

#[tokio::test]
async fn failure_is_the_containers_json_or_its_page_by_what_is_accepted() {
    let emulator = running(fixed()).await;
    let bearer = format!("Bearer {}", emulator.auth().token);
    let path = format!("{SESSION}/search?fieldValuePair=applicationType%3Dweb");

    let json = api(
        &emulator,
        "GET",
        "/search?fieldValuePair=applicationType%3Dweb",
    )
    .await;
    let headers = [("Authorization", bearer.as_str()), ("Accept", "*/*")];
    let page = ask(emulator.url(), "GET", &path, &headers, "")
        .await
        .expect("an answer");

    assert_eq!((json.status, page.status), (500, 500));
    assert_eq!(json.header("content-type"), Some("application/json"));
    let body = json.json();
    assert_eq!(body["status"], "500");
    assert_eq!(body["servlet"], "io.jans.configapi.rest.ApiApplication");
    assert_eq!(body["url"], format!("{SESSION}/search"));
    assert!(
        body.as_object()
            .expect("an object")
            .values()
            .all(Value::is_string)
    );
    let cause = body["cause0"].as_str().expect("a cause");
    assert!(
        cause.contains("(&(applicationType=web)))' to expression"),
        "{cause}"
    );
    assert!(
        page.header("content-type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
    assert!(page.text().contains("Caused by:"), "{}", page.text());
}

#[tokio::test]
async fn both_encodings_of_a_space_are_understood() {
    let emulator = running(fixed()).await;
    let filter = "fieldValuePair=creationDate%3E2026-03-13{}12%3A00%3A00";

    let plus = search_all(&emulator, &filter.replace("{}", "+")).await;
    let percent = search_all(&emulator, &filter.replace("{}", "%20")).await;

    assert!(!plus.is_empty());
    assert_eq!(plus.len(), percent.len());
}

#[tokio::test]
async fn search_of_the_first_party_documentation_is_answered() {
    let emulator = running(fixed()).await;

    let path = "/search?fieldValuePair=auth_user%3Dadmin%2CexpirationDate%3E2024-10-12+00%3A00%3A00&unheard=of";
    let page = api(&emulator, "GET", path).await.json();

    let admins = count(&emulator, |r| {
        r.user.as_deref() == Some("admin") && r.expires_ms.is_some()
    });
    assert_eq!(page["totalEntriesCount"], admins);
    assert!(admins > 0);
}

#[tokio::test]
async fn pattern_finds_parts_of_names_addresses_and_ids() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    let inum = emulator
        .world()
        .find("c190667e-a186-421d-8679-420e82615a38")
        .and_then(|r| r.user_id);
    let inum = inum.expect("an inum");

    for (pattern, expected) in [
        ("sample.us", 1),
        (
            "203.0.113.57\"",
            count(&emulator, |r| r.ip.as_deref() == Some("203.0.113.57")),
        ),
        ("c190667e-a186", 1),
        (inum.as_str(), 1),
        ("no such text", 0),
        ("no such text,sample.user", 1),
        (",", 241),
        ("sampleXus", 0),
        ("sample_us", 1),
    ] {
        let rows = search_all(&emulator, &format!("pattern={}", encoded(pattern))).await;
        assert_eq!(rows.len(), expected, "{pattern}");
    }
}

#[tokio::test]
async fn pattern_and_filter_must_both_hold() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());

    let both = search_all(
        &emulator,
        "pattern=sample.user&fieldValuePair=state%3Dauthenticated",
    )
    .await;
    let none = search_all(
        &emulator,
        "pattern=sample.user&fieldValuePair=state%3Dunauthenticated",
    )
    .await;

    assert_eq!((both.len(), none.len()), (1, 0));
}

#[tokio::test]
async fn rows_come_in_the_order_asked_for() {
    let emulator = running(fixed()).await;

    for (column, field) in [
        ("exp", "expirationDate"),
        ("creationDate", "creationDate"),
        ("authnTime", "authenticationTime"),
        ("jansLastAccessTime", "lastUsedAt"),
        ("jansUsrDN", "userDn"),
        ("jansState", "state"),
    ] {
        for order in ["ascending", "descending"] {
            let rows = search_all(&emulator, &format!("sortBy={column}&sortOrder={order}")).await;
            let mut given = rows
                .iter()
                .filter_map(|r| r[field].as_str())
                .collect::<Vec<_>>();
            if order == "descending" {
                given.reverse();
            }
            assert_eq!(rows.len(), 240, "{column}");
            assert!(given.is_sorted(), "{column} {order}");
        }
    }
}

#[tokio::test]
async fn only_the_exact_word_sorts_descending() {
    let emulator = running(fixed()).await;
    let first = async |order: &str| {
        let path = format!("/search?limit=1&sortBy=creationDate&sortOrder={order}");
        api(&emulator, "GET", &path).await.json()["entries"][0]["creationDate"].clone()
    };

    assert_eq!(first("Descending").await, first("ascending").await);
    assert_ne!(first("descending").await, first("ascending").await);
}

#[tokio::test]
async fn names_of_the_java_class_cannot_be_sorted_by() {
    let emulator = running(fixed()).await;

    for name in ["expirationDate", "lastUsedAt", "auth_user", "JANSID"] {
        let answer = api(&emulator, "GET", &format!("/search?sortBy={name}")).await;
        assert_eq!(answer.status, 500, "{name}");
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_a_404() {
    let emulator = running(fixed()).await;

    for query in ["limit=many", "startIndex=1.5", "limit=99999999999"] {
        let answer = api(&emulator, "GET", &format!("/search?{query}")).await;
        assert_eq!(answer.status, 404, "{query}");
    }
}

#[tokio::test]
async fn rows_move_up_when_earlier_ones_are_deleted() {
    let emulator = running(fixed()).await;
    let before = api(
        &emulator,
        "GET",
        "/search?limit=10&startIndex=10&sortBy=sid",
    )
    .await
    .json();
    let first = api(&emulator, "GET", "/search?limit=1&sortBy=sid")
        .await
        .json();
    let sid = first["entries"][0]["outsideSid"]
        .as_str()
        .expect("a sid")
        .to_owned();

    api(&emulator, "DELETE", &format!("/sid/{sid}")).await;

    let after = api(&emulator, "GET", "/search?limit=10&startIndex=9&sortBy=sid")
        .await
        .json();
    assert_eq!(after["entries"][0], before["entries"][0]);
    assert_eq!(after["totalEntriesCount"], 239);
}
