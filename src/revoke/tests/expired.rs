//! Sessions whose time runs out before or while they are to be ended: nobody has ended them.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::model::Acted;

/// A moment that is over.
fn past() -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(1)
}

fn error_500() -> ApiError {
    ApiError::Server {
        host: "idp".to_owned(),
        code: crate::model::Code::Http(500),
        message: "oops".to_owned(),
        acted: Acted::Maybe,
        is_transient: false,
        exchange: None,
    }
}

/// Runs a job over these many sessions, all of which have expired and are answered so; `listed`: the system
/// still shows them.
async fn run(count: usize, answer: &Result<Outcome, ApiError>, listed: bool) -> Tally {
    let (setup, api) = (setup(), fake(count, |_| {}));
    let mut items = items(count);
    for item in &mut items {
        let key = item.key.expose().to_owned();
        api.script(&key, [answer.clone(), answer.clone()]);
        api.lock().expires.insert(key.clone(), past());
        if !listed {
            api.lock().live.remove(&key);
            item.expires = Some(past());
        }
    }
    let (sender, mut told) = mpsc::channel(4);
    let control = JobControl::default();
    let job = run_job(api.clone(), setup.context.clone(), items, control, sender);
    let (tally, ()) = tokio::join!(job, async { while told.recv().await.is_some() {} });
    let done = setup.log().iter().any(|line| line.ends_with("Done done"));
    assert_eq!(done, tally.revoked > 0, "{:?}", setup.log());
    tally
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_never_called_ended_unless_the_server_says_so_and_does_not_list_it() {
    let lost = [
        Ok(Outcome::Failed(error_500())),
        Ok(Outcome::Failed(no_answer())),
        Ok(Outcome::Failed(broken())),
        Ok(Outcome::Unknown(None)),
        Ok(Outcome::AlreadyGone),
        Ok(Outcome::Refused("no".to_owned())),
    ];
    // One that is read back by itself, and so many that the list settles them.
    for count in [1, READ_EACH + 1] {
        for answer in &lost {
            for listed in [true, false] {
                let tally = run(count, answer, listed).await;
                assert_eq!(tally.already_gone, count, "{answer:?} {listed}: {tally:?}");
            }
        }
        let yes = Ok(Outcome::Revoked);
        assert_eq!(run(count, &yes, true).await.already_gone, count);
        assert_eq!(run(count, &yes, false).await.revoked, count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_time_left_and_is_gone_after_a_500_was_ended() {
    let (setup, api) = (setup(), fake(1, |_| {}));
    api.script("s1", [Ok(Outcome::Failed(error_500()))]);
    api.lock().live.remove("s1");

    let (tally, _) = setup.run(&api, 1).await;

    assert_eq!(tally.revoked, 1);
}

#[tokio::test(start_paused = true)]
async fn all_of_a_person_who_has_only_expired_sessions_had_gone() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    for key in ["s1", "s2"] {
        api.lock().expires.insert(key.to_owned(), past());
    }
    api.lock().keeps_live = true;

    // The answer of the fake system is always lost.
    let ended = setup.end_user(&api, "bwong").await.unwrap();

    assert!(matches!(ended.outcome, Outcome::AlreadyGone), "{ended:?}");
    assert_eq!((ended.before, ended.left), (Some(0), Some(0)));
    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done already_gone"]);
    let each = read_back(api.as_ref(), &items(2), &ended, 1_000).await;
    assert!(
        each.iter()
            .all(|(one, _)| matches!(one, Outcome::AlreadyGone)),
        "{each:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_of_several_of_a_person_that_expired_is_not_called_ended() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    api.lock().expires.insert("s1".to_owned(), past());

    let ended = setup.end_user(&api, "bwong").await.unwrap();
    let mut both = items(2);
    both[0].expires = Some(past());
    let each = read_back(api.as_ref(), &both, &ended, 1_000).await;
    let words: Vec<_> = each.iter().map(|(outcome, _)| outcome.word()).collect();

    assert_eq!((ended.before, ended.left), (Some(1), Some(0)));
    // The server's answer was lost; only the list says that they are gone.
    assert_eq!(words, ["already_gone", "revoked"]);
}
