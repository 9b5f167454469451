//! Reads the statements that the server knows; everything else is a syntax error.
//!
//! `SELECT` with any condition on any column, `UPDATE … SET "revokedAt"`, `DELETE`, `INSERT` of one row and `CANCEL`.

use super::failure::Failure;
use super::lexer::{Piece, Token, pieces};
use super::statement::{
    Cancelled, Delete, Insert, Output, Select, Source, Statement, Table, Update,
};

/// A statement that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub(super) statement: Statement,
    /// How many placeholders it has.
    pub(super) placeholders: usize,
}

/// Reads the text of one statement; a semicolon may end it.
///
/// # Errors
/// What the server says of it, without the number of the statement.
pub(super) fn read(sql: &str) -> Result<Read, Failure> {
    let lexical = |why: String| Failure::new("42601", why).with_detail(sql);
    let mut pieces = pieces(sql).map_err(lexical)?;
    while pieces.last().is_some_and(|piece| is_end(&piece.token)) {
        pieces.pop();
    }
    let mut single = pieces.split(|piece| is_end(&piece.token));
    let count = single.by_ref().filter(|part| !part.is_empty()).count();
    if count != 1 {
        let text = format!("expecting 1 statement, found {count}");
        return Err(Failure::plain(text).with_detail(sql));
    }
    let mut parser = Parser {
        sql,
        pieces: &pieces,
        at: 0,
        depth: 0,
        placeholders: 0,
    };
    let read = parser.statement().and_then(|statement| {
        parser.end()?;
        Ok(Read {
            statement,
            placeholders: parser.placeholders,
        })
    });
    read.map_err(|failure| failure.with_detail(sql))
}

fn is_end(token: &Token) -> bool {
    *token == Token::Sign(";")
}

/// The words of a statement's kind, as faults name it: `UPDATE`, `CANCEL` …
pub(super) fn kind(sql: &str) -> Option<String> {
    match &pieces(sql).ok()?.first()?.token {
        Token::Word(word) => Some(word.to_uppercase()),
        _ => None,
    }
}

/// The whole numbers and texts that stand in a statement: ids of sessions among them.
pub(super) fn literals(sql: &str) -> Vec<String> {
    let pieces = pieces(sql).unwrap_or_default().into_iter();
    pieces
        .filter_map(|piece| match piece.token {
            Token::Number(text) | Token::Text(text) => Some(text),
            _ => None,
        })
        .collect()
}

/// Walks over the pieces of one statement.
pub(super) struct Parser<'a> {
    sql: &'a str,
    pieces: &'a [Piece],
    at: usize,
    /// How many expressions it is inside of.
    pub(super) depth: usize,
    pub(super) placeholders: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.pieces.get(self.at).map(|piece| &piece.token)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// True at a word with a parenthesis behind it.
    pub(super) fn calls(&self) -> bool {
        let behind = self.pieces.get(self.at + 1);
        behind.is_some_and(|piece| piece.token == Token::Sign("("))
    }

    /// The syntax error about the piece where it stands.
    pub(super) fn wrong<T>(&self) -> Result<T, Failure> {
        let near = match self.pieces.get(self.at) {
            None => "EOF",
            Some(piece) => match &piece.token {
                Token::Word(text) | Token::Quoted(text) | Token::Text(text) => text,
                _ => &self.sql[piece.from..piece.to],
            },
        };
        let text = format!("at or near \"{near}\": syntax error");
        Err(Failure::new("42601", text))
    }

    pub(super) fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    pub(super) fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(other)) if other == word);
        self.at += usize::from(is_it);
        is_it
    }

    pub(super) fn sign(&mut self, sign: &'static str) -> Result<(), Failure> {
        if self.takes_sign(sign) {
            return Ok(());
        }
        self.wrong()
    }

    pub(super) fn word(&mut self, word: &str) -> Result<(), Failure> {
        if self.takes_word(word) {
            return Ok(());
        }
        self.wrong()
    }

    /// A name, quoted or not.
    pub(super) fn name(&mut self) -> Result<String, Failure> {
        match self.peek() {
            Some(Token::Quoted(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            Some(Token::Word(word)) if !is_reserved(word) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => self.wrong(),
        }
    }

    fn end(&self) -> Result<(), Failure> {
        if self.at == self.pieces.len() {
            return Ok(());
        }
        self.wrong()
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return self.wrong();
        };
        match word.as_str() {
            "select" => Ok(Statement::Select(self.select()?)),
            "update" => self.update(),
            "delete" => self.delete(),
            "insert" => self.insert(),
            "cancel" => self.cancel(),
            _ => self.wrong(),
        }
    }

    pub(super) fn select(&mut self) -> Result<Select, Failure> {
        self.word("select")?;
        let outputs = self.outputs()?;
        let from = if self.takes_word("from") {
            Some(self.table()?)
        } else {
            None
        };
        let filter = if self.takes_word("where") {
            Some(self.expr()?)
        } else {
            None
        };
        let mut order = Vec::new();
        if self.takes_word("order") {
            self.word("by")?;
            loop {
                let key = self.expr()?;
                let descending = self.takes_word("desc");
                if !descending {
                    self.takes_word("asc");
                }
                order.push((key, descending));
                if !self.takes_sign(",") {
                    break;
                }
            }
        }
        let limit = if self.takes_word("limit") {
            Some(self.expr()?)
        } else {
            None
        };
        Ok(Select {
            outputs,
            from,
            filter,
            order,
            limit,
        })
    }

    fn outputs(&mut self) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        loop {
            let expr = self.expr()?;
            let name = if self.takes_word("as") {
                self.name()?
            } else {
                expr.usual_name()
            };
            outputs.push(Output { expr, name });
            if !self.takes_sign(",") {
                return Ok(outputs);
            }
        }
    }

    /// A table with its alias.
    fn table(&mut self) -> Result<Table, Failure> {
        if self.takes_sign("[") {
            self.word("show")?;
            self.takes_word("cluster");
            let (source, alias) = if self.takes_word("sessions") {
                (Source::ShowSessions, "sessions")
            } else {
                self.word("queries")?;
                (Source::ShowQueries, "queries")
            };
            self.sign("]")?;
            return self.aliased(source, alias);
        }
        let mut name = self.name()?;
        let mut schema = String::new();
        while self.takes_sign(".") {
            schema = std::mem::replace(&mut name, self.name()?);
        }
        let source = match (schema.as_str(), name.as_str()) {
            ("system" | "public" | "", "web_sessions") => Source::WebSessions,
            ("system" | "public" | "", "users") => Source::Users,
            ("", _) => Source::Other(name.clone()),
            _ => Source::Other(format!("{schema}.{name}")),
        };
        self.aliased(source, &name)
    }

    fn aliased(&mut self, source: Source, usual: &str) -> Result<Table, Failure> {
        let alias = if self.takes_word("as") {
            self.name()?
        } else {
            match self.peek() {
                Some(Token::Word(word)) if !is_reserved(word) => self.name()?,
                _ => usual.to_owned(),
            }
        };
        Ok(Table { source, alias })
    }

    fn update(&mut self) -> Result<Statement, Failure> {
        self.word("update")?;
        let table = self.table()?;
        self.word("set")?;
        if self.name()? != "revokedAt" {
            return Err(Failure::unimplemented(
                "this server changes no column but \"revokedAt\"",
            ));
        }
        self.sign("=")?;
        let to = self.expr()?;
        self.word("where")?;
        let filter = self.expr()?;
        let returning = self.returning()?;
        Ok(Statement::Update(Update {
            table,
            to,
            filter,
            returning,
        }))
    }

    fn delete(&mut self) -> Result<Statement, Failure> {
        self.word("delete")?;
        self.word("from")?;
        let table = self.table()?;
        self.word("where")?;
        let filter = self.expr()?;
        let returning = self.returning()?;
        Ok(Statement::Delete(Delete {
            table,
            filter,
            returning,
        }))
    }

    fn insert(&mut self) -> Result<Statement, Failure> {
        self.word("insert")?;
        self.word("into")?;
        let table = self.table()?;
        self.sign("(")?;
        let mut columns = vec![self.name()?];
        while self.takes_sign(",") {
            columns.push(self.name()?);
        }
        self.sign(")")?;
        self.word("values")?;
        self.sign("(")?;
        let mut values = vec![self.expr()?];
        while self.takes_sign(",") {
            values.push(self.expr()?);
        }
        self.sign(")")?;
        let returning = self.returning()?;
        Ok(Statement::Insert(Insert {
            table,
            columns,
            values,
            returning,
        }))
    }

    fn returning(&mut self) -> Result<Vec<Output>, Failure> {
        if self.takes_word("returning") {
            return self.outputs();
        }
        Ok(Vec::new())
    }

    fn cancel(&mut self) -> Result<Statement, Failure> {
        self.word("cancel")?;
        let what = if self.takes_word("session") {
            Cancelled::Session
        } else {
            self.word("query")?;
            Cancelled::Query
        };
        let if_exists = self.takes_word("if");
        if if_exists {
            self.word("exists")?;
        }
        let id = self.expr()?;
        Ok(Statement::Cancel {
            what,
            id,
            if_exists,
        })
    }
}

/// Words that end an expression or a table and so cannot be names without quotes.
fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "and",
        "as",
        "asc",
        "by",
        "case",
        "desc",
        "else",
        "end",
        "from",
        "ilike",
        "in",
        "into",
        "is",
        "like",
        "limit",
        "not",
        "null",
        "or",
        "order",
        "returning",
        "select",
        "set",
        "then",
        "values",
        "when",
        "where",
    ];
    RESERVED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cockroach::statement::Expr;

    fn message(sql: &str) -> String {
        read(sql).expect_err(sql).message
    }

    #[test]
    fn canonical_statements_are_read() {
        for (sql, tag, placeholders) in [
            (
                "SELECT version() AS version, current_user AS username, now() AS now",
                "SELECT",
                0,
            ),
            (
                r#"SELECT w.username AS username, w.id AS id FROM system.web_sessions AS w WHERE w.id > 0 AND w.username = $1 AND w."revokedAt" IS NULL AND w."expiresAt" > now()::TIMESTAMP ORDER BY w.id LIMIT 500;"#,
                "SELECT",
                1,
            ),
            (
                r#"UPDATE system.web_sessions SET "revokedAt" = now()::TIMESTAMP WHERE id IN (1,2) AND username = $1 AND "revokedAt" IS NULL RETURNING id AS id, "revokedAt" AS revoked"#,
                "UPDATE",
                1,
            ),
            (
                r#"UPDATE system.web_sessions SET "revokedAt" = CASE WHEN "revokedAt"::TIMESTAMPTZ < now() THEN "revokedAt" ELSE now()::TIMESTAMP END WHERE username = $1 RETURNING id AS id"#,
                "UPDATE",
                1,
            ),
            (
                "DELETE FROM system.web_sessions WHERE id = 784449219848241153 RETURNING id AS id",
                "DELETE",
                0,
            ),
            (
                r#"SELECT count(username) AS n FROM system.users WHERE username = $1 AND NOT "isRole""#,
                "SELECT",
                1,
            ),
            (
                r#"INSERT INTO system.web_sessions ("hashedSecret", username, "expiresAt", user_id) VALUES (decode($1,'hex'), $2, now()::TIMESTAMP + $3::INTERVAL, (SELECT user_id FROM system.users WHERE username = $2)) RETURNING id AS id, "expiresAt" AS expires"#,
                "INSERT",
                3,
            ),
            (
                "SELECT session_id FROM [SHOW CLUSTER SESSIONS] AS s WHERE s.user_name LIKE $1",
                "SELECT",
                1,
            ),
            ("CANCEL SESSION '15f9a8'", "CANCEL SESSIONS", 0),
            ("CANCEL QUERY IF EXISTS '15f9a8'", "CANCEL QUERIES", 0),
        ] {
            let read = read(sql).unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
            assert_eq!(
                (read.statement.tag(), read.placeholders),
                (tag, placeholders),
                "{sql}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused_where_it_goes_wrong() {
        for (sql, near) in [
            ("SELECT * FROM system.web_sessions", "*"),
            ("SELECT id FROM system.web_sessions WHERE", "EOF"),
            ("SELECT FROM system.web_sessions where", "from"),
            (
                "UPDATE system.web_sessions SET \"revokedAt\" = now()",
                "EOF",
            ),
            ("DELETE FROM system.web_sessions", "EOF"),
            ("DROP TABLE system.web_sessions", "drop"),
            ("SELECT id FROM system.web_sessions WHERE id = 1 OR", "EOF"),
            ("SELECT pg_sleep(1)", "("),
            ("SELECT id::JSONB FROM system.web_sessions", "jsonb"),
        ] {
            assert_eq!(
                message(sql),
                format!("at or near \"{near}\": syntax error"),
                "{sql}"
            );
        }
        assert!(message("SELECT 'a").contains("unterminated string"));
    }

    #[test]
    fn two_statements_in_one_text_are_counted_and_none_is_read() {
        let sql = "SELECT id FROM system.web_sessions; DROP TABLE system.users";

        assert_eq!(message(sql), "expecting 1 statement, found 2");
        assert_eq!(message(";"), "expecting 1 statement, found 0");
    }

    #[test]
    fn what_stands_in_quotes_is_a_text_and_nothing_else() {
        let sql = "SELECT id FROM system.web_sessions WHERE username = 'x''; DROP TABLE users; --'";
        let read = read(sql).expect("one statement");

        let Statement::Select(select) = read.statement else {
            panic!("{read:?}");
        };
        let Some(Expr::Compare(_, _, value)) = select.filter else {
            panic!("{select:?}");
        };
        let text = super::super::value::Value::text("x'; DROP TABLE users; --");
        assert_eq!(*value, Expr::Literal(text));
    }

    #[test]
    fn deep_parentheses_are_refused_and_overflow_nothing() {
        let sql = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));

        assert!(message(&sql).contains("syntax error"));
    }
}
