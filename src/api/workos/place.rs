//! Where a page of a search begins, as a cursor.

use crate::model::Cursor;

/// Where a page begins. The words of the text form are separated by blanks, which no id has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the sessions of a user whom the query names.
    Named {
        /// Which name of the query.
        unit: usize,
        /// Which of the users that have it.
        user: usize,
        /// The session after which it begins. `None`: at the first.
        after: Option<String>,
    },
    /// In a walk.
    Walk {
        /// Which organization of the query.
        unit: usize,
        /// How many of its users have been walked over.
        done: u64,
        /// The last of them. `None`: it begins.
        last: Option<String>,
    },
    /// In the events, after this one.
    Events {
        /// Its id.
        after: String,
    },
}

impl Place {
    /// The beginning of the walk over one organization.
    pub(super) fn start_of(unit: usize) -> Self {
        Self::Walk {
            unit,
            done: 0,
            last: None,
        }
    }

    /// The text form.
    pub(super) fn to_cursor(&self) -> Cursor {
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        Cursor::new(match self {
            Self::Named { unit, user, after } => format!("named {unit} {user} {}", id(after)),
            Self::Walk { unit, done, last } => format!("walk {unit} {done} {}", id(last)),
            Self::Events { after } => format!("events {after}"),
        })
    }

    /// Reads the text form. `None`: it is none.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let (word, rest) = cursor.as_str().split_once(' ')?;
        if word == "events" {
            let after = rest.to_owned();
            return Some(Self::Events { after });
        }
        let mut parts = rest.splitn(3, ' ');
        let (unit, number) = (parts.next()?.parse().ok()?, parts.next()?);
        let id = parts.next().filter(|id| !id.is_empty());
        let id = id.map(str::to_owned);
        match word {
            "named" => Some(Self::Named {
                unit,
                user: number.parse().ok()?,
                after: id,
            }),
            "walk" => Some(Self::Walk {
                unit,
                done: number.parse().ok()?,
                last: id,
            }),
            _ => None,
        }
    }

    /// Which organization of the query a walk is in.
    pub(super) fn unit(&self) -> usize {
        match self {
            Self::Walk { unit, .. } => *unit,
            Self::Named { .. } | Self::Events { .. } => 0,
        }
    }

    /// How far a walk has come, and its last user. `None`: it begins.
    pub(super) fn walked(&self) -> Option<(u64, &str)> {
        match self {
            Self::Walk { done, last, .. } => Some((*done, last.as_deref()?)),
            Self::Named { .. } | Self::Events { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_from_its_cursor() {
        let after = Some("session_1".to_owned());
        for place in [
            Place::Named {
                unit: 2,
                user: 1,
                after,
            },
            Place::Named {
                unit: 0,
                user: 0,
                after: None,
            },
            Place::Walk {
                unit: 1,
                done: 25,
                last: Some("user_1".into()),
            },
            Place::start_of(3),
            Place::Events {
                after: "event_1".into(),
            },
        ] {
            assert_eq!(Place::read(&place.to_cursor()), Some(place));
        }
        for other in ["", "walk", "walk x y z", "30"] {
            assert_eq!(Place::read(&Cursor::new(other)), None, "{other}");
        }
    }
}
