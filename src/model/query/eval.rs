//! Which rows a query means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeFrom;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use strum::IntoEnumIterator;

use super::address::Network;
use super::check::{SIGNED_IN, check_op, compile_regex, name_of};
use super::pattern::{Needle, Pattern};
use super::row::{RowView, TextNumber};
use super::span::Span;
use super::word::WordTest;
use super::{Base, Clause, Field, Op, Query, QueryError, Search, Target, Value, ValueKind};
use crate::model::AddressClass;
use crate::model::hint::{Hint, Hints};
use crate::model::session::{Fact, State, Thresholds, state_at};
use crate::model::time::{Zone, parse_instant};

/// The fields in which a bare word is looked for; of the id only the start counts.
pub const WORD_FIELDS: [Field; 6] = [
    Field::User,
    Field::Client,
    Field::Ip,
    Field::Agent,
    Field::Scope,
    Field::Method,
];

/// Clauses made ready for many rows: expressions compiled, networks read, instants settled.
#[derive(Clone, Debug)]
pub struct Matcher {
    clauses: Vec<Clause>,
    tests: Vec<Test>,
    /// The tests of a source in whose words the clauses are others, by its number.
    of_source: BTreeMap<usize, Vec<Test>>,
    /// The number of the next check.
    checks: usize,
    now: DateTime<Utc>,
    zone: Zone,
    thresholds: Thresholds,
}

impl Matcher {
    /// Prepares clauses (all of a query, or the rest of a plan) for a question asked at `now`.
    ///
    /// `thresholds` are those of rows that have none of their own.
    ///
    /// # Errors
    /// A clause that was not made by the parser and whose values do not suit its field.
    pub fn new(
        clauses: &[Clause],
        now: DateTime<Utc>,
        zone: Zone,
        thresholds: Thresholds,
    ) -> Result<Self, QueryError> {
        let mut matcher = Self {
            clauses: clauses.to_vec(),
            tests: Vec::new(),
            of_source: BTreeMap::new(),
            checks: 0,
            now,
            zone,
            thresholds,
        };
        matcher.tests = matcher.tests_of(clauses)?;
        Ok(matcher)
    }

    /// The same, but for the rows of one source ([`RowView::source`]) these clauses count in place of the others:
    /// it has other words for the same.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub fn with_source(mut self, source: usize, clauses: &[Clause]) -> Result<Self, QueryError> {
        let tests = self.tests_of(clauses)?;
        self.of_source.insert(source, tests);
        Ok(self)
    }

    fn tests_of(&mut self, clauses: &[Clause]) -> Result<Vec<Test>, QueryError> {
        let mut checks = self.checks..;
        let mut tests = clauses
            .iter()
            .map(|clause| Test::new(clause, self.now, self.zone, &mut checks))
            .collect::<Result<Vec<_>, _>>()?;
        self.checks = checks.start;
        // Cheap ones first: most rows are turned down before an expression runs.
        tests.sort_by_key(Test::cost);
        Ok(tests)
    }

    /// The tests for this row.
    fn tests_for(&self, row: &impl RowView) -> &[Test] {
        if self.of_source.is_empty() {
            return &self.tests;
        }
        let own = row.source().and_then(|source| self.of_source.get(&source));
        own.unwrap_or(&self.tests)
    }

    /// True if every row that this one lets pass passes the other as well, now and later: it is the same but
    /// for more letters at the end of the last bare word. False where that is not sure.
    pub fn narrows(&self, other: &Self) -> bool {
        let (Some((last, rest)), Some((known, others))) =
            (self.clauses.split_last(), other.clauses.split_last())
        else {
            return false;
        };
        let (Some(word), Some(shorter)) = (plain_word(last), plain_word(known)) else {
            return false;
        };
        let same_words = self.of_source.is_empty() && other.of_source.is_empty();
        word.starts_with(shorter) && rest == others && same_words && !depend_on_now(&self.clauses)
    }

    /// Prepares the whole query of a search.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub fn for_search(search: &Search, thresholds: Thresholds) -> Result<Self, QueryError> {
        let clauses = &search.query.clauses;
        Self::new(clauses, search.now, search.zone, thresholds)
    }

    /// True if all clauses hold for this row.
    pub fn matches(&self, row: &impl RowView) -> bool {
        self.matches_knowing(row, &mut Answers::default())
    }

    /// The same for one of many rows whose texts are numbered: each distinct text is looked at once.
    pub fn matches_knowing(&self, row: &impl RowView, answers: &mut Answers) -> bool {
        self.tests_for(row)
            .iter()
            .all(|test| test.is_met(row, self, answers) != test.negated)
    }

    /// The bare words: they are looked for in nearly every text, so that whoever has many rows best looks for
    /// them beforehand, and tells by [`RowView::word`].
    pub fn words(&self) -> impl Iterator<Item = WordTest<'_>> {
        let tests = self.tests.iter().chain(self.of_source.values().flatten());
        let checks = tests.flat_map(|test| &test.any);
        checks.filter_map(|(number, check)| match check {
            Check::Word(needle, _) => Some(WordTest {
                number: *number,
                needle,
            }),
            _ => None,
        })
    }

    /// The bare words that a row must have, or must not have (`false`), where they are all that is asked for.
    /// `None`: there is something else.
    pub fn only_words(&self) -> Option<Vec<(WordTest<'_>, bool)>> {
        let tests = self.of_source.is_empty().then_some(&self.tests)?;
        tests.iter().map(Test::only_word).collect()
    }

    /// True if an attribute is asked for.
    pub fn asks_attributes(&self) -> bool {
        self.attributes().next().is_some()
    }

    /// True if this attribute is asked for.
    pub fn asks_attribute(&self, name: &str) -> bool {
        self.attributes().any(|asked| asked == name)
    }

    fn attributes(&self) -> impl Iterator<Item = &str> {
        let checks = self.tests.iter().flat_map(|test| &test.any);
        checks.filter_map(|(_, check)| match check {
            Check::Text(TextSource::Attribute(name), _) | Check::Time(name, _) => Some(&**name),
            _ => None,
        })
    }

    /// True if a hint is asked for that other rows have to be known for.
    pub fn asks_other_rows(&self) -> bool {
        self.clauses.iter().any(Clause::asks_other_rows)
    }

    /// The hints of the row at the moment of the question.
    fn hints(&self, row: &impl RowView) -> Hints {
        let thresholds = row.thresholds().unwrap_or(self.thresholds);
        let others = row.of_other_rows();
        Hints::of(row, others, thresholds, self.now + row.ahead())
    }

    /// The state of the row at the moment of the question.
    fn state(&self, row: &impl RowView) -> State {
        state_at(
            row.fact(),
            row.instant(Field::Created),
            row.instant(Field::Used),
            row.instant(Field::Expires),
            row.thresholds().unwrap_or(self.thresholds),
            self.now + row.ahead(),
        )
    }
}

/// What is known of the texts that were looked at: of each check, by the number of the text.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<Vec<Option<bool>>>);

impl Answers {
    fn of_check(&mut self, check: usize) -> &mut Vec<Option<bool>> {
        if self.0.len() <= check {
            self.0.resize_with(check + 1, Vec::new);
        }
        &mut self.0[check]
    }

    /// The answer of a check for the text of a field; `look` finds it out. `None`: the row has no such text.
    fn of(
        &mut self,
        check: usize,
        row: &impl RowView,
        field: Field,
        look: impl FnOnce(&str) -> bool,
    ) -> Option<bool> {
        let number = match row.text_number(field) {
            TextNumber::Is(number) => number,
            TextNumber::NoText => return None,
            TextNumber::Unknown => return row.text(field).map(|text| look(&text)),
        };
        let known = self.of_check(check);
        if known.len() <= number {
            known.resize((number + 1).next_power_of_two(), None);
        }
        if known[number].is_none() {
            known[number] = row.text(field).map(|text| look(&text));
        }
        known[number]
    }
}

impl Query {
    /// True if its meaning changes with time, as with states, ages and `now-2h`.
    pub fn depends_on_now(&self) -> bool {
        depend_on_now(&self.clauses)
    }
}

fn depend_on_now(clauses: &[Clause]) -> bool {
    let relative = |value: &Value| match value {
        Value::Instant(when) => matches!(when.base, Base::Now | Base::Today | Base::Yesterday),
        Value::Text(_) | Value::Duration(_) => false,
    };
    clauses.iter().any(|clause| {
        let moving = [
            Field::State,
            Field::Age,
            Field::Idle,
            Field::Left,
            Field::Hint,
        ];
        let moves = |field: &Field| clause.target == Target::Field(*field);
        moving.iter().any(moves) || clause.values.iter().any(relative)
    })
}

/// The one bare word that must be there, of letters and signs that mean only themselves. `None`: it is
/// another kind of clause, or an address, which stands for more than its letters.
fn plain_word(clause: &Clause) -> Option<&str> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    match (&clause.target, clause.values.as_slice()) {
        (Target::Word, [Value::Text(word)]) if !clause.negated => {
            (word.chars().all(is_plain) && Network::parse(word).is_none()).then_some(&**word)
        }
        _ => None,
    }
}

/// One clause.
#[derive(Clone, Debug)]
struct Test {
    negated: bool,
    /// Each with its number among all checks.
    any: Vec<(usize, Check)>,
}

/// One value of a clause, with what it is compared to.
#[derive(Clone, Debug)]
enum Check {
    Word(Box<Needle>, Option<Network>),
    Id(Box<str>),
    Text(TextSource, Compare),
    Address(Network),
    Class(AddressClass),
    State(Vec<State>),
    Hints(Hints),
    SignedIn,
    Time(Box<str>, Span<DateTime<Utc>>),
    Own(Option<bool>),
    Deletable(Option<bool>),
    Instant(Field, Span<DateTime<Utc>>),
    Duration(Field, Span<TimeDelta>),
}

/// Where a text comes from.
#[derive(Clone, Debug)]
enum TextSource {
    Field(Field),
    Attribute(Box<str>),
}

/// How a text is compared.
#[derive(Clone, Debug)]
enum Compare {
    Like(Pattern),
    Match(Regex),
}

impl Test {
    fn new(
        clause: &Clause,
        now: DateTime<Utc>,
        zone: Zone,
        checks: &mut RangeFrom<usize>,
    ) -> Result<Self, QueryError> {
        if clause.target != Target::Word {
            check_op(&clause.target, clause.op, clause.at.clone())?;
        }
        let any = clause
            .values
            .iter()
            .zip(checks)
            .map(|(value, number)| Ok((number, Check::new(clause, value, now, zone)?)))
            .collect::<Result<_, QueryError>>()?;
        Ok(Self {
            negated: clause.negated != (clause.op == Op::Ne),
            any,
        })
    }

    /// The bare word that it asks for, and whether it must be there. `None`: it asks for something else, or
    /// for an address, which is more than its letters.
    fn only_word(&self) -> Option<(WordTest<'_>, bool)> {
        let [(number, Check::Word(needle, None))] = self.any.as_slice() else {
            return None;
        };
        let number = *number;
        Some((WordTest { number, needle }, !self.negated))
    }

    fn is_met(&self, row: &impl RowView, matcher: &Matcher, answers: &mut Answers) -> bool {
        let mut any = self.any.iter();
        any.any(|(number, check)| check.is_met(*number, row, matcher, answers))
    }

    fn cost(&self) -> usize {
        self.any.iter().map(|(_, check)| check.cost()).sum()
    }
}

impl Check {
    fn new(
        clause: &Clause,
        value: &Value,
        now: DateTime<Utc>,
        zone: Zone,
    ) -> Result<Self, QueryError> {
        let unfit = || {
            let message = format!("{} cannot have such a value", name_of(&clause.target));
            QueryError::new(clause.at.clone(), message)
        };
        let field = match (&clause.target, value) {
            (Target::Word, Value::Text(text)) => {
                let needle = Box::new(Needle::new(text));
                return Ok(Self::Word(needle, Network::parse(text)));
            }
            (Target::Attribute(name), Value::Text(text)) => {
                return Ok(Self::Text(
                    TextSource::Attribute(name.clone()),
                    Compare::new(clause, text)?,
                ));
            }
            (Target::Attribute(name), Value::Instant(when)) => {
                let span = Span::new(clause.op, when.at(now, zone));
                return Ok(Self::Time(name.clone(), span));
            }
            (Target::Field(field), _) => *field,
            (Target::Word | Target::Attribute(_), _) => return Err(unfit()),
        };
        match (field.kind(), value) {
            (ValueKind::Instant, Value::Instant(when)) => {
                let equal = matches!(clause.op, Op::Eq | Op::Ne);
                let span = match when.day_range(now, zone) {
                    Some(day) if equal => Span::Within(day.start, day.end),
                    _ => Span::new(clause.op, when.at(now, zone)),
                };
                Ok(Self::Instant(field, span))
            }
            (ValueKind::Duration, Value::Duration(length)) => {
                // Nobody can write less than a second, so a second is what equals.
                let end = length.checked_add(&TimeDelta::seconds(1));
                let span = match clause.op {
                    Op::Eq | Op::Ne => Span::Within(*length, end.unwrap_or(*length)),
                    op => Span::new(op, *length),
                };
                Ok(Self::Duration(field, span))
            }
            (ValueKind::Instant | ValueKind::Duration, _) => Err(unfit()),
            (_, Value::Text(text)) => Self::of_text(clause, field, text).ok_or_else(unfit)?,
            (_, Value::Instant(_) | Value::Duration(_)) => Err(unfit()),
        }
    }

    /// A check of a field whose values are written as text. `None`: not one of its words.
    fn of_text(clause: &Clause, field: Field, text: &str) -> Option<Result<Self, QueryError>> {
        let compare = |source| Compare::new(clause, text).map(|how| Self::Text(source, how));
        let check = match field.kind() {
            ValueKind::Exact => Self::Id(text.into()),
            ValueKind::State if text == SIGNED_IN => Self::SignedIn,
            ValueKind::State => Self::State(states_meant(text)?),
            ValueKind::YesNo => {
                let answer = match text {
                    "yes" => Some(true),
                    "no" => Some(false),
                    "unknown" => None,
                    _ => return None,
                };
                if field == Field::Own {
                    Self::Own(answer)
                } else {
                    Self::Deletable(answer)
                }
            }
            ValueKind::Address if clause.op != Op::Match => match Network::parse(text) {
                Some(network) => Self::Address(network),
                None => match AddressClass::of_word(text) {
                    Some(class) => Self::Class(class),
                    None => return Some(compare(TextSource::Field(field))),
                },
            },
            _ if field == Field::Hint => {
                let meant = |how: Compare| Self::Hints(Hints::with_words(|word| how.is_met(word)));
                return Some(Compare::new(clause, text).map(meant));
            }
            _ => return Some(compare(TextSource::Field(field))),
        };
        Some(Ok(check))
    }

    fn is_met(
        &self,
        number: usize,
        row: &impl RowView,
        matcher: &Matcher,
        answers: &mut Answers,
    ) -> bool {
        match self {
            Self::Word(needle, network) => {
                let as_text = row.word(number).unwrap_or_else(|| {
                    let mut fields = WORD_FIELDS.iter();
                    let look = |text: &str| needle.is_in(text);
                    fields.any(|field| answers.of(number, row, *field, look) == Some(true))
                        || row.tests_id(|id| needle.begins(id))
                });
                as_text || network.is_some_and(|network| is_in_network(network, row))
            }
            Self::Id(id) => {
                let same = |text: Option<Cow<'_, str>>| text.is_some_and(|text| text == **id);
                same(row.text(Field::Id)) || same(row.key())
            }
            Self::Text(TextSource::Field(field), how) => {
                answers.of(number, row, *field, |text| how.is_met(text)) == Some(true)
            }
            Self::Text(TextSource::Attribute(name), how) => {
                row.any_attribute(name, &mut |text| how.is_met(text))
            }
            Self::Address(network) => row
                .text(Field::Ip)
                .is_some_and(|text| network.has_any_of(&text)),
            Self::Class(class) => row
                .text(Field::Ip)
                .is_some_and(|text| AddressClass::all_in(&text).contains(class)),
            Self::State(states) => states.contains(&matcher.state(row)),
            Self::Hints(hints) => matcher.hints(row).meet(hints),
            Self::SignedIn => row.fact() == Fact::Live,
            Self::Time(name, span) => row.any_attribute(name, &mut |text| {
                parse_instant(text, Zone::Utc).is_some_and(|at| span.has(&at))
            }),
            Self::Own(answer) => row.own() == *answer,
            Self::Deletable(answer) => row.deletable() == *answer,
            Self::Instant(field, span) => row.instant(*field).is_some_and(|at| span.has(&at)),
            Self::Duration(field, span) => length_of(*field, row, matcher.now + row.ahead())
                .is_some_and(|length| span.has(&length)),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::Own(_) | Self::Deletable(_) | Self::Instant(..) | Self::Duration(..) => 1,
            Self::State(_) | Self::Hints(_) | Self::SignedIn | Self::Id(_) => 2,
            Self::Text(TextSource::Field(_), Compare::Like(_)) => 4,
            Self::Address(_) | Self::Class(_) => 8,
            Self::Text(_, Compare::Like(_)) | Self::Time(..) => 16,
            Self::Word(..) => 32,
            Self::Text(_, Compare::Match(_)) => 64,
        }
    }
}

impl Clause {
    /// True if it asks for a hint that other rows have to be known for.
    pub fn asks_other_rows(&self) -> bool {
        self.target == Target::Field(Field::Hint)
            && self.texts().any(|text| {
                let meant = Compare::new(self, text).map(|how| {
                    let hints = Hints::with_words(|word| how.is_met(word));
                    hints.iter().any(Hint::needs_other_rows)
                });
                meant.unwrap_or(false)
            })
    }
}

impl Compare {
    fn new(clause: &Clause, text: &str) -> Result<Self, QueryError> {
        if clause.op != Op::Match {
            return Ok(Self::Like(Pattern::new(text)));
        }
        compile_regex(text)
            .map(Self::Match)
            .map_err(|why| QueryError::new(clause.at.clone(), why))
    }

    fn is_met(&self, text: &str) -> bool {
        match self {
            Self::Like(pattern) => pattern.is_like(text),
            Self::Match(regex) => regex.is_match(text),
        }
    }
}

/// The states a word of the query means: `active` is "usable now". `None`: no such word.
fn states_meant(word: &str) -> Option<Vec<State>> {
    let state = State::iter().find(|state| state.word() == word)?;
    Some(match state {
        State::Active => vec![State::Active, State::Idle, State::Expiring],
        other => vec![other],
    })
}

fn is_in_network(network: Network, row: &impl RowView) -> bool {
    let address = row.text(Field::Ip);
    address.is_some_and(|text| network.has_any_of(&text))
}

/// The value of `age`, `idle` or `left`; `left` is negative after the expiry.
fn length_of(field: Field, row: &impl RowView, now: DateTime<Utc>) -> Option<TimeDelta> {
    let created = row.instant(Field::Created);
    match field {
        Field::Age => created.map(|at| now - at),
        Field::Idle => row.instant(Field::Used).or(created).map(|at| now - at),
        Field::Left => row.instant(Field::Expires).map(|at| at - now),
        _ => None,
    }
}
