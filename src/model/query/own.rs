//! Names that a remote system gives to what a query can ask for, beside our own.

use super::{Field, Target};

/// A name of a system's own, and what it means in a query. Each system has a list of them in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnName {
    /// As the system writes it; read without case.
    pub name: &'static str,
    /// What it means.
    pub means: Means,
}

/// What a name of a system's own means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The same as a field that every system has.
    Field(Field),
    /// An attribute that the system sends under this name.
    Attribute(&'static str),
    /// The same, and its values are times.
    Time(&'static str),
    /// It cannot be asked for. The text says why, and what to write: lower case, no full stop.
    Nothing(&'static str),
}

impl OwnName {
    /// A name.
    #[must_use]
    pub const fn new(name: &'static str, means: Means) -> Self {
        Self { name, means }
    }

    /// The meaning of a name in these lists. `None`: no system has such a name.
    pub(super) fn find(names: &[Self], name: &str) -> Option<Means> {
        let mut names = names.iter();
        let found = names.find(|own| own.name.eq_ignore_ascii_case(name))?;
        Some(found.means)
    }
}

impl Means {
    /// What a clause with this name is about. `None`: nothing.
    pub(super) fn target(self) -> Option<Target> {
        match self {
            Self::Field(field) => Some(Target::Field(field)),
            Self::Attribute(name) | Self::Time(name) => Some(Target::Attribute(name.into())),
            Self::Nothing(_) => None,
        }
    }
}
