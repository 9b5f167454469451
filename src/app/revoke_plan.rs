//! The sessions that a revoke would end.

use super::effect::RevokeItem;

/// The rows that a revoke sends and those it leaves out, with the reason.
#[derive(Clone, Debug, Default)]
pub struct RevokePlan {
    /// The rows to send.
    pub send: Vec<RevokeItem>,
    /// The rows that are left out: how many, and why.
    pub skip: Vec<(usize, String)>,
}
