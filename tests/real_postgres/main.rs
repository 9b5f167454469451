//! The SQL side of the client of CockroachDB against a running PostgreSQL with a stand-in for its tables.
//!
//! `.ci/suites/postgres.sh` starts one and runs this. Without `POSTGRES_FOLDER` every test says aloud that
//! it is skipped. Each test has users or a database of its own, so that they run side by side and twice.

// The certificates of tests are made by a crate that the emulator brings.
#![cfg(feature = "emulator")]

#[allow(dead_code, reason = "some of it is for other systems")]
#[path = "../support/client.rs"]
mod client;
#[allow(dead_code, unused_imports, reason = "some of it is for emulators")]
#[macro_use]
#[path = "../support/conformance/mod.rs"]
mod conformance;
#[allow(dead_code, reason = "some of it is for other systems")]
#[path = "../support/job.rs"]
mod job;
mod place;
mod proxy;
mod server;

use std::num::NonZeroU16;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use chrono::Utc;
use client::{act, open, pages};
use secrecy::SecretString;
use server::{Server, Way};
use usher::api::SessionApi;
use usher::config::Profile;
use usher::model::{
    ActionBody, ActionTarget, ApiError, Clause, Completeness, Fact, Field, Op, Outcome, Query,
    Search, Session, SessionKey, Subject, Value,
};

/// The rules for one way to sign in.
macro_rules! of_postgres {
    ($way:ty) => {
        conformance!($way:
            pages_to_the_end, a_limit_of_the_server_is_never_silent, every_field_filters,
            unreported_fields_are_admitted, ends_once, each_session_has_its_own_outcome,
            all_of_a_user_end_and_nobody_elses, a_lost_answer_is_settled,
            a_lost_request_is_not_called_an_end, a_refused_end_is_told_and_ends_nothing,
            an_expired_session_whose_end_failed_had_gone,
            a_refused_token_is_an_auth_error, a_token_that_expires_is_renewed_without_a_word,
            lacking_rights_are_named, a_cut_body_is_an_error,
            an_answer_that_is_no_list_is_never_a_short_one,
            a_hanging_server_ends_by_the_limit_or_by_dropping,
            a_server_killed_in_the_middle_of_a_list_is_an_error;
            without
            waits_when_told: "SQL has no answer that asks for patience",
            a_page_of_html_is_an_error: "no proxy answers an SQL connection with a page"
        );
    };
}

/// Every rule with a password, by SCRAM-SHA-256.
mod scram {
    use crate::place::Postgres;

    of_postgres!(Postgres<false>);
}

/// Every rule with a client certificate.
mod certificate {
    use crate::place::Postgres;

    of_postgres!(Postgres<true>);
}

/// Both ways to sign in that a secure cluster has.
const WAYS: [Way; 2] = [Way::Scram, Way::Certificate];

fn search(query: &str) -> Search {
    let query = Query::parse(query).expect("a query");
    Search::new(query, NonZeroU16::new(30).expect("30 is not 0"), Utc::now())
}

fn of_user(user: &str) -> Search {
    let clause = Clause::field(Field::User, Op::Eq, Value::Text(user.into()));
    let mut asked = search("");
    asked.query.clauses = vec![clause];
    asked
}

async fn list(api: &Arc<dyn SessionApi>, user: &str) -> Vec<Session> {
    let (rows, completeness) = pages(api, &of_user(user)).await.expect("a list");
    assert_eq!(completeness, Completeness::Complete);
    rows
}

fn keys(rows: &[Session]) -> Vec<SessionKey> {
    rows.iter().map(|row| row.key.clone()).collect()
}

fn subject(user: &str) -> Subject {
    Subject {
        name: Some(user.into()),
        ..Subject::default()
    }
}

/// The client and its profile, for each way to sign in; none where there is no server.
async fn clients(server: &Server) -> Vec<(Arc<dyn SessionApi>, Profile)> {
    let mut clients = Vec::new();
    for way in WAYS {
        let profile = server.profile(way);
        let api = open(&profile);
        api.whoami().await.expect("the server takes us");
        clients.push((api, profile));
    }
    clients
}

#[tokio::test]
async fn every_row_is_listed_once_and_to_the_digit() {
    let Some(server) = Server::there("listed") else {
        return;
    };
    server.sessions("listed", 301);
    let ids =
        server.sql("SELECT id FROM system.web_sessions WHERE username = 'listed' ORDER BY id");
    for (api, _) in clients(&server).await {
        let rows = list(&api, "listed").await;

        let seen: Vec<&str> = rows.iter().map(Session::id).collect();
        assert_eq!(seen.join("\n"), ids.trim());
        assert!(seen.iter().all(|id| id.len() == 18), "{}", seen[0]);
        assert!(
            rows.iter()
                .all(|row| row.fact == Fact::Live && row.own == Some(false))
        );
    }
}

#[tokio::test]
async fn the_states_and_times_are_filtered_by_the_server() {
    let Some(server) = Server::there("states") else {
        return;
    };
    server.sessions("states", 6);
    server.sql(
        "WITH rows AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM system.web_sessions \
         WHERE username = 'states') UPDATE system.web_sessions AS w SET \
         \"revokedAt\" = CASE WHEN n <= 2 THEN timestamp '2022-08-02 18:24:50.819614' END, \
         \"expiresAt\" = CASE WHEN n = 3 THEN timestamp '2022-08-02 19:24:26' ELSE \"expiresAt\" END \
         FROM rows WHERE rows.id = w.id",
    );
    for (api, _) in clients(&server).await {
        for (query, count) in [
            ("user:states state:revoked", 2),
            ("user:states state:expired", 1),
            ("user:states state:active", 3),
            ("user:STATES ended<2022-08-03", 2),
            ("user:stat* expires<2023-01-01", 1),
            ("states created>now-1d", 6),
            ("user:states created>now+1d", 0),
        ] {
            let (rows, _) = pages(&api, &search(query)).await.expect(query);
            let plan = api.plan(&search(query)).expect("a plan");
            assert!(!plan.native.is_empty(), "{query}");
            assert_eq!(rows.len(), count, "{query}: {}", plan.native);
        }
    }
}

#[tokio::test]
async fn one_ends_and_the_others_stay() {
    let Some(server) = Server::there("one") else {
        return;
    };
    for (api, profile) in clients(&server).await {
        server.sessions("one", 3);
        let rows = list(&api, "one").await;
        let live = |rows: &[Session]| rows.iter().filter(|row| row.fact == Fact::Live).count();
        let before = live(&rows);
        let victim = rows
            .iter()
            .find(|row| row.fact == Fact::Live)
            .expect("a row");
        let key = std::slice::from_ref(&victim.key);

        let first = job::end_keys(&api, &profile, key).await;
        let second = job::end_keys(&api, &profile, key).await;

        assert!(matches!(first[..], [Outcome::Revoked]), "{first:?}");
        assert!(matches!(second[..], [Outcome::AlreadyGone]), "{second:?}");
        let after = list(&api, "one").await;
        assert_eq!((after.len(), live(&after)), (rows.len(), before - 1));
        let read = api.get(&victim.key).await.expect("the row stays");
        assert!(read.ended.is_some() && read.fact == Fact::Revoked);
    }
}

/// Runs the program with a profile for this server.
fn program(server: &Server, args: &[&str]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config.toml");
    let text = format!(
        "default_profile = \"db\"\n[profile.db]\nsystem = \"cockroach\"\n\
         url = \"postgresql://localhost:{}\"\ncerts_dir = '{}'\n\
         [profile.db.login]\nmethod = \"certificate\"\n",
        server.port,
        server.folder.join("certs").display(),
    );
    std::fs::write(&config, text).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_usher"))
        .env_clear()
        .env("HOME", home.path())
        .arg("--config")
        .arg(&config)
        .args(args)
        .output()
        .expect("it starts");
    let text = String::from_utf8(output.stdout).expect("it is text");
    (output.status.code(), text)
}

#[test]
fn the_program_tells_when_the_server_ended_a_session() {
    let Some(server) = Server::there("told") else {
        return;
    };
    server.sessions("told", 2);
    let truth = || {
        server.sql(
            "SELECT id || ' ' || to_char(date_trunc('milliseconds', \"revokedAt\"), 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') \
             FROM system.web_sessions WHERE username = 'told' AND \"revokedAt\" IS NOT NULL",
        )
    };
    let ids = server.sql("SELECT id FROM system.web_sessions WHERE username = 'told' ORDER BY id");
    let id = ids.lines().next().expect("a row");

    for (outcome, code) in [("revoked", 0), ("skipped", 7)] {
        let (ended, told) = program(&server, &["revoke", id, "--yes", "-o", "jsonl"]);

        assert_eq!(ended, Some(code), "{told}");
        let told: serde_json::Value = serde_json::from_str(&told).expect("a line of JSON");
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("outcome"), outcome, "{told}");
        assert_eq!(format!("{} {}", text("id"), text("ended")), truth().trim());
    }
}

#[tokio::test]
async fn a_thousand_end_in_batches_and_each_is_told() {
    let Some(server) = Server::there("thousand") else {
        return;
    };
    for (api, profile) in clients(&server).await {
        server.sql("DELETE FROM system.web_sessions WHERE username = 'thousand'");
        server.sessions("thousand", 1_000);
        let rows = list(&api, "thousand").await;
        let gone = rows[7].id();
        server.sql(&format!(
            "DELETE FROM system.web_sessions WHERE id = {gone}"
        ));

        let outcomes = job::end_keys(&api, &profile, &keys(&rows)).await;

        let revoked = outcomes
            .iter()
            .filter(|one| matches!(one, Outcome::Revoked))
            .count();
        assert_eq!((outcomes.len(), revoked), (1_000, 999));
        assert!(
            matches!(outcomes[7], Outcome::AlreadyGone),
            "{:?}",
            outcomes[7]
        );
        let left = "SELECT count(*) FROM system.web_sessions WHERE username = 'thousand' \
                    AND \"revokedAt\" IS NULL";
        assert_eq!(server.sql(left).trim(), "0");
    }
}

#[tokio::test]
async fn all_of_a_user_end_and_old_revocations_keep_their_time() {
    let Some(server) = Server::there("everyone") else {
        return;
    };
    for (api, _) in clients(&server).await {
        server.sql("DELETE FROM system.web_sessions WHERE username = 'everyone'");
        server.sessions("everyone", 3);
        server.sessions("everyone2", 1);
        let others = list(&api, "everyone2").await.len();
        let rows = list(&api, "everyone").await;
        let outcome = api.revoke(&keys(&rows[..1])).await.expect("an outcome");
        assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
        let old = api.get(&rows[0].key).await.expect("it stays").ended;

        let user = ActionTarget::User(subject("Everyone"));
        let told = act(&api, "logout", user, &[]).await.expect("it is done");

        assert_eq!(told.summary, "2 ended, 1 had ended before");
        let ActionBody::Table { rows: told, .. } = told.body else {
            panic!("no table")
        };
        assert_eq!(told.len(), 3);
        assert_eq!(api.get(&rows[0].key).await.expect("it stays").ended, old);
        let again = api
            .revoke_user(&subject("everyone"))
            .await
            .expect("an outcome");
        assert!(matches!(again.outcome, Outcome::AlreadyGone), "{again:?}");
        assert_eq!((again.before, again.left), (Some(0), Some(0)));
        let (left, _) = pages(&api, &search("user:everyone2 state:active"))
            .await
            .expect("a list");
        assert_eq!(left.len(), others);
    }
}

#[tokio::test]
async fn a_token_is_made_as_the_vendors_tool_makes_it() {
    let Some(server) = Server::there("created") else {
        return;
    };
    server.sql(
        "INSERT INTO system.users (username, user_id) VALUES ('created', 4711) ON CONFLICT DO NOTHING",
    );
    for (api, _) in clients(&server).await {
        let pairs = [("expire-after", "4h30m"), ("only-cookie", "true")];
        let user = || ActionTarget::User(subject("Created"));
        let made = act(&api, "create", user(), &pairs)
            .await
            .expect("it is made");

        let ActionBody::Fields(fields) = made.body else {
            panic!("no fields")
        };
        let [(_, cookie)] = fields.as_slice() else {
            panic!("{} fields", fields.len())
        };
        let line = cookie.whole().into_owned();
        let token = line.strip_prefix("session=").expect("a cookie");
        let (token, rest) = token.split_once(';').expect("its attributes");
        assert_eq!(rest, " Path=/; HttpOnly; Secure");
        assert!(!format!("{cookie:?}").contains(token));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(token)
            .expect("Base64");
        let secret: String = bytes[bytes.len() - 16..]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let found = server.sql(&format!(
            "SELECT user_id, round(extract(epoch FROM \"expiresAt\" - \"createdAt\")) \
             FROM system.web_sessions WHERE username = 'created' \
             AND \"hashedSecret\" = sha256(decode('{secret}', 'hex'))"
        ));
        assert_eq!(found.trim(), "4711|16200");
        let nobody = ActionTarget::User(subject("nobody"));
        let refused = act(&api, "create", nobody, &[])
            .await
            .expect_err("there is none");
        assert!(
            refused
                .to_string()
                .contains("user \"nobody\" does not exist"),
            "{refused}"
        );
        let refused = act(&api, "create", user(), &[("expire-after", "5")]).await;
        assert!(matches!(refused, Err(ApiError::BadAction { .. })));
    }
}

#[tokio::test]
async fn hostile_names_match_or_do_not_match() {
    let Some(server) = Server::there("hostile") else {
        return;
    };
    let names = [
        "'; drop table system.web_sessions; --",
        "\u{1f600}' or '1'='1",
        "back\\slash",
        "100%_",
        "\"quoted\"",
        "$1",
        "nul\0nul",
    ];
    for (api, profile) in clients(&server).await {
        let count =
            || server.sql("SELECT count(*) FROM system.web_sessions WHERE username LIKE 'hostile'");
        server.sessions("hostile", 2);
        let before = count();
        for name in names {
            assert_eq!(list(&api, name).await.len(), 0, "{name}");
            let key = SessionKey::new(format!("web/784428093743988737/{name}"));
            let outcome = job::end_keys(&api, &profile, &[key]).await;
            assert!(
                matches!(outcome[..], [Outcome::AlreadyGone]),
                "{name}: {outcome:?}"
            );
            let user = ActionTarget::User(subject(name));
            let told = act(&api, "logout", user, &[]).await.expect(name);
            assert_eq!(told.summary, "0 ended, 0 had ended before", "{name}");
        }
        for name in ["100%_", "back\\slash"] {
            let (found, _) = pages(
                &api,
                &search(&format!("user:\"{}*\"", name.replace('\\', "\\\\"))),
            )
            .await
            .expect(name);
            assert_eq!(found.len(), 0, "{name}");
        }
        assert_eq!(count(), before);
    }
}

#[tokio::test]
async fn what_is_refused_is_said() {
    let Some(server) = Server::there("refused") else {
        return;
    };
    let mut profile = server.profile(Way::Scram);
    profile.login = server.login("opsadmin", Some(SecretString::from("wrong")));
    let wrong = refusal(&profile).await;
    assert!(matches!(wrong, ApiError::Auth { .. }), "{wrong:?}");
    let mut profile = server.profile(Way::Scram);
    profile.own.set("sslrootcert", server.folder.join("none"));
    let no_file = refusal(&profile).await;
    assert!(matches!(no_file, ApiError::Config { .. }), "{no_file:?}");
    let mut profile = server.profile(Way::Scram);
    profile
        .own
        .set("sslrootcert", server.folder.join("certs/client.root.crt"));
    let stranger = refusal(&profile).await;
    assert!(matches!(stranger, ApiError::Tls { .. }), "{stranger:?}");
}

/// Why a list cannot be read.
async fn refusal(profile: &Profile) -> ApiError {
    let read = pages(&open(profile), &search("user:refused")).await;
    read.map(|_| ()).expect_err("it is refused")
}
