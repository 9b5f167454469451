//! The row that an `INSERT` makes.

use std::sync::Arc;

use super::check::Columns;
use super::failure::Failure;
use super::rows::Row;
use super::run::{Transaction, wrong_type};
use super::statement::{Expr, Insert};
use super::value::{Type, Value};
use super::world::WebSession;

impl Transaction<'_> {
    /// The row that an `INSERT` makes.
    pub(super) fn new_row(
        &self,
        columns: &Columns,
        insert: &Insert,
        arguments: &[Value],
    ) -> Result<WebSession, Failure> {
        let (names, values) = (&insert.columns, &insert.values);
        if names.len() != values.len() {
            let (targets, given) = (names.len(), values.len());
            let text = format!(
                "INSERT has more target columns than expressions, {targets} expressions for {given} targets"
            );
            return Err(Failure::new("42601", text).executing());
        }
        let mut given = Given::default();
        for (name, expr) in names.iter().zip(values) {
            columns.check(&Expr::Column(None, name.clone()))?;
            let value = self.ground(arguments, |ground| ground.value(expr, Row::Nothing))?;
            given.take(name, value)?;
        }
        let has_user_id = self.options.has_user_id();
        Ok(WebSession {
            id: self.world.new_id(self.now_us),
            secret: given.secret.ok_or_else(|| missing("hashedSecret"))?,
            user: given.user.ok_or_else(|| missing("username"))?,
            user_id: match given.user_id {
                Some(id) => id,
                None if has_user_id => return Err(missing("user_id")),
                None => 0,
            },
            created_us: self.now_us,
            expires_us: given.expires_us.ok_or_else(|| missing("expiresAt"))?,
            revoked_us: None,
            last_used_us: self.now_us,
            audit: None,
        })
    }
}

/// The values that an `INSERT` gives.
#[derive(Default)]
struct Given {
    secret: Option<[u8; 32]>,
    user: Option<Arc<str>>,
    expires_us: Option<i64>,
    user_id: Option<u32>,
}

impl Given {
    fn take(&mut self, column: &str, value: Value) -> Result<(), Failure> {
        match (column, value) {
            (_, Value::Null) => {}
            ("hashedSecret", Value::Bytes(bytes)) => {
                // The column takes any length, but nobody could sign in with another one.
                let secret = <[u8; 32]>::try_from(bytes);
                let secret = secret.map_err(|_| {
                    Failure::unimplemented("a hash of another length than 32 bytes").executing()
                })?;
                self.secret = Some(secret);
            }
            ("username", Value::Text(text)) => self.user = Some(text),
            ("expiresAt", Value::Timestamp(us) | Value::TimestampTz(us)) => {
                self.expires_us = Some(us);
            }
            ("user_id", Value::Oid(id)) => self.user_id = Some(id),
            ("hashedSecret", other) => return Err(wrong_type(&other, column, Type::Bytes)),
            ("username", other) => return Err(wrong_type(&other, column, Type::Text)),
            ("expiresAt", other) => return Err(wrong_type(&other, column, Type::Timestamp)),
            ("user_id", other) => return Err(wrong_type(&other, column, Type::Oid)),
            _ => {
                let text = format!("this server takes no value for \"{column}\"");
                return Err(Failure::unimplemented(&text).executing());
            }
        }
        Ok(())
    }
}

fn missing(column: &str) -> Failure {
    let text = format!("null value in column \"{column}\" violates not-null constraint");
    Failure::new("23502", text).executing()
}
