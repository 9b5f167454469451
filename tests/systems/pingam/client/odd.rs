//! Lists whose entries are not as they should be.

use usher::model::{Cursor, PageEnd, SessionKey};

use super::fake::{Fake, Kind, pingam};
use super::*;

/// The rows of a list of these entries, and what the page says of itself.
async fn rows_of(entries: &'static str) -> (Vec<Session>, PageEnd) {
    let fake = Fake::start(Kind {
        entries: Some(entries),
        ..pingam()
    })
    .await;
    let mut rows = Vec::new();
    let end = open(&profile(&fake))
        .search(&search(""), None::<&Cursor>, &mut rows)
        .await
        .unwrap();
    (rows, end)
}

fn attribute<'a>(row: &'a Session, name: &str) -> Option<&'a str> {
    let found = row.extra.iter().find(|one| one.name.expose() == name)?;
    Some(found.value.expose())
}

#[tokio::test]
async fn f_data_15_an_entry_that_is_no_session_is_counted_and_the_others_are_rows() {
    let (rows, end) = rows_of(
        r#"{"username":"amy","sessionHandle":"shandle:a","realm":"/"},null,5,["x"],
           {"username":"bob","sessionHandle":"shandle:b","realm":"/"}"#,
    )
    .await;

    let names: Vec<_> = rows
        .iter()
        .filter_map(|r| r.subject.name.as_ref())
        .collect();
    let names: Vec<_> = names.iter().map(|name| name.expose()).collect();
    assert_eq!(names, ["amy", "bob"]);
    assert_eq!(end.unread, 3);
}

#[tokio::test]
async fn f_data_14_and_15_and_16_a_field_that_is_odd_or_new_costs_only_itself() {
    let (rows, end) = rows_of(
        r#"{"username":["amy"],"username":"bob\ud800","universalId":7,"realm":"/","sessionHandle":"shandle:a",
            "latestAccessTime":{"at":1e400},"maxIdleExpirationTime":true,"future":9007199254740993,
            "properties":{"n":9007199254740993,"big":1e400,"list":["x"],"n":"2","\ud800":"k"}},
           {"sessionHandle":"shandle:b","properties":"none"}"#,
    )
    .await;

    assert_eq!((rows.len(), end.unread), (2, 0));
    let row = &rows[0];
    let text = |field: &Option<usher::model::Untrusted>| {
        field.as_ref().map(|text| text.expose().to_owned())
    };
    assert_eq!(text(&row.subject.name).as_deref(), Some("bob<U+D800>"));
    assert_eq!(text(&row.subject.id).as_deref(), Some("7"));
    assert_eq!((row.last_used, row.expires), (None, None));
    for (name, value) in [
        ("latestAccessTime", r#"{"at":1e400}"#),
        ("maxIdleExpirationTime", "true"),
        ("n", "9007199254740993"),
        ("big", "1e400"),
        ("list", r#"["x"]"#),
    ] {
        assert_eq!(attribute(row, name), Some(value), "{name}");
    }
    assert_eq!(attribute(&rows[1], "properties"), Some("none"));
    assert_eq!(text(&rows[1].subject.name), None);
}

#[tokio::test]
async fn f_clock_03_what_is_no_time_is_absent_and_stays_among_the_attributes() {
    for (sent, time) in [
        ("null", None),
        ("0", None),
        ("-5", None),
        ("\"soon\"", None),
        ("1764324000000000", None),
        ("\"0000-01-01T00:00:00Z\"", None),
        ("1764324000", Some("2025-11-28T10:00:00Z")),
        ("1764324000000", Some("2025-11-28T10:00:00Z")),
        ("\"2025-11-28T10:00:00.000\"", Some("2025-11-28T10:00:00Z")),
        ("\"2025-11-28T12:00:00+0200\"", Some("2025-11-28T10:00:00Z")),
    ] {
        let entry = format!(
            r#"{{"sessionHandle":"shandle:a","latestAccessTime":{sent},"maxSessionExpirationTime":{sent}}}"#
        );
        let (rows, _) = rows_of(entry.leak()).await;

        let row = &rows[0];
        let time = time.map(|time| time.parse().unwrap());
        assert_eq!((row.last_used, row.expires), (time, time), "{sent}");
        let kept = (time.is_none() && sent != "null").then(|| sent.trim_matches('"'));
        assert_eq!(attribute(row, "latestAccessTime"), kept, "{sent}");
    }
}

#[tokio::test]
async fn a_session_that_may_be_the_unreadable_one_is_not_called_gone() {
    let fake = Fake::start(Kind {
        entries: Some(r#"null,{"username":"bob","sessionHandle":"shandle:b","realm":"/"}"#),
        ..pingam()
    })
    .await;
    let api = open(&profile(&fake));

    let there = api.get(&SessionKey::new("shandle:b#/#bob")).await;
    let error = api
        .get(&SessionKey::new("shandle:a#/#amy"))
        .await
        .unwrap_err();

    assert!(there.is_ok(), "{there:?}");
    assert!(matches!(error, ApiError::Unexpected { .. }), "{error:?}");
}
