//! Ending sessions: what is sent, once, and what is said about it.

use std::sync::Arc;
use std::time::Duration;

use usher::api::SessionApi;
use usher::emulator::janssen::Generation;
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::{Options, Running};
use usher::model::{ApiError, Deletable, Outcome, Session, SessionKey, Subject, Untrusted};
use usher::revoke::Provenance;

use super::scripted::{Act, Scripted, answer, json};
use super::{all, client_profile, emulator, fixed, job, key, open, search, token_profile};

/// The outcome with a scripted server that answers DELETE and the look after it in these ways.
async fn outcome(delete: fn() -> Act, look: fn() -> Act) -> (Outcome, usize) {
    let server = Scripted::start(move |_, heard| {
        if heard.line().starts_with("DELETE") {
            delete()
        } else {
            look()
        }
    })
    .await;
    let mut profile = token_profile(&server.url);
    profile.timeout = Duration::from_millis(500);
    let outcome = job::end_keys(&open(&profile), &profile, &[key("s")])
        .await
        .remove(0);
    (outcome, server.count("DELETE"))
}

fn gone() -> Act {
    answer("200 OK", "application/json", "")
}

fn there() -> Act {
    json(r#"{"outsideSid":"s"}"#)
}

fn no_idea() -> Act {
    answer("403 Forbidden", "text/plain", "")
}

#[tokio::test]
async fn each_answer_to_a_delete_is_reported_for_what_it_proves() {
    let yes = || answer("200 OK", "application/json", "");
    let yes_204 = || answer("204 No Content", "application/json", "");
    let empty_404 = || answer("404 Not Found", "application/json", "");
    let failed = || answer("502 Bad Gateway", "text/html", "<html>");
    let cut = || Act::Send(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec());
    let silent = || Act::Stall(Vec::new());
    let portal = || answer("200 OK", "text/html", "<html><title>Sign in</title>");
    let forbidden = || answer("403 Forbidden", "text/plain", "expired cookie");
    type Reply = fn() -> Act;
    let cases: [(&str, Reply, Reply, &str); 15] = [
        ("trap 13: 200", yes, gone, "revoked"),
        ("trap 13: 204", yes_204, gone, "revoked"),
        (
            "404 with nothing in it, and gone",
            empty_404,
            gone,
            "already_gone",
        ),
        (
            "404 with nothing in it, and still there",
            empty_404,
            there,
            "refused",
        ),
        ("404 and no idea", empty_404, no_idea, "unknown"),
        ("502, and gone", failed, gone, "revoked"),
        ("502, and still there", failed, there, "failed"),
        ("502 and no idea", failed, no_idea, "unknown"),
        ("cut off, and gone", cut, gone, "revoked"),
        ("cut off, and still there", cut, there, "failed"),
        ("no answer, and gone", silent, gone, "revoked"),
        ("no answer and no idea", silent, no_idea, "unknown"),
        (
            "a page of somebody else's, still there",
            portal,
            there,
            "failed",
        ),
        ("a page of somebody else's, gone", portal, gone, "revoked"),
        ("403", forbidden, there, "failed"),
    ];
    for (name, delete, look, word) in cases {
        let (outcome, deletes) = outcome(delete, look).await;
        assert_eq!(outcome.word(), word, "{name}: {outcome:?}");
        // Seen to be still there after its connection broke, it is ended once more.
        let due = if name == "cut off, and still there" {
            2
        } else {
            1
        };
        assert_eq!(deletes, due, "{name}: how often a DELETE is sent");
    }
}

#[tokio::test]
async fn f_net_02_what_cannot_be_sent_is_tried_again_and_then_failed() {
    let server = Scripted::start(|_, _| gone()).await;
    let url = server.url.clone();
    drop(server);

    let outcomes = open(&token_profile(&url))
        .revoke(&[key("s")])
        .await
        .unwrap();

    let Outcome::Failed(ApiError::Unreachable { why, .. }) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(why, "connection refused");
}

#[tokio::test]
async fn f_http_18_a_delete_that_must_wait_is_sent_again_after_the_time_given() {
    let server = Scripted::start(|number, _| match number {
        0 => Act::Send(super::scripted::whole(
            "429 Too Many Requests",
            "Retry-After: 1\r\n",
            "",
        )),
        _ => answer("200 OK", "application/json", ""),
    })
    .await;
    let begun = std::time::Instant::now();

    let outcomes = open(&token_profile(&server.url))
        .revoke(&[key("s")])
        .await
        .unwrap();

    assert!(matches!(outcomes[0], Outcome::Revoked), "{outcomes:?}");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.count("DELETE"), 2);
}

#[tokio::test]
async fn the_answers_have_the_order_of_the_keys() {
    let emulator = emulator(fixed()).await;
    let profile = client_profile(&emulator);
    let api = open(&profile);
    let rows = all(&api, &search("")).await.unwrap();
    let lasting = rows.iter().filter(|row| row.deletable == Deletable::Yes);
    let mut keys: Vec<SessionKey> = lasting.take(6).map(|row| row.key.clone()).collect();
    keys.insert(3, key("nobody-has-this-one"));

    let outcomes = job::end_keys(&api, &profile, &keys).await;

    let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
    let mut expected = ["revoked"; 7];
    expected[3] = "already_gone";
    assert_eq!(words, expected);
    assert_eq!(emulator.world().count(), 234);
}

#[tokio::test]
async fn trap_11_an_id_made_up_by_the_server_is_never_reported_as_gone() {
    let emulator = emulator(fixed()).await;
    emulator.world().add(&usher::emulator::janssen::Row {
        sid: None,
        ..emulator.world().rows().remove(0)
    });
    let profile = client_profile(&emulator);
    let before = emulator.world().count();
    let rows = all(&open(&profile), &search("")).await.unwrap();
    let doubtful: Vec<&Session> = rows
        .iter()
        .filter(|row| emulator.world().find(row.key.expose()).is_none())
        .filter(|row| row.deletable == Deletable::Unknown)
        .collect();
    assert!(!doubtful.is_empty());
    let keys: Vec<SessionKey> = doubtful.iter().map(|row| row.key.clone()).collect();

    // A client that has listed nothing, as in a pipe: what is known travels with the item.
    let listed = doubtful.iter().map(|row| job::listed(row)).collect();
    let listed = job::end(&open(&profile), &profile, listed).await;
    let typed = keys.iter().map(|key| job::named(key, Provenance::Typed));
    let typed = job::end(&open(&profile), &profile, typed.collect()).await;

    let words =
        |outcomes: &[Outcome]| -> Vec<&str> { outcomes.iter().map(Outcome::word).collect() };
    assert_eq!(words(&listed), vec!["no_lasting_id"; keys.len()]);
    assert_eq!(words(&typed), vec!["not_found"; keys.len()]);
    assert_eq!(emulator.world().count(), before);
}

#[tokio::test]
async fn trap_11_a_session_without_a_lasting_id_that_has_ended_is_already_gone() {
    let emulator = emulator(fixed()).await;
    emulator.world().add(&usher::emulator::janssen::Row {
        sid: None,
        ..emulator.world().rows().remove(0)
    });
    let profile = client_profile(&emulator);
    let api = open(&profile);
    let rows = all(&api, &search("")).await.unwrap();
    let lasting = |row: &&Session| emulator.world().find(row.key.expose()).is_some();
    let row = rows
        .iter()
        .find(|row| !lasting(row) && row.deletable == Deletable::Unknown);
    let item = job::listed(row.unwrap());
    let theirs = open(&profile).revoke_user(&item.subject).await.unwrap();
    assert_eq!(theirs.left, Some(0), "{theirs:?}");

    let outcome = job::end(&api, &profile, vec![item]).await.remove(0);

    assert_eq!(outcome.word(), "already_gone");
}

#[tokio::test]
async fn f_cred_00_a_lost_sign_in_halts_the_rest_and_sends_nothing_more() {
    let server = Scripted::start(|_, heard| {
        if heard.line().ends_with("/c") {
            answer("401 Unauthorized", "text/plain", "Token is Invalid.")
        } else {
            answer("200 OK", "application/json", "")
        }
    })
    .await;
    let mut profile = token_profile(&server.url);
    profile.concurrency = 1;

    let keys = ["a", "b", "c", "d", "e"].map(key);
    let outcomes = open(&profile).revoke(&keys).await.unwrap();

    let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
    assert_eq!(words, ["revoked", "revoked", "failed", "failed", "failed"]);
    assert!(
        outcomes[2..]
            .iter()
            .all(|one| matches!(one, Outcome::Failed(ApiError::Auth { .. })))
    );
    assert_eq!(server.count("DELETE"), 3);
}

#[tokio::test]
async fn a_first_answer_that_asks_for_a_sign_in_is_an_error_and_no_outcome() {
    let server = Scripted::start(|_, _| answer("401 Unauthorized", "text/plain", "no")).await;

    let error = open(&token_profile(&server.url))
        .revoke(&[key("a")])
        .await
        .unwrap_err();

    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
}

#[tokio::test]
async fn f_del_13_a_read_only_profile_sends_nothing_that_changes_anything() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.policy.read_only = true;
    let api = open(&profile);

    let rows = all(&api, &search("")).await.unwrap();
    let one = api.revoke(&[rows[0].key.clone()]).await.unwrap_err();
    let many = api.revoke_user(&rows[0].subject).await.unwrap_err();

    assert_eq!(one, ApiError::ReadOnly("test".into()));
    assert_eq!(many, one);
    assert!(emulator.journal().iter().all(|one| one.method != "DELETE"));
}

/// A person with more than one live session, and how many.
async fn somebody(api: &Arc<dyn SessionApi>) -> (Subject, u64) {
    let rows = all(api, &search("")).await.unwrap();
    let live = |subject: &Subject| {
        let same = rows
            .iter()
            .filter(|row| row.subject.id == subject.id && row.fact == usher::model::Fact::Live);
        same.count() as u64
    };
    let row = rows
        .iter()
        .find(|row| row.subject.id.is_some() && live(&row.subject) > 1)
        .expect("the world has such a person");
    (row.subject.clone(), live(&row.subject))
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_are_counted_before_and_after() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));
    let (user, count) = somebody(&api).await;

    let first = api.revoke_user(&user).await.unwrap();
    let second = api.revoke_user(&user).await.unwrap();

    assert_eq!(first.outcome.word(), "revoked");
    assert_eq!((first.before, first.left), (Some(count), Some(0)));
    assert_eq!(second.outcome.word(), "already_gone");
    assert_eq!((second.before, second.left), (Some(0), Some(0)));
    let journal = emulator.journal();
    let deletes: Vec<_> = journal
        .iter()
        .filter(|one| one.method == "DELETE")
        .collect();
    assert!(
        deletes[0].path.contains("/session/user/inum%3D"),
        "{}",
        deletes[0].path
    );
    assert!(deletes[0].path.ends_with("%2Cou%3Dpeople%2Co%3Djans"));
}

#[tokio::test]
async fn a_user_known_by_name_or_bare_id_is_looked_up_and_never_guessed() {
    for by_name in [true, false] {
        let emulator = emulator(fixed()).await;
        let api = open(&client_profile(&emulator));
        let (user, count) = somebody(&api).await;
        let id = user.id.clone().unwrap();
        let inum = id.expose()[5..].split(',').next().unwrap();
        let asked = if by_name {
            Subject {
                name: user.name.clone(),
                ..Subject::default()
            }
        } else {
            Subject {
                id: Some(Untrusted::from(inum)),
                ..Subject::default()
            }
        };

        let ended = api.revoke_user(&asked).await.unwrap();

        assert_eq!(
            (ended.before, ended.left),
            (Some(count), Some(0)),
            "{by_name}"
        );
    }
}

#[tokio::test]
async fn f_del_12_a_user_without_a_name_is_refused_and_nothing_is_sent() {
    let server = Scripted::start(|_, _| gone()).await;
    let api = open(&token_profile(&server.url));

    for name in ["", "  ", "a,b", "*"] {
        let user = Subject {
            name: Some(Untrusted::from(name)),
            ..Subject::default()
        };
        let error = api.revoke_user(&user).await.unwrap_err();
        assert!(
            matches!(error, ApiError::BadQuery { .. }),
            "{name}: {error:?}"
        );
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn f_del_07_a_lost_answer_about_a_user_is_never_repeated_but_looked_up() {
    let emulator = emulator(fixed()).await;
    let api = open(&client_profile(&emulator));
    let (user, _) = somebody(&api).await;
    let deletes = |emulator: &Running| {
        let journal = emulator.journal();
        journal.iter().filter(|one| one.method == "DELETE").count()
    };

    emulator
        .set_faults(&[r#"{"match":{"method":"DELETE"},"action":"reset"}"#])
        .unwrap();
    let not_done = api.revoke_user(&user).await.unwrap();
    emulator
        .set_faults(&[r#"{"match":{"method":"DELETE"},"action":"lost_ack"}"#])
        .unwrap();
    let done = api.revoke_user(&user).await.unwrap();

    assert_eq!(not_done.outcome.word(), "unknown");
    assert_eq!(not_done.left, not_done.before);
    assert_eq!((done.outcome.word(), done.left), ("revoked", Some(0)));
    assert_eq!(deletes(&emulator), 2);
}

#[tokio::test]
async fn f_del_07_a_lost_answer_about_a_session_is_looked_up() {
    let emulator = emulator(fixed()).await;
    let profile = client_profile(&emulator);
    let api = open(&profile);
    let rows = all(&api, &search("")).await.unwrap();
    emulator
        .set_faults(&[r#"{"match":{"method":"DELETE"},"action":"lost_ack"}"#])
        .unwrap();

    let outcomes = job::end_keys(&api, &profile, &[rows[0].key.clone()]).await;

    assert!(matches!(outcomes[0], Outcome::Revoked), "{outcomes:?}");
    assert!(emulator.world().find(rows[0].key.expose()).is_none());
}

#[tokio::test]
async fn on_an_old_server_a_user_is_ended_by_post() {
    let emulator = emulator(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Old,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    let api = open(&client_profile(&emulator));
    api.whoami().await.unwrap();
    let (user, _) = somebody(&api).await;

    let ended = api.revoke_user(&user).await.unwrap();

    assert_eq!((ended.outcome.word(), ended.left), ("revoked", Some(0)));
    let journal = emulator.journal();
    let sent = journal
        .iter()
        .filter(|one| one.path.contains("/session/inum%3D"));
    assert_eq!(
        sent.map(|one| one.method.as_str()).collect::<Vec<_>>(),
        ["POST"]
    );
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_delete_leaves_the_outcome_unknown() {
    let emulator = emulator(fixed()).await;
    let mut profile = client_profile(&emulator);
    profile.timeout = Duration::from_secs(20);
    let api = open(&profile);
    let rows = all(&api, &search("")).await.unwrap();
    emulator
        .set_faults(&[r#"{"match":{"method":"DELETE"},"action":"hang"}"#])
        .unwrap();

    let one = rows[0].key.clone();
    let ending = tokio::spawn(async move { job::end_keys(&api, &profile, &[one]).await });
    until(|| emulator.journal().iter().any(|one| one.method == "DELETE")).await;
    emulator.stop().await;

    let outcomes = ending.await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Unknown(_)), "{outcomes:?}");
}

/// Waits for a condition, at most ten seconds.
async fn until(condition: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(std::time::Instant::now() < end, "it never came true");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn f_http_18_a_bulk_over_the_limit_of_the_server_is_slow_and_whole() {
    // One change a second; all others are told to come back in a second.
    let last = std::sync::Mutex::new(None::<std::time::Instant>);
    let server = Scripted::start(move |_, heard| {
        if !heard.line().starts_with("DELETE") {
            return gone();
        }
        let mut last = last.lock().unwrap();
        match *last {
            Some(at) if at.elapsed() < Duration::from_millis(900) => {
                let later = "Retry-After: 1\r\n";
                Act::Send(super::scripted::whole("429 Too Many Requests", later, ""))
            }
            _ => {
                *last = Some(std::time::Instant::now());
                gone()
            }
        }
    })
    .await;
    let mut profile = token_profile(&server.url);
    profile.concurrency = 6;
    let keys: Vec<SessionKey> = (0..6).map(|number| key(&format!("s{number}"))).collect();

    let outcomes = open(&profile).revoke(&keys).await.unwrap();

    let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
    assert_eq!(words, ["revoked"; 6]);
}

#[tokio::test]
async fn f_http_18_reads_changes_and_token_requests_of_the_server_all_wait() {
    use super::scripted::whole;
    let times = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&times);
    let server = Scripted::start(move |number, heard| {
        let line = heard.line().to_owned();
        noted
            .lock()
            .unwrap()
            .push((line, std::time::Instant::now()));
        match number {
            // The token request, then the first search.
            1 => Act::Send(whole("429 Too Many Requests", "Retry-After: 1\r\n", "")),
            _ if heard.line().starts_with("POST") => {
                json(r#"{"access_token":"t","token_type":"bearer","expires_in":1}"#)
            }
            _ => json(r#"{"totalEntriesCount":0,"entriesCount":0}"#),
        }
    })
    .await;
    let mut profile = token_profile(&server.url);
    profile.login = usher::config::Login::ClientCredentials {
        client_id: "c".into(),
        client_secret: usher::config::SecretSource::Plain(secrecy::SecretString::from("s")),
    };
    profile.auth_url = Some(server.url.parse().unwrap());
    let api = open(&profile);
    let asked = search("");
    let (mut one, mut two) = (Vec::new(), Vec::new());

    let first = api.search(&asked, None, &mut one);
    let others = async {
        while times.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Until the answer has arrived. The token is used up by now, so that a new one is asked for.
        tokio::time::sleep(Duration::from_millis(150)).await;
        let target = [key("s")];
        let _ = tokio::join!(
            api.search(&asked, None, &mut two),
            api.revoke(&target),
            api.whoami()
        );
    };
    let (listed, ()) = tokio::join!(first, others);

    assert!(listed.is_ok(), "{listed:?}");
    let times = times.lock().unwrap();
    let (_, refused) = times[1];
    for (line, at) in &times[2..] {
        assert!(*at - refused >= Duration::from_millis(950), "{line}");
    }
    assert!(times.len() >= 5, "{times:?}");
    for method in ["GET", "DELETE"] {
        let mut after = times[2..].iter();
        assert!(after.any(|(line, _)| line.starts_with(method)), "{method}");
    }
}
