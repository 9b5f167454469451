//! A system with two kinds of session on the command line: listed, counted, asked about, named again.

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Utc;

use super::act;
use super::args::GlobalArgs;
use super::args_verbs::Format;
use super::ctx::Ctx;
use super::list::{Count, print_count};
use super::output::{Encode, Out, OutputField, Record, encoder};
use super::pages::{self, ListRequest, Take};
use super::revoke::count_of;
use super::sources::Source;
use super::target_lines;
use super::targets::{FoundBy, SessionTarget};
use crate::api::auth::TokenFile;
use crate::api::{SessionApi, Systems};
use crate::config::{Login, Paths, Profile, SystemSpec};
use crate::model::{
    ActionSpec, ActionTarget, ActsOn, ApiError, AskedBy, Capabilities, ColumnSpec, Completeness,
    Cursor, Field, Identity, KindCaps, Kinds, Outcome, PageEnd, Plan, RowRef, RowRule, RowSink,
    Search, Session, SessionKey, Subject, UserOutcome,
};

struct TwoKinds;

fn kind(word: &str) -> KindCaps {
    KindCaps {
        kind: word.into(),
        has_own_ids: true,
        ..KindCaps::default()
    }
}

#[async_trait]
impl SessionApi for TwoKinds {
    fn caps(&self) -> Arc<Capabilities> {
        let mut caps = Capabilities::of_one_kind(String::from("Roach"), kind("web"));
        let mut sql = kind("sql");
        sql.get = true;
        sql.actions = vec![ActionSpec {
            row: RowRule::new(|row, _| {
                row.label
                    .ends_with('3')
                    .then(|| "it is the last one".into())
            }),
            ..ActionSpec::new("cancel", "Cancel", "Cancels.", ActsOn::Session)
        }];
        caps.kinds = Kinds::several(kind("web"), vec![sql]);
        Arc::new(caps)
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        Ok(Plan {
            rest: search.query.clauses.clone(),
            ..Plan::default()
        })
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        Ok(Identity::default())
    }

    async fn search(
        &self,
        _search: &Search,
        _at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        for (number, kind) in ["web", "web", "sql"].into_iter().enumerate() {
            let mut row = RowRef::new(format!("n1/{number}"), format!("s{number}"));
            row.id = Some(format!("console-{number}").into());
            row.kind = Some(kind.into());
            let _ = sink.row(&mut row);
        }
        Ok(PageEnd {
            next: None,
            total: None,
            completeness: Completeness::Complete,
            unread: 0,
            walk: None,
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let kind = match key.expose() {
            "n1/0" => "web",
            "n1/2" | "n1/3" => "sql",
            _ => return Err(ApiError::NotFound),
        };
        let mut row = RowRef::new(key.expose().to_owned(), key.expose().to_owned());
        row.kind = Some(kind.into());
        Ok(row.to_session())
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        Ok(keys.iter().map(|_| Outcome::Revoked).collect())
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        Err(ApiError::NotFound)
    }
}

fn sources(kind: Option<&str>) -> Vec<Source> {
    let url = "http://127.0.0.1:1".parse().unwrap();
    let mut profile = Profile::new("roach", SystemSpec::sample(), url, Login::None);
    profile.keep_token = false;
    profile.policy.kind = kind.map(str::to_owned);
    let store = Arc::new(TokenFile::new(&Paths::default(), &profile));
    vec![Source {
        profile: Arc::new(profile),
        api: Arc::new(TwoKinds),
        store,
    }]
}

fn ctx() -> Ctx {
    Ctx::new(GlobalArgs::default(), Systems::built_in())
}

fn question(query: &str) -> ListRequest {
    ListRequest {
        query: crate::model::Query::parse(query).unwrap(),
        native: None,
        now: Utc::now(),
        zone: Default::default(),
        limit: None,
        way: None,
        asked_by: AskedBy::Person,
        all_hints: false,
    }
}

/// The bytes that were written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn counted(format: Format, query: &str, kind: Option<&str>) -> String {
    let written = Written::default();
    let mut out = Out::to(Box::new(written.clone()));
    let mut count = Count::default();
    let ended = pages::read(&ctx(), &sources(kind), &question(query), &mut count).await;
    print_count(format, &count, &ended.unwrap(), &mut out).unwrap();
    out.flush().unwrap();
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_count_never_mixes_kinds() {
    assert_eq!(counted(Format::Table, "", None).await, "2 web, 1 sql\n");
    assert_eq!(counted(Format::Table, "kind:sql", None).await, "1\n");
    assert_eq!(counted(Format::Table, "", Some("web")).await, "2\n");
    assert_eq!(counted(Format::Table, "kind:sql", Some("web")).await, "1\n");
    let json = counted(Format::Json, "", None).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["kinds"], serde_json::json!({"web": 2, "sql": 1}));
}

/// The rows as JSON lines, and what would be revoked.
struct Rows(Box<dyn Encode>, Vec<u8>, Vec<SessionTarget>);

impl Take for Rows {
    fn row(
        &mut self,
        record: &Record<'_>,
    ) -> Result<std::ops::ControlFlow<()>, super::exit::Failure> {
        self.0.row(record, &mut self.1)?;
        self.2.push(SessionTarget::of(
            0,
            &TwoKinds.caps(),
            record,
            FoundBy::Query,
        ));
        Ok(std::ops::ControlFlow::Continue(()))
    }

    fn page(&mut self) -> Result<(), super::exit::Failure> {
        Ok(())
    }
}

#[tokio::test]
async fn lines_carry_kind_id_and_key_and_name_the_session_again() {
    let sources = sources(None);
    let columns = OutputField::of_row(&sources);
    let look = super::output::Look {
        color: false,
        ascii: false,
        only_ascii: false,
        times: super::output::Times::Age,
        width_cols: None,
    };
    let encode = encoder(Format::Jsonl, columns, true, look);
    let mut rows = Rows(encode, Vec::new(), Vec::new());
    pages::read(&ctx(), &sources, &question(""), &mut rows)
        .await
        .unwrap();

    assert_eq!(count_of(&rows.2), "3 sessions (2 web, 1 sql)");
    let text = String::from_utf8(rows.1).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let said = [&last["id"], &last["key"], &last["kind"]].map(|v| v.as_str().unwrap());
    assert_eq!(said, ["console-2", "n1/2", "sql"]);
    let again = target_lines::read(text.as_bytes(), &sources).unwrap();
    assert_eq!(again[2].key.expose(), "n1/2");
    assert_eq!(
        (again[2].id(), again[2].kind.as_deref()),
        ("console-2", Some("sql"))
    );
}

#[tokio::test]
async fn an_action_asks_the_rules_of_the_row_and_is_one_of_its_kind() {
    let source = &sources(None)[0];
    let caps = source.api.caps();
    let spec = caps.actions().next().unwrap();

    for (key, expected) in [
        ("n1/2", None),
        ("n1/3", Some("it is the last one")),
        ("n1/0", Some("web sessions have no such action")),
        ("gone", None),
    ] {
        let target = ActionTarget::Session(SessionKey::new(key));
        let why = act::why_not(spec, source, &target).await.unwrap();
        assert_eq!(why.as_deref(), expected, "{key}");
    }
}

#[test]
fn a_column_of_an_attribute_is_printed_as_that_attribute() {
    let specs = [
        ColumnSpec::new(Field::Id, "ID", "ID", 1),
        ColumnSpec::of_attribute("node", "NODE", 0),
    ];
    let names: Vec<_> = OutputField::of_specs(&specs, &[])
        .iter()
        .map(OutputField::name)
        .collect();

    assert_eq!(names, ["label", "@node"]);
}
