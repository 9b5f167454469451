//! SQL sessions: the open SQL connections of the cluster. They have their own list, and one is ended by
//! closing the connection.

use std::borrow::Cow;

use super::http::APPLICATION;
use super::key::{Key, sql_id};
use super::table::{Cell, Table, instant};
use super::{Cockroach, SQL, filter, row, sql};
use crate::model::{
    ApiError, Class, Deletable, Fact, Field, Op, Outcome, RowRef, RowSink, Search, Session, Target,
    Value,
};

/// The attribute with the statements that run now.
pub(super) const ACTIVE_QUERY: &str = "active_query";
/// The attribute with the statement that ran last.
const LAST_QUERY: &str = "last_query";

/// One row of the statement for SQL sessions. `None`: it has no id.
fn row(cells: &[Cell]) -> Option<RowRef<'_>> {
    let [id, node, user, address, application, active, last, start] = cells else {
        return None;
    };
    // Short ids have lost their leading zeros.
    let id = sql_id(&format!("{:0>32}", id.as_deref()?))?;
    let mut row = RowRef::new(Key::of_sql(&id), id.clone());
    row.id = Some(Cow::Owned(id));
    row.kind = Some(SQL.into());
    row.user = user.as_deref().map(Cow::Borrowed);
    row.ip = address.as_deref().map(Cow::Borrowed);
    row.client = application.as_deref().map(Cow::Borrowed);
    row.created = instant(start);
    row.fact = Fact::Live;
    row.deletable = Deletable::Yes;
    let active = active.as_deref().unwrap_or_default();
    // The connection that asks is the one that runs the question.
    let asks =
        application.as_deref() == Some(APPLICATION) && active.contains("SHOW CLUSTER SESSIONS");
    row.own = Some(asks);
    let extra = [
        (row::NODE, node.as_deref().unwrap_or_default()),
        (ACTIVE_QUERY, active),
        (LAST_QUERY, last.as_deref().unwrap_or_default()),
    ];
    let extra = extra.into_iter().filter(|(_, value)| !value.is_empty());
    row.extra
        .extend(extra.map(|(name, value)| (name.into(), value.into(), Class::Plain)));
    Some(row)
}

/// Lists the SQL sessions that a search can mean. Answers with how many rows could not be read.
pub(super) async fn list(
    api: &Cockroach,
    search: &Search,
    sink: &mut dyn RowSink,
) -> Result<u32, ApiError> {
    let user = only(search, Field::User).map(filter::normal);
    let user = user.filter(|user| !user.contains(['*', '\0']));
    let Table(rows) = api.run(&sql::connections(user.as_deref(), None)).await?;
    let mut unread = 0;
    for cells in &rows {
        let Some(mut row) = row(cells) else {
            unread += 1;
            continue;
        };
        if sink.row(&mut row).is_break() {
            break;
        }
    }
    Ok(unread)
}

/// The only text that a field is compared with.
fn only(search: &Search, field: Field) -> Option<&str> {
    search.query.clauses.iter().find_map(|clause| {
        let is_about = clause.target == Target::Field(field);
        match clause.values.as_slice() {
            [Value::Text(text)] if is_about && !clause.negated && clause.op == Op::Eq => {
                Some(&**text)
            }
            _ => None,
        }
    })
}

/// One SQL session.
pub(super) async fn get(api: &Cockroach, id: &str) -> Result<Session, ApiError> {
    let Table(rows) = api.run(&sql::connections(None, Some(id))).await?;
    let row = rows.first().and_then(|cells| row(cells));
    row.map(|row| row.to_session()).ok_or(ApiError::NotFound)
}

/// Closes the connection.
pub(super) async fn cancel(api: &Cockroach, id: &str) -> Outcome {
    match api.run(&sql::cancel_session(id)).await {
        Ok(_) => Outcome::Revoked,
        Err(error) if is_gone(&error) => Outcome::Failed(ApiError::NotFound),
        Err(error) => Outcome::Failed(error),
    }
}

/// Ends the statements that a session runs now. Answers with how many there were.
pub(super) async fn cancel_queries(api: &Cockroach, id: &str) -> Result<usize, ApiError> {
    let Table(rows) = api.run(&sql::queries_of(id)).await?;
    let ids = rows
        .iter()
        .filter_map(|cells| sql_id(cells.first()?.as_deref()?));
    let mut ended = 0;
    for query in ids {
        match api.run(&sql::cancel_query(&query)).await {
            Ok(_) => ended += 1,
            // It has come to its own end.
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

/// The server knows no such session or statement.
fn is_gone(error: &ApiError) -> bool {
    matches!(error, ApiError::Server { message, .. } if message.contains("not found"))
}
