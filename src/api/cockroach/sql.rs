//! Every statement that is sent, in one place.
//!
//! The same text goes over both transports. Numbers that this client made or checked stand in the text;
//! whatever a person or a server wrote is a parameter of the type text, so that it can match or not match
//! and nothing else. Names in camel case are quoted: unquoted, SQL reads them in lower case.
//! Source: CockroachDB `pkg/cli/auth.go` (the vendor's own statements on the table of web sessions) and the
//! table's definition in `pkg/sql/catalog/systemschema`.

/// One statement with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The text, with `$1`, `$2`, … where parameters stand.
    pub(super) sql: String,
    /// The parameters, all of the type text.
    pub(super) arguments: Vec<String>,
    /// The columns of its answer, in order.
    pub(super) columns: &'static [&'static str],
    /// Whether it may be sent again.
    pub(super) kind: Kind,
}

/// The effect of a statement, as far as sending it again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads.
    Read,
    /// It reads for a change that is under way: no sign-in dialog may open.
    ReadForChange,
    /// A change that is the same if it is done twice.
    Change,
    /// A change that must not be done twice.
    Once,
}

impl Statement {
    fn new(kind: Kind, columns: &'static [&'static str], sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            arguments: Vec::new(),
            columns,
            kind,
        }
    }

    fn with(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// The same as a part of a change.
    #[must_use]
    pub(super) fn for_change(self) -> Self {
        Self {
            kind: Kind::ReadForChange,
            ..self
        }
    }
}

/// The columns of a list of web sessions.
pub(super) const WEB: &[&str] = &[
    "username",
    "id",
    "created",
    "expires",
    "revoked",
    "last_used",
    "audit",
];

const SELECT: &str = "SELECT w.username AS username, w.id AS id, w.\"createdAt\" AS created, \
     w.\"expiresAt\" AS expires, w.\"revokedAt\" AS revoked, w.\"lastUsedAt\" AS last_used, \
     w.\"auditInfo\" AS audit FROM system.web_sessions AS w";

/// Version of the server, name of the user, and the server's clock.
pub(super) fn probe() -> Statement {
    Statement::new(
        Kind::Read,
        &["version", "username", "now"],
        "SELECT version() AS version, current_user AS username, now() AS now",
    )
}

/// The beginning of a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// After this id, in ascending order.
    After(i64),
    /// Before this id, in descending order.
    Before(i64),
}

/// A page of web sessions. `conditions` are SQL of [`filter`](super::filter) with the parameters of
/// `arguments`.
pub(super) fn page(
    from: From,
    conditions: &[String],
    arguments: &[String],
    limit: u32,
) -> Statement {
    let (start, order) = match from {
        From::After(id) => (format!("w.id > {id}"), "w.id"),
        From::Before(id) => (format!("w.id < {id}"), "w.id DESC"),
    };
    let mut sql = format!("{SELECT} WHERE {start}");
    for condition in conditions {
        sql.push_str(" AND ");
        sql.push_str(condition);
    }
    sql.push_str(&format!(" ORDER BY {order} LIMIT {limit}"));
    Statement::new(Kind::Read, WEB, sql).with(arguments.iter().cloned())
}

/// Condition: not revoked.
pub(super) const NOT_REVOKED: &str = "w.\"revokedAt\" IS NULL";
/// Condition: not expired, by the server's clock.
pub(super) const NOT_EXPIRED: &str = "w.\"expiresAt\" > now()::TIMESTAMP";

/// Condition: revoked, whatever the time.
pub(super) const REVOKED: &str = "w.\"revokedAt\" IS NOT NULL";

/// A page of those web sessions of a user for which these conditions hold, for a change.
pub(super) fn page_of(user: &str, conditions: &[&str], after: i64, limit: u32) -> Statement {
    let theirs = std::iter::once("w.username = $1");
    let conditions: Vec<String> = theirs
        .chain(conditions.iter().copied())
        .map(str::to_owned)
        .collect();
    let arguments = [user.to_owned()];
    page(From::After(after), &conditions, &arguments, limit).for_change()
}

/// One web session.
pub(super) fn one(id: i64) -> Statement {
    Statement::new(Kind::Read, WEB, format!("{SELECT} WHERE w.id = {id}"))
}

/// Revokes these web sessions of one user, as far as they are not revoked.
pub(super) fn revoke(ids: &[i64], user: &str) -> Statement {
    let which = match ids {
        [id] => format!("id = {id}"),
        _ => format!("id IN ({})", listed(ids)),
    };
    let sql = format!(
        "UPDATE system.web_sessions SET \"revokedAt\" = now()::TIMESTAMP WHERE {which} \
         AND username = $1 AND \"revokedAt\" IS NULL RETURNING id AS id, \"revokedAt\" AS revoked"
    );
    Statement::new(Kind::Change, &["id", "revoked"], sql).with([user.to_owned()])
}

fn listed(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    ids.join(",")
}

/// Removes a web session and what is known of it.
pub(super) fn purge(id: i64) -> Statement {
    Statement::new(
        Kind::Change,
        &["id"],
        format!("DELETE FROM system.web_sessions WHERE id = {id} RETURNING id AS id"),
    )
}

/// How many users of this name may sign in: 1 or 0.
pub(super) fn user_exists(user: &str) -> Statement {
    Statement::new(
        Kind::ReadForChange,
        &["n"],
        "SELECT count(username) AS n FROM system.users WHERE username = $1 AND NOT \"isRole\"",
    )
    .with([user.to_owned()])
}

/// A new web session.
#[derive(Clone, Debug)]
pub(super) struct NewSession<'a> {
    /// Whose it is.
    pub(super) user: &'a str,
    /// SHA-256 of its secret, in hexadecimal digits.
    pub(super) hashed_secret: String,
    /// How long it is valid, as an INTERVAL.
    pub(super) validity: String,
}

/// Makes a web session. `has_user_id`: the table has the column that servers since v23.1 have.
pub(super) fn create(new: NewSession<'_>, has_user_id: bool) -> Statement {
    let (column, value) = if has_user_id {
        (
            ", user_id",
            ", (SELECT user_id FROM system.users WHERE username = $2)",
        )
    } else {
        ("", "")
    };
    let sql = format!(
        "INSERT INTO system.web_sessions (\"hashedSecret\", username, \"expiresAt\"{column}) \
         VALUES (decode($1,'hex'), $2, now()::TIMESTAMP + $3::INTERVAL{value}) \
         RETURNING id AS id, \"expiresAt\" AS expires"
    );
    let user = new.user.to_owned();
    Statement::new(Kind::Once, &["id", "expires"], sql).with([
        new.hashed_secret,
        user,
        new.validity,
    ])
}

/// The columns of a list of SQL sessions.
pub(super) const CONNECTIONS: &[&str] = &[
    "session_id",
    "node_id",
    "user_name",
    "client_address",
    "application_name",
    "active_queries",
    "last_active_query",
    "session_start",
];

/// The SQL sessions of the whole cluster; of this user, or with this id. New versions add columns, so
/// they are named.
/// Source: CockroachDB documentation, `SHOW SESSIONS`.
pub(super) fn connections(user: Option<&str>, id: Option<&str>) -> Statement {
    let mut sql = format!(
        "SELECT {} FROM [SHOW CLUSTER SESSIONS] AS s",
        CONNECTIONS
            .iter()
            .map(|name| format!("s.{name} AS {name}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let conditions = [("s.user_name", user), ("s.session_id", id)];
    let given = conditions
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    let mut arguments = Vec::new();
    for (name, value) in given {
        arguments.push(value.to_owned());
        let word = if arguments.len() == 1 { "WHERE" } else { "AND" };
        sql.push_str(&format!(" {word} {name} = ${}", arguments.len()));
    }
    Statement::new(Kind::Read, CONNECTIONS, sql).with(arguments)
}

/// Closes an SQL session. Its id has hexadecimal digits only.
pub(super) fn cancel_session(id: &str) -> Statement {
    Statement::new(Kind::Change, &[], format!("CANCEL SESSION '{id}'"))
}

/// The statements that an SQL session runs now.
pub(super) fn queries_of(id: &str) -> Statement {
    let sql =
        "SELECT q.query_id AS query_id FROM [SHOW CLUSTER QUERIES] AS q WHERE q.session_id = $1";
    Statement::new(Kind::ReadForChange, &["query_id"], sql).with([id.to_owned()])
}

/// Ends a running statement. Its id has hexadecimal digits only.
pub(super) fn cancel_query(id: &str) -> Statement {
    Statement::new(Kind::Change, &[], format!("CANCEL QUERY '{id}'"))
}

/// Revokes all web sessions of a user; those that were revoked keep their time.
pub(super) fn revoke_user(user: &str) -> Statement {
    Statement::new(
        Kind::Change,
        &["username", "id", "revoked"],
        "UPDATE system.web_sessions SET \"revokedAt\" = CASE WHEN \"revokedAt\"::TIMESTAMPTZ < now() \
         THEN \"revokedAt\" ELSE now()::TIMESTAMP END WHERE username = $1 \
         RETURNING username AS username, id AS id, \"revokedAt\" AS revoked",
    )
    .with([user.to_owned()])
}
