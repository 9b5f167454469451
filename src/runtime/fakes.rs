//! Stand-ins for tests of this folder: a system that answers from a script.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Utc;
use secrecy::SecretString;

use super::profiles::{Opened, Profiles};
use crate::api::SessionApi;
use crate::api::auth::{Ask, Prompter, Question, QuestionKind};
use crate::app::source::ProfileView;
use crate::config::{Login, Profile, SystemSpec};
use crate::model::{
    ApiError, Capabilities, Completeness, Cursor, Identity, KindCaps, LimitedBy, Outcome, PageEnd,
    Paging, Plan, Policy, Revoke, RowRef, RowSink, Search, Session, SessionKey, Subject, Support,
    Thresholds, UserOutcome,
};
use crate::store::order::SourceNames;

/// A profile as the screen knows it.
pub(crate) fn profile_view(name: &str) -> ProfileView {
    ProfileView {
        lists_everybody: true,
        own_names: Vec::new(),
        name: name.to_owned(),
        system: "Sample".into(),
        system_word: "sample".into(),
        address: "http://127.0.0.1".to_owned(),
        proxy: "none: neither HTTPS_PROXY nor ALL_PROXY is set".to_owned(),
        plain_http: false,
        demo: false,
        policy: Policy {
            max_rows: 1000,
            ..Policy::default()
        },
        user_names: std::sync::Arc::default(),
    }
}

/// The names of a source's rows.
pub(crate) fn names() -> SourceNames {
    SourceNames {
        profile: "demo".to_owned(),
        system: "sample".to_owned(),
        thresholds: Thresholds::default(),
        ahead: chrono::TimeDelta::zero(),
        user_names: std::sync::Arc::default(),
    }
}

/// A search for everything.
pub(crate) fn search() -> Search {
    Search::new(Default::default(), 10.try_into().unwrap(), Utc::now())
}

/// The behaviour of one page.
pub(crate) enum Script {
    /// These keys, and the next cursor.
    Rows(Vec<&'static str>, Option<&'static str>),
    /// These keys, then the same after another request, which is the last.
    InTwo(Vec<&'static str>, Vec<&'static str>),
    /// These keys, then an error.
    Breaks(Vec<&'static str>, ApiError),
    /// No answer, ever.
    Hangs,
}

/// A system that answers from a script.
#[derive(Default)]
pub(crate) struct FakeApi {
    /// Pages, one after the other; when there is none left, the last page says it is the last.
    pub(crate) pages: Mutex<VecDeque<Script>>,
    /// Cursors that were asked.
    pub(crate) asked: Mutex<Vec<Option<String>>>,
    /// True if `whoami` never answers.
    pub(crate) hangs: bool,
}

impl FakeApi {
    /// A system with these pages.
    pub(crate) fn with(pages: impl IntoIterator<Item = Script>) -> Arc<Self> {
        Arc::new(Self {
            pages: Mutex::new(pages.into_iter().collect()),
            ..Self::default()
        })
    }
}

fn hand_on(keys: Vec<&str>, sink: &mut dyn RowSink) {
    for key in keys {
        if sink.row(&mut RowRef::new(key, key)).is_break() {
            break;
        }
    }
}

#[async_trait]
impl SessionApi for FakeApi {
    fn caps(&self) -> Arc<Capabilities> {
        let kind = KindCaps {
            fields: Default::default(),
            attributes: Support::No,
            sort: Support::No,
            get: true,
            revoke: Revoke::One,
            after_revoke: "The session ends.".into(),
            ..KindCaps::default()
        };
        Arc::new(Capabilities {
            paging: Paging::Forward,
            ..Capabilities::of_one_kind("Sample", kind)
        })
    }

    fn plan(&self, _search: &Search) -> Result<Plan, ApiError> {
        Ok(Plan::default())
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(Identity {
            name: "help-desk".into(),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        _search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        self.asked
            .lock()
            .unwrap()
            .push(at.map(|cursor| cursor.as_str().to_owned()));
        let script = self.pages.lock().unwrap().pop_front();
        let (keys, answer) = match script {
            Some(Script::Rows(keys, next)) => (keys, Ok(next.map(Cursor::new))),
            Some(Script::InTwo(first, rest)) => {
                hand_on(first, sink);
                sink.so_far();
                (rest, Ok(None))
            }
            Some(Script::Breaks(keys, error)) => (keys, Err(error)),
            Some(Script::Hangs) => std::future::pending().await,
            None => (Vec::new(), Ok(None)),
        };
        hand_on(keys, sink);
        let next = answer?;
        let completeness = match next {
            Some(_) => Completeness::More,
            None => Completeness::Complete,
        };
        Ok(PageEnd {
            next,
            total: None,
            completeness,
            unread: 0,
            walk: None,
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        Ok(Session::new(key.clone(), "ss:fresh".to_owned()))
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        Ok(keys.iter().map(|_| Outcome::Revoked).collect())
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        Err(ApiError::Unsupported {
            what: "revoke all of a user".into(),
            limit: LimitedBy::System("Sample".into()),
        })
    }
}

/// One profile, `demo`, behind which is a fake system.
pub(crate) struct FakeProfiles {
    /// The system.
    pub(crate) api: Arc<FakeApi>,
    /// Rows at most.
    pub(crate) max_rows: u32,
    /// True if opening asks for a password.
    pub(crate) asks: bool,
    /// How often it was opened.
    pub(crate) opened: AtomicUsize,
    /// The answers that were given.
    pub(crate) answers: Mutex<Vec<SecretString>>,
}

impl FakeProfiles {
    /// A profile that asks nothing.
    pub(crate) fn of(api: Arc<FakeApi>) -> Arc<Self> {
        Arc::new(Self::plain(api))
    }

    /// The same, to be changed.
    pub(crate) fn plain(api: Arc<FakeApi>) -> Self {
        Self {
            api,
            max_rows: 1000,
            asks: false,
            opened: AtomicUsize::new(0),
            answers: Mutex::default(),
        }
    }
}

#[async_trait]
impl Profiles for FakeProfiles {
    async fn open(&self, profile: &str, prompter: Arc<dyn Prompter>) -> Result<Opened, ApiError> {
        if self.asks {
            let question = Question {
                prompt: "Password".into(),
                kind: QuestionKind::Secret,
            };
            let ask = Ask {
                title: "Password".into(),
                lines: Vec::new(),
                questions: vec![question],
            };
            let answers = prompter.ask(ask).await?;
            prompter.done().await;
            *self.answers.lock().unwrap() = answers;
        }
        self.opened.fetch_add(1, Ordering::SeqCst);
        let url = "http://127.0.0.1:1".parse().unwrap();
        let mut profile = Profile::new(profile, SystemSpec::sample(), url, Login::None);
        profile.policy.max_rows = self.max_rows;
        Ok(Opened {
            api: self.api.clone(),
            profile: Arc::new(profile),
        })
    }

    fn reload(&self) -> Result<Vec<ProfileView>, String> {
        Ok(vec![profile_view("demo")])
    }

    fn file(&self) -> Option<PathBuf> {
        None
    }

    fn write_example(&self) -> Result<PathBuf, String> {
        Err("a file is there already".to_owned())
    }

    fn add_profile(&self, _system: &str) -> Result<PathBuf, String> {
        Err("nowhere".to_owned())
    }

    fn name_client(&self, _profile: &str, _id: &str, _name: &str) -> Result<(), String> {
        Err("nowhere".to_owned())
    }

    fn secret_variables(&self) -> Vec<String> {
        Vec::new()
    }
}
