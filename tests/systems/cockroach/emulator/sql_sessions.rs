//! SQL sessions by SQL: listed, and ended with what they do.

use usher::emulator::cockroach::{CockroachOptions, Version};

use super::{body, empty, post, refusal, rows, run, server, token};

const SHOW: &str = "SELECT node_id, session_id, status, user_name, client_address, application_name, active_queries, session_start FROM [SHOW CLUSTER SESSIONS] ORDER BY session_start DESC";

#[tokio::test]
async fn sessions_are_listed_with_what_they_do() {
    let emulator = server().await;

    let found = rows(&run(&emulator, SHOW, &[]).await);

    assert_eq!(found.len(), 24);
    for row in &found {
        assert_eq!(row["session_id"].as_str().map(str::len), Some(32), "{row}");
        let is_idle = row["active_queries"] == "";
        assert_eq!(
            row["status"],
            if is_idle { "IDLE" } else { "ACTIVE" },
            "{row}"
        );
        assert!(
            row["session_start"]
                .as_str()
                .is_some_and(|text| text.ends_with('Z')),
            "{row}"
        );
    }
    assert!(found.is_sorted_by_key(|row| std::cmp::Reverse(row["session_start"].to_string())));
}

#[tokio::test]
async fn old_versions_tell_times_without_a_zone_and_name_one_otherwise() {
    let system = CockroachOptions {
        version: Version::new(22, 1),
        ..CockroachOptions::default()
    };
    let emulator = empty(system).await;

    let found = rows(&run(&emulator, SHOW, &[]).await);

    assert!(found.iter().all(|row| {
        row["session_start"]
            .as_str()
            .is_some_and(|text| !text.ends_with('Z'))
    }));
    run(
        &emulator,
        "SELECT oldest_query_start FROM [SHOW CLUSTER SESSIONS]",
        &[],
    )
    .await;
    let refused = refusal(
        &emulator,
        "SELECT active_query_start FROM [SHOW CLUSTER SESSIONS]",
        &[],
    )
    .await;
    assert_eq!(refused.1, "42703");
}

#[tokio::test]
async fn a_session_is_cancelled_once() {
    let emulator = server().await;
    let id = emulator.cockroach().sql_sessions()[0].clone();
    let sql = format!("CANCEL SESSION '{id}'");

    let done = run(&emulator, &sql, &[]).await;

    assert_eq!(
        (&done["tag"], &done["rows_affected"]),
        (&"CANCEL SESSIONS".into(), &1.into())
    );
    assert_eq!(done["columns"][0]["name"], "rows_affected");
    assert!(!emulator.cockroach().sql_sessions().contains(&id));
    let again = refusal(&emulator, &sql, &[]).await;
    assert_eq!(again.0, 200);
    assert!(
        again.2.ends_with(&format!(
            "could not cancel session {id}: session ID {id} not found"
        )),
        "{again:?}"
    );
    let gone = format!("CANCEL SESSION IF EXISTS '{id}'");
    assert_eq!(run(&emulator, &gone, &[]).await["rows_affected"], 0);
    let bad = refusal(&emulator, "CANCEL SESSION 'xyz'", &[]).await;
    assert!(bad.2.contains("invalid session ID 'xyz'"), "{bad:?}");
}

#[tokio::test]
async fn a_statement_is_cancelled_and_its_session_stays() {
    let emulator = server().await;
    let handle = emulator.cockroach();
    let id = handle.sql_queries()[0].clone();
    let query = rows(
        &run(
            &emulator,
            "SELECT query_id, session_id, query FROM [SHOW CLUSTER QUERIES] WHERE query_id = $1",
            &[&id],
        )
        .await,
    );
    let session = query[0]["session_id"].as_str().expect("an id").to_owned();

    run(&emulator, &format!("CANCEL QUERY '{id}'"), &[]).await;

    assert!(!handle.sql_queries().contains(&id));
    assert!(handle.sql_sessions().contains(&session));
    let again = refusal(&emulator, &format!("CANCEL QUERY '{id}'"), &[]).await;
    assert!(
        again.2.ends_with(&format!("query ID {id} not found")),
        "{again:?}"
    );
}

#[tokio::test]
async fn somebody_without_privileges_sees_and_ends_nobody_elses() {
    let emulator = server().await;
    let id = emulator.cockroach().sql_sessions()[0].clone();
    let token = token(&emulator, &emulator.cockroach().reader()).await;

    let list = post(&emulator, &token, &body(SHOW, &[])).await.json();
    let cancel = post(
        &emulator,
        &token,
        &body(&format!("CANCEL SESSION '{id}'"), &[]),
    )
    .await
    .json();

    assert!(
        rows(&list["execution"]["txn_results"][0]).is_empty(),
        "{list}"
    );
    assert_eq!(cancel["error"]["code"], "42501");
    assert!(emulator.cockroach().sql_sessions().contains(&id));
}
