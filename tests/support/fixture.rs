//! A screen with known people on it, at a known time: 2026-11-21 14:07 UTC.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use enum_map::enum_map;
use usher::app::effect::Gen;
use usher::app::keymap::Keymap;
use usher::app::lay_out;
use usher::app::msg::{RowPage, Size};
use usher::app::results::Results;
use usher::app::source::ProfileEntry;
use usher::app::source::{Link, ProfileView, Progress, Source};
use usher::app::state::{Pane, Prefs, State, TimeStyle};
use usher::model::time::{Zone, parse_instant};
use usher::model::{
    Capabilities, Class, ColumnSpec, Completeness, Deletable, Fact, Field, Identity, KindCaps,
    PageEnd, Paging, Plan, Policy, Query, Revoke, RowRef, RowSink, Sort, Support,
};
use usher::store::{ChunkBuilder, SourceId, Texts, View, order};

/// The time of every screen.
pub fn now() -> DateTime<Utc> {
    at("2026-11-21T14:07:00Z")
}

/// An instant.
pub fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text, Zone::Utc).expect("an instant")
}

/// One person's session, times in minutes before (created, used) and after (expires) now.
pub struct Person {
    pub user: &'static str,
    pub client: Option<&'static str>,
    pub ip: &'static str,
    /// Seconds since it began.
    pub created: i64,
    /// Seconds since it was last used.
    pub used: Option<i64>,
    /// Seconds until it ends; negative: it has.
    pub expires: i64,
    pub fact: Fact,
}

const M: i64 = 60;
const H: i64 = 3600;
const D: i64 = 86_400;

const fn person(
    user: &'static str,
    client: &'static str,
    ip: &'static str,
    created: i64,
    used: i64,
    expires: i64,
) -> Person {
    Person {
        user,
        client: Some(client),
        ip,
        created,
        used: Some(used),
        expires,
        fact: Fact::Live,
    }
}

/// The people of the main screen, in the order of their names; equal names newest first.
pub fn people() -> Vec<Person> {
    let mut people = vec![
        person(
            "asmith@example.org",
            "portal-web",
            "192.0.2.44",
            41 * M,
            40 * M,
            19 * M + 30,
        ),
        person(
            "asmith@example.org",
            "billing-api",
            "192.0.2.44",
            41 * M + 9,
            0,
            19 * M + 20,
        ),
        person(
            "bwong@example.org",
            "admin-console",
            "2001:db8::17",
            5 * M,
            M,
            55 * M,
        ),
        person(
            "bwong@example.org",
            "portal-web",
            "2001:db8::17",
            348,
            320,
            54 * M + 12,
        ),
        person(
            "c.müller@example.org",
            "portal-web",
            "198.51.100.9",
            22 * H,
            22 * H,
            2 * H,
        ),
        person(
            "d.okafor@example.org",
            "portal-web",
            "203.0.113.61",
            2 * M,
            2 * M,
            58 * M,
        ),
        person(
            "jdoe@example.org",
            "portal-web",
            "203.0.113.7",
            12 * M,
            2 * M,
            48 * M,
        ),
        person(
            "jdoe@example.org",
            "portal-mobile",
            "203.0.113.7",
            3 * H,
            H,
            5 * H,
        ),
        person(
            "jdoe@example.org",
            "vpn-gateway",
            "198.51.100.20",
            2 * D,
            2 * D,
            -D,
        ),
        person(
            "k.lindqvist@example.org",
            "portal-web",
            "198.51.100.77",
            58 * M,
            57 * M,
            2 * M,
        ),
        person(
            "m.rossi@example.org",
            "portal-web",
            "203.0.113.12",
            4 * H,
            31 * M,
            29 * M,
        ),
        person(
            "n.haddad@example.org",
            "billing-api",
            "10.0.4.7",
            H,
            H,
            12 * M,
        ),
        person("root", "", "127.0.0.1", H, H, 3 * M),
        person("svc-report", "batch", "10.0.4.18", 9 * D, 9 * D, -2 * D),
        person(
            "t.nguyen@example.org",
            "portal-web",
            "203.0.113.33",
            15 * M,
            15 * M,
            45 * M,
        ),
        person(
            "v.ivanova@example.org",
            "vpn-gateway",
            "198.51.100.3",
            6 * H,
            5 * M,
            2 * H,
        ),
        person(
            "z.chen@example.org",
            "portal-mobile",
            "2001:db8::9c",
            44,
            44,
            59 * M + 16,
        ),
        person(
            "日本太郎@example.org",
            "portal-web",
            "203.0.113.90",
            9 * M,
            9 * M,
            51 * M,
        ),
    ];
    people[1].used = None;
    people[12].client = None;
    people[13].fact = Fact::Revoked;
    people
}

/// The columns of the system of the screens.
pub const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::new(Field::User, "USER", "USER", 3),
    ColumnSpec::new(Field::Client, "CLIENT", "CLIENT", 2),
    ColumnSpec::new(Field::Ip, "IP", "IP", 2),
    ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
    ColumnSpec::new(Field::Used, "LAST USED", "USED", 0),
    ColumnSpec::new(Field::Expires, "EXPIRES", "EXPIRES", 0),
    ColumnSpec::new(Field::State, "STATE", "STATE", 0),
];

/// The capabilities of the system of the screens.
pub fn caps() -> Capabilities {
    let kind = KindCaps {
        fields: enum_map! {
            Field::User | Field::Client | Field::Created | Field::Expires => Support::Server,
            _ => Support::Client,
        },
        sort: Support::Server,
        get: true,
        revoke: Revoke::One,
        revoke_user: true,
        after_revoke: "The session and its access tokens end at once. Refresh tokens stay valid."
            .into(),
        after_revoke_several:
            "The sessions and their access tokens end at once. Refresh tokens stay valid.".into(),
        id_is_credential: true,
        columns: COLUMNS.to_vec(),
        ..KindCaps::default()
    };
    Capabilities {
        total: true,
        paging: Paging::Offset,
        ..Capabilities::of_one_kind("Janssen", kind)
    }
}

/// A profile of this name.
pub fn profile(name: &str, system: &'static str) -> ProfileView {
    ProfileView {
        lists_everybody: true,
        own_names: Vec::new(),
        name: name.to_owned(),
        system: system.into(),
        system_word: "janssen".into(),
        address: "https://idp.example.org".to_owned(),
        proxy: "none: neither HTTPS_PROXY nor ALL_PROXY is set".to_owned(),
        plain_http: false,
        demo: false,
        policy: Policy::default(),
        user_names: std::sync::Arc::default(),
    }
}

/// The preferences of a screen in UTC, with all signs.
pub fn prefs() -> Prefs {
    Prefs {
        time: TimeStyle::Age,
        zone: Zone::Utc,
        local: Zone::Fixed(FixedOffset::east_opt(2 * 3600).expect("two hours")),
        ascii: false,
        only_ascii: false,
        reduced_motion: false,
        mouse: true,
        read_only: false,
        config_path: "~/.config/usher/config.toml".to_owned(),
    }
}

/// Builds a screen step by step.
pub struct Fixture {
    /// The screen so far.
    pub state: State,
    texts: Arc<Texts>,
}

impl Fixture {
    /// A screen with nothing open.
    pub fn bare() -> Self {
        let mut state = State::new(prefs(), Keymap::default(), now());
        state.size = Size {
            width: 80,
            height: 24,
        };
        state.systems = [
            ("janssen", "Janssen"),
            ("pingam", "PingAM / OpenAM"),
            ("cockroach", "CockroachDB"),
            ("workos", "WorkOS"),
            ("fleare", "Fleare"),
        ]
        .map(|(word, title)| (word.to_owned(), title.to_owned()))
        .to_vec();
        state.profiles = entries();
        // Names that follow each other are easier to compare with the list of people.
        state.results = Results::new(Sort {
            by: Field::User.into(),
            descending: false,
        });
        Self {
            state,
            texts: Arc::default(),
        }
    }

    /// One profile is open, nothing has been searched.
    pub fn open() -> Self {
        let mut fixture = Self::bare();
        let mut source = Source::new(profile("prod-janssen", "Janssen"));
        source.caps = Some(Arc::new(caps()));
        source.who = Some(Identity {
            name: "help-desk@example.org".into(),
            ..Identity::default()
        });
        source.link = Link::Up {
            took: Duration::from_millis(142),
        };
        source.plan = Some(Ok(Plan::default()));
        fixture.state.sources.push(source);
        fixture
    }

    /// The main screen: everybody is loaded, the cursor is on the second session of bwong.
    pub fn main() -> Self {
        let mut fixture = Self::open();
        fixture.load(&people(), 1204);
        fixture.state.results.cursor = 3;
        fixture.state.results.touched = true;
        fixture.state.focus = Pane::Table;
        fixture
    }

    /// Puts these people in, and others after them until there are `count`.
    pub fn load(&mut self, people: &[Person], count: usize) {
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::clone(&self.texts));
        for (number, person) in people.iter().enumerate() {
            let _: ControlFlow<()> = builder.row(&mut row(number, person));
        }
        Self::fill(&mut builder, people.len()..count);
        let chunk = builder.finish();
        self.loaded(chunk, count);
    }

    /// A page with these people, each with the number under which it is known.
    pub fn page(people: &[(usize, Person)]) -> RowPage {
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
        for (number, person) in people {
            let _: ControlFlow<()> = builder.row(&mut row(*number, person));
        }
        RowPage {
            chunk: builder.finish(),
            end: PageEnd {
                next: None,
                total: Some(people.len() as u64),
                completeness: Completeness::Complete,
                unread: 0,
                walk: None,
            },
            took: Duration::from_millis(142),
            duplicates: 0,
            received: people.len() as u32,
            headway: None,
            stopped: None,
        }
    }

    /// Puts these rows in.
    pub fn load_rows(&mut self, rows: Vec<RowRef<'static>>) {
        let count = rows.len();
        let mut builder = ChunkBuilder::new(SourceId(0), Arc::clone(&self.texts));
        for mut row in rows {
            let _: ControlFlow<()> = builder.row(&mut row);
        }
        let chunk = builder.finish();
        self.loaded(chunk, count);
    }

    fn fill(builder: &mut ChunkBuilder, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let mut more = RowRef::new(format!("key-{number}"), format!("ss:{number:04x}…00"));
            more.user = Some(format!("鈴木{number:05}@example.org").into());
            more.client = Some("portal-web".into());
            more.fact = Fact::Live;
            more.created = Some(now() - TimeDelta::minutes(9));
            more.expires = Some(now() + TimeDelta::minutes(51));
            let _: ControlFlow<()> = builder.row(&mut more);
        }
    }

    fn loaded(&mut self, chunk: std::sync::Arc<usher::store::Chunk>, count: usize) {
        let results = &mut self.state.results;
        results.rows.append(chunk);
        results.query = Some(Query::default());
        results.arrival = false;
        let source = &mut self.state.sources[0];
        source.progress = Progress::Loaded;
        source.completeness = Completeness::Complete;
        source.took = Some(Duration::from_millis(142));
        source.asked_at = Some(now() - TimeDelta::milliseconds(900));
        self.state.up = Duration::from_millis(900);
        source.rows = count as u32;
        source.total = Some(count as u64);
        source.search_gen = Gen(1);
        self.sort();
    }

    /// Puts the rows in order anew.
    pub fn sort(&mut self) {
        let view = View {
            sort: Some(self.state.results.sort.clone()),
            sources: self
                .state
                .sources
                .iter()
                .map(|source| usher::store::order::SourceNames {
                    profile: source.profile.name.clone(),
                    system: source.profile.system_word.to_string(),
                    thresholds: source.profile.policy.thresholds,
                    ahead: source.ahead,
                    user_names: source.profile.user_names.clone(),
                })
                .collect(),
            now: self.state.now,
            ended: Default::default(),
            filter: Default::default(),
            counted: None,
            counts: false,
        };
        self.state.results.order = order(&self.state.results.rows, &view, None);
    }

    /// Changes the screen in place.
    pub fn with(mut self, change: impl FnOnce(&mut State)) -> State {
        change(&mut self.state);
        // The size may change before the picture: what is scrolled stays as it was set.
        let mut laid_out = self.state.clone();
        lay_out(&mut laid_out);
        self.state.layout = laid_out.layout;
        self.state
    }
}

fn row(number: usize, person: &Person) -> RowRef<'static> {
    let bwong = number == 3;
    let label = if bwong {
        "ss:9c41…e7".to_owned()
    } else {
        format!("ss:{:04x}…{number:02x}", 0x77b0 + number * 37)
    };
    let mut row = RowRef::new(format!("secret-session-key-{number}"), label);
    let before = |seconds: i64| Some(now() - TimeDelta::seconds(seconds));
    row.user = Some(person.user.into());
    let inum = if bwong || person.user.starts_with("bwong") {
        "f1a2".to_owned()
    } else {
        format!("{:04x}", person.user.bytes().map(u32::from).sum::<u32>())
    };
    row.user_id = Some(format!("inum={inum}…,ou=people,o=jans").into());
    row.client = person.client.map(Into::into);
    row.ip = Some(person.ip.into());
    row.fact = person.fact;
    row.created = before(person.created);
    row.last_used = person.used.and_then(before);
    row.expires = before(-person.expires);
    row.user_agent =
        Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into());
    row.auth_method = Some("acr simple_password_auth · amr pwd · 1 granted client".into());
    row.deletable = Deletable::Yes;
    row.extra = vec![
        ("state".into(), "authenticated".into(), Class::Plain),
        ("opbs".into(), "8d0f2a7c-very-secret".into(), Class::Secret),
        (
            "successful_rp_redirect_count".into(),
            "1".into(),
            Class::Plain,
        ),
        ("acr".into(), "simple_password_auth".into(), Class::Plain),
        ("acr_values".into(), "".into(), Class::Plain),
        ("auth_step".into(), "1".into(), Class::Plain),
        (
            "client_id".into(),
            "1800.7d1e5c3f-2f6b-4f6e-9a53-0c7b6f1e2a44".into(),
            Class::Plain,
        ),
        (
            "redirect_uri".into(),
            "https://portal.example.org/callback".into(),
            Class::Plain,
        ),
        ("response_type".into(), "code".into(), Class::Plain),
        ("scope".into(), "openid profile email".into(), Class::Plain),
        ("device_id".into(), "b5f7".into(), Class::Plain),
        ("is_jwt".into(), "false".into(), Class::Plain),
    ];
    row
}

fn entries() -> Vec<ProfileEntry> {
    let entry = |name, system, address: &str, production, read_only, last: &str| {
        let mut view = profile(name, system);
        address.clone_into(&mut view.address);
        (view.policy.production, view.policy.read_only) = (production, read_only);
        ProfileEntry {
            view,
            last: last.to_owned(),
        }
    };
    vec![
        entry(
            "prod-janssen",
            "Janssen",
            "https://idp.example.org",
            true,
            false,
            "ok 142 ms",
        ),
        entry(
            "prod-crdb",
            "CockroachDB",
            "sql.example.org:26257",
            true,
            true,
            "-",
        ),
        entry(
            "stage-am",
            "PingAM",
            "https://am.stage.example.org",
            false,
            false,
            "-",
        ),
        entry(
            "dev-workos",
            "WorkOS",
            "https://api.workos.example",
            false,
            false,
            "token expired",
        ),
        entry(
            "demo",
            "emulator",
            "127.0.0.1 (started on demand)",
            false,
            false,
            "-",
        ),
    ]
}
