//! Which columns a statement may name, and the types of its results.

use super::failure::Failure;
use super::options::CockroachOptions;
use super::rows::columns;
use super::statement::{Expr, Output, Source, Table};
use super::value::Type;

/// The columns in reach of a statement.
pub(super) struct Columns {
    alias: String,
    list: Vec<(&'static str, Type)>,
}

impl Columns {
    /// Of a statement without a table.
    pub(super) fn none() -> Self {
        Columns {
            alias: String::new(),
            list: Vec::new(),
        }
    }

    /// Of a statement about this table.
    ///
    /// # Errors
    /// There is no such table.
    pub(super) fn of(table: &Table, options: &CockroachOptions) -> Result<Self, Failure> {
        let list = columns(&table.source, options.version, options.has_user_id());
        let list = list.ok_or_else(|| {
            let name = match &table.source {
                Source::Other(name) => name.as_str(),
                _ => table.alias.as_str(),
            };
            let text = format!("relation \"{name}\" does not exist");
            Failure::new("42P01", text).executing()
        })?;
        Ok(Columns {
            alias: table.alias.clone(),
            list,
        })
    }

    /// # Errors
    /// An expression names a column that is not there.
    pub(super) fn check(&self, expr: &Expr) -> Result<(), Failure> {
        let all = |list: &[Expr]| list.iter().try_for_each(|expr| self.check(expr));
        match expr {
            Expr::Column(alias, name) => self.find(alias.as_deref(), name).map(|_| ()),
            Expr::Unhex(inner) | Expr::Cast(inner, _) | Expr::Not(inner) | Expr::IsNull(inner) => {
                self.check(inner)
            }
            Expr::Count(inner) => inner.as_ref().map_or(Ok(()), |inner| self.check(inner)),
            Expr::And(list) | Expr::Or(list) => all(list),
            Expr::In(inner, list) => {
                self.check(inner)?;
                all(list)
            }
            Expr::Compare(_, left, right)
            | Expr::Like(left, right, _)
            | Expr::Add(left, right)
            | Expr::Subtract(left, right) => {
                self.check(left)?;
                self.check(right)
            }
            Expr::Case {
                when,
                then,
                otherwise,
            } => {
                self.check(when)?;
                self.check(then)?;
                self.check(otherwise)
            }
            // A query inside has its own columns.
            Expr::Literal(_)
            | Expr::Placeholder(_)
            | Expr::Now
            | Expr::Version
            | Expr::CurrentUser
            | Expr::Query(_) => Ok(()),
        }
    }

    fn find(&self, alias: Option<&str>, name: &str) -> Result<Type, Failure> {
        if let Some(alias) = alias
            && alias != self.alias
        {
            let text = format!("no data source matches prefix: {alias} in this context");
            return Err(Failure::new("42P01", text).executing());
        }
        let found = self.list.iter().find(|(column, _)| *column == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let shown = alias.map_or(name.to_owned(), |alias| format!("{alias}.{name}"));
            let text = format!("column \"{shown}\" does not exist");
            Failure::new("42703", text).executing()
        })
    }
}

/// The columns of a result with their types.
///
/// # Errors
/// One names a column that is not there.
pub(super) fn checked(
    outputs: &[Output],
    columns: &Columns,
) -> Result<Vec<(Output, Type)>, Failure> {
    let one = |output: &Output| {
        columns.check(&output.expr)?;
        Ok((output.clone(), kind_of(&output.expr, columns)))
    };
    outputs.iter().map(one).collect()
}

/// The type of a result.
fn kind_of(expr: &Expr, columns: &Columns) -> Type {
    match expr {
        Expr::Literal(value) => value.kind(),
        Expr::Placeholder(_) | Expr::Version | Expr::CurrentUser => Type::Text,
        Expr::Column(alias, name) => {
            let found = columns.find(alias.as_deref(), name);
            found.unwrap_or(Type::Unknown)
        }
        Expr::Now => Type::TimestampTz,
        Expr::Unhex(_) => Type::Bytes,
        Expr::Count(_) => Type::Int,
        Expr::Cast(_, kind) => *kind,
        Expr::Add(left, _) | Expr::Subtract(left, _) => kind_of(left, columns),
        Expr::Case { then, .. } => kind_of(then, columns),
        Expr::Query(select) => match select.outputs.as_slice() {
            [output] => kind_of(&output.expr, columns),
            _ => Type::Unknown,
        },
        _ => Type::Bool,
    }
}
