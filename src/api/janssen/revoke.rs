//! Ending sessions of a Janssen server, once, and saying truly what became of them.
//!
//! A 404 may come with an empty body, so it proves nothing; nor does a lost answer. Both are settled
//! by reading. Source: Janssen `SessionService`.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::filter::{Native, is_pair_value};
use super::wire::{inum, listing};
use super::{Janssen, fault};
use crate::api::SessionApi;
use crate::api::http::{Call, Repeat, Reply};
use crate::model::{ApiError, Outcome, Session, SessionKey, Subject, UserOutcome};

/// Ends these sessions, a few at the same time; the answers are in the order of the keys.
pub(super) async fn each(api: &Janssen, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
    if api.is_old() {
        return Err(ApiError::Unsupported {
            what: "ending a single session (only all of a user)",
            system: "this version of Janssen",
        });
    }
    // After the first answer that asks for a sign-in nothing more is sent.
    let halted = AtomicBool::new(false);
    let mut jobs = Vec::with_capacity(keys.len());
    for key in keys {
        jobs.push(unless_halted(api, key, &halted));
    }
    let outcomes: Vec<Result<Outcome, ApiError>> = stream::iter(jobs)
        .buffered(api.http.concurrency())
        .collect()
        .await;
    if let Some(Err(error)) = outcomes.first()
        && outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(ApiError::Auth { .. })))
    {
        return Err(error.clone());
    }
    let told = |outcome: Result<Outcome, ApiError>| outcome.unwrap_or_else(Outcome::Failed);
    Ok(outcomes.into_iter().map(told).collect())
}

async fn unless_halted(
    api: &Janssen,
    key: &SessionKey,
    halted: &AtomicBool,
) -> Result<Outcome, ApiError> {
    if halted.load(Ordering::Relaxed) {
        return Err(sign_in_first());
    }
    let outcome = one(api, key).await;
    if matches!(outcome, Err(ApiError::Auth { .. })) {
        halted.store(true, Ordering::Relaxed);
    }
    outcome
}

fn sign_in_first() -> ApiError {
    ApiError::Auth {
        message: "not sent: sign-in needed".into(),
        can_login: true,
    }
}

/// `Err` only for what was certainly not carried out.
async fn one(api: &Janssen, key: &SessionKey) -> Result<Outcome, ApiError> {
    let error = match sent(api, key).await? {
        Sent::Known(outcome) => return Ok(outcome),
        Sent::Doubtful(error) => error,
    };
    let found = look(api, key).await;
    if !(matches!(error, ApiError::Broken { .. }) && matches!(found, Ok(Some(_)))) {
        return Ok(settled(error, found));
    }
    // The connection was closed under it and the session is still there: most likely the server
    // never saw the request, and ending the same session twice does no harm.
    Ok(match sent(api, key).await? {
        Sent::Known(Outcome::AlreadyGone) => Outcome::Revoked,
        Sent::Known(outcome) => outcome,
        Sent::Doubtful(error) => settled(error, look(api, key).await),
    })
}

/// What is known after a request to end a session.
enum Sent {
    Known(Outcome),
    /// The server may have acted on it.
    Doubtful(ApiError),
}

/// Sends it. `Err` only for what was certainly not carried out.
async fn sent(api: &Janssen, key: &SessionKey) -> Result<Sent, ApiError> {
    let sent = api
        .http
        .delete(api.sessions())
        .then(&["sid"])
        .arg(key.expose())
        .no_prompt()
        .renew_if(|reply| !fault::lacks_scope(reply))
        .send()
        .await;
    let error = match sent {
        // A page of somebody else's with status 200 is not the server's yes.
        Ok(reply) if reply.status.is_success() && !reply.is_web_page() => {
            return Ok(Sent::Known(Outcome::Revoked));
        }
        Ok(reply) if reply.status.as_u16() == 404 && !fault::is_about_address(&reply) => {
            return Ok(Sent::Known(match api.get(key).await {
                Err(ApiError::NotFound) if api.doubtful.has(key.expose()) => {
                    Outcome::Failed(no_lasting_id(&reply))
                }
                Err(ApiError::NotFound) => Outcome::AlreadyGone,
                Ok(_) => Outcome::Failed(ApiError::Server {
                    host: reply.host.clone(),
                    status: 404,
                    message: "it does not find the session, and still lists it".into(),
                }),
                Err(_) => Outcome::Unknown,
            }));
        }
        Ok(reply) if reply.status.is_success() => {
            reply.unexpected("the start", "a web page instead of an answer".into())
        }
        Ok(reply) => api.fault(&reply),
        Err(error) => error,
    };
    match error {
        error if error.may_have_acted() => Ok(Sent::Doubtful(error)),
        ApiError::BadQuery { message, .. } => Ok(Sent::Known(Outcome::Refused(message))),
        error => Err(error),
    }
}

/// The session after a request of which nothing is known. `None`: it is gone.
async fn look(api: &Janssen, key: &SessionKey) -> Result<Option<Session>, ApiError> {
    match api.get(key).await {
        Ok(row) => Ok(Some(row)),
        // Nothing can be learnt from not finding such an id.
        Err(error @ ApiError::NotFound) if api.doubtful.has(key.expose()) => Err(error),
        Err(ApiError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_lasting_id(reply: &Reply) -> ApiError {
    let why = "the server does not find the id that it listed: the session has no lasting id, or has \
               ended meanwhile";
    reply.unexpected("outsideSid", why.into())
}

/// The request was sent and we do not know what it did; this is what we found when we looked.
fn settled(error: ApiError, look: Result<Option<Session>, ApiError>) -> Outcome {
    match look {
        Ok(None) => Outcome::Revoked,
        Ok(Some(_)) => Outcome::Failed(error),
        Err(_) => Outcome::Unknown,
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
        });
    };
    let before = live(api, &dn).await.unwrap_or(None);
    let sent = delete_all(api, &dn).no_prompt().send().await;
    let answer = match sent {
        Ok(reply) if reply.status.is_success() && !reply.is_web_page() => Answer::Yes,
        Ok(reply) if reply.status.as_u16() == 404 && !fault::is_about_address(&reply) => {
            Answer::None(api.fault(&reply))
        }
        Ok(reply) if reply.status.is_success() => Answer::Lost,
        Ok(reply) => said_no(api, &reply)?,
        Err(error) if error.may_have_acted() => Answer::Lost,
        Err(error) => return Err(error),
    };
    let left = live(api, &dn).await.unwrap_or(None);
    let outcome = match (answer, left) {
        (Answer::Yes, Some(left)) if left > 0 => Outcome::StillListed,
        (Answer::Yes, _) => Outcome::Revoked,
        (Answer::None(_), Some(0)) => Outcome::AlreadyGone,
        (Answer::None(error), Some(_)) => Outcome::Failed(error),
        (Answer::No(error), _) => Outcome::Failed(error),
        (Answer::Lost, Some(0)) if before.is_some_and(|before| before > 0) => Outcome::Revoked,
        (Answer::None(_) | Answer::Lost, _) => Outcome::Unknown,
    };
    Ok(UserOutcome {
        outcome,
        before,
        left,
    })
}

/// How the server took it.
enum Answer {
    Yes,
    /// It found no session of that user.
    None(ApiError),
    No(ApiError),
    Lost,
}

fn said_no(api: &Janssen, reply: &Reply) -> Result<Answer, ApiError> {
    let error = api.fault(reply);
    match error {
        // Nothing was carried out, and nothing will be before somebody signs in.
        ApiError::Auth { .. } => Err(error),
        error if error.may_have_acted() => Ok(Answer::Lost),
        error => Ok(Answer::No(error)),
    }
}

fn delete_all<'a>(api: &'a Janssen, dn: &str) -> Call<'a> {
    let path = api.sessions();
    let call = match api.is_old() {
        true => api.http.post(path),
        false => api.http.delete(path).then(&["user"]),
    };
    call.arg(dn)
        .repeat(Repeat::Many)
        .renew_if(|reply| !fault::lacks_scope(reply))
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
            "such a name cannot be looked up; take the user from a row",
        ));
    }
    let mut found = rows_of(api, field, value).await?;
    found.sort();
    found.dedup();
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop()),
        _ => Err(bad_user(
            "several users have that name; take the user from a row",
        )),
    }
}

fn bad_user(message: &str) -> ApiError {
    ApiError::BadQuery {
        message: message.into(),
        field: Some(crate::model::Field::User),
    }
}

/// The DNs of the sessions that match; one page is enough to tell one person from several.
async fn rows_of(api: &Janssen, field: &str, value: &str) -> Result<Vec<String>, ApiError> {
    let reply = match api.is_old() {
        true => api.plain_list().await?,
        false => {
            let native = Native {
                field_values: format!("{field}={value},state=authenticated"),
                ..Native::default()
            };
            let (reply, _) = api.page(&native, 0, super::LARGEST_PAGE).await?;
            if !reply.status.is_success() {
                return Err(api.fault(&reply));
            }
            reply
        }
    };
    let found = listing(&reply)?;
    let rows = api.rows();
    let rows = found.entries.iter().filter_map(|entry| rows.row(entry));
    let same = |text: Option<&str>| text.is_some_and(|text| text == value);
    Ok(rows
        .filter(|row| match field {
            "userDn" => same(row.user_id.as_deref().map(inum)),
            _ => same(row.user.as_deref()),
        })
        .filter_map(|row| row.user_id.map(|dn| dn.into_owned()))
        .collect())
}

/// How many sessions of this person would be ended. `None`: the server does not say.
async fn live(api: &Janssen, dn: &str) -> Result<Option<u64>, ApiError> {
    if api.is_old() {
        return Ok(Some(rows_of(api, "userDn", inum(dn)).await?.len() as u64));
    }
    let id = inum(dn);
    if !is_pair_value(id) {
        return Ok(None);
    }
    api.count(format!("userDn={id},state=authenticated")).await
}
