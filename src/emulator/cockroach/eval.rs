//! What an expression is for one row.

use std::cmp::Ordering;

use super::failure::Failure;
use super::rows::Row;
use super::statement::{Expr, Select, Sign};
use super::value::{Type, Value, unhex};

/// What is the same for all rows of a statement.
pub(super) struct Ground<'a> {
    pub(super) arguments: &'a [Value],
    pub(super) now_us: i64,
    pub(super) user: &'a str,
    pub(super) version: &'a str,
    /// The one value of a query inside the statement.
    pub(super) inner: &'a dyn Fn(&Select) -> Result<Value, Failure>,
}

impl Ground<'_> {
    /// True if a row satisfies the condition: NULL does not.
    pub(super) fn holds(&self, filter: Option<&Expr>, row: Row<'_>) -> Result<bool, Failure> {
        let Some(filter) = filter else {
            return Ok(true);
        };
        match self.value(filter, row)? {
            Value::Bool(yes) => Ok(yes),
            Value::Null => Ok(false),
            other => {
                let kind = other.kind().column().0.to_lowercase();
                let text = format!("argument of WHERE must be type bool, not type {kind}");
                Err(Failure::new("42804", text).executing())
            }
        }
    }

    pub(super) fn value(&self, expr: &Expr, row: Row<'_>) -> Result<Value, Failure> {
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Placeholder(number) => self.arguments[*number - 1].clone(),
            Expr::Column(_, name) => row.get(name).unwrap_or(Value::Null),
            Expr::Now => Value::TimestampTz(self.now_us),
            Expr::Version => Value::text(self.version),
            Expr::CurrentUser => Value::text(self.user),
            Expr::Unhex(digits) => self.unhex(digits, row)?,
            Expr::Count(_) => {
                let text = "count(): aggregate functions are not allowed here";
                return Err(Failure::new("42803", text).executing());
            }
            Expr::Cast(inner, to) => self.value(inner, row)?.cast(*to)?,
            Expr::Not(inner) => match self.value(inner, row)? {
                Value::Bool(yes) => Value::Bool(!yes),
                other => other,
            },
            Expr::And(all) => self.chain(all, row, false)?,
            Expr::Or(any) => self.chain(any, row, true)?,
            Expr::Compare(sign, left, right) => {
                let (left, right) = (self.value(left, row)?, self.value(right, row)?);
                compared(*sign, &left, &right)?
            }
            Expr::IsNull(inner) => Value::Bool(self.value(inner, row)? == Value::Null),
            Expr::In(inner, list) => self.among(inner, list, row)?,
            Expr::Like(text, pattern, ignores_case) => {
                let (text, pattern) = (self.value(text, row)?, self.value(pattern, row)?);
                like(&text, &pattern, *ignores_case)?
            }
            Expr::Add(left, right) => {
                let (left, right) = (self.value(left, row)?, self.value(right, row)?);
                moved(&left, &right, "+")?
            }
            Expr::Subtract(left, right) => {
                let (left, right) = (self.value(left, row)?, self.value(right, row)?);
                moved(&left, &right, "-")?
            }
            Expr::Case {
                when,
                then,
                otherwise,
            } => {
                let is_so = self.value(when, row)? == Value::Bool(true);
                self.value(if is_so { then } else { otherwise }, row)?
            }
            Expr::Query(select) => (self.inner)(select)?,
        })
    }

    /// Conditions in a row, where one `decisive` value decides.
    fn chain(&self, list: &[Expr], row: Row<'_>, decisive: bool) -> Result<Value, Failure> {
        let mut result = Value::Bool(!decisive);
        for expr in list {
            match self.value(expr, row)? {
                Value::Bool(yes) if yes == decisive => return Ok(Value::Bool(decisive)),
                Value::Bool(_) => {}
                _ => result = Value::Null,
            }
        }
        Ok(result)
    }

    fn among(&self, inner: &Expr, list: &[Expr], row: Row<'_>) -> Result<Value, Failure> {
        let value = self.value(inner, row)?;
        let mut result = Value::Bool(false);
        for expr in list {
            match value.compare(&self.value(expr, row)?, "=")? {
                Some(Ordering::Equal) => return Ok(Value::Bool(true)),
                Some(_) => {}
                None => result = Value::Null,
            }
        }
        Ok(result)
    }

    fn unhex(&self, digits: &Expr, row: Row<'_>) -> Result<Value, Failure> {
        match self.value(digits, row)? {
            Value::Null => Ok(Value::Null),
            Value::Text(text) => {
                let bytes = unhex(&text).ok_or_else(|| {
                    Failure::new("22023", "decode(): encoding/hex: invalid byte").executing()
                })?;
                Ok(Value::Bytes(bytes))
            }
            other => other.cast(Type::Text),
        }
    }
}

fn compared(sign: Sign, left: &Value, right: &Value) -> Result<Value, Failure> {
    let Some(order) = left.compare(right, sign.text())? else {
        return Ok(Value::Null);
    };
    Ok(Value::Bool(match sign {
        Sign::Equal => order.is_eq(),
        Sign::NotEqual => order.is_ne(),
        Sign::Less => order.is_lt(),
        Sign::LessOrEqual => order.is_le(),
        Sign::Greater => order.is_gt(),
        Sign::GreaterOrEqual => order.is_ge(),
    }))
}

/// A time moved by a length of time.
fn moved(left: &Value, right: &Value, sign: &str) -> Result<Value, Failure> {
    let by = |length: i64| if sign == "-" { -length } else { length };
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Timestamp(us), Value::Interval(length)) => {
            Ok(Value::Timestamp(us.saturating_add(by(*length))))
        }
        (Value::TimestampTz(us), Value::Interval(length)) => {
            Ok(Value::TimestampTz(us.saturating_add(by(*length))))
        }
        _ => {
            let word = |value: &Value| value.kind().column().0.to_lowercase();
            let (left, right) = (word(left), word(right));
            let text = format!("unsupported binary operator: <{left}> {sign} <{right}>");
            Err(Failure::new("22023", text).executing())
        }
    }
}

fn like(text: &Value, pattern: &Value, ignores_case: bool) -> Result<Value, Failure> {
    match (text, pattern) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Text(text), Value::Text(pattern)) => {
            let spelled = |text: &str| {
                let text = if ignores_case {
                    text.to_lowercase()
                } else {
                    text.to_owned()
                };
                text.chars().collect::<Vec<_>>()
            };
            let steps = steps(&spelled(pattern)).ok_or_else(|| {
                Failure::new("22025", "LIKE pattern must not end with escape character").executing()
            })?;
            Ok(Value::Bool(matches(&steps, &spelled(text))))
        }
        _ => text.compare(pattern, "LIKE").map(|_| Value::Null),
    }
}

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Exactly(char),
    One,
    Any,
}

/// A pattern in steps; a backslash takes the meaning from what follows. `None`: nothing follows it.
fn steps(pattern: &[char]) -> Option<Vec<Step>> {
    let mut steps = Vec::with_capacity(pattern.len());
    let mut rest = pattern.iter();
    while let Some(c) = rest.next() {
        steps.push(match c {
            '%' => Step::Any,
            '_' => Step::One,
            '\\' => Step::Exactly(*rest.next()?),
            c => Step::Exactly(*c),
        });
    }
    Some(steps)
}

fn matches(steps: &[Step], text: &[char]) -> bool {
    let (mut step, mut at) = (0, 0);
    let mut again = None;
    while at < text.len() {
        match steps.get(step) {
            Some(Step::Any) => {
                again = Some((step + 1, at));
                step += 1;
            }
            Some(Step::One) => (step, at) = (step + 1, at + 1),
            Some(Step::Exactly(c)) if *c == text[at] => (step, at) = (step + 1, at + 1),
            _ => match again {
                Some((behind, from)) => {
                    (step, at) = (behind, from + 1);
                    again = Some((behind, from + 1));
                }
                None => return false,
            },
        }
    }
    steps[step..].iter().all(|step| *step == Step::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        for (pattern, text, expected) in [
            ("ad%", "ada", true),
            ("%d%", "ada", true),
            ("a_a", "ada", true),
            ("a_a", "adda", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("%\\_%", "a_b", true),
            ("%\\_%", "ab", false),
            ("\\\\", "\\", true),
            ("ü%", "über", true),
            ("%%a", "bab", false),
        ] {
            let found = like(&Value::text(text), &Value::text(pattern), false).expect("a pattern");
            assert_eq!(found, Value::Bool(expected), "{text} LIKE {pattern}");
        }
        assert!(like(&Value::text("a"), &Value::text("a\\"), false).is_err());
    }
}
