//! A remote system in memory that notes every call.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use enum_map::enum_map;
use tokio_util::sync::CancellationToken;

use crate::api::SessionApi;
use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Completeness, Cursor, Field, Identity,
    KindCaps, Outcome, PageEnd, Paging, Plan, Revoke, RowRef, RowSink, Search, Session, SessionKey,
    Subject, Support, UserOutcome,
};

/// A remote system in memory that notes every call.
pub(super) struct Fake {
    pub caps: Capabilities,
    pub state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// Sessions that are there, with how many more looks they survive once they are ended.
    pub live: HashMap<String, usize>,
    /// When the time of some of them runs out.
    pub expires: HashMap<String, DateTime<Utc>>,
    /// The next answers to a revoke of each key, instead of ending it.
    pub script: HashMap<String, VecDeque<Result<Outcome, ApiError>>>,
    /// The system's own operation for a person is not done.
    pub keeps_live: bool,
    pub calls: Vec<String>,
    pub now_sending: usize,
    pub most_sending: usize,
    pub on_revoke: Option<CancellationToken>,
    /// The end of each page of a list, given how many were asked for before. `None`: the list is
    /// whole.
    pub page_end: Option<fn(usize) -> PageEnd>,
}

/// Sessions s1 to sN, and what the system can do.
pub(super) fn fake(count: usize, set: impl FnOnce(&mut Capabilities)) -> Arc<Fake> {
    let kind = KindCaps {
        fields: enum_map! { Field::User => Support::Server, _ => Support::No },
        get: true,
        revoke: Revoke::One,
        revoke_user: true,
        ..KindCaps::default()
    };
    let mut caps = Capabilities {
        total: true,
        paging: Paging::Offset,
        ..Capabilities::of_one_kind("Fake", kind)
    };
    set(&mut caps);
    let live = (1..=count).map(|n| (format!("s{n}"), 0)).collect();
    let state = Mutex::new(State {
        live,
        ..State::default()
    });
    Arc::new(Fake { caps, state })
}

impl Fake {
    pub fn script(&self, key: &str, answers: impl IntoIterator<Item = Result<Outcome, ApiError>>) {
        let answers = answers.into_iter().collect();
        self.lock().script.insert(key.to_owned(), answers);
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn calls(&self, kind: &str) -> Vec<String> {
        let state = self.lock();
        let of = state.calls.iter().filter(|call| call.starts_with(kind));
        of.cloned().collect()
    }

    fn end(&self, key: &str) -> Outcome {
        let mut state = self.lock();
        match state.live.get_mut(key) {
            None => Outcome::AlreadyGone,
            Some(0) => {
                state.live.remove(key);
                Outcome::Revoked
            }
            Some(looks) => {
                *looks += 1;
                Outcome::Revoked
            }
        }
    }
}

/// A session that is to outlive its end for some looks counts them down; 1 means: not ended.
fn is_there(state: &mut State, key: &str) -> bool {
    match state.live.get_mut(key) {
        None => false,
        Some(looks @ 2..) => {
            *looks -= 1;
            if *looks == 1 {
                state.live.remove(key);
            }
            true
        }
        Some(_) => true,
    }
}

#[async_trait]
impl SessionApi for Fake {
    fn caps(&self) -> Arc<Capabilities> {
        Arc::new(self.caps.clone())
    }

    fn plan(&self, _search: &Search) -> Result<Plan, ApiError> {
        Ok(Plan::default())
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        Ok(Identity::default())
    }

    async fn search(
        &self,
        search: &Search,
        _at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let mut state = self.lock();
        state
            .calls
            .push(format!("search {}", search.query.clauses.len()));
        let mut keys: Vec<_> = state.live.keys().cloned().collect();
        keys.sort();
        for key in keys {
            if is_there(&mut state, &key) {
                let mut row = RowRef::new(key.as_str(), "label");
                row.expires = state.expires.get(&key).copied();
                row.user = Some("bwong".into());
                if let ControlFlow::Break(()) = sink.row(&mut row) {
                    break;
                }
            }
        }
        let pages = state.calls.iter().filter(|call| call.starts_with("search"));
        let whole = |_| PageEnd {
            next: None,
            total: None,
            completeness: Completeness::Complete,
            unread: 0,
            walk: None,
        };
        Ok(state.page_end.unwrap_or(whole)(pages.count()))
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let mut state = self.lock();
        state.calls.push(format!("get {}", key.expose()));
        if is_there(&mut state, key.expose()) {
            let mut session = Session::new(key.clone(), "label".to_owned());
            session.expires = state.expires.get(key.expose()).copied();
            Ok(session)
        } else {
            Err(ApiError::NotFound)
        }
    }

    async fn act(&self, action: &str, _args: ActionArgs) -> Result<ActionResult, ApiError> {
        self.lock().calls.push(format!("act {action}"));
        let scripted = self
            .lock()
            .script
            .get_mut(action)
            .and_then(VecDeque::pop_front);
        match scripted {
            Some(Err(error)) => Err(error),
            _ => Ok(ActionResult::said("done")),
        }
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        {
            let mut state = self.lock();
            let names: Vec<_> = keys.iter().map(SessionKey::expose).collect();
            state.calls.push(format!("revoke {}", names.join(" ")));
            state.now_sending += 1;
            state.most_sending = state.most_sending.max(state.now_sending);
            if let Some(stop) = &state.on_revoke {
                stop.cancel();
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.lock().now_sending -= 1;
        let mut outcomes = Vec::new();
        for key in keys {
            let scripted = self
                .lock()
                .script
                .get_mut(key.expose())
                .and_then(VecDeque::pop_front);
            outcomes.push(match scripted {
                Some(answer) => answer?,
                None => self.end(key.expose()),
            });
        }
        Ok(outcomes)
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        let mut state = self.lock();
        let name = user.shown().map_or("", |name| name.expose());
        state.calls.push(format!("revoke_user {name}"));
        let scripted = state.script.get_mut("revoke_user");
        match scripted.and_then(VecDeque::pop_front) {
            Some(Err(error)) => return Err(error),
            Some(Ok(outcome)) => {
                let before = state.live.len() as u64;
                let first = state.live.keys().min().cloned();
                first.map(|key| state.live.remove(&key));
                return Ok(UserOutcome {
                    outcome,
                    before: Some(before),
                    left: Some(state.live.len() as u64),
                    notes: Vec::new(),
                });
            }
            None => {}
        }
        let expired = state.expires.values().filter(|at| **at <= Utc::now());
        let before = (state.live.len() - expired.count()) as u64;
        if !state.keeps_live {
            state.live.clear();
        }
        Ok(UserOutcome {
            outcome: Outcome::Unknown(None),
            before: Some(before),
            left: None,
            notes: Vec::new(),
        })
    }
}
