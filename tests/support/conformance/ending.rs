//! Ending sessions: once, each for itself, and what is said of it when the answer is lost or no.

use usher::model::{ApiError, Fact, Outcome, Session, SessionKey, Subject};

use super::{Fault, ServerFixture, Set, text};

pub async fn ends_once<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let key = set.victim().await;
    let before = B::count(&set.server);

    let first = set.end(std::slice::from_ref(&key)).await;
    let second = set.end(std::slice::from_ref(&key)).await;

    assert!(matches!(first[..], [Outcome::Revoked]), "{first:?}");
    assert!(matches!(second[..], [Outcome::AlreadyGone]), "{second:?}");
    assert_eq!(B::count(&set.server), before - gone::<B>(1));
    assert!(!B::end(&set.server, &key), "it is still there");
    match set.api.get(&key).await {
        Ok(kept) => {
            assert!(B::KEEPS_ENDED, "it is gone");
            assert_ne!(kept.fact, Fact::Live);
        }
        Err(error) => assert_eq!((error, B::KEEPS_ENDED), (ApiError::NotFound, false)),
    }
}

/// How many rows a list loses by this number of ends.
fn gone<B: ServerFixture>(ended: usize) -> usize {
    if B::KEEPS_ENDED { 0 } else { ended }
}

pub async fn each_session_has_its_own_outcome<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let victims = set.victims().await;
    let keys: Vec<SessionKey> = victims.iter().take(3).map(|row| row.key.clone()).collect();
    let before = B::count(&set.server);
    assert!(B::end(&set.server, &keys[1]), "it was there");

    let outcomes = set.end(&keys).await;

    assert!(
        matches!(
            outcomes[..],
            [Outcome::Revoked, Outcome::AlreadyGone, Outcome::Revoked]
        ),
        "{outcomes:?}"
    );
    assert_eq!(B::count(&set.server), before - gone::<B>(3));
}

pub async fn all_of_a_user_end_and_nobody_elses<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let victims = set.victims().await;
    let user = victims.iter().find_map(|row| text(&row.subject.name));
    let user = user.expect("somebody with a name");
    let is_theirs = |row: &&Session| {
        row.subject
            .name
            .as_ref()
            .is_some_and(|n| n.expose() == user)
    };
    let id = victims.iter().find(is_theirs).expect("a session");
    let subject = Subject {
        // Wherever the system lists them.
        scope: None,
        ..id.subject.clone()
    };
    let others = |rows: &[Session]| rows.iter().filter(|row| !is_theirs(row)).count();
    let before = others(&set.list("").await.expect("a list"));

    let ended = set.api.revoke_user(&subject).await.expect("an outcome");

    assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    assert_eq!(ended.left, Some(0), "{ended:?}");
    let after = set.list("").await.expect("a list");
    let left = after.iter().filter(is_theirs);
    assert_eq!(left.filter(|row| row.fact == Fact::Live).count(), 0);
    assert_eq!(others(&after), before);
    let again = set.api.revoke_user(&subject).await.expect("an outcome");
    assert!(matches!(again.outcome, Outcome::AlreadyGone), "{again:?}");
}

pub async fn a_lost_answer_is_settled<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    let key = set.victim().await;
    set.meets(Fault::LostAnswer).await;

    let outcome = set.end(std::slice::from_ref(&key)).await;

    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
    assert!(!B::end(&set.server, &key), "it is still there");
}

pub async fn a_lost_request_is_not_called_an_end<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    let key = set.victim().await;
    set.meets(Fault::LostRequest).await;

    let outcome = set.end(std::slice::from_ref(&key)).await;

    assert!(
        matches!(outcome[..], [Outcome::Failed(ApiError::Broken { .. })]),
        "{outcome:?}"
    );
    assert!(B::end(&set.server, &key), "it is gone");
}

pub async fn an_expired_session_whose_end_failed_had_gone<B: ServerFixture>() {
    let set = Set::<B>::breakable().await;
    let now = set.api.server_now();
    let is_expired =
        |row: &&Session| row.fact == Fact::Live && row.expires.is_some_and(|at| at <= now);
    let victims = set.victims().await;
    let mut session = match victims.iter().find(is_expired) {
        Some(session) => session.clone(),
        None if B::KEEPS_ENDED => return,
        None => {
            // The server does not list those that have expired, so it is gone like one of them.
            let session = victims.first().expect("somebody is signed in");
            assert!(B::end(&set.server, &session.key), "it was there");
            session.clone()
        }
    };
    session.expires = Some(session.expires.unwrap_or(now).min(now));
    set.meets(Fault::LostRequest).await;

    let item = crate::job::listed(&session);
    let outcome = crate::job::end(&set.api, &set.profile, vec![item]).await;

    assert!(matches!(outcome[..], [Outcome::AlreadyGone]), "{outcome:?}");
}

pub async fn a_refused_end_is_told_and_ends_nothing<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let key = set.victim().await;
    set.meets(Fault::RefusedEnd).await;

    let outcome = set.end(std::slice::from_ref(&key)).await;

    assert!(
        matches!(outcome[..], [Outcome::Failed(ApiError::Forbidden { .. })]),
        "{outcome:?}"
    );
    assert!(B::end(&set.server, &key), "it is gone");
}
