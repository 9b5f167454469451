//! How rows travel from a provider to whoever wants them.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use enum_map::{Enum, EnumMap};
use serde_json::value::RawValue;

use super::query::Field;
use super::session::{Attribute, Class, Deletable, Fact, Session, SessionKey, Subject};
use super::text::{Untrusted, with_thousands};

/// Where a provider puts what it read, row by row.
pub trait RowSink: Send {
    /// Takes one row. `Break` means: enough, send no more.
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()>;

    /// The page goes on with another request: whoever shows rows may show those that have come.
    fn so_far(&mut self) {}

    /// How many more rows are wanted, as far as that is known. A page beyond them is not asked for ahead.
    fn room(&self) -> u64 {
        u64::MAX
    }

    /// A place for the client to keep something in until the next page of the same reading. `None`: there
    /// is none, so that no page is asked for ahead.
    fn kept(&mut self) -> Option<&mut Kept> {
        None
    }
}

/// What a client keeps from one page of a reading to the next, such as pages that it has asked for ahead.
/// It is dropped with the reading.
#[derive(Default)]
pub struct Kept(Option<Box<dyn Any + Send>>);

impl Kept {
    /// The kept value of this type; a new one if there was none.
    pub fn value<T: Any + Default + Send>(&mut self) -> &mut T {
        if !self.0.as_ref().is_some_and(|kept| (**kept).is::<T>()) {
            self.0 = Some(Box::<T>::default());
        }
        let kept = self.0.as_mut().and_then(|kept| kept.downcast_mut());
        kept.expect("a value of this type was just put there")
    }
}

/// One session as it was read, borrowed from the response bytes.
///
/// The fields are those of [`Session`]; texts are what the server sent, not cleaned.
#[derive(Clone, Debug)]
pub struct RowRef<'a> {
    /// The provider's key, in clear.
    pub key: Cow<'a, str>,
    /// The name of the session for people and in the server's own console, in clear. `None`: the
    /// same as the key.
    pub id: Option<Cow<'a, str>>,
    /// Which kind of session it is, by the word of its capabilities. `None`: the system has one kind only.
    pub kind: Option<Arc<str>>,
    /// Short safe text for people.
    pub label: Cow<'a, str>,
    /// Id of the person as the system writes it.
    pub user_id: Option<Cow<'a, str>>,
    /// Name of the person.
    pub user: Option<Cow<'a, str>>,
    /// The state as the system reported it.
    pub fact: Fact,
    /// When the session began.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended: Option<DateTime<Utc>>,
    /// The application.
    pub client: Option<Cow<'a, str>>,
    /// The address.
    pub ip: Option<Cow<'a, str>>,
    /// The browser or program.
    pub user_agent: Option<Cow<'a, str>>,
    /// How the person signed in.
    pub auth_method: Option<Cow<'a, str>>,
    /// Realm, organisation or tenant.
    pub scope: Option<Cow<'a, str>>,
    /// Whether it may be revoked.
    pub deletable: Deletable,
    /// True for the operator's own session. `None`: this system cannot tell.
    pub own: Option<bool>,
    /// True if the system says that somebody else signed in as this user.
    pub impersonated: bool,
    /// True if the system says that it has no end of its own. Where no end is told it may have one.
    pub never_expires: bool,
    /// Everything else, in the system's order.
    pub extra: Vec<(Cow<'a, str>, Cow<'a, str>, Class)>,
    /// Which of the texts are no text but another JSON value, as it was written.
    pub is_json: EnumMap<Field, bool>,
    /// The JSON as received.
    pub raw: Option<&'a str>,
}

impl<'a> RowRef<'a> {
    /// A row with a key and a label, and nothing else known.
    pub fn new(key: impl Into<Cow<'a, str>>, label: impl Into<Cow<'a, str>>) -> Self {
        Self {
            key: key.into(),
            id: None,
            kind: None,
            label: label.into(),
            user_id: None,
            user: None,
            fact: Fact::Unknown,
            created: None,
            last_used: None,
            expires: None,
            ended: None,
            client: None,
            ip: None,
            user_agent: None,
            auth_method: None,
            scope: None,
            deletable: Deletable::Unknown,
            own: None,
            impersonated: false,
            never_expires: false,
            extra: Vec::new(),
            is_json: EnumMap::from_array([false; Field::LENGTH]),
            raw: None,
        }
    }

    /// Whose session it is.
    pub fn subject(&self) -> Subject {
        Subject {
            id: self.untrusted(Field::UserId),
            name: self.untrusted(Field::User),
            scope: self.untrusted(Field::Scope),
        }
    }

    fn untrusted(&self, field: Field) -> Option<Untrusted> {
        let text = self.text(field)?;
        Some(if self.is_json[field] {
            Untrusted::json(text)
        } else {
            Untrusted::from(text)
        })
    }

    /// The name of the session for people and in the server's own console.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.key)
    }

    /// The value of a field that is text as the system sent it. `None`: it has none, or the field is
    /// something else.
    pub fn text(&self, field: Field) -> Option<&str> {
        match field {
            Field::Id => Some(self.id()),
            Field::Kind => self.kind.as_deref(),
            Field::User => self.user.as_deref(),
            Field::UserId => self.user_id.as_deref(),
            Field::Client => self.client.as_deref(),
            Field::Ip => self.ip.as_deref(),
            Field::Agent => self.user_agent.as_deref(),
            Field::Method => self.auth_method.as_deref(),
            Field::Scope => self.scope.as_deref(),
            _ => None,
        }
    }

    /// The value of a field that is a moment. `None`: it has none, or the field is something else.
    pub fn instant(&self, field: Field) -> Option<DateTime<Utc>> {
        match field {
            Field::Created => self.created,
            Field::Used => self.last_used,
            Field::Expires => self.expires,
            Field::Ended => self.ended,
            _ => None,
        }
    }

    /// A session that was read before, as a row again.
    pub fn of(session: &'a Session) -> Self {
        fn text(text: &Option<Untrusted>) -> Option<Cow<'_, str>> {
            text.as_ref().map(|text| Cow::Borrowed(text.expose()))
        }
        Self {
            key: Cow::Borrowed(session.key.expose()),
            id: session.id.as_ref().map(|id| id.expose().into()),
            kind: session.kind.clone(),
            label: Cow::Borrowed(&session.label),
            user_id: text(&session.subject.id),
            user: text(&session.subject.name),
            fact: session.fact,
            created: session.created,
            last_used: session.last_used,
            expires: session.expires,
            ended: session.ended,
            client: text(&session.client),
            ip: text(&session.ip),
            user_agent: text(&session.user_agent),
            auth_method: text(&session.auth_method),
            scope: text(&session.scope),
            deletable: session.deletable.clone(),
            own: session.own,
            impersonated: session.impersonated,
            never_expires: session.never_expires,
            extra: session
                .extra
                .iter()
                .map(|one| {
                    (
                        one.name.expose().into(),
                        one.value.expose().into(),
                        one.class,
                    )
                })
                .collect(),
            is_json: json_texts(session),
            raw: session.raw.as_deref().map(RawValue::get),
        }
    }

    /// The same as a value that stands alone.
    pub fn to_session(&self) -> Session {
        Session {
            key: SessionKey::new(self.key.as_ref()),
            id: self.id.as_deref().map(SessionKey::new),
            kind: self.kind.clone(),
            label: self.label.to_string(),
            subject: self.subject(),
            fact: self.fact,
            created: self.created,
            last_used: self.last_used,
            expires: self.expires,
            ended: self.ended,
            client: self.untrusted(Field::Client),
            ip: self.untrusted(Field::Ip),
            user_agent: self.untrusted(Field::Agent),
            auth_method: self.untrusted(Field::Method),
            scope: self.untrusted(Field::Scope),
            deletable: self.deletable.clone(),
            own: self.own,
            impersonated: self.impersonated,
            never_expires: self.never_expires,
            extra: self
                .extra
                .iter()
                .map(|(name, value, class)| Attribute {
                    name: Untrusted::from(name.as_ref()),
                    value: Untrusted::from(value.as_ref()),
                    class: *class,
                })
                .collect(),
            raw: self
                .raw
                .and_then(|raw| RawValue::from_string(raw.to_owned()).ok()),
        }
    }
}

/// Which texts of a session hold another JSON value.
fn json_texts(session: &Session) -> EnumMap<Field, bool> {
    let texts = [
        (Field::User, &session.subject.name),
        (Field::UserId, &session.subject.id),
        (Field::Client, &session.client),
        (Field::Ip, &session.ip),
        (Field::Agent, &session.user_agent),
        (Field::Method, &session.auth_method),
        (Field::Scope, &session.scope),
    ];
    let mut found = EnumMap::default();
    for (field, text) in texts {
        found[field] = text.as_ref().is_some_and(Untrusted::is_json);
    }
    found
}

/// Collects everything: for tests and small jobs.
impl RowSink for Vec<Session> {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        self.push(row.to_session());
        ControlFlow::Continue(())
    }
}

/// Facts about a page, given once its rows are in the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEnd {
    /// Where the next page begins. `None`: this was the last.
    pub next: Option<Cursor>,
    /// How many sessions match on the server. `None`: it does not say.
    pub total: Option<u64>,
    /// Whether the list is whole.
    pub completeness: Completeness,
    /// Entries of the page that are no session, so that no row could be made of them.
    pub unread: u32,
    /// How far a walk has come that needs many requests (one a user, one a realm). `None`: there is none.
    ///
    /// A page of a walk may be empty: nobody was found there.
    pub walk: Option<WalkProgress>,
}

/// How far a walk over users, realms and the like has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkProgress {
    /// So many have been asked for.
    pub done: u64,
    /// So many there are. `None`: not known.
    pub of: Option<u64>,
    /// The things counted, in the plural: "users".
    pub what: Cow<'static, str>,
}

impl fmt::Display for WalkProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&with_thousands(self.done))?;
        if let Some(of) = self.of {
            write!(f, " of {}", with_thousands(of))?;
        }
        write!(f, " {}", self.what)
    }
}

/// Whether a list is whole. `Truncated` is not an error and must be shown: some servers cut silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every matching session has been listed.
    Complete,
    /// There is another page.
    More,
    /// The server stopped at this number of rows and has more.
    Truncated {
        /// The number of rows at which it stopped.
        at: u64,
    },
    /// The server gives no way to know.
    Unknown,
}

/// Where a page begins: an offset, an opaque cookie, a last id. The provider's business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// Wraps the provider's own text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The provider's own text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
