//! What the endpoint gives and takes at most, transactions that are taken back, and faults.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use usher::emulator::cockroach::CockroachOptions;

use super::{LIST, REVOKE, SESSION, add, body, empty, post, rows, run, server, token};

#[tokio::test]
async fn usual_size_ends_a_list_before_a_hundred_rows() {
    let emulator = server().await;
    for number in 0..120 {
        add(&emulator, &format!("user{number:03}"));
    }
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let mut asked = body(LIST, &[]);
    asked["max_result_size"] = json!(0);

    let answer = post(&emulator, &token, &asked).await;

    let json = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(
        json["error"]["message"],
        "executing stmt 1: max result size exceeded"
    );
    assert_eq!(json["error"]["code"], "XXUUU");
    let given = rows(&json["execution"]["txn_results"][0]).len();
    assert!((65..100).contains(&given), "{given}");
    asked["max_result_size"] = json!(4_194_304);
    let all = post(&emulator, &token, &asked).await.json();
    assert_eq!(rows(&all["execution"]["txn_results"][0]).len(), 121);
}

#[tokio::test]
async fn a_revoke_that_says_too_much_is_taken_back() {
    let emulator = server().await;
    let ids: Vec<i64> = (0..5).map(|_| add(&emulator, "jdoe")).collect();
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let sql = REVOKE.replace("id = {id}", &format!("id IN ({list})"));
    let mut asked = body(&sql, &["jdoe"]);
    asked["max_result_size"] = json!(100);

    let answer = post(&emulator, &token, &asked).await.json();

    assert!(answer.get("error").is_some());
    let left = |emulator: &usher::emulator::Running| {
        let rows = emulator.cockroach().rows().into_iter();
        rows.filter(|row| row.user == "jdoe" && row.revoked_us.is_none())
            .count()
    };
    assert_eq!(left(&emulator), 5);
    asked["max_result_size"] = json!(10_000);
    post(&emulator, &token, &asked).await;
    assert_eq!(left(&emulator), 0);
}

#[tokio::test]
async fn one_error_takes_all_back_unless_each_has_its_own_transaction() {
    for (separate, stops, revoked, results) in [
        (false, false, [false, false], 2),
        (true, false, [true, true], 3),
        (true, true, [true, false], 2),
    ] {
        let emulator = server().await;
        let ids = [add(&emulator, "jdoe"), add(&emulator, "jdoe")];
        let token = token(&emulator, &emulator.cockroach().admin()).await;
        let revoke = |id: i64| json!({ "sql": REVOKE.replace("{id}", &id.to_string()), "arguments": ["jdoe"] });
        let mut asked = body("SELECT 1", &[]);
        asked["separate_txns"] = json!(separate);
        asked["stop_on_error"] = json!(stops);
        asked["statements"] =
            json!([revoke(ids[0]), { "sql": "SELECT id FROM nowhere" }, revoke(ids[1])]);

        let answer = post(&emulator, &token, &asked).await.json();

        let done = ids.map(|id| {
            emulator
                .cockroach()
                .find(id)
                .expect("a row")
                .revoked_us
                .is_some()
        });
        assert_eq!(done, revoked, "{separate} {stops}");
        let given = answer["execution"]["txn_results"]
            .as_array()
            .expect("results");
        assert_eq!(given.len(), results, "{answer}");
        let message = answer["error"]["message"].as_str().expect("an error");
        assert_eq!(
            message.starts_with("separate transaction payload"),
            separate,
            "{message}"
        );
        assert!(
            given[1]["error"]["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("executing stmt 2: "))
        );
    }
}

#[tokio::test]
async fn statements_that_take_too_long_change_nothing() {
    let system = CockroachOptions {
        statement_ms: 60,
        ..CockroachOptions::default()
    };
    let emulator = empty(system).await;
    let ids = [add(&emulator, "jdoe"), add(&emulator, "jdoe")];
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let revoke =
        |id: i64| json!({ "sql": REVOKE.replace("{id}", &id.to_string()), "arguments": ["jdoe"] });
    let mut asked = body("SELECT 1", &[]);
    asked["timeout"] = json!("100ms");
    asked["statements"] = json!([revoke(ids[0]), revoke(ids[1])]);

    let answer = post(&emulator, &token, &asked).await;

    assert_eq!(answer.status, 200);
    let message = answer.json()["error"]["message"]
        .as_str()
        .expect("an error")
        .to_owned();
    assert!(message.contains("run-sql-via-api"), "{message}");
    let rows = emulator.cockroach().rows();
    assert!(rows.iter().all(|row| row.revoked_us.is_none()));
}

#[tokio::test]
async fn a_body_of_more_than_ten_mebibytes_is_refused() {
    let emulator = server().await;
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let asked = body("SELECT $1", &[&"x".repeat(10 * 1024 * 1024)]);

    let answer = post(&emulator, &token, &asked).await;

    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["error"]["message"],
        "http: request body too large"
    );
}

#[tokio::test]
async fn hundred_thousand_rows_are_listed_page_by_page() {
    let emulator = server().await;
    let handle = emulator.cockroach();
    for number in 0..100_000 {
        let mut row = super::row(&emulator, "jdoe");
        row.id = 1 + number * 7;
        handle.add(&row, &[1; 16]);
    }
    let (mut last, mut count) = (0, 0);
    loop {
        let sql = format!(
            "SELECT w.id AS id FROM system.web_sessions AS w WHERE w.id > {last} AND w.username = $1 ORDER BY w.id LIMIT 5000"
        );
        let page = rows(&run(&emulator, &sql, &["jdoe"]).await);
        count += page.len();
        match page.last() {
            Some(row) => last = row["id"].as_i64().expect("a number"),
            None => break,
        }
    }
    assert_eq!(count, 100_000);
}

#[tokio::test]
async fn faults_can_name_the_kind_of_statement_and_the_session() {
    let emulator = server().await;
    let ids = [add(&emulator, "jdoe"), add(&emulator, "jdoe")];
    let spec = format!(
        r#"{{"match":{{"operation":"UPDATE","session_id":"{}"}},"action":"lost_ack"}}"#,
        ids[1]
    );
    emulator.set_faults(&[spec]).expect("a good fault");
    let sql = |id: i64| REVOKE.replace("{id}", &id.to_string());

    assert_eq!(rows(&run(&emulator, LIST, &[]).await).len(), 3);
    assert_eq!(
        rows(&run(&emulator, &sql(ids[0]), &["jdoe"]).await).len(),
        1
    );
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let body = body(&sql(ids[1]), &["jdoe"]).to_string();
    let address = emulator
        .url()
        .rsplit("//")
        .next()
        .expect("an address")
        .to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address)
        .await
        .expect("a connection");
    let head = format!(
        "POST /api/v2/sql/ HTTP/1.1\r\nHost: {address}\r\n{SESSION}: {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all((head + &body).as_bytes())
        .await
        .expect("sent");
    let broken = stream.read_to_end(&mut Vec::new()).await;

    assert!(broken.is_err(), "{broken:?}");
    assert!(
        emulator
            .cockroach()
            .find(ids[1])
            .expect("a row")
            .revoked_us
            .is_some()
    );
    let journal = emulator.journal();
    let updates = journal.iter().filter(|entry| entry.words == ["UPDATE"]);
    assert_eq!(updates.count(), 2);
}

#[tokio::test]
async fn refused_writes_are_a_lacking_privilege() {
    let emulator = server().await;
    let id = add(&emulator, "jdoe");
    let spec = r#"{"match":{"operation":"UPDATE"},"action":"auth","kind":"403_on_delete"}"#;
    emulator.set_faults(&[spec]).expect("a good fault");

    let refused = super::refusal(
        &emulator,
        &REVOKE.replace("{id}", &id.to_string()),
        &["jdoe"],
    )
    .await;

    assert_eq!(refused.1, "42501");
    assert!(
        refused
            .2
            .ends_with("user opsadmin does not have UPDATE privilege on relation web_sessions")
    );
    assert_eq!(
        emulator.cockroach().find(id).expect("a row").revoked_us,
        None
    );
}
