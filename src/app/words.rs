//! Queries in the words of the query language, for the form and the empty table.

use chrono::TimeDelta;

use crate::model::query::{Base, Clause, Op, Target, Value, When};
use crate::model::time;

/// Clauses as the operator could type them.
pub fn clauses(clauses: &[Clause]) -> String {
    clauses.iter().map(clause).collect::<Vec<_>>().join(" ")
}

/// One clause as the operator could type it.
pub fn clause(clause: &Clause) -> String {
    let minus = if clause.negated { "-" } else { "" };
    let values: Vec<String> = clause.values.iter().map(value).collect();
    let values = values.join(",");
    let name = match &clause.target {
        Target::Word => return format!("{minus}{values}"),
        Target::Field(field) => field.name().to_owned(),
        Target::Attribute(name) => format!("@{name}"),
    };
    format!("{minus}{name}{}{values}", sign(clause.op))
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq => ":",
        Op::Ne => "!=",
        Op::Match => "~",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) if text.is_empty() || text.contains([' ', ',', '"']) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Value::Text(text) => text.to_string(),
        Value::Duration(length) => time::duration(*length),
        Value::Instant(when) => instant(when),
    }
}

fn instant(when: &When) -> String {
    let base = match &when.base {
        Base::Now => "now".to_owned(),
        Base::Today => "today".to_owned(),
        Base::Yesterday => "yesterday".to_owned(),
        Base::Day(day) => day.to_string(),
        Base::Local(at) => at.format("%Y-%m-%dT%H:%M:%S").to_string(),
        Base::Exact(at) => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    match when.offset {
        zero if zero == TimeDelta::zero() => base,
        later if later > TimeDelta::zero() => format!("{base}+{}", time::duration(later)),
        earlier => format!("{base}{}", time::duration(earlier)),
    }
}
