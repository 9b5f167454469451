//! Ends SQL sessions and the statements that they run.

use super::failure::Failure;
use super::rows::wide_id;
use super::run::{Transaction, wrong_type};
use super::statement::Cancelled;
use super::value::{Type, Value};
use super::world::SqlSession;

impl Transaction<'_> {
    /// Ends a SQL session or what it is doing. Gives how many.
    pub(super) fn cancel(
        &mut self,
        what: Cancelled,
        id: &Value,
        if_exists: bool,
    ) -> Result<usize, Failure> {
        let (word, name) = match what {
            Cancelled::Session => ("session", "session ID"),
            Cancelled::Query => ("query", "query ID"),
        };
        let Value::Text(text) = id else {
            return Err(wrong_type(id, word, Type::Text));
        };
        let wanted = u128::from_str_radix(text, 16).map_err(|_| {
            let text = format!("invalid {name} '{text}': could not decode {text} as hex");
            Failure::new("42601", text).executing()
        })?;
        let found = self.world.sql.iter().position(|session| match what {
            Cancelled::Session => session.id == wanted,
            Cancelled::Query => session
                .query
                .as_ref()
                .is_some_and(|query| query.id == wanted),
        });
        let Some(at) = found else {
            if if_exists {
                return Ok(0);
            }
            let id = wide_id(wanted);
            let text = format!("could not cancel {word} {id}: {name} {id} not found");
            return Err(Failure::plain(text).executing());
        };
        self.may_cancel(&self.world.sql[at], word)?;
        match what {
            Cancelled::Session => {
                self.world.sql.remove(at);
            }
            Cancelled::Query => {
                let session = &mut self.world.sql[at];
                if let Some(query) = session.query.take() {
                    session.last_query = query.text;
                }
            }
        }
        Ok(1)
    }

    fn may_cancel(&self, session: &SqlSession, word: &str) -> Result<(), Failure> {
        if self.caller.writes_nothing
            || (!self.caller.is_admin && *session.user != *self.caller.name)
        {
            let is_admin = self
                .world
                .user(&session.user)
                .is_some_and(|user| user.is_admin);
            let text = if is_admin && !self.caller.is_admin {
                format!("permission denied to cancel admin {word}")
            } else {
                "this operation requires CANCELQUERY privilege".to_owned()
            };
            return Err(Failure::new("42501", text).executing());
        }
        Ok(())
    }
}
