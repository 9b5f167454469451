//! The sessions that a revoke would end.

use super::effect::RevokeItem;
use crate::model::{KindCounts, Subject};
use crate::store::SourceId;

/// The rows that a revoke sends and those it leaves out, with the reason.
#[derive(Clone, Debug, Default)]
pub struct RevokePlan {
    /// The rows to send.
    pub send: Vec<RevokeItem>,
    /// The rows that are left out: how many, and why.
    pub skip: Vec<(usize, String)>,
}

/// Whose sessions a revoke would end.
#[derive(Clone, Debug)]
pub enum ConfirmKind {
    /// These rows.
    Rows(RevokePlan),
    /// All sessions of a user at one source.
    User(WholeUser),
}

/// All sessions of a person.
#[derive(Clone, Debug)]
pub struct WholeUser {
    /// Where.
    pub source: SourceId,
    /// Whose, as the row says it.
    pub user: Subject,
    /// How many of the loaded rows are theirs and live; the server may have more.
    pub here: KindCounts,
    /// The same in every realm, organisation or tenant of the profile. `None`: the system has no such
    /// thing, or cannot end sessions in all of them at once.
    pub everywhere: Option<KindCounts>,
    /// True if every scope is to be reached. At first only the one that the row names.
    pub is_everywhere: bool,
    /// True if the result list holds every session (then the numbers are exact).
    pub is_all_loaded: bool,
}

impl WholeUser {
    /// How many of the loaded rows would end.
    pub fn loaded(&self) -> &KindCounts {
        match (self.is_everywhere, &self.everywhere) {
            (true, Some(everywhere)) => everywhere,
            _ => &self.here,
        }
    }

    /// Whose sessions end. Everywhere the name alone says it: an id is good in one place.
    pub fn subject(&self) -> Subject {
        if !self.is_everywhere {
            return self.user.clone();
        }
        Subject {
            name: self.user.name.clone(),
            ..Subject::default()
        }
    }
}
