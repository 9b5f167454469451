//! One server: which line it is of, who asks, which realms there are, and how a request is built.
//!
//! Everything that names a token goes through [`Server::about_token`], which puts it where this line
//! of servers looks for it. There is no other way to send `logout`, so it cannot hit the operator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;

use super::flavour::{Flavour, OPENAM, Op, PINGAM, Place};
use super::keys::{self, AmFlavour};
use super::row::Own;
use super::{error, filter, realm, row, signin, wire};
use crate::api::auth::{Fixed, Interact};
use crate::api::http::{Call, Http, Repeat, Reply, StatusCode, server_error};
use crate::api::net::clean;
use crate::config::Profile;
use crate::model::{ApiError, Brought, Code, Cursor, LimitedBy, PageRules, Stuck};

/// A sign-in that is younger cannot have run out.
const NEW: TimeDelta = TimeDelta::seconds(30);
/// The length at which a server cuts its lists unless it was told another.
const USUAL_LIMIT: u64 = 120;

/// Facts about a server and the operator, read after the sign-in. They never change; a new sign-in
/// makes new ones.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) flavour: &'static Flavour,
    /// The operator's session.
    pub(super) own: Own,
    /// True if the operator is the super user. `None`: this line of servers does not tell.
    pub(super) is_super: Option<bool>,
    /// The realms that the profile covers, in the server's order.
    pub(super) realms: Vec<String>,
    /// The profile says "all", and the operator may not read the list: only the own realm is covered.
    pub(super) only_own_realm: bool,
    /// At how many rows a list is cut.
    pub(super) limit: Limit,
    /// The server's name for itself.
    pub(super) version: Option<String>,
    /// The credential for which all this was found out.
    pub(super) credential: u64,
}

/// At how many rows a list is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// The server or the profile says so.
    Known(u64),
    /// Nobody says: 120, or another round number.
    Guessed,
}

impl Limit {
    /// True if a list of this many rows was cut. A cut list has exactly the length of the limit.
    pub(super) fn cuts(self, rows: u64) -> bool {
        match self {
            Self::Known(limit) => rows >= limit,
            Self::Guessed => rows == USUAL_LIMIT || (rows > 0 && rows.is_multiple_of(50)),
        }
    }
}

impl Facts {
    /// Why this operator can end nothing here. `None`: nothing is known against it.
    pub(super) fn may_not_revoke(&self) -> Option<String> {
        (self.flavour.only_super_revokes && self.is_super == Some(false))
            .then(|| ONLY_SUPER.to_owned())
    }
}

/// The note for a delegated administrator of a community server.
pub(super) const ONLY_SUPER: &str =
    "this server lets only its super user (amadmin) end sessions from the list";

/// One server and how to ask it.
pub(super) struct Server {
    pub(super) http: Http,
    pub(super) profile: Profile,
    facts: Mutex<Option<Arc<Facts>>>,
}

impl Server {
    /// `http` signs its requests.
    pub(super) fn new(http: Http, profile: Profile) -> Self {
        Self {
            http,
            profile,
            facts: Mutex::new(None),
        }
    }

    /// The facts known so far. `None`: nothing has been asked yet.
    pub(super) fn known(&self) -> Option<Arc<Facts>> {
        self.facts.lock().ok().and_then(|facts| facts.clone())
    }

    /// Keeps what was found out.
    pub(super) fn keep(&self, facts: &Arc<Facts>) {
        if let Ok(mut known) = self.facts.lock() {
            *known = Some(Arc::clone(facts));
        }
    }

    /// The facts, read first if needed. A new sign-in has another session of its own, so it is
    /// looked at again.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub(super) async fn facts(&self, interact: Interact) -> Result<Arc<Facts>, ApiError> {
        let credential = self.http.auth().credential(interact).await?;
        match self.known() {
            Some(facts) if facts.credential == credential.number => Ok(facts),
            _ => self.learn(interact).await,
        }
    }

    /// A list of sessions.
    pub(super) fn list(
        &self,
        flavour: &'static Flavour,
        unit: &filter::Unit,
        cookie: Option<(&str, u16)>,
        interact: Interact,
    ) -> Result<Call<'_>, ApiError> {
        let version = version(flavour, Op::Query)?;
        let call = realm::at(self.http.get(&["json"]), &unit.realm).then(&["sessions"]);
        let call = call.query(&[("_queryFilter", &unit.filter())]);
        let call = match cookie {
            None => call,
            Some((cookie, size)) => call.query(&[
                ("_pagedResultsCookie", cookie),
                ("_pageSize", &size.to_string()),
            ]),
        };
        Ok(ask(call, version, interact))
    }

    /// An operation on the session of a token. The token goes where this line of servers looks for
    /// it, and nowhere else. The address is in the operator's own realm, where a delegated
    /// administrator has his rights; the session may be of any.
    ///
    /// # Errors
    /// [`ApiError::BadQuery`] for an empty token, which would mean the operator's own session;
    /// [`ApiError::Unsupported`] if the operation is not offered.
    pub(super) fn about_token(
        &self,
        facts: &Facts,
        op: Op,
        token: &SecretString,
        properties: &BTreeMap<String, String>,
        interact: Interact,
    ) -> Result<Call<'_>, ApiError> {
        let token = token.expose_secret().trim();
        if token.is_empty() {
            return Err(ApiError::BadQuery {
                message: "the token is empty".into(),
                field: None,
                exchange: None,
            });
        }
        self.http.hide(&SecretString::from(token));
        let realm = facts.own.realm.as_deref().unwrap_or(realm::ROOT);
        let call = self.post(facts.flavour, op, realm, interact)?;
        Ok(match facts.flavour.place {
            Place::Query => call.query(&[("tokenId", token)]).json(properties),
            Place::Body => call.json(&wire::TokenBody {
                token_id: token,
                more: properties,
            }),
        })
    }

    /// Ends the sessions with these handles.
    pub(super) fn by_handles(
        &self,
        flavour: &'static Flavour,
        realm: &str,
        handles: &[&str],
    ) -> Result<Call<'_>, ApiError> {
        let call = self.post(flavour, Op::LogoutByHandle, realm, Interact::Never)?;
        Ok(call
            .json(&wire::Handles {
                session_handles: handles,
            })
            .repeat(Repeat::One))
    }

    /// Ends all sessions of a user in one realm.
    pub(super) fn by_user(
        &self,
        flavour: &'static Flavour,
        realm: &str,
        user: &str,
    ) -> Result<Call<'_>, ApiError> {
        let call = self.post(flavour, Op::LogoutByUser, realm, Interact::Never)?;
        Ok(call
            .json(&wire::User { username: user })
            .repeat(Repeat::Many))
    }

    /// An action of the session resource.
    pub(super) fn post(
        &self,
        flavour: &'static Flavour,
        op: Op,
        realm: &str,
        interact: Interact,
    ) -> Result<Call<'_>, ApiError> {
        let version = version(flavour, op)?;
        let call = realm::at(self.http.post(&["json"]), realm).then(&["sessions"]);
        Ok(ask(
            call.query(&[("_action", op.name())]),
            version,
            interact,
        ))
    }

    /// Every session of a unit; of a user with more than the server lists, as many as it lists.
    pub(super) async fn read(
        &self,
        facts: &Facts,
        unit: &filter::Unit,
        interact: Interact,
    ) -> Result<Listed, ApiError> {
        let mut listed = Listed::default();
        let (mut rules, mut unread) = (PageRules::from(None), false);
        let mut cookie: Option<String> = None;
        loop {
            let page = cookie.as_deref().map(|cookie| (cookie, 100));
            let reply = self
                .list(facts.flavour, unit, page, interact)?
                .send()
                .await?;
            if !reply.status.is_success() {
                return Err(match self.error_of(&reply) {
                    // The server says no more than "Forbidden", and there are several realms.
                    ApiError::Forbidden {
                        needs, exchange, ..
                    } => ApiError::Forbidden {
                        message: format!(
                            "the sessions of {} may not be listed",
                            clean(&unit.realm)
                        ),
                        needs,
                        exchange,
                    },
                    other => other,
                });
            }
            let page = wire::page(&reply)?;
            for raw in &page.result {
                let Some(item) = item(raw) else {
                    unread = true;
                    continue;
                };
                let own = facts.own.is(&item, self.profile.server_zone);
                if let Some(handle) = item.session_handle.as_deref() {
                    listed.rows.push(SessionSummary {
                        handle: handle.to_owned(),
                        user: row::user(&item).unwrap_or_default().to_owned(),
                        ends: row::expires(&item, self.profile.server_zone),
                        own: own == Some(true),
                    });
                }
            }
            if let Some(error) = page.error {
                return Err(broke_off(&reply, &error));
            }
            let next = page.paged_results_cookie.filter(|next| !next.is_empty());
            let Some(next) = next.filter(|next| Some(next) != cookie.as_ref()) else {
                let rows = listed.rows.len() as u64;
                listed.cut = unread || (cookie.is_none() && facts.limit.cuts(rows));
                return Ok(listed);
            };
            if goes_on(&mut rules, &next, &page.result).is_err() {
                listed.cut = true;
                return Ok(listed);
            }
            cookie = Some(next);
        }
    }

    /// Ends the session of our own sign-in. It is named like any other, so it is the one that ends.
    /// Signs in at no step: a session that has ended already is no reason to begin another.
    pub(super) async fn sign_out(&self) -> Result<(), ApiError> {
        let credential = self.http.auth().credential(Interact::Never).await?;
        let token = signin::token_in(&credential);
        let known = self.known();
        let known = known.filter(|facts| facts.credential == credential.number);
        let http = self.http.with_auth(Arc::new(Fixed(credential)));
        let quiet = Self::new(http, self.profile.clone());
        let facts = match known {
            Some(facts) => facts,
            None => match quiet.learn(Interact::Never).await {
                Err(ApiError::Auth { .. }) => return Ok(()),
                facts => facts?,
            },
        };
        let Some(token) = token else {
            return Err(ApiError::Unsupported {
                what: "ending the session of an OAuth token".into(),
                limit: LimitedBy::System(facts.flavour.system.into()),
            });
        };
        let nothing = BTreeMap::new();
        let call = quiet.about_token(&facts, Op::Logout, &token, &nothing, Interact::Never)?;
        let reply = call.repeat(Repeat::One).send().await?;
        if reply.status.is_success() || reply.status == StatusCode::UNAUTHORIZED {
            Ok(())
        } else {
            Err(self.error_of(&reply))
        }
    }

    /// The time at the server; sessions end by that clock.
    pub(super) fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.http.clock_offset().unwrap_or_default()
    }

    /// A list that was refused, as an error. The community server fails without a word at a filter
    /// that it does not know; ours it knows.
    pub(super) fn fault_of_list(&self, unit: &filter::Unit, reply: &Reply) -> ApiError {
        match self.error_of(reply) {
            ApiError::Server {
                code: Code::Http(500),
                exchange,
                ..
            } if reply.is_empty() && unit.native.is_some() => ApiError::BadQuery {
                message: "the server fails at this filter; it knows realm eq \"…\", also with \
                              and username eq \"…\""
                    .into(),
                field: None,
                exchange,
            },
            other => other,
        }
    }

    /// An answer that is no success, as an error.
    pub(super) fn error_of(&self, reply: &Reply) -> ApiError {
        let error = error::of(reply, self.http.auth().can_login());
        let since = self.http.auth().signed_in_at();
        let is_new = since.is_some_and(|since| (Utc::now() - since).abs() < NEW);
        match error {
            ApiError::Auth {
                message,
                can_login,
                exchange,
            } if is_new => ApiError::Auth {
                message: format!(
                    "{message}; the sign-in is new, so this may be another node of the server, \
                     which does not know it"
                ),
                can_login,
                exchange,
            },
            other => other,
        }
    }
}

/// Sessions as far as revoking needs them.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) rows: Vec<SessionSummary>,
    /// The server has more, or something that could not be read.
    pub(super) cut: bool,
}

/// One of them.
#[derive(Debug)]
pub(super) struct SessionSummary {
    pub(super) handle: String,
    pub(super) user: String,
    pub(super) ends: Option<DateTime<Utc>>,
    pub(super) own: bool,
}

/// The session in one place of a list. `None`: what stands there is no object.
pub(super) fn item(raw: &RawValue) -> Option<wire::SessionObject<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// Checks that the piece of a list that begins at this mark may be asked for. Each row counts as a
/// new one: a mark that comes again is enough to know that the server repeats itself.
///
/// # Errors
/// Why not.
pub(super) fn goes_on(
    rules: &mut PageRules,
    next: &str,
    entries: &[&RawValue],
) -> Result<(), Stuck> {
    let rows = entries.len() as u64;
    rules.next(
        &Cursor::new(next),
        Brought {
            rows,
            new: rows,
            walk: None,
        },
    )
}

/// The server failed after it had written some rows.
pub(super) fn broke_off(reply: &Reply, error: &wire::ErrorBody) -> ApiError {
    let message = error.message.as_deref();
    let message = message.map(|message| error::words(reply, message));
    let message = message.unwrap_or_else(|| "the list stopped early".into());
    server_error(reply.host.clone(), error.code.unwrap_or(500), message)
}

/// The version of an operation.
fn version(flavour: &'static Flavour, op: Op) -> Result<&'static str, ApiError> {
    flavour.version(op).ok_or(ApiError::Unsupported {
        what: op.name().into(),
        limit: LimitedBy::System(flavour.system.into()),
    })
}

/// The headers of every request. The version header, or the other one, is what PingAM wants to see
/// against forged requests (its CSRF filter).
pub(super) fn ask<'a>(call: Call<'a>, version: &str, interact: Interact) -> Call<'a> {
    let call = call
        .header(
            "accept-api-version",
            &format!("protocol=1.0,resource={version}"),
        )
        .header("x-requested-with", "usher");
    match interact {
        Interact::Allowed => call,
        Interact::Never => call.no_prompt(),
    }
}

/// The line of servers that the profile names, before anything is asked.
pub(super) fn expected(profile: &Profile) -> Option<&'static Flavour> {
    match keys::flavour(profile) {
        AmFlavour::Auto => None,
        AmFlavour::PingAm => Some(&PINGAM),
        AmFlavour::OpenAm => Some(&OPENAM),
    }
}
