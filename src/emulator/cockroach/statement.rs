//! The statements that the server knows: those with which web sessions and SQL sessions are managed.

use super::value::{Type, Value};

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Select(Select),
    Update(Update),
    Delete(Delete),
    Insert(Insert),
    Cancel {
        what: Cancelled,
        id: Expr,
        if_exists: bool,
    },
}

impl Statement {
    /// Its tag in an answer.
    pub(super) fn tag(&self) -> &'static str {
        match self {
            Statement::Select(_) => "SELECT",
            Statement::Update(_) => "UPDATE",
            Statement::Delete(_) => "DELETE",
            Statement::Insert(_) => "INSERT",
            Statement::Cancel { what, .. } => match what {
                Cancelled::Session => "CANCEL SESSIONS",
                Cancelled::Query => "CANCEL QUERIES",
            },
        }
    }
}

/// Sets `revokedAt`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Update {
    pub(super) table: Table,
    pub(super) to: Expr,
    pub(super) filter: Expr,
    pub(super) returning: Vec<Output>,
}

/// Removes rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Delete {
    pub(super) table: Table,
    pub(super) filter: Expr,
    pub(super) returning: Vec<Output>,
}

/// Makes one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Insert {
    pub(super) table: Table,
    pub(super) columns: Vec<String>,
    pub(super) values: Vec<Expr>,
    pub(super) returning: Vec<Output>,
}

/// What `CANCEL` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancelled {
    Session,
    Query,
}

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Select {
    pub(super) outputs: Vec<Output>,
    /// `None`: one row without columns.
    pub(super) from: Option<Table>,
    pub(super) filter: Option<Expr>,
    /// The most important first; true: descending.
    pub(super) order: Vec<(Expr, bool)>,
    pub(super) limit: Option<Expr>,
}

/// A table by the name that a statement gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) source: Source,
    /// What stands before its columns.
    pub(super) alias: String,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    WebSessions,
    Users,
    /// `[SHOW CLUSTER SESSIONS]`, which can be spelled without `CLUSTER` for one node.
    ShowSessions,
    /// `[SHOW CLUSTER QUERIES]`.
    ShowQueries,
    /// A table that is not there.
    Other(String),
}

/// One column of a result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Output {
    pub(super) expr: Expr,
    pub(super) name: String,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Sign {
    /// As it is written.
    pub(super) fn text(self) -> &'static str {
        match self {
            Sign::Equal => "=",
            Sign::NotEqual => "!=",
            Sign::Less => "<",
            Sign::LessOrEqual => "<=",
            Sign::Greater => ">",
            Sign::GreaterOrEqual => ">=",
        }
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Literal(Value),
    /// Counted from 1.
    Placeholder(usize),
    /// The name before the dot, and the column.
    Column(Option<String>, String),
    Now,
    Version,
    CurrentUser,
    /// `decode(…, 'hex')`.
    Unhex(Box<Expr>),
    /// `count(…)`; `None`: of all rows.
    Count(Option<Box<Expr>>),
    Cast(Box<Expr>, Type),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Sign, Box<Expr>, Box<Expr>),
    IsNull(Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    /// `LIKE`; with the flag `ILIKE`, which minds no case.
    Like(Box<Expr>, Box<Expr>, bool),
    Add(Box<Expr>, Box<Expr>),
    Subtract(Box<Expr>, Box<Expr>),
    Case {
        when: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// A query for one value.
    Query(Box<Select>),
}
