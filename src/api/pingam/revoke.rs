//! Ending sessions, by handle and by user, and looking whether they have gone.
//!
//! The server says yes to handles it never made, so what it says proves nothing: the lists are read
//! before and after.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};

use super::error::is_of_realm;
use super::filter::Unit;
use super::flavour::Op;
use super::key::{AmKey, Home};
use super::server::{Facts, Listed, Server, SessionSummary};
use super::wire::{HandlesEnded, UserEnded};
use super::{realm, row};
use crate::api::auth::Interact;
use crate::api::http::{Reply, StatusCode};
use crate::api::in_time::in_time;
use crate::api::net::clean;
use crate::model::{ApiError, Outcome, SessionKey, Subject, UserOutcome};

/// Handles in one request. No limit is documented; so many take about a second.
pub(super) const BATCH: u16 = 100;
/// Above so many users in one realm, its whole list is read instead of each user's.
const MOST_LOOKS: usize = 8;
/// Rounds of "list and end" for one user in one realm; each ends what one list holds.
const MOST_ROUNDS: u32 = 50;

const OWN: &str = "it is the session in which usher itself is signed in";

/// The sessions found in the lists.
#[derive(Default)]
struct Seen {
    handles: HashMap<String, ListedSession>,
    /// Realms and users whose list was cut: what is not in `handles` may still be there.
    cut: HashSet<Home>,
    /// A look over all realms was cut somewhere.
    any_cut: bool,
    /// Realms whose list could not be read while others could.
    failed: HashMap<String, ApiError>,
}

/// A session that is listed.
struct ListedSession {
    realm: String,
    /// When its time runs out. `None`: not told.
    expires: Option<DateTime<Utc>>,
    /// Why it is left alone. `None`: it is not.
    spared: Option<&'static str>,
}

impl Seen {
    /// Reads a list. `None`: this realm failed, and others need not.
    async fn read(
        &mut self,
        server: &Server,
        facts: &Facts,
        unit: &Unit,
        several: bool,
    ) -> Result<Option<Listed>, ApiError> {
        match server.read(facts, unit, Interact::Never).await {
            Ok(listed) => Ok(Some(listed)),
            Err(error) if several && is_of_realm(&error) => {
                self.failed.insert(unit.realm.clone(), error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn add(&mut self, realm: &str, rows: Vec<SessionSummary>) {
        for row in rows {
            let spared = if row.own {
                Some(OWN)
            } else {
                row::is_service(&row.user).then_some(row::SERVICE)
            };
            let listed = ListedSession {
                realm: realm.to_owned(),
                expires: row.ends,
                spared,
            };
            self.handles.insert(row.handle, listed);
        }
    }

    /// Where to ask for the end of this session.
    fn realm<'a>(&'a self, key: &'a AmKey) -> &'a str {
        let home = key.home.as_ref().map(|home| home.realm.as_str());
        let found = self.handles.get(&key.handle);
        home.or(found.map(|found| found.realm.as_str()))
            .unwrap_or(realm::ROOT)
    }

    /// Why nobody can say whether this session is listed. `None`: its lists were read.
    fn unread(&self, key: &AmKey) -> Option<&ApiError> {
        match &key.home {
            Some(home) => self.failed.get(&home.realm),
            None if self.handles.contains_key(&key.handle) => None,
            None => self.failed.values().next(),
        }
    }

    /// The outcome for this session that needs no request.
    fn settles(&self, key: &AmKey) -> Option<Outcome> {
        if let Some(error) = self.unread(key) {
            return Some(Outcome::Failed(error.clone()));
        }
        match self.handles.get(&key.handle) {
            // A key may hold the handle alone, and not every server tells which one is our own.
            Some(found) => found.spared.map(|why| Outcome::Refused(why.into())),
            None => (self.has(key) == Some(false)).then_some(Outcome::AlreadyGone),
        }
    }

    /// True if its time has run out by now, as it was listed.
    fn is_expired(&self, key: &AmKey, now: DateTime<Utc>) -> bool {
        let expires = self.handles.get(&key.handle).and_then(|one| one.expires);
        expires.is_some_and(|at| at <= now)
    }

    /// True if the session is listed. `None`: its list was cut, so nobody knows.
    fn has(&self, key: &AmKey) -> Option<bool> {
        if self.handles.contains_key(&key.handle) {
            return Some(true);
        }
        let unsure = match &key.home {
            Some(home) => self.cut.contains(home),
            None => self.any_cut,
        };
        (!unsure).then_some(false)
    }
}

/// Ends sessions; the answer has the length and order of `keys`.
///
/// # Errors
/// Only if nothing was sent.
pub(super) async fn sessions(
    server: &Server,
    keys: &[SessionKey],
) -> Result<Vec<Outcome>, ApiError> {
    let facts = server.facts(Interact::Never).await?;
    if let Some(why) = facts.may_not_revoke() {
        return Err(forbidden(why));
    }
    let keys: Vec<Option<AmKey>> = keys.iter().map(AmKey::parse).collect();
    let mut outcomes: Vec<Option<Outcome>> =
        keys.iter().map(|key| left_alone(key, &facts)).collect();
    let open = |outcomes: &[Option<Outcome>]| -> Vec<AmKey> {
        let pairs = keys.iter().zip(outcomes);
        let open = pairs.filter(|(_, outcome)| outcome.is_none());
        open.filter_map(|(key, _)| key.clone()).collect()
    };
    let before = look(server, &facts, &open(&outcomes)).await?;
    for (outcome, key) in outcomes.iter_mut().zip(&keys) {
        if let (None, Some(key)) = (&outcome, key) {
            *outcome = before.settles(key);
        }
    }
    let sent = open(&outcomes);
    let answers = send(server, &facts, &sent, &before).await;
    let after = look(server, &facts, &sent).await;
    for (outcome, key) in outcomes.iter_mut().zip(&keys) {
        if let (None, Some(key)) = (&outcome, key) {
            let after = after.as_ref().ok();
            *outcome = Some(settled(key, &answers, &before, after, server.now()));
        }
    }
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or(Outcome::Unknown(None)))
        .collect())
}

/// The outcome for keys that are never sent: one that is no handle, one of the server's own
/// sessions, and the operator's.
fn left_alone(key: &Option<AmKey>, facts: &Facts) -> Option<Outcome> {
    let Some(key) = key else {
        return Some(Outcome::Refused(
            "it is no session handle (shandle:…); nothing was sent".into(),
        ));
    };
    if key
        .home
        .as_ref()
        .is_some_and(|home| row::is_service(&home.user))
    {
        return Some(Outcome::Refused(row::SERVICE.into()));
    }
    if facts.own.handle.as_deref() == Some(&key.handle) {
        return Some(Outcome::Refused(OWN.into()));
    }
    None
}

/// Reads the lists in which these sessions stand: of each user, or of a realm whole where there are
/// many users; of all realms where a home is not known.
async fn look(server: &Server, facts: &Facts, keys: &[AmKey]) -> Result<Seen, ApiError> {
    let mut seen = Seen::default();
    let mut homes: BTreeMap<&str, BTreeSet<&Home>> = BTreeMap::new();
    for home in keys.iter().filter_map(|key| key.home.as_ref()) {
        homes.entry(&home.realm).or_default().insert(home);
    }
    let homeless = keys.iter().any(|key| key.home.is_none());
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    if homeless {
        whole.extend(facts.realms.iter().map(String::as_str));
    }
    for (realm, users) in &homes {
        if users.len() > MOST_LOOKS {
            whole.insert(realm);
        }
    }
    let all: BTreeSet<&str> = whole.iter().chain(homes.keys()).copied().collect();
    let several = all.len() > 1;
    let mut complete: BTreeSet<&str> = BTreeSet::new();
    for realm in whole {
        let unit = unit(realm, None);
        let Some(listed) = seen.read(server, facts, &unit, several).await? else {
            continue;
        };
        seen.add(realm, listed.rows);
        if listed.cut {
            seen.any_cut |= homeless;
        } else {
            complete.insert(realm);
        }
    }
    for (realm, users) in homes {
        if complete.contains(realm) || seen.failed.contains_key(realm) {
            continue;
        }
        for home in users {
            // A session without a user has no list of its own.
            let user = (!home.user.is_empty()).then_some(home.user.as_str());
            let unit = unit(realm, user);
            let Some(listed) = seen.read(server, facts, &unit, several).await? else {
                break;
            };
            seen.add(realm, listed.rows);
            if listed.cut {
                seen.cut.insert(home.clone());
            }
        }
    }
    if seen.any_cut {
        look_for_the_spared(server, facts, &mut seen).await?;
    }
    Ok(seen)
}

/// A list that is cut may leave out just those sessions that are to be left alone, and they need not
/// be in a realm of the profile.
async fn look_for_the_spared(
    server: &Server,
    facts: &Facts,
    seen: &mut Seen,
) -> Result<(), ApiError> {
    let own = facts
        .own
        .realm
        .as_deref()
        .zip(facts.own.username.as_deref());
    let service = row::SERVICE_USERS.map(|user| (realm::ROOT, user));
    for (realm, user) in own.into_iter().chain(service) {
        let listed = server
            .read(facts, &unit(realm, Some(user)), Interact::Never)
            .await;
        match listed {
            Ok(listed) => seen.add(realm, listed.rows),
            // Who may not look there may not end anything there either.
            Err(ApiError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The server's answer for each handle; `Err` if the request failed.
type Answers = HashMap<String, Result<bool, ApiError>>;

/// Sends the handles, realm by realm, so that an operator of one realm asks there.
async fn send(server: &Server, facts: &Facts, keys: &[AmKey], before: &Seen) -> Answers {
    let mut realms: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for key in keys {
        let handles = realms.entry(before.realm(key)).or_default();
        handles.insert(&key.handle);
    }
    let mut answers = Answers::new();
    let mut stop: Option<ApiError> = None;
    for (realm, handles) in realms {
        let handles: Vec<&str> = handles.into_iter().collect();
        for batch in handles.chunks(usize::from(BATCH)) {
            let answer = match &stop {
                Some(error) => Err(error.clone()),
                None => one_batch(server, facts, realm, batch).await,
            };
            if let Err(error @ (ApiError::Auth { .. } | ApiError::RateLimited { .. })) = &answer {
                // The next batch would meet the same.
                stop = Some(error.clone());
            }
            for handle in batch {
                let told = match &answer {
                    Ok(told) => Ok(told.get(*handle).copied().unwrap_or(false)),
                    Err(error) => Err(error.clone()),
                };
                answers.insert((*handle).to_owned(), told);
            }
        }
    }
    answers
}

async fn one_batch(
    server: &Server,
    facts: &Facts,
    realm: &str,
    handles: &[&str],
) -> Result<BTreeMap<String, bool>, ApiError> {
    let reply = server
        .by_handles(facts.flavour, realm, handles)?
        .send()
        .await?;
    if !reply.status.is_success() {
        return Err(server.error_of(&reply));
    }
    Ok(reply.decode::<HandlesEnded>()?.result)
}

/// The outcome for one session, from the list before, the server's answer, and the list now.
/// `after`: `None` if the lists could not be read again.
/// A session whose time has run out at `now`, by the server's clock, was ended by nobody.
fn settled(
    key: &AmKey,
    answers: &Answers,
    before: &Seen,
    after: Option<&Seen>,
    now: DateTime<Utc>,
) -> Outcome {
    let after = after.filter(|after| match before.handles.get(&key.handle) {
        Some(found) => !after.failed.contains_key(&found.realm),
        None => after.unread(key).is_none(),
    });
    let is_expired = match after {
        Some(after) if after.has(key) == Some(true) => after.is_expired(key, now),
        _ => before.is_expired(key, now),
    };
    let listed = after.and_then(|after| after.has(key));
    match (answers.get(&key.handle), listed) {
        (Some(Ok(_)), Some(_)) if is_expired => Outcome::AlreadyGone,
        (Some(Err(error)), Some(_)) if is_expired && error.may_have_acted() => Outcome::AlreadyGone,
        (Some(Ok(true)), Some(true)) => Outcome::StillListed,
        (Some(Ok(true)), Some(false)) => match before.has(key) {
            Some(true) => Outcome::Revoked,
            // It was never seen, and the server says yes to anything.
            _ => Outcome::Unknown(None),
        },
        // In a list that is cut, what was there and is not any more has made room for others.
        (Some(Ok(true)), None) if before.has(key) == Some(true) && after.is_some() => {
            Outcome::Revoked
        }
        (Some(Ok(false)), Some(false)) => Outcome::AlreadyGone,
        (Some(Ok(false)), _) => Outcome::Refused("the server did not end it".into()),
        (Some(Err(error)), Some(false)) if error.may_have_acted() => Outcome::Revoked,
        (Some(Err(error)), None) if error.may_have_acted() => Outcome::Unknown(Some(error.clone())),
        (Some(Err(error)), _) => Outcome::Failed(error.clone()),
        (Some(Ok(true)), None) | (None, _) => Outcome::Unknown(None),
    }
}

/// Ends all sessions of a user: in the realm of the subject, or in every realm of the profile. The
/// operator's own session is neither ended nor counted.
///
/// # Errors
/// Only if nothing was sent.
pub(super) async fn user(
    server: &Server,
    by_user_lacks: &AtomicBool,
    subject: &Subject,
) -> Result<UserOutcome, ApiError> {
    let facts = server.facts(Interact::Never).await?;
    if let Some(why) = facts.may_not_revoke() {
        return Err(forbidden(why));
    }
    let name = name_of(subject)?;
    let realms: Vec<String> = match &subject.scope {
        Some(scope) => vec![realm::normal(scope.expose())],
        None => facts.realms.clone(),
    };
    let (mut before, mut is_counted) = (Vec::new(), true);
    let mut found = Vec::new();
    let mut failed = Vec::new();
    for realm in &realms {
        let listed = server
            .read(&facts, &unit(realm, Some(&name)), Interact::Never)
            .await;
        let listed = match listed {
            Err(error) if failed.len() + 1 < realms.len() && is_of_realm(&error) => {
                failed.push((realm, error));
                continue;
            }
            listed => listed?,
        };
        let mine = listed.rows.iter().any(|row| row.own);
        before.extend(live(server, &listed.rows));
        // A list that was cut shows some of them only.
        is_counted &= !listed.cut;
        found.push((realm, mine, listed.rows.is_empty()));
    }
    let mut trouble: Option<Outcome> = None;
    let mut left = Some(0);
    for (realm, mine, empty) in found {
        let whole =
            facts.flavour.has(Op::LogoutByUser) && !mine && !by_user_lacks.load(Ordering::Relaxed);
        let ended = if whole {
            by_user(server, &facts, by_user_lacks, realm, &name).await
        } else {
            Ok(false)
        };
        let ended = match ended {
            // Also where nothing is listed: client-side sessions are not, and it reaches them.
            Ok(true) => Ok(()),
            // Who may not use it may still end the sessions that are listed.
            Ok(false) | Err(ApiError::Forbidden { .. }) => {
                if empty {
                    Ok(())
                } else {
                    by_list(server, &facts, realm, &name).await
                }
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            trouble = Some(if error.may_have_acted() {
                Outcome::Unknown(Some(error))
            } else {
                Outcome::Failed(error)
            });
        }
        let listed = server
            .read(&facts, &unit(realm, Some(&name)), Interact::Never)
            .await;
        left = match (left, listed) {
            (Some(left), Ok(listed)) => Some(left + live(server, &listed.rows).count() as u64),
            _ => None,
        };
    }
    let before = in_time(&before, server.now());
    let ended = left.map(|left| before.saturating_sub(left));
    let outcome = match (trouble, left) {
        (None | Some(Outcome::Unknown(_)), _) if !failed.is_empty() => {
            // How many there are in those realms is not known, so neither is how many are left.
            left = None;
            Outcome::Failed(partly(&failed, ended))
        }
        (Some(Outcome::Unknown(_)), Some(0)) if before > 0 => Outcome::Revoked,
        (Some(trouble), _) => trouble,
        (None, Some(0)) if before == 0 => Outcome::AlreadyGone,
        (None, Some(0)) => Outcome::Revoked,
        (None, Some(_)) => Outcome::StillListed,
        (None, None) => Outcome::Unknown(None),
    };
    Ok(UserOutcome {
        outcome,
        before: is_counted.then_some(before),
        left,
        notes: Vec::new(),
    })
}

/// Some realms could not be read, so nothing was sent there; what became of the others.
fn partly(failed: &[(&String, ApiError)], ended: Option<u64>) -> ApiError {
    let realms: Vec<String> = failed
        .iter()
        .map(|(realm, error)| format!("nothing was ended in {}: {error}", clean(realm)))
        .collect();
    let others = match ended {
        Some(1) => "1 session was ended in the others".to_owned(),
        Some(n) => format!("{n} sessions were ended in the others"),
        None => "what became of the others is unknown".to_owned(),
    };
    ApiError::Partly {
        message: format!("{}; {others}", realms.join("; ")),
        exchange: None,
    }
}

/// Asks the server to end all sessions of a user in a realm. `false`: it has no such operation, or
/// says that it did not do it.
pub(super) async fn by_user(
    server: &Server,
    facts: &Facts,
    lacks: &AtomicBool,
    realm: &str,
    name: &str,
) -> Result<bool, ApiError> {
    let reply = server.by_user(facts.flavour, realm, name)?.send().await?;
    if is_lacking(&reply) {
        lacks.store(true, Ordering::Relaxed);
        return Ok(false);
    }
    if !reply.status.is_success() {
        return Err(server.error_of(&reply));
    }
    Ok(reply.decode::<UserEnded>()?.result)
}

/// True if this server has no such operation. Older ones know neither the version (404) nor the
/// name (501).
fn is_lacking(reply: &Reply) -> bool {
    matches!(
        reply.status,
        StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED
    )
}

/// Lists the user's sessions and ends them, until none is listed: one list may be cut.
async fn by_list(server: &Server, facts: &Facts, realm: &str, name: &str) -> Result<(), ApiError> {
    let mut tried: HashSet<String> = HashSet::new();
    for _ in 0..MOST_ROUNDS {
        let listed = server
            .read(facts, &unit(realm, Some(name)), Interact::Never)
            .await?;
        let fresh = listed
            .rows
            .iter()
            .filter(|row| !row.own && !row::is_service(&row.user) && !tried.contains(&row.handle));
        let handles: Vec<String> = fresh.map(|row| row.handle.clone()).collect();
        if handles.is_empty() {
            return Ok(());
        }
        for batch in handles.chunks(usize::from(BATCH)) {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            one_batch(server, facts, realm, &batch).await?;
        }
        tried.extend(handles);
        if !listed.cut {
            return Ok(());
        }
    }
    Ok(())
}

/// The name by which the server lists a user's sessions.
pub(super) fn name_of(subject: &Subject) -> Result<String, ApiError> {
    let refuse = |message: &str| ApiError::BadQuery {
        message: message.into(),
        field: Some(crate::model::Field::User),
        exchange: None,
    };
    let name = match (&subject.name, &subject.id) {
        (Some(name), _) => name.expose().to_owned(),
        (None, Some(id)) => match id.expose().strip_prefix("id=") {
            // Names with special letters are escaped in there in a way that cannot be undone.
            Some(rest) if !rest.contains('\\') => {
                rest.split(',').next().unwrap_or_default().to_owned()
            }
            Some(_) => return Err(refuse("give the name of the user, not the universal id")),
            None => id.expose().to_owned(),
        },
        (None, None) => String::new(),
    };
    if name.trim().is_empty() {
        return Err(refuse("the name of the user is empty"));
    }
    if row::is_service(&name) {
        return Err(ApiError::Forbidden {
            message: format!("{} is {}", clean(&name), row::SERVICE),
            needs: None,
            exchange: None,
        });
    }
    Ok(name)
}

/// When the time runs out of those that count: live, and not the operator's own.
fn live(server: &Server, rows: &[SessionSummary]) -> impl Iterator<Item = Option<DateTime<Utc>>> {
    let now = server.now();
    let counts = move |row: &&SessionSummary| !row.own && row.ends.is_none_or(|ends| ends > now);
    rows.iter().filter(counts).map(|row| row.ends)
}

fn unit(realm: &str, user: Option<&str>) -> Unit {
    Unit {
        realm: realm.to_owned(),
        user: user.map(str::to_owned),
        native: None,
    }
}

pub(super) fn forbidden(message: String) -> ApiError {
    ApiError::Forbidden {
        message,
        needs: Some("amadmin".into()),
        exchange: None,
    }
}
