//! What a revoke would end.

use super::effect::RevokeItem;
use crate::model::{KindCounts, Subject};
use crate::store::SourceId;

/// What will be sent, what will not, and why.
#[derive(Clone, Debug, Default)]
pub struct RevokePlan {
    /// What is sent.
    pub send: Vec<RevokeItem>,
    /// What is left out: how many, and why.
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
    /// Is that what shall be done? At first only what the row itself names.
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
