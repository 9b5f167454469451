//! Checks that a value suits its field and operator, and says in words why it does not.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use strum::IntoEnumIterator;

use super::error::{QueryError, quoted};
use super::{Field, Op, Target, Value, ValueKind, When};
use crate::model::AddressClass;
use crate::model::session::State;
use crate::model::text::nearest;
use crate::model::time::parse_duration;

/// How much memory a compiled expression may take, in bytes: far more than a person types, far
/// less than one would notice.
const REGEX_BYTES: usize = 1 << 20;

/// The kind of value that a target compares with.
pub(super) fn kind_of(target: &Target) -> ValueKind {
    match target {
        Target::Field(field) => field.kind(),
        Target::Word | Target::Attribute(_) => ValueKind::Text,
    }
}

/// Refuses operators that mean nothing for the target; `at` is where the operator stands.
pub(super) fn check_op(target: &Target, op: Op, at: Range<usize>) -> Result<(), QueryError> {
    let name = || name_of(target);
    let order = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
    match kind_of(target) {
        ValueKind::Instant if op == Op::Match => {
            let message = format!("{} is a time; ~ compares texts", name());
            Err(QueryError::new(at, message).suggest("use < or >"))
        }
        ValueKind::Duration if op == Op::Match => {
            let message = format!("{} is a duration; ~ compares texts", name());
            Err(QueryError::new(at, message).suggest("use < or >"))
        }
        ValueKind::Instant | ValueKind::Duration => Ok(()),
        // The type of an attribute is not known before its value arrives; it may be a time.
        ValueKind::Text | ValueKind::Address
            if order && !matches!(target, Target::Attribute(_)) =>
        {
            let message = format!("{} is text; {} compares times", name(), sign(op));
            Err(QueryError::new(at, message).suggest("use : or ~"))
        }
        ValueKind::Text | ValueKind::Address => Ok(()),
        ValueKind::Exact | ValueKind::State | ValueKind::YesNo if order || op == Op::Match => {
            let message = format!("{} can only be equal or not", name());
            Err(QueryError::new(at, message).suggest("use : or !="))
        }
        ValueKind::Exact | ValueKind::State | ValueKind::YesNo => Ok(()),
    }
}

/// Reads one value as the target's kind; `at` is where it stands.
pub(super) fn read_value(
    target: &Target,
    op: Op,
    text: &str,
    at: Range<usize>,
) -> Result<Value, QueryError> {
    let whole = || Value::Text(text.into());
    if op == Op::Match {
        return match compile_regex(text) {
            Ok(_) => Ok(whole()),
            Err(why) => Err(QueryError::new(at, why).suggest("see the syntax of crate regex")),
        };
    }
    if let (Target::Attribute(_), Op::Lt | Op::Le | Op::Gt | Op::Ge) = (target, op) {
        return instant(text, at);
    }
    match kind_of(target) {
        ValueKind::Text | ValueKind::Exact => Ok(whole()),
        ValueKind::Address if is_address(text) || text.contains('*') => Ok(whole()),
        ValueKind::Address if AddressClass::of_word(text).is_some() => Ok(whole()),
        ValueKind::Address => {
            let message = format!("{} is not an address", quoted(text));
            Err(QueryError::new(at, message)
                .suggest("try 10.0.4.18, 10.0.0.0/8, 2001:db8::/32, private"))
        }
        ValueKind::State => state_word(text, at),
        ValueKind::YesNo => yes_no(text, at),
        ValueKind::Instant => instant(text, at),
        ValueKind::Duration => parse_duration(text).map(Value::Duration).ok_or_else(|| {
            QueryError::new(at, format!("{} is not a duration", quoted(text)))
                .suggest("try 30s, 90m, 2h, 7d, 4h30m")
        }),
    }
}

fn instant(text: &str, at: Range<usize>) -> Result<Value, QueryError> {
    When::parse(text).map(Value::Instant).ok_or_else(|| {
        QueryError::new(at, format!("{} is not a time", quoted(text)))
            .suggest("try 2026-11-21, 2026-11-21 14:00, now-2h")
    })
}

/// The word for every session with a signed-in user, as the server reports it, also an expired one.
/// It is only searched for: no session has it as its state.
pub(super) const SIGNED_IN: &str = "authenticated";

fn state_word(text: &str, at: Range<usize>) -> Result<Value, QueryError> {
    let words = || State::iter().map(State::word);
    if SIGNED_IN.eq_ignore_ascii_case(text) {
        return Ok(Value::Text(SIGNED_IN.into()));
    }
    if let Some(word) = words().find(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(Value::Text(word.into()));
    }
    let suggestion = match nearest(text, words()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("try {}", words().collect::<Vec<_>>().join(", ")),
    };
    Err(QueryError::new(at, format!("{} is not a state", quoted(text))).suggest(suggestion))
}

fn yes_no(text: &str, at: Range<usize>) -> Result<Value, QueryError> {
    [
        ("yes", "yes"),
        ("no", "no"),
        ("unknown", "unknown"),
        ("true", "yes"),
        ("false", "no"),
    ]
    .into_iter()
    .find(|(word, _)| word.eq_ignore_ascii_case(text))
    .map(|(_, meant)| Value::Text(meant.into()))
    .ok_or_else(|| {
        QueryError::new(at, format!("{} is not yes or no", quoted(text)))
            .suggest("try yes, no, true, false, unknown")
    })
}

/// An address or a network.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok()
}

/// Compiles an expression; the error is one line.
pub(super) fn compile_regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                other => last_line(&other.to_string()),
            };
            format!("{} is not a regular expression: {why}", quoted(text))
        })
}

/// The crate draws the expression over several lines and ends with "error: what is wrong".
fn last_line(report: &str) -> String {
    let last = report.lines().next_back().unwrap_or_default().trim();
    let why = last.strip_prefix("error: ").unwrap_or(last);
    crate::model::text::display_safe(why).into_owned()
}

/// The target as the query names it.
pub(super) fn name_of(target: &Target) -> String {
    match target {
        Target::Word => "a word".to_owned(),
        Target::Field(field) => Field::name(*field).to_owned(),
        Target::Attribute(name) => {
            crate::model::text::display_safe(&format!("@{name}")).into_owned()
        }
    }
}

/// The operator as it is printed.
pub(super) fn sign(op: Op) -> &'static str {
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
