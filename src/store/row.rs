//! One row of the store: a view into the columns of its chunk.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::chunk::{Answer, Chunk, Facts, Moment, Shared};
use super::records::Record;
use super::rows::SourceId;
use super::texts::{TextId, Texts};
use crate::model::{Attribute, Deletable, Fact, Field, Session, SessionKey, Subject, Untrusted};

/// One loaded row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub(super) chunk: &'a Chunk,
    pub(super) at: usize,
}

impl<'a> Row<'a> {
    /// Where it comes from.
    pub fn source(self) -> SourceId {
        self.chunk.source
    }

    /// The key that revoke and get need.
    pub fn key(self) -> SessionKey {
        SessionKey::new(self.key_text())
    }

    /// The key in clear, for comparing.
    pub(super) fn key_text(self) -> Cow<'a, str> {
        self.chunk.keys.get(self.at)
    }

    /// True if it is the session of this key.
    pub fn has_key(self, key: &SessionKey) -> bool {
        self.key_text() == key.expose()
    }

    /// The name of the session for people and in the server's own console, in clear.
    pub fn id(self) -> Cow<'a, str> {
        if self.facts().has_id {
            Cow::Borrowed(self.chunk.ids.get(self.at))
        } else {
            self.key_text()
        }
    }

    /// True if its id passes the test.
    pub(super) fn tests_id(self, test: impl FnOnce(&str) -> bool) -> bool {
        if self.facts().has_id {
            test(self.chunk.ids.get(self.at))
        } else {
            self.chunk.keys.tests(self.at, test)
        }
    }

    /// Which kind of session it is. `None`: the system has one kind only.
    pub fn kind(self) -> Option<&'a str> {
        self.kind_name().map(|kind| &**kind)
    }

    /// The same as it is kept, for counting.
    pub fn kind_name(self) -> Option<&'a Arc<str>> {
        let kind = usize::from(self.facts().kind);
        self.chunk.kind_names.get(kind)?.as_ref()
    }

    /// Short safe text for people.
    pub fn label(self) -> &'a str {
        self.chunk.labels.get(self.at)
    }

    /// Name of the person.
    pub fn user(self) -> Option<&'a Untrusted> {
        self.shared(Shared::User)
    }

    /// Id of the person as the system writes it.
    pub fn user_id(self) -> Option<&'a Untrusted> {
        self.shared(Shared::UserId)
    }

    /// The name of this person on screen: the name, else the id. `None` for nobody.
    pub fn person(self) -> Option<&'a Untrusted> {
        self.user().or_else(|| self.user_id())
    }

    /// Whose session it is.
    pub fn subject(self) -> Subject {
        Subject {
            id: self.user_id().cloned(),
            name: self.user().cloned(),
            scope: self.scope().cloned(),
        }
    }

    /// True if it is a session of this person.
    pub fn is_of(self, user: &Subject) -> bool {
        user.is_person(self.user_id(), self.user(), self.scope())
    }

    /// The application.
    pub fn client(self) -> Option<&'a Untrusted> {
        self.shared(Shared::Client)
    }

    /// The address.
    pub fn ip(self) -> Option<Untrusted> {
        if self.facts().has_ip {
            return Some(self.ip_text().into());
        }
        self.shared(Shared::OddIp).cloned()
    }

    /// The address where it is text; else empty.
    pub(super) fn ip_text(self) -> &'a str {
        self.chunk.ips.get(self.at)
    }

    /// The browser or program.
    pub fn user_agent(self) -> Option<&'a Untrusted> {
        self.shared(Shared::Agent)
    }

    /// How the person signed in.
    pub fn auth_method(self) -> Option<&'a Untrusted> {
        self.shared(Shared::Method)
    }

    /// Realm, organisation or tenant.
    pub fn scope(self) -> Option<&'a Untrusted> {
        self.shared(Shared::Scope)
    }

    /// The value of a field that is text as the system sent it, but for the id. `None`: it has none, or the
    /// field is something else.
    pub fn text(self, field: Field) -> Option<Cow<'a, Untrusted>> {
        match field {
            Field::Ip => self.ip().map(Cow::Owned),
            Field::Kind => self.kind().map(|kind| Cow::Owned(kind.into())),
            field => self.shared(shared_of(field)?).map(Cow::Borrowed),
        }
    }

    /// The state as the system reported it.
    pub fn fact(self) -> Fact {
        self.facts().fact
    }

    /// True for the operator's own session. `None`: this system cannot tell.
    pub fn own(self) -> Option<bool> {
        self.facts().own
    }

    /// True if the system says that somebody else signed in as its user.
    pub fn is_impersonated(self) -> bool {
        self.facts().impersonated
    }

    /// True if the system says that it has no end of its own.
    pub fn never_expires(self) -> bool {
        self.facts().never_expires
    }

    /// Whether it may be revoked.
    pub fn deletable(self) -> Deletable {
        match self.facts().deletable {
            Answer::Yes => Deletable::Yes,
            Answer::NoLastingId => Deletable::NoLastingId,
            Answer::Unknown => Deletable::Unknown,
            Answer::No => {
                let why = self.shared(Shared::WhyNot);
                Deletable::No(why.map_or("", Untrusted::expose).to_owned())
            }
        }
    }

    /// When it began.
    pub fn created(self) -> Option<DateTime<Utc>> {
        self.moment(Moment::Created)
    }

    /// When it was last used.
    pub fn last_used(self) -> Option<DateTime<Utc>> {
        self.moment(Moment::Used)
    }

    /// When it ends by itself.
    pub fn expires(self) -> Option<DateTime<Utc>> {
        self.moment(Moment::Expires)
    }

    /// When it was ended.
    pub fn ended(self) -> Option<DateTime<Utc>> {
        self.moment(Moment::Ended)
    }

    /// The value of a field that is a moment. `None`: it has none, or the field is something else.
    pub fn instant(self, field: Field) -> Option<DateTime<Utc>> {
        self.moment(moment_of(field)?)
    }

    /// The first attribute of this name. Unpacks the record: for the row under the cursor and the rows on
    /// screen only.
    pub fn attribute(self, name: &str) -> Option<Attribute> {
        let record = self.chunk.records.get(self.at);
        let mut attributes = record.extra.into_iter();
        attributes.find(|one| one.name.expose() == name)
    }

    /// All of it. Unpacks the record.
    pub fn session(self) -> Session {
        self.with(self.chunk.records.get(self.at))
    }

    /// All but its attributes and what the server sent: unpacks nothing.
    pub fn summary(self) -> Session {
        self.with(Record::default())
    }

    pub(super) fn with(self, record: Record) -> Session {
        Session {
            key: self.key(),
            id: self.facts().has_id.then(|| SessionKey::new(self.id())),
            kind: self.kind_name().cloned(),
            label: self.label().to_owned(),
            subject: self.subject(),
            fact: self.fact(),
            created: self.created(),
            last_used: self.last_used(),
            expires: self.expires(),
            ended: self.ended(),
            client: self.client().cloned(),
            ip: self.ip(),
            user_agent: self.user_agent().cloned(),
            auth_method: self.auth_method().cloned(),
            scope: self.scope().cloned(),
            deletable: self.deletable(),
            own: self.own(),
            impersonated: self.is_impersonated(),
            never_expires: self.never_expires(),
            extra: record.extra,
            raw: record.raw,
        }
    }

    pub(super) fn facts(self) -> Facts {
        // A view is made only of a row that is there.
        self.chunk.facts[self.at]
    }

    pub(super) fn moment(self, which: Moment) -> Option<DateTime<Utc>> {
        self.chunk.times[which].get(self.at)
    }

    /// The same in microseconds since 1970.
    pub(super) fn micros(self, which: Moment) -> Option<i64> {
        self.chunk.times[which].micros(self.at)
    }

    pub(super) fn text_id(self, which: Shared) -> TextId {
        self.chunk.shared[which].get(self.at)
    }

    pub(super) fn texts(self) -> &'a Arc<Texts> {
        &self.chunk.texts
    }

    fn shared(self, which: Shared) -> Option<&'a Untrusted> {
        self.chunk.texts.get(self.text_id(which))
    }
}

/// The column of a field that is a moment. `None`: it is something else.
pub(super) fn moment_of(field: Field) -> Option<Moment> {
    Some(match field {
        Field::Created => Moment::Created,
        Field::Used => Moment::Used,
        Field::Expires => Moment::Expires,
        Field::Ended => Moment::Ended,
        _ => return None,
    })
}

/// The column of a field that is a shared text. `None`: it is something else.
pub(super) fn shared_of(field: Field) -> Option<Shared> {
    Some(match field {
        Field::User => Shared::User,
        Field::UserId => Shared::UserId,
        Field::Client => Shared::Client,
        Field::Agent => Shared::Agent,
        Field::Method => Shared::Method,
        Field::Scope => Shared::Scope,
        _ => return None,
    })
}
