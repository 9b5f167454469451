//! Requests, looks, audit lines and messages of a revoke.

mod act;
mod expired;
mod fake;
mod large;
mod lists;
mod users;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use async_trait::async_trait;
use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::api::SessionApi;
use crate::audit::verify;
use crate::config::{Login, Paths, SecretSource, SystemSpec};
use crate::model::time::rfc3339;
use crate::model::{
    Acted, Capabilities, Cursor, PageEnd, Plan, Revoke, RowSink, Search, Session, Untrusted,
    UserOutcome,
};
use fake::{Fake, fake};

struct Setup {
    dir: TempDir,
    context: JobContext,
}

fn setup() -> Setup {
    setup_with(|_| {})
}

fn setup_with(set: impl FnOnce(&mut Profile)) -> Setup {
    let dir = tempfile::tempdir().unwrap();
    let token = SecretSource::Plain(SecretString::from("t"));
    let url = "https://idp.example.org".parse().unwrap();
    let mut profile = Profile::new("prod", SystemSpec::sample(), url, Login::Token { token });
    set(&mut profile);
    let context = JobContext {
        profile: Arc::new(profile),
        audit: Arc::new(Audit::new(&Paths::under(dir.path()))),
        who: None,
        reason: None,
        verb: "revoke".to_owned(),
    };
    Setup { dir, context }
}

impl Setup {
    /// The lines of the log as "item event outcome".
    fn log(&self) -> Vec<String> {
        let path = self.context.audit.path().unwrap();
        let Ok(entries) = crate::audit::read(&path) else {
            return Vec::new();
        };
        let line = |entry: crate::audit::AuditEntry| {
            let outcome = entry.outcome.unwrap_or_default();
            format!("{} {:?} {outcome}", entry.item, entry.event)
                .trim()
                .to_owned()
        };
        entries.map(|entry| line(entry.unwrap().1)).collect()
    }

    /// Makes the audit log impossible to write.
    fn break_log(&self) {
        let state = self.context.audit.path().unwrap();
        let state = state.parent().unwrap();
        fs::create_dir_all(state).unwrap();
        fs::set_permissions(state, fs::Permissions::from_mode(0o777)).unwrap();
    }

    /// Ends all sessions of a user, without a sign-in that is waited for.
    async fn end_user(&self, api: &Arc<Fake>, name: &str) -> Result<UserOutcome, ApiError> {
        let context = self.context.clone();
        run_user_job(api.clone(), context, user(name), None, |_| {}).await
    }

    /// Runs a job over s1, s2, … and gives back its tally and what it told, as words.
    async fn run(&self, api: &Arc<Fake>, count: usize) -> (Tally, Vec<String>) {
        self.run_with(api, count, &JobControl::default()).await
    }

    async fn run_with(
        &self,
        api: &Arc<Fake>,
        count: usize,
        control: &JobControl,
    ) -> (Tally, Vec<String>) {
        let (sender, mut told) = mpsc::channel(4);
        let job = run_job(
            api.clone(),
            self.context.clone(),
            items(count),
            control.clone(),
            sender,
        );
        let listen = async {
            let mut words = Vec::new();
            while let Some(progress) = told.recv().await {
                if matches!(progress, Progress::Paused(_)) {
                    words.push(format!("paused after {}", api.calls("revoke").len()));
                    control.resume();
                } else {
                    words.push(word(&progress));
                }
            }
            words
        };
        tokio::join!(job, listen)
    }
}

fn items(count: usize) -> Vec<JobItem<usize>> {
    let item = |row| JobItem {
        row,
        key: SessionKey::new(format!("s{row}")),
        kind: None,
        subject: Subject {
            name: Some(Untrusted::from("bwong")),
            ..Subject::default()
        },
        expires: None,
        provenance: Provenance::Listed,
    };
    (1..=count).map(item).collect()
}

fn word(progress: &Progress<usize>) -> String {
    match progress {
        Progress::Outcome { row, outcome, .. } => format!("{row} {}", outcome.word()),
        Progress::EndedAt { row, at } => format!("{row} at {}", rfc3339(*at)),
        Progress::Paused(_) => "paused".to_owned(),
        Progress::Unlogged(_) => "unlogged".to_owned(),
        Progress::Ended(_) => "ended".to_owned(),
    }
}

fn auth() -> ApiError {
    ApiError::Auth {
        message: "expired".to_owned(),
        can_login: true,
        exchange: None,
    }
}

fn no_answer() -> ApiError {
    ApiError::Timeout {
        host: "idp".to_owned(),
        after: Duration::from_secs(1),
        acted: Acted::Maybe,
        exchange: None,
    }
}

fn broken() -> ApiError {
    ApiError::Broken {
        host: "idp".to_owned(),
        why: "reset".to_owned(),
        exchange: None,
    }
}

#[tokio::test(start_paused = true)]
async fn every_session_is_sent_once_read_back_and_written_down_twice() {
    let (setup, api) = (setup(), fake(3, |_| {}));

    let (tally, told) = setup.run(&api, 3).await;

    assert_eq!(tally.revoked, 3);
    assert_eq!(told.last().unwrap(), "ended");
    assert_eq!(api.calls("revoke"), ["revoke s1", "revoke s2", "revoke s3"]);
    assert_eq!(api.calls("get").len(), 3);
    let log = setup.log();
    assert_eq!(log[..3], ["1/3 Asked", "2/3 Asked", "3/3 Asked"]);
    let mut done = log[3..].to_vec();
    done.sort();
    assert_eq!(done, ["1/3 Done done", "2/3 Done done", "3/3 Done done"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_allowed_number_is_on_its_way() {
    let setup = setup_with(|profile| profile.concurrency = 3);
    let api = fake(20, |_| {});

    setup.run(&api, 20).await;

    assert_eq!(api.lock().most_sending, 3);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_takes_batches_gets_batches() {
    let setup = setup_with(|profile| profile.concurrency = 1);
    let api = fake(5, |caps| caps.kinds.first_mut().revoke = Revoke::Batch(2));

    let (tally, _) = setup.run(&api, 5).await;

    assert_eq!(tally.revoked, 5);
    assert_eq!(
        api.calls("revoke"),
        ["revoke s1 s2", "revoke s3 s4", "revoke s5"]
    );
    assert_eq!(setup.log().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_if_it_cannot_be_written_down_first() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    setup.break_log();

    let (tally, told) = setup.run(&api, 2).await;

    assert_eq!((tally.not_sent, api.calls("revoke").len()), (2, 0));
    assert_eq!(told, ["1 failed", "2 failed", "ended"]);
}

#[tokio::test(start_paused = true)]
async fn with_best_effort_it_is_sent_and_said() {
    let setup = setup_with(|profile| profile.policy.audit = AuditMode::BestEffort);
    let api = fake(2, |_| {});
    setup.break_log();

    let (tally, told) = setup.run(&api, 2).await;

    assert_eq!((tally.revoked, api.calls("revoke").len()), (2, 2));
    assert_eq!(told.iter().filter(|word| *word == "unlogged").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f_del_13_a_read_only_profile_sends_and_writes_nothing() {
    let setup = setup_with(|profile| profile.policy.read_only = true);
    let api = fake(2, |_| {});

    let (tally, _) = setup.run(&api, 2).await;

    assert_eq!((tally.not_sent, api.calls("").len()), (2, 0));
    assert_eq!(setup.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn f_del_05_a_session_that_had_gone_is_told_apart_and_one_that_has_not_is_no_success() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    api.lock().live.remove("s1");
    api.script("s2", [Ok(Outcome::AlreadyGone)]);

    let (tally, _) = setup.run(&api, 2).await;

    assert_eq!((tally.already_gone, tally.failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn f_del_06_what_is_still_listed_is_looked_at_once_more() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    // s1 is listed for one more look after its end, s2 for ever.
    api.lock().live.insert("s1".to_owned(), 1);
    api.script("s2", [Ok(Outcome::Revoked)]);

    let (tally, told) = setup.run(&api, 2).await;

    assert_eq!((tally.revoked, tally.still_listed), (1, 1), "{told:?}");
    assert_eq!(api.calls("get s1").len(), 2);
    assert_eq!(api.calls("get s2").len(), 2);
    assert_eq!(setup.log().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn f_del_07_a_lost_answer_is_settled_by_a_look_and_never_sent_again() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    api.script("s1", [Ok(Outcome::Unknown(None))]);
    api.script("s2", [Ok(Outcome::Unknown(None))]);
    api.script("s3", [Ok(Outcome::Failed(no_answer()))]);
    api.lock().live.remove("s1");

    let (tally, _) = setup.run(&api, 3).await;

    assert_eq!((tally.revoked, tally.unknown, tally.failed), (1, 1, 1));
    assert_eq!(api.calls("revoke").len(), 3);
    assert_eq!(api.calls("get").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_still_there_after_its_connection_broke_is_ended_once_more() {
    let (setup, api) = (setup(), fake(2, |_| {}));
    api.script("s1", [Ok(Outcome::Failed(broken()))]);
    api.script("s2", [Ok(Outcome::Failed(broken()))]);
    api.lock().live.remove("s2");

    let (tally, _) = setup.run(&api, 2).await;

    assert_eq!(tally.revoked, 2);
    assert_eq!(api.calls("revoke s1").len(), 2);
    assert_eq!(api.calls("revoke s2").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_has_read_back_is_not_settled_again() {
    let (setup, api) = (setup(), fake(3, |caps| caps.revoke_is_verified = true));
    api.script("s1", [Ok(Outcome::Refused("no".to_owned()))]);
    api.script("s2", [Ok(Outcome::AlreadyGone)]);

    let (tally, _) = setup.run(&api, 3).await;

    assert_eq!((tally.failed, tally.already_gone, tally.revoked), (1, 1, 1));
    assert_eq!((api.calls("get").len(), api.calls("search").len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_before_sending_fails_that_item_and_no_other() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    let forbidden = ApiError::Forbidden {
        message: "scope".to_owned(),
        needs: None,
        exchange: None,
    };
    api.script("s2", [Err(forbidden)]);

    let (tally, _) = setup.run(&api, 3).await;

    assert_eq!((tally.revoked, tally.failed), (2, 1));
    assert!(setup.log().contains(&"2/3 Done failed".to_owned()));
    assert_eq!(setup.log().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn f_cred_00_a_lost_sign_in_pauses_the_job_and_nothing_is_sent_until_it_is_told_to() {
    let setup = setup_with(|profile| profile.concurrency = 1);
    let api = fake(4, |_| {});
    api.script("s2", [Err(auth())]);

    let (tally, told) = setup.run(&api, 4).await;

    let wanted = [
        "1 revoked",
        "paused after 2",
        "2 revoked",
        "3 revoked",
        "4 revoked",
        "ended",
    ];
    assert_eq!(told, wanted);
    assert_eq!(tally.revoked, 4);
    // The item that was sent twice is one change.
    assert_eq!(setup.log().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_that_is_stopped_leaves_the_rest_unsent() {
    let setup = setup_with(|profile| profile.concurrency = 1);
    let api = fake(3, |_| {});
    api.script("s1", [Ok(Outcome::Failed(auth()))]);
    let control = JobControl::default();
    let (sender, mut told) = mpsc::channel(16);

    let job = run_job(
        api.clone(),
        setup.context.clone(),
        items(3),
        control.clone(),
        sender,
    );
    let stop = async {
        while let Some(progress) = told.recv().await {
            if matches!(progress, Progress::Paused(_)) {
                control.stop.cancel();
            }
        }
    };
    let (tally, ()) = tokio::join!(job, stop);

    assert_eq!((tally.not_sent, api.calls("revoke").len()), (3, 1));
    // The refused change was written down; the one that was never sent was not.
    assert_eq!(setup.log(), ["1/3 Asked", "1/3 Done cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn f_del_09_a_stop_awaits_what_is_on_its_way_and_starts_nothing_more() {
    let setup = setup_with(|profile| profile.concurrency = 2);
    let api = fake(6, |_| {});
    let control = JobControl::default();
    api.lock().on_revoke = Some(control.stop.clone());

    let (tally, told) = setup.run_with(&api, 6, &control).await;

    assert_eq!((tally.revoked, tally.not_sent), (2, 4), "{told:?}");
    assert_eq!(setup.log().len(), 4);
    assert_eq!(
        verify(&setup.context.audit.path().unwrap(), None)
            .unwrap()
            .unfinished,
        []
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_job_is_read_back_by_one_search_and_corrected_by_a_second() {
    let (setup, api) = (setup(), fake(READ_EACH + 1, |_| {}));
    api.script("s7", [Ok(Outcome::Revoked)]);

    let (tally, told) = setup.run(&api, READ_EACH + 1).await;

    assert_eq!((tally.revoked, tally.still_listed), (READ_EACH, 1));
    assert_eq!((api.calls("get").len(), api.calls("search").len()), (0, 2));
    let of_seven: Vec<_> = told.iter().filter(|word| word.starts_with("7 ")).collect();
    assert_eq!(of_seven, ["7 revoked", "7 still_listed"]);
    assert_eq!(setup.log().len(), 2 * (READ_EACH + 1));
}

#[tokio::test(start_paused = true)]
async fn without_get_doubt_is_settled_by_a_search_before_it_is_told() {
    let (setup, api) = (setup(), fake(3, |caps| caps.kinds.first_mut().get = false));
    api.script("s1", [Ok(Outcome::Unknown(None))]);
    api.script("s2", [Ok(Outcome::Unknown(None))]);
    api.lock().live.remove("s1");

    let (tally, told) = setup.run(&api, 3).await;

    assert_eq!((tally.revoked, tally.unknown), (2, 1));
    assert_eq!(told, ["3 revoked", "1 revoked", "2 unknown", "ended"]);
    assert_eq!(api.calls("search"), ["search 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_short_leaves_the_rest_unknown_until_it_is_looked_at() {
    struct Short(Arc<Fake>);
    let (setup, inner) = (
        setup(),
        fake(2, |caps| caps.kinds.first_mut().revoke = Revoke::Batch(2)),
    );
    #[async_trait]
    impl SessionApi for Short {
        fn caps(&self) -> Arc<Capabilities> {
            self.0.caps()
        }
        fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
            self.0.plan(search)
        }
        async fn whoami(&self) -> Result<Identity, ApiError> {
            self.0.whoami().await
        }
        async fn search(
            &self,
            search: &Search,
            at: Option<&Cursor>,
            sink: &mut dyn RowSink,
        ) -> Result<PageEnd, ApiError> {
            self.0.search(search, at, sink).await
        }
        async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
            self.0.get(key).await
        }
        async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
            self.0.revoke(&keys[..1]).await
        }
        async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
            self.0.revoke_user(user).await
        }
    }
    let (sender, mut told) = mpsc::channel::<Progress<usize>>(16);

    let api = Arc::new(Short(inner));
    let tally = run_job(
        api,
        setup.context.clone(),
        items(2),
        JobControl::default(),
        sender,
    )
    .await;

    assert_eq!((tally.revoked, tally.unknown), (1, 1));
    assert!(told.recv().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_when_nobody_listens() {
    let (setup, api) = (setup(), fake(3, |_| {}));
    let (sender, told) = mpsc::channel(1);
    drop(told);

    let control = JobControl::default();
    let tally = run_job(
        api.clone(),
        setup.context.clone(),
        items(3),
        control,
        sender,
    )
    .await;

    assert_eq!((tally.revoked, setup.log().len()), (3, 6));
}

fn user(name: &str) -> Subject {
    Subject {
        name: Some(Untrusted::from(name)),
        ..Subject::default()
    }
}
