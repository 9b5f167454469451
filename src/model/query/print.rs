//! Queries as text that reads back as the same clauses.

use std::fmt;

use super::check::sign;
use super::fields::ValueKind;
use super::parse::reads_as_clause;
use super::{Clause, Field, Op, Query, Target, Value};
use crate::model::time::duration;

impl fmt::Display for Query {
    /// Canonical text: canonical field names, one space between clauses, quotes where needed.
    ///
    /// It holds the value of an `id` clause as it is; where that must not stand, use
    /// [`Query::redacted`]. It is not cleaned for terminals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, clause) in self.clauses.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            clause.fmt(f)?;
        }
        Ok(())
    }
}

impl Query {
    /// The text for logs and the audit file: `id` clauses without their values.
    pub fn redacted(&self) -> String {
        let clauses: Vec<String> = self.clauses.iter().map(Clause::redacted).collect();
        clauses.join(" ")
    }
}

impl Clause {
    /// The text for logs: an `id` clause without its values.
    pub fn redacted(&self) -> String {
        if self.target != Target::Field(Field::Id) {
            return self.to_string();
        }
        let minus = if self.negated { "-" } else { "" };
        format!("{minus}id{}…", sign(self.op))
    }
}

impl fmt::Debug for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clause({} at {:?})", self.redacted(), self.at)
    }
}

impl fmt::Display for Clause {
    /// The clause as canonical text; see [`Query`]'s.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("-")?;
        }
        match &self.target {
            Target::Word => return self.fmt_words(f),
            Target::Field(field) => f.write_str(field.name())?,
            Target::Attribute(name) => fmt_attribute(name, f)?,
        }
        let timed = matches!(
            self.target,
            Target::Field(field) if matches!(field.kind(), ValueKind::Instant | ValueKind::Duration)
        );
        f.write_str(match self.op {
            Op::Eq if timed => "=",
            op => sign(op),
        })?;
        for (at, value) in self.values.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match value {
                Value::Text(text) if at == 0 => fmt_text(text, needs_quotes(text), f)?,
                Value::Text(text) => {
                    fmt_text(text, needs_quotes(text) || reads_as_clause(text), f)?;
                }
                Value::Instant(when) => when.fmt(f)?,
                Value::Duration(length) => f.write_str(&duration(*length))?,
            }
        }
        Ok(())
    }
}

impl Clause {
    fn fmt_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.values.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            match value {
                Value::Text(text) => {
                    let clause = text.starts_with('-') || reads_as_clause(text);
                    fmt_text(text, clause || needs_quotes(text), f)?;
                }
                Value::Instant(when) => write!(f, "\"{when}\"")?,
                Value::Duration(length) => f.write_str(&duration(*length))?,
            }
        }
        Ok(())
    }
}

fn fmt_attribute(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("@")?;
    fmt_text(name, !super::parse::is_plain_name(name), f)
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '"'))
}

fn fmt_text(text: &str, quotes: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !quotes {
        return f.write_str(text);
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(f, "\"{escaped}\"")
}
