//! The statements that manage sessions, and how everything else is refused.

use serde_json::json;
use usher::emulator::cockroach::{CockroachOptions, Version};

use super::{
    LIST, REVOKE, SECOND_US, add, body, empty, post, refusal, row, rows, run, server, token,
};
use crate::asked::Asked;

const BIG: i64 = 784_449_219_848_241_153;

fn revoke(id: i64) -> String {
    REVOKE.replace("{id}", &id.to_string())
}

#[tokio::test]
async fn a_list_has_bare_numbers_and_times_without_a_zone() {
    let emulator = server().await;
    let mut made = row(&emulator, "web_user");
    (made.id, made.created_us) = (BIG, 1_659_464_666_376_640);
    emulator.cockroach().add(&made, &[1; 16]);
    let mut plain = row(&emulator, "web_user");
    (plain.id, plain.created_us) = (BIG - 1, 1_659_464_666_000_000);
    emulator.cockroach().add(&plain, &[1; 16]);
    let token = token(&emulator, &emulator.cockroach().admin()).await;

    let answer = post(&emulator, &token, &body(LIST, &[])).await;

    assert!(
        answer.body.contains(&format!("\"id\":{BIG},")),
        "{}",
        answer.body
    );
    let result = &answer.json()["execution"]["txn_results"][0];
    assert_eq!(result["tag"], "SELECT");
    assert_eq!(result["rows_affected"], 0);
    let kinds = result["columns"].as_array().expect("columns").iter();
    let kinds: Vec<&str> = kinds
        .map(|column| column["type"].as_str().expect("a type"))
        .collect();
    let time = "TIMESTAMP";
    assert_eq!(kinds, ["STRING", "INT8", time, time, time, time, "STRING"]);
    let found = rows(result);
    assert_eq!(found[0]["created"], "2022-08-02T18:24:26");
    assert_eq!(
        found[1],
        json!({
            "username": "web_user",
            "id": BIG,
            "created": "2022-08-02T18:24:26.37664",
            "expires": "2026-03-14T10:41:55",
            "revoked": null,
            "last_used": "2022-08-02T18:24:26.37664",
            "audit": null,
        })
    );
}

#[tokio::test]
async fn pages_go_on_behind_an_id_in_both_directions() {
    let emulator = server().await;
    let ids: Vec<i64> = (0..5).map(|_| add(&emulator, "jdoe")).collect();
    let page = |condition: String| {
        let sql = format!(
            "SELECT w.id AS id FROM system.web_sessions AS w WHERE w.username = $1 AND {condition} LIMIT 2"
        );
        let emulator = &emulator;
        async move {
            let result = run(emulator, &sql, &["jdoe"]).await;
            let found = rows(&result).into_iter();
            found
                .map(|row| row["id"].as_i64().expect("a number"))
                .collect::<Vec<_>>()
        }
    };

    assert_eq!(
        page(format!("w.id > {} ORDER BY w.id", ids[0])).await,
        ids[1..3]
    );
    assert_eq!(
        page(format!("w.id < {} ORDER BY w.id DESC", ids[3])).await,
        [ids[2], ids[1]]
    );
    assert_eq!(
        page(format!("w.id > {} ORDER BY w.id", ids[4])).await,
        [0; 0]
    );
}

#[tokio::test]
async fn conditions_on_times_and_patterns_are_those_of_sql() {
    let emulator = server().await;
    for name in ["ada", "a_a", "a%a", "o'hara", "back\\slash"] {
        add(&emulator, name);
    }
    for (condition, argument, expected) in [
        ("w.username LIKE $1", "a%", vec!["a%a", "a_a", "ada"]),
        ("w.username LIKE $1", "a\\_a", vec!["a_a"]),
        ("w.username LIKE $1", "a\\%a", vec!["a%a"]),
        ("w.username NOT LIKE $1 AND w.id > 0", "%a%", vec![]),
        ("w.username = $1", "o'hara", vec!["o'hara"]),
        ("w.username = $1", "back\\slash", vec!["back\\slash"]),
        ("w.username = $1", "x' OR '1'='1", vec![]),
        (
            "w.\"createdAt\" > $1::TIMESTAMP AND w.username != 'opsadmin'",
            "2026-03-14T09:41:00",
            vec![],
        ),
        (
            "w.\"createdAt\" <= $1::TIMESTAMP AND (w.username = 'ada' OR NOT w.username LIKE '%')",
            "2026-03-14 09:41:00",
            vec!["ada"],
        ),
    ] {
        let sql = format!(
            "SELECT w.username AS username FROM system.web_sessions AS w WHERE {condition} ORDER BY w.username"
        );
        let found = rows(&run(&emulator, &sql, &[argument]).await);
        let found: Vec<&str> = found
            .iter()
            .filter_map(|row| row["username"].as_str())
            .collect();
        assert_eq!(found, expected, "{condition} {argument}");
    }
}

#[tokio::test]
async fn one_session_is_revoked_and_the_others_stay() {
    let emulator = server().await;
    let (one, other) = (add(&emulator, "web_user"), add(&emulator, "web_user"));

    let done = run(&emulator, &revoke(one), &["web_user"]).await;
    let again = run(&emulator, &revoke(one), &["web_user"]).await;
    let not_theirs = run(&emulator, &revoke(other), &["somebody"]).await;

    assert_eq!(
        rows(&done),
        [json!({ "id": one, "revoked": "2026-03-14T09:41:55" })]
    );
    assert_eq!(
        (&done["tag"], &done["rows_affected"]),
        (&json!("UPDATE"), &json!(0))
    );
    assert!(again.get("rows").is_none(), "{again}");
    assert_eq!(again["columns"][0]["name"], "id");
    assert!(not_theirs.get("rows").is_none(), "{not_theirs}");
    assert_eq!(
        emulator.cockroach().find(other).expect("a row").revoked_us,
        None
    );
}

#[tokio::test]
async fn revoking_a_user_lists_old_revocations_with_their_time() {
    let emulator = server().await;
    let now_us = emulator.now_ms() * 1_000;
    let fresh = add(&emulator, "web_user");
    let mut old = row(&emulator, "web_user");
    old.revoked_us = Some(now_us - 600 * SECOND_US);
    let old = emulator.cockroach().add(&old, &[1; 16]);
    let mut later = row(&emulator, "web_user");
    later.revoked_us = Some(now_us + 600 * SECOND_US);
    let later = emulator.cockroach().add(&later, &[1; 16]);
    let sql = r#"UPDATE system.web_sessions SET "revokedAt" = CASE WHEN "revokedAt"::TIMESTAMPTZ < now() THEN "revokedAt" ELSE now()::TIMESTAMP END WHERE username = $1 RETURNING username AS username, id AS id, "revokedAt" AS revoked"#;

    let found = rows(&run(&emulator, sql, &["web_user"]).await);

    let revoked =
        |id: i64| found.iter().find(|row| row["id"] == id).expect("a row")["revoked"].clone();
    assert_eq!(found.len(), 3);
    assert_eq!(revoked(fresh), "2026-03-14T09:41:55");
    assert_eq!(revoked(old), "2026-03-14T09:31:55");
    assert_eq!(revoked(later), "2026-03-14T09:41:55");
}

#[tokio::test]
async fn a_session_is_made_by_each_statement_of_its_version() {
    let secret = "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991";
    let with = r#"INSERT INTO system.web_sessions ("hashedSecret", username, "expiresAt", user_id) VALUES (decode($1,'hex'), $2, now()::TIMESTAMP + $3::INTERVAL, (SELECT user_id FROM system.users WHERE username = $2)) RETURNING id AS id, "expiresAt" AS expires"#;
    let without = r#"INSERT INTO system.web_sessions ("hashedSecret", username, "expiresAt") VALUES (decode($1,'hex'), $2, now()::TIMESTAMP + $3::INTERVAL) RETURNING id AS id, "expiresAt" AS expires"#;
    for (version, right, wrong, code) in [
        (Version::new(23, 1), with, without, "23502"),
        (Version::new(22, 2), without, with, "42703"),
    ] {
        let system = CockroachOptions {
            version,
            ..CockroachOptions::default()
        };
        let emulator = empty(system).await;

        let made = rows(&run(&emulator, right, &[secret, "jdoe", "16200 seconds"]).await);

        assert_eq!(made[0]["expires"], "2026-03-14T14:11:55");
        let id = made[0]["id"].as_i64().expect("an id");
        let hashed = emulator.cockroach().hashed_secret(id).expect("a row");
        assert_eq!(hashed[31], 0x91);
        let refused = refusal(&emulator, wrong, &[secret, "jdoe", "1h"]).await;
        assert_eq!((refused.0, refused.1.as_str()), (200, code), "{refused:?}");
    }
    let emulator = server().await;
    let nobody = refusal(&emulator, with, &[secret, "no.such.user", "1h"]).await;
    assert_eq!(nobody.1, "23502", "{nobody:?}");
    assert!(
        nobody
            .2
            .ends_with("null value in column \"user_id\" violates not-null constraint")
    );
}

#[tokio::test]
async fn users_are_counted_and_roles_are_none() {
    let emulator = server().await;
    let sql =
        r#"SELECT count(username) AS n FROM system.users WHERE username = $1 AND NOT "isRole""#;
    for (name, count) in [("root", 1), ("admin", 0), ("nobody", 0), ("jdoe", 1)] {
        assert_eq!(
            rows(&run(&emulator, sql, &[name]).await),
            [json!({ "n": count })],
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_row_is_removed_by_its_id_only() {
    let emulator = server().await;
    let (one, other) = (add(&emulator, "jdoe"), add(&emulator, "jdoe"));
    let sql = format!("DELETE FROM system.web_sessions WHERE id = {one} RETURNING id AS id");

    assert_eq!(
        rows(&run(&emulator, &sql, &[]).await),
        [json!({ "id": one })]
    );
    assert!(rows(&run(&emulator, &sql, &[]).await).is_empty());
    assert!(emulator.cockroach().find(other).is_some());
}

#[tokio::test]
async fn refused_requests_are_told_before_anything_runs() {
    let emulator = server().await;
    add(&emulator, "jdoe");
    for (sql, arguments, code, message) in [
        (
            "SELECT id FROM system.web_sessions where",
            vec![],
            "42601",
            "parsing statement 1: at or near \"EOF\": syntax error",
        ),
        (
            "SELECT where",
            vec![],
            "42601",
            "parsing statement 1: at or near \"where\": syntax error",
        ),
        (
            "SELECT 1; SELECT 2",
            vec![],
            "XXUUU",
            "parsing statement 1: expecting 1 statement, found 2",
        ),
        (
            "SELECT $1",
            vec![],
            "XXUUU",
            "parsing statement 1: expected 1 placeholder(s), got 0",
        ),
        (
            "SELECT 1",
            vec!["x"],
            "XXUUU",
            "parsing statement 1: expected 0 placeholder(s), got 1",
        ),
        (
            "DROP TABLE system.web_sessions",
            vec![],
            "42601",
            "parsing statement 1: at or near \"drop\": syntax error",
        ),
        (
            "DELETE FROM system.web_sessions",
            vec![],
            "42601",
            "parsing statement 1: at or near \"EOF\": syntax error",
        ),
    ] {
        let refused = refusal(&emulator, sql, &arguments).await;
        assert_eq!(refused, (400, code.to_owned(), message.to_owned()), "{sql}");
    }
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let send = |kind: &'static str, body: String, method: &'static str| {
        let mut asked = Asked::new(method, "/api/v2/sql/").header(super::SESSION, &token);
        if !kind.is_empty() {
            asked = asked.header("Content-Type", kind);
        }
        asked.body = body;
        let url = emulator.url().to_owned();
        async move {
            let answer = asked.send(&url).await;
            (
                answer.status,
                answer.json()["error"]["message"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        }
    };
    let good = body("SELECT 1", &[]).to_string();
    assert_eq!(
        send("application/json", good.clone(), "POST").await,
        (200, String::new())
    );
    assert_eq!(send("", good.clone(), "POST").await, (200, String::new()));
    let kind = "application/json; charset=utf-8";
    let text = format!("expecting content-type json: \"{kind}\"");
    assert_eq!(send(kind, good.clone(), "POST").await, (400, text));
    assert_eq!(
        send("", good.clone(), "GET").await,
        (405, "only POST supported".to_owned())
    );
    assert_eq!(
        send("", "{}".to_owned(), "POST").await,
        (400, "no statements specified".to_owned())
    );
    assert_eq!(send("", String::new(), "POST").await.0, 400);
    let bad = good.replace("15s", "abcdef");
    let text = "time: invalid duration \"abcdef\"".to_owned();
    assert_eq!(send("", bad, "POST").await, (400, text));
}

#[tokio::test]
async fn errors_of_what_runs_come_with_status_200() {
    let emulator = server().await;
    let token = token(&emulator, &emulator.cockroach().reader()).await;

    let denied = post(&emulator, &token, &body(LIST, &[])).await;

    assert_eq!(denied.status, 200);
    let message = "executing stmt 1: run-query-via-api: user helpdesk does not have SELECT privilege on relation web_sessions";
    let json = denied.json();
    let result = &json["execution"]["txn_results"][0];
    for error in [&json["error"], &result["error"]] {
        assert_eq!(
            *error,
            json!({ "severity": "ERROR", "code": "42501", "message": message })
        );
    }
    assert!(result.get("columns").is_none());
    let prefix = "executing stmt 1: run-query-via-api: ";
    for (sql, code, message) in [
        ("SELECT id FROM x", "42P01", "relation \"x\" does not exist"),
        (
            "SELECT nothing FROM system.web_sessions",
            "42703",
            "column \"nothing\" does not exist",
        ),
        (
            "SELECT createdAt FROM system.web_sessions",
            "42703",
            "column \"createdat\" does not exist",
        ),
        (
            "SELECT id FROM system.web_sessions WHERE id = $1",
            "22023",
            "unsupported comparison operator: <int> = <string>",
        ),
        (
            "SELECT id FROM system.web_sessions WHERE id = $1::INT8",
            "22P02",
            "could not parse \"1x\" as type int: strconv.ParseInt: parsing \"1x\": invalid syntax",
        ),
    ] {
        add(&emulator, "jdoe");
        let arguments = if sql.contains("$1") {
            vec!["1x"]
        } else {
            vec![]
        };
        let refused = refusal(&emulator, sql, &arguments).await;
        assert_eq!(
            refused,
            (200, code.to_owned(), format!("{prefix}{message}")),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_request_that_is_not_to_be_executed_changes_nothing() {
    let emulator = server().await;
    let id = add(&emulator, "web_user");
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let mut asked = body(&revoke(id), &["web_user"]);
    asked["execute"] = json!(false);

    let answer = post(&emulator, &token, &asked).await.json();

    assert!(answer.get("execution").is_none());
    assert_eq!(
        answer["request"]["statements"][0]["arguments"],
        json!(["web_user"])
    );
    assert_eq!(
        emulator.cockroach().find(id).expect("a row").revoked_us,
        None
    );
}

#[tokio::test]
async fn a_closed_gate_is_told_apart_from_a_lacking_privilege() {
    let system = CockroachOptions {
        access_gate: true,
        ..CockroachOptions::default()
    };
    let emulator = empty(system).await;

    let refused = refusal(&emulator, LIST, &[]).await;

    assert_eq!(refused.1, "42501");
    assert!(
        refused
            .2
            .ends_with("Access to crdb_internal and system is restricted."),
        "{refused:?}"
    );
    run(
        &emulator,
        "SELECT session_id FROM [SHOW CLUSTER SESSIONS]",
        &[],
    )
    .await;
}
