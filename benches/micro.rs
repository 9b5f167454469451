//! How long the parts take of which there are many: rows taken in, filtered and sorted, frames drawn, texts
//! cleaned. Each line also counts allocations.
//!
//! `cargo bench --bench micro`; a word behind `--` chooses groups.

#[path = "../tests/support/fixture.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod fixture;

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use divan::{AllocProfiler, Bencher, black_box};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use usher::app::lay_out;
use usher::app::msg::Size;
use usher::app::state::State;
use usher::model::query::Matcher;
use usher::model::text::display_safe;
use usher::model::time::Zone;
use usher::model::{Class, Fact, Field, Property, Query, RowRef, RowSink, Sort, Thresholds};
use usher::store::{Chunk, ChunkBuilder, Rows, SourceId, SourceNames, Texts, View, order};
use usher::ui::Theme;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Rows of a page.
const PAGE: usize = 1_000;
/// Rows where all of them count.
const MANY: usize = 100_000;

fn start() -> DateTime<Utc> {
    fixture::now()
}

/// The texts of a row, so that the row can borrow them.
struct Sent {
    key: String,
    user: String,
    ip: String,
    raw: Box<serde_json::value::RawValue>,
}

fn sent(number: usize) -> Sent {
    let user = format!("user{:05}@example.org", number * 7919 % 50_000);
    let key = format!("{number:08x}-10b1-426f-9247-bb680e5fe0c8");
    let ip = format!("10.{}.{}.{}", number % 200, number / 200 % 250, number % 13);
    let raw = serde_json::json!({
        "id": key, "user": user, "ip": ip, "state": "authenticated",
        "attributes": {"acr": "otp", "amr": "pwd", "note": "x".repeat(300)},
    });
    let raw = serde_json::value::to_raw_value(&raw).expect("JSON");
    Sent { key, user, ip, raw }
}

fn row(number: usize, sent: &Sent) -> RowRef<'_> {
    let mut row = RowRef::new(sent.key.as_str(), "ss:10b1…c8");
    row.user = Some(sent.user.as_str().into());
    row.client = Some(["portal", "mobile", "billing"][number % 3].into());
    row.ip = Some(sent.ip.as_str().into());
    row.created = Some(start() - TimeDelta::seconds((number * 7919 % 90_000) as i64));
    row.expires = Some(start() + TimeDelta::seconds((number % 7_200) as i64));
    row.fact = Fact::Live;
    row.extra = vec![("acr".into(), "otp".into(), Class::Plain)];
    row.raw = Some(sent.raw.get());
    row
}

fn chunk(texts: &Arc<Texts>, sent: &[Sent], first: usize) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new(SourceId(0), Arc::clone(texts));
    for (number, one) in (first..).zip(sent) {
        let _: ControlFlow<()> = builder.row(&mut row(number, one));
    }
    builder.finish()
}

fn rows(count: usize) -> Rows {
    let texts = Arc::default();
    let mut rows = Rows::default();
    for first in (0..count).step_by(PAGE) {
        let page: Vec<Sent> = (first..first + PAGE).map(sent).collect();
        rows.append(chunk(&texts, &page, first));
    }
    rows
}

fn view(sort: Option<Field>, filter: Option<&str>) -> View {
    let names = SourceNames {
        profile: "p".into(),
        system: "s".into(),
        thresholds: Thresholds::default(),
        ahead: TimeDelta::zero(),
        user_names: Arc::default(),
    };
    let matcher = filter.map(|text| {
        let query = Query::parse(text).expect("a query");
        let made = Matcher::new(&query.clauses, start(), Zone::Utc, Thresholds::default());
        Arc::new(made.expect("it suits its fields"))
    });
    View {
        sort: sort.map(|field| Sort {
            by: Property::Field(field),
            descending: true,
        }),
        filter: matcher,
        ended: Arc::default(),
        sources: Arc::from([names]),
        now: start(),
        counted: None,
        counts: false,
    }
}

#[divan::bench]
fn append_page_of_1k(bencher: Bencher<'_, '_>) {
    let page: Vec<Sent> = (0..PAGE).map(sent).collect();
    let texts = Arc::default();
    bencher
        .counter(divan::counter::ItemsCount::new(PAGE))
        .bench(|| chunk(&texts, &page, 0));
}

#[divan::bench(args = [Field::Created, Field::User])]
fn sort_100k(bencher: Bencher<'_, '_>, by: Field) {
    let rows = rows(MANY);
    let view = view(Some(by), None);
    bencher.bench(|| order(&rows, &view, None));
}

#[divan::bench(args = ["user0", "user:user0123*", "ip:10.7.*", "state:active", "~nothing"])]
fn filter_100k(bencher: Bencher<'_, '_>, text: &str) {
    let text = text.trim_start_matches('~');
    let rows = rows(MANY);
    let sorted = order(&rows, &view(Some(Field::Created), None), None);
    let view = view(Some(Field::Created), Some(text));
    bencher.bench(|| order(&rows, &view, Some(&sorted)));
}

#[divan::bench]
fn filter_100k_one_letter_more(bencher: Bencher<'_, '_>) {
    let rows = rows(MANY);
    let wider = order(&rows, &view(Some(Field::Created), Some("user01")), None);
    let view = view(Some(Field::Created), Some("user012"));
    bencher.bench(|| order(&rows, &view, Some(&wider)));
}

fn screen(count: usize) -> State {
    let mut fixture = fixture::Fixture::open();
    fixture.state.results.rows = rows(count);
    let view = view(Some(Field::Created), None);
    fixture.state.results.order = order(&fixture.state.results.rows, &view, None);
    fixture.with(|state| {
        state.size = Size {
            width: 120,
            height: 40,
        };
        lay_out(state);
    })
}

#[divan::bench(args = [1_000, MANY])]
fn draw_120x40(bencher: Bencher<'_, '_>, count: usize) {
    let state = screen(count);
    let theme = Theme::default();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    bencher.bench_local(|| {
        buffer.reset();
        usher::ui::draw(&state, &theme, &mut buffer)
    });
}

#[divan::bench(args = ["user01234@example.org", "c.müller@example.org", "a\u{1b}[31mb\u{202e}c\u{200b}"])]
fn clean_text(text: &str) -> usize {
    display_safe(black_box(text)).len()
}

#[divan::bench]
fn parse_query() -> bool {
    Query::parse(black_box(
        "user:ada* state:active created>now-2h -client:portal",
    ))
    .is_ok()
}
