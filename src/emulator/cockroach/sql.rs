//! `POST /api/v2/sql/`: statements in JSON, run in one transaction or in one each.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::Cockroach;
use super::answer::json as answer;
use super::failure::Failure;
use super::parse::{self, Read};
use super::run::{Caller, Results, Transaction};
use super::time::{read_duration, zoned_text};
use super::value::Value;
use crate::emulator::fault::AuthFault;
use crate::emulator::http::Inside;
use crate::emulator::server::pause_for;
use crate::emulator::shared::lock;

/// The most that a body may have.
pub(super) const MOST_BYTES: usize = 10 * 1024 * 1024;
const USUAL_TIMEOUT: &str = "5s";
const USUAL_SIZE: i64 = 10_000;

/// A request. Other fields are ignored.
#[derive(Deserialize)]
#[serde(default)]
struct Asked {
    timeout: String,
    max_result_size: i64,
    database: String,
    application_name: String,
    execute: bool,
    separate_txns: bool,
    stop_on_error: bool,
    statements: Vec<AskedStatement>,
}

impl Default for Asked {
    fn default() -> Self {
        Asked {
            timeout: USUAL_TIMEOUT.to_owned(),
            max_result_size: USUAL_SIZE,
            database: "system".to_owned(),
            application_name: "$ api-v2-sql".to_owned(),
            execute: false,
            separate_txns: false,
            stop_on_error: false,
            statements: Vec::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedStatement {
    sql: String,
    arguments: Vec<Json>,
}

/// What statements do, for faults and the journal: their first words, and the ids in them.
pub(super) fn inside(path: &str, body: &[u8]) -> Inside {
    let asked: Option<Asked> = match path {
        "/api/v2/sql/" => serde_json::from_slice(body).ok(),
        _ => None,
    };
    let statements = asked.map_or(Vec::new(), |asked| asked.statements);
    Inside {
        words: statements
            .iter()
            .filter_map(|one| parse::kind(&one.sql))
            .collect(),
        parts: statements
            .iter()
            .flat_map(|one| parse::literals(&one.sql))
            .collect(),
    }
}

/// A request that is refused before anything runs.
fn refused(status: StatusCode, failure: &Failure) -> Response {
    answer(status, &json!({ "error": failure.json() }))
}

pub(super) async fn execute(
    State(app): State<Arc<Cockroach>>,
    fault: Option<Extension<AuthFault>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = match app.caller(&headers, fault.map(|Extension(fault)| fault)) {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    if method != Method::POST {
        let failure = Failure::plain("only POST supported");
        return refused(StatusCode::METHOD_NOT_ALLOWED, &failure);
    }
    let asked = match read(&headers, &body) {
        Ok(asked) => asked,
        Err(failure) => return refused(StatusCode::BAD_REQUEST, &failure),
    };
    let (statements, timeout_us) = match prepared(&asked) {
        Ok(prepared) => prepared,
        Err(failure) => return refused(StatusCode::BAD_REQUEST, &failure),
    };
    if !asked.execute {
        return answer(StatusCode::OK, &echo(&asked));
    }
    let cost_us = i64::try_from(app.options.statement_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
    let in_time = timeout_us
        .checked_div(cost_us)
        .map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(0));
    let needed_us = cost_us.saturating_mul(statements.len() as i64);
    let pause_us = u64::try_from(needed_us.min(timeout_us)).unwrap_or(0);
    // Whoever goes away meanwhile has asked for nothing: the server would roll it back.
    pause_for(Duration::from_micros(pause_us)).await;
    let run = Run {
        app: &app,
        caller: &caller,
        asked: &asked,
        statements: &statements,
        in_time,
    };
    answer(StatusCode::OK, &run.answer())
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Asked, Failure> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    if let Some(kind) = kind
        && kind != "application/json"
        && kind != "application/octet-stream"
    {
        let text = format!("expecting content-type json: {kind:?}");
        return Err(Failure::plain(text));
    }
    if body.len() > MOST_BYTES {
        return Err(Failure::plain("http: request body too large"));
    }
    let mut asked: Asked = serde_json::from_slice(body).map_err(|error| {
        Failure::plain(if body.is_empty() {
            "unexpected end of JSON input".to_owned()
        } else {
            error.to_string()
        })
    })?;
    if asked.timeout.is_empty() {
        asked.timeout = USUAL_TIMEOUT.to_owned();
    }
    if asked.max_result_size == 0 {
        asked.max_result_size = USUAL_SIZE;
    }
    Ok(asked)
}

/// The statements, read, and the time that they may take, in microseconds.
fn prepared(asked: &Asked) -> Result<(Vec<Read>, i64), Failure> {
    let timeout_us = read_duration(&asked.timeout).map_err(Failure::plain)?;
    if asked.statements.is_empty() {
        return Err(Failure::plain("no statements specified"));
    }
    let mut statements = Vec::with_capacity(asked.statements.len());
    for (at, one) in asked.statements.iter().enumerate() {
        let words = format!("parsing statement {}", at + 1);
        let read = parse::read(&one.sql).map_err(|failure| failure.behind(&words))?;
        let (wanted, given) = (read.placeholders, one.arguments.len());
        if wanted != given {
            let text = format!("expected {wanted} placeholder(s), got {given}");
            return Err(Failure::plain(text).behind(&words).with_detail(&one.sql));
        }
        statements.push(read);
    }
    Ok((statements, timeout_us))
}

/// What a request that is not to be executed is answered.
fn echo(asked: &Asked) -> Json {
    let statements = asked.statements.iter().map(|one| {
        let mut echo = json!({ "sql": one.sql.split_whitespace().collect::<Vec<_>>().join(" ") });
        if !one.arguments.is_empty() {
            echo["arguments"] = json!(one.arguments);
        }
        echo
    });
    json!({
        "num_statements": asked.statements.len(),
        "request": {
            "timeout": asked.timeout,
            "max_result_size": asked.max_result_size,
            "database": asked.database,
            "application_name": asked.application_name,
            "execute": false,
            "statements": statements.collect::<Vec<_>>(),
        },
    })
}

/// A request that is carried out.
struct Run<'a> {
    app: &'a Cockroach,
    caller: &'a Caller,
    asked: &'a Asked,
    statements: &'a [Read],
    /// How many statements end in time.
    in_time: usize,
}

impl Run<'_> {
    fn answer(&self) -> Json {
        let is_separate = self.asked.separate_txns && self.app.options.version.numbers_sessions();
        let (results, error) = if is_separate {
            self.separate()
        } else {
            self.common()
        };
        let mut answer = Map::new();
        if let Some(error) = error {
            answer.insert("error".into(), error.json());
        }
        answer.insert("num_statements".into(), json!(self.statements.len()));
        answer.insert("execution".into(), json!({ "txn_results": results }));
        Json::Object(answer)
    }

    /// All statements in one transaction: the first error takes everything back.
    fn common(&self) -> (Vec<Json>, Option<Failure>) {
        let mut world = lock(&self.app.world);
        let mut transaction = self.transaction(&mut world, self.space());
        let mut results = Vec::new();
        for at in 0..self.statements.len() {
            let (result, failure) = self.one(&mut transaction, at);
            results.push(result);
            if failure.is_some() {
                transaction.roll_back();
                return (results, failure);
            }
        }
        (results, None)
    }

    /// Every statement in a transaction of its own.
    fn separate(&self) -> (Vec<Json>, Option<Failure>) {
        let mut world = lock(&self.app.world);
        let mut results = Vec::new();
        let mut space = self.space();
        let mut has_failed = false;
        for at in 0..self.statements.len() {
            let mut transaction = self.transaction(&mut world, space);
            let (result, failure) = self.one(&mut transaction, at);
            space = transaction.space;
            results.push(result);
            if failure.is_some() {
                has_failed = true;
                transaction.roll_back();
                if self.asked.stop_on_error {
                    break;
                }
            }
        }
        let text = "separate transaction payload encountered transaction error(s)";
        (results, has_failed.then(|| Failure::plain(text)))
    }

    fn space(&self) -> usize {
        usize::try_from(self.asked.max_result_size).unwrap_or(0)
    }

    fn transaction<'w>(
        &'w self,
        world: &'w mut super::world::World,
        space: usize,
    ) -> Transaction<'w> {
        Transaction::new(
            world,
            &self.app.options,
            self.caller,
            self.app.now_us(),
            space,
        )
    }

    /// Runs the statement at this place. Gives its part of the answer, and its error.
    fn one(&self, transaction: &mut Transaction<'_>, at: usize) -> (Json, Option<Failure>) {
        let statement = &self.statements[at].statement;
        let mut results = Results::default();
        let done = if at < self.in_time {
            let arguments = self.asked.statements[at].arguments.iter();
            let arguments: Result<Vec<_>, _> = arguments.map(Value::argument).collect();
            arguments.and_then(|arguments| transaction.run(statement, &arguments, &mut results))
        } else {
            let limit = &self.asked.timeout;
            let text = format!(
                "operation \"run-sql-via-api\" timed out after {limit} (given timeout {limit}): context deadline exceeded"
            );
            Err(Failure::new("57014", text))
        };
        let failure = done
            .err()
            .map(|failure| failure.behind(&format!("executing stmt {}", at + 1)));
        let moment = zoned_text(self.app.now_us());
        let mut json = json!({
            "statement": at + 1,
            "tag": statement.tag(),
            "start": moment,
            "end": moment,
            "rows_affected": results.affected,
        });
        put_rows(&mut json, results);
        if let Some(failure) = &failure {
            json["error"] = failure.json();
        }
        (json, failure)
    }
}

/// Columns and rows as the server writes them: rows are left out if there are none.
fn put_rows(json: &mut Json, results: Results) {
    let Some(columns) = results.columns else {
        return;
    };
    let described = columns.iter().map(|(name, kind)| {
        let (kind, oid) = kind.column();
        json!({ "name": name, "type": kind, "oid": oid })
    });
    json["columns"] = described.collect();
    if results.rows.is_empty() {
        return;
    }
    let rows = results.rows.iter().map(|row| {
        let pairs = columns.iter().zip(row);
        Json::Object(
            pairs
                .map(|((name, _), value)| (name.clone(), value.json()))
                .collect(),
        )
    });
    json["rows"] = rows.collect();
}
