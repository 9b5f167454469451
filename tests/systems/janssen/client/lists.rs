//! Reading lists and single sessions, from answers copied field by field from the wire contract.

use chrono::{DateTime, FixedOffset, Utc};
use std::sync::Arc;
use usher::emulator::janssen::JanssenOptions;
use usher::model::{
    ApiError, Class, Completeness, Cursor, Deletable, Fact, Field, Revoke, Session, Sort,
};

use super::scripted::{Scripted, answer, json};
use super::{all, client_profile, emulator, fixed, key, open, search, token_profile};

const PAGE: &str = include_str!("../../../fixtures/janssen/page.json");
const OLD_LIST: &str = include_str!("../../../fixtures/janssen/old_list.json");
const NONE: &str = include_str!("../../../fixtures/janssen/none.json");
const TOO_MANY: &str = include_str!("../../../fixtures/janssen/too_many.json");
const SERVLET: &str = include_str!("../../../fixtures/janssen/servlet_error.json");
const ODD: &str = include_str!("../../../fixtures/janssen/odd_rows.json");

fn utc(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().unwrap())
}

fn attribute<'a>(row: &'a Session, name: &str) -> Option<(&'a str, Class)> {
    let found = row.extra.iter().find(|one| one.name.expose() == name)?;
    Some((found.value.expose(), found.class))
}

async fn rows_of(body: &'static str) -> Vec<Session> {
    let server = Scripted::start(move |_, _| json(body)).await;
    all(&open(&token_profile(&server.url)), &search(""))
        .await
        .unwrap()
}

#[tokio::test]
async fn every_field_of_a_session_finds_its_place() {
    let rows = rows_of(PAGE).await;

    let row = &rows[0];
    assert_eq!(rows.len(), 2);
    assert_eq!(row.key.expose(), "c190667e-a186-421d-8679-420e82615a38");
    assert_eq!(row.label, "ss:c190…38");
    let subject = &row.subject;
    assert_eq!(
        subject.id.as_ref().unwrap().expose(),
        "inum=6f1c2b5e-03a7-4c0e-9b31-7f3a1d2e8c44,ou=people,o=jans"
    );
    assert_eq!(subject.name.as_ref().unwrap().expose(), "amelia.ruiz");
    assert_eq!(row.fact, Fact::Live);
    assert_eq!(row.created, utc("2026-03-14T08:02:05Z"));
    assert_eq!(row.last_used, utc("2026-03-14T09:41:55Z"));
    assert_eq!(row.expires, utc("2026-03-15T08:02:05Z"));
    assert_eq!(row.ip.as_ref().unwrap().expose(), "203.0.113.57");
    assert_eq!(
        row.auth_method.as_ref().unwrap().expose(),
        "simple_password_auth"
    );
    assert_eq!(row.deletable, Deletable::Yes);
    assert_eq!(rows[1].fact, Fact::Unauthenticated);
    assert_eq!(rows[1].subject.name, None);
}

#[tokio::test]
async fn the_time_of_sign_in_stands_first_among_the_attributes_and_has_its_zone() {
    let rows = rows_of(PAGE).await;

    assert_eq!(rows[0].extra[0].name.expose(), "authenticationTime");
    assert_eq!(rows[0].extra[0].value.expose(), "2026-03-14T08:02:11Z");
}

#[tokio::test]
async fn values_that_work_as_a_credential_are_marked() {
    let new = rows_of(PAGE).await;
    let old = rows_of(OLD_LIST).await;

    for name in ["sessionState", "nonce", "opbs", "opbrowserState"] {
        assert_eq!(attribute(&new[0], name).unwrap().1, Class::Secret, "{name}");
    }
    for name in ["id", "dn", "session_id", "old_session_id"] {
        assert_eq!(attribute(&old[0], name).unwrap().1, Class::Secret, "{name}");
    }
    assert_eq!(attribute(&new[0], "acr").unwrap().1, Class::Plain);
    assert!(!format!("{:?}", new[0].key).contains("c190"));
}

#[tokio::test]
async fn times_without_a_zone_are_read_in_the_servers_zone() {
    let server = Scripted::start(|_, _| json(PAGE)).await;
    let mut profile = token_profile(&server.url);
    let east = FixedOffset::east_opt(7200).unwrap();
    profile.server_zone = usher::model::time::Zone::Fixed(east);

    let rows = all(&open(&profile), &search("")).await.unwrap();

    assert_eq!(rows[0].created, utc("2026-03-14T06:02:05Z"));
}

#[tokio::test]
async fn a_client_is_shown_by_its_name_and_keeps_its_id() {
    let server = Scripted::start(|_, _| json(PAGE)).await;
    let mut profile = token_profile(&server.url);
    let id = "2000.1b7a6c1e-77c0-4f3e-8a55-0c9d3e5f7a12";
    profile.client_names.insert(id.into(), "portal-web".into());

    let rows = all(&open(&profile), &search("")).await.unwrap();

    assert_eq!(rows[0].client.as_ref().unwrap().expose(), "portal-web");
    assert_eq!(attribute(&rows[0], "client_id").unwrap().0, id);
}

#[tokio::test]
async fn trap_09_an_answer_without_entries_is_an_empty_list() {
    assert!(rows_of(NONE).await.is_empty());
}

#[tokio::test]
async fn trap_11_rows_whose_id_deletes_nothing_say_so() {
    let rows = rows_of(ODD).await;

    let deletable: Vec<_> = rows.iter().map(|row| row.deletable.clone()).collect();
    assert_eq!(
        deletable,
        [
            Deletable::Unknown,
            Deletable::NoLastingId,
            Deletable::NoLastingId,
            Deletable::No("the server marks this session as not deletable".into()),
            Deletable::Yes,
            Deletable::Unknown,
        ]
    );
}

#[tokio::test]
async fn f_data_15_a_field_of_another_type_falls_back_to_its_text_and_the_row_stays() {
    let rows = rows_of(ODD).await;

    let row = &rows[4];
    assert_eq!(row.subject.name.as_ref().unwrap().expose(), r#"["a", "b"]"#);
    assert_eq!(row.ip.as_ref().unwrap().expose(), "17");
    let shown = |text: &Option<usher::model::Untrusted>| text.as_ref().unwrap().safe().into_owned();
    assert_eq!(shown(&row.subject.name), r#"<json> ["a", "b"]"#);
    assert_eq!(shown(&row.ip), "<json> 17");
    assert_eq!((row.created, row.expires), (None, None));
    assert_eq!(row.last_used, utc("2026-03-14T09:41:55Z"));
    assert_eq!(row.fact, Fact::Unknown);
    for (name, text) in [
        ("state", "suspended"),
        ("creationDate", "yesterday"),
        ("permissionGrantedMap", "[1, 2]"),
        ("future", r#"{ "field": 1e400 }"#),
        ("note", "<U+D800> alone"),
    ] {
        assert_eq!(attribute(row, name).unwrap().0, text, "{name}");
    }
    assert_eq!(attribute(row, "access_token").unwrap().1, Class::Secret);
    assert_eq!(attribute(&rows[5], "sessionAttributes").unwrap().0, "none");
}

#[tokio::test]
async fn trap_01_pages_are_asked_for_from_zero_on() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));

    let rows = all(&api, &search("")).await.unwrap();

    let journal = emulator.journal();
    let asked: Vec<&str> = journal
        .iter()
        .filter_map(|one| one.query.as_deref())
        .collect();
    assert_eq!(
        asked,
        [
            "limit=100&startIndex=0",
            "limit=100&startIndex=100",
            "limit=100&startIndex=200"
        ]
    );
    assert_eq!(rows.len(), emulator.world().count());
}

#[tokio::test]
async fn trap_02_a_refused_page_size_is_read_and_obeyed_from_then_on() {
    let emulator = emulator(usher::emulator::Options {
        system: Arc::new(JanssenOptions {
            max_page: 70,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    let api = open(&client_profile(&emulator));

    let rows = all(&api, &search("")).await.unwrap();

    assert_eq!(rows.len(), 240);
    let journal = emulator.journal();
    let limits = journal.iter().filter_map(|one| one.query.as_deref());
    let refused = limits
        .filter(|query| query.starts_with("limit=100&"))
        .count();
    assert_eq!(refused, 1);
    assert!(TOO_MANY.contains("per page is 200"));
}

#[tokio::test]
async fn trap_03_the_list_without_parameters_is_not_used_for_listing() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));

    api.whoami().await.unwrap();
    all(&api, &search("")).await.unwrap();

    let journal = emulator.journal();
    assert!(journal.iter().all(|one| !one.path.ends_with("/session")));
}

#[tokio::test]
async fn trap_10_nothing_in_the_answer_means_no_such_session() {
    let cases = [
        ("200 OK", "application/json", ""),
        ("200 OK", "application/json", "null"),
        ("204 No Content", "application/json", ""),
        ("404 Not Found", "application/json", ""),
        (
            "404 Not Found",
            "application/json",
            r#"{"code":"404","message":"The requested sid doesn't exist"}"#,
        ),
    ];
    for (status, kind, body) in cases {
        let server = Scripted::start(move |_, _| answer(status, kind, body)).await;
        let api = open(&token_profile(&server.url));

        let error = api.get(&key("s")).await.unwrap_err();

        assert_eq!(error, ApiError::NotFound, "{status} {body}");
    }
}

#[tokio::test]
async fn f_http_17_a_missing_address_is_told_from_a_missing_session() {
    let page = |_: usize, _: &super::scripted::Heard| {
        answer(
            "404 Not Found",
            "text/html",
            "<html><title>Not Found</title></html>",
        )
    };
    let server = Scripted::start(page).await;
    let api = open(&token_profile(&server.url));

    for error in [
        api.get(&key("s")).await.unwrap_err(),
        api.whoami().await.unwrap_err(),
        all(&api, &search("")).await.unwrap_err(),
    ] {
        assert!(matches!(error, ApiError::NoEndpoint { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn another_session_than_the_one_asked_for_is_not_taken() {
    let server = Scripted::start(|_, _| json(r#"{"outsideSid":"other"}"#)).await;

    let error = open(&token_profile(&server.url))
        .get(&key("mine"))
        .await
        .unwrap_err();

    assert!(matches!(error, ApiError::Unexpected { .. }), "{error:?}");
}

#[tokio::test]
async fn f_data_12_an_id_is_one_segment_of_the_path_whatever_is_in_it() {
    let server = Scripted::start(|_, _| answer("404 Not Found", "text/plain", "")).await;
    let api = open(&token_profile(&server.url));

    let _ = api.get(&key("a/../b?c#d;e=f %2F ü")).await;
    let dots = api.get(&key("..")).await.unwrap_err();

    let heard = server.heard();
    assert!(
        heard[0]
            .line()
            .ends_with("/session/sid/a%2F..%2Fb%3Fc%23d%3Be%3Df%20%252F%20%C3%BC"),
        "{}",
        heard[0].line()
    );
    assert_eq!(heard.len(), 1, "{dots:?}");
}

#[tokio::test]
async fn an_old_server_is_recognised_listed_and_can_end_users_only() {
    let server = Scripted::start(|_, heard| match heard.line() {
        line if line.contains("/search") => answer("405 Method Not Allowed", "text/plain", ""),
        _ => json(OLD_LIST),
    })
    .await;
    let api = open(&token_profile(&server.url));
    let new = api.caps();

    api.whoami().await.unwrap();

    assert_eq!(
        (new.of(None).revoke, api.caps().of(None).revoke),
        (Revoke::One, Revoke::UserOnly)
    );
    let mut rows = Vec::new();
    let end = api.search(&search(""), None, &mut rows).await.unwrap();
    assert_eq!((rows.len(), end.completeness), (1, Completeness::Complete));
    assert_eq!(rows[0].created, utc("2022-08-15T15:45:05Z"));
    let found = api.get(&rows[0].key).await.unwrap();
    assert_eq!(found.subject, rows[0].subject);
    assert_eq!(
        api.get(&key("unknown")).await.unwrap_err(),
        ApiError::NotFound
    );
    let refused = api.revoke(&[rows[0].key.clone()]).await.unwrap_err();
    assert!(
        matches!(refused, ApiError::Unsupported { .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_page_shorter_than_asked_for_is_not_taken_for_the_last() {
    let row = r#"{"outsideSid":"s"}"#;
    let three = format!(r#"{{"totalEntriesCount":7,"entries":[{row},{row},{row}]}}"#);
    let one = format!(r#"{{"totalEntriesCount":7,"entries":[{row}]}}"#);
    let server =
        Scripted::start(move |number, _| json(if number < 2 { &three } else { &one })).await;

    let rows = all(&open(&token_profile(&server.url)), &search(""))
        .await
        .unwrap();

    assert_eq!(rows.len(), 7);
    assert!(server.heard()[2].line().contains("startIndex=6"));
}

#[tokio::test]
async fn f_http_12_a_nonsense_total_is_not_repeated() {
    let cases = [
        (r#""totalEntriesCount":-3,"#, None, Completeness::Complete),
        (r#""totalEntriesCount":0,"#, None, Completeness::Complete),
        (
            r#""totalEntriesCount":"many","#,
            None,
            Completeness::Complete,
        ),
        (r#""totalEntriesCount":1,"#, Some(1), Completeness::Complete),
        ("", None, Completeness::Unknown),
    ];
    for (total, shown, completeness) in cases {
        let body = format!(r#"{{{total}"entries":[{{"outsideSid":"s"}}]}}"#);
        let server = Scripted::start(move |_, _| json(&body)).await;
        let api = open(&token_profile(&server.url));

        let end = api
            .search(&search(""), None, &mut Vec::new())
            .await
            .unwrap();

        assert_eq!((end.total, end.next), (shown, None), "{total}");
        if shown.is_some() || total.is_empty() {
            assert_eq!(end.completeness, completeness, "{total}");
        }
    }
}

#[tokio::test]
async fn an_empty_page_before_the_end_stops_the_listing_and_says_that_it_is_cut() {
    let server =
        Scripted::start(|_, _| json(r#"{"totalEntriesCount":500,"entriesCount":0}"#)).await;
    let api = open(&token_profile(&server.url));

    let at = Cursor::new("100");
    let end = api
        .search(&search(""), Some(&at), &mut Vec::new())
        .await
        .unwrap();

    assert_eq!(end.next, None);
    assert_eq!(end.completeness, Completeness::Truncated { at: 100 });
}

#[tokio::test]
async fn a_server_that_fails_at_dates_is_asked_again_without_them() {
    let server = Scripted::start(|_, heard| match heard.line() {
        line if line.contains("expirationDate") || line.contains("sortBy") => {
            answer("500 Internal Server Error", "application/json", SERVLET)
        }
        _ => json(PAGE),
    })
    .await;
    let api = open(&token_profile(&server.url));
    let mut wanted = search("user:amelia.ruiz expires>2026-03-14");
    wanted.sort = Some(Sort {
        by: Field::Expires.into(),
        descending: false,
    });

    let rows = all(&api, &wanted).await.unwrap();

    assert_eq!(rows.len(), 2);
    let plan = api.plan(&wanted).unwrap();
    assert_eq!(plan.native, "auth_user=amelia.ruiz");
    assert_eq!(plan.rest.len(), 2, "what is not sent is applied here");
}

#[tokio::test]
async fn trap_08_a_failing_filter_of_the_operators_own_is_a_bad_query_in_the_servers_words() {
    let server =
        Scripted::start(|_, _| answer("500 Internal Server Error", "application/json", SERVLET))
            .await;
    let api = open(&token_profile(&server.url));
    let mut wanted = search("");
    wanted.native = Some("nosuch=1".into());

    let error = all(&api, &wanted).await.unwrap_err();

    let ApiError::BadQuery { message, field, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((message.as_str(), field), ("Failed to find entries", None));
}

#[tokio::test]
async fn trap_14_expired_and_unauthenticated_rows_are_rows_like_others() {
    let rows = rows_of(PAGE).await;

    let facts: Vec<Fact> = rows.iter().map(|row| row.fact).collect();
    assert_eq!(facts, [Fact::Live, Fact::Unauthenticated]);
}

#[tokio::test]
async fn f_data_14_bytes_that_are_no_text_spoil_only_their_own_field() {
    let mut bytes = super::scripted::whole("200 OK", "Content-Type: application/json\r\n", "");
    let body = b"[{\"outsideSid\":\"a\",\"sessionAttributes\":{\"auth_user\":\"x\xFFy\"}},{\"outsideSid\":\"b\"}]";
    bytes = String::from_utf8(bytes)
        .unwrap()
        .replace(
            "Content-Length: 0",
            &format!("Content-Length: {}", body.len()),
        )
        .into_bytes();
    bytes.extend_from_slice(body);
    let server = Scripted::start(move |_, _| super::scripted::Act::Send(bytes.clone())).await;

    let rows = all(&open(&token_profile(&server.url)), &search(""))
        .await
        .unwrap();

    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].subject.name.as_ref().unwrap().expose(), "x<FF>y");
}
