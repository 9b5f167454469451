//! Properties: the values that columns show and rows are sorted by.

use std::borrow::Cow;
use std::fmt;

use strum::IntoEnumIterator;

use super::{Field, Sort, Target};

/// A property of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Property {
    /// One that sessions of every system can have.
    Field(Field),
    /// One that only some system has: an attribute, by the name that the system gives it.
    Attribute(Cow<'static, str>),
}

impl Property {
    /// Its name in the query language ("user", "@node").
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Field(field) => Cow::Borrowed(field.name()),
            Self::Attribute(name) => Cow::Owned(format!("@{name}")),
        }
    }

    /// The field. `None`: it is an attribute.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field) => Some(*field),
            Self::Attribute(_) => None,
        }
    }
}

impl Sort {
    /// Reads `user`, `created:desc` or `@node:asc`. `None`: it names no field, or no such way.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, way) = text.split_once(':').unwrap_or((text, "asc"));
        let by = match name.strip_prefix('@') {
            Some("") => None,
            Some(attribute) => Some(Property::Attribute(attribute.to_owned().into())),
            None => Field::iter()
                .find(|field| field.name() == name)
                .map(Property::from),
        };
        let is_way = matches!(way, "asc" | "desc");
        by.filter(|_| is_way).map(|by| Self {
            by,
            descending: way == "desc",
        })
    }
}

/// As [`Sort::parse`] reads it.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.by.name())?;
        f.write_str(if self.descending { ":desc" } else { "" })
    }
}

impl From<Field> for Property {
    fn from(field: Field) -> Self {
        Self::Field(field)
    }
}

impl PartialEq<Field> for Property {
    fn eq(&self, other: &Field) -> bool {
        self.field() == Some(*other)
    }
}

impl From<Property> for Target {
    fn from(property: Property) -> Self {
        match property {
            Property::Field(field) => Self::Field(field),
            Property::Attribute(name) => Self::Attribute(name.as_ref().into()),
        }
    }
}
