//! All sessions of a user, ended as one change.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_user_is_revoked_once_counted_and_written_down_as_one_change() {
    let (setup, api) = (setup(), fake(3, |_| {}));

    let ended = setup.end_user(&api, "bwong").await.unwrap();

    // The answer was lost; that nothing is left settles it.
    assert!(matches!(ended.outcome, Outcome::Revoked));
    assert_eq!((ended.before, ended.left), (Some(3), Some(0)));
    assert_eq!(api.calls("revoke_user"), ["revoke_user bwong"]);
    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done done"]);
}

/// Ends all sessions of bwong, signs in at every pause, and says how often that was.
async fn run_user(setup: &Setup, api: &Arc<Fake>, stops: bool) -> (UserOutcome, usize) {
    let (told, mut pauses) = mpsc::channel(1);
    let control = JobControl::default();
    let waits = Pauses {
        control: control.clone(),
        told,
    };
    let work = async {
        let context = setup.context.clone();
        let ended = run_user_job(api.clone(), context, user("bwong"), Some(&waits), |_| {}).await;
        drop(waits);
        ended
    };
    let sign_in = async {
        let mut count = 0;
        while pauses.recv().await.is_some() {
            count += 1;
            if stops {
                control.stop.cancel();
            } else {
                control.resume();
            }
        }
        count
    };
    let (ended, count) = tokio::join!(work, sign_in);
    let nothing = |error| UserOutcome {
        outcome: Outcome::Failed(error),
        before: None,
        left: None,
        notes: Vec::new(),
    };
    (ended.unwrap_or_else(nothing), count)
}

#[tokio::test(start_paused = true)]
async fn a_user_waits_for_a_lost_sign_in_and_is_ended_after_it_as_one_change() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    // Nothing was done at first, then one of three sessions.
    api.script("revoke_user", [Err(auth()), Ok(Outcome::Failed(auth()))]);

    let (ended, pauses) = run_user(&setup, &api, false).await;

    assert_eq!(pauses, 2);
    assert!(matches!(ended.outcome, Outcome::Revoked), "{ended:?}");
    assert_eq!((ended.before, ended.left), (Some(3), Some(0)));
    assert_eq!(api.calls("revoke_user").len(), 3);
    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done done"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_job_is_stopped_at_the_pause_is_not_asked_for_again() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    api.script("revoke_user", [Err(auth())]);

    let (ended, pauses) = run_user(&setup, &api, true).await;

    assert_eq!((pauses, api.calls("revoke_user").len()), (1, 1));
    assert!(matches!(
        ended.outcome,
        Outcome::Failed(ApiError::Auth { .. })
    ));
    assert_eq!(setup.log(), ["1/1 Asked", "1/1 Done failed"]);
}

#[tokio::test(start_paused = true)]
async fn f_del_12_nobody_is_revoked_by_an_empty_name() {
    let (setup, api) = (setup(), fake(3, |_| {}));

    for name in ["", "  "] {
        let result = setup.end_user(&api, name).await;
        assert!(matches!(result, Err(ApiError::BadQuery { .. })), "{name:?}");
    }

    assert_eq!(api.calls("").len(), 0);
    assert_eq!(setup.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_user_is_not_revoked_if_it_cannot_be_written_down_first() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    setup.break_log();

    let result = setup.end_user(&api, "bwong").await;

    assert!(matches!(result, Err(ApiError::NoAudit(_))));
    assert_eq!(api.calls("").len(), 0);
    drop(setup.dir);
}
