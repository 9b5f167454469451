//! Names of applications: `client_names` of the profile, for every system. Rows show the name in place of
//! the client id, queries may use either, and what the system is asked holds ids only.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;

use super::SessionApi;
use super::layer::Layer;
use crate::model::{
    ApiError, Class, Clause, Cursor, Field, Identity, Kept, Op, PageEnd, Plan, RowRef, RowSink,
    Search, Session, SessionKey, Target, Value,
};

/// The attribute in which the id stays, where the system does not send it among the others.
const ID: &str = "client_id";

/// A system whose clients have names.
pub(super) struct ClientNames {
    inner: Arc<dyn SessionApi>,
    /// Client id to name.
    names: BTreeMap<String, String>,
}

/// A search in the words of the system, and how what it leaves to us reads in ours.
struct Worded {
    search: Search,
    /// Clauses about the client: as the system gets them, and as they fit our rows.
    clients: Vec<(Clause, Clause)>,
    /// Words that are part of a name: the system does not know them.
    words: Vec<Clause>,
}

impl ClientNames {
    /// Wraps a client; `names` is the profile's.
    pub(super) fn new(inner: Arc<dyn SessionApi>, names: BTreeMap<String, String>) -> Self {
        Self { inner, names }
    }

    fn worded(&self, search: &Search) -> Worded {
        let mut worded = Worded {
            search: search.clone(),
            clients: Vec::new(),
            words: Vec::new(),
        };
        worded.search.query.clauses.clear();
        for clause in &search.query.clauses {
            match clause.target {
                Target::Word if self.is_in_a_name(clause) => {
                    worded.words.push(clause.clone());
                }
                Target::Field(Field::Client) if matches!(clause.op, Op::Eq | Op::Ne) => {
                    let theirs = self.with_ids(clause);
                    let pair = (theirs.clone(), self.with_names(clause));
                    worded.search.query.clauses.push(theirs);
                    worded.clients.push(pair);
                }
                _ => worded.search.query.clauses.push(clause.clone()),
            }
        }
        worded
    }

    fn is_in_a_name(&self, word: &Clause) -> bool {
        word.texts().any(|text| {
            let text = text.to_lowercase();
            let mut names = self.names.values();
            names.any(|name| name.to_lowercase().contains(&text))
        })
    }

    /// The clause with ids in place of names.
    fn with_ids(&self, clause: &Clause) -> Clause {
        let mut values = Vec::new();
        for text in clause.texts() {
            let lower = text.to_lowercase();
            let named = self
                .names
                .iter()
                .filter(|(_, name)| name.to_lowercase() == lower);
            let mut ids: Vec<&str> = named.map(|(id, _)| id.as_str()).collect();
            if ids.is_empty() {
                ids.push(text);
            }
            values.extend(ids.into_iter().map(|id| Value::Text(id.into())));
        }
        values.dedup();
        Clause {
            values,
            ..clause.clone()
        }
    }

    /// The clause with the names of the ids in it beside them: rows show the names.
    fn with_names(&self, clause: &Clause) -> Clause {
        let mut clause = clause.clone();
        let shown: Vec<Value> = clause
            .texts()
            .flat_map(|text| {
                let names = self.names.iter();
                names.filter(move |(id, _)| id.eq_ignore_ascii_case(text))
            })
            .map(|(_, name)| Value::Text(name.as_str().into()))
            .collect();
        for name in shown {
            if !clause.values.contains(&name) {
                clause.values.push(name);
            }
        }
        clause
    }
}

/// Gives the rows their names and hands them on.
struct Naming<'a> {
    names: &'a BTreeMap<String, String>,
    sink: &'a mut dyn RowSink,
}

impl RowSink for Naming<'_> {
    fn room(&self) -> u64 {
        self.sink.room()
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        self.sink.kept()
    }

    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let named = row.client.as_deref().and_then(|id| self.names.get(id));
        if let Some(name) = named {
            let id = row.client.replace(name.clone().into()).unwrap_or_default();
            row.is_json[Field::Client] = false;
            if !row.extra.iter().any(|(_, value, _)| *value == id) {
                row.extra.push((ID.into(), id, Class::Plain));
            }
        }
        self.sink.row(row)
    }
}

#[async_trait]
impl Layer for ClientNames {
    fn inner(&self) -> &dyn SessionApi {
        &*self.inner
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let worded = self.worded(search);
        let mut plan = self.inner.plan(&worded.search)?;
        for clause in &mut plan.rest {
            let mut clients = worded.clients.iter();
            if let Some((_, ours)) = clients.find(|(theirs, _)| theirs == clause) {
                *clause = ours.clone();
            }
        }
        plan.rest.extend(worded.words);
        Ok(plan)
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let who = self.inner.whoami().await?;
        let known_as = self.names.get(who.name.expose());
        Ok(Identity {
            known_as: known_as.map(|name| name.as_str().into()),
            ..who
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let worded = self.worded(search);
        let mut naming = Naming {
            names: &self.names,
            sink,
        };
        self.inner.search(&worded.search, at, &mut naming).await
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let session = self.inner.get(key).await?;
        let mut named = Vec::new();
        let mut naming = Naming {
            names: &self.names,
            sink: &mut named,
        };
        let _ = naming.row(&mut RowRef::of(&session));
        Ok(named.pop().unwrap_or(session))
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::model::time::Zone;
    use crate::model::{
        Capabilities, Completeness, Identity, KindCaps, Matcher, Outcome, Query, Subject,
        Thresholds, UserOutcome,
    };

    /// A system of no kind in particular: three sessions, no filter, and it answers nothing itself.
    struct Plain;

    const CLIENTS: [&str; 3] = ["1800.c3", "2000.bb", "other"];

    #[async_trait]
    impl SessionApi for Plain {
        fn caps(&self) -> Arc<Capabilities> {
            let kind = KindCaps {
                get: true,
                ..KindCaps::default()
            };
            Arc::new(Capabilities::of_one_kind("Plain", kind))
        }

        fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
            Ok(Plan {
                native: search.query.to_string(),
                rest: search.query.clauses.clone(),
                notes: Vec::new(),
                ways: Vec::new(),
            })
        }

        async fn whoami(&self) -> Result<Identity, ApiError> {
            Ok(Identity {
                name: "1800.c3".into(),
                ..Identity::default()
            })
        }

        async fn search(
            &self,
            _: &Search,
            _: Option<&Cursor>,
            sink: &mut dyn RowSink,
        ) -> Result<PageEnd, ApiError> {
            for client in CLIENTS {
                let mut row = RowRef::new(client, client);
                row.client = Some(client.into());
                let _ = sink.row(&mut row);
            }
            Ok(PageEnd {
                next: None,
                total: None,
                completeness: Completeness::Complete,
                unread: 0,
                walk: None,
            })
        }

        async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
            let mut row = RowRef::new(key.expose(), "one");
            row.client = Some(key.expose().into());
            Ok(row.to_session())
        }

        async fn revoke(&self, _: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
            Err(ApiError::Cancelled)
        }

        async fn revoke_user(&self, _: &Subject) -> Result<UserOutcome, ApiError> {
            Err(ApiError::Cancelled)
        }
    }

    fn named() -> ClientNames {
        let names = [("1800.c3", "Portal"), ("2000.bb", "vpn")];
        let names = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
        ClientNames::new(Arc::new(Plain), names.into())
    }

    fn search(query: &str) -> Search {
        Search::new(
            Query::parse(query).unwrap(),
            std::num::NonZeroU16::MIN,
            chrono::DateTime::UNIX_EPOCH,
        )
    }

    /// The keys of the rows that match, by what the plan leaves to us.
    async fn found(query: &str) -> Vec<String> {
        let (api, search) = (named(), search(query));
        let rest = api.plan(&search).unwrap().rest;
        let matcher = Matcher::new(&rest, search.now, Zone::Utc, Thresholds::default()).unwrap();
        let mut rows = Vec::new();
        api.search(&search, None, &mut rows).await.unwrap();
        let matches = |row: &&Session| {
            matcher.matches(&crate::model::query::SessionIn::new(row, "p", "plain"))
        };
        let keys = rows.iter().filter(matches);
        keys.map(|row| row.key.expose().to_owned()).collect()
    }

    #[tokio::test]
    async fn any_systems_rows_show_the_name_and_keep_the_id() {
        let mut rows = Vec::new();
        named().search(&search(""), None, &mut rows).await.unwrap();
        rows.push(named().get(&SessionKey::new("1800.c3")).await.unwrap());

        let shown: Vec<_> = rows
            .iter()
            .map(|row| row.client.as_ref().unwrap().expose())
            .collect();
        assert_eq!(shown, ["Portal", "vpn", "other", "Portal"]);
        assert_eq!(rows[0].extra[0].name.expose(), "client_id");
        assert_eq!(rows[0].extra[0].value.expose(), "1800.c3");
        assert!(rows[2].extra.is_empty());
    }

    #[tokio::test]
    async fn a_sign_in_as_a_client_is_shown_by_its_name_and_recorded_by_its_id() {
        let who = named().whoami().await.unwrap();

        assert_eq!(who.shown().expose(), "Portal");
        assert_eq!(who.name.expose(), "1800.c3");
    }

    #[tokio::test]
    async fn queries_know_the_name_the_id_and_a_part_of_the_name() {
        for (query, keys) in [
            ("client:portal", &["1800.c3"][..]),
            ("client:1800.C3", &["1800.c3"]),
            ("client:vpn,other", &["2000.bb", "other"]),
            ("client:port*", &["1800.c3"]),
            ("client~^Por", &["1800.c3"]),
            ("client!=portal", &["2000.bb", "other"]),
            ("-client:1800.c3", &["2000.bb", "other"]),
            ("ORTA", &["1800.c3"]),
            ("-vpn", &["1800.c3", "other"]),
            ("client:nobody", &[]),
        ] {
            assert_eq!(found(query).await, keys, "{query}");
        }
    }

    #[test]
    fn the_system_is_asked_for_ids_only() {
        let native = |query: &str| named().plan(&search(query)).unwrap().native;

        assert_eq!(
            native("client:PORTAL state:active"),
            "client:1800.c3 state:active"
        );
        assert_eq!(native("client:vpn,x"), "client:2000.bb,x");
        assert_eq!(native("portal 10.0.0.1"), "10.0.0.1");
    }
}
