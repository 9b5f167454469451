//! One action under way: what is sent, and what the answer means.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use secrecy::{ExposeSecret, SecretString};

use super::results::{properties, refreshed, session, table, validated};
use crate::api::auth::Interact;
use crate::api::http::{Repeat, Reply};
use crate::api::net::clean;
use crate::api::pingam::filter::Unit;
use crate::api::pingam::flavour::Op;
use crate::api::pingam::row::{self, Own};
use crate::api::pingam::server::{Facts, Server};
use crate::api::pingam::{realm, revoke, wire};
use crate::model::{
    ActionArgs, ActionBody, ActionResult, ApiError, LimitedBy, Outcome, SessionKey, Subject,
};

/// One action under way.
pub(super) struct Asked<'a> {
    pub(super) server: &'a Server,
    pub(super) facts: &'a Facts,
    pub(super) interact: Interact,
}

impl Asked<'_> {
    /// Sends an operation on the session of a token.
    async fn about(
        &self,
        op: Op,
        token: &SecretString,
        body: &BTreeMap<String, String>,
    ) -> Result<Reply, ApiError> {
        let call = self
            .server
            .about_token(self.facts, op, token, body, self.interact)?;
        let call = match op {
            Op::Info | Op::Properties => call.idempotent(),
            Op::Validate => call.query(&[("refresh", "false")]).idempotent(),
            Op::Logout => call.repeat(Repeat::One),
            _ => call.no_retry(),
        };
        let reply = call.send().await?;
        if reply.status.is_success() {
            Ok(reply)
        } else {
            Err(self.server.error_of(&reply))
        }
    }

    async fn plain(&self, op: Op, token: &SecretString) -> Result<Reply, ApiError> {
        self.about(op, token, &BTreeMap::new()).await
    }

    pub(super) async fn info(
        &self,
        op: Op,
        token: &SecretString,
    ) -> Result<ActionResult, ApiError> {
        let reply = self.plain(op, token).await?;
        let item: wire::SessionObject<'_> = reply.decode()?;
        if row::user(&item).is_none() {
            return Err(ApiError::NotFound);
        }
        Ok(session(
            &item,
            &self.facts.own,
            self.server.profile.server_zone,
        ))
    }

    /// The properties that the realm lists. The community server answers 400 to a dead token.
    async fn properties(&self, token: &SecretString) -> Result<BTreeMap<String, String>, ApiError> {
        let reply = self.plain(Op::Properties, token).await;
        let reply = match reply {
            Err(ApiError::BadQuery { .. }) => return Err(ApiError::NotFound),
            reply => reply?,
        };
        let all: BTreeMap<String, serde_json::Value> = reply.decode()?;
        Ok(all
            .into_iter()
            .filter(|(name, _)| name != "tokenId")
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => (name, text),
                serde_json::Value::Null => (name, String::new()),
                other => (name, other.to_string()),
            })
            .collect())
    }

    pub(super) async fn show_properties(
        &self,
        token: &SecretString,
    ) -> Result<ActionResult, ApiError> {
        Ok(properties(&self.properties(token).await?))
    }

    /// Reads, changes and sends back the whole set: the community server refuses any other.
    pub(super) async fn update(
        &self,
        token: &SecretString,
        args: &ActionArgs,
    ) -> Result<ActionResult, ApiError> {
        if args.values.is_empty() {
            return Err(refuse("name at least one property, as name=value"));
        }
        let mut all = self.properties(token).await?;
        if all.is_empty() {
            return Err(refuse("the realm lists no session properties"));
        }
        if let Some(name) = args.values.keys().find(|name| !all.contains_key(*name)) {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            return Err(refuse(&format!(
                "the realm lists no property \"{name}\"; it lists {}",
                known.join(", ")
            )));
        }
        for (name, value) in &args.values {
            all.insert(name.clone(), value.expose_secret().to_owned());
        }
        self.about(Op::UpdateProperties, token, &all).await?;
        let now = self.properties(token).await?;
        let kept = args
            .values
            .iter()
            .all(|(name, value)| now.get(name).map(String::as_str) == Some(value.expose_secret()));
        let mut result = properties(&now);
        result.summary = if kept {
            "the properties were changed".into()
        } else {
            "the server said yes, but the properties are not as asked".into()
        };
        Ok(result)
    }

    pub(super) async fn refresh(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        let reply = self.plain(Op::Refresh, token).await?;
        refreshed(&reply.decode()?)
    }

    pub(super) async fn validate(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        let reply = self.plain(Op::Validate, token).await?;
        Ok(validated(&reply.decode()?))
    }

    /// Whose session it is comes first: it must be there, and it must not be ours. The second also
    /// shows that the server looks for the token where we put it.
    pub(super) async fn logout(&self, token: &SecretString) -> Result<ActionResult, ApiError> {
        match self.plain(Op::Info, token).await {
            Ok(reply) => {
                let item: wire::SessionObject<'_> = reply.decode()?;
                if row::user(&item).is_none() {
                    return Ok(gone());
                }
                if self.is_own(&item) {
                    return Err(refuse(
                        "the server says that this token is the session in which usher itself is \
                         signed in; nothing was ended",
                    ));
                }
            }
            // A delegated administrator may end a session that he may not look at. The refusal shows
            // that the server saw a token of somebody else.
            Err(ApiError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
        let reply = self.plain(Op::Logout, token).await?;
        let said: wire::LoggedOut = reply.decode()?;
        let already = said
            .result
            .as_deref()
            .is_some_and(|text| text.contains("expired"));
        if already {
            return Ok(gone());
        }
        let outcome = match self.plain(Op::Info, token).await {
            Ok(reply) => match row::user(&reply.decode::<wire::SessionObject<'_>>()?) {
                Some(_) => Outcome::StillListed,
                None => Outcome::Revoked,
            },
            Err(error) => Outcome::Unknown(Some(error)),
        };
        Ok(ActionResult {
            summary: match outcome {
                Outcome::Revoked => "the session has ended".into(),
                Outcome::StillListed => {
                    "the server said yes, but the token still works: it is a client-side session, and \
                     this server keeps no list of ended ones"
                        .into()
                }
                _ => "the server said yes; this sign-in may not check whether the token still works".into(),
            },
            outcome: Some(outcome),
            body: ActionBody::Nothing,
        })
    }

    fn is_own(&self, item: &wire::SessionObject<'_>) -> bool {
        let own: &Own = &self.facts.own;
        own.is(item, self.server.profile.server_zone) == Some(true)
    }

    pub(super) async fn by_handle(&self, key: &SessionKey) -> Result<ActionResult, ApiError> {
        let outcomes = revoke::sessions(self.server, std::slice::from_ref(key)).await?;
        match outcomes
            .into_iter()
            .next()
            .unwrap_or(Outcome::Unknown(None))
        {
            Outcome::Failed(error) => Err(error),
            outcome => Ok(ActionResult {
                summary: match &outcome {
                    Outcome::Revoked => "the session has ended".into(),
                    Outcome::AlreadyGone => "the session had gone already".into(),
                    Outcome::StillListed => {
                        "the server said yes, but still lists the session".into()
                    }
                    Outcome::Refused(why) => format!("refused: {why}"),
                    _ => "the outcome is not known".into(),
                },
                outcome: Some(outcome),
                body: ActionBody::Nothing,
            }),
        }
    }

    pub(super) async fn by_user(
        &self,
        lacks: &AtomicBool,
        user: &Subject,
    ) -> Result<ActionResult, ApiError> {
        let name = revoke::name_of(user)?;
        let scope = user.scope.as_ref().map(|scope| scope.expose().to_owned());
        let own = &self.facts.own;
        let realm = scope.or_else(|| own.realm.clone());
        let realm = realm::normal(realm.as_deref().unwrap_or(realm::ROOT));
        if own
            .username
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(&name))
            && own
                .realm
                .as_deref()
                .is_some_and(|own| realm::same(own, &realm))
        {
            return Err(refuse(
                "it would end the session in which usher itself is signed in; nothing was sent",
            ));
        }
        if revoke::by_user(self.server, self.facts, lacks, &realm, &name).await? {
            Ok(ActionResult {
                outcome: Some(Outcome::Revoked),
                ..ActionResult::said(format!(
                    "the server ended all sessions of {} in {}",
                    clean(&name),
                    clean(&realm)
                ))
            })
        } else {
            Err(ApiError::Unsupported {
                what: Op::LogoutByUser.name().into(),
                limit: LimitedBy::Version("PingAM".into()),
            })
        }
    }

    pub(super) async fn query(&self, args: &ActionArgs) -> Result<ActionResult, ApiError> {
        let first = self.facts.realms.first().map(String::as_str);
        let realm = args.get("realm").or(first).unwrap_or(realm::ROOT);
        let unit = Unit {
            realm: realm::normal(realm),
            user: None,
            native: args.get("filter").map(str::to_owned),
        };
        let call = self
            .server
            .list(self.facts.flavour, &unit, None, self.interact)?;
        let reply = call.send().await?;
        if !reply.status.is_success() {
            return Err(self.server.fault_of_list(&unit, &reply));
        }
        let page = wire::page(&reply)?;
        let mut told = table(&reply, &page)?;
        if self.facts.limit.cuts(page.result.len() as u64) {
            told.summary
                .push_str("; the server cuts its lists there, so narrow the filter");
        }
        Ok(told)
    }
}

fn gone() -> ActionResult {
    ActionResult {
        outcome: Some(Outcome::AlreadyGone),
        ..ActionResult::said("the token was not valid any more")
    }
}

fn refuse(message: &str) -> ApiError {
    ApiError::BadQuery {
        message: clean(message),
        field: None,
        exchange: None,
    }
}
