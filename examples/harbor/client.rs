//! The client of Harbor: a command is a line of text, an answer a line of JSON, a connection has one of each.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use enum_map::EnumMap;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use usher::api::auth::{Prompter, TokenStore};
use usher::api::net::{Connector, clean, host_of};
use usher::api::{SessionApi, System};
use usher::config::{Method, Profile, Scheme, SignInMethod, SystemSpec};
use usher::model::{
    Acted, ApiError, Capabilities, Class, Code, ColumnSpec, Completeness, Cursor, Deletable, Fact,
    Field, Identity, KindCaps, Kinds, LimitedBy, Outcome, PageEnd, Plan, Revoke, RowRef, RowSink,
    Search, Session, SessionKey, Subject, Support, UserOutcome, Way,
};

const NAME: &str = "Harbor";

/// Harbor, as one of the systems.
pub struct HarborSystem(Arc<SystemSpec>);

impl HarborSystem {
    pub fn new() -> Self {
        let scheme = Scheme {
            name: "harbor".into(),
            port: 7_400,
            is_encrypted: false,
            uses_proxy: false,
        };
        let methods = vec![SignInMethod::new(Method::None)];
        Self(Arc::new(SystemSpec {
            schemes: vec![scheme],
            profile_lines: "url = \"harbor://127.0.0.1\"\nlogin.method = \"none\"\n".into(),
            ..SystemSpec::new("harbor", NAME, methods)
        }))
    }
}

impl System for HarborSystem {
    fn spec(&self) -> &Arc<SystemSpec> {
        &self.0
    }

    fn caps(&self) -> Capabilities {
        capabilities()
    }

    fn open(
        &self,
        profile: &Profile,
        _prompter: Arc<dyn Prompter>,
        _store: Arc<dyn TokenStore>,
    ) -> Result<Arc<dyn SessionApi>, ApiError> {
        Ok(Arc::new(Harbor {
            host: profile.url.host_str().unwrap_or_default().to_owned(),
            port: profile.port().unwrap_or_default(),
            named: host_of(&profile.url),
            connector: Connector::new(profile),
            limit: profile.timeout,
        }))
    }
}

fn capabilities() -> Capabilities {
    let desk = KindCaps {
        kind: "desk".into(),
        fields: EnumMap::from_fn(|field| match field {
            Field::User => Support::Required,
            Field::Ip | Field::Agent | Field::Method | Field::Scope | Field::Client => Support::No,
            Field::UserId | Field::Expires | Field::Used | Field::Ended => Support::No,
            _ => Support::Client,
        }),
        get: true,
        revoke: Revoke::One,
        after_revoke: "The desk is free at once.".into(),
        has_own_ids: true,
        columns: vec![
            ColumnSpec::new(Field::Kind, "KIND", "KIND", 0),
            ColumnSpec::new(Field::User, "USER", "USER", 2),
            ColumnSpec::new(Field::Id, "SESSION", "SESSION", 1),
            ColumnSpec::new(Field::Created, "CREATED", "CREATED", 0),
            ColumnSpec::of_attribute("berth", "BERTH", 1),
            ColumnSpec::new(Field::State, "STATE", "STATE", 0),
        ],
        ..KindCaps::default()
    };
    let link = KindCaps {
        kind: "link".into(),
        revoke: Revoke::OwnOnly,
        after_revoke: "It is usher's own link, which is cut.".into(),
        ..desk.clone()
    };
    Capabilities {
        kinds: Kinds::several(desk.clone(), vec![link]),
        ..Capabilities::of_one_kind(NAME, desk)
    }
}

struct Harbor {
    host: String,
    port: u16,
    /// Host and port, for errors.
    named: String,
    connector: Connector,
    limit: Duration,
}

impl Harbor {
    /// Sends one command, and reads its answer within the limit of the profile.
    async fn ask(&self, command: &str) -> Result<Value, ApiError> {
        let stream = self.connector.tcp(&self.host, self.port).await?;
        let line = tokio::time::timeout(self.limit, self.talk(stream, command)).await;
        let line = line.map_err(|_| ApiError::Timeout {
            host: self.named.clone(),
            after: self.limit,
            acted: Acted::Maybe,
            exchange: None,
        })??;
        let answer: Value = serde_json::from_slice(&line).map_err(|error| self.odd(&error))?;
        match answer["error"].as_u64() {
            Some(code) => Err(self.refused(code, answer["text"].as_str().unwrap_or_default())),
            None => Ok(answer),
        }
    }

    async fn talk(&self, mut stream: TcpStream, command: &str) -> Result<Vec<u8>, ApiError> {
        let broken = |why: &str| ApiError::Broken {
            host: self.named.clone(),
            why: clean(why),
            exchange: None,
        };
        let sent = stream.write_all(format!("{command}\n").as_bytes()).await;
        sent.map_err(|error| broken(&error.to_string()))?;
        let mut line = Vec::new();
        let read = stream.read_to_end(&mut line).await;
        read.map_err(|error| broken(&error.to_string()))?;
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ => Err(broken("the answer has no end")),
        }
    }

    fn odd(&self, why: &dyn ToString) -> ApiError {
        ApiError::Unexpected {
            host: self.named.clone(),
            at: "the answer".into(),
            why: clean(&why.to_string()),
            near: None,
            exchange: None,
        }
    }

    fn refused(&self, code: u64, text: &str) -> ApiError {
        let message = clean(text);
        match code {
            403 => ApiError::Forbidden {
                message,
                needs: None,
                exchange: None,
            },
            404 => ApiError::NotFound,
            _ => ApiError::Server {
                host: self.named.clone(),
                code: Code::Text(code.to_string().into()),
                message,
                acted: Acted::No,
                is_transient: false,
                exchange: None,
            },
        }
    }

    /// Hands on the sessions of an answer. Not one is handed on unless all can be read.
    fn rows(&self, answer: &Value, sink: &mut dyn RowSink) -> Result<(), ApiError> {
        let sessions = answer["sessions"].as_array();
        let sessions = sessions.ok_or_else(|| self.odd(&"no list of sessions"))?;
        let rows: Option<Vec<RowRef<'_>>> = sessions.iter().map(row).collect();
        for mut row in rows.ok_or_else(|| self.odd(&"a session without its parts"))? {
            if sink.row(&mut row).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn row(session: &Value) -> Option<RowRef<'_>> {
    let text = |name: &str| session[name].as_str();
    let (kind, id) = (text("kind")?, text("id")?);
    let mut row = RowRef::new(format!("{kind}/{id}"), format!("hb:{id}"));
    row.id = Some(id.into());
    row.kind = Some(kind.into());
    row.user = text("user").map(Cow::Borrowed);
    row.created = DateTime::from_timestamp(session["since"].as_i64()?, 0);
    row.fact = Fact::Live;
    row.deletable = Deletable::Yes;
    row.own = session["own"].as_bool();
    let berth = text("berth")?.into();
    row.extra.push(("berth".into(), berth, Class::Plain));
    Some(row)
}

#[async_trait]
impl SessionApi for Harbor {
    fn caps(&self) -> Arc<Capabilities> {
        Arc::new(capabilities())
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let user = search
            .query
            .users()
            .and_then(|names| names.first().copied());
        let all = Way {
            word: "all".into(),
            title: "the sessions of everybody".into(),
            needs: None,
            cost: None,
        };
        Ok(Plan {
            native: user.map(|user| format!("list {user}")).unwrap_or_default(),
            rest: search.query.clauses.clone(),
            notes: Vec::new(),
            ways: if user.is_some() { vec![] } else { vec![all] },
        })
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let answer = self.ask("whoami").await?;
        let name = answer["name"].as_str();
        Ok(Identity {
            name: name.ok_or_else(|| self.odd(&"no name"))?.into(),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let users = search.query.users().unwrap_or_default();
        let user = users.first().copied().unwrap_or("*");
        let at = at.map_or("0", Cursor::as_str);
        let answer = self.ask(&format!("list {user} {at}")).await?;
        self.rows(&answer, sink)?;
        Ok(PageEnd {
            next: answer["next"]
                .as_u64()
                .map(|at| Cursor::new(at.to_string())),
            total: None,
            completeness: Completeness::Complete,
            unread: 0,
            walk: None,
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let answer = self.ask(&format!("get {}", key.expose())).await?;
        let mut found: Vec<Session> = Vec::new();
        self.rows(&answer, &mut found)?;
        found.pop().ok_or(ApiError::NotFound)
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        let mut outcomes = Vec::with_capacity(keys.len());
        for key in keys {
            let ended = self.ask(&format!("end {}", key.expose())).await;
            outcomes.push(ended.map_or_else(Outcome::Failed, |_| Outcome::Revoked));
        }
        Ok(outcomes)
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        Err(ApiError::Unsupported {
            what: "ending all sessions of a user".into(),
            limit: LimitedBy::System(NAME.into()),
        })
    }
}
