//! What a page of JSON costs until its rows are read, and until they are in the store, beside the reading of the
//! same bytes into borrowed fields by a library that is known for its speed.
//!
//! `cargo bench --bench ingest`: processor time of this process, the requests included, against an embedded
//! server in another one. `USHER_BENCH_ROWS` sets how many rows; 100,000 without it. Each part is measured
//! in turns, and the middle one of three counts.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod report;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use rustix::time::{ClockId, clock_gettime};
use secrecy::SecretString;
use serde::Deserialize;
use usher::api::auth::Nobody;
use usher::api::{SessionApi, Systems};
use usher::config::{Login, Profile, SecretSource};
use usher::model::time::Zone;
use usher::model::{AskedBy, NamedBy, Query, RowRef, RowSink, Search};
use usher::reading::{Reading, Then};
use usher::store::{ChunkBuilder, Rows, SourceId, Texts};

const USHER: &str = env!("CARGO_BIN_EXE_usher");
const PAGE: u16 = 1_000;
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --benches` starts this too; measuring means nothing in a debug build.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench --bench ingest");
        return;
    }
    let rows =
        std::env::var("USHER_BENCH_ROWS").map_or(100_000, |rows| rows.parse().expect("a number"));
    let home = tempfile::tempdir().expect("a folder");
    let pages = pages(home.path(), rows);
    let bytes: usize = pages.iter().map(Vec::len).sum();
    let server = Server::start(home.path(), rows);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");

    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(cpu(|| borrowed(&pages, rows)));
        for (part, kind) in [Sink::Read, Sink::Columns, Sink::Records]
            .into_iter()
            .enumerate()
        {
            times[part + 1].push(cpu(|| runtime.block_on(read(&server, kind, rows))));
        }
    }
    let [library, parts @ ..] = times.map(middle);
    say(
        "sonic-rs into borrowed fields, no request",
        library,
        library,
        rows,
        bytes,
    );
    for (what, time) in [
        "read, each field in its type",
        "in the store, columns",
        "in the store, records too",
    ]
    .into_iter()
    .zip(parts)
    {
        say(what, time, library, rows, bytes);
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn say(what: &str, time: Duration, library: Duration, rows: usize, bytes: usize) {
    let seconds = time.as_secs_f64();
    println!(
        "{what:<44} {:>6.2} µs a row   {:>9.0} rows/s   {:>5.2} GB/s   {:.2}x of sonic-rs",
        seconds * 1e6 / rows as f64,
        rows as f64 / seconds,
        bytes as f64 / seconds / 1e9,
        library.as_secs_f64() / seconds,
    );
}

/// Processor time of this process for some work.
fn cpu(work: impl FnOnce()) -> Duration {
    let now = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    };
    let begun = now();
    work();
    now().saturating_sub(begun)
}

/// The rows as pages of JSON, in memory.
fn pages(home: &Path, rows: usize) -> Vec<Vec<u8>> {
    let dumped = Command::new(USHER)
        .args([
            "emulator",
            "janssen",
            "--dump",
            "json",
            "--sessions",
            &rows.to_string(),
        ])
        .env("HOME", home)
        .output()
        .expect("usher runs");
    let text = String::from_utf8(dumped.stdout).expect("text");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("{\"outsideSid\""))
        .collect();
    assert_eq!(lines.len(), rows, "a line each");
    let page = |lines: &[&str]| {
        let rows: Vec<&str> = lines
            .iter()
            .map(|line| line.trim_end_matches(['\n', ',', ']', '}']))
            .collect();
        // What was cut from the end of a row is its brace.
        format!("{{\"entries\":[{}}}]}}", rows.join("},")).into_bytes()
    };
    lines.chunks(PAGE.into()).map(page).collect()
}

/// Sums up lengths, so that nothing is left out as unused.
fn borrowed(pages: &[Vec<u8>], rows: usize) {
    let mut count = 0;
    for page in pages {
        let page: Page<'_> = sonic_rs::from_slice(page).expect("JSON");
        count += std::hint::black_box(&page.entries).len();
    }
    assert_eq!(count, rows);
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

/// The fields of a session as the embedded server sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "reading them is what is measured")]
struct Entry<'a> {
    #[serde(borrow)]
    outside_sid: Cow<'a, str>,
    #[serde(borrow)]
    last_used_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_dn: Option<Cow<'a, str>>,
    #[serde(borrow)]
    authentication_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_attributes: Option<Attributes<'a>>,
    #[serde(borrow)]
    expiration_date: Option<Cow<'a, str>>,
    deletable: Option<bool>,
    #[serde(borrow)]
    creation_date: Option<Cow<'a, str>>,
    persisted: Option<bool>,
    ttl: Option<i64>,
    #[serde(borrow)]
    opbrowser_state: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "reading them is what is measured")]
struct Attributes<'a> {
    #[serde(borrow)]
    acr: Option<Cow<'a, str>>,
    #[serde(borrow)]
    acr_values: Option<Cow<'a, str>>,
    #[serde(borrow)]
    auth_user: Option<Cow<'a, str>>,
    #[serde(borrow)]
    client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    redirect_uri: Option<Cow<'a, str>>,
    #[serde(borrow)]
    remote_ip: Option<Cow<'a, str>>,
    #[serde(borrow)]
    response_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    scope: Option<Cow<'a, str>>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    nonce: Option<Cow<'a, str>>,
    #[serde(borrow)]
    opbs: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    successful_rp_redirect_count: Option<Cow<'a, str>>,
}

/// What becomes of the rows.
#[derive(Clone, Copy, PartialEq)]
enum Sink {
    /// They are thrown away.
    Read,
    /// Their columns are stored.
    Columns,
    /// Their columns, and the objects as they were sent.
    Records,
}

/// Rows on their way into the store.
struct Filling {
    kind: Sink,
    builder: ChunkBuilder,
    count: usize,
}

impl RowSink for Filling {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        self.count += 1;
        match self.kind {
            Sink::Read => _ = std::hint::black_box(&row),
            Sink::Columns => {
                row.raw = None;
                row.extra.clear();
                return self.builder.row(row);
            }
            Sink::Records => return self.builder.row(row),
        }
        ControlFlow::Continue(())
    }
}

/// Reads the whole list.
async fn read(server: &Server, kind: Sink, rows: usize) {
    let api = server.open();
    let search = Search {
        query: Query::default(),
        sort: None,
        page_size: PAGE.try_into().expect("not zero"),
        native: None,
        now: Utc::now(),
        zone: Zone::Utc,
        way: None,
        asked_by: AskedBy::default(),
        named_by: NamedBy::Operator,
    };
    let texts = Arc::<Texts>::default();
    let mut stored = Rows::default();
    let mut count = 0;
    let mut reading = Reading::new(&*api, search).expect("it can be listed");
    loop {
        let mut sink = Filling {
            kind,
            builder: ChunkBuilder::new(SourceId(0), Arc::clone(&texts)),
            count: 0,
        };
        let page = reading.page(&mut sink).await;
        count += sink.count;
        if kind != Sink::Read {
            stored.append(sink.builder.finish());
        }
        match page.then {
            Then::Next => {}
            Then::End => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(count, rows);
    // To give the memory back is no part of it.
    std::mem::forget(stored);
}

/// The embedded server, in a process of its own.
struct Server {
    child: Child,
    url: String,
    client_id: String,
    client_secret: String,
}

impl Server {
    fn start(home: &Path, rows: usize) -> Self {
        let (child, facts) = report::server(
            Command::new(USHER)
                .args(["emulator", "janssen", "--json", "--token-seconds", "86400"])
                .args(["--sessions", &rows.to_string()])
                .env("HOME", home),
        );
        let text = |at: &str| {
            facts
                .pointer(at)
                .and_then(serde_json::Value::as_str)
                .expect("it says")
                .to_owned()
        };
        Self {
            url: text("/url"),
            client_id: text("/auth/client_id"),
            client_secret: text("/auth/client_secret"),
            child,
        }
    }

    fn open(&self) -> Arc<dyn SessionApi> {
        let systems = Systems::built_in();
        let system = systems.named("janssen").expect("a system").spec().clone();
        let login = Login::ClientCredentials {
            client_id: self.client_id.clone(),
            client_secret: SecretSource::Plain(SecretString::from(self.client_secret.clone())),
        };
        let url = self.url.parse().expect("an address");
        let mut profile = Profile::new("bench", system, url, login);
        profile.policy.max_rows = u32::MAX;
        systems
            .open(&profile, Arc::new(Nobody))
            .expect("it can be used")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
