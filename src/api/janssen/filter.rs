//! From our query to what Janssen's search takes.
//!
//! `fieldValuePair` is a list of `field operator value`, joined by commas, all of which must hold.
//! It has no way to escape a comma and splits again at every operator, so such values stay here.
//! Operators work on dates only, and `>` includes equal. `pattern` is a list of texts, any of which
//! must occur somewhere in the row.
//! Source: Janssen `BaseResource`, `Util`, `DataUtil` and `SessionService`.

use chrono::TimeDelta;

use super::dates;
use super::wire::inum;
use crate::model::time::Zone;
use crate::model::{Clause, Field, Op, Plan, Search, Sort, Target, Value};

/// The settings of the profile and the limits of the server's version that a filter depends on.
pub(super) struct Rules {
    pub(super) server_zone: Zone,
    pub(super) expiring_within: TimeDelta,
    /// The server can search; those before late 2024 only list.
    pub(super) can_search: bool,
    /// The server failed at `pattern`, dates or an order: only equalities are sent.
    pub(super) plain_only: bool,
}

/// A search as it goes out, and what stays here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Native {
    /// The value of `fieldValuePair`.
    pub(super) field_values: String,
    /// The value of `pattern`.
    pub(super) pattern: String,
    /// The values of `sortBy` and `sortOrder`.
    pub(super) sort: Option<(&'static str, &'static str)>,
    /// The same for people.
    pub(super) plan: Plan,
}

/// How one clause can be sent.
enum Sent {
    /// Pairs that say exactly the same.
    Exactly(Vec<String>),
    /// Pairs that let at least the same rows through.
    Widely(Vec<String>),
    /// Texts, one of which occurs in each of these rows.
    Texts(Vec<String>),
}

const GRANTED: &str = "what a client was granted is @scope";
const MINDS_CASE: &str =
    "the server compares text; with some databases it tells upper from lower case";

/// Translates a search.
pub(super) fn translate(search: &Search, rules: &Rules) -> Native {
    let mut native = Native::default();
    let mut pairs = Vec::new();
    let may_send = rules.can_search && search.native.is_none();
    for clause in &search.query.clauses {
        let sent = sendable(clause, search, rules).filter(|_| may_send);
        let (goes, stays) = match sent {
            Some(Sent::Exactly(found)) => {
                pairs.extend(found);
                (true, false)
            }
            Some(Sent::Widely(found)) => {
                pairs.extend(found);
                (true, true)
            }
            Some(Sent::Texts(found)) if native.pattern.is_empty() && !rules.plain_only => {
                native.pattern = found.join(",");
                (true, true)
            }
            _ => (false, true),
        };
        if goes && compares_text(clause) {
            push_once(&mut native.plan.notes, MINDS_CASE.into());
        }
        if clause.target == Target::Field(Field::Scope) {
            push_once(&mut native.plan.notes, GRANTED.into());
        }
        if stays {
            native.plan.rest.push(in_our_words(clause.clone()));
        }
    }
    pairs.dedup();
    native.field_values = match &search.native {
        Some(own) if rules.can_search => own.clone(),
        _ => pairs.join(","),
    };
    sort(&mut native, search, rules);
    if !rules.can_search {
        let note = "this version of the server cannot search: usher lists all and filters";
        push_once(&mut native.plan.notes, note.into());
    }
    native.plan.native = match (native.field_values.as_str(), native.pattern.as_str()) {
        (pairs, "") => pairs.to_owned(),
        ("", pattern) => format!("pattern={pattern}"),
        (pairs, pattern) => format!("{pairs} pattern={pattern}"),
    };
    native
}

fn push_once(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}

fn compares_text(clause: &Clause) -> bool {
    let free_text = matches!(
        clause.target,
        Target::Attribute(_) | Target::Field(Field::Client | Field::Method)
    );
    free_text
        && clause.values.iter().any(|value| match value {
            Value::Text(text) => text.contains(char::is_alphabetic),
            _ => false,
        })
}

/// The clause as it is applied to our rows, which show DNs for people.
fn in_our_words(mut clause: Clause) -> Clause {
    if !matches!(clause.op, Op::Eq | Op::Ne) {
        return clause;
    }
    let mut more = Vec::new();
    for value in &clause.values {
        let Value::Text(text) = value else { continue };
        match clause.target {
            Target::Field(Field::UserId) if !text.contains(['=', ',']) => {
                more.push(Value::Text(format!("inum={text},*").into()));
            }
            _ => {}
        }
    }
    for value in more {
        if !clause.values.contains(&value) {
            clause.values.push(value);
        }
    }
    clause
}

/// How a clause can be sent. `None`: not at all.
fn sendable(clause: &Clause, search: &Search, rules: &Rules) -> Option<Sent> {
    if clause.negated || matches!(clause.op, Op::Ne | Op::Match) {
        return None;
    }
    match &clause.target {
        Target::Word => word(only_text(clause)?),
        Target::Attribute(name) => {
            // Only these attributes are known to the server's search; others make it fail.
            const KNOWN: [&str; 8] = [
                "sessionState",
                "auth_user",
                "client_id",
                "acr",
                "acr_values",
                "scope",
                "redirect_uri",
                "response_type",
            ];
            if &**name == "authenticationTime" && !rules.plain_only {
                let pairs = dates::pairs(name, clause, search, rules.server_zone);
                return pairs.map(Sent::Widely);
            }
            let known = KNOWN.into_iter().find(|known| **known == **name)?;
            equality(known, clause)
        }
        Target::Field(field) => field_sendable(*field, clause, search, rules),
    }
}

/// The server minds case, so only a word without letters finds there what it finds here.
fn word(word: &str) -> Option<Sent> {
    let caseless = !word.contains(char::is_alphabetic);
    (caseless && is_findable(word)).then(|| Sent::Texts(vec![word.to_owned()]))
}

fn field_sendable(field: Field, clause: &Clause, search: &Search, rules: &Rules) -> Option<Sent> {
    let by_date = |name| {
        if rules.plain_only {
            return None;
        }
        dates::pairs(name, clause, search, rules.server_zone).map(Sent::Widely)
    };
    match field {
        // A database may take é for e, and a revoke must not hit another person: compared again here.
        Field::User => match equality("auth_user", clause) {
            Some(Sent::Exactly(pairs)) => Some(Sent::Widely(pairs)),
            _ => any_text(clause),
        },
        Field::Method => equality("acr", clause).or_else(|| any_text(clause)),
        Field::Id => equality("outsideSid", clause),
        Field::UserId => {
            // The server builds the DN itself, around the bare id.
            let id = inum(only_text(clause)?);
            is_pair_value(id).then(|| Sent::Exactly(vec![format!("userDn={id}")]))
        }
        Field::Client => equality("client_id", clause).or_else(|| any_text(clause)),
        Field::Ip => {
            // Of other addresses there are several ways to write them.
            let address: std::net::Ipv4Addr = only_text(clause)?.parse().ok()?;
            Some(Sent::Texts(vec![address.to_string()]))
        }
        Field::State => state(clause, search, rules),
        Field::Deletable => {
            (only_text(clause)? == "yes").then(|| Sent::Widely(vec!["deletable=true".into()]))
        }
        Field::Created | Field::Age => by_date("creationDate"),
        Field::Used => by_date("lastUsedAt"),
        Field::Expires | Field::Left => by_date("expirationDate"),
        _ => None,
    }
}

fn only_text(clause: &Clause) -> Option<&str> {
    match clause.values.as_slice() {
        [Value::Text(text)] if clause.op == Op::Eq => Some(text),
        _ => None,
    }
}

/// True if the text may stand as a value in `fieldValuePair`.
pub(super) fn is_pair_value(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains([',', '=', '<', '>', '*', '\\'])
        && !text.contains(char::is_control)
}

/// True if the text stands unchanged in a JSON object, and has no meaning of its own in `pattern`.
fn is_findable(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:@-_ ".contains(&byte);
    !text.is_empty() && text.trim() == text && text.bytes().all(plain)
}

fn equality(name: &str, clause: &Clause) -> Option<Sent> {
    let text = only_text(clause)?;
    is_pair_value(text).then(|| Sent::Exactly(vec![format!("{name}={text}")]))
}

/// Several values, any of which may be meant: found as texts, told apart here.
fn any_text(clause: &Clause) -> Option<Sent> {
    if clause.op != Op::Eq {
        return None;
    }
    let texts: Option<Vec<String>> = clause
        .values
        .iter()
        .map(|value| match value {
            Value::Text(text) if is_findable(text) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    Some(Sent::Texts(texts?))
}

/// The server knows two states; the others are made here, from the clock.
fn state(clause: &Clause, search: &Search, rules: &Rules) -> Option<Sent> {
    if clause.op != Op::Eq {
        return None;
    }
    let mut words = Vec::new();
    for value in &clause.values {
        let Value::Text(word) = value else {
            return None;
        };
        words.push(word.to_ascii_lowercase());
    }
    let all = |set: &[&str]| words.iter().all(|word| set.contains(&word.as_str()));
    let usable = "state=authenticated".to_owned();
    let zone = rules.server_zone;
    let name = "expirationDate";
    let pairs = if all(&["expiring"]) && !rules.plain_only {
        let end = search.now.checked_add_signed(rules.expiring_within)?;
        vec![
            usable,
            format!("{name}>={}", dates::lower(search.now, zone)?),
            format!("{name}<={}", dates::through(end, zone)?),
        ]
    } else if all(&["active", "idle", "expiring", "authenticated"]) {
        // Not by the expiry: a session that never ends has none, and is the one to find.
        vec![usable]
    } else if all(&["unauthenticated"]) {
        vec!["state=unauthenticated".to_owned()]
    } else if all(&["expired"]) && !rules.plain_only {
        vec![format!("{name}<={}", dates::through(search.now, zone)?)]
    } else {
        return None;
    };
    Some(Sent::Widely(pairs))
}

fn sort(native: &mut Native, search: &Search, rules: &Rules) {
    let Some(sort) = &search.sort else { return };
    native.sort = database_order(sort).filter(|_| rules.can_search && !rules.plain_only);
    if native.sort.is_none() {
        let note = format!(
            "sorted by usher: the server cannot sort by {}",
            sort.by.name()
        );
        push_once(&mut native.plan.notes, note);
    }
}

/// Database names: the server hands them to SQL unchanged.
fn database_order(sort: &Sort) -> Option<(&'static str, &'static str)> {
    let (name, turned) = match sort.by.field()? {
        Field::Id => ("sid", false),
        Field::UserId => ("jansUsrDN", false),
        Field::Expires | Field::Left => ("exp", false),
        Field::Created => ("creationDate", false),
        Field::Age => ("creationDate", true),
        Field::Used => ("jansLastAccessTime", false),
        Field::Deletable => ("del", false),
        _ => return None,
    };
    let order = if sort.descending == turned {
        "ascending"
    } else {
        "descending"
    };
    Some((name, order))
}

#[cfg(test)]
mod tests;
