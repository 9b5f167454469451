//! The tables that statements read: their columns, and their rows as values.

use super::statement::{Expr, Sign, Source};
use super::value::{Type, Value};
use super::version::Version;
use super::world::{SqlQuery, SqlSession, User, WebSession, World};

/// The columns of a table in their order. `None`: there is no such table.
pub(super) fn columns(
    source: &Source,
    version: Version,
    has_user_id: bool,
) -> Option<Vec<(&'static str, Type)>> {
    let mut columns = match source {
        Source::WebSessions => vec![
            ("id", Type::Int),
            ("hashedSecret", Type::Bytes),
            ("username", Type::Text),
            ("createdAt", Type::Timestamp),
            ("expiresAt", Type::Timestamp),
            ("revokedAt", Type::Timestamp),
            ("lastUsedAt", Type::Timestamp),
            ("auditInfo", Type::Text),
        ],
        Source::Users => vec![
            ("username", Type::Text),
            ("hashedPassword", Type::Bytes),
            ("isRole", Type::Bool),
        ],
        Source::ShowSessions => {
            let (start, time) = session_times(version);
            return Some(vec![
                ("node_id", Type::Int),
                ("session_id", Type::Text),
                ("status", Type::Text),
                ("user_name", Type::Text),
                ("client_address", Type::Text),
                ("application_name", Type::Text),
                ("active_queries", Type::Text),
                ("last_active_query", Type::Text),
                ("session_start", time),
                (start, time),
            ]);
        }
        Source::ShowQueries => {
            return Some(vec![
                ("query_id", Type::Text),
                ("node_id", Type::Int),
                ("session_id", Type::Text),
                ("user_name", Type::Text),
                ("start", session_times(version).1),
                ("query", Type::Text),
                ("client_address", Type::Text),
                ("application_name", Type::Text),
                ("phase", Type::Text),
            ]);
        }
        Source::Other(_) => return None,
    };
    let has_id = match source {
        Source::WebSessions => has_user_id,
        _ => version.numbers_users(),
    };
    if has_id {
        columns.push(("user_id", Type::Oid));
    }
    Some(columns)
}

/// The name of the column that tells since when a query runs, and the type of times in lists of SQL sessions.
fn session_times(version: Version) -> (&'static str, Type) {
    if version.has_zoned_session_times() {
        ("active_query_start", Type::TimestampTz)
    } else {
        ("oldest_query_start", Type::Timestamp)
    }
}

/// One row of one table.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    /// Of a query without a table.
    Nothing,
    Web(&'a WebSession),
    User(&'a User),
    Session(&'a SqlSession, Version),
    Query(&'a SqlSession, &'a SqlQuery, Version),
}

impl Row<'_> {
    /// The value of a column. `None`: the table has no such column.
    pub(super) fn get(self, column: &str) -> Option<Value> {
        match self {
            Row::Nothing => None,
            Row::Web(row) => web(row, column),
            Row::User(row) => user(row, column),
            Row::Session(row, version) => session(row, column, version),
            Row::Query(row, query, version) => running(row, query, column, version),
        }
    }
}

fn web(row: &WebSession, column: &str) -> Option<Value> {
    Some(match column {
        "id" => Value::Int(row.id),
        "hashedSecret" => Value::Bytes(row.secret.to_vec()),
        "username" => Value::Text(row.user.clone()),
        "createdAt" => Value::Timestamp(row.created_us),
        "expiresAt" => Value::Timestamp(row.expires_us),
        "revokedAt" => row.revoked_us.map_or(Value::Null, Value::Timestamp),
        "lastUsedAt" => Value::Timestamp(row.last_used_us),
        "auditInfo" => row.audit.clone().map_or(Value::Null, Value::Text),
        "user_id" => Value::Oid(row.user_id),
        _ => return None,
    })
}

fn user(row: &User, column: &str) -> Option<Value> {
    Some(match column {
        "username" => Value::Text(row.name.clone()),
        // The stored form of a password is nobody's business.
        "hashedPassword" => Value::Null,
        "isRole" => Value::Bool(row.is_role),
        "user_id" => Value::Oid(row.id),
        _ => return None,
    })
}

/// A time in lists of SQL sessions.
fn time(us: i64, version: Version) -> Value {
    match session_times(version).1 {
        Type::TimestampTz => Value::TimestampTz(us),
        _ => Value::Timestamp(us),
    }
}

fn session(row: &SqlSession, column: &str, version: Version) -> Option<Value> {
    let query = row.query.as_ref();
    Some(match column {
        "node_id" => Value::Int(row.node),
        "session_id" => Value::text(&wide_id(row.id)),
        "status" => Value::text(if query.is_some() { "ACTIVE" } else { "IDLE" }),
        "user_name" => Value::Text(row.user.clone()),
        "client_address" => Value::text(&row.client_address),
        "application_name" => Value::text(&row.application),
        "active_queries" => Value::text(query.map_or("", |query| &query.text)),
        "last_active_query" => Value::text(&row.last_query),
        "session_start" => time(row.start_us, version),
        "active_query_start" | "oldest_query_start" => {
            query.map_or(Value::Null, |query| time(query.start_us, version))
        }
        _ => return None,
    })
}

fn running(row: &SqlSession, query: &SqlQuery, column: &str, version: Version) -> Option<Value> {
    Some(match column {
        "query_id" => Value::text(&wide_id(query.id)),
        "start" => time(query.start_us, version),
        "query" => Value::text(&query.text),
        "phase" => Value::text("executing"),
        "node_id" | "session_id" | "user_name" | "client_address" | "application_name" => {
            return session(row, column, version);
        }
        _ => return None,
    })
}

/// The id of a SQL session or of a query as text: 32 hexadecimal digits.
pub(super) fn wide_id(id: u128) -> String {
    format!("{id:032x}")
}

/// The rows of web sessions that a condition can hold for, by what it says of `id` with bare numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Candidates {
    /// Those between the two, both included.
    Range(i64, i64),
    /// These, ascending.
    These(Vec<i64>),
}

impl Candidates {
    pub(super) fn of(filter: Option<&Expr>) -> Self {
        let all = match filter {
            Some(Expr::And(all)) => all.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let (mut from, mut to) = (i64::MIN, i64::MAX);
        for expr in all {
            match expr {
                Expr::Compare(sign, left, right) if is_id(left) => {
                    let Expr::Literal(Value::Int(number)) = **right else {
                        continue;
                    };
                    match sign {
                        Sign::Equal => return Candidates::These(vec![number]),
                        Sign::Greater => from = from.max(number.saturating_add(1)),
                        Sign::GreaterOrEqual => from = from.max(number),
                        Sign::Less => to = to.min(number.saturating_sub(1)),
                        Sign::LessOrEqual => to = to.min(number),
                        Sign::NotEqual => {}
                    }
                }
                Expr::In(inner, list) if is_id(inner) => {
                    let numbers = list.iter().map(|expr| match expr {
                        Expr::Literal(Value::Int(number)) => Some(*number),
                        _ => None,
                    });
                    if let Some(mut numbers) = numbers.collect::<Option<Vec<_>>>() {
                        numbers.sort_unstable();
                        numbers.dedup();
                        return Candidates::These(numbers);
                    }
                }
                _ => {}
            }
        }
        Candidates::Range(from, to)
    }

    /// Their rows by id; `descending` turns them round.
    pub(super) fn rows<'w>(
        self,
        world: &'w World,
        descending: bool,
    ) -> Box<dyn Iterator<Item = &'w WebSession> + 'w> {
        match self {
            Candidates::Range(from, to) if from > to => Box::new(std::iter::empty()),
            Candidates::Range(from, to) => {
                let range = world.sessions.range(from..=to).map(|(_, row)| row);
                if descending {
                    Box::new(range.rev())
                } else {
                    Box::new(range)
                }
            }
            Candidates::These(mut ids) => {
                if descending {
                    ids.reverse();
                }
                Box::new(ids.into_iter().filter_map(|id| world.sessions.get(&id)))
            }
        }
    }
}

/// True for the key of the table.
pub(super) fn is_id(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(_, name) if name == "id")
}
