//! Everything that can go wrong between the client and the server, and what is made of it.

use std::time::{Duration, Instant};

use usher::model::{ApiError, Code, Outcome, Session};

use super::{Set, SystemFixture, search};

pub async fn a_refused_token_is_an_auth_error<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    set.fault(B::LISTS, r#""action":"auth","kind":"401_always""#);

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
}

pub async fn a_token_that_expires_is_renewed_without_a_word<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    let before = set.list("").await.expect("a list").len();
    set.emulator.expire_tokens();

    let rows = set.list("").await.expect("a list after a new sign-in");

    // Where a sign-in is a session itself, the new one is listed too.
    assert!(
        (before..=before + 1).contains(&rows.len()),
        "{}",
        rows.len()
    );
    let key = set.victim().await;
    set.emulator.expire_tokens();
    let outcome = set.api.revoke(&[key]).await.expect("an outcome");
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

pub async fn lacking_rights_are_named<B: SystemFixture>() {
    let (options, limit) = (B::options_without_rights(), Duration::from_secs(2));
    let set = Set::of::<B>(options, B::profile_without_rights, limit).await;

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Forbidden { .. }), "{error:?}");
}

pub async fn waits_when_told<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    let key = set.victim().await;
    let action = r#""times":1,"action":"status","code":429,"headers":{"retry-after":"1"}"#;
    set.fault(B::LISTS, action);
    let begun = Instant::now();

    let rows = set.list("").await.expect("the second try is answered");

    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(rows.len(), B::count(&set.emulator));
    set.fault(B::ENDS, action);
    let outcome = set.api.revoke(&[key]).await.expect("an outcome");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

pub async fn a_cut_body_is_an_error<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    for framing in ["length", "chunked"] {
        let action = format!(r#""action":"close","after_bytes":300,"framing":"{framing}""#);
        set.fault(B::LISTS, &action);
        let error = set.list("").await.expect_err("it is cut");
        assert!(
            matches!(error, ApiError::Broken { .. }),
            "{framing}: {error:?}"
        );
    }
}

pub async fn a_page_of_html_is_an_error<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    set.fault(B::LISTS, r#""action":"garbage","kind":"html""#);
    let ok = set.list("").await.expect_err("it is no list");
    assert!(matches!(ok, ApiError::Unexpected { .. }), "{ok:?}");

    let action = r#""action":"status","code":500,"content_type":"text/html","body":"<html><title>Oops</title></html>""#;
    set.fault(B::LISTS, action);
    let failed = set.list("").await.expect_err("it failed");
    let ApiError::Server {
        code: Code::Http(500),
        message,
        ..
    } = &failed
    else {
        panic!("{failed:?}");
    };
    assert!(
        message.contains("Oops") && !message.contains('<'),
        "{message}"
    );
}

pub async fn an_answer_that_is_no_list_is_never_a_short_one<B: SystemFixture>() {
    // Without "invalid_utf8" and "huge_number": both are lists of one system, with odd things in them.
    const KINDS: [&str; 9] = [
        "html",
        "empty",
        "not_json",
        "json_scalar",
        "wrong_shape",
        "deep",
        "nul",
        "bom",
        "dup_keys",
    ];
    let set = Set::signed_in::<B>().await;
    for kind in KINDS {
        set.fault(B::LISTS, &format!(r#""action":"garbage","kind":"{kind}""#));
        match set.list("").await {
            // Odd, and all of it is there.
            Ok(rows) => assert_eq!(rows.len(), B::count(&set.emulator), "{kind}"),
            Err(error) => assert!(
                matches!(error, ApiError::Unexpected { .. }),
                "{kind}: {error:?}"
            ),
        }
    }
}

pub async fn a_hanging_server_ends_by_the_limit_or_by_dropping<B: SystemFixture>() {
    let set = Set::signed_in_within::<B>(B::options(), Duration::from_secs(1)).await;
    set.fault(B::LISTS, r#""action":"hang""#);
    let asked = search("");
    let mut rows: Vec<Session> = Vec::new();
    let begun = Instant::now();

    let dropped = set.api.search(&asked, None, &mut rows);
    let dropped = tokio::time::timeout(Duration::from_millis(100), dropped).await;
    assert!(dropped.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1));

    let error = set.list("").await.expect_err("nothing answers");
    assert!(matches!(error, ApiError::Timeout { .. }), "{error:?}");
}

pub async fn a_server_killed_in_the_middle_of_a_list_is_an_error<B: SystemFixture>() {
    let set = Set::signed_in::<B>().await;
    let asked = search("");
    let mut rows: Vec<Session> = Vec::new();
    let end = set.api.search(&asked, None, &mut rows).await;
    let end = end.expect("a page");
    let got = rows.len();
    set.emulator.stop().await;

    // Where one answer holds the whole list, the next search meets the same.
    let error = set.api.search(&asked, end.next.as_ref(), &mut rows).await;

    let error = error.expect_err("nobody is there");
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(rows.len(), got, "the rows that came stay as they are");
}
