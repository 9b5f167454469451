//! Jobs that are read back by the list at their end: what is told, and what the log says.

use super::fake::fake;
use super::*;
use crate::model::Outcome;

const MANY: usize = READ_EACH + 10;

/// The ends that the log has, without those of sessions that have gone.
fn not_done(log: &[String]) -> Vec<&str> {
    let ends = log.iter().filter(|line| line.contains("Done"));
    let not = ends.filter(|line| !line.ends_with("Done done"));
    not.map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn f_del_06_the_log_of_a_large_job_says_what_its_last_look_showed() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    // s7 is listed for ever, s9 for one more look after its end.
    api.script("s7", [Ok(Outcome::Revoked)]);
    api.lock().live.insert("s9".to_owned(), 1);

    let (tally, told) = setup.run(&api, MANY).await;

    assert_eq!((tally.revoked, tally.still_listed), (MANY - 1, 1));
    assert!(told.contains(&"7 still_listed".to_owned()), "{told:?}");
    assert!(!told.contains(&"9 still_listed".to_owned()), "{told:?}");
    let log = setup.log();
    assert_eq!(log.len(), 2 * MANY, "each has one end");
    assert_eq!(not_done(&log), [format!("7/{MANY} Done failed")]);
}

#[tokio::test(start_paused = true)]
async fn the_ends_of_more_sessions_than_go_into_one_write_are_each_in_the_log() {
    let count = 2_300;
    let (setup, api) = (setup(), fake(count, |_| {}));

    let (tally, _) = setup.run(&api, count).await;

    assert_eq!(tally.revoked, count);
    let log = setup.log();
    assert_eq!(log.len(), 2 * count);
    let ends: std::collections::HashSet<_> = log
        .iter()
        .filter(|line| line.ends_with("Done done"))
        .collect();
    assert_eq!(ends.len(), count);
}

#[tokio::test(start_paused = true)]
async fn f_del_06_a_large_job_writes_no_end_before_it_has_looked() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    let (sender, mut told) = mpsc::channel(1);
    let control = JobControl::default();
    let job = run_job(
        api.clone(),
        setup.context.clone(),
        items(MANY),
        control,
        sender,
    );

    // Killed after the server said yes to some of them.
    tokio::select! {
        _ = job => unreachable!("nobody takes its reports"),
        () = async {
            for _ in 0..9 {
                told.recv().await;
            }
        } => {}
    }

    let log = setup.log();
    assert!(api.calls("revoke").len() >= 9);
    assert!(log.len() >= 9, "{log:?}");
    assert!(log.iter().all(|line| line.ends_with("Asked")), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn f_del_06_what_was_still_listed_and_cannot_be_looked_at_again_is_not_called_ended() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    api.lock().live.insert("s9".to_owned(), 1);
    // The second list lacks a row.
    api.lock().page_end = Some(|page| crate::model::PageEnd {
        next: None,
        total: None,
        completeness: crate::model::Completeness::Complete,
        unread: u32::from(page > 1),
        walk: None,
    });

    let (tally, _) = setup.run(&api, MANY).await;

    assert_eq!((tally.revoked, tally.still_listed), (MANY - 1, 1));
    assert_eq!(not_done(&setup.log()), [format!("9/{MANY} Done failed")]);
}

#[tokio::test(start_paused = true)]
async fn doubts_of_a_large_job_are_settled_by_the_list() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    for key in ["s3", "s4"] {
        api.script(key, [Ok(Outcome::AlreadyGone)]);
    }
    api.lock().live.remove("s3");

    let (tally, _) = setup.run(&api, MANY).await;

    // s4 is still there, so the answer about it was wrong.
    let counts = (tally.revoked, tally.already_gone, tally.failed);
    assert_eq!(counts, (MANY - 2, 1, 1));
    assert_eq!((api.calls("get").len(), api.calls("search").len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_doubt_that_the_list_does_not_settle_is_looked_at_alone() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    api.script("s3", [Ok(Outcome::AlreadyGone)]);
    api.lock().live.remove("s3");
    api.lock().page_end = Some(|_| crate::model::PageEnd {
        next: None,
        total: None,
        completeness: crate::model::Completeness::Complete,
        unread: 1,
        walk: None,
    });

    let (tally, _) = setup.run(&api, MANY).await;

    assert_eq!((tally.revoked, tally.already_gone), (MANY - 1, 1));
    assert_eq!(api.calls("get"), ["get s3"]);
}

#[tokio::test(start_paused = true)]
async fn one_of_a_large_job_that_is_still_there_after_its_connection_broke_is_ended_once_more() {
    let (setup, api) = (setup(), fake(MANY, |_| {}));
    api.script("s1", [Ok(Outcome::Failed(broken()))]);

    let (tally, _) = setup.run(&api, MANY).await;

    assert_eq!(tally.revoked, MANY);
    let calls = api.calls("revoke");
    assert_eq!(calls.iter().filter(|call| *call == "revoke s1").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_fast_sends_nothing_after_the_first_failure() {
    let setup = setup_with(|profile| profile.concurrency = 1);
    let api = fake(4, |_| {});
    api.script("s2", [Ok(Outcome::Refused("no".to_owned()))]);
    let control = JobControl {
        fail_fast: true,
        ..JobControl::default()
    };

    let (tally, _) = setup.run_with(&api, 4, &control).await;

    assert_eq!((tally.revoked, tally.failed, tally.not_sent), (1, 1, 2));
    assert_eq!(api.calls("revoke").len(), 2);
}
