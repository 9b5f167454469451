//! Runs statements against the world, in transactions that can be taken back.

use std::cmp::Ordering;

use super::check::{Columns, checked};
use super::eval::Ground;
use super::failure::Failure;
use super::options::CockroachOptions;
use super::rows::{Candidates, Row, is_id};
use super::statement::{Delete, Expr, Insert, Output, Select, Source, Statement, Table, Update};
use super::value::{Type, Value};
use super::world::{SqlSession, WebSession, World};

/// Who runs statements.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) is_admin: bool,
    /// Writes are refused, whatever the rights: a fault says so.
    pub(super) writes_nothing: bool,
}

/// Columns and rows that a statement gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Results {
    /// `None`: it failed before there were any.
    pub(super) columns: Option<Vec<(String, Type)>>,
    pub(super) rows: Vec<Vec<Value>>,
    /// Of statements that give no rows.
    pub(super) affected: usize,
}

/// One transaction.
pub(super) struct Transaction<'w> {
    pub(super) world: &'w mut World,
    pub(super) options: &'w CockroachOptions,
    pub(super) caller: &'w Caller,
    pub(super) now_us: i64,
    /// How many bytes of values may still be given.
    pub(super) space: usize,
    /// Rows as they were: `None` where there was none.
    undo: Vec<(i64, Option<WebSession>)>,
}

impl<'w> Transaction<'w> {
    pub(super) fn new(
        world: &'w mut World,
        options: &'w CockroachOptions,
        caller: &'w Caller,
        now_us: i64,
        space: usize,
    ) -> Self {
        Transaction {
            world,
            options,
            caller,
            now_us,
            space,
            undo: Vec::new(),
        }
    }

    /// Takes everything back. What was cancelled stays so.
    pub(super) fn roll_back(mut self) {
        while let Some((id, row)) = self.undo.pop() {
            match row {
                Some(row) => self.world.sessions.insert(id, row),
                None => self.world.sessions.remove(&id),
            };
        }
    }

    /// Runs one statement. What it gave before it failed is in `results`.
    ///
    /// # Errors
    /// The error of the server.
    pub(super) fn run(
        &mut self,
        statement: &Statement,
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        match statement {
            Statement::Select(select) => self.select(select, arguments, results),
            Statement::Update(update) => self.update(update, arguments, results),
            Statement::Delete(delete) => self.delete(delete, arguments, results),
            Statement::Insert(insert) => self.insert(insert, arguments, results),
            Statement::Cancel {
                what,
                id,
                if_exists,
            } => {
                let id = self.ground(arguments, |ground| ground.value(id, Row::Nothing))?;
                results.columns = Some(counted());
                results.affected = self.cancel(*what, &id, *if_exists)?;
                Ok(())
            }
        }
    }

    fn update(
        &mut self,
        update: &Update,
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        let columns = self.open(&update.table, "UPDATE")?;
        let outputs = checked(&update.returning, &columns)?;
        columns.check(&update.to)?;
        columns.check(&update.filter)?;
        let mut changed = self.matching(&update.filter, arguments)?;
        for row in &mut changed {
            let to = self.ground(arguments, |ground| ground.value(&update.to, Row::Web(row)))?;
            row.revoked_us = match to {
                Value::Null => None,
                Value::Timestamp(us) | Value::TimestampTz(us) => Some(us),
                other => return Err(wrong_type(&other, "revokedAt", Type::Timestamp)),
            };
        }
        self.put(&changed);
        self.give(&outputs, &changed, arguments, results)
    }

    fn delete(
        &mut self,
        delete: &Delete,
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        let columns = self.open(&delete.table, "DELETE")?;
        let outputs = checked(&delete.returning, &columns)?;
        columns.check(&delete.filter)?;
        let gone = self.matching(&delete.filter, arguments)?;
        for row in &gone {
            self.undo
                .push((row.id, self.world.sessions.remove(&row.id)));
        }
        self.give(&outputs, &gone, arguments, results)
    }

    fn insert(
        &mut self,
        insert: &Insert,
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        let columns = self.open(&insert.table, "INSERT")?;
        let outputs = checked(&insert.returning, &columns)?;
        let row = self.new_row(&columns, insert, arguments)?;
        self.put(std::slice::from_ref(&row));
        self.give(&outputs, &[row], arguments, results)
    }

    /// Looks a table up that is to be read or changed.
    fn open(&self, table: &Table, privilege: &str) -> Result<Columns, Failure> {
        let columns = Columns::of(table, self.options)?;
        let name = match table.source {
            Source::WebSessions => "web_sessions",
            Source::Users => "users",
            _ => return Ok(columns),
        };
        if self.options.access_gate {
            let text = "Access to crdb_internal and system is restricted.";
            let hint = "These interfaces are unsupported in production and may change. \
                        To proceed, set the session variable allow_unsafe_internals = true.";
            return Err(Failure::new("42501", text).with_hint(hint).executing());
        }
        let is_write = privilege != "SELECT";
        if !self.caller.is_admin || (is_write && self.caller.writes_nothing) {
            let who = &self.caller.name;
            let text = format!("user {who} does not have {privilege} privilege on relation {name}");
            return Err(Failure::new("42501", text).executing());
        }
        if is_write && table.source != Source::WebSessions {
            let text = "this server changes no table but system.web_sessions";
            return Err(Failure::unimplemented(text).executing());
        }
        Ok(columns)
    }

    /// Lends what expressions need.
    pub(super) fn ground<T>(&self, arguments: &[Value], with: impl FnOnce(&Ground<'_>) -> T) -> T {
        let inner = |select: &Select| self.single_value(select, arguments);
        with(&Ground {
            arguments,
            now_us: self.now_us,
            user: &self.caller.name,
            version: &self.options.version.text(),
            inner: &inner,
        })
    }

    /// Copies of the web sessions that a condition holds for.
    fn matching(&self, filter: &Expr, arguments: &[Value]) -> Result<Vec<WebSession>, Failure> {
        let rows = Candidates::of(Some(filter)).rows(self.world, false);
        self.ground(arguments, |ground| {
            let mut found = Vec::new();
            for row in rows {
                if ground.holds(Some(filter), Row::Web(row))? {
                    found.push(row.clone());
                }
            }
            Ok(found)
        })
    }

    /// Writes rows over what has their ids.
    fn put(&mut self, rows: &[WebSession]) {
        for row in rows {
            let old = self.world.sessions.insert(row.id, row.clone());
            self.undo.push((row.id, old));
        }
    }

    /// The rows that `RETURNING` asks for, or their number.
    fn give(
        &mut self,
        outputs: &[(Output, Type)],
        rows: &[WebSession],
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        if outputs.is_empty() {
            results.columns = Some(counted());
            results.affected = rows.len();
            return Ok(());
        }
        results.columns = Some(named(outputs));
        for row in rows {
            let values = self.values(outputs, Row::Web(row), arguments)?;
            self.hand_out(values, results)?;
        }
        Ok(())
    }

    fn values(
        &self,
        outputs: &[(Output, Type)],
        row: Row<'_>,
        arguments: &[Value],
    ) -> Result<Vec<Value>, Failure> {
        self.ground(arguments, |ground| {
            let values = outputs
                .iter()
                .map(|(output, _)| ground.value(&output.expr, row));
            values.collect()
        })
    }

    /// Gives a row out. The one that is too much is still given.
    fn hand_out(&mut self, row: Vec<Value>, results: &mut Results) -> Result<(), Failure> {
        let size: usize = row.iter().map(Value::size).sum();
        results.rows.push(row);
        self.space = self
            .space
            .checked_sub(size)
            .ok_or_else(|| Failure::plain("max result size exceeded"))?;
        Ok(())
    }

    fn select(
        &mut self,
        select: &Select,
        arguments: &[Value],
        results: &mut Results,
    ) -> Result<(), Failure> {
        let (columns, rows) = self.selected(select, arguments)?;
        results.columns = Some(columns);
        for row in rows {
            self.hand_out(row, results)?;
        }
        Ok(())
    }

    /// The columns and all rows of a query.
    #[allow(clippy::type_complexity, reason = "two lists that belong together")]
    fn selected(
        &self,
        select: &Select,
        arguments: &[Value],
    ) -> Result<(Vec<(String, Type)>, Vec<Vec<Value>>), Failure> {
        let columns = match &select.from {
            Some(table) => self.open(table, "SELECT")?,
            None => Columns::none(),
        };
        let outputs = checked(&select.outputs, &columns)?;
        for expr in select
            .filter
            .iter()
            .chain(select.order.iter().map(|(key, _)| key))
        {
            columns.check(expr)?;
        }
        let limit = self.limit(select, arguments)?;
        let found = self.found(select, limit, arguments)?;
        if let [(output, _)] = outputs.as_slice()
            && let Expr::Count(inner) = &output.expr
        {
            let count = self.ground(arguments, |ground| {
                let mut count = 0;
                for row in &found {
                    let is_there = match inner {
                        Some(inner) => ground.value(inner, *row)? != Value::Null,
                        None => true,
                    };
                    count += i64::from(is_there);
                }
                Ok::<_, Failure>(count)
            })?;
            return Ok((named(&outputs), vec![vec![Value::Int(count)]]));
        }
        let rows = found
            .into_iter()
            .map(|row| self.values(&outputs, row, arguments));
        Ok((named(&outputs), rows.collect::<Result<_, _>>()?))
    }

    fn limit(&self, select: &Select, arguments: &[Value]) -> Result<usize, Failure> {
        let Some(limit) = &select.limit else {
            return Ok(usize::MAX);
        };
        match self.ground(arguments, |ground| ground.value(limit, Row::Nothing))? {
            Value::Int(rows) if rows >= 0 => Ok(rows as usize),
            Value::Float(rows) if rows >= 0.0 => Ok(rows as usize),
            other => Err(wrong_type(&other, "LIMIT", Type::Int)),
        }
    }

    /// The rows of a query in their order.
    fn found<'t>(
        &'t self,
        select: &Select,
        limit: usize,
        arguments: &[Value],
    ) -> Result<Vec<Row<'t>>, Failure> {
        let source = select.from.as_ref().map(|table| &table.source);
        let (is_sorted, descending) = match select.order.as_slice() {
            [] => (true, false),
            [(key, descending)] if source == Some(&Source::WebSessions) && is_id(key) => {
                (true, *descending)
            }
            _ => (false, false),
        };
        let rows = self.all(source, select.filter.as_ref(), descending);
        self.ground(arguments, |ground| {
            let mut found = Vec::new();
            for row in rows {
                if is_sorted && found.len() == limit {
                    break;
                }
                if ground.holds(select.filter.as_ref(), row)? {
                    found.push(row);
                }
            }
            if !is_sorted {
                found = sorted(ground, found, &select.order)?;
                found.truncate(limit);
            }
            Ok(found)
        })
    }

    /// All rows of a table that the caller may see and that the condition can hold for.
    fn all<'t>(
        &'t self,
        source: Option<&Source>,
        filter: Option<&Expr>,
        descending: bool,
    ) -> Box<dyn Iterator<Item = Row<'t>> + 't> {
        let version = self.options.version;
        let mine =
            |session: &&SqlSession| self.caller.is_admin || *session.user == *self.caller.name;
        match source {
            None => Box::new(std::iter::once(Row::Nothing)),
            Some(Source::WebSessions) => {
                let rows = Candidates::of(filter).rows(self.world, descending);
                Box::new(rows.map(Row::Web))
            }
            Some(Source::Users) => Box::new(self.world.users.values().map(Row::User)),
            Some(Source::ShowSessions) => {
                let sessions = self.world.sql.iter().filter(mine);
                Box::new(sessions.map(move |session| Row::Session(session, version)))
            }
            Some(Source::ShowQueries) => {
                let sessions = self.world.sql.iter().filter(mine);
                Box::new(sessions.filter_map(move |session| {
                    let query = session.query.as_ref()?;
                    Some(Row::Query(session, query, version))
                }))
            }
            Some(Source::Other(_)) => Box::new(std::iter::empty()),
        }
    }

    /// The value of a query in the place of one: NULL if it finds nothing.
    fn single_value(&self, select: &Select, arguments: &[Value]) -> Result<Value, Failure> {
        let (_, mut rows) = self.selected(select, arguments)?;
        if rows.len() > 1 {
            let text = "more than one row returned by a subquery used as an expression";
            return Err(Failure::new("21000", text).executing());
        }
        let first = rows.pop().and_then(|mut row| row.pop());
        Ok(first.unwrap_or(Value::Null))
    }
}

/// A value that its place does not take.
pub(super) fn wrong_type(value: &Value, place: &str, wanted: Type) -> Failure {
    let word = |kind: Type| kind.column().0.to_lowercase();
    let (given, wanted) = (word(value.kind()), word(wanted));
    let text = format!("value type {given} doesn't match type {wanted} of column \"{place}\"");
    Failure::new("42804", text).executing()
}

/// The one column of a statement that gives no rows.
fn counted() -> Vec<(String, Type)> {
    vec![("rows_affected".to_owned(), Type::Int)]
}

fn named(outputs: &[(Output, Type)]) -> Vec<(String, Type)> {
    let columns = outputs
        .iter()
        .map(|(output, kind)| (output.name.clone(), *kind));
    columns.collect()
}

/// NULL comes first, as on the real server.
fn sorted<'r>(
    ground: &Ground<'_>,
    rows: Vec<Row<'r>>,
    order: &[(Expr, bool)],
) -> Result<Vec<Row<'r>>, Failure> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        let keys = order.iter().map(|(key, _)| ground.value(key, row));
        keyed.push((keys.collect::<Result<Vec<_>, _>>()?, row));
    }
    keyed.sort_by(|(a, _), (b, _)| {
        let mut pairs = a.iter().zip(b).zip(order);
        let differing = pairs.find_map(|((a, b), (_, descending))| {
            let order = match (a, b) {
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => Ordering::Less,
                (_, Value::Null) => Ordering::Greater,
                _ => a.compare(b, "<").ok().flatten().unwrap_or(Ordering::Equal),
            };
            let order = if *descending { order.reverse() } else { order };
            order.is_ne().then_some(order)
        });
        differing.unwrap_or(Ordering::Equal)
    });
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}
