//! Names of people: `user_as` and `user_names` of the profile, for every system. A search is asked with the
//! names of the system; rows show them as the system writes them.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use super::SessionApi;
use super::layer::Layer;
use crate::model::{ApiError, Cursor, NamedBy, PageEnd, Plan, RowSink, Search, UserNames};

/// A system whose users have other names than the operator gives them.
pub(super) struct UserNaming {
    inner: Arc<dyn SessionApi>,
    names: Arc<UserNames>,
}

impl UserNaming {
    /// Wraps a client; `names` is the profile's.
    pub(super) fn new(inner: Arc<dyn SessionApi>, names: Arc<UserNames>) -> Self {
        Self { inner, names }
    }
}

/// The search with the names of users as the system writes them.
pub(super) fn in_their_words<'s>(search: &'s Search, names: &UserNames) -> Cow<'s, Search> {
    if names.are_same() || search.named_by == NamedBy::System {
        return Cow::Borrowed(search);
    }
    let mut search = search.clone();
    search.named_by = NamedBy::System;
    for clause in &mut search.query.clauses {
        *clause = names.clause(clause);
    }
    Cow::Owned(search)
}

#[async_trait]
impl Layer for UserNaming {
    fn inner(&self) -> &dyn SessionApi {
        &*self.inner
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let mut plan = self.inner.plan(&in_their_words(search, &self.names))?;
        if search.named_by == NamedBy::Operator {
            let clauses = search.query.clauses.iter();
            let words = clauses.filter(|clause| self.names.names_person(clause));
            plan.notes.extend(words.map(|word| {
                let user = self.names.clause(word);
                format!("{word} is taken for {user}, by user_names of the profile; \"*{word}*\" looks for the text")
            }));
        }
        Ok(plan)
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let search = in_their_words(search, &self.names);
        self.inner.search(&search, at, sink).await
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use chrono::DateTime;

    use super::*;
    use crate::api::Systems;
    use crate::api::auth::Nobody;
    use crate::config::{Config, Paths, Profile};
    use crate::model::Query;

    /// A profile of each system, in which most people have an address and jane has one of her own.
    fn profiles() -> Vec<Profile> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let specs = Systems::built_in().specs();
        let profile = |spec: &Arc<crate::config::SystemSpec>| {
            let block = spec.profile_block();
            let lines = block.lines().skip(2).map(|line| &line[1..]);
            let text = lines.collect::<Vec<_>>().join("\n").replace("NAME", "mine");
            std::fs::write(&file, text).unwrap();
            let config = Config::load(Some(&file), None, &Paths::default(), &specs).unwrap();
            let mut profile = config.profiles[0].clone();
            let names = UserNames::default().with_template("{user}@example.org");
            let names = names.unwrap().with_person("jane", "j.doe@example.com");
            profile.user_names = Arc::new(names.unwrap());
            profile
        };
        specs.iter().map(profile).collect()
    }

    /// The plan of a search, as the system is asked and as it is compared with rows.
    fn planned(profile: &Profile, query: &str, named_by: NamedBy) -> String {
        let api = Systems::built_in().open(profile, Arc::new(Nobody)).unwrap();
        let search = Search {
            named_by,
            ..Search::new(
                Query::parse(query).unwrap(),
                NonZeroU16::MIN,
                DateTime::UNIX_EPOCH,
            )
        };
        let plan = api.plan(&search).unwrap();
        let rest = Query { clauses: plan.rest };
        format!("{} {rest}", plan.native)
    }

    #[test]
    fn every_system_is_asked_for_people_by_its_own_names() {
        for profile in profiles() {
            let word = &profile.system.word;
            for (query, theirs) in [
                ("user:jdoe", "jdoe@example.org"),
                ("user:jdoe@example.org", "jdoe@example.org"),
                ("user:JANE", "j.doe@example.com"),
                ("user:j.doe@example.com", "j.doe@example.com"),
            ] {
                let asked = planned(&profile, query, NamedBy::Operator);
                assert!(asked.contains(theirs), "{word} {query}: {asked}");
                assert!(!asked.contains("@example.org@"), "{word} {query}: {asked}");
            }
            let pattern = planned(&profile, "user~^j", NamedBy::Operator);
            assert!(pattern.contains("user~^j"), "{word}: {pattern}");
        }
    }

    #[test]
    fn a_name_that_a_row_shows_is_asked_for_as_it_stands() {
        for profile in profiles() {
            let asked = planned(&profile, "user:jane", NamedBy::System);
            assert!(!asked.contains('@'), "{}: {asked}", profile.system.word);
            assert!(asked.contains("jane"), "{}: {asked}", profile.system.word);
        }
    }
}
