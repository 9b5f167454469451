//! Everything that can go wrong between the client and the server, and what is made of it.

use std::time::{Duration, Instant};

use usher::model::{ApiError, Code, Outcome, Session};

use super::{Busy, Fault, Framing, ServerFixture, Set, Setup, search};

pub async fn a_refused_token_is_an_auth_error<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    set.meets(Fault::RefusedSignIn).await;

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
}

pub async fn a_token_that_expires_is_renewed_without_a_word<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let before = set.list("").await.expect("a list").len();
    B::end_sign_ins(&set.server).await;

    let rows = set.list("").await.expect("a list after a new sign-in");

    // Where a sign-in is a session itself, the new one is listed too.
    assert!(
        (before..=before + 1).contains(&rows.len()),
        "{}",
        rows.len()
    );
    let key = set.victim().await;
    B::end_sign_ins(&set.server).await;
    let outcome = set.api.revoke(&[key]).await.expect("an outcome");
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

pub async fn lacking_rights_are_named<B: ServerFixture>() {
    let set = Set::<B>::of(Setup::WithoutRights, Duration::from_secs(2)).await;

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Forbidden { .. }), "{error:?}");
}

pub async fn waits_when_told<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let key = set.victim().await;
    set.meets(Fault::Busy(Busy::List)).await;
    let begun = Instant::now();

    let rows = set.list("").await.expect("the second try is answered");

    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(rows.len(), B::count(&set.server));
    set.meets(Fault::Busy(Busy::End)).await;
    let outcome = set.api.revoke(&[key]).await.expect("an outcome");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

pub async fn a_cut_body_is_an_error<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    for framing in [Framing::Length, Framing::Parts] {
        set.meets(Fault::Cut(framing)).await;
        let error = set.list("").await.expect_err("it is cut");
        assert!(
            matches!(error, ApiError::Broken { .. }),
            "{framing:?}: {error:?}"
        );
    }
}

pub async fn a_page_of_html_is_an_error<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    set.meets(Fault::NoList("html")).await;
    let ok = set.list("").await.expect_err("it is no list");
    assert!(matches!(ok, ApiError::Unexpected { .. }), "{ok:?}");

    set.meets(Fault::Oops).await;
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

pub async fn an_answer_that_is_no_list_is_never_a_short_one<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    for &kind in B::NO_LISTS {
        set.meets(Fault::NoList(kind)).await;
        match set.list("").await {
            // Odd, and all of it is there.
            Ok(rows) => assert_eq!(rows.len(), B::count(&set.server), "{kind}"),
            Err(error) => assert!(
                matches!(error, ApiError::Unexpected { .. }),
                "{kind}: {error:?}"
            ),
        }
    }
}

pub async fn a_hanging_server_ends_by_the_limit_or_by_dropping<B: ServerFixture>() {
    let set = Set::<B>::signed_in_as(Setup::Breakable, Duration::from_secs(1)).await;
    set.meets(Fault::Hang).await;
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

pub async fn a_server_killed_in_the_middle_of_a_list_is_an_error<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    let asked = search("");
    let mut rows: Vec<Session> = Vec::new();
    let end = set.api.search(&asked, None, &mut rows).await;
    let end = end.expect("a page");
    let got = rows.len();
    B::stop(set.server).await;

    // Where one answer holds the whole list, the next search meets the same.
    let error = set.api.search(&asked, end.next.as_ref(), &mut rows).await;

    let error = error.expect_err("nobody is there");
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(rows.len(), got, "the rows that came stay as they are");
}
