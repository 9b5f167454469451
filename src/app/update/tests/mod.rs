//! The steps of an operator and their effects: the core driven by real keys.

mod actions;
mod all_of_user;
mod attribute_columns;
mod audit_log;
mod chosen_columns;
mod client_name;
mod completion;
mod connections;
mod copies;
mod export;
mod forms;
mod groups;
mod hints;
mod history;
mod kinds;
mod lists;
mod marks;
mod mouse;
mod names;
mod orders;
mod palette;
mod person;
mod plan_rows;
mod plan_sign_ins;
mod plans;
mod questions;
mod reloads;
mod revokes;
mod rows;
mod sign_ins;
mod watch;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use enum_map::EnumMap;

use super::{open_profiles, update};
use crate::app::dialog::Dialog;
use crate::app::dialogs::actions_menu::ActionsMenu;
use crate::app::dialogs::answer::AnswerBox;
use crate::app::dialogs::arguments::Arguments;
use crate::app::dialogs::confirm::Confirm;
use crate::app::dialogs::error::ErrorBox;
use crate::app::dialogs::help::Help;
use crate::app::dialogs::quit::Quit;
use crate::app::dialogs::sign_in::SignIn;
use crate::app::effect::{Effect, Gen};
use crate::app::keymap::{KeyPress, Keymap};
use crate::app::msg::{Connected, Msg, RowPage, Size};
use crate::app::source::{ProfileEntry, ProfileView};
use crate::app::state::{Prefs, State, TimeStyle};
use crate::model::time::Zone;
use crate::model::{
    ApiError, Capabilities, Completeness, Cursor, Exchange, Fact, Field, Identity, KindCaps,
    PageEnd, Paging, Policy, ReadKeys, Revoke, RowRef, RowSink, Support, Unreached, Untrusted,
};
use crate::store::{Chunk, ChunkBuilder, RowId, SourceId, Texts};

/// The moment of every test.
fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 14, 7, 0).unwrap()
}

/// A screen without a terminal, and everything that it asked to be done.
struct TestApp {
    state: State,
    effects: Vec<Effect>,
    seen: ReadKeys,
    texts: Arc<Texts>,
}

impl TestApp {
    /// One open profile, nothing searched.
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// One open profile that is changed before it is opened.
    fn with(change: impl Fn(&mut ProfileView)) -> Self {
        let prefs = Prefs {
            time: TimeStyle::Age,
            zone: Zone::Utc,
            local: Zone::Utc,
            ascii: false,
            only_ascii: false,
            reduced_motion: false,
            mouse: true,
            read_only: false,
            config_path: "config.toml".into(),
        };
        let mut state = State::new(prefs, Keymap::default(), now());
        state.size = Size {
            width: 120,
            height: 40,
        };
        let mut view = profile("prod-janssen");
        change(&mut view);
        let name = view.name.clone();
        state.profiles = vec![
            ProfileEntry {
                view,
                last: "-".into(),
            },
            ProfileEntry {
                view: profile("other"),
                last: "-".into(),
            },
        ];
        let effects = open_profiles(&mut state, &[name]);
        Self {
            state,
            effects,
            seen: ReadKeys::default(),
            texts: Arc::default(),
        }
    }

    /// As after Enter and these rows.
    fn listing(users: &[&str]) -> Self {
        let mut app = Self::new();
        app.keys("enter").connect();
        let rows: Vec<_> = users.iter().map(|user| (*user, 600)).collect();
        app.page(&rows, None);
        app.effects.clear();
        app
    }

    fn send(&mut self, msg: Msg) -> &mut Self {
        let effects = update(&mut self.state, msg);
        self.effects.extend(effects);
        self
    }

    /// Keys by their names in the configuration, separated by blanks.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key: KeyPress = key.parse().unwrap();
            self.send(Msg::Key(key));
        }
        self
    }

    /// The same, each after the pause that lets it answer a question.
    fn slowly(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.due(crate::app::effect::Timer::Arm).keys(key);
        }
        self
    }

    /// Text, letter by letter.
    fn typed(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.send(Msg::Key(KeyPress::plain(crate::app::keymap::Key::Char(
                letter,
            ))));
        }
        self
    }

    /// The last connection asked for is up.
    fn connect(&mut self) -> &mut Self {
        self.connect_with(caps())
    }

    fn connect_with(&mut self, caps: Capabilities) -> &mut Self {
        self.connect_at(caps, TimeDelta::zero())
    }

    /// To a server whose clock is so far ahead of ours.
    fn connect_ahead(&mut self, ahead: TimeDelta) -> &mut Self {
        self.connect_at(caps(), ahead)
    }

    fn connect_at(&mut self, caps: Capabilities, ahead: TimeDelta) -> &mut Self {
        let generation = self.state.sources[0].link_gen;
        let who = Identity {
            name: Untrusted::from("help-desk"),
            ..Identity::default()
        };
        let up = Connected {
            who,
            caps: Arc::new(caps),
            took: Duration::from_millis(142),
            ahead,
        };
        self.send(Msg::Connected {
            source: SourceId(0),
            generation,
            result: Ok(up),
        })
    }

    /// A page of the search that counts: user and age in seconds of each row.
    fn page(&mut self, rows: &[(&str, i64)], next: Option<&str>) -> &mut Self {
        let generation = self.state.sources[0].search_gen;
        self.page_of(generation, rows, next)
    }

    fn page_of(&mut self, generation: Gen, rows: &[(&str, i64)], next: Option<&str>) -> &mut Self {
        let rows = rows.iter().enumerate();
        let rows = rows.map(|(number, (user, age))| row(user, *age, number));
        self.send_page(generation, rows.collect(), next)
    }

    /// The last page, in a list that the server cut.
    fn cut_at(&mut self, at: u64, rows: &[(&str, i64)]) -> &mut Self {
        let generation = self.state.sources[0].search_gen;
        let rows = rows.iter().enumerate();
        let rows = rows.map(|(number, (user, age))| row(user, *age, number));
        let end = PageEnd {
            next: None,
            total: None,
            completeness: Completeness::Truncated { at },
            unread: 0,
            walk: None,
        };
        self.send_page_ending(generation, rows.collect(), end)
    }

    /// The last page of the search that counts.
    fn rows(&mut self, rows: Vec<RowRef<'static>>) -> &mut Self {
        let generation = self.state.sources[0].search_gen;
        self.send_page(generation, rows, None)
    }

    fn send_page(
        &mut self,
        generation: Gen,
        rows: Vec<RowRef<'static>>,
        next: Option<&str>,
    ) -> &mut Self {
        let end = PageEnd {
            next: next.map(Cursor::new),
            total: None,
            completeness: match next {
                Some(_) => Completeness::More,
                None => Completeness::Complete,
            },
            unread: 0,
            walk: None,
        };
        self.send_page_ending(generation, rows, end)
    }

    /// The first rows of a page that takes another request.
    fn first_rows(&mut self, generation: Gen, rows: &[(&str, i64)]) -> &mut Self {
        let rows = rows.iter().enumerate();
        let rows = rows.map(|(number, (user, age))| row(user, *age, number));
        let chunk = self.chunk(rows.collect());
        self.send(Msg::Rows {
            source: SourceId(0),
            generation,
            chunk,
        })
    }

    /// Those of these rows that have not come before.
    fn chunk(&mut self, rows: Vec<RowRef<'static>>) -> Arc<Chunk> {
        let mut builder = ChunkBuilder::new(SourceId(0), self.texts.clone());
        for mut row in rows {
            if self.seen.insert(&row) {
                let _ = builder.row(&mut row);
            }
        }
        builder.finish()
    }

    fn send_page_ending(
        &mut self,
        generation: Gen,
        rows: Vec<RowRef<'static>>,
        end: PageEnd,
    ) -> &mut Self {
        let received = rows.len() as u32;
        let chunk = self.chunk(rows);
        let page = RowPage {
            end,
            took: Duration::from_millis(9),
            duplicates: received - chunk.len() as u32,
            chunk,
            received,
            headway: None,
            stopped: None,
        };
        self.send(Msg::Page {
            source: SourceId(0),
            generation,
            result: Ok(page),
        })
    }

    /// One page of a walk, after which there are more.
    fn walked(&mut self, user: &str, next: &str) -> &mut Self {
        let generation = self.state.sources[0].search_gen;
        let mut builder = ChunkBuilder::new(SourceId(0), self.texts.clone());
        let _ = builder.row(&mut row(user, 60, 0));
        let walk = crate::model::WalkProgress {
            done: 25,
            of: None,
            what: "users".into(),
        };
        let page = RowPage {
            chunk: builder.finish(),
            end: PageEnd {
                next: Some(Cursor::new(next)),
                total: None,
                completeness: Completeness::More,
                unread: 0,
                walk: Some(walk.clone()),
            },
            took: Duration::from_millis(9),
            duplicates: 0,
            received: 1,
            headway: Some(crate::model::Headway::new(walk, 25, Duration::from_secs(1))),
            stopped: None,
        };
        self.send(Msg::Page {
            source: SourceId(0),
            generation,
            result: Ok(page),
        })
    }

    fn page_fails(&mut self, error: ApiError) -> &mut Self {
        let generation = self.state.sources[0].search_gen;
        self.send(Msg::Page {
            source: SourceId(0),
            generation,
            result: Err(error),
        })
    }

    /// Forgets which rows came before, as a new search does.
    fn forget(&mut self) -> &mut Self {
        (self.seen, self.texts) = (ReadKeys::default(), Arc::default());
        self
    }

    fn due(&mut self, timer: crate::app::effect::Timer) -> &mut Self {
        self.send(Msg::Due(timer, Gen::default()))
    }

    /// Users in the order shown.
    fn shown(&self) -> Vec<String> {
        let results = &self.state.results;
        results
            .order
            .iter()
            .filter_map(|id| results.rows.get(id))
            .map(|row| row.person().unwrap().expose().to_owned())
            .collect()
    }

    fn cursor_user(&self) -> String {
        let (_, row) = self
            .state
            .results
            .current()
            .expect("a row under the cursor");
        row.person().unwrap().expose().to_owned()
    }

    fn status(&self) -> &str {
        self.state.message.as_ref().map_or("", |m| &m.text)
    }

    fn top(&self) -> Option<&dyn Dialog> {
        self.state.dialogs.last().map(|dialog| &**dialog)
    }

    /// The dialog on top, if it is of this kind.
    fn dialog<T: Dialog>(&self) -> Option<&T> {
        self.state.top()
    }

    /// The ids that were sent to be revoked, in order.
    fn sent(&self) -> Vec<String> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Revoke { items, .. } => Some(items),
                _ => None,
            })
            .flatten()
            .map(|item| item.key.expose().to_owned())
            .collect()
    }

    fn count(&self, of: impl Fn(&Effect) -> bool) -> usize {
        self.effects.iter().filter(|effect| of(effect)).count()
    }
}

fn row(user: &str, age: i64, number: usize) -> RowRef<'static> {
    let mut row = RowRef::new(format!("{user}-{age}-{number}"), format!("ss:{number:04}…"));
    row.user = Some(user.to_owned().into());
    row.user_id = Some(format!("inum={user},ou=people").into());
    row.client = Some("portal-web".into());
    row.fact = Fact::Live;
    row.created = Some(now() - TimeDelta::seconds(age));
    row.expires = Some(now() + TimeDelta::hours(1));
    row.deletable = crate::model::Deletable::Yes;
    row
}

fn profile(name: &str) -> ProfileView {
    ProfileView {
        lists_everybody: true,
        own_names: Vec::new(),
        name: name.into(),
        system: "Janssen".into(),
        system_word: "janssen".into(),
        address: "https://idp.example.org".into(),
        proxy: "none: neither HTTPS_PROXY nor ALL_PROXY is set".to_owned(),
        plain_http: false,
        demo: false,
        // The order of names is easier to read in a test.
        policy: Policy {
            sort: Some(crate::model::Sort {
                by: Field::User.into(),
                descending: false,
            }),
            ..Policy::default()
        },
        user_names: std::sync::Arc::default(),
    }
}

fn kind() -> KindCaps {
    KindCaps {
        fields: EnumMap::from_fn(|_| Support::Server),
        sort: Support::Server,
        get: true,
        revoke: Revoke::One,
        revoke_user: true,
        after_revoke: "The session ends at once.".into(),
        ..KindCaps::default()
    }
}

fn caps() -> Capabilities {
    caps_of(kind())
}

fn caps_of(kind: KindCaps) -> Capabilities {
    Capabilities {
        total: true,
        paging: Paging::Offset,
        ..Capabilities::of_one_kind("Janssen", kind)
    }
}

fn refused() -> ApiError {
    ApiError::Unreachable {
        host: "idp.example.org".into(),
        cause: Unreached::Refused,
        why: "connection refused".into(),
        exchange: None,
    }
}

const FIRST: RowId = RowId(0);
