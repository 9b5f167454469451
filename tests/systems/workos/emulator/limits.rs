//! The limits on requests.

use serde_json::json;

use super::*;

const USERS: &str = "/user_management/users?limit=1";

#[tokio::test]
async fn one_request_too_many_is_told_when_to_come_back() {
    let emulator = server(WorkosOptions {
        requests_per_second: 3,
        ..WorkosOptions::default()
    })
    .await;
    let mut left = Vec::new();
    for _ in 0..3 {
        let answer = get(&emulator, USERS).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
        left.push(answer.header("x-ratelimit-remaining").map(str::to_owned));
    }
    assert_eq!(left, ["2", "1", "0"].map(|text| Some(text.to_owned())));

    let refused = get(&emulator, USERS).await;

    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.json(),
        json!({ "message": "Too many requests.", "code": "rate_limit_exceeded" })
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    assert!(refused.header("x-request-id").is_some());
    let reset: i64 = refused
        .header("x-ratelimit-reset")
        .and_then(|text| text.parse().ok())
        .expect("seconds since 1970");
    assert!((0..=2).contains(&(reset - NOW_MS / 1_000)), "{reset}");
    emulator.move_clock(1_000);
    assert_eq!(get(&emulator, USERS).await.status, 200);
}

#[tokio::test]
async fn a_refused_revoke_ends_nothing() {
    let emulator = server(WorkosOptions {
        requests_per_second: 1,
        ..WorkosOptions::default()
    })
    .await;
    let active = emulator.workos().active();
    emulator.workos().add(&row(1));
    assert_eq!(get(&emulator, USERS).await.status, 200);

    let refused = revoke_id(&emulator, &row(1).id).await;

    assert_eq!(refused.status, 429);
    assert_eq!(emulator.workos().active(), active + 1);
}

#[tokio::test]
async fn the_usual_limits_are_those_of_the_service() {
    let emulator = usual().await;

    let reads = get(&emulator, USERS).await;
    let others = get(&emulator, "/organizations?limit=1").await;
    let writes = revoke_id(&emulator, "x").await;

    let limit = |answer: &Answer| answer.header("x-ratelimit-limit").map(str::to_owned);
    assert_eq!(limit(&reads).as_deref(), Some("1000"));
    assert_eq!(limit(&others).as_deref(), Some("6000"));
    assert_eq!(limit(&writes).as_deref(), Some("500"));
}
