//! Ways to list that a system offers where it cannot answer a search at once.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::query::Field;
use super::text::with_thousands;
use super::time;

/// One way to answer a search ("the sign-ins of the last day", "one organization", "all users, one by
/// one").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The word that chooses it, in lower case without blanks ("recent").
    pub word: Cow<'static, str>,
    /// The sessions it lists, for people ("sign-ins of the last day").
    pub title: Cow<'static, str>,
    /// The field that the query must compare with a value for it. `None`: it needs none.
    pub needs: Option<Field>,
    /// Its cost. `None`: nobody knows.
    pub cost: Option<WayCost>,
}

/// About how much a way costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WayCost {
    /// Requests.
    pub requests: u64,
    /// True if it takes so many at least: not everything that decides it was counted.
    pub is_least: bool,
    /// How long they take. `None`: not known.
    pub takes: Option<Duration>,
}

impl Way {
    /// Its needs and cost, for people: `needs org:…, about 1,200 requests, 48 s`. Empty:
    /// nothing is known.
    pub fn terms(&self) -> String {
        let needs = self.needs.map(|field| format!("needs {}:…", field.name()));
        let cost = self.cost.map(|cost| cost.to_string());
        let terms: Vec<String> = needs.into_iter().chain(cost).collect();
        terms.join(", ")
    }
}

impl fmt::Display for WayCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.requests, self.is_least) {
            (1, false) => f.write_str("1 request")?,
            (more, false) => write!(f, "about {} requests", with_thousands(more))?,
            (more, true) => write!(f, "at least {} requests", with_thousands(more))?,
        }
        match self.takes {
            Some(takes) => write!(f, ", {}", time::span(takes)),
            None => Ok(()),
        }
    }
}

/// `recent (sign-ins of the last day; about 3 requests, 2 s)`.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.word, self.title)?;
        match self.terms().as_str() {
            "" => f.write_str(")"),
            terms => write!(f, "; {terms})"),
        }
    }
}
