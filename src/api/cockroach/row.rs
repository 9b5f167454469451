//! From the rows of an answer to sessions.

use std::borrow::Cow;

use super::WEB;
use super::key::Key;
use super::table::{Cell, instant, number};
use crate::model::{Class, Deletable, Fact, RowRef};

/// The node that gave out an id, in its lowest 15 bits.
/// Source: CockroachDB `pkg/sql/sem/builtins`, `GenerateUniqueInt`.
const NODE_BITS: i64 = 0x7FFF;

/// The attribute that names the node.
pub(super) const NODE: &str = "node";
/// The attribute with the server's own note, which no version writes.
const AUDIT: &str = "auditInfo";

/// One row of the statement for web sessions. `None`: its id is no number or its user is not there.
/// `own`: the id of the session that usher itself uses.
pub(super) fn web(cells: &[Cell], own: Option<i64>) -> Option<RowRef<'_>> {
    let [user, id, created, expires, revoked, last_used, audit] = cells else {
        return None;
    };
    let (user, number) = (user.as_deref()?, number(id)?);
    let id = id.as_deref()?;
    let mut row = RowRef::new(Key::of_web(number, user), id);
    row.id = Some(Cow::Borrowed(id));
    row.kind = Some(WEB.into());
    row.user = Some(Cow::Borrowed(user));
    row.created = instant(created);
    row.expires = instant(expires);
    row.ended = instant(revoked);
    row.last_used = instant(last_used);
    // Any time counts, also one that is yet to come.
    row.fact = match revoked {
        Some(_) => Fact::Revoked,
        None => Fact::Live,
    };
    row.deletable = Deletable::Yes;
    row.own = Some(own == Some(number));
    let node = (number & NODE_BITS).to_string();
    row.extra.push((NODE.into(), node.into(), Class::Plain));
    if let Some(audit) = audit {
        row.extra
            .push((AUDIT.into(), Cow::Borrowed(audit), Class::Plain));
    }
    Some(row)
}
