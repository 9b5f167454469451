//! Refusals: their statuses and bodies, and the id of the request on each.

use serde_json::json;

use super::*;

#[tokio::test]
async fn requests_without_a_good_key_are_refused() {
    let emulator = usual().await;
    let key = emulator.workos_auth().key;
    let path = "/user_management/users";

    for header in [
        String::new(),
        "Bearer sk_test_wrong".into(),
        format!("Basic {key}"),
        key.clone(),
    ] {
        let request = Asked::new("GET", path).header("Authorization", &header);
        let answer = request.send(emulator.url()).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert_eq!(answer.json(), json!({ "message": "Unauthorized" }));
        assert!(
            answer
                .header("x-request-id")
                .is_some_and(|id| id.starts_with("req_"))
        );
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    let request = Asked::new("GET", path).header("Authorization", &format!("bEARER {key}"));
    assert_eq!(request.send(emulator.url()).await.status, 200);
}

#[tokio::test]
async fn a_key_without_permission_is_another_refusal() {
    let emulator = usual().await;
    let bearer = format!("Bearer {}", emulator.workos_auth().weak_key);

    let request = Asked::new("GET", "/user_management/users").header("Authorization", &bearer);
    let answer = request.send(emulator.url()).await;

    assert_eq!(answer.status, 403);
    assert!(answer.json()["message"].is_string());
}

#[tokio::test]
async fn a_key_can_end() {
    let emulator = usual().await;

    emulator.expire_tokens();

    assert_eq!(get(&emulator, "/user_management/users").await.status, 401);
}

#[tokio::test]
async fn unknown_objects_and_paths_have_a_code() {
    let emulator = usual().await;
    let nobody = "user_01AAAAAAAAAAAAAAAAAAAAAAAA";

    for (path, code) in [
        (
            "/user_management/users/user_01AAAAAAAAAAAAAAAAAAAAAAAA",
            "entity_not_found",
        ),
        (
            "/user_management/users/user_01AAAAAAAAAAAAAAAAAAAAAAAA/sessions",
            "entity_not_found",
        ),
        (
            "/user_management/users/external_id/nobody",
            "entity_not_found",
        ),
        (
            "/organizations/org_01AAAAAAAAAAAAAAAAAAAAAAAA",
            "entity_not_found",
        ),
        ("/user_management/sessions", "not_found"),
        (
            "/user_management/sessions/session_01AAAAAAAAAAAAAAAAAAAAAAAA",
            "not_found",
        ),
        ("/", "not_found"),
    ] {
        let answer = get(&emulator, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], code, "{path}");
        assert!(answer.json()["message"].is_string(), "{path}");
    }
    let answer = get(&emulator, &format!("/user_management/users/{nobody}")).await;
    assert_eq!(answer.json()["entity_id"], nobody);
    let path = "/user_management/users";
    let other_method = asked(&emulator, "DELETE", path).send(emulator.url()).await;
    assert_eq!(other_method.status, 404);
}

#[tokio::test]
async fn odd_parameters_of_lists_are_refused() {
    let emulator = usual().await;
    let sessions = sessions_of(&emulator, "alice@example.org");
    let other = emulator.workos().sessions().into_iter();
    let other = other
        .filter(|row| row.email != "alice@example.org")
        .map(|row| row.id)
        .next()
        .expect("a session of somebody else");

    for path in ["/user_management/users", &sessions, "/organizations"] {
        for query in [
            "limit=0",
            "limit=101",
            "limit=many",
            "order=newest",
            "after=session_01AAAAAAAAAAAAAAAAAAAAAAAA",
            &format!("before={other}"),
        ] {
            let answer = get(&emulator, &format!("{path}?{query}")).await;
            assert_eq!(answer.status, 422, "{path} {query}");
            let body =
                json!({ "code": "invalid_request_parameters", "message": "Validation failed." });
            assert_eq!(answer.json(), body);
        }
    }
    let memberships = "/user_management/organization_memberships";
    let answer = get(&emulator, memberships).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["code"], "missing_user_id_or_organization_id");
    let odd = get(&emulator, &format!("{memberships}?user_id=x&statuses=gone")).await;
    assert_eq!(odd.status, 422);
}

#[tokio::test]
async fn the_id_of_a_request_comes_back() {
    let emulator = usual().await;
    let request = asked(&emulator, "GET", "/nowhere").header("X-Request-ID", "req_mine");

    let answer = request.send(emulator.url()).await;

    assert_eq!(answer.header("x-request-id"), Some("req_mine"));
}
