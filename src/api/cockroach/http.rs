//! Statements over the HTTP interface of a cluster, the one that its DB Console uses.
//! Source: CockroachDB `pkg/server/api_v2_sql.go`.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::error;
use super::signin::OwnSession;
use super::sql::{Kind, Statement};
use super::table::{Cell, Table};
use super::transport::Transport;
use crate::api::Waits;
use crate::api::http::{Http, Repeat, Reply, StatusCode};
use crate::api::loose::{Object, text};
use crate::config::Profile;
use crate::model::ApiError;

/// The name of usher in the cluster's own lists.
pub(super) const APPLICATION: &str = "usher";
/// Bytes of all values of an answer. The server's default of 10,000 ends at some seventy sessions.
const LARGEST_ANSWER: u32 = 4 * 1024 * 1024;
/// The last segment is empty: the server knows these addresses with a slash at the end only.
const PATH: [&str; 4] = ["api", "v2", "sql", ""];

/// The HTTP interface.
pub(super) struct HttpTransport {
    http: Http,
    own: OwnSession,
    /// Longest time that the server may spend on a statement. Less than our own limit: then it has ended
    /// and was rolled back when we give up.
    limit: Duration,
}

/// Body of a request.
#[derive(Serialize)]
struct Request<'a> {
    database: &'static str,
    application_name: &'static str,
    execute: bool,
    timeout: String,
    max_result_size: u32,
    statements: [RequestStatement<'a>; 1],
}

#[derive(Serialize)]
struct RequestStatement<'a> {
    sql: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    arguments: &'a [String],
}

/// Body of an answer. A part that is not there stands for nothing.
#[derive(Deserialize)]
struct Answer<'a> {
    error: Option<SqlError>,
    #[serde(borrow)]
    execution: Option<Execution<'a>>,
}

#[derive(Deserialize)]
struct Execution<'a> {
    #[serde(borrow, default)]
    txn_results: Vec<StatementResult<'a>>,
}

#[derive(Deserialize)]
struct StatementResult<'a> {
    columns: Option<Vec<Column>>,
    #[serde(borrow)]
    rows: Option<Vec<Object<'a>>>,
    error: Option<SqlError>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct SqlError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl HttpTransport {
    /// Over these connections, which sign in by themselves.
    pub(super) fn new(profile: &Profile, http: Http, own: OwnSession) -> Self {
        Self {
            http,
            own,
            limit: profile.timeout.mul_f32(0.9),
        }
    }

    async fn send(&self, statement: &Statement) -> Result<Reply, ApiError> {
        let request = Request {
            database: "system",
            application_name: APPLICATION,
            execute: true,
            timeout: format!("{}ms", self.limit.as_millis()),
            max_result_size: LARGEST_ANSWER,
            statements: [RequestStatement {
                sql: &statement.sql,
                arguments: &statement.arguments,
            }],
        };
        let call = self.http.post(&PATH).json(&request);
        let call = match statement.kind {
            Kind::Read => call.idempotent(),
            Kind::ReadForChange => call.idempotent().no_prompt(),
            Kind::Change => call.repeat(Repeat::One).no_prompt(),
            Kind::Once => call.no_retry().no_prompt(),
        };
        call.send().await
    }

    fn fault(&self, reply: &Reply) -> ApiError {
        let said = match reply.status.as_u16() {
            // A body that cannot be read, or a statement that cannot be parsed.
            400 => reply
                .decode::<Answer<'_>>()
                .ok()
                .and_then(|answer| answer.error),
            _ => None,
        };
        if let Some(error) = said {
            return sql_error(reply, &error);
        }
        match reply.fault() {
            ApiError::NoEndpoint {
                host,
                path,
                exchange,
                ..
            } => ApiError::NoEndpoint {
                exchange,
                host,
                path,
                message: "servers before v22.1 run no SQL over HTTP; use a postgresql:// address"
                    .into(),
            },
            ApiError::Auth {
                message, exchange, ..
            } => ApiError::Auth {
                exchange,
                message: format!("the server refused the session: {message}"),
                can_login: self.http.auth().can_login(),
            },
            other => other,
        }
    }
}

fn sql_error(reply: &Reply, error: &SqlError) -> ApiError {
    let error = error::of_sql(&reply.host, &error.code, &reply.clean(&error.message));
    error.with_exchange(&reply.exchange)
}

/// The rows of the only statement of an answer, in the order of its columns.
fn table(reply: &Reply, columns: &[&str]) -> Result<Table, ApiError> {
    let answer: Answer<'_> = reply.decode()?;
    if let Some(error) = &answer.error {
        return Err(sql_error(reply, error));
    }
    let results = answer.execution.map(|done| done.txn_results);
    let Some([result]) = results.as_deref() else {
        return Err(reply.unexpected("execution", "not the result of one statement".into()));
    };
    if let Some(error) = &result.error {
        return Err(sql_error(reply, error));
    }
    let named = result.columns.as_deref().unwrap_or_default();
    if !columns
        .iter()
        .all(|name| named.iter().any(|column| column.name == *name))
    {
        let why = "the columns are not those that were asked for".into();
        return Err(reply.unexpected("execution.txn_results[0].columns", why));
    }
    let rows = result.rows.as_deref().unwrap_or_default();
    let rows: Option<Vec<Vec<Cell>>> = rows.iter().map(|row| cells(row, columns)).collect();
    rows.map(Table).ok_or_else(|| {
        let why = "a row has not all columns".into();
        reply.unexpected("execution.txn_results[0].rows", why)
    })
}

/// The values of a row. `None`: one is missing.
fn cells(row: &Object<'_>, columns: &[&str]) -> Option<Vec<Cell>> {
    let cell = |(at, name): (usize, &&str)| {
        // As a rule they come in the order that was asked for.
        let here = row.0.get(at).filter(|(found, _)| found == name);
        let (_, value) = here.or_else(|| row.0.iter().find(|(found, _)| found == name))?;
        Some(text(value).map(|text| text.into_owned().into_boxed_str()))
    };
    columns.iter().enumerate().map(cell).collect()
}

#[async_trait]
impl Transport for HttpTransport {
    async fn run(&self, statement: &Statement) -> Result<Table, ApiError> {
        let reply = self.send(statement).await?;
        match reply.status {
            StatusCode::OK => table(&reply, statement.columns),
            _ => Err(self.fault(&reply)),
        }
    }

    fn own(&self) -> Option<i64> {
        self.own.id()
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.http.auth().sign_out().await
    }

    fn waiting(&self) -> Waits {
        self.http.waiting()
    }

    fn give_up_waits(&self) {
        self.http.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.http.ask_anyway();
    }
}

#[cfg(test)]
mod tests {
    use crate::api::http::header::HeaderMap;

    use super::*;

    fn read(body: &str) -> Result<Table, ApiError> {
        let body = body.to_owned().into();
        let reply = Reply::made(StatusCode::OK, HeaderMap::new(), body);
        table(&reply, &["id", "revoked"])
    }

    fn result(inside: &str) -> String {
        format!(
            r#"{{"num_statements":1,"execution":{{"txn_results":[{{"statement":1,{inside}}}]}}}}"#
        )
    }

    const COLUMNS: &str = r#""columns":[{"name":"id","type":"INT8","oid":20},{"name":"revoked"}]"#;

    #[test]
    fn rows_come_in_the_order_asked_for_and_numbers_keep_every_digit() {
        let rows = r#""rows":[{"id":9007199254740993,"revoked":null},{"revoked":"2026-03-02T09:17:40","id":-9223372036854775808}]"#;

        let Table(rows) = read(&result(&format!("{COLUMNS},{rows}"))).unwrap();

        let texts: Vec<Vec<Option<&str>>> = rows
            .iter()
            .map(|row| row.iter().map(Option::as_deref).collect())
            .collect();
        assert_eq!(
            texts,
            [
                vec![Some("9007199254740993"), None],
                vec![Some("-9223372036854775808"), Some("2026-03-02T09:17:40")],
            ]
        );
        let Table(none) = read(&result(COLUMNS)).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn what_is_no_whole_answer_is_never_a_short_list() {
        for (body, class) in [
            ("{}".to_owned(), "unexpected"),
            (r#"{"execution":{"txn_results":[]}}"#.to_owned(), "unexpected"),
            (result(r#""tag":"SELECT""#), "unexpected"),
            (result(r#""columns":[{"name":"id"}]"#), "unexpected"),
            (result(&format!(r#"{COLUMNS},"rows":[{{"id":1}}]"#)), "unexpected"),
            (result(r#""error":{"code":"42501","message":"no"}"#), "forbidden"),
            (
                r#"{"error":{"code":"XXUUU","message":"executing stmt 1: max result size exceeded"}}"#.to_owned(),
                "server",
            ),
            ("<html><title>Oops</title></html>".to_owned(), "unexpected"),
            (String::new(), "unexpected"),
        ] {
            assert_eq!(read(&body).unwrap_err().class(), class, "{body}");
        }
    }
}
