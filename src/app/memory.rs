//! What is remembered from one run to the next: the theme, the columns and the searches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::state::State;

/// How many searches without a name are kept.
pub const MOST_SEARCHES: usize = 200;

/// All that is remembered. In the file it is JSON; what a later version adds is left out when read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The theme chosen last. `None`: none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// The searches, the latest first.
    pub searches: Vec<KeptSearch>,
    /// The columns of the table by profile, where they were changed.
    pub columns: BTreeMap<String, KeptColumns>,
}

/// A search that was made before. It holds no ids of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSearch {
    /// The query, in the query language. One query is kept once.
    pub query: String,
    /// The order of its rows, such as `created:desc`.
    pub sort: String,
    /// The name that the operator gave it. `None`: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The profiles that were open.
    pub profiles: Vec<String>,
    /// When it was made last.
    pub at: DateTime<Utc>,
}

/// The columns of one profile, by their names in the query language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptColumns {
    /// All columns, in order.
    pub order: Vec<String>,
    /// Those that are not shown.
    pub hidden: Vec<String>,
}

/// One change of what is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A theme was chosen.
    Theme(String),
    /// A search was made.
    Search(KeptSearch),
    /// A search got a name, or lost it.
    Name {
        /// The query.
        query: String,
        /// The name. `None`: it has none any more.
        name: Option<String>,
    },
    /// A search is to be forgotten.
    Forget(String),
    /// The columns of a profile were changed. `None`: they are again as the system has them.
    Columns(String, Option<KeptColumns>),
}

impl Memory {
    /// Makes one change.
    pub fn apply(&mut self, change: &Keep) {
        match change {
            Keep::Theme(theme) => self.theme = Some(theme.clone()),
            Keep::Search(search) => self.add(search.clone()),
            Keep::Name { query, name } => {
                for search in &mut self.searches {
                    if search.query == *query {
                        search.name.clone_from(name);
                    }
                }
            }
            Keep::Forget(query) => self.searches.retain(|search| search.query != *query),
            Keep::Columns(profile, Some(columns)) => {
                self.columns.insert(profile.clone(), columns.clone());
            }
            Keep::Columns(profile, None) => {
                self.columns.remove(profile);
            }
        }
    }

    /// Puts a search in front; the same query of before leaves, and hands on its name.
    fn add(&mut self, mut search: KeptSearch) {
        if let Some(at) = self.searches.iter().position(|s| s.query == search.query) {
            let before = self.searches.remove(at);
            search.name = search.name.or(before.name);
        }
        self.searches.insert(0, search);
        let mut unnamed = 0;
        self.searches.retain(|search| {
            unnamed += usize::from(search.name.is_none());
            search.name.is_some() || unnamed <= MOST_SEARCHES
        });
    }
}

/// Remembers a change now, and in the file. Searches go into the file only where the configuration
/// does not say `history = false`.
pub fn keep(state: &mut State, change: Keep) -> Vec<Effect> {
    state.memory.apply(&change);
    let is_search = matches!(
        change,
        Keep::Search(_) | Keep::Name { .. } | Keep::Forget(_)
    );
    if is_search && !state.keeps_history {
        return Vec::new();
    }
    vec![Effect::Keep(change)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(query: &str) -> KeptSearch {
        KeptSearch {
            query: query.to_owned(),
            sort: "user".to_owned(),
            name: None,
            profiles: vec!["prod".to_owned()],
            at: DateTime::default(),
        }
    }

    fn queries(memory: &Memory) -> Vec<&str> {
        let queries = memory.searches.iter().map(|search| search.query.as_str());
        queries.collect()
    }

    #[test]
    fn a_query_made_again_comes_first_once_and_keeps_its_name() {
        let mut memory = Memory::default();
        for query in ["user:a", "user:b"] {
            memory.apply(&Keep::Search(search(query)));
        }
        let name = Some("night shift".to_owned());
        memory.apply(&Keep::Name {
            query: "user:a".to_owned(),
            name: name.clone(),
        });

        memory.apply(&Keep::Search(search("user:a")));

        assert_eq!(queries(&memory), ["user:a", "user:b"]);
        assert_eq!(memory.searches[0].name, name);
    }

    #[test]
    fn the_oldest_searches_leave_and_those_with_a_name_stay() {
        let mut memory = Memory::default();
        memory.apply(&Keep::Search(search("user:first")));
        memory.apply(&Keep::Name {
            query: "user:first".to_owned(),
            name: Some("kept".to_owned()),
        });

        for number in 0..MOST_SEARCHES + 5 {
            memory.apply(&Keep::Search(search(&format!("user:{number}"))));
        }

        assert_eq!(memory.searches.len(), MOST_SEARCHES + 1);
        assert_eq!(queries(&memory).last(), Some(&"user:first"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut memory = Memory::default();
        memory.apply(&Keep::Theme("dark".to_owned()));
        memory.apply(&Keep::Search(search("user:a")));
        let columns = KeptColumns {
            order: vec!["user".to_owned(), "ip".to_owned()],
            hidden: vec!["ip".to_owned()],
        };
        memory.apply(&Keep::Columns("prod".to_owned(), Some(columns)));

        let text = serde_json::to_string(&memory).unwrap();

        assert_eq!(serde_json::from_str::<Memory>(&text).unwrap(), memory);
        let less: Memory = serde_json::from_str(r#"{"theme":"light","later":1}"#).unwrap();
        assert_eq!(less.theme.as_deref(), Some("light"));
    }
}
