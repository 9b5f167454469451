//! A login session, whatever system holds it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::ApiError;
use super::hint::HintRules;
use super::query::Field;
use super::text::Untrusted;

/// The key by which a provider finds a session again: what revoke and get need.
///
/// Opaque: made and read only by the provider that returned it. `Debug` and logs show a
/// placeholder, never the value, because in some systems the id alone takes over the session.
#[derive(Clone)]
pub struct SessionKey(SecretString);

impl SessionKey {
    /// Wraps the provider's own text for a session.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text as the provider wrote it. For requests, for `-o jsonl` and for a deliberate copy only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

impl PartialEq for SessionKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SessionKey {}

impl Hash for SessionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

/// Whose session it is, in the words of the system that holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The id as the system writes it (a DN, a UUID). `None`: nobody has signed in, or the system does not say.
    pub id: Option<Untrusted>,
    /// The name people know ("jdoe"). `None`: the system gives none.
    pub name: Option<Untrusted>,
    /// Realm, organisation or tenant in which the id is valid. `None`: the system has no such thing.
    pub scope: Option<Untrusted>,
}

impl Subject {
    /// True if it is the same person: by the id, or by name and scope where neither has an id. A
    /// subject with neither is the same as no other.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.is_person(other.id.as_ref(), other.name.as_ref(), other.scope.as_ref())
    }

    /// The same for a person of this id, name and scope.
    pub fn is_person(
        &self,
        id: Option<&Untrusted>,
        name: Option<&Untrusted>,
        scope: Option<&Untrusted>,
    ) -> bool {
        fn some(text: Option<&Untrusted>) -> Option<&Untrusted> {
            text.filter(|text| !text.is_empty())
        }
        match (some(self.id.as_ref()), some(id)) {
            (Some(one), Some(two)) => one == two,
            (None, None) => {
                let own = some(self.name.as_ref());
                own.is_some() && own == some(name) && self.scope.as_ref() == scope
            }
            _ => false,
        }
    }

    /// The name of this person on screen: the name, else the id. `None` for nobody.
    pub fn shown(&self) -> Option<&Untrusted> {
        self.name.as_ref().or(self.id.as_ref())
    }
}

/// Who the operator is at the remote system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The name as the system has it ("help-desk@example.org", or a client id). Never empty.
    pub name: Untrusted,
    /// The name that `client_names` of the profile gives to that client id. `None`: it gives none.
    pub known_as: Option<Untrusted>,
    /// The operator's own session as the server describes it, for programs. `None`: it does not tell.
    pub session: Option<Value>,
    /// The rights of the token, in the system's own words. Empty: the system does not tell.
    pub scopes: Vec<Untrusted>,
    /// Name and version of the server, if it says so.
    pub server: Option<Untrusted>,
    /// Why this sign-in can end no session, where that is known without trying ("this sign-in lacks the
    /// scope …"). `None`: nothing is known against it.
    pub may_not_revoke: Option<Untrusted>,
}

impl Identity {
    /// The name on screen: the one from the configuration, else the one of the system.
    pub fn shown(&self) -> &Untrusted {
        self.known_as.as_ref().unwrap_or(&self.name)
    }
}

/// The state that the system reported for the session, before clocks are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fact {
    /// Usable as far as the system says.
    Live,
    /// A session that nobody has signed in to yet.
    Unauthenticated,
    /// Ended by somebody.
    Revoked,
    /// The system tells no state.
    #[default]
    Unknown,
}

/// The word shown for a session; the first that holds, in the order of declaration.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// The system says so, or we did it.
    Revoked,
    /// The expiry has passed.
    Expired,
    /// Nobody has signed in to it.
    Unauthenticated,
    /// It ends within `expiring_within`.
    Expiring,
    /// Not used for `idle_after` or longer.
    Idle,
    /// Usable and in use.
    Active,
    /// The system tells neither a state nor an expiry.
    Unknown,
}

impl State {
    /// The word as shown, queried and exported.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// When a session counts as idle and as expiring, and when it has hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Unused for this long: idle.
    pub idle_after: TimeDelta,
    /// Ends within this: expiring.
    pub expiring_within: TimeDelta,
    /// When it has hints.
    pub hints: HintRules,
}

impl Default for Thresholds {
    /// 8 hours, 5 minutes, and the usual hints.
    fn default() -> Self {
        Self {
            idle_after: TimeDelta::hours(8),
            expiring_within: TimeDelta::minutes(5),
            hints: HintRules::USUAL,
        }
    }
}

/// The word for a session at a moment: the first that holds, in the order of [`State`].
///
/// A session never used is as idle as it is old.
pub fn state_at(
    fact: Fact,
    created: Option<DateTime<Utc>>,
    last_used: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
    thresholds: Thresholds,
    now: DateTime<Utc>,
) -> State {
    Bounds::at(now, thresholds).state(fact, created, last_used, expires)
}

/// The moments at which the word for a session changes, in any unit that counts forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// What expires until then has expired.
    over: T,
    /// What expires until then is expiring.
    soon: T,
    /// What was not used after this is idle.
    unused_since: T,
}

impl Bounds<DateTime<Utc>> {
    /// At this moment.
    pub fn at(now: DateTime<Utc>, thresholds: Thresholds) -> Self {
        let soon = now.checked_add_signed(thresholds.expiring_within);
        let unused_since = now.checked_sub_signed(thresholds.idle_after);
        Self {
            over: now,
            soon: soon.unwrap_or(DateTime::<Utc>::MAX_UTC),
            unused_since: unused_since.unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }

    /// The same in microseconds since 1970, for moments that have no smaller part.
    pub fn micros(self) -> Bounds<i64> {
        Bounds {
            over: self.over.timestamp_micros(),
            soon: self.soon.timestamp_micros(),
            unused_since: self.unused_since.timestamp_micros(),
        }
    }
}

impl<T: Ord> Bounds<T> {
    /// The word for a session: see [`state_at`].
    pub fn state(
        &self,
        fact: Fact,
        created: Option<T>,
        last_used: Option<T>,
        expires: Option<T>,
    ) -> State {
        match fact {
            Fact::Revoked => State::Revoked,
            _ if expires.as_ref().is_some_and(|at| *at <= self.over) => State::Expired,
            Fact::Unauthenticated => State::Unauthenticated,
            _ if expires.as_ref().is_some_and(|at| *at <= self.soon) => State::Expiring,
            Fact::Unknown if expires.is_none() => State::Unknown,
            _ if last_used
                .or(created)
                .is_some_and(|at| at <= self.unused_since) =>
            {
                State::Idle
            }
            _ => State::Active,
        }
    }
}

/// Whether a session may be revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Deletable {
    /// Yes, as far as the system says.
    Yes,
    /// No, with the reason in words.
    No(String),
    /// No: the server lists it under another id each time, so its id reaches nothing.
    NoLastingId,
    /// The system does not say, and does not vouch for the key either: trying is the only way to know.
    #[default]
    Unknown,
}

impl Deletable {
    /// Why not. `None`: it may be revoked, or the system does not say.
    pub fn why_not(&self) -> Option<&str> {
        match self {
            Self::No(why) => Some(why),
            Self::NoLastingId => Some(NO_LASTING_ID),
            Self::Yes | Self::Unknown => None,
        }
    }

    /// True if the key names this session at every reading. If not, a key that is not found proves nothing.
    pub fn has_lasting_key(&self) -> bool {
        matches!(self, Self::Yes | Self::No(_))
    }
}

/// Why a session cannot be ended alone whose id another reading does not repeat.
pub const NO_LASTING_ID: &str = "it has no lasting id, so only ending all of the user reaches it";

/// One login session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The key that revoke and get need.
    pub key: SessionKey,
    /// The name of the session for people and in the server's own console. `None`: the same as the
    /// key. As careful as the key: in some systems it is a credential.
    pub id: Option<SessionKey>,
    /// Which kind of session it is, by the word of its capabilities. `None`: the system has one kind only.
    pub kind: Option<Arc<str>>,
    /// Short safe text for people ("ss:9c41…e7"); never enough to use the session.
    pub label: String,
    /// Whose session it is.
    pub subject: Subject,
    /// The state that the system reported. `state_at` makes the word to show.
    pub fact: Fact,
    /// When the session began. `None`: not told.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used. `None`: never, or not told.
    pub last_used: Option<DateTime<Utc>>,
    /// When it ends by itself. `None`: never, or not told.
    pub expires: Option<DateTime<Utc>>,
    /// When it was revoked or logged out. `None`: still there, or not told.
    pub ended: Option<DateTime<Utc>>,
    /// The application it belongs to, as the system names it.
    pub client: Option<Untrusted>,
    /// Address of the person, as text: remotes send lists, ports and garbage.
    pub ip: Option<Untrusted>,
    /// The browser or program, as it named itself.
    pub user_agent: Option<Untrusted>,
    /// How the person signed in (acr, amr, chain, connection).
    pub auth_method: Option<Untrusted>,
    /// Realm, organisation or tenant.
    pub scope: Option<Untrusted>,
    /// Whether it may be revoked.
    pub deletable: Deletable,
    /// True for the operator's own session. `None`: this system cannot tell.
    pub own: Option<bool>,
    /// True if the system says that somebody else signed in as this user.
    pub impersonated: bool,
    /// True if the system says that it has no end of its own. Where no end is told it may have one.
    pub never_expires: bool,
    /// Everything else the system said, in its order.
    pub extra: Vec<Attribute>,
    /// The JSON as received, if it is kept.
    pub raw: Option<Box<RawValue>>,
}

impl Session {
    /// A session with a key and a label, and nothing else known.
    pub fn new(key: SessionKey, label: String) -> Self {
        Self {
            key,
            id: None,
            kind: None,
            label,
            subject: Subject::default(),
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
            raw: None,
        }
    }
}

impl Session {
    /// The name of the session for people and in the server's own console.
    pub fn id(&self) -> &str {
        self.id.as_ref().unwrap_or(&self.key).expose()
    }

    /// The value of a field that is text as the system sent it. `None`: it has none, or the field is
    /// something else.
    pub fn text(&self, field: Field) -> Option<&str> {
        let text = match field {
            Field::Id => return Some(self.id()),
            Field::Kind => return self.kind.as_deref(),
            Field::User => &self.subject.name,
            Field::UserId => &self.subject.id,
            Field::Client => &self.client,
            Field::Ip => &self.ip,
            Field::Agent => &self.user_agent,
            Field::Method => &self.auth_method,
            Field::Scope => &self.scope,
            _ => return None,
        };
        text.as_ref().map(Untrusted::expose)
    }

    /// The first attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.extra.iter().find(|one| one.name.expose() == name)
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
}

/// One more thing the system said about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name as the system writes it ("sessionAttributes.acr" is written `acr`).
    pub name: Untrusted,
    /// The value as text.
    pub value: Untrusted,
    /// True if it is masked until somebody asks for it.
    pub class: Class,
}

impl Attribute {
    /// The value. `None`: it must be masked.
    pub fn plain(&self) -> Option<&str> {
        match self.class {
            Class::Plain => Some(self.value.expose()),
            Class::Secret => None,
        }
    }
}

/// How carefully a value is handled (robustness rules: classes of data).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// May be shown anywhere.
    #[default]
    Plain,
    /// Works as a credential, or helps to forge one: masked on screen, never logged.
    Secret,
}

/// The result of a revoke for one session.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Ended by us; the server no longer lists it.
    Revoked,
    /// It was not there any more, or its time had run out.
    AlreadyGone,
    /// The server said yes, and still lists it.
    StillListed,
    /// The server said no, in its words.
    Refused(String),
    /// It cannot be ended alone: the server does not find the id that it listed, and lists the same
    /// session under another one.
    NoLastingId,
    /// It could not be done. [`ApiError::NotFound`]: no list has shown such a session.
    Failed(ApiError),
    /// Sent, and nothing settled what became of it. Holds why the request gave no answer that counts.
    /// `None`: the server said yes, or nothing at all, and no list shows whether it has ended.
    Unknown(Option<ApiError>),
}

impl Outcome {
    /// The word for tables, JSON lines and the audit log.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::AlreadyGone => "already_gone",
            Self::StillListed => "still_listed",
            Self::Refused(_) => "refused",
            Self::NoLastingId => "no_lasting_id",
            Self::Failed(ApiError::NotFound) => "not_found",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why it is not known whether the session has ended, cleaned and without a full stop. `None`: it is
    /// known.
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::StillListed => Some("the server said yes, and still lists it".to_owned()),
            Self::Unknown(Some(error)) => Some(format!(
                "it was sent, and what became of it is not known: {error}"
            )),
            Self::Unknown(None) => {
                Some("it was sent, and no list shows what became of it".to_owned())
            }
            _ => None,
        }
    }
}

/// The result of "end all sessions of this user".
#[derive(Clone, Debug)]
pub struct UserOutcome {
    /// How the server's own operation (or the last of several) ended.
    pub outcome: Outcome,
    /// Live sessions of the user found before, without those whose time ran out by itself meanwhile.
    /// `None`: not counted.
    pub before: Option<u64>,
    /// Live sessions of the user found afterwards. `None`: not counted.
    pub left: Option<u64>,
    /// The sessions that stay and why ("offline sessions go on until their consent is taken back").
    /// Cleaned sentences without a full stop; usually none.
    pub notes: Vec<String>,
}
