//! Queries made by the program: by the search form, the overview, the command line.

use super::check::{check_op, is_address, read_value};
use super::{Clause, Field, Op, Query, QueryError, Target, Value};

/// The largest number of words that are taken for names: each may cost a request.
const MOST_NAMES: usize = 5;

impl Query {
    /// The same query for one kind of session only, unless it names kinds itself.
    #[must_use]
    pub fn with_kind(mut self, kind: Option<&str>) -> Self {
        let target = Target::Field(Field::Kind);
        if let Some(kind) = kind
            && !self.clauses.iter().any(|clause| clause.target == target)
        {
            let value = Value::Text(kind.into());
            self.clauses.push(Clause::field(Field::Kind, Op::Eq, value));
        }
        self
    }

    /// Everything that both match.
    #[must_use]
    pub fn and(mut self, other: Query) -> Query {
        self.clauses.extend(other.clauses);
        self
    }

    /// The names that a user is compared with: `user:jdoe`, not negated. `None`: no clause does so.
    pub fn users(&self) -> Option<Vec<&str>> {
        let is_user = |clause: &&Clause| {
            let of_user = clause.target == Target::Field(Field::User);
            of_user && clause.op == Op::Eq && !clause.negated
        };
        let clause = self.clauses.iter().find(is_user)?;
        Some(clause.texts().collect())
    }

    /// True if the field must have one of certain values (`user:jdoe`, not negated).
    pub fn compares(&self, field: Field) -> bool {
        self.clauses.iter().any(|clause| {
            clause.target == Target::Field(field) && clause.op == Op::Eq && !clause.negated
        })
    }

    /// The bare words that may each be the name of a user: what a list that a server cut is asked for
    /// besides. None where a user is named already.
    pub fn names_in_words(&self) -> Vec<&str> {
        if self.users().is_some() {
            return Vec::new();
        }
        let is_word = |clause: &&Clause| clause.target == Target::Word && !clause.negated;
        let can_be_name = |text: &&str| {
            let realm = text.starts_with('/');
            !(text.trim().is_empty() || text.contains('*') || realm || is_address(text))
        };
        let words = self.clauses.iter().filter(is_word).flat_map(Clause::texts);
        words.filter(can_be_name).take(MOST_NAMES).collect()
    }

    /// The clauses that each row answers alone, and those that ask for hints for which other rows have to be
    /// known.
    pub fn split_by_rows(&self) -> (Self, Vec<Clause>) {
        let asks = |clause: &Clause| clause.asks_other_rows();
        let (others, alone): (Vec<_>, Vec<_>) = self.clauses.iter().cloned().partition(asks);
        (Self { clauses: alone }, others)
    }

    /// True if it has no clause, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }
}

impl From<Clause> for Query {
    fn from(clause: Clause) -> Self {
        Self {
            clauses: vec![clause],
        }
    }
}

impl FromIterator<Clause> for Query {
    fn from_iter<I: IntoIterator<Item = Clause>>(clauses: I) -> Self {
        Self {
            clauses: clauses.into_iter().collect(),
        }
    }
}

impl Clause {
    /// A condition on a field, with a value that already has the field's kind.
    ///
    /// Whether value and operator suit the field is only looked at when a matcher is made; for
    /// text that a person typed use [`Clause::read`].
    pub fn field(field: Field, op: Op, value: Value) -> Self {
        Self::new(Target::Field(field), op, value)
    }

    /// A condition on an attribute that the system sent.
    pub fn attribute(name: impl Into<Box<str>>, op: Op, value: impl Into<Box<str>>) -> Self {
        let value = Value::Text(value.into());
        Self::new(Target::Attribute(name.into()), op, value)
    }

    /// A bare word: free text.
    pub fn word(text: impl Into<Box<str>>) -> Self {
        Self::new(Target::Word, Op::Eq, Value::Text(text.into()))
    }

    /// A condition with one value as a person typed it into a form field: no quotes are needed,
    /// and a comma is part of the value. A word has no operator; `op` is not looked at.
    ///
    /// # Errors
    /// The value does not suit the field, or the operator does not; places are those in `text`.
    pub fn read(target: Target, op: Op, text: &str) -> Result<Self, QueryError> {
        let at = 0..text.len();
        if target == Target::Word {
            let mut word = Self::word(text);
            word.at = at;
            return Ok(word);
        }
        check_op(&target, op, at.clone())?;
        let value = read_value(&target, op, text, at.clone())?;
        let mut clause = Self::new(target, op, value);
        clause.at = at;
        Ok(clause)
    }

    /// Its values that are texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(&**text),
            Value::Instant(_) | Value::Duration(_) => None,
        })
    }

    /// The same with one more value, any of which may match.
    #[must_use]
    pub fn or(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// The opposite.
    #[must_use]
    pub fn negate(mut self) -> Self {
        self.negated = !self.negated;
        self
    }

    fn new(target: Target, op: Op, value: Value) -> Self {
        Self {
            target,
            op,
            values: vec![value],
            negated: false,
            at: 0..0,
        }
    }
}
