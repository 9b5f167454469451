//! Ending sessions of a Janssen server, once. The server's answer is returned as it is: a 404 may
//! come with an empty body, so it proves nothing, and neither does a lost answer; the caller looks.
//! Source: Janssen `SessionService`.

use chrono::{DateTime, Utc};

use super::filter::{Native, is_pair_value};
use super::pages::{LARGEST, Place};
use super::wire::{Listing, inum};
use super::{Janssen, error};
use crate::api::SessionApi;
use crate::api::http::{Call, Repeat, Reply};
use crate::api::in_time::in_time;
use crate::model::{ApiError, LimitedBy, Outcome, SessionKey, Subject, UserOutcome};

/// What stands in the place of an answer.
const WEB_PAGE: &str = "a web page instead of an answer";

/// Ends these sessions one after the other. After the first answer that asks for a sign-in nothing more
/// is sent.
pub(super) async fn each(api: &Janssen, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
    if api.is_old() {
        return Err(ApiError::Unsupported {
            what: "ending a single session (only all of a user)".into(),
            limit: LimitedBy::Version("Janssen".into()),
        });
    }
    let mut outcomes = Vec::with_capacity(keys.len());
    for key in keys {
        match one(api, key).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error @ ApiError::Auth { .. }) if outcomes.is_empty() => return Err(error),
            Err(error) => {
                let lost = matches!(error, ApiError::Auth { .. });
                outcomes.push(Outcome::Failed(error));
                if lost {
                    outcomes.resize(keys.len(), Outcome::Failed(sign_in_first()));
                    break;
                }
            }
        }
    }
    Ok(outcomes)
}

fn sign_in_first() -> ApiError {
    ApiError::Auth {
        message: "not sent: sign-in needed".into(),
        can_login: true,
        exchange: None,
    }
}

/// Sends it, and says what the server answered.
async fn one(api: &Janssen, key: &SessionKey) -> Result<Outcome, ApiError> {
    let reply = api
        .http
        .delete(api.pages.path())
        .then(&["sid"])
        .arg(key.expose())
        .no_prompt()
        .renew_if(|reply| !error::lacks_scope(reply))
        .send()
        .await?;
    if reply.status.is_success() && reply.is_web_page() {
        // A page of somebody else's with status 200 is not the server's yes.
        return Err(reply.unexpected("the start", WEB_PAGE.into()));
    }
    if reply.status.is_success() {
        return Ok(Outcome::Revoked);
    }
    if reply.status.as_u16() == 404 && !error::is_about_address(&reply) {
        return Err(ApiError::NotFound);
    }
    match api.error_of(&reply) {
        ApiError::BadQuery { message, .. } => Ok(Outcome::Refused(message)),
        error => Err(error),
    }
}

/// Ends every authenticated session of one person.
pub(super) async fn user(api: &Janssen, user: &Subject) -> Result<UserOutcome, ApiError> {
    let dn = dn_of(api, user).await?;
    let Some(dn) = dn else {
        return Ok(UserOutcome {
            outcome: Outcome::AlreadyGone,
            before: Some(0),
            left: Some(0),
            notes: Vec::new(),
        });
    };
    let before = live(api, &dn).await.unwrap_or(None);
    let sent = delete_all(api, &dn).no_prompt().send().await;
    let answer = match sent {
        Ok(reply) if reply.status.is_success() && !reply.is_web_page() => UserAnswer::Yes,
        Ok(reply) if reply.status.as_u16() == 404 && !error::is_about_address(&reply) => {
            UserAnswer::None(api.error_of(&reply))
        }
        Ok(reply) if reply.status.is_success() => {
            UserAnswer::Lost(reply.unexpected("the start", WEB_PAGE.into()))
        }
        Ok(reply) => said_no(api, &reply)?,
        Err(error) if error.may_have_acted() => UserAnswer::Lost(error),
        Err(error) => return Err(error),
    };
    let left = live(api, &dn).await.unwrap_or(None);
    let now = api.server_now();
    let still = |live: Option<Vec<Option<DateTime<Utc>>>>| live.map(|live| in_time(&live, now));
    let (before, left) = (still(before), still(left));
    let outcome = match (answer, left) {
        (UserAnswer::Yes, Some(left)) if left > 0 => Outcome::StillListed,
        (UserAnswer::Yes, Some(0)) if before == Some(0) => Outcome::AlreadyGone,
        (UserAnswer::Yes, _) => Outcome::Revoked,
        (UserAnswer::None(_), Some(0)) => Outcome::AlreadyGone,
        (UserAnswer::None(error), Some(_)) => Outcome::Failed(error),
        (UserAnswer::No(error), _) => Outcome::Failed(error),
        (UserAnswer::Lost(error), Some(0)) => match before {
            Some(0) => Outcome::AlreadyGone,
            Some(_) => Outcome::Revoked,
            None => Outcome::Unknown(Some(error)),
        },
        (UserAnswer::None(error) | UserAnswer::Lost(error), _) => Outcome::Unknown(Some(error)),
    };
    Ok(UserOutcome {
        outcome,
        before,
        left,
        notes: Vec::new(),
    })
}

/// How the server took it.
enum UserAnswer {
    Yes,
    /// It found no session of that user.
    None(ApiError),
    No(ApiError),
    /// It may have acted, and did not say so.
    Lost(ApiError),
}

fn said_no(api: &Janssen, reply: &Reply) -> Result<UserAnswer, ApiError> {
    let error = api.error_of(reply);
    match error {
        // Nothing was carried out, and nothing will be before somebody signs in.
        ApiError::Auth { .. } => Err(error),
        error if error.may_have_acted() => Ok(UserAnswer::Lost(error)),
        error => Ok(UserAnswer::No(error)),
    }
}

fn delete_all<'a>(api: &'a Janssen, dn: &str) -> Call<'a> {
    let path = api.pages.path();
    let call = if api.is_old() {
        api.http.post(path)
    } else {
        api.http.delete(path).then(&["user"])
    };
    call.arg(dn)
        .repeat(Repeat::Many)
        .renew_if(|reply| !error::lacks_scope(reply))
}

/// The DN of this person as the server writes it; it is looked up, never built.
async fn dn_of(api: &Janssen, user: &Subject) -> Result<Option<String>, ApiError> {
    let given = user.id.as_ref().map(|id| id.expose().trim());
    if let Some(dn) = given.filter(|dn| dn.starts_with("inum=") && dn.contains(',')) {
        return Ok(Some(dn.to_owned()));
    }
    let name = user.name.as_ref().map(|name| name.expose().trim());
    let (field, value) = match (given, name) {
        (Some(id), _) if !id.is_empty() => ("userDn", inum(id)),
        (_, Some(name)) if !name.is_empty() => ("auth_user", name),
        _ => return Err(bad_user("no user is named")),
    };
    if !is_pair_value(value) {
        return Err(bad_user(
            "a name like this cannot be looked up; choose the user in a row",
        ));
    }
    let mut found = rows_of(api, field, value).await?;
    found.sort();
    found.dedup();
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop()),
        _ => Err(bad_user(
            "several users have this name; choose the user in a row",
        )),
    }
}

fn bad_user(message: &str) -> ApiError {
    ApiError::BadQuery {
        message: message.into(),
        field: Some(crate::model::Field::User),
        exchange: None,
    }
}

/// The DNs of the sessions that match; one page is enough to tell one person from several.
async fn rows_of(api: &Janssen, field: &str, value: &str) -> Result<Vec<String>, ApiError> {
    let found = read(api, field, value).await?;
    Ok(found.rows.into_iter().map(|row| row.user_id).collect())
}

/// The sessions of one person on the first page.
struct FoundRows {
    rows: Vec<FoundRow>,
    /// Sessions on all pages. `None`: not told.
    total: Option<u64>,
}

/// One of them.
struct FoundRow {
    /// The DN of the person.
    user_id: String,
    /// When its time runs out.
    expires: Option<DateTime<Utc>>,
}

async fn read(api: &Janssen, field: &str, value: &str) -> Result<FoundRows, ApiError> {
    let reply = if api.is_old() {
        api.plain_list().await?
    } else {
        let native = Native {
            field_values: format!("{field}={value},state=authenticated"),
            ..Native::default()
        };
        let place = Place {
            native,
            start: 0,
            size: LARGEST,
        };
        let reply = api.pages.ask(&place).await?;
        if !reply.status.is_success() {
            return Err(api.error_of(&reply));
        }
        reply
    };
    let found = Listing::of(&reply)?;
    let mut rows = api.rows();
    let rows = found.sessions().filter_map(|session| rows.row(session));
    let same = |text: Option<&str>| text.is_some_and(|text| text == value);
    let rows = rows
        .filter(|row| match field {
            "userDn" => same(row.user_id.as_deref().map(inum)),
            _ => same(row.user.as_deref()),
        })
        .filter_map(|row| {
            Some(FoundRow {
                expires: row.expires,
                user_id: row.user_id?.into_owned(),
            })
        });
    Ok(FoundRows {
        rows: rows.collect(),
        total: found.total,
    })
}

/// The sessions of this person that would be ended, by when their time runs out; those beyond the first
/// page count as if it never did. `None`: the server does not say how many there are.
async fn live(api: &Janssen, dn: &str) -> Result<Option<Vec<Option<DateTime<Utc>>>>, ApiError> {
    let id = inum(dn);
    if !api.is_old() && !is_pair_value(id) {
        return Ok(None);
    }
    let found = read(api, "userDn", id).await?;
    let shown = found.rows.len();
    let total = match found.total {
        _ if api.is_old() => shown,
        Some(total) => usize::try_from(total).unwrap_or(shown).max(shown),
        None => return Ok(None),
    };
    let mut live: Vec<_> = found.rows.iter().map(|row| row.expires).collect();
    live.resize(total, None);
    Ok(Some(live))
}
