//! A row as a query sees it, wherever it is kept.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use super::Field;
use crate::model::hint::OfOtherRows;
use crate::model::page::RowRef;
use crate::model::session::{Deletable, Fact, Session, Thresholds};

/// The number of a text among all texts of some rows: equal numbers, equal texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextNumber {
    /// It has this one, from 0 on.
    Is(usize),
    /// The row has no such text.
    NoText,
    /// Texts of this field have no numbers.
    Unknown,
}

/// The fields of one row, borrowed.
pub trait RowView {
    /// The value of a text field: that of [`Session::text`], `profile` or `system`. `None`: the row has
    /// none, or it is not a text field.
    fn text(&self, field: Field) -> Option<Cow<'_, str>>;

    /// The number of that text among all texts of these rows.
    fn text_number(&self, _field: Field) -> TextNumber {
        TextNumber::Unknown
    }

    /// Whether a bare word of the query, by its number, occurs in the row (in a text, or at the beginning of the
    /// id). `None`: nobody has looked for it.
    fn word(&self, _number: usize) -> Option<bool> {
        None
    }

    /// True if the id passes the test. For many rows cheaper than to take it as a text.
    fn tests_id(&self, test: impl FnOnce(&str) -> bool) -> bool {
        self.text(Field::Id).is_some_and(|id| test(&id))
    }

    /// The number of the source it came from. `None`: it is not known, or there is only one.
    fn source(&self) -> Option<usize> {
        None
    }

    /// The opaque key with which the client ends it; a search for `id` finds it too. `None`: it is
    /// not known.
    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The value of `created`, `used`, `expires` or `ended`. `None`: the row has none.
    fn instant(&self, field: Field) -> Option<DateTime<Utc>>;

    /// The state: as the system reported it, or `Revoked` if we ended it.
    fn fact(&self) -> Fact;

    /// True for the operator's own session. `None`: not known.
    fn own(&self) -> Option<bool>;

    /// True if it may be revoked. `None`: not known.
    fn deletable(&self) -> Option<bool>;

    /// True if a value of this attribute passes the test. An attribute may occur more than once.
    fn any_attribute(&self, name: &str, test: &mut dyn FnMut(&str) -> bool) -> bool;

    /// True if the system says that somebody else signed in as its user.
    fn is_impersonated(&self) -> bool {
        false
    }

    /// True if the system says that it has no end of its own.
    fn never_expires(&self) -> bool {
        false
    }

    /// The facts that only other rows tell. Nothing unless their keeper has counted them.
    fn of_other_rows(&self) -> OfOtherRows {
        OfOtherRows::default()
    }

    /// When this row counts as idle and expiring. `None`: as the matcher says.
    fn thresholds(&self) -> Option<Thresholds> {
        None
    }

    /// How far the clock of the row's server is ahead of the moment of the question.
    fn ahead(&self) -> TimeDelta {
        TimeDelta::zero()
    }
}

/// A row as it was read, with where it came from.
#[derive(Clone, Copy, Debug)]
pub struct RowIn<'a> {
    /// The row.
    pub row: &'a RowRef<'a>,
    /// Name of the profile.
    pub profile: &'a str,
    /// Name of the system.
    pub system: &'a str,
}

impl RowView for RowIn<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Profile => Some(self.profile.into()),
            Field::System => Some(self.system.into()),
            field => self.row.text(field).map(Cow::Borrowed),
        }
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        Some(self.row.key.as_ref().into())
    }

    fn instant(&self, field: Field) -> Option<DateTime<Utc>> {
        self.row.instant(field)
    }

    fn fact(&self) -> Fact {
        self.row.fact
    }

    fn own(&self) -> Option<bool> {
        self.row.own
    }

    fn deletable(&self) -> Option<bool> {
        yes_or_no(&self.row.deletable)
    }

    fn is_impersonated(&self) -> bool {
        self.row.impersonated
    }

    fn never_expires(&self) -> bool {
        self.row.never_expires
    }

    fn any_attribute(&self, name: &str, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.row
            .extra
            .iter()
            .any(|(known, value, _)| known == name && test(value))
    }
}

/// A session with where it came from and what we know beyond what the system said.
#[derive(Clone, Copy, Debug)]
pub struct SessionIn<'a> {
    /// The session.
    pub session: &'a Session,
    /// Name of the profile.
    pub profile: &'a str,
    /// Name of the system.
    pub system: &'a str,
    /// The state as known now; [`SessionIn::new`] takes the one that the system reported.
    pub fact: Fact,
    /// When it counts as idle and expiring. `None`: as the matcher says.
    pub thresholds: Option<Thresholds>,
    /// How far its server's clock is ahead of ours.
    pub ahead: TimeDelta,
}

impl<'a> SessionIn<'a> {
    /// A session of which we know no more than the system said.
    pub fn new(session: &'a Session, profile: &'a str, system: &'a str) -> Self {
        Self {
            session,
            profile,
            system,
            fact: session.fact,
            thresholds: None,
            ahead: TimeDelta::zero(),
        }
    }
}

impl RowView for SessionIn<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Profile => Some(self.profile.into()),
            Field::System => Some(self.system.into()),
            field => self.session.text(field).map(Cow::Borrowed),
        }
    }

    fn key(&self) -> Option<Cow<'_, str>> {
        Some(self.session.key.expose().into())
    }

    fn instant(&self, field: Field) -> Option<DateTime<Utc>> {
        self.session.instant(field)
    }

    fn fact(&self) -> Fact {
        self.fact
    }

    fn own(&self) -> Option<bool> {
        self.session.own
    }

    fn deletable(&self) -> Option<bool> {
        yes_or_no(&self.session.deletable)
    }

    fn is_impersonated(&self) -> bool {
        self.session.impersonated
    }

    fn never_expires(&self) -> bool {
        self.session.never_expires
    }

    fn any_attribute(&self, name: &str, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.session
            .extra
            .iter()
            .any(|extra| extra.name.expose() == name && test(extra.value.expose()))
    }

    fn thresholds(&self) -> Option<Thresholds> {
        self.thresholds
    }

    fn ahead(&self) -> TimeDelta {
        self.ahead
    }
}

fn yes_or_no(deletable: &Deletable) -> Option<bool> {
    match deletable {
        Deletable::Yes => Some(true),
        Deletable::No(_) | Deletable::NoLastingId => Some(false),
        Deletable::Unknown => None,
    }
}
