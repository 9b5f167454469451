//! The fields that can be printed, and what each holds for a row.

use std::borrow::Cow;

use chrono::TimeDelta;

use super::record::Record;
use crate::cli::exit::Failure;
use crate::cli::sources::Source;
use crate::model::address::network_of;
use crate::model::text::{json_marked, nearest};
use crate::model::time::{Zone, age, duration, duration_words, instant_short, rfc3339};
use crate::model::{AddressClass, ColumnSpec, Field, Hints, Property};

/// A field of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutputField {
    /// One that every row has.
    Common(CommonField),
    /// An attribute by the name the system gives it.
    Attribute(Box<str>),
}

/// A field that every row has. The name is the `strum` text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
#[allow(missing_docs, reason = "the name is the meaning")]
pub(crate) enum CommonField {
    Profile,
    System,
    Id,
    Label,
    User,
    UserId,
    State,
    Created,
    LastUsed,
    Expires,
    Ended,
    Client,
    Ip,
    Agent,
    Method,
    Scope,
    Deletable,
    NotDeletableBecause,
    Own,
    Hints,
    Attributes,
    Age,
    Idle,
    Left,
    Kind,
    Key,
    Network,
    IpClass,
}

/// The names of all fields.
pub(crate) const NAMES: &[&str] = <CommonField as strum::VariantNames>::VARIANTS;

/// The fields of a row in JSON, in this order. Part of the format: fields are added at the end
/// only.
const ROW: [CommonField; 21] = [
    CommonField::Profile,
    CommonField::System,
    CommonField::Id,
    CommonField::Label,
    CommonField::User,
    CommonField::UserId,
    CommonField::State,
    CommonField::Created,
    CommonField::LastUsed,
    CommonField::Expires,
    CommonField::Ended,
    CommonField::Client,
    CommonField::Ip,
    CommonField::Agent,
    CommonField::Method,
    CommonField::Scope,
    CommonField::Deletable,
    CommonField::NotDeletableBecause,
    CommonField::Own,
    CommonField::Hints,
    CommonField::Attributes,
];

/// The value of a cell.
pub(crate) enum Cell<'a> {
    /// Nothing: the system does not say.
    None,
    /// Text as it came; hostile characters included.
    Text(Cow<'a, str>),
    /// Another JSON value where a text was due, as it was written.
    Json(Cow<'a, str>),
    /// An instant.
    Instant(chrono::DateTime<chrono::Utc>),
    /// A duration.
    Duration(TimeDelta),
    /// Yes or no.
    Bool(bool),
    /// Hints.
    Hints(Hints),
    /// The further attributes.
    Attributes,
}

/// How instants are shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// How long ago, or how far ahead.
    Age,
    /// As a date and time.
    In(Zone),
}

impl OutputField {
    /// The fields of a JSON row.
    pub(crate) fn of_row(sources: &[Source]) -> Vec<Self> {
        let caps: Vec<_> = sources.iter().map(|source| source.api.caps()).collect();
        let mut kinds = caps.iter().flat_map(|caps| caps.kinds.iter());
        Self::of_json(
            caps.iter().any(|caps| caps.kinds.are_several()),
            kinds.any(|kind| kind.has_own_ids),
        )
    }

    /// The same. `kinds`: some system has several kinds of session; `own_ids`: ids beside the keys.
    pub(crate) fn of_json(kinds: bool, own_ids: bool) -> Vec<Self> {
        let mut all: Vec<Self> = ROW.into_iter().map(Self::Common).collect();
        if kinds {
            all.push(Self::Common(CommonField::Kind));
        }
        if own_ids {
            all.push(Self::Common(CommonField::Key));
        }
        all
    }

    /// The fields of a CSV file: all of a row but the attributes, which have no fixed number.
    pub(crate) fn of_csv(sources: &[Source]) -> Vec<Self> {
        Self::without_attributes(Self::of_row(sources))
    }

    /// These fields but for the attributes.
    pub(crate) fn without_attributes(mut fields: Vec<Self>) -> Vec<Self> {
        fields.retain(|column| *column != Self::Common(CommonField::Attributes));
        fields
    }

    /// True if it is the id or the key of a session, which may work as a credential.
    pub(crate) fn is_id(&self) -> bool {
        matches!(self, Self::Common(CommonField::Id | CommonField::Key))
    }

    /// True if it is the name of a person.
    pub(crate) fn is_user(&self) -> bool {
        *self == Self::Common(CommonField::User)
    }

    /// True if other rows have to be known for it.
    pub(crate) fn needs_other_rows(&self) -> bool {
        *self == Self::Common(CommonField::Hints)
    }

    /// True if it is an attribute or all of them, which are unpacked for it.
    pub(crate) fn is_attribute(&self) -> bool {
        matches!(
            self,
            Self::Attribute(_) | Self::Common(CommonField::Attributes)
        )
    }

    /// The columns of a table for people.
    pub(crate) fn of_specs(specs: &[ColumnSpec], sources: &[Source]) -> Vec<Self> {
        let mut columns: Vec<Self> = specs
            .iter()
            .map(|spec| Self::of_column(&spec.what))
            .collect();
        if columns.is_empty() {
            columns = [
                CommonField::User,
                CommonField::Client,
                CommonField::State,
                CommonField::Expires,
            ]
            .map(Self::Common)
            .to_vec();
        }
        let has_kinds = |source: &Source| source.api.caps().kinds.are_several();
        for (is_wanted, known) in [
            (sources.iter().any(has_kinds), CommonField::Kind),
            (sources.len() > 1, CommonField::Profile),
        ] {
            if is_wanted && !columns.contains(&Self::Common(known)) {
                columns.insert(1.min(columns.len()), Self::Common(known));
            }
        }
        columns
    }

    /// A column of a table.
    pub(crate) fn of_column(what: &Property) -> Self {
        match what {
            // As on the screen: an id can be longer than a line. `--columns id` shows it whole.
            Property::Field(Field::Id) => Self::Common(CommonField::Label),
            Property::Field(field) => Self::Common(CommonField::of(*field)),
            Property::Attribute(name) => Self::Attribute(name.as_ref().into()),
        }
    }

    /// Reads the name of a field: of the output, of the query language, or `@name`.
    ///
    /// # Errors
    /// A usage error that suggests the nearest name.
    pub(crate) fn parse(name: &str) -> Result<Self, Failure> {
        if let Some(attribute) = name.strip_prefix('@') {
            return Ok(Self::Attribute(attribute.into()));
        }
        if let Ok(known) = name.parse() {
            return Ok(Self::Common(known));
        }
        if let Some(field) = Field::from_name(name) {
            return Ok(Self::Common(CommonField::of(field)));
        }
        let hint = match nearest(name, NAMES.iter().copied()) {
            Some(known) => format!("did you mean \"{known}\"?"),
            None => format!("there are {}, and @name for an attribute", NAMES.join(", ")),
        };
        Err(Failure::usage(format!("unknown field \"{name}\": {hint}")))
    }

    /// Its name in JSON and CSV.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Common(known) => Cow::Borrowed(<&str>::from(known)),
            Self::Attribute(name) => Cow::Owned(format!("@{name}")),
        }
    }

    /// Its title in a table.
    pub(crate) fn title(&self) -> String {
        self.name().replace('_', " ").to_uppercase()
    }

    /// Its value for a row.
    pub(crate) fn cell<'a>(&self, record: &'a Record<'a>) -> Cell<'a> {
        match self {
            Self::Common(known) => known.cell(record),
            Self::Attribute(name) => record.attribute(name).map_or(Cell::None, Cell::Text),
        }
    }
}

impl CommonField {
    fn of(field: Field) -> Self {
        match field {
            Field::User => Self::User,
            Field::UserId => Self::UserId,
            Field::Id => Self::Id,
            Field::Client => Self::Client,
            Field::Ip => Self::Ip,
            Field::Agent => Self::Agent,
            Field::Method => Self::Method,
            Field::Scope => Self::Scope,
            Field::State => Self::State,
            Field::Created => Self::Created,
            Field::Used => Self::LastUsed,
            Field::Expires => Self::Expires,
            Field::Ended => Self::Ended,
            Field::Age => Self::Age,
            Field::Idle => Self::Idle,
            Field::Left => Self::Left,
            Field::Profile => Self::Profile,
            Field::System => Self::System,
            Field::Own => Self::Own,
            Field::Deletable => Self::Deletable,
            Field::Hint => Self::Hints,
            Field::Kind => Self::Kind,
        }
    }

    /// The field of the row that it holds as it came. `None`: it is worked out.
    fn field(self) -> Option<Field> {
        Some(match self {
            Self::Id => Field::Id,
            Self::User => Field::User,
            Self::UserId => Field::UserId,
            Self::Created => Field::Created,
            Self::LastUsed => Field::Used,
            Self::Expires => Field::Expires,
            Self::Ended => Field::Ended,
            Self::Client => Field::Client,
            Self::Ip => Field::Ip,
            Self::Agent => Field::Agent,
            Self::Method => Field::Method,
            Self::Scope => Field::Scope,
            Self::Kind => Field::Kind,
            _ => return None,
        })
    }

    fn cell<'a>(self, record: &'a Record<'a>) -> Cell<'a> {
        let row = record.row;
        if let Some(field) = self.field() {
            let text = row.text(field).map(Cow::Borrowed);
            let text = text.map(|text| {
                if row.is_json[field] {
                    Cell::Json(text)
                } else {
                    Cell::Text(text)
                }
            });
            return text
                .or_else(|| row.instant(field).map(Cell::Instant))
                .unwrap_or(Cell::None);
        }
        let length = |length: Option<_>| length.map_or(Cell::None, Cell::Duration);
        let truth = |yes: Option<bool>| yes.map_or(Cell::None, Cell::Bool);
        match self {
            Self::Profile => Cell::Text(record.profile.into()),
            Self::System => Cell::Text(record.system.into()),
            Self::Label => Cell::Text(Cow::Borrowed(row.label.as_ref())),
            Self::State => Cell::Text(record.state.word().into()),
            Self::Key if row.id.is_some() => Cell::Text(Cow::Borrowed(row.key.as_ref())),
            Self::Deletable => truth(record.deletable()),
            Self::NotDeletableBecause => record
                .not_deletable_because()
                .map_or(Cell::None, |why| Cell::Text(why.into())),
            Self::Own => truth(row.own),
            Self::Hints => Cell::Hints(record.hints()),
            Self::Network => {
                let network = row.text(Field::Ip).and_then(network_of);
                network.map_or(Cell::None, |network| Cell::Text(network.into()))
            }
            Self::IpClass => {
                let class = row.text(Field::Ip).and_then(AddressClass::words_in);
                class.map_or(Cell::None, |class| Cell::Text(class.into()))
            }
            Self::Attributes => Cell::Attributes,
            Self::Age => length(record.age()),
            Self::Idle => length(record.idle()),
            Self::Left => length(record.left()),
            _ => Cell::None,
        }
    }
}

impl<'a> Cell<'a> {
    /// For people; not cleaned yet.
    pub(crate) fn for_people(self, record: &'a Record<'a>, times: Times) -> Cow<'a, str> {
        match (self, times) {
            (Self::None, _) => "-".into(),
            (Self::Hints(hints), _) if hints.is_empty() => "-".into(),
            (Self::Hints(hints), _) => hints.words().into(),
            (Self::Instant(at), Times::Age) => age(Some(at), record.now).into(),
            (Self::Instant(at), Times::In(zone)) => instant_short(at, zone).into(),
            (Self::Duration(length), _) if length < TimeDelta::zero() => {
                format!("-{}", duration_words(length)).into()
            }
            (Self::Duration(length), _) => duration_words(length).into(),
            (Self::Bool(yes), _) => if yes { "yes" } else { "no" }.into(),
            (Self::Text(text), _) => json_marked(text, false),
            (Self::Json(text), _) => json_marked(text, true),
            (Self::Attributes, _) => attributes_text(record),
        }
    }

    /// For programs that take text only (CSV): empty for nothing; not cleaned yet.
    pub(crate) fn for_machines(self, record: &'a Record<'a>) -> Cow<'a, str> {
        match self {
            Self::None => "".into(),
            Self::Hints(hints) => hints.words().into(),
            Self::Text(text) | Self::Json(text) => text,
            Self::Instant(at) => rfc3339(at).into(),
            Self::Duration(length) => duration(length).into(),
            Self::Bool(yes) => if yes { "true" } else { "false" }.into(),
            Self::Attributes => attributes_text(record),
        }
    }
}

/// The further attributes as one text: `name=value name=value`.
fn attributes_text<'a>(record: &'a Record<'a>) -> Cow<'a, str> {
    let pairs: Vec<String> = record
        .attributes()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join(" ").into()
}
