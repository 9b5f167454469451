//! Text to query.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use super::check::{check_op, is_address, kind_of, read_value};
use super::error::{QueryError, quoted};
use super::fields::{ValueKind, nearest_name};
use super::when::{begins_with_time, is_date};
use super::{Clause, Field, Means, Op, OwnName, Query, Target, Value};

impl Query {
    /// Reads a query. An empty text, or one of white space and commas, matches everything.
    ///
    /// # Errors
    /// The first thing in it that cannot be read, with its place.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Self::parse_with(text, &[])
    }

    /// The same where systems have names of their own for what is asked.
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn parse_with(text: &str, names: &[OwnName]) -> Result<Self, QueryError> {
        let mut parser = Parser { text, at: 0, names };
        let mut clauses = Vec::new();
        loop {
            parser.skip_while(is_separator);
            if parser.rest().is_empty() {
                return Ok(Self { clauses });
            }
            clauses.push(parser.clause()?);
        }
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

/// True if this text, at the start of a clause, would be read as `field op …` and not as a word.
pub(super) fn reads_as_clause(text: &str) -> bool {
    head_of(text.strip_prefix('-').unwrap_or(text)).is_some()
}

/// True if this attribute name can be written without quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_attribute_char)
}

/// The head of a clause: where its name ends, and where its operator does.
struct Head {
    name: usize,
    op: Op,
    end: usize,
}

/// The head of a clause at the start of the text. `None`: the text begins with a word.
fn head_of(text: &str) -> Option<Head> {
    let name = match text.strip_prefix('@') {
        Some(quoted) if quoted.starts_with('"') => 1 + closing_quote(quoted)?,
        Some(name) => 1 + name.find(|c| !is_attribute_char(c)).unwrap_or(name.len()),
        None if text.starts_with(|c: char| c.is_ascii_alphabetic()) => text
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
            .unwrap_or(text.len()),
        None => return None,
    };
    let (op, length) = operator(&text[name..])?;
    // A pasted fe80::1 begins with a letter and holds a colon, and is an address all the same.
    if is_address(&text[..token_end(text)]) {
        return None;
    }
    Some(Head {
        name,
        op,
        end: name + length,
    })
}

fn operator(text: &str) -> Option<(Op, usize)> {
    [
        ("!=", Op::Ne),
        (">=", Op::Ge),
        ("<=", Op::Le),
        (">", Op::Gt),
        ("<", Op::Lt),
        (":", Op::Eq),
        ("=", Op::Eq),
        ("~", Op::Match),
    ]
    .into_iter()
    .find(|(sign, _)| text.starts_with(sign))
    .map(|(sign, op)| (op, sign.len()))
}

/// True if it can be the name of a part of a distinguished name ("ou").
fn is_dn_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_separator(c: char) -> bool {
    c == ',' || c.is_whitespace()
}

fn is_attribute_char(c: char) -> bool {
    !is_separator(c) && !matches!(c, '"' | ':' | '=' | '!' | '<' | '>' | '~')
}

/// Where bare text that starts here ends.
fn token_end(text: &str) -> usize {
    text.find(is_separator).unwrap_or(text.len())
}

/// Where quoted text ends, after its closing quote. `None`: it has none.
fn closing_quote(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at + 1),
            '\\' => {
                // Whatever follows cannot close; which two are escapes is `unquote`'s business.
                chars.next();
            }
            _ => {}
        }
    }
    None
}

/// The text between two quotes: `\"` and `\\` are escapes, any other backslash is itself.
fn unquote(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&next @ ('"' | '\\')) if c == '\\' => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    names: &'a [OwnName],
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_while(&mut self, skip: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.rest().trim_start_matches(skip).len();
    }

    /// Takes so many bytes and says where they were.
    fn take(&mut self, bytes: usize) -> Range<usize> {
        let start = self.at;
        self.at += bytes;
        start..self.at
    }

    fn clause(&mut self) -> Result<Clause, QueryError> {
        let start = self.at;
        let negated = self.rest().starts_with('-');
        if negated {
            self.take(1);
            if self.rest().is_empty() || self.rest().starts_with(is_separator) {
                let error = QueryError::new(start..self.at, "nothing follows the minus");
                return Err(error.suggest("it negates what follows: -state:expired"));
            }
        }
        let mut clause = match head_of(self.rest()) {
            Some(head) => self.condition(&head)?,
            None => self.word()?,
        };
        clause.negated = negated;
        clause.at = start..self.at;
        Ok(clause)
    }

    fn word(&mut self) -> Result<Clause, QueryError> {
        let (text, _) = self.text_value(None)?;
        Ok(Clause::word(text))
    }

    fn condition(&mut self, head: &Head) -> Result<Clause, QueryError> {
        let name = self.take(head.name);
        let target = self.target(name.clone())?;
        let op = self.take(head.end - head.name);
        self.check_time(name, head.op, op.clone())?;
        check_op(&target, head.op, op)?;
        let mut values = vec![self.value(&target, head.op)?];
        while self.another_value_follows() {
            self.take(1);
            values.push(self.value(&target, head.op)?);
        }
        Ok(Clause {
            target,
            op: head.op,
            values,
            negated: false,
            at: 0..0,
        })
    }

    fn target(&self, at: Range<usize>) -> Result<Target, QueryError> {
        let name = &self.text[at.clone()];
        if let Some(attribute) = name.strip_prefix('@') {
            let attribute = if attribute.starts_with('"') {
                unquote(attribute)
            } else {
                Cow::Borrowed(attribute)
            };
            if attribute.is_empty() {
                let error = QueryError::new(at, "the attribute has no name");
                return Err(error.suggest("write @name, as the system sends it"));
            }
            return Ok(Target::Attribute(attribute.into()));
        }
        if let Some(field) = Field::from_name(name) {
            return Ok(Target::Field(field));
        }
        let own = OwnName::find(self.names, name);
        if let Some(Means::Nothing(why)) = own {
            let error = QueryError::new(at, format!("{} cannot be asked for", quoted(name)));
            return Err(error.suggest(why.as_ref()));
        }
        own.and_then(Means::target).ok_or_else(|| {
            let error = QueryError::new(at, format!("unknown field {}", quoted(name)));
            match nearest_name(name, self.names) {
                Some(near) => error.suggest(format!("did you mean \"{near}\"?")),
                None => error.suggest("to search for it as text, put it in quotes"),
            }
        })
    }

    /// Times of a system's own are texts to us: they are put in order, and equal only by chance.
    fn check_time(&self, name: Range<usize>, op: Op, at: Range<usize>) -> Result<(), QueryError> {
        let name = &self.text[name];
        let is_time = matches!(OwnName::find(self.names, name), Some(Means::Time(_)));
        match (is_time && Field::from_name(name).is_none(), op) {
            (true, Op::Eq | Op::Ne) => {
                let message = format!("{name} is a time, and of such only < and > are known");
                let instead = format!("for one day write {name}>=2026-11-27 {name}<2026-11-28");
                Err(QueryError::new(at, message).suggest(instead))
            }
            _ => Ok(()),
        }
    }

    /// Where a name such as `inum=1,ou=people,o=jans` ends, that began here and had its first part up to
    /// `end`: each further part has a name that no field has.
    fn dn_end(&self, mut end: usize) -> usize {
        if !self.rest()[..end].contains('=') {
            return end;
        }
        loop {
            let Some(part) = self.rest()[end..].strip_prefix(',') else {
                return end;
            };
            let part = &part[..token_end(part)];
            let known = |name: &str| {
                Field::from_name(name).is_some() || OwnName::find(self.names, name).is_some()
            };
            match part.split_once('=') {
                Some((name, _)) if is_dn_name(name) && !known(name) => end += 1 + part.len(),
                _ => return end,
            }
        }
    }

    /// A comma that is followed by neither `field op` nor the end of the clause.
    fn another_value_follows(&self) -> bool {
        self.rest().strip_prefix(',').is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with(is_separator) && !reads_as_clause(rest)
        })
    }

    fn value(&mut self, target: &Target, op: Op) -> Result<Value, QueryError> {
        let orders = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
        let kind = match target {
            Target::Attribute(_) if orders => ValueKind::Instant,
            other => kind_of(other),
        };
        if *target == Target::Field(Field::UserId) && !self.rest().starts_with('"') {
            let end = self.dn_end(token_end(self.rest()));
            if end > 0 {
                let at = self.take(end);
                return read_value(target, op, &self.text[at.clone()], at);
            }
        }
        let (text, at) = self.text_value(Some(kind))?;
        read_value(target, op, &text, at)
    }

    /// Bare or quoted text and where it stands; `kind` is `None` for a word.
    fn text_value(
        &mut self,
        kind: Option<ValueKind>,
    ) -> Result<(Cow<'a, str>, Range<usize>), QueryError> {
        if self.rest().starts_with('"') {
            return self.quoted_text();
        }
        let mut end = token_end(self.rest());
        if kind == Some(ValueKind::Instant) && is_date(&self.rest()[..end]) {
            let after = self.rest()[end..].strip_prefix(' ');
            if let Some(time) = after.filter(|after| begins_with_time(after)) {
                end += 1 + token_end(time);
            }
        }
        let at = self.take(end);
        if at.is_empty() {
            return Err(QueryError::new(at, "a value is missing")
                .suggest("write it right after the sign; \"\" is the empty text"));
        }
        Ok((Cow::Borrowed(&self.text[at.clone()]), at))
    }

    fn quoted_text(&mut self) -> Result<(Cow<'a, str>, Range<usize>), QueryError> {
        let Some(length) = closing_quote(self.rest()) else {
            let at = self.at..self.text.len();
            return Err(QueryError::new(at, "the closing quote is missing"));
        };
        let at = self.take(length);
        if !(self.rest().is_empty() || self.rest().starts_with(is_separator)) {
            let next = token_end(self.rest());
            let error = QueryError::new(self.at..self.at + next, "text follows the closing quote");
            return Err(error.suggest("write \\\" for a quote inside quotes"));
        }
        Ok((unquote(&self.text[at.clone()]), at))
    }
}
