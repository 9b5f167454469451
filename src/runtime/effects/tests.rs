//! Effects against a system that answers from a script.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::*;
use crate::app::msg::{RowPage, SignInStep};
use crate::app::{JobId, RevokeItem};
use crate::config::Paths;
use crate::model::{Deletable, SessionKey, Subject};
use crate::runtime::fakes::{FakeApi, FakeProfiles, Script, search};
use crate::store::RowId;

const SOURCE: SourceId = SourceId(0);

struct Bench {
    effects: Effects,
    messages: mpsc::Receiver<Msg>,
}

impl Bench {
    fn new(profiles: Arc<FakeProfiles>) -> Self {
        let (effects, messages) = Effects::new(profiles, Arc::new(Audit::new(&Paths::default())));
        Self { effects, messages }
    }

    /// A connected profile with these pages.
    async fn with_pages(pages: impl IntoIterator<Item = Script>) -> (Self, Arc<FakeApi>) {
        let api = FakeApi::with(pages);
        let mut bench = Self::new(FakeProfiles::of(api.clone()));
        bench.connect().await;
        (bench, api)
    }

    async fn connect(&mut self) {
        self.start(connect(1));
        let message = self.next().await;
        assert!(
            matches!(message, Msg::Connected { result: Ok(_), .. }),
            "{message:?}"
        );
    }

    fn start(&mut self, effect: Effect) {
        assert!(self.effects.start(effect).is_none());
    }

    async fn next(&mut self) -> Msg {
        timeout(Duration::from_secs(10), self.messages.recv())
            .await
            .expect("a message within 10 s")
            .expect("the sender lives")
    }

    fn search(&mut self, generation: u64, at: Option<&str>) {
        self.start(Effect::Search {
            source: SOURCE,
            generation: Gen(generation),
            search: search(),
            at: at.map(Cursor::new),
        });
    }

    /// Runs a search to its end: its pages, and the error it ended with.
    async fn read(
        &mut self,
        generation: u64,
        at: Option<&str>,
    ) -> (Vec<RowPage>, Option<ApiError>) {
        self.search(generation, at);
        let mut pages = Vec::new();
        loop {
            let Msg::Page {
                generation: answered,
                result,
                ..
            } = self.next().await
            else {
                panic!("only pages are expected");
            };
            assert_eq!(answered, Gen(generation));
            match result {
                Ok(page) => {
                    let last = page.end.next.is_none() || page.stopped.is_some();
                    pages.push(page);
                    if last && self.is_idle().await {
                        return (pages, None);
                    }
                }
                Err(error) => return (pages, Some(error)),
            }
        }
    }

    /// True if all tasks have ended without another message.
    async fn is_idle(&mut self) -> bool {
        for task in self.effects.tasks.values_mut() {
            (&mut task.handle).await.unwrap();
        }
        self.effects.tasks.clear();
        self.messages.is_empty()
    }
}

fn connect(generation: u64) -> Effect {
    Effect::Connect {
        source: SOURCE,
        generation: Gen(generation),
        profile: "demo".into(),
    }
}

fn keys(pages: &[RowPage]) -> Vec<String> {
    pages
        .iter()
        .flat_map(|page| page.chunk.rows())
        .map(|row| row.key().expose().to_owned())
        .collect()
}

#[tokio::test]
async fn all_pages_of_a_search_arrive_in_order() {
    let (mut bench, api) = Bench::with_pages([
        Script::Rows(vec!["a", "b"], Some("2")),
        Script::Rows(vec!["c"], None),
    ])
    .await;

    let (pages, error) = bench.read(2, None).await;

    assert_eq!(error, None);
    assert_eq!(keys(&pages), ["a", "b", "c"]);
    assert_eq!(*api.asked.lock().unwrap(), [None, Some("2".into())]);
}

#[tokio::test]
async fn rows_that_are_there_come_before_the_rest_of_their_page() {
    let script = Script::InTwo(vec!["a", "b"], vec!["b", "c"]);
    let (mut bench, _) = Bench::with_pages([script]).await;
    bench.search(2, None);

    let Msg::Rows { chunk, .. } = bench.next().await else {
        panic!("the first rows are expected");
    };
    let first: Vec<String> = chunk.rows().map(|row| row.key().expose().into()).collect();
    assert_eq!(first, ["a", "b"]);
    let Msg::Page {
        result: Ok(page), ..
    } = bench.next().await
    else {
        panic!("the page is expected");
    };
    assert_eq!((page.received, page.duplicates), (4, 1));
    assert_eq!(keys(&[page]), ["c"]);
}

#[tokio::test]
async fn f_http_11_a_row_seen_on_an_earlier_page_is_dropped_and_counted() {
    let (mut bench, _) = Bench::with_pages([
        Script::Rows(vec!["a", "b"], Some("2")),
        Script::Rows(vec!["b", "c"], None),
    ])
    .await;

    let (pages, _) = bench.read(2, None).await;

    assert_eq!(keys(&pages), ["a", "b", "c"]);
    assert_eq!(pages[1].duplicates, 1);
}

#[tokio::test]
async fn f_http_10_paging_that_goes_round_in_circles_is_stopped() {
    let cases = [
        (
            "a cursor named twice",
            vec![
                Script::Rows(vec!["a"], Some("2")),
                Script::Rows(vec!["b"], Some("2")),
                Script::Rows(vec!["c"], None),
            ],
            2,
        ),
        (
            "the same rows again and again",
            vec![
                Script::Rows(vec!["a"], Some("2")),
                Script::Rows(vec!["a"], Some("3")),
                Script::Rows(vec!["a"], Some("4")),
                Script::Rows(vec!["c"], None),
            ],
            3,
        ),
    ];
    for (what, pages, asked) in cases {
        let (mut bench, api) = Bench::with_pages(pages).await;

        let (pages, error) = bench.read(2, None).await;

        assert_eq!(error, None, "{what}");
        let stopped = pages.last().and_then(|page| page.stopped.as_deref());
        assert!(
            stopped.is_some_and(|why| why.ends_with("stopped")),
            "{what}: {stopped:?}"
        );
        assert_eq!(api.asked.lock().unwrap().len(), asked, "{what}");
    }
}

#[tokio::test]
async fn an_empty_page_with_a_cursor_is_not_the_end() {
    let (mut bench, _) = Bench::with_pages([
        Script::Rows(vec!["a"], Some("2")),
        Script::Rows(vec![], Some("3")),
        Script::Rows(vec!["c"], None),
    ])
    .await;

    let (pages, error) = bench.read(3, None).await;

    assert_eq!(keys(&pages), ["a", "c"]);
    assert_eq!(error, None);
}

#[tokio::test]
async fn a_search_stops_at_the_row_limit_and_can_go_on() {
    let api = FakeApi::with([
        Script::Rows(vec!["a", "b"], Some("2")),
        Script::Rows(vec!["c", "d"], Some("3")),
        Script::Rows(vec!["c", "d"], None),
    ]);
    let mut profiles = FakeProfiles::plain(api);
    profiles.max_rows = 3;
    let mut bench = Bench::new(Arc::new(profiles));
    bench.connect().await;

    let (first, _) = bench.read(2, None).await;
    let resume = first[1].end.next.clone();
    let (second, _) = bench.read(3, resume.as_ref().map(Cursor::as_str)).await;

    assert_eq!(keys(&first), ["a", "b", "c"]);
    assert!(
        first[1]
            .stopped
            .as_deref()
            .is_some_and(|why| why.contains("3 rows"))
    );
    assert_eq!(
        resume,
        Some(Cursor::new("2")),
        "the page that was cut is read again"
    );
    assert_eq!(keys(&second), ["d"]);
}

#[tokio::test]
async fn rows_that_fit_the_limit_exactly_are_whole() {
    let api = FakeApi::with([Script::Rows(vec!["a", "b"], None)]);
    let mut profiles = FakeProfiles::plain(api);
    profiles.max_rows = 2;
    let mut bench = Bench::new(Arc::new(profiles));
    bench.connect().await;

    let (pages, _) = bench.read(2, None).await;

    assert_eq!(pages[0].stopped, None);
}

#[tokio::test]
async fn f_http_07_rows_before_an_error_stay_and_the_page_is_read_again() {
    let broken = ApiError::Broken {
        host: "h".into(),
        why: "cut".into(),
        exchange: None,
    };
    let (mut bench, _) = Bench::with_pages([
        Script::Rows(vec!["a"], Some("2")),
        Script::Breaks(vec!["b"], broken.clone()),
        Script::Rows(vec!["b", "c"], None),
    ])
    .await;

    let (first, error) = bench.read(2, None).await;
    let resume = first[1].end.next.clone();
    let (second, _) = bench.read(3, resume.as_ref().map(Cursor::as_str)).await;

    assert_eq!(error, Some(broken));
    assert_eq!(keys(&first), ["a", "b"]);
    assert_eq!(resume, Some(Cursor::new("2")));
    assert_eq!(keys(&second), ["c"]);
}

#[tokio::test]
async fn a_reload_finds_its_rows_again() {
    let (mut bench, _) =
        Bench::with_pages([Script::Rows(vec!["a"], None), Script::Rows(vec!["a"], None)]).await;

    let (first, _) = bench.read(2, None).await;
    let (second, _) = bench.read(3, None).await;

    let key = |pages: &[RowPage]| pages[0].chunk.row(0).unwrap().key();
    assert_eq!(key(&first), key(&second));
}

#[tokio::test]
async fn a_cancelled_search_ends_at_once() {
    let (mut bench, _) = Bench::with_pages([Script::Hangs]).await;
    bench.search(2, None);
    let handle = bench.effects.tasks.remove(&Gen(2)).unwrap();

    handle.token.cancel();

    timeout(Duration::from_secs(10), handle.handle)
        .await
        .expect("it ends")
        .unwrap();
    assert!(bench.messages.is_empty());
}

#[tokio::test]
async fn closing_a_profile_ends_its_questions() {
    let (mut bench, _) = Bench::with_pages([Script::Hangs]).await;
    bench.search(2, None);

    bench.start(Effect::Close(SOURCE));

    assert!(
        timeout(Duration::from_secs(10), bench.is_idle())
            .await
            .expect("they end")
    );
}

#[tokio::test]
async fn a_question_before_the_connection_waits_for_it() {
    let mut bench = Bench::new(FakeProfiles::of(FakeApi::with([])));
    bench.start(connect(1));

    bench.start(Effect::Plan {
        source: SOURCE,
        generation: Gen(2),
        search: search(),
    });

    let mut planned = false;
    for _ in 0..2 {
        planned |= matches!(bench.next().await, Msg::Planned { result: Ok(_), .. });
    }
    assert!(planned);
}

#[tokio::test]
async fn a_second_connection_keeps_the_client_until_the_configuration_changes() {
    let profiles = FakeProfiles::of(FakeApi::with([]));
    let mut bench = Bench::new(profiles.clone());
    bench.connect().await;
    bench.connect().await;
    let before = profiles.opened.load(std::sync::atomic::Ordering::SeqCst);

    bench.effects.configuration_changed();
    bench.connect().await;

    assert_eq!(before, 1);
    assert_eq!(profiles.opened.load(std::sync::atomic::Ordering::SeqCst), 2);
}

fn asking() -> Arc<FakeProfiles> {
    let mut profiles = FakeProfiles::plain(FakeApi::with([]));
    profiles.asks = true;
    Arc::new(profiles)
}

#[tokio::test]
async fn a_question_of_a_provider_gets_the_operators_answer() {
    let profiles = asking();
    let mut bench = Bench::new(profiles.clone());
    bench.start(connect(1));
    let asked = bench.next().await;

    let answers = Some(vec![SecretString::from("hunter2")]);
    bench.start(Effect::Answer {
        source: SOURCE,
        answers,
    });

    assert!(
        matches!(
            asked,
            Msg::SignIn {
                step: SignInStep::Ask(_),
                ..
            }
        ),
        "{asked:?}"
    );
    assert!(matches!(
        bench.next().await,
        Msg::SignIn {
            step: SignInStep::Done,
            ..
        }
    ));
    assert!(matches!(
        bench.next().await,
        Msg::Connected { result: Ok(_), .. }
    ));
    assert_eq!(
        profiles.answers.lock().unwrap()[0].expose_secret(),
        "hunter2"
    );
}

#[tokio::test]
async fn giving_up_a_question_cancels_the_connection() {
    let mut bench = Bench::new(asking());
    bench.start(connect(1));
    bench.next().await;

    bench.start(Effect::Answer {
        source: SOURCE,
        answers: None,
    });

    let message = bench.next().await;
    assert!(
        matches!(
            message,
            Msg::Connected {
                result: Err(ApiError::Cancelled),
                ..
            }
        ),
        "{message:?}"
    );
}

#[tokio::test]
async fn a_session_is_read_anew_for_its_row() {
    let (mut bench, _) = Bench::with_pages([]).await;

    let key = SessionKey::new("k");
    bench.start(Effect::Get {
        source: SOURCE,
        generation: Gen(5),
        row: RowId(3),
        key,
    });

    let Msg::Detail {
        generation,
        row,
        result,
        ..
    } = bench.next().await
    else {
        panic!("a detail is expected");
    };
    assert_eq!((generation, row), (Gen(5), RowId(3)));
    assert_eq!(result.unwrap().label, "ss:fresh");
}

#[tokio::test]
async fn an_example_that_cannot_be_written_says_why() {
    let mut bench = Bench::new(FakeProfiles::of(FakeApi::with([])));

    bench.start(Effect::WriteExample);

    let message = bench.next().await;
    assert!(matches!(&message, Msg::Notify { result: Err(why), .. } if why.contains("already")));
}

/// A connected profile whose changes are written down in this folder.
async fn with_audit(folder: &tempfile::TempDir) -> Bench {
    let audit = Arc::new(Audit::new(&Paths::under(folder.path())));
    let (effects, messages) = Effects::new(FakeProfiles::of(FakeApi::with([])), audit);
    let mut bench = Bench { effects, messages };
    bench.connect().await;
    bench
}

fn revoke(sources: &[u8]) -> Effect {
    let items = sources.iter().zip(0..).map(|(source, row)| RevokeItem {
        row: RowId(row),
        source: SourceId(*source),
        key: SessionKey::new(format!("k{row}")),
        kind: None,
        subject: Subject::default(),
        deletable: Deletable::Yes,
        created: None,
        client: None,
        expires: None,
    });
    Effect::Revoke {
        job: JobId(7),
        items: items.collect(),
        users: Vec::new(),
        reason: None,
    }
}

/// The messages of a job up to its end: each row and the word for what became of it.
async fn outcomes(bench: &mut Bench) -> Vec<(RowId, &'static str)> {
    let mut rows = Vec::new();
    let mut recorded = None;
    loop {
        match bench.next().await {
            Msg::Revoked { job, row, outcome } => {
                assert_eq!(job, JobId(7));
                assert_eq!(recorded, None, "its records are told after its outcomes");
                rows.push((row, outcome.word()));
            }
            Msg::Recorded(JobId(7), records) => recorded = Some(records),
            Msg::Ended(JobId(7)) => break,
            other => panic!("{other:?} was not expected"),
        }
    }
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn every_row_of_a_revoke_has_its_outcome_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = with_audit(&folder).await;

    bench.start(revoke(&[0, 0]));

    let rows: Vec<_> = outcomes(&mut bench)
        .await
        .into_iter()
        .map(|(row, _)| row)
        .collect();
    assert_eq!(rows, [RowId(0), RowId(1)]);
}

#[tokio::test]
async fn the_records_of_a_revoke_are_told_by_their_lines_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = with_audit(&folder).await;
    bench.start(revoke(&[0]));
    let _ = outcomes(&mut bench).await;

    bench.start(revoke(&[0, 0]));

    let mut told = None;
    loop {
        match bench.next().await {
            Msg::Recorded(_, records) => told = Some(records),
            Msg::Ended(_) => break,
            _ => {}
        }
    }
    // Two lines a session: asked and done.
    assert_eq!(told, Some(3..=6));
}

#[tokio::test]
async fn rows_of_a_closed_profile_are_told_that_nothing_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = with_audit(&folder).await;

    bench.start(revoke(&[3, 3]));

    assert_eq!(
        outcomes(&mut bench).await,
        [(RowId(0), "failed"), (RowId(1), "failed")]
    );
}

#[tokio::test]
async fn nothing_is_revoked_that_cannot_be_written_down() {
    let mut bench = Bench::new(FakeProfiles::of(FakeApi::with([])));
    bench.connect().await;

    bench.start(revoke(&[0]));

    assert_eq!(outcomes(&mut bench).await, [(RowId(0), "failed")]);
}

#[tokio::test]
async fn a_job_counts_as_running_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = with_audit(&folder).await;
    assert!(!bench.effects.has_running_jobs());

    bench.start(revoke(&[0]));
    let running = bench.effects.has_running_jobs();
    bench.messages.close();
    bench.effects.finish_jobs(Duration::from_secs(10)).await;

    assert!(running);
    assert!(
        !bench.effects.has_running_jobs(),
        "it ends although nobody listens"
    );
}
