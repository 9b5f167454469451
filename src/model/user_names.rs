//! People as an operator names them, and as one system does: `user_names` and `user_as` of its profile.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Clause, Field, Op, Target, Value};

/// The place of the name in a template.
const PLACE: &str = "{user}";

/// The names of people in one system. Names are compared without regard to upper and lower case.
///
/// A person in the table has the name that stands there. Everybody else has the one that the template makes;
/// without a template, the same as everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserNames {
    /// What stands before the name and after it. `None`: there is no template.
    template: Option<(String, String)>,
    /// The name of a person in lower case, to the name in the system.
    theirs: BTreeMap<String, String>,
    /// The name in the system in lower case, to the name of the person.
    people: BTreeMap<String, String>,
}

/// Why a table or a template of names cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNamesError {
    /// The template has no place for the name.
    #[error("must hold {{user}}, such as \"{{user}}@example.org\"")]
    NoPlace,
    /// A name is empty.
    #[error("a name is empty")]
    Empty,
    /// A name is a pattern.
    #[error("a name cannot hold *: each stands for one person")]
    Pattern,
    /// A person stands in the table twice.
    #[error("{0} stands there twice: upper and lower case are the same")]
    Twice(String),
    /// A name of the system is given to two people.
    #[error("{0} and {1} have the same name: a name stands for one person")]
    Shared(String, String),
}

impl UserNames {
    /// The names by a template with `{user}` in it.
    ///
    /// # Errors
    /// [`UserNamesError::NoPlace`].
    pub fn with_template(mut self, template: &str) -> Result<Self, UserNamesError> {
        let (before, after) = template.split_once(PLACE).ok_or(UserNamesError::NoPlace)?;
        self.template = Some((before.to_owned(), after.to_owned()));
        Ok(self)
    }

    /// One more person, and the name in the system.
    ///
    /// # Errors
    /// Why the pair cannot be used.
    pub fn with_person(mut self, person: &str, theirs: &str) -> Result<Self, UserNamesError> {
        let (person, theirs) = (person.trim(), theirs.trim());
        if person.is_empty() || theirs.is_empty() {
            return Err(UserNamesError::Empty);
        }
        if person.contains('*') || theirs.contains('*') {
            return Err(UserNamesError::Pattern);
        }
        let known = self.people.insert(theirs.to_lowercase(), person.to_owned());
        if let Some(known) = known {
            return Err(UserNamesError::Shared(known, person.to_owned()));
        }
        let lower = person.to_lowercase();
        if self.theirs.insert(lower, theirs.to_owned()).is_some() {
            return Err(UserNamesError::Twice(person.to_owned()));
        }
        Ok(self)
    }

    /// True if everybody has the same name in the system as elsewhere.
    pub fn are_same(&self) -> bool {
        self.template.is_none() && self.theirs.is_empty()
    }

    /// The name in the system of the person that is named so. A name that the system has already stays.
    pub fn theirs<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let lower = name.to_lowercase();
        if let Some(theirs) = self.theirs.get(&lower) {
            return theirs.as_str().into();
        }
        match &self.template {
            Some((before, after))
                if !self.people.contains_key(&lower) && self.inside(name).is_none() =>
            {
                format!("{before}{name}{after}").into()
            }
            _ => name.into(),
        }
    }

    /// The person that has this name in the system; the name itself where no rule makes it. `None`: elsewhere
    /// it is the name of somebody who is called otherwise here.
    pub fn person<'a>(&'a self, theirs: &'a str) -> Option<Cow<'a, str>> {
        let lower = theirs.to_lowercase();
        if let Some(person) = self.people.get(&lower) {
            return Some(person.as_str().into());
        }
        if self.theirs.contains_key(&lower) {
            return None;
        }
        Some(match self.inside(theirs) {
            // That person has another name here.
            Some(name) if !self.theirs.contains_key(&name.to_lowercase()) => name.into(),
            _ => theirs.into(),
        })
    }

    /// The name under which rows of a user are counted together with those of other systems: that of the person.
    /// Where elsewhere it is the name of somebody else, the profile stands behind it.
    pub fn counted_as<'a>(&'a self, theirs: &'a str, profile: &str) -> Cow<'a, str> {
        let person = self.person(theirs);
        person.unwrap_or_else(|| format!("{theirs} ({profile})").into())
    }

    /// True if a search for the person leads back to this name. Where it does not, the system has a user by
    /// the name of a person who is called otherwise there, or one outside the template.
    pub fn leads_back(&self, theirs: &str) -> bool {
        self.person(theirs)
            .is_some_and(|person| self.theirs(&person).to_lowercase() == theirs.to_lowercase())
    }

    /// A clause on the user as the system writes names, and a word that is a person of the table as one. Every
    /// other clause stays as it is, and so does a regular expression: it is written for the names that the rows
    /// show.
    pub fn clause(&self, clause: &Clause) -> Clause {
        let mut clause = clause.clone();
        if self.names_person(&clause) {
            clause.target = Target::Field(Field::User);
        }
        let is_user = clause.target == Target::Field(Field::User);
        if is_user && matches!(clause.op, Op::Eq | Op::Ne) {
            for value in &mut clause.values {
                if let Value::Text(text) = value {
                    *text = self.theirs(text).into_owned().into();
                }
            }
        }
        clause
    }

    /// True if the clause is a word that is a person of the table, and no part of a text.
    pub fn names_person(&self, clause: &Clause) -> bool {
        let is_person = |value: &Value| match value {
            Value::Text(text) => self.theirs.contains_key(&text.to_lowercase()),
            _ => false,
        };
        clause.target == Target::Word && clause.op == Op::Eq && clause.values.iter().all(is_person)
    }

    /// The part of a name that stands in the place of the template. `None`: it has another form.
    fn inside<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (before, after) = self.template.as_ref()?;
        let end = name.len().checked_sub(after.len())?;
        let inner = name.get(before.len()..end)?;
        let fits = !inner.is_empty()
            && name.get(..before.len())?.eq_ignore_ascii_case(before)
            && name.get(end..)?.eq_ignore_ascii_case(after);
        fits.then_some(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> UserNames {
        UserNames::default().with_template(text).unwrap()
    }

    fn both() -> UserNames {
        template("{user}@example.org")
            .with_person("jane", "J.Doe@example.com")
            .unwrap()
            .with_person("root", "admin")
            .unwrap()
    }

    #[test]
    fn a_typed_name_gets_the_form_of_the_system_once() {
        for (form, typed, sent) in [
            ("{user}@example.org", "jdoe", "jdoe@example.org"),
            ("{user}@example.org", "jdoe@example.org", "jdoe@example.org"),
            ("{user}@example.org", "jdoe@EXAMPLE.org", "jdoe@EXAMPLE.org"),
            (
                "{user}@example.org",
                "@example.org",
                "@example.org@example.org",
            ),
            ("corp-{user}", "jdoe", "corp-jdoe"),
            ("corp-{user}", "corp-jdoe", "corp-jdoe"),
            ("{user}", "jdoe", "jdoe"),
            ("{user}@例", "日本", "日本@例"),
        ] {
            assert_eq!(template(form).theirs(typed), sent, "{form} {typed}");
        }
    }

    #[test]
    fn the_table_wins_over_the_template_in_both_directions() {
        let names = both();
        for (person, theirs) in [
            ("jane", "J.Doe@example.com"),
            ("root", "admin"),
            ("ada", "ada@example.org"),
        ] {
            assert_eq!(names.theirs(person), theirs);
            assert_eq!(
                names.theirs(&person.to_uppercase()).to_lowercase(),
                theirs.to_lowercase()
            );
            assert_eq!(names.theirs(theirs), theirs, "a name of the system stays");
            assert_eq!(names.person(theirs).unwrap(), person);
            let upper = theirs.to_uppercase();
            let found = names.person(&upper).unwrap();
            assert_eq!(found.to_lowercase(), person);
            assert!(names.leads_back(theirs), "{theirs}");
        }
    }

    #[test]
    fn a_name_that_no_person_leads_to_is_known_as_such() {
        let names = both();
        // Jane has another name here, so these are somebody else.
        assert_eq!(names.person("jane"), None);
        assert_eq!(
            names.person("jane@example.org").unwrap(),
            "jane@example.org"
        );
        assert!(!names.leads_back("jane"));
        assert!(!names.leads_back("service"), "outside the template");
        assert!(names.leads_back("jane@example.org"));
        assert!(UserNames::default().leads_back("anybody"));
        assert!(UserNames::default().are_same() && !names.are_same());
    }

    #[test]
    fn what_does_not_name_one_person_each_is_refused() {
        let add = |person: &str, theirs: &str| both().with_person(person, theirs).unwrap_err();
        assert_eq!(add(" ", "x"), UserNamesError::Empty);
        assert_eq!(add("x", ""), UserNamesError::Empty);
        assert_eq!(add("x", "x*"), UserNamesError::Pattern);
        assert_eq!(add("JANE", "x"), UserNamesError::Twice("JANE".into()));
        assert_eq!(
            add("kim", "ADMIN"),
            UserNamesError::Shared("root".into(), "kim".into())
        );
        let none = UserNames::default().with_template("jdoe").unwrap_err();
        assert!(none.to_string().starts_with("must hold {user}"), "{none}");
    }

    #[test]
    fn only_a_comparison_of_the_user_is_changed() {
        let names = both();
        let text = |clause: &Clause| names.clause(clause).to_string();
        let clause = |field, op, name: &str| Clause::field(field, op, Value::Text(name.into()));

        assert_eq!(
            text(&clause(Field::User, Op::Eq, "jdoe")),
            "user:jdoe@example.org"
        );
        assert_eq!(
            text(&clause(Field::User, Op::Ne, "Jane")),
            "user!=J.Doe@example.com"
        );
        let word = |name: &str| crate::model::Query::parse(name).unwrap().clauses.remove(0);
        assert_eq!(text(&word("JANE")), "user:J.Doe@example.com");
        assert_eq!(text(&word("-jane")), "-user:J.Doe@example.com");
        for other in ["*jane*", "jan", "jdoe"] {
            assert_eq!(text(&word(other)), other);
        }
        assert_eq!(text(&clause(Field::User, Op::Match, "jane")), "user~jane");
        assert_eq!(text(&clause(Field::Client, Op::Eq, "jane")), "client:jane");
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_translated_once(name in "\\PC{1,12}") {
            for names in [both(), template("corp-{user}"), UserNames::default()] {
                let once = names.theirs(&name).into_owned();
                proptest::prop_assert_eq!(names.theirs(&once), once.as_str());
            }
        }
    }
}
