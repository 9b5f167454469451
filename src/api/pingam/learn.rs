//! Finding out what a server is and who asks, by requests that change nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::flavour::{CANDIDATES, Flavour, OPENAM, Op, Place};
use super::keys::{self, AmFlavour};
use super::row::Own;
use super::server::{Facts, Limit, Server, ask};
use super::{filter, realm, signin, wire};
use crate::api::auth::Interact;
use crate::api::http::{Reply, StatusCode};
use crate::model::ApiError;

impl Server {
    /// Finds everything out, by requests that change nothing.
    pub(super) async fn learn(&self, interact: Interact) -> Result<Arc<Facts>, ApiError> {
        let (flavour, own) = self.flavour(interact).await?;
        let (version, is_super) = self.version(flavour, interact).await?;
        let limit = self.limit(interact).await;
        let (realms, only_own_realm) = self.realms(&own, interact).await?;
        // The first requests may have signed in anew.
        let credential = self.http.auth().credential(interact).await?;
        let facts = Arc::new(Facts {
            flavour,
            own,
            is_super,
            realms,
            only_own_realm,
            limit,
            version,
            credential: credential.number,
        });
        self.keep(&facts);
        Ok(facts)
    }

    /// Asks for the own session, or for a list, in one version after the other. Without a target
    /// there is no token in the request, so nothing can be in the wrong place, and it reads only.
    async fn flavour(&self, interact: Interact) -> Result<(&'static Flavour, Own), ApiError> {
        let candidates: Vec<&'static Flavour> = match keys::flavour(&self.profile) {
            AmFlavour::Auto => CANDIDATES.to_vec(),
            AmFlavour::PingAm => CANDIDATES
                .into_iter()
                .filter(|flavour| flavour.place == Place::Body)
                .collect(),
            AmFlavour::OpenAm => vec![&OPENAM],
        };
        let credential = self.http.auth().credential(interact).await?;
        let has_session = signin::token_in(&credential).is_some();
        let mut last = None;
        for flavour in candidates {
            let reply = if has_session {
                self.own_session(flavour, interact).await?
            } else {
                self.first_list(flavour, interact).await?
            };
            if reply.status.is_success() && has_session {
                let item: wire::SessionObject<'_> = reply.decode()?;
                return Ok((flavour, Own::of(&item, self.profile.server_zone)));
            }
            // Also where this realm may not be listed: the version is there.
            let served = reply.status.is_success() || reply.status == StatusCode::FORBIDDEN;
            if served && !has_session && !reply.is_web_page() {
                return Ok((flavour, Own::default()));
            }
            let error = self.error_of(&reply);
            if reply.status != StatusCode::NOT_FOUND || reply.is_web_page() {
                return Err(error);
            }
            last = Some(error);
        }
        Err(match (last, keys::flavour(&self.profile)) {
            (
                Some(ApiError::NoEndpoint {
                    host,
                    path,
                    exchange,
                    ..
                }),
                AmFlavour::Auto,
            ) => ApiError::NoEndpoint {
                host,
                path,
                message: "it has the session resource in no version that usher knows".into(),
                exchange,
            },
            (
                Some(ApiError::NoEndpoint {
                    host,
                    path,
                    exchange,
                    ..
                }),
                _,
            ) => ApiError::NoEndpoint {
                host,
                path,
                message: "the server is of another kind than flavour says; try flavour = \"auto\""
                    .into(),
                exchange,
            },
            (Some(error), _) => error,
            (None, _) => ApiError::NotFound,
        })
    }

    async fn own_session(
        &self,
        flavour: &'static Flavour,
        interact: Interact,
    ) -> Result<Reply, ApiError> {
        let call = self.post(flavour, Op::Info, realm::ROOT, interact)?;
        call.json(&BTreeMap::<String, String>::new())
            .idempotent()
            .send()
            .await
    }

    /// An access token belongs to no session, so that a list has to show which versions there are.
    async fn first_list(
        &self,
        flavour: &'static Flavour,
        interact: Interact,
    ) -> Result<Reply, ApiError> {
        let named = keys::realms(&self.profile).unwrap_or_default();
        let mut realms = named.into_iter().peekable();
        loop {
            let unit = filter::Unit {
                realm: realms.next().unwrap_or_else(|| realm::ROOT.into()),
                user: None,
                native: None,
            };
            let reply = self.list(flavour, &unit, None, interact)?.send().await?;
            // A realm that is not there, or is broken, says nothing of the server.
            let fails = reply.status == StatusCode::NOT_FOUND || reply.status.is_server_error();
            if !fails || realms.peek().is_none() {
                return Ok(reply);
            }
        }
    }

    /// The community server gives its version to its super user only, which is how that one is known.
    async fn version(
        &self,
        flavour: &'static Flavour,
        interact: Interact,
    ) -> Result<(Option<String>, Option<bool>), ApiError> {
        let call = self.http.get(&["json", "serverinfo", "version"]);
        let reply = ask(call, "1.0", interact).send().await?;
        let version = if reply.status.is_success() {
            reply.decode::<wire::Version>().ok().and_then(|v| v.version)
        } else {
            None
        };
        let told = match reply.status {
            StatusCode::FORBIDDEN => Some(false),
            status if status.is_success() => Some(true),
            _ => None,
        };
        let shown = version.map(|version| format!("{} {version}", flavour.system));
        Ok((shown, told.filter(|_| flavour.only_super_revokes)))
    }

    /// Where lists are cut. Only that one number is asked for: the document around it holds keys.
    async fn limit(&self, interact: Interact) -> Limit {
        if let Some(limit) = keys::list_limit(&self.profile) {
            return Limit::Known(u64::from(limit));
        }
        let call = self
            .http
            .get(&["json", "global-config", "services", "session"])
            .query(&[("_fields", "search/maxSessionListSize")]);
        match ask(call, "1.0", interact).no_retry().send().await {
            Ok(reply) if reply.status.is_success() => {
                let size = reply.decode::<wire::ListSize>().ok();
                let size = size.and_then(|size| size.max_session_list_size);
                size.map_or(Limit::Guessed, Limit::Known)
            }
            _ => Limit::Guessed,
        }
    }

    /// The realms of the profile; all that the server names to this operator, where it says "all".
    async fn realms(&self, own: &Own, interact: Interact) -> Result<(Vec<String>, bool), ApiError> {
        if let Some(list) = keys::realms(&self.profile) {
            let mut realms: Vec<String> = Vec::new();
            for realm in list {
                if !realms.iter().any(|known| realm::same(known, &realm)) {
                    realms.push(realm);
                }
            }
            return Ok((realms, false));
        }
        let call = self
            .http
            .get(&["json", "global-config", "realms"])
            .query(&[("_queryFilter", "true")]);
        let reply = ask(call, "1.0", interact).send().await?;
        if reply.status.is_success() {
            let listed: wire::Realms = reply.decode()?;
            let paths = listed.result.iter();
            let paths: Vec<String> = paths
                .map(|entry| realm::path(entry.parent_path.as_deref(), &entry.name))
                .collect();
            if !paths.is_empty() {
                return Ok((paths, false));
            }
        }
        // Who may not read the list of realms may still see the sessions of his own.
        let realm = own.realm.clone().unwrap_or_else(|| realm::ROOT.into());
        Ok((vec![realm], true))
    }
}
