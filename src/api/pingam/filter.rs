//! From a query to what the server is asked: one list of each realm, or of each user in each realm.

use crate::model::{Clause, Field, Op, Plan, Search, Support, Target, Value};

use super::realm;

/// More users than this in one clause: the realms are listed whole and filtered here.
const MOST_USERS: usize = 10;
/// So many filters are shown in a plan before the rest is counted.
const SHOWN: usize = 3;

/// One request for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The realm in the address, which decides what the operator may see; also the one that is listed.
    pub(super) realm: String,
    /// Only sessions of this user. `None`: of all.
    pub(super) user: Option<String>,
    /// A filter that the operator wrote, sent as it is.
    pub(super) native: Option<String>,
}

impl Unit {
    /// The CREST filter. Both lines of servers want a realm in it (community: 400 without one).
    pub(super) fn filter(&self) -> String {
        match (&self.native, &self.user) {
            (Some(native), _) => native.clone(),
            (None, Some(user)) => format!(
                "username eq {} and realm eq {}",
                quoted(user),
                quoted(&self.realm)
            ),
            (None, None) => format!("realm eq {}", quoted(&self.realm)),
        }
    }
}

/// A string literal of a CREST filter: JSON escaping of quotes and backslashes, which is all that the
/// grammar knows; the whole filter is percent-encoded by the address.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Which fields the server answers. Realm and user stand in its filter; the rest is applied here.
pub(super) fn support(field: Field) -> Support {
    match field {
        Field::User | Field::Scope => Support::Server,
        Field::Created
        | Field::Ended
        | Field::Age
        | Field::Client
        | Field::Ip
        | Field::Agent
        | Field::Method => Support::No,
        _ => Support::Client,
    }
}

/// Splits a search over the realms of the profile. Without `realms` the list is not known yet, and
/// the plan is only good for showing.
pub(super) fn plan(search: &Search, realms: Option<&[String]>) -> (Vec<Unit>, Plan) {
    let mut plan = Plan::default();
    let mut users: Option<Vec<String>> = None;
    let mut scopes: Option<Vec<String>> = None;
    for clause in &search.query.clauses {
        if search.native.is_some() {
            plan.rest.push(clause.clone());
            continue;
        }
        match (plain(clause, Field::User), plain(clause, Field::Scope)) {
            (Some(names), _) if users.is_none() && names.len() <= MOST_USERS => {
                users = Some(names);
            }
            (_, Some(names)) if scopes.is_none() => scopes = Some(names),
            _ => plan.rest.push(clause.clone()),
        }
    }
    let realms = chosen(realms, scopes.as_deref(), &mut plan);
    let units = units(search, &realms, users.as_deref());
    plan.native = shown(&units);
    (units, plan)
}

/// The realms to ask: those of the profile, less those that the query rules out.
fn chosen(realms: Option<&[String]>, scopes: Option<&[String]>, plan: &mut Plan) -> Vec<String> {
    match (realms, scopes) {
        (Some(realms), None) => realms.to_vec(),
        (Some(realms), Some(scopes)) => {
            let wanted = |realm: &&String| scopes.iter().any(|scope| realm::same(scope, realm));
            for scope in scopes {
                if !realms.iter().any(|realm| realm::same(scope, realm)) {
                    plan.notes.push(format!(
                        "realm {} is not among the realms of this profile",
                        crate::model::text::display_safe(scope)
                    ));
                }
            }
            realms.iter().filter(wanted).cloned().collect()
        }
        (None, Some(scopes)) => scopes.iter().map(|scope| realm::normal(scope)).collect(),
        (None, None) => {
            plan.notes
                .push("every realm that the server names is asked, one after the other".into());
            vec![realm::ROOT.to_owned()]
        }
    }
}

fn units(search: &Search, realms: &[String], users: Option<&[String]>) -> Vec<Unit> {
    if let Some(native) = &search.native {
        // Such a filter names its realm itself; the address only needs one that may be asked.
        let realm = realms.first().cloned();
        return vec![Unit {
            realm: realm.unwrap_or_else(|| realm::ROOT.to_owned()),
            user: None,
            native: Some(native.clone()),
        }];
    }
    let mut units = Vec::new();
    for realm in realms {
        let mut add = |user: Option<&String>| {
            units.push(Unit {
                realm: realm.clone(),
                user: user.cloned(),
                native: None,
            });
        };
        match users {
            Some(users) => users.iter().for_each(|user| add(Some(user))),
            None => add(None),
        }
    }
    units
}

fn shown(units: &[Unit]) -> String {
    let mut parts: Vec<String> = units.iter().take(SHOWN).map(Unit::filter).collect();
    if units.len() > SHOWN {
        parts.push(format!("and {} more", units.len() - SHOWN));
    }
    if parts.is_empty() {
        return "nothing: no realm is left to ask".into();
    }
    parts.join("; ")
}

/// The values of a clause that the server can answer exactly: equal to any of some plain texts.
/// The server knows no wildcard: a star is a letter to it.
fn plain(clause: &Clause, field: Field) -> Option<Vec<String>> {
    if clause.target != Target::Field(field) || clause.op != Op::Eq || clause.negated {
        return None;
    }
    let mut texts: Vec<String> = Vec::new();
    for value in &clause.values {
        match value {
            Value::Text(text) if !text.is_empty() && !text.contains('*') => {
                // Twice the same user would list the same sessions twice.
                let lower = text.to_lowercase();
                if !texts.iter().any(|known| known.to_lowercase() == lower) {
                    texts.push(text.to_string());
                }
            }
            _ => return None,
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use chrono::DateTime;

    use super::*;
    use crate::model::Query;

    fn clause(field: Field, op: Op, values: &[&str]) -> Clause {
        Clause {
            target: Target::Field(field),
            op,
            values: values.iter().map(|v| Value::Text((*v).into())).collect(),
            negated: false,
            at: 0..0,
        }
    }

    fn search(clauses: Vec<Clause>) -> Search {
        Search::new(Query { clauses }, NonZeroU16::MIN, DateTime::UNIX_EPOCH)
    }

    fn realms(list: &[&str]) -> Vec<String> {
        list.iter().map(|realm| (*realm).to_owned()).collect()
    }

    fn filters(clauses: Vec<Clause>, known: &[&str]) -> (Vec<String>, Plan) {
        let (units, plan) = plan(&search(clauses), Some(&realms(known)));
        (units.iter().map(Unit::filter).collect(), plan)
    }

    #[test]
    fn an_empty_query_lists_every_realm() {
        let (sent, plan) = filters(vec![], &["/", "/alpha"]);

        assert_eq!(sent, [r#"realm eq "/""#, r#"realm eq "/alpha""#]);
        assert_eq!(plan.native, r#"realm eq "/"; realm eq "/alpha""#);
        assert!(plan.rest.is_empty());
    }

    #[test]
    fn user_and_realm_are_the_servers_and_the_rest_is_ours() {
        let (sent, plan) = filters(
            vec![
                clause(Field::User, Op::Eq, &["scarter"]),
                clause(Field::Scope, Op::Eq, &["/ALPHA"]),
                clause(Field::State, Op::Eq, &["active"]),
            ],
            &["/", "/alpha"],
        );

        assert_eq!(sent, [r#"username eq "scarter" and realm eq "/alpha""#]);
        assert_eq!(plan.rest.len(), 1);
    }

    #[test]
    fn f_data_13_hostile_names_stay_inside_their_quotes() {
        for (name, literal) in [
            (r#"x" or true or "y"#, r#""x\" or true or \"y""#),
            (r"back\slash", r#""back\\slash""#),
            ("o'hara", r#""o'hara""#),
            ("日本", "\"日本\""),
            ("a\nb", r#""a\nb""#),
        ] {
            let (sent, _) = filters(vec![clause(Field::User, Op::Eq, &[name])], &["/"]);

            assert_eq!(sent, [format!(r#"username eq {literal} and realm eq "/""#)]);
        }
    }

    #[test]
    fn what_the_server_does_not_understand_is_never_sent() {
        let cases = [
            clause(Field::User, Op::Eq, &["s*"]),
            clause(Field::User, Op::Ne, &["demo"]),
            clause(Field::User, Op::Match, &["^s"]),
            clause(Field::User, Op::Eq, &[""]),
            clause(Field::Id, Op::Eq, &["shandle:x"]),
            Clause {
                negated: true,
                ..clause(Field::User, Op::Eq, &["demo"])
            },
        ];

        for case in cases {
            let (sent, plan) = filters(vec![case.clone()], &["/"]);

            assert_eq!(sent, [r#"realm eq "/""#], "{case:?}");
            assert_eq!(plan.rest, [case]);
        }
    }

    #[test]
    fn a_second_clause_on_the_user_is_ours() {
        let (sent, plan) = filters(
            vec![
                clause(Field::User, Op::Eq, &["demo", "DEMO", "scarter"]),
                clause(Field::User, Op::Eq, &["demo"]),
            ],
            &["/"],
        );

        assert_eq!(
            sent,
            [
                r#"username eq "demo" and realm eq "/""#,
                r#"username eq "scarter" and realm eq "/""#,
            ]
        );
        assert_eq!(plan.rest.len(), 1);
    }

    #[test]
    fn a_realm_outside_of_the_profile_is_not_asked_and_named() {
        let (sent, plan) = filters(vec![clause(Field::Scope, Op::Eq, &["/beta"])], &["/alpha"]);

        assert!(sent.is_empty());
        assert_eq!(
            plan.notes,
            ["realm /beta is not among the realms of this profile"]
        );
    }

    #[test]
    fn a_filter_of_the_operator_is_sent_as_it_is() {
        let mut search = search(vec![]);
        search.native = Some(r#"realm eq "/x" and username eq "y""#.into());

        let (units, _) = plan(&search, Some(&realms(&["/alpha", "/"])));

        assert_eq!(units.len(), 1);
        assert_eq!(units[0].filter(), r#"realm eq "/x" and username eq "y""#);
        assert_eq!(units[0].realm, "/alpha");
    }
}
