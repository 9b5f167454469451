//! Ending web sessions: an UPDATE that names what it has changed. A row that it does not name was revoked
//! before, removed, or never there: the caller looks.

use std::collections::{BTreeMap, HashSet};

use super::key::Key;
use super::table::{Cell, Table, number};
use super::{Cockroach, connections, filter, sql};
use crate::model::{ApiError, Outcome, SessionKey, Subject, Untrusted, UserOutcome};

/// Sessions of one statement.
pub(super) const BATCH: u16 = 500;
/// Those that have been revoked.
const REVOKED: &[&str] = &[sql::REVOKED];

/// Ends these sessions, those of one user with one statement. The answer has the length and order of
/// `keys`. After the first answer that asks for a sign-in nothing more is sent.
pub(super) async fn each(api: &Cockroach, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
    let mut outcomes = vec![Outcome::Failed(ApiError::NotFound); keys.len()];
    let mut by_user: BTreeMap<String, Vec<(usize, i64)>> = BTreeMap::new();
    for (at, key) in keys.iter().enumerate() {
        let found = match Key::read(key.expose()) {
            Some(Key::Web(id, Some(user))) => Ok((id, user)),
            Some(Key::Web(id, None)) => user_of(api, id).await.map(|user| (id, user)),
            Some(Key::Sql(id)) => {
                outcomes[at] = connections::cancel(api, &id).await;
                continue;
            }
            None => Err(ApiError::NotFound),
        };
        match found {
            Ok((id, user)) => by_user.entry(user).or_default().push((at, id)),
            Err(error) if error.needs_a_person() => return Err(error),
            Err(error) => outcomes[at] = Outcome::Failed(error),
        }
    }
    let mut lost: Option<ApiError> = None;
    let mut is_first = true;
    for (user, sessions) in by_user {
        for batch in sessions.chunks(usize::from(BATCH)) {
            let result = match &lost {
                Some(error) => Err(error.clone()),
                None => of_user(api, &user, batch).await,
            };
            if let Err(error) = &result {
                match error.needs_a_person() {
                    true if is_first => return Err(error.clone()),
                    true => lost = Some(error.clone()),
                    false => {}
                }
            }
            is_first = false;
            for (at, id) in batch {
                outcomes[*at] = match &result {
                    Ok(revoked) if revoked.contains(id) => Outcome::Revoked,
                    Ok(_) => Outcome::Failed(ApiError::NotFound),
                    Err(error) => Outcome::Failed(error.clone()),
                };
            }
        }
    }
    Ok(outcomes)
}

/// The ids that were revoked.
async fn of_user(
    api: &Cockroach,
    user: &str,
    batch: &[(usize, i64)],
) -> Result<Vec<i64>, ApiError> {
    if user.contains('\0') {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = batch.iter().map(|(_, id)| *id).collect();
    let Table(rows) = api.run(&sql::revoke(&ids, user)).await?;
    let revoked = rows.iter().filter_map(|row| number(row.first()?));
    Ok(revoked.collect())
}

/// The user of a web session.
async fn user_of(api: &Cockroach, id: i64) -> Result<String, ApiError> {
    let session = api.web_for_change(id, None).await?;
    let user = session.subject.name.as_ref().map(Untrusted::expose);
    Ok(user.unwrap_or_default().to_owned())
}

/// A row of a user that was revoked, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevokedRow {
    /// Its id, to the digit.
    pub(super) id: Box<str>,
    /// When it was revoked, as the server writes it.
    pub(super) revoked: Box<str>,
    /// True if that was before.
    pub(super) is_old: bool,
}

/// Revokes all web sessions of a user, and tells each of the rows.
pub(super) async fn rows_of_user(api: &Cockroach, user: &str) -> Result<Vec<RevokedRow>, ApiError> {
    if user.contains('\0') {
        return Ok(Vec::new());
    }
    // The statement tells old times and new ones alike.
    let before: HashSet<i64> = ids(api, user, REVOKED).await?.into_iter().collect();
    let Table(rows) = api.run(&sql::revoke_user(user)).await?;
    let row = |row: Vec<Cell>| {
        let [_, id, revoked] = <[_; 3]>::try_from(row).ok()?;
        let is_old = number(&id).is_some_and(|id| before.contains(&id));
        Some(RevokedRow {
            id: id?,
            revoked: revoked.unwrap_or_default(),
            is_old,
        })
    };
    Ok(rows.into_iter().filter_map(row).collect())
}

/// Revokes all web sessions of a person.
pub(super) async fn user(api: &Cockroach, user: &Subject) -> Result<UserOutcome, ApiError> {
    let name = user.name.as_ref().or(user.id.as_ref());
    let name = filter::normal(name.map_or("", |name| name.expose()).trim());
    if name.is_empty() {
        return Err(ApiError::BadQuery {
            message: "no user is named".into(),
            field: Some(crate::model::Field::User),
            exchange: None,
        });
    }
    let found = live(api, &name).await?;
    let mut before = found.len() as u64;
    let result = rows_of_user(api, &name).await;
    let (outcome, notes) = match result {
        Ok(rows) => {
            let old = rows.iter().filter(|row| row.is_old).count();
            let notes = match old {
                0 => Vec::new(),
                1 => vec!["1 had ended before".to_owned()],
                more => vec![format!("{more} had ended before")],
            };
            let outcome = if before == 0 && (rows.is_empty() || old > 0) {
                Outcome::AlreadyGone
            } else {
                Outcome::Revoked
            };
            (outcome, notes)
        }
        Err(error) if error.may_have_acted() => (Outcome::Unknown(Some(error)), Vec::new()),
        Err(error) => return Err(error),
    };
    let left = live(api, &name).await.ok().map(|left| left.len() as u64);
    if matches!(outcome, Outcome::Unknown(_)) && left == Some(0) && before > 0 {
        // Those that nobody has revoked ran out of time by themselves.
        let revoked = ids(api, &name, REVOKED).await?;
        let revoked: HashSet<i64> = revoked.into_iter().collect();
        before = found.iter().filter(|id| revoked.contains(id)).count() as u64;
    }
    let outcome = match (outcome, left) {
        (Outcome::Revoked, Some(1..)) => Outcome::StillListed,
        (Outcome::Unknown(_), Some(0)) if before > 0 => Outcome::Revoked,
        (Outcome::Unknown(_), Some(0)) => Outcome::AlreadyGone,
        (outcome, _) => outcome,
    };
    Ok(UserOutcome {
        outcome,
        before: Some(before),
        left,
        notes,
    })
}

/// The live web sessions of a user.
async fn live(api: &Cockroach, user: &str) -> Result<Vec<i64>, ApiError> {
    if user.contains('\0') {
        return Ok(Vec::new());
    }
    ids(api, user, &[sql::NOT_REVOKED, sql::NOT_EXPIRED]).await
}

/// The ids of those web sessions of a user for which these conditions hold.
async fn ids(api: &Cockroach, user: &str, conditions: &[&str]) -> Result<Vec<i64>, ApiError> {
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let statement = sql::page_of(user, conditions, after, u32::from(BATCH));
        let Table(rows) = api.run(&statement).await?;
        ids.extend(rows.iter().filter_map(|row| number(row.get(1)?)));
        match ids.last() {
            Some(id) if rows.len() >= usize::from(BATCH) && *id > after => after = *id,
            _ => return Ok(ids),
        }
    }
}
