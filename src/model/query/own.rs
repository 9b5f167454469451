//! Names that a remote system gives to what a query can ask for, beside our own.

use std::borrow::Cow;

use super::{Field, Target};

/// A name of a system's own, and what it means in a query. Each system has a list of them in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnName {
    /// As the system writes it; read without case.
    pub name: Cow<'static, str>,
    /// Its meaning.
    pub means: Means,
}

/// The meaning of a system's own field name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// The same as a field that every system has.
    Field(Field),
    /// An attribute that the system sends under this name.
    Attribute(Cow<'static, str>),
    /// The same, and its values are times.
    Time(Cow<'static, str>),
    /// It cannot be asked for. The text says why, and what to write: lower case, no full stop.
    Nothing(Cow<'static, str>),
}

impl OwnName {
    /// A name.
    #[must_use]
    pub const fn new(name: &'static str, means: Means) -> Self {
        Self {
            name: Cow::Borrowed(name),
            means,
        }
    }

    /// The meaning of a name in these lists. `None`: no system has such a name.
    pub(super) fn find<'a>(names: &'a [Self], name: &str) -> Option<&'a Means> {
        let mut names = names.iter();
        let found = names.find(|own| own.name.eq_ignore_ascii_case(name))?;
        Some(&found.means)
    }
}

impl Means {
    /// The target of a clause with this name. `None`: nothing.
    pub(super) fn target(&self) -> Option<Target> {
        match self {
            Self::Field(field) => Some(Target::Field(*field)),
            Self::Attribute(name) | Self::Time(name) => {
                Some(Target::Attribute(name.as_ref().into()))
            }
            Self::Nothing(_) => None,
        }
    }
}
