//! Properties: the values that columns show and rows are sorted by.

use std::borrow::Cow;

use super::{Field, Target};

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
